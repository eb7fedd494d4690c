"""Marking a log as read without a script."""

import pytest
from people import HttpPerson

NOWHERE = "00000000-0000-4000-8000-000000000000"
JSON = {"Accept": "application/json"}


@pytest.fixture
def together(alice, bob, gardening):
    """Alice's Join is entry 1, bob's is 2, and hers is message 3, which he has not read."""
    bob.joins(gardening)
    alice.says(gardening, "hi")
    return gardening


def test_a_form_marks_a_log_as_read_and_leads_back_to_the_group(bob, together):
    response = bob.post(path(together), seq="3")

    assert (response.status_code, response.headers["location"]) == (303, f"/groups/{together}/")
    assert unread(bob, together) is None


def test_a_page_has_the_form_where_something_is_unread(alice, bob, together):
    assert bob.page(f"/groups/{together}/").form(path(together)).items() >= {"seq": "3", "read_rev": "0"}.items()
    assert path(together) not in [each.get("action") for each in alice.page(f"/groups/{together}/").forms()]


@pytest.mark.parametrize(("given", "leads_to"), [("/", "/"), ("//evil.example", "/")])
def test_a_form_leads_to_where_it_says_on_this_site(bob, together, given, leads_to):
    assert bob.post(path(together), seq="3", next=given).headers["location"] == leads_to


def test_a_script_gets_the_numbers(bob, together):
    response = bob.browser.post(path(together), data={"seq": "3"}, headers=JSON)

    numbers = {"unread": 0, "mentions": 0, "read": 3, "read_rev": 0, "at": 3}
    assert response.json() == [{"type": "unread", "group_uuid": together, **numbers}]


def test_a_form_with_another_read_rev_changes_nothing(bob, together):
    assert bob.post(path(together), seq="3", read_rev="1").status_code == 303

    assert unread(bob, together) == "1"


@pytest.mark.parametrize("fields", [{}, {"seq": ""}, {"seq": "0"}, {"seq": "-1"}, {"seq": "3", "read_rev": "x"}])
def test_what_is_no_place_in_a_log_is_refused(bob, together, fields):
    page = bob.post(path(together), **fields)
    answer = bob.browser.post(path(together), data=fields, headers=JSON)

    assert (page.status_code, ("`read_rev` must" if "read_rev" in fields else "`seq` must") in page.text) == (400, True)
    assert (answer.status_code, answer.json()[0]["code"]) == (400, "bad_frame")
    assert unread(bob, together) == "1"


def test_only_members_mark_a_log_as_read(site, bob, together):
    bob.leaves(together)

    assert bob.post(path(together), seq="3").status_code == 403
    assert bob.post(path(NOWHERE), seq="3").status_code == 404
    assert "/accounts/login/" in HttpPerson(site, "visitor").post(path(together), seq="3").headers["location"]


def path(group):
    return f"/groups/{group}/read/"


def unread(person, group):
    """The number beside the group on the home page; None without one."""
    return next((text for _, uuid, text in badges(person.page("/")) if uuid == group), None)


def test_home_and_every_group_show_what_is_unread(alice, bob, together):
    cooking = alice.creates("Cooking")
    bob.joins(cooking)

    for page in (bob.page("/"), bob.page(f"/groups/{cooking}/"), bob.page(f"/groups/{together}/")):
        assert badges(page) == [("badge group-unread", together, "1")]
    assert badges(alice.page("/")) == []


def test_a_single_mention_is_not_called_mentions(alice, bob, together):
    shown = []
    for _ in range(2):
        alice.says(together, "@bob")
        shown.append(next(each.text for each in bob.page("/").elements if each.get("data-badges") == together))

    assert shown == ["1 mention2 unread", "2 mentions3 unread"]


def test_the_author_of_a_message_has_nothing_to_read(bob, together):
    bob.post(path(together), seq="3")
    bob.says(together, "hello")

    assert badges(bob.page("/")) == []


def badges(page):
    found = [each for each in page.elements if (each.get("class") or "").startswith("badge group")]
    return [(each["class"], each["data-group"], each.text) for each in found]
