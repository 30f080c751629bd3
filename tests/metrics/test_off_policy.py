"""Off-policy values in a small world whose truth is known by enumeration: unbiased where they say, covering as they
say."""

from __future__ import annotations

from functools import cache
from itertools import permutations

import numpy as np
import pytest

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
from suggest.policy.places import place_chances

ATTRACTION = np.array([0.6, 0.3, 0.1, 0.05])  # chance of being picked when reached
LOGGED = np.array([0.2, 0.5, 0.1, 0.0])  # Plackett-Luce logits of the policy that served
TARGET = np.array([1.2, 0.4, 0.0, -0.5])  # of the one to be valued
K = 2


def steps(logits: np.ndarray, order: tuple[int, ...]) -> list[float]:
    return _steps(tuple(logits.tolist()), order)


@cache
def _steps(logits: tuple[float, ...], order: tuple[int, ...]) -> list[float]:
    left, chances = dict(enumerate(np.exp(logits).tolist())), []
    for picked in order:
        chances.append(left[picked] / sum(left.values()))
        del left[picked]
    return chances


def value_below(order: tuple[int, ...], logits: np.ndarray, attraction: np.ndarray) -> float:
    """Expected reward from the next slot on, under Plackett-Luce `logits`, given nothing above was picked."""
    return _value_below(order, tuple(logits.tolist()), tuple(attraction.tolist()))


@cache
def _value_below(order: tuple[int, ...], logits: tuple[float, ...], attraction: tuple[float, ...]) -> float:
    if len(order) == K:
        return 0.0
    left = [i for i in range(len(logits)) if i not in order]
    return sum(
        _steps(logits, (*order, i))[-1]
        * (attraction[i] + (1 - attraction[i]) * _value_below((*order, i), logits, attraction))
        for i in left
    )


TRUTH = value_below((), TARGET, ATTRACTION)


class Log:
    """n slates served by LOGGED to people who read down and pick the first option that suits."""

    def __init__(self, n: int, seed: int, believed: np.ndarray = ATTRACTION) -> None:
        rng = np.random.default_rng(seed)
        orders = [tuple(o[:K]) for o in np.argsort(-(LOGGED + rng.gumbel(size=(n, 4))), axis=1).tolist()]
        self.logged = np.array([steps(LOGGED, o) for o in orders])
        self.target = np.array([steps(TARGET, o) for o in orders])
        suits = rng.random((n, K)) < ATTRACTION[np.array(orders)]
        self.reward = (suits & (np.cumsum(suits, axis=1) == 1)).astype(float)
        picked_above = np.cumsum(self.reward, axis=1) - self.reward > 0
        self.q_shown = np.zeros((n, K))
        self.q_expected = np.zeros((n, K))
        for row, order in enumerate(orders):
            for slot, option in enumerate(order):
                if not picked_above[row, slot]:
                    below = value_below(order[: slot + 1], TARGET, believed)
                    self.q_shown[row, slot] = believed[option] + (1 - believed[option]) * below
                    self.q_expected[row, slot] = value_below(order[:slot], TARGET, believed)

    def ips_of_slates(self) -> float:
        return ips(self.reward.sum(axis=1), self.logged.prod(axis=1), self.target.prod(axis=1))

    def dr(self, with_model: bool = True) -> tuple[float, float, float]:
        scale = 1.0 if with_model else 0.0
        value = cascade_dr(
            self.reward, self.logged, self.target, q_shown=scale * self.q_shown, q_expected=scale * self.q_expected
        )
        return value.low, value.mid, value.high


def test_the_world_adds_up() -> None:
    assert sum(np.prod(steps(TARGET, o)) for o in permutations(range(4), K)) == pytest.approx(1.0)
    assert 0.6 < TRUTH < 0.62


def test_ips_and_both_cascades_are_unbiased() -> None:
    """200 logs of 200 slates; the mean must lie within 4 standard errors of the truth."""
    estimates = np.array(
        [[log.ips_of_slates(), log.dr()[1], log.dr(with_model=False)[1]] for log in map(_log, range(200))]
    )
    error = estimates.mean(axis=0) - TRUTH
    assert (np.abs(error) < 4 * estimates.std(axis=0) / np.sqrt(200)).all()


def test_a_wrong_model_does_not_bias_the_doubly_robust_value() -> None:
    wrong = np.array([0.1, 0.9, 0.5, 0.5])
    estimates = np.array([Log(200, seed, believed=wrong).dr()[1] for seed in range(150)])
    assert abs(estimates.mean() - TRUTH) < 4 * estimates.std() / np.sqrt(150)


def test_a_right_model_steadies_it() -> None:
    with_model, without = (np.std([_log(s).dr(with_model=m)[1] for s in range(100)]) for m in (True, False))
    assert with_model < 0.9 * without


def test_the_interval_covers_about_as_often_as_it_says() -> None:
    """95 % nominal over 200 logs; 4 binomial standard errors allow .888."""
    covers = [low <= TRUTH <= high for low, _, high in (_log(s).dr() for s in range(200))]
    assert np.mean(covers) >= 0.888


def test_the_value_of_the_logging_policy_itself_is_its_mean_reward() -> None:
    log = _log(0)
    reward = log.reward.sum(axis=1)
    assert ips(log.reward, log.logged, log.logged) == pytest.approx(reward.mean())
    assert snips(log.reward, log.logged, log.logged) == pytest.approx(reward.mean())


def test_snips_stays_within_the_rewards_where_ips_leaves_them() -> None:
    reward, logged, target = [1.0, 1.0, 1.0], [0.01, 0.5, 0.5], [1.0, 0.5, 0.5]
    assert ips(reward, logged, target) > 30
    assert snips(reward, logged, target) == pytest.approx(1.0)


def test_item_position_estimates_add_up_over_positions() -> None:
    reward = [[1.0, 0.0], [0.0, 1.0]]
    assert ips(reward, np.full((2, 2), 0.5), np.full((2, 2), 0.25)) == pytest.approx(0.5)
    assert snips(reward, np.full((2, 2), 0.5), np.full((2, 2), 0.25)) == pytest.approx(1.0)


def test_padding_changes_nothing() -> None:
    log = _log(1)
    pad = lambda a, fill: np.hstack([a, np.full((len(a), 1), fill)])  # noqa: E731
    padded = cascade_dr(
        pad(log.reward, 0.0),
        pad(log.logged, 1.0),
        pad(log.target, 1.0),
        q_shown=pad(log.q_shown, 0.0),
        q_expected=pad(log.q_expected, 0.0),
    )
    assert padded.mid == pytest.approx(log.dr()[1])


def test_prefix_weights_multiply_down_the_list() -> None:
    np.testing.assert_allclose(prefix_weights([[0.5, 0.25, 0.5]], [[0.25, 0.5, 0.5]]), [[0.5, 1.0, 1.0]])


def test_effective_sample_size_between_one_and_n() -> None:
    assert effective_sample_size(np.ones(50)) == pytest.approx(50)
    assert effective_sample_size([1e9, 1.0, 1.0]) == pytest.approx(1.0)


def test_what_was_never_shown_cannot_be_valued() -> None:
    for estimate in (ips, snips):
        with pytest.raises(ValueError, match="propensity of 0"):
            estimate([1.0], [0.0], [0.5])
    with pytest.raises(ValueError, match="never acts"):
        snips([1.0], [0.5], [0.0])
    with pytest.raises(ValueError, match="not all zero"):
        effective_sample_size([0.0, 0.0])
    with pytest.raises(ValueError, match="slates are"):
        cascade_dr([1.0], [0.5], [0.5], q_shown=[0.0], q_expected=[0.0])


@cache
def _log(seed: int) -> Log:
    return Log(200, seed)


def test_the_terms_of_two_targets_can_be_subtracted() -> None:
    log = _log(2)
    of = lambda target: cascade_dr_terms(  # noqa: E731
        log.reward, log.logged, target, q_shown=log.q_shown, q_expected=log.q_expected
    )
    paired = normal_interval(of(log.target) - of(log.logged))
    apart = log.dr()[2] - log.dr()[0]
    assert paired.mid == pytest.approx(log.dr()[1] - of(log.logged).mean())
    assert paired.high - paired.low < 1.5 * apart


class IndependentLog:
    """Slates of two where each option is taken for its own sake: the world that item-position estimators assume."""

    TARGET_TRUTH = sum(
        np.prod(steps(TARGET, o)) * (ATTRACTION[o[0]] + 0.5 * ATTRACTION[o[1]]) for o in permutations(range(4), 2)
    )

    def __init__(self, n: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        orders = np.argsort(-(LOGGED + rng.gumbel(size=(n, 4))), axis=1)[:, :K].tolist()
        self.logged = np.array([place_chances(LOGGED, o) for o in orders])
        self.target = np.array([place_chances(TARGET, o) for o in orders])
        self.reward = (rng.random((n, K)) < ATTRACTION[np.array(orders)] * np.array([1.0, 0.5])).astype(float)


def test_item_position_snips_covers_where_its_assumption_holds() -> None:
    """95 % nominal over 200 logs of 300 slates; 4 binomial standard errors allow .888."""
    found = [item_position_snips(log.reward, log.logged, log.target) for log in map(_independent, range(200))]
    assert np.mean([each.contains(IndependentLog.TARGET_TRUTH) for each in found]) >= 0.888
    mids = np.array([each.mid for each in found])
    assert abs(mids.mean() - IndependentLog.TARGET_TRUTH) < 4 * mids.std() / np.sqrt(200) + 0.003


def test_item_position_snips_of_the_logging_policy_is_its_mean_reward() -> None:
    log = _independent(0)
    same = item_position_snips(log.reward, log.logged, log.logged)
    assert same.mid == pytest.approx(log.reward.sum(axis=1).mean())


def _independent(seed: int) -> IndependentLog:
    return IndependentLog(300, seed)
