"""The administration in Chromium: under the site's policy, live in the pages that others have open."""

import re
from urllib.parse import urlsplit

import pytest
from browsers import REFUSAL
from playwright.sync_api import expect

PAGES = ("", "user/list", "group/list", "membership/list", "message/list", "event/list", "user/create")


@pytest.fixture
def admin(alice, site):
    """Alice's tab in the administration. A request to another host fails the test."""
    foreign = []
    alice.page.on("request", lambda request: request.url.startswith(site.url) or foreign.append(request.url))
    yield alice
    assert foreign == []


def goes(person, path):
    person.page.goto(f"/admin/{path}")


def saves(person, **fields):
    for name, value in fields.items():
        person.find(f"[name={name}]").fill(value)
    person.page.get_by_role("button", name="Save").click()


def test_the_menu_leads_there_and_every_section_opens(admin):
    admin.page.goto("/")
    admin.find(".shell-person").click()
    admin.page.get_by_role("link", name="Administration", exact=True).click()

    for section in ("Users", "Groups", "Members", "Messages", "Events"):
        admin.page.get_by_role("navigation").get_by_role("link", name=section, exact=True).click()
        expect(admin.find("h1")).to_have_text(section)


def test_a_member_added_by_suggestion_appears_in_the_open_page(admin, bob, gardening):
    reader = admin.tab().opens(gardening)
    goes(admin, "membership/create")
    with admin.page.expect_response(re.compile("/admin/user/ajax/lookup[?]term=bo")):
        admin.find("[name=user]").press_sequentially("bo")
    expect(admin.find("#suggestions-user option[value=bob]")).to_have_count(1)

    saves(admin, group=gardening, user="bob")

    expect(admin.find("h1")).to_have_text("Gardening")
    expect(reader.find('[id="members-bob"]')).to_be_visible()
    expect(reader.find("#chat-log .event").last).to_contain_text("bob was added by alice")


def test_a_member_removed_sees_the_page_close(admin, bob, together):
    goes(admin, f"group/list?search={together}")
    admin.page.get_by_role("link", name="View").click()
    admin.page.get_by_role("link", name="Remove bob").click()
    admin.page.get_by_role("button", name="Remove").click()

    expect(bob.find("#membership-ended")).to_be_visible()
    expect(admin.find(".admin-members li")).to_have_count(1)


def test_a_deleted_message_goes_from_the_open_page(admin, bob, together):
    tab = bob.tab().opens(together)
    bob.says("never mind")
    expect(tab.messages).to_have_text("never mind")
    goes(admin, "message/list?search=never+mind")

    admin.page.get_by_role("link", name="Delete").first.click()
    admin.page.get_by_role("button", name="Delete").click()

    expect(tab.find("#chat-log")).not_to_contain_text("never mind")


def test_all_rows_are_selected_together(admin, site):
    for name in ("Selected", "Selected", "Other"):
        admin.posts("/admin/group/create", name=name)
    goes(admin, "group/list?search=Selected")

    admin.find("#select-all").check()
    admin.page.get_by_role("button", name="Delete selected").click()
    expect(admin.find("h1")).to_have_text("Delete 2 groups?")
    admin.page.get_by_role("button", name="Delete").click()

    goes(admin, "group/list?search=Selected")
    expect(admin.find(".admin-none")).to_have_text("No results.")


def test_an_error_stands_beside_its_field_and_the_input_stays(admin, bob, complaints):
    complaints.excuse(REFUSAL)
    goes(admin, "user/create")

    saves(admin, username="bob", password="long enough a password")

    expect(admin.find("#error-username")).to_have_text("This name is taken.")
    expect(admin.find("[name=username]")).to_be_focused()
    expect(admin.find("[name=username]")).to_have_value("bob")
    expect(admin.find("[name=password]")).to_have_value("")


def test_a_stale_form_says_what_changed_and_is_saved_the_second_time(admin, gardening, complaints):
    complaints.excuse(REFUSAL)
    goes(admin, f"group/list?search={gardening}")
    admin.page.get_by_role("link", name="Edit").click()
    admin.posts(urlsplit(admin.page.url).path, name="Baking")

    saves(admin, name="Cooking")
    expect(admin.find(".admin-changes li")).to_have_text("Name: was Gardening, is now Baking")
    assert (admin.violations, admin.overhang <= 0) == ([], True)
    admin.page.get_by_role("button", name="Save").click()

    expect(admin.find("h1")).to_have_text("Cooking")


def test_every_page_fits_and_is_accessible(admin, bob, together):
    bob.wrote(together, "x" * 500)

    for path in (*PAGES, "user/details/1", "user/edit/1", "user/delete?pks=2"):
        goes(admin, path)
        for width in (1280, 390):
            admin.page.set_viewport_size({"width": width, "height": 800})
            assert admin.overhang <= 0, path
            assert admin.violations == [], path
