"""The opt-in canary: champion and challenger share the slates, and an e-process says who wins.

What runs is one versioned value; how it stands is folded from the log, slate by slate and selection by selection, so a
restart loses nothing and counts nothing twice. The team of every option is in its slate, and only a selection of an
option that the two rank differently counts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from suggest.domain.clock import Clock, rfc3339
from suggest.metrics.eprocess import log_e_wins
from suggest.store.embedded import EmbeddedStore

PREFIX = "canary/"
ENOUGH = 20.0  # E at which the challenger is promoted, or rejected: an error of at most 1 in 20
MOST_SESSIONS = 10_000
MOST_OF_ONE_PERSON = 3  # selections of one user that count: a hundred clicks of one are no hundred people


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    surface: str
    bundle: str  # the challenger
    champion: str
    since: int  # sequence of the log at its start
    at: str  # RFC 3339


@dataclass(slots=True)
class Tally:
    """How a canary stands, and up to where the log was read."""

    sessions: int = 0
    wins: int = 0
    losses: int = 0
    seen_slates: int = 0  # sequence
    seen_events: int = 0
    counted: set[str] = field(default_factory=set)  # impressions whose selection was read
    of_person: Counter[str] = field(default_factory=Counter)

    @property
    def verdict(self) -> str | None:
        """promote | reject | stop; None: go on."""
        if log_e_wins(self.wins, self.losses) >= math.log(ENOUGH):
            return "promote"
        if log_e_wins(self.losses, self.wins) >= math.log(ENOUGH):
            return "reject"
        return "stop" if self.sessions >= MOST_SESSIONS else None

    def to_json(self) -> dict[str, object]:
        return {
            "sessions": self.sessions,
            "wins": self.wins,
            "losses": self.losses,
            "e_win": _e(self.wins, self.losses),
            "e_loss": _e(self.losses, self.wins),
            "promotes_at": ENOUGH,
            "stops_after": MOST_SESSIONS,
        }


class Canaries:
    """Which surfaces run one, and how it stands."""

    def __init__(self, store: EmbeddedStore, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._tallies: dict[str, Tally] = {}

    def start(self, surface: str, *, bundle: str, champion: str) -> Canary:
        since = int(str(self._store.select("latest_sequence")[0]["sequence"]))
        value = {"bundle": bundle, "champion": champion, "since": since, "at": rfc3339(self._clock.now())}
        key = PREFIX + surface
        stored = self._store.get(key)
        self._store.update(key, value, expected=0 if stored is None else stored.revision)
        self._tallies.pop(surface, None)
        return _canary(surface, value)

    def running(self, surface: str) -> Canary | None:
        stored = self._store.get(PREFIX + surface)
        return None if stored is None or not stored.value.get("bundle") else _canary(surface, stored.value)

    def all(self) -> list[Canary]:
        return [
            _canary(key.removeprefix(PREFIX), stored.value)
            for key, stored in self._store.keys(PREFIX).items()
            if stored.value.get("bundle")
        ]

    def end(self, surface: str) -> None:
        key = PREFIX + surface
        stored = self._store.get(key)
        if stored is not None and stored.value.get("bundle"):
            self._store.update(key, {"bundle": None}, expected=stored.revision)
        self._tallies.pop(surface, None)

    def tally(self, canary: Canary) -> Tally:
        """How it stands now; reads only what is new since the last time."""
        tally = self._tallies.get(canary.surface)
        if tally is None:
            tally = Tally(seen_slates=canary.since, seen_events=canary.since)
            self._tallies[canary.surface] = tally
        team = {"surface": canary.surface, "after": tally.seen_slates, "team": canary.bundle}
        for row in self._store.select("canary_slates", **team):
            tally.sessions += int(cast("int", row["n"]))
            tally.seen_slates = max(tally.seen_slates, int(cast("int", row["until"] or 0)))
        for row in self._store.select("canary_selections", surface=canary.surface, after=tally.seen_events):
            tally.seen_events = int(cast("int", row["sequence"]))
            _count(tally, row, canary)
        return tally


def _count(tally: Tally, row: Mapping[str, object], canary: Canary) -> None:
    """The first selection of an impression, where the option it takes was contested."""
    impression, person = str(row["impression"]), cast("str | None", row["user_key"])
    if impression in tally.counted:
        return
    tally.counted.add(impression)
    options = cast("Sequence[Mapping[str, Any]]", row["shown"] or ())
    taken = next((option for option in options if option["id"] == row["item"]), None)
    if taken is None or not taken.get("contested"):
        return
    if person is not None:
        if tally.of_person[person] >= MOST_OF_ONE_PERSON:
            return
        tally.of_person[person] += 1
    if taken.get("team") == canary.bundle:
        tally.wins += 1
    else:
        tally.losses += 1


def _canary(surface: str, value: Mapping[str, object]) -> Canary:
    return Canary(
        surface=surface,
        bundle=str(value["bundle"]),
        champion=str(value["champion"]),
        since=int(str(value["since"])),
        at=str(value["at"]),
    )


def _e(wins: int, losses: int) -> float:
    return float(f"{math.exp(min(log_e_wins(wins, losses), 700.0)):.4g}")
