"""Who reacts to a message, as JSON: the group's page shows it beside the reactions."""

import msgspec
from sqlalchemy.orm import Session as OrmSession
from starlette.requests import Request
from starlette.responses import Response

from discussit.accounts.current_user import current_user
from discussit.log.reactors import Reactors, first_reactors
from discussit.pages.message import REACTORS, check_live, found_message
from discussit.pages.page import JSON
from discussit.site import site_of


async def reactors(request: Request) -> Response:
    """Each emoji with how many users react with it and the names of the first REACTORS of them.

    For members who may read the message. Raises Refused, NotAMember and NoSuchGroup.
    """
    user = current_user(request)

    def read(session: OrmSession) -> list[Reactors]:
        group, row, _ = found_message(session, user, request)
        check_live(row)
        return first_reactors(session, group.id, row.seq, REACTORS)

    found = await site_of(request).database.run_read(read)
    return Response(msgspec.json.encode({"reactions": found}), media_type=JSON)
