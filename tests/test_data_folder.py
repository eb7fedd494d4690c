import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from servers import PROGRAMS
from stores import query

from discussit.schema import REVISION, SchemaError, prepare_once
from discussit.settings import Settings, SettingsError

MIGRATE = ["-m", "discussit", "migrate"]
# Root is then refused whatever a file's mode forbids.
ORDINARY = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []

every_program = pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)


def run(program, **options):
    """The program's exit code and its lines on standard error, without uvicorn's own."""
    command = [*ORDINARY, sys.executable, *program]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, **options)
    lines = [line for line in ended.stderr.splitlines() if not line.startswith("INFO") and "startup failed" not in line]
    return ended.returncode, "\n".join(lines)


def refusal(program):
    """The one line with which it refuses to start."""
    code, error = run(program)
    assert code != 0
    assert "\n" not in error
    return error


def modes():
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in Path().iterdir()}


@pytest.fixture
def migrated(environment):
    assert run(MIGRATE) == (0, "")


# Who can read the files


@pytest.mark.parametrize("umask", [0, 0o022, 0o777])
def test_new_files_are_private_whatever_the_umask(environment, umask):
    assert run(MIGRATE, umask=umask) == (0, "")

    assert modes() == {"discussit.db": 0o600, "discussit.secret": 0o600}


def test_files_that_everybody_could_read_become_private_and_a_line_says_so(migrated, tmp_path):
    Path("discussit.db").chmod(0o644)

    code, error = run(MIGRATE)

    assert (code, error.count("\n")) == (0, 0)
    assert error.startswith(f"other users could read {tmp_path}/discussit.db")
    assert modes()["discussit.db"] == 0o600
    assert run(MIGRATE) == (0, "")


def test_files_that_a_group_may_read_stay_as_they_are(migrated):
    Path("discussit.db").chmod(0o640)

    assert run(MIGRATE) == (0, "")
    assert modes()["discussit.db"] == 0o640


@pytest.mark.parametrize("mode", [0o644, 0o640])
def test_a_key_that_others_could_read_becomes_private(migrated, mode):
    Path("discussit.secret").chmod(mode)

    code, error = run(MIGRATE)

    assert code == 0
    assert "discussit.secret: now only the owner can" in error
    assert modes()["discussit.secret"] == 0o600


def test_a_file_that_is_no_database_is_left_alone(environment):
    Path("discussit.db").write_text("This is no database. " * 100)
    Path("discussit.db").chmod(0o644)

    assert "discussit.db is not an SQLite database" in refusal(MIGRATE)
    assert modes()["discussit.db"] == 0o644


def test_a_key_of_another_owner_that_others_can_read_is_warned_of(migrated, tmp_path):
    Path("discussit.secret").unlink()
    Path("discussit.secret").symlink_to("/proc/self/comm")  # readable for all, and nobody can change that

    assert run(MIGRATE)[1] == f"other users can read {tmp_path}/discussit.secret: run chmod go= on it, as its owner"


# What can't be written


@every_program
def test_a_read_only_folder_is_named_with_what_belongs_there(environment, tmp_path, program):
    tmp_path.chmod(0o555)

    error = refusal(program)

    assert f"The folder {tmp_path} can't be written" in error
    assert "discussit.db" in error
    assert "discussit.secret" in error
    assert "SECRET_KEY=''" not in error


def test_a_read_only_folder_is_named_even_where_no_key_belongs_there(environment, tmp_path):
    environment.setenv("SECRET_KEY", "rosemary" * 8)
    tmp_path.chmod(0o555)

    assert f"The folder {tmp_path} can't be written" in refusal(MIGRATE)


@every_program
def test_a_database_that_cannot_be_written_stops_the_start(migrated, tmp_path, program):
    Path("discussit.db").chmod(0o400)

    assert f"{tmp_path}/discussit.db can't be written" in refusal(program)


@every_program
def test_a_read_only_folder_with_a_database_stops_the_start(migrated, tmp_path, program):
    tmp_path.chmod(0o555)

    assert f"{tmp_path} can't be written" in refusal(program)


@pytest.mark.parametrize("options", ["mode=ro", "immutable=1"])
def test_a_database_that_is_opened_read_only_stops_the_start(migrated, environment, options):
    environment.setenv("DATABASE_URL", f"sqlite:///file:discussit.db?{options}&uri=true")

    assert "discussit.db can't be written" in refusal(MIGRATE)


def test_a_full_disk_is_named(environment, tmp_path):
    # For this process and what it starts: no file may grow.
    limited = "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); runpy.run_module"
    program = ["-c", f"{limited}('discussit', run_name='__main__', alter_sys=True)", "migrate"]

    assert f"{tmp_path}/discussit.db can't be created (File too large)" in refusal(program)


def test_a_database_that_another_program_is_writing_is_used(migrated):
    with closing(sqlite3.connect("discussit.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        assert run(MIGRATE) == (0, "")


# The key


WRONG_KEYS = {
    "empty": (lambda key: key.write_text(" \n"), "is empty"),
    "no text": (lambda key: key.write_bytes(b"\xff" * 64), "is not text"),
    "unreadable": (lambda key: key.chmod(0), "(Permission denied)"),
    "a folder": (lambda key: (key.unlink(), key.mkdir()), "(Is a directory)"),
    "a link to nothing": (lambda key: (key.unlink(), key.symlink_to("nothing")), "(No such file or directory)"),
}


@pytest.mark.parametrize(("make", "reason"), WRONG_KEYS.values(), ids=WRONG_KEYS)
def test_a_key_that_cannot_be_used_is_named(migrated, tmp_path, make, reason):
    make(Path("discussit.secret"))

    error = refusal(MIGRATE)

    assert f"{tmp_path}/discussit.secret" in error
    assert reason in error
    assert "SECRET_KEY=''" not in error


# Databases that are missing


def test_a_database_that_is_missing_beside_its_key_is_created_with_a_warning(migrated, tmp_path):
    Path("discussit.db").unlink()

    code, error = run(MIGRATE)

    assert (code, error.count("\n")) == (0, 0)
    assert f"created {tmp_path}/discussit.db, since it was missing, but discussit.secret is from an earlier" in error


@pytest.mark.parametrize("lose", [Path.unlink, lambda file: file.write_bytes(b"")], ids=["missing", "empty"])
def test_messages_beside_a_missing_database_are_not_deleted(environment, lose):
    Path("discussit.db-wal").write_bytes(b"the newest messages")
    Path("discussit.db").touch()
    lose(Path("discussit.db"))

    assert "discussit.db-wal has its newest messages: put discussit.db back" in refusal(MIGRATE)
    assert Path("discussit.db-wal").read_bytes() == b"the newest messages"


# DATABASE_URL

URLS = {
    "sqlite:///chat.db": "chat",
    "sqlite:///{folder}/chat.db": "chat",
    " sqlite:///chat.db\n": "chat",
    "sqlite:///a%20b%25.db": "a b%",
    "sqlite:///what%3F.db": "what?",
    "sqlite:///chat.db?timeout=3": "chat",
    "sqlite:///file:chat.db?uri=true": "chat",
    "sqlite:///file:chat.db?mode=rwc&cache=private&uri=true": "chat",
    "sqlite:///file:{folder}/chat.db?uri=true": "chat",
    "sqlite:///file:///{folder}/a%2520b.db?uri=true": "a b",
}


@pytest.mark.parametrize("url", URLS)
async def test_the_database_and_its_key_are_where_the_url_says(environment, tmp_path, url):
    environment.setenv("DATABASE_URL", url.replace("{folder}", str(tmp_path)))

    await prepare_once(Settings.from_environment())

    assert modes() == {f"{URLS[url]}.db": 0o600, f"{URLS[url]}.secret": 0o600}


async def test_a_link_leads_to_the_database_and_the_key_is_beside_the_link(environment, tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "discussit.db").symlink_to("disk/chat.db")

    await prepare_once(Settings.from_environment())

    assert query("SELECT version_num FROM alembic_version") == [(REVISION,)]
    assert stat.S_IMODE((tmp_path / "disk/chat.db").stat().st_mode) == 0o600
    assert (tmp_path / "discussit.secret").is_file()


NO_FILES = [
    "sqlite://chat.db",
    "sqlite://host/chat.db",
    "sqlite:////",
    "sqlite:///chat.secret",
    "sqlite:///a%00b.db",
    "sqlite:///chat.db?mode=ro",
    "sqlite:///chat.db?uri=true",
    "sqlite:///chat.db?uri=perhaps",
    "sqlite:///chat.db?timeout=long",
    "sqlite:///file::memory:?uri=true",
    "sqlite:///file:?uri=true",
    "sqlite:///file:chat?mode=memory&uri=true",
]


@pytest.mark.parametrize("url", NO_FILES)
def test_a_url_that_names_no_file_is_refused_in_one_line(environment, tmp_path, url):
    environment.setenv("DATABASE_URL", url)

    with pytest.raises(SettingsError, match=r"SQLite must be given a file, as in sqlite:///") as refused:
        Settings.from_environment()

    assert "\n" not in str(refused.value)
    assert not list(tmp_path.iterdir())


async def test_a_folder_in_the_databases_place_is_named(settings, tmp_path):
    (tmp_path / "discussit.db").mkdir()

    with pytest.raises(SchemaError, match=f"{tmp_path}/discussit.db is a folder: set DATABASE_URL to a file"):
        await prepare_once(settings)
