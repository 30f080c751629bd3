"""The sum of surprise is that of a sequential test: the ratio by hand, never below 0, anew after an alarm."""

from __future__ import annotations

from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.rank.meaning import CHANGED, LIMIT, SUREST, Meanings

SPEC = settings(derandomize=True, deadline=None, max_examples=60)
chances = st.sampled_from([0.05, 0.1, 0.3, 0.8, 0.95, 1.0])
acts = st.lists(st.tuples(st.booleans(), chances, st.sampled_from([1.0, 0.5])))


def alarms_by_hand(told: list[tuple[bool, float, float]]) -> list[bool]:
    """S = max(0, S + w log P(act | changed) / P(act | as served)); an alarm at the limit, from 0 again."""
    total, alarms = 0.0, []
    for is_taken, p, weight in told:
        sure = min(p, SUREST)
        ratio = CHANGED / sure if is_taken else (1 - CHANGED) / (1 - sure)
        if p > CHANGED:
            total = max(0.0, total + weight * log(ratio))
        alarms.append(total >= LIMIT)
        total = 0.0 if alarms[-1] else total
    return alarms


def alarms(told: list[tuple[bool, float, float]], meanings: Meanings, item: str = "a") -> list[bool]:
    found = []
    for is_taken, p, weight in told:
        if is_taken:
            meanings.taken(item, p, weight=weight)
            found.append(False)
        else:
            found.append(meanings.passed_over(item, p, weight=weight))
    return found


@SPEC
@given(acts)
def test_alarms_come_where_the_likelihood_ratio_says(told: list[tuple[bool, float, float]]) -> None:
    assert alarms(told, Meanings()) == alarms_by_hand(told)


@SPEC
@given(acts, acts)
def test_what_happens_to_one_option_leaves_another_as_it_was(
    of_a: list[tuple[bool, float, float]], of_b: list[tuple[bool, float, float]]
) -> None:
    meanings, found = Meanings(), {"a": list[bool](), "b": list[bool]()}
    for n in range(max(len(of_a), len(of_b))):
        for item, told in (("a", of_a), ("b", of_b)):
            found[item] += alarms(told[n : n + 1], meanings, item)
    assert found == {"a": alarms_by_hand(of_a), "b": alarms_by_hand(of_b)}


def test_an_option_that_was_always_taken_has_no_credit_to_spend() -> None:
    meanings = Meanings()
    for _ in range(50):
        meanings.taken("a", 0.95)
    assert [meanings.passed_over("a", 0.95) for _ in range(4)] == [False, False, False, True]


def test_taking_what_was_unlikely_is_no_evidence_that_nothing_changed() -> None:
    meanings = Meanings()
    for _ in range(3):
        meanings.passed_over("a", SUREST)
    meanings.taken("a", CHANGED)
    assert meanings.passed_over("a", SUREST)


@pytest.mark.parametrize("p", [0.0, CHANGED])
def test_after_an_alarm_or_an_end_nothing_is_left_of_the_past(p: float) -> None:
    meanings = Meanings()
    assert [meanings.passed_over("a", 0.95) for _ in range(8)] == 2 * [False, False, False, True]
    assert not meanings.passed_over("a", p)
    meanings.forget("a")
    meanings.forget("never seen")
    assert not meanings.passed_over("a", 0.95)
