"""Where a group's page opens: at what somebody has not read, or at the end."""

import pytest
from world import fill


@pytest.fixture
def together(alice, bob, gardening):
    """Alice's Join is entry 1 and bob's is 2. Of her messages, he has read none."""
    bob.joins(gardening)
    return f"/groups/{gardening}/"


@pytest.fixture
def unread(site, state, gardening, together):
    """`unread(60)`: alice writes so many messages. The address of the group."""

    def unread(count):
        site.portal.call(fill, state.database, gardening, count)
        return together

    return unread


def shown(page):
    return [seq for seq, _ in page.log()]


def first_below_line(page):
    """The seq of the row that follows the line; None if there is no line."""
    ids = [each["id"] for each in page.within("chat-log") if each.get("id")]
    if "unread-line" not in ids:
        return None
    return int(ids[ids.index("unread-line") + 1].removeprefix("seq-"))


# The line


def test_a_page_without_anything_unread_has_neither_line_nor_bar(alice, unread):
    page = alice.page(unread(3))

    assert not {"unread-line", "unread-bar"} & set(page.ids())
    assert "hidden" in page.one("marked-unread").attributes
    assert "data-first-unread" not in page.one("group").attributes


def test_the_first_unread_message_follows_the_line(bob, unread):
    page = bob.page(unread(3))

    assert (first_below_line(page), shown(page)) == (3, [1, 2, 3, 4, 5])
    assert page.one("group")["data-first-unread"] == "3"
    assert (page.one("unread-line")["role"], page.one("unread-line").text) == ("separator", "New")
    assert "unread-bar" not in page.ids()


def test_ones_own_messages_are_not_new(alice, bob, gardening, together):
    for person in (bob, bob, alice, bob):
        person.says(gardening, "hi")

    assert first_below_line(bob.page(together)) == 5
    assert first_below_line(alice.page(together)) == 3


def test_a_page_of_ones_own_messages_has_no_line(bob, gardening, together):
    bob.says(gardening, "hi")

    assert first_below_line(bob.page(together)) is None


def test_a_deleted_message_is_new(alice, bob, gardening, unread):
    unread(2)
    alice.deletes(gardening, 3)

    assert first_below_line(bob.page(f"/groups/{gardening}/")) == 3


def test_reactions_and_joins_are_not_new(alice, bob, cleo, gardening, together):
    alice.says(gardening, "read")
    bob.post(f"{together}read/", seq=3)
    for emoji in ("👍", "🎉"):
        alice.reacts(gardening, 3, emoji)
    cleo.joins(gardening)
    assert first_below_line(bob.page(together)) is None

    alice.says(gardening, "new")

    assert first_below_line(bob.page(together)) == 7


def test_a_late_member_has_not_read_what_came_after_their_join(alice, bob, kitchen):
    page = bob.page(kitchen)

    assert (shown(page), first_below_line(page)) == ([4, 5, 6], 5)


@pytest.fixture
def kitchen(alice, bob, gardening):
    """The address of a closed group whose members read it from their Join on, which for bob is entry 4."""
    bob.joins(gardening)
    group = alice.founds("Kitchen", access="closed")
    alice.says(group, "before")
    alice.post(f"/groups/{group}/settings/", history="from_join")
    alice.post(f"/groups/{group}/members/", username="bob")
    for text in ("one", "two"):
        alice.says(group, text)
    return f"/groups/{group}/"


def test_a_first_unread_message_has_its_own_header_and_its_day_above_the_line(bob, unread):
    address = unread(3)
    bob.post(f"{address}read/", seq=3)

    log = bob.page(f"{address}?after=3").within("chat-log")

    assert log[0]["class"] == "entry-day"
    assert "continues" not in next(each for each in log if each.get("id") == "seq-4")["class"]
    assert "continues" in next(each for each in log if each.get("id") == "seq-5")["class"]


@pytest.mark.parametrize(
    ("query", "has_line"), [("?at=5", True), ("?before=4", True), ("?after=2", True), ("?before=3", False)]
)
def test_every_page_with_the_first_unread_message_has_the_line(bob, unread, query, has_line):
    page = bob.page(unread(3) + query)

    assert first_below_line(page) == (3 if has_line else None)
    assert page.one("group")["data-first-unread"] == "3"
    assert ("unread-bar" in page.ids()) != has_line


# How far back


@pytest.mark.parametrize(
    ("count", "expected"), [(3, 50), (47, 50), (48, 51), (60, 63), (97, 100), (99, 100), (100, 100)]
)
def test_a_page_reaches_back_to_three_entries_before_the_first_unread_one(bob, gardening, unread, count, expected):
    unread(150)
    bob.post(f"/groups/{gardening}/read/", seq=152)

    page = bob.page(unread(count))

    assert (len(shown(page)), shown(page)[-1]) == (expected, 152 + count)
    assert first_below_line(page) == 153
    assert "unread-bar" not in page.ids()


# The bar


@pytest.fixture
def far(bob, unread):
    """A page with 214 unread messages, the first of which is entry 3."""
    return bob.page(unread(214))


def test_a_bar_leads_to_a_first_unread_message_that_is_not_on_the_page(bob, far):
    assert (len(shown(far)), first_below_line(far)) == (100, None)
    assert far.one("group")["data-first-unread"] == "3"
    assert far.one("unread-bar").text.split()[:3] == ["214", "new", "since"]

    address, place = far.one("go-to-first")["href"].split("#")

    assert place == "unread-line"
    assert first_below_line(bob.page(address)) == 3


def test_the_bar_says_on_which_day_the_first_unread_message_was_written(far):
    time = next(each for each in far.within("unread-bar") if each.tag == "time")

    assert (time["data-form"], time["datetime"][:2]) == ("day", "20")


def test_the_bar_marks_everything_as_read(bob, gardening, far):
    form = far.fields(far.one("mark-all-read"))

    response = bob.post(far.one("mark-all-read")["action"], **form)

    assert (response.status_code, response.headers["location"]) == (303, f"/groups/{gardening}/")
    assert "data-first-unread" not in bob.page(f"/groups/{gardening}/").one("group").attributes


def test_the_bar_does_not_mark_what_came_after_its_page(alice, bob, gardening, far):
    alice.says(gardening, "later")

    bob.post(far.one("mark-all-read")["action"], **far.fields(far.one("mark-all-read")))

    assert first_below_line(bob.page(f"/groups/{gardening}/")) == 217


def test_a_conversation_has_neither_line_nor_bar(bob, unread):
    page = bob.page(unread(214) + "?replies=3")

    assert not {"unread-line", "unread-bar"} & set(page.ids())


def test_a_page_with_something_unread_costs_two_queries_more_at_most(bob, unread, queries):
    bob.post(f"{unread(60)}read/", seq=62)
    numbers = []
    for count in (0, 1, 60, 1_000):
        address = unread(count)
        queries.clear()
        bob.page(address)
        numbers.append(len(queries))

    assert [each - numbers[0] for each in numbers] == [0, 1, 2, 2]
