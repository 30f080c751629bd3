"""Two models judged right or wrong on the same requests: only those where they disagree say anything."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from suggest.metrics.discrete import binomial_cdf
from suggest.metrics.interval import Interval, z_two_sided


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    n: int  # requests
    gained: int  # right by the first only
    lost: int  # right by the second only

    @classmethod
    def of(cls, first: ArrayLike, second: ArrayLike) -> Disagreement:
        """Of two columns of right-or-wrong, (n,)."""
        a, b = np.asarray(first, bool), np.asarray(second, bool)
        if a.shape != b.shape or a.ndim != 1:
            raise ValueError("both are judged on the same requests")
        return cls(n=a.size, gained=int((a & ~b).sum()), lost=int((b & ~a).sum()))

    def p_superior(self) -> float:
        """One-sided exact McNemar: P(at least this many gained | gained and lost are alike).

        Assumes independent requests. McNemar 1947.

        >>> round(Disagreement(n=100, gained=8, lost=1).p_superior(), 5)
        0.01953
        """
        if self.gained == 0:
            return 1.0
        return float(1.0 - binomial_cdf(self.gained - 1, self.gained + self.lost, 0.5))

    def difference(self, confidence: float = 0.9) -> Interval:
        """Share right by the first less share right by the second, with the adjusted Wald interval of pairs.

        Half a request is added to each cell, which keeps the coverage near its name also for few disagreements.
        Agresti & Min, Statistics in Medicine 2005.

        >>> Disagreement(n=1000, gained=30, lost=20).difference().mid
        0.01
        """
        if self.n == 0:
            return Interval(low=-1.0, mid=0.0, high=1.0, n=0)
        size, apart = self.n + 2.0, float(self.gained - self.lost)
        half = z_two_sided(confidence) * (self.gained + self.lost + 1.0 - apart**2 / size) ** 0.5 / size
        centre, mid = apart / size, apart / self.n
        return Interval(low=min(centre - half, mid), mid=mid, high=max(centre + half, mid), n=self.n)
