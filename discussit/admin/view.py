"""A section of the administration: what sqladmin asks of it, and how it changes rows."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sqladmin import ModelView
from sqlalchemy import ColumnElement, Select, SQLColumnExpression, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload
from starlette.exceptions import HTTPException
from starlette.requests import Request

from discussit.accounts.current_user import check_rights
from discussit.admin.versions import Changed, State, check_version
from discussit.database import Database
from discussit.log.checks import is_seq
from discussit.models.locks import lock_groups
from discussit.pages.form import Form
from discussit.pages.submissions import claim

MAX_ID = 2**31 - 1  # what every engine takes for an INTEGER
SUGGESTIONS = 10

Values = dict[str, str]
Key = tuple[int, ...]  # a row's primary key


@dataclass(frozen=True)
class Field:
    """A field of a form. `lookup` names the section whose rows are suggested while somebody types."""

    name: str
    label: str
    type: str = "text"
    hint: str = ""
    lookup: str = ""
    attributes: dict[str, Any] = field(default_factory=lambda: {"required": "", "autocomplete": "off"})


class View(ModelView):
    """One section of the administration: sqladmin reads its rows, the methods below change them.

    They raise FieldError with a sentence for people, and have then changed nothing.
    """

    page_size = 50
    about = ""  # a line on the administration's first page
    fields_to_create: Sequence[Field] = ()
    fields_to_edit: Sequence[Field] = ()
    filters: Sequence[str] = ()  # `?group=1` lists rows with group_id 1
    search_label = ""
    max_term = 200  # characters that are searched: PostgreSQL takes their time for each row
    sort_keys: Mapping[str, SQLColumnExpression[str]] = {}  # what lists are sorted by in place of these columns
    undisclosed: Sequence[str] = ()  # labels in a row's state whose values are shown to nobody
    delete_label = "Delete"
    delete_means = ""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    def readable(self, user_id: int) -> ColumnElement[bool]:
        """A condition for rows: whether this superuser may see them. All others are as if they did not exist."""
        raise NotImplementedError

    async def insert_model(self, request: Request, data: Values) -> Any:
        raise NotImplementedError

    async def update_model(self, request: Request, pk: str, data: Values) -> Any:
        raise NotImplementedError

    async def remove(self, session: AsyncSession, request: Request, rows: Sequence[Any]) -> None:
        """Carry out what deleting means here, within the transaction."""
        raise NotImplementedError

    @asynccontextmanager
    async def creating(self, request: Request) -> AsyncIterator[AsyncSession]:
        """A transaction that adds rows. Raises NotLoggedIn or NotASuperuser if the user may not do so any more."""
        async with self._database.transaction() as session:
            yield session
            await session.flush()
            await session.run_sync(check_rights, request.user, as_superuser=True)

    @asynccontextmanager
    async def editing(self, request: Request, pk: str, version: str = "") -> AsyncIterator[tuple[AsyncSession, Any]]:
        """The same, with the current row, locked.

        Raises Changed if the row is not as in this version, and HTTPException if it is gone or can't be edited.
        """
        async with self._acting(request, [pk], removes=False) as (session, rows):
            if not rows:
                raise Changed([], "") if version else HTTPException(404)
            check_version(version, self.state_of(rows[0]))
            if not self.is_editable(rows[0]):
                raise HTTPException(404)
            yield session, rows[0]

    @asynccontextmanager
    async def removing(
        self, request: Request, pks: Sequence[str], version: str = ""
    ) -> AsyncIterator[tuple[AsyncSession, Sequence[Any]]]:
        """The same, with those of the rows that are still there to be deleted, locked. Raises Changed."""
        async with self._acting(request, pks, removes=True) as (session, rows):
            removed = [row for row in rows if self.is_deletable(row)]
            check_version(version, self.states_of(removed))
            yield session, removed

    @asynccontextmanager
    async def _acting(
        self, request: Request, pks: Sequence[str], *, removes: bool
    ) -> AsyncIterator[tuple[AsyncSession, Sequence[Any]]]:
        keys = sorted(set(map(self.key_of, pks)))
        async with self._database.transaction() as session:
            await self.lock_owners(session, keys, removes=removes)
            locked = [self._row_of(request, key).with_for_update(of=self.model, key_share=True) for key in keys]
            rows = [await session.scalar(each) for each in locked]
            await session.run_sync(check_rights, request.user, as_superuser=True)
            yield session, [row for row in rows if row is not None]

    async def lock_owners(self, session: AsyncSession, keys: Sequence[Key], *, removes: bool) -> None:
        """Lock what is locked before the rows of these keys. All but those of users begin with a group's id."""
        await session.execute(lock_groups([key[0] for key in keys]))

    def log_removed(self, request: Request, rows: Sequence[Any]) -> None:
        """Write the security log, after the commit."""

    def log_shown(self, request: Request, rows: Sequence[Any]) -> None:
        """Write the security log, where seeing these rows is itself an act."""

    def state_of(self, row: Any) -> State:
        """What the edit form of a row shows, and what else a decision about it depends on."""
        return {field.label: self.values_of(row)[field.name] for field in self.fields_to_edit}

    def states_of(self, rows: Sequence[Any]) -> State:
        """What the question before a deletion shows: each row's key, and the row in words."""
        return {self.pk_of(row): self.description_of(row) for row in rows}

    def initial(self, request: Request) -> Values:
        """The initial values of a new row's form."""
        return {field.name: request.query_params.get(field.name, "") for field in self.fields_to_create}

    def values_of(self, row: Any) -> Values:
        return {field.name: getattr(row, field.name) for field in self.fields_to_edit}

    def is_editable(self, row: Any) -> bool:
        return self.can_edit

    def is_deletable(self, row: Any) -> bool:
        return self.can_delete

    def is_resettable(self, row: Any) -> bool:
        """Whether a reset link can be created for it."""
        return False

    def name_of(self, row: Any) -> str:
        return str(row)

    def description_of(self, row: Any) -> str:
        """What somebody who deletes the row has to know of it."""
        return self.name_of(row)

    def url(self, request: Request, page: str, row: Any = None) -> str:
        path = f"{request.scope['root_path']}/{self.identity}/{page}"
        return path if row is None else f"{path}/{self.pk_of(row)}"

    def url_after(self, request: Request, made: Any) -> str:
        """The page to show after creating a row."""
        return self.url(request, "details", made)

    def url_after_removal(self, request: Request, rows: Sequence[Any]) -> str:
        return self.url(request, "list")

    def pk_of(self, row: Any) -> str:
        return ";".join(str(getattr(row, column.name)) for column in self.pk_columns)

    def key_of(self, pk: str) -> Key:
        """The key that a URL has. Raises HTTPException if it can't be one."""
        values = pk.split(";")
        if len(values) != len(self.pk_columns) or not all(map(is_id, values)):
            raise HTTPException(404)
        return tuple(map(int, values))

    def rows_for(self, request: Request) -> Select[Any]:
        """Selects the rows that the request's user may see: there is no other way to get any."""
        return select(self.model).where(self.readable(request.user.id))

    def row_of(self, request: Request, key: Key) -> Select[Any]:
        is_row = (column == value for column, value in zip(self.pk_columns, key, strict=True))
        return self.rows_for(request).where(*is_row)

    def _row_of(self, request: Request, key: Key) -> Select[Any]:
        """The same, with what its description refers to."""
        return self.row_of(request, key).options(*(selectinload(relation) for relation in self._list_relations))

    async def claim(self, session: AsyncSession, request: Request, target: str) -> None:
        """Have this transaction be the one in which the submitted form has its effect. To be called last in it."""
        await claim(await Form.sent(request), session, request.user.id, target)

    async def find(self, request: Request, pk: str) -> Any:
        return await self._get_object_by_pk(self._row_of(request, self.key_of(pk)))

    async def suggestions(self, request: Request, term: str) -> list[dict[str, str]]:
        raise HTTPException(404)

    async def join(self, request: Request, pk: str) -> str:
        """Have the user join the group of this key visibly. Return the address of the next page."""
        raise HTTPException(404)

    # What sqladmin asks

    async def _run_query(self, stmt: Any) -> Any:
        return await self._database.run_read(lambda session: session.scalars(stmt).unique().all())

    def validate_page_number(self, number: str | None, default: int) -> int:
        """The number that a query names; the default if it names none."""
        return max(default if not number or not is_seq(number) else int(number), 1)

    def _stmt_by_identifier(self, identifier: str) -> Select[Any]:
        raise NotImplementedError("rows are selected for somebody: row_of()")

    def details_query(self, request: Request) -> Select[Any]:
        row = self.row_of(request, self.key_of(request.path_params["pk"]))
        return row.options(*(selectinload(relation) for relation in self._details_relations))

    def count_query(self, request: Request) -> Select[Any]:
        return select(func.count()).select_from(self.rows_for(request).subquery())

    def list_query(self, request: Request) -> Select[Any]:
        query = self.rows_for(request)
        for name in self.filters:
            if (value := request.query_params.get(name)) is not None:
                query = query.where(getattr(self.model, f"{name}_id") == (int(value) if is_id(value) else None))
        return query

    def sort_query(self, stmt: Select[Any], request: Request) -> Select[Any]:
        key = self.sort_keys.get(request.query_params.get("sortBy", ""))
        if key is None:
            return super().sort_query(stmt, request)
        return stmt.order_by(key.desc() if request.query_params.get("sort") == "desc" else key)

    def search_query(self, stmt: Select[Any], term: str) -> Select[Any]:
        return stmt.where(or_(*self.matches(term.replace("\0", "").strip()[: self.max_term])))

    def matches(self, term: str) -> Sequence[ColumnElement[bool]]:
        """Conditions for a search term; a row that meets one of them is found."""
        raise NotImplementedError


def is_id(text: str) -> bool:
    return is_seq(text) and int(text) <= MAX_ID
