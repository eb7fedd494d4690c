"""ES modules as one script, in the order in which browsers run them, and where its lines are from."""

import json

import pytest

from discussit.es_modules import BASE64, TYPES, NotJoinable, joined, later_order, run_order, source_map
from discussit.settings import STATIC

OURS = [path.relative_to(STATIC).as_posix() for path in sorted((STATIC / "js").rglob("*.js"))]
SOURCES = {
    "pages/page.js": '// The page.\nimport { b as c } from "../b.js"\nimport {\n  a,\n} from "./a.js"\n\nc(a)\n',
    "pages/a.js": 'import "../b.js"\n\n/*\nimport "./never.js"\n*/\nexport const a = 1\n',
    "b.js": 'export function b() {\n  return "import it"\n}\n',
}


def test_a_module_runs_after_all_that_it_imports():
    assert run_order("pages/page.js", SOURCES.__getitem__) == ["b.js", "pages/a.js", "pages/page.js"]


def test_modules_become_functions_in_one_script():
    script = joined({name: SOURCES[name] for name in ("b.js", "pages/a.js", "pages/page.js")}, {}, "page.js")

    assert script.removesuffix("\n").split("\n") == [
        *("const $0 = (() => {", "function b() {", 'return "import it"', "}", "return { b }", "})()"),
        *("const $1 = (() => {", "const {} = $0", "const a = 1", "return { a }", "})()"),
        *("const $2 = (() => {", "const { b: c } = $0", "const {", "a,", "} = $1", "c(a)", "return {  }", "})()"),
    ]


def test_modules_that_import_each_other_are_named():
    sources = {"a.js": 'import "./b.js"\n', "b.js": 'import "./c.js"\n', "c.js": 'import "./b.js"\n'}

    with pytest.raises(NotJoinable, match=r"import each other: a\.js → b\.js → c\.js → b\.js"):
        run_order("a.js", sources.__getitem__)


@pytest.mark.parametrize(
    "line",
    [
        "export default function () {}",
        "export let count = 0",
        "export const { a, b } = c",
        "export { a }",
        'export { a } from "./b.js"',
        'export * from "./b.js"',
        'import * as b from "./b.js"',
        'import b from "./b.js"',
        'import { b } from "b"',
        'import { b } from "./b.js"; b()',
        "const { b } = await import(path)",
        "const here = import.meta.url",
    ],
)
def test_what_can_not_be_joined_is_refused_with_its_module(line):
    with pytest.raises(NotJoinable, match=r"a\.js contains what can't be joined: "):
        joined({"b.js": "", "a.js": f"{line}\n"}, {}, "a.js")


@pytest.mark.parametrize("entry", OURS)
def test_a_map_leads_every_line_of_ours_to_its_source(entry):
    sources = {name: read(name) for name in run_order(entry, read)}
    later = {name: read(name) for name in later_order(list(sources), read)}
    lines = joined(sources, later, "page.js").split("\n")

    sections = json.loads(source_map(sources, "bundles/js"))["sections"]

    assert [each["map"]["sources"] for each in sections] == [[f"../../{name}"] for name in sources]
    for section, source in zip(sections, sources.values(), strict=True):
        originals = mapped(section["map"]["mappings"], source.split("\n"))
        first = section["offset"]["line"]
        for line, original in zip(lines[first : first + len(originals)], originals, strict=True):
            assert line == TYPES.sub("", original).strip().removeprefix("export ") or is_of_an_import(line, original)
        assert lines[first + len(originals)].startswith("return { ")


def mapped(mappings, lines):
    """The lines of a source that mappings name: each is column 0, the only source, how many lines on, column 0."""
    number, found = 0, []
    for line in mappings.split(";") if mappings else []:
        digits = [BASE64.index(digit) for digit in line.removeprefix("AA").removesuffix("A")]
        number += sum((digit % 32) << 5 * place for place, digit in enumerate(digits)) >> 1
        found.append(lines[number])
    return found


def read(path):
    return (STATIC / path).read_text()


def is_of_an_import(line, original):
    if ".then(all => all.$" in line:
        return " import(" in original
    return line.startswith(("const {", "} = $")) and original.startswith(("import {", 'import "', "} from "))
