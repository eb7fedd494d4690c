"""A group on two servers that share a PostgreSQL and a bus."""

import time
from contextlib import asynccontextmanager
from uuid import UUID

from clients import Entry, RemotePerson
from garden import Garden

LOG = """
SELECT entries.seq, username, CASE kind WHEN 'Message' THEN coalesce(content, '')
 ELSE kind || coalesce(' ' || target, '') END, client_id
FROM entries JOIN users ON users.id = user_id JOIN groups ON groups.id = entries.group_id
LEFT JOIN texts ON texts.group_id = entries.group_id AND texts.seq = entries.seq
WHERE groups.uuid = $1 ORDER BY entries.seq
"""


GROW = [
    "INSERT INTO entries (group_id, seq, kind, user_id, timestamp, state, nth)"
    " SELECT groups.id, last_seq + n, 'Message', users.id, now(), 'live', messages + n"
    " FROM groups, users, generate_series(1, $1) AS n WHERE username = 'alice'",
    "INSERT INTO texts (group_id, seq, content)"
    " SELECT id, last_seq + n, 'elsewhere ' || n FROM groups, generate_series(1, $1) AS n",
    "UPDATE groups SET last_seq = last_seq + $1, messages = messages + $1",
]


class SharedGarden(Garden):
    """Two servers on a PostgreSQL of which others have databases too; alice is at one of them, bob at the other."""

    def __init__(self, servers, postgres, database):
        self.servers, self.postgres, self.database = servers, postgres, database
        alice, bob = RemotePerson(servers[0], "alice"), RemotePerson(servers[1], "bob")
        alice.sign_up()
        bob.sign_up()
        super().__init__(servers[0], alice, bob)

    def rows(self):
        found = self.postgres.execute(LOG, UUID(self.group), database=self.database)
        return [(Entry(*row[:3]) if not row[2].startswith("Poll") else Entry(row[0], "", ""), row[3]) for row in found]

    def deletes(self, seq):
        """Alice, in the administration at her process."""
        (row,) = self.postgres.execute("SELECT id FROM groups", database=self.database)
        answer = self.alice.browser.post(f"/admin/message/delete?pks={row['id']};{seq}")
        assert answer.status_code < 400, answer.text
        assert self.log()[seq - 1].what == ""

    def renames(self, name, new):
        """Alice again. What changes in place is a name: everyone has to load the log again."""
        row = self.postgres.execute(f"SELECT id FROM users WHERE username = '{name}'", database=self.database)  # noqa: S608
        answer = self.alice.browser.post(f"/admin/user/edit/{row[0]['id']}", data={"username": new})
        assert answer.status_code < 400, answer.text
        assert new in {entry.name for entry in self.log()}

    def grow(self, copy, count):
        """Servers elsewhere write so many messages of alice's to a copy, which `restores` then uses."""
        for statement in GROW:
            self.postgres.execute(statement, count, database=copy)
        self._copy = copy

    def restores(self):
        """The operator puts the copy in the database's place, under the servers."""
        self.postgres.restore(self._copy, self.database)

    def says_it_is(self, status, **parts):
        """Whether both processes say so of themselves."""
        answers = [person.get("/readyz") for person in (self.alice, self.bob)]
        return all(answer.status_code == status and parts.items() <= answer.json().items() for answer in answers)


@asynccontextmanager
async def talking(garden):
    """Alice and bob follow the group. What this yields has both send a message that both receive, each over
    the connection that it has had from the beginning."""
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:

        async def talk():
            await alice.has_said("still here", f"{time.monotonic()}")
            await bob.has_said("so am I", f"{time.monotonic()}")
            await garden.agrees(alice, bob)

        await talk()
        yield talk
