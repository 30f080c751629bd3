"""How much one voice may teach: caps on learning from browsers, whose events anybody can send.

Every event is kept. These caps only decide which selections change the model, and how much: the same one once per
person, option and context a day, and at most fifty per person a day. Nobody vouches for whom a page says its user is:
such a voice counts for its address, weighs half, and its n-th act on one option that day weighs a share of 1/n², so
that all of them together weigh less than two. The weight is written down with the event: a restart and every retrain
use the same. Traffic with a secret key is trusted and never asked."""

from __future__ import annotations

from collections import OrderedDict
from datetime import date, datetime
from threading import Lock

from suggest.domain.weight import ANONYMOUS_SHARE

MOST_PER_SUBJECT_A_DAY = 50
MOST_EVENTS_OF_ONE_IMPRESSION = 500  # a long list seen row by row, by somebody who comes back all day
_REMEMBERED = 100_000


class Caps:
    def __init__(self, *, remembered: int = _REMEMBERED) -> None:
        self._remembered = remembered
        self._taught: OrderedDict[tuple[str, ...], int] = OrderedDict()
        self._counts: OrderedDict[tuple[str, ...], int] = OrderedDict()
        self._reported: OrderedDict[tuple[str, ...], int] = OrderedDict()
        self._day: date | None = None
        self._lock = Lock()

    def weight(
        self, *, surface: str, subject: str | None, item: str, key: str, now: datetime, is_vouched: bool = True
    ) -> float:
        """What this act may weigh, in [0, 1]; 0: it has had its say. Each call counts."""
        with self._lock:
            self._turn_day(now.date())
            if self._count(self._taught, (surface, subject or "", item, key)) > 1:
                return 0.0
            if subject is None:
                return ANONYMOUS_SHARE
            if self._count(self._counts, (surface, subject)) > MOST_PER_SUBJECT_A_DAY:
                return 0.0
            if is_vouched:
                return 1.0
            return ANONYMOUS_SHARE / self._count(self._counts, (surface, subject, item)) ** 2

    def has_room(self, impression: str) -> bool:
        """Whether this impression may be reported on once more. Each call counts."""
        with self._lock:
            return self._count(self._reported, (impression,)) <= MOST_EVENTS_OF_ONE_IMPRESSION

    def _turn_day(self, today: date) -> None:
        if today != self._day:
            self._day = today
            self._taught.clear()
            self._counts.clear()

    def _count(self, counts: OrderedDict[tuple[str, ...], int], name: tuple[str, ...]) -> int:
        count = counts[name] = counts.pop(name, 0) + 1
        while len(counts) > self._remembered:
            counts.popitem(last=False)
        return count
