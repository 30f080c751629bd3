"""How long the queue is, for every console that is looked at: a stream that says so whenever it has changed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from components.console.page import queue_words
from components.console.views import QueueView
from suggest.online.links import Role, Session
from suggest.online.messages import QueueCounts
from suggest.web.handlers.entrance import admitted
from suggest.web.live import LiveStream, refuse_crowd
from suggest.web.parts import parts_of
from suggest.web.sessions import session_of
from suggest.web.threads import run_in

GATHER_S = 0.05  # a burst becomes one event


@admitted(Role.WORKER, keys=False)
async def stream(request: Request, session: Session) -> Response:
    """GET /console/events: the counts now, and again after each change."""
    refuse_crowd(parts_of(request))
    return QueueStream(request)


class QueueStream(LiveStream):
    def __init__(self, request: Request) -> None:
        super().__init__(parts_of(request))
        self._request = request
        self._said: dict[str, object] = {}

    def subscribe(self, wake: Callable[[], None]) -> Callable[[], None]:
        return self._parts.online.hear_queue(wake)

    async def news(self) -> str:
        if self._said:
            await asyncio.sleep(GATHER_S)
        told = queue_json(await run_in(self._parts.lanes.read, self._parts.online.queue_counts))
        if told == self._said:
            return ""
        self._said = told
        return f"event: queue\ndata: {json.dumps(told, separators=(',', ':'))}\n\n"

    async def is_welcome(self) -> bool:
        return await run_in(self._parts.lanes.read, session_of, self._request) is not None


def queue_view(counts: QueueCounts) -> QueueView:
    return QueueView(waiting=counts.waiting, claimed=counts.claimed, workers=counts.workers)


def queue_json(counts: QueueCounts) -> dict[str, object]:
    return {"waiting": counts.waiting, "words": queue_words(queue_view(counts))}
