"""The one place that answers "may a page of another origin read this?".

Successful answers are readable for the origins a publishable key allows. Problems are readable for every origin, as
otherwise a developer whose origin is missing from the list sees nothing but "Failed to fetch". No cookies are ever
involved (`Access-Control-Allow-Credentials` is never sent), so an echoed origin opens nothing by itself."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CORS_SCOPE_KEY = "suggest.cors_origin"  # in the scope: the origin that a key allows
API_PREFIX = "/v1/"
ALLOWED_HEADERS = "Authorization, Content-Type, Idempotency-Key, X-Request-Id"
EXPOSED_HEADERS = "Retry-After, X-Request-Id"
PREFLIGHT_MAX_AGE_S = "7200"


class Cors:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(API_PREFIX):
            await self.app(scope, receive, send)
            return
        origin = Headers(scope=scope).get("origin")

        async def send_with_cors(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                headers.add_vary_header("Origin")
                if origin is not None and (message["status"] >= 400 or scope.get(CORS_SCOPE_KEY)):
                    headers["Access-Control-Allow-Origin"] = origin
                    headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
            await send(message)

        await self.app(scope, receive, send_with_cors)


def preflight_headers(methods: str) -> dict[str, str]:
    """What an OPTIONS of a call that browsers may make is answered with; the origin is added on the way out."""
    return {
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Headers": ALLOWED_HEADERS,
        "Access-Control-Max-Age": PREFLIGHT_MAX_AGE_S,
    }
