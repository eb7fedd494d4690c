"""Joins and leaves that follow each other, in one line each."""

import random
import re
import sqlite3
from contextlib import closing

import pytest
from browsers import scrolls_up
from playwright.sync_api import expect

from discussit.pages.page import make_templates
from discussit.pages.runs import parts

# The log's units: "-" for a date, a run's line and seqs, or a row's seq.
UNITS = """log => [...log.children].map(unit => {
  if (unit.matches(".entry-day")) return "-"
  const seqs = [...unit.querySelectorAll("[data-seq]")].map(row => row.dataset.seq)
  return seqs.length > 0 ? `${unit.querySelector(".run-words").textContent}: ${seqs.join(" ")}` : unit.dataset.seq
})"""
SERVED = """() => new Promise(done => {
  const request = new XMLHttpRequest()
  request.responseType = "document"
  request.onload = () => done((%s)(request.response.querySelector("#chat-log")))
  request.open("GET", location.href)
  request.send()
})"""
LINES = """async runs => {
  const { RunSummary, piecesOf } = await import("/static/js/log/run-summary.js")
  return runs.map(events => {
    const summary = new RunSummary()
    for (const [name, kind] of events) summary.add(name, kind)
    return piecesOf(summary.parts).map(piece => piece.name ?? piece).join("")
  })
}"""
FOLD = """async pointed => {
  const { foldRuns } = await import("/static/js/log/runs.js")
  document.querySelector(".pointed")?.classList.remove("pointed")
  foldRuns(document.querySelector("#chat-log"), pointed && document.querySelector(pointed))
}"""
SELECT_NAME = "row => getSelection().selectAllChildren(row.querySelector('.entry-name'))"


def units(person):
    return person.find("#chat-log").evaluate(UNITS)


@pytest.fixture
def carol(arrives, alice):
    carol = arrives("carol")
    carol.logs_in()
    return carol


@pytest.fixture
def happened(site):
    """`happened("2026-01-01 10:00", …)`: the moments of the entries 1, 2, … are these, in UTC."""

    def happened(*moments):
        with closing(sqlite3.connect(site.folder / "discussit.db")) as database, database:
            for seq, moment in enumerate(moments, 1):
                database.execute("UPDATE entries SET timestamp = ? WHERE seq = ?", [f"{moment}:00.000000", seq])

    return happened


def line(person):
    return person.find(".run-line")


# Live


def test_a_second_event_folds_with_the_first_and_others_follow(alice, bob, carol, gardening):
    alice.opens(gardening)

    bob.joins(gardening)
    expect(line(alice)).to_contain_text("alice and bob joined")
    carol.joins(gardening)
    bob.leaves(gardening)

    expect(line(alice)).to_contain_text("alice and carol joined · bob came and went")
    assert units(alice)[1:] == ["alice and carol joined · bob came and went: 1 2 3 4"]
    assert alice.log()[-1] == [4, "bob", "left", ""]


def test_a_message_ends_a_run(alice, bob, carol, together):
    alice.says("hello")
    alice.sees("hello")

    carol.joins(together)

    expect(alice.find("#seq-4")).to_be_visible()
    assert units(alice)[1:] == ["alice and bob joined: 1 2", "3", "4"]


def lives(writer, others, group, chance):
    """Twenty entries: the others come and go, and now and then there is a message."""
    inside = set()
    for number in range(20):
        person = chance.choice([writer, *others, *others])
        if person is writer:
            writer.wrote(group, f"message {number}")
        elif person in inside:
            person.leaves(group)
        else:
            person.joins(group)
        inside ^= {person}


@pytest.mark.parametrize("seed", range(4))
def test_a_log_that_grew_live_is_folded_like_one_that_was_loaded(alice, bob, carol, gardening, seed):
    alice.opens(gardening)
    lives(alice, [bob, carol], gardening, random.Random(seed))  # noqa: S311
    expect(alice.find("#chat-log [data-seq]")).to_have_count(21)
    live, folded = alice.markup(), units(alice)

    alice.opens(gardening)

    assert (alice.markup(), units(alice)) == (live, folded)
    assert alice.page.evaluate(SERVED % UNITS)[1:] == folded[1:]


def test_an_open_run_stays_open_when_more_arrive(alice, bob, carol, together):
    line(alice).click()
    expect(alice.find("#seq-2")).to_be_visible()

    carol.joins(together)

    expect(line(alice)).to_contain_text("alice, bob and carol joined")
    expect(alice.find("#seq-3")).to_be_visible()


def test_an_open_run_stays_open_when_older_rows_join_it(alice, bob, gardening):
    for _ in range(28):
        bob.joins(gardening)
        bob.leaves(gardening)
    held = []
    alice.page.route("**/?before=*", lambda route: held.append(route))
    alice.opens(gardening)
    expect(line(alice)).to_have_text(re.compile("^bob came and went"))
    line(alice).click()

    alice.until(lambda: held)
    held[0].continue_()

    expect(line(alice)).to_contain_text("alice joined · bob came and went")
    expect(alice.find(".run [data-seq]")).to_have_count(57)
    expect(alice.find("#seq-1")).to_be_visible()


def test_the_event_that_a_link_leads_to_stays_alone(alice, bob, carol, gardening):
    bob.joins(gardening)
    alice.page.goto(f"groups/{gardening}/?at=2#seq-2")
    expect(alice.pill).to_have_text("Live")

    carol.joins(gardening)
    bob.leaves(gardening)

    expect(line(alice)).to_contain_text("carol joined · bob left")
    assert units(alice)[1:] == ["1", "2", "carol joined · bob left: 3 4"]


def test_without_the_runs_template_events_stay_single_and_the_page_is_live(alice, bob, carol, together, complaints):
    complaints.excuse("Error: there is no #run-template here")
    alice.says("hello")
    alice.sees("hello")
    alice.page.evaluate("() => document.querySelector('#run-template').remove()")

    carol.joins(together)
    bob.leaves(together)
    alice.says("bye")

    alice.sees("hello", "bye")
    assert units(alice)[1:] == ["alice and bob joined: 1 2", "3", "4", "5", "6"]


def test_people_who_are_added_and_removed_fold_live_as_after_a_reload(alice, bob, together):
    lunch = alice.founds("Lunch")
    alice.opens(lunch)
    alice.posts(f"groups/{lunch}/members/", username="bob")
    alice.posts(f"groups/{lunch}/members/remove/", username="bob")
    expect(line(alice)).to_contain_text("alice joined · bob came and went")
    live = alice.markup()

    alice.opens(lunch)

    assert alice.markup() == live


def test_a_run_is_split_and_joined_again_where_a_link_leads_and_stays_open(alice, bob, together):
    for _ in range(3):
        bob.leaves(together)
        bob.joins(together)
    alice.opens(together)
    line(alice).click()

    alice.page.evaluate(FOLD, "#seq-4")
    assert units(alice)[1:] == [
        "alice joined · bob came and went: 1 2 3",
        "4",
        "bob left and came back: 5 6 7 8",
    ]
    alice.page.evaluate(FOLD)

    assert units(alice)[1:] == ["alice and bob joined: 1 2 3 4 5 6 7 8"]
    expect(alice.find("#seq-1")).to_be_visible()
    expect(alice.find("#seq-8")).to_be_visible()


# Deleted messages


def deletes(person, group, *seqs):
    for seq in seqs:
        person.posts(f"groups/{group}/messages/{seq}/delete/")


@pytest.fixture
def written(alice, bob, together):
    """Alice's messages 3 to 8, at which both look."""
    alice.wrote(together, *(f"message {seq}" for seq in range(3, 9)))
    expect(bob.find("#seq-8")).to_be_visible()
    expect(alice.find("#seq-8")).to_be_visible()
    return together


def test_the_third_deleted_message_in_a_row_folds_live_with_the_others(alice, bob, written):
    deletes(alice, written, 3, 5)
    expect(bob.find("#seq-5 .entry-deleted")).to_be_visible()
    assert units(bob)[2:] == ["3", "4", "5", "6", "7", "8"]

    deletes(alice, written, 4)

    expect(line(bob).last).to_contain_text("3 messages deleted")
    assert units(bob)[2:] == ["3 messages deleted: 3 4 5", "6", "7", "8"]
    expect(bob.find("#seq-6 .entry-name")).to_be_visible()


def test_a_deletion_that_joins_two_runs_makes_one_that_stays_open(alice, bob, written):
    alice.wrote(written, "message 9")
    deletes(alice, written, 3, 4, 5, 7, 8, 9)
    expect(line(bob)).to_have_count(3)
    line(bob).last.click()

    deletes(alice, written, 6)

    expect(line(bob).last).to_contain_text("7 messages deleted")
    expect(bob.find("#seq-9")).to_be_visible()
    assert bob.violations == []


def test_a_message_with_the_focus_keeps_it_in_a_run_that_is_open(alice, bob, written):
    deletes(alice, written, 4, 5)
    expect(bob.find("#seq-5 .entry-deleted")).to_be_visible()
    bob.find("#seq-3 .entry-time").focus()

    deletes(alice, written, 3)

    expect(line(bob).last).to_contain_text("3 messages deleted")
    expect(bob.find("#seq-3 .entry-time")).to_be_focused()
    expect(bob.find("#seq-3 .entry-time")).to_be_visible()


def test_the_deleted_message_that_a_link_leads_to_stands_alone(alice, written):
    deletes(alice, written, 3, 4, 5, 6, 7)

    alice.page.goto(f"groups/{written}/?at=4#seq-4")
    expect(alice.pill).to_have_text("Live")

    assert units(alice)[2:] == ["3", "4", "3 messages deleted: 5 6 7", "8"]


def test_no_run_of_deleted_messages_is_across_the_new_line(alice, bob, written):
    deletes(alice, written, 3, 4, 5, 6, 7)
    expect(line(bob).last).to_contain_text("5 messages deleted")

    bob.has_read(written)
    bob.marks_unread(written, 5)
    bob.opens(written)

    expect(bob.find("#unread-line + #seq-5")).to_be_visible()
    assert [unit for unit in units(bob) if unit][2:] == ["3", "4", "5", "6", "7", "8"]


@pytest.mark.parametrize("seed", range(3))
def test_deletions_at_random_fold_live_as_after_a_reload_and_as_on_the_server(alice, bob, carol, together, seed):
    chance = random.Random(seed)  # noqa: S311
    lives(alice, [carol], together, chance)
    expect(alice.find("#chat-log [data-seq]")).to_have_count(22)
    doomed = [each for each in range(3, 23) if alice.find(f"#seq-{each}.message").count() and chance.random() < 0.7]
    chance.shuffle(doomed)
    deletes(alice, together, *doomed)
    expect(alice.find(".entry-deleted")).to_have_count(len(doomed))
    live = units(alice)

    alice.opens(together)

    assert units(alice) == live
    assert alice.page.evaluate(SERVED % UNITS)[1:] == live[1:]


# Days of the reader's own


@pytest.fixture
def far_east(arrives, alice):
    """Alice where midnight is at 10:00 UTC."""
    alice = arrives("alice", timezone_id="Pacific/Kiritimati")
    alice.logs_in()
    return alice


def test_a_run_ends_with_the_readers_day(far_east, bob, gardening, happened):
    for _ in range(2):
        bob.joins(gardening)
        bob.leaves(gardening)
    happened("2026-01-01 09:00", "2026-01-01 09:59", "2026-01-01 10:00", "2026-01-01 23:59", "2026-01-02 00:01")

    far_east.opens(gardening)

    assert far_east.page.evaluate(SERVED % UNITS) == ["-", "alice and bob joined: 1 2 3 4", "-", "5"]
    assert units(far_east) == ["-", "alice and bob joined: 1 2", "-", "bob left: 3 4 5"]


# Opening one


def test_the_keyboard_opens_and_closes_a_run_whose_line_stays_where_it_is(alice, bob, gardening):
    bob.joins(gardening)
    alice.wrote(gardening, *(f"message {n}" for n in range(30)))
    bob.leaves(gardening)
    for _ in range(4):
        bob.joins(gardening)
        bob.leaves(gardening)
    alice.opens(gardening)
    last = line(alice).last
    before = last.bounding_box()["y"]

    last.press("Enter")
    expect(alice.find("#seq-33")).to_be_visible()
    assert abs(last.bounding_box()["y"] - before) < 1
    last.press("Space")

    expect(alice.find("#seq-33")).to_be_hidden()
    assert abs(last.bounding_box()["y"] - before) < 1


def test_the_line_of_a_run_is_reached_with_tab(alice, bob, together):
    alice.find(".scroller").focus()

    alice.tabs_to(line(alice))


def test_axe_finds_nothing_on_runs_open_and_closed(alice, bob, carol, together):
    alice.says("hello")
    alice.sees("hello")
    carol.joins(together)
    bob.leaves(together)
    line(alice).first.click()
    expect(line(alice)).to_have_count(2)

    assert alice.violations == []


def test_runs_of_long_names_fit_on_a_phone(arrives, alice, gardening):
    long = arrives("n" * 150)
    long.logs_in()
    long.joins(gardening)
    alice.page.set_viewport_size({"width": 320, "height": 640})
    alice.opens(gardening)

    line(alice).click()

    expect(alice.find("#seq-2")).to_be_visible()
    assert alice.overhang <= 0
    assert alice.find(".run").evaluate("run => run.scrollWidth - run.clientWidth") <= 0


# What somebody uses


def test_an_event_that_has_the_focus_keeps_it_when_it_is_folded(alice, bob, gardening):
    alice.opens(gardening)
    time = alice.find("#seq-1 .entry-time")
    time.focus()

    bob.joins(gardening)

    expect(line(alice)).to_have_count(1)
    expect(time).to_be_focused()
    expect(time).to_be_visible()


def test_selected_text_stays_selected_when_its_event_is_folded(alice, bob, gardening):
    alice.opens(gardening)
    alice.find("#seq-1").evaluate(SELECT_NAME)

    bob.joins(gardening)

    expect(line(alice)).to_have_count(1)
    assert alice.page.evaluate("() => String(getSelection())") == "alice"
    expect(alice.find("#seq-1")).to_be_visible()


def test_events_that_fold_move_nothing_for_somebody_reading_further_up(alice, bob, carol, long_log):
    carol.joins(long_log)
    expect(bob.find("#seq-63")).to_be_visible()
    scrolls_up(bob, 800)
    read = bob.messages.filter(has_text="message 45")
    before = read.bounding_box()["y"]

    carol.leaves(long_log)

    expect(line(bob).last).to_contain_text("carol came and went")
    assert abs(read.bounding_box()["y"] - before) < 1


def test_an_event_that_a_link_leads_to_stands_alone(alice, bob, carol, gardening):
    bob.joins(gardening)
    carol.joins(gardening)

    alice.page.goto(f"groups/{gardening}/#seq-3")
    expect(alice.find("#seq-3")).to_be_in_viewport()
    expect(alice.find(".run > #seq-2")).to_have_count(1)
    alice.page.evaluate("() => { location.hash = '#seq-1' }")

    expect(alice.find("#seq-1")).to_be_in_viewport()
    expect(alice.find(".run > #seq-3")).to_have_count(1)


# One rule


def test_script_and_server_say_the_same_of_random_runs(alice, gardening):
    chance = random.Random(17)  # noqa: S311
    runs = [
        [(chance.choice("abcdef"), chance.choice(["joined", "left"])) for _ in range(chance.randrange(2, 12))]
        for _ in range(500)
    ]
    alice.opens(gardening)

    templates = make_templates().env.get_template("group/_entry.html").module
    lines = [re.sub("<[^>]*>", "", templates.run_words(list(parts(events)))) for events in runs]

    assert alice.page.evaluate(LINES, runs) == lines
