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
    """Messages "message 1" and so on, of different lengths, the last one a minute ago; the first one's seq."""
    end = until or datetime.now(UTC) - timedelta(minutes=1)
    with closing(sqlite3.connect(site.folder / "discussit.db", timeout=30)) as database, database:
        (user,) = database.execute(USER, [author]).fetchone()
        id, last, messages = database.execute(GROUP, [group.replace("-", "")]).fetchone()
        for n in range(1, count + 1):
            at = written(end - timedelta(hours=count - n) / per_hour)
            database.execute(ENTRY, (id, last + n, "Message", user, at, "live", messages + n, 0))
            database.execute(TEXT, (id, last + n, text_of(n)))
        database.execute(COUNTED, [last + count, messages + count, written(end), id])
    return last + 1


def text_of(number):
    return " ".join([f"message {number}", *[LINE] * (number % 4)])


def written(moment):
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
