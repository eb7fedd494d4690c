"""The security log: changes of accounts, acts of administrators and refusals, for the logger `discussit.security`.

    login refused account=7 by=- address=203.0.113.9
    message-delete done group=3 seq=42 account=7 by=1 address=203.0.113.9

A line contains nothing that a client sent: users type passwords into the field for the name, and an attacker's
text could look like a line of its own. docs/running.md says when each line is written.
"""

import logging
from enum import StrEnum

from starlette.requests import HTTPConnection

from discussit.accounts.current_user import user_of
from discussit.client_address import client_address

logger = logging.getLogger("discussit.security")


class Act(StrEnum):
    """An act that is logged when it is done or refused."""

    LOGIN = "login"
    LOGOUT = "logout"
    SIGN_UP = "sign-up"
    SESSION_END = "session-end"
    PASSWORD_CHANGE = "password-change"
    PASSWORD_RESET = "password-reset"
    RESET_LINK = "reset-link"
    ACCOUNT_CREATE = "account-create"
    ACCOUNT_RENAME = "account-rename"
    ACCOUNT_PASSWORD = "account-password"
    ACCOUNT_PROMOTE = "account-promote"
    ACCOUNT_DEMOTE = "account-demote"
    ACCOUNT_CLOSE = "account-close"
    GROUP_CREATE = "group-create"
    GROUP_JOIN = "group-join"
    GROUP_RENAME = "group-rename"
    GROUP_DESCRIBE = "group-describe"
    GROUP_OPEN = "group-open"
    GROUP_CLOSE = "group-close"
    GROUP_ARCHIVE = "group-archive"
    GROUP_UNARCHIVE = "group-unarchive"
    GROUP_SETTINGS = "group-settings"
    GROUP_DELETE = "group-delete"
    MEMBER_ADD = "member-add"
    MEMBER_REMOVE = "member-remove"
    MEMBER_ROLE = "member-role"
    INVITATION_CREATE = "invitation-create"
    INVITATION_REVOKE = "invitation-revoke"
    INVITATION_USE = "invitation-use"
    MESSAGE_READ = "message-read"
    MESSAGE_DELETE = "message-delete"
    ADMINISTRATION = "administration"
    GROUP = "group"
    LIMIT = "limit"
    ORIGIN = "origin"
    HOST = "host"


def done(conn: HTTPConnection, act: Act, account: int | None = None, **place: int | None) -> None:
    """Log an act that was carried out, on this account if it concerns one. To be called after the commit.

    `place` is the `group` and the `seq`, or the `invitation`, that it concerns.
    """
    ids = "".join(f"{name}={id or '-'} " for name, id in place.items())
    logger.info("%s done %s%s", act, ids, _subjects(conn, account))


def refused(conn: HTTPConnection, act: Act, account: int | None = None) -> None:
    """Log an act that was refused. `account` is the one that it concerns, not the one that requested it."""
    logger.warning("%s refused %s", act, _subjects(conn, account))


def limited(conn: HTTPConnection, what: str) -> None:
    """Log that a limit was reached. `what` must not come from a client."""
    logger.warning('%s refused what="%s" %s', Act.LIMIT, what, _subjects(conn))


def _subjects(conn: HTTPConnection, account: int | None = None) -> str:
    user = user_of(conn)
    return f"account={account or '-'} by={user.id if user else '-'} address={client_address(conn) or '-'}"
