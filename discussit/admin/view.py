"""A section of the administration: what sqladmin asks of it, and how it changes rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqladmin import ModelView
from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload
from starlette.exceptions import HTTPException
from starlette.requests import Request

from discussit.database import Database
from discussit.log.checks import is_seq
from discussit.models.locks import lock_groups

MAX_ID = 2**31 - 1  # what every engine takes for an INTEGER
SUGGESTIONS = 10

Values = dict[str, str]


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
    delete_label = "Delete"
    delete_means = ""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    async def insert_model(self, request: Request, data: Values) -> Any:
        raise NotImplementedError

    async def update_model(self, request: Request, pk: str, data: Values) -> Any:
        raise NotImplementedError

    async def remove(self, session: AsyncSession, row: Any) -> None:
        """Carry out what deleting means here, within the transaction."""
        raise NotImplementedError

    def log_removed(self, request: Request, rows: Sequence[Any]) -> None:
        """Write the security log, after the commit. `rows` are as they were before."""

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

    def row_of(self, pk: str) -> Select[Any]:
        """Selects the row of a key from a URL. Raises HTTPException if it can't be a key."""
        values = pk.split(";")
        if len(values) != len(self.pk_columns) or not all(map(is_id, values)):
            raise HTTPException(404)
        return select(self.model).where(
            *(column == int(value) for column, value in zip(self.pk_columns, values, strict=True))
        )

    async def lock(self, session: AsyncSession, pks: Sequence[str]) -> None:
        """Lock what a change of these rows concerns, in the order of models/locks.py. Keys begin with a group's id."""
        await session.execute(lock_groups({int(pk.split(";")[0]) for pk in pks}))

    async def lock_to_remove(self, session: AsyncSession, pks: Sequence[str]) -> None:
        await self.lock(session, pks)

    async def locked(self, session: AsyncSession, pk: str) -> Any:
        """The current row, locked for an edit. Raises HTTPException if it is gone or can't be edited."""
        query = self.row_of(pk)
        await self.lock(session, [pk])
        row = await session.scalar(query.with_for_update(of=self.model, key_share=True))
        if row is None or not self.is_editable(row):
            raise HTTPException(404)
        return row

    async def find(self, pk: str) -> Any:
        relations = [selectinload(relation) for relation in self._list_relations]
        return await self._get_object_by_pk(self.row_of(pk).options(*relations))

    async def suggestions(self, term: str) -> list[dict[str, str]]:
        raise HTTPException(404)

    # What sqladmin asks

    async def _run_query(self, stmt: Any) -> Any:
        return await self._database.run_read(lambda session: session.scalars(stmt).unique().all())

    def _stmt_by_identifier(self, identifier: str) -> Select[Any]:
        return self.row_of(identifier)

    def list_query(self, request: Request) -> Select[Any]:
        query: Select[Any] = select(self.model)
        for name in self.filters:
            if (value := request.query_params.get(name)) is not None:
                query = query.where(getattr(self.model, f"{name}_id") == (int(value) if is_id(value) else None))
        return query

    def search_query(self, stmt: Select[Any], term: str) -> Select[Any]:
        return stmt.where(or_(*self.matches(term.replace("\0", "").strip())))

    def matches(self, term: str) -> Sequence[ColumnElement[bool]]:
        """Conditions for a search term; a row that meets one of them is found."""
        raise NotImplementedError


def is_id(text: str) -> bool:
    return is_seq(text) and int(text) <= MAX_ID
