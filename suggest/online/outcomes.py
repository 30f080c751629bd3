"""What becomes of impressions: those still open, and the moment at which silence is an outcome too.

Nothing here is stored: outcomes are derived from the log by views. This keeps count so that p_accept learns from what
people do, silence included, and so that the scheduler hears when enough has happened to retrain."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from suggest.domain.event import Outcome
from suggest.domain.slate import Decision, Slate

_PRECEDENCE = (Outcome.SELECTED, Outcome.DISMISSED, Outcome.OVERRIDDEN, Outcome.PENDING)


@dataclass(slots=True)
class Open:
    at: datetime
    is_shown: bool  # a person could have taken an option
    viewed: bool = False


class Outcomes:
    """Impressions without an outcome, oldest first, per surface. Safe from many threads."""

    def __init__(self, *, observe: Callable[[str, str, bool], None], on_outcomes: Callable[[str, int], None]) -> None:
        """`observe(surface, impression, taken)` feeds p_accept; `on_outcomes(surface, n)`: n more are known."""
        self._observe = observe
        self._on_outcomes = on_outcomes
        self._open: dict[str, OrderedDict[str, Open]] = {}
        self._lock = Lock()

    def served(self, slate: Slate) -> None:
        self.reopen(slate.surface, slate.id, at=slate.at, is_shown=is_shown(slate))

    def reopen(self, surface: str, impression: str, *, at: datetime, is_shown: bool) -> None:
        with self._lock:
            of_surface = self._open.setdefault(surface, OrderedDict())
            of_surface[impression] = Open(at=at, is_shown=is_shown)

    def viewed(self, surface: str, impression: str) -> None:
        with self._lock:
            waiting = self._open.get(surface, OrderedDict()).get(impression)
            if waiting is not None:
                waiting.viewed = True

    def decided(self, surface: str, impression: str, outcome: Outcome) -> None:
        """A terminal event came while the impression was open: its outcome is known."""
        with self._lock:
            was = self._open.get(surface, OrderedDict()).pop(impression, None)
        if was is not None and was.is_shown:
            self._observe(surface, impression, outcome is Outcome.SELECTED)

    def learned(self, surface: str, n: int) -> None:
        """This many more impressions have taught something."""
        if n:
            self._on_outcomes(surface, n)

    def sweep(self, surface: str, *, now: datetime, reward_wait_s: float) -> dict[Outcome, int]:
        """End the waits that are over: silence becomes ignored where the slate was seen, unseen where it was not."""
        over = self._pop_until(surface, now - timedelta(seconds=reward_wait_s))
        for impression, each in over:
            if each.is_shown:
                self._observe(surface, impression, False)
        n_ignored = sum(each.viewed for _, each in over)
        return {Outcome.IGNORED: n_ignored, Outcome.UNSEEN: len(over) - n_ignored}

    def n_open(self, surface: str) -> int:
        with self._lock:
            return len(self._open.get(surface, {}))

    def forget(self, impressions: frozenset[str]) -> None:
        with self._lock:
            for of_surface in self._open.values():
                for impression in impressions & of_surface.keys():
                    del of_surface[impression]

    def _pop_until(self, surface: str, moment: datetime) -> list[tuple[str, Open]]:
        over = []
        with self._lock:
            of_surface = self._open.get(surface, OrderedDict())
            while of_surface:
                impression, oldest = next(iter(of_surface.items()))
                if oldest.at > moment:
                    break
                del of_surface[impression]
                over.append((impression, oldest))
        return over


def is_shown(slate: Slate) -> bool:
    """Whether a person could take an option of it."""
    return slate.decision in {Decision.SHOW, Decision.AUTO} and bool(slate.items)


def outranks(outcome: Outcome, other: Outcome) -> bool:
    """select > dismiss > override > nothing yet.

    >>> outranks(Outcome.SELECTED, Outcome.DISMISSED), outranks(Outcome.OVERRIDDEN, Outcome.OVERRIDDEN)
    (True, False)
    """
    return _PRECEDENCE.index(outcome) < _PRECEDENCE.index(other)
