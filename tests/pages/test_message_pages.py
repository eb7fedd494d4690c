"""The pages of a single message, and what the group's page shows of what was done to it."""

import random
import time

import pytest
from changes import sent
from people import HttpPerson, Page
from rights import arrive, settle

from discussit.log.checks import MAX_CONTENT

JSON = {"Accept": "application/json"}
OF_MESSAGE = ("", "actions/", "edit/", "delete/", "history/", "history/forget/", "reactions/")


@pytest.fixture
def asked(bob, gardening):
    """Gardening, in which bob asks something: entry 3."""
    bob.joins(gardening)
    bob.says(gardening, "Tomatoes?")
    return gardening


def path(group, page, seq=3):
    return f"/groups/{group}/messages/{seq}/{page}"


# The place of an entry


def test_an_entry_has_an_address_that_leads_to_its_place(alice, asked):
    response = alice.get(path(asked, ""))

    assert (response.status_code, response.headers["location"]) == (303, f"/groups/{asked}/?at=3#seq-3")
    assert alice.get(path(asked, "", seq=1)).headers["location"] == f"/groups/{asked}/?at=1#seq-1"


def test_the_address_of_a_change_leads_to_what_it_changed(alice, bob, asked):
    bob.reacts(asked, 3, "👍")
    bob.edits(asked, 3, "Beans?")
    bob.deletes(asked, 3)

    assert {alice.get(path(asked, "", seq)).headers["location"] for seq in (4, 5, 6)} == {
        f"/groups/{asked}/?at=3#seq-3"
    }


@pytest.mark.parametrize("seq", [99, 2**31, 10**17])
def test_there_is_no_page_of_what_is_not_there(alice, asked, faultless, seq):
    assert {alice.get(path(asked, page, seq)).status_code for page in OF_MESSAGE} == {404}


def test_an_event_has_no_other_page(alice, asked):
    assert {alice.get(path(asked, page, 1)).status_code for page in OF_MESSAGE[1:]} == {404}


@pytest.mark.parametrize("page", OF_MESSAGE)
def test_only_members_see_a_message_and_its_pages(site, bob, asked, page):
    cleo = HttpPerson(site, "cleo")
    cleo.sign_up()

    response = cleo.get(path(asked, page))

    assert (response.status_code, "Tomatoes?" in response.text) == (403, False)
    assert bob.get(path(asked, page)).status_code in (200, 303)


# In an archived group


def test_an_archived_groups_message_is_not_edited_and_keeps_what_was_typed(alice, bob, asked):
    form = bob.fills(path(asked, "edit/"), path(asked, "edit/"), message="Beans?")
    settle(alice, asked, archived=1)

    shown, refused = bob.get(path(asked, "edit/")), bob.post(path(asked, "edit/"), **form)

    assert [shown.status_code, refused.status_code] == [403, 403]
    assert all("This group is archived: nothing can be written to it." in each.text for each in (shown, refused))
    assert Page(refused.text).one("typed-message").text.strip() == "Beans?"


def test_the_page_of_an_archived_groups_message_offers_only_what_still_works(alice, bob, asked):
    bob.edits(asked, 3, "Beans?")
    alice.reacts(asked, 3, "👍")
    settle(alice, asked, archived=1)

    page = bob.page(path(asked, "actions/"))

    assert [page.link(each) for each in ("Reply", "Edit", "Delete")] == [
        None,
        path(asked, "history/"),
        path(asked, "delete/"),
    ]
    assert "react-title" not in page.ids()
    assert "Who reacted" in page.one("content").text
    assert [bob.get(path(asked, each)).status_code for each in ("delete/", "history/", "history/forget/")] == [200] * 3


def test_a_reaction_in_an_archived_group_is_refused_on_a_page_of_its_own(alice, bob, asked):
    settle(alice, asked, archived=1)

    response = bob.reacts(asked, 3, "👍")

    assert (response.status_code, "This group is archived" in response.text) == (403, True)


def test_a_visitor_is_sent_to_log_in_and_back(site, asked):
    response = HttpPerson(site, "visitor").get(path(asked, "edit/"))

    assert response.headers["location"] == f"/accounts/login/?next={path(asked, 'edit/')}"


# The text for a script


def test_a_script_gets_the_text_that_its_author_edits_as_it_was_typed(bob, asked):
    bob.edits(asked, 3, "*Beans*?\n\n- runner")

    assert bob.get(path(asked, "edit/"), headers=JSON).json() == [
        {"type": "source", "target": 3, "rev": 1, "content": "*Beans*?\n\n- runner"}
    ]


def test_a_script_gets_no_text_that_cant_be_edited(alice, bob, asked):
    def refusal(person):
        response = person.get(path(asked, "edit/"), headers=JSON)
        return response.status_code, response.json()[0]["code"]

    others = refusal(alice)
    settle(alice, asked, archived=1)
    archived = refusal(bob)
    settle(alice, asked, archived=0)
    bob.deletes(asked, 3)

    assert (others, archived, refusal(bob)) == ((403, "not_yours"), (403, "read_only"), (410, "gone"))


# What can be done


def test_each_message_has_a_link_to_what_can_be_done_to_it(alice, asked):
    page = alice.page(f"/groups/{asked}/")

    (link,) = [each for each in page.within("seq-3") if each.get("class") == "entry-actions"]
    assert (link["href"], link["aria-label"]) == (path(asked, "actions/"), "Actions for message from bob")


def test_the_author_is_offered_everything(bob, asked):
    page = bob.page(path(asked, "actions/"))

    assert page.link("Reply") == f"/groups/{asked}/?reply=3#chat-message-input"
    assert (page.link("Edit"), page.link("Delete")) == (path(asked, "edit/"), path(asked, "delete/"))
    assert page.link("Permalink") == path(asked, "")
    assert page.link("Edit history") is None


def test_others_are_offered_to_reply_and_react_and_superusers_to_delete(site, alice, asked):
    cleo = HttpPerson(site, "cleo")
    cleo.sign_up()
    cleo.joins(asked)
    of_cleo, of_alice = (person.page(path(asked, "actions/")) for person in (cleo, alice))

    assert [of_cleo.link(each) is None for each in ("Reply", "Edit", "Delete")] == [False, True, True]
    assert [of_alice.link(each) is None for each in ("Reply", "Edit", "Delete")] == [False, True, False]
    assert {each["value"] for each in of_cleo.elements if each.get("name") == "emoji"} >= {"👍", "🎉"}


def test_only_those_who_may_write_in_an_announcements_group_are_offered_to_reply(site, bob):
    news, (cleo,) = bob.founds("News"), arrive(site, "cleo")
    cleo.joins(news)
    bob.says(news, "hello")
    settle(bob, news, posting="moderators")

    pages = [person.page(path(news, "actions/")) for person in (bob, cleo)]

    assert [page.link("Reply") is None for page in pages] == [False, True]
    assert all("react-title" in page.ids() for page in pages)


def test_a_deleted_message_is_offered_nothing(alice, bob, asked):
    bob.deletes(asked, 3)
    page = alice.page(path(asked, "actions/"))

    assert [page.link(each) for each in ("Reply", "Edit", "Delete")] == [None] * 3
    assert not [each for each in page.elements if each.get("name") == "emoji"]
    assert [each for each in alice.page(f"/groups/{asked}/").elements if each.get("class") == "entry-actions"] == []


def test_the_page_says_who_reacts(alice, bob, asked):
    bob.reacts(asked, 3, "🍅")
    alice.reacts(asked, 3, "🍅")
    bob.reacts(asked, 3, "👍")
    bob.reacts(asked, 3, "👍", on=0)

    texts = [each.text for each in alice.page(path(asked, "actions/")).elements if each.tag in ("h2", "dd")]
    assert texts == ["React", "Who reacted", "bob, alice"]


@pytest.mark.parametrize("page", ["actions/", "delete/"])
def test_the_time_of_the_message_leads_to_its_place_and_says_which_zone_it_is_in(bob, asked, page):
    (time,) = [each for each in bob.page(path(asked, page)).within("seq-3") if each.get("class") == "entry-time"]

    assert (time["href"], time.text[-4:]) == (f"/groups/{asked}/?at=3#seq-3", " UTC")


def test_the_form_of_an_edit_has_the_text_as_it_was_typed(bob, asked):
    bob.edits(asked, 3, "**Beans** </textarea>")

    page = bob.page(path(asked, "edit/"))

    assert page.one("message").text == "\n**Beans** </textarea>"
    assert page.form(path(asked, "edit/"))["rev"] == "1"


def test_only_the_author_gets_the_form_and_not_of_a_deleted_message(alice, bob, asked):
    assert [person.get(path(asked, "edit/")).status_code for person in (bob, alice)] == [200, 403]
    bob.deletes(asked, 3)

    assert [bob.get(path(asked, page)).status_code for page in OF_MESSAGE[2:]] == [410] * 5


def test_a_deletion_is_asked_for_first(alice, bob, asked):
    alice.says(asked, "Yes")

    page = bob.page(path(asked, "delete/"))

    assert "Tomatoes?" in page.one("content").text
    assert "“Message deleted” will stay in its place." in page.one("content").text
    assert page.form(path(asked, "delete/"))["form_id"]
    assert [person.get(path(asked, "delete/", 4)).status_code for person in (alice, bob)] == [200, 403]


def test_whoever_has_left_is_asked_about_their_own_message_alone(alice, bob, asked):
    alice.says(asked, "Yes")
    bob.leaves(asked)

    assert [bob.get(path(asked, "delete/", seq)).status_code for seq in (3, 4, 99)] == [200, 403, 403]
    assert bob.page(path(asked, "delete/")).link("Cancel") == "/"


# Edit history


def sources(page):
    return [each for each in page.elements if each.get("class") == "message-source"]


def marked(page, tag):
    """What was added ("ins") or removed ("del") in each text."""
    return [[each.text for each in page.elements if each.tag == tag and text in each.parents] for text in sources(page)]


def texts(page):
    """The texts, without what was removed."""
    found = [text.text for text in sources(page)]
    for place, removed in enumerate(marked(page, "del")):
        for text in removed:
            found[place] = found[place].replace(text, "", 1)
    return found


def labels(page):
    """What stands above each text, without the five words of its date and time."""
    return [each.text.rsplit(" ", 5)[0] for each in page.within("content") if each.tag == "h2"]


def test_the_history_has_all_texts_newest_first_as_they_were_typed(alice, bob, asked):
    bob.edits(asked, 3, "**Beans**\n<b>")
    bob.edits(asked, 3, "Peas?", rev=1)

    page = alice.page(path(asked, "history/"))

    assert texts(page) == ["Peas?", "**Beans**\n<b>", "Tomatoes?"]
    assert labels(page) == ["Current version, edited", "Edited", "Original, sent"]
    times = [each for each in page.within("content") if each.tag == "time"]
    assert (len({each["datetime"] for each in times}), {each.text[-4:] for each in times}) == (3, {" UTC"})


def test_each_version_shows_what_was_added_and_removed_against_the_one_before(alice, bob, asked):
    bob.edits(asked, 3, "Tomatoes and <b>?")
    bob.edits(asked, 3, "Beans and <b>?", rev=1)

    page = alice.page(path(asked, "history/"))

    assert marked(page, "del") == [["Tomatoes"], [], []]
    assert marked(page, "ins") == [["Beans"], [" and <b>"], []]


def test_a_version_is_compared_with_no_other_than_the_one_before(bob, asked):
    with bob.reading(asked) as reader:
        for rev in range(60):
            sent(reader, "edit_message", target=3, rev=rev, message=f"text {rev + 1}")

    first = bob.page(path(asked, "history/"))
    second = bob.page(first.link("Older versions"))

    assert marked(first, "ins")[-1] == ["10"]
    assert marked(second, "ins") == [[], *([str(number)] for number in range(9, 1, -1)), ["text 1"], []]


def test_a_long_history_of_texts_without_likeness_is_compared_quickly(bob, asked):
    chance = random.Random(8)  # noqa: S311
    with bob.reading(asked) as reader:
        for rev in range(51):
            text = "".join(chance.choices("ab,;", k=MAX_CONTENT))
            sent(reader, "edit_message", target=3, rev=rev, message=text)

    started = time.process_time()
    page = bob.get(path(asked, "history/"))

    assert time.process_time() - started < 2
    assert page.text.count("<del>") == 51


@pytest.mark.parametrize("before", ["0", "x", "99"])
def test_a_history_from_before_no_version_begins_with_the_last(bob, asked, before):
    bob.edits(asked, 3, "Beans?")

    page = bob.page(f"{path(asked, 'history/')}?before={before}")

    assert "The author erased" not in page.one("content").text
    assert page.one("content").text.index("Beans?") < page.one("content").text.index("Tomatoes?")


def test_the_history_of_a_message_without_edits_has_its_text(alice, asked):
    page = alice.page(path(asked, "history/"))

    assert (texts(page), labels(page)) == (["Tomatoes?"], ["Original, sent"])
    assert "This message hasn't been edited." in page.one("content").text


def test_the_author_alone_is_asked_whether_to_erase_earlier_versions(alice, bob, asked):
    bob.edits(asked, 3, "Beans?")
    ways = {person.name: person.page(path(asked, "history/")).link("Erase earlier versions") for person in (alice, bob)}

    question = bob.page(ways["bob"])

    assert "every version except the current one" in question.one("content").text
    assert ways == {"alice": None, "bob": path(asked, "history/forget/")}
    assert question.form(path(asked, "history/forget/"))["form_id"]
    assert question.link("Cancel") == path(asked, "history/")
    assert alice.get(path(asked, "history/forget/")).status_code == 403


def test_a_history_says_that_its_beginning_was_erased(alice, bob, asked):
    bob.edits(asked, 3, "Beans?")
    bob.forgets(asked, 3)
    empty = alice.page(path(asked, "history/")).one("content").text
    bob.edits(asked, 3, "Peas?", rev=1)

    page = alice.page(path(asked, "history/"))

    assert "The author erased the earlier versions." in empty
    assert (texts(page), labels(page)) == (["Peas?", "Beans?"], ["Current version, edited", "Edited"])
    assert "The author erased the versions before this one." in page.one("content").text


def test_a_long_history_is_read_page_by_page(bob, asked):
    with bob.reading(asked) as reader:
        for rev in range(60):
            sent(reader, "edit_message", target=3, rev=rev, message=f"text {rev + 1}")

    first = bob.page(path(asked, "history/"))
    second = bob.page(first.link("Older versions"))

    assert texts(first) == [f"text {number}" for number in range(60, 9, -1)]
    assert texts(second) == ["text 60", *(f"text {number}" for number in range(9, 0, -1)), "Tomatoes?"]
    assert second.link("Older versions") is None
    assert not any("erased" in page.one("content").text for page in (first, second))


# On the group's page


def test_a_reply_shows_its_target_as_it_is_now(alice, bob, asked):
    alice.says(asked, "Yes", reply_to=3)
    shown = [reply_line(alice, asked)]
    bob.edits(asked, 3, "Beans? " * 20)
    shown.append(reply_line(alice, asked))
    bob.deletes(asked, 3)
    shown.append(reply_line(alice, asked))

    assert shown == [
        "In reply to bob Tomatoes?",
        f"In reply to bob {('Beans? ' * 20)[:80].strip()}… edited since",
        "In reply to bob Message deleted",
    ]


def test_a_reply_to_an_edited_text_does_not_say_that_it_was_edited_since(alice, bob, asked):
    bob.edits(asked, 3, "Beans?")
    alice.says(asked, "Yes", reply_to=3)

    assert reply_line(alice, asked) == "In reply to bob Beans?"


def reply_line(person, group):
    (line,) = [each for each in person.page(f"/groups/{group}/").elements if "reply-to" in str(each.attributes)][:1]
    return " ".join(line.text.split())


def test_an_edited_row_leads_to_its_earlier_texts(alice, bob, asked):
    bob.edits(asked, 3, "Beans?")

    (mark,) = [each for each in alice.page(f"/groups/{asked}/").elements if each.get("class") == "entry-edited"]
    assert (mark.text, mark["href"]) == ("edited", path(asked, "history/"))


def test_a_mention_of_the_reader_is_marked_for_them_alone(alice, bob, asked):
    bob.says(asked, "@alice and @bob")
    bob.says(asked, "@everyone")

    marked = {
        person.name: [each.text for each in person.page(f"/groups/{asked}/").elements if is_marked(each)]
        for person in (alice, bob)
    }

    assert marked == {"alice": ["@alice", "@everyone"], "bob": ["@bob"]}


def is_marked(element):
    return "mention-me" in (element.get("class") or "")


def test_a_rich_text_is_shown_as_it_is_meant(alice, bob, asked):
    bob.says(asked, "**Beans** & `peas`")

    page = alice.page(f"/groups/{asked}/")
    assert [(each.tag, each.text) for each in page.within("seq-4") if each.tag in ("strong", "code")] == [
        ("strong", "Beans"),
        ("code", "peas"),
    ]


# Conversations


@pytest.fixture
def conversation(alice, bob, asked):
    """Of entry 3: 4 and 6 answer it, 7 answers 6. 5 and 8 do not belong to it."""
    for text, reply_to in [("Yes", 3), ("Rain!", ""), ("No", 3), ("Why?", 6), ("More rain!", 5)]:
        alice.says(asked, text, reply_to=reply_to)
    return asked


def seqs(page):
    return [seq for seq, _ in page.log()]


@pytest.mark.parametrize(("seq", "found"), [(3, [3, 4, 6, 7]), (6, [6, 7]), (5, [5, 8]), (7, [7])])
def test_a_conversation_is_a_message_and_what_answers_it_directly_or_not(bob, conversation, seq, found):
    page = bob.page(f"/groups/{conversation}/?replies={seq}")

    assert seqs(page) == found
    assert page.link("Show all messages") == f"/groups/{conversation}/?at={seq}#seq-{seq}"
    assert "data-live" not in page.one("group").attributes


@pytest.mark.parametrize("replies", ["1", "99", "x", "", "9" * 30])
def test_of_what_is_no_message_there_is_no_conversation(bob, conversation, faultless, replies):
    page = bob.page(f"/groups/{conversation}/?replies={replies}")

    assert (seqs(page), page.link("Show all messages")) == ([1, 2, 3, 4, 5, 6, 7, 8], None)


def test_a_message_says_how_many_answer_it(bob, conversation):
    page = bob.page(f"/groups/{conversation}/")

    links = [each for each in page.elements if each.get("class") == "entry-replies"]
    assert [(each.text, each["href"].split("?")[1]) for each in links] == [
        ("2 replies", "replies=3"),
        ("1 reply", "replies=5"),
        ("1 reply", "replies=6"),
    ]


def test_a_conversation_goes_on_when_a_message_in_it_is_deleted(bob, alice, conversation):
    alice.deletes(conversation, 6)

    assert seqs(bob.page(f"/groups/{conversation}/?replies=3")) == [3, 4, 6, 7]


def test_a_long_conversation_has_pages_that_lead_to_each_other(alice, bob, asked):
    with bob.reading(asked) as reader:
        for number in range(90):
            sent(reader, "text_message", message="again", reply_to=3 + number)

    pages = [alice.page(f"/groups/{asked}/?replies=3")]
    while earlier := pages[-1].link("Older messages"):
        pages.append(alice.page(earlier))

    assert [(seqs(page)[0], seqs(page)[-1]) for page in pages] == [(44, 93), (3, 43)]
    assert seqs(alice.page(pages[-1].link("Newer messages")))[0] == 44
