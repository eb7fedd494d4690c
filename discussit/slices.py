"""Parts of a log, as they are sent."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from websockets.frames import Frame, Opcode

from discussit import wire

SLICE = 32 * 1024  # characters that are sent at once: what waits for a reader that takes nothing is bounded


@dataclass(frozen=True)
class Slice:
    """Consecutive entries, shared by all followers whose cursors are equal: each form of it is made once."""

    last: int
    objects: tuple[str, ...]

    @classmethod
    def after(cls, cursor: int, entries: Iterable[str]) -> "Slice":
        """As many of the entries behind `cursor` as may be sent at once; one in any case, where there is one."""
        objects: list[str] = []
        space = SLICE
        for text in entries:
            space -= len(text)
            if objects and space < 0:
                break
            objects.append(text)
        return cls(cursor + len(objects), tuple(objects))

    @cached_property
    def array(self) -> str:
        return wire.array(self.objects)

    @cached_property
    def array_frame(self) -> bytes:
        """The array as a WebSocket frame."""
        return _framed(self.array)

    @cached_property
    def object_frames(self) -> bytes:
        """The objects as a WebSocket frame each."""
        return b"".join(map(_framed, self.objects))

    @cached_property
    def moves(self) -> tuple[wire.EventMessage, ...]:
        return tuple(moves(self.objects))


def moves(objects: Iterable[str]) -> Iterator[wire.EventMessage]:
    """The joins and leaves among entries."""
    for text in objects:
        if text.startswith('{"type":"event_message"'):
            entry = wire.decode_entry(text)
            assert isinstance(entry, wire.EventMessage)
            yield entry


def _framed(text: str) -> bytes:
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False)
