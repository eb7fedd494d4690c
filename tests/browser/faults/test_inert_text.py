"""What people write is text, wherever it is shown: it is never run, never filled in, and stays where it belongs."""

import re

import hostile
import pytest
from browsers import REFUSAL
from people import PASSWORD
from playwright.sync_api import expect

# What an element that was made of somebody's text would be, or have.
ALIEN = "main :is(script, img, iframe), nav img, [onerror], [onload], [onclick], a[href^='javascript:' i]"
STYLES = "texts => texts.map(text => [getComputedStyle(text).overflowY, getComputedStyle(text).unicodeBidi])"
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def groups(alice):
    """Groups of hostile names: uuid → name."""
    return {alice.creates(name): name for name in hostile.GROUPS}


@pytest.fixture
def everything(alice, together, arrives, groups):
    """A group in which strange people have written every hostile message; its uuid."""
    for name in hostile.USERS:
        stranger = arrives(name)
        stranger.logs_in()
        stranger.joins(together)
        stranger.wrote(together, "hello")
        stranger.leaves(together)
        stranger.joins(together)
    alice.wrote(together, *hostile.MESSAGES)
    for group in groups:
        alice.joins(group)
    return together


def is_inert(tab):
    return tab.page.evaluate("alien => !window.ran && !document.querySelector(alien)", ALIEN)


def test_names_of_groups_are_inert_at_home(alice, groups):
    alice.goes_home()

    for group, name in groups.items():
        alice.button("join", group).click()
        expect(alice.button("open", group)).to_be_focused()
        expect(alice.find(f'[id="name-{group}"]')).to_have_text(name)
        expect(alice.find("#news")).to_have_text(f"Joined {name}")
    assert is_inert(alice)


def test_names_of_groups_are_inert_on_their_pages(alice, groups):
    for group, name in groups.items():
        alice.joins(group)
        alice.opens(group)
        expect(alice.page).to_have_title(f"{name} · DiscussIt")
        expect(alice.find("h1")).to_have_text(name)
        expect(alice.find("nav [aria-current=page] .panel-name")).to_have_text(name)
        assert is_inert(alice)


def test_names_of_groups_are_inert_where_one_may_not_enter(alice, groups, complaints):
    complaints.excuse(REFUSAL)
    for group, name in groups.items():
        alice.page.goto(f"/groups/{group}/")
        expect(alice.find("main").get_by_role("button")).to_have_text(f"Join {name}")
        assert is_inert(alice)


def test_messages_are_inert_live_and_after_a_reload(alice, bob, together):
    shown = [text.replace("`", "") for text in hostile.MESSAGES]  # the marks of code are not
    alice.says(*hostile.MESSAGES)

    for reader in (bob, bob.opens(together), alice):
        reader.sees(*shown)
        assert is_inert(reader)


def test_messages_that_wait_are_inert(alice, gardening):
    tab = alice.tab(lambda _socket: None).opens_unconnected(gardening)

    tab.says(*hostile.MESSAGES)

    expect(tab.pending.locator(".entry-text")).to_have_text(hostile.MESSAGES)
    assert is_inert(tab)


def test_only_addresses_of_the_web_become_links(alice, together):
    alice.wrote(together, *hostile.MESSAGES)
    alice.opens(together)

    addresses = alice.page.evaluate("() => [...document.querySelectorAll('.entry-text a')].map(link => link.href)")

    assert addresses
    assert all(address.startswith(("http://", "https://")) for address in addresses)


def test_an_address_of_brackets_does_not_delay_its_readers(alice, together):
    alice.opens(together)

    quickest = alice.page.evaluate("""async () => {
      const { linkify } = await import("/static/js/shared/linkify.js")
      const text = document.createElement("p")
      const took = []
      for (let times = 0; times < 10; times += 1) {
        const begin = performance.now()
        text.textContent = "https://a" + ")".repeat(9990)
        linkify(text)
        took.push(performance.now() - begin)
      }
      return Math.min(...took)
    }""")

    assert quickest < 50  # milliseconds


def test_a_name_that_is_refused_is_inert_and_kept(arrives, complaints):
    complaints.excuse(REFUSAL)
    stranger = arrives("stranger")
    for name in (*hostile.MARKUP, hostile.UNSEEN[0]):
        stranger.page.goto("/accounts/signup/")
        stranger.page.get_by_label("Name").fill(name)
        for label in ("Password", "The same password again"):
            stranger.page.get_by_label(label, exact=True).fill("long enough")
        stranger.page.get_by_role("button", name="Sign up").click()
        expect(stranger.find("#error-username")).to_be_visible()
        expect(stranger.page.get_by_label("Name")).to_have_value(name)
        assert is_inert(stranger)


@pytest.mark.parametrize("name", hostile.USERS)
def test_a_strange_name_is_only_a_name(alice, arrives, gardening, name):
    alice.opens(gardening)
    stranger = arrives(name)
    stranger.logs_in()
    stranger.joins(gardening)
    stranger.wrote(gardening, "hello")
    alice.sees("hello")
    live = alice.log()

    alice.opens(gardening)

    assert alice.log() == live
    expect(alice.members.filter(has_text=name)).to_have_count(1)
    stranger.leaves(gardening)
    expect(alice.members).to_have_text(["alice"])


@pytest.mark.parametrize("target", ["javascript:window.ran=1", "//evil.example", "/\\evil.example", "/\t/evil.example"])
def test_after_the_login_nobody_is_led_elsewhere(alice, arrives, site, target):
    visitor = arrives("visitor")
    visitor.context.clear_cookies()
    visitor.page.goto("/accounts/login/")
    visitor.find("[name=next]").evaluate("(field, target) => field.value = target", target)
    visitor.page.get_by_label("Name").fill("alice")
    visitor.page.get_by_label("Password").fill(PASSWORD)

    visitor.page.get_by_role("button", name="Log in").click()

    expect(visitor.page).to_have_url(f"{site.url}/")
    assert is_inert(visitor)


def test_the_administration_shows_text_and_fits_on_a_phone(alice, everything):
    alice.page.set_viewport_size(PHONE)
    for section in ("user", "group", "membership", "message", "event", "change"):
        alice.page.goto(f"/admin/{section}/list")
        ways = alice.find(".admin-ways a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
        for address in [f"/admin/{section}/list?search=<svg/onload=window.ran=1>", *ways[:15]]:
            alice.page.goto(address)
            assert is_inert(alice), address
            assert alice.overhang <= 0, address


def test_suggestions_are_inert(alice, groups):
    alice.page.goto("/admin/membership/create")
    for group, name in groups.items():
        with alice.page.expect_response(re.compile("ajax/lookup[?]term=.")):
            alice.find("[name=group]").fill(group)
        expect(alice.find("#suggestions-group option")).to_have_count(1)
        expect(alice.find("#suggestions-group option")).to_have_attribute("value", name)
        assert is_inert(alice)


def test_nothing_that_is_written_is_wider_than_a_phone(alice, everything):
    alice.page.set_viewport_size(PHONE)
    alice.opens(everything)
    for path in ("/", f"/groups/{everything}/?at=1", f"/groups/{everything}/", f"/groups/{everything}/members/"):
        alice.page.goto(path)
        assert alice.overhang <= 0, path
        assert is_inert(alice)


def test_text_stays_in_its_box_and_turns_no_neighbour_around(alice, everything):
    places = {
        "/": ".group-name",
        f"/groups/{everything}/": ".entry-text, .entry-head .entry-name, .member-name, .panel-name, h1",
        f"/groups/{everything}/members/": ".member-name, h1 bdi, .members-back bdi",
        "/admin/group/list": "td > [dir=auto]",
        "/admin/message/list": "td > [dir=auto]",
    }

    for path, texts in places.items():
        alice.page.goto(path)
        styles = alice.find(texts).evaluate_all(STYLES)
        assert len(styles) > 8
        assert all(overflow in ("clip", "hidden") and bidi == "isolate" for overflow, bidi in styles), path
