import pytest
from people import HttpPerson, Page
from rights import promote
from world import add_direct, add_groups, archive

NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def only_administrators(environment):
    """Before `alice` among a test's fixtures, since a site reads it when it starts."""
    environment.setenv("GROUP_CREATION", "administrators")


@pytest.fixture
def only_closed(environment):
    environment.setenv("GROUP_CREATION", "closed_only")


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


def test_groups_with_something_unread_stand_first_then_those_that_are_active(alice, bob, gardening):
    cooking, astronomy = alice.founds("Cooking"), alice.founds("Astronomy")
    bob.joins(gardening)
    bob.says(gardening, "The tomatoes are ripe")

    assert order(alice, gardening, cooking, astronomy) == [gardening, astronomy, cooking]
    alice.says(cooking, "Soup?")
    alice.post(f"/groups/{gardening}/read/", seq=3)
    assert order(alice, gardening, cooking, astronomy) == [cooking, gardening, astronomy]


def test_groups_to_join_follow_by_their_activity(alice, bob, gardening):
    cooking, astronomy = alice.creates("Cooking"), alice.creates("Astronomy")
    alice.says(gardening, "The tomatoes are ripe")
    own = bob.founds("Painting")

    assert order(bob, gardening, cooking, astronomy, own) == [own, gardening, astronomy, cooking]


def test_archived_groups_are_not_shown(state, site, alice, bob, gardening):
    cooking = alice.creates("Cooking")
    site.portal.call(archive, state.database, gardening)

    assert order(alice, gardening, cooking) == order(bob, gardening, cooking) == [cooking]


def test_a_closed_group_is_shown_to_its_members_alone(alice, bob):
    club = alice.founds("Book club", access="closed")

    assert "Closed" in alice.page("/").one(club).text
    assert club not in bob.get("/").text


def test_a_direct_group_has_the_names_of_the_others_and_can_be_opened_only(site, state, alice, bob):
    direct = site.portal.call(add_direct, state.database, "alice", "bob")

    assert options(alice.page("/"), direct) == {f"open-{direct}": f"open_group {direct}"}
    assert "bob" in alice.page("/").one(f"name-{direct}").text
    assert "alice" in bob.page("/").one(f"name-{direct}").text


def test_a_group_with_a_preview_leads_to_it(site, state, alice, bob, gardening):
    assert bob.page("/").link("Preview") == f"/groups/{gardening}/preview/"
    assert alice.page("/").link("Preview") is None


def test_a_server_without_groups_says_how_to_begin(alice, bob):
    for person in (alice, bob):
        assert "There are no groups yet" in person.page("/").one("content").text
        assert "Create the first one" in person.page("/").one("content").text


def test_where_administrators_create_groups_others_are_told_so(only_administrators, alice, bob):
    assert "Administrators create groups. Check back later." in bob.page("/").one("content").text
    assert "Create the first one" in alice.page("/").one("content").text


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "`${1}`", '"><b onclick=x>', "{{ 7*7 }}"])
def test_a_groups_name_is_text_and_nothing_more(alice, name):
    group = alice.creates(name)

    page = alice.page("/")

    assert name in page.one(group).text
    assert not [each for each in page.within(group) if each.tag in ("script", "b")]


def test_of_very_many_groups_a_hundred_are_shown_with_at_most_five_queries(site, state, alice, queries):
    site.portal.call(add_groups, state.database, 200)
    alice.get("/")  # notes once in a while that the session is used

    queries.clear()
    page = alice.page("/")

    assert len(queries) <= 5
    assert len(values(page, "join_group")) == 100


def test_of_very_many_own_groups_a_hundred_are_shown_and_where_the_others_are(site, state, alice):
    site.portal.call(add_groups, state.database, 130, "alice")
    site.portal.call(add_groups, state.database, 30)

    page = alice.page("/")

    assert len(values(page, "open_group")) == 100
    assert len(values(page, "join_group")) == 20
    assert "100 of your 130 groups are shown." in page.one("own-groups").text
    assert page.link("Find the others by name") == "#find"


@pytest.mark.parametrize(("groups", "is_there"), [(20, False), (21, True)])
def test_more_than_twenty_groups_can_be_searched(site, state, alice, groups, is_there):
    site.portal.call(add_groups, state.database, groups)

    assert bool([each for each in alice.page("/").elements if each.get("role") == "search"]) == is_there


def test_the_home_page_is_compressed_for_clients_that_accept_it(site, state, alice):
    site.portal.call(add_groups, state.database, 130, "alice")

    packed = alice.get("/", headers={"accept-encoding": "gzip"})
    plain = alice.get("/", headers={"accept-encoding": "identity"})

    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < 60_000 < int(plain.headers["content-length"])
    assert packed.text.count("open_group") == plain.text.count("open_group")
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"


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


@pytest.mark.parametrize(("verb", "status"), [("join", 405), ("leave", 200), ("messages", 405)])
def test_a_link_changes_nothing(alice, gardening, verb, status):
    response = alice.get(f"/groups/{gardening}/{verb}/")

    assert response.status_code == status
    assert response.headers.get("allow") == ("POST" if status == 405 else None)
    assert len(alice.page(f"/groups/{gardening}/").log()) == 1


@pytest.mark.parametrize(("role", "method"), [("owner", "get"), ("moderator", "get"), ("member", "post")])
def test_leaving_an_open_group_asks_those_with_a_role_first(alice, bob, gardening, role, method):
    bob.joins(gardening)
    promote(alice, gardening, "bob", role)

    page = bob.page("/")

    assert form_of(page, f"leave-{gardening}") == (method, f"/groups/{gardening}/leave/")
    assert options(page, gardening) == {
        f"leave-{gardening}": f"leave_group {gardening}",
        f"open-{gardening}": f"open_group {gardening}",
    }


def test_without_script_what_one_left_can_be_joined_below(bob, gardening):
    bob.joins(gardening)
    bob.leaves(gardening)

    page = bob.page("/")

    assert "hidden" in page.one("left").attributes
    assert options(page, gardening) == {f"join-{gardening}": f"join_group {gardening}"}


def test_leaving_a_closed_group_asks_first(alice):
    club = alice.founds("Book club", access="closed")

    assert form_of(alice.page("/"), f"leave-{club}") == ("get", f"/groups/{club}/leave/")
    assert options(alice.page("/"), club) == {
        f"leave-{club}": f"leave_group {club}",
        f"open-{club}": f"open_group {club}",
    }


# Creating a group


@pytest.mark.parametrize("name", ["alice", "bob"])
def test_everybody_creates_a_group_in_one_step_and_enters_it(alice, bob, name):
    creator, other = (alice, bob) if name == "alice" else (bob, alice)

    response = creator.post("/groups/", **creator.fills("/", "/groups/", name="Gardening", description="Tomatoes"))

    assert creator.page(response.headers["location"]).log() == [(1, f"{name} joined")]
    assert "Gardening" in other.page("/").one("groups").text
    assert "Tomatoes" in other.page("/").one("groups").text


@pytest.mark.parametrize("access", ["open", "closed"])
def test_a_group_is_of_the_kind_that_was_chosen(alice, bob, access):
    response = bob.post("/groups/", name="Gardening", access=access)

    assert alice.get(response.headers["location"]).status_code == {"open": 403, "closed": 404}[access]


def test_who_chooses_a_closed_group_reads_who_can_read_it(alice):
    assert "Whoever runs this server can read its database." in alice.page("/").one("new-group").text


def test_where_everybody_creates_closed_groups_alone_no_other_is_offered(only_closed, alice, bob):
    form = bob.page("/").form("/groups/")

    assert form["access"] == "closed"
    assert "Whoever runs this server can read its database." in bob.page("/").one("new-group").text
    assert bob.post("/groups/", **form | {"name": "Gardening"}).status_code == 303
    assert bob.post("/groups/", name="Cooking", access="open").status_code == 403


def test_where_administrators_create_groups_nobody_else_does_or_is_offered_it(only_administrators, alice, bob):
    response = bob.post("/groups/", name="Gardening")

    assert 'action="/groups/"' not in bob.get("/").text
    assert response.status_code == 403
    assert "Only administrators can create groups here." in response.text
    assert "Gardening" not in alice.get("/").text


def test_the_twenty_first_group_of_a_day_is_refused_with_what_was_typed(bob):
    responses = [bob.post("/groups/", name=f"Group {number}", description="Tomatoes") for number in range(21)]

    assert [each.status_code for each in responses] == [303] * 20 + [429]
    assert "You can create 20 groups a day. Please try again later." in responses[20].text
    assert Page(responses[20].text).form("/groups/")["name"] == "Group 20"
    assert int(responses[20].headers["retry-after"]) > 80_000


def test_a_visitor_creates_no_group(site):
    response = HttpPerson(site, "visitor").post("/groups/", name="Gardening")

    assert (response.status_code, response.headers["location"]) == (303, "/accounts/login/?next=/")


@pytest.mark.parametrize("name", ["", "   ", "x" * 31, "a\0b", "a\nb"])
def test_an_invalid_group_name_is_reported_beside_it(alice, faultless, name):
    response = alice.post("/groups/", name=name)

    assert response.status_code == 400
    assert list(Page(response.text).errors()) == ["name"]
    assert "There are no groups yet" in response.text


@pytest.mark.parametrize(
    ("field", "value"), [("description", "x" * 501), ("description", "a\0b"), ("access", "direct"), ("access", "ajar")]
)
def test_what_else_is_invalid_is_reported_beside_it(alice, faultless, field, value):
    response = alice.post("/groups/", name="Gardening", **{field: value})

    assert response.status_code == 400
    assert list(Page(response.text).errors()) == [field]
    assert Page(response.text).form("/groups/")["name"] == "Gardening"


def test_a_form_that_is_sent_twice_creates_one_group(alice):
    form = alice.fills("/", "/groups/", name="Gardening")

    responses = [alice.post("/groups/", **form) for _ in range(2)]

    assert len({each.headers["location"] for each in responses}) == 1
    assert len(values(alice.page("/"), "open_group")) == 1


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


def values(page, command):
    """The values of all buttons with this command."""
    return [each["value"] for each in page.elements if (each.get("value") or "").startswith(f"{command} ")]


def order(person, *groups):
    """Those of the groups that are on their home page, in its order."""
    return [id for id in person.page("/").ids() if id in groups]
