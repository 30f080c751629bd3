"""What a retrain is told of requests about anything at all, and of what asks for nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from suggest.loop.made_up import Background
from suggest.loop.trial import Trial, _background

TRIAL = Trial(
    surface="desk",
    snapshot="s",
    encoder="e",
    dim=2,
    seed=0,
    threads=1,
    champion=None,
    at="2026-03-02T12:00:00Z",
)


def laid_out(folder: Path, needs: Sequence[bool]) -> Background:
    """As the server lays it out for the child."""
    texts = [f"text {n}" for n in range(len(needs))]
    rows = np.array([[n, 1] for n in range(len(needs))], np.float32)
    np.savez(folder / "background.npz", texts=np.array(texts), embeddings=rows, needs_answer=np.array(needs))
    return _background(folder / "background.npz", TRIAL, None)


def test_what_asks_for_nothing_is_told_apart_from_what_is_far(tmp_path: Path) -> None:
    about = laid_out(tmp_path, [True, False, True])
    assert (about.texts, about.talk) == (("text 0", "text 2"), ("text 1",))
    assert about.embeddings[:, 0].tolist() == [0, 2]
    assert about.talk_embeddings is not None
    assert about.talk_embeddings[:, 0].tolist() == [1]


def test_an_encoder_that_reads_words_only_tells_of_no_talk(tmp_path: Path) -> None:
    about = laid_out(tmp_path, [True, True])
    assert about.talk == ()
    assert about.talk_embeddings is None


@pytest.mark.parametrize("needs", [[True, False], [True, True]])
def test_in_another_encoders_vectors_it_tells_the_same(tmp_path: Path, needs: list[bool]) -> None:
    def other(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([[-float(text[-1]), 0] for text in texts], np.float32).reshape(len(texts), 2)

    about = laid_out(tmp_path, needs)
    again = about.by(other)
    assert (again.texts, again.talk) == (about.texts, about.talk)
    np.testing.assert_array_equal(again.embeddings[:, 0], -about.embeddings[:, 0])
    assert (again.talk_embeddings is None) == (about.talk_embeddings is None)
    if again.talk_embeddings is not None and about.talk_embeddings is not None:
        np.testing.assert_array_equal(again.talk_embeddings[:, 0], -about.talk_embeddings[:, 0])
