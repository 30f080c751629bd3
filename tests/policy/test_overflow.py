"""What happens where nobody is there or too many wait: every combination, against the sentence that promises it."""

from __future__ import annotations

from itertools import product

import pytest

from suggest.domain.policy import Fallback, Mode, Policy
from suggest.domain.slate import Decision
from suggest.policy.decide import UNKNOWN_LANGUAGE, Verdict
from suggest.policy.overflow import FALLBACKS, OUT_OF_HOURS, OVERFLOW, instead

ASKS = Verdict(decision=Decision.ESCALATE, reason="below-threshold")


def outcome(
    verdict: Verdict = ASKS,
    *,
    mode: Mode = Mode.ASSIST,
    fallback: Fallback = Fallback.SHOW,
    longest_queue: int | None = None,
    threshold: float = 0.5,
    is_open: bool = True,
    n_waiting: int = 0,
    n_items: int = 3,
) -> Verdict:
    policy = Policy(mode=mode, fallback=fallback, longest_queue=longest_queue)
    return instead(verdict, policy, threshold=threshold, is_open=is_open, n_waiting=n_waiting, n_items=n_items)


@pytest.mark.parametrize("mode", Mode)
def test_an_escalation_is_replaced_exactly_where_people_cannot_be_asked_and_need_not_be(mode: Mode) -> None:
    for fallback, longest, threshold, is_open, n_waiting, n_items, reason in product(
        Fallback, (None, 0, 2), (0.0, 1.0, 1.01), (True, False), (0, 1, 2, 3), (0, 1), (ASKS.reason, UNKNOWN_LANGUAGE)
    ):  # fmt: skip
        verdict = Verdict(decision=Decision.ESCALATE, reason=reason)
        found = outcome(
            verdict, mode=mode, fallback=fallback, longest_queue=longest, threshold=threshold, is_open=is_open,
            n_waiting=n_waiting, n_items=n_items,
        )  # fmt: skip
        is_mandatory = mode in (Mode.REVIEW_ALL, Mode.SHADOW) or threshold > 1
        cannot_be_asked = not is_open or (longest is not None and n_waiting >= longest)
        if fallback is Fallback.QUEUE or is_mandatory or not cannot_be_asked:
            assert found == verdict
        else:
            may_show = fallback is Fallback.SHOW and n_items > 0 and reason != UNKNOWN_LANGUAGE
            assert found.decision is (Decision.SHOW if may_show else Decision.ABSTAIN)
            assert found.reason == (OUT_OF_HOURS if not is_open else OVERFLOW)


@pytest.mark.parametrize("decision", [each for each in Decision if each is not Decision.ESCALATE])
def test_what_asks_nobody_is_never_touched(decision: Decision) -> None:
    verdict = Verdict(decision=decision, reason="small-talk")
    assert outcome(verdict, is_open=False, longest_queue=0) is verdict


def test_whoever_is_away_goes_before_how_many_wait() -> None:
    assert outcome(is_open=False, longest_queue=0, n_waiting=9).reason == OUT_OF_HOURS


def test_the_queue_is_full_at_its_length_and_not_above_it() -> None:
    assert outcome(longest_queue=10, n_waiting=9) == ASKS
    assert outcome(longest_queue=10, n_waiting=10).reason == OVERFLOW


def test_a_queue_of_no_length_is_always_full_and_one_without_limit_never() -> None:
    assert outcome(longest_queue=0, n_waiting=0).reason == OVERFLOW
    assert outcome(longest_queue=None, n_waiting=10**9) == ASKS


def test_a_line_at_one_is_a_line_and_only_beyond_it_is_everything_sent_to_people() -> None:
    assert outcome(is_open=False, threshold=1.0).decision is Decision.SHOW
    assert outcome(is_open=False, threshold=1.0000001) == ASKS


def test_what_was_replaced_can_be_told_by_its_reason_from_everything_else() -> None:
    told = {outcome(is_open=False).reason, outcome(longest_queue=0).reason}
    assert told == FALLBACKS
    assert not FALLBACKS & {UNKNOWN_LANGUAGE, "below-threshold", None}
