"""Settings, read from the environment once and validated; and where the package's files are."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from ipaddress import ip_network
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from discussit import data_folder
from discussit.environment import Environment, StartError, read_environment
from discussit.origins import Host, Origin

Meaning = TypeVar("Meaning")
Name = TypeVar("Name", bound=StrEnum)

PACKAGE = Path(__file__).parent
# In an installed wheel the top-level folders are inside the package; in a checkout they are beside it.
ROOT = PACKAGE / "_data" if (PACKAGE / "_data").is_dir() else PACKAGE.parent
TEMPLATES, STATIC, ALEMBIC_INI = ROOT / "templates", ROOT / "static", ROOT / "alembic.ini"

DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
# Each with its client library, from the extra `scale`.
BROADCAST_SCHEMES = {"memory": "", "redis": "redis", "rediss": "redis", "unix": "redis", "postgresql": "asyncpg"}


class SignUp(StrEnum):
    """Who can sign up. The first account of a server needs no invitation."""

    OPEN = "open"
    INVITED = "invited"
    CLOSED = "closed"


class GroupCreation(StrEnum):
    """Who creates groups."""

    EVERYONE = "everyone"
    CLOSED_ONLY = "closed_only"  # everyone creates closed groups, and administrators also open ones
    ADMINISTRATORS = "administrators"


class SettingsError(StartError):
    """A setting is invalid; the text is one line for the operator."""

    def __init__(self, name: str, value: str, allowed: str) -> None:
        super().__init__(f"{name}={without_password(value)!r} can't be used: {allowed}")


@dataclass(frozen=True)
class Settings:
    """The settings as typed values; docs/running.md describes them."""

    database_url: str
    secret_key: str
    broadcast_url: str = "memory://"
    allowed_hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]", "testserver")
    trusted_origins: tuple[Origin, ...] = ()
    signup: SignUp = SignUp.OPEN
    group_creation: GroupCreation | None = None  # None: the server's default (groups/creation.py)
    message_rate: int = 20
    forwarded_allow_ips: str = "127.0.0.1,::1"
    sockets_per_session: int = 20
    sockets_per_address: int = 200
    debug: bool = False

    @classmethod
    def from_environment(cls) -> "Settings":
        """Read the process environment, then `.env` in the working directory. Raises StartError."""
        read = read_environment()
        url = database_url(read("DATABASE_URL", default="sqlite+aiosqlite:///discussit.db"))
        settings = cls(
            database_url=url.render_as_string(hide_password=False),
            broadcast_url=bus_of(read),
            allowed_hosts=allowed_hosts(read("ALLOWED_HOSTS", default=",".join(cls.allowed_hosts))),
            trusted_origins=trusted_origins(read("TRUSTED_ORIGINS", default="")),
            signup=one_of("SIGNUP", read("SIGNUP", default="open"), _by_name(SignUp)),
            group_creation=one_of(
                "GROUP_CREATION", read("GROUP_CREATION", default=""), {"": None, **_by_name(GroupCreation)}
            ),
            message_rate=whole_number("MESSAGE_RATE", read("MESSAGE_RATE", default=str(cls.message_rate))),
            forwarded_allow_ips=proxies(read("FORWARDED_ALLOW_IPS", default=cls.forwarded_allow_ips)),
            sockets_per_session=whole_number(
                "SOCKETS_PER_SESSION", read("SOCKETS_PER_SESSION", default=str(cls.sockets_per_session))
            ),
            sockets_per_address=whole_number(
                "SOCKETS_PER_ADDRESS", read("SOCKETS_PER_ADDRESS", default=str(cls.sockets_per_address))
            ),
            debug=one_of("DEBUG", read("DEBUG", default="false"), SWITCH),
            secret_key=read("SECRET_KEY", default="").strip() or stored_secret_key(url),
        )
        read.warn_of_typos()
        return settings

    @property
    def uses_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def sqlite_file(self) -> Path:
        """The absolute path of the database's file. Only where the database is SQLite's."""
        return data_folder.sqlite_file(make_url(self.database_url))


SWITCH = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


def database_url(value: str) -> URL:
    """The SQLAlchemy URL with its asynchronous driver. Raises SettingsError."""
    allowed = "an SQLAlchemy URL such as sqlite:///discussit.db or postgresql://user@host/name"
    try:
        url = make_url(value.strip())
    except (ArgumentError, ValueError):
        raise SettingsError("DATABASE_URL", value, f"it must be {allowed}") from None
    if url.drivername not in DRIVERS:
        raise SettingsError("DATABASE_URL", value, f"it must be {allowed}")
    if url.drivername.startswith("sqlite"):
        check_sqlite_file(url, value)
    if DRIVERS[url.drivername].endswith("asyncpg"):
        need("asyncpg", "DATABASE_URL", value)
    return url.set(drivername=DRIVERS[url.drivername])


def check_sqlite_file(url: URL, value: str) -> None:
    try:
        file = data_folder.sqlite_file(url)
    except ValueError as error:
        text = f"SQLite must be given a file, as in sqlite:///discussit.db ({error})"
        raise SettingsError("DATABASE_URL", value, text) from None
    if not os.path.isdir(file.parent):  # noqa: PTH112 - Path.is_dir() raises PermissionError
        text = f"there is no folder {file.parent}, or this user may not open it: create it"
        raise SettingsError("DATABASE_URL", value, text)


def bus_of(read: Environment) -> str:
    return broadcast_url(read("BROADCAST_URL", default=Settings.broadcast_url))


def broadcast_url(value: str) -> str:
    allowed = f"it must begin with one of {', '.join(f'{scheme}://' for scheme in BROADCAST_SCHEMES)}"
    value = value.strip()
    try:
        scheme = urlsplit(value).scheme
    except ValueError:
        raise SettingsError("BROADCAST_URL", value, allowed) from None
    if scheme not in BROADCAST_SCHEMES:
        raise SettingsError("BROADCAST_URL", value, allowed)
    if library := BROADCAST_SCHEMES[scheme]:
        need(library, "BROADCAST_URL", value)
    return value


def need(library: str, name: str, value: str) -> None:
    if find_spec(library) is None:
        raise SettingsError(name, value, f"{library} is not installed: pip install 'discussit[scale]'")


def allowed_hosts(value: str) -> tuple[str, ...]:
    """Names as in Host, and patterns such as `*.example.org` and `*`. Raises SettingsError."""
    hosts = tuple(_allowed_host(host.strip()) for host in value.split(",") if host.strip())
    if not hosts or None in hosts:
        allowed = "it must be host names without ports, separated by commas; *.example.org is allowed"
        raise SettingsError("ALLOWED_HOSTS", value, allowed)
    return tuple(host for host in hosts if host)


def _allowed_host(text: str) -> str | None:
    if text == "*":
        return text
    wildcard, name = ("*.", text[2:]) if text.startswith("*.") else ("", text)
    host = Host.parse(name)
    if host is None or host.port is not None or name.endswith(":") or (wildcard and host.name.startswith("[")):
        return None
    return wildcard + host.name


def trusted_origins(value: str) -> tuple[Origin, ...]:
    """Origins without a path; a trailing slash is forgiven. Raises SettingsError."""
    origins = [Origin.parse(text.strip().removesuffix("/")) for text in value.split(",") if text.strip()]
    if None in origins:
        allowed = "it must be origins such as https://chat.example.org, separated by commas: http or https, a host, "
        raise SettingsError("TRUSTED_ORIGINS", value, allowed + "a port if there is one, and nothing else, no *")
    return tuple(origin for origin in origins if origin)


def proxies(value: str) -> str:
    """As uvicorn reads it. Raises SettingsError for values that uvicorn would take for a name that never matches."""
    try:
        for address in [] if value.strip() == "*" else value.split(","):
            ip_network(address.strip())
    except ValueError:
        allowed = "it must be addresses or networks such as 10.0.0.10 or 10.0.0.0/24, separated by commas, or *"
        raise SettingsError("FORWARDED_ALLOW_IPS", value, allowed) from None
    return value.strip()


def one_of(name: str, value: str, meanings: Mapping[str, Meaning]) -> Meaning:
    """What the value means, whatever its case. Raises SettingsError."""
    if value.strip().lower() not in meanings:
        raise SettingsError(name, value, f"it must be one of {', '.join(filter(None, meanings))}")
    return meanings[value.strip().lower()]


def _by_name(names: type[Name]) -> dict[str, Name]:
    return {name.value: name for name in names}


def whole_number(name: str, value: str) -> int:
    # isdecimal() alone also accepts the digits of other scripts, which int() would read.
    digits = value.strip()
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 10):
        raise SettingsError(name, value, "it must be a whole number from 0 to 999999999")
    return int(digits)


def stored_secret_key(url: URL) -> str:
    """The key that is stored beside the SQLite database. Raises StartError."""
    if url.get_backend_name() != "sqlite":
        recipe = 'python3 -c "import secrets; print(secrets.token_hex(32))"'
        raise StartError(f"SECRET_KEY is not set: set it to a long random text, for example from: {recipe}")
    return data_folder.stored_secret_key(data_folder.sqlite_file(url))


def without_password(value: str) -> str:
    """The URL without its password, or anything that looks like one, so that it may be shown."""
    value = re.sub(r":(?!//).*@", ":***@", value, flags=re.DOTALL)
    return re.sub(r"(password=)[^&]*", r"\1***", value, flags=re.IGNORECASE)
