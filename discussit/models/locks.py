"""The one order in which transactions lock rows, so that no two of them can wait for each other.

1. users, by id: `lock_users`, or FOR SHARE by whoever only needs the account to stay open
2. groups, by id: `lock_groups`. Whoever takes places in a log or changes who is a member holds its group
3. invitations: whoever changes one of a group's holds the group. Its token leads to the group before anything is
   locked: an invitation is of one group for good
4. sessions, by id
5. the keys of users: foreign keys (KEY SHARE) and new names (the UPDATE of a unique column locks as FOR UPDATE)
6. memberships, entries, texts: whoever changes them holds their group. Only marks of what was read do without
   (log/marks.py): they lock nothing but memberships, and skip those that are locked
7. submissions: whoever writes one has done everything else

Whoever signs up by an invitation holds the group before taking the name.

Rows of users and groups are locked FOR NO KEY UPDATE: FOR UPDATE of a user would wait for every entry that is being
written by them, and the writer of entries, which holds groups already, for it.
SQLite knows no such locks: one transaction writes at a time.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, select

from discussit.models.base import Base


def lock_users(condition: ColumnElement[bool]) -> Select[int]:
    """Locks the users who meet the condition."""
    return _lock("users", condition)


def lock_groups(ids: Any) -> Select[int]:
    """Locks the groups of these ids, given as values or as a query."""
    return _lock("groups", Base.metadata.tables["groups"].c.id.in_(ids))


def _lock(table: str, condition: ColumnElement[bool]) -> Select[int]:
    id = Base.metadata.tables[table].c.id
    return select(id).where(condition).order_by(id).with_for_update(key_share=True)
