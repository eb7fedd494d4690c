"""Entries as the rows of a page."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from discussit.log.around import Around, Reactions
from discussit.log.kinds import EVENT_WORDS, KINDS, MESSAGE, EntryRow, State, utc_text
from discussit.log.lines import group_change_words
from discussit.models.entries import EVERYONE_NAME

HEADER_WINDOW = timedelta(minutes=5)  # within which rows of one author share theirs
MAX_USED = 100  # emoji; somebody may use all there are, one after the other
DELETED = "Message deleted"
# What stands in place of a deleted text.
TOMBSTONES = {State.DELETED: DELETED, State.REMOVED: "Deleted by a moderator"}


class Answered(NamedTuple):
    """What a reply shows of the message that it answers."""

    seq: int
    author: str
    text: str
    is_edited: bool  # since it was answered
    is_deleted: bool


class RenderedEntry(NamedTuple):
    """An entry as the page shows it: the argument of `_entry.html`'s macros. Equal ones have the same markup."""

    seq: int
    kind: str
    name: str
    content: str
    timestamp: datetime
    iso: str
    continues: bool
    day: date | None
    tombstone: str = ""
    rev: int = 0
    body: str | None = None  # the text as a tree, encoded
    mentions: Sequence[str] = ()
    reader: str = ""  # whose name is marked where it is mentioned; empty where it is not
    answered: Answered | None = None
    replies: int = 0
    reactions: Sequence[Reactions] = ()
    words: str = ""  # of what is no message, after the name
    by: str | None = None  # who brought the event about, if it was somebody else
    used: Sequence[str] = ()  # all emoji in the order of first use, where nobody reacts with some of them any more


def rendered(entries: Iterable[EntryRow], around: Around, reader: str) -> list[RenderedEntry]:
    shown: list[RenderedEntry] = []
    for entry in entries:
        shown.append(_rendered(entry, shown[-1] if shown else None, around, reader))
    return shown


def _rendered(entry: EntryRow, above: RenderedEntry | None, around: Around, reader: str) -> RenderedEntry:
    is_new_day = above is None or above.timestamp.date() != entry.timestamp.date()
    row = RenderedEntry(
        entry.seq,
        KINDS[entry.kind].shown_as or "",
        entry.username,
        entry.content if entry.kind == MESSAGE.name else "",
        entry.timestamp,
        utc_text(entry.timestamp),
        entry.kind == MESSAGE.name and continues(above, entry.username, entry.timestamp),
        entry.timestamp.date() if is_new_day else None,
    )
    if entry.kind != MESSAGE.name:
        return _with_words(row, entry)
    return _with_extras(row, entry, around, reader) if _has_extras(entry, around) else row


def _with_words(row: RenderedEntry, entry: EntryRow) -> RenderedEntry:
    """An event or a change of the group with what it says: static/js/log/rows.js says the same of live ones."""
    if change := KINDS[entry.kind].group_change:
        return row._replace(words=group_change_words(change, entry.username, entry.other_user, entry.content))
    if entry.other_user is None:
        return row._replace(words=EVENT_WORDS[entry.kind])
    if entry.other_user_id == entry.user_id:
        return row._replace(words=EVENT_WORDS[f"{entry.kind}-self"])
    return row._replace(words=EVENT_WORDS[f"{entry.kind}-by"], by=entry.other_user)


def _has_extras(entry: EntryRow, around: Around) -> bool:
    """Whether the entry is more than a plain text that nobody has answered, which most are."""
    is_more = entry.rev or entry.is_deleted or entry.body is not None or entry.reply_to is not None
    return bool(is_more) or entry.seq in around.reactions or entry.seq in around.replies


def _with_extras(row: RenderedEntry, entry: EntryRow, around: Around, reader: str) -> RenderedEntry:
    is_mentioned = reader in entry.mentions or EVERYONE_NAME in entry.mentions
    reactions = around.reactions.get(entry.seq, ())
    shown = tuple(each for each in reactions if each.users)
    return row._replace(
        tombstone=TOMBSTONES[State(entry.state)] if entry.is_deleted else "",
        rev=entry.rev,
        body=entry.body,
        mentions=entry.mentions,
        reader=reader if is_mentioned else "",
        answered=_answered(entry, around),
        replies=around.replies.get(entry.seq, 0),
        reactions=shown,
        used=tuple(each.emoji for each in reactions[:MAX_USED]) if len(shown) < len(reactions) else (),
    )


def _answered(entry: EntryRow, around: Around) -> Answered | None:
    excerpt = around.excerpts.get(entry.reply_to or 0)
    if excerpt is None:
        return None
    text = DELETED if excerpt.is_deleted else excerpt.text
    is_edited = not excerpt.is_deleted and (entry.reply_rev or 0) < excerpt.rev
    return Answered(excerpt.seq, excerpt.author, text, is_edited, excerpt.is_deleted)


def continues(above: RenderedEntry | None, author: str, moment: datetime) -> bool:
    """Whether a message continues under the header of the row above it: the rule of static/js/log/header.js.

    After a date, which stands at another place for each reader, the style sheet shows its own header.
    """
    if above is None or above.kind != MESSAGE.shown_as or above.name != author:
        return False
    # Older than the row above if the clock was set back: the header's time would be wrong for it.
    return abs(moment - above.timestamp) < HEADER_WINDOW
