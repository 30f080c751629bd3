"""Risk and coverage by hand, with ties that no threshold can part."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suggest.metrics.selective import aurc, coverage_at_precision, risk_coverage

rows = st.lists(st.tuples(st.sampled_from([0.1, 0.4, 0.4, 0.8, 1.0]), st.booleans()), min_size=1, max_size=30)


@given(rows)
def test_every_point_is_what_answering_above_its_threshold_would_give(sample: list[tuple[float, bool]]) -> None:
    confidence, correct = np.array([c for c, _ in sample]), np.array([y for _, y in sample])
    curve = risk_coverage(confidence, correct)
    for threshold, coverage, risk in zip(curve.threshold, curve.coverage, curve.risk, strict=True):
        answered = confidence >= threshold
        assert coverage == pytest.approx(answered.mean())
        assert risk == pytest.approx(1 - correct[answered].mean())
    assert curve.coverage[-1] == 1.0
    assert (np.diff(curve.threshold) < 0).all()


def test_coverage_at_precision_may_pass_through_a_bad_stretch() -> None:
    confidence, correct = [0.9, 0.8, 0.7, 0.6, 0.5], [1, 0, 1, 1, 1]
    assert coverage_at_precision(confidence, correct, 0.8) == 1.0  # 4 of 5, though the first 2 hold only half
    assert coverage_at_precision(confidence, correct, 0.9) == 0.2


def test_a_precision_out_of_reach_covers_nothing() -> None:
    assert coverage_at_precision([0.9, 0.8], [0, 1], 0.95) == 0.0


def test_ties_are_answered_together_or_not_at_all() -> None:
    assert coverage_at_precision([0.9] * 10, [1] * 9 + [0], 0.95) == 0.0


def test_aurc_of_a_tie_is_the_mean_over_its_orders() -> None:
    tail = [1, 0, 0]
    over_orders = np.mean([aurc([0.9, 0.5, 0.4, 0.3], [1, *order]) for order in permutations(tail)])
    assert aurc([0.9, 0.4, 0.4, 0.4], [1, *tail]) == pytest.approx(over_orders)


def test_aurc_is_lowest_when_the_wrong_ones_come_last() -> None:
    confidence = [0.9, 0.7, 0.5, 0.3]
    assert aurc(confidence, [1, 1, 0, 0]) < aurc(confidence, [1, 0, 1, 0]) < aurc(confidence, [0, 0, 1, 1])


def test_a_model_that_is_always_right_risks_nothing() -> None:
    assert aurc([0.3, 0.9], [1, 1]) == 0.0
    assert risk_coverage([0.3, 0.9], [1, 1]).risk.tolist() == [0.0, 0.0]


def test_nothing_to_answer_is_refused() -> None:
    for metric in (aurc, risk_coverage):
        with pytest.raises(ValueError, match="no observations"):
            metric([], [])
