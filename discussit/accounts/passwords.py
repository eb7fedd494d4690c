"""Passwords: rules for new ones, hashing and verifying."""

from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from discussit.models.accounts import username_key
from discussit.settings import PACKAGE

LENGTH = range(8, 257)
COMMON = PACKAGE / "accounts" / "common_passwords.txt"

hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# Verified if there is no such account, so that the answer takes as long as if there were one.
DUMMY_HASH = "$argon2id$v=19$m=19456,t=2,p=1$" + "A" * 22 + "$" + "A" * 43
# Each hash takes 19 MiB and one core.
hashing = CapacityLimiter(2)


def check(username: str, password: str) -> str:
    """Return the password if it follows the rules. Raises ValueError with a sentence for people."""
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
    return await to_thread.run_sync(hasher.hash, password, limiter=hashing)


async def verifies(hashed: str, password: str) -> bool:
    return await to_thread.run_sync(_verifies, hashed, password, limiter=hashing)


def _verifies(hashed: str, password: str) -> bool:
    try:
        return hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(hashed: str) -> bool:
    """Whether new passwords are hashed with other parameters."""
    return hasher.check_needs_rehash(hashed)
