"""Parts of a log, as they are sent."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import inf

from discussit.log.compose import EncodedEntry
from discussit.log.kinds import kind_of
from discussit.log.revise import hidden_change
from discussit.wire import objects
from discussit.wire.frames import text_frame

SLICE = 32 * 1024  # characters sent together, which bounds what is queued for a reader that takes nothing


@dataclass(frozen=True)
class Slice:
    """Consecutive entries, shared by all followers whose cursors are equal: each form is built once."""

    last: int
    entries: tuple[EncodedEntry, ...]

    @classmethod
    def after(cls, cursor: int, entries: Iterable[EncodedEntry], space: int = SLICE) -> "Slice":
        """The next entries after `cursor`, up to `space` characters but at least one if any exist."""
        taken: list[EncodedEntry] = []
        for entry in entries:
            space -= len(entry.text)
            if taken and space < 0:
                break
            taken.append(entry)
        return cls(cursor + len(taken), tuple(taken))

    def readable_from(self, first: int) -> "Slice":
        """The same for readers who may read the log from its entry `first` on, as are all entries here."""
        if first <= self._lowest_target:
            return self
        hidden = frozenset(entry.seq for entry in self.entries if entry.target is not None and entry.target < first)
        if hidden not in self._without:
            entries = tuple(hidden_change(entry) if entry.seq in hidden else entry for entry in self.entries)
            self._without[hidden] = Slice(self.last, entries)
        return self._without[hidden]

    @cached_property
    def _lowest_target(self) -> int | float:
        return min((entry.target for entry in self.entries if entry.target is not None), default=inf)

    @cached_property
    def _without(self) -> dict[frozenset[int], "Slice"]:
        """The slice without some of its changes: few readers may read different parts of a log."""
        return {}

    @cached_property
    def array(self) -> str:
        return objects.array(entry.text for entry in self.entries)

    @cached_property
    def array_frame(self) -> bytes:
        """The array as a WebSocket frame."""
        return text_frame(self.array)

    @cached_property
    def tutorial_texts(self) -> tuple[str, ...]:
        """The objects that clients of the tutorial's protocol are sent."""
        forms = ((kind_of(entry.kind).tutorial_form, entry.text) for entry in self.entries)
        return tuple(form(text) for form, text in forms if form is not None)

    @cached_property
    def tutorial_frames(self) -> bytes:
        """The same as a WebSocket frame each."""
        return b"".join(map(text_frame, self.tutorial_texts))

    @cached_property
    def with_effects(self) -> tuple[EncodedEntry, ...]:
        """The entries that change memberships."""
        return tuple(entry for entry in self.entries if entry.effect is not None)
