"""Writes the parts of docs/ that benchmarks generate, each between two comments."""

import re
from pathlib import Path

from servers import HERE

DOCS = HERE.parent / "docs"
PERFORMANCE = DOCS / "performance.md"


def write_part(name: str, text: str, document: Path = PERFORMANCE) -> None:
    """Write `text`, as a code block, between `<!-- name: begin -->` and `<!-- name: end -->`."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    part = re.compile(f"(?<={begin}).*?(?={end})", re.DOTALL)
    written, found = part.subn(lambda _: f"\n```text\n{text}\n```\n\n", document.read_text())
    assert found == 1, f"{document.name} has {found} parts named {name}"
    document.write_text(written)
