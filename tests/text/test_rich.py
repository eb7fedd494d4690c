"""What texts become. The examples show only the nodes, without the paragraph around them where there is one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discussit.text.emoji import FILE
from discussit.text.rich import MAX_GROWTH, MIN_BODY, is_plain, parse, read

MEMBERS = {"everyone": 0, "alice": 1, "bob": 2, "bob-san": 3, "зоя": 4, "田中": 5, "b_": 6}
# What was bent or lost by parsers of Markdown, and is shown as typed.
AS_TYPED = (
    "¯\\_(ツ)_/¯",
    "__init__ and __init__.py",
    "[a]: http://b",
    "# 1 priority",
    "a\n---\n===",
    "    indented\n\ttext",
    "+ thanks",
    "* thanks",
    "1986. A great year",
    "see https://en.example/wiki/X_(y) there",
    "2*3*4 and 2 ** 3 ** 4",
    "snake_case_name and /usr/_local_/x",
    "-_- ok -_- ^_^ ^_^ >_< *_* T_T",
    "(*) a (*) b",
    "/*a*/ src/**/a and lib/**/b",
    "**kwargs, **args",
    "C:\\_temp\\* \\\\server\\_share",
    "~5 minutes ~ 3",
    "10:30:45 a:100:b :100: :nothing: std::string",
    ">.< >:(",
    "`unclosed and **unclosed and [a](b)",
    "<b>a</b> &amp; <https://a.example>",
    "[a](javascript:alert) [a](//b.example) [ ](https://a.example) [a](https://a@b.example)",
    "```",
    ">\n>",
    "-\n- \n1.",
    "\n\n  a  b\tc \n\n\n d",
    "@",
)


def nodes_of(text, members=MEMBERS):
    parsed = parse(text)
    body = parsed and parsed.resolve(members).body
    return body and json.loads(body)["t"]


def paragraph_of(text, members=MEMBERS):
    ((tag, *nodes),) = nodes_of(text, members)
    assert tag == "p"
    return nodes


@pytest.mark.parametrize("text", AS_TYPED)
def test_a_text_that_shows_only_itself_is_plain(text):
    assert nodes_of(text) is None


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("**a**", [["b", "a"]]),
        ("*a* _b_", [["i", "a"], " ", ["i", "b"]]),
        ("~~a~~", [["s", "a"]]),
        ("***a***", [["b", ["i", "a"]]]),
        ("*a **b** c*", [["i", "a ", ["b", "b"], " c"]]),
        ("**a *b* ~~c~~**", [["b", "a ", ["i", "b"], " ", ["s", "c"]]]),
        ("**a *b** c", [["b", "a *b"], " c"]),
        ("*see *a* there", ["*see ", ["i", "a"], " there"]),
        ("*a\nb*", [["i", "a", ["br"], "b"]]),
        ("**「太字」**です", [["b", "「太字」"], "です"]),
        ("**yes**/**no**", [["b", "yes"], "/", ["b", "no"]]),
        ("_a_b_ (*c*), “*d*”", [["i", "a_b"], " (", ["i", "c"], "), “", ["i", "d"], "”"]),
    ],
)
def test_emphasis(text, nodes):
    assert paragraph_of(text) == nodes


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("`a*b*` c", [["code", "a*b*"], " c"]),
        ("`` a`b ``", [["code", "a`b"]]),
        ("`a\nb`", [["code", "a\nb"]]),
        ("``a `b`", ["``a ", ["code", "b"]]),
        ("```a```", [["code", "a"]]),
    ],
)
def test_code_in_a_line(text, nodes):
    assert paragraph_of(text) == nodes


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("```py\nx = *1*\n\n  y\n```", ["py", "x = *1*\n\n  y"]),
        ("```\na", ["", "a"]),
        ("```some words\nmore```", ["", "some words\nmore"]),
        ("````\n```\n````", ["", "```"]),
        ("  ```c++\n  a\n    b\n  ```", ["c++", "a\n  b"]),
        ("```\r\na\rb\r\n```", ["", "a\nb"]),
    ],
)
def test_blocks_of_code(text, code):
    assert nodes_of(text) == [["pre", *code]]


def test_a_block_of_code_ends_paragraphs_and_begins_them():
    assert nodes_of("a\n```\nb\n```\nc") == [["p", "a"], ["pre", "", "b"], ["p", "c"]]


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("> a\n> b\nc", [["q", ["p", "a", ["br"], "b"]], ["p", "c"]]),
        ("> a\n>> b", [["q", ["p", "a"], ["q", ["p", "b"]]]]),
        (">" * 25 + " hello", [["q", ["q", ["q", ["p", "hello"]]]]]),
        ("> - a\n> - b", [["q", ["ul", ["li", "a"], ["li", "b"]]]]),
        ("> > > - > a", [["q", ["q", ["q", ["ul", ["li", "> a"]]]]]]),
    ],
)
def test_quotes(text, nodes):
    assert nodes_of(text) == nodes


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("- a\n- *b*", [["ul", ["li", "a"], ["li", ["i", "b"]]]]),
        ("a:\n- b", [["p", "a:"], ["ul", ["li", "b"]]]),
        ("- a\n  b\n- c", [["ul", ["li", "a", ["br"], "b"], ["li", "c"]]]),
        ("- a\n  - b\n    - c\n- d", [["ul", ["li", "a", ["ul", ["li", "b", ["ul", ["li", "c"]]]]], ["li", "d"]]]),
        ("1. a\n\n2. b", [["ol", 1, ["li", "a"], ["li", "b"]]]),
        ("1. a\n   ```\n   b\n   ```\n2. c", [["ol", 1, ["li", "a", ["pre", "", "b"]], ["li", "c"]]]),
        ("- a\n\n  b", [["ul", ["li", "a", ["p", "b"]]]]),
    ],
)
def test_lists(text, nodes):
    assert nodes_of(text) == nodes


def test_the_numbers_of_a_list_are_those_that_were_typed():
    lists = nodes_of("3. a\n4. b\n1. c\n1. d")

    assert lists == [["ol", 3, ["li", "a"], ["li", "b"]], ["ol", 1, ["li", "c"]], ["ol", 1, ["li", "d"]]]


def test_a_list_that_is_too_deep_is_text():
    ((_, (_, (_, (_, (_, (_, deepest)))))),) = nodes_of("- " * 25 + "hello")

    assert deepest == "- " * 22 + "hello"


def test_lines_and_what_is_between_them_are_kept():
    assert nodes_of("  a\tb\nc\n\n\n\n**d**") == [["p", "  a\tb", ["br"], "c"], ["p", ["br"], ["br"], ["b", "d"]]]


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("[a *b*](https://a.example/X_(y)).", [["a", "https://a.example/X_(y)", "a ", ["i", "b"]], "."]),
        ("**https://a.example/**, b", [["b", ["a", "https://a.example/", "https://a.example/"]], ", b"]),
        ("[@bob https://b.example](HTTP://a.example)", [["a", "HTTP://a.example", "@bob https://b.example"]]),
    ],
)
def test_links(text, nodes):
    assert paragraph_of(text) == nodes


@pytest.mark.parametrize(
    "host",
    ["bank.example\u2215.evil.example", "bank.example\u00ad.evil.example", "b\u0430nk.example", "\uff42ank.example"],
)
def test_a_link_to_a_host_that_could_look_like_another_shows_its_address(host):
    assert "[log in](" in "".join(
        node for node in paragraph_of(f"*a* [log in](https://{host}/)") if isinstance(node, str)
    )


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("\\*a\\* *b*", ["*a* ", ["i", "b"]]),
        ("\\*\\*a\\*\\*", ["**a**"]),
        ("\\`a\\` \\```a``", ["`a` `", ["code", "a"]]),
        ("\\[a](https://a.example)", ["[a](", ["a", "https://a.example", "https://a.example"], ")"]),
    ],
)
def test_an_escaped_sign_is_no_markup(text, nodes):
    assert paragraph_of(text) == nodes


def test_aliases_become_emoji_between_words_and_outside_code():
    text = "so :tada:! :+1::heart: a:tada:b `:tada:`"

    e = [each for each in paragraph_of(text) if each[0] == "e"]
    assert e == [["e", "🎉", "tada"], ["e", "👍", "+1"], ["e", "❤️", "heart"]]


@pytest.mark.parametrize(
    ("text", "emoji"),
    [("👍", "👍"), (" 👍🏽 🎉\n❤", "👍🏽 🎉 ❤️"), (":tada:", "🎉"), ("1️⃣:+1:", "1️⃣ 👍"), ("🇩🇪👩‍🚀", "🇩🇪 👩‍🚀")],
)
def test_one_to_three_emoji_are_large(text, emoji):
    assert nodes_of(text) == [["big", *emoji.split()]]


def test_every_emoji_is_shown_large_in_each_of_its_forms():
    emoji = [each for rows in json.loads(FILE.read_text())["groups"].values() for each, *_ in rows]

    for each in emoji:
        assert nodes_of(each) == nodes_of(each.replace("\ufe0f", "")) == [["big", each]]


@pytest.mark.parametrize("text", ["👍👍👍👍", "👍 yes", "👍1", "©x"])
def test_others_are_not(text):
    assert nodes_of(text) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@bob", [["@", 0]]),
        ("@BOB, @bob. (@\uff42ob)", [["@", 0], ", ", ["@", 0], ". (", ["@", 0], ")"]),
        ("@bob-san @bob-ton", [["@", 0], " ", ["@", 1], "-ton"]),
        ("@bobさん @田中さん @зоя", [["@", 0], "さん ", ["@", 1], "さん ", ["@", 2]]),
        ("これは@bob", ["これは", ["@", 0]]),
        ("_@bob_ **@b_**", [["i", ["@", 0]], " ", ["b", ["@", 1]]]),
        ("@everyone @nobody", [["@", 0], " @nobody"]),
    ],
)
def test_mentions(text, found):
    assert paragraph_of(text) == found


@pytest.mark.parametrize("text", ["@bobby", "@зоял", "@田中2", "x@bob", "alice.@bob", "@@bob", "@ bob", "@robert", "@"])
def test_what_mentions_nobody(text):
    assert nodes_of(text) is None


@pytest.mark.parametrize("text", ["`@bob`", "```\n@bob\n```", "> @bob", "[@bob](https://a.example)"])
def test_nobody_is_mentioned_in_code_in_quotes_or_in_links(text):
    assert parse(text).resolve(MEMBERS).mentioned == ()


def test_mentioned_members_are_named_once_in_the_order_of_the_text():
    assert parse("@bob @alice @bob, and @everyone").resolve(MEMBERS).mentioned == (2, 1, 0)


def test_a_text_with_a_name_is_plain_where_nobody_has_it():
    parsed = parse("@bob")

    assert parsed.keys == {"bob"}
    assert parsed.resolve({}) == (None, ())


def test_the_51st_mention_stays_text():
    members = {f"m{number}": number for number in range(60)}

    resolved = parse(" ".join(f"@{name}" for name in members)).resolve(members)

    assert resolved.mentioned == tuple(range(50))
    assert json.loads(resolved.body)["t"][0][-1] == " " + " ".join(f"@m{number}" for number in range(50, 60))


def test_few_names_are_looked_up():
    assert len(parse("@bob-a-b-c-d-e-f-g-h-i-j-k-l-m " * 300).keys) <= 50 * 11


@pytest.mark.parametrize("text", ["*a* " * 501, "**a**" + "\n" * 1_000, "*a*" + "\nb" * 900])
def test_a_text_with_too_much_markup_is_plain(text):
    assert nodes_of(text) is None


TOKENS = [*"*_~`[]()\\@:>-+.#!|'\" \n\ta1éя田さक", "**", "~~", "```", "http://", "https://a.b", "](", "@bob", ":tada:"]
LINES = ["- ", "1. ", "2. ", "> ", "  ", "\n\n", "🎉", "py\n"]
texts = st.lists(st.sampled_from([*TOKENS, *LINES]), max_size=40).map("".join)


def letters(text):
    return [each for each in text if each.isalnum()]


def source_of(node):
    """The text of a node with what markup says in words: numbers, addresses, languages, aliases."""
    match node:
        case str():
            return node
        case ["ol", start, *items]:
            return "".join(f"{start + place}.{source_of(item)}" for place, item in enumerate(items))
        case ["a", address, text] if address == text:
            return address
        case ["a", address, *nodes]:
            return "".join(map(source_of, nodes)) + address
        case ["e", _, alias]:
            return alias
        case [_, *nodes]:
            return "".join(map(source_of, nodes))


@given(texts)
def test_no_letter_is_lost_added_or_moved(text):
    nodes = nodes_of(text, {}) or [["p", text]]

    if nodes[0][0] != "big":
        assert letters("".join(map(source_of, nodes))) == letters(text)


@given(texts)
def test_a_body_is_small_and_not_deep(text):
    resolved = parse(text) and parse(text).resolve(MEMBERS)

    if resolved and resolved.body:
        assert len(resolved.body.encode()) <= max(MIN_BODY, MAX_GROWTH * len(text.encode()))
        assert depth(json.loads(resolved.body)["t"]) < 20


def depth(node):
    return 1 + max(map(depth, node), default=0) if isinstance(node, list) else 0


@given(st.lists(st.sampled_from([*TOKENS, *LINES]), max_size=6).map("".join))
def test_a_text_that_looks_plain_is_plain(text):
    assert not is_plain(text) or read(text) is None
