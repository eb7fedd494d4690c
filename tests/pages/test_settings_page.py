"""The page of a group's settings, and the one that asks whether to leave."""

import pytest
from hostile import GROUPS, MESSAGES
from people import Page
from rights import add, disown, promote, settle
from sqlalchemy import select
from world import group_of

from discussit.models import User


def settings(group):
    return f"/groups/{group}/settings/"


def content(page):
    return " ".join(page.one("content").text.split())


# Who sees what


def test_an_owner_finds_the_settings_from_the_group(bob, cleo, lunch):
    page = bob.page(f"/groups/{lunch}/")

    assert settings(lunch) in [each.get("href") for each in page.elements]
    assert settings(lunch) not in [each.get("href") for each in cleo.page(f"/groups/{lunch}/").elements]


def test_the_settings_of_a_closed_group_say_who_adds_people(bob, lunch):
    settle(bob, lunch, access="closed")

    about = bob.page(settings(lunch)).one("about-closed").text

    assert "find and read it. Moderators and owners add and invite people. Whoever runs" in about


def test_a_moderator_sees_the_way_to_members_and_invitations_only(bob, cleo, lunch):
    promote(bob, lunch, "cleo", "moderator")

    page = cleo.page(settings(lunch))

    assert (page.link("Members"), page.link("Invitations")) == (
        f"/groups/{lunch}/members/",
        f"/groups/{lunch}/invitations/",
    )
    assert [each for each in page.forms() if each.get("action") == settings(lunch)] == []


def test_an_ordinary_member_sees_no_settings(cleo, lunch):
    assert cleo.get(settings(lunch)).status_code == 403


def test_outsiders_see_no_settings(alice, bob, lunch):
    assert alice.get(settings(lunch)).status_code == 403
    settle(bob, lunch, access="closed")
    assert alice.get(settings(lunch)).status_code == 404


@pytest.mark.parametrize("access", ["open", "closed"])
def test_a_superuser_sees_the_settings_of_what_nobody_owns_but_not_its_members(site, state, alice, bob, lunch, access):
    settle(bob, lunch, access=access)
    site.portal.call(disown, state.database)

    page = alice.page(settings(lunch))

    assert "Nobody owns this group" in content(page)
    assert page.link("Members") is None
    assert "chat-log" not in page.ids()
    assert alice.get(f"/groups/{lunch}/").status_code == (403 if access == "open" else 404)


def test_a_superuser_appoints_an_owner_on_the_page(site, state, alice, bob, cleo, lunch):
    site.portal.call(disown, state.database)

    form = alice.fills(settings(lunch), f"/groups/{lunch}/members/role/", username="cleo")

    assert alice.post(f"/groups/{lunch}/members/role/", **form).headers["location"] == "/"
    assert cleo.get(settings(lunch)).status_code == 200


# Beside the log


def test_the_settings_stand_beside_the_log_and_the_field(bob, cleo, lunch):
    cleo.says(lunch, "Soup")

    page = bob.page(settings(lunch))

    assert page.log()[-1][1] == "cleo Soup"
    assert page.form(f"/groups/{lunch}/messages/")["account"]
    assert len(page.ids()) == len(set(page.ids()))


@pytest.mark.parametrize("status", [400, 409])
def test_a_refused_form_stands_beside_the_log_as_well(bob, lunch, status):
    bob.says(lunch, "Soup")
    form = bob.fills(settings(lunch), settings(lunch), name="" if status == 400 else "Dinner")
    settle(bob, lunch, name="Brunch")

    refused = bob.post(settings(lunch), **form)

    page = Page(refused.text)
    assert refused.status_code == status
    assert "bob Soup" in [text for _, text in page.log()]
    assert page.one("field-name")["value"] == form["name"]
    assert page.form(f"/groups/{lunch}/messages/").get("message", "") == ""


def test_an_archived_groups_settings_stand_beside_its_log(bob, lunch):
    bob.says(lunch, "Soup")
    settle(bob, lunch, archived=1)

    page = bob.page(settings(lunch))

    assert "bob Soup" in [text for _, text in page.log()]
    assert "read-only" in page.one("composer")["class"]


def test_what_was_before_ones_join_is_not_beside_the_settings_either(alice, bob, lunch):
    settle(bob, lunch, access="closed")
    settle(bob, lunch, history="from_join")
    bob.says(lunch, "A secret")
    add(bob, lunch, "alice")
    bob.says(lunch, "Soup")

    assert [text for _, text in alice.page(settings(lunch)).log()] == ["alice was added by bob", "bob Soup"]


# Saving


def test_the_page_saves_what_was_typed(bob, lunch):
    typed = {"name": "Dinner", "description": "At seven\r\nsharp", "posting": "moderators"}

    assert bob.post(settings(lunch), **bob.fills(settings(lunch), settings(lunch), **typed)).status_code == 303

    page = bob.page(settings(lunch))
    assert page.one("field-name")["value"] == "Dinner"
    assert page.one("field-description").text.strip() == "At seven\nsharp"
    (writing,) = [each["value"] for each in page.within("field-posting") if "selected" in each.attributes]
    assert writing == "moderators"


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"name": " "}, {"name": "Give the group a name, up to 30 characters."}),
        ({"name": "x" * 31}, {"name": "A group's name has 1 to 30 printable characters."}),
        ({"description": "x" * 501}, {"description": "1 character too long. Shorten the description."}),
        ({"description": "x" * 503}, {"description": "3 characters too long. Shorten the description."}),
        ({"access": "direct"}, {"access": "Choose one of the options."}),
        ({"preview": "1"}, {"preview": "Choose one of the options."}),
        ({"history": ""}, None),
        ({"posting": "nobody"}, {"posting": "Choose one of the options."}),
    ],
)
def test_errors_stand_beside_their_fields_and_nothing_is_saved(bob, lunch, faultless, fields, errors):
    response = settle(bob, lunch, **{"description": "kept"} | fields)

    assert response.status_code == 400
    if errors is not None:
        assert Page(response.text).errors() == errors
    assert bob.page(settings(lunch)).one("field-description").text.strip() == ""


def test_all_errors_are_shown(bob, lunch):
    response = settle(bob, lunch, name="", posting="x", description="x" * 501)

    assert list(Page(response.text).errors()) == ["name", "description", "posting"]


@pytest.mark.parametrize("name", sorted({*GROUPS, *MESSAGES}))
def test_hostile_names_and_descriptions_are_text_or_refused(bob, lunch, faultless, name):
    for fields in ({"name": name}, {"description": name}):
        assert settle(bob, lunch, **fields).status_code in (303, 400)
        assert bob.get(settings(lunch)).status_code == 200
        assert bob.get(f"/groups/{lunch}/").status_code == 200


@pytest.mark.parametrize(
    "fields",
    [{"archived": "yes"}, {"rev": "x"}, {"rev": "9" * 40}, {"access": "\0"}, {"history": "ALL"}, {"from_now_on": "x"}],
)
def test_values_that_no_form_sends_change_nothing(bob, lunch, faultless, fields):
    before = content(bob.page(settings(lunch)))

    assert settle(bob, lunch, **fields).status_code in (303, 400)
    assert content(bob.page(settings(lunch))) == before


def test_a_form_that_is_out_of_date_shows_both_versions_and_then_saves(bob, lunch):
    form = bob.fills(settings(lunch), settings(lunch), name="Dinner", posting="moderators")
    settle(bob, lunch, name="Brunch")

    refused = bob.post(settings(lunch), **form)

    page = Page(refused.text)
    assert (refused.status_code, page.one("field-name")["value"]) == (409, "Dinner")
    assert {"Now: Brunch", "Now: All members can write"} <= {each.text for each in page.elements}
    assert bob.post(settings(lunch), **page.form(settings(lunch)) | {"name": "Dinner"}).status_code == 303
    assert bob.page(settings(lunch)).one("field-name")["value"] == "Dinner"


def test_a_repeated_form_changes_once(bob, lunch):
    form = bob.fills(settings(lunch), settings(lunch), name="Dinner")

    answers = [bob.post(settings(lunch), **form) for _ in range(2)]

    assert [each.headers["location"] for each in answers] == [f"/groups/{lunch}/"] * 2


# What it says


def test_the_page_of_an_open_group_says_what_closing_means(bob, lunch):
    text = content(bob.page(settings(lunch)))

    assert "Outsiders will no longer find it; its members stay." in text
    assert "Whoever runs this server can read its database." in text


def test_the_page_of_a_closed_group_says_how_much_opening_reveals(bob, lunch):
    settle(bob, lunch, access="closed")
    for text in ("one", "two"):
        bob.says(lunch, text)

    page = bob.page(settings(lunch))

    assert "2 earlier messages become readable for everyone." in content(page)
    assert page.one("from-now-on")["name"] == "from_now_on"


def test_what_is_hidden_already_is_not_counted(bob, lunch):
    for step in ({"access": "closed"}, {"access": "open", "from_now_on": 1}, {"access": "closed"}):
        bob.says(lunch, "hi")
        settle(bob, lunch, **step)

    assert "1 earlier message becomes readable for everyone." in content(bob.page(settings(lunch)))


@pytest.mark.parametrize(("archived", "label"), [(0, "Archive Lunch"), (1, "Take Lunch out of the archive")])
def test_the_last_button_says_what_it_does_to_which_group(bob, lunch, archived, label):
    settle(bob, lunch, archived=archived)

    buttons = [each.text for each in bob.page(settings(lunch)).within("content") if each.tag == "button"]

    assert buttons[-1] == label


# The group's page


def test_an_archived_groups_page_has_a_notice_in_place_of_the_composer(bob, cleo, lunch):
    settle(bob, lunch, archived=1)

    page = cleo.page(f"/groups/{lunch}/")

    assert "hidden" not in page.one("archived").attributes
    assert "read-only" in page.one("composer")["class"]


@pytest.mark.parametrize("access", ["open", "closed"])
def test_a_closed_group_is_labelled_as_such(bob, cleo, lunch, access):
    settle(bob, lunch, access=access)

    label = cleo.page(f"/groups/{lunch}/").one("closed")

    assert (label.text, "hidden" in label.attributes) == ("Closed", access == "open")


def test_only_owners_are_shown_the_way_out_of_the_archive(bob, cleo, lunch):
    settle(bob, lunch, archived=1)

    link = bob.page(f"/groups/{lunch}/").link("settings")
    assert cleo.page(f"/groups/{lunch}/").link("settings") is None
    path, _, section = link.partition("#")
    assert path == settings(lunch)
    assert bob.page(path).one(section).text == "Archive"


def test_a_member_who_may_not_write_sees_why(bob, cleo, lunch):
    settle(bob, lunch, posting="moderators")

    refused, allowed = cleo.page(f"/groups/{lunch}/"), bob.page(f"/groups/{lunch}/")
    assert refused.one("announcements").text.strip() == "Only moderators and owners can write messages in this group."
    assert ["hidden" in each.one("announcements").attributes for each in (refused, allowed)] == [False, True]
    assert ["read-only" in each.one("composer")["class"] for each in (refused, allowed)] == [True, False]


def test_newcomers_are_pointed_to_the_field_only_where_they_may_write(bob, cleo, lunch):
    def points():
        return "hidden" not in cleo.page(f"/groups/{lunch}/?welcome=1").one("welcome-write").attributes

    assert points()

    settle(bob, lunch, posting="moderators")

    assert not points()


def test_joins_and_removals_say_who_brought_them_about(bob, cleo, lunch):
    add(bob, lunch, "alice")
    bob.post(f"/groups/{lunch}/members/remove/", username="cleo")

    log = [text for _, text in bob.page(f"/groups/{lunch}/").log()]
    assert log[-3:] == ["cleo joined", "alice was added by bob", "cleo was removed by bob"]


def test_a_superuser_who_joins_as_such_is_said_to(site, state, alice, bob, lunch):
    site.portal.call(join_as_administrator, state.database, lunch)

    assert bob.page(f"/groups/{lunch}/").log()[-1][1] == "alice joined as administrator"


async def join_as_administrator(database, uuid):
    async with database.transaction() as session:
        alice = await session.scalar(select(User).where(User.username == "alice"))
        await (await group_of(session, uuid)).add_user(alice, by=alice)


# Leaving


def leaving(group):
    return f"/groups/{group}/leave/"


def asks(person, group):
    """Whether Leave leads to a page that asks, instead of leaving."""
    return leaving(group) in [each.get("href") for each in person.page(f"/groups/{group}/").elements]


def test_leave_asks_those_who_lose_more_than_the_group(bob, cleo, lunch):
    assert (asks(bob, lunch), asks(cleo, lunch)) == (True, False)

    settle(bob, lunch, access="closed")
    assert asks(cleo, lunch)

    settle(bob, lunch, access="open")
    settle(bob, lunch, archived=1)
    assert asks(cleo, lunch)


@pytest.mark.parametrize(
    ("access", "role", "words"),
    [
        ("open", "owner", ["You'll no longer be an owner. The group passes to the moderator", "as an ordinary member"]),
        ("open", "moderator", ["You'll no longer be a moderator.", "You can join again, as an ordinary member."]),
        ("open", "member", ["You can join again."]),
        ("closed", "member", ["This group is closed", "only if somebody adds or invites you"]),
    ],
)
def test_the_page_names_what_will_be_lost(bob, cleo, lunch, access, role, words):
    settle(bob, lunch, access=access)
    promote(bob, lunch, "cleo", role)
    if role == "owner":
        promote(bob, lunch, "bob", "member")

    text = content(cleo.page(leaving(lunch)))

    assert all(each in text for each in words)


def test_the_last_member_of_a_closed_group_is_told_that_it_ends_and_can_archive_it_instead(bob, cleo, lunch):
    settle(bob, lunch, access="closed")
    cleo.leaves(lunch)

    page = bob.page(leaving(lunch))

    assert "nobody but an administrator can join or read this group again, not even you." in content(page)
    assert page.link("archive the group") == settings(lunch)
    assert "owner" not in content(page)
    assert "come back" not in content(page)


def test_an_administrator_who_is_the_last_member_can_come_back(alice):
    text = content(alice.page(leaving(alice.founds("Club", "closed"))))

    assert "nobody but an administrator can join or read this group again. To keep" in text


def test_the_last_member_of_an_archived_closed_group_is_not_led_to_archive_it(bob, cleo, lunch):
    settle(bob, lunch, access="closed", archived=1)
    cleo.leaves(lunch)

    text = content(bob.page(leaving(lunch)))

    assert "nobody can join or read this group again, not even you." in text
    assert "instead" not in text


def test_the_last_member_of_an_open_group_reads_who_owns_it_next(bob, cleo, lunch):
    cleo.leaves(lunch)

    text = content(bob.page(leaving(lunch)))

    assert "whoever joins next will own the group, even if it's you." in text
    assert "ordinary member" not in text


def test_whoever_leaves_an_archived_group_reads_that_they_can_not_join_again(bob, lunch):
    settle(bob, lunch, archived=1)

    text = content(bob.page(leaving(lunch)))

    assert "This group is archived, so you can't join it again." in text
    assert "You can join again" not in text


def test_leaving_a_closed_group_leads_home(bob, cleo, lunch):
    settle(bob, lunch, access="closed")

    form = cleo.fills(leaving(lunch), leaving(lunch), next=f"/groups/{lunch}/")

    assert cleo.post(leaving(lunch), **form).headers["location"] == "/"
    assert cleo.post(leaving(lunch), **form).headers["location"] == "/"
    assert cleo.get(leaving(lunch)).status_code == 404


def test_leaving_an_open_group_leads_back(cleo, lunch):
    assert cleo.post(leaving(lunch), next="/accounts/sessions/").headers["location"] == "/accounts/sessions/"


def test_whoever_is_not_in_the_group_is_not_asked(alice, lunch):
    assert alice.get(leaving(lunch)).status_code == 403
