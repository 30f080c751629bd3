"""GET /: the first page of a server. It tells a stranger nothing but that it is there."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from components.landing import landing_page
from suggest.web.parts import parts_of
from suggest.web.sessions import session_of
from suggest.web.threads import run_in


async def landing(request: Request) -> Response:
    parts = parts_of(request)
    ready = await run_in(parts.lanes.read, parts.online.ready)
    session = session_of(request)
    is_worker = session is not None and session.is_worker
    shown = landing_page(is_ready=ready.ok, is_signed_in=session is not None, is_worker=is_worker)
    return HTMLResponse(str(shown))
