"""The application: the list of routes, wrapped in what holds for every request."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from components import page
from suggest.domain.errors import SuggestError
from suggest.web.assets import Shelf
from suggest.web.call import ROUTE_SCOPE_KEY
from suggest.web.cors import Cors
from suggest.web.embed import Embed
from suggest.web.gauges import ReportGauges
from suggest.web.headers import REQUEST_ID_SCOPE_KEY, SafeHeaders
from suggest.web.limits import Limits, RateLimiter
from suggest.web.meters import Meters
from suggest.web.parts import Parts
from suggest.web.problem import KINDS, Refused, error_body, http_body, problem_body, problem_response
from suggest.web.proxy import BehindProxies
from suggest.web.replay import Replays
from suggest.web.reporter import Reporter
from suggest.web.routes import CALLS, call_routes, file_routes, page_routes
from suggest.web.snapshots import Snapshots
from suggest.web.static import Static
from suggest.web.threads import Lanes

if TYPE_CHECKING:
    from suggest.config.application import Application

STATIC_FOLDER = Path(page.__file__).parent / "static"
log = logging.getLogger("suggest.web")


def create_app(
    application: Application,
    *,
    limits: Limits | None = None,
    frame_ancestors: Sequence[str] = (),
    static: Path = STATIC_FOLDER,
    more_routes: Sequence[BaseRoute] = (),
    monotonic_s: Callable[[], float] = time.monotonic,
    heartbeat_s: float = 15.0,
) -> Starlette:
    """The ASGI application over an open `application`; closing that stays with whoever opened it.

    `frame_ancestors` are the origins whose pages may hold ours in a frame; `more_routes` come before all others.
    """
    snapshots = Snapshots(application.store, monotonic_s=monotonic_s)
    parts = Parts(
        application=application,
        limits=limits or Limits(),
        limiter=RateLimiter(monotonic_s=monotonic_s),
        impression_limiter=RateLimiter(monotonic_s=monotonic_s),
        replays=Replays(monotonic_s=monotonic_s),
        meters=Meters(),
        lanes=Lanes(),
        monotonic_s=monotonic_s,
        static=static,
        heartbeat_s=heartbeat_s,
        snapshots=snapshots,
        gauges=ReportGauges(application, snapshots=snapshots, monotonic_s=monotonic_s),
    )
    shelf = Shelf(static)
    embed = Embed(shelf, application.store.data_dir / "embed")
    routes = [*more_routes, *call_routes(), *file_routes(embed, Static(shelf)), *page_routes()]
    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(BehindProxies, trusted=parts.limits.trusted_proxies),
            Middleware(RawPaths),
            Middleware(SafeHeaders, frame_ancestors=frame_ancestors),
            Middleware(Cors),
            Middleware(Measured, parts=parts),
            Middleware(NeverSilent),
        ],
        exception_handlers={Refused: _refused, SuggestError: _domain_error, HTTPException: _framework_error},
        lifespan=_lifespan,
    )
    app.router.redirect_slashes = False  # an id may end in a slash, and a redirect would lose the body
    app.state.parts = parts
    app.state.calls = CALLS
    app.state.embed = embed
    reporter = Reporter(application.online, snapshots=snapshots)
    application.reporters.extend([reporter.send_due, parts.gauges.count, snapshots.look])
    return app


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    parts: Parts = app.state.parts
    parts.is_stopping = False
    yield
    parts.stop()
    parts.close()
    parts.lanes = Lanes()  # an application may be served again; no thread starts before it is needed


class RawPaths:
    """Match paths as they were sent, undecoded: the `/` of an id that came as %2F is no separator."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw = scope.get("raw_path")
        if scope["type"] == "http" and raw:
            scope = {**scope, "path": raw.split(b"?", 1)[0].decode("latin-1")}
        await self.app(scope, receive, send)


class Measured:
    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        self.app = app
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = self._parts.monotonic_s()

        async def send_measured(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._parts.meters.observe(
                    method=scope["method"] if len(scope["method"]) < 8 else "other",
                    route=scope.get(ROUTE_SCOPE_KEY, "other"),
                    status=message["status"],
                    seconds=self._parts.monotonic_s() - began,
                )
            await send(message)

        await self.app(scope, receive, send_measured)


class NeverSilent:
    """An unforeseen exception is our bug: it is logged with the request's id and answered with a problem."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_started = False

        async def send_noted(message: Message) -> None:
            nonlocal has_started
            has_started = has_started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, send_noted)
        except Exception:
            if scope["type"] != "http":
                raise
            log.exception("request %s failed: %s", scope.get(REQUEST_ID_SCOPE_KEY), scope.get(ROUTE_SCOPE_KEY))
            if has_started:
                raise
            kind = KINDS["internal-error"]
            await problem_response(problem_body(kind, kind.advice, instance=scope["path"]))(scope, receive, send)


def _refused(request: Request, refused: Exception) -> Response:
    assert isinstance(refused, Refused)
    body = problem_body(refused.kind, refused.detail, errors=refused.errors, instance=_instance(request))
    return problem_response(body, headers=refused.headers)


def _domain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, SuggestError)
    return problem_response(error_body(error, instance=_instance(request)))


def _framework_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = {
        404: "There is nothing at this address; see /docs for what there is.",
        405: f"{request.method[:20]} does nothing at this address.",
    }.get(error.status_code, error.detail)
    return problem_response(http_body(error.status_code, detail, instance=_instance(request)), headers=error.headers)


def _instance(request: Request) -> str:
    return request.url.path[:500]
