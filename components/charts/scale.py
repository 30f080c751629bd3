"""From quantities to places on paper: linear and banded scales, and the round numbers an axis is marked with."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, isfinite, log10


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """Maps [low, high] onto [start, end]; values outside are held at the ends, so nothing is drawn off the paper.

    >>> y = Linear(low=0, high=1, start=100, end=0)
    >>> y(0.25), y(7)
    (75.0, 0.0)
    """

    low: float
    high: float
    start: float
    end: float

    def __post_init__(self) -> None:
        if not (isfinite(self.low) and isfinite(self.high) and self.low < self.high):
            raise ValueError(f"a scale needs low < high, got {self.low} to {self.high}")

    def __call__(self, value: float) -> float:
        share = (min(self.high, max(self.low, value)) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """Cuts [start, end] into `n` equal bands with `gap` (a share of the band) between their bars.

    >>> bands = Bands(n=4, start=0, end=80, gap=0.5)
    >>> bands.centre(0), bands.left(1), bands.width
    (10.0, 25.0, 10.0)
    """

    n: int
    start: float
    end: float
    gap: float = 0.25

    def __post_init__(self) -> None:
        if self.n < 1 or not 0 <= self.gap < 1:
            raise ValueError(f"bands need n >= 1 and a gap in [0, 1), got {self.n} and {self.gap}")

    @property
    def step(self) -> float:
        return (self.end - self.start) / self.n

    @property
    def width(self) -> float:
        return self.step * (1 - self.gap)

    def edge(self, place: float) -> float:
        """So many bands from the start, gaps and all; a part of one too."""
        return self.start + self.step * place

    def centre(self, index: int) -> float:
        return self.edge(index + 0.5)

    def left(self, index: int) -> float:
        return self.centre(index) - self.width / 2


def round_ticks(highest: float, about: int = 5) -> tuple[float, ...]:
    """Round numbers from 0 to at least `highest`, in steps of 1, 2 or 5 times a power of ten.

    Counts never get steps below 1: use `share_ticks` for shares.

    >>> round_ticks(87), round_ticks(0)
    ((0.0, 20.0, 40.0, 60.0, 80.0, 100.0), (0.0, 1.0))
    """
    if not isfinite(highest) or highest <= 0:
        return (0.0, 1.0)
    rough = max(1.0, highest / about)
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough - 1e-9)
    return tuple(step * i for i in range(ceil(highest / step - 1e-9) + 1))


def ticks_within(low: float, high: float, about: int = 5) -> tuple[float, ...]:
    """Round numbers from `low` to `high`, both where they are round themselves.

    >>> ticks_within(1985, 2505), ticks_within(0, 13_000), ticks_within(7, 7)
    ((2000.0, 2200.0, 2400.0), (0.0, 5000.0, 10000.0), (7.0,))
    """
    if not high > low:
        return (float(low),)
    step = round_ticks(high - low, about)[1]
    first = ceil(low / step - 1e-9)
    return tuple(step * i for i in range(first, floor(high / step + 1e-9) + 1)) or (float(low),)


def share_ticks(highest: float) -> tuple[float, ...]:
    """Round shares from 0 to at least `highest`, never beyond 1.

    >>> share_ticks(0.07), share_ticks(0.9)
    ((0.0, 0.02, 0.04, 0.06, 0.08), (0.0, 0.25, 0.5, 0.75, 1.0))
    """
    for top, step in ((0.02, 0.005), (0.04, 0.01), (0.08, 0.02), (0.2, 0.05), (0.4, 0.1), (0.6, 0.2)):
        if highest <= top:
            return tuple(round(step * i, 4) for i in range(round(top / step) + 1))
    return (0.0, 0.25, 0.5, 0.75, 1.0)


def thinned(n: int, most: int) -> tuple[int, ...]:
    """Which of `n` labels to write so that at most `most` are, evenly spaced from the first.

    >>> thinned(30, 6), thinned(3, 6)
    ((0, 5, 10, 15, 20, 25), (0, 1, 2))
    """
    if n <= 0 or most < 1:
        return ()
    return tuple(range(0, n, max(1, ceil(n / most))))
