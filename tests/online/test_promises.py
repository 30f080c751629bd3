"""What is known of a promise: which answers may speak, how they are folded, and what is left after an undo."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.domain.context import Context
from suggest.domain.policy import Mode, Policy, Target, TargetKind
from suggest.domain.slate import Decision, Slate, SlateItem
from suggest.online.promises import MOST_KNOWN, Known, Promises, is_judged, is_sure, known_of, promised
from suggest.policy.judging import Engagement
from suggest.policy.watch import Watch

PRECISE = Policy(target=Target(kind=TargetKind.PRECISION, value=0.9), auto_target=0.97)
MANY = 2_000  # impressions whose lots are counted


def known(
    i: int = 0,
    *,
    right: bool = True,
    first: bool | None = None,
    decision: Decision = Decision.SHOW,
    audited: bool = False,
    p: float = 0.95,
    is_sure: bool = False,
) -> Known:
    return Known(
        impression=f"i{i}",
        p_any=p,
        p_top1=p - 0.05,
        right=right,
        first=right if first is None else first,
        decision=decision,
        audited=audited,
        bundle="b1",
        is_sure=is_sure,
    )


def slate(*ids: str, id: str = "i1", **how: object) -> Slate:
    whole = Slate(
        id=id,
        surface="s",
        at=datetime(2026, 3, 2, 12, tzinfo=UTC),
        context=Context(text="hi"),
        items=tuple(
            SlateItem(id=each, text=each, position=n, p_select=0.5 / (n + 1), propensity=1.0)
            for n, each in enumerate(ids)
        ),
        decision=Decision.SHOW,
        reason=None,
        p_any=0.8,
        p_none_raw=0.2,
        p_accept=0.5,
        threshold=0.4,
        k=3,
        mode="assist",
        bundle="b1",
        policy_revision=1,
        supplied=False,
    )
    return replace(whole, **how)  # type: ignore[arg-type]


def begun(policy: Policy = PRECISE) -> Promises:
    promises = Promises()
    promises.begin(policy)
    return promises


def learn(promises: Promises, answers: Iterable[Known], *, audit_rate: float = 0.0, told: bool = True) -> None:
    for each in answers:
        promises.learn(each, is_verdict=False, told=told, audit_rate=audit_rate)


def share_kept(*, right: bool, is_verdict: bool, audit_rate: float = 0.0, is_sure: bool = False) -> float:
    """Of MANY impressions, each asked for on its own."""
    kept = 0
    for i in range(MANY):
        answer = known(i, right=right, is_sure=is_sure)
        kept += Promises().recall(answer, is_verdict=is_verdict, told=True, audit_rate=audit_rate)
    return kept / MANY


def four_errors(rate: float) -> float:
    return 4 * float(np.sqrt(rate * (1 - rate) / MANY))


# -- what is promised --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (TargetKind.PRECISION, 0.9, 0.9),
        (TargetKind.PRECISION, 0.001, 0.001),
        (TargetKind.PRECISION, 0.0, None),
        (TargetKind.PRECISION, 1.0, None),
        (TargetKind.P_ANY, 0.9, None),
        (TargetKind.REVIEW_SHARE, 0.5, None),
        (TargetKind.COST, 5.0, None),
    ],
)
def test_only_a_precision_between_the_ends_is_a_promise(kind: TargetKind, value: float, expected: float | None) -> None:
    assert promised(Policy(target=Target(kind=kind, value=value))) == expected


def test_both_promises_of_a_policy_are_watched() -> None:
    promises = begun()
    assert (promises.any.target, promises.top1.target) == (0.9, 0.97)
    assert promises.is_of(PRECISE)


@pytest.mark.parametrize(
    "other",
    [
        replace(PRECISE, target=Target(kind=TargetKind.PRECISION, value=0.91)),
        replace(PRECISE, target=Target(kind=TargetKind.P_ANY, value=0.9)),
        replace(PRECISE, auto_target=0.96),
    ],
)
def test_a_policy_that_promises_otherwise_is_another(other: Policy) -> None:
    assert not begun().is_of(other)


def test_what_is_no_promise_may_change_under_the_watch() -> None:
    assert begun().is_of(replace(PRECISE, mode=Mode.AUTO, audit_rate=0.5, exploration=0.3, error_cost=4.0))


# -- who may speak -----------------------------------------------------------------------------------------------------


def test_complaints_all_count() -> None:
    assert share_kept(right=False, is_verdict=False) == 1.0


def test_selections_count_as_often_as_complaints_are_made() -> None:
    rate = Engagement().kept_selections
    assert 0.2 < rate < 0.5
    assert share_kept(right=True, is_verdict=False) == pytest.approx(rate, abs=four_errors(rate))


@pytest.mark.parametrize("right", [True, False])
def test_what_the_queue_says_counts_at_the_rate_of_the_scarcest_whether_right_or_wrong(right: bool) -> None:
    rate = Engagement().inclusion(0.1)
    kept = share_kept(right=right, is_verdict=True, audit_rate=0.1)
    assert kept == pytest.approx(rate, abs=four_errors(rate))


@pytest.mark.parametrize("right", [True, False])
def test_where_everything_goes_to_people_every_verdict_counts(right: bool) -> None:
    assert share_kept(right=right, is_verdict=True, is_sure=True) == 1.0


def test_with_an_audit_of_everything_every_verdict_counts() -> None:
    assert share_kept(right=True, is_verdict=True, audit_rate=1.0) == 1.0


def test_who_is_in_at_a_low_rate_is_in_at_a_higher_one() -> None:
    def kept(audit_rate: float) -> set[int]:
        return {
            i
            for i in range(300)
            if Promises().recall(known(i), is_verdict=True, told=False, audit_rate=audit_rate)
        }  # fmt: skip

    low, middle, high = kept(0.0), kept(0.3), kept(0.8)
    assert low < middle < high


def test_the_lot_is_of_the_impression_alone() -> None:
    """Neither what the slate held nor what was learned in between draws again."""
    for i in range(60):
        one = Promises().recall(known(i, p=0.9), is_verdict=True, told=True, audit_rate=0.2)
        other = Promises(known=[known(99)]).recall(
            known(i, p=0.1, right=False, decision=Decision.ESCALATE), is_verdict=True, told=False, audit_rate=0.2
        )
        assert one == other


@pytest.mark.parametrize(("right", "told"), [(True, True), (True, False), (False, True), (False, False)])
def test_an_audit_always_counts_and_says_how_often_people_tell(right: bool, told: bool) -> None:
    promises = begun()
    assert promises.learn(known(right=right, audited=True), is_verdict=True, told=told, audit_rate=0.0)
    assert promises.engagement == Engagement().after(right=right, told=told)
    assert len(promises.known) == promises.any.n == 1


def test_only_audits_say_how_often_people_tell() -> None:
    promises = begun()
    learn(promises, [known(i, right=False) for i in range(10)])
    promises.learn(known(11, is_sure=True), is_verdict=True, told=True, audit_rate=0.5)
    assert promises.engagement == Engagement()


def test_once_complaints_are_as_frequent_all_selections_count() -> None:
    promises = begun()
    for i in range(60):
        promises.learn(known(i, right=i % 2 == 0, audited=True), is_verdict=True, told=True, audit_rate=0.0)
    before = len(promises.known)
    assert promises.engagement.kept_selections > 0.9
    learn(promises, [known(1_000 + i) for i in range(200)])
    assert len(promises.known) - before > 170


def test_an_answer_that_does_not_count_leaves_everything_as_it_was() -> None:
    lost = next(
        i for i in range(200) if not Promises().recall(known(i), is_verdict=False, told=True, audit_rate=0.0)
    )  # fmt: skip
    promises = begun()
    before = promises.any, promises.top1, promises.engagement
    assert not promises.learn(known(lost), is_verdict=False, told=True, audit_rate=0.0)
    assert (promises.any, promises.top1, promises.engagement) == before
    assert promises.known == []


def test_only_the_latest_are_kept_to_be_looked_at_again() -> None:
    promises = begun(Policy())
    for i in range(MOST_KNOWN + 25):
        assert promises.recall(known(i, right=False), is_verdict=False, told=True, audit_rate=0.0)
    assert len(promises.known) == MOST_KNOWN
    assert (promises.known[0].impression, promises.known[-1].impression) == ("i25", f"i{MOST_KNOWN + 24}")


# -- the fold ----------------------------------------------------------------------------------------------------------

DECISIONS = st.sampled_from(list(Decision))
ANSWERS = st.lists(st.tuples(st.booleans(), st.booleans(), DECISIONS, st.booleans(), st.booleans()), max_size=60)


def answers_of(drawn: list[tuple[bool, bool, Decision, bool, bool]]) -> list[tuple[Known, bool]]:
    return [
        (known(i, right=right, first=right and first, decision=decision, audited=audited), told)
        for i, (right, first, decision, audited, told) in enumerate(drawn)
    ]


@settings(deadline=None, max_examples=30, derandomize=True)
@given(ANSWERS)
def test_recalled_after_a_restart_it_is_what_it_was_when_it_was_learned(
    drawn: list[tuple[bool, bool, Decision, bool, bool]],
) -> None:
    live, again = begun(), Promises()
    for each, told in answers_of(drawn):
        learned = live.learn(each, is_verdict=each.audited, told=told, audit_rate=0.1)
        assert again.recall(each, is_verdict=each.audited, told=told, audit_rate=0.1) == learned
    again.begin(PRECISE)
    assert (again.any, again.top1) == (live.any, live.top1)
    assert (again.known, again.engagement) == (live.known, live.engagement)


@settings(deadline=None, max_examples=30, derandomize=True)
@given(ANSWERS, st.sets(st.integers(0, 70), max_size=20))
def test_what_is_forgotten_was_never_there(
    drawn: list[tuple[bool, bool, Decision, bool, bool]], gone: set[int]
) -> None:
    promises = begun()
    for each, told in answers_of(drawn):
        promises.learn(each, is_verdict=True, told=told, audit_rate=1.0)
    names = frozenset(f"i{i}" for i in gone)
    left = [each for each in promises.known if each.impression not in names]
    had_some = len(left) < len(promises.known)
    assert promises.forget(names, PRECISE) == had_some
    afresh = Promises(known=list(left))
    afresh.begin(PRECISE)
    assert promises.known == left
    assert (promises.any, promises.top1) == (afresh.any, afresh.top1)


def test_forgetting_what_is_not_there_does_not_even_fold_again() -> None:
    promises = begun()
    learn(promises, [known(i, right=False) for i in range(3)])
    watch = promises.any
    assert not promises.forget(frozenset({"another"}), PRECISE)
    assert promises.any is watch


def test_an_alarm_that_an_undone_answer_raised_is_taken_back_with_it() -> None:
    promises = begun()
    learn(promises, [known(i, right=False) for i in range(12)])
    assert promises.any.is_tight
    promises.forget(frozenset(f"i{i}" for i in range(12)), PRECISE)
    assert not promises.any.is_tight
    assert promises.any == Watch(target=0.9)


def test_another_promise_looks_at_the_same_answers() -> None:
    promises = begun(Policy())
    learn(promises, [known(i, right=False) for i in range(12)])
    assert not promises.any.is_tight
    promises.begin(PRECISE)
    assert promises.any.n == 12
    assert promises.any.is_tight


@pytest.mark.parametrize(
    ("decision", "any_counts", "top1_counts"),
    [
        (Decision.SHOW, True, False),
        (Decision.AUTO, True, True),
        (Decision.ESCALATE, False, False),
        (Decision.ABSTAIN, False, False),
    ],
)
def test_each_promise_is_about_what_was_done_under_it(decision: Decision, any_counts: bool, top1_counts: bool) -> None:
    promises = begun()
    promises.learn(known(decision=decision, audited=True), is_verdict=True, told=False, audit_rate=0.0)
    assert (promises.any.n, promises.top1.n) == (1, 1), "all that is known moves the nudge"
    assert (promises.any.live.n, promises.top1.live.n) == (int(any_counts), int(top1_counts))
    assert (promises.any.n_counting, promises.top1.n_counting) == (int(any_counts), int(top1_counts))


def test_a_right_option_that_is_not_the_top_one_keeps_one_promise_and_breaks_the_other() -> None:
    promises = begun()
    for i in range(10):
        each = known(i, right=True, first=False, decision=Decision.AUTO, audited=True)
        promises.learn(each, is_verdict=True, told=False, audit_rate=0.0)
    assert not promises.any.is_tight
    assert promises.top1.is_tight


# -- of a slate --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "right", "first"),
    [("a", True, True), ("b", True, False), ("c", False, False), (None, False, False)],
)
def test_an_answer_says_of_a_slate_whether_it_held_the_right_option_and_where(
    item: str | None, right: bool, first: bool
) -> None:
    found = known_of(slate("a", "b"), item, audited=True)
    assert (found.right, found.first) == (right, first)
    assert (found.p_any, found.p_top1, found.bundle, found.audited) == (0.8, 0.5, "b1", True)


@pytest.mark.parametrize("item", ["a", None])
def test_an_empty_slate_held_nothing_right(item: str | None) -> None:
    found = known_of(slate(), item, audited=False)
    assert (found.right, found.first, found.p_top1) == (False, False, 0.0)


@pytest.mark.parametrize("decision", list(Decision))
def test_shown_is_what_somebody_got_without_a_person(decision: Decision) -> None:
    assert known(decision=decision).is_shown == (decision in {Decision.SHOW, Decision.AUTO})


@pytest.mark.parametrize("mode", list(Mode))
def test_it_was_sure_to_become_known_where_all_went_to_people(mode: Mode) -> None:
    everything = mode in {Mode.REVIEW_ALL, Mode.SHADOW}
    assert is_sure(mode, 0.5) == is_sure(mode, 1.0) == everything
    assert is_sure(mode, 1.01)
    assert known_of(slate("a", mode=str(mode), threshold=0.5), "a", audited=False).is_sure == everything


@pytest.mark.parametrize("reason", [None, "below-threshold", "certified", "audit"])
def test_slates_with_options_are_judged(reason: str | None) -> None:
    assert is_judged(slate("a", reason=reason))


@pytest.mark.parametrize("reason", ["degraded", "needs-no-answer", "no-candidates"])
def test_nothing_was_promised_of_what_was_no_decision_of_the_model(reason: str) -> None:
    assert not is_judged(slate("a", reason=reason))


def test_neither_an_empty_slate_nor_one_without_consent_is_judged() -> None:
    assert not is_judged(slate())
    assert not is_judged(slate("a", learnable=False))


def test_how_often_people_say_so_is_the_same_whoever_is_faster() -> None:
    """The worker who answers an audit, or the person who saw the slate."""
    before, after = begun(), begun()
    for i in range(20):
        audit = known(i, right=i % 4 > 0, audited=True)
        before.learn(audit, is_verdict=True, told=i % 2 == 0, audit_rate=0.03)
        after.learn(audit, is_verdict=True, told=False, audit_rate=0.03)
    for i in range(0, 20, 2):
        after.acted(f"i{i}")
        after.acted(f"i{i}")  # a second act of the same person says no more
    after.acted("never heard of")
    assert after.engagement == before.engagement
    assert after.engagement.right_told + after.engagement.wrong_told == 10


def test_silence_about_what_was_applied_says_nothing_of_what_people_say() -> None:
    promises = begun()
    audits = [known(i, audited=True, decision=Decision.AUTO) for i in range(50)]
    learn(promises, audits, told=False)
    promises.acted("i1")
    assert promises.engagement == Engagement()
    assert len(promises.known) == 50, "though its audits count"
