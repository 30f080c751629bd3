"""The reports: who may read them and what is asked is settled here; they are drawn in a process of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from suggest.domain.errors import Forbidden, Invalid, StorageUnavailable
from suggest.online.links import Role, Session
from suggest.web.call import path_id, query_text, wrong_query
from suggest.web.handlers.admin import refusal
from suggest.web.handlers.entrance import admitted, fields
from suggest.web.handlers.report_notes import noted_at, noting_of
from suggest.web.handlers.report_query import ASKED, against_of, lens_of, moment_of
from suggest.web.parts import parts_of
from suggest.web.problem import Refused
from suggest.web.sessions import csrf_token
from suggest.web.threads import run_in

if TYPE_CHECKING:  # imported by whoever first looks at a report: no start should wait for them
    from analytics.orders import Order, Question


@admitted(Role.WORKER)
async def index(request: Request, session: Session) -> Response:
    """GET /reports: every surface and how much it was asked."""
    from analytics.orders import IndexOrder

    return HTMLResponse(await _drawn(request, IndexOrder(as_worker=session.is_worker)))


async def definitions(request: Request) -> Response:
    """GET /docs/figures: what every figure means, and the query that counts it."""
    from analytics.definitions_page import render_definitions

    return HTMLResponse(await run_in(parts_of(request).lanes.read, render_definitions))


@admitted(Role.WORKER)
async def page(request: Request, session: Session) -> Response:
    """GET /reports/{surface}/{page}?from&to&bundle&field&value&versus&vs_from&vs_to: figures only, so whoever answers
    reviews may see what became of them. Without a page the overview."""
    from analytics.orders import PageOrder
    from analytics.pages.registry import BY_NAME, PAGES

    surface = await _surface(request)
    name = request.path_params.get("page", PAGES[0].name)
    if name not in BY_NAME:
        raise Refused("no-such-page", f"A report has no page {name!r}; it has {', '.join(BY_NAME)}.")
    _check_may_see(session, name)
    question = _question(request, surface, name)
    try:
        noting, as_worker = noting_of(request, session), session.is_worker
        drawn = await _drawn(request, PageOrder(question=question, noting=noting, as_worker=as_worker))
    except StorageUnavailable as broken:
        return _failed(question, broken)
    return HTMLResponse(drawn)


@admitted(Role.OWNER)
async def annotate(request: Request, session: Session) -> Response:
    """POST /reports/{surface}/annotations?…: write down what happened, and go back to the page it was seen on."""
    from analytics.addresses import base, with_query
    from analytics.noting import NoteForm
    from analytics.orders import PageOrder
    from analytics.pages.registry import BY_NAME, PAGES

    parts, form = parts_of(request), await fields(request)
    surface = await _surface(request)
    page = query_text(request, "on", longest=40) or PAGES[0].name
    if page not in BY_NAME:
        raise wrong_query("on", f"must be one of {', '.join(BY_NAME)}")
    text, at = form.get("text", ""), form.get("at", "").strip()
    try:
        await run_in(parts.lanes.log, parts.online.annotate, surface, text, noted_at(at))
    except Invalid as wrong:
        question = _question(request, surface, page)
        noting = NoteForm(csrf=csrf_token(request), notice=refusal("Nothing was written down", wrong), text=text, at=at)
        try:
            drawn = await _drawn(request, PageOrder(question=question, noting=noting))
        except StorageUnavailable as broken:
            return _failed(question, broken)
        return HTMLResponse(drawn, status_code=422)
    asked = {name: query_text(request, name, longest=200) for name in ASKED}
    address = with_query(f"{base(surface)}/{page}", {**asked, "noted": "1"})
    return RedirectResponse(f"{address}#{'changes' if page == PAGES[0].name else 'happened'}", status_code=303)


@admitted(Role.REVIEWER)
async def impressions(request: Request, session: Session) -> Response:
    """GET /reports/{surface}/impressions?outcome&decision&stage&item: the slates behind a part of a figure, with what
    people wrote, so it is not for everybody who may read figures."""
    from analytics.impressions import FILTERS
    from analytics.orders import ImpressionsOrder

    parts = parts_of(request)
    surface = await _surface(request)
    sent = query_text(request, "sent", longest=4)
    order = ImpressionsOrder(
        question=_question(request, surface, None, compares=False),
        title=(await run_in(parts.lanes.read, parts.online.get_surface, surface)).title or surface,
        of={name: text for name in FILTERS if (text := query_text(request, name, longest=200))},
        csrf=csrf_token(request),
        handed_over=int(sent) if sent is not None and sent.isdecimal() else None,
    )
    return HTMLResponse(await _drawn(request, order))


@admitted(Role.REVIEWER)
async def second_look(request: Request, session: Session) -> Response:
    """POST /reports/{surface}/second-look: hand slates to people, to know what was right."""
    from analytics.addresses import base, with_query
    from analytics.impressions import FILTERS

    parts = parts_of(request)
    surface = await _surface(request)
    ids = [value for name, value in (await fields(request)).items() if name.startswith("impression-")]
    n = await run_in(parts.lanes.wait, parts.online.second_look, surface, ids)
    read_through = ("from", "to", "bundle", "field", "value", *FILTERS)
    same = {name: query_text(request, name, longest=200) for name in read_through}
    return RedirectResponse(with_query(f"{base(surface)}/impressions", {**same, "sent": str(n)}), status_code=303)


@admitted(Role.WORKER)
async def rows(request: Request, session: Session) -> Response:
    """GET /reports/{surface}/{figure}.csv, .json or .parquet: the rows of one figure."""
    from analytics.orders import RowsOrder
    from analytics.pages.registry import BY_NAME, PAGES
    from analytics.row_files import FORMS

    surface = await _surface(request)
    page = query_text(request, "page", longest=40)
    if page is not None and page not in BY_NAME:
        raise wrong_query("page", f"must be one of {', '.join(BY_NAME)}")
    if page is None and session.is_worker:
        page = PAGES[0].name  # all pages at once name people
    _check_may_see(session, page)
    question = _question(request, surface, page)
    figure, form = path_id(request, "figure"), str(request.path_params["form"])
    body = None
    if form in FORMS:
        work = parts_of(request).application.store.data_dir / "exports"
        body = await _drawn_if_any(request, RowsOrder(question=question, figure=figure, form=form, work=str(work)))
    if body is None:
        raise Refused("no-such-page", f"The report of {surface} has no figure {figure!r}.")
    name = "".join(each if each.isascii() and each.isalnum() else "-" for each in f"{surface}-{figure}")
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"', "Cache-Control": "no-store"}
    return Response(body, media_type=FORMS[form], headers=headers)


def _check_may_see(session: Session, page: str | None) -> None:
    """A page that shows what people wrote, or how each worker does, is for reviewers."""
    from analytics.pages.registry import BY_NAME

    if session.is_worker and page is not None and BY_NAME[page].names_people:
        raise Forbidden("This part of the reports is for reviewers and owners.")


async def _surface(request: Request) -> str:
    """The surface in the path. Raises UnknownSurface where there is none."""
    parts = parts_of(request)
    name = path_id(request, "surface", longest=100)
    await run_in(parts.lanes.read, parts.online.get_surface, name)
    return name


def _question(request: Request, surface: str, page: str | None, *, compares: bool = True) -> Question:
    """What the address asks. Raises Refused, naming the parameter that cannot be."""
    from analytics.orders import Question

    from_, to = moment_of(request, "from"), moment_of(request, "to")
    now = parts_of(request).application.clock.now()
    if from_ is not None and from_ >= (to or now):
        raise wrong_query("from", "must lie before to, and before now")
    asked = Question(surface=surface, now=now, from_=from_, to=to, page=page, lens=lens_of(request))
    if not compares:
        return asked
    versus, against = query_text(request, "versus", longest=200) or None, against_of(request)
    if against is not None and versus is not None:
        raise wrong_query("versus", "compares with a bundle, vs_from and vs_to with a time: send one of them")
    return replace(asked, versus=versus, against=against)


async def _drawn(request: Request, order: Order) -> bytes:
    drawn = await _drawn_if_any(request, order)
    assert drawn is not None
    return drawn


async def _drawn_if_any(request: Request, order: Order) -> bytes | None:
    parts = parts_of(request)
    return await run_in(parts.lanes.report, parts.snapshots.draw, order)


def _failed(question: Question, broken: StorageUnavailable) -> Response:
    """The page all the same, saying why it is empty and when to come back."""
    from analytics.render import render
    from analytics.report import failed

    view = failed(question.surface, broken.detail, now=question.now)
    return HTMLResponse(render(view), status_code=503, headers={"Retry-After": "1"})
