"""Figures of what people did: outcomes over time, and by the position an option stood at."""

from __future__ import annotations

from collections.abc import Sequence

from analytics import definitions
from analytics.addresses import Spoken, to_impressions
from analytics.csv import Rows
from analytics.drawn import Drawn, drawn_as, point, share_cells, shares
from analytics.outcomes import OutcomesOverTime, PositionOutcomes
from analytics.period import Period
from components.charts.bars import Stack, StackedBarsView
from components.charts.frame import Words
from components.charts.legend import Tone
from components.charts.positions import PositionBar, PositionsView
from components.number import count, percent, plural
from suggest.domain.event import Outcome

_TONES: dict[Outcome, Tone] = {
    Outcome.SELECTED: "selected",
    Outcome.DISMISSED: "dismissed",
    Outcome.OVERRIDDEN: "overridden",
    Outcome.IGNORED: "ignored",
    Outcome.UNSEEN: "unseen",
    Outcome.PENDING: "pending",
}


def outcomes_figure(outcomes: OutcomesOverTime, period: Period, spoken_of: Spoken | None = None) -> Drawn:
    """`spoken_of`: whose slates they are, so that each bar can lead to them."""
    spoken = ", ".join(f"{count(outcomes.total(each))} {each.value}" for each in Outcome)
    chart = StackedBarsView(
        words=Words(
            id="outcomes", title="Outcomes over time", summary=f"{plural(outcomes.n, 'impression')}: {spoken}."
        ),
        columns=period.labels,
        stacks=tuple(
            Stack(
                name=each.value,
                tone=_TONES[each],
                counts=outcomes.counts[each],
                links=_behind(spoken_of, outcomes, each),
            )
            for each in Outcome
        ),
        quantity="impressions",
        across=period.axis,
    )
    rows = Rows(
        columns=(f"{period.step}_from", *(each.value for each in Outcome), "impressions"),
        values=tuple(
            (at, *column, sum(column))
            for at, column in zip(
                outcomes.at, zip(*(outcomes.counts[each] for each in Outcome), strict=True), strict=True
            )
        ),
    )
    return drawn_as(
        id="outcomes-over-time",
        title="Outcomes over time",
        definition=definitions.OUTCOMES,
        rows=rows,
        labels=(period.step, *(each.value for each in Outcome), "all"),
        cells=[
            (label, *(count(n) for n in column), count(sum(column)))
            for label, column in zip(
                period.labels, zip(*(outcomes.counts[each] for each in Outcome), strict=True), strict=True
            )
            if sum(column)
        ],
        sample=plural(outcomes.n, "impression"),
        chart=chart if outcomes.n else None,
        missing="" if outcomes.n else "Nothing was shown to anyone in this period.",
    )


def _behind(spoken_of: Spoken | None, outcomes: OutcomesOverTime, outcome: Outcome) -> tuple[str, ...]:
    if spoken_of is None:
        return ()
    length = spoken_of.period.length
    return tuple(
        to_impressions(spoken_of, at, at + length, outcome=outcome.value, stage="reached") if n else ""
        for at, n in zip(outcomes.at, outcomes.counts[outcome], strict=True)
    )


def positions_figure(positions: Sequence[PositionOutcomes], spoken_of: Spoken | None = None) -> Drawn:
    """`spoken_of`: see `outcomes_figure`."""
    bars = tuple(
        PositionBar(
            label=str(each.position + 1),
            examined=point(each.examined_share),
            selected=point(each.selected_share) if each.examined else None,
            link=to_impressions(spoken_of, position=str(each.position)) if spoken_of and each.examined else "",
        )
        for each in positions
    )
    spoken = "; ".join(
        f"position {each.position + 1} taken {percent(each.selected_share.mid)} of {count(each.examined)} looks"
        for each in positions
        if each.examined
    )
    shown = max((each.shown for each in positions), default=0)
    return drawn_as(
        id="outcomes-by-position",
        title="By position",
        definition=definitions.POSITIONS,
        rows=Rows(
            columns=("position", "shown", "examined", "selected", "selected_share", "share_low", "share_high"),
            values=tuple(
                (each.position, each.shown, each.examined, each.selected, *shares(each.selected_share))
                for each in positions
            ),
        ),
        labels=("position", "shown", "examined", "taken", "taken once examined", "95% interval"),
        cells=[
            (
                str(each.position + 1),
                count(each.shown),
                count(each.examined),
                count(each.selected),
                *share_cells(each.selected_share),
            )
            for each in positions
        ],
        sample=plural(shown, "slate"),
        chart=PositionsView(
            words=Words(id="positions", title="Looked at and taken, by position", summary=(spoken or "No looks") + "."),
            positions=bars,
        )
        if spoken
        else None,
        missing="" if spoken else "No option was in view yet." if bars else "No slate with an outcome in this period.",
    )
