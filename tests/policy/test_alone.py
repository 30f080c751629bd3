"""Acting alone: never on hope, never through an alarm."""

from __future__ import annotations

import numpy as np
import pytest

from suggest.policy.alone import Alone, alone, kept
from suggest.policy.watch import Judged, Rules, Watch

HELD_OUT = Alone(threshold=0.9, why="held out")
SURE = Judged(p=0.95, right=True, counts=True, bundle="b1")
WRONG = Judged(p=0.95, right=False, counts=True, bundle="b1")


def after(watch: Watch, answer: Judged, n: int) -> Watch:
    for _ in range(n):
        watch = watch.after(answer)
    return watch


def test_labels_that_certify_the_top_option_give_a_line() -> None:
    p = np.linspace(0.5, 1.0, 600)
    found = alone(p, np.ones(600), target=0.95)
    assert found.threshold is not None
    assert found.n_needed is None
    assert "errors" in found.why


@pytest.mark.parametrize("target", [0.9, 0.95, 0.99])
def test_without_labels_there_is_none_and_it_says_how_many_are_missing(target: float) -> None:
    found = alone([], [], target=target)
    assert found.threshold is None
    assert found.n_needed is not None
    assert found.n_needed >= np.log(0.1) / np.log(target)


def test_an_alarm_suspends_it_and_only_new_answers_bring_it_back() -> None:
    watch = after(Watch(target=0.95), WRONG, 5)
    suspended = kept(HELD_OUT, watch, bundle="b1")
    assert suspended.threshold is None
    assert suspended.why.startswith("suspended")
    calm = after(watch, SURE, watch.rules.tight_for)
    assert calm.line is not None
    assert kept(HELD_OUT, calm, bundle="b1").threshold is not None


def test_a_bundle_that_raised_an_alarm_does_not_come_back_by_waiting() -> None:
    watch = after(after(Watch(target=0.95, rules=Rules(fewest=10_000)), WRONG, 5), SURE, 200)
    assert not watch.is_tight
    assert kept(HELD_OUT, watch, bundle="b1").threshold is None
    assert kept(HELD_OUT, watch, bundle="b2").threshold is not None


def test_answers_of_late_overrule_what_was_held_out() -> None:
    watch = after(Watch(target=0.95), SURE, 200)
    assert kept(Alone(threshold=None, why="no labels"), watch, bundle="b1").threshold is not None
