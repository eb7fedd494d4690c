"""Objects that are kept in memory, after a change of the message that they show."""

from uuid import UUID

import msgspec
from msgspec.structs import replace

from discussit.log.compose import EncodedEntry
from discussit.log.entry_objects import (
    NO_BODY,
    EntryObject,
    HiddenChange,
    MessageDeleted,
    MessageEdited,
    Reaction,
    TextMessage,
    UnknownEntry,
)
from discussit.log.kinds import KINDS
from discussit.log.lines import edit_line, message_line, reaction_line

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[EntryObject] = msgspec.json.Decoder(EntryObject)


class _OfGroup(msgspec.Struct):
    group_uuid: UUID


_of_group = msgspec.json.Decoder(_OfGroup)
HIDDEN_KIND = "Hidden"  # in place of a kind


def hidden_change(entry: EncodedEntry) -> EncodedEntry:
    """The change for those who may not read what it changes: they count it."""
    shown = HiddenChange(_of_group.decode(entry.text).group_uuid, entry.seq, entry.timestamp)
    return replace(entry, kind=HIDDEN_KIND, target=None, text=_encoder.encode(shown).decode())


def revised(entry: EncodedEntry, change: EncodedEntry) -> EncodedEntry:
    """A message, or a change of it, as it is read from the database after `change`: an edit or a deletion of it."""
    latest = _decoder.decode(change.text)
    # The object of a kind that only a newer version knows may show the text, too.
    unknown = UnknownEntry(entry.kind, latest.group_uuid, entry.seq, entry.timestamp)
    kept = _decoder.decode(entry.text) if entry.kind in KINDS else unknown
    changed = _deleted(kept) if isinstance(latest, MessageDeleted) else _edited(kept, latest)
    return replace(entry, text=_encoder.encode(changed).decode())


def _deleted(kept: EntryObject) -> EntryObject:
    match kept:
        case TextMessage():
            line = message_line(kept.author, "", kept.timestamp)
            return replace(_without_text(kept), message=line, withdrawn=True)
        case MessageEdited():
            return replace(_without_text(kept), message=edit_line(kept.user, "", kept.timestamp))
        case Reaction():
            line = reaction_line(kept.user, kept.emoji, is_on=False)
            return replace(kept, on=False, count=0, message=line, deleted=True)
    return kept


def _without_text(kept: TextMessage | MessageEdited) -> TextMessage | MessageEdited:
    return replace(kept, content="", body=NO_BODY, mentions=(), deleted=True)


def _edited(kept: EntryObject, latest: EntryObject) -> EntryObject:
    if isinstance(kept, TextMessage | MessageEdited) and isinstance(latest, MessageEdited):
        text = {name: getattr(latest, name) for name in ("content", "body", "mentions", "rev", "deleted")}
        line = message_line if isinstance(kept, TextMessage) else edit_line
        name = kept.author if isinstance(kept, TextMessage) else kept.user
        return replace(kept, **text, message=line(name, latest.content, kept.timestamp))
    return kept
