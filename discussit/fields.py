"""What is wrong with a form's field."""

from collections.abc import Callable
from typing import TypeVar

from discussit import wire

Checked = TypeVar("Checked")


class FieldError(Exception):
    """A form's field can't be taken; the text stands beside it. An empty field name means the whole form."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


def checked(field: str, check: Callable[[str], Checked], value: str) -> Checked:
    """What the check makes of the field's value. Raises FieldError where it refuses."""
    try:
        return check(value)
    except (ValueError, wire.Refused) as error:
        raise FieldError(field, str(error)) from None
