"""Named people and what they do to a site, in the terms of the contract."""

import re
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse

from discussit.assets import IMMUTABLE, REVALIDATE
from discussit.middleware.headers import HEADERS

PASSWORD = "correct horse battery"
V1 = "discussit.v1"
UUID_TEXT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME_OF_DAY = re.compile(r"\b\d\d:\d\d\b")


class HttpPerson:
    """Somebody with a browser of their own (cookies), on a site that is running."""

    def __init__(self, client: TestClient, name: str) -> None:
        self.name = name
        # Each person has cookies of their own but the loop of the one site that runs.
        self.browser = TestClient(client.app, follow_redirects=False)
        self.browser.portal = client.portal

    @property
    def cookie_header(self):
        """What their browser sends as `Cookie`."""
        return "; ".join(f"{name}={value}" for name, value in self.browser.cookies.items())

    @property
    def account(self):
        """The id of the account that the pages of this browser belong to."""
        (account,) = {each["data-account"] for each in self.page("/").elements if each.get("data-account")}
        return account

    def sign_up(self):
        return self.post("/accounts/signup/", username=self.name, password1=PASSWORD, password2=PASSWORD)

    def log_in(self, **fields):
        return self.post("/accounts/login/", username=self.name, password=PASSWORD, **fields)

    def log_out(self):
        return self.post("/accounts/logout/")

    def get(self, path, **options):
        return self.browser.get(path, **options)

    def post(self, path, **fields):
        return self.browser.post(path, data=fields)

    def fills(self, path, action, **typed):
        """The form of a page that leads to `action`, filled in: what its button sends there."""
        return self.page(path).form(action) | typed

    def creates(self, name):
        """Create a group without members and owners, in the administration (superusers only); its uuid."""
        created = self.post("/admin/group/create", name=name)
        return UUID_TEXT.search(self.get(created.headers["location"]).text)[0]

    def founds(self, name, access="open", **fields):
        """Create a group of their own, with them as its owner and first member; its uuid."""
        founded = self.post("/groups/", name=name, access=access, **fields)
        assert founded.status_code == 303, founded.text
        return UUID_TEXT.search(founded.headers["location"])[0]

    def joins(self, group):
        return self.post(f"/groups/{group}/join/")

    def leaves(self, group):
        return self.post(f"/groups/{group}/leave/")

    def converses(self, *names):
        """Begin the direct conversation with these people, or continue it; its uuid."""
        response = self.post("/messages/new/", username=names)
        assert response.status_code == 303, response.status_code
        return response.headers["location"].split("/")[2]

    def says(self, group, message, **fields):
        return self.post(f"/groups/{group}/messages/", message=message, **fields)

    def edits(self, group, seq, message, rev=0, **fields):
        return self.post(f"/groups/{group}/messages/{seq}/edit/", message=message, rev=rev, **fields)

    def deletes(self, group, seq, **fields):
        return self.post(f"/groups/{group}/messages/{seq}/delete/", **fields)

    def reacts(self, group, seq, emoji, on=1, **fields):
        return self.post(f"/groups/{group}/messages/{seq}/reactions/", emoji=emoji, on=on, **fields)

    def forgets(self, group, seq, **fields):
        """Have the earlier texts of a message erased."""
        return self.post(f"/groups/{group}/messages/{seq}/history/forget/", **fields)

    def at_home(self, *subprotocols):
        return self.browser.websocket_connect("/", subprotocols=subprotocols or None)

    def in_group(self, group):
        """The group's socket in the tutorial's protocol."""
        return self.browser.websocket_connect(f"/groups/{group}/")

    def page(self, path):
        """The elements of a page that must be there."""
        response = self.get(path)
        assert response.status_code == 200, response.status_code
        return Page(response.text)

    @contextmanager
    def reading(self, group, since=None):
        """The group's socket in `discussit.v1`, after its `ready`."""
        path = f"/groups/{group}/" if since is None else f"/groups/{group}/?since={since}"
        with self.browser.websocket_connect(path, subprotocols=[V1]) as socket:
            reader = Reader(socket)
            assert reader.next()["type"] == "ready"
            yield reader


def stranger(site, address="203.0.113.9"):
    """Somebody with a new browser, at an address of their own."""
    person = HttpPerson(site, "stranger")
    person.browser = TestClient(site.app, client=(address, 50_000), follow_redirects=False)
    person.browser.portal = site.portal
    return person


class Reader:
    """The objects of a `discussit.v1` socket, one by one."""

    def __init__(self, socket) -> None:
        self.socket = socket
        self._objects = []

    def next(self):
        while not self._objects:
            self._objects = self.socket.receive_json()
        return self._objects.pop(0)

    def until(self, **wanted):
        """The next object that has these values; what comes before it is passed over."""
        while True:
            found = self.next()
            if all(found.get(key) == value for key, value in wanted.items()):
                return found

    def says(self, message, **more):
        self.socket.send_json({"type": "text_message", "message": message, **more})


def closed(socket):
    """The code with which the server closes; what it sends before is passed over."""
    while (message := socket.receive())["type"] != "websocket.close":
        pass
    return message["code"]


def refused(person, path, **headers):
    """The status with which the server refuses this handshake."""
    with (
        pytest.raises(WebSocketDenialResponse) as denial,
        person.browser.websocket_connect(path, headers=headers),
    ):
        pass
    return denial.value.status_code


def missing(response, expected=HEADERS):
    """The headers that this response lacks. That it is not stored is asked of all but static files."""
    own = {"Cache-Control"} if response.headers["cache-control"] in (IMMUTABLE, REVALIDATE) else set()
    return [name for name in expected.keys() - own if response.headers.get(name) != expected[name]]


# What stands on a page


@dataclass(eq=False)
class Element:
    tag: str
    attributes: dict[str, str | None]
    parents: tuple["Element", ...]
    text: str = ""

    def __getitem__(self, name):
        return self.attributes[name]

    def get(self, name):
        return self.attributes.get(name)


def _is_sent(field):
    """Whether the field is sent with its form as it is on the page."""
    return field.get("type") not in ("checkbox", "radio") or (
        field["type"] == "radio" and "checked" in field.attributes
    )


class Page(HTMLParser):
    """The elements of a page, in order; each knows what it stands in and the text within it."""

    VOID = {"meta", "link", "input", "br", "hr", "img"}

    def __init__(self, html):
        super().__init__()
        self.elements = []
        self._open = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        element = Element(tag, dict(attrs), tuple(self._open))
        # What stands in a <template> is not on the page.
        if not any(parent.tag == "template" for parent in self._open):
            self.elements.append(element)
        if tag not in self.VOID:
            self._open.append(element)

    def handle_endtag(self, tag):
        while self._open and self._open.pop().tag != tag:
            pass

    def handle_data(self, data):
        for element in self._open:
            element.text += data

    def ids(self):
        return [element["id"] for element in self.elements if element.get("id")]

    def one(self, id):
        """The element of this id, of which a page has one."""
        (element,) = [element for element in self.elements if element.get("id") == id]
        return element

    def within(self, id):
        outer = self.one(id)
        return [element for element in self.elements if outer in element.parents]

    def log(self):
        """The entries in #chat-log: seq, and text without the time of day."""
        entries = [element for element in self.within("chat-log") if element.get("data-seq")]
        return [(int(entry["data-seq"]), " ".join(TIME_OF_DAY.sub("", entry.text).split())) for entry in entries]

    def forms(self):
        """The forms that are posted."""
        return [each for each in self.elements if each.tag == "form" and each.get("method") == "post"]

    def form(self, action):
        """What the form that leads there sends before anybody types: the values of its fields."""
        return self.fields(next(each for each in self.forms() if each.get("action") == action))

    def fields(self, form):
        inputs = [each for each in self.elements if each.tag == "input" and form in each.parents]
        return {each["name"]: each.get("value") or "" for each in inputs if _is_sent(each)}

    def link(self, text):
        """Where the link with this text leads; None without one."""
        return next((each["href"] for each in self.elements if each.tag == "a" and text in each.text), None)

    def errors(self):
        """What is wrong with a form, by the field beside which it stands."""
        return {
            each["id"].removeprefix("error-"): each.text
            for each in self.elements
            if (each.get("id") or "").startswith("error-")
        }
