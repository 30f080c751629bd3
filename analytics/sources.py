"""Where every figure comes from: its definition and the named queries that it is counted by.

The definitions page is made of this list, and a test holds it against what the pages really show and really run."""

from __future__ import annotations

from dataclasses import dataclass

from analytics import changes, definitions, people_figures
from analytics.derivation import DERIVED
from analytics.pages import (
    drift,
    experiments,
    funnel,
    labels_bought,
    learning,
    live,
    overview,
    people,
    positions,
    reliability,
    tail,
)
from components.figure import Definition


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    figure: str
    title: str
    definition: Definition
    queries: tuple[str, ...]  # of analytics/sql; empty: read from bundles' gates and manifests (bundle_history)


@dataclass(frozen=True, slots=True, kw_only=True)
class Of:
    """The figures of one page."""

    page: str
    sources: tuple[Source, ...]


def _s(figure: str, title: str, definition: Definition, *queries: str) -> Source:
    return Source(figure=figure, title=title, definition=definition, queries=queries)


_BUNDLES = "bundle_history"
_OUTCOMES = _s("outcomes-over-time", "Outcomes over time", definitions.OUTCOMES, "outcomes_over_time")
_ESCALATION = _s("escalation-share", "Sent to a person", definitions.ESCALATION, "decisions_over_time")
_POSITIONS = _s("outcomes-by-position", "By position", definitions.POSITIONS, "outcomes_by_position")
_ANY = _s("reliability-p-any", "Does p_any keep its word?", definitions.RELIABILITY_ANY, "judged_slates")
_SELECT = _s(
    "reliability-p-select",
    "Does p_select keep its word?",
    definitions.RELIABILITY_SELECT,
    "judged_slates",
    "shown_options",
)

SOURCES = (
    Of(
        page="overview",
        sources=(
            _s("what-changed", "Now and before", changes.CHANGES, "tally", "judged_tally"),
            _s("what-happened", "What happened meanwhile", changes.HAPPENINGS, "happenings"),
            _OUTCOMES,
            _ESCALATION,
            _s("typing-saved", "Typing saved", overview.TYPED, "typed"),
            _s("loop-time", "From an act to the bundle that knows it", overview.LOOP, "loop_times"),
        ),
    ),
    Of(
        page="funnel",
        sources=(
            _s("funnel", "From request to what was kept", funnel.FUNNEL, "funnel"),
            _OUTCOMES,
            _POSITIONS,
            _s("funnel-by-bundle", "By bundle", funnel.BY, "funnel"),
            _s("funnel-by-decision", "By decision", funnel.BY, "funnel"),
            _s("funnel-by-group", "By group", funnel.BY, "funnel"),
        ),
    ),
    Of(
        page="reliability",
        sources=(
            _ANY,
            _SELECT,
            _s("reliability-p-accept", "Does p_accept keep its word?", definitions.RELIABILITY_ACCEPT, "acceptance"),
            _s("calibration-by-bundle", "By bundle", reliability.GAPS, "judged_by"),
            _s("calibration-by-group", "By group", reliability.GAPS, "judged_by"),
        ),
    ),
    Of(
        page="learning",
        sources=(
            _s("learning-curve", "Right on held-out data, bundle after bundle", learning.CURVE, _BUNDLES),
            _s("retrains", "What each retrain brought", learning.RETRAINS, _BUNDLES),
            _s("ladder", "The ladder", learning.LADDER, _BUNDLES),
            _s("served-by-bundle", "What each bundle served", definitions.BUNDLES, "served_by_bundle"),
            _s("off-policy-value", "What each bundle would have earned", definitions.OFF_POLICY, _BUNDLES),
            _s("forecast", "What more known answers would buy", learning.FORECAST, _BUNDLES),
            _s("labels-bought", "By how the request was chosen", labels_bought.LABELS, "picks"),
        ),
    ),
    Of(
        page="live",
        sources=(
            _s("offline-and-live", "By bundle", live.BESIDE, "judged_by", "served_by_bundle", _BUNDLES),
            _s("explains-the-gap", "Who explains the gap", live.EXPLAINS, "judged_by"),
        ),
    ),
    Of(
        page="people",
        sources=(
            _ESCALATION,
            _s("decisions-by-reason", "Decisions by reason", people_figures.REASONS, "decisions_over_time"),
            _s("reviews-by-reason", "Reviews", definitions.REVIEWS, "reviews_by_reason"),
            _s("audit", "Random audit", definitions.AUDIT, "audits"),
            _s("waits", "Waiting and handling", people.WAITS, "waits"),
            _s("workers", "By worker", people.WORKERS, "workers"),
            _s("claims", "Claims", people.CLAIMS, "claims"),
        ),
    ),
    Of(
        page="tail",
        sources=(
            _s("unanswered", "What could not be answered", tail.UNANSWERED, "unanswered"),
            _s("rare-contexts", "How rare what is asked is", tail.RARE, "judged_by_rarity"),
            _s("never-taken", "Looked at, never taken", tail.NEVER, "never_taken"),
        ),
    ),
    Of(
        page="drift",
        sources=(
            _s("confidence-over-time", "How sure it was", drift.CONFIDENCE, "confidence_over_time"),
            _s("drift-tests", "Against its own history", drift.TESTS, "recent_requests"),
        ),
    ),
    Of(
        page="positions",
        sources=(
            _POSITIONS,
            _s("examination", "How far down they read", positions.EXAMINATION, _BUNDLES),
        ),
    ),
    Of(
        page="experiments",
        sources=(
            _s("arms", "Arms of your own", experiments.ARMS, "funnel"),
            _s("interleaved", "Bundles by turns", experiments.INTERLEAVED, _BUNDLES),
            _s("planner", "How many people an answer takes", experiments.PLANNER, "tally"),
        ),
    ),
)

# What every query of a period stands on, in this order: derived once a snapshot, then cut to the time and the lens.
STANDS_ON = (*DERIVED, "focus_views", "focus_views_of_any_field", "groups_of_value")
