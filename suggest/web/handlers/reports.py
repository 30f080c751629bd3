"""The reports: measured on a snapshot, by queries on a thread that gives way to all others, in nobody's way.

One snapshot serves everybody for up to a minute, and so does what was measured on it: the page, and the CSV of each of
its figures, speak of the same moment. Snapshots lie in the data folder, where erasure finds and removes them."""

from __future__ import annotations

import shutil
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from suggest.domain.errors import Forbidden, Invalid, StorageUnavailable
from suggest.online.links import Role, Session
from suggest.store.embedded import EmbeddedStore
from suggest.web.call import path_id, query_text, wrong_query
from suggest.web.handlers.admin import refusal
from suggest.web.handlers.entrance import admitted, fields
from suggest.web.handlers.report_notes import noted_at, noting_of
from suggest.web.handlers.report_query import ASKED, against_of, lens_of, moment_of
from suggest.web.parts import Parts, parts_of
from suggest.web.problem import Refused
from suggest.web.sessions import csrf_token
from suggest.web.threads import run_aside, run_in

if TYPE_CHECKING:  # imported by whoever first looks at a report: no start should wait for them
    from analytics import snapshot
    from analytics.impressions import ImpressionsView
    from analytics.report import ReportView

T = TypeVar("T")
FRESH_FOR_S = 60.0
MOST_KEPT = 32
MOST_OF_THE_TIME = 20.0  # a snapshot serves so many times as long as it took: taking them costs a twentieth at most
_FOLDER = Path("snapshots", "reports")  # erasure empties snapshots/
_KEPT = "derived"  # what was derived from the snapshot beside it, for the next one


class Snapshots:
    """The newest snapshot, taken again when it is a minute old. Safe from many threads."""

    def __init__(self, store: EmbeddedStore, *, monotonic_s: Callable[[], float]) -> None:
        self._store = store
        self._monotonic_s = monotonic_s
        self._path: Path | None = None
        self._opened: snapshot.Analytics | None = None  # what was derived from the snapshot serves every page of it
        self._fresh_for_s = FRESH_FOR_S
        self._taken_at_s = 0.0
        self._kept: OrderedDict[tuple[object, ...], object] = OrderedDict()
        self._lock = Lock()

    def read(self, key: tuple[object, ...], measure: Callable[[snapshot.Analytics], T]) -> T:
        """What `measure` makes of the snapshot; the same key on the same snapshot is measured once."""
        with self._lock:  # one at a time: reports may wait for each other, never anybody for them
            return self._read(key, measure)

    def _read(self, key: tuple[object, ...], measure: Callable[[snapshot.Analytics], T]) -> T:
        from analytics import snapshot

        began_s = self._monotonic_s()
        is_carried_on = run_aside(self._freshen, began_s)
        known = self._kept.get(key)
        if known is not None:
            self._kept.move_to_end(key)
            return known  # type: ignore[return-value]  # a key names its kind of measure
        assert self._path is not None
        if self._opened is None:
            self._opened = snapshot.open(self._path, kept=self._path.parent / _KEPT, aside=run_aside)
        try:
            self._opened.prepare()
        except BaseException:  # half derived: begin anew
            self._forget()
            raise
        if is_carried_on:
            self._fresh_for_s = max(FRESH_FOR_S, MOST_OF_THE_TIME * (self._monotonic_s() - began_s))
        measured = measure(self._opened)
        self._kept[key] = measured
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return measured

    def close(self) -> None:
        """Let go of what is open; whoever reads again opens it anew."""
        with self._lock:
            self._forget()

    def _freshen(self, now_s: float) -> bool:
        """Take a snapshot where there is none, or an old one; whether an old one was carried on."""
        is_there = self._path is not None and self._path.is_file()
        if is_there and now_s - self._taken_at_s < self._fresh_for_s:
            return False
        before = self._path if is_there else None
        self._forget()
        folder = self._store.data_dir / _FOLDER
        if before is None:
            shutil.rmtree(folder, ignore_errors=True)  # what an erasure or a killed server left
        try:
            self._path = self._store.carry_on(folder, before)
        except OSError:  # an erasure removed it at this very moment
            self._path = self._store.carry_on(folder, None)
        self._taken_at_s = self._monotonic_s()
        self._fresh_for_s = max(FRESH_FOR_S, MOST_OF_THE_TIME * (self._taken_at_s - now_s))
        return before is not None

    def _forget(self) -> None:
        self._path = None
        self._kept.clear()
        if self._opened is not None:
            self._opened.close()
            self._opened = None


@admitted(Role.WORKER)
async def index(request: Request, session: Session) -> Response:
    """GET /reports: every surface and how much it was asked."""
    from analytics.index import render_index, surfaces

    parts = parts_of(request)
    snapshots = _snapshots(request)
    lines = await run_in(parts.lanes.read, snapshots.read, ("index",), surfaces)
    return HTMLResponse(render_index(lines))


async def definitions(request: Request) -> Response:
    """GET /docs/figures: what every figure means, and the query that counts it."""
    from analytics.definitions_page import render_definitions

    return HTMLResponse(await run_in(parts_of(request).lanes.read, render_definitions))


@admitted(Role.WORKER)
async def page(request: Request, session: Session) -> Response:
    """GET /reports/{surface}/{page}?from&to&bundle&field&value&versus&vs_from&vs_to: figures only, so whoever answers
    reviews may see what became of them. Without a page the overview."""
    from analytics.pages.registry import BY_NAME, PAGES
    from analytics.render import render
    from analytics.report import failed

    parts = parts_of(request)
    surface = await _surface(request)
    name = request.path_params.get("page", PAGES[0].name)
    if name not in BY_NAME:
        raise Refused("no-such-page", f"A report has no page {name!r}; it has {', '.join(BY_NAME)}.")
    _check_may_see(session, name)
    try:
        view = await _view(request, surface, name)
    except StorageUnavailable as broken:
        view = failed(surface, broken.detail, now=parts.application.clock.now())
        return HTMLResponse(render(view), status_code=503)
    return HTMLResponse(await run_in(parts.lanes.read, render, view, noting_of(request, session)))


@admitted(Role.OWNER)
async def annotate(request: Request, session: Session) -> Response:
    """POST /reports/{surface}/annotations?…: write down what happened, and go back to the overview it was seen on."""
    from analytics.addresses import base, with_query
    from analytics.noting import NoteForm
    from analytics.pages.registry import PAGES
    from analytics.render import render

    parts, form = parts_of(request), await fields(request)
    surface = await _surface(request)
    text, at = form.get("text", ""), form.get("at", "").strip()
    try:
        await run_in(parts.lanes.log, parts.online.annotate, surface, text, noted_at(at))
    except Invalid as wrong:
        view = await _view(request, surface, PAGES[0].name)
        noting = NoteForm(csrf=csrf_token(request), notice=refusal("Nothing was written down", wrong), text=text, at=at)
        return HTMLResponse(await run_in(parts.lanes.read, render, view, noting), status_code=422)
    asked = {name: query_text(request, name, longest=200) for name in ASKED}
    address = with_query(f"{base(surface)}/{PAGES[0].name}", {**asked, "noted": "1"})
    return RedirectResponse(f"{address}#changes", status_code=303)


@admitted(Role.REVIEWER)
async def impressions(request: Request, session: Session) -> Response:
    """GET /reports/{surface}/impressions?outcome&decision&stage&item: the slates behind a part of a figure, with what
    people wrote, so it is not for everybody who may read figures."""
    from analytics.impressions import render_impressions

    view = await _impressions(request)
    return HTMLResponse(render_impressions(view, csrf=csrf_token(request), may_hand_over=True))


@admitted(Role.REVIEWER)
async def second_look(request: Request, session: Session) -> Response:
    """POST /reports/{surface}/second-look: hand slates to people, to know what was right."""
    from analytics.addresses import base, with_query

    parts = parts_of(request)
    surface = await _surface(request)
    ids = [value for name, value in (await fields(request)).items() if name.startswith("impression-")]
    n = await run_in(parts.lanes.wait, parts.online.second_look, surface, ids)
    return RedirectResponse(with_query(f"{base(surface)}/impressions", {"sent": str(n)}), status_code=303)


@admitted(Role.WORKER)
async def rows(request: Request, session: Session) -> Response:
    """GET /reports/{surface}/{figure}.csv, .json or .parquet: the rows of one figure."""
    from analytics.pages.registry import BY_NAME, PAGES
    from analytics.row_files import FORMS, rows_as

    surface = await _surface(request)
    page = query_text(request, "page", longest=40)
    if page is not None and page not in BY_NAME:
        raise wrong_query("page", f"must be one of {', '.join(BY_NAME)}")
    if page is None and session.role is Role.WORKER:
        page = PAGES[0].name  # all pages at once name people
    _check_may_see(session, page)
    view = await _view(request, surface, page)
    figure = path_id(request, "figure")
    form = str(request.path_params["form"])
    found = next((drawn.rows for drawn in view.figures if drawn.figure.id == figure), None)
    if found is None or form not in FORMS:
        raise Refused("no-such-page", f"The report of {surface} has no figure {figure!r}.")
    parts = parts_of(request)
    work = parts.application.store.data_dir / "exports"
    body = await run_in(parts.lanes.read, rows_as, form, found, work)
    name = "".join(each if each.isascii() and each.isalnum() else "-" for each in f"{surface}-{figure}")
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"', "Cache-Control": "no-store"}
    return Response(body, media_type=FORMS[form], headers=headers)


def _check_may_see(session: Session, page: str | None) -> None:
    """A page that shows what people wrote, or how each worker does, is for reviewers."""
    from analytics.pages.registry import BY_NAME

    if session.role is Role.WORKER and page is not None and BY_NAME[page].names_people:
        raise Forbidden("This part of the reports is for reviewers and owners.")


async def _surface(request: Request) -> str:
    """The surface in the path. Raises UnknownSurface where there is none."""
    parts = parts_of(request)
    name = path_id(request, "surface", longest=100)
    await run_in(parts.lanes.read, parts.online.get_surface, name)
    return name


async def _view(request: Request, surface: str, page: str | None) -> ReportView:
    parts = parts_of(request)
    from_, to = moment_of(request, "from"), moment_of(request, "to")
    now = parts.application.clock.now()
    if from_ is not None and from_ >= (to or now):
        raise wrong_query("from", "must lie before to, and before now")
    snapshots = _snapshots(request)
    lens, versus = lens_of(request), query_text(request, "versus", longest=200) or None
    against = against_of(request)
    if against is not None and versus is not None:
        raise wrong_query("versus", "compares with a bundle, vs_from and vs_to with a time: send one of them")
    from analytics.report import report

    def measure(analytics: snapshot.Analytics) -> ReportView:
        return report(analytics, surface, from_, to, now=now, page=page, lens=lens, versus=versus, against=against)

    key = ("report", surface, from_, to, page, lens, versus, against)
    return await run_in(parts.lanes.read, snapshots.read, key, measure)


async def _impressions(request: Request) -> ImpressionsView:
    from analytics.impressions import FILTERS, with_notice
    from analytics.impressions import impressions as measure_impressions
    from analytics.report import report_period

    parts = parts_of(request)
    surface = await _surface(request)
    from_, to = moment_of(request, "from"), moment_of(request, "to")
    now, lens = parts.application.clock.now(), lens_of(request)
    if from_ is not None and from_ >= (to or now):
        raise wrong_query("from", "must lie before to, and before now")
    of = {name: text for name in FILTERS if (text := query_text(request, name, longest=200))}
    title = (await run_in(parts.lanes.read, parts.online.get_surface, surface)).title or surface

    def measure(analytics: snapshot.Analytics) -> ImpressionsView:
        period = report_period(analytics, surface, from_, to, now=now)
        return measure_impressions(analytics, surface, period, title=title, lens=lens, of=of)

    key = ("impressions", surface, from_, to, lens, tuple(of.items()))
    view = await run_in(parts.lanes.read, _snapshots(request).read, key, measure)
    sent = query_text(request, "sent", longest=4)
    return with_notice(view, int(sent)) if sent is not None and sent.isdecimal() else view


def _snapshots(request: Request) -> Snapshots:
    return snapshots_of(request.app)


def snapshots_of(app: Starlette) -> Snapshots:
    state = app.state
    if not hasattr(state, "snapshots"):
        parts: Parts = state.parts
        state.snapshots = Snapshots(parts.application.store, monotonic_s=parts.monotonic_s)
    snapshots = state.snapshots
    assert isinstance(snapshots, Snapshots)
    return snapshots
