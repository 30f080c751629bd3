"""The shop's own site: one page on an origin of its own, and the few calls that need a key no browser may hold."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import OrderedDict
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from components import page
from components.demo.page import DemoView, demo_page
from components.demo.story import MessageView
from suggest.demo.calls import CallFailed
from suggest.demo.desk import SIMULATED_CUSTOMERS, Desk, Unfit
from suggest.demo.seed import SURFACE
from suggest.demo.tickets import LARGEST_FILE, Sheet, Unreadable, guess_columns, read_sheet, told
from suggest.starter import load_prepared
from suggest.web.assets import Shelf, asset_response

STATIC_FOLDER = Path(page.__file__).parent / "static"
SAMPLE = Path(__file__).parents[2] / "examples" / "tickets.csv"  # in a checkout; an installed package has none
PREVIEWED_ROWS = 5
KEPT_UPLOADS = 4
STORY = ("A stuck zip", "The same, in other words", "Near, but not covered", "ok thanks")


def host_policy(service: str) -> str:
    """The page's Content-Security-Policy: what a careful host would send, and the service's origin where it must be.

    >>> "unsafe" in host_policy("http://127.0.0.1:8080")
    False
    """
    return (
        f"default-src 'none'; script-src 'self' {service}; style-src 'self'; connect-src 'self' {service}; "
        f"frame-src {service}; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def create_site(desk: Desk) -> Starlette:
    """The ASGI application of the host page."""
    calls = _Calls(desk)
    return Starlette(
        routes=[
            Route("/", calls.page),
            Route("/static/{file:path}", calls.static),
            Route("/examples/tickets.csv", calls.sample),
            Route("/api/state", calls.state),
            Route("/api/console", calls.console, methods=["POST"]),
            Route("/api/colleagues", calls.colleagues, methods=["POST"]),
            Route("/api/simulation", calls.simulation),
            Route("/api/simulation", calls.start_simulation, methods=["POST"]),
            Route("/api/tables", calls.upload, methods=["POST"]),
            Route("/api/own", calls.own),
            Route("/api/own", calls.start_own, methods=["POST"]),
            Route("/api/backtest", calls.backtest),
            Route("/api/backtest", calls.start_backtest, methods=["POST"]),
            Route("/backtests/{surface}.html", calls.backtest_page),
        ],
        middleware=[
            Middleware(HostHeaders, policy=host_policy(desk.service)),
            Middleware(OwnOrigin, origin=desk.origin),
        ],
        exception_handlers={Unfit: _unfit, Unreadable: _unfit, CallFailed: _failed},
    )


class _Calls:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._shelf = Shelf(STATIC_FOLDER)
        self._uploads: OrderedDict[str, tuple[str, Sheet]] = OrderedDict()  # id -> (file name, table), newest last

    async def page(self, request: Request) -> Response:
        return HTMLResponse(str(demo_page(demo_view(self._desk))), headers={"Cache-Control": "no-store"})

    async def static(self, request: Request) -> Response:
        asset = self._shelf.find(str(request.path_params["file"]))
        if asset is None:
            return JSONResponse({"detail": "There is no such file."}, 404)
        return asset_response(request, asset, headers={"Cache-Control": "no-cache"})

    async def sample(self, request: Request) -> Response:
        if not SAMPLE.is_file():
            return JSONResponse({"detail": "The sample comes with the sources only."}, 404)
        return FileResponse(SAMPLE, media_type="text/csv", filename=SAMPLE.name)

    async def state(self, request: Request) -> Response:
        return _fresh(self._desk.state())

    async def console(self, request: Request) -> Response:
        return _fresh({"url": await run_in_threadpool(self._desk.console_url)})

    async def colleagues(self, request: Request) -> Response:
        wanted = await _object(request)
        await run_in_threadpool(self._desk.set_automatic, wanted.get("automatic") is not False)
        return _fresh(self._desk.state())

    async def simulation(self, request: Request) -> Response:
        return _fresh(self._desk.simulated.as_json())

    async def start_simulation(self, request: Request) -> Response:
        self._desk.start_simulation()
        return _fresh(self._desk.simulated.as_json(), 202)

    async def upload(self, request: Request) -> Response:
        """POST a file's bytes, `?name=` its name: what is in it, and which columns look right."""
        name = (request.query_params.get("name") or "table.csv")[:120]
        sheet = await run_in_threadpool(read_sheet, await _bytes(request))
        message, answer = guess_columns(sheet)
        table = f"t{len(self._uploads)}-{id(sheet):x}"
        self._uploads[table] = (name, sheet)
        while len(self._uploads) > KEPT_UPLOADS:
            self._uploads.popitem(last=False)
        return _fresh(
            {
                "table": table,
                "name": name,
                "columns": list(sheet.columns),
                "rows": [list(cells) for _, cells in sheet.rows[:PREVIEWED_ROWS]],
                "n_rows": len(sheet.rows),
                "message": message,
                "answer": answer,
                "problems": told(sheet.problems),
                "n_problems": len(sheet.problems),
            }
        )

    async def own(self, request: Request) -> Response:
        return _fresh(self._desk.imported.as_json())

    async def start_own(self, request: Request) -> Response:
        wanted = await _object(request)
        kept = self._uploads.get(str(wanted.get("table")))
        if kept is None:
            raise Unfit("This table is not here any more; choose the file again.")
        message, answer = wanted.get("message"), wanted.get("answer")
        if not isinstance(message, int) or not isinstance(answer, int):
            raise Unfit("Choose a column for the messages and one for the answers.")
        name, sheet = kept
        self._desk.start_import(sheet, name=name, message=message, answer=answer)
        return _fresh(self._desk.imported.as_json(), 202)

    async def backtest(self, request: Request) -> Response:
        return _fresh(self._desk.backtests.state.as_json())

    async def start_backtest(self, request: Request) -> Response:
        await _object(request)
        self._desk.start_backtest()
        return _fresh(self._desk.backtests.state.as_json(), 202)

    async def backtest_page(self, request: Request) -> Response:
        """A file that needs nothing else: its own sheet stands in it, and by its hash that sheet alone counts."""
        surface = str(request.path_params["surface"])
        found = await run_in_threadpool(self._desk.backtests.page, surface)
        if found is None:
            return JSONResponse({"detail": "There is no such backtest; run it again."}, 404)
        return FileResponse(
            found,
            media_type="text/html; charset=utf-8",
            headers={"Cache-Control": "no-store", "Content-Security-Policy": page_policy()},
        )


@cache
def page_policy() -> str:
    """Nothing is loaded and nothing runs; of styles the one sheet that every such page carries."""
    digest = base64.b64encode(hashlib.sha256(page.stylesheet().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def demo_view(desk: Desk) -> DemoView:
    prepared = load_prepared()
    messages = {
        message["label"]: MessageView(
            label=message["label"],
            text=message["text"],
            turns=tuple((turn["role"], turn["text"]) for turn in message.get("turns", ())),
            continues=message["kind"] == "no_answer_needed" and "turns" not in message,
        )
        for message in prepared["messages"]
    }
    return DemoView(
        shop=prepared["shop"]["name"],
        tagline=prepared["shop"]["tagline"],
        agent=prepared["shop"]["agent_name"],
        service=desk.service,
        surface=SURFACE,
        story=tuple(messages[label] for label in STORY),
        more=tuple(message for label, message in messages.items() if label not in STORY),
        n_simulated=SIMULATED_CUSTOMERS,
        sample="/examples/tickets.csv" if SAMPLE.is_file() else "",
    )


class OwnOrigin:
    """Answer only under the page's one name, and let nobody else's page change anything.

    A site that points its own name at this machine would otherwise read a sign-in link; a visitor who typed another
    name of this machine is sent on, because the console's cookie needs both origins to have the same host."""

    def __init__(self, app: ASGIApp, origin: str) -> None:
        self.app = app
        self._origin = origin
        self._host = urlsplit(origin).netloc

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal: Response | None = None
        if headers.get("host", "").lower() != self._host:
            is_page = scope["method"] == "GET" and scope["path"] == "/"
            refusal = (
                RedirectResponse(self._origin) if is_page else _refusal(421, "This page lives at another address.")
            )
        elif scope["method"] not in {"GET", "HEAD"} and not self._is_own(headers):
            refusal = _refusal(403, "Changes are only taken from the demo's own page.")
        await (refusal or self.app)(scope, receive, send)

    def _is_own(self, headers: Headers) -> bool:
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        return (site is None or site == "same-origin") and origin == self._origin


class HostHeaders:
    def __init__(self, app: ASGIApp, policy: str) -> None:
        self.app = app
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                headers.setdefault("Content-Security-Policy", self._policy)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"
            await send(message)

        await self.app(scope, receive, send_with_headers)


async def _bytes(request: Request) -> bytes:
    """The body, read no further than an upload may be long."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > LARGEST_FILE:
            raise Unreadable("The file is larger than 8 MB; export fewer rows, a few thousand teach a lot.")
    return bytes(content)


async def _object(request: Request) -> dict[str, object]:
    try:
        found = json.loads(await _bytes(request))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unfit("The page sent something that is no JSON object.")
    return found


def _fresh(content: object, status: int = 200) -> Response:
    return JSONResponse(content, status, headers={"Cache-Control": "no-store"})


def _refusal(status: int, detail: str) -> Response:
    return _fresh({"detail": detail}, status)


def _unfit(request: Request, refused: Exception) -> Response:
    return _refusal(400, str(refused))


def _failed(request: Request, failed: Exception) -> Response:
    return _refusal(502, str(failed))
