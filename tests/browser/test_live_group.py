"""Two people look at one group."""

from browsers import OUTAGE
from playwright.sync_api import expect


def test_a_message_reaches_everyone_immediately(alice, bob, together):
    alice.says("hello bob")

    alice.sees("hello bob")
    bob.sees("hello bob")
    bob.says("hello alice")
    alice.sees("hello bob", "hello alice")


def test_a_page_whose_later_parts_cannot_be_loaded_is_live(alice, bob, together, complaints):
    complaints.excuse(f"{OUTAGE}|TypeError: Failed to fetch dynamically imported module")
    bob.page.route("**/group.later.js*", lambda route: route.abort())
    bob.opens(together)

    alice.wrote(together, "hello")
    bob.sees("hello")
    bob.says("hello alice")

    alice.sees("hello", "hello alice")
    expect(bob.pill).to_have_text("Live")


def test_a_joining_member_is_shown_and_listed(alice, bob, gardening):
    alice.opens(gardening)
    bob.goes_home()

    bob.button("join", gardening).click()

    expect(alice.find("#chat-log .event").last).to_contain_text("bob joined")
    expect(alice.find('[id="members-bob"]')).to_be_visible()
    expect(alice.members).to_have_text(["alice", "bob"])
    expect(alice.find("#people .panel-member-count")).to_have_text("2")


def test_a_leaving_member_is_shown_and_unlisted(alice, bob, together):
    bob.goes_home()

    bob.button("leave", together).click()

    expect(alice.find("#chat-log .event").last).to_contain_text("bob left")
    expect(alice.members).to_have_text(["alice"])
    expect(alice.find("#people .panel-member-count")).to_have_text("1")


def test_a_live_log_equals_a_reload(alice, bob, together):
    alice.says("one", "two\nlines", "three https://example.org/a_(b).")
    alice.sees("one", "two lines", "three https://example.org/a_(b).")
    bob.says("four")
    alice.sees("one", "two lines", "three https://example.org/a_(b).", "four")
    bob.leaves(together)
    expect(alice.find("#chat-log .event")).to_have_count(3)
    live, shown = alice.log(), alice.markup()
    alice.posts(f"groups/{together}/read/", seq=len(live))

    alice.opens(together)

    assert [kind for _, _, kind, _ in live] == ["joined", "joined", *["message"] * 4, "left"]
    assert alice.log() == live
    assert alice.markup() == shown


def test_ten_messages_are_sent_once_each(alice, bob, together):
    texts = [f"message {n}" for n in range(10)]

    alice.says(*texts)

    bob.sees(*texts)
    alice.sees(*texts)
    assert [frame["message"] for frame in alice.said] == texts


def test_the_button_sends_as_well_and_once(alice, bob, together):
    alice.field.fill("hello")

    alice.find("#chat-message-submit").evaluate("button => { for (let n = 0; n < 10; n++) button.click() }")
    alice.says("and on")

    bob.sees("hello", "and on")
    assert len(alice.said) == 2


def test_a_message_between_page_and_socket_is_not_missed(alice, bob, gardening):
    bob.joins(gardening)

    def meanwhile(route):
        alice.wrote(gardening, "in between")
        route.continue_()

    bob.page.route("**/js/pages/group.js", meanwhile)

    bob.opens(gardening)

    bob.sees("in between")


def test_a_message_from_a_form_is_live(alice, bob, together):
    alice.wrote(together, "by form")

    bob.sees("by form")


def test_a_name_that_sorts_between_is_listed_between(alice, bob, arrives, together):
    anna = arrives("Anna")
    anna.logs_in()

    anna.joins(together)

    expect(alice.members).to_have_text(["alice", "Anna", "bob"])


def test_a_group_says_that_one_is_alone_until_somebody_joins(alice, bob):
    group = alice.founds("Cooking")
    alice.opens(group)
    expect(alice.find(".scroller-silence")).to_contain_text("Only you are here so far.")

    bob.joins(group)

    expect(alice.find(".scroller-silence")).to_have_count(0)
