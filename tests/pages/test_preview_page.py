import pytest
from people import HttpPerson
from sqlalchemy import update
from world import add_direct, archive, fill

from discussit.models import Group

NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def busy(alice, gardening):
    """Gardening, in which much can be pressed by members."""
    alice.says(gardening, "The tomatoes are **ripe**")
    alice.says(gardening, "Which?", reply_to=2)
    alice.says(gardening, "Nobody reads this")
    alice.edits(gardening, 3, "Which ones?")
    alice.deletes(gardening, 4)
    alice.reacts(gardening, 2, "👍")
    return gardening


def preview_of(group):
    return f"/groups/{group}/preview/"


def test_a_visitor_is_sent_to_log_in_and_back(site, gardening):
    response = HttpPerson(site, "visitor").get(preview_of(gardening))

    assert response.headers["location"] == f"/accounts/login/?next=/groups/{gardening}/preview/"


def test_somebody_who_is_not_in_an_open_group_reads_its_last_entries(bob, busy):
    preview = bob.page(preview_of(busy)).one("preview").text

    for text in ("alice joined", "The tomatoes are ripe", "Which ones?", "edited", "Message deleted", "👍 1"):
        assert text in preview
    assert "Nobody reads this" not in preview


def test_a_preview_has_no_way_to_act_and_no_names_of_those_who_reacted(alice, bob, busy):
    page = bob.page(preview_of(busy))
    within = [each for each in page.elements if page.one("preview") in each.parents]

    assert {each["href"][:5] for each in within if each.tag == "a"} == {"#seq-"}
    assert not [each for each in within if each.tag in ("button", "form", "input")]
    assert "history" not in bob.get(preview_of(busy)).text
    assert bob.get(f"/groups/{busy}/messages/3/history/").status_code == 403


def test_a_preview_shows_the_last_fifty_entries(site, state, bob, gardening):
    site.portal.call(fill, state.database, gardening, 60)

    shown = [each["data-seq"] for each in bob.page(preview_of(gardening)).elements if each.get("data-seq")]

    assert shown == [str(seq) for seq in range(12, 62)]


def test_a_preview_begins_where_new_members_may_read(site, state, bob, busy):
    site.portal.call(change, state.database, {"readable_from": 3})
    preview = bob.page(preview_of(busy)).one("preview").text

    assert "Which ones?" in preview
    assert "tomatoes" not in preview


def test_an_empty_group_says_so(alice, bob):
    cooking = alice.creates("Cooking")

    assert "No messages yet." in bob.page(preview_of(cooking)).one("preview").text


@pytest.mark.parametrize(
    ("posting", "words"),
    [
        ("everyone", "Join to read everything and to write."),
        ("moderators", "Join to read everything. Only moderators and owners can write messages."),
    ],
)
def test_a_preview_says_what_members_may_do(site, state, bob, gardening, posting, words):
    site.portal.call(change, state.database, {"posting": posting})

    assert words in bob.page(preview_of(gardening)).one("content").text


def test_joining_from_a_preview_leads_into_the_group(bob, gardening):
    form = bob.page(preview_of(gardening)).form(f"/groups/{gardening}/join/")

    assert bob.post(f"/groups/{gardening}/join/", **form).headers["location"] == f"/groups/{gardening}/"


def test_a_member_is_led_to_the_group(alice, gardening):
    response = alice.get(preview_of(gardening))

    assert (response.status_code, response.headers["location"]) == (303, f"/groups/{gardening}/")


def test_a_group_without_previews_is_refused_as_to_any_stranger(site, state, bob, busy):
    site.portal.call(change, state.database, {"preview": False})
    response = bob.get(preview_of(busy))

    assert response.status_code == 403
    assert "You are not a member of this group. Kindly use the join button." in response.text
    assert "tomatoes" not in response.text
    assert "preview/" not in response.text


def test_closed_direct_and_unknown_groups_have_none(site, state, alice, bob):
    club = alice.founds("Book club", access="closed")
    direct = site.portal.call(add_direct, state.database, "alice")

    assert [bob.get(preview_of(each)).status_code for each in (club, direct, NOWHERE)] == [404, 404, 404]


def test_an_archived_group_can_be_previewed_but_not_joined(site, state, bob, busy):
    site.portal.call(archive, state.database, busy)
    page = bob.page(preview_of(busy))

    assert "tomatoes" in page.one("preview").text
    assert "This group is archived" in page.one("content").text
    assert f"/groups/{busy}/join/" not in [each["action"] for each in page.forms()]


# The page of a group that one is not in


def test_the_page_of_a_group_that_one_is_not_in_names_it_and_leads_to_its_preview(bob, gardening):
    text = bob.get(f"/groups/{gardening}/").text

    assert "You're not in <bdi>Gardening</bdi> yet" in text
    assert "You are not a member of this group. Kindly use the join button." in text
    assert f'href="/groups/{gardening}/preview/"' in text
    assert f'action="/groups/{gardening}/join/"' in text


def test_the_page_of_an_archived_group_has_the_reason_in_place_of_the_button(site, state, bob, gardening):
    site.portal.call(archive, state.database, gardening)
    text = bob.get(f"/groups/{gardening}/").text

    assert "This group is archived, so nobody can join it any more." in text
    assert f"/groups/{gardening}/join/" not in text


async def change(database, values):
    async with database.transaction() as session:
        await session.execute(update(Group).values(values))
