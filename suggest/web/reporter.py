"""Store the reports that are due, for the webhooks to be sent: counted on the snapshot that the pages are drawn from.

A snapshot from before a report was due does not hold all of it: then it waits for the next one, a minute at most where
the log is small."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from suggest.domain.clock import rfc3339
from suggest.domain.errors import SuggestError
from suggest.online.schedules import Due

if TYPE_CHECKING:
    from suggest.online.service import OnlineService
    from suggest.web.snapshots import Snapshots

log = logging.getLogger("suggest.web")
EVENT = "report.summary"


class Reporter:
    def __init__(self, online: OnlineService, *, snapshots: Snapshots) -> None:
        self._online = online
        self._snapshots = snapshots

    def send_due(self) -> None:
        """Called every second, by one thread at a time."""
        for due in self._online.schedules.due():
            try:
                self._send(due)
            except SuggestError:  # of one surface; the others are told all the same, and this one in a second
                log.exception("the report of %s could not be made", due.surface)

    def _send(self, due: Due) -> None:
        webhooks = self._online.webhooks
        if not webhooks.is_heard(EVENT, due.surface):
            self._online.schedules.told(due, [])
            return
        told = self._told(due)
        if told is not None:
            self._online.schedules.told(due, webhooks.writes_of(EVENT, due.surface, told))

    def _told(self, due: Due) -> dict[str, object] | None:
        """The body of the message; None where the snapshot is too old for it."""
        from analytics.addresses import base, with_query
        from analytics.orders import SummaryOrder

        drawn = self._snapshots.draw(SummaryOrder(surface=due.surface, from_=due.start, to=due.at))
        counted = json.loads(drawn or b"{}").get("told")
        if counted is None:
            return None
        surface = self._online.get_surface(due.surface)
        bounds = {"from": rfc3339(due.start), "to": rfc3339(due.at)}
        return {
            "surface": due.surface,
            "title": surface.title,
            "simulated": surface.simulated,
            "every": str(due.schedule.times.every),
            **bounds,
            **counted,
            "link": due.schedule.address + with_query(f"{base(due.surface)}/overview", bounds),
        }
