"""Slates as they were served: the recent ones in memory, the rest read back from the log when someone refers to them.

Whoever reports on a slate, claims its review or answers it needs what was shown and for which context. Each one also
remembers what has been learned from it, so that it teaches once however often its events are sent."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock

import numpy as np

from suggest.domain.event import Outcome
from suggest.domain.slate import Pool, Slate
from suggest.retrieve.vectors import Vector

NO_POOL = Pool(ids=(), logits=(), p_select=(), features=b"", feature_version=0)


@dataclass(slots=True, kw_only=True)
class Served:
    """A slate and what became of it so far."""

    slate: Slate  # without its pool, which nobody asks for any more and which is large
    key: str  # of its context, as it was asked: a stored context may be redacted
    user_key: str | None
    outcome: Outcome = Outcome.PENDING  # the highest that was learned
    refused: set[str] = field(default_factory=set)  # options that were dismissed by name
    lock: Lock = field(default_factory=Lock)

    @property
    def vector(self) -> Vector | None:
        """The context's embedding, unit length; None where the request was degraded."""
        if self.slate.embedding is None:
            return None
        return vector_of(self.slate.embedding)

    @property
    def subject(self) -> str | None:
        """Who asked, as far as we may know: a keyed hash, or a sitting."""
        return self.user_key or self.slate.context.session


ReadServed = Callable[[str], Served | None]


def is_told_by_text(slate: Slate) -> bool:
    """Whether another bundle can judge the request anew by its embedding alone: without its fields, or without the
    options that came with it, it would look as if nothing answered it."""
    return not slate.supplied and not slate.context.fields


class Shelf:
    """The most recently used slates, at most `capacity` of them, backed by the log."""

    def __init__(self, read: ReadServed, *, capacity: int = 10_000) -> None:
        self._read = read
        self._capacity = capacity
        self._slates: OrderedDict[str, Served] = OrderedDict()
        self._lock = Lock()

    def put(self, slate: Slate, *, key: str, user_key: str | None) -> Served:
        return self._keep(Served(slate=replace(slate, pool=NO_POOL), key=key, user_key=user_key))

    def get(self, impression: str) -> Served | None:
        """The served slate; None where there never was one, or it was erased."""
        with self._lock:
            found = self._slates.get(impression)
            if found is not None:
                self._slates.move_to_end(impression)
                return found
        read = self._read(impression)
        return None if read is None else self._keep(read)

    def forget(self, is_meant: Callable[[Served], bool]) -> None:
        with self._lock:
            for impression in [name for name, served in self._slates.items() if is_meant(served)]:
                del self._slates[impression]

    def _keep(self, served: Served) -> Served:
        with self._lock:
            kept = self._slates.setdefault(served.slate.id, served)  # two readers must share one lock
            self._slates.move_to_end(served.slate.id)
            while len(self._slates) > self._capacity:
                self._slates.popitem(last=False)
            return kept


def vector_bytes(vector: Vector) -> bytes:
    """An embedding as it is stored: float16."""
    return vector.astype(np.float16).tobytes()


def vector_of(stored: bytes) -> Vector:
    """A stored embedding as a unit vector again."""
    vector = np.frombuffer(stored, np.float16).astype(np.float32)
    unit: Vector = vector / max(float(np.linalg.norm(vector)), 1e-12)
    return unit
