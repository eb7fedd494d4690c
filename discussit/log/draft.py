"""A message on its way into the log."""

import asyncio
from dataclasses import dataclass, field

from discussit.errors import Refused
from discussit.groups.membership import Member, MemberKey
from discussit.log.kinds import MESSAGE
from discussit.log.write import NewEntry

ClientKey = tuple[int, int, str]  # a member with the client_id of an entry of theirs


@dataclass(eq=False)
class Draft:
    """A message on its way into the log. `seq` is done once it is committed or refused."""

    group_id: int
    user_id: int
    content: str
    client_id: str | None = None
    seq: "asyncio.Future[int]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def member(self) -> MemberKey:
        return self.group_id, self.user_id

    @property
    def key(self) -> "ClientKey | Draft":
        """The same for two drafts that are one message, sent twice."""
        return self if self.client_id is None else (*self.member, self.client_id)

    def entry(self, author: Member) -> NewEntry:
        return NewEntry(
            self.group_id,
            author.group_uuid,
            MESSAGE.name,
            self.user_id,
            author.username,
            self.content,
            self.client_id,
        )

    def answer(self, answer: int | Refused) -> None:
        if self.seq.done():
            return
        if isinstance(answer, Refused):
            self.seq.set_exception(answer)
            self.seq.exception()  # retrieved, since the sender may be gone
        else:
            self.seq.set_result(answer)
