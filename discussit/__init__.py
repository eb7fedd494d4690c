"""DiscussIt: group chat in which a group is a log and a reader is a cursor."""

__version__ = "0.1.0"
