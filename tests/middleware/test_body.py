"""How much a request may send, and for how long."""

import asyncio
import socket

import pytest

from discussit.middleware import body
from discussit.middleware.body import MAX_BODIES_PER_ADDRESS, MAX_BODY, BodyLimit


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/signup/", "/nope"])
def test_a_body_that_is_too_large_is_refused(site, path):
    assert site.post(path, content=b"x" * (MAX_BODY + 1)).status_code == 413


def test_a_body_of_the_greatest_size_is_read(site):
    assert site.post("/accounts/login/", content=b"x" * MAX_BODY).status_code == 400


async def test_a_body_that_does_not_say_its_size_is_refused_all_the_same():
    messages = [{"type": "http.request", "body": b"x" * MAX_BODY, "more_body": True}] * 2

    assert await limited(messages) == ([], 413)


async def test_a_body_in_parts_arrives_whole():
    messages = [{"type": "http.request", "body": part, "more_body": part != b"c"} for part in (b"a", b"b", b"c")]

    assert await limited(messages) == ([b"abc"], None)


async def test_a_body_that_does_not_arrive_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(body, "BODY_LIMIT", 0.05)

    assert await limited([{"type": "http.request", "body": b"message=hel", "more_body": True}]) == ([], 408)


async def test_an_address_has_a_limited_number_of_bodies_under_way(monkeypatch):
    monkeypatch.setattr(body, "BODY_LIMIT", 0.2)
    slow = BodyLimit(None)
    statuses = await asyncio.gather(*(sent(slow, "203.0.113.9") for _ in range(MAX_BODIES_PER_ADDRESS + 1)))

    assert sorted(statuses) == [408] * MAX_BODIES_PER_ADDRESS + [429]
    assert await sent(slow, "203.0.113.9") == 408


def test_a_form_has_at_most_sixty_fields(alice, gardening, faultless):
    path = f"/groups/{gardening}/messages/"
    fields = {"message": "hi"} | {f"field{number}": "x" for number in range(59)}
    parts = {name: (None, value) for name, value in fields.items()}

    assert alice.post(path, **fields).status_code == alice.browser.post(path, files=parts).status_code == 303
    assert alice.post(path, more="x", **fields).status_code == 400
    assert alice.browser.post(path, files=parts | {"more": (None, "x")}).status_code == 400


async def test_half_a_form_is_not_acted_on():
    messages = [{"type": "http.request", "body": b"message=hel", "more_body": True}, {"type": "http.disconnect"}]

    assert await limited(messages) == ([], None)


@pytest.mark.parametrize(
    ("header", "body"),
    [
        ("Content-Length: 17", "username=rosalind"),
        ("Transfer-Encoding: chunked", "11\r\nusername=rosalind\r\n0\r\n\r\n"),
    ],
)
def test_a_form_that_offers_an_upgrade_is_never_taken_for_an_empty_one(server, header, body):
    head = "POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n"
    kind = "Content-Type: application/x-www-form-urlencoded\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(f"{head}{kind}{header}\r\n\r\n{body}".encode())
        answer = b"".join(iter(lambda: client.recv(4096), b"")).decode()

    assert answer.startswith("HTTP/1.1 400")
    # Under plain uvicorn nothing can bring it back.
    assert ("was lost" if server.way == "uvicorn" else "rosalind") in answer


async def limited(messages):
    """What the application behind the limit is given of a request, and the status that the limit answers itself."""
    given, answers = [], []

    async def behind(scope, receive, send):
        given.append((await receive())["body"])

    async def receive():
        return messages.pop(0) if messages else await asyncio.Event().wait()

    async def send(message):
        answers.append(message)

    await BodyLimit(behind)({"type": "http", "method": "POST", "headers": []}, receive, send)
    return given, answers[0]["status"] if answers else None


async def sent(limit, address):
    """The status for a body of which nothing comes."""
    answers = []

    async def send(message):
        answers.append(message)

    scope = {"type": "http", "method": "POST", "headers": [], "client": (address, 1)}
    await limit(scope, asyncio.Event().wait, send)
    return answers[0]["status"]
