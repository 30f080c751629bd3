"""When a surface retrains by itself: after enough new outcomes, and once a night if there is anything new at all."""

from __future__ import annotations

from datetime import date, datetime
from threading import Lock

from suggest.domain.policy import Policy

NIGHT_HOUR = 3  # UTC


class Schedule:
    """Counts of what is new. Holds no clock: it is told the time."""

    def __init__(self) -> None:
        self._new: dict[str, int] = {}
        self._nights: dict[str, date] = {}
        self._lock = Lock()

    def note(self, surface: str, n: int) -> None:
        with self._lock:
            self._new[surface] = self._new.get(surface, 0) + n

    def started(self, surface: str) -> None:
        """A run has begun; it sees all that was noted so far."""
        with self._lock:
            self._new[surface] = 0

    def due(self, surface: str, policy: Policy, now: datetime) -> str | None:
        """Why to retrain now: `outcomes`, `nightly`, or None."""
        with self._lock:
            new = self._new.get(surface, 0)
            if policy.retrain_every and new >= policy.retrain_every:
                return "outcomes"
            tonight = now.date()
            first = self._nights.setdefault(surface, tonight if now.hour >= NIGHT_HOUR else date.min)
            if now.hour < NIGHT_HOUR or first >= tonight:
                return None
            self._nights[surface] = tonight
            return "nightly" if policy.retrain_nightly and new > 0 else None
