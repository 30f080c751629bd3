"""Who is on duty: the workers who were heard of in the last five minutes. In memory only: it is true now or never."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Lock

from suggest.domain.clock import Clock
from suggest.online.bell import Bell

ON_DUTY_FOR = timedelta(minutes=5)


class Presence:
    def __init__(self, clock: Clock, *, bell: Bell | None = None) -> None:
        """`bell` rings when somebody comes or is gone."""
        self._clock = clock
        self._bell = bell or Bell()
        self._seen_at: dict[str, datetime] = {}
        self._lock = Lock()

    def mark(self, worker: str, *, at: datetime | None = None) -> bool:
        """A worker was heard of. True where nobody was on duty until now."""
        now = at or self._clock.now()
        with self._lock:
            was_empty, is_new = self._count() == 0, worker not in self._seen_at
            self._seen_at[worker] = max(now, self._seen_at.get(worker, now))
            if is_new:
                self._bell.ring()
            return was_empty and self._count() > 0

    def leave(self, worker: str) -> None:
        """A worker said goodbye."""
        with self._lock:
            if self._seen_at.pop(worker, None) is not None:
                self._bell.ring()

    def n_on_duty(self) -> int:
        with self._lock:
            return self._count()

    def is_on_duty(self, worker: str) -> bool:
        with self._lock:
            self._count()
            return worker in self._seen_at

    def on_duty(self) -> frozenset[str]:
        """Who was heard of."""
        with self._lock:
            self._count()
            return frozenset(self._seen_at)

    def _count(self) -> int:
        since = self._clock.now() - ON_DUTY_FOR
        gone = [name for name, at in self._seen_at.items() if at <= since]
        for worker in gone:
            del self._seen_at[worker]
        if gone:
            self._bell.ring()
        return len(self._seen_at)
