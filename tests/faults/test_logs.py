"""What the server writes about what it does: nothing that anybody has to keep secret."""

import re

import pytest
from garden import CommandServer, FaultyServer, Garden
from people import PASSWORD

SAID = "the rosemary is for remembrance"
WRONG, NEW = "wrong horse battery", "another horse entirely"


async def test_no_password_token_or_message_is_in_the_log(faulty):
    garden = faulty(program=CommandServer)
    await speak(garden)
    administrate(garden.alice)
    guess(garden.bob)
    secrets = [PASSWORD, WRONG, NEW, SAID, SAID.replace(" ", "+"), garden.server.environment["SECRET_KEY"]]
    secrets += [part for person in (garden.alice, garden.bob) for part in parts_of_cookies(person)]

    garden.server.stop()

    written = garden.server.log.read_text()
    assert written.count("POST /accounts/login/") == 14
    assert {"login", "sign-up", "origin", "limit"} <= set(re.findall(r"discussit\.security: ([\w-]+)", written))
    assert [secret for secret in secrets if secret in written] == []


async def speak(garden):
    async with garden.alice.follows(garden.group, 0) as alice:
        await alice.has_said(SAID, "a")
        await alice.sends({"type": "text_message", "message": SAID, "author": "bob"})
        await alice.socket.send(f"{SAID}, which is no JSON")
        await alice.until(lambda: alice.refusals)
    for text in (SAID, SAID * 1_000):
        garden.bob.says(garden.group, text)
    garden.bob.browser.post("/groups/", data={"name": SAID[:30]}, headers={"Origin": "http://evil.example"})


def administrate(superuser):
    superuser.post("/admin/user/create", username="carol", password=NEW)
    superuser.post("/admin/user/edit/2", username="bob", password=NEW)
    superuser.browser.post("/admin/message/delete?pks=1;3")


def guess(person):
    person.post("/accounts/signup/", username=SAID, password1=PASSWORD, password2=WRONG)
    person.post("/accounts/login/", username=NEW, password=WRONG)  # people do type it there
    for password in [WRONG] * 12 + [PASSWORD]:
        person.post("/accounts/login/", username="alice", password=password)


def parts_of_cookies(person):
    return [part for value in person.browser.cookies.values() for part in value.split(".")]


# Errors of the database

REFUSE_ON_SQLITE = """
CREATE TRIGGER users_refuse BEFORE UPDATE ON users BEGIN SELECT RAISE(ABORT, 'refused'); END;
CREATE TRIGGER groups_refuse BEFORE INSERT ON groups BEGIN SELECT RAISE(ABORT, 'refused'); END;
CREATE TRIGGER texts_refuse BEFORE INSERT ON texts BEGIN SELECT RAISE(ABORT, 'refused'); END;
"""
REFUSE_ON_POSTGRES = """
ALTER TABLE users ADD CONSTRAINT refused CHECK (FALSE) NOT VALID;
ALTER TABLE groups ADD CONSTRAINT refused CHECK (FALSE) NOT VALID;
ALTER TABLE texts ADD CONSTRAINT refused CHECK (FALSE) NOT VALID;
"""


@pytest.fixture(params=["sqlite", "postgres"])
def refusing(request, tmp_path):
    """A garden whose database then takes no name, password or text any more."""
    url = {}
    if request.param == "postgres":
        postgres, migrated = request.getfixturevalue("postgres"), request.getfixturevalue("migrated")
        database = postgres.new_database(migrated)
        url = {"DATABASE_URL": postgres.url(database)}
    garden = Garden.on(FaultyServer(tmp_path, **url).start())
    if url:
        for statement in REFUSE_ON_POSTGRES.strip().splitlines():
            postgres.execute(statement, database=database)
    else:
        with garden.database() as connection:
            connection.executescript(REFUSE_ON_SQLITE)
    yield garden
    garden.server.end()


def test_an_error_of_the_database_quotes_no_value(refusing):
    bob, passwords = refusing.bob, {"password": PASSWORD, "password1": NEW, "password2": NEW}

    statuses = [
        bob.post("/accounts/password/", **passwords).status_code,
        refusing.alice.post("/groups/", name=SAID[:30]).status_code,
        bob.says(refusing.group, SAID).status_code,
    ]

    refusing.server.stop()
    written = refusing.server.log.read_text()
    assert statuses == [500, 500, 503]
    assert written.count("IntegrityError") > 2
    assert [secret for secret in ("$argon2", SAID[:30]) if secret in written] == []
