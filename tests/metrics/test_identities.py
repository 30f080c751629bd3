"""Estimators and tests at their edges: exact identities, enumeration by hand, and what they refuse."""

from __future__ import annotations

import math
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.metrics.drift import BLOCK, Drift, fall_of_mean, shift_of_mean
from suggest.metrics.eprocess import SHIFTS, TOLERANCE, CalibrationWatch, log_e_wins
from suggest.metrics.interval import z_two_sided
from suggest.metrics.off_policy import (
    cascade_dr,
    cascade_dr_terms,
    effective_sample_size,
    ips,
    item_position_snips,
    normal_interval,
    prefix_weights,
    snips,
)
from suggest.metrics.paired import Disagreement
from suggest.policy.live import live_bounds

SOME = settings(deadline=None, max_examples=30, derandomize=True)
SEEDS = st.integers(0, 2**32 - 1)


def log_of(seed: int, n: int = 12, k: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.random((n, k)), rng.uniform(0.05, 1.0, (n, k)), rng.uniform(0.05, 1.0, (n, k))


# -- off-policy --------------------------------------------------------------------------------------------------------


@SOME
@given(SEEDS)
def test_each_term_is_its_formula_slot_by_slot(seed: int) -> None:
    reward, logged, target = log_of(seed)
    q_shown, q_expected, _ = log_of(seed + 1)
    terms = cascade_dr_terms(reward, logged, target, q_shown=q_shown, q_expected=q_expected)
    for row in range(len(reward)):
        weight, total = 1.0, 0.0
        for slot in range(reward.shape[1]):
            total += weight * q_expected[row, slot]
            weight *= target[row, slot] / logged[row, slot]
            total += weight * (reward[row, slot] - q_shown[row, slot])
        assert terms[row] == pytest.approx(total)


@SOME
@given(SEEDS)
def test_the_doubly_robust_value_is_the_mean_of_its_terms(seed: int) -> None:
    reward, logged, target = log_of(seed)
    zero = np.zeros_like(reward)
    terms = cascade_dr_terms(reward, logged, target, q_shown=zero, q_expected=zero)
    found = cascade_dr(reward, logged, target, q_shown=zero, q_expected=zero, confidence=0.9)
    half = z_two_sided(0.9) * terms.std(ddof=1) / math.sqrt(len(terms))
    assert (found.low, found.mid, found.high) == pytest.approx((terms.mean() - half, terms.mean(), terms.mean() + half))
    assert terms.mean() == pytest.approx(float((prefix_weights(logged, target) * reward).sum() / len(reward)))


@SOME
@given(SEEDS, st.floats(0.1, 10.0))
def test_values_are_in_the_unit_of_the_reward(seed: int, scale: float) -> None:
    reward, logged, target = log_of(seed)
    assert ips(scale * reward, logged, target) == pytest.approx(scale * ips(reward, logged, target))
    assert snips(scale * reward, logged, target) == pytest.approx(scale * snips(reward, logged, target))
    once = item_position_snips(reward, logged, target)
    scaled = item_position_snips(scale * reward, logged, target)
    assert (scaled.low, scaled.mid, scaled.high) == pytest.approx(
        (scale * once.low, scale * once.mid, scale * once.high)
    )


@SOME
@given(SEEDS)
def test_item_position_snips_is_snips_with_an_interval(seed: int) -> None:
    reward, logged, target = log_of(seed)
    found = item_position_snips(reward, logged, target)
    assert found.mid == pytest.approx(snips(reward, logged, target))
    assert found.low < found.mid < found.high


@SOME
@given(SEEDS)
def test_a_constant_reward_is_known_exactly_once_it_is_self_normalised(seed: int) -> None:
    _, logged, target = log_of(seed)
    found = item_position_snips(np.full_like(logged, 0.4), logged, target)
    assert found.mid == pytest.approx(3 * 0.4)
    assert found.high - found.low == pytest.approx(0.0, abs=1e-9)


@SOME
@given(st.lists(st.floats(0.01, 100.0), min_size=1, max_size=30), st.floats(0.01, 100.0))
def test_the_effective_size_lies_between_one_and_all_and_knows_no_unit(weights: list[float], scale: float) -> None:
    size = effective_sample_size(weights)
    assert 1.0 - 1e-9 <= size <= len(weights) + 1e-9
    assert effective_sample_size(scale * np.array(weights)) == pytest.approx(size)
    assert effective_sample_size([*weights, 0.0]) == pytest.approx(size), "a slate of no weight is none"


def test_one_request_has_a_value_and_no_end_of_its_interval() -> None:
    found = normal_interval([0.3])
    assert (found.low, found.mid, found.high, found.n) == (-math.inf, 0.3, math.inf, 1)


@pytest.mark.parametrize("weights", [[-1.0, 2.0], [0.0], [float("nan")]])
def test_what_is_no_weight_is_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match=r"not negative|finite"):
        effective_sample_size(weights)


@pytest.mark.parametrize("estimate", [ips, snips, item_position_snips])
def test_columns_of_different_length_and_chances_above_one_are_refused(estimate: object) -> None:
    assert callable(estimate)
    with pytest.raises(ValueError):
        estimate([[1.0], [0.0]], [[0.5]], [[0.5]])
    with pytest.raises(ValueError, match="target"):
        estimate([[1.0]], [[0.5]], [[1.5]])


def test_a_place_that_the_target_never_fills_as_the_log_did_has_no_item_position_value() -> None:
    with pytest.raises(ValueError, match="never acts"):
        item_position_snips([[1.0, 0.0]] * 2, np.full((2, 2), 0.5), [[0.5, 0.0]] * 2)
    with pytest.raises(ValueError, match="slates are"):
        item_position_snips([1.0], [0.5], [0.5])


# -- drift -------------------------------------------------------------------------------------------------------------


def test_the_value_is_the_difference_of_the_means_whatever_is_drawn() -> None:
    before, now = np.linspace(0.4, 1.0, 200), np.linspace(0.2, 0.6, 70)
    found = [fall_of_mean(before, now, np.random.default_rng(seed)) for seed in (0, 1)]
    assert found[0].value == found[1].value == pytest.approx(0.3)
    assert found[0].limit != found[1].limit


def test_a_history_that_never_moved_is_alarmed_by_anything() -> None:
    still = np.full(100, 0.5)
    assert fall_of_mean(still, [0.499], np.random.default_rng(0)).is_alarm
    assert not fall_of_mean(still, [0.5] * 30, np.random.default_rng(0)).is_alarm


def test_at_the_limit_is_no_alarm_yet() -> None:
    assert not Drift(value=0.1, limit=0.1).is_alarm
    assert Drift(value=0.1 + 1e-12, limit=0.1).is_alarm


def test_a_longer_window_has_a_tighter_limit() -> None:
    before = np.random.default_rng(0).beta(4, 2, 2_000)
    limits = [fall_of_mean(before, np.full(m, 0.6), np.random.default_rng(1)).limit for m in (25, 100, 400)]
    assert limits == sorted(limits, reverse=True)


def test_neighbours_that_are_alike_widen_the_limit() -> None:
    """The same numbers, in waves and shuffled: blocks keep what an independent draw would lose."""
    rng = np.random.default_rng(0)
    waves = np.repeat(rng.beta(4, 2, 60), BLOCK)
    in_waves = fall_of_mean(waves, waves[:200], np.random.default_rng(1)).limit
    shuffled = fall_of_mean(rng.permutation(waves), waves[:200], np.random.default_rng(1)).limit
    assert in_waves > 2 * shuffled


@pytest.mark.parametrize(("n", "m"), [(2 * BLOCK - 1, 10), (100, 0)])
def test_nothing_is_said_of_too_little(n: int, m: int) -> None:
    with pytest.raises(ValueError):
        fall_of_mean(np.full(n, 0.5), np.full(m, 0.5), np.random.default_rng(0))


def test_the_shift_is_a_distance_and_does_not_turn_with_the_axes() -> None:
    rng = np.random.default_rng(0)
    before, now = rng.normal(size=(200, 4)), rng.normal(size=(50, 4)) + 0.2
    turned, _ = np.linalg.qr(rng.normal(size=(4, 4)))
    once = shift_of_mean(before, now, np.random.default_rng(1))
    again = shift_of_mean(before @ turned + 7.0, now @ turned + 7.0, np.random.default_rng(1))
    assert (again.value, again.limit) == pytest.approx((once.value, once.limit))


# -- e-processes and pairs ---------------------------------------------------------------------------------------------


@SOME
@given(st.integers(0, 400), st.integers(0, 400))
def test_another_win_is_more_evidence_and_another_loss_is_less(wins: int, losses: int) -> None:
    here = log_e_wins(wins, losses)
    assert log_e_wins(wins + 1, losses) > here > log_e_wins(wins, losses + 1)


@SOME
@given(st.lists(st.tuples(st.floats(0.0, 1.0), st.booleans()), max_size=25))
def test_the_calibration_watch_is_the_weighted_sum_of_bets_begun_at_every_moment(
    seen: list[tuple[float, bool]],
) -> None:
    """By its definition: a bet of each shift from each moment on, and what has not begun yet keeps its stake."""

    def factor(p: float, right: bool, shift: float) -> float:
        null = min(max(p - TOLERANCE, 1e-3), 1 - 1e-3)
        low = 1 / (1 + (1 - null) / null * math.exp(shift))
        return low / null if right else (1 - low) / (1 - null)

    watch = CalibrationWatch()
    for p, right in seen:
        watch = watch.observed(p, right=right)
    total = 0.0
    for shift in SHIFTS:
        for begun in range(len(seen)):
            won = math.prod(factor(p, right, shift) for p, right in seen[begun:])
            total += won / ((begun + 1) * (begun + 2))
    assert watch.e == pytest.approx(total / len(SHIFTS) + 1 / (len(seen) + 1), rel=1e-9)
    assert watch.peak >= max(watch.e, 1.0) * (1 - 1e-12)


@pytest.mark.parametrize("p", [0.05, 0.3, 0.6, 0.9, 1.0])
def test_no_bet_grows_on_average_while_the_forecast_keeps_its_word(p: float) -> None:
    truth = max(p - TOLERANCE, 1e-3)
    watch = CalibrationWatch()
    for right in (True, False, False):
        watch = watch.observed(0.7, right=right)
    after = truth * watch.observed(p, right=True).e + (1 - truth) * watch.observed(p, right=False).e
    assert after == pytest.approx(watch.e, rel=1e-9)


def test_a_catastrophe_has_a_finite_figure() -> None:
    watch = CalibrationWatch()
    for _ in range(3_000):
        watch = watch.observed(1.0, right=False)
    assert math.isfinite(watch.e)
    assert watch.e > 1e100
    assert watch.to_json()["came"] == 0.0


PAIRS = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=40)


@SOME
@given(PAIRS)
def test_pairs_are_counted_and_mirrored(pairs: list[tuple[bool, bool]]) -> None:
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    there, back = Disagreement.of(first, second), Disagreement.of(second, first)
    assert (there.n, there.gained, there.lost) == (len(pairs), pairs.count((True, False)), pairs.count((False, True)))
    assert (back.gained, back.lost) == (there.lost, there.gained)
    one, other = there.difference(), back.difference()
    assert (one.low, one.mid, one.high) == pytest.approx((-other.high, -other.mid, -other.low))
    assert one.low <= one.mid <= one.high
    n, both = there.gained + there.lost, there.p_superior() + back.p_superior()
    assert both == pytest.approx(1.0 + comb(n, there.gained) / 2**n), "the tails share what was seen"


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.99])
def test_surer_bounds_are_wider(confidence: float) -> None:
    less, more = confidence - 0.1, confidence
    pair = Disagreement(n=100, gained=9, lost=4)
    assert pair.difference(less).low > pair.difference(more).low
    assert live_bounds(90, 100, confidence=less).low > live_bounds(90, 100, confidence=more).low


@SOME
@given(st.integers(0, 60), st.integers(0, 60))
def test_live_bounds_are_mirrored_and_never_nothing(right: int, wrong: int) -> None:
    n = right + wrong
    there, back = live_bounds(right, n), live_bounds(wrong, n)
    assert there.low == pytest.approx(1 - back.high, abs=1e-6)
    assert there.low < there.high
    assert live_bounds(right + 1, n + 1).low >= there.low - 1e-6


@pytest.mark.parametrize("confidence", [0.0, 1.0, -0.1, 1.2])
def test_what_is_no_confidence_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="strictly between"):
        live_bounds(1, 2, confidence=confidence)
