"""The folder of an SQLite database: where its files are, and that they are private.

SQLite gives `-wal`, `-shm` and journals the mode of the database, whatever the umask.
"""

import logging
import os
import secrets
import sqlite3
import stat
import tempfile
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, SAWarning

from discussit.environment import StartError

logger = logging.getLogger(__name__)

SLASHES = "three slashes precede a relative path, four an absolute one"
OTHERS, ALL_BUT_OWNER = stat.S_IRWXO, stat.S_IRWXO | stat.S_IRWXG
WAL = "-wal"
BESIDE = (WAL, "-shm")  # what SQLite keeps beside an open database

_new_secrets: set[Path] = set()  # that this process created


def sqlite_file(url: URL) -> Path:
    """The absolute path of the URL's file. Raises ValueError if it names none that can be used."""
    name, options = _connect_arguments(url)
    if options.get("uri"):
        address = urlsplit(name)
        if address.scheme != "file":
            raise ValueError("with uri=true the path begins with file:")
        if "memory" in parse_qs(address.query).get("mode", ()):
            raise ValueError("mode=memory keeps nothing")
        name = unquote(address.path)
    if name in ("", ":memory:"):
        raise ValueError("a database in memory keeps nothing")
    file = Path(name).absolute()
    if "\0" in name or file.suffix == ".secret" or not file.name:
        raise ValueError("it is not a name for a database; NAME.secret is for the key of NAME.db")
    return file


def open_existing(arguments: list[Any], options: dict[str, Any]) -> None:
    """Change the driver's arguments so that no connection creates the file."""
    name = arguments[0] if options.get("uri") else Path(arguments[0]).absolute().as_uri()
    address, _, query = name.partition("?")
    values = {key: some[-1] for key, some in parse_qs(query).items()}
    if values.get("mode", "rwc") == "rwc":
        values["mode"] = "rw"
    arguments[0], options["uri"] = f"{address}?{urlencode(values)}", True


def _connect_arguments(url: URL) -> tuple[str, dict[str, Any]]:
    if not url.database:
        raise ValueError(SLASHES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            (name,), options = url.get_dialect()().create_connect_args(url)
    except SAWarning:
        raise ValueError("its options need uri=true beside them and file: before the path") from None
    except ArgumentError:
        raise ValueError(SLASHES) from None
    return name, dict(options)


# The database


def create_database(file: Path) -> None:
    """Create an empty file that only its owner can read, if there is none. Raises StartError."""
    real = Path(os.path.realpath(file))
    try:
        if not (real.exists() and real.stat().st_size):
            _refuse_lost_database(file, _beside(real, WAL))
        _create_private(real)
    except FileExistsError:
        return
    except OSError as error:
        raise StartError(_not_created(file, error)) from None
    _warn_of_old_secret(file)


def make_private(file: Path) -> None:
    """Take the database's files from everybody but their owner if everybody can read them.

    A file that only a group can read as well is left alone: somebody wanted it, perhaps for backups.
    """
    real = Path(os.path.realpath(file))
    _make_private(OTHERS, real, *(_beside(real, end) for end in BESIDE))


def _beside(file: Path, end: str) -> Path:
    return file.with_name(file.name + end)


def _refuse_lost_database(file: Path, wal: Path) -> None:
    """Raise StartError if SQLite would delete a `-wal` file that still contains what was written last."""
    if wal.exists() and wal.stat().st_size:
        text = f"{file} is missing or empty, but {wal} has its newest messages: put {file.name} back where it was"
        raise StartError(f"{text}, or delete {wal.name} to begin with an empty database")


def _warn_of_old_secret(file: Path) -> None:
    secret = secret_file(file)
    if secret.exists() and secret not in _new_secrets:
        advice = "if there was a database, stop the server and put it back"
        logger.warning(
            "created %s, since it was missing, but %s is from an earlier start: %s", file, secret.name, advice
        )


def _create_private(file: Path) -> None:
    """Create an empty file that only its owner can read and write, whatever the umask. Raises FileExistsError."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.fchmod(handle, 0o600)
    finally:
        os.close(handle)


def _make_private(mask: int, *files: Path) -> None:
    """Take the files whose modes have one of the mask's bits from all but their owners."""
    shared = [file for file in files if _mode(file) & mask]
    for file in shared:
        with suppress(OSError):  # of another owner, or on a file system without modes
            file.chmod(_mode(file) & stat.S_IRWXU)
    still = [str(file) for file in shared if _mode(file) & mask]
    if still:
        logger.warning("other users can read %s: run chmod go= on it, as its owner", " ".join(still))
    elif shared:
        logger.warning("other users could read %s: now only the owner can", " ".join(map(str, shared)))


def _mode(file: Path) -> int:
    """0 where there is none: SQLite deletes what is beside a database when nobody has it open."""
    try:
        return stat.S_IMODE(file.stat().st_mode)
    except OSError:
        return 0


def _not_created(file: Path, error: OSError) -> str:
    if os.access(file.parent, os.W_OK | os.X_OK):
        return f"{file} can't be created ({error.strerror})"
    names = f"the database {file.name} and the key {secret_file(file).name}"
    text = f"The folder {file.parent} can't be written ({error.strerror}), and {names} belong there"
    return f"{text}: let this user write to it, or set DATABASE_URL to a file in another folder"


def trouble_with(file: Path, error: sqlite3.Error) -> str:
    """What is wrong with the database's file, and what to do, for a line to the operator."""
    found = str(error) or type(error).__name__
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if file.is_dir():
        return f"{file} is a folder: set DATABASE_URL to a file"
    if code == sqlite3.SQLITE_NOTADB:
        return f"{file} is not an SQLite database ({found}): move it away, or set DATABASE_URL to another file"
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"{file} is locked by another program ({found}): end that program"
    if code == sqlite3.SQLITE_CORRUPT:
        return f"{file} is damaged ({found}): restore it from a copy"
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return f"{file} can't be written or read ({found}): is there space left on its disk?"
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        advice = f"let this user write to {file.parent} and the files in it"
        return f"{_unwritable(file)} can't be written ({found}): {advice}"
    return f"{file}: {found}"


def _unwritable(file: Path) -> Path:
    """The folder or the file, whichever it is that can't be written."""
    return file if os.access(file.parent, os.W_OK | os.X_OK) else file.parent


# The secret key


def secret_file(database: Path) -> Path:
    return database.with_suffix(".secret")


def stored_secret_key(database: Path) -> str:
    """The key that is stored beside the database, created at the first start. Raises StartError."""
    file, remedy = secret_file(database), "remove it to create a new key, which logs everybody out"
    try:
        if not file.exists():
            _create_secret(file)
    except OSError as error:
        raise StartError(_not_created(database, error)) from None
    try:
        key = file.read_text("utf-8").strip()
    except OSError as error:
        advice = "it is the server's key, so let this user read it, or set SECRET_KEY"
        raise StartError(f"{file} can't be used ({error.strerror}): {advice}") from None
    except UnicodeError:
        raise StartError(f"{file} can't be used: it is not text; {remedy}") from None
    if not key:
        raise StartError(f"{file} is empty; {remedy}")
    _make_private(ALL_BUT_OWNER, file)
    return key


def _create_secret(file: Path) -> None:
    # Written under another name and then linked: if two processes start at the same time,
    # one creates the key and the other reads all of it.
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    draft = Path(name)
    try:
        with os.fdopen(handle, "w") as text:
            os.fchmod(handle, 0o600)
            text.write(secrets.token_hex(32))
            text.flush()
            os.fsync(handle)
        os.link(draft, file)
        _new_secrets.add(file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
