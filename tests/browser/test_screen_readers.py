"""What screen readers say: new messages, once and not too many, and the page's headings and landmarks."""

import re

import pytest
from acting import has_all_parts
from browsers import OUTAGE, scrolls_up
from playwright.sync_api import expect

# What is read from now on.
LISTEN = """() => {
  window.spoken = []
  new MutationObserver(records => {
    for (const node of records.flatMap(({ addedNodes }) => [...addedNodes])) spoken.push(node.textContent)
  }).observe(document.querySelector("#announcer"), { childList: true })
}"""
# The levels of the headings that are shown, in their order.
HEADINGS = """() => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
  .filter(heading => heading.checkVisibility()).map(heading => Number(heading.localName[1]))"""
LANDMARKS = ("main", "navigation", "complementary", "form", "region", "banner", "search")
NAMED = ("navigation", "complementary", "region")


@pytest.fixture
def listening(bob, together):
    """Bob, whose screen reader reads what comes; its clock is the test's."""
    bob.page.clock.install()
    bob.opens(together)
    bob.page.evaluate(LISTEN)
    return bob


def expect_spoken(tab, *texts):
    tab.until(lambda: len(tab.page.evaluate("spoken")) >= len(texts))
    assert tab.page.evaluate("spoken") == list(texts)


def accessible(tab):
    """The nodes of its accessibility tree: role, name and properties."""
    session = tab.page.context.new_cdp_session(tab.page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    return [
        (node["role"]["value"], node.get("name", {}).get("value", ""), node.get("properties", []))
        for node in nodes
        if not node["ignored"]
    ]


def landmarks(tab):
    """Their roles and names. A form is one only if it is named."""
    found = [(role, name) for role, name, _ in accessible(tab) if role in LANDMARKS]
    return [each for each in found if each != ("form", "")]


def focused(tab):
    """The name of what has the focus."""
    has_focus = {"name": "focused", "value": {"type": "booleanOrUndefined", "value": True}}
    (name,) = (name for role, name, properties in accessible(tab) if has_focus in properties and role != "RootWebArea")
    return name


# New messages


def test_a_new_message_is_read_with_its_author_and_without_markup(alice, listening, together):
    alice.wrote(together, "**see** https://example.org/", "@bob, hi")

    expect_spoken(listening, "alice: see https://example.org/", "alice mentions you: @bob, hi")


def test_what_is_read_is_polite_and_outside_of_the_log(listening):
    announcer = listening.find("#announcer")

    expect(announcer).to_have_role("status")
    expect(announcer).to_have_attribute("aria-atomic", "false")
    expect(listening.find("#chat-log #announcer")).to_have_count(0)
    expect(listening.page.get_by_role("log")).to_have_attribute("aria-live", "off")


def test_after_three_messages_the_rest_is_counted(alice, listening, together):
    alice.wrote(together, *"12345")
    expect(listening.messages).to_have_count(5)
    expect_spoken(listening, "alice: 1", "alice: 2", "alice: 3")

    listening.page.clock.run_for(5_000)

    expect_spoken(listening, "alice: 1", "alice: 2", "alice: 3", "2 new messages")


def test_what_was_read_does_not_stay_on_the_page(alice, listening, together):
    alice.wrote(together, "hi")
    expect_spoken(listening, "alice: hi")

    listening.page.clock.run_for(5_000)

    expect(listening.find("#announcer")).to_be_empty()


def test_a_deleted_message_leaves_nothing_to_be_read(alice, listening, together):
    alice.wrote(together, "secret")
    expect_spoken(listening, "alice: secret")

    alice.posts(f"groups/{together}/messages/3/delete/")

    expect(listening.find("#announcer")).to_be_empty()


def test_ones_own_messages_joins_and_changes_are_not_read(alice, bob, listening, together):
    bob.wrote(together, "mine")
    alice.leaves(together)
    alice.joins(together)
    bob.posts(f"groups/{together}/messages/3/edit/", message="mine, edited", rev=0)
    alice.posts(f"groups/{together}/messages/3/reactions/", emoji="👍", on=1)
    alice.wrote(together, "last")

    expect_spoken(listening, "alice: last")
    expect(listening.find("#chat-log [aria-live]")).to_have_count(0)


def test_older_messages_are_not_read(bob, long_log):
    bob.page.evaluate(LISTEN)

    scrolls_up(bob, 10_000)

    expect(bob.find("#seq-1")).to_be_attached()
    assert bob.page.evaluate("spoken") == []


def test_nothing_is_read_while_the_page_is_hidden(alice, listening, together):
    listening.hides()
    alice.wrote(together, "unseen")
    expect(listening.messages).to_have_text(["unseen"])
    listening.shows()

    alice.wrote(together, "seen")

    expect_spoken(listening, "alice: seen")


def test_messages_that_were_written_while_somebody_was_away_are_read_as_they_are_now(alice, bob, together, complaints):
    complaints.excuse(OUTAGE)
    bob.page.evaluate(LISTEN)
    bob.goes_offline()
    alice.wrote(together, "shall we plant tomatoes?", "soon gone")
    alice.posts(f"groups/{together}/messages/3/edit/", message="or carrots?", rev=0)
    alice.posts(f"groups/{together}/messages/4/delete/")

    bob.context.set_offline(False)

    expect(bob.find(".entry-deleted")).to_be_visible()
    expect_spoken(bob, "alice: or carrots?")


# Headings and landmarks


@pytest.mark.parametrize("path", ["", "groups/", "groups/{group}/", "groups/{group}/settings/", "accounts/settings/"])
def test_a_page_has_one_main_heading_and_skips_no_level(alice, path):
    group = alice.founds("Gardening")
    alice.wrote(group, "hi")

    alice.page.goto(path.format(group=group))

    levels = alice.page.evaluate(HEADINGS)
    assert levels.count(1) == 1
    assert all(level <= before + 1 for before, level in zip([1, *levels], levels, strict=False))


@pytest.mark.parametrize("path", ["", "groups/", "groups/{group}/", "groups/{group}/settings/", "accounts/settings/"])
def test_landmarks_are_named_apart(alice, path):
    group = alice.founds("Gardening")
    alice.page.goto(path.format(group=group))

    found = landmarks(alice)

    assert [role for role, _ in found].count("main") == 1
    assert len(set(found)) == len(found)
    assert [role for role, name in found if role in NAMED and not name] == []


def test_the_parts_of_a_groups_page_are_landmarks(alice, gardening):
    alice.opens(gardening)

    assert {each for each in landmarks(alice) if each[1]} == {
        ("navigation", "Groups"),
        ("region", "Messages in Gardening"),
        ("form", "New message"),
        ("complementary", "Members 1"),
    }


def test_each_day_is_a_heading_also_one_that_begins_live(alice, bob, together):
    alice.wrote(together, "today")
    expect(bob.page.get_by_role("log").get_by_role("heading", level=2)).to_have_text(["Today"])

    bob.sets_clock(days=1)
    bob.page.reload()

    expect(bob.page.get_by_role("log").get_by_role("heading", level=2)).to_have_text(["Yesterday"])


def test_rows_with_focus_are_named_by_what_they_say(alice, bob, together):
    alice.wrote(together, "**shall** we plant tomatoes?")
    bob.posts(f"groups/{together}/messages/", message="yes", reply_to=3)
    bob.posts(f"groups/{together}/messages/4/reactions/", emoji="👍", on=1)
    expect(bob.find("#seq-4 .reaction")).to_be_visible()
    bob.find(".run-line").click()
    names = {}
    for seq in (2, 3, 4):
        bob.find(f"#seq-{seq}").focus()
        names[seq] = focused(bob)

    assert re.fullmatch(r"bob joined \d+:\d\d( [ap]m)?", names[2], re.IGNORECASE)
    assert re.fullmatch(r"alice, \d+:\d\d( [ap]m)?, shall we plant tomatoes\?, 1 reply", names[3], re.IGNORECASE)
    expected = r"bob, \d+:\d\d( [ap]m)?, In reply to alice shall we plant tomatoes\?, yes, 👍 1"
    assert re.fullmatch(expected, names[4], re.IGNORECASE)


def test_a_row_says_what_of_it_is_on_its_way(alice, bob, together, complaints):
    complaints.excuse(OUTAGE)
    alice.wrote(together, "tomatoes", "beans")
    alice.opens(together)
    has_all_parts(alice)
    alice.goes_offline()

    alice.find("#seq-3").focus()
    alice.page.keyboard.press("e")
    alice.find("#seq-3").get_by_label("Edit message").fill("potatoes")
    alice.page.keyboard.press("Enter")
    expect(alice.find("#seq-3")).to_have_accessible_name(re.compile("^alice, [^,]*, potatoes, saving$"))

    alice.find("#seq-4").focus()
    alice.page.keyboard.press("Shift+Delete")
    expect(alice.find("#seq-4")).to_have_accessible_name(re.compile("^alice, [^,]*, beans, deleting$"))


def test_a_row_says_that_an_edit_of_it_is_not_saved(alice, gardening):
    alice.wrote(gardening, "tomatoes")
    alice.opens(gardening)
    has_all_parts(alice)

    alice.field.press("ArrowUp")
    alice.find("#seq-2").get_by_label("Edit message").fill("potatoes")
    alice.page.keyboard.press("Escape")

    alice.find("#seq-2").focus()
    assert "tomatoes, Unsaved edit" in focused(alice)
