"""What the program has, its documents name."""

import argparse
import inspect
import re
import tomllib
from pathlib import Path

import msgspec
import pytest

import discussit
from discussit import cli, settings
from discussit.accounts import security_log
from discussit.errors import CloseCode, ErrorCode
from discussit.log import kinds
from discussit.wire import objects

TESTS = Path(__file__).parent
DOCS = TESTS.parent / "docs"
PLACEHOLDERS = {"discussit/X/y.py", "tests/X/test_y.py", "tests/test_y.py"}
SETTINGS = re.findall(r'read\("([A-Z_]+)"', inspect.getsource(settings))
FRAMES = {
    found.__struct_config__.tag
    for found in (vars(objects) | vars(kinds)).values()
    if isinstance(found, type) and issubclass(found, msgspec.Struct) and found.__struct_config__.tag
}


def commands():
    subparsers = next(a for a in cli._parser()._actions if isinstance(a, argparse._SubParsersAction))
    return [
        f"discussit {name} {' '.join(option for a in parser._actions for option in a.option_strings[-1:])}"
        for name, parser in subparsers.choices.items()
    ]


def words(name):
    return set(re.findall(r"[\w-]+", (DOCS / name).read_text()))


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_described(name):
    assert f"| `{name}` |" in (DOCS / "running.md").read_text()


@pytest.mark.parametrize("command", commands())
def test_every_command_is_described_with_its_options(command):
    options = set(command.split()) - {"--help"}

    assert options <= words("running.md")


def test_documents_name_no_command_or_option_that_does_not_exist():
    options = {command: set(rest) for _program, command, *rest in map(str.split, commands())}
    files = [*DOCS.glob("*.md"), DOCS.parent / "README.md", *(DOCS.parent / "deploy").iterdir()]

    for file in files:
        shown = re.findall(r"(?:bin/|`|\n *|[;|&] )discussit ([a-z]+)([^\n`;|&)#]*)", file.read_text())
        for command, rest in shown:
            assert command in options, f"{file.name}: {command}"
            assert set(re.findall(r"--[a-z-]+", rest)) <= options[command], f"{file.name}: {command}{rest}"


def test_every_script_that_a_document_names_is_there():
    for document in [*DOCS.glob("*.md"), *DOCS.parent.glob("*.md")]:
        for name in re.findall(r"(?<![\w/])(scripts/\w+|\.ci/\w+)", document.read_text()):
            assert (DOCS.parent / name).exists(), f"{document.name}: {name}"


@pytest.mark.parametrize("frame", sorted(FRAMES))
def test_every_frame_is_described(frame):
    assert frame in words("protocol.md")


@pytest.mark.parametrize("code", [*ErrorCode, *map(str, map(int, CloseCode))])
def test_every_code_is_described(code):
    assert code in words("protocol.md")


@pytest.mark.parametrize("act", security_log.Act)
def test_every_line_of_the_security_log_is_described(act):
    assert f"| `{act}` |" in (DOCS / "running.md").read_text()


def test_documents_name_no_code_that_does_not_exist():
    tables = re.findall(r"^\| `([a-z_]+)` \|", (DOCS / "protocol.md").read_text(), re.M)

    assert set(tables) == set(ErrorCode)


def test_every_module_is_described():
    table = re.findall(r"^\| (`.*?`) \|", (DOCS / "how-it-works.md").read_text(), re.M)
    modules = [path for path in Path(discussit.__file__).parent.iterdir() if path.suffix == ".py" or path.is_dir()]
    names = {path.name if path.is_file() else f"{path.name}/" for path in modules} - {"__init__.py", "__pycache__/"}

    assert names == set(re.findall(r"`([\w/.]+)`", "".join(table)))


def test_every_module_has_its_place_among_the_layers():
    package = Path(discussit.__file__).parent
    modules = {".".join(path.relative_to(package.parent).with_suffix("").parts) for path in package.rglob("*.py")}
    contracts = tomllib.loads((DOCS.parent / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = set(re.split(r"[| ]+", " ".join(contracts[0]["layers"])))

    placed = {each for each in modules if any(each == layer or each.startswith(f"{layer}.") for layer in layers)}
    assert {each for each in modules - placed if not each.endswith("__init__")} == set()


def test_the_documents_links_lead_somewhere():
    for document in [*DOCS.glob("*.md"), DOCS.parent / "README.md", DOCS.parent / "SECURITY.md"]:
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text()):
            assert (document.parent / link).exists(), f"{document.name}: {link}"


def test_every_file_for_deploying_is_described():
    files = sorted(file.name for file in (DOCS.parent / "deploy").iterdir())

    assert files == sorted(set(re.findall(r"\.\./deploy/([\w.]+)", (DOCS / "deploying.md").read_text())))


def test_every_test_that_a_document_names_is_there():
    tests = {name for file in TESTS.rglob("test_*.py") for name in re.findall(r"def (test_\w+)", file.read_text())}

    for document in DOCS.glob("*.md"):
        assert set(re.findall(r"`(test_\w+)`", document.read_text())) <= tests


def test_every_module_that_a_document_names_is_there():
    folders = ("discussit", "migrations", "tests", "benchmarks")
    files = [f"/{file}" for folder in folders for file in (TESTS.parent / folder).rglob("*.py")]

    for document in [*DOCS.glob("*.md"), TESTS / "README.md"]:
        named = set(re.findall(r"[\w/]+\.py\b", document.read_text())) - PLACEHOLDERS
        assert [name for name in sorted(named) if not any(file.endswith(f"/{name}") for file in files)] == []


def test_the_readme_is_short():
    assert len((DOCS.parent / "README.md").read_text().splitlines()) < 100
