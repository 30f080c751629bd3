"""The page of what arrives, and the stream that keeps it up to date. For owners."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from components.admin.arrivals import arrival_items, arrivals_page
from components.admin.views import ArrivalRow, ArrivalsView
from suggest.online.links import Role, Session
from suggest.web.arrivals import MOST_OF_A_KIND, Arrival
from suggest.web.handlers.entrance import admitted
from suggest.web.live import LiveStream, refuse_crowd
from suggest.web.parts import parts_of
from suggest.web.problem import KINDS, TYPE_PREFIX
from suggest.web.sessions import csrf_token, session_of
from suggest.web.threads import run_in

GATHER_S = 0.1  # a burst becomes one event


@admitted(Role.OWNER)
async def arrivals(request: Request, session: Session) -> Response:
    parts, only_refused = parts_of(request), _only_refused(request)
    mark = parts.arrivals.mark
    view = ArrivalsView(
        csrf=csrf_token(request),
        rows=tuple(map(_row, parts.arrivals.after(only_refused=only_refused))),
        mark=mark,
        only_refused=only_refused,
        kept=MOST_OF_A_KIND,
        base=str(request.base_url).rstrip("/"),
    )
    return HTMLResponse(await run_in(parts.lanes.read, lambda: str(arrivals_page(view))))


@admitted(Role.OWNER)
async def stream(request: Request, session: Session) -> Response:
    refuse_crowd(parts_of(request))
    return ArrivalStream(request, by_cookie="authorization" not in request.headers)


class ArrivalStream(LiveStream):
    """Items of the list as HTML, the newest first; `id` is the mark that a browser comes back with."""

    def __init__(self, request: Request, *, by_cookie: bool) -> None:
        super().__init__(parts_of(request))
        self._request = request
        self._by_cookie = by_cookie
        self._only_refused = _only_refused(request)
        self._mark = request.headers.get("last-event-id") or request.query_params.get("after", "")
        self._is_first = True

    def subscribe(self, wake: Callable[[], None]) -> Callable[[], None]:
        return self._parts.arrivals.subscribe(wake)

    async def news(self) -> str:
        if not self._is_first:
            await asyncio.sleep(GATHER_S)
        self._is_first = False
        known = self._parts.arrivals
        fresh, mark = known.after(self._mark, only_refused=self._only_refused), known.mark
        self._mark = mark
        if not fresh:
            return ""
        rows = tuple(map(_row, fresh))
        html = await run_in(self._parts.lanes.read, lambda: str(arrival_items(rows)))
        lines = "".join(f"data: {line}\n" for line in html.splitlines())
        return f"id: {mark}\nevent: arrivals\n{lines}\n"

    async def is_welcome(self) -> bool:
        if not self._by_cookie:
            return True
        session = await run_in(self._parts.lanes.read, session_of, self._request)
        return session is not None and session.role is Role.OWNER


def _only_refused(request: Request) -> bool:
    return request.query_params.get("only") == "refused"


def _row(arrival: Arrival) -> ArrivalRow:
    return ArrivalRow(
        number=arrival.number,
        at=arrival.at,
        call=arrival.call,
        key=arrival.key,
        surface=arrival.surface,
        origin=arrival.origin,
        impression=arrival.impression,
        said=arrival.said,
        slug=arrival.slug,
        mend=arrival.mend,
        help=TYPE_PREFIX + arrival.slug if arrival.slug in KINDS else "",
    )
