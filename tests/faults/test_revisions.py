"""A text is deleted or changed in place, or a copy of the database restored, and not every process is told of it."""

import asyncio
import signal
from contextlib import asynccontextmanager, contextmanager, suppress

import pytest
from clients import PageClient, RemotePerson
from garden import until
from websockets import ConnectionClosed

from discussit.cli import main

SECRET = "the spare key is under the rosemary"
LOSSES = pytest.mark.parametrize("loss", ["redis down", "hint lost"])
PROCESSES = pytest.mark.parametrize("process", [0, 1], ids=["in its process", "in another"])


@pytest.fixture(autouse=True)
def _redis_again(redis):
    yield
    redis.start_if_down()


@asynccontextmanager
async def deleted(share, redis, loss, *faults):
    """The garden, and bob's client, in whose process nobody was told that a text has been deleted in alice's."""
    garden = share(redis.bus_url, *faults, of_first=["lose_deletions"] if loss == "hint lost" else [])
    alice, bob = PageClient(garden.alice, garden.group, 0), PageClient(garden.bob, garden.group, 0)
    async with alice, bob:
        await alice.has_said(SECRET, "secret")
        await alice.sends({"type": "edit_message", "target": 3, "rev": 0, "message": f"{SECRET}!", "client_id": "edit"})
        await bob.reaches(4)
        if loss == "redis down":
            redis.kill()
        garden.deletes(3)
        yield garden, bob


# A deleted text


@PROCESSES
@LOSSES
async def test_a_deleted_text_is_sent_to_nobody_who_comes_before_the_next_look(process, loss, share, redis):
    async with deleted(share, redis, loss, "never_look") as (garden, _):
        carol = garden.bob.at(garden.servers[process])
        for since in (0, 2):
            async with carol.follows(garden.group, since) as client:
                await client.reaches(5)
                assert client.entries == garden.log()[since:]
                assert SECRET not in client.received
        for path in ("", "?at=3", "entries/?since=0", "messages/3/history/", "messages/3/edit/"):
            assert SECRET not in carol.get(f"/groups/{garden.group}/{path}").text


@PROCESSES
@LOSSES
async def test_a_page_that_resumes_receives_the_deletion_before_the_next_look(process, loss, share, redis):
    async with deleted(share, redis, loss, "never_look") as (garden, bob):
        await bob.aclose()
        bob.person = bob.person.at(garden.servers[process])
        assert SECRET in bob.entries[2].what

        await bob.returns()

        await garden.agrees(bob)
        assert (bob.entries[4].what, bob.reset) == ("Delete 3", None)


@LOSSES
async def test_readers_of_a_process_that_was_not_told_receive_the_deletion_by_its_next_look(loss, share, redis):
    async with deleted(share, redis, loss) as (garden, bob):
        socket = bob.socket

        await garden.agrees(bob)

        assert (bob.entries[4].what, bob.reset, bob.socket) == ("Delete 3", None, socket)


async def test_a_page_that_was_away_while_a_text_was_deleted_receives_the_deletion(shared):
    async with shared.alice.follows(shared.group, 0) as alice, PageClient(shared.bob, shared.group, 0) as bob:
        await alice.has_said(SECRET, "secret")
        await bob.reaches(3)
        await bob.aclose()
        shared.deletes(3)
        await alice.has_said("something else", "else")

        await bob.returns()

        await shared.agrees(alice, bob)
        assert (len(bob.entries), bob.reset) == (5, None)


async def test_a_text_that_a_late_process_read_before_its_deletion_is_not_sent_once_it_knows(share, redis):
    garden = share(redis.bus_url, "never_look", of_second=["hold_reads"])
    two = garden.servers[1].folder
    garden.alice.says(garden.group, SECRET)
    async with garden.bob.follows(garden.group, 0) as bob:
        await until((two / "held").exists)
        redis.kill()
        garden.deletes(3)
        async with garden.bob.follows(garden.group):
            (two / "go").touch()

            await garden.agrees(bob)
            assert SECRET not in bob.received


# A name that changed in place


@asynccontextmanager
async def renamed(share, redis, loss, *faults):
    """The garden, and bob's client, in whose process nobody was told that carol has another name by now."""
    garden = share(redis.bus_url, *faults, of_first=["lose_revisions"] if loss == "hint lost" else [])
    carol = RemotePerson(garden.servers[1], "carol")
    carol.sign_up()
    carol.joins(garden.group)
    async with PageClient(garden.bob, garden.group, 0) as bob:
        await bob.reaches(3)
        if loss == "redis down":
            redis.kill()
        garden.renames("carol", "caroline")
        yield garden, bob


@PROCESSES
@LOSSES
async def test_a_name_that_was_changed_is_sent_to_nobody_who_comes_before_the_next_look(process, loss, share, redis):
    async with renamed(share, redis, loss, "never_look") as (garden, bob):
        await bob.aclose()

        async with bob.person.at(garden.servers[process]).follows(garden.group, 0) as client:
            await garden.agrees(client)


@PROCESSES
@LOSSES
async def test_a_page_that_resumes_is_reset_before_the_next_look(process, loss, share, redis):
    async with renamed(share, redis, loss, "never_look") as (garden, bob):
        await bob.aclose()
        bob.person = bob.person.at(garden.servers[process])

        await bob.returns()

        await bob.is_reset()
        assert bob.entries[2].name == "carol"


@LOSSES
async def test_readers_of_a_process_that_was_not_told_are_reset_by_its_next_look(loss, share, redis):
    async with renamed(share, redis, loss) as (_, bob):
        await bob.is_reset()


# A removal, a logout


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        pytest.param(lambda person, group: person.leaves(group), 4403, id="leave"),
        pytest.param(lambda person, _group: person.log_out(), 4401, id="logout"),
    ],
)
async def test_what_is_written_after_an_ending_in_another_process_is_not_sent_without_a_bus(
    ending, code, shared, redis
):
    async with shared.bob.follows(shared.group, 0) as bob:
        await bob.reaches(2)
        redis.kill()
        await asyncio.to_thread(ending, shared.bob.at(shared.servers[0]), shared.group)
        shared.alice.says(shared.group, "between us")
        with suppress(ConnectionClosed):  # bob may have been sent away by now
            await bob.says("and us", "late")

        assert await bob.closed() == code
        assert bob.entries == shared.log()[:2]


async def test_what_is_written_after_a_logout_in_another_process_is_not_sent_while_the_bus_hangs(shared, redis):
    async with shared.bob.follows(shared.group, 0) as bob:
        await bob.reaches(2)
        with hanging(redis):
            await asyncio.to_thread(shared.bob.at(shared.servers[0]).log_out)
            await asyncio.to_thread(shared.alice.at(shared.servers[1]).says, shared.group, "between us")

        assert await bob.closed() == 4401
        assert bob.entries == shared.log()[:2]


@contextmanager
def hanging(redis):
    redis.send(signal.SIGSTOP)
    try:
        yield
    finally:
        redis.send(signal.SIGCONT)


# A copy of the database


@asynccontextmanager
async def lost(garden, redis, grows):
    """Both have read three messages that a copy lacks. It takes the database's place when it has so many others."""
    async with PageClient(garden.alice, garden.group, 0) as alice, PageClient(garden.bob, garden.group, 0) as bob:
        for client in (alice, bob):
            await client.reaches(2)  # else they may be reading while the copy cuts everyone off
        copy = garden.postgres.copy(garden.database)
        for number in range(3):
            await alice.has_said(f"lost {number}", f"{number}")
        for client in (alice, bob):
            await client.reaches(5)
        redis.kill()
        garden.grow(copy, grows)
        yield alice, bob
        await alice.is_reset()
        await bob.is_reset()
        assert [len(client.entries) for client in (alice, bob)] == [5, 5]


@pytest.mark.parametrize("grows", [0, 3, 7], ids=["shorter", "as long", "longer"])
async def test_a_copy_that_takes_the_databases_place_is_noticed_by_both_processes(grows, shared, redis):
    async with lost(shared, redis, grows) as (alice, bob):
        shared.restores()

        assert {await alice.closed(), await bob.closed()} == {1012}


@PROCESSES
async def test_a_copy_that_grew_past_everybodys_place_before_anyone_returned_resets_them(process, shared, redis):
    async with lost(shared, redis, 7) as (alice, bob):
        for client in (alice, bob):
            await client.aclose()
            client.person = client.person.at(shared.servers[process])
        shared.restores()

        await alice.returns()
        await bob.returns()


async def test_the_operator_who_restored_a_copy_resets_everyone_in_both_processes(shared, monkeypatch):
    for name, value in shared.servers[0].environment.items():
        monkeypatch.setenv(name, value)
    async with PageClient(shared.alice, shared.group, 0) as alice, PageClient(shared.bob, shared.group, 0) as bob:
        await alice.reaches(2)
        await bob.reaches(2)
        assert await asyncio.to_thread(main, ["restored"]) == 0

        for client in (alice, bob):
            assert await client.closed() == 1012
            await client.is_reset()
