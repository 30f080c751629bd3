"""Who is on duty: the workers who were heard of in the last five minutes. In memory only: it is true now or never."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Lock

from suggest.domain.clock import Clock

ON_DUTY_FOR = timedelta(minutes=5)


class Presence:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen_at: dict[str, datetime] = {}
        self._lock = Lock()

    def mark(self, worker: str, *, at: datetime | None = None) -> bool:
        """A worker was heard of. True where nobody was on duty until now."""
        now = at or self._clock.now()
        with self._lock:
            was_empty = self._count() == 0
            self._seen_at[worker] = max(now, self._seen_at.get(worker, now))
            return was_empty and self._count() > 0

    def leave(self, worker: str) -> None:
        """A worker said goodbye."""
        with self._lock:
            self._seen_at.pop(worker, None)

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
        for worker in [name for name, at in self._seen_at.items() if at <= since]:
            del self._seen_at[worker]
        return len(self._seen_at)
