"""Two people in browsers, of whom one invites the other by a link."""

import re

import pytest
from people import PASSWORD
from playwright.sync_api import expect

WITHOUT_SCRIPT = {"java_script_enabled": False}


@pytest.fixture
def link(alice):
    """To a closed group of alice's, as she copies it."""
    group = alice.founds("Lunch", "closed")
    alice.page.goto(f"groups/{group}/")
    alice.page.get_by_role("link", name="Invite people").first.click()
    alice.page.get_by_role("button", name="Create link").click()
    expect(alice.page.locator("#link")).to_have_count(1)
    alice.page.wait_for_function("() => getSelection().toString() === document.querySelector('#link').value")
    return alice.page.locator("#link").input_value()


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
