"""What happened to accounts, and who was refused: one line each, for the logger `discussit.security`.

    login refused account=7 by=- address=203.0.113.9

Nothing in a line is what somebody typed or sent: people type passwords into the field for the name, and what
others choose could look like a line of its own. docs/running.md says when each is written.
"""

import logging
from enum import StrEnum

from starlette.requests import HTTPConnection

from discussit.addresses import source_of
from discussit.current_user import Account

logger = logging.getLogger(__name__)


class Act(StrEnum):
    """What somebody did, or was not let do."""

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
    ADMINISTRATION = "administration"
    GROUP = "group"
    LIMIT = "limit"
    ORIGIN = "origin"
    HOST = "host"


def done(conn: HTTPConnection, act: Act, account: int | None = None) -> None:
    """It was done, to this account where it is about one."""
    logger.info("%s done %s", act, _whose(conn, account))


def refused(conn: HTTPConnection, act: Act, account: int | None = None) -> None:
    """It was refused; the account is the one that it was about, not the one that asked."""
    logger.warning("%s refused %s", act, _whose(conn, account))


def limited(conn: HTTPConnection, what: str) -> None:
    """There was too much of this, which is said in words of ours."""
    logger.warning('%s refused what="%s" %s', Act.LIMIT, what, _whose(conn))


def _whose(conn: HTTPConnection, account: int | None = None) -> str:
    user = conn.scope.get("user")  # before authentication there is none
    by = user.id if isinstance(user, Account) else None
    return f"account={account or '-'} by={by or '-'} address={source_of(conn) or '-'}"
