"""The booster: learns an order, corrects for where options stood, and is nothing but a text."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import pytest

from suggest.rank.booster import Booster, RankingRows, fit_booster, laid_end_to_end
from suggest.rank.features import OPTION_FEATURES, column

N_SLATES, N_OPTIONS = 240, 6


def rows(seed: int = 0, *, position: np.ndarray | None = None, n_slates: int = N_SLATES) -> RankingRows:
    """Slates in which the option of the highest `best_cosine` is the right one; all other columns are noise."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n_slates * N_OPTIONS, len(OPTION_FEATURES))).astype(np.float32)
    best = features[:, column("best_cosine")].reshape(n_slates, N_OPTIONS)
    relevance = (best == best.max(axis=1, keepdims=True)).astype(np.int32).ravel()
    return RankingRows(
        features=features,
        relevance=relevance,
        sizes=np.full(n_slates, N_OPTIONS),
        weight=np.ones(len(features), np.float32),
        position=np.zeros(len(features), np.int32) if position is None else position,
    )


@pytest.fixture(scope="module")
def booster() -> Booster:
    return fit_booster(rows(), seed=1, trees=40)


def test_it_learns_the_order_of_slates_it_has_not_seen(booster: Booster) -> None:
    fresh = rows(seed=9)
    scores = booster.score(fresh.features).reshape(N_SLATES, N_OPTIONS)
    right = fresh.relevance.reshape(N_SLATES, N_OPTIONS)
    top1 = np.mean(right[np.arange(N_SLATES), scores.argmax(axis=1)])
    assert top1 > 0.8, f"chance is {1 / N_OPTIONS:.2f}"
    gains = booster.importances()
    assert max(gains, key=lambda name: gains[name]) == "best_cosine"
    assert set(gains) == set(OPTION_FEATURES)


def test_it_comes_back_from_its_text_with_equal_predictions(booster: Booster) -> None:
    fresh = rows(seed=3).features
    np.testing.assert_array_equal(Booster(booster.text).score(fresh), booster.score(fresh))


def test_it_is_the_same_for_a_seed_and_another_for_another(booster: Booster) -> None:
    assert fit_booster(rows(), seed=1, trees=40).text == booster.text
    assert fit_booster(rows(), seed=2, trees=40).text != booster.text


def test_nothing_to_score_is_no_error(booster: Booster) -> None:
    assert booster.score(np.zeros((0, len(OPTION_FEATURES)), np.float32)).shape == (0,)


def test_a_model_of_other_features_is_refused() -> None:
    rng = np.random.default_rng(0)
    dataset = lightgbm.Dataset(rng.normal(size=(200, 3)), label=rng.integers(0, 2, 200))
    text = lightgbm.train({"objective": "binary", "verbosity": -1}, dataset, num_boost_round=2).model_to_string()
    with pytest.raises(ValueError, match="Column_0"):
        Booster(text)


def test_slates_must_add_up_to_the_rows() -> None:
    whole = rows(n_slates=10)
    with pytest.raises(ValueError, match="add up"):
        RankingRows(
            features=whole.features,
            relevance=whole.relevance,
            sizes=whole.sizes[:-1],
            weight=whole.weight,
            position=whole.position,
        )


@pytest.mark.parametrize(("slots", "is_given"), [(np.zeros, False), (np.ones, False), (None, True)])
def test_position_is_given_only_where_there_are_several_slots(
    monkeypatch: pytest.MonkeyPatch, slots: Any, is_given: bool
) -> None:
    """With one slot its term is a constant that LightGBM would still fit; labels alone are such a case."""
    seen: list[object] = []
    dataset = lightgbm.Dataset

    def spy(*args: Any, **named: Any) -> Any:
        seen.append(named["position"])
        return dataset(*args, **named)

    n = N_SLATES * N_OPTIONS
    position = np.tile(np.arange(N_OPTIONS), N_SLATES) if slots is None else slots(n)
    monkeypatch.setattr(lightgbm, "Dataset", spy)
    fit_booster(rows(position=position.astype(np.int32)), seed=0, trees=2)
    assert (seen[0] is not None) is is_given


def test_an_option_that_was_chosen_only_for_its_place_gains_nothing_from_it() -> None:
    """Clicks fall with the slot alone and `vote` merely tells the slot: told where options stood, the trees leave most
    of it to the place. Naive trees order by `vote` all the way; the corrected ones by less than half as much."""
    rng = np.random.default_rng(4)
    n_slates = 600
    slot = np.tile(np.arange(N_OPTIONS), n_slates)
    features = rng.normal(size=(len(slot), len(OPTION_FEATURES))).astype(np.float32)
    features[:, column("vote")] = -slot + 0.3 * rng.normal(size=len(slot))
    chosen = rng.choice(N_OPTIONS, size=n_slates, p=(w := 1.0 / np.arange(1, N_OPTIONS + 1)) / w.sum())
    relevance = np.zeros((n_slates, N_OPTIONS), np.int32)
    relevance[np.arange(n_slates), chosen] = 1

    def spread(position: np.ndarray) -> float:
        """How far apart the scores of the first and the last slot's typical option are, over the scores' noise."""
        told = RankingRows(
            features=features,
            relevance=relevance.ravel(),
            sizes=np.full(n_slates, N_OPTIONS),
            weight=np.ones(len(features), np.float32),
            position=position.astype(np.int32),
        )
        scores = fit_booster(told, seed=0, trees=60).score(features).reshape(n_slates, N_OPTIONS).mean(axis=0)
        return float(scores[0] - scores[-1])

    assert spread(slot + 1) < 0.5 * spread(np.zeros(len(slot)))


def test_ragged_slates_become_one_matrix() -> None:
    first, second = np.ones((2, 3), np.float32), np.zeros((4, 3), np.float32)
    matrix, sizes = laid_end_to_end([first, second])
    assert matrix.shape == (6, 3)
    assert sizes.tolist() == [2, 4]
    np.testing.assert_array_equal(matrix[:2], first)
