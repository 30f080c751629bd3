"""P(the person takes any of them): what they will do, which also depends on attention and habit. It never decides.

    P(taken) = sigma(w·x + sum_k a_k)      w ~ N(m, P),  a_k ~ N(0, v_k) for this user, this sitting, these fields

A logistic regression with random effects, learned one outcome at a time: each is one step of an extended Kalman filter
(a Gaussian approximation of the posterior, Spiegelhalter & Lauritzen 1990; AdPredictor, Graepel et al., ICML 2010).
An effect starts at 0 and is shrunk towards it by its prior variance: a user seen twice moves little, one seen often has
a habit. Variance returns with each step (DRIFT), so that old outcomes fade. What is said allows for what is not known
yet: E sigma(z) ≈ sigma(mean / sqrt(1 + pi/8 · variance)), MacKay (1992).

It misleads where people differ in what they react to rather than in how much they take (effects move the level only),
and where silence, which is known only after the wait, is a large part of the outcomes: the newest are then missing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
WEIGHT_VARIANCE, LEVEL_VARIANCE = 0.1, 0.5  # of a column's weight and of the first, the level, before any outcome
EFFECT_VARIANCE: Mapping[str, float] = {"user": 0.3, "sitting": 0.05, "field": 0.03}
DRIFT, EFFECT_DRIFT = 1e-5, 1e-4  # variance that returns with each outcome
MOST_EFFECTS = 50_000  # users, sittings and field values remembered; the oldest go first

Who = tuple[str, str]  # (kind of effect, whose)


@dataclass(frozen=True, slots=True)
class Moment:
    """One impression as the model sees it."""

    x: Floats  # (columns,) the first is 1
    who: tuple[Who, ...] = ()


class Acceptance:
    """Starts at `prior` weights. Reads and writes may cross: what is read is replaced, never changed.

    >>> seen, often = Acceptance(np.array([0.0])), Moment(np.ones(1), (("user", "ada"),))
    >>> seen.p(often)
    0.5
    >>> for _ in range(20):
    ...     seen.learn(often, taken=True)
    >>> stranger = seen.p(Moment(np.ones(1), (("user", "bob"),)))
    >>> 0.5 < stranger < seen.p(often)
    True
    """

    def __init__(self, prior: Floats) -> None:
        mean = np.asarray(prior, np.float64)
        self._most = np.full(len(mean), WEIGHT_VARIANCE)
        self._most[0] = LEVEL_VARIANCE
        self._weights: tuple[Floats, Floats] = (mean, np.diag(self._most))
        self._effects: dict[Who, tuple[float, float]] = {}

    @property
    def weights(self) -> Floats:
        return self._weights[0]

    def effect(self, who: Who) -> tuple[float, float]:
        """Mean and variance of one effect, in logits."""
        return self._effects.get(who, (0.0, EFFECT_VARIANCE[who[0]]))

    def p(self, moment: Moment) -> float:
        mean, covariance = self._weights
        effects = [self.effect(who) for who in moment.who]
        logit = float(mean @ moment.x) + sum(a for a, _ in effects)
        variance = float(moment.x @ covariance @ moment.x) + sum(v for _, v in effects)
        return _sigmoid(logit / math.sqrt(1.0 + math.pi / 8.0 * max(variance, 0.0)))

    def learn(self, moment: Moment, *, taken: bool) -> None:
        """One finished impression."""
        mean, covariance = self._weights
        effects = [_wider(self.effect(who), EFFECT_VARIANCE[who[0]]) for who in moment.who]
        covariance = covariance.copy()
        diagonal = covariance.ravel()[:: len(mean) + 1]
        diagonal += DRIFT * (diagonal < self._most)
        gain = covariance @ moment.x
        p = _sigmoid(float(mean @ moment.x) + sum(a for a, _ in effects))
        curvature = max(p * (1.0 - p), 0.01)
        spread = 1.0 / curvature + float(moment.x @ gain) + sum(v for _, v in effects)
        step = (float(taken) - p) / (curvature * spread)
        covariance -= gain[:, None] * (gain / spread)
        self._weights = (mean + gain * step, covariance)
        for who, (a, v) in zip(moment.who, effects, strict=True):
            self._effects.pop(who, None)
            self._effects[who] = (a + v * step, v - v * v / spread)
        while len(self._effects) > MOST_EFFECTS:
            del self._effects[next(iter(self._effects))]

    def forget(self, who: Sequence[Who]) -> None:
        for each in who:
            self._effects.pop(each, None)


def _wider(effect: tuple[float, float], most: float) -> tuple[float, float]:
    return effect[0], min(effect[1] + EFFECT_DRIFT, most)


def _sigmoid(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-min(max(logit, -30.0), 30.0)))
