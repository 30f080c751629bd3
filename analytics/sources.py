"""Where every figure comes from: its definition and the named queries that it is counted by.

The definitions page is made of this list, and a test holds it against what the pages really show and really run."""

from __future__ import annotations

from dataclasses import dataclass

from analytics import changes, compared, definitions, people_figures
from analytics.derivation import DERIVED
from analytics.pages import (
    drift,
    experiments,
    funnel,
    labels_bought,
    learning,
    live,
    next_steps,
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
    where_compared: bool = False  # on its page only where something was chosen to compare with


@dataclass(frozen=True, slots=True, kw_only=True)
class Of:
    """The figures of one page."""

    page: str
    sources: tuple[Source, ...]


def _compared(page: str, *queries: str) -> Source:
    return Source(
        figure=f"compared-{page}",
        title="Compared",
        definition=compared.COMPARED,
        queries=queries,
        where_compared=True,
    )


def _s(figure: str, title: str, definition: Definition, *queries: str) -> Source:
    return Source(figure=figure, title=title, definition=definition, queries=queries)


_BUNDLES = "bundle_history"
_OUTCOMES = _s("outcomes-over-time", "Outcomes over time", definitions.OUTCOMES, "outcomes_over_time")
_ESCALATION = _s("escalation-share", "Sent to a person", definitions.ESCALATION, "decisions_over_time")
_POSITIONS = _s("outcomes-by-position", "By position", definitions.POSITIONS, "outcomes_by_position")
_ANY = _s("reliability-p-any", "Does p_any keep its word?", definitions.RELIABILITY_ANY, "judged_slates")
_INTERLEAVED = _s("interleaved", "Bundles by turns", experiments.INTERLEAVED, _BUNDLES)
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
            _s(
                "what-next",
                "Next steps",
                next_steps.NEXT,
                "promise",
                "tally",
                "judged_tally",
                "judged_slates",
                "outcomes_over_time",
                "audits",
                "left_waiting",
                "review_waits",
                "review_waits_at",
                "unanswered",
                "recent_requests",
                "never_taken",
                _BUNDLES,
            ),
            _s("what-changed", "Now and before", changes.CHANGES, "tally", "judged_tally"),
            _s("what-happened", "What happened meanwhile", changes.HAPPENINGS, "happenings"),
            _OUTCOMES,
            _ESCALATION,
            _s("typing-saved", "Typing saved", overview.TYPED, "typed"),
            _s("loop-time", "From an act to the bundle that knows it", overview.LOOP, "loop_times", "loop_times_at"),
        ),
    ),
    Of(
        page="funnel",
        sources=(
            _compared("funnel", "funnel"),
            _s("funnel", "From request to what was kept", funnel.FUNNEL, "funnel"),
            _OUTCOMES,
            _POSITIONS,
            _s("funnel-by-bundle", "By bundle", funnel.BY, "funnel"),
            _s("funnel-by-decision", "By decision", funnel.BY, "funnel"),
            _s("funnel-by-group", "By group", funnel.BY, "funnel"),
            _s("funnel-by-layout", "By layout", funnel.BY, "funnel"),
        ),
    ),
    Of(
        page="reliability",
        sources=(
            _compared("reliability", "judged_slates", "shown_options", "acceptance"),
            _ANY,
            _SELECT,
            _s("reliability-p-accept", "Does p_accept keep its word?", definitions.RELIABILITY_ACCEPT, "acceptance"),
            _s("calibration-by-bundle", "By bundle", reliability.GAPS, "judged_by"),
            _s("calibration-by-group", "By group", reliability.GAPS, "judged_by"),
            _s(
                "reliability-by-group",
                "Each probability by group",
                reliability.BY_GROUP,
                "judged_slates",
                "shown_options",
                "acceptance",
            ),
        ),
    ),
    Of(
        page="learning",
        sources=(
            _s("learning-curve", "Right on held-out data, bundle after bundle", learning.CURVE, _BUNDLES),
            _s("forecast", "What more known answers would buy", learning.FORECAST, _BUNDLES),
            _s("retrains", "What each retrain brought", learning.RETRAINS, _BUNDLES),
            _s("ladder", "The ladder", learning.LADDER, _BUNDLES),
            _INTERLEAVED,
            _s("served-by-bundle", "What each bundle served", definitions.BUNDLES, "served_by_bundle"),
            _s("off-policy-value", "What each bundle would have earned", definitions.OFF_POLICY, _BUNDLES),
            _s("labels-bought", "By how the request was chosen", labels_bought.LABELS, "picks"),
        ),
    ),
    Of(
        page="live",
        sources=(
            _compared("live", "audits", "judged_tally", "tally"),
            _s(
                "offline-and-live",
                "By bundle",
                live.BESIDE,
                "judged_by",
                "audits_by_bundle",
                "served_by_bundle",
                _BUNDLES,
            ),
            _s("explains-the-gap", "Who explains the gap", live.EXPLAINS, "judged_by"),
        ),
    ),
    Of(
        page="people",
        sources=(
            _compared("people", "decisions_over_time", "audits", "workers", "claims", "waits", "waits_at"),
            _ESCALATION,
            _s("decisions-by-reason", "Decisions by reason", people_figures.REASONS, "decisions_over_time"),
            _s("reviews-by-reason", "Reviews", definitions.REVIEWS, "reviews_by_reason", "reviews_by_reason_at"),
            _s("audit", "Random audit", definitions.AUDIT, "audits"),
            _s("waits", "Waiting and handling", people.WAITS, "waits", "waits_at"),
            _s("costs", "What an answer costs", people.COSTS, "costs", "tally"),
            _s("workers", "By worker", people.WORKERS, "workers", "workers_at"),
            _s("claims", "Claims", people.CLAIMS, "claims"),
        ),
    ),
    Of(
        page="tail",
        sources=(
            _compared("tail", "judged_by_rarity"),
            _s("unanswered", "What could not be answered", tail.UNANSWERED, "unanswered"),
            _s("rare-contexts", "How rare what is asked is", tail.RARE, "judged_by_rarity"),
            _s("never-taken", "Looked at, never taken", tail.NEVER, "never_taken"),
        ),
    ),
    Of(
        page="drift",
        sources=(
            _compared("drift", "confidence_over_time"),
            _s("confidence-over-time", "How sure it was", drift.CONFIDENCE, "confidence_over_time"),
            _s("drift-tests", "Against its own history", drift.TESTS, "recent_requests"),
        ),
    ),
    Of(
        page="positions",
        sources=(
            _compared("positions", "outcomes_by_position"),
            _POSITIONS,
            _s("examination", "How far down they read", positions.EXAMINATION, _BUNDLES),
        ),
    ),
    Of(
        page="experiments",
        sources=(
            _s("arms", "Arms of your own", experiments.ARMS, "funnel"),
            _INTERLEAVED,
            _s("planner", "How many people an answer takes", experiments.PLANNER, "tally"),
        ),
    ),
)

# What every query of a period stands on, in this order: derived once a snapshot, then cut to the time and the lens.
STANDS_ON = (
    "derived_tables",
    "reach",
    "chunk_of_the_log_at_rest",
    *DERIVED[:2],
    "touched",
    "forget_touched",
    "chunk",
    *DERIVED[2:],
    "derived_so_far",
    "focus_views",
    "focus_views_of_any_field",
    "groups_of_value",
)
AROUND = ("moment", "extent", "surfaces", "fields", "served")  # what stands above every page

_NUMBERS = "tests/analytics/test_report_numbers.py::test_"
_BY_HAND = "tests/analytics/test_pages_by_hand.py::test_"
_PAGES = "tests/analytics/test_pages.py::test_"
# All are counted again by the SQL that is shown (test_every_number.py); here is where each is reckoned by other means.
TESTS = {
    **{
        f"compared-{page}": "tests/analytics/test_compared.py::test_each_side_is_what_a_report_of_its_own_says"
        for page in ("funnel", "reliability", "live", "people", "tail", "drift", "positions")
    },
    "what-next": "tests/analytics/test_next_steps.py::test_a_step_says_the_figures_of_the_pages_that_it_leads_to",
    "what-changed": "tests/analytics/test_lenses_and_changes.py::test_a_difference_is_that_of_newcombes_tables",
    "what-happened": "tests/analytics/test_every_number.py::test_what_happened_is_what_was_written",
    "outcomes-over-time": f"{_NUMBERS}outcomes_are_those_of_the_domain",
    "escalation-share": f"{_NUMBERS}decisions_and_reasons_add_up_to_the_requests",
    "typing-saved": "tests/analytics/test_every_number.py::test_what_was_not_typed_is_the_length_of_what_was_taken",
    "loop-time": "tests/analytics/test_every_number.py::test_the_loop_is_as_long_as_acts_were_old",
    "funnel": f"{_PAGES}the_funnel_never_grows_and_adds_up_through_every_lens",
    "outcomes-by-position": f"{_NUMBERS}positions_count_looks_and_picks",
    "funnel-by-bundle": "tests/analytics/test_parts_add_up.py::test_bundles_add_up_at_every_stage",
    "funnel-by-decision": "tests/analytics/test_every_number.py::test_parts_of_the_funnel_add_up_to_it",
    "funnel-by-group": "tests/analytics/test_parts_add_up.py::test_groups_add_up_to_the_slates_that_have_the_field",
    "funnel-by-layout": "tests/analytics/test_every_number.py::test_parts_of_the_funnel_add_up_to_it",
    "reliability-p-any": f"{_NUMBERS}the_calibration_error_of_p_any",
    "reliability-p-select": f"{_NUMBERS}the_calibration_error_of_p_select",
    "reliability-p-accept": f"{_NUMBERS}p_accept_counts_silence_that_lasted_as_no",
    "calibration-by-bundle": f"{_BY_HAND}a_gap_is_what_was_said_less_what_was_right",
    "calibration-by-group": f"{_BY_HAND}a_gap_is_what_was_said_less_what_was_right",
    "reliability-by-group": "tests/analytics/test_every_number.py::"
    "test_each_probability_of_a_group_is_that_of_a_report_of_this_group_alone",
    "learning-curve": "tests/analytics/test_labels_bought.py::test_a_gain_is_of_the_curve_and_needs_four_points",
    "retrains": "tests/analytics/test_every_number.py::test_what_a_gate_measured_is_shown_as_it_was",
    "ladder": "tests/analytics/test_every_number.py::test_what_a_gate_measured_is_shown_as_it_was",
    "served-by-bundle": "tests/analytics/test_every_number.py::test_bundles_served_what_the_slates_say",
    "off-policy-value": "tests/analytics/test_valued.py::"
    "test_a_valued_bundle_is_drawn_beside_what_served_and_tabled_unrounded",
    "forecast": f"{_PAGES}a_forecast_holds_what_a_power_law_goes_on_to_be",
    "labels-bought": "tests/analytics/test_labels_bought.py::"
    "test_each_kind_is_counted_apart_and_what_is_unanswered_is_not_judged",
    "offline-and-live": "tests/analytics/test_every_number.py::test_audits_of_a_bundle_are_those_of_what_it_showed",
    "explains-the-gap": f"{_BY_HAND}what_explains_a_gap_is_weighed_by_how_much_of_the_whole_it_is",
    "decisions-by-reason": f"{_NUMBERS}decisions_and_reasons_add_up_to_the_requests",
    "reviews-by-reason": f"{_NUMBERS}reviews_and_audits",
    "audit": f"{_NUMBERS}reviews_and_audits",
    "waits": f"{_BY_HAND}waits_are_seconds_from_the_review_to_its_verdict_and_the_open_ones_are_left_out",
    "costs": "tests/analytics/test_every_number.py::test_an_item_costs_what_all_who_answered_it_took",
    "workers": f"{_PAGES}the_workers_are_compared_on_the_same_contexts",
    "claims": "tests/analytics/test_every_number.py::test_claims_that_came_to_nothing_are_those_without_a_verdict",
    "unanswered": f"{_PAGES}the_long_tail_names_subjects_and_proposes_what_was_written",
    "rare-contexts": "tests/analytics/test_every_number.py::test_how_rare_is_counted_over_contexts",
    "never-taken": f"{_PAGES}a_candidate_that_is_never_taken_is_named_with_how_often_it_might_be",
    "confidence-over-time": f"{_BY_HAND}how_sure_it_was_is_a_mean_of_each_stretch_and_all_requests_are_in_it",
    "drift-tests": f"{_BY_HAND}a_fall_of_confidence_is_told_from_chance",
    "examination": "tests/analytics/test_every_number.py::test_what_a_gate_measured_is_shown_as_it_was",
    "arms": f"{_BY_HAND}arms_are_held_against_the_first_by_name_and_their_plan_against_their_rate",
    "interleaved": "tests/analytics/test_every_number.py::test_what_a_gate_measured_is_shown_as_it_was",
    "planner": "tests/metrics/test_experiment.py::test_a_planted_change_is_found_as_often_as_was_planned",
}
