"""The command line: serve, migrate, createsuperuser, resetpassword, creategroup, restored."""

import argparse
import asyncio
import getpass
import re
import signal
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from discussit import __version__


class Failed(Exception):
    """The command was refused or failed; the text is one line for the user."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command: 0 done, 1 refused or failed (one line on standard error), 2 wrong usage."""
    options = _parser().parse_args(arguments)
    # Imported late, so that --help and wrong usage answer immediately.
    from discussit.environment import StartError

    try:
        options.command(options)
    except (Failed, StartError) as error:
        sys.stderr.write(f"discussit: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="discussit", description="Self-hosted group chat.")
    parser.add_argument("--version", action="version", version=f"discussit {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("serve", help="serve the application with the recommended settings")
    command.add_argument("--host", type=_host, default="127.0.0.1", help="address to listen on (default: %(default)s)")
    command.add_argument("--port", type=_port, default=8000, help="port to listen on (default: %(default)s)")
    command.add_argument("--workers", type=_workers, default=1, help="processes (default: %(default)s)")
    command.add_argument("--root-path", type=_root_path, default="", help="the site's path, which the proxy strips")
    command.set_defaults(command=_serve)

    command = commands.add_parser("migrate", help="upgrade the database to the newest schema")
    command.set_defaults(command=_migrate)

    command = commands.add_parser("createsuperuser", help="create an account that administers the server")
    command.add_argument("--username", required=True, metavar="NAME")
    command.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    command.set_defaults(command=_create_superuser)

    command = commands.add_parser("resetpassword", help="print a link to set a new password, once, within an hour")
    command.add_argument("--username", required=True, metavar="NAME")
    command.set_defaults(command=_reset_password)

    command = commands.add_parser("creategroup", help="create a group and print its uuid")
    command.add_argument("name", metavar="NAME")
    command.set_defaults(command=_create_group)

    command = commands.add_parser(
        "restored", help="make all clients reload their groups: run this after restoring the database from a backup"
    )
    command.set_defaults(command=_restored)
    return parser


def _host(text: str) -> str:
    if not text:  # an unset variable of a script: uvicorn would listen on all addresses
        raise argparse.ArgumentTypeError("a host is an address or a name; 0.0.0.0 means all addresses")
    return text


def _port(text: str) -> int:
    if not (text.isdecimal() and int(text) <= 65535):
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return int(text)


def _workers(text: str) -> int:
    if not (text.isdecimal() and int(text) >= 1):
        raise argparse.ArgumentTypeError("the number of workers is 1 or more")
    return int(text)


def _root_path(text: str) -> str:
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)*/?", text):
        raise argparse.ArgumentTypeError("a root path begins with a slash, as in /chat")
    return text.rstrip("/")


def _serve(options: argparse.Namespace) -> None:
    from discussit.server.listening import bound

    # First, since a refused start should change nothing.
    with bound(options.host, options.port) as sockets:
        _serve_on(sockets, options)


def _serve_on(sockets: list[Any], options: argparse.Namespace) -> None:
    from uvicorn import Config

    from discussit import logs
    from discussit.environment import read_environment
    from discussit.schema import prepare_once
    from discussit.server import listening, running
    from discussit.settings import Settings, bus_of

    logs.show()
    # First, since reading the settings creates a missing secret key.
    if options.workers > 1 and bus_of(read_environment()).startswith("memory:"):
        raise Failed("--workers above 1 needs a bus that they share: set BROADCAST_URL=redis://…")
    settings = Settings.from_environment()
    asyncio.run(prepare_once(settings))
    listening.listen(sockets, options.host)
    _raise_file_limit()
    # uvicorn ends with the signal that stopped it; this command should exit with 0, since nothing failed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    config = Config("discussit.server.process:application", **_uvicorn_config(options))
    running.run(config, sockets, listening.where(sockets, options.host, settings.allowed_hosts, options.root_path))


def _uvicorn_config(options: argparse.Namespace) -> dict[str, Any]:
    from discussit.wire.commands import MAX_SIZE

    return {
        "factory": True,
        "host": options.host,
        "port": options.port,
        "workers": options.workers,
        "root_path": options.root_path,
        "proxy_headers": False,  # read by middleware/proxy.py
        "http": "discussit.server.http:HttpProtocol",
        "ws": "discussit.server.websocket:WebSocketProtocol",
        "ws_max_size": MAX_SIZE,
        "ws_per_message_deflate": False,
        "timeout_graceful_shutdown": 3,  # without it, a client that stops reading would block the shutdown for ever
        "timeout_worker_healthcheck": 10,  # on a busy machine, starting a worker takes longer than uvicorn's 5
        "server_header": False,
    }


def _raise_file_limit() -> None:
    """Allow as many open files as the system does: with the usual 1,024, as many idle connections block all others."""
    with suppress(ImportError, ValueError, OSError):  # not Unix, or a system without a hard limit
        import resource

        _, highest = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest, highest))


def _migrate(_options: argparse.Namespace) -> None:
    from discussit.schema import prepare_once
    from discussit.settings import Settings

    revision = asyncio.run(prepare_once(Settings.from_environment(), migrate=True))
    print(f"The database is at revision {revision}.")


def _create_superuser(options: argparse.Namespace) -> None:
    from discussit.accounts import login
    from discussit.errors import FieldError

    password = _piped_password() if options.password_stdin else _asked_password()
    try:
        asyncio.run(_with_database(lambda db: login.sign_up(db, options.username, password, is_superuser=True)))
    except FieldError as error:
        raise Failed(str(error)) from None
    print(f"Created superuser {options.username}.")


def _piped_password() -> str:
    try:
        return sys.stdin.readline().rstrip("\r\n").encode().decode()
    except UnicodeError:
        raise Failed("the password is not valid UTF-8") from None


def _asked_password() -> str:
    from discussit.accounts.passwords import normalized

    try:
        with warnings.catch_warnings():
            # Without a terminal, getpass would warn and show the password.
            warnings.simplefilter("error", getpass.GetPassWarning)
            password = getpass.getpass("Password: ")
            again = getpass.getpass("Confirm password: ")
    except (EOFError, getpass.GetPassWarning):
        raise Failed("no password was given; use --password-stdin where there is no terminal") from None
    if normalized(password) != normalized(again):
        raise Failed("the passwords don't match")
    return password


def _reset_password(options: argparse.Namespace) -> None:
    from discussit.accounts.password_reset import NoSuchAccount, ResetLinks

    try:
        path = asyncio.run(_with_database(lambda database: ResetLinks(database).path_for(options.username)))
    except NoSuchAccount:
        raise Failed("no active account with this name") from None
    print(_address(path))


def _address(path: str) -> str:
    """The address of the path, if the settings name exactly one origin, else exactly one host that others can reach.

    An IP address is no such host: nothing says by which scheme and port it is reached.
    """
    from discussit.settings import Settings

    settings = Settings.from_environment()
    if settings.trusted_origins:
        bases = [str(origin) for origin in settings.trusted_origins]
    else:
        bases = [f"https://{host}" for host in settings.allowed_hosts if _is_public_name(host)]
    return f"{bases[0]}{path}" if len(bases) == 1 else path


def _is_public_name(host: str) -> bool:
    from discussit.settings import Settings

    is_address = host.startswith("[") or host.replace(".", "").isdecimal()
    return host not in Settings.allowed_hosts and "*" not in host and not is_address


def _create_group(options: argparse.Namespace) -> None:
    from discussit.models import Group

    try:
        group = Group(name=options.name)
    except ValueError as error:
        raise Failed(str(error)) from None

    async def add(database: Any) -> None:
        async with database.transaction() as session:
            session.add(group)

    asyncio.run(_with_database(add))
    print(group.uuid)


def _restored(_options: argparse.Namespace) -> None:
    groups = asyncio.run(_with_database(_replace_epochs))
    print(f"The logs of {groups} groups are marked as restored: clients reload them.")


async def _replace_epochs(database: Any) -> int:
    """Give each log an epoch that no client has received; how many there are."""
    from sqlalchemy import select, update

    from discussit.database import chunks
    from discussit.models import Group
    from discussit.models.groups import new_epoch
    from discussit.models.locks import lock_groups

    ids = await database.run_read(lambda session: session.scalars(select(Group.id).order_by(Group.id)).all())
    for some in chunks(ids):
        async with database.transaction() as session:
            await session.execute(lock_groups(some))
            await session.execute(update(Group).where(Group.id.in_(some)).values(epoch=new_epoch()))
    return len(ids)


async def _with_database(action: Any) -> Any:
    """Run `action` on the database, at the newest schema, and return its result. Raises Failed."""
    from discussit.database import DATABASE_ERRORS, Database
    from discussit.schema import prepare, reason_of
    from discussit.settings import Settings

    database = Database(Settings.from_environment())
    try:
        await prepare(database, may_rewrite=False)  # beside a server that may be running
        return await action(database)
    except DATABASE_ERRORS as error:
        raise Failed(f"the database could not be changed: {reason_of(error, database.settings)}") from error
    finally:
        await database.close()
