"""A row that can't be rendered, or decorated, stops nothing else."""

import json
import re

import pytest
from old_browsers import comes_with
from playwright.sync_api import expect

CLOCK = re.compile(r"^\d{1,2}:\d\d( [ap]m)?$", re.IGNORECASE)
MISSING = object()
STORE = "([prefix, values]) => values.forEach((value, n) => localStorage.setItem(prefix + n, value))"
FORGET = "prefix => Object.keys(localStorage).forEach(key => key.startsWith(prefix) && delete localStorage[key])"


class Garbler:
    """Stands between a tab's sockets and the server: objects with these contents have other values."""

    def __init__(self):
        self.values = {}
        self.until = None
        self.connections = 0
        self._held = []

    def __call__(self, socket):
        self.connections += 1
        socket.connect_to_server().on_message(lambda text: self._pass_on(socket, json.loads(text)))

    def _pass_on(self, socket, objects):
        self._held += objects
        if self.until in (None, objects[-1].get("content")):
            socket.send(json.dumps([self._garbled(each) for each in self._held]))
            self._held = []

    def _garbled(self, each):
        garbled = each | self.values.get(each.get("content"), {})
        return {key: value for key, value in garbled.items() if value is not MISSING}


@pytest.fixture
def garbler():
    return Garbler()


@pytest.fixture
def tab(bob, gardening, garbler):
    """Bob's tab; the group's log has two Joins and three messages."""
    bob.joins(gardening)
    bob.wrote(gardening, "see https://a.example", "see https://b.example", "see https://c.example")
    return bob.tab(garbler)


@pytest.fixture
def errors(tab, complaints):
    """What the tab's console shows. None of it fails the test."""
    found = []
    complaints.excuse(r"(Type|Range)?Error: ")
    tab.page.on("console", lambda message: found.append(message.text))
    return found


@pytest.mark.parametrize(
    "values",
    [
        {"author": MISSING},
        {"author": 7},
        {"content": {"text": "two"}},
        {"timestamp": "yesterday"},
        {"timestamp": {}},
        {"type": "event_message", "user": MISSING, "status": "Join"},
    ],
    ids=lambda values: ",".join(f"{key}={value if value is not MISSING else ''}" for key, value in values.items()),
)
def test_a_malformed_entry_has_a_row_and_does_not_stop_those_after_it(alice, tab, garbler, errors, gardening, values):
    tab.opens(gardening)
    garbler.values = {"two": values}
    garbler.until = "three"

    alice.wrote(gardening, "one", "two", "two", "three")

    expect(tab.messages.last).to_have_text("three")
    expect(tab.find("#chat-log [data-seq]")).to_have_count(9)
    expect(tab.pill).to_have_attribute("title", "Last entry here: 9")
    assert garbler.connections == 1
    assert len(errors) == len(set(errors))


def test_an_own_message_without_a_text_does_not_stay_below_the_log(tab, garbler, errors, gardening):
    tab.opens(gardening)
    garbler.values = {"two": {"content": 7}}

    tab.says("two", "three")

    expect(tab.messages).to_have_text([re.compile("see")] * 3 + ["7", "three"])
    expect(tab.pending).to_have_count(0)


def test_a_message_that_has_no_row_while_it_waits_is_sent_all_the_same(tab, errors, gardening):
    tab.opens(gardening)
    tab.page.evaluate("() => document.querySelector('#pending-template').remove()")

    tab.says("one", "two")

    expect(tab.messages).to_have_text([re.compile("see")] * 3 + ["one", "two"])
    expect(tab.pill).to_have_text("Live")


def test_an_entry_without_a_template_is_shown_plainly(alice, tab, errors, gardening):
    tab.opens(gardening)
    tab.page.evaluate("() => document.querySelector('#message-template').remove()")

    alice.wrote(gardening, "one", "two")

    expect(tab.find("#seq-6")).to_have_text("alice one")
    expect(tab.find("#seq-7")).to_have_text("alice two")
    tab.until(lambda: errors)
    assert len(errors) == 1


@pytest.mark.parametrize("seq", [4, 5], ids=["within", "last"])
@pytest.mark.parametrize(
    "change",
    [
        "row.querySelector('time').dateTime = ''",
        "row.querySelector('time').remove()",
        "row.replaceChildren()",
    ],
)
def test_a_malformed_row_of_the_server_does_not_stop_the_others(alice, tab, errors, gardening, change, seq):
    comes_with(tab.page, f"const row = document.querySelector('#seq-{seq}'); {change}")
    tab.opens(gardening)

    tab.says("mine")
    expect(tab.messages.last).to_have_text("mine")
    alice.wrote(gardening, "hers")

    expect(tab.messages.last).to_have_text("hers")
    expect(tab.pending).to_have_count(0)
    for others in {3, 4, 5} - {seq}:
        expect(tab.find(f"#seq-{others} time")).to_have_text(CLOCK)
        expect(tab.find(f"#seq-{others} a[rel]")).to_be_visible()
    expect(tab.find(".entry-day")).to_have_text("Today")


def test_without_a_title_the_page_is_live(alice, tab, errors, gardening):
    tab.page.add_init_script("Object.defineProperty(document, 'title', { get() { throw Error('no title') } })")
    tab.opens(gardening)

    alice.wrote(gardening, "hello")

    expect(tab.messages.last).to_have_text("hello")


def test_a_malformed_group_does_not_stop_the_others_at_home(alice, tab, errors, gardening):
    other = alice.creates("Zoo")
    comes_with(
        tab.page,
        f"""for (const row of document.querySelectorAll('.group')) row.toggleAttribute('data-member')
        document.getElementById('{gardening}').querySelector('.group-members').remove()""",
    )

    tab.goes_home()

    expect(tab.find(f'[id="{other}"]')).not_to_have_attribute("data-member", "")
    tab.button("join", other).click()
    expect(tab.button("leave", other)).to_be_visible()


# What is stored


@pytest.fixture
def stores(bob, gardening):
    """`stores(*values)`: in place of messages that wait in bob's outbox."""
    bob.goes_home()
    prefix = f"discussit:account:{bob.find('body').get_attribute('data-account')}:outbox:{gardening}:001764190000000:"
    yield lambda *values: bob.page.evaluate(STORE, [prefix, values])
    bob.goes_home().page.evaluate(FORGET, prefix)


@pytest.mark.parametrize(
    "value", ["{", "5", '"text"', "[]", "{}", '{"client_id":"0"}', '{"client_id":"1","message":"x"}']
)
def test_what_is_no_message_in_the_outbox_stops_nothing(tab, errors, gardening, stores, value):
    stores(value)

    tab.opens(gardening).says("hello")

    expect(tab.messages.last).to_have_text("hello")
    expect(tab.pending).to_have_count(0)
    assert errors == []
