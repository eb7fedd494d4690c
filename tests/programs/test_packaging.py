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
LOCKED = sorted(path.stem for path in (CHECKOUT / "requirements").iterdir())
PIN = re.compile(r"([a-z0-9-]+)==(\S+)(?: ; [^\\]+)?(?: \\\n +--hash=sha256:[0-9a-f]{64})+\n")

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


@pytest.mark.parametrize("name", LOCKED)
def test_every_package_is_pinned_with_its_hashes(name):
    options, *pins = blocks(name)

    assert options.split() == ["--only-binary", ":all:"]
    assert pins
    assert all(PIN.fullmatch(pin) for pin in pins)


@pytest.mark.parametrize("name", LOCKED)
def test_every_requirement_is_locked(name):
    assert all(each.specifier.contains(locked(name)[canonicalize_name(each.name)]) for each in asked_for(name))


def test_a_package_in_two_files_has_the_same_version_in_both():
    pins = {(package, version) for name in LOCKED for package, version in locked(name).items()}

    assert len(pins) == len({package for package, _version in pins})


@pytest.mark.parametrize("path", ["deploy/Dockerfile", "docs/deploying.md", "scripts/setup"])
def test_every_installation_uses_the_hashes(path):
    others, ours = re.findall(r"(?:^|pip )install (--.*)", (CHECKOUT / path).read_text(), re.M)

    assert "--require-hashes" in others.split()
    assert {"--no-deps", "--no-build-isolation"} <= set(ours.split())


def asked_for(name):
    """What pyproject.toml asks for, of all that `requirements/NAME.txt` must hold."""
    pyproject = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    extras, groups = pyproject["project"]["optional-dependencies"], pyproject["dependency-groups"]
    ours = pyproject["project"]["dependencies"] + pyproject["build-system"]["requires"]
    return map(Requirement, groups[name] if name in groups else ours + extras.get(name, []))


def locked(name):
    """The version of each package in `requirements/NAME.txt`."""
    _options, *pins = blocks(name)
    return dict(PIN.fullmatch(pin).groups() for pin in pins)


def blocks(name):
    """The options that `requirements/NAME.txt` begins with, and what it says of each package."""
    text = (CHECKOUT / "requirements" / f"{name}.txt").read_text()
    return re.split(r"^(?=[a-z])", re.sub(r"^ *#.*\n", "", text, flags=re.M), flags=re.M)


def test_nothing_lacks_what_it_needs():
    subprocess.run([sys.executable, "-m", "pip", "check"], check=True)


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


@pytest.mark.parametrize("file", ["accounts/common_passwords.txt", "text/emoji.json"])
def test_the_wheel_holds_what_others_wrote_and_its_licence(wheel, file):
    packed = ZipFile(wheel).namelist()

    licence = Path("licenses/discussit", file).with_suffix(".LICENSE")
    assert f"discussit/{file}" in packed
    assert any(name.endswith(f".dist-info/{licence}") for name in packed)


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


@pytest.fixture(scope="module")
def fresh_python(wheel, tmp_path_factory):
    """Python with the wheel and what it needs, as locked, and nothing else."""
    folder = tmp_path_factory.mktemp("fresh")
    run("venv", folder)
    python = folder / "bin" / "python"
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", CHECKOUT / "requirements" / "run.txt"], check=True)
    subprocess.run([*pip, "--no-deps", "--no-index", wheel], check=True)
    return python


def test_the_program_in_the_readme_runs_again_and_again(fresh_python, environment):
    (program,) = re.findall(r"^```python\n(.*?)^```", (CHECKOUT / "README.md").read_text(), re.M | re.S)
    command = [fresh_python, "-W", "error", "-c", program]

    said = [subprocess.run(command, check=True, capture_output=True, text=True) for _ in range(2)]

    assert all(re.fullmatch(r"alice:- The tomatoes are ripe @[-\d]+ [\d:]+\n", each.stdout) for each in said)
    assert [each.stderr for each in said] == ["", ""]


def run(module, *arguments):
    output("-m", module, *map(str, arguments))


def output(*arguments):
    return subprocess.run([sys.executable, *arguments], check=True, capture_output=True, text=True).stdout


def is_ours(path):
    return path.is_file() and "__pycache__" not in path.parts
