"""What owners change of their group, and what that means for everyone else."""

import pytest
from people import Page
from rights import add, changes, disown, entries, promote, settle

NOWHERE = "00000000-0000-4000-8000-000000000000"


# Name and description


def test_a_rename_is_in_the_log_and_on_the_page(bob, cleo, lunch):
    assert settle(bob, lunch, name=" Dinner ").headers["location"] == f"/groups/{lunch}/"

    page = cleo.page(f"/groups/{lunch}/")
    assert [each.text for each in page.elements if each.tag == "h1"] == ["Dinner"]
    assert page.log()[-1][1] == "bob renamed the group to Dinner"
    assert changes(cleo, lunch)[-1] == "bob renamed the group to Dinner"


def test_a_description_is_on_the_page_as_text(bob, cleo, lunch):
    settle(bob, lunch, description="<b>At one</b>")

    assert cleo.page(f"/groups/{lunch}/").one("description").text == "<b>At one</b>"
    assert changes(cleo, lunch)[-1] == "bob changed the description"


def test_what_stays_as_it_is_is_in_no_log(bob, lunch):
    before = entries(bob, lunch)

    settle(bob, lunch, name="Lunch", description="", access="open", preview="on", posting="everyone", archived=0)

    assert entries(bob, lunch) == before


def test_several_changes_are_entries_one_after_the_other(bob, lunch):
    settle(bob, lunch, name="Dinner", description="At seven", access="closed", posting="moderators")

    assert changes(bob, lunch)[-4:] == [
        "bob renamed the group to Dinner",
        "bob changed the description",
        "bob closed the group to everyone but its members",
        "bob limited messages to moderators and owners",
    ]


def test_members_elsewhere_see_a_rename_live(bob, cleo, gardening, lunch):
    with cleo.reading(gardening) as reader:
        settle(bob, lunch, name="Dinner")

        group = reader.until(type="group")

    assert (group["group_uuid"], group["name"]) == (lunch, "Dinner")


# Open and closed


def test_a_closed_group_is_gone_for_outsiders_and_stays_for_members(alice, bob, cleo, lunch):
    settle(bob, lunch, access="closed")

    assert (cleo.get(f"/groups/{lunch}/").status_code, alice.get(f"/groups/{lunch}/").status_code) == (200, 404)
    assert alice.joins(lunch).status_code == 404


def test_an_opened_group_shows_newcomers_its_earlier_messages(alice, bob, lunch):
    settle(bob, lunch, access="closed")
    bob.says(lunch, "a secret")
    settle(bob, lunch, access="open")
    alice.joins(lunch)

    assert "a secret" in [each.get("content") for each in entries(alice, lunch)]


def test_a_group_opened_only_from_now_on_shows_newcomers_nothing_earlier(alice, bob, cleo, lunch):
    settle(bob, lunch, access="closed")
    bob.says(lunch, "a secret")
    settle(bob, lunch, access="open", from_now_on=1)
    alice.joins(lunch)

    assert entries(alice, lunch)[0]["message"] == "bob opened the group to everyone"
    assert "a secret" in [each.get("content") for each in entries(cleo, lunch)]


def test_new_members_of_a_closed_group_may_be_kept_from_earlier_messages(alice, bob, lunch):
    settle(bob, lunch, access="closed")
    settle(bob, lunch, history="from_join")
    bob.says(lunch, "a secret")
    add(bob, lunch, "alice")

    assert [each["type"] for each in entries(alice, lunch)] == ["event_message"]


@pytest.mark.parametrize(("access", "alien"), [("open", {"history": "from_join"}), ("closed", {"preview": "off"})])
def test_a_group_keeps_the_setting_that_it_does_not_have(bob, lunch, access, alien):
    settle(bob, lunch, access=access)
    before = entries(bob, lunch)

    assert settle(bob, lunch, **alien).status_code == 303

    assert entries(bob, lunch) == before


@pytest.fixture(params=["everyone", "closed_only", "administrators"])
def creation(request, environment):
    """Who creates groups. Before `alice` among a test's fixtures."""
    environment.setenv("GROUP_CREATION", request.param)
    return request.param


def test_owners_open_groups_only_where_everyone_may_create_open_ones(creation, alice, bob, gardening):
    bob.joins(gardening)
    promote(alice, gardening, "bob", "owner")
    settle(bob, gardening, access="closed")

    assert settle(bob, gardening, access="open").status_code == (303 if creation == "everyone" else 403)
    assert settle(alice, gardening, access="open").status_code == 303


def test_the_page_offers_what_is_allowed(creation, alice, bob, gardening):
    bob.joins(gardening)
    promote(alice, gardening, "bob", "owner")
    settle(bob, gardening, access="closed")

    ids = bob.page(f"/groups/{gardening}/settings/").ids()
    assert ("access-open" in ids) == (creation == "everyone")
    assert "access-open" in alice.page(f"/groups/{gardening}/settings/").ids()


# Writing


def test_only_moderators_and_owners_write_where_they_alone_may(bob, cleo, lunch):
    settle(bob, lunch, posting="moderators")

    assert (cleo.says(lunch, "hi").status_code, bob.says(lunch, "hi").status_code) == (403, 303)
    promote(bob, lunch, "cleo", "moderator")
    assert cleo.says(lunch, "hi").status_code == 303


def test_an_archived_group_is_read_only_and_has_no_joins(alice, bob, cleo, lunch):
    cleo.says(lunch, "hi")
    settle(bob, lunch, archived=1)

    assert cleo.says(lunch, "hi").status_code == 403
    assert cleo.reacts(lunch, 3, "👍").status_code == 403
    assert alice.joins(lunch).status_code == 403
    assert cleo.deletes(lunch, 3).status_code == 303
    assert cleo.leaves(lunch).status_code == 303


def test_a_group_is_taken_out_of_the_archive(bob, cleo, lunch):
    settle(bob, lunch, archived=1)
    settle(bob, lunch, archived=0)

    assert cleo.says(lunch, "hi").status_code == 303
    assert changes(bob, lunch)[-2:] == ["bob archived the group", "bob took the group out of the archive"]


# Who may


@pytest.mark.parametrize(
    ("role", "status"), [("owner", 303), ("moderator", 403), ("member", 403)], ids=lambda each: str(each)
)
def test_only_owners_change_settings(bob, cleo, lunch, role, status):
    promote(bob, lunch, "cleo", role)

    assert settle(cleo, lunch, name="Dinner").status_code == status
    assert ("cleo renamed the group to Dinner" in changes(bob, lunch)) == (status == 303)


def test_a_superuser_outside_changes_nothing_where_there_is_an_owner(alice, lunch):
    assert settle(alice, lunch, name="Dinner").status_code == 403


@pytest.mark.parametrize("access", ["open", "closed"])
def test_a_superuser_outside_changes_what_nobody_owns(site, state, alice, bob, lunch, access):
    settle(bob, lunch, access=access)
    site.portal.call(disown, state.database)

    response = settle(alice, lunch, name="Dinner")

    assert response.headers["location"] == f"/groups/{lunch}/settings/"
    assert changes(bob, lunch)[-1] == "alice renamed the group to Dinner"


def test_a_group_that_its_last_member_left_is_no_superusers_to_open(alice, bob, cleo, lunch):
    settle(bob, lunch, access="closed")
    bob.says(lunch, "the spare key is under the rosemary")
    for person in (cleo, bob):
        person.leaves(lunch)

    answers = [settle(alice, lunch, access="open"), alice.get(f"/groups/{lunch}/settings/")]

    assert [answer.status_code for answer in answers] == [404, 404]


def test_whoever_left_a_closed_group_does_not_learn_its_new_name(bob, cleo, lunch):
    settle(bob, lunch, access="closed")
    cleo.says(lunch, "hello")
    (seq,) = [each["seq"] for each in entries(cleo, lunch) if each["type"] == "text_message"]
    cleo.leaves(lunch)

    settle(bob, lunch, name="Layoffs")

    response = cleo.get(f"/groups/{lunch}/messages/{seq}/delete/")
    assert response.status_code == 200
    assert "Layoffs" not in response.text


def test_a_superuser_in_the_group_changes_it(alice, bob, lunch):
    alice.joins(lunch)

    assert settle(alice, lunch, name="Dinner").status_code == 303


@pytest.mark.parametrize("fields", [{"name": "Dinner"}, {"name": ""}, {"access": "x"}, {"rev": "99"}, {"rev": "x"}])
def test_outsiders_are_answered_as_where_no_group_is(alice, bob, lunch, fields):
    settle(bob, lunch, access="closed")

    there, nowhere = (settle(alice, uuid, **fields) for uuid in (lunch, NOWHERE))

    assert (there.status_code, nowhere.status_code) == (404, 404)
    assert Page(there.text).one("content").text == Page(nowhere.text).one("content").text


# The security log


def test_each_change_is_in_the_security_log(bob, lunch, logged):
    logged()
    settle(bob, lunch, name="Dinner", description="At seven", preview="off", posting="moderators")
    for fields in ({"access": "closed"}, {"access": "open"}, {"archived": 1}, {"archived": 0}):
        settle(bob, lunch, **fields)

    acts = [line.split(" ")[0] for _, line in logged()]
    first = ["group-rename", "group-describe", "group-settings"]
    assert acts == [*first, "group-close", "group-open", "group-archive", "group-unarchive"]


def test_a_refusal_is_in_the_security_log(cleo, lunch, logged):
    logged()
    settle(cleo, lunch, name="Dinner")

    assert [(level, *line.split(" ")[:2]) for level, line in logged()] == [("WARNING", "group", "refused")]
