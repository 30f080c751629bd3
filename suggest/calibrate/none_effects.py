"""Some people, and some sittings, ask for what is not there more often than others: random effects on the none-logit.

    logit P'(none) = logit P(none) + a_user + a_sitting        a ~ N(0, variance of its kind)

Each decided slate is one step of an extended Kalman filter around the probability that it was served with: a selection
says that something was right, a dismissal that nothing was. An effect starts at 0 and is drawn to it by its variance
(MAP), so that a stranger gets what everybody gets. The population's model is fitted without them: a retrain changes
nothing here, and nothing counts twice.

It misleads where somebody dismisses from habit, whatever is shown: that lowers p_any for them, which is the careful
side."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

Who = tuple[str, str]  # kind of effect, whose
VARIANCE: Mapping[str, float] = {"user": 0.4, "session": 0.2}
DRIFT = 1e-3  # variance that returns with each outcome: habits change
FARTHEST = 2.5  # logits: nobody is shut out by their past
MOST_EFFECTS = 50_000  # remembered; the oldest go first


class NoneEffects:
    """One surface's.

    >>> effects, ann = NoneEffects(), [("user", "ann")]
    >>> for _ in range(8):
    ...     effects.learn(ann, p_none=0.2, nothing=True)
    >>> effects.shift(ann) > 0.8, effects.shift([("user", "bob")])
    (True, 0.0)
    """

    def __init__(self) -> None:
        self._effects: dict[Who, tuple[float, float]] = {}

    def shift(self, who: Iterable[Who]) -> float:
        """What the logit of "nothing is right" gains for these."""
        total = sum((self._effects[each][0] for each in who if each in self._effects), 0.0)
        return min(max(total, -FARTHEST), FARTHEST)

    def learn(self, who: Sequence[Who], *, p_none: float, nothing: bool) -> None:
        """One decided slate that was served with `p_none`, these effects included."""
        before = [self._before(each) for each in who]
        p = min(max(p_none, 0.01), 0.99)
        curvature = p * (1.0 - p)
        spread = 1.0 / curvature + sum(variance for _, variance in before)
        step = (float(nothing) - p) / (curvature * spread)
        for each, (mean, variance) in zip(who, before, strict=True):
            self._effects.pop(each, None)  # the latest last
            moved = min(max(mean + variance * step, -FARTHEST), FARTHEST)  # beyond it, nothing could be seen to return
            self._effects[each] = (moved, variance - variance * variance / spread)
        while len(self._effects) > MOST_EFFECTS:
            del self._effects[next(iter(self._effects))]

    def _before(self, who: Who) -> tuple[float, float]:
        most = VARIANCE[who[0]]
        mean, variance = self._effects.get(who, (0.0, most))
        return mean, min(variance + DRIFT, most)


def with_effect(p_some: float, shift: float) -> float:
    """P(something is right) once the none-logit gained `shift`.

    >>> round(with_effect(0.5, math.log(3.0)), 3), with_effect(0.7, 0.0)
    (0.25, 0.7)
    """
    if shift == 0.0:
        return p_some
    return p_some / (p_some + (1.0 - p_some) * math.exp(shift))
