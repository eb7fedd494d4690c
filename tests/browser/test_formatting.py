"""The help on formatting and keys beside the composer."""

import pytest
from browsers import PHONE
from playwright.sync_api import expect


def formatting(tab):
    return tab.page.get_by_role("dialog", name="Formatting")


def opens_formatting(tab):
    tab.page.get_by_role("button", name="Formatting").click()
    expect(formatting(tab)).to_be_visible()


def test_it_opens_and_closes_without_a_click_elsewhere(alice, together):
    opens_formatting(alice)
    expect(formatting(alice)).to_contain_text("**bold**")

    alice.page.keyboard.press("Escape")

    expect(formatting(alice)).to_be_hidden()
    expect(alice.page.get_by_role("button", name="Formatting")).to_be_focused()


def test_it_opens_without_a_script(arrives, alice, gardening):
    reader = arrives("plain", java_script_enabled=False)
    reader.logs_in()
    reader.joins(gardening)
    reader.page.goto(f"/groups/{gardening}/")
    expect(reader.find(".composer-hint")).to_be_hidden()

    opens_formatting(reader)
    expect(formatting(reader).get_by_role("button")).to_be_hidden()


def test_it_leads_to_the_keys_of_the_log_and_back(alice, together):
    opens_formatting(alice)

    formatting(alice).get_by_role("button", name="Keys").click()

    expect(formatting(alice)).to_be_hidden()
    expect(alice.page.get_by_role("dialog", name="Keys", exact=True)).to_be_visible()
    assert alice.violations == []
    alice.page.keyboard.press("Escape")
    expect(alice.page.get_by_role("button", name="Formatting")).to_be_focused()


def test_every_example_means_what_it_says(alice, together):
    opens_formatting(alice)
    examples = formatting(alice).locator("dl").first.locator("dt").all_text_contents()
    alice.page.keyboard.press("Escape")

    alice.wrote(together, "\n\n".join(each for each in examples if not each.startswith("```")))

    text = alice.messages.last
    for element in ("strong", "em", "s", "code", "blockquote", "ul", "ol"):
        expect(text.locator(element)).to_have_count(1)
    expect(text).to_contain_text("🎉")


@pytest.mark.parametrize(("width", "size"), [(1280, "16px"), (320, "16px"), (320, "32px")])
def test_axe_finds_nothing_and_it_fits(alice, together, width, size):
    alice.page.set_viewport_size({"width": width, "height": 480})
    alice.page.evaluate("size => { document.documentElement.style.fontSize = size }", size)
    opens_formatting(alice)

    assert alice.violations == []
    box = formatting(alice).bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] < width + 1
    assert box["y"] >= 0


def test_it_opens_on_a_phone_which_has_no_hint(arrives, alice, bob, gardening):
    bob.joins(gardening)
    phone = arrives("bob", **PHONE)
    phone.logs_in()
    phone.opens(gardening)

    expect(phone.find(".composer-hint")).to_be_hidden()
    opens_formatting(phone)
