"""That a page's template and its script make the same elements of a text, which say what the server finds in it."""

import base64
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from discussit.log.around import shortened
from discussit.pages.page import make_templates
from discussit.settings import STATIC
from discussit.text.words import words

WORDS = """async ([source, html]) => {
    const { words } = await import(source)
    return html.map(each => {
        const text = document.createElement("div")
        text.innerHTML = each
        return words(text)
    })
}"""
SCRIPT = """async ([source, bodies]) => {
    const { renderBody } = await import(source)
    return bodies.filter(({ html, body, mentions, me, isAuthor }) => {
        const written = document.createElement("div")
        written.innerHTML = html
        const made = document.createElement("div")
        made.append(renderBody(body, mentions, me, isAuthor))
        made.normalize()
        return !made.isEqualNode(written)
    })
}"""
MENTIONS = ["bob", "everyone", "\u05e9\u05dc\u05d5\u05dd", "<b>\"'&"]

text = st.text(st.sampled_from("ab <>&\"'`/:@\t\u202e\u05e9👍"), min_size=1, max_size=8)
address = st.one_of(st.builds("https://{}/{}".format, text, text), st.just("http://a.example"), text)
leaf = st.one_of(
    text,
    st.just(["br"]),
    st.tuples(st.just("code"), text),
    st.tuples(st.just("e"), st.just("🎉"), text),
    st.tuples(st.just("@"), st.integers(0, len(MENTIONS))),
)


def node(*tag, of):
    """Lists of a tag and some nodes."""
    return st.lists(of, max_size=3).map(lambda nodes: [*tag, *nodes])


# A link is in no other, and a paragraph in no line: browsers would take them apart.
label = st.recursive(
    leaf, lambda inner: st.one_of(*(node(tag, of=inner) for tag in ("b", "i", "s", "u"))), max_leaves=4
)
link = st.builds(lambda address, nodes: ["a", address, *nodes], address, st.lists(label, max_size=2))
line = st.one_of(label, link, address.map(lambda address: ["a", address, address]))
block = st.one_of(
    node("p", of=line),
    st.tuples(st.just("pre"), text, text.map("\n{}\n".format)),
    st.tuples(st.just("big"), st.just("👍"), st.just("🎉")),
)


def containers(inner):
    item = node("li", of=st.one_of(line, inner))
    numbered = st.builds(lambda start, items: ["ol", start, *items], st.integers(0, 999), st.lists(item, max_size=2))
    return st.one_of(node("q", of=inner), node("ul", of=item), numbered, node("later", of=inner))


trees = st.lists(st.recursive(block, containers, max_leaves=6), max_size=4)


@pytest.fixture
def page(browser):
    """No server's: its pages would not parse any HTML."""
    page = browser.new_page()
    yield page
    page.close()


def module(name):
    source = base64.b64encode((STATIC / "js/log" / name).read_bytes()).decode()
    return f"data:text/javascript;base64,{source}"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(trees, min_size=1, max_size=8), st.sampled_from(["", "bob"]), st.booleans())
def test_the_template_and_the_script_make_the_same_elements(page, trees, me, is_author):
    template = make_templates().env.get_template("group/_body.html").module
    reader = {"mentions": MENTIONS, "me": me, "isAuthor": is_author}
    bodies = [{"v": 1, "t": tree} for tree in trees]

    drawn = [{"html": template.body(body, MENTIONS, me, is_author), "body": body, **reader} for body in bodies]

    assert page.evaluate(SCRIPT, [module("body.js"), drawn]) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(trees, min_size=1, max_size=8))
def test_the_elements_say_what_the_server_finds_in_the_tree(page, trees):
    template = make_templates().env.get_template("group/_body.html").module
    bodies = [{"v": 1, "t": tree} for tree in trees]

    said = page.evaluate(WORDS, [module("excerpt.js"), [template.body(body, MENTIONS) for body in bodies]])

    assert list(map(shortened, said)) == [shortened(words(json.dumps(body), MENTIONS)) for body in bodies]
