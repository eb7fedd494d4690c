"""Two people look at a group while its owner changes it."""

import pytest
from browsers import OUTAGE, REFUSAL
from playwright.sync_api import expect

TICKS = 5_000  # milliseconds: several times as long as until a page looks again whether somebody reads it
MOMENT = 40_000  # milliseconds: more than a page waits before it loads itself again


def settles(person, group, **fields):
    person.posts(f"/groups/{group}/settings/", **fields)


def test_a_rename_reaches_the_heading_and_the_title(alice, bob, together):
    settles(alice, together, name="Seeds & <b>soil</b>")

    expect(bob.find("h1")).to_have_text("Seeds & <b>soil</b>")
    expect(bob.page).to_have_title("Seeds & <b>soil</b> · DiscussIt")
    expect(bob.field).to_have_attribute("placeholder", "Message Seeds & <b>soil</b>")
    expect(bob.find("#chat-log .event").last).to_contain_text("alice renamed the group to Seeds & <b>soil</b>")


def test_a_description_reaches_the_header(alice, bob, together):
    settles(alice, together, description="Every Sunday")

    expect(bob.find("#description")).to_have_text("Every Sunday")
    settles(alice, together, description="")
    expect(bob.find("#description")).to_be_hidden()


def test_a_closed_group_is_labelled_as_such_immediately(alice, bob, together):
    bob.field.dispatch_event("compositionstart")  # until it ends, the page is not loaded again
    settles(alice, together, access="closed")
    expect(bob.find("#closed")).to_be_visible()

    settles(alice, together, access="open")

    expect(bob.find("#closed")).to_be_hidden()


MODERATOR = {"username": "bob", "role": "moderator"}


@pytest.mark.parametrize(
    ("path", "fields"),
    [("settings/", {"access": "closed"}), ("settings/", {"archived": 1}), ("members/role/", MODERATOR)],
    ids=["closed", "archived", "moderator"],
)
def test_leave_asks_as_soon_as_more_would_be_lost(alice, bob, together, path, fields):
    bob.field.dispatch_event("compositionstart")  # until it ends, the page is not loaded again

    alice.posts(f"/groups/{together}/{path}", **fields)

    expect(bob.find(".bar form[action$='/leave/']")).to_have_attribute("method", "get")
    bob.find(".bar form[action$='/leave/'] button").click()
    expect(bob.find("h1")).to_have_text("Leave Gardening?")


def test_a_new_group_that_is_being_named_is_not_lost_to_a_change(alice, bob, together):
    bob.page.clock.install()
    bob.opens(together)
    bob.find(".panel-new summary").click()
    name = bob.page.get_by_label("Name", exact=True)
    name.fill("Cooking")
    settles(alice, together, posting="moderators")
    expect(bob.find("#announcements")).to_be_visible()

    bob.page.clock.fast_forward(MOMENT)
    bob.page.evaluate("() => fetch('/healthz')")

    expect(name).to_have_value("Cooking")


def test_an_archived_group_has_a_notice_in_place_of_the_field(alice, bob, together):
    settles(alice, together, archived=1)

    expect(bob.find("#archived")).to_be_visible()
    expect(bob.field).to_be_hidden()
    settles(alice, together, archived=0)
    expect(bob.find("#archived")).to_be_hidden()
    expect(bob.field).to_be_visible()


def test_live_changes_equal_a_reload(alice, bob, arrives, together):
    settles(alice, together, name="Seeds", description="Every Sunday", posting="moderators")
    alice.posts(f"/groups/{together}/members/role/", username="bob", role="moderator")
    alice.posts(f"/groups/{together}/members/role/", username="bob", role="member")
    carol = arrives("carol")
    carol.logs_in()
    carol.joins(alice.founds("Cooking"))
    alice.posts(f"/groups/{together}/members/", username="carol")
    alice.posts(f"/groups/{together}/members/remove/", username="carol")
    expect(alice.find("#chat-log .event").last).to_contain_text("carol was removed by alice")
    live, shown = alice.log(), alice.markup()

    alice.opens(together)

    assert (alice.log(), alice.markup()) == (live, shown)


def test_a_member_who_is_removed_is_told_so_immediately(alice, bob, together):
    alice.posts(f"/groups/{together}/members/remove/", username="bob")

    expect(bob.find("#membership-ended")).to_be_visible()
    expect(alice.members).to_have_text(["alice"])


def test_a_draft_is_mentioned_to_who_is_removed_only_if_there_is_one(alice, bob, together):
    other = bob.tab().opens(together)
    other.field.fill("Half a sentence")

    alice.posts(f"/groups/{together}/members/remove/", username="bob")

    expect(other.find("#membership-ended p")).to_have_text(
        "You're no longer a member of this group. Your draft is saved here."
    )
    expect(bob.find("#membership-ended")).to_be_visible()
    expect(bob.find("#membership-ended .chat-draft")).to_be_hidden()


@pytest.mark.parametrize("change", [{"access": "closed"}, {"archived": 1}])
def test_a_group_that_nobody_can_join_now_has_no_button_to_join_it(alice, bob, together, change):
    bob.field.dispatch_event("compositionstart")
    settles(alice, together, **change)

    alice.posts(f"/groups/{together}/members/remove/", username="bob")

    expect(bob.find("#membership-ended").get_by_role("link", name="To your groups")).to_be_visible()
    expect(bob.find("#rejoin")).to_be_hidden()


def test_a_renamed_group_is_joined_again_by_its_new_name(alice, bob, together):
    settles(alice, together, name="Seeds")

    alice.posts(f"/groups/{together}/members/remove/", username="bob")

    expect(bob.find("#membership-ended").get_by_role("button", name="Join Seeds")).to_be_visible()


def test_who_is_removed_is_no_longer_told_who_may_write(alice, bob, together):
    settles(alice, together, posting="moderators")
    expect(bob.find("#announcements")).to_be_visible()

    alice.posts(f"/groups/{together}/members/remove/", username="bob")

    expect(bob.find("#membership-ended")).to_be_visible()
    expect(bob.find("#announcements")).to_be_hidden()


def test_a_message_that_waits_is_mentioned_at_the_logout(alice, bob, together, complaints):
    complaints.excuse(OUTAGE)
    complaints.excuse(REFUSAL)
    bob.goes_offline()
    bob.says("kept")
    bob.posts("/accounts/logout/")

    bob.context.set_offline(False)

    expect(bob.find("#session-ended .chat-draft")).to_be_visible()


def test_owners_change_everything_by_keyboard_and_pages_break_no_rules(alice, bob, together):
    for path in ("settings/", "members/", "leave/", "preferences/"):
        alice.page.goto(f"/groups/{together}/{path}")
        assert alice.violations == []
        assert alice.overhang <= 0

    alice.page.goto(f"/groups/{together}/members/")
    alice.find('[id="members-bob"] summary').press("Enter")
    alice.find('[id="members-bob"] select').select_option("moderator")
    alice.find('[id="members-bob"] .button', has_text="Change role").press("Enter")

    expect(alice.find('[id="members-bob"] .member-role')).to_have_text("Moderator")


# Beside the log


def opens_settings(person, group):
    person.page.goto(f"groups/{group}/settings/")
    expect(person.find("h1")).to_contain_text("Settings of")


def test_the_log_beside_the_settings_is_live_and_written_to(alice, bob, together):
    opens_settings(alice, together)
    expect(alice.pill).to_have_text("Live")

    bob.says("Tomatoes")
    alice.sees("Tomatoes")
    alice.says("Beans")

    bob.sees("Tomatoes", "Beans")
    expect(alice.find("#field-name")).to_be_visible()


def test_members_are_behind_their_button_beside_the_settings(alice, together):
    opens_settings(alice, together)
    expect(alice.find("#people")).to_be_hidden()

    alice.find(".bar-members").click()

    expect(alice.members).to_have_text(["alice", "bob"])
    alice.find("#people .panel-close").click()
    expect(alice.find("#people")).to_be_hidden()


@pytest.mark.parametrize("width", [390, 800])
def test_on_a_narrow_window_the_settings_hide_the_log_which_nobody_reads_then(alice, bob, together, width):
    alice.page.set_viewport_size({"width": width, "height": 700})
    alice.page.clock.install()
    opens_settings(alice, together)
    bob.says("Tomatoes")
    alice.sees("Tomatoes")

    alice.page.clock.run_for(TICKS)

    expect(alice.field).to_be_hidden()
    expect(alice.find(f'.group-unread[data-group="{together}"]')).to_have_text("1")
    assert (alice.violations, alice.overhang) == ([], 0)
    alice.page.get_by_role("link", name="Back to Gardening").click()
    expect(alice.field).to_be_visible()


@pytest.fixture
def unattended(alice, together):
    """Alice, whose page of settings is open, with a clock that goes on when the test says so."""
    alice.page.clock.install()
    opens_settings(alice, together)
    expect(alice.pill).to_have_text("Live")
    return alice


def renames_and_waits(person, group, name):
    settles(person, group, name=name)
    expect(person.find("#chat-log .event").last).to_contain_text(f"renamed the group to {name}")
    person.page.clock.fast_forward(MOMENT)


def renames_and_waits_in_vain(person, group, name):
    """What the page asked the server in the meantime is known by now."""
    renames_and_waits(person, group, name)
    person.page.evaluate("() => fetch('/healthz')")


def test_settings_that_somebody_else_changes_are_loaded_again(unattended, together):
    renames_and_waits(unattended, together, "Seeds")

    expect(unattended.find("#field-name")).to_have_value("Seeds")
    expect(unattended.find("h1")).to_have_text("Settings of Seeds")


def test_what_was_typed_into_settings_is_not_lost_to_a_change(unattended, together, complaints):
    complaints.excuse("Failed to load resource")
    unattended.find("#field-description").fill("Every Sunday")
    unattended.field.focus()

    renames_and_waits_in_vain(unattended, together, "Seeds")
    unattended.page.get_by_role("button", name="Save").click()

    expect(unattended.find("main [role=alert]")).to_contain_text("Somebody else changed this group")
    expect(unattended.find("#field-description")).to_have_value("Every Sunday")
    expect(unattended.find(".settings-now").first).to_have_text("Now: Seeds")


def test_refused_settings_are_not_lost_to_a_change(unattended, together, complaints):
    complaints.excuse("Failed to load resource")
    unattended.find("#field-description").fill("x" * 501)
    unattended.page.get_by_role("button", name="Save").click()
    expect(unattended.find("#error-description")).to_be_visible()
    expect(unattended.pill).to_have_text("Live")
    unattended.field.focus()
    loads = []
    unattended.page.on("request", lambda request: request.is_navigation_request() and loads.append(request.url))

    renames_and_waits_in_vain(unattended, together, "Seeds")

    assert loads == []
    expect(unattended.find("#field-description")).to_have_value("x" * 501)


def test_a_log_that_has_to_be_loaded_again_waits_for_settings_that_were_changed(alice, together):
    alice.wrote(together, "Tomatoes")
    opens_settings(alice, together)
    alice.sees("Tomatoes")
    alice.find("#field-description").fill("Every Sunday")

    alice.revises("Tomatoes", "Beans")

    expect(alice.find("#page-outdated")).to_contain_text("Save the settings, or copy what you wrote")
    alice.page.get_by_role("button", name="Save").click()
    alice.sees("Beans")
    expect(alice.find("#description")).to_have_text("Every Sunday")


def test_a_log_that_has_to_be_loaded_again_is_beside_settings_that_were_not(alice, together):
    alice.wrote(together, "Tomatoes")
    opens_settings(alice, together)
    alice.sees("Tomatoes")

    alice.revises("Tomatoes", "Beans")

    alice.sees("Beans")
    expect(alice.find("h1")).to_have_text("Settings of Gardening")


def test_the_first_field_that_is_refused_has_the_focus(alice, together, complaints):
    complaints.excuse("Failed to load resource")
    opens_settings(alice, together)

    alice.find("#field-name").fill(" ")
    alice.page.get_by_role("button", name="Save").click()

    expect(alice.find("#error-name")).to_be_visible()
    expect(alice.find("#field-name")).to_be_focused()
    assert alice.violations == []
