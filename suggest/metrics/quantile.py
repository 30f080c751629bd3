"""Between which two of the observed values a quantile lies, whatever the distribution they come from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from suggest.metrics.arrays import Floats

_SPREADS = 12.0  # on each side of the mean; what lies beyond has a chance under 1e-30


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """Places in the sorted values, 1 the smallest; None: on that side the sample is too small for any bound."""

    low: int | None
    high: int | None


@lru_cache(maxsize=4096)
def quantile_ranks(n: int, q: float, confidence: float = 0.95) -> Ranks:
    """Ranks r < s with P(x_(r) <= the q-quantile <= x_(s)) >= confidence, for n independent values of one distribution.

    How many values lie below the quantile is Binomial(n, q): r is the largest rank with P(B <= r - 1) <= alpha / 2, s
    the smallest with P(B >= s) <= alpha / 2, alpha = 1 - confidence. Nothing else is assumed: ties only make it cover
    more. It misleads where the values depend on each other, as waits in one rush do. A median has both bounds from 6
    values on, a 0.9-quantile an upper one from 36. David & Nagaraja, Order Statistics, 2003, section 7.1.

    >>> quantile_ranks(10, 0.5)
    Ranks(low=2, high=9)
    >>> quantile_ranks(5, 0.5), quantile_ranks(20, 0.9)
    (Ranks(low=None, high=None), Ranks(low=15, high=None))
    """
    if n < 0 or not 0 < q < 1 or not 0 < confidence < 1:
        raise ValueError(f"a quantile is of n >= 0 values, q and confidence within (0, 1); got {n}, {q}, {confidence}")
    tail = (1 - confidence) / 2
    first, at_most = _binomial(n, q)  # the latter: P(B <= first + i)
    low = first + int(np.searchsorted(at_most, tail, side="right"))
    high = first + int(np.searchsorted(at_most, 1 - tail, side="left")) + 1
    return Ranks(low=low if low > 0 else None, high=high if high <= n else None)


def _binomial(n: int, q: float) -> tuple[int, Floats]:
    """The cumulative chances of a binomial around its mean, by the ratios of neighbours: a millisecond for millions,
    where one `binomial_cdf` at a time took a thousand."""
    reach = _SPREADS * math.sqrt(n * q * (1 - q)) + 5
    first, last = max(0, math.floor(n * q - reach)), min(n, math.ceil(n * q + reach))
    k = np.arange(first + 1, last + 1, dtype=np.float64)
    ways = math.lgamma(n + 1) - math.lgamma(first + 1) - math.lgamma(n - first + 1)
    log_first = ways + first * math.log(q) + (n - first) * math.log1p(-q)
    log_ratios = np.log((n - k + 1) / k) + math.log(q / (1 - q))
    return first, np.cumsum(np.exp(log_first + np.concatenate([[0.0], np.cumsum(log_ratios)])))


def quantile_needs(q: float, confidence: float = 0.95) -> int:
    """The fewest values with both bounds.

    >>> quantile_needs(0.5), quantile_needs(0.9)
    (6, 36)
    """
    n = 1
    while (found := quantile_ranks(n, q, confidence)).low is None or found.high is None:
        n += 1
    return n
