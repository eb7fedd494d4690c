"""The pages of the administration: sqladmin's lists and details, and this site's own forms."""

from collections.abc import Sequence
from typing import Any

from sqladmin import Admin
from sqladmin.templating import Jinja2Templates
from sqlalchemy.orm import Session as OrmSession
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, Router

from discussit.accounts import security_log
from discussit.accounts.current_user import check_rights
from discussit.accounts.password_reset import ResetLinks
from discussit.accounts.security_log import Act
from discussit.admin.entries import ChangeView, EventView, GroupChangeView, MessageView
from discussit.admin.groups import GroupView
from discussit.admin.memberships import MembershipView
from discussit.admin.users import UserView
from discussit.admin.versions import Changed, version_of
from discussit.admin.view import View
from discussit.database import Database
from discussit.errors import FieldError
from discussit.pages.form import Form
from discussit.pages.page import full_address, page, refusal, see_other

MAX_PKS = 100  # rows that are deleted at a time: as many as a list shows at most

VIEWS: Sequence[type[View]] = (UserView, GroupView, MembershipView, MessageView, EventView, ChangeView, GroupChangeView)


class Pages(Jinja2Templates):
    """Renders sqladmin's pages with this site's templates, in its shell."""

    def __init__(self, site: "AdminSite") -> None:
        # Without sqladmin's own, which would be a second environment for the same templates.
        self._site = site

    async def TemplateResponse(  # type: ignore[override] # noqa: N802
        self, request: Request, name: str, context: dict[str, Any] | None = None, status_code: int = 200
    ) -> Response:
        response = page(request, name, status_code, **(context or {}), sections=self._site.views)
        if context and isinstance(view := context.get("model_view"), View):
            view.log_shown(request, _shown(context))
        return response


class AdminSite(Admin):
    """sqladmin's routes, without files, imports, exports and its own login.

    Its error pages for a failed change show the database's message, with password hashes. So
    changes are made here, and errors are shown beside their field.
    """

    def __init__(self, database: Database) -> None:
        # It needs an application to mount itself on. `router` is mounted instead, so that error pages,
        # middleware and `request.app` are those of all other requests.
        super().__init__(Starlette())
        self._database = database
        self._views.extend(view(database) for view in VIEWS)
        self.router = Router(
            [
                Route("/", self.index, name="index"),
                Route("/{identity}/list", self.list, name="list"),
                Route("/{identity}/details/{pk}", self.details, name="details"),
                Route("/{identity}/create", self.create, name="create", methods=["GET", "POST"]),
                Route("/{identity}/edit/{pk}", self.edit, name="edit", methods=["GET", "POST"]),
                Route("/{identity}/reset/{pk}", self.make_reset_link, name="reset", methods=["POST"]),
                Route("/{identity}/join/{pk}", self.join, name="join", methods=["POST"]),
                Route("/{identity}/delete", self.delete, name="delete", methods=["GET", "POST", "DELETE"]),
                Route("/{identity}/ajax/lookup", self.ajax_lookup, name="ajax_lookup"),
            ]
        )

    def init_templating_engine(self) -> Jinja2Templates:
        return Pages(self)

    async def list(self, request: Request) -> Response:
        """The requested page or, where there is none, the nearest. sqladmin's own redirects there, past proxies."""
        view = self._view(request)
        pagination = await view.list(request)
        pagination.add_pagination_urls(request.url)
        context = {"model_view": view, "pagination": pagination, **await view.list_context(request)}
        return await self.templates.TemplateResponse(request, "sqladmin/list.html", context)

    async def create(self, request: Request) -> Response:
        view = self._view(request)
        if not view.can_create:
            raise HTTPException(404)
        form = Form(view.initial(request))
        if request.method == "POST":
            form = await Form.sent(request)
            try:
                made = await view.insert_model(request, form.values)
                return see_other(view.url_after(request, made))
            except FieldError as error:
                form.refuse(error)
        return await self._form(request, "sqladmin/create.html", view, form)

    async def edit(self, request: Request) -> Response:
        view, pk = self._view(request), request.path_params["pk"]
        if not view.can_edit:
            raise HTTPException(404)
        if request.method == "POST":
            return await self._save(request, view, pk)
        row = await view.find(request, pk)
        if row is None or not view.is_editable(row):
            raise HTTPException(404)
        form = Form(view.values_of(row) | {"version": version_of(view.state_of(row))})
        return await self._form(request, "sqladmin/edit.html", view, form, model=row)

    async def _save(self, request: Request, view: View, pk: str) -> Response:
        form, found = await Form.sent(request), None
        version, has_password = form.get("version"), bool(form.get("password"))
        try:
            return see_other(view.url(request, "details", await view.update_model(request, pk, form.values)))
        except FieldError as error:
            form.refuse(error)
        except Changed as changed:
            found = changed
        row = await view.find(request, pk)
        if row is None and found:
            return refusal(
                request, 410, "No longer there", "It was deleted after you opened the page. Nothing was saved."
            )
        if row is None or not (found or view.is_editable(row)):
            raise HTTPException(404)
        if found or not version:
            form.values["version"] = found.version if found else version_of(view.state_of(row))
        if has_password:
            form.errors.setdefault("password", "Please type the new password again.")
        return await self._form(request, "sqladmin/edit.html", view, form, model=row, changed=found)

    async def _form(self, request: Request, name: str, view: View, form: Form, **context: Any) -> Response:
        status = 409 if context.get("changed") else 400 if form.errors else 200
        context |= {"model_view": view, "form": form}
        return await self.templates.TemplateResponse(request, name, context, status)

    async def delete(self, request: Request) -> Response:
        """A page that asks for confirmation, its POST, and sqladmin's DELETE, answered with the next address."""
        view, pks = self._view(request), _pks(request)
        if not pks:
            return see_other(view.url(request, "list"))
        if not view.can_delete or not await _found(request, view, pks):
            raise HTTPException(404)
        form, found = Form(), None
        if request.method in ("POST", "DELETE"):
            form = await Form.sent(request)
            try:
                return await self._remove(request, view, pks, form)
            except FieldError as error:
                form.refuse(FieldError("", str(error)))
            except Changed as changed:
                found = changed
        rows = list(filter(view.is_deletable, await _found(request, view, pks)))
        if not rows:
            raise HTTPException(404)
        form.values["version"] = found.version if found else version_of(view.states_of(rows))
        context = {"rows": rows, "pks": ",".join(pks), "changed": found}
        return await self._form(request, "sqladmin/delete.html", view, form, **context)

    async def _remove(self, request: Request, view: View, pks: Sequence[str], form: Form) -> Response:
        """Remove all rows, or none if one can't be removed."""
        async with view.removing(request, pks, form.get("version")) as (session, rows):
            target = view.url_after_removal(request, rows)
            await view.remove(session, request, rows)
            await view.claim(session, request, target)
        view.log_removed(request, rows)
        return see_other(target) if request.method == "POST" else PlainTextResponse(target)

    async def make_reset_link(self, request: Request) -> Response:
        """The link is shown on the page that answers only: it is in no address and in no log."""
        view = self._view(request)
        key = view.key_of(request.path_params["pk"])

        def read(session: OrmSession) -> Any:
            check_rights(session, request.user, as_superuser=True)
            return session.scalar(view.row_of(request, key))

        row = await self._database.run_read(read)
        if row is None or not view.is_resettable(row):
            raise HTTPException(404)
        security_log.done(request, Act.RESET_LINK, row.id)
        link = full_address(request, ResetLinks(self._database).path(row))
        context = {"model_view": view, "model": row, "link": link}
        return await self.templates.TemplateResponse(request, "sqladmin/reset.html", context)

    async def join(self, request: Request) -> Response:
        return see_other(await self._view(request).join(request, request.path_params["pk"]))

    async def ajax_lookup(self, request: Request) -> Response:
        """Suggests rows while somebody types in a form's field."""
        term = request.query_params.get("term", "")
        return JSONResponse({"results": await self._view(request).suggestions(request, term)})

    def _view(self, request: Request) -> View:
        view = self._find_model_view(request.path_params["identity"])
        assert isinstance(view, View)
        return view


def _shown(context: dict[str, Any]) -> Sequence[Any]:
    """The rows on a page: those of a list, those about to be deleted, or the one whose details it shows."""
    if pagination := context.get("pagination"):
        rows: Sequence[Any] = pagination.rows
        return rows
    row = context.get("model")
    return context.get("rows") or ([] if row is None else [row])


async def _found(request: Request, view: View, pks: Sequence[str]) -> list[Any]:
    return [row for pk in pks if (row := await view.find(request, pk)) is not None]


def _pks(request: Request) -> list[str]:
    """The keys of `?pks=1,2`, as sqladmin writes them, or of `?pks=1&pks=2`, from a form's checkboxes."""
    given = ",".join(request.query_params.getlist("pks")).split(",")
    pks = sorted(set(filter(None, given)))
    if len(pks) > MAX_PKS:
        raise HTTPException(400, f"delete at most {MAX_PKS} rows at a time")
    return pks
