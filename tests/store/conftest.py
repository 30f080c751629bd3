from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.builders import NOON
from suggest.domain.clock import ManualClock
from suggest.store.embedded import EmbeddedStore


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "a data folder's"  # a space and a quote: paths reach SQL


@pytest.fixture
def store(folder: Path, clock: ManualClock) -> Iterator[EmbeddedStore]:
    with EmbeddedStore.open(folder, clock=clock) as opened:
        yield opened
