"""For everyone: axe finds nothing, the keyboard is enough, a phone is too."""

import pytest
from browsers import OUTAGE, REFUSAL
from people import PASSWORD
from playwright.sync_api import expect

NOWHERE = "/groups/00000000-0000-4000-8000-000000000000/"


@pytest.fixture
def phone(arrives, alice, bob, gardening):
    """Bob with a phone, in a group with a long conversation."""
    alice.wrote(gardening, "a word of " + "w" * 200, "https://example.org/" + "a" * 200, *["hello"] * 10)
    bob.joins(gardening)
    phone = arrives("bob", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    phone.logs_in()
    return phone


def test_axe_finds_nothing_on_a_group_at_work(alice, bob, together):
    alice.says("hello https://example.org", "\x1c")
    bob.says("hello")
    expect(alice.find(".pending-failure:not([hidden])")).to_be_visible()
    expect(alice.messages).to_have_count(2)

    assert alice.violations == []


def test_axe_finds_nothing_on_an_open_run_and_in_the_dialog_of_a_date(alice, bob, together):
    alice.find(".run-line").click()
    expect(alice.find(".run[open]")).to_be_visible()
    found = alice.violations

    alice.find(".entry-day-button").click()

    expect(alice.find("#date-jump")).to_be_visible()
    assert found + alice.violations == []
    alice.page.keyboard.press("Escape")


def test_axe_finds_nothing_on_a_group_without_network(alice, together, complaints):
    complaints.excuse(OUTAGE)
    alice.goes_offline()
    alice.says("later")
    expect(alice.pill).to_contain_text("Offline")

    assert alice.violations == []


def test_axe_finds_nothing_on_a_group_that_one_has_left(alice, together):
    alice.leaves(together)
    expect(alice.find("#membership-ended")).to_be_visible()

    assert alice.violations == []


def test_axe_finds_nothing_at_home(alice, gardening):
    alice.creates("Cooking")

    alice.goes_home()

    assert alice.violations == []


@pytest.mark.parametrize("path", ["", "?q=zzz", "?archived=1", "?sort=name&page=2"])
def test_axe_finds_nothing_in_the_directory(alice, gardening, path):
    alice.founds("Book club", access="closed")
    alice.creates("Cooking")

    alice.page.goto(f"/groups/{path}")

    assert alice.violations == []


def test_axe_finds_nothing_in_a_preview(discussed, arrives):
    cleo = arrives("cleo")
    cleo.logs_in()

    cleo.page.goto(f"/groups/{discussed}/preview/")

    assert cleo.violations == []


@pytest.mark.parametrize("mute", ["", "1d", "forever"])
def test_axe_finds_nothing_where_a_group_is_muted(alice, gardening, mute):
    alice.posts(f"groups/{gardening}/preferences/", mute=mute)

    alice.page.goto(f"/groups/{gardening}/preferences/")

    assert alice.violations == []


def test_axe_finds_nothing_beside_the_log_and_in_its_form(alice, together):
    alice.find(".panel-new summary").click()

    assert alice.violations == []


def test_lists_of_groups_fit_on_a_phone(alice, arrives, discussed, complaints):
    complaints.excuse(REFUSAL)
    alice.founds("W" * 30, access="closed")
    cleo = arrives("cleo")
    cleo.logs_in()

    for person in (alice, cleo):
        person.page.set_viewport_size({"width": 320, "height": 568})
        for path in ("/", "/groups/", f"/groups/{discussed}/", f"/groups/{discussed}/preview/"):
            person.page.goto(path)
            assert person.overhang <= 0, path


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/signup/"])
def test_axe_finds_nothing_on_a_form_and_its_errors(alice, path, complaints):
    complaints.excuse(REFUSAL)
    alice.context.clear_cookies()
    alice.page.goto(path)
    empty = alice.violations
    alice.find("form").evaluate("form => form.noValidate = true")

    alice.find("main button").click()

    expect(alice.find(".field-error, .danger").first).to_be_visible()
    assert empty + alice.violations == []


@pytest.fixture
def discussed(alice, bob, gardening):
    """A group with a message, its first, to which everything was done that can be."""
    bob.joins(gardening)
    alice.wrote(gardening, "**Tomatoes**, @bob? " + "w" * 200)
    message = f"groups/{gardening}/messages/3/"
    bob.posts(f"groups/{gardening}/messages/", message="Yes", reply_to="3")
    bob.posts(f"groups/{gardening}/messages/", message="No", reply_to="3")
    bob.posts(f"{message}reactions/", emoji="👍", on="1")
    alice.posts(f"{message}reactions/", emoji="🍅", on="1")
    for rev in range(3):
        alice.posts(f"{message}edit/", message="Beans, @bob? " + "w" * (200 + rev), rev=str(rev))
    bob.posts(f"groups/{gardening}/messages/5/delete/")
    return gardening


PAGES = ("actions", "edit", "delete", "history", "history/forget")
OF_MESSAGE = ("?at=3", "?reply=3", "?replies=3", *(f"messages/3/{page}/" for page in PAGES))


@pytest.mark.parametrize("path", OF_MESSAGE)
def test_axe_finds_nothing_on_what_was_done_to_a_message(alice, discussed, path):
    alice.page.goto(f"/groups/{discussed}/{path}")

    assert alice.violations == []


def test_the_pages_of_a_message_fit_on_a_phone(alice, discussed):
    alice.page.set_viewport_size({"width": 320, "height": 568})

    for path in OF_MESSAGE:
        alice.page.goto(f"/groups/{discussed}/{path}")
        assert alice.overhang <= 0, path


@pytest.mark.parametrize("title", ["Not found", "You're not in Gardening yet"])
def test_axe_finds_nothing_on_a_refusal(alice, title, complaints):
    complaints.excuse(REFUSAL)
    group = alice.creates("Gardening")

    alice.page.goto(NOWHERE if title == "Not found" else f"/groups/{group}/")

    expect(alice.find("h1")).to_have_text(title)
    assert alice.violations == []


def test_the_keyboard_is_enough(alice, arrives):
    group = alice.creates("Aardvarks")
    cleo = arrives("cleo")
    cleo.logs_in()
    cleo.context.clear_cookies()
    cleo.page.goto("/accounts/login/")

    expect(cleo.find("[name=username]")).to_be_focused()
    types(cleo, "cleo", "Tab", PASSWORD, "Enter")
    expect(cleo.find("h1")).to_have_text("Groups")
    cleo.until(lambda: any(frame["type"] == "ready" for frame in cleo.received))
    cleo.tabs_to(cleo.button("join", group))
    types(cleo, "Enter")
    expect(cleo.button("open", group)).to_be_focused()
    types(cleo, "Enter")
    expect(cleo.pill).to_have_text("Live")
    expect(cleo.field).to_be_focused()
    types(cleo, "hello", "Enter")
    cleo.sees("hello")


def types(person, *texts_and_keys):
    keyboard = person.page.keyboard
    for each in texts_and_keys:
        keyboard.press(each) if each in ("Tab", "Enter") else keyboard.type(each)


def test_the_keyboard_reaches_everything_on_a_groups_page(alice, gardening):
    alice.opens(gardening)
    alice.page.get_by_role("link", name="Skip to the content").focus()

    row = "#chat-log [data-seq]"
    for goal in (".shell-person", "nav [aria-current=page]", ".bar form button", row, "#chat-message-submit"):
        alice.tabs_to(alice.find(goal))

    alice.find(".shell-person").focus()
    alice.page.keyboard.press("Enter")
    alice.tabs_to(alice.page.get_by_role("button", name="Log out"))


@pytest.mark.parametrize("page", ["home", "group", "login"])
def test_nothing_is_wider_than_a_phone(phone, gardening, page):
    if page == "login":
        phone.context.clear_cookies()

    phone.opens(gardening) if page == "group" else phone.page.goto("/")

    assert phone.overhang <= 0
    if page == "group":
        expect(phone.find("#chat-message-submit")).to_be_in_viewport()


def test_on_a_phone_panels_are_folded_behind_buttons(phone, gardening):
    phone.opens(gardening)
    expect(phone.find("#people")).to_be_hidden()
    expect(phone.find("#my-groups")).to_be_hidden()

    phone.find(".bar-members").tap()

    expect(phone.find("#members")).to_contain_text("alice")
    phone.find("#people .panel-close").tap()
    expect(phone.find("#people")).to_be_hidden()
    phone.find(".bar-groups").tap()
    expect(phone.find("#my-groups [aria-current=page]")).to_be_in_viewport()


def test_a_panel_over_the_page_closes_where_the_window_has_a_column_for_it(alice, together):
    alice.page.set_viewport_size({"width": 800, "height": 600})
    alice.find(".bar-members").click()
    expect(alice.find(".panel:popover-open")).to_have_count(1)

    alice.page.set_viewport_size({"width": 1280, "height": 600})

    expect(alice.find(".panel:popover-open")).to_have_count(0)


def test_under_a_finger_enter_breaks_the_line_and_the_button_sends(phone, gardening):
    phone.opens(gardening)
    phone.field.tap()
    phone.page.keyboard.type("one")
    phone.page.keyboard.press("Enter")
    phone.page.keyboard.type("two")

    phone.find("#chat-message-submit").tap()

    expect(phone.messages.last).to_have_text("one two")
    expect(phone.field).to_have_value("")


def test_on_a_tablet_only_members_are_folded(alice, gardening):
    alice.page.set_viewport_size({"width": 800, "height": 700})

    alice.opens(gardening)

    expect(alice.find("#people")).to_be_hidden()
    expect(alice.find("#my-groups")).to_be_visible()
    assert alice.overhang <= 0
