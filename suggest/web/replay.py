"""The Idempotency-Key header: a write that is repeated with the same key gets the first answer again.

Semantics of draft-ietf-httpapi-idempotency-key-header: the same key with another body is refused (422), a key whose
first request still runs too (409). Kept in memory, bounded, for 24 hours: every call that honours it is an upsert, so a
restart in between costs nothing but the comparison."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from suggest.web.problem import Refused

HEADER = "idempotency-key"
KEPT_S = 24 * 3600.0
MOST_KEPT = 10_000
LARGEST_KEPT = 64 * 1024  # bytes of one answer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    fingerprint: str
    at_s: float
    response: tuple[int, bytes, str] | None = None  # None while the first request runs


class Replays:
    """Answers by (key of the caller, call, Idempotency-Key). Used from the event loop only."""

    def __init__(self, *, monotonic_s: Callable[[], float] = time.monotonic, most: int = MOST_KEPT) -> None:
        self._monotonic_s = monotonic_s
        self._most = most
        self._kept: OrderedDict[tuple[str, str, str, str], _Kept] = OrderedDict()

    async def once(
        self, request: Request, *, caller: str, body: bytes, answer: Callable[[], Awaitable[Response]]
    ) -> Response:
        """The answer to this request: made now, or the one that was made when it came first."""
        key = request.headers.get(HEADER)
        if key is None:
            return await answer()
        if not 1 <= len(key) <= 255:
            raise Refused("bad-request", "An Idempotency-Key has 1 to 255 characters.")
        name = (caller, request.method, request.url.path + "?" + request.url.query, key)
        fingerprint = hashlib.sha256(body).hexdigest()
        known = self._known(name)
        if known is not None:
            return _again(known, fingerprint)
        self._kept[name] = _Kept(fingerprint=fingerprint, at_s=self._monotonic_s())
        try:
            response = await answer()
        except BaseException:
            del self._kept[name]  # a failure is not an answer: the caller may try again
            raise
        content = bytes(response.body)
        if response.status_code < 500 and len(content) <= LARGEST_KEPT:
            kept = (response.status_code, content, response.headers.get("content-type", ""))
            self._kept[name] = _Kept(fingerprint=fingerprint, at_s=self._monotonic_s(), response=kept)
        else:
            del self._kept[name]
        self._forget()
        return response

    def _known(self, name: tuple[str, str, str, str]) -> _Kept | None:
        known = self._kept.get(name)
        if known is not None and known.response is not None and self._monotonic_s() - known.at_s > KEPT_S:
            del self._kept[name]
            return None
        return known

    def _forget(self) -> None:
        while len(self._kept) > self._most:
            for name, kept in self._kept.items():
                if kept.response is not None:
                    del self._kept[name]
                    break
            else:
                return


def _again(known: _Kept, fingerprint: str) -> Response:
    if known.fingerprint != fingerprint:
        raise Refused("idempotency-key-reused", "This Idempotency-Key came with another body before; use a fresh one.")
    if known.response is None:
        raise Refused("idempotency-key-in-flight", "The first request with this Idempotency-Key is still running.")
    status, content, media_type = known.response
    return Response(content, status_code=status, media_type=media_type, headers={"Idempotent-Replayed": "true"})
