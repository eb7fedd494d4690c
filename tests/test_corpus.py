"""Rules that exist in Python and in JavaScript: both are held to one corpus. tests/js has the other half."""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from discussit.errors import CloseCode
from discussit.log.around import shortened
from discussit.log.lines import group_change_line, group_change_words
from discussit.log.unread import Numbers
from discussit.models.accounts import username_key
from discussit.models.groups import is_in
from discussit.models.preferences import Preferences
from discussit.pages.page import hue, initials, make_templates
from discussit.pages.rows import HEADER_WINDOW, RenderedEntry, continues
from discussit.pages.runs import parts
from discussit.text.rich import parse


def corpus(name):
    return json.loads((Path(__file__).parent / "corpus" / f"{name}.json").read_text())


@pytest.mark.parametrize("avatar", corpus("avatars"), ids=lambda avatar: avatar["name"])
def test_an_avatar_has_the_corpus_hue_and_initials(avatar):
    assert (hue(avatar["name"]), initials(avatar["name"])) == (avatar["hue"], avatar["initials"])


@pytest.mark.parametrize("case", corpus("headers"))
def test_a_row_shares_the_header_above_as_the_corpus_says(case):
    above = case["above"] and row(**case["above"])

    assert continues(above, case["author"], datetime.fromisoformat(case["timestamp"])) == case["continues"]


def row(kind, name, timestamp):
    moment = datetime.fromisoformat(timestamp)
    return RenderedEntry(1, kind, name, "x", moment, timestamp, continues=False, day=None)


def test_the_corpus_is_for_the_window_that_pages_name(alice, gardening):
    log = alice.page(f"/groups/{gardening}/").one("chat-log")

    assert timedelta(seconds=int(log["data-header-window"])) == HEADER_WINDOW == timedelta(minutes=5)


@pytest.mark.parametrize("case", corpus("filters"), ids=lambda case: case["term"])
def test_a_name_contains_what_the_corpus_says(case):
    assert is_in(case["term"].strip(), case["name"]) == case["isFound"]


def test_members_stand_in_the_corpus_order():
    names = corpus("member_order")

    assert sorted(set(names), key=username_key) == names


def test_the_corpus_says_of_every_close_code_whether_to_come_back():
    codes = {each["code"]: each["is_final"] for each in corpus("close_codes")}

    assert {code: codes[code] for code in CloseCode} == {code: code >= 4400 for code in CloseCode}


@pytest.mark.parametrize("case", corpus("addresses"), ids=lambda case: case["text"])
def test_a_rich_text_links_the_addresses_that_a_plain_one_does(case):
    _, *nodes = json.loads(parse(f"**rich** {case['text']}").resolve({}).body)["t"][0]

    assert [node[1:] for node in nodes if node[0] == "a"] == [[each, each] for each in case["addresses"]]


@pytest.mark.parametrize("case", corpus("bodies"))
def test_a_body_becomes_the_corpus_elements(case):
    templates = make_templates().env.get_template("group/_body.html").module

    html = templates.body(case["body"], case.get("mentions", []), case.get("me", ""), case.get("is_author", False))

    assert html == case["html"]


@pytest.mark.parametrize("case", corpus("excerpts"))
def test_a_text_is_shortened_to_the_corpus_excerpt(case):
    assert shortened(case["text"]) == case["excerpt"]


@pytest.mark.parametrize("case", corpus("group_changes"), ids=lambda case: case["message"])
def test_a_change_of_the_group_has_the_corpus_words_after_the_name(case):
    about = case["change"], case["user"], case.get("target_user"), case["value"]

    assert (group_change_line(*about), group_change_words(*about)) == (case["message"], case["words"])


@pytest.mark.parametrize("case", corpus("runs"))
def test_a_run_of_events_has_the_corpus_line(case):
    templates = make_templates().env.get_template("group/_entry.html").module

    line = templates.run_words(list(parts(case["events"])))

    assert re.sub("<[^>]*>", "", line) == case["line"]


@pytest.mark.parametrize("case", corpus("alerts"))
def test_the_title_counts_what_the_corpus_says(case):
    places = {"mentions": 0, "read": 1, "read_rev": 0, "at": 9}

    numbers = Numbers(
        case["unread"],
        **places,
        concerning=case["concerning"],
        preferences=Preferences(case["level"]),
        is_muted=case["isMuted"],
    )

    assert numbers.alerts == case["alerts"]
