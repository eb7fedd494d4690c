"""What members want to be told of a group, as a page and as a script's request."""

from datetime import UTC, datetime, timedelta

import pytest
from people import V1, HttpPerson, Reader

JSON = {"Accept": "application/json"}


@pytest.fixture
def together(alice, bob, gardening):
    """Alice's Join is entry 1, bob's is 2."""
    bob.joins(gardening)
    return gardening


def path(group):
    return f"/groups/{group}/preferences/"


def chosen(person, group):
    """The level that the page has checked, and whether the group is muted."""
    return person.page(path(group)).form(path(group))["level"], "Muted until" in person.get(path(group)).text


def alerts(person):
    """How much of each group the title counts, of those in which that is anything."""
    with person.at_home(V1) as socket:
        return Reader(socket).next()["alerts"]


def hour(hours):
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


def test_the_groups_page_leads_to_its_notifications(bob, together):
    page = bob.page(f"/groups/{together}/")

    assert page.one("preferences")["href"] == path(together)
    assert chosen(bob, together) == ("mentions", False)


@pytest.mark.parametrize(("level", "expected"), [("all", 2), ("mentions", 1), ("nothing", 0)])
def test_a_level_says_what_is_an_alert(alice, bob, together, level, expected):
    response = bob.post(path(together), **bob.fills(path(together), path(together), level=level))
    alice.says(together, "@bob")
    alice.says(together, "hi")

    assert (response.status_code, response.headers["location"]) == (303, f"/groups/{together}/")
    assert alerts(bob) == ({together: expected} if expected else {})
    assert chosen(bob, together) == (level, False)


def test_a_reply_to_a_message_is_an_alert_of_its_author_alone(alice, bob, together):
    bob.says(together, "Tomatoes?")

    alice.says(together, "Yes", reply_to=3)

    assert (alerts(bob), alerts(alice)) == ({together: 1}, {})


def test_an_answer_to_oneself_is_no_alert(bob, together):
    bob.says(together, "Tomatoes?")

    bob.says(together, "Yes", reply_to=3)

    assert alerts(bob) == {}


@pytest.mark.parametrize("mute", ["1h", "8h", "1d", "7d", "forever"])
def test_a_group_that_is_muted_has_no_alerts_and_keeps_its_numbers(alice, bob, together, mute):
    bob.post(path(together), mute=mute)

    alice.says(together, "@bob")

    assert alerts(bob) == {}
    assert chosen(bob, together) == ("mentions", True)
    assert f'data-group="{together}">1</span>' in bob.get("/").text


def test_a_group_is_muted_until_a_moment_and_no_longer(alice, bob, together):
    bob.post(path(together), muted_until=hour(-1))
    alice.says(together, "@bob")
    assert alerts(bob) == {together: 1}

    bob.post(path(together), muted_until=hour(1))
    assert alerts(bob) == {}


@pytest.mark.parametrize("fields", [{"mute": "off"}, {"muted_until": ""}])
def test_a_group_is_unmuted(alice, bob, together, fields):
    bob.post(path(together), mute="forever", level="all")
    alice.says(together, "hi")

    bob.post(path(together), **fields)

    assert alerts(bob) == {together: 1}
    assert chosen(bob, together) == ("all", False)


@pytest.mark.parametrize(
    "fields",
    [{"level": "loud"}, {"level": ""}, {"mute": "never"}, {"muted_until": "soon"}, {"muted_until": "2026-11-28T08:00"}],
)
def test_what_is_no_preference_is_refused(alice, bob, together, fields):
    page = bob.post(path(together), **fields)
    answer = bob.browser.post(path(together), data=fields, headers=JSON)

    assert (page.status_code, "field-error" in page.text) == (400, True)
    assert (answer.status_code, answer.json()[0]["code"]) == (400, "bad_frame")
    assert chosen(bob, together) == ("mentions", False)


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59Z"])
def test_a_group_is_muted_for_as_long_as_anybody_lives(bob, together, moment):
    assert bob.post(path(together), muted_until=moment).status_code == 303

    assert "Muted until you turn it off." in bob.get(path(together)).text


@pytest.mark.parametrize(("given", "leads_to"), [("/", "/"), ("//evil.example", "/")])
def test_a_form_leads_to_where_it_says_on_this_site(bob, together, given, leads_to):
    assert bob.post(path(together), level="all", next=given).headers["location"] == leads_to


def test_a_script_gets_the_numbers(alice, bob, together):
    alice.says(together, "hi")

    answer = bob.browser.post(path(together), data={"level": "all"}, headers=JSON).json()

    assert answer == [
        {"type": "unread", "group_uuid": together, "unread": 1, "mentions": 0, "read": 2, "read_rev": 0, "at": 3}
        | {"alerts": 1}
    ]


def test_preferences_are_each_members_own(site, alice, bob, together):
    bob.post(path(together), level="nothing", mute="1h")

    assert chosen(alice, together) == ("mentions", False)


def test_a_direct_group_alerts_of_every_message_until_its_member_wants_otherwise(alice, bob, together):
    group = bob.converses("alice")
    bob.says(group, "hi")
    assert (alerts(alice), chosen(alice, group)) == ({group: 1}, ("all", False))

    alice.post(path(group), level="mentions")

    assert alerts(alice) == {}


def test_only_members_have_preferences(site, alice, bob, together):
    cleo = HttpPerson(site, "cleo")
    cleo.sign_up()

    assert [cleo.get(path(together)).status_code, cleo.post(path(together), level="all").status_code] == [403, 403]


def test_all_pages_of_the_member_are_sent_their_preferences(alice, bob, together):
    alice.says(together, "hi")
    with bob.at_home(V1) as home, bob.reading(together) as page:
        pages = [Reader(home), page]
        bob.post(path(together), level="all", mute="1h")

        found = [each.until(type="group", group_uuid=together) for each in pages]
        assert [(each["level"], each["muted"]) for each in found] == [("all", True)] * 2


def test_all_pages_of_the_member_are_sent_the_alerts_since(alice, bob, together):
    alice.says(together, "hi")
    with bob.at_home(V1) as home, bob.reading(together) as page:
        pages = [Reader(home), page]
        bob.post(path(together), level="all")

        assert [each.until(type="unread")["alerts"] for each in pages] == [1, 1]
