"""Two people in browsers, of whom one invites the other by a link."""

import re

import pytest
from old_browsers import lacks, lacks_newer_features
from people import PASSWORD
from playwright.sync_api import expect

WITHOUT_SCRIPT = {"java_script_enabled": False}


@pytest.fixture
def link(alice):
    """To a closed group of alice's, as she copies it."""
    group = alice.founds("Lunch", "closed")
    alice.page.goto(f"groups/{group}/")
    alice.page.get_by_role("link", name="Invite people").first.click()
    return creates_link(alice.page)


def creates_link(page):
    page.get_by_role("button", name="Create link").click()
    expect(page.locator("#link")).to_have_count(1)
    page.wait_for_function("() => getSelection().toString() === document.querySelector('#link').value")
    return page.locator("#link").input_value()


@pytest.mark.parametrize("options", [{}, WITHOUT_SCRIPT], ids=["scripts", "no scripts"])
def test_a_newcomer_signs_up_by_a_link_and_is_told_where_to_write(alice, link, site, new_context, options):
    page = new_context(**options).new_page()
    page.goto(link)
    page.get_by_role("link", name="Sign up").click()
    signs_up(page, f"guest{len(site.accounts)}", site)

    expect(page.locator("#welcome")).to_contain_text("Welcome to Lunch")
    page.locator("#chat-message-input").fill("hello")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#chat-log .entry-text")).to_have_text("hello")


def test_a_reload_does_not_welcome_again(alice, link, site, new_context):
    page = new_context().new_page()
    page.goto(link)
    page.get_by_role("link", name="Sign up").click()
    signs_up(page, f"guest{len(site.accounts)}", site)
    expect(page.locator("#welcome")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/groups/[\w-]+/$"))

    page.reload()

    expect(page.locator("#chat-message-input")).to_be_visible()
    expect(page.locator("#welcome")).to_have_count(0)


def test_whoever_has_an_account_logs_in_and_joins_by_the_keyboard(alice, bob, link, new_context):
    page = new_context().new_page()
    page.goto(link)
    page.get_by_role("link", name="Log in").press("Enter")
    page.get_by_label("Name").fill("bob")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Join Lunch").press("Enter")

    expect(page.locator("#chat-log")).to_contain_text("bob joined")


def signs_up(page, name, site):
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    site.accounts.add(name)


# Copying and sharing the link

# What a phone's browser has; it notes what it is given.
SHARES = "Navigator.prototype.share = data => { window.shared = data; return Promise.resolve() }"
FAILS = """Navigator.prototype.share = () => {
  window.isAsked = true
  return Promise.reject(new DOMException("no", "%s"))
}"""
IS_UNCOPYABLE = "Document.prototype.execCommand = () => false"


@pytest.fixture
def tab(alice):
    """A tab of alice's in which features can be missing, or more than Chromium's own."""
    return alice.tab()


@pytest.fixture
def invites(alice, tab):
    """Has alice create a link to a group of hers in that tab; the link."""
    group = alice.founds("Lunch", "closed")

    def invites():
        tab.page.goto(f"groups/{group}/invitations/")
        return creates_link(tab.page)

    return invites


def pasted(person):
    """What the clipboard has."""
    page = person.tab().page
    page.goto("messages/new/")
    page.locator("#field-username").press("ControlOrMeta+v")
    return page.locator("#field-username").input_value()


@pytest.mark.parametrize("is_old", [False, True], ids=["new browser", "old browser"])
def test_a_button_copies_the_link_and_says_so(alice, tab, invites, is_old):
    if is_old:
        lacks_newer_features(tab.page)
    link = invites()

    tab.page.get_by_role("button", name="Copy link").press("Enter")

    expect(tab.page.get_by_role("status")).to_have_text("Copied")
    expect(tab.page.locator("#copy-link")).to_be_focused()
    assert pasted(alice) == link


def test_a_link_that_can_not_be_copied_is_selected(tab, invites):
    lacks_newer_features(tab.page)
    tab.page.add_init_script(IS_UNCOPYABLE)
    link = invites()

    tab.page.get_by_role("button", name="Copy link").click()

    expect(tab.page.get_by_role("status")).to_have_text(
        "Couldn't copy the link. It's selected, so you can copy it yourself."
    )
    expect(tab.page.locator("#link")).to_be_focused()
    assert tab.page.evaluate("getSelection().toString()") == link


def test_a_phone_shares_the_link(tab, invites):
    tab.page.add_init_script(SHARES)
    link = invites()

    tab.page.get_by_role("button", name="Share link").click()

    tab.page.wait_for_function("link => window.shared?.url === link", arg=link)
    expect(tab.page.get_by_role("status")).to_have_text("")


@pytest.mark.parametrize(
    ("error", "outcome"), [("AbortError", ""), ("NotAllowedError", "Couldn't share the link. Copy it instead.")]
)
def test_a_failure_to_share_is_reported_unless_the_user_cancelled(tab, invites, error, outcome):
    tab.page.add_init_script(FAILS % error)
    invites()

    tab.page.get_by_role("button", name="Share link").click()

    tab.page.wait_for_function("() => window.isAsked")
    expect(tab.page.get_by_role("status")).to_have_text(outcome)


def test_a_browser_that_can_not_share_has_no_button_for_it(tab, invites):
    lacks(tab.page, "Navigator.prototype.share")
    invites()

    expect(tab.page.get_by_role("button", name="Copy link")).to_be_visible()
    expect(tab.page.get_by_role("button", name="Share link")).to_have_count(0)


def test_a_new_link_is_accessible_on_a_phone(tab, invites):
    tab.page.set_viewport_size({"width": 360, "height": 740})
    tab.page.add_init_script(SHARES)
    invites()
    tab.page.get_by_role("button", name="Copy link").click()
    expect(tab.page.get_by_role("status")).to_have_text("Copied")

    assert (tab.violations, tab.overhang) == ([], 0)


def test_without_a_script_there_is_nothing_to_press_but_the_link_to_copy(arrives):
    bob = arrives("bob", **WITHOUT_SCRIPT)
    bob.logs_in()
    bob.page.goto(f"groups/{bob.founds('Lunch', 'closed')}/invitations/")
    bob.page.get_by_role("button", name="Create link").click()

    expect(bob.page.locator("#link")).to_be_visible()
    expect(bob.page.get_by_role("button", name=re.compile("Copy|Share"))).to_have_count(0)
