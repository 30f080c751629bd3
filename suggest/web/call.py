"""A call of the contract as one value, and the address that answers it.

Everything that is the same for all calls happens here, before a body is read: method, key, origin, rate, room. What a
call means is its handler's business."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from suggest.domain.errors import FieldError, SuggestError
from suggest.domain.text import check_id
from suggest.web import heard
from suggest.web.auth import CALLER_SCOPE_KEY, CORS_SCOPE_KEY, Access, Caller, check_rate, identify
from suggest.web.body import KIB, refuse_encoding
from suggest.web.cors import preflight_headers
from suggest.web.parts import parts_of
from suggest.web.problem import Refused

Handler = Callable[[Request], Awaitable[Response]]
ROUTE_SCOPE_KEY = "suggest.route"
_CALL_SCOPE_KEY = "suggest.call"
_WATCHED = frozenset({"Suggest", "Report back"})  # topics whose requests a developer may follow
_FROM_BROWSERS = frozenset({Access.BROWSER, Access.ESCALATION})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One way a call answers: the model of its JSON body, or the media type of something else."""

    model: type[BaseModel] | None = None
    media_type: str = "application/json"
    or_as: tuple[str, ...] = ()  # further media types it may come as
    what: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter in the query."""

    name: str
    what: str
    schema: Mapping[str, object] = field(default_factory=lambda: {"type": "string"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    method: str
    path: str
    handler: Handler
    access: Access
    topic: str
    what: str  # one sentence
    answers: Mapping[int, Answer]
    body: type[BaseModel] | None = None
    body_is_optional: bool = False
    row: type[BaseModel] | None = None  # of the NDJSON form of the body, where there is one
    limit: int = 64 * KIB  # bytes of body that are read
    stream_limit: int = 0  # bytes of an NDJSON body that are read
    query: tuple[Parameter, ...] = ()
    example: Mapping[str, object] | None = None
    is_operation: bool = False  # answered even when the service is full
    is_of_all: bool = False  # about every surface at once: not for a key of one surface


class Address:
    """All calls at one path. Also answers HEAD like GET, OPTIONS, and 405 with the methods there are."""

    def __init__(self, calls: Sequence[Call]) -> None:
        self.calls = {call.method: call for call in calls}
        if "GET" in self.calls:
            self.calls["HEAD"] = self.calls["GET"]
        self.allowed = ", ".join([*self.calls, "OPTIONS"])
        self.path = calls[0].path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        scope[ROUTE_SCOPE_KEY] = self.path
        response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return self._options(request)
        call = self.calls.get(request.method)
        if call is None:
            raise Refused(
                "method-not-allowed",
                f"{request.method[:20]} does nothing here; this address takes {self.allowed}.",
                headers={"Allow": self.allowed},
            )
        if call.is_operation:
            return await call.handler(request)
        try:
            return await self._admit(request, call)
        except (Refused, SuggestError) as refusal:
            if call.topic in _WATCHED:
                heard.refused(request, refusal)
            raise

    async def _admit(self, request: Request, call: Call) -> Response:
        parts = parts_of(request)
        if parts.in_flight >= parts.limits.in_flight:
            raise Refused("overloaded", "Too many requests are being answered right now; try again in a second.")
        parts.in_flight += 1
        try:
            request.scope[_CALL_SCOPE_KEY] = call
            caller = identify(request, parts.online, call.access)
            request.scope[CALLER_SCOPE_KEY] = caller
            check_rate(request, caller, parts.limiter, parts.limits)
            _check_reach(request, caller, call)
            refuse_encoding(request)
            return await call.handler(request)
        finally:
            parts.in_flight -= 1

    def _options(self, request: Request) -> Response:
        headers = {"Allow": self.allowed}
        if any(call.access in _FROM_BROWSERS for call in self.calls.values()):
            request.scope[CORS_SCOPE_KEY] = True
            headers |= preflight_headers(self.allowed)
        return Response(status_code=204, headers=headers)


def _check_reach(request: Request, caller: Caller, call: Call) -> None:
    """A key of one surface opens no other, and nothing that is about all; surfaces in bodies are for the handlers."""
    if caller.key is None or caller.key.surface is None:
        return
    if "surface" in request.path_params:
        caller.check_surface(path_id(request, "surface", longest=100))
    elif call.is_of_all:
        raise Refused(
            "forbidden", f"This call is about all surfaces; a key of {caller.key.surface!r} alone may not make it."
        )


def caller_of(request: Request) -> Caller:
    caller = request.scope[CALLER_SCOPE_KEY]
    assert isinstance(caller, Caller)
    return caller


def call_of(request: Request) -> Call:
    call = request.scope[_CALL_SCOPE_KEY]
    assert isinstance(call, Call)
    return call


def path_id(request: Request, name: str, *, longest: int = 200) -> str:
    """A name or id from the path, percent-decoded. Paths are matched undecoded, so a `/` in an id is just %2F."""
    try:
        value = unquote_to_bytes(str(request.path_params[name])).decode("utf-8")
        check_id(value, name=name, longest=longest)
    except ValueError as wrong:
        fault = FieldError(pointer=f"/path/{name}", detail=str(wrong))
        raise Refused("bad-request", f"The {name} in the path cannot be read: {wrong}.", errors=(fault,)) from None
    return value


def query_text(request: Request, name: str, *, longest: int = 200) -> str | None:
    """A text from the query, or None where it is not there."""
    value = request.query_params.get(name)
    if value is None:
        return None
    try:
        check_id(value, name=name, longest=longest)
    except ValueError as wrong:
        raise wrong_query(name, str(wrong)) from None
    return value


def query_whole(request: Request, name: str, *, default: int, lowest: int, highest: int) -> int:
    """A whole number from the query."""
    value = request.query_params.get(name)
    if value is None:
        return default
    if not (value.isascii() and value.isdigit() and len(value) < 10 and lowest <= int(value) <= highest):
        raise wrong_query(name, f"must be a whole number from {lowest} to {highest}")
    return int(value)


def query_flag(request: Request, name: str) -> bool:
    """Whether a switch is on in the query: 1 or true; 0, false or absent is off."""
    value = request.query_params.get(name, "0").lower()
    if value not in {"0", "1", "true", "false", ""}:
        raise wrong_query(name, "must be 1 or 0")
    return value in {"1", "true"}


def wrong_query(name: str, detail: str) -> Refused:
    fault = FieldError(pointer=f"/query/{name}", detail=detail)
    return Refused("invalid-request", f"The query parameter {name} {detail}.", errors=(fault,))
