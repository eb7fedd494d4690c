"""What people write is text, wherever it is shown: it is never run and never filled in."""

import pytest
from browsers import REFUSAL
from playwright.sync_api import expect

HOSTILE = [
    "<script>window.ran=1</script>",
    "<img src=x onerror=ran()>",
    "`${1}` ${alert(1)} {{7*7}}",
    "</template></textarea>\"'&amp;",
]
# All that a name may have beside letters and digits, and one that means something to scripts.
NAMES = ["a.b+c@d-e_f", "__proto__"]


@pytest.fixture
def groups(alice):
    """Groups of hostile names: uuid → name."""
    return {alice.creates(name): name for name in HOSTILE}


def is_inert(tab):
    return tab.page.evaluate("() => !window.ran && !document.querySelector('main script, main img, nav img')")


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
        expect(alice.find("nav [aria-current=page]")).to_have_text(name)
        assert is_inert(alice)


def test_names_of_groups_are_inert_where_one_may_not_enter(alice, groups, complaints):
    complaints.excuse(REFUSAL)
    for group, name in groups.items():
        alice.page.goto(f"/groups/{group}/")
        expect(alice.find("main").get_by_role("button")).to_have_text(f"Join {name}")
        assert is_inert(alice)


def test_messages_are_inert_live_and_after_a_reload(alice, bob, together):
    alice.says(*HOSTILE)

    for reader in (bob, bob.opens(together), alice):
        reader.sees(*HOSTILE)
        assert is_inert(reader)


def test_messages_that_wait_are_inert(alice, gardening):
    tab = alice.tab(lambda _socket: None).opens_unconnected(gardening)

    tab.says(*HOSTILE)

    expect(tab.pending.locator(".entry-text")).to_have_text(HOSTILE)
    assert is_inert(tab)


def test_a_name_that_is_refused_is_inert_and_kept(arrives, complaints):
    complaints.excuse(REFUSAL)
    stranger = arrives("stranger")
    for name in HOSTILE:
        stranger.page.goto("/accounts/signup/")
        stranger.page.get_by_label("Name").fill(name)
        for label in ("Password", "The same password again"):
            stranger.page.get_by_label(label, exact=True).fill("long enough")
        stranger.page.get_by_role("button", name="Sign up").click()
        expect(stranger.find("#error-username")).to_be_visible()
        expect(stranger.page.get_by_label("Name")).to_have_value(name)
        assert is_inert(stranger)


@pytest.mark.parametrize("name", NAMES)
def test_a_strange_name_is_but_a_name(alice, arrives, gardening, name):
    alice.opens(gardening)
    stranger = arrives(name)
    stranger.signs_in()
    stranger.joins(gardening)
    stranger.wrote(gardening, "hello")
    alice.sees("hello")
    live = alice.log()

    alice.opens(gardening)

    assert alice.log() == live
    expect(alice.members.filter(has_text=name)).to_have_count(1)
    stranger.leaves(gardening)
    expect(alice.members).to_have_text(["alice"])
