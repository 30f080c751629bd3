"""Whether the probabilities kept their word: p_any, p_select and p_accept against what turned out to be so.

Only what is known is judged; silence is not. Where people act more readily when something fits, the judged are a kind
sample: the audit (see `people`) is the one without that bias."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import ArrayLike

from analytics.period import Period
from analytics.snapshot import Analytics
from suggest.metrics.arrays import Bools, Floats, Ints
from suggest.metrics.calibration import Bin, Floor, debiased_ece, ece, ece_noise_floor, reliability
from suggest.metrics.interval import Interval, clopper_pearson, clopper_pearson_bounds

MIN_ERROR_N = 100  # slates; below this the calibration error is mostly noise, and is not shown
MIN_BIN_N = 20  # forecasts a bin should hold
MOST_BINS = 15
FLOOR_DRAWS = 200
MOST_JUDGED = 5_000  # slates, the latest; the bars of more are no sharper for the eye, and the page is slower
FLOOR_SEED = 20260101  # the floor is a simulation; the same rows give the same floor


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationError:
    ece: float  # equal-mass bins
    debiased: float  # less what noise explains
    floor: Floor  # what perfect forecasts would measure at this n

    @property
    def verdict(self) -> str:
        return "no more than noise" if self.ece <= self.floor.p95 else "more than noise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """How one probability kept its word over `n` forecasts."""

    forecast: str  # its name
    n: int
    n_slates: int  # they stand in; the options of one slate are not independent
    n_contexts: int  # distinct ones among them; repeats make every interval here too narrow
    bins: tuple[Bin, ...]
    error: CalibrationError | None  # None below MIN_ERROR_N slates
    rate: Interval | None  # share that was right, exact interval; None where nothing is judged
    mean: float | None  # mean forecast
    known_by: Mapping[str, int]  # how many forecasts were judged by verdict, label, act


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The slates of which it is known whether a right option was in them, in order of time: a column each."""

    slates: Sequence[int]  # rows of the log
    impressions: Sequence[str]
    contexts: Sequence[str]
    p_any: Floats
    known_by: Sequence[str]  # verdict | label | act
    is_right: Bools
    groups: Sequence[str]  # the value of the field they are told apart by; empty where there is none

    def __len__(self) -> int:
        return len(self.slates)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecasts:
    """One probability as it was said, and what turned out: a column each."""

    forecast: str  # its name
    p: Floats
    is_right: Bools
    slates: Ints  # rows of the log they stand in
    contexts: Sequence[str]
    known_by: Sequence[str]
    groups: Sequence[str]

    def measured(self, *, with_bars: bool = True, with_rate: bool = True) -> Reliability:
        """Bars are the slow part, and are only made where they are drawn."""
        return measured(
            self.forecast,
            self.p,
            self.is_right,
            self.contexts,
            self.known_by,
            n_slates=len(np.unique(self.slates)),
            with_bars=with_bars,
            with_rate=with_rate,
        )

    def by_group(self, *, least: int) -> Mapping[str, Reliability]:
        """The same of each group with `least` slates, the largest first; what has no value of the field is in none."""
        values, of = np.unique(np.asarray(self.groups, dtype=str), return_inverse=True)
        told = [(str(value), np.flatnonzero(of == place)) for place, value in enumerate(values) if value]
        parts = [(value, self._of(rows)) for value, rows in told if len(np.unique(self.slates[rows])) >= least]
        right, n = [int(part.is_right.sum()) for _, part in parts], [len(part.p) for _, part in parts]
        lows, highs = clopper_pearson_bounds(right, n)  # in one go: a quarter of the time of as many calls
        rates = [
            Interval(low=float(low), mid=k / m, high=float(high), n=m)
            for low, high, k, m in zip(lows, highs, right, n, strict=True)
        ]
        found = {
            value: replace(part.measured(with_bars=False, with_rate=False), rate=rate)
            for (value, part), rate in zip(parts, rates, strict=True)
        }
        return dict(sorted(found.items(), key=lambda each: (-each[1].n, each[0])))

    def _of(self, rows: Ints) -> Forecasts:
        return Forecasts(
            forecast=self.forecast,
            p=self.p[rows],
            is_right=self.is_right[rows],
            slates=self.slates[rows],
            contexts=[self.contexts[row] for row in rows],
            known_by=[self.known_by[row] for row in rows],
            groups=[self.groups[row] for row in rows],
        )


def judged_slates(analytics: Analytics, surface: str, period: Period, *, by: str | None = None) -> Judged:
    """The latest MOST_JUDGED of them; see the query for what counts as known, and in which order. `by`: the path of the
    context field that they are told apart by."""
    found = analytics.arrays("judged_slates", surface=surface, most=MOST_JUDGED, by=by, **_bounds(period))
    return Judged(
        slates=found["slate"].tolist(),
        impressions=found["impression"].tolist(),
        contexts=found["context_key"].tolist(),
        p_any=found["p_any"],
        known_by=found["known_by"].tolist(),
        is_right=found["is_right"],
        groups=found["group"].tolist(),
    )


def forecasts_of_any(judged: Judged) -> Forecasts:
    """p_any: was a right option in the slate?"""
    return Forecasts(
        forecast="p_any",
        p=judged.p_any,
        is_right=judged.is_right,
        slates=np.asarray(judged.slates, np.int64),
        contexts=judged.contexts,
        known_by=judged.known_by,
        groups=judged.groups,
    )


def forecasts_of_select(analytics: Analytics, judged: Judged) -> Forecasts:
    """p_select: is this the right option? Over every option of the judged slates.

    p_select is the chance of being the one that is picked, and these add up to p_any: so after a selection the picked
    option is right and the others of the slate are not, wherever they stood."""
    found = analytics.arrays("shown_options", slates=judged.slates)
    group_of = dict(zip(judged.slates, judged.groups, strict=True))
    return Forecasts(
        forecast="p_select",
        p=found["p_select"],
        is_right=found["is_right"],
        slates=found["slate"],
        contexts=found["context_key"].tolist(),
        known_by=found["known_by"].tolist(),
        groups=[group_of[slate] for slate in found["slate"].tolist()],
    )


def forecasts_of_accept(analytics: Analytics, surface: str, period: Period, *, by: str | None = None) -> Forecasts:
    """p_accept: did the person take any of them? Silence that lasted counts as no."""
    found = analytics.arrays("acceptance", surface=surface, most=MOST_JUDGED, by=by, **_bounds(period))
    return Forecasts(
        forecast="p_accept",
        p=found["p_accept"],
        is_right=found["accepted"],
        slates=found["slate"],
        contexts=found["context_key"].tolist(),
        known_by=["act"] * len(found["accepted"]),
        groups=found["group"].tolist(),
    )


def reliability_of_any(judged: Judged, *, with_bars: bool = True, with_rate: bool = True) -> Reliability:
    return forecasts_of_any(judged).measured(with_bars=with_bars, with_rate=with_rate)


def reliability_of_select(
    analytics: Analytics, judged: Judged, *, with_bars: bool = True, with_rate: bool = True
) -> Reliability:
    return forecasts_of_select(analytics, judged).measured(with_bars=with_bars, with_rate=with_rate)


def reliability_of_accept(analytics: Analytics, surface: str, period: Period) -> Reliability:
    return forecasts_of_accept(analytics, surface, period).measured()


def _bounds(period: Period) -> dict[str, datetime]:
    return {"from": period.from_, "to": period.to}


def measured(
    forecast: str,
    p: ArrayLike,
    right: ArrayLike,
    contexts: Sequence[str],
    known_by: Sequence[str],
    *,
    n_slates: int,
    with_bars: bool = True,
    with_rate: bool = True,
) -> Reliability:
    """How forecasts `p` of what turned out `right` kept their word; one context and one way of knowing each."""
    said, was = np.clip(np.asarray(p, dtype=np.float64), 0.0, 1.0), np.asarray(right, dtype=np.float64)
    n = said.size
    return Reliability(
        forecast=forecast,
        n=n,
        n_slates=n_slates,
        n_contexts=len(set(contexts)),
        bins=reliability(said, was, bins_for(n)) if n and with_bars else (),
        error=_error(said, was) if n_slates >= MIN_ERROR_N else None,
        rate=clopper_pearson(int(was.sum()), n) if n and with_rate else None,
        mean=float(said.mean()) if n else None,
        known_by=dict(sorted(Counter(known_by).items())),
    )


def bins_for(n: int) -> int:
    """As many bins as leave each a sample that says something.

    >>> bins_for(30), bins_for(200), bins_for(5000)
    (1, 10, 15)
    """
    return max(1, min(MOST_BINS, n // MIN_BIN_N))


def _error(said: Floats, was: Floats) -> CalibrationError:
    bins = bins_for(said.size)
    floor = ece_noise_floor(said, FLOOR_DRAWS, np.random.default_rng(FLOOR_SEED), bins)
    return CalibrationError(ece=ece(said, was, bins), debiased=debiased_ece(said, was, bins), floor=floor)
