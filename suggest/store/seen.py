"""Which ids the log holds already, known without an index and without a query.

128-bit salted fingerprints of every id of every table: a small set of the recent ones, a sorted array of the rest, 16
bytes an id. The salt is new in each process, so nobody can craft two ids that meet. Until the fingerprints of an
opened file are loaded (in the background), nothing is known and the caller must ask the file.
docs/decisions/0001-dedupe-without-an-index.md has the figures."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Halves = NDArray[np.uint64]  # upper or lower 64 bits of the MD5, as DuckDB's md5_number_upper and _lower give them

RECENT_AT_LEAST = 65_536  # below this many recent ids nothing is merged


class SeenIds:
    def __init__(self, salt: str) -> None:
        self.salt = salt
        self.is_warm = False
        self._upper: Halves = np.empty(0, dtype=np.uint64)
        self._lower: Halves = np.empty(0, dtype=np.uint64)  # sorted
        self._recent: set[bytes] = set()

    def __len__(self) -> int:
        """Ids known; one that was both loaded and added counts twice."""
        return len(self._lower) + len(self._recent)

    def fingerprint(self, table: str, id: str) -> bytes:
        return hashlib.md5(f"{self.salt}{table}\x1f{id}".encode(), usedforsecurity=False).digest()

    def load(self, upper: Halves, lower: Halves) -> None:
        """Take what the file held when it was opened, sorted by `in_order`; what was added since stays known."""
        self._upper, self._lower = upper, lower
        self.is_warm = True

    def add(self, fingerprints: Iterable[bytes]) -> None:
        self._recent.update(fingerprints)
        if self.is_warm and len(self._recent) > max(RECENT_AT_LEAST, len(self._lower) // 16):
            self._merge()

    def known(self, fingerprints: list[bytes]) -> list[bool]:
        """Whether each is certainly in the log. Where `is_warm` is false, False means only: not known."""
        if not len(self._lower):
            return [fingerprint in self._recent for fingerprint in fingerprints]
        halves = np.frombuffer(b"".join(fingerprints), dtype="<u8").reshape(-1, 2)
        starts = np.searchsorted(self._lower, halves[:, 1])
        return [
            fingerprint in self._recent or self._is_loaded(int(start), upper, lower)
            for fingerprint, start, (upper, lower) in zip(fingerprints, starts, halves, strict=True)
        ]

    def _is_loaded(self, start: int, upper: np.uint64, lower: np.uint64) -> bool:
        while start < len(self._lower) and self._lower[start] == lower:
            if self._upper[start] == upper:
                return True
            start += 1
        return False

    def _merge(self) -> None:
        recent = np.frombuffer(b"".join(self._recent), dtype="<u8").reshape(-1, 2)
        upper = np.concatenate([self._upper, recent[:, 0]])
        lower = np.concatenate([self._lower, recent[:, 1]])
        self.load(*in_order(upper, lower))
        self._recent = set()


def in_order(upper: Halves, lower: Halves) -> tuple[Halves, Halves]:
    """Both halves, sorted by the lower one."""
    order = np.argsort(lower, kind="stable")
    return upper[order], lower[order]
