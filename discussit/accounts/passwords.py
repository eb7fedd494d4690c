"""Passwords: rules for new ones, hashing and verifying.

They are hashed in NFKC, as NIST SP 800-63B advises: keyboards send ü as one character or as two. Earlier versions
hashed what was typed.
"""

import unicodedata

from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from discussit.models.accounts import username_key
from discussit.settings import PACKAGE

LENGTH = range(8, 257)
# Characters that are normalized: 256 in NFKC have no more in NFD. The time is quadratic in the number of marks.
MAX_TYPED = 1_024
COMMON = PACKAGE / "accounts" / "common_passwords.txt"

hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# Verified if there is no such account, so that the answer takes as long as if there were one.
DUMMY_HASH = "$argon2id$v=19$m=19456,t=2,p=1$" + "A" * 22 + "$" + "A" * 43
# Each hash takes 19 MiB and one core.
hashing = CapacityLimiter(2)


def normalized(password: str) -> str:
    return unicodedata.normalize("NFKC", password) if len(password) <= MAX_TYPED else password


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
    """The hash of the normalized password."""
    return await to_thread.run_sync(hasher.hash, normalized(password), limiter=hashing)


async def verified(hashed: str, password: str) -> str | None:
    """The text that the hash is of: the normalized password, or the typed one, if the hash is older; None if wrong.

    A wrong password costs as many hashes as it has forms, whatever the hash is of.
    """
    for form in dict.fromkeys((normalized(password), password)):
        if await to_thread.run_sync(_verifies, hashed, form, limiter=hashing):
            return form
    return None


def _verifies(hashed: str, password: str) -> bool:
    try:
        return hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(hashed: str, text: str) -> bool:
    """Whether this hash of the text would be another one today: of the normalized text, or with other parameters."""
    return text != normalized(text) or hasher.check_needs_rehash(hashed)
