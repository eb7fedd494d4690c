"""Runs uvicorn on sockets that are bound already, in this process or in several."""

import logging
import socket
from typing import Any

from uvicorn import Config, Server
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from discussit.environment import StartError


class CantStart(StartError):
    """The application or a worker could not start; the text is one line for the operator."""


def run(config: Config, sockets: list[socket.socket], place: str) -> None:
    """Serve until a signal ends it. The log then names `place`, not the socket. Raises CantStart.

    uvicorn names the socket's address, which is none to open in a browser: 0.0.0.0, or one that ALLOWED_HOSTS refuses.
    """
    if config.workers == 1:
        _run_alone(config, sockets, place)
    else:
        _run_workers(config, sockets, place)


def _run_alone(config: Config, sockets: list[socket.socket], place: str) -> None:
    try:
        _Server(config, place).run(sockets)
    except KeyboardInterrupt:
        pass  # by Ctrl+C, which is how it is meant to end
    except SystemExit as ended:
        if ended.code == STARTUP_FAILURE:
            raise CantStart("the server could not start; its log says why") from None
        raise


class _Server(Server):
    def __init__(self, config: Config, place: str) -> None:
        super().__init__(config)
        self._place = place

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        _announce(self._place)


def _run_workers(config: Config, sockets: list[socket.socket], place: str) -> None:
    """uvicorn replaces workers that die; if one can't start it ends all, but would exit with 0."""
    _announce(place)
    supervisor = Multiprocess(config, sockets=sockets)
    supervisor.run()
    if any(worker.exitcode == STARTUP_FAILURE for worker in supervisor.processes):
        raise CantStart("a worker could not start; its log says why")


def _announce(place: str) -> None:
    """In uvicorn's words, which programs wait for. Values of its lines would be masked as addresses of requests are."""
    line = f"Uvicorn running on {place} (Press CTRL+C to quit)"
    logging.getLogger("uvicorn.error").info(line)
