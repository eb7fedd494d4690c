"""Invitation links, as people create, open and use them."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from people import PASSWORD, HttpPerson, Page, missing, stranger
from sqlalchemy import func, select

from discussit.models import Group, User
from discussit.models.base import now

SIGNUP, LOGIN = "/accounts/signup/", "/accounts/login/"
LINK = re.compile(r"/invitations/[\w-]{22}/")
SPENT = "This link has expired or was already used"
HOSTILE = [
    "x",
    "x" * 22,
    "x" * 5_000,
    "%00" * 22,
    "a%00b",
    "%C3%BC" * 22,
    "%ED%A0%80",
    "%FF%FE",
    "' OR 1=1 --",
    "%27%3B%20DROP%20TABLE%20invitations%3B--",
    "..%2F..%2Fadmin",
    "%2e%2e",
    "{{7*7}}",
    "<script>",
    "\u202egnp",
    "-1",
    "1e9",
]


@pytest.fixture
def lunch(bob, alice):
    """A closed group that bob created."""
    return bob.post("/groups/", name="Lunch", access="closed", description="Noon, every day").headers["location"]


@pytest.fixture
def carol(site, bob):
    person = HttpPerson(site, "carol")
    person.sign_up()
    return person


@pytest.fixture
def visitor(site):
    return HttpPerson(site, "visitor")


# Before `alice`, `bob` and `lunch` among a test's fixtures, since a site reads them when it starts:


@pytest.fixture
def by_invitation(environment):
    environment.setenv("SIGNUP", "invited")


@pytest.fixture
def is_closed(environment):
    environment.setenv("SIGNUP", "closed")


@pytest.fixture
def elsewhere(environment):
    environment.setenv("TRUSTED_ORIGINS", "https://chat.example.org")


# Creating a link


def test_a_new_link_is_shown_once_with_its_qr_code(bob, lunch):
    shown = bob.post(f"{lunch}invitations/")

    assert shown.status_code == 200
    assert Page(shown.text).one("link").text.startswith("http://testserver/invitations/")
    assert "qr-code" in shown.text
    later = bob.get(f"{lunch}invitations/").text
    assert not LINK.search(later)


def test_the_page_leads_to_adding_people_by_name(bob, lunch):
    page = bob.page(f"{lunch}invitations/")

    assert page.link("add them by name") == f"{lunch}members/"
    assert "Add people" in bob.page(f"{lunch}members/").one("content").text


def test_nobody_is_led_to_add_people_where_nobody_can_be_added(alice, bob, lunch):
    bob.post(f"{lunch}settings/", archived="1")

    assert "by name" not in bob.get(f"{lunch}invitations/").text
    assert "by name" not in alice.get("/invitations/").text


def test_the_qr_code_has_no_style_of_its_own(bob, lunch):
    shown = bob.post(f"{lunch}invitations/").text

    assert "style=" not in shown
    assert "<style" not in shown


def test_a_repeated_form_creates_one_link_and_does_not_show_it_again(bob, lunch):
    form = bob.fills(f"{lunch}invitations/", f"{lunch}invitations/", expires="1d")

    first, second = [bob.post(f"{lunch}invitations/", **form) for _ in range(2)]

    assert (first.status_code, second.status_code) == (200, 200)
    assert LINK.search(first.text)
    assert not LINK.search(second.text)
    assert "created already" in second.text
    assert listed(bob, lunch) == ["Not used yet"]


def test_links_begin_with_the_only_trusted_origin(elsewhere, bob, lunch):
    response = bob.post(f"{lunch}invitations/")

    assert Page(response.text).one("link").text.startswith("https://chat.example.org/invitations/")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("expires", "2d"),
        ("expires", "7D"),
        ("expires", "\0"),
        ("max_uses", "0"),
        ("max_uses", "-1"),
        ("max_uses", "10001"),
        ("max_uses", "1.5"),
        ("max_uses", "1e3"),
        ("max_uses", "٣"),
        ("max_uses", "9" * 5_000),
    ],
)
def test_an_invalid_form_is_reported_beside_its_field(bob, lunch, faultless, field, value):
    response = bob.post(f"{lunch}invitations/", **{field: value})

    assert response.status_code == 400
    assert list(Page(response.text).errors()) == [field]
    assert listed(bob, lunch) == []


def test_a_link_too_many_is_refused_and_what_was_chosen_is_kept(bob, lunch, monkeypatch):
    monkeypatch.setattr("discussit.groups.invitations.MAX_LIVE", 1)
    link_of(bob, lunch)

    response = bob.post(f"{lunch}invitations/", expires="30d", max_uses="3")

    assert response.status_code == 400
    assert "Revoke one first" in response.text
    assert Page(response.text).one("field-max_uses")["value"] == "3"


def test_the_daily_limit_says_when_to_try_again(bob, lunch, monkeypatch):
    monkeypatch.setattr("discussit.groups.invitations.MAX_DAILY", 1)
    link_of(bob, lunch)

    response = bob.post(f"{lunch}invitations/")

    assert response.status_code == 429
    assert 86_000 < int(response.headers["retry-after"]) <= 86_400


# Who sees and changes the list


def test_members_neither_see_nor_create_links(bob, carol, lunch):
    carol.post(link_of(bob, lunch))

    assert carol.get(lunch).status_code == 200
    for response in (carol.get(f"{lunch}invitations/"), carol.post(f"{lunch}invitations/")):
        assert response.status_code == 403
    assert carol.get(f"{lunch}invitations/1/").status_code == 403
    assert carol.post(f"{lunch}invitations/1/revoke/").status_code == 403


def test_for_strangers_a_closed_groups_links_do_not_exist(bob, carol, lunch):
    link_of(bob, lunch)
    nowhere = "/groups/01234567-89ab-4def-8123-456789abcdef/"

    for path in ("invitations/", "invitations/1/"):
        assert carol.get(f"{lunch}{path}").status_code == 404
        assert shown(carol.get(f"{lunch}{path}")) == shown(carol.get(f"{nowhere}{path}"))
    for path in ("invitations/", "invitations/1/revoke/"):
        assert carol.post(f"{lunch}{path}").status_code == carol.post(f"{nowhere}{path}").status_code == 404


def test_a_superuser_outside_sees_no_links_of_a_closed_group(alice, bob, lunch):
    link_of(bob, lunch)

    assert alice.get(f"{lunch}invitations/").status_code == 404
    assert alice.post(f"{lunch}invitations/").status_code == 404


def test_a_group_without_links_says_so(bob, lunch):
    assert "No links yet." in bob.get(f"{lunch}invitations/").text


def test_owners_are_led_from_the_group_to_its_invitations_and_members_are_not(bob, carol, lunch):
    carol.post(link_of(bob, lunch))

    assert bob.page(lunch).one("invite")["href"] == f"{lunch}invitations/"
    assert "invite" not in carol.page(lunch).ids()


def test_the_list_says_who_used_a_link(bob, carol, lunch):
    carol.post(link_of(bob, lunch, max_uses=2))

    assert listed(bob, lunch) == ["Used 1 of 2 times"]
    assert "carol" in bob.get(f"{lunch}invitations/1/").text


@pytest.mark.parametrize("id", ["2", "0", "2147483648", "9" * 18])
def test_an_unknown_links_pages_are_not_found(bob, lunch, faultless, id):
    link_of(bob, lunch)

    assert bob.get(f"{lunch}invitations/{id}/").status_code == 404
    assert bob.post(f"{lunch}invitations/{id}/revoke/").status_code == 404


def test_links_are_on_pages_without_a_script(bob, lunch, monkeypatch):
    monkeypatch.setattr("discussit.groups.invitation_lists.PAGE", 2)
    for _ in range(3):
        link_of(bob, lunch)

    first, last = bob.page(f"{lunch}invitations/"), bob.page(f"{lunch}invitations/?page=2")

    assert (first.link("Next"), last.link("Previous")) == ("?page=2", "?page=1")
    assert len(listed(bob, lunch)) == 2


def test_an_archived_groups_page_has_no_form(bob, lunch, state, site):
    async def archive():
        async with state.database.transaction() as session:
            (await session.scalar(select(Group).where(Group.name == "Lunch"))).archived_at = now()

    site.portal.call(archive)

    assert "This group is archived" in bob.get(f"{lunch}invitations/").text
    assert bob.post(f"{lunch}invitations/").status_code == 403


# Opening a link


def test_an_invitation_says_by_whom_it_is_and_how_many_are_in_the_group(bob, carol, visitor, lunch):
    link = link_of(bob, lunch)
    alone = " ".join(visitor.page(link).one("content").text.split())
    carol.post(link)

    together = " ".join(visitor.page(link).one("content").text.split())

    assert "bob invited you to this group (1 member so far)." in alone
    assert "bob invited you to this group (2 members)." in together


def test_a_link_shows_what_one_is_invited_to_and_changes_nothing(bob, carol, lunch):
    link = link_of(bob, lunch, max_uses=1)

    for _ in range(3):
        text = carol.get(link).text

    assert all(each in text for each in ("Lunch", "Noon, every day", "1 member", "bob", "Join"))
    assert listed(bob, lunch) == ["Used 0 of 1 times"]


def test_joining_leads_to_the_group(bob, carol, lunch):
    link = link_of(bob, lunch)

    response = carol.post(link, **carol.fills(link, link))

    assert (response.status_code, response.headers["location"]) == (303, lunch)
    assert carol.page(lunch).log()[-1][1].startswith("carol joined")


def test_a_join_by_a_link_is_live(bob, carol, lunch):
    link, uuid = link_of(bob, lunch), lunch.split("/")[2]

    with bob.reading(uuid) as reader:
        carol.post(link)

        joined = reader.until(type="event_message", user="carol")
    assert "by" not in joined


def test_a_second_click_leads_to_the_group_as_well(bob, carol, lunch):
    link = link_of(bob, lunch, max_uses=1)
    form = carol.fills(link, link)

    answers = [carol.post(link, **form).headers["location"] for _ in range(2)]
    answers += [carol.post(link).headers["location"]]

    assert answers == [lunch] * 3
    assert listed(bob, lunch) == ["Used 1 of 1 times"]


def test_whoever_is_in_the_group_is_led_there(bob, lunch):
    link = link_of(bob, lunch)

    assert bob.get(link).headers["location"] == bob.post(link).headers["location"] == lunch
    assert listed(bob, lunch) == ["Not used yet"]


def test_a_member_finds_the_way_to_the_group_on_the_page_of_a_used_up_link(bob, carol, lunch):
    link = link_of(bob, lunch, max_uses=1)
    carol.post(link)

    response = carol.get(link)

    assert response.status_code == 410
    assert Page(response.text).link("Back to the group") == lunch


def test_links_that_do_not_work_have_one_answer(bob, carol, lunch, site, clock):
    used, revoked, expired = link_of(bob, lunch, max_uses=1), link_of(bob, lunch), link_of(bob, lunch, expires="1h")
    carol.post(used)
    bob.post(f"{lunch}invitations/2/revoke/")
    clock.is_set(hours=2)
    dan = HttpPerson(site, "dan")

    for method in ("GET", "POST"):
        if method == "POST":
            dan.sign_up()
        answers = [dan.browser.request(method, link) for link in (used, revoked, expired, "/invitations/unknown/")]
        assert {each.status_code for each in answers} == {410}
        assert len({shown(each) for each in answers}) == 1
        assert SPENT in answers[0].text


@pytest.mark.parametrize("token", HOSTILE)
@pytest.mark.parametrize("name", ["visitor", "bob"])
def test_any_token_has_an_answer(request, bob, faultless, name, token):
    person = request.getfixturevalue(name)

    statuses = {person.get(f"/invitations/{token}/").status_code, person.post(f"/invitations/{token}/").status_code}

    # Some are no tokens but other paths. Logged out, whoever posts is led to the login.
    assert statuses <= {410, 404, 405, 303}


def test_a_visitor_who_presses_join_is_led_to_the_login_and_back(bob, visitor, lunch):
    link = link_of(bob, lunch)

    place = visitor.post(link).headers["location"]

    assert place == f"{LOGIN}?next={link}"


def test_a_visitor_keeps_the_invitation_through_the_login(bob, carol, lunch, site):
    link, visitor = link_of(bob, lunch), HttpPerson(site, "carol")

    login = visitor.page(link).link("Log in")
    assert login == f"{LOGIN}?next={link}"
    response = visitor.post(LOGIN, **visitor.fills(login, LOGIN, username="carol", password=PASSWORD))

    assert response.headers["location"] == link
    assert visitor.page(link).form(link)


def test_a_refused_login_keeps_the_invitation(bob, visitor, lunch):
    link = link_of(bob, lunch)

    refused = visitor.post(LOGIN, username="bob", password="wrong", next=link)

    assert Page(refused.text).form(LOGIN)["next"] == link
    assert Page(refused.text).link("Sign up") == f"{SIGNUP}?invitation={link.split('/')[2]}"


# Signing up by a link


def test_a_newcomer_signs_up_lands_in_the_group_and_is_told_where_to_write(bob, visitor, lunch):
    link = link_of(bob, lunch)

    response = signs_up_by(visitor, link)

    assert response.headers["location"] == f"{lunch}?welcome=1"
    page = visitor.page(f"{lunch}?welcome=1")
    assert "Write your first message below" in page.one("welcome").text
    assert "welcome" not in visitor.page(lunch).ids()


def test_account_and_join_are_there_with_the_first_answer(bob, visitor, lunch):
    signs_up_by(visitor, link_of(bob, lunch))

    assert visitor.page(lunch).log()[-1][1].startswith("visitor joined")
    assert listed(bob, lunch) == ["Used once"]


def test_the_page_of_the_sign_up_names_the_group_and_leads_back_to_the_login(bob, visitor, lunch):
    link = link_of(bob, lunch)

    page = visitor.page(visitor.page(link).link("Sign up"))

    assert "Lunch" in page.one("content").text
    assert page.link("Log in") == f"{LOGIN}?next={link}"


def test_a_refused_sign_up_keeps_the_invitation_and_uses_nothing_up(bob, visitor, lunch):
    link = link_of(bob, lunch, max_uses=1)

    refused = signs_up_by(visitor, link, username="bob")

    assert refused.status_code == 400
    assert Page(refused.text).form(SIGNUP)["invitation"] == link.split("/")[2]
    assert listed(bob, lunch) == ["Used 0 of 1 times"]


def test_a_sign_up_twice_joins_once(bob, visitor, lunch):
    link = link_of(bob, lunch, max_uses=1)
    form = visitor.fills(visitor.page(link).link("Sign up"), SIGNUP, **account("visitor"))

    answers = [visitor.post(SIGNUP, **form).headers["location"] for _ in range(2)]

    assert answers == [f"{lunch}?welcome=1"] * 2
    assert visitor.get(lunch).status_code == 200


def test_where_sign_up_is_open_a_spent_link_offers_to_go_on_without_it(bob, carol, visitor, lunch):
    link = link_of(bob, lunch, max_uses=1)
    form = visitor.fills(visitor.page(link).link("Sign up"), SIGNUP, **account("visitor"))
    carol.post(link)

    refused = visitor.post(SIGNUP, **form)

    assert refused.status_code == 400
    assert "You can still sign up without it" in refused.text
    assert "invitation" not in Page(refused.text).form(SIGNUP)


def test_the_sign_up_leads_to_next_and_nowhere_else(site, alice):
    for target, place in (("/groups/", "/groups/"), ("//evil.example", "/"), ("https://evil.example", "/")):
        newcomer = HttpPerson(site, f"newcomer{len(target)}")
        form = newcomer.fills(f"{SIGNUP}?next={target}", SIGNUP, **account(newcomer.name))

        assert newcomer.post(SIGNUP, **form).headers["location"] == place


def test_an_invitation_in_next_counts_as_one(bob, visitor, lunch):
    link = link_of(bob, lunch)

    form = visitor.fills(f"{SIGNUP}?next={link}", SIGNUP, **account("visitor"))

    assert visitor.post(SIGNUP, **form).headers["location"] == f"{lunch}?welcome=1"


# SIGNUP=invited, SIGNUP=closed


def test_by_invitation_only_the_first_account_needs_none(by_invitation, site):
    alice, bob = HttpPerson(site, "alice"), HttpPerson(site, "bob")

    assert [person.sign_up().status_code for person in (alice, bob)] == [303, 403]
    assert bob.get(SIGNUP).status_code == 403
    assert accounts(site) == 1


def test_by_invitation_only_those_who_are_not_the_first_are_told_so(by_invitation, site):
    with ThreadPoolExecutor() as at_once:
        people = [HttpPerson(site, name) for name in ("alice", "bob", "cleo")]
        answers = sorted(at_once.map(HttpPerson.sign_up, people), key=lambda answer: answer.status_code)

    assert [each.status_code for each in answers] == [303, 403, 403]
    assert ["Sign-up is by invitation" in each.text for each in answers] == [False, True, True]


def test_by_invitation_only_the_login_says_so(by_invitation, alice, visitor):
    login = Page(visitor.get(LOGIN).text)

    assert login.link("Sign up") is None
    assert "You need an invitation" in login.one("content").text


def test_by_invitation_only_an_invited_newcomer_signs_up_from_the_login(by_invitation, alice, bob, visitor, lunch):
    link = link_of(bob, lunch)

    page = visitor.page(f"{LOGIN}?next={link}")
    form = visitor.fills(page.link("Sign up"), SIGNUP, **account("visitor"))

    assert visitor.post(SIGNUP, **form).headers["location"] == f"{lunch}?welcome=1"


def test_by_invitation_only_a_used_up_link_creates_no_account(by_invitation, alice, bob, lunch, site):
    link = link_of(bob, lunch, max_uses=1)
    people = [HttpPerson(site, name) for name in ("carl", "dora", "emil", "finn")]
    forms = [each.fills(each.page(link).link("Sign up"), SIGNUP, **account(each.name)) for each in people]
    before = accounts(site)

    with ThreadPoolExecutor() as at_once:
        answers = list(at_once.map(lambda pair: pair[0].post(SIGNUP, **pair[1]), zip(people, forms, strict=True)))

    assert sorted(each.status_code for each in answers) == [303, 410, 410, 410]
    assert accounts(site) == before + 1


@pytest.mark.parametrize("token", ["", *HOSTILE])
def test_by_invitation_only_no_made_up_token_creates_an_account(by_invitation, alice, site, faultless, token):
    mallory, before = stranger(site), accounts(site)

    response = mallory.post(SIGNUP, **account("mallory"), invitation=token)

    assert response.status_code in (403, 410)
    assert accounts(site) == before


def test_a_closed_server_stays_closed_with_an_invitation(is_closed, bob, lunch, visitor):
    link = link_of(bob, lunch)

    page = visitor.page(link)

    assert page.link("Sign up") is None
    assert "Sign-up is closed" in page.one("content").text
    assert visitor.post(SIGNUP, **account("visitor"), invitation=link.split("/")[2]).status_code == 403


# Invitations to the server


def test_a_superuser_invites_people_to_the_server(by_invitation, alice, visitor):
    link = link_of(alice, "/")

    assert "alice" in visitor.page(link).one("content").text
    assert signs_up_by(visitor, link).headers["location"] == "/"
    assert "visitor" in alice.get("/invitations/1/uses/").text


def test_after_signing_up_nobody_is_led_back_to_the_used_up_link(by_invitation, alice, visitor):
    link = link_of(alice, "/", max_uses=1)

    form = visitor.fills(f"{SIGNUP}?next={link}", SIGNUP, **account("visitor"))

    assert visitor.post(SIGNUP, **form).headers["location"] == "/"


def test_nobody_else_invites_people_to_the_server(alice, bob, visitor):
    link_of(alice, "/")

    for path in ("/invitations/", "/invitations/1/uses/"):
        assert bob.get(path).status_code == 403
        assert visitor.get(path).headers["location"].startswith(LOGIN)
    for path in ("/invitations/", "/invitations/1/revoke/"):
        assert bob.post(path).status_code == 403


def test_whoever_has_an_account_is_told_so_and_uses_nothing_up(alice, bob):
    link = link_of(alice, "/", max_uses=1)

    assert "You already have an account" in bob.get(link).text
    assert bob.post(link).headers["location"] == "/"
    assert listed(alice, "/") == ["Used 0 of 1 times"]


def test_a_groups_links_are_not_among_the_servers(alice, bob, lunch):
    link_of(bob, lunch)

    assert listed(alice, "/") == []
    assert alice.get("/invitations/1/uses/").status_code == 404
    assert alice.post("/invitations/1/revoke/").status_code == 404


# What leaks


def test_no_page_is_sent_the_address_of_a_link(alice, bob, visitor, lunch):
    link, new = link_of(bob, lunch), bob.post(f"{lunch}invitations/")

    pages = [new, bob.get(f"{lunch}invitations/"), bob.get(link), visitor.get(link), visitor.get("/invitations/x/")]
    pages += [visitor.get(visitor.page(link).link("Sign up")), visitor.get(f"{LOGIN}?next={link}")]

    assert {each.headers["referrer-policy"] for each in pages} == {"strict-origin"}
    assert {name for each in pages for name in missing(each)} == {"Referrer-Policy"}


def test_what_is_done_with_links_is_in_the_security_log_without_them(bob, carol, lunch, logged):
    logged()
    link = link_of(bob, lunch)
    carol.post(link)
    bob.post(f"{lunch}invitations/1/revoke/")
    carol.post("/invitations/unknown/")

    lines = [line for _, line in logged()]
    assert lines == [
        "invitation-create done group=1 invitation=1 account=- by=2 address=-",
        "invitation-use done group=1 invitation=1 account=3 by=3 address=-",
        "invitation-revoke done group=1 invitation=1 account=2 by=2 address=-",
        "invitation-use refused account=3 by=3 address=-",
    ]


def test_a_superusers_menu_leads_to_the_invitations_and_nobody_elses_does(alice, bob):
    assert alice.page("/").link("Invite people") == "/invitations/"
    assert bob.page("/").link("Invite people") is None


# What the tests above need


def link_of(person, place, **terms):
    """A new link to the group at this address, or with `/` to the server."""
    return LINK.search(person.post(f"{place}invitations/", **terms).text)[0]


def listed(person, place):
    """How often each link in the list was used."""
    page = person.page(f"{place}invitations/")
    return [each.text.strip() for each in page.elements if (each.get("id") or "").startswith("uses-")]


def shown(response):
    """The page without what is new on every page."""
    return re.sub(r'name="form_id" value="\w+"', "", response.text)


def account(name):
    return {"username": name, "password1": PASSWORD, "password2": PASSWORD}


def signs_up_by(person, link, **fields):
    path = person.page(link).link("Sign up")
    return person.post(SIGNUP, **person.fills(path, SIGNUP, **account(person.name) | fields))


def accounts(site):
    state = site.app._app.state.site
    return site.portal.call(state.database.run_read, lambda session: session.scalar(select(func.count(User.id))))
