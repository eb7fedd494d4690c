import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest
from servers import PROGRAMS

from discussit.environment import StartError, read_environment
from discussit.settings import ALEMBIC_INI, Settings

ALEMBIC = ["-m", "alembic", "-c", str(ALEMBIC_INI), "upgrade", "head"]

# What `sh` assigns as well.
LINES = {
    "NAME=closed": "closed",
    "export NAME=closed": "closed",
    "export\tNAME=closed": "closed",
    "  NAME=closed  ": "closed",
    "NAME=": "",
    "NAME= # nothing": "",
    "NAME=''": "",
    'NAME=""': "",
    "NAME=a # b": "a",
    "NAME=a\t# b": "a",
    "NAME=a#b": "a#b",
    "NAME=#a": "#a",
    "NAME='a # b' # c": "a # b",
    'NAME="a # b"': "a # b",
    "NAME='a b'": "a b",
    "NAME=a' 'b": "a b",
    'NAME="it\'s"': "it's",
    """NAME='say "hi"'""": 'say "hi"',
    r'NAME="say \"hi\""': 'say "hi"',
    r'NAME="a\\b"': r"a\b",
    r'NAME="a\nb"': r"a\nb",
    r'NAME="a\$b"': "a$b",
    r"NAME='a\b'": r"a\b",
    r"NAME=a\ b": "a b",
    r"NAME=it\'s": "it's",
    "NAME='$(cat key) `id` $HOME'": "$(cat key) `id` $HOME",
    "NAME=a=b==": "a=b==",
    "NAME=*.example.org,[::1]": "*.example.org,[::1]",
    "NAME=50%$": "50%$",
    "NAME='ü 中'": "ü 中",
}
# What only we accept, since nothing else can be meant.
OURS = {
    "NAME = closed": "closed",
    "NAME= 'closed'": "closed",
    "NAME=closed\r": "closed",
    "NAME=redis://host/0?a=1&b=(2);3": "redis://host/0?a=1&b=(2);3",
}
REFUSED = {
    "NAME": "NAME=value",
    "export NAME": "NAME=value",
    "NAME: closed": "NAME=value",
    "set -a": "NAME=value",
    "MY-NAME=closed": "NAME=value",
    "1NAME=closed": "NAME=value",
    "exported NAME=closed": "NAME=value",
    "=closed": "NAME=value",
    "NAME=a\0": "NAME=value",
    "NAME=a b": "contains spaces",
    "NAME=a, b": "contains spaces",
    "export NAME=a OTHER=b": "contains spaces",
    "NAME='a' b": "contains spaces",
    "NAME='a": "not closed",
    'NAME="a': "not closed",
    "NAME=it's": "not closed",
    'NAME="a\\"': "not closed",
    "NAME=a\\": "ends in a backslash",
    "NAME=$HOME/a.db": "single quotes",
    'NAME="$(cat key)"': "single quotes",
    "NAME=${OTHER}": "single quotes",
    "NAME=`id`": "single quotes",
    r'NAME="\$a $b"': "single quotes",
}


@pytest.mark.parametrize("line", LINES | OURS)
def test_a_line_is_read_as_a_shell_reads_it(environment, line):
    Path(".env").write_bytes(line.encode())

    assert read_environment()("NAME", default="unset") == (LINES | OURS)[line]


def test_a_shell_agrees(environment):
    for line, value in LINES.items():
        script = f'{line}\nprintf %s "$NAME"'
        assert subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout == value


@pytest.mark.parametrize("line", REFUSED)
def test_a_line_that_is_not_understood_is_refused_by_its_number(environment, line):
    Path(".env").write_text(f"# ours\n\n{line.replace('a', 'rosemary')}\n")

    with pytest.raises(StartError) as refused:
        read_environment()

    text = str(refused.value)
    assert text.startswith(f"{Path('.env').absolute()}, line 3, can't be understood: ")
    assert REFUSED[line] in text
    assert "rosemary" not in text
    assert "\n" not in text


CONTENTS = {
    "byte order mark": "\ufeffSIGNUP=closed\n".encode(),
    "CRLF": b"# ours\r\n\r\nSIGNUP=closed\r\n",
    "old Mac": b"DEBUG=no\rSIGNUP=closed\r",
    "no end of line": b"export SIGNUP=closed",
    "twice": b"SIGNUP=open\nSIGNUP=closed\n",
    "other programs' names": b"POSTGRES_PASSWORD='a b'\nLISTEN=10.0.0.1\nSIGNUP=closed\n",
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_a_files_form_hides_no_setting(environment, caplog, content):
    Path(".env").write_bytes(content)

    assert Settings.from_environment().signup == "closed"
    assert not caplog.records


UNREADABLE = {
    "UTF-16": lambda file: file.write_text("SIGNUP=closed\n", "utf-16"),
    "UTF-16 without a mark": lambda file: file.write_text("SIGNUP=closed\n", "utf-16-le"),
    "Latin-1": lambda file: file.write_bytes(b"SIGNUP=closed # \xfcber\n"),
    "a folder": lambda file: file.mkdir(),
    "a link to nothing": lambda file: file.symlink_to("nothing"),
    "a link to itself": lambda file: file.symlink_to(file),
}


@pytest.mark.parametrize("make", UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_cannot_be_read_is_not_ignored(environment, make):
    make(Path(".env"))

    with pytest.raises(StartError, match=r"\.env(, line 1,)? (can't be|is a link to a file that does not)"):
        Settings.from_environment()


@pytest.mark.parametrize("program", [*PROGRAMS.values(), ALEMBIC], ids=[*PROGRAMS, "alembic"])
def test_every_program_stops_with_one_line_that_shows_no_secret(environment, program):
    Path(".env").write_text("SIGNUP=closed\nSECRET_KEY='rosemary\n")

    ended = subprocess.run([sys.executable, *program], capture_output=True, text=True, check=False, timeout=60)

    lines = [line for line in ended.stderr.splitlines() if not line.startswith("INFO") and ".env" in line]
    assert ended.returncode != 0
    assert len(lines) == 1
    assert ".env, line 2, can't be understood: a quote is not closed" in lines[0]
    assert "rosemary" not in ended.stderr + ended.stdout
    assert "Traceback" not in ended.stderr


TYPOS = [("SIGN_UP", "SIGNUP"), ("signup", "SIGNUP"), ("SINGUP", "SIGNUP"), ("ALLOWED_HOST", "ALLOWED_HOSTS")]


@pytest.mark.parametrize(("name", "meant"), TYPOS)
def test_a_name_that_is_almost_a_setting_is_warned_of(environment, caplog, name, meant):
    Path(".env").write_text(f"{name}=rosemary\n")

    Settings.from_environment()
    Settings.from_environment()

    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert f"sets {name}, which is not a setting of DiscussIt: is it {meant}?" in record.getMessage()
    assert "rosemary" not in record.getMessage()


def test_the_documented_file_is_understood(environment):
    (block,) = re.findall(
        r"```sh\n(SIGNUP=closed.*?)```", (Path(__file__).parents[1] / "docs/running.md").read_text(), re.S
    )
    Path(".env").write_text(block)

    settings = Settings.from_environment()

    assert (settings.signup, settings.allowed_hosts) == ("closed", ("chat.example.org", "localhost"))
    assert (settings.secret_key, settings.database_url) == ('pa$$word "1"', "sqlite+aiosqlite:///chat.db")
