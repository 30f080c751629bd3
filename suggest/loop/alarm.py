"""Does the champion keep its word, outcome by outcome? When it does not, it steps back by itself.

p_any against what became known of the slates that this champion served: verdicts, and what people did with what they
were shown. People act for other reasons than rightness, too (they write their own text though a chip would have
done), so acts are held against what was usual before this champion served, and count only where that is known. The
evidence is an e-process: a champion that keeps its word as those before it did is called back at most once in 100."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

import numpy as np

from suggest.metrics.eprocess import CalibrationWatch
from suggest.store.embedded import EmbeddedStore

ENOUGH = 100.0
FEWEST = 30  # known outcomes before anything is called back
FEWEST_BEFORE = 50  # of a kind, before this champion: below it acts do not count
MOST_BEFORE = 2_000


@dataclass(slots=True)
class Watched:
    """One champion's watch, and up to where the log was read."""

    bundle: str
    since: datetime
    offsets: Mapping[str, float]  # logits by which p is usually too high, by how the outcome is known
    seen: int = 0  # sequence
    counted: set[str] = field(default_factory=set)
    watch: CalibrationWatch = field(default_factory=CalibrationWatch)

    @property
    def is_alarmed(self) -> bool:
        return self.watch.n >= FEWEST and self.watch.e >= ENOUGH

    def to_json(self) -> dict[str, object]:
        return {**self.watch.to_json(), "alarm_at": ENOUGH, "outcomes_needed": FEWEST}


class Alarms:
    """The watch of each surface's champion; folded from the log, so a restart begins where it stood."""

    def __init__(self, store: EmbeddedStore) -> None:
        self._store = store
        self._watched: dict[str, Watched] = {}

    def look(self, surface: str, bundle: str, since: datetime) -> Watched:
        """Read what is new."""
        watched = self._watched.get(surface)
        if watched is None or watched.bundle != bundle or watched.since != since:
            watched = Watched(bundle=bundle, since=since, offsets=self._usual(surface, bundle, since))
            self._watched[surface] = watched
        asked = {"surface": surface, "bundle": bundle, "since": since, "after": watched.seen}
        for row in self._store.select("known_of_bundle", **asked):
            watched.seen = int(cast("int", row["sequence"]))
            offset = watched.offsets.get(str(row["known_by"]))
            impression = str(row["impression"])
            if offset is None or impression in watched.counted:
                continue
            watched.counted.add(impression)
            p = shifted(float(cast("float", row["p_any"])), offset)
            watched.watch = watched.watch.observed(p, right=bool(row["is_right"]))
        return watched

    def standing(self, surface: str, bundle: str) -> Watched | None:
        """As it was looked at last; None where this bundle is not watched."""
        watched = self._watched.get(surface)
        return watched if watched is not None and watched.bundle == bundle else None

    def _usual(self, surface: str, bundle: str, since: datetime) -> dict[str, float]:
        rows = self._store.select("known_before", surface=surface, bundle=bundle, since=since, limit=MOST_BEFORE)
        offsets = {"verdict": 0.0}
        for kind in ("act", "verdict"):
            known = [(float(cast("float", r["p_any"])), bool(r["is_right"])) for r in rows if r["known_by"] == kind]
            if len(known) >= FEWEST_BEFORE:
                offsets[kind] = usual_offset([p for p, _ in known], [right for _, right in known])
        return offsets


def usual_offset(p: Sequence[float], right: Sequence[bool]) -> float:
    """Logits by which `p` was too high on average: σ(logit p - offset) has the mean of `right`; never below 0.

    >>> round(usual_offset([0.5] * 100, [True] * 25 + [False] * 75), 3)
    1.099
    """
    said, goal = np.asarray(p, np.float64), float(np.mean(right))
    low, high = 0.0, 12.0
    if float(said.mean()) <= goal:
        return 0.0
    logits = np.log(np.clip(said, 1e-6, 1 - 1e-6)) - np.log1p(-np.clip(said, 1e-6, 1 - 1e-6))
    for _ in range(50):
        middle = (low + high) / 2
        if float((1.0 / (1.0 + np.exp(middle - logits))).mean()) > goal:
            low = middle
        else:
            high = middle
    return low


def shifted(p: float, offset: float) -> float:
    """p, `offset` logits lower.

    >>> round(shifted(0.5, 1.0986), 2)
    0.25
    """
    if offset == 0.0 or p <= 0.0 or p >= 1.0:
        return p
    odds = p / (1.0 - p) * math.exp(-offset)
    return odds / (1.0 + odds)
