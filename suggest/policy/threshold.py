"""Where the line runs: the thresholds on p_any behind each way an owner may say what they want.

A threshold tuned on a sample and trusted on the next misses its target about half of the time. `certify` is the one
that promises; the others are arithmetic on calibrated probabilities and say so."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from suggest.metrics.arrays import Bools, Floats, outcomes, probabilities
from suggest.metrics.discrete import binomial_cdf
from suggest.metrics.interval import lower_bound

NEVER_ESCALATE = 0.0
SEND_ALL = math.nextafter(1.0, 2.0)  # above every probability: show iff p_any >= it never holds
_RUNGS: Floats = np.append(1.0 / (1.0 + np.exp(np.linspace(-9.2, 5.3, 500))), 0.0)  # thresholds tested, strict first
_CERTAIN_SHARE = 0.35  # of the labelled requests: where a sequence starts that does not trust p_any
_GRID = 40  # thresholds looked at to plan for more labels
_PRIOR_WEIGHT = 20.0  # requests that the model's own error estimate is worth, where labelled ones are few
_POWER_Z = 0.8416  # `n_needed` plans for success in 80 % of cases: the normal quantile of that
_FEWEST_MORE = 0.2  # of the labels there are: with fewer a repeated test mostly sees the same again
_MOST_LABELS = 100_000  # asking for more than this is saying no


@dataclass(frozen=True, slots=True, kw_only=True)
class Certified:
    """Showing iff p_any >= threshold keeps precision >= target, wrong at most `delta` of the times this is
    computed."""

    threshold: float
    n: int  # labelled requests shown at this threshold in the test fold
    errors: int  # of them, those without a right option
    bound: float  # exact lower bound of precision at this threshold, >= target
    share: float  # of the test fold that is shown


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCertifiable:
    """No threshold can be promised yet. `n_needed` more labels would do it; None where more of the same would not."""

    n_needed: int | None
    why: str


def certify(p_any: ArrayLike, correct: ArrayLike, *, target: float, delta: float = 0.1) -> Certified | NotCertifiable:
    """Loosest threshold with P(precision of what is shown < target) <= delta: Learn-then-Test over fixed sequences.

    Each threshold t is a hypothesis "precision(t) < target", rejected when P(Bin(n_t, 1 - target) <= errors_t) is at
    most what its sequence may spend. The thresholds are fixed beforehand, and so is the order, looser only, up to the
    first failure: that keeps the chance of any false pass at what was spent without dividing it. Where to start is
    chosen without looking at a label, so that none is given away for it: half of delta starts where p_any itself
    says that the test is likeliest to pass, which is best where p_any is calibrated; the other half where the most
    certain `_CERTAIN_SHARE` are shown, which does not care. A stricter sequence that gets as far as the looser one
    hands over what it had (Bretz, Maurer, Brannath & Posch, Statistics in Medicine 2009).

    Given all p_any, the errors above t are a sum of independent, unequal chances, whose lower tail the binomial bounds
    (Hoeffding, Annals of Mathematical Statistics 1956): for the mix of p_any that was labelled the promise is exact
    whatever order was read off it. For all traffic it is too where a stricter line is never less precise. The line
    never runs below the least certain label: of what nobody answered nothing is promised.

    Assumes that labelled requests are exchangeable with the traffic to come (see `thin_to_exchangeable`), and one
    look: asking again after every label until it passes inflates delta. Drift breaks it; audits watch for that.
    Angelopoulos, Bates, Candès, Jordan & Lei, arXiv 2110.01052.

    >>> p = np.linspace(0.5, 1.0, 400)
    >>> certify(p, np.ones(400), target=0.95).errors
    0
    >>> certify([0.9] * 10, [1] * 10, target=0.99).n_needed > 200
    True
    """
    p, right = _labelled(p_any, correct)
    found = certified_on(p, right, target=target, delta=delta)
    return _not_yet(p, right, target=target, delta=delta) if found is None else found


def certified_on(p_any: ArrayLike, correct: ArrayLike, *, target: float, delta: float = 0.1) -> Certified | None:
    """The same for who needs no reason where nothing can be promised (most of the work)."""
    if not 0.0 < target < 1.0 or not 0.0 < delta < 1.0:
        raise ValueError("target and delta must lie strictly between 0 and 1")
    p, right = _labelled(p_any, correct)
    if not p.size:
        return None
    shown, errors = _counts(p, right, _RUNGS)
    strict, loose = _starts(p, shown, target=target, delta=delta)
    tail = np.where(shown > 0, binomial_cdf(errors, shown, 1.0 - target), 1.0)
    last = _last_passed(tail, strict, loose, delta)
    if last is None:
        return None
    n, wrong = int(shown[last]), int(errors[last])
    if n == p.size:  # below the least certain label nothing was tested: a history of easy ones says nothing of it
        last = int(np.argmax(shown == n))
    return Certified(
        threshold=float(_RUNGS[last]),
        n=n,
        errors=wrong,
        bound=float(lower_bound(n - wrong, n, 1.0 - delta)),
        share=n / p.size,
    )


def _starts(p: Floats, shown: Floats, *, target: float, delta: float) -> tuple[int, int]:
    """The rungs that the stricter and the looser sequence begin at, by p_any alone; one twice where there is one."""
    error = np.clip(1.0 - (p.sum() - _below(p, p, _RUNGS)) / np.maximum(shown, 1.0), 0.0, 1.0)
    predicted = np.where(shown > 0, binomial_cdf(error * shown, shown, 1.0 - target), 1.0)
    likeliest = int(np.argmin(predicted))
    fewest = max(math.ceil(_CERTAIN_SHARE * p.size), fewest_labels(target, 0.5 * delta))
    if fewest > p.size:
        return likeliest, likeliest
    most_certain = int(np.argmax(shown >= fewest))
    return min(likeliest, most_certain), max(likeliest, most_certain)


def _last_passed(tail: Floats, strict: int, loose: int, delta: float) -> int | None:
    """The loosest rung that either sequence comes to; None where both fail at once."""
    half = tail <= 0.5 * delta
    handed_over = bool(half[strict:loose].all())  # also where both begin at one rung
    of_loose = _run(tail[loose:] <= delta if handed_over else half[loose:])
    if of_loose or handed_over:
        n = loose + of_loose
        return n - 1 if n > strict else None
    of_strict = _run(half[strict:])
    return strict + of_strict - 1 if of_strict else None


def _run(passes: Bools) -> int:
    """How many pass before the first that does not."""
    return passes.size if passes.all() else int(np.argmin(passes))


def fewest_labels(target: float, delta: float = 0.1) -> int:
    """Shown requests, all of them right, before a target can be certified at all: ln(delta) / ln(target).

    >>> fewest_labels(0.95), fewest_labels(0.99)
    (45, 230)
    """
    return math.ceil(math.log(delta) / math.log(target) - 1e-9)


def thin_to_exchangeable(inclusion: ArrayLike, rng: np.random.Generator) -> Bools:
    """Which labelled requests to keep so that the rest look like traffic, given the chance each had of being
    labelled.

    Escalated requests are all labelled, confident ones only when audited; taken together they overstate the hard
    ones. Keeping each with chance min(inclusion) / inclusion restores one common rate. Needs `inclusion` > 0
    everywhere in traffic: a region that is never audited stays unknown.

    >>> thin_to_exchangeable([0.5, 0.5], np.random.default_rng(0)).tolist()
    [True, True]
    """
    chance = probabilities(inclusion, "inclusion")
    if chance.size and chance.min() <= 0.0:
        raise ValueError("a labelled request had some chance of being labelled; inclusion must be > 0")
    lowest = chance.min() if chance.size else 1.0
    return np.asarray(rng.random(chance.size) * chance < lowest, dtype=np.bool_)


def review_share_threshold(p_any: ArrayLike, share: float) -> float:
    """Threshold that sends `share` of this traffic to people, the least certain first. Both ends are exact.

    Requests with equal p_any stay together, so that the share sent is the wish or less. Without traffic p_any is
    taken as uniform. Holds as long as traffic stays as it was.

    >>> review_share_threshold([0.1, 0.4, 0.6, 0.9], 0.5)
    0.6
    >>> review_share_threshold([0.1], 0.0), review_share_threshold([0.1], 1.0) > 1
    (0.0, True)
    """
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"a share lies in [0, 1], got {share}")
    ordered = np.sort(probabilities(p_any, "p_any"))
    if share == 0.0:
        return NEVER_ESCALATE
    if share == 1.0:
        return SEND_ALL
    if not ordered.size:
        return share
    return float(ordered[min(math.floor(share * ordered.size + 0.5), ordered.size - 1)])


def chow_threshold(cost_error: float, cost_human: float) -> float:
    """Cheapest line: ask a person iff p_any < 1 - cost_human / cost_error. Exact where p_any is calibrated. Chow
    1970.

    An error that costs no more than a person is never worth one: 0.

    >>> chow_threshold(cost_error=20.0, cost_human=1.0)
    0.95
    """
    if not 0.0 <= cost_error < math.inf or not 0.0 <= cost_human < math.inf:
        raise ValueError(f"costs must be finite and >= 0, got {cost_error} and {cost_human}")
    return max(0.0, 1.0 - cost_human / cost_error) if cost_error > 0.0 else NEVER_ESCALATE


def _labelled(p_any: ArrayLike, correct: ArrayLike) -> tuple[Floats, Floats]:
    p, right = probabilities(p_any, "p_any"), outcomes(correct, "correct")
    if p.shape != right.shape or p.ndim != 1:
        raise ValueError(f"one label a request: p_any {p.shape}, correct {right.shape}")
    return p, right


def _grid(p: Floats) -> Floats:
    """Distinct values from high to low, thinned by rank."""
    if not p.size:
        return np.zeros(1)
    ordered = np.sort(p)[::-1]
    every = np.linspace(0, ordered.size - 1, min(_GRID, ordered.size)).round().astype(np.int64)
    thinned = ordered[every]
    return np.asarray(thinned[np.append(True, thinned[1:] != thinned[:-1])])


def _counts(p: Floats, right: Floats, grid: Floats) -> tuple[Floats, Floats]:
    """At each threshold: how many requests are shown, and how many of those are wrong."""
    shown = p.size - np.searchsorted(np.sort(p), grid, "left").astype(np.float64)
    return shown, np.maximum(np.rint(shown - (right.sum() - _below(p, right, grid))), 0.0)


def _expected(p: Floats, right: Floats, grid: Floats) -> tuple[Floats, Floats]:
    """At each threshold: share shown, and error rate as observed, leaning on the model's own where little is
    observed."""
    shown, wrong = _counts(p, right, grid)
    own = np.clip((shown - (p.sum() - _below(p, p, grid))) / np.maximum(shown, 1.0), 0.0, 1.0)
    return shown / max(p.size, 1), (wrong + _PRIOR_WEIGHT * own) / (shown + _PRIOR_WEIGHT)


def _below(p: Floats, values: Floats, grid: Floats) -> Floats:
    """Sum of `values` over the requests with p < t, for each t of the grid."""
    order = np.argsort(p, kind="stable")
    running = np.concatenate([[0.0], np.cumsum(values[order])])
    return np.asarray(running[np.searchsorted(p[order], grid, "left")], dtype=np.float64)


def _not_yet(p: Floats, right: Floats, *, target: float, delta: float) -> NotCertifiable:
    """How many more labels: at the error rate seen so far if that will do, else at the best rate not yet ruled
    out."""
    if not p.size:
        needed = fewest_labels(target, delta)
        return NotCertifiable(n_needed=needed, why=f"no labels yet: at least {needed} are needed, all of them right")
    grid = _grid(p)
    share, error = _expected(p, right, grid)
    shown, wrong = _counts(p, right, grid)
    not_ruled_out = lower_bound(wrong, shown, 1.0 - delta)
    cautious = error + np.sqrt(error * (1.0 - error) / (shown + _PRIOR_WEIGHT))
    for rate, claim in (
        (cautious, "about {} more would, if errors stay as they are"),
        (error, "about {} more would, if errors stay as they are"),
        (not_ruled_out, "at least {} more"),
    ):
        more = float(np.min(_more_shown(rate, shown, wrong, target=target, delta=0.5 * delta) / share))
        if more <= _MOST_LABELS:
            needed = max(math.ceil(more), math.ceil(_FEWEST_MORE * p.size))
            why = f"{p.size} labels cannot certify {target:g} yet; {claim.format(needed)}"
            return NotCertifiable(n_needed=needed, why=why)
    best = 1.0 - float(error.min())
    return NotCertifiable(
        n_needed=None,
        why=f"no threshold reaches {target:g} (the best holds about {best:.3f}): a better model would, more labels not",
    )


def _more_shown(error: Floats, shown: Floats, wrong: Floats, *, target: float, delta: float) -> Floats:
    """Further shown labels until the test passes 80 % of the time, per threshold; infinite where errors are too many.

    The normal form of the test with continuity correction, since this only plans: the test itself is exact."""
    more = np.unique(np.ceil(np.geomspace(1.0, _MOST_LABELS, 400)))
    rate = np.clip(error, 0.0, 1.0)[:, None]
    unlucky = wrong[:, None] + rate * more + _POWER_Z * np.sqrt(rate * (1.0 - rate) * more)
    total = shown[:, None] + more
    spare = total * (1.0 - target) - unlucky - 0.5
    needed_spare = NormalDist().inv_cdf(1.0 - delta) * np.sqrt(total * target * (1.0 - target))
    passes = (spare >= needed_spare) & (total >= fewest_labels(target, delta)) & (rate < 1.0 - target)
    return np.where(passes.any(axis=1), more[np.argmax(passes, axis=1)], np.inf)
