"""The vectors of what is read from the log: as stored where the encoder made them, else made anew from stored text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Again(Protocol):
    """One encoder, for what it has not seen yet."""

    def texts(self, texts: Sequence[str], /) -> Floats:
        """Unit rows (n, d)."""
        ...

    def contexts(self, stored: Mapping[str, object], /) -> Mapping[str, Floats]:
        """Unit vectors by key, of contexts as the log stores them."""
        ...


class Rows:
    """A matrix that is filled while the log is read, and encoded in one go at the end."""

    def __init__(self, encoder: str, dim: int, again: Again | None) -> None:
        self._encoder = encoder
        self._dim = dim
        self._again = again
        self._rows: list[Mapping[str, object]] = []

    def can_hold(self, row: Mapping[str, object]) -> bool:
        """Whether a vector of this row's context can be had."""
        if self._is_own(row):
            return True
        return self._again is not None and row["context"] is not None

    def add(self, row: Mapping[str, object]) -> int:
        """The number its vector will have."""
        self._rows.append(row)
        return len(self._rows) - 1

    def matrix(self) -> Floats:
        """(n, d) unit rows."""
        is_own = np.array([self._is_own(row) for row in self._rows], np.bool_)
        matrix = np.zeros((len(self._rows), self._dim), np.float32)
        stored = [cast("bytes", row["embedding"]) for row, own in zip(self._rows, is_own, strict=True) if own]
        matrix[is_own] = unit_rows(stored, self._dim)
        others = np.flatnonzero(~is_own)
        if self._again is not None and len(others):
            found = self._again.contexts({str(self._rows[i]["context_key"]): self._rows[i]["context"] for i in others})
            for i in others:
                matrix[i] = found[str(self._rows[i]["context_key"])]
        return matrix

    def _is_own(self, row: Mapping[str, object]) -> bool:
        return row["encoder"] == self._encoder and row["embedding"] is not None


def unit_rows(stored: Sequence[bytes], dim: int) -> Floats:
    """Stored float16 vectors as unit rows, (n, dim)."""
    matrix = np.frombuffer(b"".join(stored), np.float16).reshape(len(stored), dim).astype(np.float32)
    return np.asarray(matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9), np.float32)
