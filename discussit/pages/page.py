"""Shared by all pages: templates, redirects, error pages."""

import gzip
import secrets
import unicodedata
from collections.abc import Hashable
from functools import cache, lru_cache, partial
from typing import Any, cast
from urllib.parse import quote

import msgspec
from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.templating import Jinja2Templates

from discussit import assets, bundles
from discussit.accounts import user_agents
from discussit.accounts.current_user import CurrentUser, user_of
from discussit.errors import Refused
from discussit.groups.creation import creatable
from discussit.groups.lists import MAX_TERM
from discussit.log.checks import is_seq
from discussit.log.kinds import utc_text
from discussit.models.groups import Access
from discussit.models.names import JOINERS
from discussit.negotiation import accepts_gzip, prefers
from discussit.pages.form import Form
from discussit.settings import TEMPLATES
from discussit.site import site_of
from discussit.urls import address, path_below, root_of
from discussit.wire import objects

# What people write and would miss, and what it is called where it is shown again. No names: some type passwords there.
TYPED = {"message": "Your message", "name": "Group name"}
TEMPORARY = (429, 500, 503)  # of an error page that offers to try again
CACHED = 5_000  # entries whose markup is cached, about 1 KB each, and as many members
JSON = "application/json"
FAST = 1  # gzip's level: higher ones take twice as long for a tenth less
MAX_CACHED_LENGTH = 500  # characters of an entry that is cached: the markup of the longest takes 240 KB


@cache  # compiled once, however many applications a process creates
def make_templates() -> Jinja2Templates:
    templates = Jinja2Templates(TEMPLATES, context_processors=[_context])
    templates.env.filters["hue"] = hue
    templates.env.filters["initials"] = initials
    templates.env.filters["sent"] = utc_text
    templates.env.filters["tree"] = msgspec.json.decode
    templates.env.filters["device"] = user_agents.in_words
    templates.env.globals["asset"] = _asset
    templates.env.globals["imports"] = bundles.imports
    templates.env.globals["script_version"] = assets.version
    templates.env.globals["max_group_term"] = MAX_TERM
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
        "debug": site_of(request).settings.debug,
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


def term_of(request: Request) -> str:
    """What a search among groups looks for in their names."""
    return request.query_params.get("q", "").strip()[:MAX_TERM]


def page_number(request: Request) -> int:
    """The number of the requested page; the first, if the request names no such number."""
    value = request.query_params.get("page", "")
    return max(1, int(value)) if is_seq(value) else 1


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


def hide_address(response: Response) -> Response:
    """For pages whose address is a secret, or that show one: no page is sent it as its referrer.

    Only the origin, without which the origin guard would not learn where a form comes from.
    """
    response.headers["Referrer-Policy"] = "strict-origin"
    return response


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
    again = status in TEMPORARY and request.method in ("GET", "HEAD")
    about = {"status": status, "title": title, "text": text, "typed": typed(request), "again": again}
    return page(request, "error.html", status, **about, **more)


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
