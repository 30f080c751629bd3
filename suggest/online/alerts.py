"""Tell webhooks when something an owner acts on begins and when it is over: a broken promise, a drift of what is asked.

What is told is the change of a state that is stored with the message about it, so that a restart tells nothing twice
and loses nothing. The third alert, a champion that is called back, is told by whoever calls it back (`loop.live`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from suggest.domain.clock import Clock, rfc3339
from suggest.domain.errors import Conflict
from suggest.online.drift import drift
from suggest.online.history import Reads
from suggest.online.surfaces import Place
from suggest.online.webhooks import Webhooks
from suggest.store.ports import Cas, CasWrite, EventLog

PREFIX = "alert/"
PRECISION, DRIFT, ROLLBACK = "alert.precision", "alert.drift", "alert.rollback"
DRIFT_EVERY = timedelta(minutes=15)
_DRIFTS = {"p_any": "p_any_fall", "embedding": "mean_shift"}


class Alerts:
    def __init__(
        self,
        log: EventLog,
        cas: Cas,
        *,
        reads: Reads,
        webhooks: Webhooks,
        clock: Clock,
        places: Callable[[], Sequence[Place]],
    ) -> None:
        self._log = log
        self._cas = cas
        self._reads = reads
        self._webhooks = webhooks
        self._clock = clock
        self._places = places
        self._drift_looked_at: dict[str, datetime] = {}

    def look(self) -> None:
        """Look at every surface that somebody wishes to hear of. Called by one thread at a time."""
        for place in self._places():
            if self._webhooks.is_heard(PRECISION, place.name):
                self._look_at_promise(place)
            if self._webhooks.is_heard(DRIFT, place.name):
                self._look_at_drift(place)

    def rollback_writes(self, surface: str, bundle: str, why: str) -> list[CasWrite]:
        """What to store beside the note that a champion was called back."""
        told = {"surface": surface, "state": "raised", "bundle": bundle, "why": why}
        return self._webhooks.writes_of(ROLLBACK, surface, told)

    def _look_at_promise(self, place: Place) -> None:
        with place.lock:
            promises = place.promises
            rang, promises.rang = promises.rang, False
            any_, top1 = promises.any, promises.top1
            watch = any_ if any_.is_tight or not top1.is_tight else top1
        live = watch.live if watch.audited else None
        self._tell(
            PRECISION,
            place.name,
            "promise",
            is_raised=watch.is_tight or rang,
            is_new=rang,
            told={
                "why": watch.why,
                "target": watch.target,
                "live": None
                if live is None
                else {"value": round(live.mid, 4), "low": round(live.low, 4), "high": round(live.high, 4)},
                "audits": watch.audited,
            },
        )

    def _look_at_drift(self, place: Place) -> None:
        now, looked_at = self._clock.now(), self._drift_looked_at.get(place.name)
        if looked_at is not None and timedelta() <= now - looked_at < DRIFT_EVERY:
            return
        self._drift_looked_at[place.name] = now
        found = drift(self._reads, place.name)
        for of, name in _DRIFTS.items():
            measured = found[name]
            if isinstance(measured, Mapping):
                told = {"of": of, "value": measured["value"], "limit": measured["limit"]}
                self._tell(DRIFT, place.name, f"drift-{of}", is_raised=bool(measured["alarm"]), told=told)

    def _tell(
        self,
        event: str,
        surface: str,
        about: str,
        *,
        is_raised: bool,
        told: Mapping[str, object],
        is_new: bool = False,
    ) -> None:
        """Store the state and the message where it has changed; `is_new`: it began anew since the last look."""
        key = f"{PREFIX}{about}/{surface}"
        stored = self._cas.get(key)
        was_raised = stored is not None and bool(stored.value["is_raised"])
        if was_raised == is_raised and not is_new:
            return
        state = "raised" if is_raised else "cleared"
        noted = CasWrite(
            key,
            {"is_raised": is_raised, "at": rfc3339(self._clock.now())},
            0 if stored is None else stored.revision,
        )
        writes = self._webhooks.writes_of(event, surface, {"surface": surface, "state": state, **told})
        try:
            self._log.append([], writes=[noted, *writes])
        except Conflict:
            self._drift_looked_at.pop(surface, None)  # somebody else has told it; look again
