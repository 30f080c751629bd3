"""An encoder of no intelligence at all: signed feature hashing, for tests and tools where meaning is not the point."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import numpy as np

from suggest.retrieve.lexical import tokens, trigrams
from suggest.retrieve.vectors import Embeddings, unit


class HashingEncoder:
    """Words and character trigrams, hashed with a sign into `dim` numbers (Weinberger et al., ICML 2009).

    Deterministic across processes; texts that share words are near, whatever they mean.

    >>> a, b, c = HashingEncoder().encode(["where is my parcel", "where is the parcel", "cancel it"])
    >>> bool(a @ b > 0.5 > a @ c)
    True
    """

    def __init__(self, dim: int = 256) -> None:
        self.dim = dim
        self.fingerprint = f"hashing-{dim}"

    def encode(self, texts: Sequence[str]) -> Embeddings:
        rows = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for feature in (*tokens(text), *trigrams(text)):
                self._add(row, feature)
            if not row.any():  # a text without a word still gets a unit vector, always the same one
                row[0] = 1.0
        return unit(rows)

    def _add(self, row: Embeddings, feature: str) -> None:
        hashed = crc32(feature.encode("utf-8", "replace"))
        row[(hashed >> 1) % self.dim] += 1.0 if hashed & 1 else -1.0
