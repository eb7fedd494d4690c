"""Entries in one line of text: the `message` of their objects."""


def message_line(author: str, content: str, timestamp: str) -> str:
    """A message in one line, as the tutorial writes it. `timestamp`: as `utc_text` writes it."""
    return f"{author}:- {content} @{_minute(timestamp)}"


def edit_line(user: str, content: str, timestamp: str) -> str:
    """An edit in one line, in the manner of the tutorial."""
    return f"{user} edited:- {content} @{_minute(timestamp)}"


def reaction_line(user: str, emoji: str, *, is_on: bool) -> str:
    return f"{user} reacted with {emoji}" if is_on else f"{user} no longer reacts with {emoji}"


def _minute(timestamp: str) -> str:
    return f"{timestamp[:10]} {timestamp[11:16]}"


def event_line(username: str, kind: str, group_name: str) -> str:
    """An event in one line, as the tutorial writes it."""
    return f"{username} {kind} the {group_name} group"


def group_change_line(change: str, user: str, other: str | None, value: str) -> str:
    """A change of the group in one line: who did what."""
    return f"{user} {group_change_words(change, user, other, value)}"


def group_change_words(change: str, user: str, other: str | None, value: str) -> str:
    """The same without the name of who did it."""
    match change:
        case "renamed":
            return f"renamed the group to {value}"
        case "described":
            return "changed the description" if value else "removed the description"
        case "opened":
            return "opened the group to everyone"
        case "closed":
            return "closed the group to everyone but its members"
        case "archived":
            return "archived the group"
        case "unarchived":
            return "took the group out of the archive"
        case "role":
            whom = "themselves" if user == other else other
            return f"made {whom} {_ROLE_WORDS.get(value, value)}"
        case "handed_over":
            return "is an owner now" if user == other else f"handed the group over to {other}"
    return SETTING_WORDS.get(value, f"changed the settings: {value}")


_ROLE_WORDS = {"owner": "an owner", "moderator": "a moderator", "member": "an ordinary member"}


# Of a Join or Left that somebody else brought about, before their name, and of a superuser's visible Join.
ADDED_BY, REMOVED_BY, AS_ADMINISTRATOR = "was added by", "was removed by", "joined as administrator"


def setting_value(name: str, value: object) -> str:
    """What an entry of the kind Settings has: `preview=on`, `history=from_join`, `posting=moderators`."""
    return f"{name}={('off', 'on')[value] if isinstance(value, bool) else value}"


SETTING_WORDS = {
    "preview=on": "let everyone preview the group",
    "preview=off": "turned the preview off",
    "history=all": "let new members read earlier messages",
    "history=from_join": "hid earlier messages from new members",
    "posting=everyone": "let all members write messages",
    "posting=moderators": "limited messages to moderators and owners",
}
