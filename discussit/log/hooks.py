"""What every session does when it writes, whichever program it belongs to.

Before a flush, memberships and their events are made to agree, and sessions and conversations of closed accounts end.
New entries are written by `write_entries`, after the rows that they refer to. After a commit, what was written is
handed to the session's `publish`, if it has one.
Statements that bypass the ORM bypass these hooks.
"""

from collections.abc import Iterable, Sequence
from copy import deepcopy

from sqlalchemy import Update, event, inspect, select, text, union, update
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm import SessionTransaction, UOWTransaction, attributes

# As a module: whichever of it and the tables is imported first imports these hooks before it is complete.
from discussit.log import committed, log_ends, memberships, mentions, ownership, write
from discussit.log.kinds import State
from discussit.log.targets import Mentioned
from discussit.log.unread import GONE
from discussit.models.accounts import Session, User, locked_sessions
from discussit.models.base import now
from discussit.models.entries import ENTRIES, MENTIONS, TEXTS, VERSIONS, Entry, Event, GroupChange, Message
from discussit.models.groups import GROUPS, MEMBERSHIPS, Access, Group, Posting, new_epoch
from discussit.models.invitations import Invitation
from discussit.models.locks import lock_groups
from discussit.text.rich import Parsed, parse


@event.listens_for(OrmSession, "before_flush")
def before_flush(session: OrmSession, _context: UOWTransaction, _instances: object) -> None:
    """Log memberships, make them follow events, write revisions, end sessions and conversations, take new entries."""
    _hold_groups(session)
    memberships.log_memberships(session)
    memberships.follow_events(session)
    ownership.keep_owners(session)
    _keep_log_whole(session)
    _revise(session)
    _end_sessions(session)
    _end_conversations(session)
    _take_entries(session)


@event.listens_for(OrmSession, "after_flush")
def after_flush(session: OrmSession, _context: UOWTransaction) -> None:
    """Write the new entries, and note what else others have to be sent."""
    _write(session)
    changes = committed.changes_of(session)
    for row in session.deleted:
        if isinstance(row, Session):
            changes.ended_sessions[row.id] = row.user_id
        elif isinstance(row, Group):
            changes.resync_groups.add(row.uuid)
            changes.changed_groups[row.uuid] = GONE
            changes.erases = True
            _have_copies_erased(session)


def _have_copies_erased(session: OrmSession) -> None:
    """Have the next start rewrite SQLite's file (schema.py): rows that are deleted leave copies of texts in it."""
    if session.connection().dialect.name == "sqlite":
        asked = session.scalars(text("PRAGMA user_version")).one()
        session.execute(text(f"PRAGMA user_version={asked + 1}"))


# Accounts


def _hold_groups(session: OrmSession) -> None:
    """Lock the groups that changes of accounts reach, all at the same time: models/locks.py has the order.

    An account is renamed wherever it wrote, invites nobody any more where it was a superuser, and ends conversations.
    """
    users = [row for row in session.dirty if isinstance(row, User)]
    renamed = [user.id for user in users if _is_renamed(user)]
    demoted = [user.id for user in users if ownership.is_demoted(user)]
    closed = [user.id for user in users if _is_closed(user)]
    if not (renamed or demoted or closed):
        return
    reached = union(
        select(ENTRIES.c.group_id).where(ENTRIES.c.user_id.in_(renamed)),
        select(Invitation.group_id).where(Invitation.created_by.in_(demoted), Invitation.revoked_at.is_(None)),
        select(MEMBERSHIPS.c.group_id).where(MEMBERSHIPS.c.user_id.in_(closed)),
    )
    session.connection().execute(lock_groups(reached))


def _end_sessions(session: OrmSession) -> None:
    """End the sessions of closed and of renamed accounts: open sockets know their user by the old name."""
    for user in [row for row in session.dirty if isinstance(row, User)]:
        if user.is_active and not _is_renamed(user):
            continue
        with session.no_autoflush:
            for ended in session.scalars(locked_sessions(Session.user_id == user.id)):
                session.delete(ended)


def _end_conversations(session: OrmSession) -> None:
    """Have nobody write in direct groups of accounts that are closed any more, and their members learn of it."""
    closed = [row.id for row in session.dirty if isinstance(row, User) and _is_closed(row)]
    of_closed = select(MEMBERSHIPS.c.group_id).where(MEMBERSHIPS.c.user_id.in_(closed))
    direct = GROUPS.c.id.in_(of_closed), GROUPS.c.access == Access.DIRECT
    if closed:
        ended = update(GROUPS).where(*direct).values(posting=Posting.NOBODY, rev=GROUPS.c.rev + 1)
        _note_changed_groups(session, ended)


def _is_closed(user: User) -> bool:
    return not user.is_active and bool(inspect(user).attrs.is_active.history.added)


def _is_renamed(user: User) -> bool:
    return bool(inspect(user).attrs.username.history.deleted)


# Entries


def _keep_log_whole(session: OrmSession) -> None:
    for row in session.deleted:
        if isinstance(row, Entry) and row.group not in session.deleted:
            raise ValueError("An entry can't be deleted, since a log has no gaps: delete_messages() erases its text.")


def _take_entries(session: OrmSession) -> None:
    """Keep new entries from SQLAlchemy's own INSERT."""
    entries = [row for row in session.new if isinstance(row, Entry)]
    if any(isinstance(entry, Message) and not entry.content for entry in entries):
        raise ValueError("A message needs some text.")
    if any(entry.reply_to is not None for entry in entries):
        raise ValueError("A reply is written by the Writer, which checks what it answers: MessageDraft(reply_to=…).")
    for entry in entries:
        # A flush without rows of its own would end here, before the entries are written. The group is part of it in
        # any case: a rollback also has to reach the counts that `_refresh` gives it.
        attributes.flag_dirty(memberships.group_of(session, entry))
        memberships.user_of(session, entry)
        session.expunge(entry)
    session.info.setdefault("unwritten", []).extend(entries)


def _write(session: OrmSession) -> None:
    entries: list[Entry] = session.info.pop("unwritten", [])
    if not entries:
        return
    for entry in entries:
        if isinstance(entry, Event):
            entry.description = entry.describe()
        entry.timestamp = entry.timestamp or now()
    new = _new_entries(session, entries)
    seqs = write.write_entries(session.connection(), committed.changes_of(session), new)
    for entry, seq in zip(entries, seqs, strict=True):
        _make_persistent(session, entry, seq)
    _note_group_changes(session, {entry.group_id for entry in entries if isinstance(entry, GroupChange)})
    _refresh(session, {entry.group for entry in entries})


def _note_group_changes(session: OrmSession, groups: Iterable[int]) -> None:
    """Have members learn of their groups' new settings, and forms with the old ones be out of date."""
    for id in sorted(groups):
        _note_changed_groups(session, update(GROUPS).where(GROUPS.c.id == id).values(rev=GROUPS.c.rev + 1))


def _note_changed_groups(session: OrmSession, changed: Update) -> None:
    for uuid, rev in session.connection().execute(changed.returning(GROUPS.c.uuid, GROUPS.c.rev)):
        committed.changes_of(session).changed_groups[uuid] = rev


def _new_entries(session: OrmSession, entries: Sequence[Entry]) -> list["write.NewEntry"]:
    parsed = [parse(entry.content) if isinstance(entry, Message) else None for entry in entries]
    texts = [(entry.group.id, text) for entry, text in zip(entries, parsed, strict=True) if text is not None]
    if texts:
        # A member who is mentioned here has not left before this message.
        log_ends.lock_log_ends(session.connection(), {entry.group.id for entry in entries})
    named = mentions.find_named(session.connection(), texts)
    return [_new_entry(session, entry, text, named) for entry, text in zip(entries, parsed, strict=True)]


def _new_entry(session: OrmSession, entry: Entry, text: Parsed | None, named: "mentions.Named") -> "write.NewEntry":
    group, user = entry.group, entry.user
    return write.NewEntry(
        group.id,
        group.uuid,
        entry.kind,
        user.id,
        user.username,
        entry.content or "",
        entry.client_id,
        entry.timestamp,
        *mentions.resolve(text, group.id, named),
        other=_other(session, entry),
    )


def _other(session: OrmSession, entry: Entry) -> Mentioned | None:
    """The other user whom the entry concerns, and their name."""
    if entry.other_user_id is None:
        return None
    with session.no_autoflush:
        return entry.other_user_id, session.get_one(User, entry.other_user_id).username


def _make_persistent(session: OrmSession, entry: Entry, seq: int) -> None:
    """Let the session know the object as the row that was written, as after an INSERT of its own."""
    entry.group_id, entry.seq, entry.user_id = entry.group.id, seq, entry.user.id
    entry.client_id, entry.state = entry.client_id, State.LIVE  # else a later look at them would ask the database
    session.add(entry)
    # What SQLAlchemy's own flush does with the rows that it wrote: a rollback takes them out of the session again.
    session._register_persistent({inspect(entry)})
    session.expire(entry, ["nth"])


def _refresh(session: OrmSession, groups: Iterable[Group]) -> None:
    """Let the session's groups have the counts that were written beside them."""
    columns = GROUPS.c
    counts = select(columns.last_seq, columns.messages, columns.last_message_at, columns.member_count, columns.rev)
    for group in groups:
        found = session.connection().execute(counts.where(columns.id == group.id)).one()
        for name, value in found._mapping.items():
            attributes.set_committed_value(group, name, value)


# Texts that change


def _revise(session: OrmSession) -> None:
    """Write changed texts, and have all readers load the log again: they were sent the old ones."""
    changed = [row for row in session.dirty if isinstance(row, Entry) and session.is_modified(row)]
    renamed = [row for row in session.dirty if isinstance(row, User) and _is_renamed(row)]
    groups = {entry.group_id for entry in changed}
    for user in renamed:
        groups.update(session.connection().scalars(select(ENTRIES.c.group_id).where(ENTRIES.c.user_id == user.id)))
    for group in sorted(groups):  # in order of their ids, as they are locked elsewhere
        write.raise_revisions(session, group, new_epoch())
    for entry in changed:
        _store_text(session, entry)


def _store_text(session: OrmSession, entry: Entry) -> None:
    if entry.is_deleted:
        raise ValueError("A deleted text is gone for good: its place takes no other.")
    texts = VERSIONS if entry.rev else TEXTS
    changed = update(texts).where(texts.c.group_id == entry.group_id, texts.c.seq == entry.seq)
    if entry.rev:
        changed = changed.where(VERSIONS.c.rev == entry.rev)
    session.connection().execute(changed.values(content=entry.content, body=None))
    # A plain text mentions nobody. The rows stay, as after an edit.
    mentioned = update(MENTIONS).where(MENTIONS.c.group_id == entry.group_id, MENTIONS.c.seq == entry.seq)
    session.connection().execute(mentioned.values(place=None))
    committed.changes_of(session).erases = True


# Commits


@event.listens_for(OrmSession, "after_transaction_create")
def after_begin(session: OrmSession, begun: SessionTransaction) -> None:
    """Keep what was written before a savepoint, in case it is rolled back."""
    if begun.nested:
        session.info.setdefault("savepoints", {})[begun] = deepcopy(
            session.info.get("changes", committed.CommittedChanges())
        )


@event.listens_for(OrmSession, "after_soft_rollback")
def after_rollback(session: OrmSession, ended: SessionTransaction) -> None:
    """Forget what was rolled back: nothing of it is published."""
    session.info.pop("unwritten", None)
    if ended.nested:
        session.info["changes"] = session.info["savepoints"].pop(ended)


@event.listens_for(OrmSession, "after_transaction_end")
def after_end(session: OrmSession, ended: SessionTransaction) -> None:
    """Forget what was neither committed nor rolled back: a session that is closed leaves its transaction."""
    if ended.parent is None:
        for name in ("unwritten", "changes", "savepoints"):
            session.info.pop(name, None)


@event.listens_for(OrmSession, "after_commit")
def after_commit(session: OrmSession) -> None:
    """Publish what the transaction wrote."""
    if session.in_nested_transaction():
        return  # a savepoint is released: its transaction may still be rolled back
    changes = session.info.pop("changes", None)
    publish: committed.Publish | None = session.info.get("publish")
    if changes is not None and publish is not None:
        publish(changes)
