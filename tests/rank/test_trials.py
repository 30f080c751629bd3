"""What was passed over near here stands lower, and what people doubt is tried where nothing is known to be right."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from suggest.rank import trials as module
from suggest.rank.trials import FEWEST, KEPT, SETTLED, TAKEN, Trials

IDS = ("a", "b", "c", "d")
Act = tuple[float, str, bool, float]  # angle of its context, option, whether it was taken, weight


def at(angle: float) -> NDArray[np.float32]:
    return np.array([np.cos(angle), np.sin(angle)], np.float32)


def same(angle: float) -> float:
    return 1.0 / (1.0 + exp(-16.0 * (np.cos(angle) - 0.7)))


def fresh(*acts: Act) -> Trials:
    made = Trials(dim=2)
    for angle, item, taken, weight in acts:
        made.saw(at(angle), {item: taken}, weight=weight)
    return made


def gains(
    trials: Trials, *, none: float = -99.0, logits: Sequence[float] = (0.0,) * 4, none_vote: float = 1.0
) -> list[float]:
    found = trials.gains(at(0.0), IDS, np.array(logits), none=none, none_vote=none_vote)
    return [float(each) for each in found]


def test_nothing_said_moves_nothing() -> None:
    assert gains(fresh(), none=5.0) == [0.0] * 4


def test_what_was_passed_over_here_loses_and_the_others_stay() -> None:
    assert gains(fresh((0.0, "b", False, 1.0))) == pytest.approx([0.0, log(1 - TAKEN * same(0.0)), 0.0, 0.0])


def test_what_was_passed_over_far_away_loses_nothing() -> None:
    assert gains(fresh((np.pi / 2, "b", False, 1.0))) == [0.0] * 4


@pytest.mark.parametrize(("none_vote", "share"), [(0.0, 0.0), (0.5, 0.0), (0.75, 0.5), (1.0, 1.0)])
def test_it_loses_as_far_as_most_of_the_past_here_says_that_nothing_was_right(none_vote: float, share: float) -> None:
    """Where people want different things of one context, each says no to what another takes."""
    lost = gains(fresh((0.0, "b", False, 1.0)), none_vote=none_vote)[1]
    assert lost == pytest.approx(share * log(1 - TAKEN * same(0.0)))


def test_what_was_taken_loses_nothing() -> None:
    assert gains(fresh((0.0, "b", True, 1.0))) == [0.0] * 4


@given(st.lists(st.tuples(st.floats(0.0, 3.1), st.sampled_from(IDS), st.booleans(), st.floats(0.1, 1.0)), max_size=20))
def test_it_is_the_product_over_the_acts(acts: list[Act]) -> None:
    wanted = dict.fromkeys(IDS, 0.0)
    for angle, item, taken, weight in acts:
        if not taken and np.cos(angle) > 0.451:
            wanted[item] += weight * log(1 - TAKEN * same(angle))
        elif not taken and np.cos(angle) > 0.449:
            return  # at the edge of what is near, where single precision decides
    assert gains(fresh(*acts)) == pytest.approx(list(wanted.values()), abs=1e-4)


def test_a_doubted_option_is_tried_only_where_the_past_has_nothing() -> None:
    trials = fresh()
    trials.doubt("c")
    assert gains(trials, none=1.0, none_vote=0.0) == [0.0] * 4
    low = (0.0, 0.0, -9.0, 0.0)
    assert gains(trials, none=1.0, logits=low)[2] == pytest.approx(9.0 + 1.0 - log(FEWEST))
    assert gains(trials, none=1.0, logits=(0.0, 0.0, 4.0, 0.0)) == [0.0] * 4  # it stands higher by itself


def test_doubted_options_take_turns() -> None:
    """Whatever was tried here and passed over makes way for what was not."""
    trials, low, tried = fresh(), (0.0, -9.0, -9.0, -9.0), []
    for item in ("b", "c", "d"):
        trials.doubt(item)
    for _ in range(3):
        first = max(range(1, 4), key=lambda n: low[n] + gains(trials, none=3.0, logits=low)[n])
        tried.append(IDS[first])
        trials.saw(at(0.0), {IDS[first]: False}, weight=1.0)
    assert sorted(tried) == ["b", "c", "d"]


def test_what_is_found_stands_above_what_is_still_doubted() -> None:
    trials, low = fresh((0.0, "c", True, 1.0)), (0.0, -9.0, -9.0, -9.0)
    for item in ("b", "c", "d"):
        trials.doubt(item)
    _, b, c, _ = gains(trials, none=3.0, logits=low)
    assert b == pytest.approx(c)  # it was taken before anybody doubted it: that was the old meaning
    trials.saw(at(0.1), {"c": True}, weight=1.0)
    _, b_now, c_now, _ = gains(trials, none=3.0, logits=low)
    assert b_now < b
    assert c_now > c


def test_it_is_trusted_again_once_people_take_it() -> None:
    trials = fresh()
    trials.doubt("c")
    for n in range(SETTLED):
        assert gains(trials, none=3.0, logits=(0.0, 0.0, -9.0, 0.0))[2] > 0, n
        trials.saw(at(3.0), {"c": True}, weight=1.0)
    assert gains(trials, none=3.0, logits=(0.0, 0.0, -9.0, 0.0)) == [0.0] * 4


def test_doubting_twice_is_doubting_once() -> None:
    trials = fresh()
    trials.doubt("c")
    trials.saw(at(0.0), {"c": True}, weight=1.0)
    found = gains(trials, none=3.0, logits=(0.0, 0.0, -9.0, 0.0))
    trials.doubt("c")
    assert gains(trials, none=3.0, logits=(0.0, 0.0, -9.0, 0.0)) == found


def test_a_retired_option_comes_back_with_nothing_known_of_it() -> None:
    trials = fresh((0.0, "b", False, 1.0), (0.0, "c", False, 1.0))
    trials.doubt("b")
    trials.forget("b")
    assert gains(trials, none=3.0, logits=(0.0, -9.0, 0.0, 0.0))[:2] == [0.0, 0.0]
    trials.saw(at(0.0), {"b": False}, weight=1.0)
    _, b, c, _ = gains(trials)
    assert b == c != 0.0


def test_only_the_latest_outcomes_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go when room is made, and what is doubted knows which were before it."""
    monkeypatch.setattr(module, "KEPT", 4)
    trials = Trials(dim=2)
    trials.saw(at(0.0), {"b": False, "c": True}, weight=1.0)
    trials.doubt("c")
    for _ in range(4):
        trials.saw(at(0.0), {"d": False, "a": True}, weight=1.0)
    _, b, c, d = gains(trials, none=3.0, logits=(0.0, 0.0, -9.0, 0.0))
    assert b == 0.0
    assert d == pytest.approx(3 * log(1 - TAKEN * same(0.0)), rel=1e-3)
    assert c == pytest.approx(9.0 + 3.0 - log(FEWEST))
    trials.saw(at(0.0), {"c": True}, weight=1.0)
    assert gains(trials, none=3.0, logits=(0.0, 0.0, -9.0, 0.0))[2] > c


def test_what_a_reader_started_with_does_not_change_under_it() -> None:
    trials = fresh((0.0, "b", False, 1.0))
    started = trials._said
    vectors = started.vectors[: started.n].copy()
    for n in range(3 * KEPT):
        trials.saw(at(n), {"c": False}, weight=1.0)
    assert np.array_equal(started.vectors[: started.n], vectors)
