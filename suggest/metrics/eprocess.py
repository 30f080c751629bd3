"""Tests that may be looked at after every observation: e-processes. Under the null an e-process exceeds A, ever, with
chance at most 1 / A (Ville 1939), however often somebody looks and whenever they stop."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from suggest.metrics.discrete import beta_cdf

SHIFTS = (0.4, 0.9, 1.6)  # logits by which p may be too high
_UNDERFLOWS = 1e-290  # below it a probability loses its digits
TOLERANCE = 0.03  # of p: a miss as small as this is nobody's alarm


def log_e_wins(wins: int, losses: int) -> float:
    """Natural log of E = 2^(w+l) · 2 · ∫_{1/2}^{1} p^w (1-p)^l dp: evidence that a win is more likely than a loss.

    The integral is a Beta(w+1, l+1) probability above one half, so that

        ln E = (w + l + 1) ln 2 + ln B(w+1, l+1) + ln I_{1/2}(l+1, w+1)

    which neither over- nor underflows where the product would; where I itself would (far more losses than wins), it is
    summed as a series. The null (a win has chance at most 1/2, given the past)
    is rejected at E >= 20 with an error of at most 5 %. It misleads where outcomes are not each a fair draw, as when
    one person clicks a hundred times. Robbins, 1970.

    >>> round(log_e_wins(0, 0), 9), round(math.exp(log_e_wins(1, 0)), 6)
    (0.0, 1.5)
    >>> log_e_wins(30, 5) > math.log(20) > log_e_wins(5, 30)
    True
    """
    if wins < 0 or losses < 0:
        raise ValueError(f"wins and losses are counts, got {wins} and {losses}")
    log_beta = math.lgamma(wins + 1) + math.lgamma(losses + 1) - math.lgamma(wins + losses + 2)
    upper = float(beta_cdf(0.5, losses + 1, wins + 1))
    if upper < _UNDERFLOWS:
        return math.log(_series(wins, losses) / (2.0 * (losses + 1)))
    return (wins + losses + 1) * math.log(2.0) + log_beta + math.log(upper)


def _series(wins: int, losses: int) -> float:
    """2F1(w+l+2, 1; l+2; 1/2), so that I_{1/2}(l+1, w+1) B(l+1, w+1) = 2^-(w+l+2) / (l+1) of it. Quick for l > w.

    Abramowitz & Stegun 26.5.23 after the transformation 15.3.3."""
    term = total = 1.0
    k = 0
    while term > 1e-17 * total:
        term *= 0.5 * (wins + losses + 2 + k) / (losses + 2 + k)
        total += term
        k += 1
    return total


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationWatch:
    """Evidence that a probability promises too much, over the outcomes since some beginning.

    Each outcome y of a forecast p multiplies a bet by q^y (1-q)^(1-y) / (r^y (1-r)^(1-y)), where r = p - TOLERANCE and
    q lies SHIFTS logits below it; with y at least as often right as r says, no bet grows on average. Bets begin at
    every moment t with weight 1 / (t (t+1)), so that a forecast that was right for long and then was not is found,
    too. The mean over all of it is an e-process: `e` exceeds A with chance at most 1 / A while the forecast keeps its
    word.
    It says nothing of forecasts that promise too little. Shin, Ramdas & Rinaldo, 2024 (e-detectors).

    >>> watch = CalibrationWatch()
    >>> for _ in range(60): watch = watch.observed(0.95, right=False)
    >>> watch.e > 100, watch.n
    (True, 60)
    """

    n: int = 0
    said: float = 0.0  # sum of p
    came: int = 0  # outcomes that were right
    bets: tuple[float, ...] = (0.0,) * len(SHIFTS)
    peak: float = 1.0  # the largest `e` so far

    @property
    def e(self) -> float:
        return sum(self.bets) / len(self.bets) + 1.0 / (self.n + 1)

    def observed(self, p: float, *, right: bool) -> CalibrationWatch:
        """With one more outcome."""
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"p must be in [0, 1], got {p}")
        n = self.n + 1
        null = min(max(p - TOLERANCE, 1e-3), 1.0 - 1e-3)
        begun = 1.0 / (n * (n + 1))
        bets = tuple(
            min((bet + begun) * _ratio(null, shift, right), 1e200) for bet, shift in zip(self.bets, SHIFTS, strict=True)
        )
        e = sum(bets) / len(bets) + 1.0 / (n + 1)
        return CalibrationWatch(
            n=n, said=self.said + p, came=self.came + right, bets=bets, peak=max(self.peak, e)
        )  # fmt: skip

    def to_json(self) -> Mapping[str, object]:
        return {
            "n": self.n,
            "said": None if not self.n else round(self.said / self.n, 4),
            "came": None if not self.n else round(self.came / self.n, 4),
            "e": float(f"{self.e:.4g}"),
        }


def _ratio(null: float, shift: float, right: bool) -> float:
    odds = null / (1.0 - null) * math.exp(-shift)
    lower = odds / (1.0 + odds)
    return lower / null if right else (1.0 - lower) / (1.0 - null)
