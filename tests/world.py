"""Users and a group in a database, for tests that need no application; and what is done to a site's database."""

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from anyio import create_task_group
from sqlalchemy import delete, select, text, update
from starlette.requests import Request

from discussit.accounts.current_user import CurrentUser, SessionCredential
from discussit.bus import Bus
from discussit.database import Database
from discussit.delivery.hub import Hub
from discussit.log.batch_writer import Writer
from discussit.log.decide import delete_messages
from discussit.log.marks import ReadMark, move_positions
from discussit.log.write import NewEntry, write_entries
from discussit.models import Entry, Group, Membership, Message, Session, User
from discussit.models.accounts import new_token, session_id
from discussit.models.base import now
from discussit.models.groups import ReadableLog
from discussit.models.preferences import FOREVER


@dataclass
class Served:
    bus: Bus
    hub: Hub
    writer: Writer


@dataclass
class World:
    """Two users and a group, in a database without an application before it."""

    database: Database
    alice: User
    bob: User
    group: Group
    published: list = field(default_factory=list)

    @property
    def readable(self):
        """All of the group's log."""
        return ReadableLog(self.group.id)

    @asynccontextmanager
    async def served(self, backend=None):
        """Bus, hub and writer run, as beside an application; `backend` is the bus's engine.

        Of two at a time, each is a process, and what is written from now on is written in the later one.
        """
        bus = Bus(self.database.settings, backend)
        hub, writer = Hub(self.database, bus), Writer(self.database)
        self.database.publish_to(hub.publish)
        async with bus.connected(), create_task_group() as tasks:
            for run in (bus.run, hub.run, writer.run):
                tasks.start_soon(run)
            await hub.started.wait()
            yield Served(bus, hub, writer)
            tasks.cancel_scope.cancel()

    def listen(self):
        """From now on collect what commits publish."""
        self.database.publish_to(self.published.append)

    async def marked(self, user, seq):
        """The user has read the group's log up to there."""
        member = (self.group.id, user.id)
        await self.database.run_batch(
            lambda connection, changes: move_positions(connection, changes, {member: [ReadMark(*member, seq)]}),
            lambda _moved: None,
        )

    async def wrote_elsewhere(self, served, text):
        """A message that another program writes, of which the served process is not told."""
        self.listen()
        await self.wrote(text)
        self.database.publish_to(served.hub.publish)

    def published_entries(self):
        """The entries of the group among what was collected."""
        return [entry for written in self.published for entry in written.entries[self.group.uuid]]

    async def logged_in(self, user, *tokens):
        """A session of this user for each token."""
        async with self.database.transaction() as session:
            session.add_all(Session(id=session_id(token), user_id=user.id) for token in tokens)

    async def current(self, user):
        """What a request of this user's is known by, who is logged in for it."""
        await self.logged_in(user, token := new_token())
        credential = SessionCredential(session_id(token))
        return CurrentUser(user.id, user.username, user.is_superuser, credential, user.account_id)

    async def administrator(self, user):
        """A request of this user's, who is made a superuser."""
        async with self.database.transaction() as session:
            (await session.get_one(User, user.id)).is_superuser = True
        return Request({"type": "http", "user": await self.current(user)})

    async def ended_session(self, token):
        async with self.database.transaction() as session:
            await session.delete(await session.get_one(Session, session_id(token)))

    async def joined(self, *users):
        async with self.database.transaction() as session:
            group = await session.get_one(Group, self.group.id)
            for user in users:
                await group.add_user(await session.get_one(User, user.id))

    async def left(self, user):
        """Whether this changed anything."""
        async with self.database.transaction() as session:
            group = await session.get_one(Group, self.group.id)
            return await group.remove_user(await session.get_one(User, user.id))

    async def members(self):
        names = select(User.username).join(Membership).where(Membership.group_id == self.group.id)
        return await self.database.run_read(lambda session: session.scalars(names).all())

    def message(self, content):
        """A message of bob's, to be added to a session."""
        return Message(group_id=self.group.id, author_id=self.bob.id, content=content)

    async def mentioned(self, *users):
        """A message of bob's that mentions these users: ids and names."""
        group, bob = self.group, self.bob
        entry = NewEntry(group.id, group.uuid, "Message", bob.id, bob.username, "hi", mentions=users)
        await self.database.run_batch(
            lambda connection, changes: write_entries(connection, changes, [entry]), lambda _seqs: None
        )

    async def wrote(self, *contents, author=None):
        async with self.database.transaction() as session:
            author_id = (author or self.bob).id
            for content in contents:
                session.add(Message(group_id=self.group.id, author_id=author_id, content=content))

    async def deleted(self, *seqs):
        """Bob has deleted these messages, as a superuser may."""
        async with self.database.transaction() as session:
            await session.run_sync(delete_messages, [(self.group.id, seq) for seq in seqs], self.bob)

    async def deleted_all(self):
        """Bob has deleted all messages."""
        messages = select(Entry.seq).where(Entry.kind == "Message")
        await self.deleted(*await self.database.run_read(lambda session: session.scalars(messages).all()))

    async def revised(self, seq, content):
        """An entry's text was changed in place, as by a shell: everyone has to load the log again."""
        async with self.database.transaction() as session:
            (await session.get_one(Entry, (self.group.id, seq))).content = content

    async def lost_last_entry(self):
        """As where a copy takes the database's place that did not receive it."""
        async with self.database.transaction() as session:
            await session.execute(update(Group).values(last_seq=Group.last_seq - 1))
            await session.execute(delete(Entry).where(Entry.seq > select(Group.last_seq).scalar_subquery()))

    async def lost_last_message(self):
        """The same, where that is a message."""
        async with self.database.transaction() as session:
            await session.execute(update(Group).values(last_seq=Group.last_seq - 1, messages=Group.messages - 1))
            await session.execute(delete(Entry).where(Entry.seq > select(Group.last_seq).scalar_subquery()))

    async def lost_last_entry_and_went_on(self, *contents):
        """The same, seen only when more was written to the copy than it lacked."""
        async with self.database.transaction() as session:
            await session.execute(delete(Entry).where(Entry.seq == select(Group.last_seq).scalar_subquery()))
            await session.execute(update(Group).values(last_seq=Group.last_seq - 1))
            session.add_all(self.message(content) for content in contents)

    async def log(self):
        """The group's log as the database has it: seq and text."""
        rows = select(Entry).where(Entry.group_id == self.group.id).order_by(Entry.seq)
        entries = await self.database.run_read(lambda session: session.scalars(rows).all())
        return [(entry.seq, entry.content) for entry in entries]

    async def rows(self):
        """The entries of all groups, each in order, by column."""
        entries = select(Entry.__table__).order_by(Entry.group_id, Entry.seq)
        rows = await self.database.run_read(lambda session: session.execute(entries).mappings().all())
        return [dict(row) for row in rows]

    async def read_group(self):
        """The group as the database has it now."""
        return await self.database.run_read(lambda session: session.get_one(Group, self.group.id))


# What is done to a site's database


async def fill(database, uuid, count):
    """Write so many messages into a group."""
    async with database.transaction() as session:
        group, author = await group_of(session, uuid), await session.scalar(select(User))
        session.add_all(Message(group=group, author=author, content=f"message {number}") for number in range(count))


async def add_members(database, uuid, names):
    """Have new users of these names join a group."""
    async with database.transaction() as session:
        group = await group_of(session, uuid)
        session.add_all(Membership(group=group, user=User(username=name, password="!")) for name in names)


async def delete_first(database):
    """Delete the first message, on behalf of its author."""
    async with database.transaction() as session:
        message = await session.scalar(select(Message).order_by(Message.seq))
        await session.run_sync(delete_messages, [(message.group_id, message.seq)], message.user)


async def revise_first(database):
    """Change the text of the first message in place, as by a shell."""
    async with database.transaction() as session:
        (await session.scalar(select(Message).order_by(Message.seq))).content = "better"


async def break_database(database):
    """Take away a table, so that what reads it fails."""
    async with database.transaction() as session:
        await session.execute(text("ALTER TABLE groups RENAME TO somewhere_else"))


async def mend_database(database):
    """Bring the table back."""
    async with database.transaction() as session:
        await session.execute(text("ALTER TABLE somewhere_else RENAME TO groups"))


async def group_of(session, uuid):
    return await session.scalar(select(Group).where(Group.uuid == UUID(uuid)))


async def add_groups(database, count, member=None, **fields):
    """Groups without a log, in all of which is the user of this name."""
    async with database.transaction() as session:
        groups = [Group(name=f"Group {number}", **fields) for number in range(count)]
        session.add_all(groups)
        if member:
            user = await session.scalar(select(User).where(User.username == member))
            session.add_all(Membership(group=group, user=user) for group in groups)
    return [str(group.uuid) for group in groups]


async def add_direct(database, *names):
    """A direct group of the users of these names; its uuid."""
    async with database.transaction() as session:
        group = Group(name="Direct", access="direct", preview=False, direct_key=" ".join(sorted(names)))
        users = (await session.scalars(select(User).where(User.username.in_(names)))).all()
        session.add_all(Membership(group=group, user=user) for user in users)
    return str(group.uuid)


async def forget_name_keys(database):
    """As if a server of the version before 0008 had created all groups."""
    async with database.transaction() as session:
        await session.execute(update(Group).values(name_key=None))


async def add_conversations(database, name, others):
    """New users of these names, each with a direct group with the user of this name."""
    async with database.transaction() as session:
        user = await session.scalar(select(User).where(User.username == name))
        for other in others:
            group = Group(name="Direct", access="direct", preview=False, direct_key=f"{name} {other}")
            people = user, User(username=other, password="!")
            session.add_all(Membership(group=group, user=each) for each in people)


async def mute(database, name, until=FOREVER):
    """Have the user of this name mute all their groups."""
    async with database.transaction() as session:
        user = select(User.id).where(User.username == name).scalar_subquery()
        await session.execute(update(Membership).where(Membership.user_id == user).values(muted_until=until))


async def archive(database, uuid):
    async with database.transaction() as session:
        (await group_of(session, uuid)).archived_at = now()
