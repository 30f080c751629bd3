"""The watch between the log and the line: what is heard live and what is read back at a start come to the same."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import RLock
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.domain.context import Context
from suggest.domain.event import Outcome
from suggest.domain.policy import Policy, Target, TargetKind
from suggest.domain.review import ReviewReason
from suggest.domain.slate import Decision, Slate, SlateItem
from suggest.online.promises import Promises
from suggest.online.served import Served
from suggest.online.watching import READ, Watches

PRECISE = Policy(target=Target(kind=TargetKind.PRECISION, value=0.9), audit_rate=0.0)


@dataclass
class Spot:
    """What the watch needs of a surface."""

    policy: Policy = PRECISE
    name: str = "s"
    promises: Promises = field(default_factory=Promises)
    lock: RLock = field(default_factory=RLock)


class Log:
    """Rows as the log hands them out: the latest first."""

    def __init__(self) -> None:
        self.rows: list[dict[str, object]] = []
        self.asked: list[dict[str, object]] = []

    def select(self, query: str, /, **params: object) -> list[dict[str, object]]:
        assert query == "judged_slates"
        self.asked.append(params)
        return list(reversed(self.rows))


class Desk:
    """A surface with a watch, its log written by hand beside it."""

    def __init__(self, policy: Policy = PRECISE) -> None:
        self.spot, self.log, self.settled = Spot(policy), Log(), 0
        self.spot.promises.begin(policy)
        place: Any = self.spot
        self.watches = Watches(self.log, place=lambda name: place, settle=self._settle)

    def _settle(self, place: Any) -> None:
        assert place is self.spot
        self.settled += 1

    def verdict(
        self, slate: Slate, item: str | None, *, reason: ReviewReason = ReviewReason.AUDIT, told: bool = False
    ) -> None:
        outcome = Outcome.DISMISSED if told else Outcome.PENDING
        served = Served(slate=slate, key="k", user_key=None, outcome=outcome)
        self.watches.answered(served, item, reason=reason)
        self._write(slate, item, is_verdict=True, is_audit=reason is ReviewReason.AUDIT, told=told)

    def person(self, slate: Slate, item: str | None) -> None:
        self.watches.decided(slate, item)
        self._write(slate, item, is_verdict=False, is_audit=False, told=True)

    def _write(self, slate: Slate, item: str | None, *, is_verdict: bool, is_audit: bool, told: bool) -> None:
        ids = [each.id for each in slate.items]
        self.log.rows.append(
            {
                "impression": slate.id,
                "p_any": slate.p_any,
                "decision": str(slate.decision),
                "bundle": slate.bundle,
                "mode": slate.mode,
                "threshold": slate.threshold,
                "item": item,
                "is_right": item in ids,
                "is_first": item == ids[0],
                "p_top1": slate.items[0].p_select,
                "is_audit": is_audit,
                "is_verdict": is_verdict,
                "act": int(told),
            }
        )

    def restarted(self) -> Promises:
        again: Any = Spot(self.spot.policy)
        self.watches.restore(again)
        promises: Promises = again.promises
        return promises


def slate(n: int = 0, **changes: object) -> Slate:
    whole = Slate(
        id=f"i{n}",
        surface="s",
        at=datetime(2026, 3, 2, 12, tzinfo=UTC),
        context=Context(text="hi"),
        items=tuple(
            SlateItem(id=id, text=id, position=at, p_select=0.5 / (at + 1), propensity=1.0)
            for at, id in enumerate(("a", "b"))
        ),
        decision=Decision.SHOW,
        reason=None,
        p_any=0.75,
        p_none_raw=0.2,
        p_accept=0.5,
        threshold=0.5,
        k=2,
        mode="assist",
        bundle="b1",
        policy_revision=1,
        supplied=False,
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["audit", "escalated", "person"]),
        st.sampled_from(["a", "b", "c", None]),
        st.booleans(),
        st.sampled_from(["assist", "review_all"]),
    ),
    max_size=40,
)


@settings(deadline=None, max_examples=30, derandomize=True)
@given(ACTS)
def test_a_start_comes_to_what_was_heard_live(acts: list[tuple[str, str | None, bool, str]]) -> None:
    desk = Desk()
    for n, (who, item, told, mode) in enumerate(acts):
        if who == "person":
            desk.person(slate(n, mode=mode), item)
        elif who == "audit":
            desk.verdict(slate(n, mode=mode), item, told=told)
        else:
            escalated = slate(n, mode=mode, decision=Decision.ESCALATE)
            desk.verdict(escalated, item, reason=ReviewReason.ESCALATED)
    again, live = desk.restarted(), desk.spot.promises
    assert again.known == live.known
    assert again.engagement == live.engagement
    assert (again.any, again.top1) == (live.any, live.top1)


def test_a_start_reads_so_much_of_its_own_surface_and_no_more() -> None:
    desk = Desk()
    desk.restarted()
    assert desk.log.asked == [{"surface": "s", "limit": READ}]


def test_a_start_keeps_an_alarm_that_was_going_on() -> None:
    desk = Desk()
    for n in range(10):
        desk.person(slate(n), None)
    assert desk.spot.promises.any.is_tight
    assert desk.restarted().any.is_tight


def test_every_answer_that_counts_settles_the_line_and_no_other_does() -> None:
    desk = Desk()
    desk.verdict(slate(0), "a")
    assert desk.settled == 1
    desk.verdict(slate(1), "a", reason=ReviewReason.LEARNING)
    desk.verdict(slate(2, learnable=False), "a")
    desk.verdict(slate(3, reason="degraded"), "a")
    desk.person(slate(4, decision=Decision.ESCALATE), "a")
    desk.person(slate(5, decision=Decision.AUTO), None)
    assert desk.settled == 1
    assert [each.impression for each in desk.spot.promises.known] == ["i0"]


def test_of_a_slate_that_will_be_audited_the_person_is_not_heard() -> None:
    desk = Desk(replace(PRECISE, audit_rate=1.0))
    desk.person(slate(0), None)
    assert desk.spot.promises.known == []
    desk.verdict(slate(0), "a", told=True)
    assert [each.right for each in desk.spot.promises.known] == [True]


def test_a_second_word_on_a_slate_replaces_the_first_and_stands_last() -> None:
    desk = Desk()
    desk.verdict(slate(0), None)
    desk.verdict(slate(1), "a")
    desk.verdict(slate(0), "b")
    assert [(each.impression, each.right) for each in desk.spot.promises.known] == [("i1", True), ("i0", True)]
    assert desk.spot.promises.any.n == 2


def test_a_verdict_that_is_taken_back_leaves_the_others_and_settles_once() -> None:
    desk = Desk()
    desk.verdict(slate(0), "a")
    desk.verdict(slate(1), None)
    settled = desk.settled
    desk.watches.withdrawn(slate(1))
    assert [each.impression for each in desk.spot.promises.known] == ["i0"]
    assert desk.settled == settled + 1
    desk.watches.withdrawn(slate(1))
    desk.watches.withdrawn(slate(77))
    assert desk.settled == settled + 1, "there was nothing to take back"


@pytest.mark.parametrize(("told", "expected"), [(True, 1), (False, 0)])
def test_an_audit_hears_whether_the_person_had_said_something(told: bool, expected: int) -> None:
    desk = Desk()
    desk.verdict(slate(0), None, told=told)
    assert (desk.spot.promises.engagement.wrong, desk.spot.promises.engagement.wrong_told) == (1, expected)
