"""The line above the first unread message."""

from playwright.sync_api import expect


def test_removing_the_line_moves_nothing(alice, bob, gardening):
    alice.floods(gardening, 3)
    bob.joins(gardening)
    alice.wrote(gardening, "new", "newer")
    bob.opens(gardening)
    expect(bob.find("#unread-line")).to_be_visible()
    before = [each.bounding_box() for each in bob.messages.all()]

    bob.page.evaluate("document.querySelector('#unread-line').remove()")

    assert [each.bounding_box() for each in bob.messages.all()] == before
