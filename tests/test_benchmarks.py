"""That benchmarks run, and count what they say they count."""

import json
import subprocess
import sys
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from threading import Thread

import pytest
from websockets.sync.server import serve

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


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


def test_a_message_that_one_socket_is_not_sent_fails_the_run(benchmarks):
    from dialects import Plain
    from load import Load
    from rooms import Wrong

    with forgetful_server() as port, closing(Load([port], Plain(), iter([(0, range(3))]))) as load:
        talk = partial(load.talk, 10, in_flight=1)

        with pytest.raises(Wrong, match="a socket was sent message 4 in place of 3"):
            talk()


def test_a_gap_in_the_log_fails_the_run(benchmarks):
    from dialects import DiscussIt
    from rooms import Room, Wrong

    room = Room(DiscussIt(), 0)
    first, second = (json.loads(room.words(None))["message"] for _ in range(2))
    entry = '[{"type":"text_message","seq":%d,"content":"%s"}]'
    room.heard((entry % (7, first)).encode())

    with pytest.raises(Wrong, match="seq 9 in place of 8"):
        room.heard((entry % (9, second)).encode())


def test_a_benchmark_replaces_its_own_part_of_a_document(benchmarks, tmp_path):
    from documents import write_part

    document = tmp_path / "performance.md"
    document.write_text("Before.\n<!-- fanout: begin -->\nold\n<!-- fanout: end -->\nAfter.\n")

    write_part("fanout", "new", document)

    part = "\n```text\nnew\n```\n\n"
    assert document.read_text() == f"Before.\n<!-- fanout: begin -->\n{part}<!-- fanout: end -->\nAfter.\n"


@contextmanager
def forgetful_server():
    """A chat that does not send its fourth message to whoever came last."""
    sockets = []

    def chat(socket):
        sockets.append(socket)
        for number, text in enumerate(socket):
            for reader in sockets[: -1 if number == 3 else None]:
                reader.send(text)

    with serve(chat, "127.0.0.1", 0) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.socket.getsockname()[1]
        server.shutdown()
        thread.join()
