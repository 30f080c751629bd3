"""Erasure: what a person left behind, or what is older than an owner wants to keep, leaves every file and the memory.

The store rewrites its file without those rows; here the copies in memory go: recent slates, open impressions, reviews,
and the memory of contexts that nobody else answered for."""

from __future__ import annotations

from datetime import datetime, timedelta

from suggest.domain.clock import Clock
from suggest.online.board import Board
from suggest.online.history import relearn_context
from suggest.online.outcomes import Outcomes
from suggest.online.people import People, read_decided
from suggest.online.served import Shelf
from suggest.online.signing import Signing
from suggest.online.surfaces import Surfaces
from suggest.store.embedded import EmbeddedStore
from suggest.store.erasure import Erased
from suggest.store.vectors import VectorFiles

RETENTION_EVERY = timedelta(days=1)


class Eraser:
    def __init__(
        self,
        store: EmbeddedStore,
        *,
        signing: Signing,
        shelf: Shelf,
        outcomes: Outcomes,
        board: Board,
        surfaces: Surfaces,
        vectors: VectorFiles,
        clock: Clock,
    ) -> None:
        self._store = store
        self._signing = signing
        self._shelf = shelf
        self._outcomes = outcomes
        self._board = board
        self._surfaces = surfaces
        self._vectors = vectors
        self._enforced_at = clock.now()

    def delete_user(self, user: str) -> int:
        """Erase a user as the caller names them: slates, all that was said of them, labels. How many rows went."""
        user_key = self._signing.user_key(user)
        contexts = self._store.select("contexts_of_user", user_key=user_key)
        erased = self._store.erase(user_key)
        self._forget(erased)
        for place in self._surfaces.places():
            place.suggester.engagement.forget(user=user_key)
        for row in contexts:
            if row["surface"] in self._surfaces:
                for serving in self._surfaces.place(str(row["surface"])).learners():
                    relearn_context(self._store, serving, str(row["context_key"]))
        return sum(erased.rows.values())

    def redact(self, surface: str) -> int:
        """A surface was told to redact: what it had stored before is redacted, too. How many rows changed."""
        self._shelf.forget(lambda served: served.slate.surface == surface)
        n_changed = self._store.redact(surface)
        self._surfaces.place(surface).n_erasures += 1
        self._vectors.drop(surface)
        return n_changed

    def enforce_retention(self, now: datetime) -> None:
        """Once a day, erase what is older than its surface keeps."""
        if now - self._enforced_at < RETENTION_EVERY:
            return
        self._enforced_at = now
        surfaces = [place.surface for place in self._surfaces.places()]
        days = {each.name: each.retention_days for each in surfaces if each.retention_days is not None}
        if days:
            self._forget(self._store.retain(days))

    def _forget(self, erased: Erased) -> None:
        if not erased.is_nothing:
            for place in self._surfaces.places():
                place.n_erasures += 1
                self._vectors.prune(self._store, place.name)
                place.suggester.meet(People.of(read_decided(self._store, place.name)))
        impressions = frozenset(erased.impressions)
        if impressions:
            self._shelf.forget(lambda served: served.slate.id in impressions)
            self._outcomes.forget(impressions)
            self._board.forget(impressions)
            for place in self._surfaces.places():
                place.suggester.engagement.forget(impressions=impressions)
