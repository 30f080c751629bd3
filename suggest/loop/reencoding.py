"""One encoder in a training run: the vectors of what it has not embedded yet, made from stored text, once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from suggest.domain.bundle import EncoderRef
from suggest.retrieve.context import Turns, embed_contexts
from suggest.retrieve.encoder import Encoder
from suggest.store.vectors import VectorFile, text_key

Floats = NDArray[np.float32]
SAMPLE = 96  # texts whose encoding is timed
_AT_ONCE = 512


class Reencoder:
    """`Again` for one encoder; loads it only when something has to be encoded."""

    def __init__(
        self,
        ref: EncoderRef,
        load: Callable[[], Encoder],
        *,
        kept: VectorFile | None = None,
        report: Callable[[float], None] = lambda done: None,
    ) -> None:
        """`kept`: what was made by earlier runs. `report` hears the share of a call that is done."""
        self.ref = ref
        self._load = load
        self._kept = kept
        self._report = report
        self._encoder: Encoder | None = None
        self.made: dict[str, Floats] = {}  # by key, for those who serve with this encoder

    @property
    def encoder(self) -> Encoder:
        if self._encoder is None:
            self._encoder = self._load()
            if self._encoder.fingerprint != self.ref.fingerprint:
                raise ValueError(f"the encoder {self._encoder.fingerprint} lies where {self.ref.fingerprint} should")
        return self._encoder

    def texts(self, texts: Sequence[str], /) -> Floats:
        found = self._of({text_key(text): (text, ()) for text in texts})
        return np.array([found[text_key(text)] for text in texts], np.float32).reshape(len(texts), self.ref.dim)

    def contexts(self, stored: Mapping[str, object], /) -> Mapping[str, Floats]:
        return self._of({key: _said(context) for key, context in stored.items()})

    def write(self, file: Path) -> None:
        """Hand over what was made."""
        keys = list(self.made)
        rows = np.array([self.made[key] for key in keys], np.float16).reshape(len(keys), self.ref.dim)
        np.savez(file, keys=np.array(keys, np.str_), vectors=rows, encoder=np.array(json.dumps(self.ref.to_json())))

    def _of(self, wanted: Mapping[str, tuple[str, Turns]]) -> dict[str, Floats]:
        found = {key: self.made[key] for key in wanted if key in self.made}
        if self._kept is not None:
            found |= self._kept.get([key for key in wanted if key not in found])
        missing = [key for key in wanted if key not in found]
        for start in range(0, len(missing), _AT_ONCE):
            keys = missing[start : start + _AT_ONCE]
            rows = embed_contexts(self.encoder, [wanted[key] for key in keys])
            self.made.update(zip(keys, rows, strict=True))
            self._report((start + len(keys)) / len(missing))
        return found | {key: self.made[key] for key in missing}


def _said(stored: object) -> tuple[str, Turns]:
    told = json.loads(stored) if isinstance(stored, str) else stored
    if not isinstance(told, Mapping):
        return "", ()
    return str(told.get("text") or ""), [(str(t["role"]), str(t["text"])) for t in told.get("turns") or ()]


def texts_per_s(encoder: Encoder, texts: Sequence[str]) -> float:
    """How fast an encoder is, here and now, on such texts."""
    sample = [texts[i] for i in np.linspace(0, len(texts) - 1, min(SAMPLE, len(texts))).astype(int)]
    encoder.encode(sample[:8])
    started = time.perf_counter()
    encoder.encode(sample)
    return len(sample) / max(time.perf_counter() - started, 1e-6)
