"""ES modules as one script, in which each is a function of its own: browsers run the same, after a single request.

What a page imports with `import()`, and doesn't need at first, is in a second script, which the page's first one loads.
What the second one imports in that way, on first use, is in scripts of their own.

It knows only what our modules contain, and raises `NotJoinable` for anything else: imports of names or of nothing,
exports of functions, classes and constants where they are declared. Each begins its line, and none is in a text.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import chain, count, pairwise
from posixpath import basename, dirname, join, normpath, relpath
from typing import NamedTuple

# Of a script: comments that are alone on their lines, and those that end one. No quote or slash comes after these: so
# they are in no text and no regular expression, which would have to end on the line.
COMMENT = re.compile(r"^[ \t]*(?://.*|/\*(?:[^*]|\*(?!/))*\*/)$|(?<=\S) // [^\"'`/\n]*$", re.MULTILINE)
IMPORT = re.compile(r'^import (?:(\{[^{}"]*\}) from )?"(?P<path>\.\.?/[^"]+)"$', re.MULTILINE)
EXPORT = re.compile(r"^export ((?:async )?function\*?|class|const) ([\w$]+)", re.MULTILINE)
ALIAS = re.compile(r"([\w$]+) as ")
TYPES = re.compile(r"/\*\*.*?\*/")  # within a line, they may name imports
DYNAMIC = re.compile(r'\bimport\("(?P<path>\.\.?/[^"]+)"\)')
UNKNOWN = re.compile(r"^(?:import|export)\b.*|\bimport *[.(].*", re.MULTILINE)
BEFORE, AFTER = 1, 2  # lines around a module's own
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

# A page's, the one that it loads first before the others: its modules with their sources, by its name.
Scripts = Mapping[str, Mapping[str, str]]


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


def page_scripts(entry: str, read: Callable[[str], str]) -> dict[str, list[str]]:
    """Which modules each of a page's scripts has, in their `run_order`, by the file's name.

    `group.js` has the entry and all that it imports, `group.later.js` what these import with `import()`. What later
    modules import with `import()` has a script each: `group.picker.js` has picker.js and what it imports that is in
    none of the two, nor in another such script: `group.later.js` has what they share. Raises NotJoinable if two would
    have the same name.
    """
    first = run_order(entry, read)
    later = _imported_later(first, first, read)
    own = _imported_on_use(first + later, later, read)
    uses = Counter(chain.from_iterable(own.values()))
    shared = [module for module, number in uses.items() if number > 1]  # each after all that it imports
    scripts = {"": first, "later": later + shared}
    for module in [each for each in own if each not in shared]:
        name = basename(module).removesuffix(".js")
        if name in scripts:
            raise NotJoinable(f"two scripts would have the name of {module}")
        scripts[name] = [each for each in own[module] if each not in shared]
    return {_file_name(entry, name): modules for name, modules in scripts.items() if modules}


def _imported_later(modules: list[str], known: list[str], read: Callable[[str], str]) -> list[str]:
    """What these modules import with `import()`, after all that it imports, without those that are known."""
    found = dict.fromkeys(known)
    for module in modules:
        for imported in _dynamic_imports(module, read):
            if imported not in found:
                _follow(imported, (), found, read)
    return list(found)[len(known) :]


def _imported_on_use(known: list[str], later: list[str], read: Callable[[str], str]) -> dict[str, list[str]]:
    """Each module that later ones, or these in turn, import with `import()`, after all that it needs but the known."""
    own: dict[str, list[str]] = {}
    unread = list(later)
    for module in unread:  # it grows
        for imported in _dynamic_imports(module, read):
            if imported not in known and imported not in own:
                found = dict.fromkeys(known)
                _follow(imported, (), found, read)
                own[imported] = list(found)[len(known) :]
                unread += own[imported]
    return own


def _dynamic_imports(module: str, read: Callable[[str], str]) -> list[str]:
    return [_resolved(module, path) for path in DYNAMIC.findall(_code(read(module)))]


def _file_name(entry: str, name: str) -> str:
    """`js/pages/group.js`, `later` → `group.later.js`"""
    return f"{basename(entry).removesuffix('.js')}{name and '.'}{name}.js"


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
    """The script without most comments. Its lines keep their numbers, so that errors name those of the source.

    Comments, with the types, would be two fifths of what a page loads.
    """
    return COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), script)


def _code(source: str) -> str:
    return TYPES.sub("", without_comments(source))


def joined(scripts: Scripts, name: str) -> str:
    """One of a page's scripts. It has all lines of its modules but comments, blank ones and indentation.

    None of these may be in a text: ours have one line.
    """
    places = _places(scripts)
    functions = "".join(_as_function(module, source, places) for module, source in scripts[name].items())
    # Last, so that a map needs no place for it.
    imports = "".join(
        f'import {{ {_variables(modules, places)} }} from "./{_address(scripts, other)}"\n'
        for other in scripts
        if other != name and (modules := _among(scripts[other], _imported(IMPORT, scripts[name])))
    )
    exported = _among(scripts[name], _asked_for(scripts, name))
    return functions + imports + (f"export {{ {_variables(exported, places)} }}\n" if exported else "")


def _asked_for(scripts: Scripts, name: str) -> set[str]:
    """What other scripts import than this one, and what any of them imports with `import()`."""
    others = [_imported(IMPORT, scripts[other]) for other in scripts if other != name]
    return set().union(*others, *(_imported(DYNAMIC, modules) for modules in scripts.values()))


def _imported(pattern: re.Pattern[str], importers: Mapping[str, str]) -> set[str]:
    return {
        _resolved(importer, found["path"])
        for importer, source in importers.items()
        for found in pattern.finditer(_code(source))
    }


def _among(modules: Iterable[str], chosen: set[str]) -> list[str]:
    return [module for module in modules if module in chosen]


def fingerprint(scripts: Scripts) -> str:
    """What the addresses of a page's scripts end with, but the first one's: 12 hexadecimal digits.

    Scripts name modules by their numbers, so they fit only if all of them were made of the same ones.
    """
    return hashlib.blake2b(json.dumps(scripts).encode(), digest_size=6).hexdigest()


def _address(scripts: Scripts, name: str) -> str:
    return name if name == next(iter(scripts)) else f"{name}?{fingerprint(scripts)}"


def _places(scripts: Scripts) -> dict[str, Place]:
    numbers = count()
    return {
        module: Place(f"${next(numbers)}", address)
        for address, modules in [(_address(scripts, name), modules) for name, modules in scripts.items()]
        for module in modules
    }


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
