"""The directory: open groups and the user's closed ones, with a search."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from discussit.accounts.current_user import current_user
from discussit.groups.lists import DirectoryQuery, Sort
from discussit.groups.lists import directory as read_directory
from discussit.pages.page import creatable_by, page, page_number, term_of
from discussit.site import site_of

MAX_PAGE = 1_000_000


async def directory(request: Request) -> Response:
    user, wanted = current_user(request), _wanted(request)
    found = await site_of(request).database.run_read(lambda session: read_directory(session, user.id, wanted))
    return page(
        request,
        "home/directory.html",
        groups=found.groups,
        wanted=wanted,
        previous_query=_query(wanted, page=wanted.page - 1) if wanted.page > 1 else None,
        next_query=_query(wanted, page=wanted.page + 1) if found.has_more else None,
        sort_queries=[(sort, _query(wanted, sort=sort, page=1)) for sort in Sort],
        first_query=_query(wanted, page=1),
        archive_query=_query(wanted, archived=not wanted.archived, page=1),
        creatable=creatable_by(request, user),
    )


def _wanted(request: Request) -> DirectoryQuery:
    """What the query asks for, as far as it can be understood."""
    query = request.query_params
    sort = query.get("sort", "")
    return DirectoryQuery(
        term=term_of(request),
        sort=Sort(sort) if sort in set(Sort) else Sort.ACTIVE,
        archived=query.get("archived") == "1",
        page=min(page_number(request), MAX_PAGE),
    )


def _query(wanted: DirectoryQuery, **changed: object) -> str:
    """The query of another page of the directory, without what goes without saying."""
    to = wanted._replace(**changed)  # type: ignore[arg-type]
    values = {
        "q": to.term,
        "sort": "" if to.sort == Sort.ACTIVE else to.sort,
        "archived": "1" if to.archived else "",
        "page": str(to.page) if to.page > 1 else "",
    }
    query = urlencode({name: value for name, value in values.items() if value})
    return query and f"?{query}"
