"""What people tell us of flatters the model; thinned to the rate of complaints it does not."""

from __future__ import annotations

import numpy as np
import pytest

from suggest.policy.judging import Engagement


def learned(told_if_right: float, told_if_wrong: float, n: int = 400, share_right: float = 0.9) -> Engagement:
    rng, known = np.random.default_rng(0), Engagement()
    for _ in range(n):
        right = bool(rng.random() < share_right)
        known = known.after(right=right, told=bool(rng.random() < (told_if_right if right else told_if_wrong)))
    return known


def test_unaudited_complaints_are_taken_to_be_rare() -> None:
    assert Engagement().kept_selections == pytest.approx(1 / 3)
    assert Engagement().inclusion(0.0) == 0.25


def test_audits_say_how_often_each_is_told() -> None:
    known = learned(0.6, 0.3)
    assert known.told_if_right == pytest.approx(0.6, abs=0.06)
    assert known.told_if_wrong == pytest.approx(0.3, abs=0.15)


def test_where_complaints_are_as_frequent_nothing_is_thinned() -> None:
    assert learned(0.5, 0.9).kept_selections == 1.0


def test_thinned_answers_show_the_true_share_where_the_raw_ones_flatter() -> None:
    rng, n, truth, told_if_right, told_if_wrong = np.random.default_rng(1), 20_000, 0.9, 0.6, 0.2
    known = Engagement(right=9_000, right_told=5_400, wrong=1_000, wrong_told=200)
    right = rng.random(n) < truth
    told = rng.random(n) < np.where(right, told_if_right, told_if_wrong)
    kept = told & (~right | (rng.random(n) < known.kept_selections))
    assert right[told].mean() > truth + 0.05
    assert right[kept].mean() == pytest.approx(truth, abs=0.01)


def test_an_audit_rate_of_one_knows_everything() -> None:
    assert learned(0.5, 0.1).inclusion(1.0) == 1.0
