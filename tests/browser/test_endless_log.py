"""A log is scrolled through from end to end, and the page holds a small part of it."""

import pytest
from browsers import PHONE
from long_logs import fill, is_at_end, place, returns_to, rows
from playwright.sync_api import expect

ENTRIES = 2_000
LIMIT = 400  # rows on the page

# Scrolls by less than a view per frame until there is no more. What was in view, and what was wrong in any frame.
READ_THROUGH = """async direction => {
  const scroller = document.querySelector(".scroller")
  const seen = new Set()
  const wrong = []
  const look = () => {
    const { top, bottom } = scroller.getBoundingClientRect()
    const rows = [...document.querySelectorAll("#chat-log [data-seq]")]
    const seqs = rows.map(row => Number(row.dataset.seq))
    if (rows.length > 400 || seqs.some((seq, i) => i && seq <= seqs[i - 1])) wrong.push(seqs)
    for (const [i, row] of rows.entries()) {
      const box = row.getBoundingClientRect()
      if (box.bottom > top && box.top < bottom) seen.add(seqs[i])
    }
  }
  const isOver = () => {
    const { scrollTop, scrollHeight, clientHeight } = scroller
    const rest = direction < 0 ? scrollHeight - clientHeight + scrollTop : -scrollTop
    return rest < 2 && !document.querySelector(direction < 0 ? "#earlier" : "#later")
  }
  look()
  for (let frames = 0; frames < 5000 && !isOver(); frames += 1) {
    scroller.scrollTop += direction * 0.8 * scroller.clientHeight
    await new Promise(requestAnimationFrame)
    look()
  }
  return [[...seen].sort((a, b) => a - b), wrong]
}"""


@pytest.fixture
def long_log(site, alice, bob, gardening):
    bob.joins(gardening)
    fill(site, gardening, ENTRIES)
    bob.has_read(gardening)
    return gardening


def reads_through(tab, direction):
    seen, wrong = tab.page.evaluate(READ_THROUGH, direction)
    assert wrong == []
    return seen


def scrolls_until(tab, pixels, is_so):
    """Scroll by so many pixels at a time."""

    def has_arrived():
        tab.page.evaluate("y => { document.querySelector('.scroller').scrollTop += y }", pixels)
        return is_so()

    tab.until(has_arrived)


def test_a_reader_scrolls_up_to_the_first_entry_and_down_to_the_last(bob, long_log):
    bob.opens(long_log)

    up, down = reads_through(bob, -1), reads_through(bob, 1)

    assert up == list(range(1, ENTRIES + 3))
    assert down == list(range(1, ENTRIES + 3))
    assert len(rows(bob)) <= LIMIT


def test_a_reader_on_a_phone_scrolls_up_and_down(arrives, long_log):
    bob = arrives("bob", **PHONE)
    bob.logs_in()
    bob.opens(long_log)
    bob.page.goto(f"groups/{long_log}/?at=500")

    up, down = reads_through(bob, -1), reads_through(bob, 1)

    assert up[0] == 1
    assert down == list(range(1, ENTRIES + 3))


def test_a_reader_who_comes_back_to_the_end_is_live_again(alice, bob, long_log):
    bob.opens(long_log)
    scrolls_until(bob, -1_500, lambda: bob.find("#later").count())
    alice.wrote(long_log, "while away")
    expect(bob.find("#newest")).to_have_text("1 new")

    scrolls_until(bob, 1_500, lambda: is_at_end(bob))
    expect(bob.messages.last).to_have_text("while away")
    alice.wrote(long_log, "live")

    expect(bob.messages.last).to_have_text("live")
    expect(bob.messages.last).to_be_in_viewport()
    assert rows(bob)[-2:] == [ENTRIES + 3, ENTRIES + 4]


def test_a_row_with_the_focus_stays_and_a_gap_shows_what_is_missing(bob, long_log):
    bob.opens(long_log)
    row = bob.find(f"#seq-{ENTRIES}")
    row.evaluate("row => { row.tabIndex = -1; row.focus({ preventScroll: true }) }")

    scrolls_until(bob, -1_500, lambda: bob.find("#later").count())

    expect(row).to_be_focused()
    expect(bob.find(f".entry-gap + #seq-{ENTRIES}, .entry-gap + .entry-day + #seq-{ENTRIES}")).to_have_count(1)


def test_a_row_that_lost_the_focus_far_away_goes(alice, bob, long_log):
    bob.opens(long_log)
    row = bob.find(f"#seq-{ENTRIES}")
    row.evaluate("row => { row.tabIndex = -1; row.focus({ preventScroll: true }) }")
    scrolls_until(bob, -1_500, lambda: bob.find("#later").count())
    expect(row).to_have_count(1)
    before = place(bob)

    row.evaluate("row => row.blur()")
    alice.wrote(long_log, "hi")

    expect(row).to_have_count(0)
    expect(bob.find(".entry-gap")).to_have_count(0)
    returns_to(bob, *before)


@pytest.mark.parametrize(
    "hold",
    [
        "row => getSelection().selectAllChildren(row.querySelector('.entry-text'))",
        "row => row.append(document.createElement('textarea'))",
    ],
    ids=["selection", "editor"],
)
def test_a_row_that_somebody_works_with_stays(bob, long_log, hold):
    bob.opens(long_log)
    row = bob.find(f"#seq-{ENTRIES}")
    row.evaluate(hold)

    scrolls_until(bob, -1_500, lambda: bob.find("#later").count())

    expect(row).to_have_count(1)
    expect(bob.find(".entry-gap")).to_have_count(1)
    scrolls_until(bob, 1_500, lambda: is_at_end(bob))
    expect(bob.find(".entry-gap")).to_have_count(0)
    assert rows(bob) == list(range(rows(bob)[0], ENTRIES + 3))


def test_the_row_below_the_new_line_stays(alice, bob, long_log):
    alice.floods(long_log, 5)
    bob.opens(long_log)
    expect(bob.find("#unread-line")).to_have_count(1)

    scrolls_until(bob, -1_500, lambda: bob.find("#later").count())

    expect(bob.find(f"#unread-line + #seq-{ENTRIES + 3}")).to_have_count(1)
