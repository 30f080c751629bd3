"""Figures of whether the probabilities kept their word, and the sentence that says so."""

from __future__ import annotations

from analytics.addresses import Spoken, to_impressions
from analytics.csv import Rows
from analytics.drawn import Drawn, drawn_as
from analytics.reliability import MIN_ERROR_N, Reliability
from components.charts.frame import Words
from components.charts.reliability import ReliabilityBin, ReliabilityView
from components.figure import Definition
from components.number import count, decimal, percent, plural, span


def reliability_figure(
    measured: Reliability, definition: Definition, nothing: str, spoken_of: Spoken | None = None
) -> Drawn:
    """`spoken_of`: whose slates they are, so that each bar can lead to them."""
    bins = tuple(
        ReliabilityBin(
            n=each.n,
            predicted=each.p_mean,
            observed=each.rate,
            low=min(each.rate_low, each.rate),
            high=max(each.rate_high, each.rate),
            from_=each.p_low,
            to=each.p_high,
            link=to_impressions(
                spoken_of, said=measured.forecast, said_from=repr(each.p_low), said_to=repr(each.p_high)
            )
            if spoken_of
            else "",
        )
        for each in measured.bins
    )
    spoken = f"{_average(measured)} {error_words(measured)}"
    return drawn_as(
        id=f"reliability-{measured.forecast.replace('_', '-')}",
        title=f"Does {measured.forecast} keep its word?",
        definition=definition,
        rows=Rows(
            columns=("forecast_from", "forecast_to", "forecast_mean", "right_share", "share_low", "share_high", "n"),
            values=tuple(
                (each.p_low, each.p_high, each.p_mean, each.rate, each.rate_low, each.rate_high, each.n)
                for each in measured.bins
            ),
        ),
        labels=("forecasts", "mean", "was right", "95% interval", "n"),
        cells=[
            (
                span(each.p_low, each.p_high),
                percent(each.p_mean),
                percent(each.rate),
                span(each.rate_low, each.rate_high),
                count(each.n),
            )
            for each in measured.bins
        ],
        sample=_sample(measured),
        chart=ReliabilityView(
            words=Words(id=measured.forecast, title=f"Reliability of {measured.forecast}", summary=spoken),
            bins=bins,
            forecast=measured.forecast,
            observed="was taken" if measured.forecast == "p_accept" else "was right",
        )
        if bins
        else None,
        missing="" if bins else nothing,
        note=error_words(measured) if bins else "",
    )


def error_words(measured: Reliability) -> str:
    """The calibration error beside its noise floor, or what is missing for it.

    An error is said to be told from noise only above the floor's 95th percentile."""
    if measured.error is None:
        so_far = count(measured.n_slates)
        return f"The calibration error is shown from {MIN_ERROR_N} judged slates on; so far there are {so_far}."
    error = measured.error
    digits = 3 if decimal(error.ece) != decimal(error.floor.p95) else 4  # the two that are compared, told apart
    told, usual, most = (decimal(each, digits) for each in (error.ece, error.floor.mean, error.floor.p95))
    return (
        f"Calibration error (ECE) {told}, {error.verdict} explains: perfect forecasts would measure {usual} on average "
        f"and up to {most} at this n."
    )


def _average(measured: Reliability) -> str:
    if measured.rate is None:
        return ""
    return f"Said {percent(measured.mean)} on average, was right {percent(measured.rate.mid)} of the time."


def _sample(measured: Reliability) -> str:
    noun = "option" if measured.forecast == "p_select" else "slate"
    return f"{plural(measured.n, noun)}, {plural(measured.n_contexts, 'distinct context')}"
