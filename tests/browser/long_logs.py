"""Logs of thousands of entries, written beside the server: through it they would take minutes."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

LINE = "Every line of this is as long as people write, so that some are broken into two on a narrow window."
USER = "SELECT id FROM users WHERE username = ?"
GROUP = "SELECT id, last_seq, messages FROM groups WHERE uuid = ?"
ENTRY = "INSERT INTO entries (group_id, seq, kind, user_id, timestamp, state, nth, rev) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
TEXT = "INSERT INTO texts (group_id, seq, content) VALUES (?, ?, ?)"
COUNTED = "UPDATE groups SET last_seq = ?, messages = ?, last_message_at = ? WHERE id = ?"


def fill(site, group, count, *, author="alice", per_hour=60, until=None):
    """Messages "message 1" to "message `count`" of different lengths, the last a minute ago; the first one's seq."""
    end = until or datetime.now(UTC) - timedelta(minutes=1)
    with closing(sqlite3.connect(site.folder / "discussit.db", timeout=30)) as database, database:
        (user,) = database.execute(USER, [author]).fetchone()
        id, last, messages = database.execute(GROUP, [group.replace("-", "")]).fetchone()
        rows = [
            (last + n, messages + n, written(end - timedelta(hours=count - n) / per_hour)) for n in range(1, count + 1)
        ]
        database.executemany(ENTRY, [(id, seq, "Message", user, at, "live", nth, 0) for seq, nth, at in rows])
        database.executemany(TEXT, [(id, last + n, text_of(n)) for n in range(1, count + 1)])
        database.execute(COUNTED, [last + count, messages + count, written(end), id])
    return last + 1


def text_of(number):
    return " ".join([f"message {number}", *[LINE] * (number % 4)])


def written(moment):
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


ROWS = "() => [...document.querySelectorAll('#chat-log [data-seq]')].map(row => Number(row.dataset.seq))"

# The first row that is in view as a whole, and how far it is below the top of the view.
PLACE = """() => {
  const { top } = document.querySelector(".scroller").getBoundingClientRect()
  for (const row of document.querySelectorAll("#chat-log [data-seq]")) {
    const offset = row.getBoundingClientRect().top - top
    if (offset >= 0) return [Number(row.dataset.seq), offset]
  }
}"""

OFFSET = """seq => {
  const row = document.querySelector(`#chat-log [data-seq="${seq}"]`)
  const { top } = document.querySelector(".scroller").getBoundingClientRect()
  return row ? row.getBoundingClientRect().top - top : 1e9
}"""


def rows(tab):
    """The seqs of the rows on the page."""
    return tab.page.evaluate(ROWS)


def place(tab):
    """The seq of the first row in view and its distance from the top of the view, in pixels."""
    seq, offset = tab.page.evaluate(PLACE)
    return seq, offset


def returns_to(tab, seq, offset):
    """Wait until this row is where it was, to the pixel."""
    tab.until(lambda: abs(tab.page.evaluate(OFFSET, seq) - offset) <= 1)


def is_at_end(tab):
    """Whether the log's last row is in view."""
    end = "() => document.querySelector('.scroller').scrollTop > -2 && !document.querySelector('#later')"
    return tab.page.evaluate(end)


def is_remembered(tab, at):
    """The page writes it down a moment after its reader has come to rest."""
    tab.until(lambda: (tab.page.evaluate("() => history.state?.place?.seq ?? null")) == at[0])
    return at
