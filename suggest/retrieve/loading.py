"""An encoder that is named at once and loaded beside everything else.

What its vectors are called and how long they are stands in the encoder's folder; the weights take a second to load, and
half a minute to export at the very first start. So a data folder can be opened, and requests be ranked by words,
before there is anything to encode with (docs/decisions/0005)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from suggest.domain.errors import Overloaded
from suggest.retrieve.encoder import DEFAULT_ENCODER, Encoder, load_encoder, load_folder, mean_pooled_folder
from suggest.retrieve.vectors import Embeddings


class EncoderAbsent(Overloaded):
    """There is nothing to encode with: the encoder could not be loaded, or the server stops."""

    slug = "encoder-absent"
    title = "The encoder is not there"


class LoadingEncoder:
    """Implements Encoder. Loads on a thread of its own from the start; `encode` waits for that."""

    def __init__(self, *, dim: int, fingerprint: str, load: Callable[[], Encoder], folder: Path | None = None) -> None:
        self.folder = folder
        self.dim = dim
        self.fingerprint = fingerprint
        self._load = load
        self._encoder: Encoder | None = None
        self._error: Exception | None = None
        self._is_settled = threading.Event()
        # Nobody joins it: a stop need not wait for an export that nothing will use.
        threading.Thread(target=self._run, name="load-encoder", daemon=True).start()

    @property
    def is_loaded(self) -> bool:
        return self._encoder is not None

    def wait(self) -> None:
        """Return once it is loaded. Raises what went wrong, or EncoderAbsent after `give_up`."""
        self._is_settled.wait()
        if self._error is not None:
            raise self._error

    def encode(self, texts: Sequence[str]) -> Embeddings:
        self._is_settled.wait()
        if self._encoder is None:
            raise EncoderAbsent(f"Nothing can be encoded: {self._error}")
        return self._encoder.encode(texts)

    def n_pieces(self, text: str) -> int:
        """See OnnxEncoder.n_pieces; 0 while that is not known."""
        cut: Callable[[str], int] | None = getattr(self._encoder, "n_pieces", None)
        return 0 if cut is None else cut(text)

    def give_up(self) -> None:
        """Let everybody go who waits for it; harmless once it is loaded."""
        if not self._is_settled.is_set():
            self._error = EncoderAbsent("the server is stopping")
            self._is_settled.set()

    def _run(self) -> None:
        try:
            encoder = self._load()
            if (encoder.dim, encoder.fingerprint) != (self.dim, self.fingerprint):
                raise ValueError(f"the folder promised {self.dim} numbers a text, the encoder gives {encoder.dim}")
            self._encoder = encoder
        except Exception as error:  # whatever it is, whoever waits must hear of it
            self._error = error
        self._is_settled.set()


def open_encoder(name: str = DEFAULT_ENCODER, *, cache_dir: Path, threads: int = 1) -> Encoder:
    """The encoder of this name, as `load_encoder` would load it; still loading where its folder says all of it.

    Raises EncoderUnavailable where there is no such encoder."""
    folder = mean_pooled_folder(name)
    if folder is None:
        return load_encoder(name, cache_dir=cache_dir, threads=threads)
    load = partial(load_folder, folder, cache_dir=cache_dir, threads=threads, is_default=name == DEFAULT_ENCODER)
    return LoadingEncoder(dim=folder.dim, fingerprint=folder.fingerprint, load=load, folder=folder.path)
