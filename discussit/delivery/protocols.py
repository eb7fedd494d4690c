"""The two protocols of the sockets: which objects their clients are sent, and in what form."""

from collections.abc import Sequence

from starlette.datastructures import QueryParams
from starlette.types import Scope

from discussit.delivery.slices import Slice
from discussit.log.checks import is_seq
from discussit.log.read import Place
from discussit.wire import objects
from discussit.wire.frames import text_frame

SUBPROTOCOL = "discussit.v1"


class ClientProtocol:
    """How one kind of client is written to."""

    subprotocol: str | None
    follows_memberships: bool  # whether `/` sends joins and leaves made elsewhere
    has_unread: bool  # whether its clients are sent their users' unread numbers

    def place(self, query: QueryParams) -> Place | None:
        """Where the client returns to; None: it follows the log from now on."""
        raise NotImplementedError

    def has(self, reply: objects.Reply) -> bool:
        """Whether the protocol has this object; its clients are not sent others."""
        raise NotImplementedError

    def replies(self, texts: list[str]) -> list[str]:
        """Objects that aren't entries, as the texts of WebSocket messages."""
        raise NotImplementedError

    def reply_frames(self, texts: list[str]) -> bytes:
        """The same as WebSocket frames, ready to be written."""
        return b"".join(map(text_frame, self.replies(texts)))

    def entries(self, part: Slice) -> Sequence[str]:
        """Entries as the texts of WebSocket messages."""
        raise NotImplementedError

    def entry_frames(self, part: Slice) -> bytes:
        """The same as WebSocket frames, ready to be written."""
        raise NotImplementedError


class TutorialProtocol(ClientProtocol):
    """No subprotocol: one object for each message, entries and errors alone."""

    subprotocol = None
    follows_memberships = False
    has_unread = False

    def place(self, query: QueryParams) -> Place | None:
        return None

    def has(self, reply: objects.Reply) -> bool:
        return isinstance(reply, objects.Error | objects.JoinGroup | objects.LeaveGroup)

    def replies(self, texts: list[str]) -> list[str]:
        return texts

    def entries(self, part: Slice) -> Sequence[str]:
        return part.tutorial_texts

    def entry_frames(self, part: Slice) -> bytes:
        return part.tutorial_frames


class V1Protocol(ClientProtocol):
    """`discussit.v1`: arrays of objects, entries and all others."""

    subprotocol = SUBPROTOCOL
    follows_memberships = True
    has_unread = True

    def place(self, query: QueryParams) -> Place | None:
        since = query.get("since")
        if since is None:
            return None
        return Place(int(since) if is_seq(since) else None, query.get("epoch"), query.get("at"))

    def has(self, reply: objects.Reply) -> bool:
        return True

    def replies(self, texts: list[str]) -> list[str]:
        return [objects.array(texts)] if texts else []

    def entries(self, part: Slice) -> Sequence[str]:
        return (part.array,)

    def entry_frames(self, part: Slice) -> bytes:
        return part.array_frame


TUTORIAL, V1 = TutorialProtocol(), V1Protocol()


def negotiated(scope: Scope) -> ClientProtocol:
    """The protocol that the client of this handshake asks for."""
    return V1 if V1.subprotocol in scope["subprotocols"] else TUTORIAL
