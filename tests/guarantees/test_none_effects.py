"""People who ask for what is not there more often than others get a p_any of their own; strangers get everybody's.

Simulated people of whom the truth is known: the logit of "nothing is right" moves by N(0, 1) from person to person."""

from __future__ import annotations

import numpy as np
import pytest

from suggest.calibrate.none_effects import NoneEffects, with_effect

N_PEOPLE, N_REQUESTS = 150, 40


def log_loss(p: np.ndarray, y: np.ndarray) -> float:
    return float(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean())


def lived(seed: int, spread: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(population's p_any, with effects, the truth, what was right), a row a turn, a column a person."""
    rng = np.random.default_rng(seed)
    effects = NoneEffects()
    own = rng.normal(0.0, spread, N_PEOPLE)
    base = np.clip(rng.beta(3, 1.2, (N_REQUESTS, N_PEOPLE)), 0.02, 0.98)
    said, true = np.zeros_like(base), np.zeros_like(base)
    right = np.zeros_like(base)
    for turn in range(N_REQUESTS):
        for person in range(N_PEOPLE):
            who = [("user", f"u{person}"), ("session", f"u{person} {turn // 8}")]
            # the population's model is right on average over people, so the truth is centred on it
            true[turn, person] = with_effect(base[turn, person], own[person])
            said[turn, person] = with_effect(base[turn, person], effects.shift(who))
            right[turn, person] = rng.random() < true[turn, person]
            effects.learn(who, p_none=1.0 - said[turn, person], nothing=not right[turn, person])
    return base, said, true, right


@pytest.mark.parametrize("seed", range(3))
def test_people_who_differ_are_told_apart(seed: int) -> None:
    base, said, true, right = lived(seed, spread=1.0)
    late = slice(N_REQUESTS // 2, None)
    without, gained, best = (log_loss(p[late], right[late]) for p in (base, said, true))
    share = (without - gained) / (without - best)
    print(f"log-loss {without:.4f} without, {gained:.4f} with, {best:.4f} if all were known: {share:.0%} of it")
    assert share > 0.55


@pytest.mark.parametrize("seed", range(3))
def test_people_who_do_not_differ_lose_next_to_nothing(seed: int) -> None:
    base, said, _, right = lived(seed, spread=0.0)
    assert log_loss(said, right) - log_loss(base, right) < 0.02
    assert abs(said.mean() - right.mean()) < 0.02


def test_the_effect_of_one_outcome_is_small_and_of_many_is_bounded() -> None:
    effects, ann = NoneEffects(), [("user", "ann")]
    effects.learn(ann, p_none=0.1, nothing=True)
    assert 0 < effects.shift(ann) < 0.6
    for _ in range(500):
        effects.learn(ann, p_none=0.1, nothing=True)
    assert with_effect(0.9, effects.shift(ann)) > 0.4, "nobody is shut out"
