"""The live state of an escalation as server-sent events: the present state first, each later one, then the end.

A notification only says "look again": the state is read afresh for every event that is sent, so none can be stale or
out of order, and ten changes in a moment become one event."""

from __future__ import annotations

import asyncio
import json

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from suggest.online.messages import EscalationView
from suggest.web.parts import Parts
from suggest.web.present import escalation_json
from suggest.web.problem import Refused
from suggest.web.threads import run_in

LONGEST_STREAM_S = 3600.0  # then the client connects again by itself
RETRY_MS = 2000


async def escalation_stream(parts: Parts, escalation: str) -> Response:
    """Raises before a byte is sent where there is no such escalation, or too many streams are open."""
    if parts.streams >= parts.limits.streams or parts.is_stopping:
        raise Refused("overloaded", "Too many event streams are open; ask for the state itself, or try again soon.")
    first = await run_in(parts.lanes.read, parts.online.escalation, escalation)
    return EscalationStream(parts, first)


class EscalationStream(Response):
    media_type = "text/event-stream"

    def __init__(self, parts: Parts, first: EscalationView) -> None:
        super().__init__(
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}, media_type="text/event-stream"
        )
        del self.headers["content-length"]
        self._parts = parts
        self._first = first

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        changed = asyncio.Event()
        event_loop = asyncio.get_running_loop()

        def wake() -> None:
            event_loop.call_soon_threadsafe(changed.set)

        unsubscribe = self._parts.online.subscribe(self._first.id, lambda _: wake())
        self._parts.streams += 1
        self._parts.on_stop.append(wake)
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            await self._tell(send, changed, gone)
        finally:
            gone.cancel()
            unsubscribe()
            self._parts.streams -= 1
            self._parts.on_stop.remove(wake)

    async def _tell(self, send: Send, changed: asyncio.Event, gone: asyncio.Future[None]) -> None:
        parts = self._parts
        ends_at = parts.monotonic_s() + LONGEST_STREAM_S
        view = await run_in(parts.lanes.read, parts.online.escalation, self._first.id)  # it may have moved since
        await _say(send, f"retry: {RETRY_MS}\n{_event(view)}")
        said = view
        while not (said.is_final or gone.done() or parts.is_stopping or parts.monotonic_s() > ends_at):
            woken = asyncio.ensure_future(_set(changed))
            await asyncio.wait({woken, gone}, timeout=parts.heartbeat_s, return_when=asyncio.FIRST_COMPLETED)
            woken.cancel()
            if gone.done():
                return
            was_woken = changed.is_set()
            changed.clear()
            view = await run_in(parts.lanes.read, parts.online.escalation, self._first.id)
            if view != said:
                await _say(send, _event(view))
                said = view
            elif not was_woken:
                await _say(send, ": still here\n\n")
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _event(view: EscalationView) -> str:
    return f"event: state\ndata: {json.dumps(escalation_json(view), separators=(',', ':'))}\n\n"


async def _say(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _set(event: asyncio.Event) -> None:
    await event.wait()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
