"""A server on which every list has 10,000 rows."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, insert, select, text, update
from world import group_of

from discussit.database import chunks
from discussit.groups.direct import PLACEHOLDER, direct_key
from discussit.models import Group, Invitation, InvitationUse, Membership, User
from discussit.models.entries import ENTRIES, TEXTS

MANY = 10_000
LIVE = 50  # links that work, of as many as there may be
MORNING = datetime(2026, 1, 1, tzinfo=UTC)


async def add_masses(database, uuid):
    """Beside alice, bob and the group of this uuid.

    Bob and 10,000 others join the group, which gets as many messages and links, the last one used by all of them. There
    are as many links to the server. Alice is in 10,000 more groups, bob has a conversation with each of the others.
    """
    async with database.transaction() as session:
        alice, bob, *_, last = (await session.scalars(select(User.id).order_by(User.id))).all()
        masses = Masses(session, await group_of(session, uuid), alice, bob, last + 1)
        await masses.add_members()
        await masses.add_groups()
        await masses.add_conversations()
        await masses.add_log()
        for group_id in (masses.group.id, None):
            await masses.add_invitations(group_id)


class Masses:
    def __init__(self, session, group, alice, bob, first):
        self._session, self.group, self._alice, self._bob = session, group, alice, bob
        self._last = group.last_seq
        self._members = range(first, first + MANY)  # their ids
        self._groups = range(group.id + 1, group.id + 1 + MANY)
        self._direct = range(self._groups.stop, self._groups.stop + MANY)

    async def add_members(self):
        names = ((id, f"person{number:05}") for number, id in enumerate(self._members, 1))
        people = ({"id": id, "username": name, "username_key": name, "password": "!"} for id, name in names)
        await self._add(User, people)
        await self._join((self.group.id, id) for id in (self._bob, *self._members))

    async def add_groups(self):
        await self._add(Group, (_group(id, f"Group {id:05}", 1) for id in self._groups))
        await self._join((id, self._alice) for id in self._groups)

    async def add_conversations(self):
        pairs = list(zip(self._direct, self._members, strict=True))
        more = {"access": "direct", "preview": False}
        groups = (
            _group(id, PLACEHOLDER, 2) | more | {"direct_key": direct_key({self._bob, other})} for id, other in pairs
        )
        await self._add(Group, groups)
        await self._join((id, member) for id, other in pairs for member in (self._bob, other))

    async def add_log(self):
        """The Joins of the members, and alice's messages."""
        joins = (self._entry(seq, "Join", id, 0) for seq, id in enumerate(self._members, self._last + 1))
        messages = (self._entry(self._last + MANY + n, "Message", self._alice, n) for n in range(1, MANY + 1))
        await self._add(ENTRIES, joins)
        await self._add(ENTRIES, messages)
        seqs = range(self._last + 1, self._last + 2 * MANY + 1)
        await self._add(TEXTS, ({"group_id": self.group.id, "seq": seq, "content": f"text {seq}"} for seq in seqs))
        counts = {"last_seq": seqs[-1], "messages": MANY, "member_count": self.group.member_count + MANY + 1}
        group = update(Group).where(Group.id == self.group.id)
        await self._session.execute(group.values(**counts, last_message_at=MORNING))

    async def add_invitations(self, group_id):
        """Most of them have ended; members used the last one."""
        await self._add(Invitation, (self._invitation(group_id, n) for n in range(1, MANY + 1)))
        last = await self._session.scalar(select(func.max(Invitation.id)))
        uses = ({"invitation_id": last, "user_id": id, "used_at": MORNING} for id in self._members)
        await self._add(InvitationUse, uses)

    async def _join(self, members):
        rows = ({"group_id": group, "user_id": user, "joined_at": MORNING} for group, user in members)
        await self._add(Membership, rows)

    async def _add(self, model, rows: Iterable[dict]):
        # Not by the ORM, which would write the log of whoever joins; and in portions, each within a statement's time.
        table = getattr(model, "__table__", model)
        for portion in chunks(list(rows)):
            await self._session.execute(insert(table), portion)
        if self._session.bind.dialect.name == "postgresql":
            # Otherwise it looks through the whole table for each row that refers to one of these.
            await self._session.execute(text(f"ANALYZE {table.name}"))

    def _entry(self, seq, kind, user_id, nth):
        place = {"group_id": self.group.id, "seq": seq, "nth": nth}
        return place | {"kind": kind, "user_id": user_id, "timestamp": MORNING}

    def _invitation(self, group_id, number):
        return {
            "token_hash": f"{group_id} {number}",
            "group_id": group_id,
            "created_by": self._alice,
            "created_at": MORNING + timedelta(hours=number),
            "uses": MANY if number == MANY else 0,
            "revoked_at": None if number > MANY - LIVE else MORNING,
        }


def _group(id, name, members):
    return {"id": id, "uuid": UUID(int=id), "name": name, "member_count": members, "created_at": MORNING}
