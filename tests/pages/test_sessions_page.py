import pytest
from people import HttpPerson, closed

from discussit.accounts.current_user import COOKIE

SESSIONS = "/accounts/sessions/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"


@pytest.fixture
def elsewhere(site, alice):
    """Alice, in another browser."""
    elsewhere = HttpPerson(site, "alice")
    elsewhere.browser.headers["user-agent"] = FIREFOX
    elsewhere.log_in()
    return elsewhere


def listed(person):
    """What the page says of each session, and the button that ends it."""
    elements = person.page(SESSIONS).elements
    rows = [each for each in elements if each.get("class") == "session"]
    buttons = [next(e for e in elements if e.tag == "button" and row in e.parents) for row in rows]
    return [(" ".join(row.text.split()), button["value"]) for row, button in zip(rows, buttons, strict=True)]


def ends(person, session):
    return person.post(SESSIONS, session=session)


def test_a_user_sees_their_sessions_with_this_browser_first(alice, elsewhere):
    (here, _), (there, _) = listed(elsewhere)

    assert here.startswith("Firefox on Linux this browser testclient · signed in ")
    assert here.endswith("Log out")
    assert there.startswith("testclient testclient · signed in ")
    assert "last seen" in there
    assert there.endswith("End")


def test_a_user_sees_only_their_own_sessions(alice, bob):
    assert len(listed(alice)) == len(listed(bob)) == 1


def test_a_visitor_is_led_to_the_login(site):
    visitor = HttpPerson(site, "visitor")

    assert visitor.get(SESSIONS).headers["location"] == f"/accounts/login/?next={SESSIONS}"
    assert ends(visitor, "others").headers["location"].startswith("/accounts/login/")


def test_ending_a_session_logs_that_browser_out_and_closes_its_sockets_immediately(alice, elsewhere, gardening):
    with elsewhere.at_home() as home, elsewhere.in_group(gardening) as group:
        response = ends(alice, listed(alice)[1][1])

        assert (closed(home), closed(group)) == (4401, 4401)
    assert response.headers["location"] == SESSIONS
    assert (elsewhere.get("/").status_code, alice.get("/").status_code) == (303, 200)
    assert len(listed(alice)) == 1


def test_ending_all_others_leaves_this_one_alone(site, alice, bob, elsewhere, gardening):
    with elsewhere.in_group(gardening) as there, alice.in_group(gardening) as here:
        ends(alice, "others")

        assert closed(there) == 4401
        alice.says(gardening, "still here")
        assert here.receive_json()["content"] == "still here"
    assert [each.get("/").status_code for each in (alice, bob, elsewhere)] == [200, 200, 303]


def test_ending_the_present_session_is_a_logout(alice, gardening):
    with alice.in_group(gardening) as socket:
        response = ends(alice, listed(alice)[0][1])

        assert closed(socket) == 4401
    assert response.headers["location"] == "/accounts/login/"
    assert COOKIE not in alice.browser.cookies


def test_the_only_session_has_no_others_to_end(alice, elsewhere):
    words = ("End all others", "One of them is not you?")
    assert all(each in alice.get(SESSIONS).text for each in words)

    ends(alice, "others")

    assert not any(each in alice.get(SESSIONS).text for each in words)


@pytest.mark.parametrize("made_up", ["", "x", "\0", "0" * 64, "x" * 10_000])
def test_ending_an_unknown_session_changes_nothing(alice, faultless, made_up):
    assert ends(alice, made_up).headers["location"] == SESSIONS
    assert len(listed(alice)) == 1


def test_nobody_ends_anybody_elses_session(alice, bob):
    his = listed(bob)[0][1]

    assert ends(alice, his).headers["location"] == SESSIONS
    assert bob.get("/").status_code == 200


def test_another_site_can_end_nothing(alice, elsewhere):
    headers = {"Sec-Fetch-Site": "cross-site"}

    response = alice.browser.post(SESSIONS, data={"session": "others"}, headers=headers)

    assert response.status_code == 403
    assert elsewhere.get("/").status_code == 200


def test_a_user_agent_is_shown_as_text(site, alice):
    hostile = HttpPerson(site, "alice")
    hostile.browser.headers["user-agent"] = "x<script>alert(1)</script>"
    hostile.log_in()

    assert "<script>alert" not in alice.get(SESSIONS).text


def test_every_page_leads_there(alice, gardening):
    for path in ("/", f"/groups/{gardening}/", "/admin/", SESSIONS):
        assert alice.page(path).link("Your sessions") == SESSIONS
