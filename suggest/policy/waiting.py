"""How long somebody who asks will wait, with its spread: a model of the queue, corrected by how wrong it was lately.

The model knows who is ahead and who is at work. How far real waits fell from it, on a scale of its own spread, is kept
of the latest requests; the range that is told is the middle of those misses around the model of now. So it holds
whatever people do beside the queue (look away, take breaks, skip), as long as they do it as they did lately: split
conformal prediction with a normalised score (Lei et al., JASA 2018). Whoever still waits counts as having waited at
least this long (Kaplan & Meier, JASA 1958), else the slowest answers would be missing just when it matters. It misleads
for a while after the crew or its habits change: waits of one hour resemble each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median

SHARE = 0.8  # of the waits end within the range
_TAKEN = 0.84  # of the misses: the waits of one hour resemble each other, which costs 1 to 4 points (tests/guarantees)
FEWEST = 20  # finished waits from which on the range is the queue's own
FEWEST_HANDLED = 10  # answers from which on their spread says something
_UNKNOWN_SPREAD = 1.0  # of handling times, where too few are known: that of an exponential
_LEAST_SPREAD = 0.15  # answers that all took as long do not make a wait certain
_TAIL = 4.0  # medians; an answer that took longer (somebody went to lunch) counts as this long
_GUESS_SPREAD = 0.6  # at least, while few waits are known: nobody knows yet how far the model is off
_GUESS_MISS = 1.6  # spreads on either side of a guess; 80 % of a normal's are within 1.28
_SHORTEST_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Modelled:
    """What the model says of one wait."""

    middle_s: float
    spread: float  # of log(wait / middle_s)

    def miss(self, waited_s: float) -> float:
        """How many spreads this wait is longer than the middle."""
        return math.log(max(waited_s, _SHORTEST_S) / self.middle_s) / self.spread

    def at(self, miss: float) -> float:
        """The wait of this miss, in seconds."""
        return self.middle_s * math.exp(miss * self.spread)


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """How far one wait fell from what the model had said when it began."""

    spreads: float
    is_over: bool  # False: it lasts, and this is the least that it will be


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    middle_s: float
    low_s: float
    high_s: float  # SHARE of such waits end between the two
    n_known: int  # finished waits behind the range; 0: too few, it is the model's own and wide


def modelled(handled_s: Sequence[float], *, ahead: int, held: int, workers: int) -> Modelled:
    """The wait of who has `ahead` before them, with `held` reviews at work; `handled_s`: how long answers took lately.

    A worker becomes free every mean / workers seconds; then the own answer takes its median. With a free worker there
    is nothing but the answer.

    >>> modelled([60.0], ahead=0, held=1, workers=2).middle_s, modelled([60.0], ahead=3, held=1, workers=1).middle_s
    (60.0, 300.0)
    """
    if workers < 1 or not handled_s:
        raise ValueError("somebody is on duty, and some answer's length is known")
    own = max(median(handled_s), _SHORTEST_S)
    usual = [min(each, _TAIL * own) for each in handled_s]
    mean = max(fmean(usual), _SHORTEST_S)
    turns = max(ahead + held + 1 - workers, 0)  # answers that must end before this one is begun
    middle = own + turns * mean / workers
    if len(usual) < FEWEST_HANDLED:
        relative = _UNKNOWN_SPREAD
    else:
        relative = math.sqrt(fmean((each - mean) ** 2 for each in usual)) / mean
    deviation = relative * math.hypot(own, mean * math.sqrt(turns) / workers)
    return Modelled(middle_s=middle, spread=max(deviation / middle, _LEAST_SPREAD))


def told(model: Modelled, misses: Sequence[Miss], *, longest_s: float) -> Wait:
    """The model's wait, moved and widened by how it missed lately. `longest_s`: nobody waits longer than that.

    Where so many waits did not end at all that the upper end is not known, it is `longest_s`.

    >>> told(Modelled(middle_s=60.0, spread=0.5), [], longest_s=3600.0).n_known
    0
    """
    n_known = sum(miss.is_over for miss in misses)
    if n_known < FEWEST:
        guess = replace(model, spread=max(model.spread, _GUESS_SPREAD))
        return _wait(guess, -_GUESS_MISS, 0.0, _GUESS_MISS, longest_s=longest_s, n_known=0)
    low, middle, high = quantiles(misses, ((1 - _TAKEN) / 2, 0.5, (1 + _TAKEN) / 2))
    return _wait(model, low, middle, high, longest_s=longest_s, n_known=n_known)


def quantiles(misses: Sequence[Miss], shares: Sequence[float]) -> list[float]:
    """Kaplan-Meier quantiles, shares ascending; infinite where too few waits have ended to tell.

    The shares count among n + 1, the wait that is to come included: away from the middle at both ends.

    >>> quantiles([Miss(spreads=float(n), is_over=True) for n in range(1, 10)], (0.1, 0.5, 0.9))
    [1.0, 5.0, 9.0]
    """
    in_order = sorted(misses, key=lambda miss: (miss.spreads, not miss.is_over))
    n = len(in_order)
    sought = [min(share * (n + 1) / n, 1.0) if n else 1.0 for share in shares]
    found: list[float] = []
    open_share = 1.0
    for rank, miss in enumerate(in_order):
        if not miss.is_over:
            continue
        open_share *= 1.0 - 1.0 / (n - rank)
        while len(found) < len(sought) and 1.0 - open_share >= sought[len(found)] - 1e-9:
            found.append(miss.spreads)
    return found + [math.inf] * (len(sought) - len(found))


def rest_of_answer(handled_s: Sequence[float], *, since_s: float) -> Wait:
    """What is left of an answer that somebody began `since_s` ago, by those that took longer than that."""
    own = max(median(handled_s), _SHORTEST_S)
    middle = max(own - since_s, own / 4)
    longer = [Miss(spreads=each - since_s, is_over=True) for each in handled_s if each > since_s]
    if len(longer) < FEWEST_HANDLED:
        wide = math.exp(_GUESS_MISS)
        return Wait(middle_s=middle, low_s=middle / wide, high_s=middle * wide, n_known=0)
    low, _, high = quantiles(longer, ((1 - SHARE) / 2, 0.5, (1 + SHARE) / 2))
    return Wait(middle_s=middle, low_s=min(low, middle), high_s=max(high, middle), n_known=len(longer))


def _wait(model: Modelled, low: float, middle: float, high: float, *, longest_s: float, n_known: int) -> Wait:
    low_s = min(model.at(low), longest_s) if math.isfinite(low) else longest_s
    high_s = min(model.at(high), longest_s) if math.isfinite(high) else longest_s
    middle_s = model.at(middle) if math.isfinite(middle) else model.middle_s
    return Wait(middle_s=min(max(middle_s, low_s), high_s), low_s=low_s, high_s=high_s, n_known=n_known)
