"""Consensus: relabelling changes nothing, more voices never blur, and nobody's word is certain."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.metrics.consensus import PRIOR_RIGHT, PRIOR_WRONG, Fit, Labels, accuracies, fit_dawid_skene, one_coin

SPEC = settings(derandomize=True, deadline=None, max_examples=50)
K, N_ITEMS, N_WORKERS = 3, 4, 3
voices = st.lists(st.tuples(st.sampled_from("abc"), st.floats(0.05, 0.95)), min_size=1, max_size=6)
votes = st.lists(
    st.tuples(st.integers(0, N_ITEMS - 1), st.integers(0, N_WORKERS - 1), st.integers(0, K - 1)), max_size=20
)
told = st.lists(
    st.tuples(st.sampled_from("ijk"), st.sampled_from(["ann", "bob", "cy"]), st.sampled_from("xyz")), max_size=15
)


def fitted(rows: list[tuple[int, int, int]]) -> Fit:
    table: Labels = np.array(rows, np.int64).reshape(-1, 3)
    return fit_dawid_skene(table[:, 0], table[:, 1], table[:, 2], k=K, n_items=N_ITEMS, n_workers=N_WORKERS)


# -- one question ------------------------------------------------------------------------------------------------------


@SPEC
@given(voices, st.integers(2, 6))
def test_each_answer_has_its_share_of_all_that_could_be_true(said: list[tuple[str, float]], n_answers: int) -> None:
    given_ = list(dict.fromkeys(answer for answer, _ in said))
    k = max(n_answers, len(given_))
    truths = given_ + [f"unsaid {n}" for n in range(k - len(given_))]
    likely = {z: math.prod(p if a == z else (1 - p) / (k - 1) for a, p in said) for z in truths}
    expected = {z: likely[z] / sum(likely.values()) for z in given_}
    assert one_coin(said, n_answers) == pytest.approx(expected)


@SPEC
@given(voices)
def test_who_speaks_first_does_not_matter(said: list[tuple[str, float]]) -> None:
    assert one_coin(said[::-1], 4) == pytest.approx(one_coin(said, 4))


@pytest.mark.parametrize("k", [2, 3, 5])
def test_who_guesses_among_k_answers_adds_nothing(k: int) -> None:
    without = one_coin([("a", 0.8), ("b", 0.7)], k)
    assert one_coin([("a", 0.8), ("b", 0.7), ("b", 1 / k)], k) == pytest.approx(without)


def test_an_even_split_of_equals_is_even_and_of_unequals_goes_to_the_surer() -> None:
    assert one_coin([("a", 0.8), ("b", 0.8)], 2) == pytest.approx({"a": 0.5, "b": 0.5})
    found = one_coin([("a", 0.9), ("b", 0.6)], 2)
    assert found["a"] > 0.5 > found["b"]


def test_nobody_is_beyond_doubt_even_who_is_always_right() -> None:
    found = one_coin([("a", 1.0), ("b", 1.0)], 2)
    assert found == pytest.approx({"a": 0.5, "b": 0.5})
    assert one_coin([("a", 0.0)], 2)["a"] == pytest.approx(0.0, abs=1e-5)


def test_many_voices_stay_within_numbers() -> None:
    found = one_coin([("a", 0.99)] * 2_000 + [("b", 0.99)] * 1_999, 4)
    assert found["a"] == pytest.approx(297 / 298)  # one voice more: .99 to .01 / 3
    assert found["a"] + found["b"] == pytest.approx(1.0)


def test_many_who_are_wrong_leave_it_to_what_nobody_said() -> None:
    with np.errstate(all="raise", under="ignore"):
        assert one_coin([("a", 0.0)] * 100, 4)["a"] == pytest.approx(0.0)
        assert one_coin([("a", 0.0)] * 100 + [("b", 0.0)] * 100, 2) == pytest.approx({"a": 0.5, "b": 0.5})


def test_of_no_voices_there_is_no_answer() -> None:
    assert one_coin([], 4) == {}


# -- a confusion matrix a worker ---------------------------------------------------------------------------------------


@SPEC
@given(votes)
def test_a_fit_is_made_of_chances_and_counts(rows: list[tuple[int, int, int]]) -> None:
    fit = fitted(rows)
    np.testing.assert_allclose(fit.posterior.sum(axis=1), 1.0)
    np.testing.assert_allclose(fit.confusion.sum(axis=2), 1.0)
    assert fit.n_answers.sum() == len(rows)
    assert (fit.expected_right <= fit.n_answers + 1e-9).all()
    assert (fit.expected_right >= 0).all()


@SPEC
@given(votes)
def test_each_posterior_is_bayes_rule_with_the_confusion_that_was_found(rows: list[tuple[int, int, int]]) -> None:
    fit = fitted(rows)
    share = (fit.posterior.sum(axis=0) + 1.0) / (N_ITEMS + K)
    for i in range(N_ITEMS):
        likely = share.copy()
        for item, worker, answer in rows:
            if item == i:
                likely = likely * fit.confusion[worker, :, answer]
        np.testing.assert_allclose(fit.posterior[i], likely / likely.sum(), atol=2e-3)


@SPEC
@given(votes, st.sampled_from(list(itertools.permutations(range(K)))))
def test_what_answers_are_called_does_not_matter(rows: list[tuple[int, int, int]], names: tuple[int, ...]) -> None:
    fit, renamed = fitted(rows), fitted([(i, w, names[a]) for i, w, a in rows])
    np.testing.assert_allclose(renamed.posterior[:, list(names)], fit.posterior, atol=1e-6)
    np.testing.assert_allclose(renamed.expected_right, fit.expected_right, atol=1e-5)


def test_who_said_nothing_has_the_prior_and_no_bounds() -> None:
    fit = fitted([(0, 0, 1)])
    silent = fit.confusion[2]
    assert np.diag(silent).tolist() == pytest.approx([PRIOR_RIGHT / (PRIOR_RIGHT + PRIOR_WRONG)] * K)
    assert silent[0, 1] == silent[0, 2] == pytest.approx(0.1)
    interval = fit.accuracy(2)
    assert (interval.low, interval.high, interval.n) == (0.0, 1.0, 0)


def test_an_item_that_nobody_answered_has_the_shares_of_the_others() -> None:
    fit = fitted([(0, 0, 1), (0, 1, 1), (1, 0, 1), (1, 1, 1)])
    assert fit.posterior[3].argmax() == 1
    assert fit.posterior[3].max() < fit.posterior[0].max()


def test_of_no_answers_nothing_is_fitted() -> None:
    none = np.zeros(0, np.int64)
    fit = fit_dawid_skene(none, none, none, k=2)
    assert (fit.posterior.shape, fit.confusion.shape, len(fit.expected_right)) == ((0, 2), (0, 2, 2), 0)


@pytest.mark.parametrize("answer", [-1, 2])
def test_answers_that_do_not_exist_are_refused(answer: int) -> None:
    one = np.zeros(1, np.int64)
    with pytest.raises(ValueError, match="whole numbers from 0 to 1"):
        fit_dawid_skene(one, one, np.array([answer]), k=2)


# -- how often each is right -------------------------------------------------------------------------------------------


@SPEC
@given(told)
def test_only_questions_with_company_count_and_no_more_than_were_answered(rows: list[tuple[str, str, str]]) -> None:
    found = accuracies(rows, dict.fromkeys("ijk", 3))
    company = {item for item, _, _ in rows if len({w for i, w, _ in rows if i == item}) > 1}
    counts = {w: sum(1 for i, who, _ in rows if who == w and i in company) for w in ("ann", "bob", "cy")}
    assert {w: n for w, (_, n) in found.items()} == {w: n for w, n in counts.items() if n}
    assert all(0 <= right <= n for right, n in found.values())


@SPEC
@given(told)
def test_rates_and_consensus_agree_with_each_other(rows: list[tuple[str, str, str]]) -> None:
    """At the end, what each is said to have got right is what the consensus of all at those rates says they did."""
    found = accuracies(rows, dict.fromkeys("ijk", 3))
    rates = {w: (PRIOR_RIGHT + right) / (PRIOR_RIGHT + PRIOR_WRONG + n) for w, (right, n) in found.items()}
    right = dict.fromkeys(found, 0.0)
    for item in {i for i, _, _ in rows}:
        here = [(answer, w) for i, w, answer in rows if i == item]
        if len({w for _, w in here}) > 1:
            chance = one_coin([(answer, rates[w]) for answer, w in here], 3)
            for answer, w in here:
                right[w] += chance[answer]
    assert right == pytest.approx({w: r for w, (r, _) in found.items()}, abs=1e-3)


def test_who_is_mostly_outvoted_is_right_less_often() -> None:
    rows = [(str(n), w, "x") for n in range(12) for w in ("ann", "bob")] + [(str(n), "cy", "y") for n in range(12)]
    found = accuracies(rows, {})
    assert found["ann"] == found["bob"]
    assert found["cy"][0] < 2 < 10 < found["ann"][0]


def test_agreement_counts_for_more_where_chance_would_seldom_agree() -> None:
    rows = [("i", "ann", "x"), ("i", "bob", "x")]
    of_two, of_many = accuracies(rows, {"i": 2})["ann"][0], accuracies(rows, {"i": 50})["ann"][0]
    assert of_two == pytest.approx(accuracies(rows, {})["ann"][0]), "two answers where nobody says how many"
    assert 0.9 < of_two < of_many < 1.0
