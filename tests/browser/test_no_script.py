"""Everything works in a browser that runs no script."""

import pytest
from people import PASSWORD
from playwright.sync_api import expect


@pytest.fixture
def reader(arrives):
    """Somebody whose browser runs no script."""
    return arrives("plain", java_script_enabled=False)


@pytest.fixture
def writer(reader, alice, gardening):
    """The same, logged in and in a group."""
    reader.logs_in()
    reader.joins(gardening)
    return reader


def fills(person, **fields):
    for name, value in fields.items():
        person.find(f"[name={name}]").fill(value)
    person.find("main form button").first.click()


@pytest.fixture
def newcomer(server, new_context):
    """The first page of the first browser on a new server."""
    page = new_context(base_url=server.url, java_script_enabled=False).new_page()
    page.goto("/accounts/signup/")
    return page


def presses(page, *buttons):
    for name in buttons:
        page.get_by_role("button", name=name).click()


def test_the_first_user_signs_up_creates_a_group_writes_leaves_and_logs_out(newcomer):
    expect(newcomer.locator("main")).to_contain_text("You're the first here")

    newcomer.get_by_label("Name").fill("alice")
    newcomer.get_by_label("Password", exact=True).fill(PASSWORD)
    newcomer.get_by_label("The same password again").fill(PASSWORD)
    presses(newcomer, "Sign up")
    newcomer.get_by_label("Name").fill("Gardening")
    presses(newcomer, "Create")
    expect(newcomer.locator(".scroller-silence a")).to_have_text("Invite people")
    newcomer.locator("#chat-message-input").fill("hello")
    presses(newcomer, "Send")
    expect(newcomer.locator("#chat-log .entry-text")).to_have_text("hello")
    newcomer.get_by_role("link", name="Leave Gardening").click()
    expect(newcomer.locator("main")).to_contain_text("You'll no longer be an owner.")
    presses(newcomer, "Leave Gardening")
    expect(newcomer.get_by_role("button", name="Join Gardening")).to_be_visible()
    presses(newcomer, "Your menu", "Log out")
    expect(newcomer.locator("h1")).to_have_text("Log in")


def test_an_error_stands_beside_its_field_and_the_name_is_kept(reader, alice, complaints):
    complaints.excuse("Failed to load resource")
    reader.page.goto("/accounts/signup/")

    fills(reader, username="someone", password1="long enough", password2="something else")

    expect(reader.find("#error-password2")).to_have_text("The two passwords are not the same.")
    expect(reader.find("[name=password2]")).to_be_focused()
    expect(reader.find("[name=username]")).to_have_value("someone")
    expect(reader.find("[name=password1]")).to_have_value("")


def test_a_login_leads_to_the_page_that_was_asked_for(writer, gardening):
    writer.context.clear_cookies()
    writer.page.goto(f"/groups/{gardening}/")

    fills(writer, username="plain", password=PASSWORD)

    expect(writer.find("h1")).to_have_text("Gardening")


def test_a_wrong_password_is_reported(writer, complaints):
    complaints.excuse("Failed to load resource")
    writer.context.clear_cookies()
    writer.page.goto("/accounts/login/")

    fills(writer, username="plain", password="wrong")

    expect(writer.page.get_by_role("alert")).to_have_text("This name and password don't belong together.")
    expect(writer.find("[name=username]")).to_have_value("plain")


def test_a_message_by_form_is_live_for_others(alice, writer, gardening):
    alice.opens(gardening)
    writer.page.goto(f"/groups/{gardening}/")

    writer.field.fill("hello\nthere")
    writer.find("#chat-message-submit").click()

    alice.sees("hello there")
    assert alice.log()[-1][3] == "hello\nthere"
    expect(writer.messages).to_have_text(["hello there"])


def test_a_message_that_is_refused_is_kept_with_its_error(writer, gardening, complaints):
    complaints.excuse("Failed to load resource")
    writer.page.goto(f"/groups/{gardening}/")
    text = "\n</textarea><script>" + "x" * 10_000

    writer.field.fill(text)
    writer.find("#chat-message-submit").click()

    expect(writer.find("#error-message")).to_contain_text("at most 10,000 characters")
    expect(writer.field).to_have_value(text)


def test_earlier_messages_are_a_link_away_and_so_is_the_way_back(alice, writer, gardening):
    alice.floods(gardening, 60)
    writer.posts(f"groups/{gardening}/read/", seq=62)
    writer.page.goto(f"/groups/{gardening}/")

    writer.page.get_by_role("link", name="Older messages").click()

    expect(writer.messages.first).to_have_text("message 1")
    writer.page.get_by_role("link", name="Newer messages").click()
    expect(writer.messages.last).to_have_text("message 60")


def test_a_group_one_is_not_in_offers_to_join(writer, alice, complaints):
    complaints.excuse("Failed to load resource")
    group = alice.creates("Secrets")
    writer.page.goto(f"/groups/{group}/")

    writer.page.get_by_role("button", name="Join Secrets").click()

    expect(writer.find("h1")).to_have_text("Secrets")
    expect(writer.members).to_have_text("plain")


def test_a_button_marks_a_group_as_read(writer, alice, gardening):
    alice.wrote(gardening, "hello")
    writer.page.goto("./")
    unread = writer.find(f'.group-unread[data-group="{gardening}"]')
    expect(unread).to_have_text("1")

    writer.page.goto(f"groups/{gardening}/")
    writer.page.get_by_role("button", name="Mark as read").click()

    expect(writer.find("#chat-log")).to_be_visible()
    expect(unread).to_have_count(0)


def test_a_page_opens_at_the_first_unread_message(writer, alice, gardening):
    alice.floods(gardening, 60)

    writer.page.goto(f"/groups/{gardening}/")

    expect(row(writer, "message 1").first).to_be_in_viewport()
    expect(writer.messages.last).not_to_be_in_viewport()


def test_a_bar_leads_to_a_first_unread_message_that_is_far_away_and_back(writer, alice, gardening):
    alice.floods(gardening, 120)
    writer.page.goto(f"/groups/{gardening}/")
    expect(writer.messages.last).to_be_in_viewport()
    expect(writer.find("#unread-bar")).to_contain_text("120 new since")

    writer.page.get_by_role("link", name="Go to first").click()
    expect(row(writer, "message 1").first).to_be_in_viewport()
    writer.find("#latest").click()
    writer.page.get_by_role("button", name="Mark as read").click()

    expect(writer.messages.last).to_have_text("message 120")
    expect(writer.find("#unread-bar")).to_have_count(0)


def test_a_link_leads_to_the_first_unread_message_of_a_page(writer, alice, gardening):
    alice.floods(gardening, 60)
    writer.page.goto(f"/groups/{gardening}/")
    writer.messages.last.scroll_into_view_if_needed()

    writer.page.get_by_role("link", name="Go to first unread").click()

    expect(row(writer, "message 1").first).to_be_in_viewport()


def test_a_message_is_marked_as_unread(writer, alice, gardening):
    alice.wrote(gardening, "one", "two")
    writer.posts(f"groups/{gardening}/read/", seq=4)
    writer.page.goto(f"/groups/{gardening}/")
    acts_on(writer, "two")

    writer.page.get_by_role("button", name="Mark as unread from here").click()

    expect(writer.find("#marked-unread")).to_contain_text("Marked as unread from here.")
    expect(writer.find("#unread-line + .message")).to_contain_text("two")
    writer.page.get_by_role("link", name="Your groups").first.click()
    expect(writer.find(f'.group-unread[data-group="{gardening}"]')).to_have_text("1")


@pytest.fixture
def conversation(alice, writer, gardening):
    """What alice asks in the group, on the page of somebody whose browser runs no script."""
    alice.wrote(gardening, "Tomatoes?")
    writer.page.goto(f"/groups/{gardening}/")
    return writer


def row(person, text):
    return person.find(".message", has_text=text)


def acts_on(person, text):
    """Opens the page of a message, by the keyboard: nothing else shows its link before it has the focus."""
    link = row(person, text).get_by_role("link", name="Actions for message from")
    link.focus()
    expect(link).to_have_css("opacity", "1")
    link.press("Enter")


def test_a_message_is_answered(conversation):
    acts_on(conversation, "Tomatoes?")
    conversation.page.get_by_role("link", name="Reply", exact=True).click()
    expect(conversation.find("#composer-reply")).to_contain_text("Replying to alice Tomatoes?")

    conversation.field.fill("Yes")
    conversation.find("#chat-message-submit").click()

    expect(row(conversation, "Yes").locator(".entry-reply")).to_contain_text("alice Tomatoes?")
    conversation.page.get_by_role("link", name="1 reply").click()
    expect(conversation.messages).to_have_text(["Tomatoes?", "Yes"])
    conversation.page.get_by_role("link", name="Show all messages").click()
    expect(conversation.find("#chat-log")).to_contain_text("plain joined")


def test_a_reaction_is_added_and_taken_back(conversation):
    acts_on(conversation, "Tomatoes?")
    conversation.page.get_by_role("button", name="React with 👍").click()
    chip = row(conversation, "Tomatoes?").get_by_role("button", name="👍 1")
    expect(chip).to_have_attribute("aria-pressed", "true")

    chip.click()
    expect(chip).to_have_count(0)

    acts_on(conversation, "Tomatoes?")
    conversation.page.get_by_label("Another emoji").fill("🍅")
    conversation.page.get_by_role("button", name="React", exact=True).click()
    expect(row(conversation, "Tomatoes?").get_by_role("button", name="🍅 1")).to_be_visible()


def test_a_message_is_edited_its_earlier_version_erased_and_then_it_is_deleted(writer, gardening):
    writer.wrote(gardening, "Tomatos")
    writer.page.goto(f"/groups/{gardening}/")
    acts_on(writer, "Tomatos")
    writer.page.get_by_role("link", name="Edit").click()
    writer.page.get_by_label("Message").fill("Tomatoes")
    writer.page.get_by_role("button", name="Save").click()
    row(writer, "Tomatoes").get_by_role("link", name="edited").click()
    expect(writer.find(".message-source ins")).to_have_text("Tomatoes")
    expect(writer.find(".message-source del")).to_have_text("Tomatos")
    writer.page.get_by_role("link", name="Erase earlier versions").click()
    writer.page.get_by_role("button", name="Erase").click()
    expect(writer.find(".message-source")).to_have_text(["Tomatoes"])

    writer.page.get_by_role("link", name="Back to Gardening").click()
    acts_on(writer, "Tomatoes")
    writer.page.get_by_role("link", name="Delete").click()
    expect(writer.find("main")).to_contain_text("Tomatoes")
    writer.page.get_by_role("button", name="Delete").click()

    expect(writer.find(".entry-deleted")).to_have_text("Message deleted")


def test_an_edit_of_an_older_text_shows_both(writer, gardening, complaints):
    complaints.excuse("Failed to load resource")
    writer.wrote(gardening, "Tomatos")
    writer.page.goto(f"/groups/{gardening}/")
    acts_on(writer, "Tomatos")
    writer.page.get_by_role("link", name="Edit").click()
    writer.posts(writer.page.url.split("/", 3)[3], message="Potatoes", rev="0")

    writer.page.get_by_label("Message").fill("Tomatoes")
    writer.page.get_by_role("button", name="Save").click()

    expect(writer.find(".message-source")).to_have_text("Potatoes")
    expect(writer.page.get_by_label("Your version")).to_have_value("Tomatoes")
    writer.page.get_by_role("button", name="Save my version").click()
    expect(writer.messages).to_have_text(["Tomatoes"])
