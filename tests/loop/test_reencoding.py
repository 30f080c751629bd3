"""Texts are encoded once by an encoder, whoever asks again, and only where nothing is known of them yet."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from suggest.domain.bundle import EncoderRef
from suggest.loop.reencoding import SAMPLE, Reencoder, texts_per_s
from suggest.store.vectors import VectorFile, text_key, vectors_of

DIM = 4
REF = EncoderRef(fingerprint="f1", dim=DIM)


class Counting:
    """Unit rows that depend on the text alone; remembers what it was asked."""

    dim = DIM

    def __init__(self, fingerprint: str = "f1") -> None:
        self.fingerprint = fingerprint
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.asked.extend(texts)
        rows = np.array([[1.0 + len(text), *map(float, text.encode()[:3].ljust(3, b"x"))] for text in texts])
        rows = rows.reshape(len(texts), DIM)
        return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), np.float32)


def again(encoder: Counting, kept: VectorFile | None = None, told: list[float] | None = None) -> Reencoder:
    return Reencoder(REF, lambda: encoder, kept=kept, report=(told if told is not None else []).append)


def test_rows_come_in_the_order_of_the_texts_with_repeats() -> None:
    encoder = Counting()
    rows = again(encoder).texts(["one", "two", "one"])
    np.testing.assert_array_equal(rows, Counting().encode(["one", "two", "one"]))
    assert encoder.asked == ["one", "two"]


def test_what_was_made_is_not_made_again() -> None:
    encoder = Counting()
    made = again(encoder)
    first = made.texts(["one", "two"])
    np.testing.assert_array_equal(made.texts(["two", "one"]), first[::-1])
    made.texts(["two", "three"])
    assert encoder.asked == ["one", "two", "three"]


def test_what_earlier_runs_kept_is_not_made_again_nor_handed_over(tmp_path: Path) -> None:
    kept = VectorFile(tmp_path / "v", DIM)
    kept.add([text_key("one")], Counting().encode(["one"]))
    encoder = Counting()
    made = again(encoder, kept)
    np.testing.assert_allclose(made.texts(["one", "two"]), Counting().encode(["one", "two"]), atol=1e-3)
    assert encoder.asked == ["two"]
    assert set(made.made) == {text_key("two")}


def test_where_nothing_is_missing_the_encoder_is_not_even_loaded(tmp_path: Path) -> None:
    kept = VectorFile(tmp_path / "v", DIM)
    kept.add([text_key("one")], Counting().encode(["one"]))

    def never() -> Counting:
        raise AssertionError("it was loaded")

    assert Reencoder(REF, never, kept=kept).texts(["one"]).shape == (1, DIM)
    assert Reencoder(REF, never).texts([]).shape == (0, DIM)
    assert Reencoder(REF, never).contexts({}) == {}


def test_another_encoder_in_its_place_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="the encoder f2 lies where f1 should"):
        again(Counting("f2")).texts(["one"])


def test_it_is_loaded_once() -> None:
    loads: list[int] = []

    def load() -> Counting:
        loads.append(1)
        return Counting()

    made = Reencoder(REF, load)
    made.texts(["one"])
    made.texts(["two"])
    assert loads == [1]


@pytest.mark.parametrize("stored", [{"text": "hello"}, json.dumps({"text": "hello"}), {"text": "hello", "turns": None}])
def test_a_context_is_read_as_a_value_or_as_its_json(stored: object) -> None:
    found = again(Counting()).contexts({"k": stored})
    np.testing.assert_array_equal(found["k"], Counting().encode(["hello"])[0])


@pytest.mark.parametrize("stored", [None, [], 7, "null", {}, {"text": None}])
def test_a_context_that_says_nothing_is_an_empty_text(stored: object) -> None:
    encoder = Counting()
    again(encoder).contexts({"k": stored})
    assert encoder.asked == [""]


def test_turns_colour_a_context() -> None:
    turns = [{"role": "user", "text": "which one?"}]
    found = again(Counting()).contexts({"a": {"text": "yes"}, "b": {"text": "yes", "turns": turns}})
    assert not np.array_equal(found["a"], found["b"])
    assert float(np.linalg.norm(found["b"])) == pytest.approx(1.0, abs=1e-6)


def test_a_text_and_a_context_of_the_same_words_do_not_share_a_key() -> None:
    made = again(Counting())
    made.texts(["one"])
    made.contexts({"c1": {"text": "one"}})
    assert set(made.made) == {text_key("one"), "c1"}


def test_progress_is_told_in_parts_and_ends_whole() -> None:
    told: list[float] = []
    again(Counting(), told=told).texts([f"text {n}" for n in range(1_100)])
    assert told == pytest.approx([512 / 1_100, 1_024 / 1_100, 1.0])


def test_what_was_made_is_handed_over_with_the_name_of_its_encoder(tmp_path: Path) -> None:
    made = again(Counting())
    rows = made.texts(["one", "two"])
    made.write(tmp_path / "made.npz")
    with np.load(tmp_path / "made.npz") as stored:
        keys, vectors = vectors_of(stored)
        assert EncoderRef.from_json(json.loads(str(stored["encoder"]))) == REF
    assert keys == [text_key("one"), text_key("two")]
    np.testing.assert_allclose(vectors, rows, atol=1e-3)


def test_nothing_made_is_handed_over_as_nothing(tmp_path: Path) -> None:
    again(Counting()).write(tmp_path / "made.npz")
    with np.load(tmp_path / "made.npz") as stored:
        keys, vectors = vectors_of(stored)
    assert keys == []
    assert vectors.shape == (0, DIM)


@pytest.mark.parametrize("n", [1, 5, SAMPLE, 10 * SAMPLE])
def test_the_pace_is_taken_on_a_sample_from_the_first_text_to_the_last(n: int) -> None:
    encoder, texts = Counting(), [f"text {i}" for i in range(n)]
    assert texts_per_s(encoder, texts) > 0
    timed = encoder.asked[min(8, n) :]
    assert len(timed) == min(n, SAMPLE)
    assert (timed[0], timed[-1]) == (texts[0], texts[-1])
    assert len(set(timed)) == len(timed)
