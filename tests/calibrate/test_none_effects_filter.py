"""Effects of people on "nothing is right": one filter step is that of a normal prior, and the bounds hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.calibrate import none_effects as module
from suggest.calibrate.none_effects import DRIFT, FARTHEST, VARIANCE, NoneEffects, Who, with_effect

SPEC = settings(derandomize=True, deadline=None, max_examples=60)
ANN: Who = ("user", "ann")
SITTING: Who = ("session", "s")
outcomes = st.lists(st.tuples(st.floats(0.0, 1.0), st.booleans()), min_size=1, max_size=12)


def logit(p: float) -> float:
    return math.log(p / (1 - p))


def by_matrix(who: list[Who], told: list[tuple[float, bool]]) -> list[float]:
    """Newton's step at the served probability, in matrices; variances are kept, covariances are not."""
    mean, variance = np.zeros(len(who)), np.array([VARIANCE[kind] for kind, _ in who])
    for n, (p_none, nothing) in enumerate(told):
        if n:
            variance = np.minimum(variance + DRIFT, [VARIANCE[kind] for kind, _ in who])
        p = min(max(p_none, 0.01), 0.99)
        covariance = np.linalg.inv(np.diag(1 / variance) + p * (1 - p) * np.ones((len(who), len(who))))
        mean = np.clip(mean + covariance.sum(axis=1) * (nothing - p), -FARTHEST, FARTHEST)
        variance = np.diag(covariance)
    return mean.tolist()


@SPEC
@given(outcomes, st.sampled_from([[ANN], [SITTING], [ANN, SITTING]]))
def test_each_outcome_is_one_step_of_a_normal_posterior(told: list[tuple[float, bool]], who: list[Who]) -> None:
    effects = NoneEffects()
    for p_none, nothing in told:
        effects.learn(who, p_none=p_none, nothing=nothing)
    expected = by_matrix(who, told)
    for each, mean in zip(who, expected, strict=True):
        assert effects.shift([each]) == pytest.approx(mean, abs=1e-9)


def test_the_first_step_by_hand() -> None:
    """v = .4, p = .5: curvature 1/4, step (1 - .5) * .4 / (1 + .4 / 4) = .2 / 1.1."""
    effects = NoneEffects()
    effects.learn([ANN], p_none=0.5, nothing=True)
    assert effects.shift([ANN]) == pytest.approx(0.2 / 1.1)


def test_what_was_expected_moves_less_than_what_surprises() -> None:
    moved = []
    for p_none in (0.9, 0.5, 0.1):
        effects = NoneEffects()
        effects.learn([ANN], p_none=p_none, nothing=True)
        moved.append(effects.shift([ANN]))
    assert 0 < moved[0] < moved[1] < moved[2]


def test_a_sitting_moves_half_as_far_as_its_user_and_both_add_up() -> None:
    effects = NoneEffects()
    effects.learn([ANN, SITTING], p_none=0.3, nothing=True)
    user, sitting = effects.shift([ANN]), effects.shift([SITTING])
    assert user / sitting == pytest.approx(VARIANCE["user"] / VARIANCE["session"])
    assert effects.shift([ANN, SITTING]) == pytest.approx(user + sitting)


@SPEC
@given(outcomes)
def test_selections_and_dismissals_mirror_each_other(told: list[tuple[float, bool]]) -> None:
    effects, mirrored = NoneEffects(), NoneEffects()
    for p_none, nothing in told:
        effects.learn([ANN], p_none=p_none, nothing=nothing)
        mirrored.learn([ANN], p_none=1 - p_none, nothing=not nothing)
    assert mirrored.shift([ANN]) == pytest.approx(-effects.shift([ANN]), abs=1e-9)


@pytest.mark.parametrize(("nothing", "most"), [(True, FARTHEST), (False, -FARTHEST)])
def test_however_long_somebody_goes_on_the_shift_is_bounded(nothing: bool, most: float) -> None:
    effects = NoneEffects()
    for _ in range(2_000):
        effects.learn([ANN, SITTING], p_none=0.0 if nothing else 1.0, nothing=nothing)
    assert effects.shift([ANN, SITTING]) == most


@pytest.mark.parametrize("dismissals", [60, 300, 2_000])
def test_habits_that_change_are_followed_however_long_the_past(dismissals: int) -> None:
    """Variance returns, and no effect goes on growing where its shift no longer shows it."""
    effects = NoneEffects()
    for nothing in [True] * dismissals + [False] * 60:
        effects.learn([ANN], p_none=1 - with_effect(0.7, effects.shift([ANN])), nothing=nothing)
    assert effects.shift([ANN]) < 0.3


def test_a_slate_of_nobody_teaches_nothing_and_strangers_are_everybody() -> None:
    effects = NoneEffects()
    effects.learn([], p_none=0.2, nothing=True)
    assert effects.shift([]) == 0.0
    effects.learn([ANN], p_none=0.2, nothing=True)
    assert effects.shift([("user", "bob"), ("session", "ann")]) == 0.0, "a sitting named like a user is not that user"
    assert effects.shift([ANN, ("user", "bob")]) == effects.shift([ANN])


def test_who_was_heard_least_lately_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_EFFECTS", 2)
    effects = NoneEffects()
    for name in ("ann", "bob", "ann", "cy"):
        effects.learn([("user", name)], p_none=0.2, nothing=True)
    assert [effects.shift([("user", name)]) > 0 for name in ("ann", "bob", "cy")] == [True, False, True]


@SPEC
@given(st.floats(0.001, 0.999), st.floats(-FARTHEST, FARTHEST), st.floats(-FARTHEST, FARTHEST))
def test_a_shift_moves_the_logit_by_itself(p_some: float, shift: float, another: float) -> None:
    moved = with_effect(p_some, shift)
    assert logit(1 - moved) == pytest.approx(logit(1 - p_some) + shift, abs=1e-6)
    assert with_effect(moved, another) == pytest.approx(with_effect(p_some, shift + another))


@pytest.mark.parametrize("p_some", [0.0, 1.0])
@pytest.mark.parametrize("shift", [-FARTHEST, 0.0, FARTHEST])
def test_what_is_certain_stays_certain(p_some: float, shift: float) -> None:
    assert with_effect(p_some, shift) == p_some
