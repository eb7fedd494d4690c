"""A message's earlier versions, and what each edit added and removed."""

from collections.abc import Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any, NamedTuple

from anyio import to_thread
from sqlalchemy.orm import Session as OrmSession
from starlette.requests import Request
from starlette.responses import Response

from discussit.log.checks import is_seq
from discussit.log.versions import EarlierText, earlier_texts, present_since
from discussit.pages.form import Form
from discussit.pages.message import MessagePage, check_live, message_page, read_message
from discussit.text.differences import Part, differences, kept

EARLIER_TEXTS = 50  # on one page


class ComparedText(NamedTuple):
    """A text of a message, with what was removed and added."""

    rev: int
    since: datetime
    parts: Sequence[Part]


async def history(request: Request) -> Response:
    """The message's versions, newest first, from before `?before=`, a `rev`. Raises Refused."""
    asked = request.query_params.get("before", "")

    def read_more(session: OrmSession, read: MessagePage) -> MessagePage:
        key = read.group.id, read.row.seq
        before = min(int(asked) if is_seq(asked) else 0, read.row.rev) or read.row.rev
        earlier = earlier_texts(session, *key, before, EARLIER_TEXTS + 1)
        return read._replace(present_since=present_since(session, *key), earlier=earlier)

    read = await read_message(request, read_more)
    check_live(read.row)
    # In a thread: of the longest texts it takes half a second.
    versions = await to_thread.run_sync(_compared, read)
    earlier, has_more = read.earlier[:EARLIER_TEXTS], len(read.earlier) > EARLIER_TEXTS
    more: dict[str, Any] = {"versions": versions[: EARLIER_TEXTS + 1], "earlier": earlier, "has_more": has_more}
    return message_page(request, "group/history.html", read, Form(), **more)


def _compared(read: MessagePage) -> list[ComparedText]:
    """The present text and the earlier ones, each with what differs from the one before it."""
    present = EarlierText(read.row.rev, read.row.content, read.present_since or read.row.timestamp)
    texts = [present, *read.earlier]
    return [ComparedText(each.rev, each.since, _parts(each, before)) for each, before in zip_longest(texts, texts[1:])]


def _parts(text: EarlierText, before: EarlierText | None) -> Sequence[Part]:
    is_known = before is not None and before.rev == text.rev - 1  # otherwise it was erased, or is on another page
    return differences(before.content, text.content) if before and is_known else [kept(text.content)]
