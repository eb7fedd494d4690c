"""Every act that writes locks rows in the order of `models/locks.py`, on a real PostgreSQL."""

import asyncio
import random
import re
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count

import pytest
from holder import Holder
from people import PASSWORD, HttpPerson, stranger
from servers import CHEAP
from sqlalchemy import Engine, event
from starlette.testclient import TestClient

from discussit import cli
from discussit import database as database_module
from discussit.accounts import passwords
from discussit.accounts.password_reset import ResetLinks
from discussit.app import create_app
from discussit.errors import ErrorCode
from discussit.log import held
from discussit.log.draft import DeleteDraft, EditDraft, MessageDraft, ReactionDraft
from discussit.settings import Settings

GROUPS = 11  # more than nine, as keys on pages are texts, among which 10 comes before 2
NAMES = ("carol", "dora", "emil", "finn")
NEW = "another horse entirely"
ROUNDS = 6
UNLIMITED = {"MESSAGE_RATE": "0"}


@pytest.fixture(scope="module")
def town(postgres, migrated, tmp_path_factory):
    """A site on PostgreSQL, with groups 1 to GROUPS in which everybody is."""
    database = postgres.new_database(migrated)
    with pytest.MonkeyPatch.context() as environment:
        environment.chdir(tmp_path_factory.mktemp("town"))
        environment.setattr(passwords, "hasher", CHEAP)
        # Nobody gives up: this is about the order of locks.
        environment.setattr(database_module, "LOCK_LIMIT", 9)
        environment.setattr(held, "HELD_LIMIT", 60)
        for name, value in {"DATABASE_URL": postgres.url(database), "SECRET_KEY": "rosemary" * 8, **UNLIMITED}.items():
            environment.setenv(name, value)
        with TestClient(create_app(Settings.from_environment())) as site:
            yield Town(site, postgres, database)


class Town:
    """Alice, the superuser, and others on a site."""

    def __init__(self, site, postgres, database):
        self.site, self.postgres, self.database = site, postgres, database
        self.alice, self.bob = self.arrives("alice"), self.arrives("bob")
        self.others = self.carol, self.dora, self.emil, self.finn = [self.arrives(name) for name in NAMES]
        for number in range(GROUPS):
            self.alice.creates(f"Group {number + 1}")
        self.ids = {row["username"]: row["id"] for row in self.rows("SELECT id, username FROM users")}
        self.numbers = count()
        self.groups = [str(row["uuid"]) for row in self.rows("SELECT uuid FROM groups ORDER BY id")]
        for group in self.groups:
            for person in (self.alice, self.bob, *self.others):
                person.joins(group)
        # One more, in which only alice is: its settings keep nobody else from writing.
        self.lounge = self.alice.creates("Lounge")

    def arrives(self, name):
        person = HttpPerson(self.site, name)
        person.sign_up()
        return person

    def rows(self, statement):
        return self.postgres.execute(statement, database=self.database)

    def administers(self, path, **fields):
        return self.alice.post(f"/admin/{path}", **fields)


def say_in_all(town):
    """Messages that come together share one transaction."""
    said = [(person, group) for group in reversed(town.groups) for person in (town.bob, *town.others)]
    with ThreadPoolExecutor(GROUPS) as threads:
        list(threads.map(lambda pair: pair[0].says(pair[1], "hi"), said))


def edit_in_all(town):
    command_in_all(town, lambda start, target: EditDraft(*start, target=target, rev=0, content="hi @bob @carol"))


def react_in_all(town):
    command_in_all(town, lambda start, target: ReactionDraft(*start, target=target, emoji="👍", is_on=True))


def reply_in_all(town):
    command_in_all(town, lambda start, target: MessageDraft(*start, content="hi @dora", reply_to=target))


def delete_in_all(town):
    command_in_all(town, lambda start, target: DeleteDraft(*start, target=target))


def forget_earlier_texts(town):
    start, group = (4, town.ids["alice"]), town.groups[3]
    (seq,) = append_all(town, [MessageDraft(*start, content="hi")])
    append_all(town, [EditDraft(*start, target=seq, rev=0, content="hello")])
    town.alice.post(f"/groups/{group}/messages/{seq}/history/forget/")


def command_in_all(town, new_draft):
    """Alice's commands about messages that she has just written in each group: as many as possible in one batch."""
    starts = [(number, town.ids["alice"]) for number in range(GROUPS, 0, -1)]
    targets = append_all(town, [MessageDraft(*start, content="hi @bob") for start in starts])
    answers = append_all(town, [new_draft(start, target) for start, target in zip(starts, targets, strict=True)])
    # Other acts delete messages meanwhile.
    assert [each for each in answers if not isinstance(each, int) and each.code != ErrorCode.GONE] == []


def append_all(town, drafts):
    """Their seqs, or why they were refused."""

    async def appended():
        return await asyncio.gather(*map(town.site.app.state.site.writer.append, drafts), return_exceptions=True)

    return town.site.portal.call(appended)


def read_in_all(town):
    """Marks that come together share one transaction."""
    marks = [(person, group) for group in reversed(town.groups) for person in (town.bob, *town.others)]
    with ThreadPoolExecutor(GROUPS) as threads:
        list(threads.map(lambda pair: pair[0].post(f"/groups/{pair[1]}/read/", seq="9999"), marks))


def come_and_go(town):
    for verb in (town.bob.leaves, town.bob.joins):
        verb(town.groups[3])


def add_and_remove(town):
    """Alice, a superuser in all groups, adds people of whom some are members already, and removes them again."""
    for group in (town.groups[9], town.groups[1]):
        for name in ("dora", "carol"):
            town.alice.post(f"/groups/{group}/members/remove/", username=name)
        town.alice.post(f"/groups/{group}/members/", username="dora carol emil")


def hand_over(town):
    """Bob and carol take turns as the owner of a group: by appointment, and by leaving it."""
    group = town.groups[5]
    town.alice.post(f"/groups/{group}/members/role/", username="bob", role="owner")
    town.bob.post(f"/groups/{group}/members/role/", username="carol", role="owner")
    for person in (town.bob, town.carol):
        person.leaves(group)
        person.joins(group)


def change_settings(town):
    group = town.lounge
    for fields in ({"description": "hi", "posting": "moderators"}, {"description": "", "posting": "everyone"}):
        town.alice.post(f"/groups/{group}/settings/", **fields)
    for step in ({"access": "closed"}, {"access": "open"}, {"archived": 1}, {"archived": 0}):
        town.alice.post(f"/groups/{group}/settings/", **step)


def log_in_and_out(town):
    for _ in range(2):
        town.bob.log_in()
    town.bob.post("/accounts/sessions/", session="others")
    town.bob.log_out()
    town.bob.log_in()


def sign_up_twice(town):
    """As at a second click: the repeat replaces the session of the first."""
    visitor, name = stranger(town.site), f"visitor{next(town.numbers)}"
    form = {"username": name, "password1": PASSWORD, "password2": PASSWORD, "form_id": name}
    for _ in range(2):
        visitor.post("/accounts/signup/", **form)


def change_password(town):
    for old, new in ((PASSWORD, NEW), (NEW, PASSWORD)):
        town.carol.post("/accounts/password/", password=old, password1=new, password2=new)


def reset_password(town):
    links = ResetLinks(town.site.app.state.site.database)
    path = town.site.portal.call(links.path_for, "dora")
    stranger(town.site).post(path, password1=PASSWORD, password2=PASSWORD)
    town.dora.log_in()


def rename(town):
    for name in ("emilia", "emil"):
        town.administers(f"user/edit/{town.ids['emil']}", username=name)
    town.emil.log_in()


def promote_and_demote(town):
    finn = f"user/edit/{town.ids['finn']}"
    town.administers(finn, username="finn", is_superuser="on")
    town.administers(finn, username="finn")


def close_accounts(town):
    join_as_newcomers(town)
    close_newcomers(town)


def join_as_newcomers(town):
    people = [town.arrives(f"newcomer{next(town.numbers)}") for _ in range(2)]
    for person, groups in zip(people, ((9, 1), (0,)), strict=True):
        for number in groups:
            person.joins(town.groups[number])
        person.converses()


def converse(town):
    group = town.bob.converses("carol", "dora")
    town.bob.says(group, "hi")
    town.bob.leaves(group)
    town.bob.converses("dora", "carol")


def join_closed_group(town):
    town.bob.post("/groups/", name="Closed", access="closed")
    (row,) = town.rows("SELECT max(id) AS id FROM groups WHERE name = 'Closed'")
    town.administers(f"group/join/{row['id']}")


def close_newcomers(town):
    ids = town.rows("SELECT id FROM users WHERE is_active AND username LIKE 'newcomer%'")
    town.administers(f"user/delete?pks={','.join(str(row['id']) for row in ids)}")


def rename_group(town):
    town.administers("group/edit/1", name="Group 1")


def delete_groups(town):
    for _ in range(2):
        town.alice.creates("Short-lived")
    ids = [str(row["id"]) for row in town.rows("SELECT id FROM groups WHERE name = 'Short-lived'")]
    town.administers("group/delete?pks=" + ",".join(ids))


def change_members(town):
    ids = ",".join(f"{group};{town.ids['carol']}" for group in (2, 10))
    town.administers(f"membership/delete?pks={ids}")
    for group in (10, 2):
        town.administers("membership/create", group=str(group), user="carol")


def invite(town):
    """Two people join group 1 by a link, one of whom signs up by it; then the link is revoked."""
    group = f"/groups/{town.groups[0]}/"
    page = town.alice.post(f"{group}invitations/").text
    link = re.search(r"/invitations/([\w-]{22})/", page)
    town.bob.leaves(town.groups[0])
    town.bob.post(link[0])
    sign_up_by(town, link[1])
    for id in re.findall(r"/invitations/([0-9]+)/revoke/", page)[:1]:
        town.alice.post(f"{group}invitations/{id}/revoke/")


def invite_to_server(town):
    sign_up_by(town, re.search(r"/invitations/([\w-]{22})/", town.alice.post("/invitations/").text)[1])


def sign_up_by(town, token):
    name = f"invited{next(town.numbers)}"
    form = {"username": name, "password1": PASSWORD, "password2": PASSWORD, "form_id": name, "invitation": token}
    stranger(town.site).post("/accounts/signup/", **form)


def lose_the_right_to_invite(town):
    """A superuser's invitations to several groups end."""
    finn = f"user/edit/{town.ids['finn']}"
    town.administers(finn, username="finn", is_superuser="on")
    for group in town.groups[3:6]:
        town.finn.post(f"/groups/{group}/invitations/")
    town.administers(finn, username="finn")


def rename_and_demote(town):
    """In one form: what the account wrote has another name, and its invitations end."""
    finn = f"user/edit/{town.ids['finn']}"
    town.administers(finn, username="finn", is_superuser="on")
    for group in town.groups[8:5:-1]:
        town.finn.post(f"/groups/{group}/invitations/")
    town.administers(finn, username="finnian")
    town.administers(finn, username="finn")
    town.finn.log_in()


def delete_messages(town):
    found = "SELECT group_id, max(seq) AS seq FROM entries WHERE kind = 'Message' AND state = 'live' GROUP BY group_id"
    keys = [f"{row['group_id']};{row['seq']}" for row in town.rows(found)]
    town.administers(f"message/delete?pks={','.join(keys)}")


def restore(town):
    assert cli.main(["restored"]) == 0


ACTS = [
    say_in_all,
    edit_in_all,
    react_in_all,
    reply_in_all,
    delete_in_all,
    forget_earlier_texts,
    come_and_go,
    add_and_remove,
    hand_over,
    change_settings,
    log_in_and_out,
    sign_up_twice,
    change_password,
    reset_password,
    rename,
    promote_and_demote,
    close_accounts,
    rename_group,
    delete_groups,
    change_members,
    delete_messages,
    invite,
    invite_to_server,
    lose_the_right_to_invite,
    rename_and_demote,
    converse,
    join_closed_group,
    restore,
]

# The order of tables

OF_GROUPS = ("memberships", "entries", "texts", "versions", "reactions", "mentions", "invitation_uses")
ORDER = {"users": 1, "groups": 2, "invitations": 3, "sessions": 4, **dict.fromkeys(OF_GROUPS, 5), "submissions": 6}
GIVEN = r"(?:WITH given\(.*?\) AS\s+\(VALUES .*?\)\s+(?=SELECT|UPDATE|DELETE))?"  # many_rows.py
LOCKS = re.compile(
    GIVEN + r"SELECT .*?FROM (\w+).* FOR (?:NO KEY UPDATE|UPDATE|SHARE|KEY SHARE)(?: OF (\w+))?", re.DOTALL
)
WRITES = re.compile(GIVEN + r"(?:UPDATE|DELETE FROM|LOCK TABLE|INSERT INTO) (\w+)", re.DOTALL)


def test_every_act_locks_tables_in_one_order(town, transactions):
    for act in ACTS:
        transactions.clear()
        act(town)

        locked = [tables for of_one in transactions.values() for tables in of_one if tables]
        assert locked, act
        assert [(act.__name__, tables) for tables in locked if not is_in_order(tables)] == []


def is_in_order(tables):
    if tables == ["memberships"]:
        return True  # log/marks.py, which waits for nobody
    # A new account is nothing that anybody waits for, but for its name.
    places = [ORDER[table] for table in tables if table != "new users"]
    return places == sorted(places) and (2 in places or 5 not in places or "new users" in tables)


def test_no_act_waits_for_entries_that_are_being_written(town, statements):
    for act in ACTS:
        act(town)

    assert [each for each in statements if re.search(r"FROM (users|groups)\b.* FOR UPDATE", each, re.DOTALL)] == []


@pytest.fixture
def statements():
    found = []
    with watched("before_cursor_execute", lambda _connection, _cursor, statement, *_details: found.append(statement)):
        yield found


@pytest.fixture
def transactions():
    """For each connection its transactions: the tables of which they lock rows, each where it is first."""
    found = defaultdict(list)

    def begin(connection):
        found[connection.connection.dbapi_connection].append([])

    def note(connection, _cursor, statement, *_details):
        locks, tables = LOCKS.match(statement) or WRITES.match(statement), found[connection.connection.dbapi_connection]
        table = "new users" if statement.startswith("INSERT INTO users") else locks and locks[locks.lastindex]
        if table and table not in tables[-1]:
            tables[-1].append(table)

    with watched("begin", begin), watched("before_cursor_execute", note):
        yield found


@contextmanager
def watched(name, note):
    event.listen(Engine, name, note)
    yield
    event.remove(Engine, name, note)


# The order of ids


@pytest.mark.parametrize(
    ("act", "table", "first", "last"),
    [
        (close_newcomers, "groups", 1, 10),
        (change_members, "groups", 2, 10),
        (delete_messages, "groups", 1, 10),
        (rename_and_demote, "groups", 1, 8),
        (restore, "groups", 1, 10),
        (promote_and_demote, "users", 1, 6),
    ],
)
def test_an_act_that_waits_for_a_row_holds_none_that_come_after_it(town, act, table, first, last):
    say_in_all(town)
    join_as_newcomers(town)
    town.rows(f"UPDATE {table} SET id = id WHERE id = {first}")  # noqa: S608 - now the last in the table itself

    with ThreadPoolExecutor(1) as thread, Holder(town.postgres, town.database) as holder:
        holder.locks(table, first)
        thread.submit(act, town)
        holder.waits_until_it_waits()

        holder.locks(table, last, "NOWAIT")


# All at once


def test_acts_that_meet_do_not_wait_for_each_other(town, deadlocks):
    chance = random.Random(5)  # noqa: S311
    acts = chance.sample(ACTS * ROUNDS, len(ACTS) * ROUNDS)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda act: act(town), acts))

    assert deadlocks == []


@pytest.fixture
def deadlocks(town):
    """The statements that PostgreSQL ended, which it does as soon as it can see that two wait for each other."""
    town.postgres.execute(f"ALTER DATABASE {town.database} SET deadlock_timeout = '5ms'")
    town.postgres.end_connections_to(town.database)
    found = []

    def note(context):
        if getattr(context.original_exception, "sqlstate", None) == "40P01":
            found.append(context.statement)

    with watched("handle_error", note):
        yield found
