"""The watch at its edges: the alarm against its formula, how long it lasts, and which line is in force after it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.policy.watch import Judged, Rules, Turn, Watch, expit, logit

TARGETS = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99])
OUTCOMES = st.lists(st.tuples(st.floats(0.0, 1.0), st.booleans(), st.booleans(), st.booleans()), max_size=80)
DEAF = Rules(bar=1e9)  # no alarm from the sum of evidence


def judged(p: float = 0.9, *, right: bool = True, counts: bool = True, audited: bool = False, by: str = "b1") -> Judged:
    return Judged(p=p, right=right, counts=counts, audited=audited, bundle=by)


def fold(watch: Watch, answers: list[Judged]) -> Watch:
    for each in answers:
        watch = watch.after(each)
    return watch


def alarmed(target: float = 0.95, rules: Rules | None = None) -> Watch:
    watch = Watch(target=target, rules=rules or Rules())
    while not watch.is_tight:
        watch = watch.after(judged(right=False))
    return watch


def by_hand(target: float, rules: Rules, rights: list[bool]) -> int | None:
    """Page's sum by its definition: after how many answers it first reaches the bar."""
    promised = 1 - target
    worse = min(rules.worse * promised, 0.5 * (1 + promised))
    total = 0.0
    for n, right in enumerate(rights, start=1):
        likelier = (1 - worse) / (1 - promised) if right else worse / promised
        total = max(0.0, total + math.log(likelier))
        if total >= rules.bar:
            return n
    return None


@settings(deadline=None, max_examples=30, derandomize=True)
@given(TARGETS, st.lists(st.booleans(), min_size=1, max_size=60))
def test_the_alarm_goes_off_where_pages_sum_reaches_its_bar(target: float, rights: list[bool]) -> None:
    watch, first = Watch(target=target), None
    for n, right in enumerate(rights, start=1):
        watch = watch.after(judged(right=right))
        if first is None and watch.turn is not None and watch.turn.kind == "alarm":
            first = n
    assert first == by_hand(target, Rules(), rights)


@settings(deadline=None, max_examples=30, derandomize=True)
@given(TARGETS, OUTCOMES)
def test_whatever_comes_its_numbers_stay_within_bounds(
    target: float, drawn: list[tuple[float, bool, bool, bool]]
) -> None:
    watch = Watch(target=target, rules=Rules(window=20, every=20, fewest=10))
    for p, right, counts, audited in drawn:
        watch = watch.after(judged(p, right=right, counts=counts, audited=audited))
        assert abs(watch.nudge) <= 3.0
        assert watch.evidence >= 0.0
        assert watch.is_tight or watch.evidence < watch.rules.bar
        assert len(watch.window) <= 20
        assert 0 <= watch.audited_right <= watch.audited
        assert 0 <= watch.tight_left <= watch.rules.tight_for
        assert 0.0 <= watch.threshold(0.5, bundle="b1") <= 1.0
        assert not (watch.is_tight and watch.line is not None), "nothing is certified while an alarm goes on"
    assert watch.n == len(drawn)


@settings(deadline=None, max_examples=30, derandomize=True)
@given(OUTCOMES)
def test_without_a_promise_nothing_ever_turns(drawn: list[tuple[float, bool, bool, bool]]) -> None:
    watch = fold(Watch(target=None), [judged(p, right=r, counts=c, audited=a) for p, r, c, a in drawn])
    assert (watch.nudge, watch.evidence, watch.line, watch.why) == (0.0, 0.0, None, "")
    assert watch.live.n == sum(counts and audited for _, _, counts, audited in drawn)
    assert watch.threshold(0.37, bundle="b1") == 0.37


@settings(deadline=None, max_examples=30, derandomize=True)
@given(TARGETS, st.floats(0.0, 1.0), OUTCOMES)
def test_an_uncertified_watch_is_never_looser_than_the_bundles_own_line(
    target: float, base: float, drawn: list[tuple[float, bool, bool, bool]]
) -> None:
    answers = [judged(p, right=r, counts=c, audited=a) for p, r, c, a in drawn]
    watch = fold(Watch(target=target), answers)
    if not watch.is_tight:
        assert watch.line is None, "too few for a certificate"
        assert watch.threshold(base, bundle="another") >= base


def test_the_nudge_is_one_step_of_a_logistic_filter() -> None:
    watch = Watch(target=0.9).after(judged(0.8, right=False))
    assert watch.nudge == pytest.approx(-Rules().rate * 0.8)
    again = watch.after(judged(0.8, right=True))
    assert again.nudge == pytest.approx(watch.nudge + Rules().rate * (1 - expit(logit(0.8) + watch.nudge)))


def test_the_nudge_comes_to_the_logit_that_the_model_is_off_by() -> None:
    """3,000 answers, right at .7 where .9 was said; a rate of .04 leaves a standard error near .15 logits."""
    rng = np.random.default_rng(0)
    watch = Watch(target=0.5, rules=replace(DEAF, window=10))
    for right in (rng.random(3_000) < 0.7).tolist():
        watch = watch.after(judged(0.9, right=right, counts=False))
    assert watch.nudge == pytest.approx(logit(0.7) - logit(0.9), abs=0.6)


def test_the_window_holds_logits_as_they_were_nudged_then() -> None:
    watch = fold(Watch(target=0.9), [judged(0.8, right=False), judged(0.8, right=True)])
    first, second = watch.window
    assert (first.logit, first.right) == (logit(0.8), False)
    assert (second.logit, second.right) == (pytest.approx(logit(0.8) - Rules().rate * 0.8), True)


def test_an_alarm_lasts_for_its_answers_and_not_one_longer() -> None:
    watch = alarmed(rules=Rules(tight_for=5, fewest=1_000))
    lasted = 0
    while watch.is_tight:
        watch, lasted = watch.after(judged(0.99)), lasted + 1
    assert lasted == 5


def test_an_alarm_is_not_raised_again_while_it_goes_on() -> None:
    watch = alarmed()
    turns = []
    for _ in range(Rules().tight_for - 1):
        watch = watch.after(judged(right=False))
        turns.append(watch.turn)
    assert turns == [None] * len(turns)
    assert watch.is_tight


def test_errors_during_an_alarm_raise_the_next_one_as_soon_as_it_is_over() -> None:
    watch = alarmed()
    for _ in range(Rules().tight_for):
        watch = watch.after(judged(right=False))
    watch = watch.after(judged(right=False))
    assert watch.turn is not None
    assert watch.turn.kind == "alarm"


def test_a_turn_is_news_once_and_its_words_stay() -> None:
    watch = alarmed()
    assert isinstance(watch.turn, Turn)
    after = watch.after(judged(0.99))
    assert after.turn is None
    assert after.why == watch.turn.why == watch.why


@pytest.mark.parametrize("target", [0.5, 0.8, 0.95, 0.99])
def test_while_tight_the_aim_lies_between_the_promise_and_certainty(target: float) -> None:
    watch = replace(alarmed(target), nudge=0.0)
    assert target < watch.threshold(0.0, bundle="b1") < 1.0
    assert watch.threshold(0.0, bundle="b1") == pytest.approx(1 - 0.6 * (1 - target))


def test_while_tight_the_line_is_of_no_bundle() -> None:
    watch = alarmed()
    assert watch.threshold(0.0, bundle="b1") == watch.threshold(0.9, bundle="another")


def test_an_alarm_from_a_strict_line_never_loosens_it() -> None:
    strict = replace(Watch(target=0.9), line=logit(0.995))
    watch = strict
    while not watch.is_tight:
        watch = watch.after(judged(0.999, right=False))
    assert replace(watch, nudge=0.0).threshold(0.0, bundle="b1") == pytest.approx(0.995, abs=1e-6)


def test_a_certificate_forgets_how_strict_it_once_was() -> None:
    watch = replace(Watch(target=0.8, rules=Rules(every=200)), strictest=logit(0.999))
    watch = fold(watch, [judged(0.95) for _ in range(200)])
    assert watch.turn is not None
    assert watch.turn.kind == "certified"
    assert watch.strictest == -math.inf


@pytest.mark.parametrize("n", [149, 150])
def test_a_certificate_needs_so_many_and_comes_at_its_time(n: int) -> None:
    """Looked at after every answer here, so that the number alone decides."""
    watch = fold(Watch(target=0.8, rules=Rules(every=1)), [judged(0.95) for _ in range(n)])
    assert (watch.line is not None) == (n == 150)


def test_between_its_times_no_certificate_is_made() -> None:
    watch = fold(Watch(target=0.8), [judged(0.95) for _ in range(199)])
    assert watch.line is None
    assert watch.after(judged(0.95)).line is not None


def test_a_line_goes_on_under_the_next_bundle_but_not_for_acting_alone() -> None:
    watch = fold(Watch(target=0.8), [judged(0.95) for _ in range(200)])
    line = watch.threshold(0.99, bundle="b1")
    assert line < 0.99
    assert watch.threshold(0.99, bundle="new") == line, "nothing speaks against it yet"
    assert watch.threshold(0.99, bundle="new", alone=True) == 0.99, "other probabilities certified it"
    assert watch.threshold(0.0, bundle="new", alone=True) == line, "nor does a change of bundles loosen by itself"
    assert watch.has_line("new")
    assert not watch.has_line("new", alone=True)


def test_a_line_ends_with_the_answers_to_the_next_bundle_that_speak_against_it() -> None:
    """3 errors of 20 have a chance of .075 where .05 is promised, 2 of .26."""
    watch = fold(Watch(target=0.95, rules=DEAF), [judged(0.9) for _ in range(400)])
    for n_wrong, holds in ((2, True), (3, False)):
        after = fold(watch, [judged(0.99, right=i >= n_wrong, by="b2") for i in range(20)])
        assert after.has_line("b2") == holds
    assert after.threshold(0.97, bundle="b2") >= 0.97


def test_answers_to_an_earlier_bundle_do_not_certify_the_one_that_serves() -> None:
    """400 right answers at .9 by the first, then 100 by one that says .9 where .85 is right: of all 500 .97 are right,
    which would certify .95."""
    watch = fold(Watch(target=0.95, rules=DEAF), [judged(0.9) for _ in range(400)])
    assert watch.has_line("b1")
    watch = fold(watch, [judged(0.9, right=i % 20 >= 3, by="b2") for i in range(100)])
    assert not watch.has_line("b2")
    assert watch.distrusted == "b2"
    assert watch.threshold(0.8, bundle="b2") > 0.94
    watch = fold(watch, [judged(0.9, right=i % 20 >= 3, by="b2") for i in range(100)])
    assert not watch.has_line("b2"), "nor do 200 of its own"


def test_the_next_bundle_is_certified_by_its_own_answers_as_soon_as_there_are_enough() -> None:
    watch = fold(Watch(target=0.8), [judged(0.95) for _ in range(400)])
    watch = fold(watch, [judged(0.7, by="b2") for _ in range(200)])
    assert watch.has_line("b2")
    assert "the last 200 answers" in watch.why
    assert watch.threshold(0.95, bundle="b2") < 0.75


def test_stragglers_of_an_earlier_bundle_and_a_canary_turn_nothing() -> None:
    """One answer in ten is of another bundle, also the one at which a certificate is due."""
    answers = [judged(0.95, by="other" if i % 10 == 9 else "b1", right=i % 10 != 9) for i in range(400)]
    watch = fold(Watch(target=0.95, rules=DEAF), answers)
    assert watch.of == "b1"
    assert watch.has_line("b1")
    assert "0 errors" in watch.why


def test_doubt_is_told_once() -> None:
    answers = [judged(0.9, right=i % 12 != 0) for i in range(600)]
    watch, told = Watch(target=0.95, rules=DEAF), 0
    for each in answers:
        watch = watch.after(each)
        told += watch.turn is not None and watch.turn.kind == "uncertain"
    assert told == 1


def test_doubt_is_told_again_of_another_bundle() -> None:
    watch, told = Watch(target=0.95, rules=DEAF), []
    for i in range(800):
        watch = watch.after(judged(0.9, right=i % 12 != 0, by="b1" if i < 450 else "b2"))
        if watch.turn is not None:
            told.append((watch.turn.kind, watch.distrusted))
    assert told == [("uncertain", "b1"), ("uncertain", "b2")]


def test_audits_of_what_was_not_shown_measure_nothing() -> None:
    watch = fold(Watch(target=0.9), [judged(right=False, counts=False, audited=True)] * 30)
    assert watch.live.n == 0
    assert (watch.live.low, watch.live.high) == (0.0, 1.0)


@given(st.floats(1e-6, 1 - 1e-6))
def test_logit_and_expit_undo_each_other(p: float) -> None:
    assert expit(logit(p)) == pytest.approx(p, rel=1e-6)


@pytest.mark.parametrize("x", [-1e9, -50.0, 50.0, 1e9])
def test_what_is_far_out_is_finite(x: float) -> None:
    assert 0.0 < expit(x) <= 1.0
    assert math.isfinite(logit(float(x > 0)))
