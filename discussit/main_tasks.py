"""Tasks that a process can't work without: if one ends, so does the process."""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from anyio import create_task_group

logger = logging.getLogger(__name__)

EXIT_CODE = 1  # uvicorn replaces a worker that exits with it; 3 means that it could not start, and ends all workers
END_LIMIT = 10.0  # seconds the server has to close its connections and end the lifespan

Run = Callable[[], Awaitable[None]]


class MainTaskEnded(Exception):
    """A task that should run for as long as the process ended. Its cause is the error, if there was one."""


class MainTasks:
    """Tasks that run for as long as the process. If one ends, so does the process.

    A server that stops on SIGTERM receives one, because ASGI has no way to end it: uvicorn does not even notice
    that the lifespan ended. `exit` then ends the process with EXIT_CODE. Without such a server, as under TestClient,
    the block of `running` is cancelled and MainTaskEnded is raised in an ExceptionGroup. In both cases `on_end` is
    called first, and only once.
    """

    def __init__(self, on_end: Callable[[], None]) -> None:
        self._on_end = on_end
        self._have_ended = False
        self._stops_server = False

    @asynccontextmanager
    async def running(self, *runs: Run) -> AsyncIterator[None]:
        """Run these alongside the block, and cancel them at its end."""
        async with create_task_group() as tasks:
            tasks.start_soon(self._run_all, runs)
            yield
            tasks.cancel_scope.cancel()

    def exit(self) -> None:
        """Exit with EXIT_CODE if a main task ended. Call it at the very end of the lifespan, a server's last step."""
        if self._stops_server:
            # The server would now end with the SIGTERM it received, which looks like success to systemd. It logs
            # and ignores anything raised here, SystemExit included.
            _exit_now()

    async def _run_all(self, runs: tuple[Run, ...]) -> None:
        try:
            async with create_task_group() as tasks:
                for run in runs:
                    tasks.start_soon(self._run, run)
        except ExceptionGroup:
            # The error is logged and the server is stopping: it ends the lifespan once its requests are answered.
            if not self._stops_server:
                raise

    async def _run(self, run: Run) -> None:
        task = asyncio.current_task()
        assert task is not None
        try:
            await run()
            raise MainTaskEnded("it returned")
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and task.cancelling():
                raise
            self._end(run, error)
            raise MainTaskEnded(run.__qualname__) from error

    def _end(self, run: Run, error: BaseException) -> None:
        if self._have_ended:
            return
        self._have_ended = True
        first = error
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        text = "%s ended, and so does this process: %s"
        logger.critical(text, run.__qualname__, type(first).__name__, exc_info=error)
        if stops_on_sigterm():
            self._stop_server()
        self._on_end()

    def _stop_server(self) -> None:
        self._stops_server = True
        limit = threading.Timer(END_LIMIT, _give_up_server)
        limit.daemon = True
        limit.start()
        signal.raise_signal(signal.SIGTERM)


def stops_on_sigterm() -> bool:
    """Whether this loop's server handles SIGTERM, as uvicorn and others do. Python handles it only in the main thread.

    TestClient runs the application in another thread: a test's process must not be stopped.
    """
    is_main = threading.current_thread() is threading.main_thread()
    return is_main and signal.getsignal(signal.SIGTERM) not in (signal.SIG_DFL, signal.SIG_IGN, None)


def _give_up_server() -> None:
    logger.critical("the server did not end within %d s: this process exits without it", END_LIMIT)
    _exit_now()


def _exit_now() -> None:
    logging.shutdown()
    os._exit(EXIT_CODE)
