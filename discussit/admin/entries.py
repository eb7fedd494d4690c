"""Messages, events and changes: entries of a log. Nobody edits them here, since they are somebody else's words."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session as OrmSession
from starlette.requests import Request

from discussit.accounts import security_log
from discussit.accounts.security_log import Act
from discussit.admin.readable import readable_entries
from discussit.admin.references import users_like
from discussit.admin.view import View
from discussit.log.decide import delete_messages
from discussit.log.versions import EarlierText, earlier_texts
from discussit.models import Entry, Event, GroupChange, Message
from discussit.models.entries import Change

EARLIER_TEXTS = 50  # of a message, on its page
EXCERPT = 160  # characters of a message in the question whether to delete it


class EntryView(View):
    """Entries are written where they happen: by members, in their groups."""

    can_create = can_edit = False
    filters = ("group", "user")
    column_default_sort = [("group_id", True), ("seq", True)]

    def readable(self, user_id: int) -> ColumnElement[bool]:
        return readable_entries(user_id)

    def name_of(self, row: Entry) -> str:
        return f"{row.kind} {row.seq} of {row.user.username} in {row.group.name}"

    def matches(self, term: str) -> Sequence[ColumnElement[bool]]:
        return [Entry.content.icontains(term, autoescape=True), Entry.user_id.in_(users_like(term))]


class MessageView(EntryView, model=Message):
    about = "Find and delete messages."
    column_list = ["group", "seq", "author", "content", "timestamp"]
    column_details_list = ["group", "seq", "author", "content", "rev", "reply_to", "timestamp", "client_id"]
    column_labels = {
        "group": "Group",
        "seq": "Seq",
        "author": "Author",
        "content": "Message",
        "rev": "Edits",
        "reply_to": "Reply to",
        "timestamp": "Sent",
        "client_id": "Client's id",
    }
    search_label = "Search messages and authors"
    delete_means = (
        "Deleting a message erases its text, edit history and reactions for good. Its place in the log stays, "
        "and says that it was deleted."
    )

    async def details_context(self, request: Request) -> dict[str, Any]:
        """The last texts that the message had before."""
        group_id, seq = self.key_of(request.path_params["pk"])

        def read(session: OrmSession) -> Sequence[EarlierText]:
            message = session.get_one(Message, (group_id, seq))
            return earlier_texts(session, group_id, seq, message.rev, EARLIER_TEXTS)

        return {"earlier": await self._database.run_read(read)}

    def description_of(self, row: Message) -> str:
        return f"{self.name_of(row)}: {row.content[:EXCERPT]}{'…' if len(row.content) > EXCERPT else ''}"

    def is_deletable(self, row: Message) -> bool:
        return not row.is_deleted

    async def remove(self, session: AsyncSession, request: Request, rows: Sequence[Message]) -> None:
        keys = [(row.group_id, row.seq) for row in rows]
        await session.run_sync(delete_messages, keys, request.user)

    def log_removed(self, request: Request, rows: Sequence[Message]) -> None:
        for row in rows:
            security_log.done(request, Act.MESSAGE_DELETE, row.user_id, group=row.group_id, seq=row.seq)

    def log_shown(self, request: Request, rows: Sequence[Message]) -> None:
        """One line for each group, since a page may show messages of all; a search that finds none is one as well."""
        groups: Sequence[int | None] = sorted({row.group_id for row in rows}) or [None]
        for group in groups:
            security_log.done(request, Act.MESSAGE_READ, group=group)


class EventView(EntryView, model=Event):
    about = "Who joined and left, and when."
    can_delete = False
    column_list = ["group", "seq", "user", "type", "description", "timestamp"]
    column_details_list = column_list
    column_labels = {
        "group": "Group",
        "seq": "Seq",
        "user": "User",
        "type": "What",
        "description": "Description",
        "timestamp": "When",
    }
    search_label = "Search descriptions and users"


class ChangeView(EntryView, model=Change):
    about = "Edits, deletions and reactions."
    can_delete = False
    column_list = ["group", "seq", "user", "kind", "target", "emoji", "timestamp"]
    column_details_list = column_list
    column_labels = {
        "group": "Group",
        "seq": "Seq",
        "user": "User",
        "kind": "What",
        "target": "Of message",
        "emoji": "Emoji",
        "timestamp": "When",
    }
    search_label = "Search users"

    def matches(self, term: str) -> Sequence[ColumnElement[bool]]:
        return [Entry.user_id.in_(users_like(term))]


class GroupChangeView(EntryView, model=GroupChange):
    name, name_plural = "Group change", "Group changes"
    about = "Changes that owners made to groups and roles."
    can_delete = False
    column_list = ["group", "seq", "user", "kind", "content", "other_user_id", "timestamp"]
    column_details_list = column_list
    column_labels = {
        "group": "Group",
        "seq": "Seq",
        "user": "User",
        "kind": "What",
        "content": "Value",
        "other_user_id": "Whose (id)",
        "timestamp": "When",
    }
    search_label = "Search values and users"
