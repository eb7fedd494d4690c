"""What `pip install` gives: the program, its templates, static files and migrations, away from the checkout."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from uuid import UUID
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CHECKOUT = Path(__file__).parents[2]

VISIT = """
import re
from starlette.testclient import TestClient
from discussit.app import app

with TestClient(app) as visitor:
    page = visitor.get("/accounts/login/")
    print(page.status_code)
    for path in re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text):
        print(visitor.get(path).status_code)
"""


def test_what_is_installed_is_pinned_with_its_hashes():
    _head, *pins = (CHECKOUT / "constraints.txt").read_text().splitlines()

    assert all(re.fullmatch(r"[a-z0-9-]+==\S+( --hash=sha256:[0-9a-f]{64})+  # [a-z ]+", pin) for pin in pins)


@pytest.mark.parametrize("extra", ["run", "scale", "test", "check"])
def test_what_an_extra_needs_is_locked_for_it(extra):
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    needed = project["dependencies"] if extra == "run" else project["optional-dependencies"][extra]

    assert {canonicalize_name(Requirement(each).name) for each in needed} <= locked_for(extra)


# What scripts/install is given for a Python: it notes what it is asked for, and installs nothing.
NOTING = """#!/bin/sh
echo "$@" >>"$0.asked"
for each; do [ -f "$each" ] && cp "$each" "$0.required"; done
exit 0
"""


def test_others_are_installed_by_their_hashes_and_we_are_built_with_nothing_else(tmp_path):
    python = tmp_path / "python"
    python.write_text(NOTING)
    python.chmod(0o755)

    subprocess.run([CHECKOUT / "scripts" / "install", python, "scale"], check=True)

    others, ours = python.with_suffix(".asked").read_text().splitlines()
    required = python.with_suffix(".required").read_text().splitlines()
    assert {"--no-deps", "--require-hashes"} <= set(others.split())
    assert ours.split()[-3:] == ["--no-deps", "--no-build-isolation", "."]
    assert all(" --hash=sha256:" in line for line in required)
    assert {line.split("==")[0] for line in required} == locked_for("run", "scale")
    assert {"hatchling", "starlette", "redis"} <= locked_for("run", "scale")


@pytest.mark.parametrize("path", ["deploy/Dockerfile", "docs/deploying.md", "scripts/setup"])
def test_whoever_installs_does_it_that_way(path):
    text = (CHECKOUT / path).read_text()

    assert re.search(r"scripts/install \S*python", text)
    assert "pip install" not in text


def locked_for(*needers):
    """The packages of constraints.txt that one of these needs."""
    lines = (CHECKOUT / "constraints.txt").read_text().splitlines()[1:]
    return {line.split("==")[0] for line in lines if {*needers} & set(line.split("# ")[1].split())}


def test_nothing_lacks_what_it_needs():
    subprocess.run([sys.executable, "-m", "pip", "check"], check=True)


# One process builds for all.
pytestmark = pytest.mark.xdist_group("packaging")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from the source distribution, so that one is whole as well."""
    folder = tmp_path_factory.mktemp("dist")
    run("build", "--no-isolation", "--outdir", folder, CHECKOUT)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("installed")
    run("pip", "install", "--no-deps", "--no-index", "--target", folder, wheel)
    return folder


@pytest.fixture
def python(installed, environment):
    """Runs Python in an empty folder, with the installed wheel before the checkout."""
    environment.setenv("PYTHONPATH", str(installed))
    return lambda *arguments: output(*arguments).split()


@pytest.mark.parametrize("folder", ["migrations", "static", "templates"])
def test_the_wheel_holds_every_file_of(folder, wheel):
    files = {path.relative_to(CHECKOUT) for path in (CHECKOUT / folder).rglob("*") if is_ours(path)}

    packed = set(ZipFile(wheel).namelist())

    assert files
    assert {f"discussit/_data/{path}" for path in files} <= packed


def test_the_wheel_holds_the_common_passwords_and_their_licence(wheel):
    packed = ZipFile(wheel).namelist()

    assert "discussit/common_passwords.txt" in packed
    assert any(name.endswith(".dist-info/licenses/discussit/common_passwords.LICENSE") for name in packed)


def test_an_installed_wheel_runs_its_own_code(python, installed):
    assert python("-c", "import discussit; print(discussit.__path__[0])") == [str(installed / "discussit")]


def test_an_installed_wheel_brings_its_migrations(python):
    python("-m", "discussit", "migrate")
    (uuid,) = python("-m", "discussit", "creategroup", "Gardening")

    assert UUID(uuid)


def test_an_installed_wheel_brings_its_pages_and_static_files(python):
    page, *static_files = python("-c", VISIT)

    assert static_files
    assert {page, *static_files} == {"200"}


def run(module, *arguments):
    output("-m", module, *map(str, arguments))


def output(*arguments):
    return subprocess.run([sys.executable, *arguments], check=True, capture_output=True, text=True).stdout


def is_ours(path):
    return path.is_file() and "__pycache__" not in path.parts
