"""Every decision of the contract, in every mode, and nothing shown that should not be."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suggest.domain.policy import Mode
from suggest.domain.slate import Decision
from suggest.policy.decide import Verdict, decide
from suggest.policy.threshold import NEVER_ESCALATE, SEND_ALL


def decided(**given_: Any) -> Verdict:
    situation: dict[str, Any] = {
        "p_any": 0.7,
        "threshold": 0.5,
        "mode": Mode.ASSIST,
        "needs_answer": True,
        "escalation_on": True,
    }
    return decide(**{**situation, **given_})


@given(p_any=st.floats(0, 1), threshold=st.floats(0, 1))
def test_assist_shows_if_and_only_if_p_any_reaches_the_threshold(p_any: float, threshold: float) -> None:
    verdict = decided(p_any=p_any, threshold=threshold)
    assert (verdict.decision is Decision.SHOW) == (p_any >= threshold)
    assert (verdict.decision is Decision.ESCALATE) == (p_any < threshold)


def test_a_slate_shown_because_it_is_likely_right_needs_no_reason() -> None:
    assert decided() == Verdict(decision=Decision.SHOW)


def test_below_the_threshold_a_person_is_asked() -> None:
    assert decided(p_any=0.4) == Verdict(decision=Decision.ESCALATE, reason="below-threshold")


def test_with_escalation_off_what_is_unlikely_is_withheld() -> None:
    assert decided(p_any=0.4, escalation_on=False) == Verdict(decision=Decision.ABSTAIN, reason="escalation-off")
    assert decided(escalation_on=False).decision is Decision.SHOW


@pytest.mark.parametrize("mode", [Mode.ASSIST, Mode.AUTO])
@pytest.mark.parametrize("p_any", [0.0, 0.4, 1.0])
def test_small_talk_gets_nothing_and_bothers_nobody(mode: Mode, p_any: float) -> None:
    verdict = decided(needs_answer=False, mode=mode, p_any=p_any)
    assert verdict == Verdict(decision=Decision.ABSTAIN, reason="needs-no-answer")


@given(
    p_any=st.floats(0, 1),
    threshold=st.floats(0, 1),
    needs_answer=st.booleans(),
    escalation_on=st.booleans(),
    n_items=st.integers(0, 3),
)
def test_review_all_always_escalates(**situation: Any) -> None:
    assert decided(mode=Mode.REVIEW_ALL, **situation) == Verdict(decision=Decision.ESCALATE, reason="review-all")


@given(p_any=st.floats(0, 1), threshold=st.floats(0, 1), needs_answer=st.booleans(), escalation_on=st.booleans())
def test_shadow_never_shows_what_the_model_thinks(escalation_on: bool, **situation: Any) -> None:
    verdict = decided(mode=Mode.SHADOW, escalation_on=escalation_on, **situation)
    assert verdict.decision is (Decision.ESCALATE if escalation_on else Decision.ABSTAIN)
    assert verdict.reason == "shadow"


def test_auto_applies_the_top_option_only_under_a_certificate() -> None:
    sure = {"mode": Mode.AUTO, "p_any": 0.99, "p_top1": 0.98}
    assert decided(**sure, certified_top1=True, top1_threshold=0.97).decision is Decision.AUTO
    assert decided(**sure, certified_top1=True, top1_threshold=0.985).decision is Decision.SHOW
    assert decided(**sure, certified_top1=False, top1_threshold=0.97).decision is Decision.SHOW
    assert decided(**sure, certified_top1=True).decision is Decision.SHOW  # no line was given: never by itself


def test_auto_escalates_like_assist_below_the_threshold() -> None:
    verdict = decided(mode=Mode.AUTO, p_any=0.4, p_top1=0.4, certified_top1=True, top1_threshold=0.3)
    assert verdict == Verdict(decision=Decision.ESCALATE, reason="below-threshold")


def test_no_other_mode_acts_by_itself() -> None:
    for mode in set(Mode) - {Mode.AUTO}:
        verdict = decided(mode=mode, p_any=1.0, p_top1=1.0, certified_top1=True, top1_threshold=0.0)
        assert verdict.decision is not Decision.AUTO


def test_a_degraded_ranking_says_so_and_never_acts_alone() -> None:
    assert decided(degraded=True) == Verdict(decision=Decision.SHOW, reason="degraded")
    assert decided(degraded=True, p_any=0.1) == Verdict(decision=Decision.ESCALATE, reason="degraded")
    automatic = decided(degraded=True, mode=Mode.AUTO, p_top1=0.7, certified_top1=True, top1_threshold=0.1)
    assert automatic.decision is Decision.SHOW


def test_an_empty_slate_goes_to_a_person_or_nowhere() -> None:
    empty = {"n_items": 0, "p_any": 0.0}
    assert decided(**empty) == Verdict(decision=Decision.ESCALATE, reason="no-candidates")
    assert decided(**empty, escalation_on=False) == Verdict(decision=Decision.ABSTAIN, reason="no-candidates")
    assert decided(**empty, threshold=NEVER_ESCALATE) == Verdict(decision=Decision.ABSTAIN, reason="no-candidates")


@given(p_any=st.floats(0, 1), n_items=st.integers(0, 3), degraded=st.booleans())
def test_both_ends_of_the_slider_are_exact(p_any: float, n_items: int, degraded: bool) -> None:
    at = {"p_any": p_any, "n_items": n_items, "degraded": degraded}
    assert decided(**at, threshold=NEVER_ESCALATE).decision is not Decision.ESCALATE
    assert decided(**at, threshold=SEND_ALL).decision is Decision.ESCALATE


@pytest.mark.parametrize(
    "wrong", [{"p_any": 1.1}, {"p_any": math.nan}, {"p_top1": -0.1}, {"threshold": math.nan}], ids=str
)
def test_what_is_no_probability_decides_nothing(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"probabilities|number"):
        decided(**wrong)


@pytest.mark.parametrize("needs_answer", [True, False])
def test_an_unknown_language_goes_to_people_whatever_the_numbers_say(needs_answer: bool) -> None:
    asked = decide(
        p_any=0.99,
        threshold=0.5,
        mode=Mode.ASSIST,
        needs_answer=needs_answer,
        escalation_on=True,
        knows_language=False,
    )
    assert (asked.decision, asked.reason) == (Decision.ESCALATE, "unknown-language")
    alone = decide(
        p_any=0.99,
        threshold=0.5,
        mode=Mode.ASSIST,
        needs_answer=needs_answer,
        escalation_on=False,
        knows_language=False,
    )
    assert (alone.decision, alone.reason) == (Decision.ABSTAIN, "unknown-language")


def test_the_speed_end_asks_nobody_in_any_language() -> None:
    shown = decide(
        p_any=0.1, threshold=0.0, mode=Mode.ASSIST, needs_answer=True, escalation_on=True, knows_language=False
    )
    assert shown.decision is Decision.SHOW
