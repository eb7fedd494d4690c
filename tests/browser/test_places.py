"""Back, Forward and reloads lead to where a reader was."""

import pytest
from browsers import PHONE, scrolls_up
from long_logs import fill, is_at_end, is_remembered, place, returns_to
from playwright.sync_api import expect

ENTRIES = 1_000
LAST = ENTRIES + 2


@pytest.fixture(params=[{}, PHONE], ids=["desktop", "phone"])
def reader(request, site, alice, arrives, gardening):
    """Bob at the end of a log of a thousand messages that he has read."""
    bob = arrives("bob", **request.param)
    bob.logs_in()
    bob.joins(gardening)
    fill(site, gardening, ENTRIES)
    bob.has_read(gardening)
    bob.group = gardening
    return bob.opens(gardening)


def reads_further_up(tab):
    tab.page.goto(f"groups/{tab.group}/?at=500#seq-500")
    expect(tab.find("#seq-500")).to_be_in_viewport()
    scrolls_up(tab, 333)
    return is_remembered(tab, place(tab))


def test_a_reload_leads_to_the_same_row(reader):
    before = reads_further_up(reader)

    reader.page.reload()

    expect(reader.pill).to_have_text("Live")
    returns_to(reader, *before)


def test_back_from_another_page_leads_to_the_same_row(reader):
    before = reads_further_up(reader)
    reader.goes_home()

    reader.page.go_back()

    returns_to(reader, *before)


def test_forward_leads_to_the_same_row(reader):
    reader.goes_home()
    before = reads_further_up(reader)
    reader.page.go_back()
    expect(reader.find("#groups")).to_be_visible()

    reader.page.go_forward()

    returns_to(reader, *before)


def test_a_page_that_was_read_to_the_end_is_at_the_end_after_a_reload(alice, reader):
    reader.page.reload()
    expect(reader.pill).to_have_text("Live")
    reader.until(lambda: is_at_end(reader))

    alice.wrote(reader.group, "hi")

    expect(reader.messages.last).to_have_text("hi")
    expect(reader.messages.last).to_be_in_viewport()


def test_who_read_on_from_a_link_to_the_end_is_there_after_a_reload(reader):
    reader.page.goto(f"groups/{reader.group}/?at={LAST - 20}#seq-{LAST - 20}")
    expect(reader.find(".pointed")).to_be_in_viewport()
    reader.find(".scroller").evaluate("scroller => { scroller.scrollTop = 0 }")
    reader.until(lambda: reader.page.evaluate("() => history.state?.place === null"))

    reader.page.reload()

    expect(reader.pill).to_have_text("Live")
    reader.until(lambda: is_at_end(reader))
    expect(reader.find(f"#seq-{LAST}")).to_be_in_viewport()


def test_back_to_a_page_that_was_read_to_the_end_leads_to_its_new_end(alice, reader):
    reader.goes_home()
    alice.wrote(reader.group, "hi")

    reader.page.go_back()

    expect(reader.messages.last).to_have_text("hi")
    expect(reader.messages.last).to_be_in_viewport()


@pytest.mark.parametrize(
    "size",
    [{"width": 844, "height": 390}, {"width": 390, "height": 480}],
    ids=["rotation", "phone keyboard"],
)
def test_another_size_leaves_a_page_at_its_end(alice, reader, size):
    reader.page.set_viewport_size(size)
    alice.wrote(reader.group, "hi")

    expect(reader.messages.last).to_have_text("hi")
    expect(reader.messages.last).to_be_in_viewport()


def test_a_reset_leads_to_the_same_row(site, alice, reader):
    before = reads_further_up(reader)
    expect(reader.pill).to_have_text("Live")
    alice.wrote(reader.group, "hi")
    expect(reader.find("#newest")).to_have_text("1 new")

    alice.revises("hi", "hello")

    with reader.page.expect_navigation():
        alice.wrote(reader.group, "again")
    expect(reader.pill).to_have_text("Live")
    returns_to(reader, *before)
