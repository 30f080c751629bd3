"""Drift: seldom alarmed by a history like itself, alarmed by what has changed."""

from __future__ import annotations

import numpy as np
import pytest

from suggest.metrics.drift import fall_of_mean, shift_of_mean


def test_traffic_like_its_history_is_seldom_an_alarm() -> None:
    """60 surfaces; 1 % nominal for each test, 4 binomial standard errors (and the history's own error) allow 5."""
    rng, alarms = np.random.default_rng(0), 0
    for _ in range(60):
        alarms += fall_of_mean(rng.beta(8, 1, 1_500), rng.beta(8, 1, 300), rng).is_alarm
    assert alarms <= 5


def test_a_history_that_is_hardly_longer_than_what_is_recent_is_no_alarm_either() -> None:
    """100 surfaces, 600 requests against 300; 1 % nominal each, 4 binomial standard errors allow 7 in all. With the
    history's mean taken for the truth there were 10."""
    rng = np.random.default_rng(5)
    spread = (1.0 / np.arange(1, 61) ** 0.35).astype(np.float64)
    falls = shifts = 0
    for _ in range(100):
        vectors = rng.normal(size=(900, 60)) * spread
        p_any = 1.0 / (1.0 + np.exp(-(1.5 * vectors[:, 0] + 3.0)))
        shifts += shift_of_mean(vectors[:600], vectors[600:], np.random.default_rng(1)).is_alarm
        falls += fall_of_mean(p_any[:600], p_any[600:], np.random.default_rng(1)).is_alarm
    print(f"false alarms of 100: {falls} of the fall, {shifts} of the shift")
    assert falls + shifts <= 7


def test_unanswerable_requests_are_seen_in_p_any() -> None:
    rng, found = np.random.default_rng(1), 0
    for _ in range(20):
        now = np.where(rng.random(300) < 0.12, rng.beta(1, 6, 300), rng.beta(8, 1, 300))
        found += fall_of_mean(rng.beta(8, 1, 1_500), now, rng).is_alarm
    assert found >= 18


def test_a_rise_is_no_fall() -> None:
    rng = np.random.default_rng(2)
    assert not fall_of_mean(rng.beta(4, 2, 1_000), rng.beta(9, 1, 300), rng).is_alarm


def test_topics_that_move_are_seen_in_the_mean() -> None:
    rng = np.random.default_rng(3)
    before, like = rng.normal(size=(1_200, 16)), rng.normal(size=(300, 16))
    assert not shift_of_mean(before, like, rng).is_alarm
    moved = like + np.eye(16)[0]
    assert shift_of_mean(before, moved, rng).is_alarm


def test_a_short_history_knows_nothing_of_what_is_usual() -> None:
    with pytest.raises(ValueError, match="too few"):
        fall_of_mean([0.5] * 30, [0.5] * 10, np.random.default_rng(0))
