"""Paired tests: exact where exact is said, covering where an interval is given."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from suggest.metrics.paired import Disagreement


def test_mcnemar_is_the_binomial_tail() -> None:
    for gained, lost in [(8, 1), (3, 3), (0, 4), (5, 0)]:
        n = gained + lost
        tail = sum(comb(n, k) for k in range(gained, n + 1)) / 2**n
        assert Disagreement(n=100, gained=gained, lost=lost).p_superior() == pytest.approx(tail)


def test_agreement_says_nothing() -> None:
    found = Disagreement.of([True, True, False], [True, True, False])
    assert (found.gained, found.lost, found.p_superior()) == (0, 0, 1.0)
    assert found.difference().contains(0.0)
    assert Disagreement(n=0, gained=0, lost=0).difference().high == 1.0


def test_the_interval_covers_about_as_often_as_it_says() -> None:
    """90 % nominal, 600 draws of 500 pairs that disagree on a twentieth; 4 standard errors allow .851."""
    rng = np.random.default_rng(0)
    kinds = rng.multinomial(500, [0.03, 0.02, 0.95], size=600)
    covers = [Disagreement(n=500, gained=g, lost=lo).difference().contains(0.01) for g, lo, _ in kinds.tolist()]
    assert np.mean(covers) >= 0.851


def test_both_are_judged_on_the_same_requests() -> None:
    with pytest.raises(ValueError, match="same requests"):
        Disagreement.of([True], [True, False])
