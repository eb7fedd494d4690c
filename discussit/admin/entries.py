"""Messages and events: entries of a log, which keep their place when their text is deleted."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from discussit.admin.references import GROUP, PERSON, find_group, find_user, users_like
from discussit.admin.view import Field, Values, View
from discussit.errors import FieldError, checked
from discussit.log.checks import check_form_content
from discussit.log.hooks import NothingChanges
from discussit.models import Entry, Event, Message


class EntryView(View):
    """Entries keep their place in the log: deleting one deletes its text."""

    filters = ("group", "user")
    column_default_sort = [("group_id", True), ("seq", True)]
    delete_label = "Withdraw"
    delete_means = "Withdrawing takes the text away for good. The place in the log stays, and says so."

    def name_of(self, row: Entry) -> str:
        return f"{row.kind} {row.seq} of {row.user.username} in {row.group.name}"

    def is_editable(self, row: Entry) -> bool:
        return not row.is_deleted

    is_deletable = is_editable

    async def update_model(self, request: Request, pk: str, data: Values) -> Entry:
        (text,) = self.fields_to_edit
        content = checked(text.name, check_form_content, data.get(text.name, ""))
        async with self._database.transaction() as session:
            entry: Entry = await self.locked(session, pk)
            entry.content = content
        return entry

    async def remove(self, session: AsyncSession, row: Entry) -> None:
        row.withdraw()

    def matches(self, term: str) -> Sequence[ColumnElement[bool]]:
        return [Entry.content.icontains(term, autoescape=True), Entry.user_id.in_(users_like(term))]


class MessageView(EntryView, model=Message):
    about = "Everything that was said: find it, correct it, withdraw it."
    column_list = ["group", "seq", "author", "content", "timestamp"]
    column_details_list = ["group", "seq", "author", "content", "timestamp", "client_id"]
    column_labels = {
        "group": "Group",
        "seq": "Seq",
        "author": "Author",
        "content": "Message",
        "timestamp": "Sent",
        "client_id": "Client's id",
    }
    search_label = "Search messages and authors"
    _content = Field("content", "Message", "textarea", attributes={"required": ""})
    fields_to_create = (GROUP, Field("author", "Author", hint="Their name or id.", lookup="user"), _content)
    fields_to_edit = (_content,)

    def initial(self, request: Request) -> Values:
        return super().initial(request) | {"author": request.user.username}

    async def insert_model(self, request: Request, data: Values) -> Message:
        content = checked("content", check_form_content, data.get("content", ""))
        async with self._database.transaction() as session:
            author, group = await find_user(session, data, "author"), await find_group(session, data)
            message = Message(group=group, author=author, content=content)
            session.add(message)
        return message


class EventView(EntryView, model=Event):
    about = "Everybody's comings and goings."
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
    delete_means = EntryView.delete_means + " Who is a member does not change by it."
    fields_to_create = (
        GROUP,
        PERSON,
        Field("type", "What", "select", "A Join makes them a member, a Left ends that.", options=("Join", "Left")),
    )
    fields_to_edit = (Field("description", "Description", "textarea", attributes={"required": ""}),)

    async def insert_model(self, request: Request, data: Values) -> Event:
        if (kind := data.get("type", "")) not in ("Join", "Left"):
            raise FieldError("type", "An event is a Join or a Left.")
        async with self._database.transaction() as session:
            user, group = await find_user(session, data), await find_group(session, data)
            event = Event(group=group, user=user, kind=kind)
            session.add(event)
            try:
                await session.flush()
            except NothingChanges as error:
                raise FieldError("user", str(error)) from None
        return event
