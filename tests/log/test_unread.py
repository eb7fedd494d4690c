"""Unread numbers against a count of what people did, written down in lists."""

import random
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import update

from discussit.log.decide import delete_messages
from discussit.log.log_ends import lock_log_ends
from discussit.log.marks import ReadMark, UnreadMark, move_positions
from discussit.log.target_rows import find_targets, store_targets
from discussit.log.unread import Numbers, count_for, count_members
from discussit.log.write import Appending, NewEntry, write_entries
from discussit.models import Group, Membership, User
from discussit.models.base import now
from discussit.models.entries import EVERYONE
from discussit.models.groups import Access
from discussit.models.preferences import DEFAULTS, Level, Preferences

STEPS = 60


async def test_a_member_has_not_read_what_others_wrote_after_their_join(world):
    await world.wrote("before")
    await world.joined(world.alice, world.bob)
    await world.wrote("one", "two")

    assert await numbers(world, world.alice) == Numbers(unread=2, mentions=0, read=2, read_rev=0, at=5)
    assert await numbers(world, world.bob) == Numbers(unread=0, mentions=0, read=3, read_rev=0, at=5)


async def test_whoever_is_no_member_has_no_numbers(world):
    await world.joined(world.alice)

    assert await numbers(world, world.bob) is None


async def test_a_deleted_message_counts_as_unread_and_mentions_nobody(history):
    await history.joins(history.alice, history.bob)
    await history.writes(history.bob, [history.alice])
    before = await numbers(history.world, history.alice)

    await history.deletes(history.bob, 3)

    after = await numbers(history.world, history.alice)
    assert [(each.unread, each.mentions) for each in (before, after)] == [(1, 1), (1, 0)]


async def test_a_message_that_mentions_a_member_and_everyone_counts_once(history):
    await history.joins(history.alice, history.bob)

    await history.writes(history.bob, [history.alice, history.everyone])

    assert (await numbers(history.world, history.alice)).mentions == 1
    assert (await numbers(history.world, history.bob)).mentions == 0


async def test_a_mention_that_an_edit_adds_to_a_message_that_was_read_counts(history):
    await history.joins(history.alice, history.bob)
    await history.writes(history.bob, [])
    await history.marks(ReadMark, history.alice, 3)

    await history.edits(history.bob, 3, [history.alice])

    assert await numbers(history.world, history.alice) == Numbers(0, 1, read=3, read_rev=0, at=4, concerning=1)


async def test_a_reply_concerns_whom_it_answers_and_is_no_mention(history):
    await history.joins(history.alice, history.bob)
    await history.writes(history.alice, [])

    await history.writes(history.bob, [], reply_to=3)

    hers, his = [await numbers(history.world, user) for user in (history.alice, history.bob)]
    assert (hers.mentions, hers.concerning, hers.alerts) == (0, 1, 1)
    assert (his.unread, his.concerning) == (1, 0)


async def test_a_reply_that_mentions_whom_it_answers_alerts_them_once(history):
    await history.joins(history.alice, history.bob)
    await history.writes(history.alice, [])

    await history.writes(history.bob, [history.alice, history.everyone], reply_to=3)

    found = await numbers(history.world, history.alice)
    assert (found.mentions, found.alerts) == (1, 1)


async def test_a_reply_from_which_the_mention_is_taken_still_alerts_whom_it_answers(history):
    await history.joins(history.alice, history.bob)
    await history.writes(history.alice, [])
    await history.writes(history.bob, [history.alice], reply_to=3)

    await history.edits(history.bob, 4, [])

    found = await numbers(history.world, history.alice)
    assert (found.mentions, found.alerts) == (0, 1)


async def test_a_deleted_reply_alerts_nobody(history):
    await history.joins(history.alice, history.bob)
    await history.writes(history.alice, [])
    await history.writes(history.bob, [], reply_to=3)

    await history.deletes(history.bob, 4)

    found = await numbers(history.world, history.alice)
    assert (found.unread, found.alerts) == (1, 0)


@pytest.mark.parametrize(("level", "alerts"), [("all", 2), ("mentions", 1), ("nothing", 0)])
async def test_the_level_says_what_of_it_is_an_alert(history, level, alerts):
    await history.joins(history.alice, history.bob)
    await history.prefers(history.alice, level=level)

    await history.writes(history.bob, [history.alice])
    await history.writes(history.bob, [])

    assert (await numbers(history.world, history.alice)).alerts == alerts


async def test_a_mention_that_an_edit_adds_to_what_was_read_is_an_alert_where_all_messages_are(history):
    await history.joins(history.alice, history.bob)
    await history.prefers(history.alice, level="all")
    await history.writes(history.bob, [])
    await history.marks(ReadMark, history.alice, 3)

    await history.edits(history.bob, 3, [history.alice])

    found = await numbers(history.world, history.alice)
    assert (found.unread, found.alerts) == (0, 1)


@pytest.mark.parametrize(("hours", "alerts"), [(1, 0), (-1, 1)])
async def test_a_group_that_is_muted_alerts_nobody_until_then(history, hours, alerts):
    await history.joins(history.alice, history.bob)
    await history.prefers(history.alice, muted_until=now() + timedelta(hours=hours))

    await history.writes(history.bob, [history.alice])

    found = await numbers(history.world, history.alice)
    assert (found.mentions, found.alerts) == (1, alerts)


async def test_a_direct_group_alerts_of_every_message(world):
    async with world.database.transaction() as session:
        group = await session.get_one(Group, world.group.id)
        group.access = Access.DIRECT
    await world.joined(world.alice, world.bob)

    await world.wrote("one", "two")

    assert (await numbers(world, world.alice)).alerts == 2


@pytest.mark.parametrize("seed", range(8))
async def test_the_numbers_are_those_of_a_plain_count_whatever_happened(history, seed):
    chance = random.Random(seed)  # noqa: S311
    for _ in range(STEPS):
        await history.goes_on(chance)

        for user in history.users:
            assert await numbers(history.world, user) == history.counted(user), history.log


@pytest.mark.sqlite
async def test_the_numbers_of_all_groups_take_look_ups_in_indexes_alone(world, queries):
    await world.joined(world.alice)
    queries.clear()
    await numbers(world, world.alice)

    for statement in list(queries):
        plan = await world.database.run_read(lambda session, sql=statement: explained(session, sql))
        assert [step for step in plan if step.startswith("SCAN") and "CONSTANT ROW" not in step] == ["SCAN given"]
        # Mentions of others in the group are not gone through, however many there are.
        assert all("user_id=?" in step for step in plan if step.startswith("SEARCH mentions"))


# A history


@dataclass
class Written:
    """A message, as far as numbers depend on it."""

    author: int
    is_deleted: bool = False
    since: dict = field(default_factory=dict)  # whom it mentioned, ever, and since which entry
    mentioned: list = field(default_factory=list)
    answers: int | None = None  # the author of what it answers


@dataclass
class Read:
    seq: int
    rev: int = 0
    preferences: Preferences = DEFAULTS[Level.MENTIONS]


class History:
    """What people did, in lists, and in the database."""

    def __init__(self, world, carol):
        self.world, self.users = world, [world.alice, world.bob, carol]
        self.alice, self.bob, self.everyone = world.alice, world.bob, SimpleNamespace(id=EVERYONE, username="everyone")
        self.log = []  # its messages; of other entries, None
        self.members = {}

    async def goes_on(self, chance):
        """Something happens."""
        user, act = (
            chance.choice(self.users),
            chance.choice(
                [self.joins, self.writes, self.edits, self.reacts] * 2
                + [self.leaves, self.deletes, ReadMark, ReadMark, UnreadMark, self.prefers]
            ),
        )
        live = [seq for seq, each in enumerate(self.log, 1) if each and not each.is_deleted]
        mentioned = chance.sample([*self.users, self.everyone], chance.choice([0, 0, 1, 2]))
        if act == self.joins and user.id not in self.members:
            await self.joins(user)
        elif user.id not in self.members:
            return
        elif act == self.leaves:
            await self.leaves(user)
        elif act == self.writes:
            await self.writes(user, mentioned, reply_to=chance.choice([None, *live]))
        elif act == self.prefers:
            muted = chance.choice([None, now() + timedelta(hours=chance.choice([-1, 1]))])
            await self.prefers(user, level=chance.choice([None, *Level]), muted_until=muted)
        elif act in (ReadMark, UnreadMark):
            rev = chance.choice([None, self.members[user.id].rev, 0])
            await self.marks(act, user, chance.randint(1, len(self.log) + 2), *([rev] if act is ReadMark else []))
        elif act in (self.edits, self.deletes, self.reacts) and live:
            await act(user, chance.choice(live), *([mentioned] if act == self.edits else []))

    async def joins(self, *users):
        await self.world.joined(*users)
        for user in users:
            self.log.append(None)
            self.members[user.id] = Read(len(self.log))

    async def leaves(self, user):
        await self.world.left(user)
        self.log.append(None)
        del self.members[user.id]

    async def writes(self, user, mentioned, reply_to=None):
        answers = self.log[reply_to - 1].author if reply_to else None
        reply = {"reply_to": reply_to, "reply_rev": 0, "answers": answers} if answers not in (None, user.id) else {}
        entry = NewEntry(*self.start("Message", user), "hi", mentions=names(mentioned), **reply)
        await self.transaction(lambda connection, changes: write_entries(connection, changes, [entry]))
        since = {each.id: len(self.log) + 1 for each in mentioned}
        self.log.append(Written(user.id, False, since, [each.id for each in mentioned], reply.get("answers")))

    async def prefers(self, user, level=None, muted_until=None):
        """Set the member's preferences."""
        read = self.members[user.id]
        read.preferences = Preferences(level or Level.MENTIONS, muted_until, read.preferences.rev + 1)
        values = {"level": level, "muted_until": muted_until, "preferences_rev": read.preferences.rev}
        member = Membership.group_id == self.world.group.id, Membership.user_id == user.id
        async with self.world.database.transaction() as session:
            await session.execute(update(Membership).where(*member).values(values))

    async def edits(self, user, seq, mentioned):
        await self.changes("Edit", user, seq, lambda target, at: target.edit(at, "again", None, names(mentioned)))
        message = self.log[seq - 1]
        message.mentioned = [each.id for each in mentioned]
        message.since = {each.id: len(self.log) for each in mentioned} | message.since

    async def reacts(self, user, seq):
        is_on = len(self.log) % 2 == 0
        await self.changes(
            "Reaction", user, seq, lambda target, at: target.react(at, f"{at}", user.id, is_on=is_on), emoji="👍"
        )

    async def deletes(self, user, seq):
        async with self.world.database.transaction() as session:
            await session.run_sync(delete_messages, [(self.world.group.id, seq)], user)
        self.log.append(None)
        self.log[seq - 1].is_deleted = True

    async def marks(self, kind, user, seq, *rev):
        member = (self.world.group.id, user.id)
        await self.transaction(
            lambda connection, changes: move_positions(connection, changes, {member: [kind(*member, seq, *rev)]})
        )
        read = self.members[user.id]
        if kind is ReadMark and rev in ((), (None,), (read.rev,)):
            read.seq = max(read.seq, min(seq, len(self.log)))
        elif kind is UnreadMark and seq <= read.seq:
            read.seq, read.rev = seq - 1, read.rev + 1

    async def changes(self, kind, user, seq, change, emoji=None):
        group = self.world.group.id

        def write(connection, changes):
            appending = Appending(lock_log_ends(connection, [group]))
            targets = find_targets(connection, [(group, seq)], [])
            target = targets[group, seq]
            change(target, appending.place(NewEntry(*self.start(kind, user), target=target, emoji=emoji)))
            store_targets(connection, targets.values())
            appending.write(connection, changes)

        await self.transaction(write)
        self.log.append(None)

    async def transaction(self, write):
        await self.world.database.run_batch(write, lambda _result: None)

    def start(self, kind, user):
        return self.world.group.id, self.world.group.uuid, kind, user.id, user.username

    def counted(self, user):
        if user.id not in self.members:
            return None
        read = self.members[user.id]
        others = [(seq, each) for seq, each in enumerate(self.log, 1) if each and each.author != user.id]
        unread = sum(seq > read.seq for seq, each in others)
        live = [(seq, each) for seq, each in others if not each.is_deleted]
        mentions = [seq for seq, each in live if self.is_new(each, user, read.seq)]
        answers = [seq for seq, each in live if each.answers == user.id and seq > read.seq]
        concerning = len({*mentions, *answers})
        muted = read.preferences.is_muted
        return Numbers(unread, len(mentions), read.seq, read.rev, len(self.log), concerning, read.preferences, muted)

    def is_new(self, message, user, read):
        return any(message.since[id] > read for id in message.mentioned if id in (user.id, EVERYONE))


def names(users):
    return [(user.id, user.username) for user in users]


@pytest.fixture
async def history(world):
    carol = User(username="carol", password="!")
    async with world.database.transaction() as session:
        session.add(carol)
    return History(world, carol)


def explained(session, statement):
    """The steps that SQLite takes, with any values."""
    count = statement.count("?")
    return [row[-1] for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", (1,) * count)]


async def numbers(world, user):
    """The same whether all of the user's groups are asked for, or one."""

    def read(session):
        connection, member = session.connection(), (world.group.id, user.id)
        return list(count_for(connection, user.id)), list(count_members(connection, [member]))

    of_all, of_one = await world.database.run_read(read)
    assert of_all == of_one
    return of_one[0].numbers if of_one else None
