"""A group on two servers that share a PostgreSQL and a bus."""

import time
from contextlib import asynccontextmanager
from uuid import UUID

from clients import Entry, RemotePerson
from garden import Garden

LOG = """
SELECT entries.seq, username, CASE kind WHEN 'Message' THEN coalesce(content, '') ELSE kind END, client_id
FROM entries JOIN users ON users.id = user_id JOIN groups ON groups.id = entries.group_id
LEFT JOIN texts ON texts.group_id = entries.group_id AND texts.seq = entries.seq
WHERE groups.uuid = $1 ORDER BY entries.seq
"""


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
        return [(Entry(*row[:3]) if row[2] != "Poll" else Entry(row[0], "", ""), row[3]) for row in found]

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
