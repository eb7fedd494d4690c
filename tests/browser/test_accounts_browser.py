"""Sessions and passwords, in browsers with and without script."""

import pytest
from browsers import PHONE, REFUSAL
from people import PASSWORD
from playwright.sync_api import expect

NEW = "another horse entirely"


@pytest.fixture
def carol(arrives, alice):
    """Somebody whose browser runs no script, logged in."""
    carol = arrives("carol", java_script_enabled=False)
    carol.logs_in()
    return carol


@pytest.fixture
def on_her_phone(arrives, carol):
    """The same, with a phone whose browser does run it."""
    phone = arrives("carol", **PHONE)
    phone.logs_in()
    return phone


def opens_menu(person, entry):
    person.page.goto("/")
    person.find(".shell-person").click()
    person.page.get_by_role("link", name=entry).click()


def fills(person, **fields):
    for name, value in fields.items():
        person.find(f"[name={name}]").fill(value)
    person.find("main form button").click()


def reset_link(alice, name):
    alice.page.goto(f"/admin/user/list?search={name}")
    alice.page.get_by_role("link", name=f"View {name}").click()
    alice.page.get_by_role("button", name="Make a reset link").click()
    return alice.find("#link").input_value()


def test_a_session_ended_elsewhere_is_shown_immediately(carol, on_her_phone, gardening):
    on_her_phone.joins(gardening)
    on_her_phone.opens(gardening)
    opens_menu(carol, "Your sessions")

    carol.page.get_by_role("button", name="End all others").click()

    expect(on_her_phone.find("#session-ended")).to_be_visible()
    expect(carol.find(".session")).to_have_count(1)
    expect(carol.find(".session")).to_contain_text("this browser")


def test_times_are_shown_in_the_readers_words(on_her_phone):
    on_her_phone.page.goto("/accounts/sessions/")

    expect(on_her_phone.find(".session").first).to_contain_text("signed in just now")


def test_without_script_a_password_is_changed_and_the_next_login_needs_it(carol, on_her_phone, complaints):
    complaints.excuse(REFUSAL)
    opens_menu(carol, "Change password")
    expect(carol.find("[name=password]")).to_be_focused()

    fills(carol, password="wrong", password1=NEW, password2=NEW)
    expect(carol.find("#error-password")).to_have_text("This is not your password.")
    fills(carol, password=PASSWORD, password1=NEW, password2=NEW)

    expect(carol.find("h1")).to_have_text("Your password is changed")
    assert on_her_phone.gets("/").status == 303
    carol.posts("/accounts/login/", username="carol", password=NEW)
    changes_back(carol)


def changes_back(person):
    form = {"password": NEW, "password1": PASSWORD, "password2": PASSWORD}
    assert person.context.request.post("/accounts/password/", form=form, max_retries=1).status == 200


def test_without_script_a_forgotten_password_is_set_with_a_link(alice, carol):
    link = reset_link(alice, "carol")
    carol.context.clear_cookies()

    carol.page.goto(link)
    fills(carol, password1=PASSWORD, password2=PASSWORD)

    expect(carol.find("h1")).to_have_text("Groups")
    expect(carol.find(".shell-person")).to_contain_text("carol")


def test_a_page_acts_only_for_its_own_account(site, bob, carol, gardening, new_context):
    shared = new_context(base_url=f"{site.url}/", java_script_enabled=False)
    shared.request.post("accounts/login/", form={"username": "bob", "password": PASSWORD})
    page = shared.new_page()
    page.goto("./")
    shared.request.post("accounts/login/", form={"username": "carol", "password": PASSWORD})

    page.get_by_role("button", name="Join Gardening").click()

    expect(page.locator("h1")).to_have_text("This page belongs to another account")
    assert carol.gets(f"groups/{gardening}/").status == 403


# For everyone


def test_axe_finds_nothing_on_ones_sessions(carol, on_her_phone):
    on_her_phone.page.goto("/accounts/sessions/")
    expect(on_her_phone.find(".session").nth(1)).to_be_visible()

    assert on_her_phone.violations == []
    assert on_her_phone.overhang <= 0


def test_axe_finds_nothing_where_a_password_is_changed(on_her_phone, complaints):
    complaints.excuse(REFUSAL)
    on_her_phone.page.goto("/accounts/password/")
    empty = on_her_phone.violations

    fills(on_her_phone, password="wrong", password1=NEW, password2=NEW)

    expect(on_her_phone.find(".field-error")).to_be_visible()
    assert empty + on_her_phone.violations == []
    assert on_her_phone.overhang <= 0


def test_axe_finds_nothing_where_a_link_leads(alice, on_her_phone, complaints):
    complaints.excuse(REFUSAL)
    on_her_phone.page.goto(reset_link(alice, "carol"))
    found = on_her_phone.violations + alice.violations

    fills(on_her_phone, password1="password1", password2="password1")

    expect(on_her_phone.find(".field-error")).to_be_visible()
    assert found + on_her_phone.violations == []
    assert on_her_phone.overhang <= 0


def test_axe_finds_nothing_on_a_link_that_does_not_work_any_more(alice, complaints):
    complaints.excuse(REFUSAL)
    alice.page.goto("/accounts/reset/x/")

    expect(alice.find("h1")).to_have_text("This link does not work any more")
    assert alice.violations == []


def test_axe_finds_nothing_where_a_text_was_not_sent(alice, gardening, complaints):
    complaints.excuse(REFUSAL)
    alice.goes_home()
    alice.page.evaluate("document.querySelector('.new-group [name=account]').value = 'of another account'")

    alice.page.get_by_label("Name").fill("Cooking")
    alice.page.get_by_role("button", name="Create").click()

    expect(alice.find("#typed-name")).to_have_value("Cooking")
    assert alice.violations == []
