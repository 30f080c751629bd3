"""One surface's active candidates as vectors: who is near a context, and who says the same thing twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suggest.domain.text import wording
from suggest.retrieve.vectors import Embeddings, GrowingVectors, Mask, Vector, Vectors

NEAR_IDENTICAL_COSINE = 0.97
_COMPACT_FROM = 256  # dead rows that are worth rebuilding for
_CLUSTER_BLOCK = 512
_TWINS_UP_TO = 1_000  # candidates: 30 ms, once a change of the catalog
_ROUNDING = 1e-4  # of a cosine: products of other shapes round otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateSnapshot:
    """The candidates as they were at one moment: never changed, only replaced.

    Whoever asks several questions about one slate asks one snapshot, so that the answers fit together whatever is
    retired in between.
    """

    _vectors: Vectors
    _rows: Mapping[str, int]  # id -> row, in the order in which they came
    _texts: Mapping[str, str]
    _id_by_row: Sequence[str]  # shared with later snapshots, which only add to its end
    _is_active: Mask  # (n rows,)
    _clusters: dict[float, dict[str, str]] = field(default_factory=dict)
    _said: dict[str, bool] = field(default_factory=dict)
    _made: dict[str, Any] = field(default_factory=dict)  # what is the same for every question, once it was asked

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, id: object) -> bool:
        return id in self._rows

    def ids(self) -> tuple[str, ...]:
        """Active ids, oldest first; an upsert with new text keeps the place."""
        return tuple(self._rows)

    def text(self, id: str) -> str:
        """Raises KeyError for an id that is not active."""
        return self._texts[id]

    def rows(self, ids: Sequence[str]) -> Embeddings:
        """The candidates' own vectors (n, dim). Raises KeyError for an id that is not active."""
        found: Embeddings = self._vectors.matrix[[self._rows[id] for id in ids]]
        return found

    def whole(self) -> tuple[tuple[str, ...], tuple[str, ...], Embeddings]:
        """All active ids, their texts and their vectors (n, dim): the same objects each time."""
        if "whole" not in self._made:
            ids = self.ids()
            self._made["whole"] = ids, tuple(self._texts[id] for id in ids), self.rows(ids)
        whole: tuple[tuple[str, ...], tuple[str, ...], Embeddings] = self._made["whole"]
        return whole

    def is_said(self, words: str) -> bool:
        """Whether any active text has this in it."""
        if words not in self._said:
            self._said[words] = any(words in text for text in self._texts.values())
        return self._said[words]

    def cosines(self, embedding: Vector, ids: Sequence[str]) -> NDArray[np.float32]:
        """Cosine of a unit vector with each of `ids`. Raises KeyError for an id that is not active."""
        cosines: NDArray[np.float32] = self.rows(ids) @ embedding
        return cosines

    def nearest(self, embedding: Vector, k: int) -> list[tuple[str, float]]:
        """The `k` candidates of highest cosine, best first."""
        rows, cosines = self._vectors.nearest(embedding, k, self._is_active)
        return [(self._id_by_row[row], float(cosine)) for row, cosine in zip(rows, cosines, strict=True)]

    def clusters(self, *, cosine: float = NEAR_IDENTICAL_COSINE, ids: Sequence[str] | None = None) -> Mapping[str, str]:
        """Each id -> the first id that says the same: equal `wording`, or a cosine of at least `cosine`.

        Of all candidates it costs n² products once per snapshot (1,000: 30 ms; 10,000: 3 s); a slate needs only its own
        few `ids`, whose order then decides who comes first. An id that is not active speaks for itself.
        """
        if ids is not None:
            active = [id for id in ids if id in self._rows]
            if cosine == NEAR_IDENTICAL_COSINE and len(self) <= _TWINS_UP_TO:
                active = [id for id in active if id in self._twins()]
            return {id: id for id in ids} | self._clusters_of(active, cosine) if active else {id: id for id in ids}
        if cosine not in self._clusters:
            self._clusters[cosine] = self._clusters_of(self.ids(), cosine)
        return MappingProxyType(self._clusters[cosine])

    def _twins(self) -> frozenset[str]:
        """Of a small catalog, all who say nearly the same as another, and a few more: nobody else shares a cluster."""
        if "twins" not in self._made:
            ids, texts, matrix = self.whole()
            said = [wording(text) for text in texts]
            counts = Counter(said)
            near = (matrix @ matrix.T >= NEAR_IDENTICAL_COSINE - _ROUNDING).sum(axis=1) > 1
            twins = (
                id for id, is_near, text in zip(ids, near.tolist(), said, strict=True) if is_near or counts[text] > 1
            )
            self._made["twins"] = frozenset(twins)
        twins_: frozenset[str] = self._made["twins"]
        return twins_

    def _clusters_of(self, ids: Sequence[str], cosine: float) -> dict[str, str]:
        return _clusters(ids, [self._texts[id] for id in ids], self.rows(ids), cosine)


class CandidateIndex:
    """Thread-safe: a writer publishes a new snapshot, readers go on with the one they hold."""

    def __init__(self, dim: int) -> None:
        self._lock = threading.RLock()
        self._vectors = GrowingVectors(dim)
        self._id_by_row: list[str] = []
        self._publish({}, {})

    def snapshot(self) -> CandidateSnapshot:
        """All of this class's reading methods, on what is there now and stays so."""
        return self._now

    def upsert(self, ids: Sequence[str], texts: Sequence[str], embeddings: Embeddings) -> None:
        """Add or replace; of an id that comes twice in one call the last wins. All become visible together."""
        if not len(ids) == len(texts) == len(embeddings):
            raise ValueError(f"got {len(ids)} ids, {len(texts)} texts and {len(embeddings)} embeddings")
        if not ids:
            return
        with self._lock:
            start = self._vectors.append(embeddings)
            self._id_by_row.extend(ids)
            rows = dict(self._now._rows) | dict(zip(ids, range(start, start + len(ids)), strict=True))
            self._publish(rows, dict(self._now._texts) | dict(zip(ids, texts, strict=True)))

    def retire(self, id: str) -> None:
        """Take a candidate out of all that is computed from now on; unknown ids are no error."""
        with self._lock:
            if id in self._now:
                rows, texts = dict(self._now._rows), dict(self._now._texts)
                del rows[id], texts[id]
                self._publish(rows, texts)

    def __len__(self) -> int:
        return len(self._now)

    def __contains__(self, id: object) -> bool:
        return id in self._now

    def ids(self) -> tuple[str, ...]:
        return self._now.ids()

    def text(self, id: str) -> str:
        return self._now.text(id)

    def rows(self, ids: Sequence[str]) -> Embeddings:
        return self._now.rows(ids)

    def cosines(self, embedding: Vector, ids: Sequence[str]) -> NDArray[np.float32]:
        return self._now.cosines(embedding, ids)

    def nearest(self, embedding: Vector, k: int) -> list[tuple[str, float]]:
        return self._now.nearest(embedding, k)

    def clusters(self, *, cosine: float = NEAR_IDENTICAL_COSINE, ids: Sequence[str] | None = None) -> Mapping[str, str]:
        return self._now.clusters(cosine=cosine, ids=ids)

    def _publish(self, rows: dict[str, int], texts: dict[str, str]) -> None:
        n_rows = len(self._id_by_row)
        if n_rows - len(rows) > max(_COMPACT_FROM, len(rows)):
            kept = self._vectors.snapshot().matrix[list(rows.values())]
            self._vectors = GrowingVectors(self._vectors.dim)
            self._vectors.append(kept)
            self._id_by_row, n_rows = list(rows), len(rows)
            rows = {id: row for row, id in enumerate(rows)}
        is_active = np.zeros(n_rows, dtype=bool)
        is_active[list(rows.values())] = True
        self._now = CandidateSnapshot(
            _vectors=self._vectors.snapshot(),
            _rows=rows,
            _texts=texts,
            _id_by_row=self._id_by_row,
            _is_active=is_active,
        )


def _clusters(ids: Sequence[str], texts: Iterable[str], matrix: Embeddings, cosine: float) -> dict[str, str]:
    """Leaders in order: whoever is near no earlier leader leads; the others follow the first leader they are near."""
    leader = np.full(len(ids), -1, dtype=np.intp)
    first_with_text: dict[str, int] = {}
    twin = [first_with_text.setdefault(wording(text), i) for i, text in enumerate(texts)]
    for start in range(0, len(ids), _CLUSTER_BLOCK):
        near = matrix[start : start + _CLUSTER_BLOCK] @ matrix[start:].T >= cosine
        for i in range(start, min(start + _CLUSTER_BLOCK, len(ids))):
            if leader[i] < 0 and twin[i] != i:
                leader[i] = leader[twin[i]]
            if leader[i] < 0:
                followers = np.flatnonzero(near[i - start, i - start :]) + i
                leader[followers[leader[followers] < 0]] = i
                leader[i] = i
    return {id: ids[leader[i]] for i, id in enumerate(ids)}
