"""Cookies that mark browsers in which a user has logged in before, so that nobody can lock the user out of them.

Wrong passwords are counted by username, so an attacker could lock users out by guessing on purpose. A browser
with a device cookie is counted separately: OWASP's "Slow Down Online Guessing Attacks with Device Cookies".
"""

import secrets

from itsdangerous import Signer
from starlette.requests import HTTPConnection
from starlette.responses import Response

from discussit.accounts.cookies import cookie_attributes, cookie_name, signed_cookies
from discussit.models.accounts import username_key

COOKIE = "discussit_device"
LIFE = 365 * 24 * 60 * 60  # seconds


class DeviceCookies:
    """Sets and reads device cookies. They grant no access, and only decide which attempts are counted together."""

    def __init__(self, secret_key: str) -> None:
        self._key = secret_key

    def device(self, conn: HTTPConnection, username: str) -> str | None:
        """The id of the browser, if this user has logged in there before."""
        return next(iter(self._devices(conn, username).values()), None)

    def remember(self, response: Response, conn: HTTPConnection, username: str) -> None:
        """Set the cookie, unless the browser has it. Where it has one for another port, the id remains."""
        devices, name = self._devices(conn, username), cookie_name(conn, COOKIE)
        if name in devices:
            return
        id = next(iter(devices.values()), None) or secrets.token_hex(16)
        value = self._signer(username).sign(id).decode()
        response.set_cookie(name, value, max_age=LIFE, **cookie_attributes(conn))

    def _devices(self, conn: HTTPConnection, username: str) -> dict[str, str]:
        """The ids in this user's cookies, by the cookies' names, our own first."""
        devices: dict[str, str] = {}
        for name, id in signed_cookies(conn, COOKIE, self._signer(username)):
            devices.setdefault(name, id)
        return devices

    def _signer(self, username: str) -> Signer:
        # The name is signed but not in the cookie, so a stolen cookie reveals no name.
        return Signer(self._key, salt=f"discussit.device {username_key(username)}".encode(errors="replace"))
