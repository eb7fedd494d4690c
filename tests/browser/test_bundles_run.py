"""That modules and style sheets in bundles do what they do apart."""

import base64
import gzip

import pytest

from discussit.bundles import bundle
from discussit.es_modules import joined, page_scripts
from discussit.settings import STATIC

SOURCES = {
    "page.js": """
import { add, Counter as Numbers, later, LIST, each } from "./counter.js"
import "./effect.js"

const text = 'import { a } from "./a.js"'
export const done = later(() => add(new Numbers(), ...each(LIST)))
globalThis.said.push(text, await_(done))
function await_(promise) {
  return promise instanceof Promise
}
""",
    "counter.js": """
import "./effect.js"

const text = "my own"
export const LIST = [1, 2]
export class Counter {
  total = 0
}
export function add(counter, ...numbers) {
  for (const each of numbers) counter.total += each
  return [text, counter.total]
}
export async function later(act) {
  globalThis.said.push(...act())
}
export function* each(list) {
  yield* list
}
""",
    "effect.js": "globalThis.said = [typeof this]\n",
}
# What is imported later counts on with the counter of the page.
LATER = {
    "js/page.js": """
import { count } from "./count.js"

globalThis.said = ["page"]
globalThis.more = async () => {
  count()
  const { add } = await import("./more/later.js")
  return await add()
}
""",
    "js/count.js": """
export const counts = []
export function count() {
  return counts.push(counts.length + 1)
}
""",
    "js/more/later.js": """
import { count, counts } from "../count.js"
import { other } from "./other.js"

globalThis.said.push("later")
export async function add() {
  count()
  other()
  const again = await import("./other.js")
  return again.other === other && globalThis.said.push(...counts)
}
""",
    "js/more/other.js": """
import { count } from "../count.js"

globalThis.said.push("other")
export function other() {
  count()
}
""",
}
# And what that imports in turn.
ON_USE = {
    **{name: LATER[name] for name in ("js/page.js", "js/count.js")},
    "js/more/later.js": """
export const shared = ["later"]
globalThis.said = shared
globalThis.use = async () => (await import("./use.js")).use()
export const add = () => 0
""",
    "js/more/use.js": """
import { counts } from "../count.js"
import { shared } from "./later.js"

shared.push("used")
export const use = () => shared.push(...counts, counts.push(2))
""",
}
RUN = """async script => {
    await import(`data:text/javascript;base64,${script}`)
    return globalThis.said
}"""
RULES = """styles => {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(styles)
    return [...sheet.cssRules].map(rule => rule.cssText)
}"""


@pytest.fixture
def page(browser):
    """No server's: its pages would not run scripts from elsewhere."""
    page = browser.new_page()
    yield page
    page.close()


def test_joined_modules_run_as_they_do_apart(page):
    script = scripts_of("page.js", SOURCES)["page.js"]

    said = page.evaluate(RUN, base64.b64encode(script.encode()).decode())

    assert said == ["undefined", "my own", 3, 'import { a } from "./a.js"', True]


def test_what_is_imported_later_runs_later_with_the_same_modules(page):
    serve(page, scripts_of("js/page.js", LATER))

    assert page.evaluate("async () => (await import('/page.js')) && globalThis.said") == ["page"]
    assert page.evaluate("async () => (await globalThis.more()) && globalThis.said") == [
        "page",
        "other",
        "later",
        1,
        2,
        3,
    ]


def test_what_is_imported_on_first_use_runs_then_with_the_same_modules(page):
    serve(page, scripts_of("js/page.js", ON_USE))

    page.evaluate("async () => (await import('/page.js')) && await globalThis.more()")
    assert page.evaluate("globalThis.said") == ["later"]
    assert page.evaluate("async () => await globalThis.use() && globalThis.said") == ["later", "used", 1, 2]


def test_a_script_that_did_not_come_is_asked_for_again(page):
    scripts = scripts_of("js/page.js", ON_USE)
    used = scripts.pop("page.use.js")
    serve(page, scripts)
    page.evaluate("async () => (await import('/page.js')) && await globalThis.more()")

    assert page.evaluate("globalThis.use().catch(() => 'failed')") == "failed"
    scripts["page.use.js"] = used
    assert page.evaluate("globalThis.use()")


def scripts_of(entry, sources):
    modules = page_scripts(entry, sources.__getitem__)
    scripts = {name: {module: sources[module] for module in order} for name, order in modules.items()}
    return {name: joined(scripts, name) for name in scripts}


def serve(page, scripts):
    def answer(route):
        script = scripts.get(route.request.url.rpartition("/")[2].partition("?")[0])
        route.fulfill(body=script or "", content_type="text/javascript" if script else "text/html")

    page.route("http://a.example/**", answer)
    page.goto("http://a.example/")


def test_bundled_styles_have_the_rules_of_their_sheets(page):
    sheets = {file.stem: file.read_text() for file in (STATIC / "css").iterdir()}

    rules = page.evaluate(RULES, gzip.decompress(bundle(f"css/{'+'.join(sheets)}.css").content).decode())

    assert rules == [rule for styles in sheets.values() for rule in page.evaluate(RULES, styles)]
