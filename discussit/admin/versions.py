"""Versions of forms: what rows were like when a form was rendered, so that nobody overwrites what they have not seen.

A version holds the values themselves, so that a refused form can say what changed. It protects people from each other's
mistakes, not the data from them: whoever sends a form without a version, such as a script, overwrites what there is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

State = dict[str, str]  # what a row is like, in words: label → value


@dataclass(frozen=True)
class Change:
    """A value that differs from the one in a form's version."""

    label: str
    was: str
    now: str


class Changed(Exception):
    """Rows are no longer as they were when the form was rendered.

    `version` is the present one, with the changes. Without changes, the row is gone.
    """

    def __init__(self, changes: Sequence[Change], version: str) -> None:
        super().__init__()
        self.changes, self.version = changes, version


def version_of(state: State) -> str:
    return msgspec.json.encode(state).decode()


def check_version(version: str, state: State) -> None:
    """Raises Changed if the state differs from a form's version. A value that the version lacks counts as changed."""
    if not version:
        return
    before = _state_of(version)
    changes = [Change(label, before.get(label, ""), now) for label, now in state.items() if before.get(label) != now]
    if changes:
        raise Changed(changes, version_of(state))


def _state_of(version: str) -> State:
    """Of a version that can't be understood, nothing is known."""
    try:
        return msgspec.json.decode(version, type=State)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return {}
