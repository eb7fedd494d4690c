"""Safari on iOS stops or jumps when rows below the view change while somebody scrolls, so they wait for the rest."""

import pytest
from browsers import PHONE
from long_logs import fill, rows
from playwright.sync_api import expect

ENTRIES = 600
LIMIT = 400  # rows on the page
SOON, REST = 100, 200  # milliseconds: less and more than after the last movement, when it is at rest

# What is known of Safari there. Scrolling by script ends at once, that by a finger only when it is lifted.
IS_IOS = """(() => {
  const supports = CSS.supports
  CSS.supports = (...query) => query[0] === "-webkit-touch-callout" || supports.apply(CSS, query)
  addEventListener("scrollend", event => event.stopImmediatePropagation(), true)
})()"""
SCROLLS = """pixels => new Promise(resolve => {
  const scroller = document.querySelector(".scroller")
  scroller.addEventListener("scroll", resolve, { once: true })
  scroller.scrollTop -= pixels
})"""


@pytest.fixture
def reader(site, alice, arrives, gardening):
    """Bob a little above the end, with a clock that goes on when the test says so."""
    bob = arrives("bob", **PHONE)
    bob.logs_in()
    bob.joins(gardening)
    fill(site, gardening, ENTRIES)
    bob.has_read(gardening)
    bob.page.add_init_script(IS_IOS)
    bob.page.clock.install()
    bob.group = gardening
    bob.opens(gardening)
    bob.page.clock.pause_at(bob.page.evaluate("() => Date.now() / 1000") + 1)
    return bob


def scrolls(tab, pixels):
    tab.page.evaluate(SCROLLS, pixels)


def goes_on(tab, milliseconds):
    tab.page.clock.run_for(milliseconds)


def test_rows_that_come_while_somebody_scrolls_are_inserted_afterwards(alice, reader):
    scrolls(reader, 700)
    alice.wrote(reader.group, "while scrolling")
    reader.until(lambda: any(frame.get("content") == "while scrolling" for frame in reader.received))

    goes_on(reader, SOON)
    before = rows(reader)[-1]
    goes_on(reader, REST)

    expect(reader.messages.last).to_have_text("while scrolling")
    assert rows(reader)[-1] == before + 1


def test_rows_below_are_dropped_when_scrolling_has_come_to_rest(reader):
    last = rows(reader)[-1]
    while len(rows(reader)) <= LIMIT:
        first = rows(reader)[0]
        scrolls(reader, 100_000)
        reader.until(lambda: rows(reader)[0] < first)  # noqa: B023
    assert rows(reader)[-1] == last

    goes_on(reader, REST)

    reader.until(lambda: len(rows(reader)) <= LIMIT)
    assert rows(reader)[-1] < last
