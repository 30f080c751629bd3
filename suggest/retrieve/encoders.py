"""The encoders that serve: the configured one, and beside it those that were tuned for a surface.

Each has a batcher of its own. The weights of a few tuned ones are in memory at a time; one that has not been asked for
longest makes room, and is read again (0.2 s) when its surface is. They lie unpacked in one folder, which can be made
again from the blobs at any time."""

from __future__ import annotations

import json
import logging
import os
import secrets
import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from suggest.domain.bundle import EncoderRef
from suggest.domain.errors import NotFound
from suggest.retrieve.batcher import Batcher
from suggest.retrieve.encoder import Encoder, EncoderUnavailable, load_encoder
from suggest.retrieve.encoder_archive import DamagedEncoder, unpack_encoder
from suggest.retrieve.vectors import Embeddings

log = logging.getLogger(__name__)

MOST_LOADED = 4  # tuned encoders in memory; all-MiniLM-L6-v2 takes about 130 MB
CACHED_TEXTS = 4_000  # of each tuned encoder's batcher
_WHOLE = "whole"  # written last into an unpacked folder

Load = Callable[[Path, Path], Encoder]  # folder, and where its export to ONNX is kept


def load_from(folder: Path, cache_dir: Path, *, threads: int = 1) -> Encoder:
    return load_encoder(str(folder), cache_dir=cache_dir, threads=threads)


class Encoders:
    """Thread-safe."""

    def __init__(
        self,
        default: Batcher,
        *,
        folder: Path,
        fetch: Callable[[str], bytes],
        load: Load = load_from,
        most_loaded: int = MOST_LOADED,
        cached_texts: int = CACHED_TEXTS,
    ) -> None:
        """`fetch` gets a blob by its hash."""
        self.default = default
        self._folder = folder
        self._fetch = fetch
        self._load = load
        self._most_loaded = most_loaded
        self._cached_texts = cached_texts
        self._batchers: dict[str, Batcher] = {}
        self._loaded: OrderedDict[str, Encoder] = OrderedDict()
        self._unused: set[str] = set()
        self._lock = threading.RLock()
        self._unpacking = threading.Lock()

    @property
    def default_ref(self) -> EncoderRef:
        return EncoderRef(fingerprint=self.default.fingerprint, dim=self.default.dim)

    def batcher(self, ref: EncoderRef) -> Batcher:
        """The batcher of an encoder, read at its first use. Raises EncoderUnavailable where it can be had nowhere."""
        if ref.fingerprint == self.default.fingerprint:
            return self.default
        with self._lock:
            self._unused.discard(ref.fingerprint)
            if (known := self._batchers.get(ref.fingerprint)) is not None:
                return known
        self.folder_of(ref)
        with self._lock:
            if ref.fingerprint not in self._batchers:
                self._batchers[ref.fingerprint] = Batcher(_SeldomLoaded(ref, self), cache_size=self._cached_texts)
            return self._batchers[ref.fingerprint]

    def folder_of(self, ref: EncoderRef) -> Path:
        """Where a tuned encoder lies unpacked, which is now if it did not before. Raises EncoderUnavailable."""
        target = self._folder / ref.fingerprint
        if (target / _WHOLE).is_file():
            return target
        if ref.blob is None:
            raise EncoderUnavailable(
                f"the encoder {ref.fingerprint} is not the configured one ({self.default.fingerprint}), nor was it "
                "tuned here; configure it again, or train, which makes a bundle for the one that is"
            )
        with self._unpacking:
            if not (target / _WHOLE).is_file():
                self._unpack(self._fetched(ref.fingerprint, ref.blob), target, ref)
        return target

    def adopt(self, made: Path, ref: EncoderRef) -> Path:
        """Take over a folder that a training run made, with its export: nothing has to be made again."""
        target = self._folder / ref.fingerprint
        with self._unpacking:
            if not (target / _WHOLE).is_file():
                self._finish(made, target, ref)
        return target

    def encoder(self, ref: EncoderRef) -> Encoder:
        """The encoder itself, from memory or from disk. Raises EncoderUnavailable."""
        with self._lock:
            if (found := self._loaded.get(ref.fingerprint)) is not None:
                self._loaded.move_to_end(ref.fingerprint)
                return found
        found = self._open(self.folder_of(ref))
        if found.fingerprint != ref.fingerprint:
            shutil.rmtree(self._folder / ref.fingerprint, ignore_errors=True)
            raise EncoderUnavailable(
                f"what lies at {self._folder / ref.fingerprint} is the encoder {found.fingerprint}; it was removed and "
                "is unpacked again at the next use"
            )
        with self._lock:
            self._loaded[ref.fingerprint] = found
            while len(self._loaded) > self._most_loaded:
                self._loaded.popitem(last=False)
        return found

    def _open(self, folder: Path) -> Encoder:
        return self._load(folder, folder)  # its export lies beside its weights, and goes with them

    def opened(self) -> list[Batcher]:
        """The default one, then those of tuned encoders that are in use."""
        with self._lock:
            return [self.default, *self._batchers.values()]

    def warm(self) -> None:
        """Warm all that are open: the default one first."""
        self.default.warm()
        for batcher in self.opened()[1:]:
            try:
                batcher.warm()
            except (EncoderUnavailable, OSError):
                log.exception("the tuned encoder %s cannot be read; its surfaces rank by words", batcher.fingerprint)

    @property
    def n_waiting(self) -> int:
        """Texts in all queues, bulk work apart."""
        return sum(batcher.n_waiting for batcher in self.opened())

    def let_go(self, in_use: Iterable[str]) -> None:
        """Close the encoders that no surface has served with since the last call."""
        keep = set(in_use)
        with self._lock:
            gone = self._unused - keep
            closed = [self._batchers.pop(name) for name in gone if name in self._batchers]
            for name in gone:
                self._loaded.pop(name, None)
            self._unused = set(self._batchers) - keep
        for batcher in closed:
            batcher.close()

    def tidy(self, wanted: Iterable[str]) -> None:
        """Remove the folders of encoders that nobody would serve with soon; blobs bring them back."""
        keep = set(wanted)
        for folder in self._folder.iterdir() if self._folder.is_dir() else ():
            if folder.name not in keep and folder.name not in self._batchers:
                shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        with self._lock:
            batchers = list(self._batchers.values())
            self._batchers.clear()
            self._loaded.clear()
        for batcher in batchers:
            batcher.close()

    def _fetched(self, fingerprint: str, blob: str) -> bytes:
        try:
            return self._fetch(blob)
        except NotFound as gone:
            raise EncoderUnavailable(
                f"the encoder {fingerprint} was made long ago and is kept no more; promote a later bundle, or train"
            ) from gone

    def _unpack(self, content: bytes, target: Path, ref: EncoderRef) -> None:
        part = self._folder / f".{ref.fingerprint}-{secrets.token_hex(4)}"
        try:
            part.mkdir(parents=True)
            unpack_encoder(content, part)
            self._finish(part, target, ref)
        except DamagedEncoder as error:
            raise EncoderUnavailable(f"the encoder {ref.fingerprint} cannot be read: {error}") from error
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def _finish(self, part: Path, target: Path, ref: EncoderRef) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        (part / _WHOLE).write_text(json.dumps(ref.to_json()))
        shutil.rmtree(target, ignore_errors=True)
        os.replace(part, target)


class _SeldomLoaded:
    """An encoder that is read when it is needed and may be forgotten when it is not."""

    def __init__(self, ref: EncoderRef, encoders: Encoders) -> None:
        self.fingerprint = ref.fingerprint
        self.dim = ref.dim
        self._ref = ref
        self._encoders = encoders

    def encode(self, texts: Sequence[str]) -> Embeddings:
        return self._encoders.encoder(self._ref).encode(texts)
