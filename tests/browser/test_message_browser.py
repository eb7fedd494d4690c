"""The pages of one message with a script: times in the reader's time zone, and links."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

TOKYO = "Asia/Tokyo"
ADDRESS = "https://example.org/seeds"


@pytest.fixture
def reader(arrives, alice, gardening):
    """Carol, in Tokyo, who reads what alice asked and edited: message 3."""
    reader = arrives("carol", timezone_id=TOKYO, locale="en-GB")
    reader.logs_in()
    reader.joins(gardening)
    alice.wrote(gardening, f"tomatoes from {ADDRESS}?")
    alice.posts(f"groups/{gardening}/messages/3/edit/", message=f"beans from {ADDRESS}?", rev="0")
    return reader


@pytest.mark.parametrize(("page", "count"), [("actions", 1), ("history", 2)])
def test_times_are_in_the_readers_time_zone_with_their_date(reader, gardening, page, count):
    reader.page.goto(f"groups/{gardening}/messages/3/{page}/")

    times = reader.find("main time")
    expect(times).to_have_count(count)
    for time in times.all():
        there = datetime.fromisoformat(time.get_attribute("datetime")).astimezone(ZoneInfo(TOKYO))
        expect(time).to_have_text(f"{there.day} {there:%B %Y} at {there:%H:%M}")


@pytest.mark.parametrize(("page", "count"), [("actions", 1), ("history", 2), ("delete", 1)])
def test_addresses_in_a_text_are_links(alice, reader, gardening, page, count):
    alice.page.goto(f"groups/{gardening}/messages/3/{page}/")

    expect(alice.find(f'main a[href="{ADDRESS}"]')).to_have_text([ADDRESS] * count)
