"""Forms that do something to a message. Each refusal stands beside what is allowed."""

import pytest
from people import HttpPerson, Page
from rights import settle

from discussit.log.checks import MAX_CONTENT

SCRIPT = {"Accept": "application/json"}
UNANSWERED = "The message you're replying to is gone. Send again to post this on its own."


@pytest.fixture
def asked(bob, gardening):
    """Gardening, in which bob asks something: entry 3."""
    bob.joins(gardening)
    bob.says(gardening, "Tomatoes?")
    return gardening


def place(group, seq):
    return f"/groups/{group}/?at={seq}#seq-{seq}"


def text_of(page, seq=3):
    """What the row shows, without name and time."""
    return dict(page.log())[seq]


def title(page):
    (found,) = [each.text for each in page.elements if each.tag == "h1"]
    return found


def answer(response):
    return response.status_code, response.headers.get("location")


# Replying


def test_a_reply_leads_to_the_newest_page_which_shows_what_it_answers(alice, asked):
    response = alice.says(asked, "Yes", reply_to=3)

    page = alice.page(f"/groups/{asked}/")
    (line,) = [each for each in page.elements if each.get("class") == "entry-reply"]
    assert answer(response) == (303, f"/groups/{asked}/")
    assert (line["data-reply-to"], line["href"]) == ("3", place(asked, 3))
    assert text_of(page, 4) == "alice In reply to bob Tomatoes? Yes"


def test_the_composer_shows_what_is_answered_and_a_way_to_drop_it(alice, asked):
    page = alice.page(f"/groups/{asked}/?reply=3")

    assert "Replying to bob Tomatoes?" in page.one("composer-reply").text
    assert page.one("composer-reply-text")["href"] == f"/groups/{asked}/?at=3&reply=3#seq-3"
    assert page.link("Cancel reply") == f"/groups/{asked}/#chat-message-input"
    assert page.form(f"/groups/{asked}/messages/")["reply_to"] == "3"


@pytest.mark.parametrize("reply", ["", "1", "99", "x", "9" * 30])
def test_the_composer_answers_nothing_that_is_no_message(alice, asked, faultless, reply):
    page = alice.page(f"/groups/{asked}/?reply={reply}")

    assert "hidden" in page.one("composer-reply").attributes
    assert page.form(f"/groups/{asked}/messages/")["reply_to"] == ""
    assert ("error-reply" in page.ids()) == (reply in ("1", "99"))


def test_on_the_page_of_a_conversation_one_writes_replies(alice, asked):
    page = alice.page(f"/groups/{asked}/?replies=3")

    assert "Replying to bob Tomatoes?" in page.one("composer-reply").text
    assert page.form(f"/groups/{asked}/messages/")["reply_to"] == "3"


def test_a_reply_to_a_deleted_message_is_refused_and_its_text_kept_without_the_reference(alice, bob, asked):
    bob.deletes(asked, 3)

    response = alice.says(asked, "Yes", reply_to=3)

    page = Page(response.text)
    assert (response.status_code, page.errors()) == (410, {"message": UNANSWERED})
    assert page.one("chat-message-input").text.strip() == "Yes"
    assert page.form(f"/groups/{asked}/messages/")["reply_to"] == ""
    assert alice.says(asked, "Yes").status_code == 303


@pytest.mark.parametrize(("reply_to", "status"), [(1, 404), (99, 404), (2**31, 400), ("x", 400), (-3, 400)])
def test_a_reply_to_what_is_no_message_is_refused_and_its_text_kept(alice, asked, faultless, reply_to, status):
    response = alice.says(asked, "Yes", reply_to=reply_to)

    page = Page(response.text)
    assert response.status_code == status
    assert page.errors() == {"message": UNANSWERED if status == 404 else "`reply_to` must be a number."}
    assert page.one("chat-message-input").text.strip() == "Yes"


# Editing


def test_an_edit_leads_to_the_message_which_has_the_new_text(bob, asked):
    response = bob.edits(asked, 3, "Beans?")

    row = bob.page(f"/groups/{asked}/").one("seq-3")
    assert answer(response) == (303, place(asked, 3))
    assert (row["data-rev"], "Beans?" in row.text, "Tomatoes?" in row.text, "edited" in row.text) == (
        "1",
        True,
        False,
        True,
    )


def test_nobody_else_edits_a_message(alice, asked):
    response = alice.edits(asked, 3, "Beans?")

    page = Page(response.text)
    assert (response.status_code, page.one("typed-message").text.strip()) == (403, "Beans?")
    assert "You can edit only your own messages." in page.one("content").text
    assert page.link("Back to the group") == f"/groups/{asked}/"
    assert text_of(alice.page(f"/groups/{asked}/")) == "bob Tomatoes?"


def test_an_author_who_has_left_edits_nothing(bob, alice, asked):
    bob.leaves(asked)

    response = bob.edits(asked, 3, "Beans?")

    assert (response.status_code, Page(response.text).one("typed-message").text.strip()) == (403, "Beans?")
    assert text_of(alice.page(f"/groups/{asked}/")) == "bob Tomatoes?"


@pytest.mark.parametrize("text", ["", "  ", "x" * (MAX_CONTENT + 1), "a\0b"])
def test_an_edit_that_is_no_message_is_reported_beside_it_and_kept(bob, asked, faultless, text):
    response = bob.edits(asked, 3, text)

    page = Page(response.text)
    assert (response.status_code, list(page.errors())) == (400, ["message"])
    assert page.one("message").text.strip() == text.replace("\0", "\ufffd").strip() or "\0" in text
    assert page.form(f"/groups/{asked}/messages/3/edit/")["rev"] == "0"


@pytest.mark.parametrize("rev", ["", "x", "-1", "9" * 30])
def test_an_edit_without_a_rev_is_refused(bob, asked, faultless, rev):
    response = bob.edits(asked, 3, "Beans?", rev=rev)

    why = "`rev` must be a number." if rev else "`rev` is missing. Reload the page and try again."
    assert (response.status_code, Page(response.text).errors()) == (400, {"message": why})
    assert bob.edits(asked, 3, "Beans?", rev="0").status_code == 303


def test_an_edit_of_another_text_shows_both_and_can_then_be_saved(bob, asked):
    bob.edits(asked, 3, "Beans?")

    response = bob.edits(asked, 3, "Peas?")

    page = Page(response.text)
    form = page.form(f"/groups/{asked}/messages/3/edit/")
    assert (response.status_code, form["rev"], page.one("message").text.strip()) == (409, "1", "Peas?")
    assert (title(page), page.errors()["message"]) == (
        "This message has changed",
        "This message was edited in the meantime. Compare the two versions, then save again.",
    )
    assert [each.text for each in page.elements if each.tag in ("h2", "pre", "label")] == [
        "Current version",
        "Beans?",
        "Your version",
    ]
    assert bob.edits(asked, 3, "Peas?", rev=form["rev"]).status_code == 303


def test_an_edit_of_a_deleted_message_is_refused_and_its_text_kept_to_be_copied(alice, bob, asked):
    alice.deletes(asked, 3)

    response = bob.edits(asked, 3, "Beans?")

    page = Page(response.text)
    assert (response.status_code, page.one("typed-message").text.strip()) == (410, "Beans?")
    assert title(page) == "This message was deleted"


@pytest.mark.parametrize("seq", [1, 4, 99, 2**31, 10**17])
def test_an_edit_of_what_is_no_message_is_refused(bob, asked, faultless, seq):
    bob.reacts(asked, 3, "👍")

    response = bob.edits(asked, seq, "Beans?")

    text = "There's no such message in this group."
    assert (response.status_code, text in Page(response.text).one("content").text) == (404, True)


def test_a_number_that_is_no_place_is_no_address(bob, asked, faultless):
    assert bob.edits(asked, "9" * 5_000, "Beans?").status_code == 404


def test_an_edit_that_is_sent_twice_happens_once(bob, asked):
    first, second = (bob.edits(asked, 3, "Beans?", client_id="a") for _ in range(2))

    assert answer(first) == answer(second) == (303, place(asked, 3))
    assert bob.page(f"/groups/{asked}/").one("seq-3")["data-rev"] == "1"


def test_the_same_text_is_no_edit(bob, asked):
    assert bob.edits(asked, 3, "Tomatoes?").status_code == 303
    assert bob.page(f"/groups/{asked}/").one("seq-3")["data-rev"] == "0"


# Deleting


def test_a_deletion_leads_to_the_place_which_says_so(bob, asked):
    response = bob.deletes(asked, 3)

    page = bob.page(f"/groups/{asked}/")
    assert answer(response) == (303, place(asked, 3))
    assert text_of(page) == "bob Message deleted"
    assert [each.get("class") for each in page.within("seq-3") if each.tag == "div"] == ["entry-deleted"]


def test_a_superuser_deletes_the_messages_of_others_which_is_shown_and_logged(alice, asked, logged):
    alice.deletes(asked, 3)

    assert text_of(alice.page(f"/groups/{asked}/")) == "bob Deleted by a moderator"
    assert [line for _, line in logged()] == ["message-delete done group=1 seq=3 account=2 by=1 address=-"]


def test_of_a_deletion_that_is_repeated_the_log_has_one_line(alice, bob, asked, logged):
    for _ in range(2):
        alice.deletes(asked, 3, client_id="a")
    alice.deletes(asked, 3)
    bob.says(asked, "Beans?")
    alice.browser.post(f"/groups/{asked}/messages/5/delete/", headers=SCRIPT)

    assert [line.split(" account")[0] for _, line in logged()] == [
        f"message-delete done group=1 seq={seq}" for seq in (3, 5)
    ]


def test_another_member_deletes_nothing(alice, bob, asked):
    alice.says(asked, "Yes")

    response = bob.deletes(asked, 4)

    text = "Only its author, or a moderator or owner of the group, can delete this message."
    assert (response.status_code, text in response.text) == (403, True)
    assert text_of(bob.page(f"/groups/{asked}/"), 4) == "alice Yes"


def test_an_author_who_has_left_deletes_their_own_message_and_nobody_elses(alice, bob, asked):
    alice.says(asked, "Yes")
    bob.leaves(asked)

    answers = [answer(bob.deletes(asked, seq)) for seq in (3, 4)]

    assert answers == [(303, "/"), (403, None)]
    page = alice.page(f"/groups/{asked}/")
    assert (text_of(page), text_of(page, 4)) == ("bob Message deleted", "alice Yes")


def test_who_was_never_a_member_deletes_nothing(site, asked):
    cleo = HttpPerson(site, "cleo")
    cleo.sign_up()

    assert cleo.deletes(asked, 3).status_code == 403
    assert cleo.deletes(asked, 99).status_code == 403


def test_a_deletion_of_what_is_gone_changes_nothing(alice, bob, asked):
    alice.deletes(asked, 3)

    assert answer(bob.deletes(asked, 3)) == (303, place(asked, 3))
    assert text_of(alice.page(f"/groups/{asked}/")) == "bob Deleted by a moderator"


@pytest.mark.parametrize("seq", [1, 99])
def test_what_is_no_message_is_not_deleted(bob, asked, seq):
    assert bob.deletes(asked, seq).status_code == 404


# Reacting


def chips(page, seq=3):
    """The reactions of a row: emoji, number, and whether the reader reacts so."""
    found = [each for each in page.within(f"seq-{seq}") if each.get("class") == "reaction"]
    return [(each["data-emoji"], each.text.split()[-1], each["aria-pressed"]) for each in found]


def test_reactions_are_shown_in_the_order_of_their_first_use(alice, bob, asked):
    bob.reacts(asked, 3, "🍅")
    alice.reacts(asked, 3, "❤")
    response = alice.reacts(asked, 3, "🍅")
    bob.reacts(asked, 3, "🍅", on=0)
    alice.reacts(asked, 3, "🎉")

    assert answer(response) == (303, place(asked, 3))
    assert chips(alice.page(f"/groups/{asked}/")) == [("🍅", "1", "true"), ("❤️", "1", "true"), ("🎉", "1", "true")]
    assert [each[2] for each in chips(bob.page(f"/groups/{asked}/"))] == ["false"] * 3


def test_a_row_names_the_emoji_that_were_used_if_some_no_longer_are(alice, bob, asked):
    for emoji, on in [("🍅", 1), ("❤", 1), ("🍅", 0)]:
        bob.reacts(asked, 3, emoji, on=on)
    taken_back = alice.page(f"/groups/{asked}/")
    bob.reacts(asked, 3, "🍅")
    page = alice.page(f"/groups/{asked}/")

    assert taken_back.one("seq-3")["data-used"] == "🍅 ❤️"
    assert page.one("seq-3").get("data-used") is None
    assert [emoji for emoji, *_ in chips(page)] == ["🍅", "❤️"]


def test_a_reaction_is_a_button_that_sets_it_or_takes_it_back(alice, bob, asked):
    bob.reacts(asked, 3, "🍅")
    page = bob.page(f"/groups/{asked}/")

    (button,) = [each for each in page.elements if each.get("class") == "reaction"]
    form = page.fields(page.one(button["form"]))
    bob.post(button["formaction"], **form, **{button["name"]: button["value"]})

    assert (form["on"], button["formaction"]) == ("0", f"/groups/{asked}/messages/3/reactions/")
    assert chips(bob.page(f"/groups/{asked}/")) == []


@pytest.mark.parametrize("page", ["", "messages/3/actions/"])
def test_a_reaction_in_an_archived_group_can_no_longer_be_pressed(alice, bob, asked, page):
    bob.reacts(asked, 3, "🍅")
    before = pressable(bob.page(f"/groups/{asked}/{page}"))
    settle(alice, asked, archived=1)

    assert (before, pressable(bob.page(f"/groups/{asked}/{page}"))) == ([True], [False])
    assert chips(bob.page(f"/groups/{asked}/{page}")) == [("🍅", "1", "true")]


def pressable(page):
    """Of each reaction, whether its button submits a form, and says so."""
    buttons = [each for each in page.within("seq-3") if each.get("class") == "reaction"]
    assert all((each.get("type") == "button") == (each.get("aria-disabled") == "true") for each in buttons)
    return [each.get("type") != "button" for each in buttons]


@pytest.mark.parametrize("emoji", ["", "x", "👍👍", "🇯", "🇯🇵🇯🇵", ":tada:", "a\0b"])
def test_what_is_no_emoji_is_refused_beside_its_field(bob, asked, faultless, emoji):
    response = bob.reacts(asked, 3, emoji)

    assert (response.status_code, Page(response.text).errors()) == (400, {"emoji": "Enter a single emoji."})
    assert bob.reacts(asked, 3, "👋🏽").status_code == 303


@pytest.mark.parametrize("on", ["", "2", "true"])
def test_a_reaction_is_set_or_taken_back_and_nothing_else(bob, asked, on):
    response = bob.reacts(asked, 3, "👍", on=on)

    why = "`on` must be 1 (react) or 0 (take the reaction back)."
    assert (response.status_code, Page(response.text).errors()) == (400, {"emoji": why})


def test_a_message_has_twenty_different_reactions_and_no_more(bob, alice, asked):
    for code in range(0x1F34F, 0x1F34F + 20):
        assert bob.reacts(asked, 3, chr(code)).status_code == 303

    response = bob.reacts(asked, 3, "👍")

    why = "This message already has 20 different emoji. Use one of those."
    assert (response.status_code, Page(response.text).errors()) == (400, {"emoji": why})
    assert alice.reacts(asked, 3, chr(0x1F34F)).status_code == 303


def test_nobody_reacts_to_a_deleted_message_or_to_an_event(alice, bob, asked):
    alice.says(asked, "Yes")
    bob.deletes(asked, 3)

    assert [alice.reacts(asked, seq, "👍").status_code for seq in (3, 1, 99, 4)] == [410, 404, 404, 303]


def test_who_has_left_does_not_react(alice, bob, asked):
    bob.leaves(asked)

    assert bob.reacts(asked, 3, "👍").status_code == 403
    assert alice.reacts(asked, 3, "👍").status_code == 303


# Erasing earlier versions


@pytest.fixture
def edited(bob, asked):
    """The same, after two edits."""
    bob.edits(asked, 3, "Beans?")
    bob.edits(asked, 3, "Peas?", rev=1)
    return asked


def test_the_author_has_the_earlier_texts_forgotten(bob, edited):
    response = bob.forgets(edited, 3)

    history = bob.page(f"/groups/{edited}/messages/3/history/").one("content").text
    assert answer(response) == (303, f"/groups/{edited}/messages/3/history/")
    assert ("Peas?" in history, "Beans?" in history, "Tomatoes?" in history) == (True, False, False)
    assert bob.page(f"/groups/{edited}/").one("seq-3")["data-rev"] == "2"


def test_readers_stay_when_earlier_texts_are_forgotten(alice, bob, edited):
    with alice.reading(edited) as reader:
        bob.forgets(edited, 3)
        bob.says(edited, "Corn?")

        assert reader.next()["content"] == "Corn?"


def test_a_text_that_comes_later_is_not_forgotten_by_a_late_repeat(bob, edited):
    question = f"/groups/{edited}/messages/3/history/forget/"
    form = bob.page(question).form(question)
    bob.forgets(edited, 3, **form)
    bob.edits(edited, 3, "Corn?", rev=2)

    bob.forgets(edited, 3, **form)

    assert "Peas?" in bob.page(f"/groups/{edited}/messages/3/history/").one("content").text


def test_nobody_else_has_them_forgotten(alice, bob, edited):
    refused = alice.forgets(edited, 3)
    bob.leaves(edited)

    assert (refused.status_code, bob.forgets(edited, 3).status_code) == (403, 403)
    assert "Only its author can erase a message's earlier versions." in Page(refused.text).one("content").text
    assert "Tomatoes?" in alice.page(f"/groups/{edited}/messages/3/history/").one("content").text


def test_of_what_is_no_message_or_deleted_nothing_is_forgotten(bob, edited):
    bob.deletes(edited, 3)

    assert [bob.forgets(edited, seq).status_code for seq in (3, 1, 99)] == [410, 404, 404]


# Limits, and scripts


ACTS = {
    "edit": {"message": "Beans?", "rev": "0"},
    "reactions": {"emoji": "👍", "on": "1"},
    "delete": {},
}


@pytest.mark.parametrize("act", ACTS)
def test_each_of_them_counts_as_a_message(one_a_second, bob, asked, act):
    for _ in range(4):
        bob.says(asked, "hi")

    response = bob.post(f"/groups/{asked}/messages/3/{act}/", **ACTS[act])

    assert (response.status_code, response.headers.get("retry-after", "").isdigit()) == (429, True)


@pytest.mark.parametrize("act", ACTS)
def test_a_script_is_answered_with_an_acknowledgement(bob, asked, act):
    path = f"/groups/{asked}/messages/3/{act}/"

    first, again = (bob.browser.post(path, data=ACTS[act] | {"client_id": "a"}, headers=SCRIPT) for _ in range(2))

    assert first.json() == again.json() == [{"type": "ack", "client_id": "a", "seq": 4}]


def test_a_script_is_told_why_it_is_refused_and_the_present_text(bob, asked):
    bob.edits(asked, 3, "Beans?")
    sent = {"message": "Peas?", "rev": "0", "client_id": "a"}

    response = bob.browser.post(f"/groups/{asked}/messages/3/edit/", data=sent, headers=SCRIPT)

    (error,) = response.json()
    assert (response.status_code, error["code"], error["client_id"]) == (409, "changed", "a")
    assert (error["rev"], error["content"]) == (1, "Beans?")


@pytest.mark.parametrize(("seq", "status", "code"), [(4, 403, "not_yours"), (99, 404, "no_such_message")])
@pytest.mark.parametrize("act", ["delete", "history/forget"])
def test_a_script_is_answered_each_refusal_in_json(alice, bob, asked, act, seq, status, code):
    alice.says(asked, "Yes")
    path = f"/groups/{asked}/messages/{seq}/{act}/"

    response = bob.browser.post(path, data={"client_id": "a"}, headers=SCRIPT)

    (error,) = response.json()
    assert (response.status_code, error["code"], error["client_id"]) == (status, code, "a")


def test_a_deleted_text_is_not_kept_as_it_was_rendered(alice, gardening, state):
    alice.says(gardening, "the key is under the pot")
    alice.page(f"/groups/{gardening}/")
    drawn = state.templates.env.globals["drawn"]
    assert drawn._kept("entry").cache_info().currsize

    alice.post(f"/groups/{gardening}/messages/2/delete/")

    assert not drawn._kept("entry").cache_info().currsize
