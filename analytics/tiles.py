"""The report in six figures, each with its interval and its sample, or with what is missing for it."""

from __future__ import annotations

from analytics.drawn import bounds
from analytics.outcomes import OutcomesOverTime
from analytics.people import Audits, DecisionsOverTime
from analytics.reliability import MIN_ERROR_N, Reliability
from components.number import count, decimal, percent, plural
from components.stat import StatView
from suggest.domain.event import Outcome
from suggest.domain.slate import Decision
from suggest.metrics.interval import wilson

_SEEN = (Outcome.SELECTED, Outcome.DISMISSED, Outcome.OVERRIDDEN, Outcome.IGNORED)


def tiles(
    decisions: DecisionsOverTime,
    outcomes: OutcomesOverTime,
    of_any: Reliability,
    of_select: Reliability,
    audited: Audits,
) -> tuple[StatView, ...]:
    seen = sum(outcomes.total(each) for each in _SEEN)
    taken = wilson(outcomes.total(Outcome.SELECTED), seen) if seen else None
    escalated = decisions.overall(Decision.ESCALATE)
    return (
        StatView(label="Requests", value=count(decisions.n), note=_decided_words(decisions)),
        StatView(
            label="Taken when seen",
            value=percent(taken.mid) if taken else None,
            interval=bounds(taken),
            note=f"of {plural(seen, 'slate')} in view" if seen else "No slate has been in view yet",
        ),
        StatView(
            label="Sent to a person",
            value=percent(escalated.mid) if escalated else None,
            interval=bounds(escalated),
            note=f"of {plural(decisions.n, 'request')}",
        ),
        StatView(
            label="Right when confident",
            value=percent(audited.quality.mid) if audited.quality else None,
            interval=bounds(audited.quality),
            note=f"{plural(audited.answered, 'random audit')} answered",
        ),
        _error_stat("Calibration error of p_any", of_any, "slates"),
        _error_stat("Calibration error of p_select", of_select, "options"),
    )


def _error_stat(label: str, measured: Reliability, noun: str) -> StatView:
    if measured.error is None:
        return StatView(
            label=label, value=None, note=f"Needs {MIN_ERROR_N} judged slates; {count(measured.n_slates)} so far"
        )
    return StatView(
        label=label,
        value=decimal(measured.error.ece),
        interval=f"noise alone: {decimal(measured.error.floor.mean)}, up to {decimal(measured.error.floor.p95)}",
        note=f"{count(measured.n)} judged {noun}",
    )


def _decided_words(decisions: DecisionsOverTime) -> str:
    shown = sum(sum(decisions.counts[each]) for each in (Decision.SHOW, Decision.AUTO))
    return f"{count(shown)} shown, {count(sum(decisions.counts[Decision.ABSTAIN]))} left alone"
