"""The tables. Importing them also registers the hooks of all writes (log/hooks.py)."""

from discussit.models.accounts import Session, Submission, User
from discussit.models.base import Base
from discussit.models.entries import Change, Entry, Event, GroupChange, Message
from discussit.models.groups import Group, Membership
from discussit.models.invitations import Invitation, InvitationUse
from discussit.models.server_defaults import ServerDefault

__all__ = [
    "Base",
    "Change",
    "Entry",
    "Event",
    "Group",
    "GroupChange",
    "Invitation",
    "InvitationUse",
    "Membership",
    "Message",
    "ServerDefault",
    "Session",
    "Submission",
    "User",
]

# Last, since the hooks need the tables: a program that imports any model also has the hooks.
from discussit.log import hooks as hooks
