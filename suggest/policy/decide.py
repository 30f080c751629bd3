"""Decide whether a slate is shown, withheld or handed to a person, from calibrated probabilities only.

Raw ranker scores order a slate; they never decide."""

from __future__ import annotations

import math
from dataclasses import dataclass

from suggest.domain.policy import Mode
from suggest.domain.slate import Decision

BELOW_THRESHOLD = "below-threshold"
NEEDS_NO_ANSWER = "needs-no-answer"
UNKNOWN_LANGUAGE = "unknown-language"
NO_CANDIDATES = "no-candidates"
REVIEW_ALL = "review-all"
SHADOW = "shadow"
ESCALATION_OFF = "escalation-off"
CERTIFIED = "certified"
DEGRADED = "degraded"
ASKED = "asked"  # the person wanted a person


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of a slate. `reason` is a stable slug; a slate shown because it is likely right needs none."""

    decision: Decision
    reason: str | None = None


def decide(
    *,
    p_any: float,
    threshold: float,
    mode: Mode,
    needs_answer: bool,
    escalation_on: bool,
    n_items: int = 1,
    degraded: bool = False,
    certified_top1: bool = False,
    p_top1: float = 0.0,
    top1_threshold: float = math.inf,
    knows_language: bool = True,
) -> Verdict:
    """Show iff p_any >= threshold; otherwise ask a person, where one may be asked.

    `review_all` asks for everything, even small talk and even with escalation switched off. `shadow` shows nothing
    of the model's: people answer, the slate is only logged. `auto` applies the top option where `certified_top1`
    says that a certificate for it is in force and `p_top1` reaches its `top1_threshold`; a degraded ranking never
    acts alone. A text in a language that the encoder does not know goes to people before anything is made of its
    numbers, small talk included, except at a threshold of 0, where nobody is asked. An empty slate is never shown: at
    a threshold of 0, the end that never escalates, it abstains.

    >>> decide(p_any=0.7, threshold=0.5, mode=Mode.ASSIST, needs_answer=True, escalation_on=True).decision.value
    'show'
    >>> decide(p_any=0.3, threshold=0.5, mode=Mode.ASSIST, needs_answer=True, escalation_on=True).reason
    'below-threshold'
    """
    if not 0.0 <= p_any <= 1.0 or not 0.0 <= p_top1 <= 1.0:
        raise ValueError(f"p_any and p_top1 are probabilities in [0, 1], got {p_any} and {p_top1}")
    if math.isnan(threshold):
        raise ValueError("threshold must be a number")
    if mode is Mode.REVIEW_ALL:
        return Verdict(decision=Decision.ESCALATE, reason=REVIEW_ALL)
    if mode is Mode.SHADOW:
        return Verdict(decision=Decision.ESCALATE if escalation_on else Decision.ABSTAIN, reason=SHADOW)
    if threshold > 1.0 and escalation_on:  # the end of the slider where everything goes to people
        return Verdict(decision=Decision.ESCALATE, reason=REVIEW_ALL)
    if not knows_language and threshold > 0.0:
        return Verdict(decision=Decision.ESCALATE if escalation_on else Decision.ABSTAIN, reason=UNKNOWN_LANGUAGE)
    if not needs_answer:
        return Verdict(decision=Decision.ABSTAIN, reason=NEEDS_NO_ANSWER)
    if n_items == 0:
        asks = escalation_on and threshold > 0.0
        return Verdict(decision=Decision.ESCALATE if asks else Decision.ABSTAIN, reason=NO_CANDIDATES)
    if p_any < threshold:
        if escalation_on:
            return Verdict(decision=Decision.ESCALATE, reason=DEGRADED if degraded else BELOW_THRESHOLD)
        return Verdict(decision=Decision.ABSTAIN, reason=ESCALATION_OFF)
    if degraded:
        return Verdict(decision=Decision.SHOW, reason=DEGRADED)
    if mode is Mode.AUTO and certified_top1 and p_top1 >= top1_threshold:
        return Verdict(decision=Decision.AUTO, reason=CERTIFIED)
    return Verdict(decision=Decision.SHOW)
