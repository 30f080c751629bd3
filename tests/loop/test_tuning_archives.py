"""Encoders made long ago leave the disk: each is some 45 MB, and a surface may tune every night."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from suggest.domain.bundle import BundleRecord, EncoderRef
from suggest.domain.clock import ManualClock
from suggest.loop.champions import MOST_PREVIOUS, Champions
from suggest.loop.tuning import KEPT_MADE, Tuning
from suggest.retrieve.batcher import Batcher
from suggest.retrieve.encoders import Encoders
from suggest.retrieve.hashing import HashingEncoder
from suggest.store.embedded import EmbeddedStore
from suggest.store.records import bundle_record
from suggest.store.vectors import VectorFiles

NIGHTS = MOST_PREVIOUS + KEPT_MADE + 4


class Works:
    """A store, its champions, and the side of tuning that tidies up after both."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock(datetime(2026, 3, 1, tzinfo=UTC))
        self.store = EmbeddedStore.open(folder / "data", clock=self.clock)
        self.champions = Champions(self.store, clock=self.clock)
        default = HashingEncoder()
        self.encoders = Encoders(
            Batcher(default),
            folder=folder / "encoders",
            load=lambda made, cache: default,
            fetch=self.store.blobs.get,
        )
        vectors = VectorFiles(folder / "vectors")
        self.tuning = Tuning(self.store, encoders=self.encoders, vectors=vectors, base=None, base_cache=folder)

    def make(self, surface: str, name: str, encoder: bytes, *, promoted: bool) -> str:
        """A bundle that reads a tuned encoder; returns the encoder's blob."""
        blob = self.store.blobs.put(encoder)
        ref = EncoderRef(fingerprint=f"tuned-{name}", dim=8, blob=blob)
        record = BundleRecord(
            id=name,
            surface=surface,
            at=self.clock.now(),
            state="promoted" if promoted else "kept",
            blob=self.store.blobs.put(name.encode()),
            encoder=ref.fingerprint,
            manifest={"encoder_ref": ref.to_json()},
        )
        self.store.append([bundle_record(record)])
        if promoted:
            self.champions.promote(surface, name)
        return blob

    def tidy(self) -> None:
        self.tuning.tidy(self.champions)

    def has(self, blob: str) -> bool:
        return self.store.blobs.exists(blob)


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Works]:
    made = Works(tmp_path)
    yield made
    made.encoders.close()
    made.store.close()


def test_what_a_rollback_could_reach_stays_and_what_came_before_goes(works: Works) -> None:
    served = [works.make("desk", f"s{n}", b"served %d" % n, promoted=True) for n in range(NIGHTS)]
    works.tidy()
    assert [works.has(blob) for blob in served] == [n >= NIGHTS - 1 - MOST_PREVIOUS for n in range(NIGHTS)]
    assert works.store.blobs.exists(works.champions.record("desk", "s0").blob)  # what it was measured to do is kept


def test_the_latest_that_the_gate_refused_can_still_be_promoted_by_hand(works: Works) -> None:
    champion = works.make("desk", "champion", b"champion", promoted=True)
    refused = [works.make("desk", f"r{n}", b"refused %d" % n, promoted=False) for n in range(NIGHTS)]
    works.tidy()
    assert works.has(champion)
    assert [works.has(blob) for blob in refused] == [n >= NIGHTS - KEPT_MADE for n in range(NIGHTS)]


def test_an_encoder_that_a_bundle_in_reach_shares_stays(works: Works) -> None:
    shared = works.make("desk", "first", b"shared", promoted=True)
    for n in range(NIGHTS):
        works.make("desk", f"s{n}", b"served %d" % n, promoted=True)
    works.make("desk", "built on it again", b"shared", promoted=True)
    works.tidy()
    assert works.has(shared)


def test_another_surface_keeps_its_own(works: Works) -> None:
    other = works.make("other", "only", b"of the other", promoted=True)
    for n in range(NIGHTS):
        works.make("desk", f"s{n}", b"served %d" % n, promoted=True)
    works.tidy()
    assert works.has(other)


def test_a_bundle_whose_encoder_went_says_that_it_can_be_had_no_more(works: Works) -> None:
    for n in range(NIGHTS):
        works.make("desk", f"s{n}", b"served %d" % n, promoted=True)
    works.tidy()
    assert works.tuning.encoder_of(works.champions.record("desk", "s0")) is None
