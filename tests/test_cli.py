import getpass
import io
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import hostile
import pytest
from people import PASSWORD, HttpPerson
from starlette.testclient import TestClient
from stores import query

from discussit import __version__, database
from discussit.app import app
from discussit.cli import main
from discussit.schema import REVISION

COMMANDS = ["serve", "migrate", "createsuperuser", "resetpassword", "creategroup", "restored"]
PROGRAMS = [[sys.executable, "-m", "discussit"], [str(Path(sys.executable).with_name("discussit"))]]
UVICORN = [sys.executable, "-m", "uvicorn", "discussit.app:app"]


@pytest.fixture
def run(environment, capfd):
    """Runs a command as the program does: its exit code, what it says and what it says on stderr."""

    def run(*arguments, typed=""):
        environment.setattr(sys, "stdin", io.StringIO(typed))
        try:
            code = main(arguments)
        except SystemExit as ended:
            code = ended.code
        return code, *capfd.readouterr()

    return run


# Both names of the program


@pytest.mark.parametrize("program", PROGRAMS, ids=["python -m discussit", "discussit"])
def test_both_names_are_the_same_program(environment, program):
    made = output(*program, "creategroup", "Gardening")
    failed = output(*program, "creategroup", "")
    wrong = output(*program, "nonsense")

    assert (made.returncode, bool(UUID(made.stdout.strip())), made.stderr) == (0, True, "")
    assert (failed.returncode, failed.stdout, failed.stderr.count("\n")) == (1, "", 1)
    assert wrong.returncode == 2


@pytest.mark.parametrize("arguments", [["--help"], *([command, "--help"] for command in COMMANDS)], ids=" ".join)
def test_every_command_has_help(run, arguments):
    code, said, errors = run(*arguments)

    assert (code, errors) == (0, "")
    assert "usage: discussit" in said


def test_the_program_says_its_version(run):
    assert run("--version") == (0, f"discussit {__version__}\n", "")


WRONG = [
    [],
    ["nonsense"],
    ["migrate", "now"],
    ["restored", "Gardening"],
    ["creategroup"],
    ["creategroup", "a", "b"],
    ["createsuperuser"],
    ["createsuperuser", "alice"],
    ["resetpassword"],
    ["resetpassword", "alice"],
    ["serve", "--port", "x"],
    ["serve", "--port", "65536"],
    ["serve", "--port", "-1"],
    ["serve", "--workers", "0"],
    ["serve", "--workers", "two"],
    ["serve", "--root-path", "chat"],
    ["serve", "--root-path", "/chat room"],
    ["serve", "--root-path", "//chat"],
    ["serve", "--host", ""],
    ["serve", "--nonsense"],
]


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_wrong_usage_ends_with_2_and_touches_nothing(run, tmp_path, arguments):
    code, said, errors = run(*arguments)

    assert (code, said) == (2, "")
    assert "usage: discussit" in errors
    assert not list(tmp_path.iterdir())


# What goes wrong for all of them


@pytest.mark.parametrize(
    "command",
    [["migrate"], ["creategroup", "G"], ["serve"], ["createsuperuser", "--username", "a", "--password-stdin"]],
)
def test_a_wrong_environment_ends_with_1_and_one_line(environment, run, command):
    environment.setenv("SIGNUP", "maybe")

    assert run(*command, typed=PASSWORD) == (
        1,
        "",
        "discussit: SIGNUP='maybe' can't be used: it must be one of open, invited, closed\n",
    )


@pytest.mark.parametrize("command", [["migrate"], ["creategroup", "G"], ["serve"], ["restored"]])
@pytest.mark.parametrize("url", ["sqlite:///no.db", "postgresql://bob:secret@127.0.0.1:1/name"])
def test_a_database_that_cannot_be_used_ends_with_1_and_one_line(environment, run, command, url):
    Path("no.db").write_text("This is no database. " * 100)
    environment.setenv("DATABASE_URL", url)
    environment.setenv("SECRET_KEY", "a secret")

    code, said, errors = run(*command)

    assert (code, said, errors.count("\n")) == (1, "", 1)
    assert errors.startswith("discussit: The database can't be used: ")
    assert "secret" not in errors


@pytest.mark.parametrize("command", [["migrate"], ["creategroup", "G"], ["serve"], ["restored"]])
def test_a_schema_newer_than_the_program_ends_with_1_and_one_line(run, command):
    run("migrate")
    set_revision("9999")

    code, said, errors = run(*command)

    assert (code, said, errors.count("\n")) == (1, "", 1)
    assert "revision 9999, newer than this program" in errors


# migrate


def test_migrate_brings_an_empty_database_to_the_newest_schema(run):
    assert run("migrate") == (0, f"The database is at revision {REVISION}.\n", "")
    assert revision() == REVISION


def test_migrate_twice_changes_nothing(run):
    run("migrate")

    assert run("migrate")[0] == 0


# creategroup


def test_a_new_groups_uuid_is_printed_and_the_group_is_there(run):
    code, said, errors = run("creategroup", "Gardening")

    with TestClient(app) as site:
        alice = HttpPerson(site, "alice")
        alice.sign_up()
        assert "Gardening" in alice.page("/").one(said.strip()).text
    assert (code, errors) == (0, "")


@pytest.mark.parametrize("name", ["", "   ", "x" * 31, "a\nb", "\udcff"])
def test_a_name_that_no_group_may_have_ends_with_1(run, name):
    assert run("creategroup", name) == (1, "", "discussit: A group's name has 1 to 30 printable characters.\n")


# createsuperuser


def test_a_superuser_can_log_in_and_create_groups(run):
    code, said, errors = run("createsuperuser", "--username", "alice", "--password-stdin", typed=f"{PASSWORD}\n")

    with TestClient(app) as site:
        alice = HttpPerson(site, "alice")
        assert alice.log_in().status_code == 303
        assert alice.creates("Gardening")
    assert (code, said, errors) == (0, "Created superuser alice.\n", "")


def test_a_later_superuser_is_one_too(run):
    run("createsuperuser", "--username", "alice", "--password-stdin", typed=PASSWORD)

    run("createsuperuser", "--username", "bob", "--password-stdin", typed=PASSWORD)

    assert query("SELECT username FROM users WHERE is_superuser") == [("alice",), ("bob",)]


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\nmore"])
def test_the_password_is_the_first_line_of_standard_input(run, end):
    run("createsuperuser", "--username", "alice", "--password-stdin", typed=PASSWORD + end)

    with TestClient(app) as site:
        assert HttpPerson(site, "alice").log_in().status_code == 303


@pytest.mark.parametrize(
    ("name", "password", "reason"),
    [
        ("", PASSWORD, "A name has 1 to 150 letters"),
        ("a/b", PASSWORD, "A name has 1 to 150 letters"),
        ("a b", PASSWORD, "Names can't contain spaces."),
        ("Everyone", PASSWORD, "This name is reserved. Choose another."),
        (hostile.GROWING, PASSWORD, "This name is too long, since some of its letters count as two or three."),
        ("alice", "", "A password has 8 to 256 characters."),
        ("alice", "1234567", "A password has 8 to 256 characters."),
        ("alice123", "ALICE123", "The password can't be the name."),
        ("alice", "\udcff" * 8, "the password is not valid UTF-8"),
    ],
)
def test_a_refused_superuser_ends_with_1_and_one_line(run, name, password, reason):
    code, said, errors = run("createsuperuser", "--username", name, "--password-stdin", typed=password)

    assert (code, said, errors.count("\n")) == (1, "", 1)
    assert errors.startswith(f"discussit: {reason}")


def test_a_name_that_is_taken_ends_with_1(run):
    run("createsuperuser", "--username", "alice", "--password-stdin", typed=PASSWORD)

    answer = run("createsuperuser", "--username", "ALICE", "--password-stdin", typed=PASSWORD)

    assert answer == (1, "", "discussit: This name is taken.\n")


def test_a_superusers_password_is_the_same_in_every_form(run):
    run("createsuperuser", "--username", "alice", "--password-stdin", typed="Zu\u0308rcher Fisch\n")

    with TestClient(app) as site:
        alice = HttpPerson(site, "alice")
        for password in ("Zu\u0308rcher Fisch", "Z\u00fcrcher Fisch"):
            assert alice.post("/accounts/login/", username="alice", password=password).status_code == 303


def test_a_prompt_takes_a_password_in_two_forms(environment, run):
    typed = iter(["Zu\u0308rcher Fisch", "Z\u00fcrcher Fisch"])
    environment.setattr(getpass, "getpass", lambda _prompt: next(typed))

    assert run("createsuperuser", "--username", "alice")[0] == 0


@pytest.mark.parametrize(("again", "code"), [(PASSWORD, 0), ("another one", 1)])
def test_at_a_prompt_the_password_is_asked_for_twice(environment, run, again, code):
    typed = iter([PASSWORD, again])
    environment.setattr(getpass, "getpass", lambda _prompt: next(typed))

    assert run("createsuperuser", "--username", "alice")[0] == code


def test_without_a_terminal_the_prompt_says_what_to_do(environment):
    program = [*PROGRAMS[0], "createsuperuser", "--username", "alice"]

    answer = output(*program, stdin=subprocess.DEVNULL, start_new_session=True)

    assert (answer.returncode, answer.stdout, answer.stderr.count("\n")) == (1, "", 1)
    assert "--password-stdin" in answer.stderr


# resetpassword


def test_a_printed_link_sets_a_new_password(run):
    run("createsuperuser", "--username", "alice", "--password-stdin", typed=PASSWORD)

    code, said, errors = run("resetpassword", "--username", "ALICE")

    with TestClient(app) as site:
        alice = HttpPerson(site, "alice")
        alice.post(said.strip(), password1="another horse", password2="another horse")
        assert alice.creates("Gardening")
        assert alice.log_in().status_code == 400
    assert (code, errors, said.count("\n")) == (0, "", 1)


@pytest.mark.parametrize(
    ("hosts", "beginning"),
    [
        ("chat.example.org", "https://chat.example.org/accounts/reset/"),
        ("localhost,chat.example.org", "https://chat.example.org/accounts/reset/"),
        ("localhost", "/accounts/reset/"),
        ("*.example.org", "/accounts/reset/"),
        ("chat.example.org,chat.example.com", "/accounts/reset/"),
        ("203.0.113.9", "/accounts/reset/"),
        ("[2001:db8::9]", "/accounts/reset/"),
        ("203.0.113.9,chat.example.org", "https://chat.example.org/accounts/reset/"),
    ],
)
def test_the_link_has_a_host_where_there_is_just_one(environment, run, hosts, beginning):
    environment.setenv("ALLOWED_HOSTS", hosts)
    run("createsuperuser", "--username", "alice", "--password-stdin", typed=PASSWORD)

    assert run("resetpassword", "--username", "alice")[1].startswith(beginning)


@pytest.mark.parametrize(
    ("origins", "beginning"),
    [
        ("http://chat.example.org:8080", "http://chat.example.org:8080/accounts/reset/"),
        ("https://chat.example.org,https://chat.example.com", "/accounts/reset/"),
    ],
)
def test_the_link_has_the_trusted_origin_where_there_is_just_one(environment, run, origins, beginning):
    environment.setenv("ALLOWED_HOSTS", "backend.internal")
    environment.setenv("TRUSTED_ORIGINS", origins)
    run("createsuperuser", "--username", "alice", "--password-stdin", typed=PASSWORD)

    assert run("resetpassword", "--username", "alice")[1].startswith(beginning)


@pytest.mark.parametrize("name", ["bob", "", "a b", "\udcff", hostile.GROWING])
def test_an_unknown_name_has_no_link(run, name):
    run("createsuperuser", "--username", "alice", "--password-stdin", typed=PASSWORD)

    answer = run("resetpassword", "--username", name)

    assert answer == (1, "", "discussit: no active account with this name\n")


# serve


def test_several_workers_need_a_bus_that_they_share(run, tmp_path):
    code, _, errors = run("serve", "--workers", "2")

    assert (code, errors.count("\n")) == (1, 1)
    assert "BROADCAST_URL" in errors
    assert not list(tmp_path.iterdir())  # or the next start would warn of a key without a database


def test_serving_creates_the_database_and_its_key(environment, tmp_path):
    run_until_served([*PROGRAMS[1], "serve", "--port", "0"])

    assert revision() == REVISION
    assert stat.S_IMODE((tmp_path / "discussit.secret").stat().st_mode) == 0o600


@pytest.mark.parametrize(("workers", "is_told"), [("1", False), ("2", True)])
def test_uvicorns_workers_without_a_bus_are_warned_of(environment, workers, is_told):
    said = run_until_served([*UVICORN, "--port", "0", "--workers", workers], "Application startup complete")

    assert ("set BROADCAST_URL=redis://" in said) is is_told


def run_until_served(command, sign="Uvicorn running on"):
    """What the program says on stderr until it says this, and when it is then ended."""
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        said = []
        while not said or sign not in said[-1]:
            said.append(process.stderr.readline())
            assert said[-1], "".join(said)
        process.terminate()
        return "".join(said) + process.stderr.read()


def output(*command, **options):
    return subprocess.run(command, check=False, capture_output=True, text=True, **options)


def revision():
    return query("SELECT version_num FROM alembic_version")[0][0]


def set_revision(value):
    connection = sqlite3.connect("discussit.db")
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [value])
    connection.close()


# restored


def test_every_log_is_marked_as_restored_however_many_there_are(environment, run):
    environment.setattr(database, "CHUNK", 2)
    for name in ("Gardening", "Cooking", "Sewing"):
        run("creategroup", name)
    before = set(query("SELECT epoch FROM groups"))

    assert run("restored") == (0, "The logs of 3 groups are marked as restored: clients reload them.\n", "")
    assert not before.intersection(query("SELECT epoch FROM groups"))


def test_a_server_without_groups_has_nothing_to_mark(run):
    assert run("restored") == (0, "The logs of 0 groups are marked as restored: clients reload them.\n", "")


def test_logs_at_a_schema_that_is_behind_are_not_marked(environment, run, postgres):
    environment.setenv("DATABASE_URL", postgres.url(postgres.new_database()))
    environment.setenv("SECRET_KEY", "a secret")

    code, said, errors = run("restored")

    assert (code, said) == (1, "")
    assert "run `discussit migrate`" in errors
