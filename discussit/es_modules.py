"""ES modules as one script, in which each is a function of its own: browsers run the same, after a single request.

What is imported with `import()`, and not needed at first, is in a second script, which the first of these loads.

It knows only what our modules contain, and raises `NotJoinable` for anything else: imports of names or of nothing,
exports of functions, classes and constants where they are declared. Each begins its line, and none is in a text.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from posixpath import dirname, join, normpath, relpath
from typing import NamedTuple

# Of a script: comments that are alone on their lines.
COMMENT = re.compile(r"^[ \t]*(?://.*|/\*(?:[^*]|\*(?!/))*\*/)$", re.MULTILINE)
IMPORT = re.compile(r'^import (?:(\{[^{}"]*\}) from )?"(\.\.?/[^"]+)"$', re.MULTILINE)
EXPORT = re.compile(r"^export ((?:async )?function\*?|class|const) ([\w$]+)", re.MULTILINE)
ALIAS = re.compile(r"([\w$]+) as ")
TYPES = re.compile(r"/\*\*.*?\*/")  # within a line, they may name imports
DYNAMIC = re.compile(r'\bimport\("(\.\.?/[^"]+)"\)')
UNKNOWN = re.compile(r"^(?:import|export)\b.*|\bimport *[.(].*", re.MULTILINE)
BEFORE, AFTER = 1, 2  # lines around a module's own
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


class NotJoinable(ValueError):
    """These modules can't be one script; the text says which and why."""


class Place(NamedTuple):
    """Where a module is: the variable with its exports, and the address of the script that has it."""

    variable: str
    script: str


def run_order(entry: str, read: Callable[[str], str]) -> list[str]:
    """A module after all that it imports, as browsers run them. `read` returns the source at a path.

    Raises NotJoinable if modules import each other.
    """
    found: dict[str, None] = {}
    _follow(entry, (), found, read)
    return list(found)


def later_order(order: Sequence[str], read: Callable[[str], str]) -> list[str]:
    """What modules in their `run_order`, or these ones in turn, import with `import()`, after all that it imports."""
    found = dict.fromkeys(order)
    unread = list(order)
    while unread:
        module = unread.pop(0)
        known = len(found)
        for path in DYNAMIC.findall(_code(read(module))):
            if (imported := _resolved(module, path)) not in found:
                _follow(imported, (), found, read)
        unread += list(found)[known:]
    return list(found)[len(order) :]


def _follow(module: str, importers: tuple[str, ...], found: dict[str, None], read: Callable[[str], str]) -> None:
    if module in importers:
        raise NotJoinable(f"modules import each other: {' → '.join((*importers, module))}")
    for _names, path in IMPORT.findall(_code(read(module))):
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


def _code(source: str) -> str:
    return TYPES.sub("", without_comments(source))


def joined(sources: Mapping[str, str], later: Mapping[str, str], script: str) -> str:
    """One script of modules in their `run_order`. It has all their lines but comments, blank ones and indentation.

    None of these may be in a text: ours have one line. `later` are those of `later_order`, `script` is the file's name.
    """
    places = _places(sources, later, script)
    exported = f"export {{ {_variables(sources, places)} }}\n" if later else ""
    return "".join(_as_function(module, source, places) for module, source in sources.items()) + exported


def joined_later(sources: Mapping[str, str], later: Mapping[str, str], script: str) -> str:
    """The script of the modules that are needed later, for one that `joined` returns for the same arguments."""
    places = _places(sources, later, script)
    functions = "".join(_as_function(module, source, places) for module, source in later.items())
    imported = f'import {{ {_variables(sources, places)} }} from "./{script}"'
    return f"{functions}{imported}\nexport {{ {_variables(later, places)} }}\n"


def later_script(script: str) -> str:
    """`group.js` → `group.later.js`"""
    return f"{script.removesuffix('.js')}.later.js"


def fingerprint(sources: Mapping[str, str], later: Mapping[str, str]) -> str:
    """What the address of a later script ends with: 12 hexadecimal digits, which others have of other modules.

    The two scripts name modules by their numbers, so they fit only if they were made of the same ones.
    """
    return hashlib.blake2b(json.dumps([sources, later]).encode(), digest_size=6).hexdigest()


def _places(sources: Mapping[str, str], later: Mapping[str, str], script: str) -> dict[str, Place]:
    later_address = f"{later_script(script)}?{fingerprint(sources, later)}"
    names = [*dict.fromkeys(sources, script).items(), *dict.fromkeys(later, later_address).items()]
    return {module: Place(f"${number}", name) for number, (module, name) in enumerate(names)}


def _variables(modules: Iterable[str], places: Mapping[str, Place]) -> str:
    return ", ".join(places[module].variable for module in modules)


def _as_function(module: str, source: str, places: Mapping[str, Place]) -> str:
    code = _code(source)
    exported = [name for _kind, name in EXPORT.findall(code)]
    code = EXPORT.sub(r"\1 \2", IMPORT.sub(lambda found: _as_constants(found, module, places), code))
    if unknown := UNKNOWN.search(DYNAMIC.sub("", code)):
        raise NotJoinable(f"{module} contains what can't be joined: {unknown[0]}")
    code = DYNAMIC.sub(lambda found: _as_promise(places[_resolved(module, found[1])]), code)
    lines = "".join(f"{line}\n" for _number, line in _lines(code))
    return f"const {places[module].variable} = (() => {{\n{lines}return {{ {', '.join(exported)} }}\n}})()\n"


def _as_constants(statement: re.Match[str], module: str, places: Mapping[str, Place]) -> str:
    names, path = statement.groups()
    pattern = ALIAS.sub(r"\1: ", names or "{}")
    return f"const {pattern} = {places[_resolved(module, path)].variable}"


def _as_promise(place: Place) -> str:
    return f'import("./{place.script}").then(all => all.{place.variable})'


def _lines(code: str) -> list[tuple[int, str]]:
    """Its lines that are not blank, without indentation, each with its number, from 0."""
    return [(number, line.strip()) for number, line in enumerate(code.split("\n")) if line.strip()]


def source_map(sources: Mapping[str, str], folder: str) -> str:
    """Where the lines of `joined(sources)` are from, for developer tools (ECMA-426, an index map).

    `folder` is where the map is; the sources' addresses are relative to it.
    """
    sections, line = [], 0
    for module, source in sources.items():
        numbers = [number for number, _line in _lines(_code(source))]
        one = {"version": 3, "sources": [relpath(module, folder)], "names": [], "mappings": _mappings(numbers)}
        sections.append({"offset": {"line": line + BEFORE, "column": 0}, "map": one})
        line += BEFORE + len(numbers) + AFTER
    return json.dumps({"version": 3, "sections": sections})


def _mappings(numbers: list[int]) -> str:
    """That one line after the other is that with the next of these rising numbers, of the only source."""
    return ";".join(f"AA{_vlq(number - before)}A" for before, number in pairwise([0, *numbers]))


def _vlq(number: int) -> str:
    """A number that is not negative, in base64: five bits a digit, the lowest first, after a bit for the sign."""
    rest, digit = divmod(number << 1, 32)
    digits = ""
    while rest:
        digits += BASE64[digit | 32]
        rest, digit = divmod(rest, 32)
    return digits + BASE64[digit]
