"""What people do with a message of the log."""

from playwright.sync_api import expect


def row(tab, seq):
    return tab.find(f"#seq-{seq}")


def menu(tab):
    return tab.find("#message-menu:popover-open")


def has_all_parts(tab):
    """Its page has loaded what it loads later, such as the menu of messages."""
    expect(tab.find(".scroller[tabindex='-1']")).to_be_attached()


def opens(tab, seq):
    """By the pointer."""
    has_all_parts(tab)
    row(tab, seq).hover()
    row(tab, seq).locator(".entry-actions").click()
    expect(menu(tab)).to_be_visible()


def chooses(tab, seq, words):
    opens(tab, seq)
    menu(tab).get_by_role("menuitem", name=words, exact=True).click()


def items(tab):
    return menu(tab).locator(".message-menu-item:visible > span")


def press(tab, *keys):
    for key in keys:
        tab.page.keyboard.press(key)
