"""The three ports everything above the store is written against; each adapter passes the same contract tests.

A log that only grows, a few versioned values changed by compare-and-set, and blobs named by their hash. Small enough
for a replicated engine to offer them too, so nothing above needs to know how many machines there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class Table(StrEnum):
    SLATES = "slates"
    EVENTS = "events"
    LABELS = "labels"
    REVIEWS = "reviews"
    VERDICTS = "verdicts"
    BUNDLES = "bundles"
    POLICY_CHANGES = "policy_changes"
    CANDIDATES = "candidates"


class Exported(StrEnum):
    """What of the log leaves as a file: what is counted from. Not the candidates, which are the caller's own, and no
    secret."""

    SLATES = "slates"
    EVENTS = "events"
    LABELS = "labels"
    REVIEWS = "reviews"
    VERDICTS = "verdicts"
    BUNDLES = "bundles"
    POLICY_CHANGES = "policy_changes"
    STATE = "state"  # every version of a policy, a note, a claim: what reports read of the versioned values


@dataclass(frozen=True, slots=True)
class Record:
    """One row for the log. `id` is what makes a retry recognisable: the second record of an id is not written."""

    table: Table
    id: str
    values: Mapping[str, object]  # column -> Python value; absent columns are null; times aware; json as plain values


@dataclass(frozen=True, slots=True)
class CasWrite:
    """A change of one versioned value, on condition that nobody changed it since `expected` was read."""

    key: str
    value: Mapping[str, object] | None  # None removes the key
    expected: int  # the revision that was read; 0 = the key must not exist

    def __post_init__(self) -> None:
        if not self.key or self.expected < 0:
            raise ValueError("a write names a key and the revision it was read at (0 = must not exist)")


@dataclass(frozen=True, slots=True)
class Versioned:
    value: Mapping[str, object]
    revision: int  # grows with every write of the key, also over its removal; starts above 0


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of a submission."""

    fresh: tuple[bool, ...]  # one a record; False: this id was in the log already, nothing was written for it
    revisions: tuple[int, ...] = ()  # one a write: the revision it made


@dataclass(frozen=True, slots=True)
class Stored:
    sequence: int  # grows along the whole log, over all tables; gaps are possible
    record: Record


Watcher = Callable[[str, Versioned | None], None]


class EventLog(Protocol):
    def append(self, records: Sequence[Record], *, writes: Sequence[CasWrite] = ()) -> Appended:
        """Write all of it in one transaction, or nothing; return once it is durable.

        Raises Conflict where a write lost its race, Overloaded where nothing was taken because the queue is full,
        StorageUnavailable where it is unknown or impossible: repeat with the same ids, a repeat counts once."""
        ...

    def read(self, table: Table, *, after: int = 0, limit: int = 1000) -> list[Stored]:
        """Up to `limit` records of a table with a sequence above `after`, in order of sequence."""
        ...


class Cas(Protocol):
    def get(self, key: str) -> Versioned | None: ...

    def update(self, key: str, value: Mapping[str, object] | None, *, expected: int) -> int:
        """Set (None: remove) a value and return its new revision; Conflict where `expected` is not the present one."""
        ...

    def keys(self, prefix: str) -> dict[str, Versioned]:
        """Every present key that starts with `prefix`, with its value, in order of key."""
        ...

    def watch(self, prefix: str, callback: Watcher) -> Callable[[], None]:
        """Call back after each durable change under `prefix`, in order, on a thread of its own; returns unsubscribe."""
        ...


class Blobs(Protocol):
    def put(self, content: bytes, /) -> str:
        """Keep a blob and return its name, the SHA-256 in hex. Putting it again is harmless."""
        ...

    def get(self, sha: str) -> bytes:
        """The blob, its hash checked. Raises NotFound, or BlobDamaged where the bytes no longer fit their name."""
        ...

    def exists(self, sha: str) -> bool: ...

    def delete(self, sha: str) -> None: ...

    def path(self, sha: str) -> Path:
        """Where the blob lies as a file, for those who must hand a path to a library. Raises NotFound."""
        ...
