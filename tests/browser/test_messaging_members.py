"""From a member's name to a conversation with them."""

import pytest
from browsers import OUTAGE
from playwright.sync_api import expect

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def row(tab, name):
    return tab.find(f'#members [id="members-{name}"]')


def expect_conversation(tab, name):
    tab.page.get_by_role("button", name="Open conversation").click()
    expect(tab.find(".bar h1")).to_have_text(name)


def test_beside_the_log_the_whole_row_of_a_member_leads_to_them(alice, together):
    row(alice, "bob").click(position={"x": 12, "y": 12})

    expect(alice.page.get_by_label("To")).to_have_value("bob")
    expect_conversation(alice, "bob")
    expect(alice.find("#members a[href]")).to_have_count(0)


def test_by_keyboard_a_name_has_the_focus_and_says_what_it_does(alice, together):
    alice.field.focus()
    alice.tabs_to(alice.page.get_by_role("link", name="Message bob"))

    alice.page.keyboard.press("Enter")

    expect_conversation(alice, "bob")


def test_on_a_phone_too(arrives, alice, bob, together):
    phone = arrives("alice", **PHONE)
    phone.logs_in()
    phone.opens(together)
    phone.find(".bar-members").click()
    assert (phone.overhang, phone.violations) == (0, [])
    assert row(phone, "bob").bounding_box()["height"] >= 44

    row(phone, "bob").tap()

    expect_conversation(phone, "bob")


def test_without_script_too(arrives, alice, bob, gardening):
    bob.joins(gardening)
    plain = arrives("alice", java_script_enabled=False)
    plain.logs_in()
    plain.page.goto(f"groups/{gardening}/")

    plain.page.get_by_role("link", name="Message bob").click()

    expect_conversation(plain, "bob")


def test_a_row_that_appears_equals_one_that_is_loaded(arrives, alice, gardening):
    other = arrives("a+b@c.ł")
    other.logs_in()
    alice.opens(gardening)
    other.joins(gardening)
    expect(alice.members).to_have_count(2)
    appeared = markup(row(alice, other.name))

    alice.opens(gardening)

    assert markup(row(alice, other.name)) == appeared


def test_whoever_left_and_came_back_meanwhile_still_does_not_message_themselves(alice, bob, together, complaints):
    complaints.excuse(OUTAGE)
    bob.goes_offline()
    bob.leaves(together)
    bob.joins(together)
    alice.wrote(together, "welcome back")
    bob.context.set_offline(False)

    bob.sees("welcome back")
    expect(row(bob, "bob")).to_have_text("bob")
    expect(row(bob, "bob").locator("a[href]")).to_have_count(0)
    expect(row(bob, "alice").locator("a[href]")).to_have_count(1)


@pytest.mark.parametrize("name", ["alice", "bob"])
def test_the_page_of_all_members_leads_to_others(alice, bob, together, name):
    person, other = (alice, "bob") if name == "alice" else (bob, "alice")
    person.page.goto(f"groups/{together}/members/")
    assert (person.overhang, person.violations) == (0, [])

    person.page.get_by_role("link", name=f"Message {other}").click()

    expect_conversation(person, other)


def markup(element):
    """Its attributes and text, whatever their order."""
    return element.evaluate(
        "row => [row, ...row.querySelectorAll('*')].map("
        "each => [each.tagName, [...each.attributes].map(({ name, value }) => `${name}=${value}`).sort()])"
    )
