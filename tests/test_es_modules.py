"""ES modules as one script, in the order in which browsers run them, and where its lines are from."""

import json
import re

import pytest

from discussit.es_modules import (
    BASE64,
    TYPES,
    NotJoinable,
    joined,
    page_scripts,
    run_order,
    source_map,
    without_comments,
)
from discussit.settings import STATIC

OURS = [path.relative_to(STATIC).as_posix() for path in sorted((STATIC / "js").rglob("*.js"))]
SOURCES = {
    "pages/page.js": '// The page.\nimport { b as c } from "../b.js"\nimport {\n  a,\n} from "./a.js"\n\nc(a)\n',
    "pages/a.js": 'import "../b.js"\n\n/*\nimport "./never.js"\n*/\nexport const a = 1\n',
    "b.js": 'export function b() {\n  return "import it"\n}\n',
}
# Of a page with a menu, in which three things are loaded on first use.
ON_USE = {
    "pages/page.js": 'import { a } from "../a.js"\n\nimport("../menu.js").then(a)\n',
    "menu.js": 'import("./picker.js")\nimport("./editor.js")\nimport("./shared.js")\nimport("./a.js")\n',
    "picker.js": 'import { a } from "./a.js"\nimport "./grid.js"\nimport "./shared.js"\nimport("./tones.js")\n',
    "editor.js": 'import "./shared.js"\n',
    **dict.fromkeys(["a.js", "shared.js", "grid.js", "tones.js"], "export const a = () => 1\n"),
}


def test_a_module_runs_after_all_that_it_imports():
    assert run_order("pages/page.js", SOURCES.__getitem__) == ["b.js", "pages/a.js", "pages/page.js"]


def test_modules_become_functions_in_one_script():
    modules = {name: SOURCES[name] for name in ("b.js", "pages/a.js", "pages/page.js")}

    script = joined({"page.js": modules}, "page.js")

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
        joined({"a.js": {"b.js": "", "a.js": f"{line}\n"}}, "a.js")


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("const a = 1 // metre", "const a = 1"),
        ("  // Alone: 'so' any/thing.", ""),
        ("const a = 'https://b.org // c'", None),
        ("const a = /[ // b]/", None),
        ("const a = `b // ${c}`", None),
        ("const a = 1 // as in b/c.js", None),
    ],
)
def test_comments_are_left_out_but_nothing_that_looks_like_one(line, left):
    assert without_comments(f"{line}\nb()\n") == f"{line if left is None else left}\nb()\n"


def test_what_later_modules_import_on_first_use_has_a_script_each():
    scripts = page_scripts("pages/page.js", ON_USE.__getitem__)

    assert scripts == {
        "page.js": ["a.js", "pages/page.js"],
        "page.later.js": ["menu.js", "shared.js"],
        "page.picker.js": ["grid.js", "picker.js"],
        "page.editor.js": ["editor.js"],
        "page.tones.js": ["tones.js"],
    }


def test_scripts_import_what_they_need_from_those_that_are_loaded_before():
    modules = page_scripts("pages/page.js", ON_USE.__getitem__)
    scripts = {name: {module: ON_USE[module] for module in order} for name, order in modules.items()}

    imports = [
        re.findall(r'^import (.*) from "\./(.*?)(?:\?\w{12})?"$', joined(scripts, name), re.M) for name in scripts
    ]

    assert imports == [[], [], [("{ $0 }", "page.js"), ("{ $3 }", "page.later.js")], [("{ $3 }", "page.later.js")], []]


def test_scripts_export_what_others_import_and_what_is_loaded_by_any():
    modules = page_scripts("pages/page.js", ON_USE.__getitem__)
    scripts = {name: {module: ON_USE[module] for module in order} for name, order in modules.items()}

    exports = [re.findall(r"^export (.*)$", joined(scripts, name), re.M) for name in scripts]

    assert exports == [["{ $0 }"], ["{ $2, $3 }"], ["{ $5 }"], ["{ $6 }"], ["{ $7 }"]]


def test_two_scripts_with_one_name_are_refused():
    sources = {
        "page.js": 'import("./menu.js")\n',
        "menu.js": 'import("./a/picker.js")\nimport("./b/picker.js")\n',
        **dict.fromkeys(["a/picker.js", "b/picker.js"], ""),
    }

    with pytest.raises(NotJoinable, match=r"two scripts would have the name of b/picker\.js"):
        page_scripts("page.js", sources.__getitem__)


@pytest.mark.parametrize("entry", OURS)
def test_a_map_leads_every_line_of_ours_to_its_source(entry):
    order = page_scripts(entry, read)
    scripts = {name: {module: read(module) for module in modules} for name, modules in order.items()}
    for name, sources in scripts.items():
        lines = joined(scripts, name).split("\n")

        sections = json.loads(source_map(sources, "bundles/js"))["sections"]

        assert [each["map"]["sources"] for each in sections] == [[f"../../{module}"] for module in sources]
        for section, source in zip(sections, sources.values(), strict=True):
            assert_is_mapped(lines, section, without_comments(source).split("\n"))


def assert_is_mapped(lines, section, source):
    originals = mapped(section["map"]["mappings"], source)
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
