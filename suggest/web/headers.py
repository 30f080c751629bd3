"""Headers every answer carries: a request id to find it by, and what browsers must not do with it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID_SCOPE_KEY = "suggest.request_id"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_NOT_A_PAGE = "default-src 'none'; frame-ancestors 'none'"


def page_policy(frame_ancestors: Sequence[str] = ()) -> str:
    """The Content-Security-Policy of our own pages: our files and nothing else, no inline script or style.

    >>> page_policy().rsplit("; ", 1)[1]
    "frame-ancestors 'none'"
    """
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "font-src 'self'; form-action 'self'; base-uri 'none'; "
        f"frame-ancestors {' '.join(frame_ancestors) or chr(39) + 'none' + chr(39)}"
    )


class SafeHeaders:
    """`frame_ancestors`: origins whose pages may show ours in a frame, e.g. a support desk that holds the console."""

    def __init__(self, app: ASGIApp, frame_ancestors: Sequence[str] = ()) -> None:
        self.app = app
        self._page_policy = page_policy(frame_ancestors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = Headers(scope=scope).get("x-request-id", "")
        request_id = asked if _REQUEST_ID.fullmatch(asked) else secrets.token_hex(16)
        scope[REQUEST_ID_SCOPE_KEY] = request_id

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                headers["X-Request-Id"] = request_id
                headers["X-Content-Type-Options"] = "nosniff"
                # Not no-referrer: that turns the Origin of our own forms into "null", and the CSRF check with it.
                headers.setdefault("Referrer-Policy", "same-origin")
                is_page = headers.get("content-type", "").startswith("text/html")
                headers.setdefault("Content-Security-Policy", self._page_policy if is_page else _NOT_A_PAGE)
                if is_page:
                    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, send_with_headers)
