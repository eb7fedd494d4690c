"""The parts of the running application, for code that answers a request or a socket."""

import asyncio
from dataclasses import dataclass, field

from starlette.requests import HTTPConnection
from starlette.templating import Jinja2Templates

from discussit.accounts.current_user import SessionBackend
from discussit.bus import Bus
from discussit.database import Database
from discussit.delivery.hub import Hub
from discussit.limits.throttles import Throttles
from discussit.log.batch_writer import Writer
from discussit.log.marks import Marks
from discussit.settings import GroupCreation, Settings


@dataclass(frozen=True)
class Site:
    """One run of the application, from start-up to shutdown, in one event loop."""

    settings: Settings
    group_creation: GroupCreation
    database: Database
    session_backend: SessionBackend
    throttles: Throttles
    templates: Jinja2Templates
    bus: Bus
    hub: Hub
    writer: Writer
    marks: Marks
    running: asyncio.Event = field(default_factory=asyncio.Event)  # set while bus, hub, writer and marks run


def site_of(conn: HTTPConnection) -> Site:
    """The site that a request or a WebSocket belongs to."""
    site: Site = conn.app.state.site
    return site
