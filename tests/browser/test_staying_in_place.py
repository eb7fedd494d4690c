"""What is being read never moves: by not a pixel, in any frame."""

import json

import pytest
from acting import opens
from browsers import PHONE, scrolls_up
from long_logs import fill
from playwright.sync_api import expect

ENTRIES, SHOWN = 600, 300
LIMIT = 400  # rows on the page
LONG = "Long enough that it takes several lines, however wide the window may be. " * 12

# Where a row is on the screen in every frame from now on.
WATCH = """seq => {
  const row = document.querySelector(`[data-seq="${seq}"]`)
  const tops = window.tops = []
  const note = () => tops.push(row.getBoundingClientRect().top)
  const next = () => window.tops === tops && requestAnimationFrame(next) && note()
  // Also at the end of a frame, as it is painted.
  new ResizeObserver(note).observe(document.querySelector(".scroller-content"))
  next()
}"""
NEXT_FRAME = "() => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)))"
MOVED = """() => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(() => {
  resolve(Math.max(...tops) - Math.min(...tops))
})))"""
IN_VIEW = """() => {
  const { top, bottom } = document.querySelector(".scroller").getBoundingClientRect()
  const rows = [...document.querySelectorAll("#chat-log [data-seq]")]
  const isIn = row => row.getBoundingClientRect().top > top && row.getBoundingClientRect().bottom < bottom
  return rows.filter(isIn).map(row => Number(row.dataset.seq))
}"""
# Near neither end, so that nothing is being loaded.
IS_SETTLED = """() => {
  const { scrollTop, scrollHeight, clientHeight } = document.querySelector(".scroller")
  const ahead = Math.min(1600, 2 * clientHeight)
  const isFar = (id, pixels) => !document.querySelector(id) || pixels >= ahead
  return isFar("#earlier", scrollHeight - clientHeight + scrollTop) && isFar("#later", -scrollTop)
}"""
SCROLL_AND_WATCH = f"""pixels => {{
  const scroller = document.querySelector(".scroller")
  scroller.scrollTop = scroller.clientHeight - scroller.scrollHeight + pixels
  const shown = ({IN_VIEW})()
  ;({WATCH})(shown[Math.floor(shown.length / 2)])
}}"""
ROWS = "() => [...document.querySelectorAll('#chat-log [data-seq]')].map(row => Number(row.dataset.seq))"


class Gate:
    """Stands between a page's socket and the server: what the server sends waits here while it is closed."""

    def __init__(self):
        self._socket, self._waiting, self._is_closed = None, [], False

    def __call__(self, socket):
        self._socket = socket
        socket.connect_to_server().on_message(self._pass)

    def _pass(self, text):
        if self._is_closed:
            self._waiting += json.loads(text)
        else:
            self._socket.send(text)

    def closes(self):
        self._is_closed = True

    def holds(self, text, times):
        return json.dumps(self._waiting).count(text) >= times

    def opens(self):
        """All of it comes in one message."""
        self._is_closed = False
        self._socket.send(json.dumps(self._waiting))


@pytest.fixture(params=[{}, PHONE], ids=["desktop", "phone"])
def reader(request, site, alice, arrives, gardening):
    """Bob in the middle of the newest few hundred messages, all of which the page shows."""
    bob = arrives("bob", **request.param)
    bob.logs_in()
    bob.joins(gardening)
    fill(site, gardening, ENTRIES)
    bob.has_read(gardening)
    gate = Gate()
    tab = bob.tab(gate).opens(gardening)
    tab.gate, tab.group = gate, gardening
    while len(rows(tab)) < SHOWN:
        scrolls_up(tab, 1_500)
        tab.until(lambda: tab.page.evaluate(IS_SETTLED))
    scrolls_to_the_middle(tab)
    return tab


def rows(tab):
    return tab.page.evaluate(ROWS)


def scrolls_to_the_middle(tab):
    tab.find(".scroller").evaluate("scroller => { scroller.scrollTop = -scroller.scrollHeight / 2 }")
    tab.until(lambda: tab.page.evaluate(IS_SETTLED))
    tab.page.evaluate(NEXT_FRAME)  # in which the page learns of it


def in_view(tab):
    return tab.page.evaluate(IN_VIEW)


def watches(tab):
    """Begin to watch a row in the middle of the view."""
    shown = in_view(tab)
    tab.page.evaluate(WATCH, shown[len(shown) // 2])


def moved(tab):
    return tab.page.evaluate(MOVED)


def edits(alice, group, seq, text):
    alice.posts(f"groups/{group}/messages/{seq}/edit/", message=text, rev=0)


def grown(tab, seq):
    return tab.find(f"#seq-{seq} .entry-text", has_text="Long enough")


def test_what_is_appended_moves_nothing(alice, reader):
    watches(reader)

    alice.wrote(reader.group, "hi", LONG)

    expect(reader.messages.last).to_contain_text("Long enough")
    assert moved(reader) == 0


@pytest.mark.parametrize("distance", [-1, 1], ids=["above", "below"])
def test_a_row_that_grows_out_of_view_moves_nothing(alice, reader, distance):
    watches(reader)
    seq = in_view(reader)[0 if distance < 0 else -1] + 8 * distance

    edits(alice, reader.group, seq, LONG)

    expect(grown(reader, seq)).to_have_count(1)
    assert moved(reader) == 0


def test_a_row_above_that_shrinks_moves_nothing(alice, reader):
    watches(reader)
    seq = in_view(reader)[0] - 4

    alice.posts(f"groups/{reader.group}/messages/{seq}/delete/")

    expect(reader.find(f"#seq-{seq} .entry-deleted")).to_have_count(1)
    assert moved(reader) == 0


def test_older_rows_that_are_inserted_move_nothing(reader):
    first = rows(reader)[0]
    reader.page.evaluate(SCROLL_AND_WATCH, 400)

    reader.until(lambda: rows(reader)[0] < first and reader.page.evaluate(IS_SETTLED))

    assert moved(reader) == 0


def test_rows_that_are_dropped_above_move_nothing(alice, reader):
    scrolls_up(reader, -1_500)
    first, missing = rows(reader)[0], LIMIT + 1 - len(rows(reader))
    watches(reader)

    alice.floods(reader.group, missing)

    reader.until(lambda: rows(reader)[0] > first)
    assert moved(reader) == 0


def test_rows_that_are_dropped_below_move_nothing(reader):
    last = rows(reader)[-1]
    while rows(reader)[-1] == last:
        reader.page.evaluate(SCROLL_AND_WATCH, 400)
        reader.until(lambda: reader.page.evaluate(IS_SETTLED))
        assert moved(reader) == 0

    assert len(rows(reader)) <= LIMIT


def test_growing_appending_and_dropping_in_one_frame_move_nothing(alice, reader):
    first, missing = rows(reader)[0], LIMIT + 1 - len(rows(reader))
    alice.floods(reader.group, missing - 2)
    reader.until(lambda: len(rows(reader)) == LIMIT - 1)
    scrolls_up(reader, -1_500)
    watches(reader)
    above, below = in_view(reader)[0] - 5, in_view(reader)[-1] + 5
    reader.gate.closes()
    edits(alice, reader.group, above, LONG)
    edits(alice, reader.group, below, LONG)
    alice.wrote(reader.group, "hi", LONG)
    reader.until(lambda: reader.gate.holds("Long enough", 3))

    reader.gate.opens()

    expect(grown(reader, above)).to_have_count(1)
    expect(grown(reader, below)).to_have_count(1)
    reader.until(lambda: rows(reader)[0] > first)
    assert moved(reader) == 0


@pytest.mark.parametrize(
    "use",
    [lambda tab, seq: opens(tab, seq), lambda tab, _: tab.field.press("ArrowUp")],
    ids=["menu", "editor"],
)
def test_at_the_end_a_row_in_use_stays_while_messages_come(alice, bob, long_log, use):
    bob.wrote(long_log, "mine")
    expect(bob.messages.last).to_have_text("mine")
    use(bob, 63)
    expect(bob.page.locator("#message-menu:popover-open, .editor-field:focus")).to_be_visible()
    bob.page.evaluate(WATCH, 63)

    alice.wrote(long_log, "one", "two", LONG)

    expect(bob.find("#newest")).to_contain_text("new")
    assert moved(bob) < 1


def test_messages_that_come_while_a_row_at_the_end_is_in_use_are_counted(alice, bob, long_log):
    bob.wrote(long_log, "mine")
    expect(bob.messages.last).to_have_text("mine")
    opens(bob, 63)
    expect(bob.page.locator("#message-menu:popover-open")).to_be_visible()

    alice.wrote(long_log, LONG, LONG, LONG)

    expect(bob.find("#newest")).to_have_text("3 new")


def resizes(tab, width, height):
    tab.page.set_viewport_size({"width": width, "height": height})
    tab.page.wait_for_function(
        "([width, height]) => innerWidth === width && innerHeight === height", arg=[width, height]
    )


@pytest.mark.parametrize(
    "resize",
    [
        lambda tab: resizes(tab, 844, 390),
        lambda tab: resizes(tab, 390, 480),
        lambda tab: tab.page.evaluate("() => { document.documentElement.style.fontSize = '24px' }"),
        lambda tab: tab.find("#chat-message-input").fill("a\nb\nc\nd\ne"),
    ],
    ids=["rotation", "phone keyboard", "font size", "growing field"],
)
def test_another_size_leaves_the_row_that_is_read_where_it_is(reader, resize):
    first = in_view(reader)[0]
    before = reader.find(f"#seq-{first}").bounding_box()["y"]

    resize(reader)

    reader.page.evaluate(NEXT_FRAME)
    assert abs(reader.find(f"#seq-{first}").bounding_box()["y"] - before) < 1


def test_a_phone_that_is_turned_there_and_back_shows_the_same(reader):
    width, height = (reader.page.viewport_size[side] for side in ("width", "height"))
    first = in_view(reader)[0]
    before = reader.find(f"#seq-{first}").bounding_box()["y"]

    for size in [(height, width), (width, height)]:
        resizes(reader, *size)
        reader.page.evaluate(NEXT_FRAME)

    assert abs(reader.find(f"#seq-{first}").bounding_box()["y"] - before) < 1
