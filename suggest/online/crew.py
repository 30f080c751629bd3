"""The people on duty against the traffic there is: how long they would take, and how many it would need."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from suggest.online.escalations import Escalations
from suggest.online.history import Reads
from suggest.online.presence import Presence
from suggest.policy.staffing import people_needed, wait_s

LOOK_BACK = timedelta(hours=24)


class Crew:
    def __init__(
        self, reads: Reads, escalations: Escalations, presence: Presence, *, surface: str, now: datetime
    ) -> None:
        row = reads.select("busiest_hour", surface=surface, since=now - LOOK_BACK)[0]
        self._per_hour = float(cast("int", row["n"]))
        self._handling_s = max(escalations.pace_s(), 1.0)
        self._workers = presence.n_on_duty()
        self._at_least_s = escalations.wait_of_newcomer_s()

    def wait_s(self, review_share: float) -> float | None:
        """Seconds until an answer if this share went to people, with those on duty now; None where it only grows.

        Never less than what the queue as it is now would take."""
        steady = wait_s(per_hour=review_share * self._per_hour, handling_s=self._handling_s, workers=self._workers)
        if steady is None or self._at_least_s is None:
            return None
        return round(max(steady, self._at_least_s), 1)

    def people_needed(self, review_share: float) -> int | None:
        """For the busiest hour of the last day; None where there was no traffic."""
        if not self._per_hour:
            return None
        return people_needed(per_hour=review_share * self._per_hour, handling_s=self._handling_s)
