"""How much of large responses a process keeps for slow readers."""

import asyncio
import logging

import pytest
from starlette.responses import PlainTextResponse, StreamingResponse

from discussit.accounts.current_user import CurrentUser
from discussit.limits import volume
from discussit.limits.volume import MAX_SENDING, SHARE
from discussit.middleware.responses import LARGE, ResponseLimit

LIMIT = 10  # seconds
MIB = 1024 * 1024


class Client:
    """One request of this user's; it reads so many parts of the body, pauses after each, and then reads no more."""

    def __init__(self, limit, user=1, parts=1_000_000, pause=0):
        self._limit, self._parts, self._pause = limit, parts, pause
        self.messages, self.has_stopped = [], asyncio.Event()
        account = CurrentUser(user, "", False, None, "") if user else None
        self._scope = {"type": "http", "method": "GET", "headers": [], "client": ("127.0.0.1", 1), "user": account}

    async def asks(self, size):
        """For a response of this size: its status and how much of it came."""
        async with asyncio.timeout(LIMIT):
            await self._limit(self._scope | {"size": size}, asyncio.Event().wait, self._reads)
        return self.messages[0]["status"], sum(len(part) for part in self.parts)

    async def _reads(self, message):
        if message["type"] == "http.response.body" and len(self.parts) == self._parts:
            self.has_stopped.set()
            await asyncio.Event().wait()
        self.messages.append(message)
        await asyncio.sleep(self._pause)

    @property
    def parts(self):
        return [message["body"] for message in self.messages[1:]]


@pytest.fixture
def limit():
    async def application(scope, receive, send):
        await PlainTextResponse("x" * scope["size"])(scope, receive, send)

    return ResponseLimit(application)


@pytest.fixture
async def stuck(limit):
    """Has users begin to read a response of a MiB, and stop."""
    tasks = []

    async def stuck(*users):
        for user in users:
            client = Client(limit, user, parts=3)
            tasks.append(asyncio.create_task(client.asks(MIB)))
            await client.has_stopped.wait()

    yield stuck
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_response_of_ordinary_size_is_passed_on_as_it_is(limit):
    client = Client(limit)

    assert await client.asks(LARGE) == (200, LARGE)
    assert [len(part) for part in client.parts] == [LARGE]


@pytest.mark.parametrize("size", [LARGE + 1, 2_500_000, MAX_SENDING + 1])
async def test_a_large_response_is_sent_in_parts(limit, size):
    client = Client(limit)

    assert await client.asks(size) == (200, size)
    assert max(len(part) for part in client.parts) <= LARGE
    assert [message.get("more_body") for message in client.messages[1:]] == [True] * (len(client.parts) - 1) + [False]


async def test_a_streamed_response_is_passed_on_as_it_is():
    async def application(scope, receive, send):
        await StreamingResponse(iter([b"x" * LARGE, b"", b"x" * MIB]))(scope, asyncio.Event().wait, send)

    client = Client(ResponseLimit(application))

    assert await client.asks(0) == (200, LARGE + MIB)


@pytest.mark.parametrize("user", [1, None], ids=["an account", "strangers"])
async def test_whoever_has_their_share_under_way_waits_for_it(limit, stuck, user):
    await stuck(*[user] * (SHARE // MIB))
    refused = Client(limit, user)

    assert (await refused.asks(MIB))[0] == 429
    assert (b"retry-after", b"5") in refused.messages[0]["headers"]
    assert await Client(limit, user).asks(LARGE) == (200, LARGE)
    assert await Client(limit, user=2).asks(MIB) == (200, MIB)


async def test_a_stalled_reader_gives_way_to_others_when_there_is_too_much(monkeypatch, limit, stuck):
    monkeypatch.setattr(volume, "STALLED", 0.1)
    await stuck(*range(MAX_SENDING // MIB))

    served = await asyncio.gather(*(Client(limit, user).asks(MIB) for user in range(100, 110)))

    assert served == [(200, MIB)] * 10


async def test_a_response_too_many_is_refused(monkeypatch, limit, stuck):
    monkeypatch.setattr(volume, "STALLED", 3600)
    monkeypatch.setattr(volume, "TURN_LIMIT", 0.1)
    await stuck(*range(MAX_SENDING // MIB))

    assert (await Client(limit, 100).asks(MIB))[0] == 503


async def test_responses_that_wait_are_limited_too(limit, stuck):
    await stuck(*range(MAX_SENDING // MIB))

    statuses = await asyncio.gather(*(Client(limit, user).asks(MIB) for user in range(100, 120)))

    assert [status for status, _ in statuses][-4:] == [503] * 4


@pytest.mark.parametrize(
    ("parts", "pause", "rate"), [(0, 0, 1), (2, 0, 1), (16, 0.03, 64 * MIB)], ids=["nothing", "stops", "slow"]
)
async def test_a_reader_that_takes_too_long_is_cut_off(monkeypatch, caplog, limit, parts, pause, rate):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(volume, "READ_CREDIT", 0.1)
    monkeypatch.setattr(volume, "MIN_RATE", rate)

    status, length = await Client(limit, parts=parts, pause=pause).asks(MIB)

    assert (status, length < MIB) == (200, True)
    assert "who was too slow" in caplog.text


async def test_what_is_sent_no_longer_counts(limit):
    for _ in range(SHARE // MIB + 1):
        assert await Client(limit).asks(MIB) == (200, MIB)
