"""Browsers in which an account has been signed in before: nobody can lock their owner out of it.

Whoever guesses a password is counted by the account's name, so by guessing on purpose anyone could keep its
owner out. A browser that was let in once is counted by itself instead. OWASP describes these device cookies
in "Slow Down Online Guessing Attacks with Device Cookies".
"""

import secrets

from itsdangerous import BadSignature, Signer
from starlette.requests import HTTPConnection
from starlette.responses import Response

from discussit.cookies import cookie_attributes, cookie_name, cookie_of
from discussit.models.accounts import username_key

COOKIE = "discussit_device"
LIFE = 365 * 24 * 60 * 60  # seconds


class Devices:
    """Signs the cookies. One lets nobody in: it says which attempts to log in are counted apart."""

    def __init__(self, secret_key: str) -> None:
        self._key = secret_key

    def known(self, conn: HTTPConnection, username: str) -> str | None:
        """What the browser is called if this account has been signed in there."""
        try:
            return self._signer(username).unsign(cookie_of(conn, COOKIE)).decode()
        except (BadSignature, UnicodeError):
            return None

    def remember(self, response: Response, conn: HTTPConnection, username: str) -> None:
        if self.known(conn, username) is not None:
            return
        value = self._signer(username).sign(secrets.token_hex(16)).decode()
        response.set_cookie(cookie_name(conn, COOKIE), value, max_age=LIFE, **cookie_attributes(conn))

    def _signer(self, username: str) -> Signer:
        # The name is signed but not in the cookie: whoever finds it learns nobody's.
        return Signer(self._key, salt=f"discussit.device {username_key(username)}".encode(errors="replace"))
