"""The service's side of tuned encoders: what a run needs to know of them, and what becomes of the one it made."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from suggest.domain.bundle import BundleRecord, EncoderRef
from suggest.domain.errors import SuggestError
from suggest.loop.archive import ARCHIVE, TUNED
from suggest.loop.champions import MOST_PREVIOUS, PREFIX, Champions
from suggest.retrieve.encoders import Encoders
from suggest.store.embedded import EmbeddedStore
from suggest.store.records import bundle_of
from suggest.store.vectors import VectorFiles, vectors_of

KEPT_READY = 3  # bundles that served before, whose encoders stay unpacked for a quick rollback
KEPT_MADE = 20  # latest bundles of a surface, whose encoders stay in the blob store: each is some 45 MB


class RunsTrial(Protocol):
    def __call__(
        self, folder: Path, /, *, threads: int, report: Callable[[float, str], None], longest_s: float
    ) -> None: ...


class Rehearses(Protocol):
    def __call__(self, bundle: Path, encoder: Path | None = None, /) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Children:
    """What runs in processes of its own; tests bring their own."""

    run_trial: RunsTrial
    rehearse: Rehearses


class Tuning:
    def __init__(
        self,
        store: EmbeddedStore,
        *,
        encoders: Encoders,
        vectors: VectorFiles,
        base: Path | None,
        base_cache: Path,
    ) -> None:
        """`base`: the folder of the configured encoder, from which every tuning starts; None where it has none."""
        self._store = store
        self._encoders = encoders
        self._vectors = vectors
        self._base = base
        self._base_cache = base_cache

    @property
    def default_ref(self) -> EncoderRef:
        return self._encoders.default_ref

    def encoder_of(self, record: BundleRecord) -> EncoderRef | None:
        """The encoder a bundle reads; None where it can be had no more."""
        if record.encoder == self.default_ref.fingerprint:
            return self.default_ref
        told = record.manifest.get("encoder_ref")
        ref = EncoderRef.from_json(told) if isinstance(told, dict) else None
        if ref is None or ref.blob is None:
            return None
        try:
            self._encoders.folder_of(ref)
        except (SuggestError, OSError):
            return None
        return ref

    def asked(self, surface: str, ref: EncoderRef) -> dict[str, object]:
        """The part of a trial's task that is about encoders."""
        is_tuned = ref.blob is not None
        folder = self._encoders.folder_of(ref) if is_tuned else self._base
        vectors = self._vectors.path(surface, ref.fingerprint)
        return {
            "encoder": ref.fingerprint,
            "dim": ref.dim,
            "encoder_blob": ref.blob,
            "encoder_folder": None if folder is None else str(folder.absolute()),
            "encoder_cache": str((folder if is_tuned and folder is not None else self._base_cache).absolute()),
            "base": None if self._base is None else str(self._base.absolute()),
            "base_cache": str(self._base_cache.absolute()),
            "vectors": str(vectors.absolute()),
            "tuned_at": self._tuned_at(surface),
        }

    def take(self, surface: str, folder: Path, ref: EncoderRef | None) -> Path | None:
        """Keep what a run encoded; store the encoder it made, ready to serve, and say where it lies."""
        for file in folder.glob("vectors-*.npz"):
            with np.load(file, allow_pickle=False) as arrays:
                made = EncoderRef.from_json(json.loads(str(arrays["encoder"])))
                keys, rows = vectors_of(arrays)
            self._vectors.of(surface, made.fingerprint, made.dim).add(keys, rows)
        self._vectors.prune(self._store, surface)  # somebody may have been erased during the run
        if ref is None or ref.blob is None:
            return None
        archive = folder / ARCHIVE
        if archive.exists():
            stored = self._store.blobs.put(archive.read_bytes())
            if stored != ref.blob:
                raise ValueError(f"the tuned encoder has the hash {stored}, its bundle names {ref.blob}")
            return self._encoders.adopt(folder / TUNED, ref)
        return self._encoders.folder_of(ref)

    def tidy(self, champions: Champions) -> None:
        """Remove the encoders of bundles that served long ago: first the unpacked ones, then what they came from."""
        ready: set[str] = set()
        stored: set[str] = set()
        within_reach: set[str] = set()
        for key in self._store.keys(PREFIX):
            surface = key.removeprefix(PREFIX)
            made = {record.id: record for record in self._bundles(surface)}
            served = champions.latest(surface, MOST_PREVIOUS)
            ready |= {made[bundle].encoder for bundle in served[: 1 + KEPT_READY] if bundle in made}
            stored |= _archives(made.values())
            within_reach |= _archives([made[bundle] for bundle in served if bundle in made])
            within_reach |= _archives(list(made.values())[-KEPT_MADE:])
        self._encoders.tidy(ready)
        for blob in stored - within_reach:
            self._store.blobs.delete(blob)

    def _tuned_at(self, surface: str) -> int:
        for record in reversed(self._bundles(surface)):
            told = record.manifest.get("tuning")
            if isinstance(told, dict):
                return int(told["known"])
        return 0

    def _bundles(self, surface: str) -> list[BundleRecord]:
        rows: Iterable[dict[str, object]] = self._store.select("bundles_of_surface", surface=surface)
        return [bundle_of(row) for row in rows]


def _archives(records: Iterable[BundleRecord]) -> set[str]:
    """The blobs of the tuned encoders that these bundles read."""
    told = (record.manifest.get("encoder_ref") for record in records)
    refs = (EncoderRef.from_json(ref) for ref in told if isinstance(ref, dict))
    return {ref.blob for ref in refs if ref.blob is not None}
