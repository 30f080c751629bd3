"""What is judged on live traffic: the canary of a challenger, and the alarm that calls a champion back.

Looked at every few seconds, from the log alone. Whatever happens is a row of the bundle registry, so the models list,
the report and a restart tell the same story."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from suggest.domain.bundle import PRIOR_BUNDLE, BundleRecord
from suggest.domain.clock import Clock, parse_rfc3339
from suggest.domain.errors import SuggestError
from suggest.loop.alarm import Alarms
from suggest.loop.archive import DamagedBundle
from suggest.loop.canary import Canaries, Canary, Tally
from suggest.loop.champions import Champions
from suggest.store.embedded import EmbeddedStore
from suggest.store.ports import CasWrite
from suggest.store.records import bundle_record

log = logging.getLogger(__name__)
EVERY = timedelta(seconds=5)
ALARMED, CANARY = "alarmed", "canary"  # states of a bundle
Alert = Callable[[str, str, str], Sequence[CasWrite]]


class Interleaves(Protocol):
    def __call__(self, surface: str, bundle_id: str | None, files: Mapping[str, bytes], *, data_until: int = 0) -> None:
        """Let a challenger share the slates of a surface from the next request on; None: no more."""
        ...


class Live:
    def __init__(
        self,
        store: EmbeddedStore,
        champions: Champions,
        *,
        clock: Clock,
        interleave: Interleaves,
        load: Callable[[str, str], tuple[Mapping[str, bytes], int]],  # surface, bundle -> files, data_until
        serve: Callable[[str, str], object],  # let a stored bundle serve, pointer and memory
        step_back: Callable[[str], object],
        is_wanted: Callable[[str], bool] = lambda surface: True,  # whether its owner still lets people choose
        alert: Alert = lambda surface, bundle, why: (),
    ) -> None:
        """`alert(surface, bundle, why)` is what to store beside the note that a champion was called back."""
        self._store = store
        self._champions = champions
        self._clock = clock
        self._interleave = interleave
        self._load = load
        self._serve = serve
        self._step_back = step_back
        self._is_wanted = is_wanted
        self._alert = alert
        self.canaries = Canaries(store, clock=clock)
        self._alarms = Alarms(store)
        self._news: set[str] = set()  # surfaces with outcomes that no alarm has looked at
        self._looked_at: datetime | None = None
        self.alarms: Counter[str] = Counter()  # by surface, since the start of this process

    def begin(self, surface: str, bundle: str, files: Mapping[str, bytes], *, data_until: int) -> None:
        """Start the canary of a challenger that passed everything before it."""
        self.canaries.start(surface, bundle=bundle, champion=self._champions.current(surface))
        self._interleave(surface, bundle, files, data_until=data_until)

    def resume(self, surface: str) -> None:
        """After a restart: the challenger takes part again."""
        self._news.add(surface)
        canary = self.canaries.running(surface)
        if canary is None:
            return
        try:
            files, data_until = self._load(surface, canary.bundle)
        except (SuggestError, DamagedBundle, OSError) as broken:
            log.warning("the challenger %s of %s cannot be read: %s", canary.bundle, surface, broken)
            self.canaries.end(surface)
            return
        self._interleave(surface, canary.bundle, files, data_until=data_until)

    def note_outcomes(self, surface: str) -> None:
        self._news.add(surface)

    def tick(self, now: datetime) -> None:
        if self._looked_at is not None and timedelta() <= now - self._looked_at < EVERY:
            return
        self._looked_at = now
        for canary in self.canaries.all():
            self._follow(canary)
        for surface in tuple(self._news):
            self._news.discard(surface)
            self._watch(surface)

    # -- the canary ---------------------------------------------------------------------------------------------------

    def _follow(self, canary: Canary) -> None:
        current = self._champions.current(canary.surface)
        tally = self.canaries.tally(canary)
        verdict = tally.verdict
        if current == canary.bundle:
            self._end(canary, tally, state="promoted", why="promoted before the canary had ended")
        elif current != canary.champion:
            self._end(canary, tally, state="kept", why="another champion serves; the canary was against the one before")
        elif not self._is_wanted(canary.surface):
            self._end(canary, tally, state="kept", why="stopped: the policy promotes otherwise now")
        elif verdict == "promote":
            self._serve(canary.surface, canary.bundle)
            self._end(canary, tally, state="promoted", why="people preferred it")
        elif verdict == "reject":
            self._end(canary, tally, state="kept", why="people preferred the champion")
        elif verdict == "stop":
            self._end(canary, tally, state="kept", why="no difference was found in time")

    def _end(self, canary: Canary, tally: Tally, *, state: str, why: str) -> None:
        self.canaries.end(canary.surface)
        self._interleave(canary.surface, None, {})
        record = self._champions.record(canary.surface, canary.bundle)
        words = f"canary: {why} ({tally.wins} wins, {tally.losses} losses in {tally.sessions} sessions)"
        verdict = "promote" if state == "promoted" else "keep"
        gate = {
            **record.gate,
            "canary": tally.to_json(),
            "verdict": verdict,
            "why": f"{words}; {record.gate.get('why')}",
        }
        self._registered(record, state=state, gate=gate)
        log.info("surface %s: %s of bundle %s", canary.surface, words, canary.bundle)

    # -- the alarm ----------------------------------------------------------------------------------------------------

    def _watch(self, surface: str) -> None:
        since = self._since(surface)
        bundle = self._champions.current(surface)
        if since is None or bundle == PRIOR_BUNDLE:
            return
        watched = self._alarms.look(surface, bundle, since)
        if not watched.is_alarmed:
            return
        record = self._champions.record(surface, bundle)
        try:
            self._step_back(surface)
        except (SuggestError, DamagedBundle, OSError) as broken:
            log.warning("surface %s: the champion %s broke its word, and cannot step back: %s", surface, bundle, broken)
            return
        self.alarms[surface] += 1
        why = (
            f"alarm: p_any said {watched.watch.said / watched.watch.n:.3f}, {watched.watch.came / watched.watch.n:.3f} "
            f"came true over {watched.watch.n} known outcomes; rolled back to {self._champions.current(surface)}"
        )
        gate = {**record.gate, "alarm": watched.to_json(), "verdict": "keep", "why": f"{why}; {record.gate.get('why')}"}
        self._registered(record, state=ALARMED, gate=gate, writes=self._alert(surface, bundle, why))
        log.warning("surface %s: bundle %s: %s", surface, bundle, why)

    # -- telling ------------------------------------------------------------------------------------------------------

    def told_of(self, surface: str, bundle: str, *, is_champion: bool) -> dict[str, object]:
        """What the models list adds for a bundle: its running canary, its watch."""
        canary = self.canaries.running(surface)
        if canary is not None and canary.bundle == bundle:
            return {"canary": self.canaries.tally(canary).to_json()}
        watched = self._alarms.standing(surface, bundle) if is_champion else None
        return {} if watched is None else {"watch": watched.to_json()}

    def _since(self, surface: str) -> datetime | None:
        at = self._champions.since(surface)
        return None if at is None else parse_rfc3339(at)

    def _registered(
        self, record: BundleRecord, *, state: str, gate: Mapping[str, object], writes: Sequence[CasWrite] = ()
    ) -> None:
        row = bundle_record(replace(record, at=self._clock.now(), state=state, gate=gate))
        self._store.append([row], writes=writes)
