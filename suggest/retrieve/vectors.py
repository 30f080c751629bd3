"""Rows of unit vectors that only ever grow: what the memory and the candidate index are both made of.

A reader holds a `Vectors` snapshot, which no later append can change, so it searches without a lock. Small collections
are one matrix-vector product. Every full 8,192 rows are also sealed into a faiss segment of signed bytes, which is
scanned three times faster than float32 (100k rows of 384 on one core: 4 ms against 14 ms); the best of that scan are
scored again in full precision, so that the cosines returned are exact."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]  # (dim,), unit length
Embeddings = NDArray[np.float32]  # (n, dim), unit rows
Rows = NDArray[np.intp]
Mask = NDArray[np.bool_]

SEGMENT_ROWS = 8_192
_BYTES_PER_UNIT = 400.0  # components of unit vectors in 256+ dimensions stay well below 127 / 400
_OVERFETCH, _OVERFETCH_LEAST = 3, 64  # rows taken from the byte scan for each row asked for
_libraries_loading = threading.Lock()  # two threads that first import faiss at once can meet it half-loaded


class Segment:
    """A sealed block of rows as signed bytes. It finds who may be near; it does not say how near."""

    def __init__(self, block: Embeddings) -> None:
        with _libraries_loading:
            import faiss

        self._faiss: Any = faiss
        self._index: Any = faiss.IndexScalarQuantizer(
            block.shape[1], faiss.ScalarQuantizer.QT_8bit_direct_signed, faiss.METRIC_INNER_PRODUCT
        )
        for start in range(0, len(block), 1024):  # blocks that stay in the cache: 5 times faster than all at once
            self._index.add(_as_bytes(block[start : start + 1024]))

    def likely(self, query: Vector, n: int, allowed: Mask) -> tuple[Rows, NDArray[np.float32]]:
        """Up to `n` allowed rows of this segment that are probably the nearest, with scores that only order them."""
        bits = np.packbits(allowed, bitorder="little")
        parameters = self._faiss.SearchParameters(sel=self._faiss.IDSelectorBitmap(bits))
        scores, rows = self._index.search(_as_bytes(query[None]), min(n, len(allowed)), params=parameters)
        found = rows[0] >= 0
        return rows[0][found].astype(np.intp), scores[0][found]


def _as_bytes(vectors: Embeddings) -> NDArray[np.float32]:
    scaled = vectors * np.float32(_BYTES_PER_UNIT)
    np.rint(scaled, out=scaled)
    np.clip(scaled, -128, 127, out=scaled)
    return scaled


@dataclass(frozen=True, slots=True, kw_only=True)
class Vectors:
    """An immutable view of the first n rows."""

    matrix: Embeddings  # (n, dim); its buffer is shared with later snapshots, its rows never change
    segments: tuple[Segment, ...] = ()  # segment i holds rows [i * SEGMENT_ROWS, (i + 1) * SEGMENT_ROWS)

    def __len__(self) -> int:
        return len(self.matrix)

    def nearest(self, query: Vector, k: int, allowed: Mask) -> tuple[Rows, NDArray[np.float32]]:
        """The `k` allowed rows of highest cosine with `query`, best first, and those cosines; equal ones in row order.

        The cosines are exact. Above `SEGMENT_ROWS` rows, one whose cosine is within the byte scan's error (about
        0.002) of the k-th may in principle be missed; the scan keeps three times k rows so that this is rare.
        """
        n_sealed = len(self.segments) * SEGMENT_ROWS
        tail = np.flatnonzero(allowed[n_sealed:]) + n_sealed
        tail_cosines = (self.matrix[n_sealed:] @ query)[tail - n_sealed]
        if not self.segments:
            return _best(tail, tail_cosines, k)
        sealed = self._likely(query, max(_OVERFETCH * k, _OVERFETCH_LEAST), allowed)
        cosines = np.concatenate([tail_cosines, self.matrix[sealed] @ query])
        return _best(np.concatenate([tail, sealed]), cosines, k)

    def _likely(self, query: Vector, n: int, allowed: Mask) -> Rows:
        rows, scores = [], []
        for i, segment in enumerate(self.segments):
            start = i * SEGMENT_ROWS
            of_segment, by_segment = segment.likely(query, n, allowed[start : start + SEGMENT_ROWS])
            rows.append(of_segment + start)
            scores.append(by_segment)
        return _best(np.concatenate(rows), np.concatenate(scores), n)[0]


def _best(rows: Rows, cosines: NDArray[np.float32], k: int) -> tuple[Rows, NDArray[np.float32]]:
    """The k highest, sorted by falling cosine and then by row."""
    if k <= 0:
        return rows[:0], cosines[:0]
    if k < len(rows):
        kept = np.argpartition(-cosines, k - 1)[:k]
        rows, cosines = rows[kept], cosines[kept]
    order = np.lexsort((rows, -cosines))
    return rows[order], cosines[order]


@dataclass(slots=True)
class GrowingVectors:
    """The one writer's side: append rows, take snapshots. The caller holds the lock."""

    dim: int
    is_sealing: bool = True  # False: one exact product, until `seal`
    _buffer: Embeddings = field(init=False)
    _n: int = field(init=False, default=0)
    _segments: tuple[Segment, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        self._buffer = np.empty((64, self.dim), dtype=np.float32)

    def append(self, rows: Embeddings) -> int:
        """Add rows (copied) and return the number of the first."""
        rows = np.atleast_2d(np.asarray(rows, dtype=np.float32))
        if rows.shape[1] != self.dim:
            raise ValueError(f"expected vectors of {self.dim} dimensions, got {rows.shape[1]}")
        start, end = self._n, self._n + len(rows)
        if end > len(self._buffer):
            grown = np.empty((max(end, 2 * len(self._buffer)), self.dim), dtype=np.float32)
            grown[:start] = self._buffer[:start]
            self._buffer = grown
        self._buffer[start:end] = rows
        self._n = end
        if self.is_sealing:
            self._segments = self.made_segments()
        return start

    def snapshot(self) -> Vectors:
        matrix = self._buffer[: self._n]
        matrix.flags.writeable = False
        return Vectors(matrix=matrix, segments=self._segments)

    def made_segments(self) -> tuple[Segment, ...]:
        """Those there are, and one of every full block since; rows may be added meanwhile."""
        n, buffer, made = self._n, self._buffer, self._segments
        starts = range(len(made) * SEGMENT_ROWS, n - SEGMENT_ROWS + 1, SEGMENT_ROWS)
        return (*made, *(Segment(buffer[start : start + SEGMENT_ROWS]) for start in starts))

    def seal(self, segments: tuple[Segment, ...]) -> None:
        """Search by these segments, and make others from now on."""
        self._segments, self.is_sealing = segments, True


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each row divided by its length; a zero row stays zero.

    >>> unit(np.array([[3.0, 4.0], [0.0, 0.0]], dtype=np.float32)).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: NDArray[np.float32] = np.divide(vectors, np.maximum(lengths, 1e-12), dtype=np.float32)
    return scaled
