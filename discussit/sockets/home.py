"""The WebSocket route `/`: joining and leaving groups."""

import logging
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session as OrmSession
from starlette.websockets import WebSocket

from discussit import assets
from discussit.accounts.current_user import CurrentUser, NotLoggedIn, current_user
from discussit.database import DATABASE_ERRORS, Database, is_outage, log_failure
from discussit.delivery.connections import HomeConnection
from discussit.delivery.protocols import negotiated
from discussit.delivery.sending import SocketSender
from discussit.errors import CloseCode, ErrorCode, Refused
from discussit.groups.admission import NoSuchGroup, join_or_leave, own_uuids
from discussit.log.unread import Count, alerts_of, count_for, mentions_of, unread_of
from discussit.site import site_of
from discussit.sockets import conversation
from discussit.wire import commands, objects

logger = logging.getLogger(__name__)

NOT_NOW = "That didn't work just now. Please try again in a moment."


async def home_socket(websocket: WebSocket) -> None:
    """Join and leave groups; with `discussit.v1`, also follow the user's joins and leaves made elsewhere."""
    user, protocol = current_user(websocket), negotiated(websocket.scope)
    hub = site_of(websocket).hub
    connection = HomeConnection(user.credential.session_id, user.id, protocol)
    with hub.people.connected(connection), hub.unread.connecting(connection):
        await websocket.accept(protocol.subprotocol)
        await hub.people.listening(connection)
        await conversation.run(
            websocket,
            connection,
            MembershipChanger(websocket, user, connection),
            lambda sender: _send_replies(sender, user, connection),
        )


async def _send_replies(sender: SocketSender, user: CurrentUser, connection: HomeConnection) -> None:
    if connection.is_outdated:
        await _send_groups(sender, user, connection)
    await sender.send()


async def _send_groups(sender: SocketSender, user: CurrentUser, connection: HomeConnection) -> None:
    """Send all groups that the user is in, unless the session has ended since the handshake arrived.

    Changes noted before they are read go out before, later ones after.
    """
    await sender.send()
    connection.is_outdated = False
    try:
        groups, counts = await _read(site_of(sender.websocket).database, user, connection)
    except NotLoggedIn:
        connection.end(CloseCode.SESSION_ENDED)
    except DATABASE_ERRORS as error:
        log_failure(logger, "a home page could not be sent its groups", error)
        connection.end(CloseCode.RESTART)
    else:
        connection.reply(
            objects.Ready(
                user=user.username,
                account=user.account_id,
                groups=groups,
                version=assets.version(),
                unread=unread_of(counts),
                mentions=mentions_of(counts),
                alerts=alerts_of(counts),
            )
        )
        if connection.protocol.has_unread:
            site_of(sender.websocket).hub.unread.greeted(connection, counts)


async def _read(
    database: Database, user: CurrentUser, connection: HomeConnection
) -> tuple[list[UUID], Sequence[Count]]:
    """The user's groups, and what is unread there."""

    def read(session: OrmSession) -> tuple[list[UUID], Sequence[Count]]:
        groups = own_uuids(session, user)
        return groups, list(count_for(session.connection(), user.id)) if connection.protocol.has_unread else []

    return await database.run_read(read)


class MembershipChanger:
    """Lets the client of one home page join and leave groups."""

    __slots__ = ("_connection", "_user", "_websocket")

    def __init__(self, websocket: WebSocket, user: CurrentUser, connection: HomeConnection) -> None:
        self._websocket, self._user, self._connection = websocket, user, connection

    def take(self, text: str) -> bool:
        return False

    async def receive(self, text: str) -> None:
        connection = self._connection
        try:
            command = commands.decode_home_command(text)
        except Refused as refused:
            connection.reply(objects.Error.of(refused))
            return
        try:
            is_changed = await self._join_or_leave(command)
        except Refused as refused:
            connection.reply(objects.Error.of(refused, data=command.data))
        except NoSuchGroup:
            connection.reply(objects.Error(ErrorCode.NO_SUCH_GROUP, "This group does not exist.", data=command.data))
        except DATABASE_ERRORS as error:
            if not is_outage(error):
                raise
            log_failure(logger, "a group could not be joined or left", error)
            connection.reply(objects.Error(ErrorCode.BUSY, NOT_NOW, data=command.data))
        else:
            # A connection that follows memberships was notified when its own change was committed.
            if not (is_changed and connection.protocol.follows_memberships):
                connection.reply(command)

    async def _join_or_leave(self, command: objects.JoinGroup | objects.LeaveGroup) -> bool:
        site = site_of(self._websocket)
        await site.throttles.join_or_leave(self._user.username)
        joins = isinstance(command, objects.JoinGroup)
        return await join_or_leave(site.database, self._user, command.data, joins=joins)
