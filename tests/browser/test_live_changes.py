"""Messages that are edited, deleted, answered and reacted to while pages show them."""

import json
import re
from functools import partial

import pytest
from browsers import OUTAGE, REFUSAL, scrolls_up
from faults.proxy import Proxy
from old_browsers import lacks_newer_features
from playwright.sync_api import expect

SELECT = """([seq, from, to]) => {
  const text = document.querySelector(`#seq-${seq} .entry-text`).firstChild
  getSelection().setBaseAndExtent(text, from, text, to)
}"""
FIRST = 3  # the seq of the first message, after the two Joins


@pytest.fixture
def answered(alice, bob, together):
    """Bob's answer to alice's message; both look at them."""
    alice.wrote(together, "shall we plant tomatoes?")
    bob.posts(f"groups/{together}/messages/", message="yes", reply_to=FIRST)
    alice.sees("shall we plant tomatoes?", "yes")
    bob.sees("shall we plant tomatoes?", "yes")
    return together


def edits(person, group, text, *, seq=FIRST, rev=0):
    person.posts(f"groups/{group}/messages/{seq}/edit/", message=text, rev=rev)


def deletes(person, group, seq=FIRST):
    person.posts(f"groups/{group}/messages/{seq}/delete/")


def reacts(person, group, emoji, *, seq=FIRST, on=1):
    person.posts(f"groups/{group}/messages/{seq}/reactions/", emoji=emoji, on=on)


def row(tab, seq=FIRST):
    return tab.find(f"#seq-{seq}")


def chip(tab, emoji="👍", seq=FIRST):
    return tab.find(f'#seq-{seq} .reaction[data-emoji="{emoji}"]')


def expect_reacted(tab, count, *, pressed, emoji="👍"):
    expect(chip(tab, emoji).locator(".reaction-count")).to_have_text(str(count))
    expect(chip(tab, emoji)).to_have_attribute("aria-pressed", "true" if pressed else "false")


def answer(tab):
    """The line above bob's answer."""
    return tab.find(f'.entry-reply[data-reply-to="{FIRST}"]')


def test_a_short_name_is_whole_above_the_answer_to_a_short_text(alice, bob, answered):
    alice.posts(f"groups/{answered}/messages/", message="good", reply_to=FIRST + 1)

    name = bob.find(f'.entry-reply[data-reply-to="{FIRST + 1}"] .entry-reply-name')
    expect(name).to_have_text("bob")
    assert name.evaluate("name => name.scrollWidth - name.clientWidth") == 0


# Edits


def test_an_edit_is_seen_by_everyone_immediately(alice, bob, answered):
    edits(alice, answered, "shall we plant beans?")

    for person in (alice, bob):
        person.sees("shall we plant beans?", "yes")
        expect(row(person)).to_have_attribute("data-rev", "1")
        expect(row(person).locator(".entry-text + .entry-edited")).to_have_text("edited")


def test_an_edit_brings_and_takes_rich_text_links_and_mentions(alice, bob, answered):
    edits(alice, answered, "@bob: **beans** https://example.org/a")
    expect(row(bob).locator(".mention-me")).to_have_text("@bob")
    expect(row(bob).locator("strong")).to_have_text("beans")
    expect(row(alice).locator(".mention")).not_to_have_class(re.compile("mention-me"))

    edits(alice, answered, "plain https://example.org/b", rev=1)

    expect(row(bob).locator(".entry-text *")).to_have_text(["https://example.org/b"])


def test_what_is_selected_of_an_edited_text_stays_selected(alice, bob, answered):
    bob.page.evaluate(SELECT, [FIRST, 6, 14])

    edits(alice, answered, "shall we plant beans?")

    expect(row(bob).locator(".entry-text")).to_have_text("shall we plant beans?")
    assert bob.page.evaluate("() => String(getSelection())") == "we plant"


def test_what_is_selected_and_focused_elsewhere_stays_so(alice, bob, answered):
    reacts(alice, answered, "👍")
    chip(bob).focus()
    bob.page.evaluate(SELECT, [FIRST + 1, 0, 3])

    edits(alice, answered, "shall we plant beans?")
    reacts(alice, answered, "🍅")

    expect(chip(bob, "🍅")).to_be_visible()
    expect(chip(bob)).to_be_focused()
    assert bob.page.evaluate("() => String(getSelection())") == "yes"


@pytest.mark.parametrize("text", ["[here](https://example.org/b)", "https://example.org/b", "gone"])
def test_who_was_at_a_link_of_an_edited_text_stays_at_the_message(alice, bob, together, text):
    alice.wrote(together, "see https://example.org/a")
    row(bob).locator(".entry-text a").focus()

    edits(alice, together, text)

    expect(row(bob).locator(".entry-edited")).to_be_visible()
    expect(row(bob).locator(".entry-time")).to_be_focused()


# Deletions


def test_a_deleted_text_is_gone_from_all_pages_with_its_reactions(alice, bob, answered):
    edits(alice, answered, "shall we plant beans?")
    reacts(bob, answered, "👍")
    expect_reacted(alice, 1, pressed=False)

    deletes(alice, answered)

    for person in (alice, bob):
        expect(row(person).locator(".entry-deleted")).to_have_text("Message deleted")
        expect(row(person).locator(".entry-text, .entry-edited, .reaction")).to_have_count(0)
        assert "plant" not in person.find("#content").inner_text()


@pytest.mark.parametrize("part", [".entry-actions", ".reaction", ".entry-edited", ".entry-text a"])
def test_who_was_at_a_part_of_a_deleted_message_stays_there(alice, bob, together, part):
    alice.wrote(together, "see https://example.org/a")
    edits(alice, together, "look at https://example.org/a")
    reacts(bob, together, "👍")
    row(bob).locator(part).focus()

    deletes(alice, together)

    expect(row(bob).locator(".entry-deleted")).to_be_visible()
    expect(row(bob).locator(".entry-time")).to_be_focused()


def test_a_text_that_an_administrator_deleted_says_so(alice, bob, answered):
    deletes(alice, answered, FIRST + 1)

    expect(row(bob, FIRST + 1).locator(".entry-deleted")).to_have_text("Deleted by a moderator")


def test_a_text_that_is_deleted_before_its_pages_socket_connects_disappears(alice, bob, answered):
    shown = []

    def delete_first(socket):
        if not shown:
            shown.append(tab.find("#chat-log").inner_text())
            deletes(alice, answered)
        socket.connect_to_server()

    tab = bob.tab(delete_first)
    tab.opens(answered)

    expect(row(tab).locator(".entry-deleted")).to_have_text("Message deleted")
    assert "tomatoes" in shown[0]
    assert "tomatoes" not in tab.find("#content").inner_text()


# Reactions


def test_a_reaction_is_seen_by_everyone_and_pressed_for_whoever_reacts(alice, bob, answered):
    reacts(bob, answered, "👍")

    expect_reacted(bob, 1, pressed=True)
    expect_reacted(alice, 1, pressed=False)


def test_pressing_a_chip_joins_in_and_pressing_it_again_takes_that_back(alice, bob, answered):
    reacts(bob, answered, "👍")
    expect_reacted(alice, 1, pressed=False)

    chip(alice).click()
    expect_reacted(bob, 2, pressed=True)
    expect_reacted(alice, 2, pressed=True)
    chip(alice).click()

    expect_reacted(bob, 1, pressed=True)
    expect_reacted(alice, 1, pressed=False)
    assert [frame["on"] for frame in alice.sent if frame["type"] == "react"] == [True, False]


def test_a_chip_that_nobody_uses_goes_and_returns_to_its_place(alice, bob, answered):
    for emoji in ("👍", "🍅"):
        reacts(bob, answered, emoji)
    expect(row(alice).locator(".reaction")).to_have_count(2)
    chip(bob).click()
    expect(row(alice).locator(".reaction")).to_have_count(1)

    reacts(alice, answered, "👍")

    for person in (alice, bob):
        expect(row(person).locator(".reaction > span:first-child")).to_have_text(["👍", "🍅"])


def test_an_emoji_that_was_used_before_the_page_came_has_its_place_again(alice, bob, answered):
    for emoji, on in [("👍", 1), ("🍅", 1), ("👍", 0)]:
        reacts(alice, answered, emoji, on=on)
    bob.opens(answered)
    expect(row(bob).locator(".reaction")).to_have_count(1)

    for emoji in ("🎉", "👍"):
        reacts(alice, answered, emoji)

    expect(row(bob).locator(".reaction > span:first-child")).to_have_text(["👍", "🍅", "🎉"])
    bob.opens(answered)
    expect(row(bob).locator(".reaction > span:first-child")).to_have_text(["👍", "🍅", "🎉"])


def test_the_focus_moves_on_when_its_chip_goes(alice, bob, answered):
    reacts(alice, answered, "🍅")
    reacts(bob, answered, "👍")
    expect_reacted(bob, 1, pressed=True)

    chip(bob).press("Enter")
    expect(chip(bob, "🍅")).to_be_focused()
    reacts(alice, answered, "🍅", on=0)

    expect(row(bob).locator(".entry-actions")).to_be_focused()


def lone_tab(person, between):
    """The only tab of a person, which has to send everything itself."""
    person.page.goto("about:blank")
    return person.tab(between)


def test_a_refused_reaction_is_taken_back(alice, bob, answered):
    def spoil(socket):
        server = socket.connect_to_server()
        socket.on_message(lambda text: server.send(text.replace("👍", "thumb")))

    reacts(alice, answered, "👍")
    tab = lone_tab(bob, spoil).opens(answered)

    chip(tab).click()

    tab.until(lambda: any(frame["type"] == "error" for frame in tab.received))
    expect_reacted(tab, 1, pressed=False)
    expect(tab.find("#log-refused")).to_contain_text("Your reaction wasn't saved.")
    chip(tab).click()
    expect(tab.find("#log-refused")).to_contain_text("Your reaction wasn't saved.")


def test_a_reaction_is_sent_again_after_a_lost_connection(alice, bob, answered, complaints):
    dropped = []

    def drop(socket):
        server = socket.connect_to_server()

        def pass_on(text):
            if "react" in text and not dropped:
                dropped.append(text)
                socket.close()
                server.close()
            else:
                server.send(text)

        socket.on_message(pass_on)

    reacts(alice, answered, "👍")
    tab = lone_tab(bob, drop).opens(answered)

    chip(tab).click()

    expect_reacted(alice, 2, pressed=True)
    expect_reacted(tab, 2, pressed=True)
    assert len(dropped) == 1


def test_a_reaction_that_is_made_offline_is_sent_later(alice, bob, answered, complaints):
    reacts(alice, answered, "👍")
    expect_reacted(bob, 1, pressed=False)

    complaints.excuse(OUTAGE)
    bob.goes_offline()

    chip(bob).click()

    expect_reacted(bob, 2, pressed=True)
    bob.context.set_offline(False)
    expect_reacted(alice, 2, pressed=True)


def answers_react(answer):
    """Answers the first reaction on a socket in place of the server."""
    answered = []

    def route(socket):
        server = socket.connect_to_server()

        def pass_on(text):
            if '"react"' in text and not answered:
                answered.append(text)
                answer(socket, json.loads(text)["client_id"])
            else:
                server.send(text)

        socket.on_message(pass_on)

    return route


def test_a_reaction_for_which_the_server_has_no_time_is_sent_again(alice, bob, answered):
    def is_busy(socket, client_id):
        error = {"type": "error", "code": "busy", "message": "Try again later.", "client_id": client_id}
        socket.send(json.dumps([error]))

    reacts(alice, answered, "👍")
    tab = lone_tab(bob, answers_react(is_busy)).opens(answered)

    chip(tab).click()

    expect_reacted(alice, 2, pressed=True)
    expect_reacted(tab, 2, pressed=True)


def test_a_reaction_that_can_not_be_answered_any_more_waits(alice, bob, answered, complaints):
    complaints.excuse(".*403")
    reacts(alice, answered, "👍")
    tab = lone_tab(bob, answers_react(lambda socket, _client_id: socket.close(code=4403))).opens(answered)

    chip(tab).click()
    expect(tab.find("#membership-ended")).to_be_visible()
    expect_reacted(alice, 1, pressed=True)

    tab.page.close()
    bob.opens(answered)
    expect_reacted(alice, 2, pressed=True)


def test_pressing_a_reaction_twice_sends_nothing(alice, bob, answered):
    reacts(alice, answered, "👍")
    tab = lone_tab(bob, lambda socket: socket.connect_to_server()).opens(answered)

    chip(tab).dblclick()
    tab.says("after")

    tab.until(lambda: any(frame["type"] == "ack" for frame in tab.received))
    assert [frame["type"] for frame in tab.sent if frame["type"] == "react"] == []
    expect_reacted(tab, 1, pressed=False)


def test_on_a_page_that_is_not_live_a_chip_submits_its_form(alice, bob, answered):
    reacts(alice, answered, "👍")
    bob.page.goto(f"groups/{answered}/?replies={FIRST}")

    chip(bob).click()

    expect_reacted(alice, 2, pressed=True)
    expect_reacted(bob, 2, pressed=True)


# Replies


def test_an_answer_shows_what_it_answers_and_is_counted(alice, bob, answered):
    for person in (alice, bob):
        expect(answer(person)).to_have_text("In reply to alice shall we plant tomatoes?")
        expect(row(person).locator(".entry-replies")).to_have_text("1 reply")


def test_of_a_rich_text_an_answer_shows_the_words(alice, bob, answered):
    edits(alice, answered, "> a **bed**\n- [this](https://example.com/a) year :tomato:")
    expect(answer(alice)).to_have_text("In reply to alice a bed this year 🍅 edited since")
    bob.posts(f"groups/{answered}/messages/", message="no", reply_to=FIRST)
    lines = alice.find("#chat-log .entry-reply-text")
    expect(lines).to_have_text(["a bed this year 🍅"] * 2)

    alice.opens(answered)

    expect(lines).to_have_text(["a bed this year 🍅"] * 2)


def test_an_answer_follows_the_edit_and_the_deletion_of_what_it_answers(alice, bob, answered):
    edits(alice, answered, "shall we plant beans?")
    for person in (alice, bob):
        expect(answer(person)).to_have_text("In reply to alice shall we plant beans? edited since")

    deletes(alice, answered)

    for person in (alice, bob):
        expect(answer(person)).to_have_text("In reply to alice Message deleted")


def test_an_answer_to_what_the_page_does_not_show_leads_there(alice, bob, gardening):
    bob.joins(gardening)
    alice.wrote(gardening, "shall we plant tomatoes?")
    bob.floods(gardening, 60)
    bob.posts(f"groups/{gardening}/read/", seq=FIRST)
    bob.opens(gardening)

    bob.posts(f"groups/{gardening}/messages/", message="yes", reply_to=FIRST)

    expect(answer(bob)).to_have_text("In reply to Earlier message")
    answer(bob).click()
    expect(row(bob)).to_be_in_viewport()


def test_an_answer_shows_what_it_answers_once_the_page_does(alice, bob, long_log):
    edits(alice, long_log, "shall we plant beans?")
    bob.posts(f"groups/{long_log}/messages/", message="yes", reply_to=FIRST)
    expect(answer(bob)).to_have_text("In reply to Earlier message")

    scrolls_up(bob, 10_000)

    # Edited, but not since it was answered.
    expect(answer(bob)).to_have_text("In reply to alice shall we plant beans?")


def test_an_answer_to_what_was_deleted_out_of_sight_names_no_author_before_its_row_does(alice, bob, long_log):
    bob.posts(f"groups/{long_log}/messages/", message="yes", reply_to=FIRST)
    expect(answer(bob)).to_have_text("In reply to Earlier message")

    deletes(alice, long_log)
    expect(answer(bob)).to_have_text("In reply to Message deleted")
    scrolls_up(bob, 10_000)

    expect(answer(bob)).to_have_text("In reply to alice Message deleted")


def test_an_answer_is_written_on_the_page_that_names_what_it_answers(alice, bob, answered):
    bob.page.goto(f"groups/{answered}/?reply={FIRST}")
    expect(bob.find("#composer-reply")).to_contain_text("Replying to alice shall we plant tomatoes?")

    bob.says("and beans", "by the way")

    expect(row(alice, FIRST + 2).locator(".entry-reply-text")).to_have_text("shall we plant tomatoes?")
    expect(row(alice, FIRST + 3).locator(".entry-text")).to_have_text("by the way")
    expect(row(alice, FIRST + 3).locator(".entry-reply")).to_have_count(0)
    expect(bob.find("#composer-reply")).to_be_hidden()
    assert "reply=" not in bob.page.url


def test_an_answer_can_be_dropped_while_it_is_written(bob, answered):
    bob.page.goto(f"groups/{answered}/?reply={FIRST}")
    bob.field.fill("by the way")

    bob.find(".composer-reply-drop").click()
    bob.field.press("Enter")

    expect(row(bob, FIRST + 2).locator(".entry-text")).to_have_text("by the way")
    expect(row(bob, FIRST + 2).locator(".entry-reply")).to_have_count(0)


def test_dropping_an_answer_leads_back_to_the_text(bob, answered):
    bob.page.goto(f"groups/{answered}/?reply={FIRST}")
    expect(bob.field).to_have_accessible_description(re.compile("Replying to alice shall we plant tomatoes"))

    bob.find(".composer-reply-drop").click()

    expect(bob.field).to_be_focused()
    expect(bob.field).not_to_have_accessible_description(re.compile("Replying"))


def test_on_the_page_of_a_conversation_one_writes_answers(alice, bob, answered):
    bob.page.goto(f"groups/{answered}/?replies={FIRST}")

    bob.says("and beans")

    expect(row(alice, FIRST + 2).locator(".entry-reply-text")).to_have_text("shall we plant tomatoes?")


def test_an_answer_to_a_deleted_message_is_kept_and_can_be_sent_on_its_own(alice, bob, answered):
    bob.page.goto(f"groups/{answered}/?reply={FIRST}")
    deletes(alice, answered)
    expect(bob.find("#composer-reply")).to_contain_text("Message deleted")

    bob.says("why?")
    expect(bob.find(".pending-reason")).to_contain_text(
        "The message you're replying to is gone. Retry to post this on its own."
    )
    bob.find("button[value=retry]").click()

    expect(alice.messages).to_have_text(["yes", "why?"])
    expect(bob.pending).to_have_count(0)


# However they come


def test_a_log_that_was_changed_live_equals_a_reload(alice, bob, answered):
    bob.wrote(answered, "**on** its own", "soon gone")
    edits(alice, answered, "beans? https://example.org/a")
    edits(bob, answered, "@alice, yes", seq=FIRST + 1)
    for person, emoji, on in [(bob, "👍", 1), (alice, "🍅", 1), (alice, "👍", 1), (alice, "🍅", 0)]:
        reacts(person, answered, emoji, on=on)
    alice.posts(f"groups/{answered}/messages/", message="an answer to *an answer*", reply_to=FIRST + 1)
    bob.posts(f"groups/{answered}/messages/", message="to soon gone", reply_to=FIRST + 3)
    for on in (1, 0):
        reacts(alice, answered, "👍", seq=FIRST + 3, on=on)
    deletes(bob, answered, FIRST + 3)
    bob.wrote(answered, "last")
    expect(alice.messages.last).to_have_text("last")
    live = alice.markup()
    alice.posts(f"groups/{answered}/read/", seq=alice.log()[-1][0])

    alice.opens(answered)

    assert alice.markup() == live
    assert alice.violations == []


def test_changes_are_shown_by_browsers_that_lack_newer_features(alice, bob, answered):
    tab = bob.tab()
    lacks_newer_features(tab.page)
    tab.opens(answered)

    edits(alice, answered, "shall we plant **beans**?")
    reacts(alice, answered, "👍")
    expect(answer(tab)).to_contain_text("edited since")
    chip(tab).click()

    expect(row(tab).locator("strong")).to_have_text("beans")
    expect_reacted(alice, 2, pressed=True)
    expect_reacted(tab, 2, pressed=True)


def test_changes_that_came_while_older_rows_were_fetched_apply_to_them(alice, bob, long_log):
    held = []
    bob.page.route("**/?before=*", lambda route: held.append((route, route.fetch())))
    scrolls_up(bob, 10_000)
    bob.until(lambda: held)
    edits(alice, long_log, "edited meanwhile", seq=5)
    deletes(alice, long_log, 6)
    reacts(bob, long_log, "👍", seq=7)
    alice.posts(f"groups/{long_log}/messages/", message="answered meanwhile", reply_to=8)
    expect(bob.messages.last).to_have_text("answered meanwhile")

    ((route, response),) = held
    route.fulfill(response=response)

    expect(row(bob, 5).locator(".entry-text")).to_have_text("edited meanwhile")
    expect(row(bob, 6).locator(".entry-deleted")).to_have_text("Message deleted")
    expect(chip(bob, seq=7)).to_have_attribute("aria-pressed", "true")
    expect(row(bob, 8).locator(".entry-replies")).to_have_text("1 reply")


def test_of_older_rows_reactions_that_came_meanwhile_have_the_order_of_a_reload(alice, bob, long_log):
    held = []
    bob.page.route("**/?before=*", lambda route: held.append((route, route.fetch())))
    scrolls_up(bob, 10_000)
    bob.until(lambda: held)
    for person, emoji, on in [(bob, "🍅", 1), (alice, "👍", 1), (bob, "🍅", 0), (bob, "🍅", 1)]:
        reacts(person, long_log, emoji, seq=7, on=on)
    alice.wrote(long_log, "last")
    expect(bob.messages.last).to_have_text("last")

    ((route, response),) = held
    route.fulfill(response=response)

    expect(row(bob, 7).locator(".reaction > span:first-child")).to_have_text(["🍅", "👍"])
    assert "at=" not in bob.page.url


def test_older_rows_that_have_a_change_before_it_arrives_are_not_changed_again(alice, bob, long_log):
    late = []

    def delay(socket):
        def pass_on(text):
            send = partial(socket.send, text)
            late.append(send) if "answered" in text else send()

        socket.connect_to_server().on_message(pass_on)

    tab = bob.tab(delay).opens(long_log)
    alice.posts(f"groups/{long_log}/messages/", message="answered", reply_to=8)
    scrolls_up(tab, 10_000)
    expect(row(tab, 8).locator(".entry-replies")).to_have_text("1 reply")

    tab.until(lambda: late)
    late.pop()()

    expect(tab.messages.last).to_have_text("answered")
    expect(row(tab, 8).locator(".entry-replies")).to_have_text("1 reply")


def test_older_rows_that_can_not_be_brought_up_to_date_load_the_page_again(bob, long_log):
    def from_long_ago(route):
        response = route.fetch()
        route.fulfill(response=response, body=re.sub(r'data-asof="\d+"', 'data-asof="5"', response.text()))

    bob.page.route("**/?before=*", from_long_ago)

    scrolls_up(bob, 10_000)

    bob.page.wait_for_url("**/?at=*")
    expect(row(bob, 13)).to_be_in_viewport()


def test_rows_that_grow_and_shrink_move_nothing_for_somebody_reading_further_up(alice, bob, long_log):
    scrolls_up(bob, 400)
    read = bob.find("#seq-42")
    before = read.bounding_box()["y"]

    edits(alice, long_log, "three\nlines\nabove", seq=20)
    reacts(alice, long_log, "👍", seq=21)
    edits(alice, long_log, "three\nlines\nbelow", seq=60)
    deletes(alice, long_log, 61)

    expect(row(bob, 61).locator(".entry-deleted")).to_be_visible()
    assert abs(read.bounding_box()["y"] - before) < 1


def test_changes_come_and_are_made_without_a_socket(alice, bob, answered, site, complaints):
    complaints.excuse(REFUSAL)
    complaints.excuse(OUTAGE)
    with Proxy(site.port) as proxy:
        proxy.drops_upgrades()
        bob.page.goto(f"{proxy.url}/groups/{answered}/")
        expect(bob.pill).to_have_text("Delayed")

        edits(alice, answered, "shall we plant beans?")
        reacts(alice, answered, "👍")
        bob.sees("shall we plant beans?", "yes")
        expect_reacted(bob, 1, pressed=False)
        chip(bob).click()

        expect_reacted(alice, 2, pressed=True)
        expect_reacted(bob, 2, pressed=True)
        expect(bob.pill).to_have_text("Delayed")


def test_without_a_socket_no_reaction_overtakes_another(alice, bob, answered, site, complaints):
    complaints.excuse(REFUSAL)
    complaints.excuse(OUTAGE)
    held, sent = [], []
    reacts(alice, answered, "👍")
    with Proxy(site.port) as proxy:
        proxy.drops_upgrades()
        bob.page.goto(f"{proxy.url}/groups/{answered}/")
        expect(bob.pill).to_have_text("Delayed")
        bob.page.route("**/reactions/", lambda route: sent.append(route) if held else held.append(route))

        chip(bob).click()
        bob.until(lambda: held)
        chip(bob).click()
        expect_reacted(bob, 1, pressed=False)
        assert not sent
        held[0].continue_()
        bob.until(lambda: sent)
        sent[0].continue_()

        expect(bob.find(".reaction[aria-pressed=false]")).to_have_count(1)
        expect_reacted(alice, 1, pressed=True)


def test_what_waited_changes_no_message_of_a_log_that_was_restored(alice, bob, answered, complaints):
    reacts(alice, answered, "👍")
    expect_reacted(bob, 1, pressed=False)
    complaints.excuse(OUTAGE)
    bob.goes_offline()
    chip(bob).click()

    bob.revises("shall we plant tomatoes?", "shall we dig?")
    bob.context.set_offline(False)

    expect(bob.find("#log-refused")).to_contain_text("has been revised or restored since")
    expect_reacted(bob, 1, pressed=False)
