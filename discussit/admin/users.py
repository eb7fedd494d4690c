"""Accounts: creating, renaming, promoting and closing them, and setting passwords."""

from collections.abc import Sequence
from functools import partial
from typing import cast

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from discussit.accounts import login, passwords, security_log
from discussit.accounts.password_reset import fingerprint
from discussit.accounts.security_log import Act
from discussit.admin.versions import State
from discussit.admin.view import SUGGESTIONS, Field, Key, Values, View
from discussit.errors import FieldError, checked
from discussit.models import User
from discussit.models.accounts import check_username, lock_groups_of, username_key
from discussit.models.locks import lock_users


class UserView(View, model=User):
    about = "Accounts: make them, rename them, give them a password, make superusers, close them."
    column_list = ["id", "username", "is_superuser", "is_active", "created_at"]
    column_details_list = column_list
    column_sortable_list = ["id", "username", "created_at"]
    sort_keys = {"username": User.username_key}
    column_labels = {
        "id": "Id",
        "username": "Name",
        "is_superuser": "Superuser",
        "is_active": "Account open",
        "created_at": "Signed up",
    }
    search_label = "Search names"
    undisclosed = ("Password",)
    delete_label = "Close"
    delete_means = (
        "A closed account stays closed: its sessions end, it leaves its groups, and nobody can take its name. "
        "What it wrote stays."
    )
    _username = Field(
        "username",
        "Name",
        attributes={"required": "", "autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    _is_superuser = Field("is_superuser", "Superuser", "checkbox", "May use these pages.")
    fields_to_create = (
        _username,
        Field("password", "Password", "password", attributes={"required": "", "autocomplete": "new-password"}),
        _is_superuser,
    )
    fields_to_edit = (
        _username,
        Field(
            "password",
            "New password",
            "password",
            "Left empty, it stays as it is. A new one or a new name signs them out everywhere.",
            attributes={"autocomplete": "new-password"},
        ),
        _is_superuser,
    )

    def readable(self, user_id: int) -> ColumnElement[bool]:
        return true()

    def values_of(self, row: User) -> Values:
        return {"username": row.username, "is_superuser": "on" if row.is_superuser else ""}

    def state_of(self, row: User) -> State:
        if not row.is_active:
            return {"Account open": "No"}
        is_superuser = "Yes" if row.is_superuser else "No"
        return {"Name": row.username, "Superuser": is_superuser, "Account open": "Yes", "Password": fingerprint(row)}

    def description_of(self, row: User) -> str:
        return f"{row.username} (superuser)" if row.is_superuser else row.username

    def is_editable(self, row: User) -> bool:
        return row.is_active

    is_deletable = is_resettable = is_editable

    async def insert_model(self, request: Request, data: Values) -> User:
        try:
            user = await login.new_user(data.get("username", ""), data.get("password", ""))
        except FieldError as error:
            raise _own_field(error) from None
        user.is_superuser = _is_on(data)
        with login.unique_name():
            async with self.creating(request) as session:
                session.add(user)
                await session.flush()
                await self.claim(session, request, self.url_after(request, user))
        for act in [Act.ACCOUNT_CREATE, *([Act.ACCOUNT_PROMOTE] if user.is_superuser else [])]:
            security_log.done(request, act, user.id)
        return user

    async def update_model(self, request: Request, pk: str, data: Values) -> User:
        username = _new_name(await self.find(request, pk), data.get("username", ""))
        hashed = await _hash_of(username, password) if (password := data.get("password", "")) else None
        with login.unique_name():
            async with self.editing(request, pk, data.get("version", "")) as (session, user):
                if user.is_superuser and not _is_on(data):
                    await keep_a_superuser(session, user, "is_superuser")
                acts = _acts(user, username, is_superuser=_is_on(data))
                if user.username != username:
                    user.username = checked("username", check_username, username)
                user.is_superuser = _is_on(data)
                if hashed is not None:
                    await user.set_password(hashed, except_session=request.user.credential.session_id)
                    acts.append(Act.ACCOUNT_PASSWORD)
                await self.claim(session, request, self.url(request, "details", user))
        for act in acts:
            security_log.done(request, act, user.id)
        return cast(User, user)

    async def lock_owners(self, session: AsyncSession, keys: Sequence[Key], *, removes: bool) -> None:
        """Lock the users and all superusers, so that two who close each other take turns, and one superuser stays."""
        ids = [id for (id,) in keys]
        await session.execute(lock_users(User.is_superuser | User.id.in_(ids)))
        if removes:
            await lock_groups_of(session, ids)

    async def remove(self, session: AsyncSession, request: Request, rows: Sequence[User]) -> None:
        for row in rows:
            if row.is_superuser:
                await keep_a_superuser(session, row, "")
            await row.close()

    def log_removed(self, request: Request, rows: Sequence[User]) -> None:
        for user in rows:
            security_log.done(request, Act.ACCOUNT_CLOSE, user.id)

    async def suggestions(self, request: Request, term: str) -> list[dict[str, str]]:
        found = self.rows_for(request).where(User.is_active, *self.matches(term.replace("\0", "")))
        users = await self._run_query(found.order_by(User.username_key).limit(SUGGESTIONS))
        return [{"id": user.username, "text": ""} for user in users]

    def matches(self, term: str) -> Sequence[ColumnElement[bool]]:
        return [User.username_key.contains(username_key(term), autoescape=True)]


def _new_name(user: User | None, typed: str) -> str:
    """The name from the form. One that stays is not checked: it may be older than the rules. Raises FieldError."""
    return typed if user is not None and typed == user.username else checked("username", check_username, typed)


def _acts(user: User, username: str, *, is_superuser: bool) -> list[Act]:
    """The acts to log when the account gets this name and these rights."""
    acts = [Act.ACCOUNT_RENAME] if user.username != username else []
    if user.is_superuser != is_superuser:
        acts.append(Act.ACCOUNT_PROMOTE if is_superuser else Act.ACCOUNT_DEMOTE)
    return acts


def _is_on(data: Values) -> bool:
    return data.get("is_superuser", "") not in ("", "false")


def _own_field(error: FieldError) -> FieldError:
    """The error of the sign-up form, whose password field has another name."""
    return FieldError(error.field.rstrip("1"), str(error))


async def _hash_of(username: str, password: str) -> str:
    return await passwords.hash_of(checked("password", partial(passwords.check, username), password))


async def keep_a_superuser(session: AsyncSession, user: User, field: str) -> None:
    """Raises FieldError if `user` is the only superuser. All superusers have to be locked."""
    superusers = select(User.id).where(User.is_superuser, User.is_active)
    if (await session.scalars(superusers)).all() == [user.id]:
        raise FieldError(field, f"{user.username} is the only superuser. Make somebody else one first.")
