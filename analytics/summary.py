"""The figures of the overview as plain numbers, for other systems: the scheduled report, the gauges of /metrics.

They are counted by the functions that the pages are drawn from, so that a message and a page never disagree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from analytics import quantiles
from analytics.changes import Change, changes, tally
from analytics.pages.overview import CHARACTERS_A_MINUTE
from analytics.people import audits
from analytics.period import Period
from analytics.reliability import CalibrationError, judged_slates, reliability_of_any
from analytics.snapshot import Analytics
from suggest.metrics.interval import Interval, wilson

_TOLD = (quantiles.MEDIAN, quantiles.NINE_IN_TEN)
_KEYS = {  # of `changes`, in the words of the message
    "taken when seen": "taken_when_seen",
    "shown": "shown",
    "applied alone": "applied_alone",
    "sent to a person": "sent_to_a_person",
    "right when judged": "right_when_judged",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One surface over one period. A share is None where there was nothing to count it over."""

    surface: str
    period: Period
    requests: int
    shares: Mapping[str, Change]
    without_people: Interval | None
    live_precision: Interval | None  # by random audits; bounds that hold whenever one looks
    calibration_error: CalibrationError | None  # of p_any
    n_judged: int
    reviews: int  # escalations of the period
    answered: int
    wait_s: Mapping[str, float | None]  # median and p90, each with the two ends of its interval, …_low and …_high
    typing_saved_s: float

    @property
    def gauges(self) -> dict[str, float | None]:
        """What an owner alarms on, unrounded; None where there was nothing to count it over."""
        error = self.calibration_error
        return {
            "requests": self.requests,
            **{name: None if each.now is None else each.now.mid for name, each in self.shares.items()},
            "without_people": self.without_people.mid if self.without_people else None,
            "live_precision_low": self.live_precision.low if self.live_precision else None,
            **{f"wait_s_{name}": value for name, value in self.wait_s.items()},
            "calibration_error": error.ece if error else None,
            "calibration_noise": error.floor.p95 if error else None,
        }

    def to_json(self) -> dict[str, object]:
        error = self.calibration_error
        return {
            "requests": self.requests,
            "shares": {name: _change_json(each) for name, each in self.shares.items()},
            "without_people": _interval_json(self.without_people),
            "live_precision": _interval_json(self.live_precision),
            "calibration_error": None
            if error is None
            else {"value": _rounded(error.ece), "noise_p95": _rounded(error.floor.p95), "n": self.n_judged},
            "review_wait_s": {
                **{name: _rounded(value) for name, value in self.wait_s.items()},
                "reviews": self.reviews,
                "answered": self.answered,
            },
            "typing_saved_s": _rounded(self.typing_saved_s),
        }


def summary(analytics: Analytics, surface: str, period: Period) -> Summary:
    """Count one surface over [from, to), and over the time of the same length before."""
    now = tally(analytics, surface, period)
    bounds = {"surface": surface, "from": period.from_, "to": period.to}
    typed = analytics.rows("typed", **bounds)[0]
    (waits,) = quantiles.with_bounds(analytics, "review_waits", ("wait_s",), bounds, _TOLD)
    judged = reliability_of_any(judged_slates(analytics, surface, period), with_bars=False)
    audited = audits(analytics, surface, period)
    before = tally(analytics, surface, Period(from_=period.from_ - (period.to - period.from_), to=period.from_))
    requests = now["requests"]
    return Summary(
        surface=surface,
        period=period,
        requests=requests,
        shares={_KEYS[each.name]: each for each in changes(now, before)},
        without_people=wilson(requests - now["escalated"], requests) if requests else None,
        live_precision=audited.quality,
        calibration_error=judged.error,
        n_judged=judged.n,
        reviews=cast(int, waits["reviews"]),
        answered=cast(int, waits["answered"]),
        wait_s={
            name.removeprefix("wait_s_"): cast("float | None", waits[name]) for name in quantiles.names("wait_s", _TOLD)
        },
        typing_saved_s=60 * cast(int, typed["characters"]) / CHARACTERS_A_MINUTE,
    )


def _change_json(change: Change) -> dict[str, object]:
    difference = change.difference
    return {
        **(_interval_json(change.now) or {"value": None, "low": None, "high": None, "n": 0}),
        "before": None if change.before is None else _rounded(change.before.mid),
        "difference": _interval_json(difference),
        "verdict": change.words,
    }


def _interval_json(found: Interval | None) -> dict[str, object] | None:
    if found is None:
        return None
    return {"value": _rounded(found.mid), "low": _rounded(found.low), "high": _rounded(found.high), "n": found.n}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
