"""People's own groups as plain data: who is in them as what, what they may read and do, and how acts are answered.

A `NaiveGroup` answers each act as its form is answered: DONE, or the status of the refusal.
"""

from dataclasses import dataclass, field

from naive_log import NaiveLog, Row, Screen

DONE, WRONG, FORBIDDEN, UNKNOWN, SPENT = 303, 400, 403, 404, 410
RANKS = ("member", "moderator", "owner")
MEMBER, MODERATOR, OWNER = range(3)
CHANGES = {("access", "open"): "opened", ("access", "closed"): "closed"}
CHANGES |= {("archived", "1"): "archived", ("archived", "0"): "unarchived"}


@dataclass
class Link:
    """An invitation."""

    creator: str
    max_uses: int | None
    created_at: int  # the log's length
    uses: int = 0
    is_revoked: bool = False

    @property
    def is_live(self):
        return not self.is_revoked and self.uses != self.max_uses


@dataclass
class People:
    """The accounts of a server."""

    names: list[str]
    superuser: str
    closed: set[str] = field(default_factory=set)

    def active(self):
        return [name for name in self.names if name not in self.closed]


class NaiveGroup(NaiveLog):
    """A group with roles and settings. Members are in the order in which they came."""

    def __init__(self, people, title, access="open", founder=None):
        super().__init__()
        self.people, self.members, self.first = people, {}, {}
        self.settings = {"access": access, "history": "all", "posting": "everyone", "archived": "0"}
        self.settings |= {"name": title, "preview": "on"}
        self.had_owner, self.readable_from, self.links, self.removed_at = False, 1, [], {}
        if founder:
            self._enter(founder, role="owner")

    # What somebody is here

    @property
    def is_open(self):
        return self.settings["access"] == "open"

    @property
    def is_archived(self):
        return self.settings["archived"] == "1"

    def owners(self):
        return [name for name, role in self.members.items() if role == "owner"]

    def rank(self, name):
        """What they may do: nothing if it is negative."""
        if name not in self.members:
            return OWNER if name == self.people.superuser and not self.had_owner else -1
        return OWNER if name == self.people.superuser else RANKS.index(self.members[name])

    def is_known_to(self, name):
        return self.is_open or self.rank(name) >= 0

    def able(self, rank):
        return [name for name in self.people.active() if self.rank(name) >= rank]

    # What people do

    def joins(self, name):
        if name in self.members:
            return DONE
        if not self.is_open:
            return UNKNOWN
        return FORBIDDEN if self.is_archived else self._enter(name)

    def joins_as_administrator(self, name):
        if self.is_open:
            return UNKNOWN
        if self.is_archived:
            return FORBIDDEN
        return DONE if name in self.members else self._enter(name, by=name)

    def leaves(self, name):
        if name in self.members:
            return self._leave(name)
        return DONE if self.is_open else UNKNOWN

    def adds(self, by, name, *, shares_group):
        if not self.is_known_to(by):
            return UNKNOWN
        if by not in self.members or self.rank(by) < MODERATOR or self.is_archived:
            return FORBIDDEN
        if name in self.people.closed or not (name == by or shares_group):
            return WRONG
        return DONE if name in self.members else self._enter(name, by=by)

    def removes(self, by, name):
        if not self.is_known_to(by):
            return UNKNOWN
        if by not in self.members or self.rank(by) < MODERATOR:
            return FORBIDDEN
        if name not in self.members:
            return WRONG
        if by == name or self.rank(by) <= RANKS.index(self.members[name]):
            return FORBIDDEN
        self.removed_at[name] = len(self.rows)
        return self._leave(name, by=by)

    def promotes(self, by, name, role):
        if not self.is_known_to(by):
            return UNKNOWN
        if self.rank(by) < OWNER or (by not in self.members and role != "owner"):
            return FORBIDDEN
        if name not in self.members:
            return WRONG
        if not self._may_promote(by, name, role):
            return FORBIDDEN
        if self.members[name] != role:
            self.members[name] = role
            self.had_owner |= role == "owner"
            self._append(Row("role", by, text=(name, role)))
            if role == "member":
                self._revoke_of(name)
        return DONE

    def _may_promote(self, by, name, role):
        present, others = self.members[name], [each for each in self.owners() if each != by]
        if by != name:
            return self.rank(by) > RANKS.index(present)
        if RANKS.index(role) > RANKS.index(present):
            return not self.owners()
        return present != "owner" or role == "owner" or bool(others)

    def settles(self, by, wanted):
        if self.rank(by) < OWNER:
            return FORBIDDEN if self.is_open or by in self.members else UNKNOWN
        for name, value in wanted.items():
            is_meant = {"from_now_on": False, "history": not self.is_open, "preview": self.is_open}.get(name, True)
            if is_meant and self.settings[name] != value:
                self._settle(by, name, value, from_now_on="from_now_on" in wanted)
        return DONE

    def _settle(self, by, name, value, *, from_now_on):
        self.settings[name] = value
        kind = CHANGES.get((name, value), "renamed" if name == "name" else "settings")
        says = {"renamed": value, "settings": f"{name}={value}"}.get(kind)
        at = self._append(Row(kind, by, text=(None, says)))
        if kind == "opened":
            self._open(at if from_now_on else None)
        elif kind in ("archived", "unarchived"):
            for link in self.links:
                link.is_revoked = True

    def _open(self, first):
        self.settings["history"] = "all"
        if first is None:
            self.first = {name: min(seq, self.readable_from) for name, seq in self.first.items()}
        else:
            self.readable_from = first

    def invites(self, by, max_uses):
        """The new link, or the status of the refusal."""
        status = self._may_invite(by)
        if status != DONE or self.is_archived:
            return FORBIDDEN if status == DONE else status
        self.links.append(Link(by, max_uses, len(self.rows)))
        return self.links[-1]

    def revokes(self, by, link):
        status = self._may_invite(by)
        link.is_revoked |= status == DONE
        return status

    def _may_invite(self, by):
        if by not in self.members:
            return FORBIDDEN if self.is_open else UNKNOWN
        return DONE if self.rank(by) >= MODERATOR else FORBIDDEN

    def redeems(self, name, link):
        if name in self.members:
            return DONE
        is_removed = not self.is_open and self.removed_at.get(name, -1) >= link.created_at
        if is_removed or not link.is_live:
            return SPENT
        link.uses += 1
        return self._enter(name)

    def closes_account(self, name):
        if name in self.members:
            self._leave(name)

    # How members come and go

    def _enter(self, name, by=None, role="member"):
        self._read[name] = self._append(Row("Join", name, text=by)), 0
        self.first[name] = len(self.rows) if self.settings["history"] == "from_join" else self.readable_from
        self.members[name] = role
        self.had_owner |= role == "owner"
        if self.had_owner and len(self.members) == 1 and role != "owner":
            self._hand_over(name, by=name)
        return DONE

    def _leave(self, name, by=None):
        role = self.members.pop(name)
        self._append(Row("Left", name, text=by))
        self._revoke_of(name)
        if role == "owner" and self.members and not self.owners():
            heirs = sorted(self.members, key=lambda each: self.members[each] != "moderator")
            self._hand_over(heirs[0], by=name)
        return DONE

    def _hand_over(self, heir, by):
        self.members[heir], self.had_owner = "owner", True
        self._append(Row("handed_over", by, text=(heir, None)))

    def _revoke_of(self, name):
        for link in self.links:
            link.is_revoked |= link.creator == name

    # What they write and read

    def _answer(self, name, command):
        if name in self.members and command["type"] != "delete_message":
            if self.is_archived:
                return "read_only"
            may_post = self.settings["posting"] == "everyone" or self.rank(name) >= MODERATOR
            if command["type"] == "text_message" and not may_post:
                return "not_allowed"
        seq = command.get("target") or command.get("reply_to")
        is_too_old = name in self.members and seq is not None and seq < self.first[name]
        if is_too_old and not self.is_own_deletion(name, command):
            return "no_such_message"
        return super()._answer(name, command)

    def _delete_message(self, name, command, seq, row):
        if name != row.name:
            authors = RANKS.index(self.members[row.name]) if row.name in self.members else -1
            if self.rank(name) < MODERATOR or self.rank(name) <= authors:
                return "not_yours"
        return self._erase(name, seq, row)

    def marks(self, name, command):
        if command["type"] == "mark_unread":
            command = command | {"seq": max(command["seq"], self.first[name])}
        return super().marks(name, command)

    def first_of(self, name):
        return self.first[name]

    def read_from(self, first):
        """The log as it is sent to somebody who may read it from the entry `first` on."""
        return [HIDDEN if row.target and row.target < first else row for row in self.rows[first - 1 :]]


HIDDEN = Row("Hidden", "")


class MemberScreen(Screen):
    """What a client shows of a log that it may read from the entry `first` on."""

    def __init__(self, first=1):
        super().__init__()
        self.first, self.rows = first, [None] * (first - 1)

    def read(self):
        return self.rows[self.first - 1 :]

    def _event_message(self, entry):
        return Row(entry["status"], entry["user"], text=entry.get("by"))

    def _group_changed(self, entry):
        return Row(entry["change"], entry["user"], text=(entry.get("target_user"), entry.get("value")))

    def _hidden(self, _entry):
        return HIDDEN
