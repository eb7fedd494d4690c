"""From rows to what is sent: an entry's object, encoded once for all its readers."""

from uuid import UUID

import msgspec

from discussit.log.kinds import Effect, EntryRow, kind_of, utc_text

_encoder = msgspec.json.Encoder()


class EncodedEntry(msgspec.Struct, array_like=True, frozen=True):
    """An entry on its way to its readers: what the program needs to know about it, and its object as JSON text.

    Processes of two versions exchange these: fields may be added at the end, with defaults.
    """

    seq: int
    kind: str
    user_id: int
    timestamp: str
    target: int | None  # the seq of the entry that this one changes
    text: str
    effect: Effect | None = None

    @property
    def revises(self) -> bool:
        """Whether it changes the text of its target, and raises its group's revisions."""
        return self.target is not None and kind_of(self.kind).revises

    def is_about(self, message: int | None) -> bool:
        """Whether it is the message of this seq, or a change of it."""
        return message in (self.seq, self.target)

    def is_same_as(self, other: "EncodedEntry") -> bool:
        """Whether both are the same entry of one log, whatever its text or its user's name is by now."""
        return (
            self.seq == other.seq
            and self.timestamp == other.timestamp
            and self.user_id == other.user_id
            and self.kind == other.kind
        )


def encode_entry(group_uuid: UUID, row: EntryRow, timestamp: str = "") -> EncodedEntry:
    """Compose the row's object. `timestamp`: its text, where the caller has it already."""
    kind, timestamp = kind_of(row.kind), timestamp or utc_text(row.timestamp)
    text = _encoder.encode(kind.make_object(group_uuid, row, timestamp)).decode()
    return EncodedEntry(row.seq, row.kind, row.user_id, timestamp, row.target, text, kind.effect)
