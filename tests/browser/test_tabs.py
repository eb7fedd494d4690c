"""One person, several tabs."""

import pytest
from browsers import OUTAGE, REFUSAL, WATCH_PILL
from playwright.sync_api import expect

MOMENT = 40_000  # milliseconds: longer than a tab waits until it sends the messages of others


def test_two_tabs_send_each_message_once(alice, bob, together):
    other = alice.tab().opens(together)

    for n in range(5):
        alice.says(f"here {n}")
        other.says(f"there {n}")

    for tab in (alice, other, bob):
        expect(tab.messages).to_have_count(10)
    expect(other.pending).to_have_count(0)
    sent = [frame["client_id"] for frame in alice.said + other.said]
    assert len(sent) == len(set(sent)) == 10
    assert alice.log() == other.log() == bob.log()


def test_two_tabs_that_were_offline_send_in_the_order_of_writing(alice, bob, together, complaints):
    complaints.excuse(OUTAGE)
    other = alice.tab().opens(together)
    alice.goes_offline()
    alice.says("one")
    other.says("two")
    alice.says("three")
    expect(other.pill).to_have_text("Offline – 3 messages will be sent")

    alice.context.set_offline(False)

    for tab in (alice, other, bob):
        tab.sees("one", "two", "three")
    assert len(alice.said + other.said) == 3


def test_when_the_tab_that_sends_is_closed_another_takes_over(alice, bob, together):
    other = alice.tab().opens(together)
    alice.says("one")
    bob.sees("one")

    alice.page.close()
    other.says("two")

    bob.sees("one", "two")


def test_another_tab_sends_what_a_closed_one_had_pending(alice, bob, together, complaints):
    complaints.excuse(OUTAGE)
    other = alice.tab().opens(together)
    alice.goes_offline()
    alice.says("last words")
    alice.page.close()

    alice.context.set_offline(False)

    other.sees("last words")
    bob.sees("last words")


@pytest.fixture
def other(alice, together):
    """Alice's second tab. The first holds the lock."""
    return alice.tab().opens(together)


def test_a_frozen_tab_does_not_keep_another_from_sending(alice, bob, other, together):
    alice.freezes()

    other.says("one", "two")

    bob.sees("one", "two")
    alice.thaws()
    alice.sees("one", "two")


def test_nor_after_a_reload(alice, bob, other, together):
    alice.freezes()
    other.says("one")

    other.page.reload()

    bob.sees("one")


def test_a_tab_with_an_open_alert_does_not_keep_another_from_sending(alice, bob, gardening, complaints):
    bob.joins(gardening)
    bob.opens(gardening)
    first, second = (alice.tab().opens(gardening) for _ in range(2))
    complaints.leaves_dialogs_open = True
    first.page.evaluate("() => { setTimeout(alert) }")

    second.says("one")

    bob.sees("one")


def test_a_frozen_tab_that_thaws_sends_nothing_twice(alice, bob, together):
    alice.page.close()
    first = alice.tab(drop_messages).opens(together)
    first.says("one", "two")
    first.freezes()
    alice.tab().opens(together).sees("one", "two")

    first.thaws()

    first.sees("one", "two")
    bob.says("three")
    first.sees("one", "two", "three")


def test_a_hidden_tab_lets_a_visible_one_send(alice, bob, other, together):
    alice.hides()

    other.says("one", "two")

    bob.sees("one", "two")
    assert len(other.said) == 2


def test_a_tab_that_the_browser_freezes_lets_another_one_send(alice, bob, other, together):
    alice.page.evaluate("() => document.dispatchEvent(new Event('freeze'))")

    other.says("one")

    bob.sees("one")
    assert len(other.said) == 1


def test_a_hidden_tab_sends_its_own_messages(alice, bob, together, complaints):
    complaints.excuse(OUTAGE)
    alice.goes_offline()
    alice.says("one", "two")
    alice.hides()

    alice.context.set_offline(False)

    bob.sees("one", "two")


def test_the_pill_is_not_live_while_a_message_waits(alice, gardening):
    tab = alice.tab(drop_messages).opens(gardening)

    tab.says("on its way")

    expect(tab.pill).to_have_text("Sending 1 message…")


def drop_messages(socket):
    socket.connect_to_server()
    socket.on_message(lambda _: None)


def test_a_page_that_is_loaded_while_a_message_waits_is_not_live(alice, gardening):
    tab = alice.tab(drop_messages).opens(gardening)
    tab.says("on its way")

    tab.page.add_init_script(f"addEventListener('DOMContentLoaded', {WATCH_PILL})")
    tab.page.reload()

    expect(tab.pill).to_have_text("Sending 1 message…")
    assert "Live" not in tab.pill_said


def test_without_locks_another_tab_sends_what_one_can_not(alice, bob, together):
    alice.page.close()
    first = on_plain_http(alice.tab(drop_messages)).opens(together)
    second = on_plain_http(alice.tab())
    second.page.clock.install()
    second.opens(together)
    first.says("one")
    expect(second.pending).to_have_count(1)

    second.page.clock.fast_forward(MOMENT)

    bob.sees("one")


def on_plain_http(tab):
    """Its pages are no secure context."""
    tab.page.add_init_script("delete Navigator.prototype.locks")
    return tab


def test_a_logout_in_another_tab_is_shown_and_the_draft_is_kept(alice, bob, together):
    other = alice.tab().goes_home()
    other.find(".shell-person").click()
    other.page.get_by_role("button", name="Log out").click()
    expect(alice.find("#session-ended")).to_be_visible()
    alice.says("kept")
    expect(alice.pill).to_have_text("Logged out – 1 message waits here")

    alice.logs_in()
    alice.opens(together)

    alice.sees("kept")
    bob.sees("kept")


def test_a_leave_in_another_tab_is_shown_with_a_way_back(alice, bob, together):
    bob.tab().goes_home().button("leave", together).click()
    expect(bob.find("#membership-ended")).to_be_visible()
    bob.says("kept")
    expect(bob.pill).to_have_text("No longer a member – 1 message waits here")

    bob.find("#membership-ended").get_by_role("button", name="Join Gardening").click()

    expect(bob.pill).to_have_text("Live")
    bob.sees("kept")
    alice.sees("kept")


def test_a_member_who_left_is_shown_nothing_more(alice, bob, together):
    bob.leaves(together)
    expect(bob.find("#membership-ended")).to_be_visible()
    shown = bob.log()

    alice.says("only for members")

    alice.sees("only for members")
    assert bob.log() == shown


def test_returning_online_without_a_session_shows_an_error(alice, together, complaints):
    complaints.excuse(OUTAGE)
    complaints.excuse(REFUSAL)
    alice.goes_offline()
    alice.posts("/accounts/logout/")

    alice.context.set_offline(False)

    expect(alice.find("#session-ended")).to_be_visible()


def test_returning_online_without_membership_shows_an_error(bob, together, complaints):
    complaints.excuse(OUTAGE)
    complaints.excuse(REFUSAL)
    bob.goes_offline()
    bob.leaves(together)

    bob.context.set_offline(False)

    expect(bob.find("#membership-ended")).to_be_visible()
