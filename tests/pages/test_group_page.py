import pytest
from people import HttpPerson, Page
from world import add_members, delete_first, fill, group_of

from discussit.log.checks import MAX_CONTENT
from discussit.models import Event, Message, User
from discussit.models.base import now
from discussit.pages.page import CACHED
from discussit.pages.rows import RenderedEntry

NOWHERE = "00000000-0000-4000-8000-000000000000"


# Access


@pytest.mark.parametrize("place", ["", "?at=1", "?before=2"])
def test_a_page_says_how_long_the_log_was_when_it_was_read(alice, gardening, place):
    alice.says(gardening, "hello")

    assert alice.page(f"/groups/{gardening}/{place}").one("chat-log")["data-asof"] == "2"


def test_a_member_reads_the_group(alice, gardening):
    assert alice.get(f"/groups/{gardening}/").status_code == 200


def test_a_visitor_is_sent_to_log_in_and_back(site, gardening):
    response = HttpPerson(site, "visitor").get(f"/groups/{gardening}/?at=3")

    assert response.status_code == 303
    assert response.headers["location"] == f"/accounts/login/?next=/groups/{gardening}/%3Fat%3D3"


def test_a_non_member_is_shown_the_way_in_and_nothing_else(alice, bob, gardening):
    alice.says(gardening, "a secret")

    response = bob.get(f"/groups/{gardening}/")

    assert response.status_code == 403
    assert "You are not a member of this group. Kindly use the join button" in response.text
    assert "a secret" not in response.text


def test_the_way_in_is_a_button_that_leads_back_to_the_group(bob, gardening):
    page = Page(bob.get(f"/groups/{gardening}/").text)
    form = next(each for each in page.elements if each.get("action") == f"/groups/{gardening}/join/")
    (field,) = [each for each in page.elements if form in each.parents and each.get("name") == "next"]

    response = bob.post(form["action"], next=field["value"])

    assert form["method"] == "post"
    assert bob.get(response.headers["location"]).status_code == 200


def test_an_unknown_group_is_not_found(alice):
    assert alice.get(f"/groups/{NOWHERE}/").status_code == 404


def test_a_member_who_left_reads_no_more(alice, gardening):
    alice.leaves(gardening)

    assert alice.get(f"/groups/{gardening}/").status_code == 403


# What stands there


def test_the_log_shows_messages_and_events_in_order(alice, bob, gardening):
    alice.says(gardening, "hi")
    bob.joins(gardening)
    bob.leaves(gardening)

    assert alice.page(f"/groups/{gardening}/").log() == [
        (1, "alice joined"),
        (2, "alice hi"),
        (3, "bob joined"),
        (4, "bob left"),
    ]


@pytest.mark.parametrize("id", ["chat-log", "chat-message-input", "chat-message-submit", "members", "members-alice"])
def test_the_tutorials_elements_are_there(alice, gardening, id):
    assert alice.page(f"/groups/{gardening}/").one(id)


def test_every_id_on_the_page_is_there_once(alice, gardening):
    alice.says(gardening, "hi")

    ids = alice.page(f"/groups/{gardening}/").ids()

    assert len(ids) == len(set(ids))


def test_every_member_is_listed_once_and_nobody_else(site, alice, bob, gardening):
    bob.joins(gardening)
    HttpPerson(site, "cleo").sign_up()

    members = [each["id"] for each in alice.page(f"/groups/{gardening}/").within("members") if each.get("id")]

    assert members == ["members-alice", "members-bob"]


# In a large group

CROWD = [f"member{number:03}" for number in range(150)]


@pytest.fixture
def crowded(site, state, alice, gardening):
    """The address of a group of alice and 150 others."""
    site.portal.call(add_members, state.database, gardening, CROWD)
    return f"/groups/{gardening}/"


def shown(page):
    """The members that a page shows, in order."""
    return [each["data-name"] for each in page.within("members") if each.get("data-name")]


def test_a_large_group_shows_a_hundred_members_by_name_and_says_how_many_there_are(alice, crowded):
    page = alice.page(crowded)

    assert shown(page) == ["alice", *CROWD[:99]]
    assert {each.text for each in page.elements if each.get("class") == "panel-member-count"} == {"151"}
    assert page.one("members")["data-members"] == "151"


def test_a_link_leads_from_the_smallest_group_to_its_members_and_their_roles(bob, cleo, lunch):
    link = cleo.page(f"/groups/{lunch}/").one("all-members")

    assert (link.text, "hidden" in link.attributes) == ("All members and roles", False)
    members = cleo.page(link["href"])
    assert [members.one(f"members-{name}").text.split() for name in ("bob", "cleo")] == [["bob", "Owner"], ["cleo"]]


def test_a_link_beside_the_log_leads_to_ones_own_groups(alice, gardening):
    assert alice.page(f"/groups/{gardening}/").link("Your groups") == "/"


def test_conversations_have_no_roles_to_look_up(alice, bob, gardening):
    bob.joins(gardening)
    conversation = alice.post("/messages/new/", username="bob").headers["location"]

    page = alice.page(conversation)

    assert shown(page) == ["alice", "bob"]
    assert page.link("All members") is None


def test_a_group_of_a_hundred_shows_all_of_them(site, state, alice, gardening):
    site.portal.call(add_members, state.database, gardening, CROWD[:99])

    page = alice.page(f"/groups/{gardening}/")

    assert shown(page) == ["alice", *CROWD[:99]]


def test_the_user_is_shown_in_a_large_group_whoever_else_is(site, alice, gardening, crowded):
    zoe = HttpPerson(site, "Zoe")
    zoe.sign_up()
    zoe.joins(gardening)

    assert shown(zoe.page(crowded)) == ["alice", *CROWD[:98], "Zoe"]
    assert "Zoe" not in shown(alice.page(crowded))


def test_members_who_are_here_are_shown_in_a_large_group_before_others(site, alice, gardening, crowded):
    cleo = HttpPerson(site, "cleo")
    cleo.sign_up()
    cleo.joins(gardening)

    with cleo.reading(gardening):
        while_she_reads = shown(alice.page(crowded))

    assert while_she_reads == ["alice", "cleo", *CROWD[:98]]


INERT = ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "${1}", "{{ 7*7 }}", "</textarea>", "&lt;b&gt;"]


@pytest.mark.parametrize("text", INERT)
def test_a_message_is_text_and_nothing_more(alice, gardening, text):
    alice.says(gardening, text)

    page = alice.page(f"/groups/{gardening}/")

    assert text in page.one("seq-2").text
    assert not [each for each in page.within("chat-log") if each.tag in ("script", "img", "b")]


def test_a_message_keeps_its_line_breaks_as_the_socket_sends_them(alice, gardening):
    with alice.in_group(gardening) as socket:
        alice.says(gardening, "one\r\ntwo\nthree")

        assert socket.receive_json()["content"] == "one\ntwo\nthree"


def test_a_deleted_message_keeps_its_place_and_says_so(site, state, alice, gardening):
    alice.says(gardening, "oops")

    site.portal.call(delete_first, state.database)

    text = dict(alice.page(f"/groups/{gardening}/").log())[2]
    assert text == "alice Message deleted"


# Its pages


def test_a_group_shows_its_last_fifty_entries(alice, long_log):
    page = alice.page(long_log)

    assert seqs(page) == list(range(72, 122))
    assert page.link("Newer messages") is None


def test_the_earlier_entries_are_a_link_away_until_the_first(alice, long_log):
    pages = [alice.page(long_log)]
    while earlier := pages[-1].link("Older messages"):
        pages.append(alice.page(earlier))

    assert [seqs(page) for page in pages] == [list(range(72, 122)), list(range(22, 72)), list(range(1, 22))]


def test_the_later_entries_are_a_link_away_until_the_last(alice, long_log):
    pages = [alice.page(f"{long_log}?before=22")]
    while later := pages[-1].link("Newer messages"):
        pages.append(alice.page(later))

    assert [seqs(page) for page in pages] == [list(range(1, 22)), list(range(22, 72)), list(range(72, 122))]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("before=60", range(10, 60)),
        ("before=2", range(1, 2)),
        ("after=0", range(1, 51)),
        ("after=100", range(101, 122)),
        ("at=60", range(36, 86)),
        ("at=0", range(1, 51)),
        ("at=1", range(1, 51)),
        ("at=121", range(97, 122)),
    ],
)
def test_a_place_in_the_log_can_be_asked_for(alice, long_log, query, expected):
    assert seqs(alice.page(f"{long_log}?{query}")) == list(expected)


NO_PLACE = [
    "before=1",
    "before=0",
    "after=121",
    "after=999",
    "at=999",
    "at=-5",
    "at=x",
    "at=",
    "before=9" * 30,
    "at=1.5",
    "after=%00",
    "at=٣",
]


def test_a_place_that_is_not_in_the_log_shows_its_end(alice, long_log, faultless):
    shown = {query: seqs(alice.page(f"{long_log}?{query}")) for query in NO_PLACE}

    assert shown == {query: list(range(72, 122)) for query in NO_PLACE}


def test_a_link_to_an_entry_shows_it_among_its_neighbours(alice, long_log):
    assert "pointed" in alice.page(f"{long_log}?at=60").one("seq-60")["class"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [("", {"earlier"}), ("?after=100", {"earlier"}), ("?before=60", {"earlier", "later"}), ("?before=22", {"later"})],
)
def test_a_page_says_what_else_the_log_has_and_how_long_it_is(alice, long_log, query, expected):
    page = alice.page(f"{long_log}{query}")
    group, log = page.one("group"), page.one("chat-log")

    assert ("data-live" in group.attributes, group["data-last"]) == (True, "121")
    assert {each for each in ("earlier", "later") if f"data-has-{each}" in log.attributes} == expected


def test_a_conversation_is_no_part_of_the_log_that_goes_on(alice, long_log):
    alice.post(f"{long_log}messages/", message="So?", reply_to=5)

    page = alice.page(f"{long_log}?replies=5").one("group")

    assert ("data-live" in page.attributes, page["data-last"]) == (False, "122")


def test_a_group_page_costs_at_most_eight_queries(alice, gardening, queries):
    alice.says(gardening, "hi")
    queries.clear()
    alice.page(f"/groups/{gardening}/")

    assert len(queries) <= 8


def test_a_message_by_form_is_admitted_in_one_query(alice, gardening, queries):
    queries.clear()
    answer = alice.says(gardening, "hi")

    assert answer.status_code == 303
    assert len([query for query in queries if "LEFT OUTER JOIN memberships" in query]) == 1


def test_a_long_log_with_many_authors_and_members_costs_no_more_queries(site, state, alice, gardening, queries):
    alice.says(gardening, "hi")
    queries.clear()
    alice.page(f"/groups/{gardening}/")
    short = len(queries)
    site.portal.call(fill_with_people, state.database, gardening)
    alice.post(f"/groups/{gardening}/read/", seq=10**6)

    queries.clear()
    page = alice.page(f"/groups/{gardening}/")

    assert len(queries) == short
    assert len(page.log()) == 50


# Writing without script


def test_a_message_leads_back_to_the_group_that_shows_it(alice, gardening):
    response = alice.says(gardening, "hi")

    assert (response.status_code, response.headers["location"]) == (303, f"/groups/{gardening}/")
    assert alice.page(f"/groups/{gardening}/").log()[-1] == (2, "alice hi")


def test_a_non_member_writes_nothing(alice, bob, gardening):
    response = bob.says(gardening, "hi")

    assert (response.status_code, "Kindly use the join button" in response.text) == (403, True)
    assert len(alice.page(f"/groups/{gardening}/").log()) == 1


@pytest.mark.parametrize("message", ["", "   ", "\r\n", "\t", "x" * (MAX_CONTENT + 1), "a\0b"])
def test_an_invalid_message_is_reported_beside_it(alice, gardening, faultless, message):
    response = alice.says(gardening, message)

    page = Page(response.text)
    assert response.status_code == 400
    assert list(page.errors()) == ["message"]
    assert page.one("chat-message-input")["aria-invalid"] == "true"
    assert len(page.log()) == 1


def test_a_refused_message_is_still_in_its_field(alice, gardening):
    page = Page(alice.says(gardening, "x" * (MAX_CONTENT + 1)).text)

    assert page.one("chat-message-input").text.strip() == "x" * (MAX_CONTENT + 1)


def test_a_message_of_the_greatest_length_is_stored(alice, gardening):
    assert alice.says(gardening, "\U0001f600" * MAX_CONTENT).status_code == 303


def test_a_form_that_is_sent_twice_with_one_client_id_writes_once(alice, gardening):
    alice.says(gardening, "hi", client_id="a")
    alice.says(gardening, "hi", client_id="a")
    alice.says(gardening, "hi", client_id="")

    assert len(alice.page(f"/groups/{gardening}/").log()) == 3


@pytest.mark.parametrize("client_id", ["x" * 65, "a\0b"])
def test_a_client_id_that_cannot_be_is_refused(alice, gardening, faultless, client_id):
    response = alice.says(gardening, "hi", client_id=client_id)

    assert (response.status_code, list(Page(response.text).errors())) == (400, ["message"])


def test_a_log_in_which_time_went_back_names_each_day_anew(clock, alice, gardening):
    for days in (0, -3, 0):
        clock.is_set(days=days)
        alice.says(gardening, "hi")

    rows = alice.page(f"/groups/{gardening}/").within("chat-log")
    *_, first, second, third = [row.text for row in rows if row.get("class") == "entry-day"]

    assert first == third != second
    assert not [row for row in rows if "continues" in (row.get("class") or "")]


@pytest.mark.parametrize(("length", "is_kept"), [(500, True), (501, False)])
def test_the_markup_of_long_entries_is_not_kept(site, length, is_kept):
    drawn = site.app._app.state.site.templates.env.globals["drawn"]
    row = RenderedEntry(1, "message", "alice", "x" * length, now(), "", continues=False, day=None)

    assert (drawn("entry", row, False) is drawn("entry", row, False)) == is_kept


def test_the_markup_of_many_members_does_not_displace_that_of_entries(site):
    drawn = site.app._app.state.site.templates.env.globals["drawn"]
    row = RenderedEntry(1, "message", "alice", "hi", now(), "", continues=False, day=None)
    before = drawn("entry", row, False)

    for number in range(CACHED + 1):
        drawn("member", f"member{number}")

    assert drawn("entry", row, False) is before


FIELDS = ["message", "client_id", "next", "username", "password", "password1", "name"]
FORMS = ["/groups/", "/accounts/login/", "/accounts/signup/", "messages/", "join/"]


@pytest.mark.parametrize("path", FORMS)
def test_a_form_of_bytes_that_are_no_text_is_answered(alice, gardening, faultless, path):
    path = path if path.startswith("/") else f"/groups/{gardening}/{path}"

    assert post_in("utf-8", alice, path, b"\xed\xa0\x80").status_code in (303, 400)


@pytest.mark.parametrize("charset", ["utf-7", "punycode", "undefined", "utf-16", "nonsense"])
def test_a_form_in_another_charset_is_refused(alice, gardening, faultless, charset):
    refused = post_in(charset, alice, f"/groups/{gardening}/messages/", b"hello")

    assert (refused.status_code, "a form is sent in UTF-8" in refused.text) == (400, True)


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", "utf8"])
def test_a_form_may_say_that_it_is_in_the_charset_of_the_page(alice, gardening, charset):
    assert post_in(charset, alice, f"/groups/{gardening}/messages/", "Grüße".encode()).status_code == 303
    assert "Grüße" in alice.get(f"/groups/{gardening}/").text


def post_in(charset, person, path, text):
    part = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n/'
    body = b"".join(part.format(field).encode() + text + b"\r\n" for field in FIELDS) + b"--x--\r\n"
    kind = f"multipart/form-data; boundary=x; charset={charset}"
    return person.browser.post(path, content=body, headers={"content-type": kind})


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"abc"),
        ("multipart/form-data; boundary=x", b"abc"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n\r\n--x--"),
        ("application/json", b'{"message": "hi"}'),
        ("text/plain", b"message=hi"),
        ("application/x-www-form-urlencoded", b"message=hi&" * 90),
        ("application/x-www-form-urlencoded", b"%ff%00=%ed%a0%80&&=&"),
        ("nonsense", b""),
    ],
)
def test_a_body_that_is_no_form_writes_nothing(alice, gardening, kind, body):
    response = alice.browser.post(f"/groups/{gardening}/messages/", content=body, headers={"content-type": kind})

    assert response.status_code == 400
    assert len(alice.page(f"/groups/{gardening}/").log()) == 1


def test_a_file_is_no_message(alice, gardening, faultless):
    response = alice.browser.post(f"/groups/{gardening}/messages/", files={"message": ("a.txt", b"hi")})

    assert response.status_code == 400


def test_too_many_messages_by_form_are_refused_and_kept(one_a_second, alice, gardening):
    responses = [alice.says(gardening, f"message {number}") for number in range(6)]

    assert [each.status_code for each in responses] == [303] * 5 + [429]
    assert Page(responses[-1].text).one("chat-message-input").text.strip() == "message 5"


@pytest.fixture
def long_log(site, state, alice, gardening):
    """The address of a group with 121 entries: a Join and 120 messages."""
    site.portal.call(fill, state.database, gardening, 120)
    return f"/groups/{gardening}/"


def seqs(page):
    return [seq for seq, _ in page.log()]


async def fill_with_people(database, uuid):
    async with database.transaction() as session:
        group = await group_of(session, uuid)
        users = [User(username=f"user{number}", password="!") for number in range(60)]
        session.add_all(Event(group=group, user=user, type="Join") for user in users)
        session.add_all(Message(group=group, author=user, content="hi") for user in users)
