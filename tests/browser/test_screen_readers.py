"""What screen readers find on pages: headings and landmarks."""

import pytest
from playwright.sync_api import expect

# The levels of the headings that are shown, in their order.
HEADINGS = """() => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
  .filter(heading => heading.checkVisibility()).map(heading => Number(heading.localName[1]))"""
LANDMARKS = ("main", "navigation", "complementary", "form", "region", "banner", "search")
NAMED = ("navigation", "complementary", "region")


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
