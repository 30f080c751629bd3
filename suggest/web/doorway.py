"""What listens from the first moment: it says that the service lives, and lets nobody in until the log is open.

A start has to import, open the log and fold it into memory: a second, more on a large log. Whoever restarts the service
should see it alive at once, and whoever calls it should hear when to come back, not find the port closed."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from suggest.web.cors import Cors
from suggest.web.headers import SafeHeaders
from suggest.web.problem import KINDS, problem_body, problem_response

OPENING = "the log is being opened"
_KEPT_BY_NOBODY = {"Cache-Control": "no-store"}


class Doorway:
    """An ASGI application: itself until `open`, from then on the one that was opened."""

    def __init__(self, *, frame_ancestors: Sequence[str] = ()) -> None:
        self._opened: Starlette | None = None
        self._closed = SafeHeaders(Cors(_not_yet), frame_ancestors)

    def open(self, app: Starlette) -> None:
        self._opened = app

    def stop(self) -> None:
        """Let open event streams end."""
        if self._opened is not None:
            self._opened.state.parts.stop()

    def close(self) -> None:
        """No request is served any more: what served them may go."""
        if self._opened is not None:
            self._opened.state.parts.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._opened or self._closed)(scope, receive, send)


async def _not_yet(scope: Scope, receive: Receive, send: Send) -> None:
    path = Request(scope).url.path
    response: Response
    if path == "/healthz":
        response = JSONResponse({"status": "ok"}, headers=_KEPT_BY_NOBODY)
    elif path == "/readyz":
        unready = {"ready": False, "reasons": [OPENING]}
        response = JSONResponse(unready, status_code=503, headers={**_KEPT_BY_NOBODY, "Retry-After": "1"})
    else:
        kind = KINDS["starting"]
        response = problem_response(problem_body(kind, f"Nothing was taken: {OPENING}.", instance=path[:500]))
    await response(scope, receive, send)
