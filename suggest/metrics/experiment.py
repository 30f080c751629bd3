"""Two arms, one share each: how many people it takes, whether the split is what it should be, and who is ahead.

The interval of the difference may be looked at after every outcome; the price is width, and the planner counts it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from suggest.metrics.interval import Interval

FEWEST_OF_AN_ARM = 50  # outcomes, below which the normal approximation is no promise
MOST_OF_AN_ARM = 100_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    right: int
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.right <= self.n:
            raise ValueError(f"a share counts 0 <= right <= n, got {self.right} of {self.n}")

    @property
    def share(self) -> float:
        return self.right / self.n if self.n else 0.5

    @property
    def variance(self) -> float:
        """Of one outcome, shrunk a little towards a coin so that an arm without a right one is not certain."""
        p = (self.right + 1.0) / (self.n + 2.0)
        return p * (1.0 - p)


def difference(a: Arm, b: Arm, *, tuned_for: int = 2_000, confidence: float = 0.95) -> Interval:
    """b's share less a's, with an interval that holds at every look at once; (-1, 1) below FEWEST_OF_AN_ARM.

    Asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas (Annals of Statistics 2024): with
    v the variance of the difference times N = n_a + n_b,

        half-width = sqrt(v) · sqrt( 2 (N ρ² + 1) / (N² ρ²) · ln( sqrt(N ρ² + 1) / alpha ) )

    and ρ chosen so that it is narrowest at N = `tuned_for`, which has to be fixed before the first look. It misleads
    where outcomes are not independent, as when one person answers a hundred times.

    >>> seen = difference(Arm(right=300, n=1000), Arm(right=400, n=1000))
    >>> round(seen.low, 3), round(seen.mid, 3), round(seen.high, 3)
    (0.036, 0.1, 0.164)
    """
    n = a.n + b.n
    if min(a.n, b.n) < FEWEST_OF_AN_ARM:
        return Interval(low=-1.0, mid=b.share - a.share, high=1.0, n=n)
    mid = b.share - a.share
    variance = n * (a.variance / a.n + b.variance / b.n)
    half = math.sqrt(variance) * _width(n, tuned_for=tuned_for, alpha=1.0 - confidence)
    return Interval(low=max(-1.0, mid - half), mid=mid, high=min(1.0, mid + half), n=n)


def people_needed(
    base: float, effect: float, *, power: float = 0.8, confidence: float = 0.95, share_b: float = 0.5
) -> int | None:
    """Outcomes over both arms after which a difference of `effect` is outside the interval with chance `power`.

    The interval is tuned for that very number, so a wish costs what `difference` will take. None above
    MOST_OF_AN_ARM: with so small an effect nobody will ever know.

    >>> people_needed(0.3, 0.1)
    1353
    """
    other = base + effect
    if not 0.0 < base < 1.0 or not 0.0 < other < 1.0 or effect == 0.0 or not 0.0 < share_b < 1.0:
        raise ValueError("base and base + effect must lie strictly between 0 and 1, and differ")
    if not 0.0 < power < 1.0 or not 0.0 < confidence < 1.0:
        raise ValueError("power and confidence must lie strictly between 0 and 1")
    deviation = math.sqrt(base * (1 - base) / (1 - share_b) + other * (1 - other) / share_b)
    z = NormalDist().inv_cdf(power)

    def is_enough(n: int) -> bool:
        reach = abs(effect) - deviation * _width(n, tuned_for=n, alpha=1.0 - confidence)
        return reach >= z * deviation / math.sqrt(n)

    low, high = 1, math.ceil(2 * FEWEST_OF_AN_ARM / min(share_b, 1 - share_b) / 2)
    if is_enough(high):
        return high
    while not is_enough(high):
        low, high = high, 2 * high
        if high > MOST_OF_AN_ARM:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


def sample_ratio_p(n_a: int, n_b: int, *, share_b: float = 0.5) -> float:
    """How surprising the sizes of two arms are if each person went to b with chance `share_b`: chi-square, two-sided.

    Under .001 the assignment is broken, and no difference between the arms means anything. One look only: checked
    every day it is surprised too often. Fabijan et al., KDD 2019.

    >>> round(sample_ratio_p(5_000, 5_100), 2), sample_ratio_p(5_000, 5_600) < 0.001
    (0.32, True)
    """
    n = n_a + n_b
    if n == 0:
        return 1.0
    z = (n_b - n * share_b) / math.sqrt(n * share_b * (1.0 - share_b))
    return math.erfc(abs(z) / math.sqrt(2.0))


def _width(n: int, *, tuned_for: int, alpha: float) -> float:
    """Half-width of the sequence after n outcomes of variance 1; the best ρ for `tuned_for` to a hair."""
    log = -2.0 * math.log(alpha)
    rho2 = (log + math.log(log + 1.0)) / max(tuned_for, 1)
    grown = n * rho2 + 1.0
    return math.sqrt(2.0 * grown / (n * n * rho2) * (0.5 * math.log(grown) - math.log(alpha)))
