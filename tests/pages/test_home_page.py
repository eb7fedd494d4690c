import pytest
from people import HttpPerson, Page

from discussit.models import Group

NOWHERE = "00000000-0000-4000-8000-000000000000"


def test_the_first_visitor_of_a_server_is_sent_to_sign_up(site):
    response = HttpPerson(site, "visitor").get("/")

    assert (response.status_code, response.headers["location"]) == (303, "/accounts/signup/")


def test_a_visitor_is_sent_to_log_in_and_back(site, alice):
    response = HttpPerson(site, "visitor").get("/")

    assert (response.status_code, response.headers["location"]) == (303, "/accounts/login/?next=/")


def test_the_way_back_keeps_what_was_asked_for(site, alice):
    response = HttpPerson(site, "visitor").get("/?a=b&c=d")

    assert response.headers["location"] == "/accounts/login/?next=/%3Fa%3Db%26c%3Dd"


def test_a_group_that_one_is_not_in_can_be_joined_only(bob, gardening):
    page = bob.page("/")

    assert page.one(gardening).tag == "div"
    assert options(page, gardening) == {f"join-{gardening}": f"join_group {gardening}"}


def test_a_group_that_one_is_in_can_be_left_and_opened(alice, gardening):
    assert options(alice.page("/"), gardening) == {
        f"leave-{gardening}": f"leave_group {gardening}",
        f"open-{gardening}": f"open_group {gardening}",
    }


def test_every_id_on_the_page_is_there_once(alice, gardening):
    alice.creates("Cooking")

    ids = alice.page("/").ids()

    assert len(ids) == len(set(ids))


def test_without_script_the_buttons_are_forms(alice, bob, gardening):
    assert form_of(bob.page("/"), f"join-{gardening}") == ("post", f"/groups/{gardening}/join/")
    assert form_of(alice.page("/"), f"leave-{gardening}") == ("post", f"/groups/{gardening}/leave/")
    assert form_of(alice.page("/"), f"open-{gardening}") == ("get", f"/groups/{gardening}/")


def test_every_group_is_shown_with_its_name_and_number_of_members(alice, bob, gardening):
    bob.joins(gardening)
    cooking = alice.creates("Cooking")

    page = alice.page("/")

    assert "Gardening" in page.one(gardening).text
    assert "2 members" in page.one(gardening).text
    assert "0 members" in page.one(cooking).text


def test_groups_stand_in_the_order_of_their_names(alice):
    uuids = {name: alice.creates(name) for name in ("cooking", "Gardening", "Astronomy")}

    ids = [id for id in alice.page("/").ids() if id in uuids.values()]

    assert ids == [uuids["Astronomy"], uuids["cooking"], uuids["Gardening"]]


def test_a_server_without_groups_says_so(alice, bob):
    assert "There are no groups yet" in alice.page("/").one("content").text
    assert "There are no groups yet" in bob.page("/").one("content").text


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "`${1}`", '"><b onclick=x>', "{{ 7*7 }}"])
def test_a_groups_name_is_text_and_nothing_more(alice, name):
    group = alice.creates(name)

    page = alice.page("/")

    assert name in page.one(group).text
    assert not [each for each in page.within(group) if each.tag in ("script", "b")]


def test_two_hundred_groups_cost_at_most_four_queries(site, state, alice, queries):
    site.portal.call(add_groups, state.database, 200)
    alice.get("/")  # notes once in a while that the session is used

    queries.clear()
    page = alice.page("/")

    assert len(queries) <= 4
    assert len([each for each in page.elements if each.get("value") and "join_group" in each["value"]]) == 200


# Joining and leaving


@pytest.mark.parametrize("times", [1, 2])
def test_joining_leads_home_and_opens_the_group(bob, gardening, times):
    responses = [bob.joins(gardening) for _ in range(times)]

    assert {(each.status_code, each.headers["location"]) for each in responses} == {(303, "/")}
    assert bob.page(f"/groups/{gardening}/").log() == [(1, "alice joined"), (2, "bob joined")]


@pytest.mark.parametrize("times", [1, 2])
def test_leaving_leads_home_and_closes_the_group(alice, bob, gardening, times):
    bob.joins(gardening)

    responses = [bob.leaves(gardening) for _ in range(times)]

    assert {(each.status_code, each.headers["location"]) for each in responses} == {(303, "/")}
    assert bob.get(f"/groups/{gardening}/").status_code == 403
    assert [seq for seq, _ in alice.page(f"/groups/{gardening}/").log()] == [1, 2, 3]


def test_a_non_members_leave_leaves_no_trace(alice, bob, gardening):
    assert bob.leaves(gardening).status_code == 303
    assert len(alice.page(f"/groups/{gardening}/").log()) == 1


def test_joining_leads_back_to_where_it_was_asked_for(bob, gardening):
    response = bob.post(f"/groups/{gardening}/join/", next=f"/groups/{gardening}/")

    assert response.headers["location"] == f"/groups/{gardening}/"


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example/", "/\\evil.example", "/\t/evil.example"])
def test_joining_and_leaving_lead_nowhere_else(bob, gardening, path):
    joined = bob.post(f"/groups/{gardening}/join/", next=path)
    left = bob.post(f"/groups/{gardening}/leave/", next=path)

    assert joined.headers["location"] == left.headers["location"] == "/"


@pytest.mark.parametrize("verb", ["join", "leave", "messages"])
def test_an_unknown_group_is_not_found(alice, verb):
    assert alice.post(f"/groups/{NOWHERE}/{verb}/", message="hi").status_code == 404


@pytest.mark.parametrize("verb", ["join", "leave", "messages"])
def test_a_visitor_is_sent_to_log_in_and_changes_nothing(site, alice, gardening, verb):
    response = HttpPerson(site, "visitor").post(f"/groups/{gardening}/{verb}/", message="hi")

    assert response.status_code == 303
    assert response.headers["location"] == f"/accounts/login/?next=/groups/{gardening}/"
    assert len(alice.page(f"/groups/{gardening}/").log()) == 1


@pytest.mark.parametrize("verb", ["join", "leave", "messages"])
def test_a_link_changes_nothing(alice, gardening, verb):
    response = alice.get(f"/groups/{gardening}/{verb}/")

    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert len(alice.page(f"/groups/{gardening}/").log()) == 1


# Making a group


def test_a_superuser_creates_a_group(alice, bob):
    response = alice.post("/groups/", name="Gardening")

    assert (response.status_code, response.headers["location"]) == (303, "/")
    assert "Gardening" in bob.page("/").one("groups").text


def test_nobody_else_creates_a_group_or_is_offered_it(alice, bob):
    page, response = bob.get("/"), bob.post("/groups/", name="Gardening")

    assert 'action="/groups/"' not in page.text
    assert response.status_code == 403
    assert "Gardening" not in alice.get("/").text


def test_a_visitor_creates_no_group(site):
    response = HttpPerson(site, "visitor").post("/groups/", name="Gardening")

    assert (response.status_code, response.headers["location"]) == (303, "/accounts/login/?next=/")


@pytest.mark.parametrize("name", ["", "   ", "x" * 31, "a\0b", "a\nb"])
def test_an_invalid_group_name_is_reported_beside_it(alice, faultless, name):
    response = alice.post("/groups/", name=name)

    assert response.status_code == 400
    assert list(Page(response.text).errors()) == ["name"]
    assert "There are no groups yet" in response.text


# What nobody can ask for


@pytest.mark.parametrize(
    "path", ["/nope", "/groups/nope/", f"/groups/{NOWHERE}/", "/accounts/", "/static/nope.css", "/nope%00"]
)
def test_unknown_paths_are_not_found(alice, faultless, path):
    assert alice.get(path).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_method_that_a_page_does_not_have_is_refused(alice, method):
    assert alice.browser.request(method, "/").status_code == 405


def options(page, group):
    buttons = [each for each in page.within(group) if "group_option" in (each.get("class") or "").split()]
    return {each["id"]: each["value"] for each in buttons}


def form_of(page, id):
    form = next(parent for parent in reversed(page.one(id).parents) if parent.tag == "form")
    return form["method"], form["action"]


async def add_groups(database, count):
    async with database.transaction() as session:
        session.add_all(Group(name=f"Group {number}") for number in range(count))
