"""Submitted forms: their values and errors."""

import hashlib
import hmac
import json
from collections import Counter
from dataclasses import dataclass, field

from python_multipart.multipart import parse_options_header
from starlette.exceptions import HTTPException
from starlette.requests import Request

from discussit.errors import ErrorCode, FieldError, Refused
from discussit.log.checks import is_seq
from discussit.site import site_of
from discussit.urls import path_below

MAX_FIELDS = 60  # of a form: the names of fifty people and some more
MAX_ESCAPES = 100_000  # in a form; more than twice those of the longest message


@dataclass
class Form:
    """The values of a form's fields, and its errors: field → text. The empty field means the whole form.

    `key` identifies the submission of a form that has an id, for pages/submissions.py.
    """

    values: dict[str, str] = field(default_factory=dict)  # of a repeated field the last one
    errors: dict[str, str] = field(default_factory=dict)
    key: str | None = None
    is_done: bool = False  # by the same submission before
    repeated: dict[str, list[str]] = field(default_factory=dict)  # all values of the fields that were sent repeatedly

    @classmethod
    async def sent(cls, request: Request) -> "Form":
        """The submitted form, without files. Raises HTTPException if no browser would send it."""
        if "form" not in request.scope:
            request.scope["form"] = await cls._parsed(request)
        form: Form = request.scope["form"]
        return form

    @classmethod
    async def _parsed(cls, request: Request) -> "Form":
        await _refuse_odd(request)
        async with request.form(max_fields=MAX_FIELDS, max_files=1) as sent:
            fields = [(name, value) for name, value in sent.multi_items() if isinstance(value, str)]
        values = dict(fields)
        return cls(values, key=_key(request, fields) if values.get("form_id") else None, repeated=_repeated(fields))

    def get(self, name: str) -> str:
        return self.values.get(name, "")

    def all(self, name: str) -> list[str]:
        """All values of a field that may be repeated."""
        return self.repeated.get(name) or ([self.values[name]] if name in self.values else [])

    def names(self, name: str) -> list[str]:
        """The names in a field that may be repeated: in each, several separated by spaces or commas."""
        return [each for value in self.all(name) for each in value.replace(",", " ").split()]

    def seq(self, name: str) -> int | None:
        """The place in a log that the field names, if it names one."""
        return int(self.get(name)) if is_seq(self.get(name)) else None

    def rev(self) -> int | None:
        """The `rev` of the settings that the form was about; None if it does not say. Raises Refused."""
        rev = self.seq("rev")
        if rev is None and self.get("rev"):
            raise Refused(ErrorCode.BAD_FRAME, "`rev` must be a number.")
        return rev

    def refuse(self, error: FieldError) -> "Form":
        """Add the error and drop the passwords, which are typed again."""
        self.errors[error.field] = str(error)
        self.values = {name: value for name, value in self.values.items() if not name.startswith("password")}
        return self


def _repeated(fields: list[tuple[str, str]]) -> dict[str, list[str]]:
    counts = Counter(name for name, _ in fields)
    return {
        each: [value for name, value in fields if name == each]
        for each, count in counts.items()
        if count > 1 and not each.startswith("password")
    }


def _key(request: Request, fields: list[tuple[str, str]]) -> str:
    """Identifies a submission by its form's id, its address and its fields: with another text it is another one.

    Passwords are among the fields, so that it must be an HMAC: a hash would let whoever reads it guess them.
    """
    secret = hashlib.sha256(b"discussit.form" + site_of(request).settings.secret_key.encode()).digest()
    query = request.scope["query_string"].decode("latin-1")
    return hmac.new(secret, json.dumps([path_below(request), query, sorted(fields)]).encode(), "sha256").hexdigest()


async def _refuse_odd(request: Request) -> None:
    """Raises HTTPException for what no browser sends and what takes long to parse."""
    kind, options = parse_options_header(request.headers.get("content-type"))
    # Browsers send forms in the charset of their page. Of those that Python knows, some take time quadratic in the
    # length (punycode), some decode to what no database can store (utf-7), and unknown ones are cached for good.
    if options.get(b"charset", b"utf-8").lower() not in (b"utf-8", b"utf8"):
        raise HTTPException(400, "a form is sent in UTF-8")
    # Parsing blocks the event loop for 0.25 µs each, and nothing else counts empty fields.
    body = await request.body() if kind == b"application/x-www-form-urlencoded" else b""
    if body.count(b"&") > MAX_FIELDS or body.count(b"%") > MAX_ESCAPES:
        raise HTTPException(400, "this form has too many fields or escapes")
