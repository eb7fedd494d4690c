"""What RFC 6455 asks of a server, asked by a client that sends frames as it likes."""

import asyncio
import json

import pytest
from raw import CLOSE, PING, PONG, TEXT, closing, frame, raw
from websockets.frames import Opcode

CLOSES_WITHIN = 5  # seconds: half of what the server gives a client that does not answer its close
GOOD_MORNING = b'{"type": "text_message", "message": "good morning"}'


@pytest.fixture
async def bob(garden):
    """Bob's connection to the group, in the tutorial's protocol."""
    async with raw(garden.bob, f"/groups/{garden.group}/") as bob:
        yield bob


async def test_a_message_in_fragments_with_a_ping_between_them_is_one_message(garden, bob):
    bob.sends(frame(Opcode.TEXT, GOOD_MORNING[:9], fin=False), frame(Opcode.PING, b"still there?"))
    bob.sends(frame(Opcode.CONT, GOOD_MORNING[9:20], fin=False), frame(Opcode.CONT, GOOD_MORNING[20:]))

    assert await bob.receives() == (PONG, b"still there?")
    assert await says(bob) == "good morning"
    assert [entry.what for entry in garden.log()[2:]] == ["good morning"]


async def test_messages_that_arrive_byte_by_byte_are_read_in_their_order(garden, bob):
    good_day = GOOD_MORNING.replace(b"morning", b"day")
    frames = frame(Opcode.TEXT, GOOD_MORNING), frame(Opcode.PING, b"there?"), frame(Opcode.TEXT, good_day)

    for byte in b"".join(frames):
        bob.sends(bytes([byte]))

    received = [await bob.receives() for _ in range(3)]
    assert sorted(first for first, _ in received) == [TEXT, TEXT, PONG]
    assert [entry.what for entry in garden.log()[2:]] == ["good morning", "good day"]


@pytest.mark.parametrize("size", [1, 60, 126, 10_000])
async def test_a_message_of_any_length_arrives_whole(size, bob):
    text = "é" * size
    bob.sends(frame(Opcode.TEXT, json.dumps({"type": "text_message", "message": text}, ensure_ascii=False).encode()))

    assert await says(bob) == text


@pytest.mark.parametrize("code", [1000, 1001, 3000, 4999])
async def test_a_close_is_answered_with_its_own_code_and_the_connection_ends(code, bob):
    bob.sends(closing(code))

    assert await bob.receives() == (CLOSE, code.to_bytes(2))
    assert await bob.receives() is None


async def test_the_second_half_of_a_frame_may_follow_the_servers_close(garden, bob):
    # Not masked, the second half could be taken for the beginning of another frame.
    first, second = b"\x00" * 9_000, frame(Opcode.BINARY, b"\x00" * 1_000)[:900]
    head = frame(Opcode.BINARY, first + second)[:4] + b"\x00" * 4
    await bob.has_sent(frame(Opcode.PING, b"there?"), head + first)
    assert await bob.receives() == (PONG, b"there?")
    await asyncio.to_thread(garden.bob.log_out)
    assert await bob.receives() == (CLOSE, (4401).to_bytes(2))

    bob.sends(second, closing(4401))

    async with asyncio.timeout(CLOSES_WITHIN):
        assert await bob.receives() is None


async def test_a_close_between_fragments_discards_the_message(garden, bob):
    bob.sends(frame(Opcode.TEXT, GOOD_MORNING, fin=False), closing(1000))

    assert await ended(bob) == 1002
    assert len(garden.log()) == 2


@pytest.mark.parametrize("sizes", [[65_537], [40_000, 40_000]], ids=["one frame", "fragments"])
async def test_a_message_over_64_kib_is_refused_with_1009(sizes, bob):
    *earlier, last = [b"x" * size for size in sizes]
    for place, part in enumerate(earlier):
        bob.sends(frame(Opcode.CONT if place else Opcode.TEXT, part, fin=False))
    bob.sends(frame(Opcode.CONT if earlier else Opcode.TEXT, last))

    assert await ended(bob) == 1009


async def test_a_binary_frame_is_an_error_and_the_connection_lives_on(bob):
    bob.sends(frame(Opcode.BINARY, GOOD_MORNING))
    first, error = await bob.receives()
    bob.sends(frame(Opcode.TEXT, GOOD_MORNING))

    assert (first, json.loads(error)["code"]) == (TEXT, "bad_frame")
    assert await says(bob) == "good morning"


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        pytest.param(frame(Opcode.TEXT, GOOD_MORNING, mask=False), 1002, id="unmasked"),
        pytest.param(b"\xc1\x80" + bytes(4), 1002, id="reserved bit"),
        pytest.param(b"\x83\x80" + bytes(4), 1002, id="reserved opcode"),
        pytest.param(b"\x09\x80" + bytes(4), 1002, id="ping in fragments"),
        pytest.param(b"\x89\xfe\x00\x7e" + bytes(4 + 126), 1002, id="long ping"),
        pytest.param(frame(Opcode.CONT, b"rest"), 1002, id="rest of nothing"),
        pytest.param(frame(Opcode.TEXT, fin=False) + frame(Opcode.TEXT), 1002, id="two unfinished"),
        pytest.param(frame(Opcode.CLOSE, b"\x03"), 1002, id="half a code"),
        pytest.param(frame(Opcode.TEXT, b"\xff"), 1007, id="not utf-8"),
    ],
)
async def test_a_client_that_breaks_the_protocol_is_closed_with_a_reason(frames, code, bob):
    bob.sends(frames)

    assert await ended(bob) == code


async def test_nothing_follows_a_close_frame_while_everyone_talks(garden, bob):
    async with garden.alice.follows(garden.group, 0) as alice:
        for number in range(50):
            await alice.says("something", f"{number}")
            if number == 25:
                bob.sends(closing(1000))

        assert await ended(bob) == 1000


async def test_pings_are_answered_between_frames_never_within_one(garden, bob):
    async with garden.alice.follows(garden.group, 0) as alice:
        for number in range(100):
            await alice.says("x" * 5_000, f"{number}")
            bob.sends(frame(Opcode.PING, b"%d" % number))
        said, answered = [], []
        # Of pings that wait for a slow reader only the last has to be answered.
        while len(said) < 100 or answered[-1:] != [99]:
            first, payload = await bob.receives()
            if first == TEXT:
                said.append(json.loads(payload)["seq"])
            elif first == PONG:
                answered.append(int(payload))

    assert said == list(range(3, 103))
    assert answered == sorted(answered)


async def says(client):
    """The text of the next message."""
    first, payload = await client.receives()
    assert first == TEXT
    return json.loads(payload)["content"]


async def ended(client):
    """The code with which the server closes, after which nothing may follow but the end."""
    while (received := await client.receives()) and received.first != CLOSE:
        assert received.first in (TEXT, PING, PONG)
    assert received is not None
    assert await client.receives() is None
    return int.from_bytes(received.payload[:2])
