"""The present value of every versioned key, folded from appended rows: the one writer changes it, everyone reads it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from suggest.domain.errors import Conflict
from suggest.store.ports import CasWrite, Versioned


@dataclass(frozen=True, slots=True)
class Entry:
    revision: int
    text: str | None  # the value as json text, so that no reader can change it for others; None: removed

    @property
    def versioned(self) -> Versioned | None:
        return None if self.text is None else Versioned(json.loads(self.text), self.revision)


@dataclass(frozen=True, slots=True)
class EncodedWrite:
    key: str
    text: str | None
    expected: int


class CasFold:
    """Not locked: one thread writes, and a dict read in CPython sees the old entry or the new one, never half."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = dict(entries)

    def get(self, key: str) -> Versioned | None:
        entry = self._entries.get(key)
        return None if entry is None else entry.versioned

    def under(self, prefix: str) -> dict[str, Versioned]:
        keys = sorted(key for key in self._entries.copy() if key.startswith(prefix))
        return {key: versioned for key in keys if (versioned := self.get(key)) is not None}

    def next_entry(self, write: EncodedWrite, staged: Mapping[str, Entry]) -> Entry:
        """The entry a write makes on top of what is staged in this transaction. Raises Conflict where it lost."""
        present = staged.get(write.key) or self._entries.get(write.key)
        revision = 0 if present is None or present.text is None else present.revision
        if revision != write.expected:
            detail = (
                f"{write.key} is at revision {revision}, not {write.expected}: read it again and decide again"
                if revision
                else f"{write.key} does not exist (any more); expected revision {write.expected}"
            )
            raise Conflict(detail)
        return Entry((present.revision if present else 0) + 1, write.text)

    def apply(self, changed: Mapping[str, Entry]) -> None:
        self._entries.update(changed)

    def forget(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._entries.pop(key, None)


def check_writes(writes: Iterable[CasWrite]) -> None:
    """Raise ValueError where one submission writes a key twice."""
    keys = [write.key for write in writes]
    if len(keys) != len(set(keys)):
        raise ValueError("one submission writes a key at most once")
