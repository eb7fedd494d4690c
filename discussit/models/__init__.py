"""The tables and what a write to them does. Importing this registers the hooks."""

from discussit.models import hooks as hooks
from discussit.models.accounts import Session, User
from discussit.models.base import Base
from discussit.models.entries import Entry, Event, Message
from discussit.models.groups import Group, Membership
from discussit.models.hooks import NewMessage, Publish, Written, append

__all__ = [
    "Base",
    "Entry",
    "Event",
    "Group",
    "Membership",
    "Message",
    "NewMessage",
    "Publish",
    "Session",
    "User",
    "Written",
    "append",
]
