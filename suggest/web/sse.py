"""The live state of an escalation as server-sent events: the present state first, each later one, then the end."""

from __future__ import annotations

import json
from collections.abc import Callable

from starlette.responses import Response

from suggest.online.messages import EscalationView
from suggest.web.live import LiveStream, refuse_crowd
from suggest.web.parts import Parts
from suggest.web.present import escalation_json
from suggest.web.threads import run_in


async def escalation_stream(parts: Parts, escalation: str) -> Response:
    """Raises before a byte is sent where there is no such escalation, or too many streams are open."""
    refuse_crowd(parts)
    await run_in(parts.lanes.read, parts.online.escalation, escalation)
    return EscalationStream(parts, escalation)


class EscalationStream(LiveStream):
    def __init__(self, parts: Parts, escalation: str) -> None:
        super().__init__(parts)
        self._id = escalation
        self._said: EscalationView | None = None

    def subscribe(self, wake: Callable[[], None]) -> Callable[[], None]:
        return self._parts.online.subscribe(self._id, lambda _: wake())

    async def news(self) -> str:
        view = await run_in(self._parts.lanes.read, self._parts.online.escalation, self._id)
        if view == self._said:
            return ""
        self._said = view
        return _event(view)

    @property
    def is_over(self) -> bool:
        return self._said is not None and self._said.is_final


def _event(view: EscalationView) -> str:
    return f"event: state\ndata: {json.dumps(escalation_json(view), separators=(',', ':'))}\n\n"
