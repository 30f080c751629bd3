"""What is fast agrees with what is plain: the memory and the lexical index against their definitions, written out."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from suggest.retrieve.hashing import HashingEncoder
from suggest.retrieve.lexical import LexicalIndex, tokens, trigrams
from suggest.retrieve.memory import LEAST_VOTING_WEIGHT, Memory
from suggest.retrieve.vectors import GrowingVectors, unit

MODEST = settings(max_examples=40, deadline=None, derandomize=True)
DIM = 6
KEYS, ITEMS = ["k0", "k1", "k2", "k3"], ["a", "b", None]
# every context has one vector of its own, as it has in life
VECTORS = dict(zip(KEYS, unit(np.random.default_rng(3).normal(size=(len(KEYS), DIM)).astype(np.float32)), strict=True))
QUERIES = unit(np.random.default_rng(4).normal(size=(3, DIM)).astype(np.float32))


@dataclass
class PlainMemory:
    """A dictionary of (key, item) -> weight, and loops."""

    rows: dict[tuple[str, str | None], float] = field(default_factory=dict)

    def add(self, key: str, item: str | None, weight: float) -> None:
        self.rows[key, item] = max(self.rows.get((key, item), 0.0), weight)

    def replace(self, key: str, items: list[str | None], weight: float) -> None:
        self.forget(key, None)
        for item in items:
            self.add(key, item, weight)

    def contradict(self, at: str, item: str, cosine: float, factor: float) -> None:
        for key, of in self.rows:
            if of == item and float(VECTORS[key] @ VECTORS[at]) >= cosine:
                self.rows[key, of] *= factor

    def forget(self, key: str | None, item: str | None) -> None:
        self.rows = {
            (k, i): w
            for (k, i), w in self.rows.items()
            if (key is not None and k != key) or (item is not None and i != item)
        }

    def votes(self, but: str | None = None) -> list[tuple[str, str | None, float]]:
        return [(k, i, w) for (k, i), w in self.rows.items() if w > LEAST_VOTING_WEIGHT and k != but]

    def centroid(self, item: str | None, but: str | None) -> tuple[NDArray[np.float32], float]:
        of = [(VECTORS[k], w) for k, i, w in self.votes(but) if i == item]
        total = sum(w for _, w in of)
        mean = sum((w * v for v, w in of), np.zeros(DIM, np.float32))
        return (unit(mean[None])[0] if of else mean), total


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from(KEYS), st.sampled_from(ITEMS), st.sampled_from([0.35, 0.7, 1.0])),
        st.tuples(st.just("replace"), st.sampled_from(KEYS), st.sampled_from(ITEMS), st.just(1.0)),
        st.tuples(
            st.just("contradict"), st.sampled_from(KEYS), st.sampled_from(["a", "b"]), st.sampled_from([0.5, 0.1])
        ),
        st.tuples(st.just("forget"), st.sampled_from(KEYS), st.none() | st.sampled_from(["a", "b"]), st.just(0.0)),
        st.tuples(st.just("forget item"), st.sampled_from(KEYS), st.sampled_from(["a", "b"]), st.just(0.0)),
    ),
    max_size=25,
)


@MODEST
@given(STEPS)
def test_any_history_leaves_the_memory_of_a_dictionary(steps: list[tuple[str, str, str | None, float]]) -> None:
    memory, plain = Memory(DIM), PlainMemory()
    for act, key, item, value in steps:
        if act == "add":
            memory.add(key, VECTORS[key], item, weight=value)
            plain.add(key, item, value)
        elif act == "replace":
            memory.replace(key, VECTORS[key], [item], weight=value)
            plain.replace(key, [item], value)
        elif act == "contradict":
            assert item is not None
            memory.contradict(VECTORS[key], item, cosine=0.3, factor=value)
            plain.contradict(key, item, 0.3, value)
        elif act == "forget":
            memory.forget(key=key, item=item)
            plain.forget(key, item)
        else:
            memory.forget(item=item)
            plain.forget(None, item)
    assert len(memory) == len(plain.rows)
    kept_keys, vectors, items, weights = memory.matrices()
    told = {(k, i): float(w) for k, i, w in zip(kept_keys, items, weights, strict=True)}
    assert told == pytest.approx(plain.rows, rel=1e-5)
    for key, vector in zip(kept_keys, vectors, strict=True):
        np.testing.assert_array_equal(vector, VECTORS[key])
    for query in QUERIES:
        for but in (None, "k1"):
            found = memory.neighbours(query, 50, exclude_key=but)
            cosines = sorted((float(VECTORS[k] @ query) for k, _, _ in plain.votes(but)), reverse=True)
            assert found.cosines.tolist() == pytest.approx(cosines, abs=1e-6)
            assert sorted(map(str, zip(found.keys, found.items, strict=True))) == sorted(
                str((k, i)) for k, i, _ in plain.votes(but)
            )
    for but in (None, "k2"):
        centres, totals = memory.centroids(ITEMS, exclude=() if but is None else (but,))
        for place, item in enumerate(ITEMS):
            centre, total = plain.centroid(item, but)
            assert totals[place] == pytest.approx(total, abs=1e-5)
            if total:
                np.testing.assert_allclose(centres[place], centre, atol=1e-4)


@pytest.mark.parametrize("weight", [0.0, -1.0, math.inf, math.nan])
def test_a_weight_is_finite_and_above_nothing(weight: float) -> None:
    memory = Memory(DIM)
    with pytest.raises(ValueError, match="weights"):
        memory.add("k0", VECTORS["k0"], "a", weight=weight)
    with pytest.raises(ValueError, match="weights"):
        memory.replace("k0", VECTORS["k0"], ["a"], weight=weight)
    assert len(memory) == 0


def test_a_memory_below_its_vote_stays_and_may_rise_again() -> None:
    memory = Memory(DIM)
    memory.add("k0", VECTORS["k0"], "a")
    for _ in range(6):
        memory.contradict(VECTORS["k0"], "a", factor=0.5)
    assert memory.neighbours(VECTORS["k0"], 5).items == ()
    assert len(memory) == 1, "it is remembered without a vote"
    memory.add("k0", VECTORS["k0"], "a", weight=0.7)
    assert memory.neighbours(VECTORS["k0"], 5).items == ("a",)


# -- words

VOCABULARY = ("refund", "parcel", "where", "is", "my", "the", "late", "money", "size", "shoe")
WORDS = st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=6)
TEXTS = st.lists(WORDS.map(" ".join), min_size=1, max_size=6)


def by_definition(query: str, texts: list[str]) -> list[float]:
    """(cosine of words + cosine of trigrams) / 2, binary vectors weighted by log(1 + n / (1 + df)), as it is said."""

    def cosine(asked: tuple[str, ...], said: tuple[str, ...], everything: list[tuple[str, ...]]) -> float:
        def weight(feature: str) -> float:
            df = sum(feature in each for each in everything)
            return math.log1p(len(everything) / (1 + df)) ** 2

        shared = sum(weight(f) for f in set(asked) & set(said))
        norms = sum(map(weight, set(asked))) * sum(map(weight, set(said)))
        return shared / math.sqrt(norms) if norms else 0.0

    words, parts = [tokens(t) for t in texts], [trigrams(t) for t in texts]
    return [
        0.5 * cosine(tokens(query), words[n], words) + 0.5 * cosine(trigrams(query), parts[n], parts)
        for n in range(len(texts))
    ]


@MODEST
@given(TEXTS, WORDS.map(" ".join))
def test_the_index_says_what_its_definition_says(texts: list[str], query: str) -> None:
    index = LexicalIndex()
    ids = [f"c{n}" for n in range(len(texts))]
    index.upsert(ids, texts)
    assert index.scores(query, ids).tolist() == pytest.approx(by_definition(query, texts), abs=1e-4)


@MODEST
@given(TEXTS, st.data())
def test_it_says_so_after_any_retirement_and_rewording_too(texts: list[str], data: st.DataObject) -> None:
    index = LexicalIndex()
    ids = [f"c{n}" for n in range(len(texts))]
    index.upsert(ids, ["something else"] * len(texts))
    index.upsert(ids, texts)
    gone = data.draw(st.sets(st.sampled_from(ids), max_size=len(ids) - 1))
    for id in gone:
        index.retire(id)
        index.retire(id)
    left = [n for n, id in enumerate(ids) if id not in gone]
    query = data.draw(WORDS.map(" ".join))
    expected = by_definition(query, [texts[n] for n in left])
    assert index.scores(query, [ids[n] for n in left]).tolist() == pytest.approx(expected, abs=1e-4)
    assert index.scores(query, sorted(gone)).tolist() == [0.0] * len(gone)
    best = [id for id, _ in index.nearest(query, 50)]
    assert set(best) == {ids[n] for n, score in zip(left, expected, strict=True) if score > 0}


# -- vectors


@MODEST
@given(n=st.integers(0, 60), k=st.integers(0, 70), seed=st.integers(0, 1000), hidden=st.floats(0, 1))
def test_nearest_is_the_sorted_product_over_what_may_be_found(n: int, k: int, seed: int, hidden: float) -> None:
    rng = np.random.default_rng(seed)
    growing = GrowingVectors(DIM)
    rows = unit(rng.normal(size=(n, DIM)).astype(np.float32))
    for start in range(0, n, 7):
        growing.append(rows[start : start + 7])
    alive = rng.random(n) >= hidden
    query = QUERIES[0]
    found, cosines = growing.snapshot().nearest(query, k, alive)
    expected = sorted((float(rows[i] @ query) for i in np.flatnonzero(alive)), reverse=True)[:k]
    assert cosines.tolist() == pytest.approx(expected, abs=1e-5)
    assert all(alive[row] for row in found)


# -- the hashing encoder


@MODEST
@given(st.lists(st.text(max_size=20), min_size=1, max_size=5), st.sampled_from([8, 96, 384]))
def test_hashing_gives_unit_rows_that_depend_on_their_own_text_alone(texts: list[str], dim: int) -> None:
    encoder = HashingEncoder(dim)
    rows = encoder.encode(texts)
    assert rows.shape == (len(texts), dim)
    assert np.isfinite(rows).all()
    norms = np.linalg.norm(rows, axis=1)
    assert all(norm == pytest.approx(1.0, abs=1e-5) or norm == 0.0 for norm in norms)
    for text, row in zip(texts, rows, strict=True):
        np.testing.assert_allclose(encoder.encode([text])[0], row, atol=1e-6)


def test_hashing_is_the_same_in_every_process_and_says_its_size() -> None:
    assert HashingEncoder(96).fingerprint != HashingEncoder(128).fingerprint
    near, far = (
        HashingEncoder(384).encode(["where is my parcel", "my parcel where is it"]),
        HashingEncoder(384).encode(["zymurgy"]),
    )
    assert near[0] @ near[1] > 0.6 > near[0] @ far[0]
