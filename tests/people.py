"""Named people and what they do to a site, in the terms of the contract."""

import re
from contextlib import contextmanager

from starlette.testclient import TestClient

PASSWORD = "correct horse battery"
V1 = "discussit.v1"


class Person:
    """Somebody with a browser of their own (cookies), on a site that is running."""

    def __init__(self, client: TestClient, name: str) -> None:
        self.name = name
        # Each person has cookies of their own but the loop of the one site that runs.
        self.browser = TestClient(client.app, follow_redirects=False)
        self.browser.portal = client.portal

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

    def creates(self, name):
        """Make a group (superusers only); its uuid."""
        self.post("/groups/", name=name)
        return re.search(
            rf'id="([0-9a-f-]{{36}})"(?:(?!id="[0-9a-f-]{{36}}").)*?{re.escape(name)}', self.get("/").text, re.S
        )[1]

    def joins(self, group):
        return self.post(f"/groups/{group}/join/")

    def leaves(self, group):
        return self.post(f"/groups/{group}/leave/")

    def says(self, group, message, **fields):
        return self.post(f"/groups/{group}/messages/", message=message, **fields)

    def at_home(self, *subprotocols):
        return self.browser.websocket_connect("/", subprotocols=subprotocols or None)

    def in_group(self, group):
        """The group's socket in the tutorial's protocol."""
        return self.browser.websocket_connect(f"/groups/{group}/")

    @contextmanager
    def reading(self, group, since=None):
        """The group's socket in `discussit.v1`, behind its `ready`."""
        path = f"/groups/{group}/" if since is None else f"/groups/{group}/?since={since}"
        with self.browser.websocket_connect(path, subprotocols=[V1]) as socket:
            reader = Reader(socket)
            assert reader.next()["type"] == "ready"
            yield reader


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
