"""That compare.py measures what it says it compares, and tells differences from noise."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = (
    "benchmarks",
    "discussit",
    "migrations",
    "requirements",
    "static",
    "templates",
    "alembic.ini",
    "pyproject.toml",
)

# The application, until a socket has sent its third message.
HANGS_UP = """
complete = app

async def app(scope, receive, send):
    texts = 0

    async def interrupted():
        nonlocal texts
        message = await receive()
        texts += message["type"] == "websocket.receive"
        return {"type": "websocket.disconnect", "code": 1001} if texts == 3 else message

    await complete(scope, interrupted, send)
"""

# The application, without its home page.
LACKS_HOME = """
complete = app

async def app(scope, receive, send):
    if scope.get("path") != "/":
        return await complete(scope, receive, send)
    await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})
"""


@pytest.fixture
def ratios(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    import ratios

    return ratios


@pytest.fixture
def repository(tmp_path):
    """A repository whose only commit is this checkout, with whatever has changed in it."""
    root = tmp_path / "repository"
    for name in PARTS:
        root.mkdir(exist_ok=True)
        if (ROOT / name).is_dir():
            # Another process may be writing compiled files.
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, root / name)
    git(root, "init", "-q")
    commit(root)
    return root


def commit(root):
    git(root, "add", "-A")
    git(root, "-c", "user.name=alice", "-c", "user.email=alice@example.org", "commit", "-qm", "As it is")


def git(root, *arguments):
    return subprocess.run(["git", "-C", root, *arguments], check=True, capture_output=True, text=True).stdout


def compare(root, *options):
    return subprocess.run(**arguments(root, *options), check=False, capture_output=True)


def arguments(root, *options):
    command = [sys.executable, "benchmarks/compare.py", *options, "--rounds=1", "--seconds=0.1"]
    return {"args": command, "cwd": root, "env": os.environ | {"PYTHONPATH": str(root)}, "text": True}


def test_a_revision_and_the_working_tree_are_measured_and_the_revisions_checkout_is_removed(repository):
    found = repository.parent / "found.json"

    run = compare(repository, "HEAD", "--workloads", "5@0", "5@20", "ack", f"--json={found}")

    assert run.returncode == 0, run.stderr
    figures = [row.split("  ")[0] for row in run.stdout.splitlines() if row.endswith("noise")]
    assert figures == ["5, idle", "5, 20/s", "", "one message at a time"]
    ((_, workloads),) = json.loads(found.read_text())["servers"].items()
    messages = workloads["5@20"]["CPU µs a message"]
    assert messages["ratio"] == messages["after"][0] / messages["before"][0]
    assert len(git(repository, "worktree", "list").splitlines()) == 1


def test_a_lost_delivery_in_uncommitted_changes_fails_the_run(repository):
    with (repository / "discussit/app.py").open("a") as app:
        app.write(HANGS_UP)

    run = compare(repository, "HEAD", "--servers=uvicorn", "--workloads=2")

    assert run.returncode == 1
    assert "FAILED: working tree: a " in run.stdout


def test_what_the_revision_lacks_is_a_row_with_the_reason(repository):
    app = repository / "discussit/app.py"
    complete = app.read_text()
    app.write_text(complete + LACKS_HOME)
    commit(repository)
    app.write_text(complete)

    run = compare(repository, "HEAD", "--servers=uvicorn", "--workloads=home")

    assert run.returncode == 0, run.stdout + run.stderr
    revision = git(repository, "rev-parse", "--short", "HEAD").strip()
    assert f"  {revision}: / was answered 404\n" in run.stdout


@pytest.fixture
def interruptible():
    """Programs are started with SIGINT as usual, also if a shell runs the tests in the background and ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_removes_the_revisions_checkout(repository, kind):
    with subprocess.Popen(**arguments(repository, "HEAD", "--workloads=5@20"), stderr=subprocess.PIPE) as run:
        assert "round 1 of 1" in run.stderr.readline()
        during = git(repository, "worktree", "list").splitlines()

        run.send_signal(kind)

    assert run.returncode != 0
    assert (len(during), len(git(repository, "worktree", "list").splitlines())) == (2, 1)


def test_an_unknown_revision_is_named(repository):
    run = compare(repository, "no-such-branch")

    assert run.returncode == 1
    assert run.stderr.startswith("git failed: ")


def test_ratios_are_those_of_the_rounds(ratios):
    # The machine was slower from round to round: the medians alone, 40 and 17, would make 0.43 of it.
    found = ratios.Comparison(ratios.Figure("CPU", "{}"), before=[10, 20, 40, 80, 160], after=[5, 9, 17, 44, 85])

    assert found.ratios == [0.5, 0.45, 0.425, 0.55, 0.53125]
    assert (found.ratio, found.spread) == (0.5, (0.425, 0.55))


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        ([90, 91, 89, 92, 88], "better"),
        ([110, 109, 111, 108, 112], "worse"),
        ([90, 91, 89, 92, 100], "noise"),  # the spread ends with 1
        ([90, 91, 89, 92, 101], "noise"),
        ([98.5, 98.4, 98.6, 98.5, 98.5], "noise"),  # less than 2 %
        ([90, 91, 89, 92], "noise"),  # too few rounds
    ],
)
def test_a_difference_is_told_from_noise(ratios, after, verdict):
    opposite = {"better": "worse", "worse": "better", "noise": "noise"}[verdict]

    less, more = (ratios.Figure("figure", "{}", more_is_better=more) for more in (False, True))

    assert ratios.Comparison(less, [100] * len(after), after).verdict == verdict
    assert ratios.Comparison(more, [100] * len(after), after).verdict == opposite
