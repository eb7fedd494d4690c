"""What scripts/setup says where it can't install: the reason, and what to do."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def setup(tmp_path):
    """Runs scripts/setup in a copy of what it needs, in a folder whose name has a space."""
    folder = tmp_path / "a checkout"
    for path in ("scripts/setup", *(f"requirements/{name}.txt" for name in ("run", "scale", "test"))):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / path, folder / path)
    shutil.copy(CHECKOUT / "pyproject.toml", folder)

    def run(*before, **environment):
        command = [*before, folder / "scripts" / "setup"]
        return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)

    return run


@pytest.mark.parametrize(
    ("python", "reason"),
    [
        ("python3.99", "there is no python3.99"),
        ("/nowhere/python", "there is no /nowhere/python"),
        ("/", "/ does not run: "),
        ("false", "false does not run: "),
        ("echo", "echo is not Python"),
        ("ls", "ls: cannot access"),
    ],
)
def test_a_wrong_python_is_named_with_the_reason(setup, python, reason):
    result = setup(PYTHON=python)

    assert result.returncode == 1
    assert reason in result.stderr
    assert "name one, as in PYTHON=python3.12" in result.stderr


def test_an_old_python_is_named_with_its_version(setup, tmp_path):
    old = tmp_path / "python3.9"
    old.write_text("#!/bin/sh\necho A warning >&2\necho Python False 3.9.2\n")
    old.chmod(0o755)

    result = setup(PYTHON=str(old))

    assert (result.returncode, f"and {old} is 3.9.2" in result.stderr) == (1, True)


def test_a_python_that_warns_is_python_all_the_same(setup, tmp_path):
    (tmp_path / "ensurepip.py").write_text("raise ModuleNotFoundError('what comes after the check of the version')")

    result = setup(PYTHON=sys.executable, PYTHONPATH=str(tmp_path), PYTHONWARNINGS="nonsense")

    assert "Invalid -W option" in result.stderr
    assert "what comes after the check of the version" in result.stderr


def test_python_says_which_module_is_missing(setup, tmp_path):
    (tmp_path / "ensurepip.py").write_text("raise ModuleNotFoundError('No module named ensurepip')")

    result = setup(PYTHON=sys.executable, PYTHONPATH=str(tmp_path))

    assert result.returncode == 1
    assert "No module named ensurepip" in result.stderr
    assert result.stderr.endswith("Python's venv is missing: apt install python3-venv\n")


@pytest.mark.parametrize("retries", ["0", "1"])
def test_pip_says_why_nothing_can_be_downloaded(setup, retries):
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:1/", "PIP_FIND_LINKS": "", "PIP_NO_CACHE_DIR": "1"}

    result = setup(PYTHON=sys.executable, PIP_RETRIES=retries, **nowhere)

    assert result.returncode == 1
    assert "Connection refused" in result.stderr
    assert "The packages could not be installed: see pip's reason above." in result.stderr


def test_a_venv_that_can_not_be_written_is_named_with_the_reason(setup):
    # pip's file is longer than a file may be here.
    result = setup("sh", "-c", 'ulimit -f 500 && exec "$0"', PYTHON=sys.executable)

    assert result.returncode == 1
    assert "File too large" in result.stderr
    assert "could not create" in result.stderr


def test_a_venv_of_an_older_python_is_not_used(setup, tmp_path):
    old = tmp_path / "a checkout" / ".venv" / "bin" / "python"
    old.parent.mkdir(parents=True)
    old.write_text("#!/bin/sh\ncase $2 in *version_info*) exit 1 ;; esac\n")
    old.chmod(0o755)

    result = setup(PYTHON="python3.99")

    assert (result.returncode, "there is no python3.99" in result.stderr) == (1, True)
