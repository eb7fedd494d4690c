"""Two people look at a group while its owner changes it."""

from playwright.sync_api import expect


def settles(person, group, **fields):
    person.posts(f"/groups/{group}/settings/", **fields)


def test_a_rename_reaches_the_heading_and_the_title(alice, bob, together):
    settles(alice, together, name="Seeds & <b>soil</b>")

    expect(bob.find("h1")).to_have_text("Seeds & <b>soil</b>")
    expect(bob.page).to_have_title("Seeds & <b>soil</b> · DiscussIt")
    expect(bob.field).to_have_attribute("placeholder", "Write to Seeds & <b>soil</b>")
    expect(bob.find("#chat-log .event").last).to_contain_text("alice renamed the group to Seeds & <b>soil</b>")


def test_a_description_reaches_the_header(alice, bob, together):
    settles(alice, together, description="Every Sunday")

    expect(bob.find("#description")).to_have_text("Every Sunday")
    settles(alice, together, description="")
    expect(bob.find("#description")).to_be_hidden()


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


def test_owners_change_everything_by_keyboard_and_pages_break_no_rules(alice, bob, together):
    for path in ("settings/", "members/", "leave/"):
        alice.page.goto(f"/groups/{together}/{path}")
        assert alice.violations == []
        assert alice.overhang <= 0

    alice.page.goto(f"/groups/{together}/members/")
    alice.find('[id="members-bob"] summary').press("Enter")
    alice.find('[id="members-bob"] select').select_option("moderator")
    alice.find('[id="members-bob"] .button', has_text="Change role").press("Enter")

    expect(alice.find('[id="members-bob"] .member-role')).to_have_text("Moderator")
