"""Random histories of people's own groups: whoever may read a group reads the same, and nobody else reads any of it."""

import re
from itertools import count
from uuid import UUID

from histories import PROCESSES, Reading, on_page, submitted, without_markup
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from intents import NAMES, TEXTS, intents, mark_intents
from naive_groups import DONE, RANKS, MemberScreen, NaiveGroup, People
from naive_log import rows_on
from people import V1, HttpPerson, Reader, refused
from rights import add, entries, promote, remove, settle
from sqlalchemy import select

from discussit.log.kinds import KINDS
from discussit.models import Entry, Group, Membership, User

MAX_GROUPS, MAX_LINKS = 2, 12
NAMED = re.compile(r"@(\w+)")
TOKEN = re.compile(r"/invitations/([\w-]{22})/")
WANTED = (
    {"access": "closed"},
    {"access": "closed", "history": "from_join"},
    {"access": "closed", "history": "from_join"},
    {"access": "open"},
    {"access": "open", "from_now_on": "1"},
    {"access": "open", "from_now_on": "1"},
    {"history": "from_join"},
    {"history": "all"},
    {"posting": "moderators"},
    {"posting": "everyone"},
    {"preview": "off"},
    {"archived": "1"},
    {"archived": "0"},
    {"archived": "0"},
    {"name": "Orchard"},
)
numbers = count(1)
people = some.integers(0, 11)  # of the four, or of those of them who are likely to be let
groups = some.sampled_from([0, 0, 1])  # of those that there are
processes = some.sampled_from(PROCESSES)
anybody = some.sampled_from([False, False, False, True])  # or, mostly, somebody who may


class MemberReading(Reading):
    """A person's place in one group's log, at one process."""

    def __init__(self, person):
        super().__init__(person)
        self.screen, self.group, self.is_outdated = MemberScreen(), None, False

    def connect(self, group):
        """From the last entry on, or anew where the member may read other entries than before."""
        self.group, self.is_outdated = group, False
        first = self._open_socket(group, len(self.screen.rows))
        if first != self.screen.first:
            self.drop()
            self.screen = MemberScreen(first)
            self._open_socket(group, first - 1)

    def _open_socket(self, group, since):
        path = f"/groups/{group}/?since={since}"
        self.socket = Reader(self._open.enter_context(self.person.browser.websocket_connect(path, subprotocols=[V1])))
        return self.socket.next().get("from", 1)

    def receive(self, thing):
        """After a reset, the log has to be loaded again: the member may read more of it than before."""
        self.is_outdated |= thing["type"] == "reset"
        if not (self.is_outdated and (thing["type"] == "reset" or "timestamp" in thing)):
            super().receive(thing)

    def receive_to(self, last):
        while self.is_outdated or len(self.screen.rows) < last:
            if self.is_outdated:
                self.drop()
                self.screen = MemberScreen()
                self.connect(self.group)
            else:
                self.receive(self.socket.next())


class Groups(RuleBasedStateMachine):
    """Four people at two processes, one of them a superuser; `logs`: what each group must be, by its uuid."""

    def __init__(self, sites, root, read):
        super().__init__()
        self.sites, self.root, self.read = sites, root, read
        self.number, self.readings, self.logs, self.tokens = next(numbers), {}, {}, {}
        self.stored = {}  # by group: up to which entry the database was compared

    @initialize(wanted=some.sampled_from(WANTED[:4]), moderator=some.sampled_from([0, 2, 3]))
    def arrive(self, wanted, moderator):
        """They found a group, of which one is the owner and another a moderator. Each has said something, and
        dan comes again once it is as it is wanted.
        """
        names = [f"{name}{self.number}" for name in (*NAMES, "dan")]
        self.people = People(names, superuser=names[0])
        self.persons = {}
        for name in names:
            first = self.persons[name, 0] = HttpPerson(self.sites[0], name)
            first.sign_up()
            self.persons[name, 1] = HttpPerson(self.sites[1], name)
            self.persons[name, 1].browser.cookies = first.browser.cookies
        self.ids = {name: self.persons[name, 0].account.split("-")[0] for name in names}
        self.root.post(f"/admin/user/edit/{self.ids[names[0]]}", username=names[0], is_superuser="on")
        self.founds(1, "open", 0)
        for who in range(len(names)):
            self.joins(who, 0, 0, anybody=True)
            self.says(who, 0, 0, "Hello @bob")
        self.promotes(0, moderator, 0, "moderator", 0, anybody=False)
        for by in range(2):
            self.invites(by, 0, None, 0, anybody=False)
        self.settles(1, 0, wanted, 0, anybody=False)
        self.leaves(3, 0, 0, anybody=True)
        self.redeems(0, 0, 0, 0, anybody=False)

    # Groups and their members

    @precondition(lambda self: len(self.logs) < MAX_GROUPS)
    @rule(who=people, access=some.sampled_from(["open", "closed", None]), process=processes)
    def founds(self, who, access, process):
        """Without an `access`, a group of nobody's is created in the administration."""
        name, title = self.someone(who), f"Garden {self.number} {len(self.logs)}"
        if access is None:
            self.logs[self.root.creates(title)] = NaiveGroup(self.people, title)
        else:
            group = self.persons[name, process].founds(title, access)
            self.logs[group] = NaiveGroup(self.people, title, access, founder=name)

    @rule(who=people, where=groups, process=processes, anybody=anybody)
    def joins(self, who, where, process, anybody):
        group, log = self.somewhere(where)
        name = self.outsider(log, who, anybody)
        assert self.persons[name, process].joins(group).status_code == log.joins(name)

    @rule(where=groups)
    def joins_as_an_administrator(self, where):
        name, group, log = self.people.superuser, *self.somewhere(where)
        pk = self.read(lambda session: row_of(session, group).id)
        answer = self.persons[name, 0].post(f"/admin/group/join/{pk}")
        assert answer.status_code == log.joins_as_administrator(name)

    @rule(who=people, where=groups, process=processes, anybody=anybody)
    def leaves(self, who, where, process, anybody):
        group, log = self.somewhere(where)
        name = self.member(log, who, anybody)
        status, last = self.persons[name, process].leaves(group).status_code, len(log.rows)
        assert status == log.leaves(name)
        self.see_the_end(name, group, last)

    @rule(by=people, who=people, where=groups, process=processes, anybody=anybody)
    def adds(self, by, who, where, process, anybody):
        group, log = self.somewhere(where)
        by, name = self.able(log, 1, by, anybody), self.outsider(log, who, anybody, among=self.people.names)
        shares = any({by, name} <= each.members.keys() for each in self.logs.values())
        answer = add(self.persons[by, process], group, name)
        assert answer.status_code == log.adds(by, name, shares_group=shares)

    @rule(by=people, who=people, where=groups, process=processes, anybody=anybody)
    def removes(self, by, who, where, process, anybody):
        group, log = self.somewhere(where)
        by, last = self.able(log, 1, by, anybody), len(log.rows)
        name = self.member(log, who, anybody, besides=by)
        assert remove(self.persons[by, process], group, name).status_code == log.removes(by, name)
        self.see_the_end(name, group, last)

    @rule(by=people, who=people, where=groups, role=some.sampled_from(RANKS), process=processes, anybody=anybody)
    def promotes(self, by, who, where, role, process, anybody):
        group, log = self.somewhere(where)
        by = self.able(log, 2, by, anybody)
        name = self.member(log, who, anybody)
        answer = promote(self.persons[by, process], group, name, role)
        assert answer.status_code == log.promotes(by, name, role)

    @rule(by=people, where=groups, wanted=some.sampled_from(WANTED), process=processes, anybody=anybody)
    def settles(self, by, where, wanted, process, anybody):
        group, log = self.somewhere(where)
        by = self.able(log, 2, by, anybody)
        assert settle(self.persons[by, process], group, **wanted).status_code == log.settles(by, wanted)

    @precondition(lambda self: not self.people.closed)
    @rule(who=people, is_meant=some.sampled_from([False, False, True]))
    def closes_the_account(self, who, is_meant):
        name = self.people.names[1 + who % 3]
        if not is_meant:
            return
        lasts = {group: len(log.rows) for group, log in self.logs.items()}
        assert self.root.post(f"/admin/user/delete?pks={self.ids[name]}").status_code == DONE
        self.people.closed.add(name)
        for log in self.logs.values():
            log.closes_account(name)
        for group, last in lasts.items():
            self.see_the_end(name, group, last, code=4401)

    # Links

    @precondition(lambda self: len(self.tokens) < MAX_LINKS)
    @rule(by=people, where=groups, max_uses=some.sampled_from([None, 1, 2]), process=processes, anybody=anybody)
    def invites(self, by, where, max_uses, process, anybody):
        group, log = self.somewhere(where)
        by = self.able(log, 1, by, anybody)
        fields = {} if max_uses is None else {"max_uses": str(max_uses)}
        answer = self.persons[by, process].post(f"/groups/{group}/invitations/", **fields)
        link = log.invites(by, max_uses)
        if isinstance(link, int):
            assert answer.status_code == link
        else:
            revocable = re.findall(rf"/groups/{group}/invitations/(\d+)/revoke/", answer.text)
            self.tokens[id(link)] = TOKEN.search(answer.text)[1], max(map(int, revocable))

    @precondition(lambda self: self.tokens)
    @rule(who=people, where=groups, back=some.integers(0, 5), process=processes, anybody=anybody)
    def redeems(self, who, where, back, process, anybody):
        _, log = self.somewhere(where)
        name = self.outsider(log, who, anybody)
        if log.links:
            link = log.links[-1 - back % len(log.links)]
            answer = self.persons[name, process].post(f"/invitations/{self.tokens[id(link)][0]}/")
            assert answer.status_code == log.redeems(name, link)

    @precondition(lambda self: self.tokens)
    @rule(by=people, where=groups, back=some.integers(0, 5), process=processes, anybody=anybody)
    def revokes(self, by, where, back, process, anybody):
        group, log = self.somewhere(where)
        if log.links:
            by, link = self.able(log, 1, by, anybody), log.links[-1 - back % len(log.links)]
            path = f"/groups/{group}/invitations/{self.tokens[id(link)][1]}/revoke/"
            assert self.persons[by, process].post(path).status_code == log.revokes(by, link)

    # Messages

    @rule(who=people, where=groups, process=processes, anybody=anybody)
    def connects_or_drops(self, who, where, process, anybody):
        group, log = self.somewhere(where)
        name = self.member(log, who, anybody)
        reading = self.reading(name, group, process)
        if reading.socket is not None:
            reading.drop()
        elif name in log.members:
            reading.connect(group)
        else:
            status = refused(reading.person, f"/groups/{group}/")
            assert status == (403 if log.is_open else 404)

    @rule(who=people, where=groups, process=processes, text=some.sampled_from(TEXTS))
    def says(self, who, where, process, text):
        group, log = self.somewhere(where)
        name = self.member(log, who, anybody=False)
        command = {"type": "text_message", "client_id": f"said {next(numbers)}", "message": self.named(text)}
        if name in log.members:
            self.connected(name, group, process).send(command)
            assert self.reading(name, group, process).receive_answer(command) == log.does(name, command)

    @rule(some_intents=some.lists(intents, min_size=1, max_size=4), where=groups, process=processes)
    def commands(self, some_intents, where, process):
        """Somebody sends these without waiting for answers."""
        group, log = self.somewhere(where)
        messages, name, sent = log.messages(), None, []
        for intent in some_intents:
            author, command = self.command(intent, log, messages)
            name = name or (author if author in log.members else self.member(log, intent.pick, anybody=False))
            if name in log.members and command["client_id"] not in {each["client_id"] for each, _ in sent}:
                self.connected(name, group, process).send(command)
                sent.append((command, log.does(name, command)))
        for command, expected in sent:
            assert self.reading(name, group, process).receive_answer(command) == expected

    @rule(intent=intents, where=groups, process=processes)
    def commands_by_a_form(self, intent, where, process):
        group, log = self.somewhere(where)
        name, command = self.command(intent, log, log.messages())
        if name in self.people.closed:
            return
        status, answer = submitted(self.persons[name, process], group, command)
        if name in log.members or log.is_own_deletion(name, command):
            assert answer == log.does(name, command)
        else:
            assert status == (403 if log.is_open else 404)

    @rule(who=people, where=groups, intent=mark_intents, process=processes)
    def marks(self, who, where, intent, process):
        group, log = self.somewhere(where)
        name = self.member(log, who, anybody=False)
        if name in log.members:
            command, reading = intent.command(log, name), self.connected(name, group, process)
            reading.numbers = {}
            reading.send(command)
            reading.receive_numbers(log.marks(name, command))

    # What they see

    @rule()
    def everybody_catches_up(self):
        for (_, group, _), reading in self.readings.items():
            if reading.socket is not None:
                self.has_the_log(reading, group)

    @rule(who=people, where=groups, process=processes)
    def looks_at_the_pages(self, who, where, process):
        name, group, log = self.someone(who), *self.somewhere(where)
        person = self.persons[name, process]
        if name not in log.members:
            expected = 403 if log.is_open else 404
            pages = ("", "entries/?since=0", "members/", "leave/", "messages/1/")
            assert {person.get(f"/groups/{group}/{page}").status_code for page in pages} == {expected}
            return
        screen = MemberScreen(log.first[name])
        for entry in entries(person, group):
            screen.show(entry)
        assert screen.read() == log.read_from(screen.first)
        self.sees_the_page(person, group, log, screen.first)

    @rule(who=people, process=processes)
    def looks_at_the_numbers(self, who, process):
        name = self.someone(who)
        with self.persons[name, process].at_home(V1) as socket:
            (ready,) = socket.receive_json()
        own = {group: log for group, log in self.logs.items() if name in log.members}
        assert set(ready["groups"]) == own.keys()
        for word in ("unread", "mentions", "alerts"):
            counted = {group: log.numbers(name)[word] for group, log in own.items()}
            assert ready[word] == {group: number for group, number in counted.items() if number}

    @invariant()
    def the_database_has_what_was_acknowledged(self):
        for group, log in self.logs.items():
            if self.stored.get(group) == len(log.rows):
                continue
            self.stored[group] = len(log.rows)
            found, rows, members = self.read(lambda session, group=group: stored(session, group))
            assert rows == [(seq, row.kind, row.name) for seq, row in enumerate(log.rows, 1)]
            assert members == {name: (role, log.first[name]) for name, role in log.members.items()}
            assert (found.last_seq, found.member_count) == (len(rows), len(members))
            assert not (found.had_owner and members) or log.owners()

    def teardown(self):
        try:
            self.everybody_sees_everything()
        finally:
            for reading in self.readings.values():
                reading.drop()

    def everybody_sees_everything(self):
        self.everybody_catches_up()
        for who in range(len(self.people.active())):
            for where in range(len(self.logs)):
                self.looks_at_the_pages(who, where, where % 2)
            self.looks_at_the_numbers(who, who % 2)

    # Words

    def someone(self, who):
        active = self.people.active()
        return active[who % len(active)]

    def somewhere(self, where):
        return list(self.logs.items())[where % len(self.logs)]

    def able(self, log, rank, who, anybody):
        """Somebody who may do what asks for this rank, or anybody."""
        return self.one_of([] if anybody else log.able(rank), who)

    def member(self, log, who, anybody, besides=None):
        """Somebody in the group, or anybody."""
        return self.one_of([] if anybody else [name for name in log.members if name != besides], who)

    def outsider(self, log, who, anybody, among=None):
        """Somebody who is not in the group, or anybody; `among` others than those with open accounts."""
        outside = [name for name in among or self.people.active() if name not in log.members]
        return self.one_of([] if anybody else outside, who)

    def one_of(self, likely, who):
        return likely[who % len(likely)] if likely else self.someone(who)

    def command(self, intent, log, messages):
        """The intent of the same people under the names that they have here."""
        name, command = intent.command(log, messages)
        if "message" in command:
            command["message"] = self.named(command["message"])
        return f"{name}{self.number}" if name in NAMES else name, command

    def named(self, text):
        return NAMED.sub(lambda found: f"@{found[1]}{self.number}" if found[1] in NAMES else found[0], text)

    def reading(self, name, group, process):
        if (name, group, process) not in self.readings:
            self.readings[name, group, process] = MemberReading(self.persons[name, process])
        return self.readings[name, group, process]

    def connected(self, name, group, process):
        reading = self.reading(name, group, process)
        if reading.socket is None:
            reading.connect(group)
        return reading

    def has_the_log(self, reading, group):
        rows = self.logs[group].rows
        reading.receive_to(len(rows))
        assert reading.screen.read() == self.logs[group].read_from(reading.screen.first)

    def see_the_end(self, name, group, last, code=4403):
        """Sockets of somebody who is no member any more have ended, with nothing that came after."""
        if name in self.logs[group].members:
            return
        for process in PROCESSES:
            reading = self.reading(name, group, process)
            if reading.socket is not None:
                assert reading.receive_end() == code
                reading.drop()
                assert len(reading.screen.rows) <= last

    def sees_the_page(self, person, group, log, first):
        page = person.page(f"/groups/{group}/")
        readable = [(seq, row) for seq, row in enumerate(log.rows, 1) if seq >= first and is_shown(row)]
        found = [without_markup(*row) if log.rows[row[0] - 1].kind == "Message" else row[:2] for row in rows_on(page)]
        assert len(found) >= min(len(readable), 50)
        assert found == [as_shown(*row) for row in readable][-len(found) :]


def is_shown(row):
    return row.kind not in ("Edit", "Delete", "Reaction")


def as_shown(seq, row):
    """As it is on a page; without its words, if it is no message."""
    return on_page(seq, row) if row.kind == "Message" else (seq, row.name)


def row_of(session, uuid):
    return session.scalars(select(Group).where(Group.uuid == UUID(uuid))).one()


def stored(session, uuid):
    """The group's row, its log's, and its members: role and first readable entry, by name."""
    group = row_of(session, uuid)
    rows = session.execute(
        select(Entry.seq, Entry.kind, User.username)
        .join(User, User.id == Entry.user_id)
        .where(Entry.group_id == group.id)
        .order_by(Entry.seq)
    )
    members = session.execute(
        select(User.username, Membership.role, Membership.from_seq)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.group_id == group.id)
    )
    named = [(seq, KINDS[kind].group_change or kind, name) for seq, kind, name in rows]
    return group, named, {name: (role, first) for name, role, first in members}
