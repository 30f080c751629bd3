"""What several people's answers to the same question come to, and how often each of them is right.

The model is Dawid and Skene's: each item has one true answer, each worker gives it with a chance of their own, and
workers err independently of each other given the truth. `one_coin` assumes that a worker is right equally often
whatever the truth is and errs evenly over the other answers; with few, fixed answers (yes and no) a confusion matrix a
worker is fitted instead, which knows the lenient from the strict. Both have priors, so that three answers of a new
worker do not count for certainty. It misleads where workers copy from each other or share a misunderstanding: then the
many outvote the right one, and are called right for it. Dawid & Skene, Applied Statistics 1979; with priors, Kim &
Ghahramani, AISTATS 2012; one coin: Sheng, Provost & Ipeirotis, KDD 2008."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from suggest.metrics.arrays import Floats
from suggest.metrics.interval import Interval, clopper_pearson

PRIOR_RIGHT, PRIOR_WRONG = 8.0, 2.0  # a worker of whom nothing is known: right four times in five, worth ten answers
_MOST_STEPS = 200
_STILL = 1e-6

Labels = NDArray[np.int64]
Key = TypeVar("Key", bound=Hashable)


def one_coin(voices: Sequence[tuple[Hashable, float]], n_answers: int) -> dict[Hashable, float]:
    """P(each answer that was given is the right one), by (answer, chance that its giver is right), prior even.

    P(z) is proportional to the product over voices of p where the voice says z, (1 - p) / (K - 1) where it does not; an
    answer that nobody gave is possible too, so these need not sum to 1.

    >>> {k: round(p, 3) for k, p in one_coin([("a", 0.9), ("b", 0.6)], 2).items()}
    {'a': 0.857, 'b': 0.143}
    >>> round(one_coin([("a", 0.8), ("a", 0.8)], 4)["a"], 3)
    0.98
    """
    given = list(dict.fromkeys(answer for answer, _ in voices))
    k = max(n_answers, len(given), 2)
    rates = np.clip(np.array([p for _, p in voices], np.float64), 1e-6, 1 - 1e-6)
    said = np.array([given.index(answer) for answer, _ in voices], np.int64)
    wrong = np.log((1 - rates) / (k - 1))
    logs = np.array([np.where(said == z, np.log(rates), wrong).sum() for z in range(len(given))])
    unsaid = float(wrong.sum()) if k > len(given) else -np.inf
    top = logs.max(initial=unsaid)
    others = (k - len(given)) * np.exp(unsaid - top)
    weights = np.exp(logs - top)
    return dict(zip(given, (weights / (weights.sum() + others)).tolist(), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    posterior: Floats  # (n items, k): P(the true answer of this item)
    confusion: Floats  # (n workers, k, k): P(the worker says column | the truth is row)
    expected_right: Floats  # (n workers,): how many of their answers were right, as far as the model knows
    n_answers: Labels  # (n workers,)

    def accuracy(self, worker: int, confidence: float = 0.9) -> Interval:
        """How often a worker is right, as an exact interval of the expected count. Too narrow where the truth of their
        items is itself in doubt."""
        n = int(self.n_answers[worker])
        return clopper_pearson(min(n, round(float(self.expected_right[worker]))), n, confidence)


def fit_dawid_skene(
    items: Labels, workers: Labels, answers: Labels, *, k: int, n_items: int | None = None, n_workers: int | None = None
) -> Fit:
    """Fit by expectation maximisation: one row an answer, all as whole numbers from 0.

    Starts from the shares of votes. The prior of a worker is PRIOR_RIGHT on the diagonal, PRIOR_WRONG spread over the
    rest, in each row; the prior of the answers is one of each.

    >>> items, workers = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 1, 2, 0, 1, 2])
    >>> fit = fit_dawid_skene(items, workers, np.array([1, 1, 0, 0, 0, 0]), k=2)
    >>> fit.posterior.argmax(axis=1).tolist(), fit.expected_right.round(1).tolist()
    ([1, 0], [1.8, 1.8, 1.2])
    """
    if not len(items) == len(workers) == len(answers):
        raise ValueError("items, workers and answers are as long as each other")
    if len(answers) and not (answers.min() >= 0 and answers.max() < k):
        raise ValueError(f"answers are whole numbers from 0 to {k - 1}")
    n = n_items if n_items is not None else int(items.max(initial=-1)) + 1
    m = n_workers if n_workers is not None else int(workers.max(initial=-1)) + 1
    prior = np.full((k, k), PRIOR_WRONG / max(k - 1, 1))
    np.fill_diagonal(prior, PRIOR_RIGHT)
    posterior = np.full((n, k), 1.0 / k)
    np.add.at(posterior, (items, answers), 1.0)
    posterior /= posterior.sum(axis=1, keepdims=True)
    confusion = np.broadcast_to(prior, (m, k, k))
    for _ in range(_MOST_STEPS):
        counts = np.broadcast_to(prior, (m, k, k)).copy()
        np.add.at(counts.transpose(0, 2, 1), (workers, answers), posterior[items])
        confusion = counts / counts.sum(axis=2, keepdims=True)
        share = posterior.sum(axis=0) + 1.0
        logs = np.broadcast_to(np.log(share / share.sum()), (n, k)).copy()
        np.add.at(logs, items, np.log(confusion[workers, :, answers]))
        logs -= logs.max(axis=1, keepdims=True)
        fresh = np.exp(logs)
        fresh /= fresh.sum(axis=1, keepdims=True)
        moved = float(np.abs(fresh - posterior).max(initial=0.0))
        posterior = fresh
        if moved < _STILL:
            break
    right = np.zeros(m)
    np.add.at(right, workers, posterior[items, answers])
    return Fit(
        posterior=posterior,
        confusion=confusion,
        expected_right=right,
        n_answers=np.bincount(workers, minlength=m).astype(np.int64),
    )


def accuracies(
    voices: Sequence[tuple[str, str, Hashable]], n_answers: Mapping[str, int]
) -> dict[str, tuple[float, int]]:
    """How often each worker is right where others answered the same item, one coin each: (expected right, n).

    `voices` are (item, worker, answer); `n_answers` how many answers an item could have. Items with a single voice say
    nothing and count for nothing.

    >>> told = [("i", "ann", 1), ("i", "bob", 1), ("j", "ann", 2), ("j", "bob", 3), ("j", "cy", 2), ("k", "cy", 1)]
    >>> {w: (round(r, 1), n) for w, (r, n) in accuracies(told, {"i": 4, "j": 4, "k": 4}).items()}
    {'ann': (1.9, 2), 'bob': (1.0, 2), 'cy': (0.9, 1)}
    """
    n_people: dict[str, set[str]] = {}
    for asked, worker, _ in voices:
        n_people.setdefault(asked, set()).add(worker)
    shared = [voice for voice in voices if len(n_people[voice[0]]) > 1]
    if not shared:
        return {}
    items, item = _numbered([voice[0] for voice in shared])
    workers, worker_of = _numbered([voice[1] for voice in shared])
    given, answer = _numbered([(voice[0], voice[2]) for voice in shared])
    item_of_answer = np.zeros(len(given), np.int64)
    item_of_answer[answer] = item
    n_given = np.bincount(item_of_answer, minlength=len(items))
    k = np.maximum(np.array([n_answers.get(each, 2) for each in items]), np.maximum(n_given, 2))
    n = np.bincount(worker_of, minlength=len(workers))
    rate = np.full(len(workers), PRIOR_RIGHT / (PRIOR_RIGHT + PRIOR_WRONG))
    right: Floats = np.zeros(len(workers))
    for _ in range(_MOST_STEPS):
        if_wrong = np.log((1.0 - rate[worker_of]) / (k[item] - 1))
        # of each answer: log P(the voices | it is right) - log P(the voices | one that nobody gave is right)
        lift = np.bincount(answer, np.log(rate[worker_of]) - if_wrong, minlength=len(given))
        top = np.full(len(items), 0.0)
        np.maximum.at(top, item_of_answer, lift)
        weight = np.exp(lift - top[item_of_answer])
        total = np.bincount(item_of_answer, weight, minlength=len(items)) + (k - n_given) * np.exp(-top)
        chance = weight / total[item_of_answer]
        right = np.asarray(np.bincount(worker_of, chance[answer], minlength=len(workers)), np.float64)
        fresh = (PRIOR_RIGHT + right) / (PRIOR_RIGHT + PRIOR_WRONG + n)
        moved = float(np.abs(fresh - rate).max())
        rate = fresh
        if moved < _STILL:
            break
    return {name: (float(right[w]), int(n[w])) for w, name in enumerate(workers)}


def _numbered(values: Sequence[Key]) -> tuple[list[Key], Labels]:
    """Each distinct value once, and which of them each value is."""
    number = {value: i for i, value in enumerate(dict.fromkeys(values))}
    return list(number), np.array([number[value] for value in values], np.int64)
