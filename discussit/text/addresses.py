"""Addresses of the web within a text: the rule of static/js/shared/linkify.js, for texts that are not plain."""

import re

# The white space is JavaScript's.
ADDRESS = re.compile(r"(?<![0-9A-Za-z_])[Hh][Tt][Tt][Pp][Ss]?://[^\s\ufeff<>\"]+")
CLOSING = frozenset(".,:;!?'\"…»”\u2019)]}")
# A browser takes more slashes, and "\" for "/". Before an "@" is a user's name.
AUTHORITY = re.compile(
    r"https?:[/\\]+(?:[^/\\?#]*@)?([^/\\?#@:^|%\[\]]+|\[[0-9a-f:.]+\])(?::([0-9]*))?(?=[/\\?#]|$)", re.I
)
# `[text](https://host/path)`, where parentheses may be one within another. The host is shown beside the text: in other
# letters than these it could look like another one.
LABELLED = re.compile(
    r"\[([^\[\]\n]++)\]\(([Hh][Tt][Tt][Pp][Ss]?://[0-9A-Za-z._-]++(?::[0-9]{1,5})?"
    r"(?:[/?#](?:[^\s\ufeff<>\"()]|\([^\s\ufeff<>\"()]*+\))*+)?)\)"
)


def address_around(text: str, colon: int, marks: str) -> tuple[int, int, int] | None:
    """Where the address begins and ends whose scheme ends at this colon, and where the next may begin, or None.

    Emphasis around it may end directly after it: `marks` are its signs. Of what no browser could open it has nothing.
    """
    if not text.startswith("://", colon):
        return None
    for scheme in ("https", "http"):
        match = ADDRESS.match(text, max(0, colon - len(scheme)))
        if match and match.start() + len(scheme) == colon:
            address = _without_closing(match[0], CLOSING | {*marks})
            length = len(address) if is_address(address) else 0
            return match.start(), match.start() + length, match.end()
    return None


def is_address(address: str) -> bool:
    """Whether a browser could open it."""
    match = AUTHORITY.match(address)
    return match is not None and int(match[2] or "0") < 65_536


def _without_closing(address: str, closing: frozenset[str]) -> str:
    """Without the punctuation after it. A closing parenthesis belongs to the address if it was opened in it."""
    end = len(address)
    unopened = address.count(")") - address.count("(")
    while address[end - 1] in closing:
        if address[end - 1] == ")":
            if unopened <= 0:
                break
            unopened -= 1
        end -= 1
    return address[:end]
