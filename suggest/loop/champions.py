"""Which bundle serves a surface, and which served before: one versioned pointer, moved by compare-and-set."""

from __future__ import annotations

from suggest.domain.bundle import PRIOR_BUNDLE, BundleRecord
from suggest.domain.clock import Clock, rfc3339
from suggest.domain.errors import Conflict, NotFound
from suggest.store.embedded import EmbeddedStore
from suggest.store.records import bundle_of

PREFIX = "champion/"
MOST_PREVIOUS = 20


class Champions:
    def __init__(self, store: EmbeddedStore, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def current(self, surface: str) -> str:
        stored = self._store.get(PREFIX + surface)
        return PRIOR_BUNDLE if stored is None else str(stored.value["bundle"])

    def previous(self, surface: str) -> str:
        """What a rollback would serve with. Raises Conflict where nothing served before."""
        before = self._history(surface)
        if not before:
            raise Conflict("Nothing served before the present bundle, so there is nothing to roll back to.")
        return before[-1]

    def latest(self, surface: str, n: int) -> list[str]:
        """The present bundle and the `n` that served before it."""
        return [self.current(surface), *self._history(surface)[::-1][:n]]

    def promote(self, surface: str, bundle: str) -> None:
        current = self.current(surface)
        if bundle != current:
            self._write(surface, bundle, [*self._history(surface), current][-MOST_PREVIOUS:])

    def step_back(self, surface: str) -> None:
        before = self._history(surface)
        self._write(surface, before[-1], before[:-1])

    def record(self, surface: str, bundle: str) -> BundleRecord:
        """The registry's latest row of a bundle. Raises NotFound."""
        found = [r for r in self._store.select("bundles_of_surface", surface=surface) if r["id"] == bundle]
        if not found:
            raise NotFound(f"Surface {surface!r} has no model {bundle!r}; list them with GET …/models.")
        return bundle_of(found[-1])

    def data_until(self, surface: str) -> int:
        """The last sequence of the log that the champion was made from; 0 for the prior."""
        current = self.current(surface)
        if current == PRIOR_BUNDLE:
            return 0
        return int(str(self.record(surface, current).manifest.get("data_until") or 0))

    def since(self, surface: str) -> str | None:
        """When the champion began to serve, RFC 3339; None where it always was the prior."""
        stored = self._store.get(PREFIX + surface)
        return None if stored is None else str(stored.value["at"])

    def _history(self, surface: str) -> list[str]:
        stored = self._store.get(PREFIX + surface)
        before = stored.value.get("previous") if stored is not None else None
        return [str(b) for b in before] if isinstance(before, list) else []

    def _write(self, surface: str, bundle: str, previous: list[str]) -> None:
        key = PREFIX + surface
        stored = self._store.get(key)
        value = {"bundle": bundle, "previous": previous, "at": rfc3339(self._clock.now())}
        self._store.update(key, value, expected=0 if stored is None else stored.revision)
