"""The markup that a group's page loads after it: what its scripts clone, the same for everyone."""

import hashlib
from functools import cache

from starlette.requests import Request
from starlette.responses import Response

from discussit import assets
from discussit.pages.page import compressed, page
from discussit.settings import TEMPLATES
from discussit.urls import address


@cache
def version() -> str:
    """A hash of all templates and static files: 12 hexadecimal digits."""
    digest = hashlib.blake2b(assets.version().encode(), digest_size=6)
    for file in sorted(TEMPLATES.rglob("*.html")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def later_parts_address(request: Request) -> str:
    return f"{address(request, '/groups/parts/')}?version={version()}"


async def later_parts(request: Request) -> Response:
    """Cached for good if the address names this version; a page of another one gets what there is."""
    response = compressed(request, page(request, "group/later_parts.html"))
    if request.query_params.get("version") == version():
        response.headers["Cache-Control"] = assets.IMMUTABLE
    return response
