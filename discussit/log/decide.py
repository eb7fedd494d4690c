"""What becomes of the commands of a batch: decided one after the other, under their groups' locks.

Each is checked in the order that docs/protocol.md states. One that changes nothing has no entry.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session as OrmSession

from discussit.errors import ChangedMeanwhile, ErrorCode, Refused
from discussit.groups.membership import Member, MemberKey, may_post, members_among, outranks
from discussit.log.committed import CommittedChanges, changes_of
from discussit.log.draft import (
    Answer,
    ClientKey,
    DeleteDraft,
    Draft,
    EditDraft,
    MessageDraft,
    ReactionDraft,
    TextDraft,
)
from discussit.log.kinds import DELETE, EDIT, MESSAGE, REACTION, Kind
from discussit.log.log_ends import LogEnds, lock_log_ends
from discussit.log.mentions import find_named, resolve
from discussit.log.target_rows import find_targets, store_targets
from discussit.log.targets import Key, Mentioned, Target
from discussit.log.write import Appending, NewEntry
from discussit.many_rows import SqlConnection
from discussit.models.entries import EVERYONE
from discussit.models.groups import Posting, Role
from discussit.text.rich import Parsed, is_plain

MAX_DIFFERENT = 20  # emoji on one message
MAX_NOTIFIED = 20  # members of a group in which every one of them may mention everyone

KnownSeqs = dict[ClientKey | Draft, int]  # of commands that were carried out before

NO_SUCH_GROUP = "This group no longer exists."
NOT_MEMBER = "You are not a member of this group. Join it to write."
READ_ONLY = "This group is archived: nothing can be written to it."
READ_ONLY_DIRECT = "Somebody in this conversation has closed their account. Nobody can write or react here any more."
NOT_POSTING = "Only moderators and owners can write messages in this group."
NO_SUCH_MESSAGE = "There's no such message in this group."
NOT_YOURS_TO_EDIT = "You can edit only your own messages."
NOT_YOURS_TO_DELETE = "Only its author, or a moderator or owner of the group, can delete this message."
NOT_LOWER = "You can delete only messages of members with fewer rights than you."
GONE = "This message was deleted."
CHANGED = "This message was edited in the meantime. Compare the two versions, then save again."
TOO_MANY = f"This message already has {MAX_DIFFERENT} different emoji. Use one of those."
NOT_EVERYONE = (
    f"Only moderators and owners can mention everyone in a group of more than {MAX_NOTIFIED}. "
    "Remove @everyone and send again."
)


class Batch:
    """Commands whose groups are locked, and what they need of the database."""

    def __init__(self, connection: SqlConnection, drafts: Sequence[Draft], ends: LogEnds, known: KnownSeqs) -> None:
        self._connection = connection
        self._seqs = dict(known)
        self._appending = Appending(ends)
        self._members = members_among(connection, {draft.member for draft in drafts})
        self._targets = _targets(connection, drafts)
        self._members |= members_among(connection, self._authors(drafts) - self._members.keys())
        self._parsed = _parsed(drafts)
        self._named = find_named(connection, [(draft.group_id, parsed) for draft, parsed in self._parsed.items()])

    def decide(self, draft: Draft) -> Answer:
        """The seq of the draft's entry, which is placed, or of the entry that set the present state; or a refusal."""
        if isinstance(draft, DeleteDraft):
            draft.removed_of = None  # it may have been decided before, in a batch that was rolled back
        try:
            seq = self._seqs.get(draft.key)
            return self._carry_out(draft) if seq is None else seq
        except Refused as refused:
            return refused

    def write(self, changes: CommittedChanges) -> None:
        """Store what was decided."""
        # Before the entries, whose objects show what became of their targets.
        changes.erases = store_targets(self._connection, self._targets.values())
        self._appending.write(self._connection, changes)

    def _carry_out(self, draft: Draft) -> int:
        if draft.group_id not in self._appending.ends:
            raise Refused(ErrorCode.NO_SUCH_GROUP, NO_SUCH_GROUP)
        member = self._members.get(draft.member) or self._former_member(draft)
        if not isinstance(draft, DeleteDraft):
            self._check_writable(draft, member)
        match draft:
            case MessageDraft():
                return self._send(draft, member)
            case EditDraft():
                return self._edit(draft, member)
            case DeleteDraft():
                return self._delete(draft, member)
            case ReactionDraft():
                return self._react(draft, member)
        raise TypeError(f"unknown draft: {type(draft).__name__}")

    def _former_member(self, draft: Draft) -> Member:
        """Whoever has left can still delete their own messages."""
        target = self._target_of(draft)
        if isinstance(draft, DeleteDraft) and target is not None and target.user_id == draft.user_id:
            return Member(target.author, is_superuser=False)
        raise Refused(ErrorCode.NOT_MEMBER, NOT_MEMBER)

    def _authors(self, drafts: Iterable[Draft]) -> set[MemberKey]:
        """Those whose messages others delete."""
        targets = [(each, self._target_of(each)) for each in drafts if isinstance(each, DeleteDraft)]
        return {
            (each.group_id, target.user_id) for each, target in targets if target and target.user_id != each.user_id
        }

    def _check_writable(self, draft: Draft, member: Member) -> None:
        end = self._appending.ends[draft.group_id]
        if end.posting == Posting.NOBODY:
            raise Refused(ErrorCode.READ_ONLY, READ_ONLY_DIRECT if end.is_direct else READ_ONLY)
        if isinstance(draft, MessageDraft) and not may_post(end.posting, member.rank):
            raise Refused(ErrorCode.NOT_ALLOWED, NOT_POSTING)

    # Commands

    def _send(self, draft: MessageDraft, member: Member) -> int:
        answered = None if draft.reply_to is None else self._live(draft, member)
        body, mentions = self._resolved(draft)
        if mentions:
            self._check_everyone(draft, member, mentions)
        start = self._start(draft, member, MESSAGE)
        text = draft.content, draft.client_id, None, body, mentions
        if answered is None:
            return self._place(draft, NewEntry(*start, *text))
        answers = answered.user_id if answered.user_id != draft.user_id else None
        return self._place(draft, NewEntry(*start, *text, answered.seq, answered.rev, answers))

    def _edit(self, draft: EditDraft, member: Member) -> int:
        target = self._existing(draft, member)
        if target.user_id != draft.user_id:
            raise Refused(ErrorCode.NOT_YOURS, NOT_YOURS_TO_EDIT)
        self._live(draft, member)
        if target.content == draft.content:
            return target.present_seq
        if target.rev != draft.rev:
            raise ChangedMeanwhile(CHANGED, target.rev, target.content)
        body, mentions = self._resolved(draft)
        if EVERYONE not in target.mentioned_at:
            self._check_everyone(draft, member, mentions)
        seq = self._place_change(draft, member, EDIT, target)
        target.edit(seq, draft.content, body, mentions)
        return seq

    def _delete(self, draft: DeleteDraft, member: Member) -> int:
        target = self._existing(draft, member)
        if target.user_id != draft.user_id:
            self._check_outranks(draft, member, target)
        if target.is_deleted:
            return target.present_seq
        seq = self._place_change(draft, member, DELETE, target)
        target.delete(seq, draft.user_id)
        draft.removed_of = target.user_id if target.user_id != draft.user_id else None
        return seq

    def _react(self, draft: ReactionDraft, member: Member) -> int:
        target = self._live(draft, member)
        present = target.reacted(draft.emoji, draft.user_id)
        if present.is_on == draft.is_on:
            return present.at_seq
        if draft.is_on and not target.has_room_for(draft.emoji, MAX_DIFFERENT):
            raise Refused(ErrorCode.TOO_MANY, TOO_MANY)
        seq = self._place_change(draft, member, REACTION, target, draft.emoji)
        target.react(seq, draft.emoji, draft.user_id, is_on=draft.is_on)
        return seq

    # What they have in common

    def _start(self, draft: Draft, member: Member, kind: Kind) -> tuple[int, UUID, str, int, str]:
        """The first fields of a NewEntry."""
        uuid = self._appending.ends[draft.group_id].group_uuid
        return draft.group_id, uuid, kind.name, draft.user_id, member.username

    def _place(self, draft: Draft, entry: NewEntry) -> int:
        seq = self._seqs[draft.key] = self._appending.place(entry)
        return seq

    def _place_change(self, draft: Draft, member: Member, kind: Kind, target: Target, emoji: str | None = None) -> int:
        start = self._start(draft, member, kind)
        return self._place(draft, NewEntry(*start, client_id=draft.client_id, target=target, emoji=emoji))

    def _target_of(self, draft: Draft) -> Target | None:
        return None if draft.concerns is None else self._targets.get((draft.group_id, draft.concerns))

    def _check_outranks(self, draft: Draft, member: Member, target: Target) -> None:
        author = self._members.get((draft.group_id, target.user_id))
        if member.rank < Role.MODERATOR.rank or self._appending.ends[draft.group_id].is_direct:
            raise Refused(ErrorCode.NOT_YOURS, NOT_YOURS_TO_DELETE)
        if not outranks(member.rank, author):
            raise Refused(ErrorCode.NOT_YOURS, NOT_LOWER)

    def _existing(self, draft: Draft, member: Member) -> Target:
        """The message that the command is about. People can delete their own messages even if they can't read them."""
        target = self._target_of(draft)
        is_own_to_delete = isinstance(draft, DeleteDraft) and target is not None and target.user_id == draft.user_id
        if target is None or (target.seq < member.from_seq and not is_own_to_delete):
            raise Refused(ErrorCode.NO_SUCH_MESSAGE, NO_SUCH_MESSAGE)
        return target

    def _live(self, draft: Draft, member: Member) -> Target:
        target = self._existing(draft, member)
        if target.is_deleted:
            raise Refused(ErrorCode.GONE, GONE)
        return target

    def _resolved(self, draft: TextDraft) -> tuple[str | None, Sequence[Mentioned]]:
        return resolve(self._parsed.get(draft), draft.group_id, self._named)

    def _check_everyone(self, draft: Draft, member: Member, mentions: Iterable[Mentioned]) -> None:
        is_small = self._appending.ends[draft.group_id].member_count <= MAX_NOTIFIED
        may_always = is_small or member.rank >= Role.MODERATOR.rank
        if not may_always and any(user_id == EVERYONE for user_id, _ in mentions):
            raise Refused(ErrorCode.NOT_ALLOWED, NOT_EVERYONE)


def _targets(connection: SqlConnection, drafts: Iterable[Draft]) -> dict[Key, Target]:
    keys = {(draft.group_id, draft.concerns) for draft in drafts if draft.concerns is not None}
    if not keys:
        return {}
    reactions = [draft for draft in drafts if isinstance(draft, ReactionDraft)]
    return find_targets(
        connection, keys, [(each.group_id, each.target, each.emoji, each.user_id) for each in reactions]
    )


def _parsed(drafts: Iterable[Draft]) -> dict[Draft, Parsed]:
    """The texts that are not plain."""
    texts = [draft for draft in drafts if isinstance(draft, TextDraft) and not is_plain(draft.content)]
    return {draft: draft.parsed for draft in texts if draft.parsed is not None}


class Deleter(Protocol):
    """On whose behalf messages are deleted."""

    id: int
    username: str


def delete_messages(session: OrmSession, keys: Collection[Key], user: Deleter) -> None:
    """Delete messages as `user`, who may, member or not. Those that are deleted already stay as they are."""
    connection = session.connection()
    ends = lock_log_ends(connection, {group_id for group_id, _ in keys})
    appending, targets = Appending(ends), find_targets(connection, keys, ())
    for target in targets.values():
        if not target.is_deleted:
            uuid = ends[target.group_id].group_uuid
            deletion = NewEntry(target.group_id, uuid, DELETE.name, user.id, user.username, target=target)
            target.delete(appending.place(deletion), user.id)
    changes = changes_of(session)
    changes.erases |= store_targets(connection, targets.values())
    appending.write(connection, changes)
