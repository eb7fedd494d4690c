"""What users decide about their own accounts."""

import pytest

SETTINGS = "/accounts/settings/"


def test_the_menu_leads_to_the_settings(bob):
    assert bob.page("/").link("Settings") == SETTINGS


def test_people_who_share_a_group_may_message_somebody_at_first(bob):
    assert chosen(bob.page(SETTINGS)) == ["shared"]


@pytest.mark.parametrize("direct", ["everyone", "nobody", "shared"])
def test_a_choice_is_kept(bob, direct):
    response = bob.post(SETTINGS, **bob.fills(SETTINGS, SETTINGS, direct=direct))

    assert (response.status_code, "Saved." in response.text) == (200, True)
    assert chosen(bob.page(SETTINGS)) == [direct]


@pytest.mark.parametrize(("direct", "status"), [("shared", 400), ("everyone", 303), ("nobody", 400)])
def test_the_choice_decides_whom_strangers_can_message(bob, cleo, direct, status):
    bob.post(SETTINGS, direct=direct)

    assert cleo.post("/messages/new/", username="bob").status_code == status


def test_a_form_that_is_sent_again_is_answered_as_at_first(bob):
    form = bob.fills(SETTINGS, SETTINGS, direct="nobody")

    assert [bob.post(SETTINGS, **form).status_code for _ in range(2)] == [200, 200]


@pytest.mark.parametrize("fields", [{}, {"direct": ""}, {"direct": "friends"}, {"direct": "\0"}])
def test_a_choice_that_there_is_not_is_refused_beside_the_field(bob, fields):
    response = bob.post(SETTINGS, **fields)

    assert response.status_code == 400
    assert 'id="error-direct"' in response.text
    assert chosen(bob.page(SETTINGS)) == ["shared"]


def chosen(page):
    return [each["value"] for each in page.elements if each.get("type") == "radio" and "checked" in each.attributes]
