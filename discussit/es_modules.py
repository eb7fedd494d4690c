"""ES modules as one script, in which each is a function of its own: browsers run the same, after a single request.

It knows only what our modules contain, and raises `NotJoinable` for anything else: imports of names or of nothing,
exports of functions, classes and constants where they are declared. Each begins its line, and none is in a text.
"""

import json
import re
from collections.abc import Callable, Mapping
from posixpath import dirname, join, normpath, relpath

# Of a script: comments that are alone on their lines.
COMMENT = re.compile(r"^[ \t]*(?://.*|/\*(?:[^*]|\*(?!/))*\*/)$", re.MULTILINE)
IMPORT = re.compile(r'^import (?:(\{[^{}"]*\}) from )?"(\.\.?/[^"]+)"$', re.MULTILINE)
EXPORT = re.compile(r"^export ((?:async )?function\*?|class|const) ([\w$]+)", re.MULTILINE)
ALIAS = re.compile(r"([\w$]+) as ")
TYPES = re.compile(r"/\*\*.*?\*/")  # within a line, they may name imports
UNKNOWN = re.compile(r"^(?:import|export)\b.*|\bimport *[.(].*", re.MULTILINE)
WRAPPING = 1  # lines before a module's own
NEXT_LINE = "AACA"  # a source map's "this line is the source's next"


class NotJoinable(ValueError):
    """These modules can't be one script; the text says which and why."""


def run_order(entry: str, read: Callable[[str], str]) -> list[str]:
    """A module after all that it imports, as browsers run them. `read` returns the source at a path.

    Raises NotJoinable if modules import each other.
    """
    found: dict[str, None] = {}
    _follow(entry, (), found, read)
    return list(found)


def _follow(module: str, importers: tuple[str, ...], found: dict[str, None], read: Callable[[str], str]) -> None:
    if module in importers:
        raise NotJoinable(f"modules import each other: {' → '.join((*importers, module))}")
    for _names, path in IMPORT.findall(without_comments(read(module))):
        imported = _resolved(module, path)
        if imported not in found:
            _follow(imported, (*importers, module), found, read)
    found[module] = None


def _resolved(importer: str, path: str) -> str:
    return normpath(join(dirname(importer), path))


def without_comments(script: str) -> str:
    """The script with blank lines instead of comments, so that errors name the lines of its source.

    Comments, with the types, would be two fifths of what a page loads.
    """
    return COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), script)


def joined(sources: Mapping[str, str]) -> str:
    """One script of modules in their `run_order`. It has all their lines, but blank ones for comments."""
    variables = {module: f"${number}" for number, module in enumerate(sources)}
    return "".join(_as_function(module, source, variables) for module, source in sources.items())


def _as_function(module: str, source: str, variables: Mapping[str, str]) -> str:
    code = without_comments(source)
    exported = [name for _kind, name in EXPORT.findall(code)]
    code = EXPORT.sub(r"\1 \2", IMPORT.sub(lambda found: _as_constants(found, module, variables), code))
    if unknown := UNKNOWN.search(TYPES.sub("", code)):
        raise NotJoinable(f"{module} contains what can't be joined: {unknown[0]}")
    return f"const {variables[module]} = (() => {{\n{code}\nreturn {{ {', '.join(exported)} }}\n}})()\n"


def _as_constants(statement: re.Match[str], module: str, variables: Mapping[str, str]) -> str:
    names, path = statement.groups()
    pattern = ALIAS.sub(r"\1: ", names or "{}")
    return f"const {pattern} = {variables[_resolved(module, path)]}"


def source_map(sources: Mapping[str, str], folder: str) -> str:
    """Where the lines of `joined(sources)` are from, for developer tools (ECMA-426, an index map).

    `folder` is where the map is; the sources' addresses are relative to it.
    """
    sections, variables, line = [], dict.fromkeys(sources, "$0"), 0
    for module, source in sources.items():
        sections.append(
            {
                "offset": {"line": line + WRAPPING, "column": 0},
                "map": {
                    "version": 3,
                    "sources": [relpath(module, folder)],
                    "names": [],
                    "mappings": ";".join(["AAAA", *[NEXT_LINE] * source.count("\n")]),
                },
            }
        )
        line += _as_function(module, source, variables).count("\n")
    return json.dumps({"version": 3, "sections": sections})
