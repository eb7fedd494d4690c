"""scripts/audit with a folder of advisories, in the form of PyPA's advisory-database."""

import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
PINNED = re.search(r"^starlette==(\S+)", (CHECKOUT / "requirements" / "run.txt").read_text(), re.M)[1]

ADVISORY = """
id: PYSEC-2026-1
modified: {modified:%Y-%m-%dT%H:%M:%SZ}
aliases: [CVE-2026-1]
affected:
- package: {{name: Starlette, ecosystem: PyPI}}
  {affected}
"""
RANGE = "ranges: [{{type: ECOSYSTEM, events: [{{{}}}]}}]"


@pytest.fixture
def audited(tmp_path):
    """The exit code, the lines and the errors of an audit by one advisory, which is about this of Starlette."""

    def audited(affected, days=1, more=""):
        folder = tmp_path / "vulns" / "starlette"
        folder.mkdir(parents=True)
        modified = datetime.now(UTC) - timedelta(days=days)
        (folder / "PYSEC-2026-1.yaml").write_text(ADVISORY.format(modified=modified, affected=affected) + more)
        return audit(tmp_path)

    return audited


@pytest.mark.parametrize(
    "affected",
    [
        f"versions: [0.1.0, {PINNED}]",
        RANGE.format('introduced: "0"'),
        RANGE.format(f'introduced: "0"}}, {{last_affected: {PINNED}'),
        RANGE.format(f'introduced: "0"}}, {{fixed: 0.2.0}}, {{introduced: {PINNED}'),
        RANGE.format('introduced: "0"}, {fixed: 999.0'),
    ],
)
def test_a_vulnerability_in_a_pinned_package_is_reported_and_fails(audited, affected):
    code, lines, _ = audited(affected)

    assert (code, lines[0]) == (1, f"starlette {PINNED} PYSEC-2026-1 CVE-2026-1")
    assert lines[1].startswith("1 known vulnerabilities in ")


@pytest.mark.parametrize(
    ("affected", "more"),
    [
        ("versions: [0.1.0, long-ago]", ""),
        (RANGE.format(f'introduced: "0"}}, {{fixed: {PINNED}'), ""),
        (RANGE.format('introduced: "0"}, {last_affected: 0.2.0'), ""),
        (RANGE.format("introduced: 999.0"), ""),
        (f"versions: [{PINNED}]", "withdrawn: 2026-01-01T00:00:00Z"),
    ],
)
def test_unaffected_versions_pass(audited, affected, more):
    code, (line,), errors = audited(affected, more=more)

    assert (code, errors) == (0, "")
    assert line.startswith("0 known vulnerabilities in ")


def test_old_advisories_are_an_error(audited):
    code, _, errors = audited("versions: [0.1.0]", days=31)

    assert code == 1
    assert "later ones are missing" in errors


@pytest.mark.parametrize("folder", ["", "nowhere"])
def test_a_folder_without_advisories_is_an_error(tmp_path, folder):
    code, lines, errors = audit(tmp_path / folder)

    assert (code, lines) == (1, [])
    assert "https://github.com/pypa/advisory-database" in errors


def audit(folder):
    program = [CHECKOUT / "scripts" / "audit", folder]
    answer = subprocess.run(program, capture_output=True, text=True, check=False)
    return answer.returncode, answer.stdout.splitlines(), answer.stderr
