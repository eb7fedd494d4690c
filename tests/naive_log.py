"""A group as plain lists and sets of what people did there, and a client's screen: both must come to the same."""

import re
from dataclasses import dataclass, field

from people import Page

from discussit.log.decide import MAX_DIFFERENT

SUPERUSER = "alice"
MENTION = re.compile(r"@(\w+)")


@dataclass
class Row:
    """An entry; of a message, what it is by now."""

    kind: str
    name: str
    target: int | None = None
    text: str | None = None  # of a message
    rev: int = 0
    is_deleted: bool = False
    reply_to: tuple[int, int] | None = None  # and its `rev` then
    mentions: tuple[str, ...] = ()
    reactions: dict[str, int] = field(default_factory=dict)  # users, by emoji
    mentioned_at: dict[str, int] = field(default_factory=dict, compare=False)  # the entries that brought them

    def delete(self):
        self.text, self.rev, self.is_deleted, self.mentions, self.reactions = "", 0, True, (), {}

    def count(self, emoji, users):
        self.reactions.pop(emoji, None)
        if users:
            self.reactions[emoji] = users


class NaiveLog:
    """What is so if commands are carried out one after the other, in the protocol's terms."""

    def __init__(self):
        self.rows, self.members, self.known = [], set(), {}
        self._read = {}  # by member: up to which entry they have read, and their `read_rev`
        self._changed = {}  # by message: the seq of its last edit or its deletion
        self._reacted = {}  # by message, emoji and user: the last reaction's seq, and whether it is on

    def joins(self, name):
        if name not in self.members:
            self.members.add(name)
            self._read[name] = self._append(Row("Join", name)), 0

    def leaves(self, name):
        if name in self.members:
            self.members.discard(name)
            self._append(Row("Left", name))

    def does(self, name, command):
        """The answer to a command: the seq of an ack, or the code of an error."""
        key = (name, command["client_id"])
        if key not in self.known:
            last = len(self.rows)
            answer = self._answer(name, command)
            if len(self.rows) == last:
                return answer
            self.known[key] = answer
        return self.known[key]

    def marks(self, name, command):
        """What is unread after a mark."""
        (read, rev), seq = self._read[name], command["seq"]
        if command["type"] == "mark_unread" and seq <= read:
            self._read[name] = seq - 1, rev + 1
        elif command["type"] == "mark_read" and command.get("read_rev") in (None, rev):
            self._read[name] = max(read, min(seq, len(self.rows))), rev
        return self.numbers(name)

    def numbers(self, name):
        read, rev = self._read[name]
        others = [(seq, row) for seq, row in enumerate(self.rows, 1) if row.kind == "Message" and row.name != name]
        readable = [(seq, row) for seq, row in others if seq >= self.first_of(name)]
        mentions = {seq for seq, row in readable if self._is_mentioned(row, name, read)}
        answers = {seq for seq, row in readable if seq > read and self._is_answered(row, name)}
        return {
            "unread": sum(seq > read for seq, _ in others),
            "mentions": len(mentions),
            "alerts": len(mentions | answers),
            "read": read,
            "read_rev": rev,
        }

    def first_of(self, _name):
        """The first entry that the member may read."""
        return 1

    def _is_mentioned(self, row, name, read):
        return any(row.mentioned_at[each] > read for each in row.mentions if each in (name, "everyone"))

    def _is_answered(self, row, name):
        return row.reply_to is not None and not row.is_deleted and self.rows[row.reply_to[0] - 1].name == name

    def is_own_deletion(self, name, command):
        """Whether it deletes the name's own message, which is allowed even to those who have left."""
        target = command.get("target")
        return command["type"] == "delete_message" and target in self.messages() and self.rows[target - 1].name == name

    def messages(self):
        """Their seqs, deleted ones among them."""
        return [seq for seq, row in enumerate(self.rows, 1) if row.kind == "Message"]

    def deleted(self):
        return [seq for seq, row in enumerate(self.rows, 1) if row.is_deleted]

    def _answer(self, name, command):
        seq = command.get("target") or command.get("reply_to")
        row = self.rows[seq - 1] if seq is not None and seq <= len(self.rows) else None
        is_message = row is not None and row.kind == "Message"
        if name not in self.members and not self.is_own_deletion(name, command):
            return "not_member"
        if seq is not None and not is_message:
            return "no_such_message"
        return getattr(self, f"_{command['type']}")(name, command, seq, row)

    def _text_message(self, name, command, seq, row):
        if row is not None and row.is_deleted:
            return "gone"
        text = command["message"]
        reply_to = (seq, row.rev) if row is not None else None
        message = Row("Message", name, text=text, reply_to=reply_to)
        at = self._append(message)
        self._mention(message, text, at)
        return at

    def _edit_message(self, name, command, seq, row):
        if row.name != name:
            return "not_yours"
        if row.is_deleted:
            return "gone"
        if row.text == command["message"]:
            return self._changed.get(seq, seq)
        if row.rev != command["rev"]:
            return "changed"
        row.text, row.rev = command["message"], row.rev + 1
        self._changed[seq] = self._append(Row("Edit", name, seq))
        self._mention(row, row.text, self._changed[seq])
        return self._changed[seq]

    def _delete_message(self, name, _command, seq, row):
        if name not in (row.name, SUPERUSER):
            return "not_yours"
        return self._erase(name, seq, row)

    def _erase(self, name, seq, row):
        if not row.is_deleted:
            row.delete()
            self._changed[seq] = self._append(Row("Delete", name, seq))
        return self._changed[seq]

    def _react(self, name, command, seq, row):
        emoji, on, key = command["emoji"], command["on"], (seq, command["emoji"], name)
        if row.is_deleted:
            return "gone"
        at, was_on = self._reacted.get(key, (seq, False))
        if on == was_on:
            return at
        if on and emoji not in row.reactions and len(row.reactions) == MAX_DIFFERENT:
            return "too_many"
        row.count(emoji, row.reactions.get(emoji, 0) + (1 if on else -1))
        at = self._append(Row("Reaction", name, seq))
        self._reacted[key] = at, on
        return at

    def _mention(self, row, text, at):
        found = [name for name in MENTION.findall(text) if name in self.members or name == "everyone"]
        row.mentions = tuple(dict.fromkeys(found))
        for name in row.mentions:
            row.mentioned_at.setdefault(name, at)

    def _append(self, row):
        self.rows.append(row)
        return len(self.rows)


class Screen:
    """What a client makes of the entries that it is sent, by the protocol's rules."""

    def __init__(self):
        self.rows, self.received = [], []

    def show(self, entry):
        assert entry["seq"] == len(self.rows) + 1, entry
        self.received.append(entry)
        show = getattr(self, f"_{entry['type']}")
        self.rows.append(show(entry))

    def texts_of(self, message):
        """What it was ever sent of a message's text, at the message itself and at its changes."""
        about = [each for each in self.received if message in (each["seq"], each.get("target"))]
        return [each["content"] for each in about if each.get("content")]

    def _event_message(self, entry):
        return Row(entry["status"], entry["user"])

    def _text_message(self, entry):
        reply_to = (entry["reply_to"], entry["reply_rev"]) if "reply_to" in entry else None
        row = Row("Message", entry["author"], text=entry["content"], rev=entry.get("rev", 0), reply_to=reply_to)
        row.mentions = tuple(entry.get("mentions", ()))
        if entry.get("deleted"):
            row.delete()
        return row

    def _message_edited(self, entry):
        row = self._target(entry)
        if entry.get("deleted"):
            row.delete()
        elif not row.is_deleted and entry["rev"] >= row.rev:
            row.text, row.rev, row.mentions = entry["content"], entry["rev"], tuple(entry.get("mentions", ()))
        return Row("Edit", entry["user"], entry["target"])

    def _message_deleted(self, entry):
        self._target(entry).delete()
        return Row("Delete", entry["user"], entry["target"])

    def _reaction(self, entry):
        row = self._target(entry)
        if entry.get("deleted"):
            row.delete()
        elif not row.is_deleted:
            row.count(entry["emoji"], entry["count"])
        return Row("Reaction", entry["user"], entry["target"])

    def _target(self, entry):
        return self.rows[entry["target"] - 1]


def rows_on(page: Page):
    """The messages and events on a page: seq, name, text (None of a deleted message), `rev` and reactions."""
    return [_on_page(page, each) for each in page.within("chat-log") if each.get("data-seq")]


def _on_page(page, row):
    inside = [each for each in page.elements if row in each.parents]
    parts = {word: each.text for each in inside for word in _classes(each)}
    emoji = [each["data-emoji"] for each in inside if "reaction" in _classes(each)]
    users = [int(each.text) for each in inside if "reaction-count" in _classes(each)]
    start, reactions = (int(row["data-seq"]), parts["entry-name"]), dict(zip(emoji, users, strict=True))
    if "entry-deleted" in parts:
        return *start, None, 0, reactions
    return *start, parts.get("entry-text", parts.get("entry-word")), int(row.get("data-rev") or 0), reactions


def _classes(element):
    return (element.get("class") or "").split()
