"""Checks of a form's fields."""

from collections.abc import Callable
from typing import TypeVar

from discussit import wire

Checked = TypeVar("Checked")


class FieldError(Exception):
    """A form's field was refused; the text is shown beside it. An empty field name means the whole form."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


def checked(field: str, check: Callable[[str], Checked], value: str) -> Checked:
    """Return what `check` returns for the field's value. Raises FieldError if it refuses."""
    try:
        return check(value)
    except (ValueError, wire.Refused) as error:
        raise FieldError(field, str(error)) from None
