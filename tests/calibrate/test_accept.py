"""p_accept's model: shrunk effects, outcomes that fade, doubt that shows."""

from __future__ import annotations

import numpy as np
import pytest

from suggest.calibrate import accept
from suggest.calibrate.accept import Acceptance, Moment

ONE = np.ones(1)


def of(user: str) -> Moment:
    return Moment(ONE, (("user", user),))


def test_without_outcomes_the_prior_speaks() -> None:
    assert Acceptance(np.array([0.0])).p(Moment(ONE)) == pytest.approx(0.5)
    certain, doubting = Acceptance(np.array([2.0])).p(Moment(np.zeros(1))), Acceptance(np.array([2.0])).p(Moment(ONE))
    assert certain == pytest.approx(0.5)
    assert 0.5 < doubting < 1 / (1 + np.exp(-2.0)), "doubt draws towards one half"


def test_it_finds_the_rate_and_forgets_an_old_one() -> None:
    rng, seen = np.random.default_rng(0), Acceptance(np.array([0.0]))
    for taken in rng.random(1_500) < 0.2:
        seen.learn(Moment(ONE), taken=bool(taken))
    assert seen.p(Moment(ONE)) == pytest.approx(0.2, abs=0.04)
    for taken in rng.random(6_000) < 0.7:
        seen.learn(Moment(ONE), taken=bool(taken))
    assert seen.p(Moment(ONE)) == pytest.approx(0.7, abs=0.05)


def test_a_weight_is_learned_for_each_column() -> None:
    rng, seen = np.random.default_rng(1), Acceptance(np.zeros(3))
    truth = np.array([-0.5, 1.5, 0.0])
    for _ in range(4_000):
        x = np.array([1.0, *rng.normal(size=2)])
        seen.learn(Moment(x), taken=bool(rng.random() < 1 / (1 + np.exp(-x @ truth))))
    assert seen.weights == pytest.approx(truth, abs=0.2)


def test_a_user_seen_twice_moves_little_and_one_seen_often_has_a_habit() -> None:
    seen = Acceptance(np.array([0.0]))
    for n in range(400):
        seen.learn(of(f"other {n}"), taken=n % 2 == 0)
    before = seen.p(of("ada"))
    seen.learn(of("ada"), taken=True)
    seen.learn(of("ada"), taken=True)
    little = seen.p(of("ada"))
    for _ in range(40):
        seen.learn(of("ada"), taken=True)
    assert before < little < before + 0.12
    assert seen.p(of("ada")) > 0.7
    assert seen.p(of("bob")) == pytest.approx(before, abs=0.05), "her habit is hers"


def test_what_is_known_of_a_user_gets_surer_and_never_certain() -> None:
    seen = Acceptance(np.array([0.0]))
    doubts = []
    for n in range(500):
        seen.learn(of("ada"), taken=n % 3 == 0)
        doubts.append(seen.effect(("user", "ada"))[1])
    assert doubts[0] < accept.EFFECT_VARIANCE["user"]
    assert doubts[50] < doubts[0]
    assert doubts[-1] > 0.005, "variance returns: habits change"


def test_the_covariance_stays_one() -> None:
    rng, seen = np.random.default_rng(2), Acceptance(np.zeros(4))
    for _ in range(3_000):
        x = np.array([1.0, rng.normal(), rng.normal() * 5, 0.0])
        seen.learn(Moment(x, (("field", "a=b"),)), taken=bool(rng.random() < 0.9))
    covariance = seen._weights[1]
    assert np.allclose(covariance, covariance.T, atol=1e-9)
    assert np.linalg.eigvalsh(covariance).min() > 0
    assert covariance[3, 3] <= accept.WEIGHT_VARIANCE + accept.DRIFT, "a silent column stays at its prior"


def test_the_oldest_effects_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accept, "MOST_EFFECTS", 3)
    seen = Acceptance(np.array([0.0]))
    for user in ("a", "b", "c", "a", "d"):
        seen.learn(of(user), taken=True)
    known = [user for user in "abcd" if seen.effect(("user", user))[0] != 0]
    assert known == ["a", "c", "d"]


def test_who_is_forgotten_is_a_stranger_again() -> None:
    seen = Acceptance(np.array([0.0]))
    for _ in range(30):
        seen.learn(of("ada"), taken=False)
    assert seen.p(of("ada")) < seen.p(of("bob"))
    seen.forget([("user", "ada")])
    assert seen.p(of("ada")) == seen.p(of("bob"))
