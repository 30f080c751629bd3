"""Behind proxies of our own: believe what they wrote about the caller, and nobody else.

Each proxy appends to X-Forwarded-For the address it saw, so with n trusted proxies the n-th entry from the right is the
caller's; entries left of it are the caller's own invention."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

PEER_SCOPE_KEY = "suggest.peer"  # the address at the other end of the connection, whatever any header says


class BehindProxies:
    def __init__(self, app: ASGIApp, trusted: int) -> None:
        """`trusted` is how many proxies stand before us, each adding to X-Forwarded-For; 0 believes nothing."""
        self.app = app
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = {**scope, PEER_SCOPE_KEY: (scope.get("client") or ("", 0))[0]}
        if scope["type"] == "http" and self._trusted > 0:
            headers = Headers(scope=scope)
            forwarded = [part.strip() for part in headers.get("x-forwarded-for", "").split(",") if part.strip()]
            if len(forwarded) >= self._trusted:
                scope = {**scope, "client": (forwarded[-self._trusted], 0)}
            if headers.get("x-forwarded-proto", "").lower() in {"http", "https"}:
                scope = {**scope, "scheme": headers["x-forwarded-proto"].lower()}
        await self.app(scope, receive, send)
