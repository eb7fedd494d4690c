"""Administration of users, groups, members, messages and events, for superusers.

sqladmin finds, searches and pages through the rows. Changes go through the models and this
site's database, so that they take effect immediately, like all others. The pages are rendered
in this site's shell, under the same Content-Security-Policy: none of sqladmin's scripts and
styles is served.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from discussit.accounts import security_log
from discussit.accounts.current_user import NotASuperuser, current_user
from discussit.accounts.security_log import Act
from discussit.site import site_of

if TYPE_CHECKING:
    from starlette.routing import BaseRoute, Router

    from discussit.admin.site import AdminSite


class Administration:
    """The application at `/admin`. sqladmin is imported for its first request, not when the server starts."""

    def __init__(self) -> None:
        self._site: AdminSite | None = None

    @property
    def routes(self) -> "Sequence[BaseRoute]":
        """For `url_for`."""
        return self._site.router.routes if self._site else []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise HTTPException(404)
        conn = HTTPConnection(scope)
        try:
            if not current_user(conn).is_superuser:
                raise NotASuperuser
            await (await self._sites_router(conn))(scope, receive, send)
        except NotASuperuser:
            security_log.refused(conn, Act.ADMINISTRATION)
            raise HTTPException(403) from None

    async def _sites_router(self, conn: HTTPConnection) -> "Router":
        if self._site is None:
            # In a thread, since it takes long enough to delay every open chat.
            site = await to_thread.run_sync(import_module, "discussit.admin.site")
            self._site = self._site or site.AdminSite(site_of(conn).database)
        return self._site.router
