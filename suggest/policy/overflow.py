"""What happens instead where people are to be asked and cannot: nobody is there at this hour, or too many wait already.

Mandatory review is never replaced: who sends everything to people has said that an answer may wait and may not be
guessed. What is shown here is shown below the line, says so in its reason, and counts for no promise."""

from __future__ import annotations

from suggest.domain.policy import Fallback, Mode, Policy
from suggest.domain.slate import Decision
from suggest.policy.decide import UNKNOWN_LANGUAGE, Verdict

OUT_OF_HOURS = "out-of-hours"
OVERFLOW = "overflow"
FALLBACKS = frozenset({OUT_OF_HOURS, OVERFLOW})


def instead(
    verdict: Verdict, policy: Policy, *, threshold: float, is_open: bool, n_waiting: int, n_items: int
) -> Verdict:
    """The verdict, or what replaces its escalation.

    >>> asks = Verdict(decision=Decision.ESCALATE, reason="below-threshold")
    >>> busy = Policy(longest_queue=10, fallback=Fallback.SHOW)
    >>> instead(asks, busy, threshold=0.5, is_open=True, n_waiting=10, n_items=3).reason
    'overflow'
    >>> instead(asks, busy, threshold=0.5, is_open=True, n_waiting=9, n_items=3) == asks
    True
    """
    if verdict.decision is not Decision.ESCALATE or policy.fallback is Fallback.QUEUE:
        return verdict
    if policy.mode in {Mode.REVIEW_ALL, Mode.SHADOW} or threshold > 1.0:
        return verdict
    is_full = policy.longest_queue is not None and n_waiting >= policy.longest_queue
    if is_open and not is_full:
        return verdict
    reason = OVERFLOW if is_open else OUT_OF_HOURS
    may_show = n_items > 0 and verdict.reason != UNKNOWN_LANGUAGE
    shows = policy.fallback is Fallback.SHOW and may_show
    return Verdict(decision=Decision.SHOW if shows else Decision.ABSTAIN, reason=reason)
