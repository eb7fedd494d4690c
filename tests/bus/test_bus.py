import asyncio
from contextlib import asynccontextmanager

import pytest
from anyio import create_task_group, move_on_after
from broadcaster import Event
from shared_memory import SharedMemory

from discussit.bus import CAPACITY, RESYNC, Bus, Inbox, MemoryBackend
from discussit.bus.backends import SupervisedBackend
from discussit.bus.bus import CHECKED_WITHIN
from discussit.bus.signing import Sender, Signatures


class Unreliable(SharedMemory):
    """An engine that is down for as long as `is_down`, and keeps what it was given."""

    def __init__(self, *others):
        super().__init__(*others)
        self.is_down = False
        self.was_asked_in_vain = asyncio.Event()
        self.given = []
        self._was_given = asyncio.Event()

    async def publish(self, channel, message):
        if self.is_down:
            self.was_asked_in_vain.set()
            raise ConnectionError("the engine is down")
        self.given.append((channel, message))
        self._was_given.set()
        await super().publish(channel, message)

    async def publishes(self):
        """Return once it was given something."""
        await self._was_given.wait()


async def test_the_first_message_of_a_channel_is_resync(settings):
    async with connected(settings) as bus, bus.subscribe("a") as messages:
        assert await anext(messages) == RESYNC


async def test_messages_arrive_in_the_order_in_which_they_were_posted(settings):
    async with two_connected(settings) as (bus, other), bus.subscribe("a") as messages:
        for number in range(100):
            other.post("a", str(number))

        assert await texts(messages, 100) == [str(number) for number in range(100)]


async def test_others_are_told_as_soon_as_it_is_published(settings):
    async with two_connected(settings) as (bus, _):
        for _ in range(2):
            bus.post("a", "told")

            with move_on_after(CHECKED_WITHIN / 2) as waiting:
                await bus.others_notified()

            assert not waiting.cancelled_caught


async def test_what_is_lost_others_only_know_when_they_have_looked(settings):
    engine = Unreliable()
    engine.is_down = True
    async with connected(settings, engine) as bus:
        bus.post("a", "lost")
        with move_on_after(CHECKED_WITHIN / 4) as waiting:
            await bus.others_notified()

    assert (engine.was_asked_in_vain.is_set(), waiting.cancelled_caught) == (True, True)


async def test_a_channels_messages_reach_only_its_subscribers(settings):
    async with two_connected(settings) as (bus, other), bus.subscribe("a") as of_a, bus.subscribe("b") as of_b:
        other.post("a", "for a")
        other.post("b", "for b")

        assert await texts(of_a, 1) == ["for a"]
        assert await texts(of_b, 1) == ["for b"]


async def test_every_subscriber_of_a_channel_receives_resync_and_the_messages(settings):
    async with two_connected(settings) as (bus, other), bus.subscribe("a") as first:
        other.post("a", "one")
        await texts(first, 1)
        async with bus.subscribe("a") as second:
            other.post("a", "two")

            assert await until(second, "two") == [RESYNC, "two"]
            assert await texts(first, 1) == ["two"]


async def test_simultaneous_first_subscribers_all_receive_messages(settings):
    async def receives(bus):
        async with bus.subscribe("a") as messages:
            return await until(messages, "hi")

    async with (
        two_connected(settings) as (bus, other),
        asyncio.TaskGroup() as tasks,
        bus.subscribe("a") as messages,
    ):
        tasks_of_subscribers = [tasks.create_task(receives(bus)) for _ in range(20)]
        # Each subscription is confirmed on the channel: then all of them are there.
        await read(messages, 21)
        other.post("a", "hi")

    assert all(task.result() for task in tasks_of_subscribers)


async def test_messages_without_subscribers_are_dropped(settings):
    async with two_connected(settings) as (bus, other), bus.subscribe("b") as of_b:
        other.post("a", "unheard")
        other.post("b", "marker")
        await texts(of_b, 1)
        async with bus.subscribe("a") as messages:
            other.post("a", "heard")

            assert await texts(messages, 1) == ["heard"]


async def test_a_subscription_leaves_nothing_behind(settings):
    backend = MemoryBackend()

    async with connected(settings, backend) as bus:
        for _ in range(100):
            async with bus.subscribe("a") as one, bus.subscribe("a"):
                await anext(one)

        assert bus._broadcast._subscribers == {}
        assert backend.wanted == set()


# What others put there


@pytest.mark.parametrize("forged", ["hi", "0" * 32 + "hi", "", "x", "\udcff", "\udcff" * 40, "0" * 32, "ü" * 40])
async def test_an_unsigned_message_means_resync(settings, forged):
    backend = MemoryBackend()

    async with connected(settings, backend) as bus, bus.subscribe("a") as messages:
        await confirmed(messages)
        backend.receive("a", forged)

        assert await anext(messages) == RESYNC


async def test_a_message_is_signed_for_its_channel_alone(settings):
    engine = Unreliable()

    async with two_connected(settings, engine) as (other, bus), bus.subscribe("a") as of_a, bus.subscribe("b") as of_b:
        await confirmed(of_b)
        other.post("a", "hi")
        await until(of_a, "hi")
        await engine.publish("b", engine.given[0][1])

        assert await anext(of_b) == RESYNC


async def test_a_message_of_a_server_with_another_key_means_resync(settings, environment):
    environment.setenv("SECRET_KEY", "another")
    engine = SharedMemory()

    async with (
        connected(type(settings).from_environment(), SharedMemory(engine)) as stranger,
        connected(settings, engine) as bus,
        bus.subscribe("a") as messages,
    ):
        await confirmed(messages)
        stranger.post("a", "hi")

        assert await anext(messages) == RESYNC


async def test_what_a_process_posted_itself_arrives_among_what_others_did(settings):
    async with two_connected(settings) as (bus, other), bus.subscribe("a") as messages:
        await confirmed(messages)
        bus.post("a", "mine")
        other.post("a", "theirs")

        assert await read(messages, 2) == ["mine", "theirs"]


# When the engine is down or too slow


async def test_an_engine_that_is_down_fails_no_writer_and_is_logged(settings, caplog):
    engine = Unreliable()

    async with two_connected(settings, engine) as (other, bus), bus.subscribe("a") as messages:
        engine.is_down = True
        other.post("a", "lost")
        await engine.was_asked_in_vain.wait()
        engine.is_down = False
        other.post("a", "hi")

        assert await texts(messages, 1) == ["hi"]
    assert "could not publish to a" in caplog.text


class Breaking(SupervisedBackend):
    """An engine whose connection breaks as often as there are errors, and holds then."""

    name = "breaking"
    errors = (OSError,)

    def __init__(self, *errors):
        super().__init__()
        self._errors_to_come = list(errors)
        self.holds = asyncio.Event()

    async def listen(self):
        self.connected()
        for channel in self.wanted:
            self.resync(channel)
        if self._errors_to_come:
            raise self._errors_to_come.pop(0)
        self.holds.set()
        await asyncio.Event().wait()

    async def disconnect(self):
        pass


def any_errors():
    """What client libraries have raised when a connection broke in the middle of something, and more."""
    return [
        ConnectionResetError("by peer"),
        RuntimeError("readuntil() called while another coroutine is already waiting for incoming data"),
        AttributeError("'NoneType' object has no attribute 'writelines'"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
        ExceptionGroup("many", [KeyError("one")]),
        asyncio.CancelledError("a future of the library's"),
    ]


@pytest.mark.parametrize("error", any_errors(), ids=lambda error: type(error).__name__)
async def test_a_connection_that_breaks_with_any_error_is_logged_and_replaced(settings, caplog, error):
    backend = Breaking(error)

    async with connected(settings, backend) as bus, bus.subscribe("a") as messages:
        await backend.holds.wait()
        backend.receive("a", Sender(Signatures(settings.secret_key)).signed("a", "hi"))

        assert set(await until(messages, "hi")) == {RESYNC, "hi"}
        assert bus.is_connected
    assert f"the breaking bus is down: {type(error).__name__}" in caplog.text


async def test_only_errors_that_are_not_the_engines_are_logged_with_a_traceback(settings, caplog):
    backend = Breaking(ConnectionResetError("by peer"), KeyError("unforeseen"))

    async with connected(settings, backend):
        await backend.holds.wait()

    assert "unforeseen" in caplog.text
    assert "by peer" not in caplog.text


class Confused(MemoryBackend):
    async def next_published(self):
        raise KeyError("unforeseen")


async def test_a_bus_ends_when_its_messages_are_no_longer_delivered(settings):
    with pytest.raises(ExceptionGroup) as ended:
        async with connected(settings, Confused()):
            await asyncio.Event().wait()

    (error,) = ended.value.exceptions[0].exceptions
    assert (str(error), repr(error.__cause__)) == ("broadcaster's listener ended", "KeyError('unforeseen')")


async def test_an_inbox_that_overflows_becomes_one_resync_for_each_channel():
    inbox = Inbox(capacity=4)
    for message in ("1", "2"):
        inbox.put("a", message)
        inbox.put("b", message)

    inbox.put("a", "3")

    assert [await inbox.get() for _ in range(3)] == [Event("a", RESYNC), Event("b", RESYNC), Event("a", "3")]


async def test_an_overflowing_outbox_keeps_the_newest(settings):
    engine = SharedMemory()
    other = Bus(settings, SharedMemory(engine))
    for number in range(CAPACITY + 1):
        other.post("a", str(number))

    async with connected(settings, engine) as bus, bus.subscribe("a") as messages, running(other):
        assert (await until(messages, str(CAPACITY))).count("0") == 0


@asynccontextmanager
async def connected(settings, backend=None):
    bus = Bus(settings, backend)
    async with running(bus):
        yield bus


@asynccontextmanager
async def two_connected(settings, engine=None):
    """The buses of two processes; the first has this end of their engine."""
    engine = engine or SharedMemory()
    async with connected(settings, engine) as one, connected(settings, SharedMemory(engine)) as other:
        yield one, other


@asynccontextmanager
async def running(bus):
    async with bus.connected(), create_task_group() as tasks:
        tasks.start_soon(bus.run)
        yield
        tasks.cancel_scope.cancel()


async def confirmed(messages):
    """Read what confirms the subscription, as a channel's first subscriber: from `broadcaster` and from the bus."""
    assert await read(messages, 2) == [RESYNC, RESYNC]


async def texts(messages, count):
    """The next messages that are more than RESYNC."""
    found = []
    while len(found) < count:
        if (message := await anext(messages)) != RESYNC:
            found.append(message)
    return found


async def read(messages, count):
    return [await anext(messages) for _ in range(count)]


async def until(messages, last):
    """All messages up to this one."""
    found = [await anext(messages)]
    while found[-1] != last:
        found.append(await anext(messages))
    return found
