"""A stream of server-sent events that says its news when it is woken, and ends when it should.

A notification only says "look again": what is news is asked afresh, so nothing can be stale or out of order, and ten
changes in a moment become one event."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from suggest.web.parts import Parts
from suggest.web.problem import Refused

LONGEST_STREAM_S = 3600.0  # then the client connects again by itself
RETRY_MS = 2000


def refuse_crowd(parts: Parts) -> None:
    """Raise Refused 503 where too many streams are open, or the server is about to stop."""
    if parts.streams >= parts.limits.streams or parts.is_stopping:
        raise Refused("overloaded", "Too many event streams are open; ask for the state itself, or try again soon.")


class LiveStream(Response):
    media_type = "text/event-stream"

    def __init__(self, parts: Parts) -> None:
        super().__init__(
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}, media_type="text/event-stream"
        )
        del self.headers["content-length"]
        self._parts = parts

    @abstractmethod
    def subscribe(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call `wake`, from any thread, when there may be news; what is returned ends that."""

    @abstractmethod
    async def news(self) -> str:
        """The events to send now, each with its empty line; empty where nothing is new."""

    @property
    def is_over(self) -> bool:
        """Whether nothing can come any more."""
        return False

    async def is_welcome(self) -> bool:
        """Whether who listens still may; asked at every heartbeat."""
        return True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        changed = asyncio.Event()
        event_loop = asyncio.get_running_loop()

        def wake() -> None:
            event_loop.call_soon_threadsafe(changed.set)

        unsubscribe = self.subscribe(wake)
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
        await _say(send, f"retry: {RETRY_MS}\n{await self.news() or chr(10)}")
        while not (self.is_over or gone.done() or parts.is_stopping or parts.monotonic_s() > ends_at):
            woken = asyncio.ensure_future(_set(changed))
            await asyncio.wait({woken, gone}, timeout=parts.heartbeat_s, return_when=asyncio.FIRST_COMPLETED)
            woken.cancel()
            if gone.done():
                return
            was_woken = changed.is_set()
            changed.clear()
            if not (was_woken or await self.is_welcome()):
                break
            news = await self.news()
            if news or not was_woken:
                await _say(send, news or ": still here\n\n")
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _say(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _set(event: asyncio.Event) -> None:
    await event.wait()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
