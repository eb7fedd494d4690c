"""`/groups/{uuid}/?from=`: a group's page around a moment."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, update
from world import fill, group_of

from discussit.models import Entry
from discussit.models.entries import TEXTS

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
END = list(range(72, 122))
NO_MOMENTS = [
    "",
    "yesterday",
    "2026-11-01",
    "2026-11-01T13:00:00",
    "2026-13-01T13:00:00Z",
    "2026-11-01T25:00:00Z",
    "2026-11-01T13:00:60Z",
    "2026-11-01T13:00:00+24:00",
    "2026-W44-7T13:00:00Z",
    "٢٠٢٦-11-01T13:00:00Z",
    "0001-01-01T00:00:00%2B01:00",
    "9999-12-31T23:59:59-01:00",
    "2026-11-01T13:00:00Z%00",
    "1793534400",
    "9" * 500,
]


@pytest.fixture
def long_log(site, state, alice, gardening):
    """The address of a group with 121 entries, one a minute from START on: a Join and 120 messages."""
    site.portal.call(fill, state.database, gardening, 120)
    site.portal.call(space, state.database, gardening)
    return f"/groups/{gardening}/"


async def space(database, uuid):
    async with database.transaction() as session:
        group = await group_of(session, uuid)
        for seq in range(1, 122):
            moment = START + timedelta(minutes=seq - 1)
            await session.execute(
                update(Entry).where(Entry.group_id == group.id, Entry.seq == seq).values(timestamp=moment)
            )


def jump(person, address, moment):
    """Where a page leads, and the seqs that it shows."""
    page = person.page(f"{address}?from={moment}")
    return page.one("group").get("data-at"), [seq for seq, _ in page.log()]


@pytest.mark.parametrize(
    ("moment", "at", "first", "last"),
    [
        ("2026-11-01T12:59:00Z", 60, 36, 85),
        ("2026-11-01T12:59:00.000001Z", 61, 37, 86),
        ("2026-11-01t12:58:30z", 60, 36, 85),
        ("2026-11-01T13:59:00+01:00", 60, 36, 85),  # the plus sign of a query is a space
        ("2026-11-01T13:59:00%2B01:00", 60, 36, 85),
        ("2026-11-01T07:29:00-05:30", 60, 36, 85),
        ("1999-12-31T00:00:00Z", 1, 1, 50),
        ("2026-11-01T14:00:00Z", 121, 97, 121),
    ],
)
def test_a_page_is_around_the_first_entry_since_a_moment(alice, long_log, moment, at, first, last):
    assert jump(alice, long_log, moment) == (str(at), list(range(first, last + 1)))


def test_after_the_last_entry_is_the_newest_page(alice, long_log):
    assert jump(alice, long_log, "2026-11-01T14:00:00.1Z") == (None, END)


def test_what_is_no_moment_leads_to_the_newest_page(alice, long_log, faultless):
    assert {moment: jump(alice, long_log, moment) for moment in NO_MOMENTS} == dict.fromkeys(NO_MOMENTS, (None, END))


def test_a_place_is_more_exact_than_a_moment(alice, long_log):
    assert jump(alice, long_log, "2026-11-01T12:59:00Z&at=10")[0] == "10"


def test_an_entry_without_a_row_leads_to_the_next_one_that_has_one(site, state, alice, long_log):
    async def hide_60():
        async with state.database.transaction() as session:
            await session.execute(delete(TEXTS).where(TEXTS.c.seq == 60))

    site.portal.call(hide_60)

    assert jump(alice, long_log, "2026-11-01T12:59:00Z")[0] == "61"


def test_the_entry_is_pointed_out(alice, long_log):
    page = alice.page(f"{long_log}?from=2026-11-01T12:59:00Z")

    assert "pointed" in page.one("seq-60")["class"]


def test_only_members_jump_to_a_moment(bob, long_log):
    assert bob.get(f"{long_log}?from=2026-11-01T12:59:00Z").status_code == 403
