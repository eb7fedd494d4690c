"""What a reader of a group sends to change messages, and what comes of it."""

from itertools import count

numbers = count()


def sent(reader, command, client_id=None, **fields):
    """Sends a command; what it is answered with."""
    client_id = client_id or f"c{next(numbers)}"
    reader.socket.send_json({"type": command, "client_id": client_id, **fields})
    answer = reader.until(client_id=client_id)
    return answer.get("seq") or answer["code"]


def told(entry, *keys):
    return tuple(entry.get(key) for key in keys)


def deleted(reader, target=3):
    return sent(reader, "delete_message", target=target)


def edited(reader, text, rev=0, target=3):
    return sent(reader, "edit_message", target=target, rev=rev, message=text)


def reacted(reader, emoji, *, on=True, target=3):
    return sent(reader, "react", target=target, emoji=emoji, on=on)
