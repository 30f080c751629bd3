"""What each bundle would have earned on the log of what served, as its gate valued it: the figure and its table.

Nothing is computed here: a retrain of a surface that explores values its bundle in a process of its own, and the gate's
report keeps the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analytics import definitions
from analytics.addresses import to_slates
from analytics.bundles import BundleHistory
from analytics.csv import Rows
from analytics.drawn import Drawn, drawn_as
from analytics.period import Period
from components.charts.frame import Words
from components.charts.line import SharePoint
from components.charts.values import ValuePair, ValuesView
from components.identifier import identifier, short
from components.number import count, percent, plural, span
from suggest.domain.clock import parse_rfc3339

MOST_DRAWN = 8
NOTHING = (
    "No bundle could be valued yet. It needs slates served with exploration; a retrain then values its bundle. "
    "`suggest evaluate` values any bundle at any time."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Valued:
    bundle: str
    earned: SharePoint
    would: SharePoint
    ess: float
    warnings: tuple[str, ...]  # their types
    period: Period | None = None  # in which the slates were served; None where the gate did not say


def valued_bundles(bundles: Sequence[BundleHistory]) -> tuple[Valued, ...]:
    """Those whose gate could value them, the newest first."""
    found = (_valued(each) for each in bundles)
    return tuple(each for each in found if each is not None)


def valued_figure(valued: Sequence[Valued], surface: str | None = None) -> Drawn:
    """`surface`: whose bundles they are, so that each can lead to the slates that it was valued on."""
    drawn = tuple(valued[:MOST_DRAWN])
    spoken = "; ".join(
        f"{short(each.bundle)} {percent(each.would.share)}, what served {percent(each.earned.share)}" for each in drawn
    )
    return drawn_as(
        id="off-policy-value",
        title="What each bundle would have earned",
        definition=definitions.OFF_POLICY,
        rows=Rows(
            columns=("bundle", "estimate", "low", "high", "log", "log_low", "log_high", "slates", "ess", "warnings"),
            values=tuple(
                (
                    each.bundle,
                    each.would.share,
                    each.would.low,
                    each.would.high,
                    each.earned.share,
                    each.earned.low,
                    each.earned.high,
                    each.would.n,
                    each.ess,
                    " ".join(each.warnings),
                )
                for each in valued
            ),
        ),
        labels=("bundle", "would have earned", "95% interval", "what served", "slates", "worth"),
        cells=[
            (
                identifier(each.bundle),
                percent(each.would.share),
                span(each.would.low, each.would.high),
                percent(each.earned.share),
                count(each.would.n),
                count(round(each.ess)),
            )
            for each in valued
        ],
        sample=plural(len(valued), "bundle"),
        chart=ValuesView(
            words=Words(id="off-policy", title="Off-policy value of each bundle", summary=f"{spoken}."),
            pairs=tuple(
                ValuePair(
                    label=short(each.bundle),
                    earned=each.earned,
                    would=each.would,
                    link=to_slates(surface, each.period, valued="1") if surface and each.period else "",
                )
                for each in drawn
            ),
        )
        if drawn
        else None,
        missing="" if drawn else NOTHING,
    )


def _valued(each: BundleHistory) -> Valued | None:
    told = each.gate.get("off_policy")
    if not isinstance(told, Mapping):
        return None
    would, logged = _point(told, told), told.get("logged")
    earned = _point(logged, told) if isinstance(logged, Mapping) else None
    if would is None or earned is None:
        return None
    warnings = told.get("warnings")
    period = None
    if isinstance(told.get("from"), str) and isinstance(told.get("to"), str):
        period = Period(from_=parse_rfc3339(str(told["from"])), to=parse_rfc3339(str(told["to"])))
    kinds = [str(w.get("type")) for w in warnings if isinstance(w, Mapping)] if isinstance(warnings, list) else []
    return Valued(
        bundle=each.id,
        earned=earned,
        would=would,
        ess=_number(told.get("ess")),
        warnings=tuple(kinds),
        period=period,
    )


def _point(figures: Mapping[str, object], told: Mapping[str, object]) -> SharePoint | None:
    """An estimate with its interval, held within what a share can be."""
    interval, mid = figures.get("interval"), figures.get("estimate")
    if not isinstance(interval, list) or not isinstance(mid, int | float):
        return None
    share = min(max(float(mid), 0.0), 1.0)
    low, high = (min(max(float(bound), 0.0), 1.0) for bound in interval)
    return SharePoint(share=share, low=min(low, share), high=max(high, share), n=int(_number(told.get("n"))))


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
