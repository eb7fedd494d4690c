"""A second click on a slow network: the browser drops the first answer and shows the second."""

import sqlite3
import time
from contextlib import closing

import pytest
from browsers import LIMIT
from people import PASSWORD
from playwright.sync_api import expect

# Requests leave immediately, and their answers arrive this many milliseconds later.
SLOW = {"offline": False, "latency": 2_000, "downloadThroughput": -1, "uploadThroughput": -1}


def clicks_twice(page, name, database, table):
    """Click the button until a row more is in the table, which the browser can't know yet, and once again."""
    before = rows(database, table)
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", SLOW)
    button = page.get_by_role("button", name=name)
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.click(*middle)  # a locator would wait for the answer
    deadline = time.monotonic() + LIMIT / 1_000
    while rows(database, table) == before:
        assert time.monotonic() < deadline
    page.mouse.click(*middle)


def rows(folder, table):
    with closing(sqlite3.connect(folder / "discussit.db")) as database:
        return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608


@pytest.mark.parametrize("scripted", [True, False])
def test_a_sign_up_logs_in(server, new_context, scripted):
    page = new_context(base_url=server.url, java_script_enabled=scripted).new_page()
    page.goto("/accounts/signup/")
    page.locator("[name=username]").fill("cleo")
    page.locator("[name=password1]").fill(PASSWORD)
    page.locator("[name=password2]").fill(PASSWORD)

    clicks_twice(page, "Sign up", server.folder, "users")

    expect(page.locator("h1")).to_have_text("Groups")
    expect(page.locator(".shell-person-name")).to_have_text("cleo")
    assert rows(server.folder, "sessions") == 1


def test_one_group_is_created(alice, gardening):
    page = alice.tab().page
    page.goto("./")
    page.get_by_label("Name").fill("Cooking")

    clicks_twice(page, "Create", alice.site.folder, "groups")

    expect(page.get_by_role("heading", name="Cooking")).to_have_count(1)
    assert rows(alice.site.folder, "groups") == 2


def test_one_message_is_written_without_script(arrives, alice, gardening):
    plain = arrives("plain", java_script_enabled=False)
    plain.logs_in()
    plain.joins(gardening)
    page = plain.tab().page
    page.goto(f"groups/{gardening}/")
    page.locator("#chat-message-input").fill("tomatoes")

    clicks_twice(page, "Send", plain.site.folder, "entries")

    expect(page.locator("#chat-log .entry-text")).to_have_text(["tomatoes"])
