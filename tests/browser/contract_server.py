"""A scripted peer that speaks the contract of `/v1`, and a host site on another origin, for tests of the widget alone.

What the real server answers is tested with the real server; here a test decides what comes back, when, and how wrong,
and reads exactly what the browser sent. Both run on real sockets: origins, preflights, CSP and beacons are real.
"""

import asyncio
import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from granian.constants import Interfaces
from granian.server.embed import Server
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

STATIC = Path(__file__).parents[2] / "components" / "static"
EVENT_TYPES = {"view", "leave", "select", "dismiss", "override", "commit"}
FINAL = {"answered", "expired"}
WAIT_S = 8.0  # longest any test waits for something that must happen

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Call:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Json:
        parsed: Json = json.loads(self.body)
        return parsed


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Site:
    """An ASGI app on a port of its own, in a thread of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.port = free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.loop = asyncio.new_event_loop()
        self._server = Server(app, port=self.port, interface=Interfaces.ASGI, log_enabled=False)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._await_listening()

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self._server.stop)  # open streams may linger: the thread is a daemon

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._server.serve())

    def _await_listening(self) -> None:
        for _ in range(200):
            with socket.socket() as probe:
                probe.settimeout(0.05)
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            threading.Event().wait(0.02)
        raise RuntimeError(f"nothing listens on {self.origin}")


def options_named(*texts: str) -> list[Json]:
    """Items of a slate: ids `i0`, `i1`, … in the order given."""
    return [
        {"id": f"i{at}", "text": text, "position": at, "p_select": round(0.6 / (at + 1), 3), "propensity": 1.0}
        for at, text in enumerate(texts)
    ]


THREE = options_named(
    "Your parcel arrives tomorrow.", "I have sent a new label.", "Could you tell me the order number?"
)


def a_slate(decision: str = "show", items: list[Json] | None = None, **more: Any) -> Json:
    return {"decision": decision, "p_any": 0.83, "p_accept": 0.41, "items": THREE if items is None else items, **more}


@dataclass
class ContractServer:
    """Answers as `script` says: a function of the request's JSON that returns a slate, a Response, or raises."""

    script: Callable[[Json], Any] = lambda _: a_slate()
    held: set[str] = field(default_factory=set)  # contexts whose answer waits until the test takes them out
    refusals: list[int] = field(default_factory=list)  # statuses of the next feedback answers, before they are 202
    calls: list[Call] = field(default_factory=list)
    slates: dict[str, Json] = field(default_factory=dict)
    accepted: list[Json] = field(default_factory=list)
    rejected: list[Json] = field(default_factory=list)
    streams: dict[str, list[Json]] = field(default_factory=dict)
    n_open_streams: int = 0

    def __post_init__(self) -> None:
        self._changed = threading.Condition()
        self._eids: set[str] = set()
        self._wakers: list[asyncio.Event] = []
        self.site = Site(self._app())
        self.origin = self.site.origin

    # --- what a test says

    def tell(self, escalation: str, state: str, **more: Any) -> None:
        """Push one state into an escalation's stream."""

        def push() -> None:
            self.streams[escalation].append({"id": escalation, "state": state, **more})
            for waker in self._wakers:
                waker.set()

        self.site.loop.call_soon_threadsafe(push)

    def escalating(
        self, expected_wait_s: float | None = 120, wait_range_s: Json | None = None, **more: Any
    ) -> Callable[[Json], Json]:
        """A script that sends everything to a colleague, with escalation ids `e0`, `e1`, …"""

        wait: Json = {"expected_wait_s": expected_wait_s}
        if wait_range_s is not None:
            wait["wait_range_s"] = wait_range_s

        def script(_: Json) -> Json:
            name = f"e{len(self.streams)}"
            self.streams[name] = [{"id": name, "state": "waiting", **wait, **more}]
            url = f"/v1/escalations/{name}/events?token=t-{name}"
            return a_slate("escalate", escalation={"id": name, "url": url, **wait})

        return script

    def wait_until(self, is_so: Callable[[], Any], why: str) -> None:
        with self._changed:
            assert self._changed.wait_for(is_so, WAIT_S), f"{why}; accepted {self.accepted}, rejected {self.rejected}"

    # --- what a test asks

    def requests(self, path: str) -> list[Call]:
        return [call for call in self.calls if call.path == path and call.method == "POST"]

    @property
    def suggests(self) -> list[Json]:
        return [call.json for call in self.requests("/v1/suggest")]

    @property
    def preflights(self) -> list[Call]:
        return [call for call in self.calls if call.method == "OPTIONS"]

    def events(self, kind: str) -> list[Json]:
        return [event for event in self.accepted if event["type"] == kind]

    def event(self, kind: str) -> Json:
        """The one event of a kind, waited for."""
        self.wait_until(lambda: self.events(kind), f"no {kind} event arrived")
        (only,) = self.events(kind)
        return only

    # --- the wire

    def _app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/embed/v1/{name}", self._embed),
                Route("/embed/v1/{hash}/{name}", self._embed),
                Route("/v1/suggest", self._suggest, methods=["POST", "OPTIONS"]),
                Route("/v1/feedback", self._feedback, methods=["POST", "OPTIONS"]),
                Route("/v1/escalations/{name}/events", self._stream),
            ]
        )

    async def _record(self, request: Request) -> Call:
        call = Call(
            method=request.method,
            path=request.url.path,
            query=parse_qs(request.url.query),
            headers=dict(request.headers),
            body=(await request.body()).decode(),
        )
        with self._changed:
            self.calls.append(call)
            self._changed.notify_all()
        return call

    @staticmethod
    def _allow(request: Request) -> dict[str, str]:
        return {"Access-Control-Allow-Origin": request.headers.get("origin", "*"), "Vary": "Origin"}

    async def _embed(self, request: Request) -> Response:
        await self._record(request)
        source = STATIC / request.path_params["name"]
        return Response(source.read_bytes(), media_type="text/javascript", headers={"Access-Control-Allow-Origin": "*"})

    async def _suggest(self, request: Request) -> Response:
        call = await self._record(request)
        headers = self._allow(request)
        if call.method == "OPTIONS":
            return Response(status_code=204, headers=headers)
        if not call.query.get("key"):
            return JSONResponse({"type": "no-key", "detail": "Send a key."}, 401, headers=headers)
        answer = self.script(call.json)
        while call.json["context"]["text"] in self.held:
            await asyncio.sleep(0.01)
        if isinstance(answer, Response):
            answer.headers.update(headers)
            return answer
        impression = f"imp-{len(self.slates)}"
        slate = {
            "impression": impression,
            "token": f"tok-{impression}",
            "model": "b1",
            "surface": call.json["surface"],
            **answer,
        }
        self.slates[impression] = slate
        return JSONResponse(slate, headers=headers)

    async def _feedback(self, request: Request) -> Response:
        call = await self._record(request)
        headers = self._allow(request)
        if call.method == "OPTIONS":
            return Response(status_code=204, headers=headers)
        if self.refusals:
            return JSONResponse({"type": "busy", "detail": "Try later."}, self.refusals.pop(0), headers=headers)
        duplicates, accepted, rejected = 0, 0, []
        with self._changed:
            for event in call.json["events"]:
                why = self._fault(event)
                if why:
                    rejected.append({"eid": event.get("eid"), "type": "bad-event", "detail": why})
                elif event["eid"] in self._eids:
                    duplicates += 1
                else:
                    self._eids.add(event["eid"])
                    self.accepted.append(event)
                    accepted += 1
            self.rejected += rejected
            self._changed.notify_all()
        return JSONResponse(
            {"accepted": accepted, "duplicates": duplicates, "rejected": rejected}, 202, headers=headers
        )

    def _fault(self, event: Json) -> str | None:
        slate = self.slates.get(event.get("impression", ""))
        if not slate or event.get("token") != slate["token"]:
            return "token does not belong to this impression"
        if event.get("type") not in EVENT_TYPES:
            return "unknown type"
        if not 1 <= len(event.get("eid", "")) <= 128:
            return "eid must be 1 to 128 characters"
        known = {item["id"]: item["position"] for item in slate["items"]}
        if event.get("item") in known and event.get("position") != known[event["item"]]:
            return "position does not match the slate"
        return None

    async def _stream(self, request: Request) -> Response:
        await self._record(request)
        name = request.path_params["name"]
        if request.query_params.get("token") != f"t-{name}":
            return PlainTextResponse("a bare id is refused", 401, headers=self._allow(request))

        async def states() -> AsyncIterator[str]:
            waker = asyncio.Event()
            self._wakers.append(waker)
            self.n_open_streams += 1
            try:
                states = self.streams[name]
                at = len(states) - 1  # the current state first
                while True:
                    for state in states[at:]:
                        yield f"event: state\ndata: {json.dumps(state)}\n\n"
                        if state["state"] in FINAL:
                            return
                    at = len(states)
                    waker.clear()
                    await waker.wait()
            finally:
                self.n_open_streams -= 1
                self._wakers.remove(waker)

        return StreamingResponse(states(), media_type="text/event-stream", headers=self._allow(request))


class HostSite:
    """Pages of a customer: a test puts HTML at a path, with the headers it wants."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, dict[str, str]]] = {}
        self.posts: list[bytes] = []
        self.site = Site(
            Starlette(
                routes=[
                    Route("/favicon.ico", lambda _: Response(status_code=204)),
                    Route("/{path:path}", self._serve, methods=["GET", "POST"]),
                ]
            )
        )
        self.origin = self.site.origin

    def put(self, path: str, html: str, **headers: str) -> str:
        """Publish a page; returns its address."""
        self.pages[path] = (html, {name.replace("_", "-"): value for name, value in headers.items()})
        return f"{self.origin}/{path}"

    async def _serve(self, request: Request) -> Response:
        if request.method == "POST":
            self.posts.append(await request.body())
        html, headers = self.pages[request.path_params["path"]]
        media_type = "text/css" if request.url.path.endswith(".css") else "text/html"
        return Response(html, media_type=media_type, headers=headers)


def get(url: str, origin: str) -> tuple[int, Message]:
    """Status and headers of one plain GET, as another origin's page would make it; redirects are not followed."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    request = urllib.request.Request(url, headers={"Origin": origin})
    try:
        with urllib.request.build_opener(Stay).open(request, timeout=5) as answer:
            return answer.status, answer.headers
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers
