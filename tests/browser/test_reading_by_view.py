"""What counts as read: what was in view of somebody who is there, for long enough."""

import pytest
from long_logs import fill
from playwright.sync_api import expect

FIRST = 3  # the seq of the first message, after two Joins
LONG = "A line of a message that is higher than any window.\n" * 80
MOMENT, WHILE = 500, 3_000  # milliseconds: less than it takes to read something, and more, with a mark
INACTIVE = 121_000  # milliseconds after which nobody seems to be there
BLUR = """() => {
  Object.defineProperty(document, "hasFocus", { value: () => false, configurable: true })
  dispatchEvent(new Event("blur"))
}"""


@pytest.fixture
def bob(bob, gardening):
    """With a clock that goes on when the test says so."""
    bob.joins(gardening)
    bob.group = gardening
    bob.page.clock.install()
    return bob


def opens(tab, query=""):
    """Its clock stands still from here on."""
    tab.page.goto(f"groups/{tab.group}/{query}")
    expect(tab.pill).to_have_text("Live")
    tab.page.clock.pause_at(tab.page.evaluate("() => Date.now() / 1000") + 1)


def goes_on(tab, milliseconds):
    tab.page.clock.run_for(milliseconds)


def number(tab):
    return tab.find(f'.group-unread[data-group="{tab.group}"]')


def marks(tab):
    """Up to where it marked the log as read."""
    return [frame["seq"] for frame in tab.sent if frame["type"] == "mark_read"]


def comes(alice, bob, text):
    """The message arrives and is drawn."""
    alice.wrote(bob.group, text)
    bob.until(lambda: goes_on(bob, 20) or bob.messages.all_text_contents()[-1:] == [text])


def is_unread_after(bob, milliseconds, count=1):
    goes_on(bob, milliseconds)
    expect(number(bob)).to_have_text(str(count))
    assert marks(bob) == []


def test_a_message_in_view_is_read_after_a_while(alice, bob):
    opens(bob)
    comes(alice, bob, "hi")
    assert marks(bob) == []

    goes_on(bob, WHILE)

    bob.until(lambda: FIRST in marks(bob))
    expect(number(bob)).to_have_count(0)


def test_a_message_is_not_read_on_a_hidden_page(alice, bob):
    opens(bob)
    bob.hides()
    comes(alice, bob, "hi")

    is_unread_after(bob, WHILE)


def test_a_message_is_not_read_on_a_page_without_the_focus(alice, bob):
    opens(bob)
    bob.page.evaluate(BLUR)
    comes(alice, bob, "hi")

    is_unread_after(bob, WHILE)


def test_a_message_is_not_read_when_nobody_has_done_anything_for_long(alice, bob):
    opens(bob)
    goes_on(bob, INACTIVE)
    comes(alice, bob, "hi")
    is_unread_after(bob, WHILE)

    bob.page.mouse.move(200, 200)
    goes_on(bob, WHILE)

    bob.until(lambda: FIRST in marks(bob))


def test_a_message_that_was_in_view_for_a_moment_is_not_read(alice, bob):
    opens(bob)
    comes(alice, bob, "hi")
    goes_on(bob, MOMENT)

    bob.hides()

    is_unread_after(bob, WHILE)


def test_a_message_of_which_only_the_beginning_is_in_view_is_not_read(alice, bob):
    alice.wrote(bob.group, LONG)
    opens(bob, f"?at={FIRST}#seq-{FIRST}")
    bob.find(".scroller").evaluate("scroller => { scroller.scrollTop = -400 }")
    is_unread_after(bob, WHILE)

    bob.find(".scroller").evaluate("scroller => { scroller.scrollTop = 0 }")
    goes_on(bob, WHILE)

    bob.until(lambda: FIRST in marks(bob))


def test_the_number_falls_as_a_reader_scrolls_through_unread_messages(site, bob):
    fill(site, bob.group, 60)
    opens(bob)
    goes_on(bob, WHILE)
    bob.until(lambda: unread(bob) < 60)
    before = unread(bob)

    bob.find(".scroller").evaluate("scroller => { scroller.scrollTop += 500 }")
    goes_on(bob, WHILE)

    bob.until(lambda: unread(bob) < before)
    assert 0 < unread(bob) < before < 60


def unread(tab):
    """The number that is shown, if any."""
    return sum(int(each) for each in number(tab).all_text_contents())


@pytest.mark.parametrize("way", ["first", "all"])
def test_many_unread_messages_are_not_read_before_their_reader_decides(site, bob, way):
    fill(site, bob.group, 214)
    opens(bob)
    is_unread_after(bob, WHILE, 214)

    if way == "all":
        bob.find("#unread-bar button").click()
    else:
        bob.find("#go-to-first").click()
        bob.until(lambda: goes_on(bob, 20) or bob.find(f"#seq-{FIRST}").count())
    goes_on(bob, WHILE)

    bob.until(lambda: goes_on(bob, 200) or len(marks(bob)) > 0)
    assert marks(bob)[-1] == FIRST + 213 if way == "all" else FIRST <= marks(bob)[-1] < FIRST + 100


def test_a_reader_who_returns_to_the_end_has_not_read_what_is_between(site, bob):
    fill(site, bob.group, 214)
    opens(bob)
    bob.find("#go-to-first").click()
    bob.until(lambda: goes_on(bob, 20) or bob.find(f"#seq-{FIRST}").count())
    goes_on(bob, WHILE)

    bob.find("#newest").click()
    bob.until(lambda: goes_on(bob, 20) or bob.find(f"#seq-{FIRST + 213}").count())
    goes_on(bob, WHILE)

    assert 100 < int(number(bob).text_content()) < 214
    expect(bob.find("#unread-bar")).to_be_visible()
