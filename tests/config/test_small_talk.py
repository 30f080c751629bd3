"""The trigger: fitted once for an encoder, kept, fitted again when what was kept is damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from suggest.config.small_talk import open_trigger
from suggest.retrieve.batcher import Batcher
from suggest.retrieve.hashing import HashingEncoder
from suggest.retrieve.vectors import Embeddings


class Meaningful:
    """The hashing encoder under a name that does not say so: what is fitted here is the plumbing."""

    def __init__(self) -> None:
        self._inner = HashingEncoder(256)
        self.dim = 256
        self.fingerprint = "meaningful"
        self.n_texts = 0

    def encode(self, texts: list[str]) -> Embeddings:
        self.n_texts += len(texts)
        return self._inner.encode(texts)


def test_it_is_fitted_once_and_read_from_then_on(tmp_path: Path) -> None:
    encoder = Meaningful()
    batcher = Batcher(encoder)  # type: ignore[arg-type]  # lists are the sequences it is called with
    first = open_trigger(batcher, cache_dir=tmp_path)
    n_texts = encoder.n_texts
    again = open_trigger(batcher, cache_dir=tmp_path)
    batcher.close()
    assert first is not None
    assert again is not None
    assert n_texts > 100
    assert encoder.n_texts == n_texts
    asked = HashingEncoder(256).encode(["where is my order?"])[0]
    assert again.needs_answer(asked) == pytest.approx(first.needs_answer(asked), abs=1e-3)


def test_it_tells_thanks_from_questions(tmp_path: Path) -> None:
    batcher = Batcher(Meaningful())  # type: ignore[arg-type]
    trigger = open_trigger(batcher, cache_dir=tmp_path)
    thanks, question = batcher.encode(["ok thanks", "how do i return this?"])
    batcher.close()
    assert trigger is not None
    assert trigger.needs_answer(thanks) < 0.5 < trigger.needs_answer(question)


def test_a_damaged_file_is_made_anew(tmp_path: Path) -> None:
    batcher = Batcher(Meaningful())  # type: ignore[arg-type]
    open_trigger(batcher, cache_dir=tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_text("{")
    assert open_trigger(batcher, cache_dir=tmp_path) is not None
    batcher.close()
    assert kept.read_text() != "{"


def test_an_encoder_without_meaning_gets_none(tmp_path: Path) -> None:
    batcher = Batcher(HashingEncoder())
    assert open_trigger(batcher, cache_dir=tmp_path) is None
    batcher.close()
    assert list(tmp_path.iterdir()) == []
