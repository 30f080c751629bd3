"""The choice model: probabilities that sum to one, fitted exactly, and never against what a column can mean."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from suggest.calibrate.choice import ChoiceModel, probabilities
from suggest.calibrate.fit_choice import NONE_FALLING, NONE_RISING, OF_THE_SURFACE, RISING, Choices, fit_choice
from suggest.calibrate.prior import shipped_prior

Loss = Callable[[np.ndarray], tuple[float, np.ndarray]]
N_OPTIONS = 4


def a_model(
    theta: list[float], *, names: tuple[str, ...], set_names: tuple[str, ...] = ("coverage",), bias: float = 0.0
) -> ChoiceModel:
    m = len(set_names)
    return ChoiceModel(
        option_names=names,
        theta=np.array(theta, float),
        set_names=set_names,
        bias=np.array([bias, bias]),
        w=np.zeros((2, m)),
        mean=np.zeros(m),
        scale=np.ones(m),
        shares=np.array([0.8, 0.1, 0.1]),
    )


def choices(
    z: np.ndarray, possible: np.ndarray, *, none: np.ndarray | None = None, g: np.ndarray | None = None
) -> Choices:
    """Pools of one size, (m, n, columns); `possible` (m, n)."""
    m, n, _ = z.shape
    return Choices(
        z=z.reshape(m * n, -1).astype(np.float32),
        starts=np.arange(0, m * n, n),
        possible=possible.ravel(),
        none_possible=np.zeros((m, 2), bool) if none is None else none,
        g=np.zeros((m, 1), np.float32) if g is None else g.astype(np.float32),
        weight=np.ones(m),
    )


def drawn(model: ChoiceModel, m: int, seed: int) -> Choices:
    """Pools with outcomes drawn from `model` itself."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(m, N_OPTIONS, len(model.theta)))
    g = rng.normal(size=(m, len(model.set_names)))
    possible, none = np.zeros((m, N_OPTIONS), bool), np.zeros((m, 2), bool)
    for i in range(m):
        p, nones = probabilities(z[i] @ model.theta, model.none_logits(g[i].astype(np.float32)))
        outcome = rng.choice(N_OPTIONS + 2, p=np.concatenate([p, nones]))
        if outcome < N_OPTIONS:
            possible[i, outcome] = True
        else:
            none[i, outcome - N_OPTIONS] = True
    return choices(z, possible, none=none, g=g)


TRUE = replace(
    a_model([2.0, -1.0], names=("name_cosine", "rel_weight"), bias=0.3),
    bias=np.array([0.4, -0.4]),
    w=np.array([[0.8], [-0.8]]),
)
FLAT = a_model([0.0, 0.0], names=("name_cosine", "rel_weight"))


@settings(deadline=None)
@given(
    arrays(np.float64, st.integers(0, 20), elements=st.floats(-500, 500)),
    arrays(np.float64, 2, elements=st.floats(-500, 500)),
)
def test_probabilities_sum_to_one_however_extreme(utilities: np.ndarray, nones: np.ndarray) -> None:
    p, none = probabilities(utilities, nones)
    assert p.sum() + none.sum() == pytest.approx(1)
    assert (p >= 0).all()
    assert p.shape == utilities.shape


@settings(deadline=None)
@given(
    arrays(np.float64, 5, elements=st.floats(-20, 20)),
    st.integers(0, 4),
    st.floats(0.1, 10),
)
def test_p_any_rises_with_any_option_and_falls_with_none(utilities: np.ndarray, which: int, by: float) -> None:
    nones = np.array([0.0, -1.0])
    before, _ = probabilities(utilities, nones)
    better = utilities.copy()
    better[which] += by
    assert probabilities(better, nones)[0].sum() >= before.sum() - 1e-12
    assert probabilities(utilities, nones + by)[0].sum() <= before.sum() + 1e-12


def test_what_was_fitted_is_what_the_data_were_drawn_from() -> None:
    """4,000 pools; the standard error of each weight is about 1 / sqrt(4000 · information) <= .05; 4 of them."""
    fitted = fit_choice(FLAT, drawn(TRUE, 4_000, seed=1), strength=0.01)
    np.testing.assert_allclose(fitted.theta, TRUE.theta, atol=0.2)
    logits = np.array([fitted.none_logits(np.array([g], np.float32)) for g in (-1.0, 0.0, 1.0)])
    true = np.array([TRUE.none_logits(np.array([g], np.float32)) for g in (-1.0, 0.0, 1.0)])
    np.testing.assert_allclose(logits, true, atol=0.25)


def test_without_data_it_is_the_prior() -> None:
    """Weights of a billionth leave the prior's predictions where they were, rebased columns and all."""
    seen = drawn(TRUE, 50, seed=2)
    prior = replace(TRUE, mean=np.array([0.3]), scale=np.array([2.0]))
    fitted = fit_choice(prior, replace(seen, weight=np.full(50, 1e-9)))
    np.testing.assert_allclose(fitted.theta, prior.theta, atol=1e-6)
    for g in (np.array([-2.0], np.float32), np.array([1.5], np.float32)):
        np.testing.assert_allclose(fitted.none_logits(g), prior.none_logits(g), atol=1e-6)


def test_a_settled_column_says_what_the_prior_said_where_it_was_fitted_and_nothing_more() -> None:
    """What is the same for all contexts of a surface only moves with time; the data cannot weigh it."""
    seen = drawn(TRUE, 200, seed=4)
    usual = float(np.average(seen.g[:, 0], weights=seen.weight))
    kept = fit_choice(TRUE, replace(seen, weight=np.full(200, 1e-9)), settled=OF_THE_SURFACE)
    at_usual = TRUE.none_logits(np.array([usual], np.float32))
    for g in (usual - 2.0, usual, usual + 2.0):
        np.testing.assert_allclose(kept.none_logits(np.array([g], np.float32)), at_usual, atol=1e-4)
    assert (fit_choice(TRUE, seen, settled=OF_THE_SURFACE).w == 0).all()
    assert (fit_choice(TRUE, seen).w != 0).all()


def test_what_hardly_tells_options_apart_is_not_weighed_by_the_little_it_does() -> None:
    """Where all options are equally well known, the next new one lies a thousand such differences away."""
    seen = drawn(TRUE, 200, seed=5)
    z = seen.z.copy()
    z[:, 1] = 1e-3 * seen.possible  # rel_weight, as much in favour of what was right as it can be
    assert abs(fit_choice(FLAT, replace(seen, z=z)).theta[1]) < 1.0


def test_a_stronger_prior_holds_it_nearer() -> None:
    seen = drawn(TRUE, 60, seed=3)
    away = [np.linalg.norm(fit_choice(FLAT, seen, strength=s).theta) for s in (0.01, 1.0, 100.0, 10_000.0)]
    assert away == sorted(away, reverse=True)
    assert away[-1] < 0.1 < away[0]


def captured_loss(monkeypatch: pytest.MonkeyPatch, prior: ChoiceModel, seen: Choices) -> tuple[Loss, np.ndarray]:
    caught: list[tuple[Loss, np.ndarray]] = []
    solve = scipy.optimize.minimize

    def spy(loss: Loss, first: np.ndarray, **options: object) -> object:
        caught.append((loss, first))
        return solve(loss, first, **options)

    monkeypatch.setattr(scipy.optimize, "minimize", spy)
    fit_choice(prior, seen)
    return caught[0]


def test_the_gradient_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against central differences, at random points, with partial outcomes and unequal weights among the pools."""
    rng = np.random.default_rng(5)
    seen = drawn(TRUE, 30, seed=5)
    possible, none = seen.possible.copy(), seen.none_possible.copy()
    possible[:8], none[:2] = [False, True, True, False, True, True, False, False], True
    seen = replace(seen, possible=possible, none_possible=none, weight=rng.uniform(0.1, 3, 30))
    loss, first = captured_loss(monkeypatch, FLAT, seen)
    for _ in range(5):
        at = first + rng.normal(size=len(first))
        _, gradient = loss(at)
        step = 1e-5
        for i, exact in enumerate(gradient):
            e = np.zeros(len(at))
            e[i] = step
            numeric = (loss(at + e)[0] - loss(at - e)[0]) / (2 * step)
            assert exact == pytest.approx(numeric, rel=1e-5, abs=1e-5)


def test_where_the_search_begins_does_not_matter() -> None:
    seen = drawn(TRUE, 400, seed=6)
    cold = fit_choice(FLAT, seen)
    warm = fit_choice(FLAT, seen, begin=replace(TRUE, theta=TRUE.theta + 3))
    np.testing.assert_allclose(warm.theta, cold.theta, atol=5e-3)
    np.testing.assert_allclose(warm.w, cold.w, atol=5e-3)


def test_a_dismissal_lowers_what_was_shown_against_all_that_was_not() -> None:
    """Four options with a column each; the first two were shown and dismissed."""
    z = np.tile(np.eye(N_OPTIONS), (40, 1, 1))
    possible = np.tile([False, False, True, True], (40, 1))
    flat = a_model([0.0] * 4, names=("p", "q", "r", "s"))
    fitted = fit_choice(flat, choices(z, possible, none=np.ones((40, 2), bool)))
    assert fitted.theta[0] == pytest.approx(fitted.theta[1], abs=1e-3)
    assert fitted.theta[0] < -0.2
    assert (fitted.theta[2:] > 0).all()
    p, none = probabilities(fitted.theta, fitted.none_logits(np.zeros(1, np.float32)))
    before, _ = probabilities(flat.theta, flat.none_logits(np.zeros(1, np.float32)))
    assert (p[:2] < 0.1 * before[:2]).all()
    assert none.min() > p[2:].max() > p[:2].max(), "of all that is left open, none at all costs the prior least"


def test_an_outcome_that_leaves_everything_open_says_nothing() -> None:
    z = np.random.default_rng(0).normal(size=(20, N_OPTIONS, 2))
    everything = choices(z, np.ones((20, N_OPTIONS), bool), none=np.ones((20, 2), bool))
    np.testing.assert_allclose(fit_choice(TRUE, everything).theta, TRUE.theta, atol=1e-6)


def test_no_column_is_turned_against_its_meaning() -> None:
    """Data in which the *farthest* option is always right, and none is right where the pool is *near*."""
    rng = np.random.default_rng(7)
    z = rng.normal(size=(200, N_OPTIONS, 2))
    possible = z[:, :, 0] == z[:, :, 0].min(axis=1, keepdims=True)
    g = rng.normal(size=(200, 2))
    nothing = g[:, 0] > 0
    possible[nothing] = False
    none = np.column_stack([nothing, nothing])
    prior = a_model([1.0, 0.0], names=("best_cosine", "rel_weight"), set_names=("max_best", "none_vote"))
    fitted = fit_choice(prior, choices(z, possible, none=none, g=g), strength=0.01)
    assert fitted.theta[0] == pytest.approx(0, abs=1e-9)
    assert (fitted.w[:, 0] <= 1e-12).all()
    assert (fitted.w[:, 1] >= -1e-12).all()


def test_the_shipped_prior_keeps_those_signs_and_its_shape() -> None:
    prior = shipped_prior()
    for name, weight in zip(prior.option_names, prior.theta, strict=True):
        assert weight >= 0 or name not in RISING
    for name, column in zip(prior.set_names, prior.w.T, strict=True):
        assert (column <= 0).all() or name not in NONE_FALLING
        assert (column >= 0).all() or name not in NONE_RISING
    assert prior.shares.sum() == pytest.approx(1)


def test_its_shares_are_what_it_finds_in_its_own_data() -> None:
    seen = drawn(TRUE, 3_000, seed=8)
    fitted = fit_choice(FLAT, seen, strength=0.01)
    told = [~seen.none_possible.any(axis=1), seen.none_possible[:, 0], seen.none_possible[:, 1]]
    np.testing.assert_allclose(fitted.shares, [float(np.mean(t)) for t in told], atol=0.01)


def test_it_comes_back_from_json() -> None:
    again = ChoiceModel.from_json(json.loads(json.dumps(TRUE.to_json())))
    g = np.array([0.7], np.float32)
    np.testing.assert_array_equal(again.none_logits(g), TRUE.none_logits(g))
    assert again.option_names == TRUE.option_names
    with pytest.raises(ValueError, match="list of names"):
        ChoiceModel.from_json({**TRUE.to_json(), "option_names": "theta"})


@pytest.mark.parametrize("shares", [[0.5, 0.2, 0.2], [1.0, 0.0, 0.0], [1.2, -0.1, -0.1]])
def test_shares_that_cannot_be_are_refused(shares: list[float]) -> None:
    with pytest.raises(ValueError, match="shares"):
        replace(TRUE, shares=np.array(shares))


def test_a_weight_is_needed_for_every_column() -> None:
    with pytest.raises(ValueError, match="every column"):
        replace(TRUE, theta=np.zeros(3))


def test_a_pool_that_nothing_explains_is_refused() -> None:
    z = np.zeros((2, N_OPTIONS, 2))
    possible = np.zeros((2, N_OPTIONS), bool)
    possible[0, 0] = True
    with pytest.raises(ValueError, match="possible answer"):
        choices(z, possible)


def test_however_firmly_the_prior_is_held_its_sharpness_is_learned() -> None:
    """Outcomes of a surface where the same weights speak three times as softly. Held 1,000 times as firmly, the weights
    keep their proportion and lose their size; with all of it held they would stay at 3 and -1.5."""
    prior = replace(TRUE, theta=np.array([3.0, -1.5]))
    truth = replace(TRUE, theta=np.array([1.0, -0.5]))
    fitted = fit_choice(prior, drawn(truth, 600, seed=4), strength=1_000.0)
    assert float(np.linalg.norm(fitted.theta)) < 0.6 * float(np.linalg.norm(prior.theta))
    assert fitted.theta[1] / fitted.theta[0] == pytest.approx(-0.5, abs=0.05)


def test_what_is_usual_comes_from_the_known_answers_and_gives_way_to_none_of_them_alone() -> None:
    of_others = replace(TRUE, known=(0, 0))
    np.testing.assert_allclose(of_others.usual_shares, [0.9, 0.05, 0.05])
    assert of_others.doubt == 1.0
    told = replace(TRUE, known=(600, 300))
    np.testing.assert_allclose(told.usual_shares[0], 1 - 310 / 1_000)
    assert told.doubt == pytest.approx(30 / 930)
    rights_alone = replace(TRUE, known=(9_000, 0))  # nobody marks what has no answer: that is not to say there is none
    np.testing.assert_allclose(rights_alone.usual_shares, [0.95, 0.025, 0.025])
    rarely_told = replace(TRUE, known=(9_000, 10))
    np.testing.assert_allclose(rarely_told.usual_shares[0], 1 - 20 / 1_210)
    assert TRUE.doubt == 0.0  # a bundle of before
    np.testing.assert_allclose(TRUE.usual_shares, TRUE.shares)


def test_what_is_shipped_was_fitted_to_nothing_of_the_surface_it_serves() -> None:
    assert shipped_prior().known == (0, 0)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_usual_shares_are_shares(n_right: int, n_none: int) -> None:
    model = replace(TRUE, known=(n_right, n_none))
    assert model.usual_shares.sum() == pytest.approx(1)
    assert (model.usual_shares > 0).all()
    assert 0 < model.doubt <= 1
    assert ChoiceModel.from_json(json.loads(json.dumps(model.to_json()))).known == (n_right, n_none)


@pytest.mark.parametrize("stored", [[1], "many", [1, 2, 3]])
def test_counts_that_are_none_are_refused(stored: object) -> None:
    with pytest.raises(ValueError, match="how many answers"):
        ChoiceModel.from_json({**TRUE.to_json(), "known": stored})
