"""Habits: what people take, as it lives and as it was, is one set of numbers; a stranger has none."""

from __future__ import annotations

import numpy as np
import pytest

from suggest.rank.habits import HABIT_FEATURES, MOST_PER_PERSON, Act, Asker, Habits, PastHabits

IDS = tuple("abcdef")
DAY_S = 86_400.0


def acts(n: int = 80, seed: int = 0) -> list[Act]:
    rng = np.random.default_rng(seed)
    made = []
    for order in range(n):
        shown = rng.permutation(IDS)[:4].tolist()
        slot = int(rng.integers(5))  # the fifth: dismissed
        made.append(
            Act(
                asker=Asker(
                    user=None if rng.random() < 0.2 else f"u{rng.integers(4)}",
                    session=None if rng.random() < 0.3 else f"s{rng.integers(9)}",
                    at=order * 3_600.0,
                ),
                taken=shown[slot] if slot < 4 else None,
                passed=tuple(shown[:slot]),
                weight=float(rng.choice([1.0, 0.25])),
                order=float(order),
            )
        )
    return made


@pytest.mark.parametrize("seed", range(3))
def test_a_log_says_of_every_moment_what_the_living_counts_said_then(seed: int) -> None:
    told = acts(seed=seed)
    past, living = PastHabits(told), Habits()
    ids = ("nobody ever saw this", *IDS)
    for act in told:
        if living:
            np.testing.assert_allclose(
                past.columns(act.asker, ids, order=act.order), living.columns(act.asker, ids), rtol=1e-6
            )
        living.learn(act)
    assert bool(past)


def test_an_answer_never_tells_itself() -> None:
    told = acts()
    last = told[-1]
    without = PastHabits(told[:-1])
    np.testing.assert_array_equal(
        PastHabits(told).columns(last.asker, IDS, order=last.order), without.columns(last.asker, IDS, order=last.order)
    )


def test_a_rate_is_shrunk_to_everybodys_and_a_strangers_is_nobodys() -> None:
    habits, ann = Habits(), Asker(user="ann", session="s", at=10 * DAY_S)
    for _ in range(3):
        habits.learn(Act(asker=ann, taken="a", passed=("b",)))
    often = Habits()
    for _ in range(30):
        often.learn(Act(asker=ann, taken="a", passed=("b",)))
    place = {name: n for n, name in enumerate(HABIT_FEATURES)}
    few, many = habits.columns(ann, IDS), often.columns(ann, IDS)
    assert 0 < few[0, place["rate"]] < many[0, place["rate"]]
    assert many[1, place["rate"]] < few[1, place["rate"]] < 0
    stranger = habits.columns(Asker(user="bob", at=10 * DAY_S), IDS)
    assert not stranger[:, [place["user_rate"], place["session_rate"]]].any()
    assert stranger[:, place["rate"]].tolist() == few[:, place["rate"]].tolist()


def test_what_was_taken_lately_fades_by_the_day() -> None:
    habits = Habits()
    habits.learn(Act(asker=Asker(at=0.0), taken="a", passed=("b",)))
    later = [float(habits.columns(Asker(at=days * DAY_S), ["a"])[0, -1]) for days in (0, 1, 9)]
    assert later == pytest.approx([1.0, 0.5, 0.1])
    assert habits.columns(Asker(at=0.0), ["b"])[0, -1] == 0.0


def test_a_person_is_known_by_a_bounded_number_of_options() -> None:
    habits, ann = Habits(), Asker(user="ann")
    for n in range(3 * MOST_PER_PERSON):
        habits.learn(Act(asker=ann, taken=f"o{n}", passed=()))
    rows = habits.columns(ann, ["o0", f"o{3 * MOST_PER_PERSON - 1}"])
    assert (rows[0, 1], rows[1, 1] > 0) == (0.0, True)
