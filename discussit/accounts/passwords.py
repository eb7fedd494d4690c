"""Passwords: rules for new ones, hashing and verifying.

They are hashed in NFKC, as NIST SP 800-63B advises: keyboards send ü as one character or as two. Earlier versions
hashed what was typed.
"""

import unicodedata
from collections.abc import Callable
from typing import TypeVar, TypeVarTuple, Unpack

from anyio import CapacityLimiter, fail_after, to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from discussit.errors import ErrorCode, Refused
from discussit.models.accounts import username_key
from discussit.models.names import MAX_TYPED, composed
from discussit.settings import PACKAGE

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")

LENGTH = range(8, 257)
COMMON = PACKAGE / "accounts" / "common_passwords.txt"

hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# Verified if there is no such account, so that the answer takes as long as if there were one.
DUMMY_HASH = "$argon2id$v=19$m=19456,t=2,p=1$" + "A" * 22 + "$" + "A" * 43
# Each hash takes 19 MiB and one core.
hashing = CapacityLimiter(2)
TURN_LIMIT = 10  # seconds that a password waits for others to be hashed


class TooManyPasswords(Refused):
    """So many passwords are waiting to be hashed that this one did not get its turn."""

    def __init__(self) -> None:
        text = "Many people are logging in right now, so nothing was done. Please try again in a moment."
        super().__init__(ErrorCode.BUSY, text, retry_after=5)


def normalized(password: str) -> str:
    return composed(password)


def check(username: str, password: str) -> str:
    """Return the password if it follows the rules, normalized. Raises ValueError with a sentence for people."""
    password = normalized(password)
    if len(password) not in LENGTH:
        raise ValueError("A password has 8 to 256 characters.")
    if username_key(password) == username_key(username):
        raise ValueError("The password can't be the name.")
    if is_common(password):
        raise ValueError("This password is one of the most common ones. Choose another.")
    return password


def is_common(password: str) -> bool:
    """Whether it is among those that attackers try first, ignoring case."""
    # Read each time: that takes a thousandth of the time of hashing, and keeps no memory.
    return f"\n{password.lower()}\n".encode() in COMMON.read_bytes()


async def hash_of(password: str) -> str:
    """The hash of the normalized password. Raises TooManyPasswords."""
    return await _in_turn(hasher.hash, normalized(password))


async def verified(hashed: str, password: str) -> str | None:
    """The text that the hash is of: the normalized password, or another form, if the hash is older; None if wrong.

    A wrong password costs as many hashes as it has forms, whatever the hash is of. Raises TooManyPasswords.
    """
    for form in _forms(password):
        if await _in_turn(_verifies, hashed, form):
            return form
    return None


def _forms(password: str) -> list[str]:
    """What a hash may be of: the normalized password, what was typed, and what other keyboards would have typed."""
    if len(password) > MAX_TYPED:
        return [password]
    typed = (unicodedata.normalize("NFC", password), unicodedata.normalize("NFD", password))
    return list(dict.fromkeys((normalized(password), password, *typed)))


async def _in_turn(work: Callable[[Unpack[Arguments]], Result], *arguments: *Arguments) -> Result:
    turn = object()
    try:
        with fail_after(TURN_LIMIT):
            await hashing.acquire_on_behalf_of(turn)
    except TimeoutError:
        raise TooManyPasswords from None
    try:
        return await to_thread.run_sync(work, *arguments)
    finally:
        hashing.release_on_behalf_of(turn)


def _verifies(hashed: str, password: str) -> bool:
    try:
        return hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(hashed: str, text: str) -> bool:
    """Whether it should be hashed again: `text`, which the hash is of, is not normalized, or the parameters changed."""
    return text != normalized(text) or hasher.check_needs_rehash(hashed)
