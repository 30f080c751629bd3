"""Every implementation of the three ports. A new adapter adds a factory here and must pass the same suites.

A factory takes a folder of its own and hands out an open adapter; called again with the same folder after `close`, it
opens what was there before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from suggest.domain.clock import ManualClock
from suggest.store.blobs import DirectoryBlobs
from suggest.store.embedded import EmbeddedStore
from suggest.store.ports import Blobs, Cas, EventLog


@dataclass(frozen=True)
class Opened:
    log: EventLog
    cas: Cas
    close: Callable[[], None]


Opener = Callable[[Path], Opened]
BlobsOpener = Callable[[Path], Blobs]


def open_embedded(folder: Path) -> Opened:
    store = EmbeddedStore.open(folder, clock=ManualClock(datetime(2026, 3, 1, tzinfo=UTC)))
    return Opened(log=store, cas=store, close=store.close)


STORES: dict[str, Opener] = {"embedded": open_embedded}
BLOBS: dict[str, BlobsOpener] = {"directory": DirectoryBlobs}
