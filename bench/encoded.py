"""The default encoder with a cache on disk, so that a benchmark run twice encodes once.

Rows are kept beside the exported encoder, outside the project: in SUGGEST_BENCH_CACHE, or a folder of the system's
temporary one. One file a corpus and encoder."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.corpora import Ask
from suggest.retrieve.context import embed_contexts
from suggest.retrieve.encoder import Encoder, load_encoder
from suggest.retrieve.vectors import Embeddings

CACHE = Path(os.environ.get("SUGGEST_BENCH_CACHE", Path(tempfile.gettempdir()) / "suggest-bench"))


class CachedEncoder:
    """Encodes each text once, ever; `save` writes what is new."""

    def __init__(self, name: str, *, folder: Path = CACHE, encoder: Encoder | None = None) -> None:
        self._encoder = encoder or load_encoder(cache_dir=folder)
        self.fingerprint, self.dim = self._encoder.fingerprint, self._encoder.dim
        self._file = folder / f"{name}-{self.fingerprint}.npz"
        self._rows: dict[str, np.ndarray] = {}
        self._is_new = False
        if self._file.exists():
            with np.load(self._file, allow_pickle=False) as kept:
                self._rows = dict(zip(kept["keys"].tolist(), kept["rows"], strict=True))

    def encode(self, texts: Sequence[str], /) -> Embeddings:
        keys = [hashlib.sha1(text.encode("utf-8", "replace")).hexdigest() for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._rows}
        if missing:
            self._rows |= dict(zip(missing, self._encoder.encode(list(missing.values())), strict=True))
            self._is_new = True
        return np.array([self._rows[key] for key in keys], np.float32).reshape(len(texts), self.dim)

    def of(self, asks: Sequence[Ask]) -> Embeddings:
        """Contexts as the server embeds them, earlier turns and all."""
        return embed_contexts(self, [(ask.text, ask.turns) for ask in asks])

    def save(self) -> None:
        if self._is_new:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            part = self._file.with_suffix(f".{os.getpid()}.part.npz")  # another run may be saving its own
            np.savez(part, keys=np.array(list(self._rows)), rows=np.array(list(self._rows.values()), np.float32))
            part.replace(self._file)
            self._is_new = False
