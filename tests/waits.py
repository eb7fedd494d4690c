"""Requests that wait before they act, and what happens in the meantime."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

from anyio import fail_after, to_thread
from anyio.lowlevel import checkpoint
from argon2 import PasswordHasher
from servers import CHEAP
from sqlalchemy import text

from discussit.accounts import passwords
from discussit.limits import throttles
from discussit.limits.throttles import Throttles
from discussit.models import User

WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
HELD = text("LOCK TABLE users, groups, memberships, sessions IN EXCLUSIVE MODE")


def answered_after(site, act, change):
    """What `act` is answered, which waits to write until what `change` does, given a session, is committed."""
    database = site.app._app.state.site.database
    with ThreadPoolExecutor() as threads:
        with site.portal.wrap_async_context_manager(database.transaction()) as session:
            if not database.settings.uses_sqlite:
                site.portal.call(session.execute, HELD)
            answer = threads.submit(act)
            site.portal.call(one_waits, database, session)
            site.portal.call(change, session)
        return answer.result()


async def one_waits(database, session):
    """Return once another transaction waits for this session's."""
    with fail_after(10):
        while not await _waits(database, session):
            await checkpoint()


async def _waits(database, session):
    if database.settings.uses_sqlite:
        return "waiters" in repr(database._turn._free)
    return await session.scalar(WAITING)


class Halt:
    """A place where the first to come waits."""

    def __init__(self):
        self.is_reached, self._may_go_on = threading.Event(), threading.Event()

    def wait(self):
        self.is_reached.set()
        assert self._may_go_on.wait(10)

    def end(self):
        self._may_go_on.set()


@contextmanager
def during(halt, act):
    """The future of what `act` is answered, which waits there until the block ends."""
    with ThreadPoolExecutor() as threads:
        answer = threads.submit(act)
        try:
            assert halt.is_reached.wait(10)
            yield answer
        finally:
            halt.end()


@contextmanager
def slow_hashing(environment):
    """Hashing a password waits, though it is as cheap as in all tests."""
    halt = Halt()

    class SlowHasher(PasswordHasher):
        def hash(self, *arguments, **options):
            halt.wait()
            return super().hash(*arguments, **options)

    environment.setattr(passwords, "hasher", SlowHasher(CHEAP.time_cost, CHEAP.memory_cost, CHEAP.parallelism))
    yield halt
    halt.end()


@contextmanager
def slow_counting(environment, site):
    """Whatever is counted waits for a Redis that accepts the connection, and answers nothing."""
    halt = Halt()

    async def serve(reader, writer):
        await reader.read(1)
        await to_thread.run_sync(halt.wait)
        writer.close()

    environment.setattr(throttles, "ANSWER_LIMIT", 10)
    server = site.portal.call(asyncio.start_server, serve, "127.0.0.1", 0)
    address = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    site_before = site.app._app.state.site
    slow = Throttles(replace(site_before.settings, broadcast_url=address))
    site.app._app.state.site = replace(site_before, throttles=slow)
    yield halt
    halt.end()
    site.app._app.state.site = site_before
    site.portal.call(slow.close)
    server.close()


# What alice, the first account, loses in the meantime


async def demoted(session):
    (await session.get_one(User, 1)).is_superuser = False


async def closed(session):
    await (await session.get_one(User, 1)).close()


async def logged_out(session):
    await (await session.get_one(User, 1)).end_sessions()
