"""Pages don't grow with the database. The groups at home and beside a log are not limited yet."""

import pytest
from world import add_members, fill

PATHS = [
    "/groups/{group}/",
    "/groups/{group}/?before=150",
    "/groups/{group}/members/?page=2",
    "/groups/{group}/members/?q=member&page=2",
    "/accounts/sessions/",
    "/admin/group/details/1",
    "/admin/membership/list?page=3",
    "/admin/membership/list?group=1&page=3",
    "/admin/membership/list?search=member&page=3",
    "/admin/user/list?page=3",
    "/admin/event/list?page=3",
    "/admin/message/list?page=3",
]

LINKS = 3  # elements: there may be more links to other pages


@pytest.fixture
def grow(site, state, gardening):
    """`grow("first")`: 250 more members, accounts, events and messages."""

    def grow(word):
        site.portal.call(add_members, state.database, gardening, [f"{word}-member{n:03}" for n in range(250)])
        site.portal.call(fill, state.database, gardening, 250)

    return grow


def test_a_page_does_not_grow_when_there_is_twice_as_much_to_list(alice, gardening, grow):
    addresses = [path.format(group=gardening) for path in PATHS]
    grow("first")
    before = {address: len(alice.page(address).elements) for address in addresses}

    grow("second")

    grown = [address for address in addresses if len(alice.page(address).elements) > before[address] + LINKS]
    assert grown == []
