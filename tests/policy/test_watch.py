"""The watch: quiet while the promise holds, tight soon after it does not, and back on a line that is certified."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from suggest.policy.threshold import SEND_ALL
from suggest.policy.watch import Judged, Rules, Watch

TARGET = 0.95


def judged(p: float = 0.97, *, right: bool = True, counts: bool = True, audited: bool = False) -> Judged:
    return Judged(p=p, right=right, counts=counts, audited=audited, bundle="b1")


def after(watch: Watch, answers: Iterable[Judged]) -> Watch:
    for answer in answers:
        watch = watch.after(answer)
    return watch


def steady(n: int, *, seed: int, off: float = 0.0) -> list[Judged]:
    """Answers to calibrated probabilities; `off` is how much too sure the model was, in probability."""
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.6, 1.0, n)
    return [judged(x, right=bool(rng.random() < x - off)) for x in p.tolist()]


@pytest.mark.parametrize("base", [0.0, 1e-9, 0.8, 1.0])
def test_nothing_judged_leaves_the_line_where_the_bundle_puts_it(base: float) -> None:
    """Also where it shows everything: 0 is no small number."""
    assert Watch(target=TARGET).threshold(base) == base


def test_without_a_promise_answers_are_counted_and_the_line_never_moves() -> None:
    watch = after(Watch(target=None), [judged(right=False, audited=True)] * 50)
    assert watch.threshold(0.5) == 0.5
    assert (watch.n, watch.live.n, watch.live.mid, watch.turn) == (50, 50, 0.0, None)


@pytest.mark.parametrize("end", [0.0, SEND_ALL])
def test_the_ends_of_the_slider_promise_nothing_and_stay(end: float) -> None:
    assert after(Watch(target=None), [judged(right=False)] * 20).threshold(end) == end


def test_a_line_that_showed_everything_is_tightened_like_any_other() -> None:
    assert after(Watch(target=TARGET), [judged(right=False)] * 5).threshold(0.0, bundle="b1") >= 0.97


def test_errors_in_what_was_shown_tighten_the_line_at_once_and_say_why() -> None:
    watch = after(Watch(target=TARGET), [judged(right=False)] * 5)
    assert watch.is_tight
    assert watch.turn is not None
    assert watch.turn.kind == "alarm"
    assert "97.0%" in watch.why
    assert watch.threshold(0.5, bundle="b1") >= 0.97


def test_an_alarm_never_loosens_a_line_that_asks_for_more_than_it_does() -> None:
    calm = after(Watch(target=TARGET), [judged(0.99)] * 3)
    watch = after(calm, [judged(0.99, right=False)] * 5)
    assert watch.is_tight
    assert watch.threshold(0.995, bundle="b1") >= calm.threshold(0.995, bundle="b1") >= 0.995


def test_errors_in_what_went_to_people_are_no_alarm() -> None:
    watch = after(Watch(target=TARGET), [judged(p=0.3, right=False, counts=False)] * 50)
    assert not watch.is_tight


def test_an_alarm_is_rare_while_the_promise_is_kept() -> None:
    alarms = 0
    for seed in range(20):
        watch, rng = Watch(target=TARGET), np.random.default_rng(seed)
        for right in (rng.random(600) < 0.97).tolist():
            watch = watch.after(judged(right=right))
            alarms += watch.turn is not None and watch.turn.kind == "alarm"
    assert alarms <= 3  # of 12,000 answers


@pytest.mark.parametrize(("error", "within"), [(0.30, 40), (0.15, 150)])
def test_a_broken_promise_is_found_soon(error: float, within: int) -> None:
    delays = []
    for seed in range(30):
        watch, rng = Watch(target=TARGET), np.random.default_rng(seed)
        n = 0
        while not watch.is_tight and n < 1_000:
            watch, n = watch.after(judged(right=bool(rng.random() > error))), n + 1
        delays.append(n)
    assert np.median(delays) <= within


def test_audits_alone_raise_the_alarm_where_they_leave_no_room_for_the_promise() -> None:
    deaf = Rules(bar=1e9)  # of the sum of evidence; only the audits are left
    rng = np.random.default_rng(1)
    watch = Watch(target=TARGET, rules=deaf)
    for right in (rng.random(200) < 0.8).tolist():
        watch = watch.after(judged(right=right, audited=True))
        if watch.is_tight:
            break
    assert watch.is_tight
    assert "audits leave at most" in watch.why


def test_after_an_alarm_a_line_must_be_certified_anew() -> None:
    watch = after(Watch(target=TARGET), [judged(right=False)] * 5)
    watch = after(watch, [judged(p=0.98) for _ in range(watch.rules.tight_for)])
    assert not watch.is_tight
    assert watch.line is not None
    assert watch.turn is not None
    assert watch.turn.kind == "certified"
    assert watch.live.n == 0  # the audits of before speak of another line


def test_until_then_the_bundle_that_failed_is_not_believed_but_another_is() -> None:
    watch = after(Watch(target=TARGET, rules=Rules(fewest=1_000)), [judged(right=False)] * 5)
    watch = after(watch, [judged(counts=False)] * watch.rules.tight_for)
    assert not watch.is_tight
    assert watch.threshold(0.5, bundle="b1") > 0.9
    assert watch.threshold(0.5, bundle="b2") == pytest.approx(0.5, abs=0.02)


def test_good_answers_loosen_a_line_that_was_stricter_than_need_be() -> None:
    generous = [judged(p, right=True) for p in np.linspace(0.5, 0.99, 300).tolist()]
    watch = after(Watch(target=0.9), generous)
    assert watch.line is not None
    assert watch.threshold(0.95, bundle="b1") < 0.6


def test_a_model_that_is_too_sure_is_nudged_down_before_any_certificate() -> None:
    watch = after(Watch(target=0.6, rules=Rules(bar=1e9)), steady(60, seed=2, off=0.3))
    assert watch.nudge < 0
    assert watch.threshold(0.6, bundle="b1") > 0.6


def test_the_nudge_never_makes_the_bundles_own_certificate_looser() -> None:
    watch = after(Watch(target=0.6), [judged(p=0.5, right=True)] * 60)
    assert watch.nudge > 0
    assert watch.threshold(0.7, bundle="b1") == 0.7


def test_the_state_is_a_fold_over_the_answers() -> None:
    answers = steady(700, seed=3, off=0.02)
    whole = after(Watch(target=0.7), answers)
    assert after(after(Watch(target=0.7), answers[:333]), answers[333:]) == whole


def test_the_window_forgets() -> None:
    watch = after(Watch(target=0.5), steady(900, seed=4))
    assert len(watch.window) == watch.rules.window


def test_answers_too_few_to_tell_leave_things_as_they_are() -> None:
    watch = after(Watch(target=0.99), [judged(counts=False, p=0.7, right=i % 2 == 0) for i in range(400)])
    assert watch.line is None
    assert watch.distrusted is None


def test_enough_answers_and_still_no_line_is_said_and_tightens() -> None:
    answers = [judged(p=0.9, right=i % 12 != 0) for i in range(300)]
    watch = after(Watch(target=TARGET, rules=Rules(bar=1e9)), answers)
    assert watch.distrusted == "b1"
    assert "nowhere" in watch.why
    assert watch.threshold(0.8, bundle="b1") > TARGET
