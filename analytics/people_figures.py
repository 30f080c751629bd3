"""Figures of where people were asked, why, and what came back; and of what each bundle served."""

from __future__ import annotations

from collections.abc import Sequence

from htpy import Node

from analytics import definitions
from analytics.bundles import ServedByBundle
from analytics.csv import Rows, Value
from analytics.drawn import Drawn, drawn_as, point, share_cells, shares
from analytics.people import Audits, DecisionsOverTime, ReviewsByReason
from analytics.period import Period
from analytics.tabular import Col, over, table_figure
from components.charts.frame import Words
from components.charts.legend import Tone
from components.charts.line import ShareSeries, SharesView
from components.figure import Definition
from components.identifier import identifier
from components.number import count, percent, plural
from suggest.domain.slate import Decision
from suggest.metrics.interval import wilson

REASONS = Definition(
    what="Why each request was decided as it was.",
    formula="Requests by decision and reason, of all requests with 95% Wilson intervals; a slate shown because it is "
    "likely right needs no reason.",
    caveat="Reasons are those of the policy in force at the time.",
)


def escalation_figure(decisions: DecisionsOverTime, period: Period) -> Drawn:
    kinds: tuple[tuple[str, Decision, Tone], ...] = (
        ("escalated", Decision.ESCALATE, "second"),
        ("abstained", Decision.ABSTAIN, "third"),
    )
    series = tuple(
        ShareSeries(
            name=name,
            tone=tone,
            points=tuple(
                point(share) if (share := decisions.share(decision, column)) else None
                for column in range(len(decisions.at))
            ),
            dashed=decision is Decision.ABSTAIN,
        )
        for name, decision, tone in kinds
    )
    spoken = "; ".join(
        f"{name} {percent(share.mid)} of {plural(share.n, 'request')}"
        for name, decision, _ in kinds
        if (share := decisions.overall(decision))
    )
    values: list[tuple[Value, ...]] = []
    cells: list[tuple[Node, ...]] = []
    for column, at in enumerate(decisions.at):
        requests = decisions.requests[column]
        escalated, abstained = (decisions.share(each, column) for each in (Decision.ESCALATE, Decision.ABSTAIN))
        values.append(
            (
                at,
                requests,
                *(decisions.counts[each][column] for each in Decision),
                *(*shares(escalated), *shares(abstained)),
            )
        )
        if requests:
            cells.append(
                (
                    period.labels[column],
                    count(requests),
                    *(count(decisions.counts[each][column]) for each in Decision),
                    over(*share_cells(escalated)),
                )
            )
    return drawn_as(
        id="escalation-share",
        title="Sent to a person",
        definition=definitions.ESCALATION,
        rows=Rows(
            columns=(
                f"{period.step}_from",
                "requests",
                *(each.value for each in Decision),
                *(f"{name}_{end}" for name, _, _ in kinds for end in ("share", "low", "high")),
            ),
            values=tuple(values),
        ),
        labels=(period.step, "requests", *(each.value for each in Decision), "escalated"),
        cells=cells,
        sample=plural(decisions.n, "request"),
        chart=SharesView(
            words=Words(id="escalation", title="Share of requests sent to a person", summary=f"{spoken}."),
            columns=period.labels,
            series=series,
            quantity="share of requests",
            across=period.axis,
        )
        if decisions.n
        else None,
        missing="" if decisions.n else "No request in this period.",
    )


def reasons_figure(decisions: DecisionsOverTime) -> Drawn:
    ranked = sorted(decisions.reasons.items(), key=lambda entry: -entry[1])
    return drawn_as(
        id="decisions-by-reason",
        title="Decisions by reason",
        definition=REASONS,
        rows=Rows(
            columns=("decision", "reason", "requests", "share", "share_low", "share_high"),
            values=tuple(
                (decision.value, reason, n, *shares(wilson(n, decisions.n))) for (decision, reason), n in ranked
            ),
        ),
        labels=("decision", "reason", "requests", "share"),
        cells=[
            (
                decision.value,
                reason.replace("-", " ") or "likely right",
                count(n),
                over(*share_cells(wilson(n, decisions.n))),
            )
            for (decision, reason), n in ranked
        ],
        texts=(0, 1),
        sample=plural(decisions.n, "request"),
    )


def reviews_figure(reviews: Sequence[ReviewsByReason]) -> Drawn:
    return table_figure(
        id="reviews-by-reason",
        title="Reviews",
        definition=definitions.REVIEWS,
        columns=(
            Col(name="reason", label="reason", kind="text"),
            Col(name="reviews", label="reviews"),
            Col(name="answered", label="answered"),
            Col(name="handling_s_median", label="median time", kind="seconds"),
            Col(name="handling_s_median_low", label="from", kind="seconds"),
            Col(name="handling_s_median_high", label="to", kind="seconds"),
        ),
        is_stacked=True,
        values=[
            (
                each.reason,
                each.reviews,
                each.answered,
                each.handling_s_median,
                each.handling_s_low,
                each.handling_s_high,
            )
            for each in reviews
        ],
        sample=plural(sum(each.reviews for each in reviews), "review"),
    )


def audit_figure(audits: Audits) -> Drawn:
    quality = audits.quality
    return drawn_as(
        id="audit",
        title="Random audit",
        definition=definitions.AUDIT,
        rows=Rows(
            columns=("sampled", "answered", "right", "right_share", "share_low", "share_high"),
            values=((audits.sampled, audits.answered, audits.right, *shares(quality)),),
        ),
        labels=("sampled", "answered", "right option shown", "share", "95% interval"),
        cells=[(count(audits.sampled), count(audits.answered), count(audits.right), *share_cells(quality))],
        texts=(),
        sample=plural(audits.answered, "answered audit"),
    )


def bundles_figure(served: Sequence[ServedByBundle]) -> Drawn:
    return drawn_as(
        id="served-by-bundle",
        title="What each bundle served",
        definition=definitions.BUNDLES,
        rows=Rows(
            columns=("bundle", "slates", "shown", "selected", "selected_share", "share_low", "share_high"),
            values=tuple(
                (each.bundle, each.slates, each.shown, each.selected, *shares(each.selected_share)) for each in served
            ),
        ),
        labels=("bundle", "requests", "shown", "taken", "taken when shown", "95% interval"),
        cells=[
            (
                identifier(each.bundle),
                count(each.slates),
                count(each.shown),
                count(each.selected),
                *share_cells(each.selected_share),
            )
            for each in served
        ],
        sample=plural(sum(each.slates for each in served), "request"),
    )
