"""Ranking metrics against hand-worked lists, sets of right answers, and requests that have none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suggest.metrics.ranking import first_right_rank, mrr, ndcg_at_k, reciprocal_ranks, top_k_hits

LISTS = [["a", "b", "c"], ["a", "b", "c"], ["a", "b", "c"], ["a", "b", "c"]]
RIGHT: list[set[str]] = [{"a"}, {"c"}, {"x"}, {"b", "c"}]


def test_a_hit_is_any_right_option_within_the_first_k() -> None:
    assert top_k_hits(LISTS, RIGHT, 1).tolist() == [1, 0, 0, 0]
    assert top_k_hits(LISTS, RIGHT, 2).tolist() == [1, 0, 0, 1]
    assert top_k_hits(LISTS, RIGHT, 3).tolist() == [1, 1, 0, 1]


def test_the_first_right_option_makes_the_reciprocal_rank() -> None:
    assert reciprocal_ranks(LISTS, RIGHT).tolist() == pytest.approx([1, 1 / 3, 0, 1 / 2])
    assert mrr(LISTS, RIGHT).mid == pytest.approx((1 + 1 / 3 + 1 / 2) / 4)


def test_a_request_no_option_is_right_for_has_no_rank() -> None:
    nobody: list[set[str]] = [set()]
    assert np.isnan(top_k_hits([["a"]], nobody, 1)).all()
    assert np.isnan(reciprocal_ranks([["a"]], nobody)).all()
    assert np.isnan(ndcg_at_k([["a"]], nobody, 1)).all()
    assert mrr([["a"], ["a"]], [set(), {"a"}]).n == 1


def test_an_empty_list_is_a_miss_and_not_an_error() -> None:
    assert top_k_hits([[]], [{"a"}], 3).tolist() == [0]
    assert ndcg_at_k([[]], [{"a"}], 3).tolist() == [0]


def test_binary_ndcg_of_one_right_option_is_the_discount_of_its_rank() -> None:
    assert ndcg_at_k(LISTS[:2], RIGHT[:2], 3).tolist() == pytest.approx([1.0, 1 / math.log2(4)])


def test_ndcg_counts_right_options_the_list_left_out() -> None:
    ideal = 1 + 1 / math.log2(3)
    assert ndcg_at_k([["a"]], [{"a", "never-ranked"}], 5).tolist() == pytest.approx([1 / ideal])


def test_the_ideal_is_cut_at_k_too() -> None:
    assert ndcg_at_k([["a", "b"]], [{"a", "b", "c"}], 2).tolist() == [1.0]


def test_graded_ndcg_by_hand() -> None:
    gained = 3 / math.log2(2) + 2 / math.log2(3) + 0 + 1 / math.log2(5)
    ideal = 3 / math.log2(2) + 2 / math.log2(3) + 1 / math.log2(4)
    graded = {"a": 3.0, "b": 2.0, "d": 1.0}
    assert ndcg_at_k([["a", "b", "c", "d"]], [graded], 10).tolist() == pytest.approx([gained / ideal])


@given(gains=st.lists(st.floats(0, 10), min_size=2, max_size=6).filter(any), seed=st.integers(0, 99))
def test_no_order_beats_the_ideal_one(gains: list[float], seed: int) -> None:
    ids = [str(i) for i in range(len(gains))]
    gain_of = dict(zip(ids, gains, strict=True))
    best = sorted(ids, key=lambda i: -gain_of[i])
    shuffled = np.random.default_rng(seed).permutation(ids).tolist()
    value = ndcg_at_k([best, shuffled], [gain_of, gain_of], len(ids))
    if not np.isnan(value).any():  # gains too small to be told from nothing
        assert value[0] == pytest.approx(1.0)
        assert 0.0 <= value[1] <= 1.0 + 1e-12


@given(st.permutations(list("abcde")), st.sets(st.sampled_from("abcde"), min_size=1), st.integers(1, 5))
def test_a_hit_at_k_is_a_first_rank_of_at_most_k(order: list[str], right: set[str], k: int) -> None:
    by_eye = float(any(option in right for option in order[:k]))
    assert top_k_hits([order], [right], k)[0] == by_eye == float(first_right_rank([order], [right])[0] <= k)


def test_questions_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="k counts"):
        top_k_hits(LISTS, RIGHT, 0)
    with pytest.raises(ValueError, match="one list a request"):
        mrr(LISTS, RIGHT[:1])
    with pytest.raises(ValueError, match="gains"):
        ndcg_at_k([["a"]], [{"a": -1.0}], 1)
    with pytest.raises(ValueError, match="once only"):
        ndcg_at_k([["a", "a"]], [{"a"}], 2)
