"""Whom a text mentions: its names, resolved to members of the group once, when it is written."""

from collections.abc import Iterable, Mapping, Sequence

from discussit.groups.membership import named_members
from discussit.log.targets import Mentioned
from discussit.many_rows import SqlConnection
from discussit.models.accounts import RESERVED
from discussit.models.entries import EVERYONE
from discussit.text.rich import Parsed

Named = Mapping[tuple[int, str], Mentioned]  # by a group's id and the key of a name


def find_named(connection: SqlConnection, texts: Iterable[tuple[int, Parsed]]) -> Named:
    """Whom the names in these groups' texts mean."""
    keys = {(group_id, key) for group_id, parsed in texts for key in parsed.keys}
    if not keys:
        return {}
    everyone = {(group_id, key): (EVERYONE, key) for group_id, key in keys if key in RESERVED}
    return everyone | named_members(connection, keys)


def resolve(parsed: Parsed | None, group_id: int, named: Named) -> tuple[str | None, Sequence[Mentioned]]:
    """The text's tree, None where it is plain, and whom it mentions."""
    if parsed is None:
        return None, ()
    found = {key: named[group_id, key] for key in parsed.keys if (group_id, key) in named}
    body, mentioned = parsed.resolve({key: user_id for key, (user_id, _) in found.items()})
    names = dict(found.values())
    return body, [(user_id, names[user_id]) for user_id in mentioned]
