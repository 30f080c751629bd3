"""What to do next, at the head of the overview: the figures that the rules look at, and their words as a figure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import cast
from urllib.parse import quote

from analytics import addresses, quantiles
from analytics.advice import MOST_STEPS, RULES, Known, Step, advice
from analytics.drawn import Drawn
from analytics.outcomes import OutcomesOverTime
from analytics.pages.drift import FEWEST, MOST_REQUESTS, fall_of
from analytics.pages.labels_bought import AHEAD
from analytics.pages.learning import gains, points_of, three_of
from analytics.pages.measured import Asking
from analytics.pages.tail import LEAST_LOOKS, unanswered
from analytics.people import Audits
from analytics.reliability import MIN_ERROR_N
from analytics.section import Section
from analytics.tabular import Col, table_figure
from components.figure import Definition
from components.number import plural
from components.steps import NextStep, StepsView
from suggest.domain.event import Outcome
from suggest.domain.policy import Policy, TargetKind
from suggest.metrics.interval import Interval

LATEST_UNANSWERED = 400  # slates; the long tail looks at more, and takes longer
_ACTS = (Outcome.SELECTED, Outcome.DISMISSED, Outcome.OVERRIDDEN)

NEXT = Definition(
    what="What the figures of the other pages say should be done, the most urgent first: what harms people now, then "
    "what was promised, then what would help.",
    formula=f"{len(RULES)} rules, of which at most {MOST_STEPS} speak. Audits whose 95% interval lies under the "
    "promised precision; requests without an answer for longer than answer_within_s, and nine in ten waits whose lower "
    "end is over it; a bundle that was called back; nothing but silence; no certificate behind a promise; nothing done "
    f"alone in auto; the largest cluster of the latest {LATEST_UNANSWERED} unanswered slates; a fall of p_any beyond "
    f"chance; a retrain that was not promoted; {AHEAD} labels that bring half a point for certain, or do not; fewer "
    f"than {MIN_ERROR_N} judged slates; candidates that were never taken.",
    caveat="It reads figures and knows nothing else: a step may be impossible, or done since. What came before a "
    "promise was changed is held against the new one all the same.",
)


def next_steps_section(
    asking: Asking, tallied: Mapping[str, int], outcomes: OutcomesOverTime, audited: Audits, n_judged: int
) -> Section:
    steps = advice(_known(asking, tallied, outcomes, audited, n_judged))
    return Section(
        id="next",
        title="What to do next",
        lede="From what the other pages count, and only where it is beyond chance.",
        is_wide=True,
        figures=(_figure(asking, steps),),
    )


def _known(
    asking: Asking, tallied: Mapping[str, int], outcomes: OutcomesOverTime, audited: Audits, n_judged: int
) -> Known:
    rows, bounds = asking.analytics.rows, asking.bounds
    promise = next(iter(rows("promise", **bounds)), {})
    within_s = cast("float | None", promise.get("answer_within_s")) or float(Policy().answer_within_s)
    (left,) = rows("left_waiting", within_s=within_s, **bounds)
    found = unanswered(asking, most=LATEST_UNANSWERED, clusters=1)
    never = rows("never_taken", least=LEAST_LOOKS, **bounds)
    gained = next(iter(gains(points_of(asking.bundles, "top1"), (AHEAD,))), None)
    newest = next((each for each in asking.bundles if each.at < asking.period.to), None)
    is_of_now = newest is not None and newest.at >= asking.period.from_
    is_drawn_since = newest is None or ("at" in promise and cast(datetime, promise["at"]) >= newest.at)
    return Known(
        requests=tallied["requests"],
        applied=tallied["applied"],
        seen=tallied["seen"],
        acted=sum(outcomes.total(each) for each in _ACTS),
        selected=tallied["selected"],
        judged=n_judged,
        known=tallied["n"],
        fewest_judged=MIN_ERROR_N,
        audited=audited.quality,
        promised=cast("float | None", promise.get("target_value"))
        if promise.get("target_kind") == TargetKind.PRECISION
        else None,
        is_certified=cast("bool | None", promise.get("is_certified")) if is_drawn_since else None,
        mode=str(promise.get("mode") or ""),
        auto_target=cast("float | None", promise.get("auto_target")),
        answer_within_s=within_s,
        asked=cast("int", left["asked"]),
        late=cast("int", left["late"]),
        waited=_waited(asking),
        newest=newest.id if newest and is_of_now else "",
        newest_state=newest.state if newest and is_of_now else "",
        newest_nll=_nll(newest.gate) if newest and is_of_now else None,
        unanswered=found.n,
        alike=cast("int", found.clusters[0][2]) if found.clusters else 0,
        is_proposed=bool(found.clusters and found.clusters[0][1]),
        fall=_fall(asking),
        labels=AHEAD,
        gain=Interval(low=gained[1], mid=gained[2], high=gained[3], n=len(points_of(asking.bundles, "top1")))
        if gained
        else None,
        learning_per_day=cast("int | None", promise.get("learning_per_day")) or 0,
        never_taken=len(never),
        most_looked=cast("int", never[0]["examined"]) if never else 0,
    )


def _waited(asking: Asking) -> Interval | None:
    """Within how many seconds nine in ten of those who waited had their answer."""
    at = quantiles.NINE_IN_TEN
    (row,) = quantiles.with_bounds(asking.analytics, "review_waits", ("wait_s",), asking.bounds, (at,))
    mid, low, high = (cast("float | None", row[f"wait_s_p90{end}"]) for end in ("", "_low", "_high"))
    if mid is None or low is None:
        return None
    return Interval(
        low=min(low, mid),
        mid=mid,
        high=max(high, mid) if high is not None else float("inf"),
        n=cast("int", row["wait_s_n"]),
    )


def _nll(gate: Mapping[str, object]) -> Interval | None:
    """What the gate measured against the bundle before."""
    differences, n = gate.get("differences"), gate.get("n_pairs")
    mid, low, high = three_of(differences.get("nll") if isinstance(differences, Mapping) else None)
    if mid is None or low is None or high is None or not isinstance(n, int):
        return None
    return Interval(low=min(low, mid), mid=mid, high=max(high, mid), n=n)


def _fall(asking: Asking) -> tuple[int, float, float] | None:
    rows = asking.analytics.rows("recent_requests", most=MOST_REQUESTS, **asking.bounds)[::-1]
    if len(rows) < FEWEST:
        return None
    found = fall_of(rows)
    return len(rows), found.value, found.limit


def _figure(asking: Asking, steps: tuple[Step, ...]) -> Drawn:
    names = ("rule", "do", "why", "value", "low", "high", "unit", "limit", "n")
    return table_figure(
        id="what-next",
        title="Next steps",
        definition=NEXT,
        columns=(
            Col(name="rule", label="rule", kind="text"),
            Col(name="do", label="do", kind="text"),
            Col(name="why", label="why", kind="text"),
            Col(name="value", label="figure", kind="decimal"),
            Col(name="low", label="from", kind="decimal"),
            Col(name="high", label="to", kind="decimal"),
            Col(name="unit", label="in", kind="text"),
            Col(name="limit", label="against", kind="decimal"),
            Col(name="n", label="of"),
        ),
        values=[tuple(getattr(step, name) for name in names) for step in steps],
        is_stacked=True,
        sample=plural(len(steps), "step") if steps else "",
        chart=StepsView(
            steps=tuple(
                NextStep(title=step.do, text=step.why, place=step.place, href=_address(asking, step)) for step in steps
            )
        ),
        missing=""
        if steps
        else f"Nothing needs doing: none of the {len(RULES)} things that are looked at is beyond what chance explains.",
    )


def _address(asking: Asking, step: Step) -> str:
    if step.page == "policy":
        return f"/admin/surfaces/{quote(asking.surface, safe='')}#policy"
    return f"{addresses.to_page(asking, step.page)}#{step.part}"
