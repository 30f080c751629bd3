"""p_accept keeps its word on people never seen before: simulated users with habits, moods and pauses.

The truth of every impression is known, so the figure stands beside what the best possible forecast would reach."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import pytest

from suggest.calibrate.sitting import Asked
from suggest.metrics.calibration import ece, ece_noise_floor
from suggest.metrics.discrimination import auroc
from suggest.online.engagement import Engagement

pytestmark = pytest.mark.slow

SEEDS = range(3 if os.environ.get("SUGGEST_FULL") else 1)
N_KNOWN, N_NEW, PER_USER, PER_SITTING = 120, 130, 40, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    p: np.ndarray
    truth: np.ndarray  # P(taken), as nature had it
    of_anybody: np.ndarray  # the same logit without habit and mood
    taken: np.ndarray


def live(engagement: Engagement, rng: np.random.Generator, n_users: int, *, begin: int) -> Told:
    """People with a habit of their own (sd .8), a mood a sitting (sd .5), glad of a longer list."""
    said, truths, anybody, outcomes = [], [], [], []
    for user in range(begin, begin + n_users):
        habit = rng.normal(0, 0.8)
        for n in range(PER_USER):
            if n % PER_SITTING == 0:
                mood = rng.normal(0, 0.5)
            k, p_any = int(rng.integers(1, 6)), float(rng.beta(5, 1.5))
            asked = Asked(
                at=float(user * 100_000 + n * 60), p_any=p_any, options=tuple(f"{n} {i}" for i in range(k)),
                option_chars=30.0, context=f"{user} {n}", text="How can I help?", user=f"u{user}",
                session=f"s{user}-{n // PER_SITTING}",
            )  # fmt: skip
            right = np.log(p_any * 0.6 / (1 - p_any * 0.6))
            seen = right + 0.6 * (np.log(k) - 1.1)
            truth = float(1 / (1 + np.exp(-(seen + habit + mood))))
            said.append(engagement.p(asked))
            truths.append(truth)
            anybody.append(seen)
            outcomes.append(bool(rng.random() < truth))
            engagement.served(f"{user} {n}", asked)
            engagement.ended(f"{user} {n}", taken=outcomes[-1], at=asked.at + 10)
    return Told(p=np.array(said), truth=np.array(truths), of_anybody=np.array(anybody), taken=np.array(outcomes, float))


@pytest.mark.parametrize("seed", SEEDS)
def test_p_accept_of_people_never_seen_keeps_its_word(seed: int) -> None:
    """ECE at most .02, or what chance alone makes of it, on 5,200 impressions. Ranking: ahead of a forecast that knows
    nature's own weights but nobody's habit, so what it learns of a person within 40 impressions is worth something."""
    rng, engagement = np.random.default_rng(seed), Engagement()
    live(engagement, rng, N_KNOWN, begin=0)
    new = live(engagement, rng, N_NEW, begin=N_KNOWN)
    floor = ece_noise_floor(new.p, 200, rng)
    ours, best, strangers = (auroc(each, new.taken) for each in (new.p, new.truth, new.of_anybody))
    off = ece(new.p, new.taken)
    print(f"seed {seed}: AUC {ours:.3f} (strangers {strangers:.3f}, all known {best:.3f})")
    print(f"        ECE {off:.4f}, floor {floor.mean:.4f}, p95 {floor.p95:.4f}")
    assert off <= max(0.02, floor.p95)
    assert strangers < ours < best
    assert np.abs(new.p - new.truth).mean() <= 0.11


@pytest.mark.parametrize("seed", SEEDS)
def test_a_habit_that_changes_is_followed(seed: int) -> None:
    rng, engagement = np.random.default_rng([seed, 1]), Engagement()

    def rate(n: int, p: float, begin: int) -> float:
        said = []
        for i in range(begin, begin + n):
            asked = Asked(at=float(i * 4_000), p_any=0.9, options=("a",), option_chars=9.0, context=str(i), text="?",
                          user="ada")  # fmt: skip
            said.append(engagement.p(asked))
            engagement.served(str(i), asked)
            engagement.ended(str(i), taken=bool(rng.random() < p), at=asked.at)
        return float(np.mean(said[-50:]))

    assert rate(400, 0.8, 0) == pytest.approx(0.8, abs=0.08)
    assert rate(400, 0.2, 400) == pytest.approx(0.2, abs=0.12)
