"""That benchmarks run, count what they say they count, and draw what they found."""

import json
import re
import subprocess
import sys
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from threading import Barrier, Thread
from xml.etree import ElementTree

import pytest
from websockets.sync.server import serve

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def benchmarks(monkeypatch):
    """Their modules can be imported. They have a `servers`, too."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    monkeypatch.delitem(sys.modules, "servers")


def test_all_deliveries_to_all_sockets_are_counted(tmp_path):
    command = [sys.executable, str(BENCHMARKS / "fanout.py"), "--json", str(tmp_path / "found.json")]

    subprocess.run([*command, "--servers", "uvicorn", "--workloads", "5", "--rounds=1", "--seconds=1"], check=True)

    (run,) = json.loads((tmp_path / "found.json").read_text())["runs"]
    assert run["figures"]["deliveries"] == 5 * run["figures"]["messages"] > 0


def test_cpu_time_is_that_of_all_threads_and_no_round_number_of_ticks():
    script = """if True:
        import os, threading, time
        import servers

        thread = threading.Thread(target=lambda: sum(range(1_000_000)))
        thread.start()
        thread.join()
        before, measured, after = time.process_time(), servers.cpu_of(os.getpid()), time.process_time()
        assert before < measured < after, (before, measured, after)
    """

    subprocess.run([sys.executable, "-c", script], cwd=BENCHMARKS, check=True)


def test_a_message_that_one_socket_is_not_sent_fails_the_run(benchmarks):
    from dialects import Plain
    from load import Load
    from rooms import Wrong

    with forgetful_server() as port, closing(Load([port], Plain(), iter([(0, range(3))]))) as load:
        talk = partial(load.talk, 10, in_flight=1)

        with pytest.raises(Wrong, match="a socket received message 4 instead of 3"):
            talk()


def test_a_gap_in_the_log_fails_the_run(benchmarks):
    from dialects import DiscussIt
    from rooms import Room, Wrong

    room = Room(DiscussIt(), 0)
    first, second = (json.loads(room.words(None))["message"] for _ in range(2))
    entry = '[{"type":"text_message","seq":%d,"content":"%s"}]'
    room.delivered((entry % (7, first)).encode())

    with pytest.raises(Wrong, match="seq 9 in place of 8"):
        room.delivered((entry % (9, second)).encode())


def test_returning_readers_are_sent_what_they_missed(benchmarks):
    from growth import returned

    seconds, cpu = returned("uvicorn", missed=3, readers=2)

    assert seconds > 0
    assert cpu >= 0


@pytest.mark.parametrize(
    ("objects", "why"),
    [
        ([("text_message", 7, 7)], "a reader who had seen 5 was sent 7"),
        ([("text_message", 5, 5), ("text_message", 6, 6)], "a reader who had seen 5 was sent 5"),
        ([("text_message", 6, 6), ("text_message", 8, 8)], "one frame delivered the entries [6, 8]"),
        ([("text_message", 6, 6), ("text_message", 7, 8)], "one frame delivered the entries [6, 7]"),
        ([("event_message", 5, 5), ("text_message", 6, 6)], "a reader was sent {b'event_message'}"),
        ([("ready", 8, 0), ("reset", 8, 0)], "a reader was sent {b'reset'}"),
    ],
)
def test_any_entry_but_the_missed_ones_fails_the_run(benchmarks, objects, why):
    from comeback import Backlog
    from rooms import Wrong

    form = '{"type":"%s","seq":%d,"content":"This is message %d of a group"}'
    payload = f"[{','.join(form % each for each in objects)}]".encode()

    with pytest.raises(Wrong, match=re.escape(why)):
        Backlog(0, since=5, last=8).read_on(5, payload)


def test_a_plot_names_every_line_and_has_every_figure(benchmarks):
    from plots import Plot

    plot = Plot("Cost < 1", "sockets", "ms", {"ours & theirs": {10: 3.5, 1_000: 0.25}, "example": {10: 70, 1_000: 90}})
    svg = ElementTree.fromstring(plot.svg())  # noqa: S314 - our own

    texts = [each.text for each in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Cost < 1", "sockets", "ms", "ours & theirs", "example", "10", "1,000"} <= set(texts)
    description = svg.findtext("{http://www.w3.org/2000/svg}desc")
    assert description == "ms, by sockets. ours & theirs: 3.5 at 10, 0.25 at 1,000; example: 70 at 10, 90 at 1,000."


def test_labels_of_lines_that_end_together_do_not_touch(benchmarks):
    from plots import APART, apart

    heights = apart({"upper": 100, "lower": 101, "far": 300})

    assert heights == {"upper": 100, "lower": 100 + APART, "far": 300}


def test_a_benchmark_replaces_its_own_part_of_a_document(benchmarks, tmp_path):
    from documents import write_part

    document = tmp_path / "performance.md"
    document.write_text("Before.\n<!-- growth: begin -->\nold\n<!-- growth: end -->\nAfter.\n")

    write_part("growth", "new", document)

    part = "\n```text\nnew\n```\n\n"
    assert document.read_text() == f"Before.\n<!-- growth: begin -->\n{part}<!-- growth: end -->\nAfter.\n"


@contextmanager
def forgetful_server():
    """A chat that does not send its fourth message to one of those who did not say it."""
    sockets, everyone = [], Barrier(3)

    def chat(socket):
        sockets.append(socket)
        everyone.wait()
        for number, text in enumerate(socket):
            forgotten = next(each for each in sockets if each is not socket) if number == 3 else None
            for reader in sockets:
                if reader is not forgotten:
                    reader.send(text)

    with serve(chat, "127.0.0.1", 0) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.socket.getsockname()[1]
        server.shutdown()
        thread.join()
