"""What is picked stands for many, is far from what is known, and goes by how unsure the model is."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suggest.policy.picks import Floats, arms, pick, weights


def unit_rows(n: int, seed: int) -> Floats:
    rows = np.random.default_rng(seed).normal(size=(n, 6))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def worth(rows: Floats, weight: Floats, covered: Floats, picked: list[int]) -> float:
    """The sum that is to be large: how near each context, by its weight, is to something that will be answered."""
    best = np.maximum(covered, 0.0) ** 2
    for each in picked:
        best = np.maximum(best, np.maximum(rows @ rows[each], 0.0) ** 2)
    return float(weight @ best)


def test_one_of_each_heap_and_the_largest_first() -> None:
    heaps = np.eye(6, dtype=np.float32)[[0] * 5 + [1] * 9 + [2] * 2]
    nothing = np.full(16, -1.0, np.float32)
    assert pick(heaps, np.ones(16, np.float32), nothing, 3).tolist() == [5, 0, 14]


def test_what_was_answered_near_is_not_asked_again() -> None:
    heaps = np.eye(6, dtype=np.float32)[[0] * 5 + [1] * 2]
    covered = np.array([1.0] * 5 + [0.0] * 2, np.float32)
    assert pick(heaps, np.ones(7, np.float32), covered, 5).tolist() == [5]


def test_doubt_decides_between_heaps_of_one_size() -> None:
    heaps = np.eye(6, dtype=np.float32)[[0, 0, 1, 1]]
    weight = weights([0.9, 0.9, 0.1, 0.1])
    assert pick(heaps, weight, np.full(4, -1.0, np.float32), 1).tolist() == [2]


def test_a_model_that_knows_nothing_leaves_it_to_coverage() -> None:
    unsure = weights([0.01, 0.02, 0.0])
    assert unsure.min() > 0.95
    assert weights([1.0, 1.5, -0.1]).tolist() == [0.0, 0.0, 1.0], "margins beyond their bounds are bounds"


@given(n=st.integers(1, 9), k=st.integers(1, 4), seed=st.integers(0, 10_000))
def test_it_is_within_the_bound_of_the_best_set_and_no_pick_comes_twice(n: int, k: int, seed: int) -> None:
    rows, rng = unit_rows(n, seed), np.random.default_rng(seed)
    weight, covered = rng.random(n).astype(np.float32), (rng.random(n) - 0.5).astype(np.float32)
    picked = pick(rows, weight, covered, k).tolist()
    assert len(set(picked)) == len(picked) <= min(n, k)
    before = worth(rows, weight, covered, [])
    best = max(worth(rows, weight, covered, list(each)) for each in combinations(range(n), min(n, k)))
    assert worth(rows, weight, covered, picked) - before >= (1 - 1 / np.e) * (best - before) - 1e-4


def test_lengths_must_agree_and_there_is_always_a_blind_share() -> None:
    with pytest.raises(ValueError, match="covered"):
        pick(unit_rows(3, 0), np.ones(3, np.float32), np.ones(2, np.float32), 1)
    with pytest.raises(ValueError, match="blind"):
        arms(3, 0.0, np.random.default_rng(0))
    drawn = arms(20_000, 0.1, np.random.default_rng(0))
    assert abs(float(drawn.mean()) - 0.1) < 0.01  # five standard errors
