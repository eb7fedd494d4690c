"""What people do and see in their browsers."""

import json
import os
import re
import signal
import sqlite3
import time
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from people import PASSWORD, UUID_TEXT, V1
from playwright.sync_api import BrowserContext, Page, expect
from servers import Server
from websockets.sync.client import connect

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
LIMIT = 20_000  # milliseconds, for machines that are busy
AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()

# What browsers say by themselves about a network that is gone, and about a request that was refused.
OUTAGE = r"WebSocket connection to .* failed|Failed to load resource: net::"
REFUSAL = r"WebSocket connection to .* failed|Failed to load resource: the server responded"

# What uvicorn 0.54 says of every handshake that is refused with a response of its own.
UVICORNS_MISTAKE = "ASGI callable returned without completing handshake."

# The log in the protocol's terms, so that one that grew live and one that was loaded can be compared.
READ_LOG = """() => [...document.querySelectorAll("#chat-log [data-seq]")].map(row => [
  Number(row.dataset.seq),
  row.querySelector(".entry-name").textContent,
  row.matches(".message") ? "message" : row.querySelector(".entry-word").textContent,
  row.querySelector(".entry-text")?.textContent ?? "",
])"""

# Its elements, without white space and what shows where the reader is.
READ_MARKUP = """() => {
  const log = document.querySelector("#chat-log").cloneNode(true)
  for (const row of log.querySelectorAll("[data-seq], summary"))
    for (const name of ["tabindex", "aria-label", "role"]) row.removeAttribute(name)
  return log.innerHTML.replaceAll(/\\s+/g, "")
}"""

SHOWS_FOCUS = """() => [document.activeElement, document.activeElement.parentElement].some(element => {
  const { outlineStyle, outlineWidth } = getComputedStyle(element)
  return outlineStyle !== "none" && parseFloat(outlineWidth) >= 1
})"""

# What the pill says from now on, and the last seq that the log showed when it said so.
WATCH_PILL = """() => {
  const pill = document.querySelector("#state")
  const note = () => pillSaid.push([pill.textContent, Number(pill.title.match(/\\d+/)[0])])
  window.pillSaid = []
  new MutationObserver(note).observe(pill, { childList: true })
  note()
}"""


# What only the tab's own process spends its time on.
WORK = "() => { const start = performance.now(); while (performance.now() - start < 200); }"
LEAST = 0.05  # seconds of the processor's time by which it stands out

# As if somebody had turned to another tab: Playwright shows all of them.
HIDE = """isHidden => {
  Object.defineProperty(document, "hidden", { value: isHidden, configurable: true })
  Object.defineProperty(document, "visibilityState", { value: isHidden ? "hidden" : "visible", configurable: true })
  document.dispatchEvent(new Event("visibilitychange"))
}"""


class Tab:
    """One page of somebody's browser, and the frames of its sockets."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.sent = []
        self.received = []
        self._frozen = self._doomed = None
        page.set_default_timeout(LIMIT)
        page.on("websocket", self._listen_to)

    @property
    def said(self):
        """The messages that it sent, again and again if they were not acknowledged."""
        return [frame for frame in self.sent if frame["type"] == "text_message"]

    def _listen_to(self, socket):
        socket.on("framesent", lambda text: self.sent.append(json.loads(text)))
        socket.on("framereceived", lambda text: self.received.extend(json.loads(text)))

    def find(self, selector, **options):
        return self.page.locator(selector, **options)

    def goes_home(self):
        """The home page, with its socket open where it has groups."""
        before = len(self.received)
        self.page.goto("./")
        if self.find("#groups").count():
            self.until(lambda: any(frame["type"] == "ready" for frame in self.received[before:]))
        return self

    def button(self, verb, group):
        return self.find(f'[id="{verb}-{group}"]')

    def opens(self, group):
        self.page.goto(f"groups/{group}/")
        expect(self.pill).to_have_text("Live")
        return self

    def opens_unconnected(self, group):
        """Where nothing answers the page's socket."""
        self.page.goto(f"groups/{group}/")
        expect(self.pill).to_have_text("Connecting…")
        return self

    def goes_offline(self):
        """Cut its browser's network off; the page has noticed."""
        self.page.context.set_offline(True)
        expect(self.pill).to_contain_text("Offline")

    def sets_clock(self, **ahead):
        """Set the time of day of this browser, ahead by so much or right again. Timers go on as they are.

        All tabs of the browser have one clock, and the browser ends with the test (conftest.py).
        """
        self.page.clock.set_system_time(datetime.now(UTC) + timedelta(**ahead))

    def until(self, is_so):
        """Wait for something that only frames show: Playwright receives them meanwhile, whatever its clock."""
        deadline = time.monotonic() + LIMIT / 1_000
        while not is_so():
            assert time.monotonic() < deadline, f"sent {self.sent}, received {self.received}"
            self.page.wait_for_timeout(10)

    def freezes(self):
        """Stop the tab's process, which is its own unless another tab opened it."""
        self._frozen = self._process()
        os.kill(self._frozen, signal.SIGSTOP)

    @property
    def is_frozen(self):
        return self._frozen is not None

    @property
    def has_ended(self):
        """Whether the page says that nobody is logged in, or somebody else."""
        return self.find("#session-ended").is_visible()

    def thaws(self):
        if self._frozen:
            os.kill(self._frozen, signal.SIGCONT)
        self._frozen = None

    def _process(self):
        """Its id. Others may be working as well, so this one is to stand out."""
        most, next_most, pid = 0, 0, None
        while most < 3 * next_most + LEAST:
            before = self._processor_times()
            self.page.evaluate(WORK)
            spent = [(time - before.get(pid, 0), pid) for pid, time in self._processor_times().items()]
            (next_most, _), (most, pid) = sorted([(0, None), *spent], key=lambda each: each[0])[-2:]
        return pid

    def _processor_times(self):
        session = self.page.context.browser.new_browser_cdp_session()
        processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
        session.detach()
        return {each["id"]: each["cpuTime"] for each in processes if each["type"] == "renderer"}

    def is_to_die(self):
        """Find out beforehand what its process is: that takes longer than what a test wants to interrupt."""
        self._doomed = self._process()
        return self

    def dies(self):
        """Its process is killed, as by a system that has run out of memory. No page of it learns of that."""
        with self.page.expect_event("crash"):
            os.kill(self._doomed, signal.SIGKILL)
        self.page.close()

    def hides(self):
        self.page.evaluate(HIDE, True)

    def shows(self):
        self.page.evaluate(HIDE, False)

    @property
    def violations(self):
        """What axe finds on this page in either scheme: rule and element."""
        found = []
        self.page.evaluate(AXE)
        for scheme in ("light", "dark"):
            # Colours that are still changing have no contrast of their own.
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found += self.page.evaluate("() => axe.run().then(({ violations }) => violations)")
        return [(rule["id"], node["html"]) for rule in found for node in rule["nodes"]]

    @property
    def overhang(self):
        """By how many pixels the page is wider than its window."""
        return self.page.evaluate("() => document.documentElement.scrollWidth - innerWidth")

    def tabs_to(self, goal):
        """Press Tab until `goal` has the focus; every stop on the way must be seen to have it."""
        for _ in range(40):
            self.page.keyboard.press("Tab")
            assert self.page.evaluate(SHOWS_FOCUS), self.page.evaluate("() => document.activeElement.outerHTML")
            if goal.evaluate("element => element === document.activeElement"):
                return
        raise AssertionError(f"{goal} can't be reached")

    # On a group's page

    @property
    def field(self):
        return self.find("#chat-message-input")

    @property
    def pill(self):
        return self.find("#state")

    @property
    def messages(self):
        """The texts of the log's messages."""
        return self.find("#chat-log .entry-text")

    @property
    def pending(self):
        """What was written and is not in the log yet."""
        return self.find("#pending .pending:not([hidden])")

    @property
    def members(self):
        return self.find("#members .member-name")

    def says(self, *texts):
        for text in texts:
            self.field.fill(text)
            self.field.press("Enter")

    def sees(self, *texts):
        """Wait until the log has exactly these messages, in this order, and nothing is pending."""
        expect(self.messages).to_have_text(list(texts))
        expect(self.pending).to_have_count(0)

    def log(self):
        return self.page.evaluate(READ_LOG)

    def markup(self):
        return self.page.evaluate(READ_MARKUP)

    def watches_the_pill(self):
        self.page.evaluate(WATCH_PILL)

    @property
    def pill_said(self):
        return [text for text, _ in self.page.evaluate("() => pillSaid")]


class BrowserPerson(Tab):
    """Somebody with a browser of their own and a first tab in it. What a test only needs done
    beforehand is posted with the browser's cookies, which is quicker than clicking."""

    def __init__(self, name: str, context: BrowserContext, site: Server) -> None:
        super().__init__(context.pages[0] if context.pages else context.new_page())
        self.name = name
        self.context = context
        self.site = site
        self._window = self.page.viewport_size
        self._tabs = [self]
        self._is_lent = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Leave the browser as new, but with its session, and on a page of the site: each spares the next test time."""
        for tab in self._tabs:
            tab.thaws()
        self.context.set_offline(False)
        if self._is_lent:
            self.context.clear_cookies()
        for page in self.context.pages:
            if page is not self.page or not self.site.is_running:
                page.close()
        if not self.page.is_closed():
            self.page.remove_listener("websocket", self._listen_to)
            self.page.unroute_all()
            self.page.set_viewport_size(self._window)
            self.page.mouse.move(0, 0)
            self.page.emulate_media(color_scheme="null", reduced_motion="null")
            self.page.goto("healthz")

    def tab(self, between=None):
        """Another tab; `between` may stand between its sockets and the server."""
        page = self.context.new_page()
        if between:
            page.route_web_socket("**", between)
        return self._knows(page)

    def duplicates(self, tab):
        """As the browser's "Duplicate tab": with a copy of what is stored for this tab alone."""
        with self.context.expect_page() as opened:
            tab.page.evaluate("() => { open(location.href) }")
        return self._knows(opened.value)

    def _knows(self, page):
        tab = Tab(page)
        self._tabs.append(tab)
        return tab

    def lends_browser_to(self, name):
        """Another account logs in in this browser; this person's pages stay open."""
        self._is_lent = True
        self._enters(name)

    def takes_browser_back(self):
        self._is_lent = False
        self._enters(self.name)

    def logs_in(self):
        """Log in, or sign up the first time."""
        if self.gets("./").status != 200:
            self._enters(self.name)

    def _enters(self, name):
        if name in self.site.accounts:
            self.posts("accounts/login/", username=name, password=PASSWORD)
        else:
            self.posts("accounts/signup/", username=name, password1=PASSWORD, password2=PASSWORD)
            self.site.accounts.add(name)

    def gets(self, path):
        """Its answer. As in a browser, a request is repeated whose idle connection the server was just closing."""
        return self.context.request.get(path, max_redirects=0, max_retries=1)

    def posts(self, path, **fields):
        answer = self.context.request.post(path, form=fields, max_redirects=0, max_retries=1)
        assert answer.status == 303, answer.text()

    def creates(self, name):
        """Create a group without members and owners, in the administration (superusers only); its uuid."""
        created = self.context.request.post("admin/group/create", form={"name": name}, max_retries=1)
        return UUID_TEXT.search(created.text())[0]

    def founds(self, name, access="open"):
        """Create a group of their own, with them as its owner and first member; its uuid."""
        fields = {"name": name, "access": access}
        founded = self.context.request.post("groups/", form=fields, max_redirects=0, max_retries=1)
        return UUID_TEXT.search(founded.headers["location"])[0]

    def converses(self, name):
        """Begin the direct conversation with this person, or continue it; its uuid."""
        fields = {"username": name}
        begun = self.context.request.post("messages/new/", form=fields, max_redirects=0, max_retries=1)
        return UUID_TEXT.search(begun.headers["location"])[0]

    def joins(self, group):
        self.posts(f"groups/{group}/join/")

    def has_read(self, group):
        """To the end of its log."""
        self.posts(f"groups/{group}/read/", seq=1_000_000_000)

    def leaves(self, group):
        self.posts(f"groups/{group}/leave/")

    def wrote(self, group, *texts):
        for text in texts:
            self.posts(f"groups/{group}/messages/", message=text)

    def deletes(self, text):
        """In the administration: a superuser's deed."""
        with closing(sqlite3.connect(self.site.folder / "discussit.db")) as database:
            (place,) = database.execute(
                "SELECT group_id, seq FROM texts JOIN groups ON id = group_id WHERE content = ?", [text]
            )
        answer = self.context.request.post("admin/message/delete", params={"pks": "{};{}".format(*place)})
        assert answer.status < 400, answer.text()

    def revises(self, text, new):
        """With a program beside the server: a text changes in place, and everyone has to load the log again."""
        with closing(sqlite3.connect(self.site.folder / "discussit.db", isolation_level=None)) as database:
            (place,) = database.execute("SELECT group_id, seq FROM texts WHERE content = ?", [text])
            database.execute("UPDATE texts SET content = ? WHERE group_id = ? AND seq = ?", [new, *place])
            revised = "UPDATE groups SET revisions = revisions + 1, epoch = lower(hex(randomblob(8))) WHERE id = ?"
            database.execute(revised, [place[0]])

    def marks_unread(self, group, seq):
        """With a program, as at another device."""
        with self._socket(group) as socket:
            socket.send(json.dumps({"type": "mark_unread", "seq": seq}))
            while not any(frame["type"] == "unread" for frame in json.loads(socket.recv(LIMIT / 1_000))):
                pass

    def _socket(self, group):
        url = self.site.url.replace("http", "ws", 1)
        headers = {"Cookie": "; ".join(f"{each['name']}={each['value']}" for each in self.context.cookies())}
        return connect(f"{url}/groups/{group}/", subprotocols=[V1], additional_headers=headers)

    def floods(self, group, count):
        """Write "message 1" and so on through a socket, which is quicker still."""
        with self._socket(group) as socket:
            acks = 0
            for n in range(count):
                socket.send(json.dumps({"type": "text_message", "message": f"message {n + 1}"}))
            while acks < count:
                acks += sum(frame["type"] == "ack" for frame in json.loads(socket.recv(LIMIT / 1_000)))


class Complaints:
    """What browsers and servers had to complain of since this was made."""

    def __init__(self, *logs):
        self._starts = {log: log.stat().st_size for log in logs}
        self._noted = []
        self._excused = []
        self.leaves_dialogs_open = False

    @contextmanager
    def listening_to(self, context):
        listeners = {"console": self._note, "weberror": self._note_error, "dialog": self._note_dialog}
        for event, listener in listeners.items():
            context.on(event, listener)
        yield
        for event, listener in listeners.items():
            context.remove_listener(event, listener)

    def _note(self, message):
        if message.type in ("error", "warning"):
            self._noted.append(message.text)

    def _note_error(self, error):
        self._noted.append(str(error.error))

    def _note_dialog(self, dialog):
        if self.leaves_dialogs_open:
            return
        self._noted.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def excuse(self, pattern):
        """The test itself brings these about."""
        self._excused.append(pattern)

    def found(self):
        noted = [text for text in self._noted if not any(re.match(pattern, text) for pattern in self._excused)]
        return noted + [line for line in self._logged() if "Traceback" in line or line.startswith("ERROR")]

    def _logged(self):
        lines = [line for log, start in self._starts.items() for line in log.read_bytes()[start:].decode().splitlines()]
        return [line for line in lines if not line.endswith(UVICORNS_MISTAKE)]


def scrolls_up(tab, pixels):
    """As a reader who looks for older rows."""
    tab.find(".scroller").evaluate("(scroller, pixels) => scroller.scrollTop -= pixels", pixels)
