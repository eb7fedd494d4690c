"""Shared by all pages: templates, forms, redirects, error pages."""

import gzip
import hashlib
import hmac
import json
import secrets
import unicodedata
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import cache, lru_cache, partial
from typing import Any, cast
from urllib.parse import quote

import msgspec
from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from python_multipart.multipart import parse_options_header
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.templating import Jinja2Templates

from discussit import assets
from discussit.accounts import user_agents
from discussit.accounts.current_user import CurrentUser, user_of
from discussit.errors import ErrorCode, FieldError, Refused
from discussit.groups.creation import creatable
from discussit.log.checks import is_seq
from discussit.models.groups import Access
from discussit.models.names import JOINERS
from discussit.negotiation import accepts_gzip, prefers
from discussit.settings import TEMPLATES
from discussit.site import site_of
from discussit.urls import address, path_below, root_of
from discussit.wire import objects

MAX_FIELDS = 60  # of a form: the names of fifty people and some more
MAX_ESCAPES = 100_000  # in a form; more than twice those of the longest message
# What people write and would miss, and what it is called where it is shown again. No names: some type passwords there.
TYPED = {"message": "Your message", "name": "Group name"}
CACHED = 5_000  # entries whose markup is cached, about 1 KB each, and as many members
JSON = "application/json"
FAST = 1  # gzip's level: higher ones take twice as long for a tenth less
MAX_CACHED_LENGTH = 500  # characters of an entry that is cached: the markup of the longest takes 240 KB


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
        return self.repeated.get(name) or [value for field, value in self.values.items() if field == name]

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


@cache  # compiled once, however many applications a process creates
def make_templates() -> Jinja2Templates:
    templates = Jinja2Templates(TEMPLATES, context_processors=[_context])
    templates.env.filters["hue"] = hue
    templates.env.filters["initials"] = initials
    templates.env.filters["tree"] = msgspec.json.decode
    templates.env.filters["device"] = user_agents.in_words
    templates.env.globals["asset"] = _asset
    templates.env.globals["imports"] = assets.imports
    templates.env.globals["script_version"] = assets.version
    templates.env.globals["drawn"] = Drawn(templates.env)
    return templates


class Drawn:
    """`drawn("message", row)`: the cached output of a macro of group/_entry.html, by its arguments.

    An entry looks the same to all its readers: without the cache, rendering entries was half the cost of a page.
    Each macro has a cache of its own, so that the members of some large groups don't displace the entries of all.
    """

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._kept = cache(lambda macro: lru_cache(CACHED)(partial(self._draw, macro)))

    def __call__(self, macro: str, value: Hashable, *more: Hashable) -> Markup:
        is_long = len(getattr(value, "content", "")) > MAX_CACHED_LENGTH
        return self._draw(macro, value, *more) if is_long else self._kept(macro)(value, *more)

    def _draw(self, macro: str, *values: Hashable) -> Markup:
        found: Markup = getattr(self._env.get_template("group/_entry.html").module, macro)(*values)
        return found

    def forget(self) -> None:
        """Keep nothing: a text that was deleted may be among it."""
        self._kept.cache_clear()


def forget_drawn(templates: Jinja2Templates) -> None:
    """Forget what was rendered of entries."""
    cast(Drawn, templates.env.globals["drawn"]).forget()


@pass_context
def _asset(context: Context, path: str) -> str:
    """The address of a static file. With DEBUG it has no version, so that a change shows at the next load."""
    version = "" if site_of(context["request"]).settings.debug else f"{assets.version()}/"
    return f"{context['root']}/static/{version}{path}"


def _context(request: Request) -> dict[str, Any]:
    return {
        "user": user_of(request),
        "form_id": secrets.token_hex(16),
        "root": root_of(request),
        "signup": site_of(request).settings.signup,
    }


def hue(name: str) -> int:
    """One of the twelve colours that avatar.css has. The rule of static/js/shared/avatar.js, as is the next."""
    return sum(name.encode()) % 12


def initials(name: str) -> str:
    """Two letters or digits, each with its marks and joiners: without them it may be another letter."""
    letters = [""]  # empty: anything else
    for character in name:
        if character.isalnum():
            letters.append(character)
        elif letters[-1] and (unicodedata.category(character).startswith("M") or character in JOINERS):
            letters[-1] += character
        else:
            letters.append("")
    return "".join(list(filter(None, letters))[:2]).upper() or "?"


def page(request: Request, name: str, status_code: int = 200, **context: Any) -> Response:
    return site_of(request).templates.TemplateResponse(request, name, context, status_code)


def live_page(request: Request, name: str, status_code: int = 200, **context: Any) -> Response:
    """A page that stays open: it asks with HEAD which scripts it would come with, and loads itself again for others."""
    response = page(request, name, status_code, **context)
    response.headers["Script-Version"] = assets.version()
    return response


def compressed(request: Request, response: Response) -> Response:
    """The page compressed with gzip, for clients that accept it.

    Not for pages that repeat a part of their request: its length would tell how much of them was guessed.
    """
    response.headers.add_vary_header("Accept-Encoding")
    if accepts_gzip(request.headers):
        response.body = gzip.compress(response.body, FAST, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Length"] = str(len(response.body))
    return response


def creatable_by(request: Request, user: CurrentUser) -> list[Access]:
    """The kinds of groups that the user may create here."""
    allowed = creatable(site_of(request).group_creation, is_superuser=user.is_superuser)
    return [kind for kind in Access if kind in allowed]


def is_for_script(request: Request) -> bool:
    """Whether a script asks, which can neither use a page nor follow a redirect to one."""
    return prefers(request.headers, JSON, "text/html")


def json_reply(reply: objects.Reply, status: int = 200) -> Response:
    """An array with one object, as on a socket."""
    return Response(objects.array([objects.encode(reply)]), status, media_type=JSON)


def json_refusal(refused: Refused, status: int, client_id: str | None = None) -> Response:
    return json_reply(objects.Error.of(refused, client_id=client_id), status)


def full_address(request: Request, path: str) -> str:
    """The address of a path for users elsewhere: a proxy may hide from this server what is in their address bars."""
    origins = site_of(request).settings.trusted_origins
    origin = origins[0] if len(origins) == 1 else f"{request.url.scheme}://{request.url.netloc}"
    return f"{origin}{address(request, path)}"


def see_other(address: str) -> Response:
    return RedirectResponse(address, 303)


def own_address(request: Request, value: str) -> str:
    """`value` if it is an address of this site, else home.

    Browsers read a backslash as a slash and drop control characters, so `/\\evil.example` and
    `/<tab>/evil.example` lead away just as `//evil.example` does.
    """
    leads_away = value.startswith("//") or "\\" in value or not value.isprintable()
    home = address(request, "/")
    return value if value.startswith(home) and not leads_away else home


def refusal(request: Request, status: int, title: str, text: str, **more: Any) -> Response:
    """An error page, on which what was typed into the refused form can be copied. `more` is for its template."""
    return page(request, "error.html", status, status=status, title=title, text=text, typed=typed(request), **more)


def typed(request: Request) -> list[tuple[str, str, str]]:
    """What the request's form would lose: field, label and text of each."""
    form: Form = request.scope.get("form") or Form()
    return [(name, label, form.get(name)) for name, label in TYPED.items() if form.get(name).strip()]


def login_address(request: Request) -> str:
    """The address of the login page, which leads from there to the requested page."""
    path = path_below(request)
    if request.scope.get("method") not in ("GET", "HEAD"):
        # A redirect can't repeat a POST: lead to the page of its form.
        parts = path.split("/")
        is_of_group = parts[1] == "groups" and len(parts) > 4
        is_invitation = parts[1] == "invitations" and len(parts) == 4
        path = "/".join(parts[:3]) + "/" if is_of_group or is_invitation else "/"
    elif query := request.url.query:
        path = f"{path}?{query}"
    return address(request, f"/accounts/login/?next={quote(address(request, path), safe='/')}")
