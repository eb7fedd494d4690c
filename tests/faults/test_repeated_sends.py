"""A client that does not know whether its message was stored sends it again: `client_id` shows which it is."""

from clients import SocketClient


async def test_six_simultaneous_sends_of_one_client_id_are_one_message(garden):
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
        for _ in range(6):
            await alice.says("hello", "one")
        await alice.has_said("last", "two")

        assert alice.acks == {"one": 3, "two": 4}
        await garden.agrees(alice, bob)


async def test_the_same_client_id_over_two_sockets_is_one_message(garden):
    async with garden.alice.follows(garden.group, 0) as left, garden.alice.follows(garden.group, 0) as right:
        for socket in (left, right) * 3:
            await socket.says("hello", "one")
        await left.has_said("last", "left")
        await right.has_said("last", "right")

        assert left.acks["one"] == right.acks["one"] == 3
        await garden.agrees(left, right)


async def test_the_same_client_id_with_another_body_is_the_message_that_is_there(garden):
    async with garden.alice.follows(garden.group, 0) as alice:
        first = await alice.has_said("what I meant", "one")
        alice.acks.clear()
        second = await alice.has_said("what I did not mean", "one")

        assert first == second
        await garden.agrees(alice)
        assert garden.log()[-1].what == "what I meant"


async def test_the_same_client_id_of_another_author_is_another_message(garden):
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
        await alice.says("hello", "one")
        await bob.says("hello", "one")

        assert {await alice.acked("one"), await bob.acked("one")} == {3, 4}
        await garden.agrees(alice, bob)


async def test_the_same_client_id_by_socket_and_by_form_is_one_message(garden):
    async with garden.alice.follows(garden.group, 0) as alice:
        await alice.says("hello", "one")
        for _ in range(3):
            assert garden.alice.says(garden.group, "hello", client_id="one").status_code == 303

        assert await alice.acked("one") == 3
        await garden.agrees(alice)
        assert len(garden.log()) == 3


async def test_a_client_that_dies_before_its_acks_and_returns_has_sent_everything_once(garden):
    async with garden.alice.follows(garden.group, 0) as alice, garden.bob.follows(garden.group, 0) as bob:
        for number in range(50):
            await alice.says(f"{number}", f"{number}")
            if number % 10 == 9:
                await alice.returns()

        await alice.until(lambda: len(alice.acks) == 50)
        await garden.agrees(alice, bob)
        assert [entry.what for entry in garden.log()[2:]] == [f"{number}" for number in range(50)]


async def test_a_page_that_was_reloaded_sends_its_unacknowledged_message_once(garden):
    async with garden.alice.follows(garden.group, 0) as dying:
        await dying.says("before the crash", "unsure")
    reloaded = SocketClient(garden.alice, garden.group, len(garden.log()))
    reloaded.outbox = dying.outbox

    async with reloaded as alice:
        await alice.acked("unsure")

        await garden.agrees(alice)
        assert str(garden.log()).count("before the crash") == 1
