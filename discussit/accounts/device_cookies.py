"""Cookies that mark browsers in which a user has logged in before, so that nobody can lock the user out of them.

Wrong passwords are counted by username, so an attacker could lock users out by guessing on purpose. A browser
with a device cookie is counted separately: OWASP's "Slow Down Online Guessing Attacks with Device Cookies".
"""

import secrets

from itsdangerous import BadSignature, Signer
from starlette.requests import HTTPConnection
from starlette.responses import Response

from discussit.accounts.cookies import cookie_attributes, cookie_name, cookie_of
from discussit.models.accounts import username_key

COOKIE = "discussit_device"
LIFE = 365 * 24 * 60 * 60  # seconds


class DeviceCookies:
    """Sets and reads device cookies. They grant no access, and only decide which attempts are counted together."""

    def __init__(self, secret_key: str) -> None:
        self._key = secret_key

    def device(self, conn: HTTPConnection, username: str) -> str | None:
        """The id of the browser, if this user has logged in there before."""
        try:
            return self._signer(username).unsign(cookie_of(conn, COOKIE)).decode()
        except (BadSignature, UnicodeError):
            return None

    def remember(self, response: Response, conn: HTTPConnection, username: str) -> None:
        """Set the cookie, unless the browser has it."""
        if self.device(conn, username) is not None:
            return
        value = self._signer(username).sign(secrets.token_hex(16)).decode()
        response.set_cookie(cookie_name(conn, COOKIE), value, max_age=LIFE, **cookie_attributes(conn))

    def _signer(self, username: str) -> Signer:
        # The name is signed but not in the cookie, so a stolen cookie reveals no name.
        return Signer(self._key, salt=f"discussit.device {username_key(username)}".encode(errors="replace"))
