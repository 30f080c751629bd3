"""Consensus: exact where it can be enumerated, right where the truth is known, better than a majority of real votes."""

from __future__ import annotations

import numpy as np
import pytest

from suggest.metrics.consensus import accuracies, fit_dawid_skene, one_coin


def test_the_posterior_is_bayes_rule_by_enumeration() -> None:
    voices, k = [("a", 0.9), ("b", 0.7), ("b", 0.6)], 5
    truths = ["a", "b", "c", "d", "e"]
    likely = {z: np.prod([p if said == z else (1 - p) / (k - 1) for said, p in voices]) for z in truths}
    total = sum(likely.values())
    found = one_coin(voices, k)
    assert found == pytest.approx({z: likely[z] / total for z in ("a", "b")})


def simulated(seed: int, rates: list[float], n: int, k: int) -> tuple[list[tuple[str, str, int]], np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(k, size=n)
    told = []
    for i in range(n):
        for w, rate in enumerate(rates):
            wrong = (truth[i] + 1 + rng.integers(k - 1)) % k
            told.append((str(i), str(w), int(truth[i] if rng.random() < rate else wrong)))
    return told, truth


def test_how_often_each_is_right_is_found_without_the_truth() -> None:
    rates = [0.95, 0.85, 0.6]
    told, _ = simulated(0, rates, n=600, k=6)
    found = accuracies(told, {str(i): 6 for i in range(600)})
    for w, rate in enumerate(rates):
        right, n = found[str(w)]
        assert n == 600
        assert right / n == pytest.approx(rate, abs=0.04)  # two standard errors at .6 are .04


def test_what_one_person_alone_said_says_nothing_of_them() -> None:
    assert accuracies([("i", "ann", 1), ("j", "ann", 2)], {}) == {}


def test_a_confusion_matrix_knows_the_lenient_from_the_strict() -> None:
    rng = np.random.default_rng(1)
    truth = rng.integers(2, size=800)
    says_yes = np.array([[0.05, 0.9], [0.4, 0.99], [0.02, 0.6], [0.05, 0.9]])  # by truth: careful, lenient, strict
    votes = np.stack([rng.random(800) < says_yes[w][truth] for w in range(4)]).astype(np.int64)
    worker, item = np.nonzero(np.ones_like(votes))
    fit = fit_dawid_skene(item, worker, votes[worker, item], k=2)
    assert fit.confusion[1, 0, 1] == pytest.approx(0.4, abs=0.07)
    assert fit.confusion[2, 1, 0] == pytest.approx(0.4, abs=0.07)
    majority = (votes.sum(axis=0) >= 2) == (truth == 1)
    assert (fit.posterior.argmax(axis=1) == truth).mean() > majority.mean()
    careful = fit.accuracy(0)
    assert careful.low < 0.925 < careful.high


def test_wrong_shapes_are_refused() -> None:
    one = np.zeros(1, np.int64)
    with pytest.raises(ValueError, match="as long as"):
        fit_dawid_skene(one, one, np.zeros(2, np.int64), k=2)
    with pytest.raises(ValueError, match="from 0 to 1"):
        fit_dawid_skene(one, one, one + 2, k=2)


def test_consensus_beats_the_majority_on_real_verdicts() -> None:
    from bench.consensus import DATA, measure, read

    if not (DATA / "nl2bash").is_dir():
        pytest.skip(f"needs the data folder {DATA}")
    runs = [measure(verdicts, seed) for verdicts in read(DATA) for seed in range(3)]
    mean = {name: np.mean([run[name]["ties"] for run in runs]) for name in runs[0]}
    assert mean["matrix"] > mean["majority, usual"]
    assert mean["matrix"] > mean["majority, coin"] + 0.1
