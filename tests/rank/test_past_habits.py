"""Habits of the past are those that lived: for people with long pasts, for ties, and after something was withdrawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.rank import habits as module
from suggest.rank.habits import HABIT_FEATURES, Act, Asker, Floats, Habits, PastHabits, habit_columns

SPEC = settings(derandomize=True, deadline=None, max_examples=40)
DAY_S = 86_400.0
RATE, USER, SESSION, RECENCY = range(len(HABIT_FEATURES))
IDS = tuple("abcdef")
people = st.sampled_from([None, "u1", "u2"])
slates = st.tuples(people, people, st.lists(st.sampled_from(IDS), max_size=4, unique=True), st.booleans())
logs = st.lists(st.tuples(slates, st.sampled_from([1.0, 0.5])), max_size=25)


def an_act(n: int, shown: Sequence[str], *, takes: bool = True, user: str | None = "ann", weight: float = 1.0) -> Act:
    return Act(
        asker=Asker(user=user, at=n * DAY_S),
        taken=shown[-1] if takes else None,
        passed=tuple(shown[:-1] if takes else shown),
        weight=weight,
        order=float(n),
    )


def as_lived(told: Sequence[Act], asker: Asker, ids: Sequence[str] = IDS) -> Floats:
    habits = Habits()
    for act in told:
        habits.learn(act)
    return habits.columns(asker, ids)


@SPEC
@given(logs, st.integers(0, 25))
def test_any_log_cut_anywhere_is_what_lived_until_then(
    log: list[tuple[tuple[str | None, str | None, list[str], bool], float]], cut: int
) -> None:
    told = [
        Act(
            asker=Asker(user=user, session=session, at=n * 0.3 * DAY_S),
            taken=shown[-1] if takes and shown else None,
            passed=tuple(shown[:-1] if takes else shown),
            weight=weight,
            order=float(n),
        )
        for n, ((user, session, shown, takes), weight) in enumerate(log)
    ]
    asker = Asker(user="u1", session="u2", at=9 * DAY_S)
    past = PastHabits(reversed(told)).columns(asker, IDS, order=float(cut))  # in whatever order they are told
    np.testing.assert_allclose(past, as_lived(told[:cut], asker), rtol=1e-5, atol=1e-6)


def test_a_long_past_says_nothing_less_of_its_early_days(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who acted often later was somebody earlier, too: only what lies before a moment counts towards the bound."""
    monkeypatch.setattr(module, "MOST_ACTS", 10)
    told = [an_act(n, "ba") for n in range(50)]
    asker = Asker(user="ann", at=5 * DAY_S)
    early = PastHabits(told).columns(asker, IDS, order=5.0)
    np.testing.assert_allclose(early, as_lived(told[:5], asker), rtol=1e-6)
    assert early[0, USER] > 0 > early[1, USER]


def test_a_log_remembers_as_few_options_of_a_person_as_the_living_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PER_PERSON", 3)
    told = [an_act(n, shown) for n, shown in enumerate(["ab", "cb", "de", "af"])]
    asker = Asker(user="ann", at=9 * DAY_S)
    for n in range(len(told) + 1):
        past = PastHabits(told).columns(asker, IDS, order=float(n))
        np.testing.assert_allclose(past, as_lived(told[:n], asker), rtol=1e-6, err_msg=f"after {n} acts")
    last = as_lived(told, asker)[:, USER]
    assert [bool(each) for each in last] == [True, False, False, False, True, True], "looked at lately: e, a, f"


def test_what_became_known_at_the_same_moment_does_not_count() -> None:
    told = [an_act(0, "ab"), an_act(1, "ab"), an_act(1, "ab")]
    asker = Asker(user="ann", at=DAY_S)
    past = PastHabits(told)
    np.testing.assert_allclose(past.columns(asker, IDS, order=1.0), as_lived(told[:1], asker))
    np.testing.assert_allclose(past.columns(asker, IDS, order=1.5), as_lived(told, asker))


@pytest.mark.parametrize("asker", [Asker(), Asker(user="ann", session="s", at=DAY_S)])
def test_before_anything_happened_every_column_is_0(asker: Asker) -> None:
    assert not Habits().columns(asker, IDS).any()
    assert not PastHabits([]).columns(asker, IDS, order=0.0).any()
    assert not Habits()
    assert not PastHabits([])
    assert Habits().columns(asker, []).shape == (0, len(HABIT_FEATURES))


def test_the_rates_are_the_formula_by_hand() -> None:
    """Everybody took 29 of 87: r = 30/90 = 1/3. The option was taken 8 of 10 times: (8 + 10/3) / 20 = 17/30. Ann took
    it 5 of 5: (5 + 5 * 17/30) / 10 = 47/60. Last taken three days ago: 1/4."""
    columns = habit_columns(
        np.array([[8.0, 10.0, 7 * DAY_S]]), (29.0, 87.0), np.array([[5.0, 5.0]]), None, now=10 * DAY_S
    )
    assert columns[0].tolist() == pytest.approx([np.log(17 / 10), np.log(47 / 34), 0.0, 0.25])


def test_somebody_who_never_saw_an_option_has_no_rate_of_their_own_for_it() -> None:
    columns = habit_columns(np.array([[8.0, 10.0, 0.0]]), (8.0, 10.0), np.zeros((1, 2)), np.zeros((1, 2)), now=0.0)
    assert columns[0, [USER, SESSION]].tolist() == [0.0, 0.0]


def test_a_clock_that_runs_behind_makes_nothing_more_recent_than_now() -> None:
    (row,) = as_lived([an_act(5, "a")], Asker(at=2 * DAY_S), ["a"])
    assert row[RECENCY] == 1.0


def test_an_older_act_told_late_does_not_age_an_option() -> None:
    told = [an_act(8, "a"), an_act(2, "a")]
    (row,) = as_lived(told, Asker(at=9 * DAY_S), ["a"])
    assert row[RECENCY] == pytest.approx(0.5)


def test_half_an_act_twice_is_one() -> None:
    asker = Asker(user="ann", at=DAY_S)
    halves = [an_act(0, "ba", weight=0.5), an_act(0, "ba", weight=0.5)]
    np.testing.assert_allclose(as_lived(halves, asker), as_lived([an_act(0, "ba")], asker))


def test_a_withdrawn_option_is_one_that_nobody_met_and_the_others_keep_theirs() -> None:
    habits, asker = Habits(), Asker(user="ann", at=9 * DAY_S)
    for n in range(6):
        habits.learn(an_act(n, "ba"))
    before = habits.columns(asker, IDS)
    habits.forget("a")
    habits.forget("never there")
    after = habits.columns(asker, IDS)
    assert after[0].tolist() == habits.columns(asker, ["never there"])[0].tolist()
    assert after[1].tolist() == before[1].tolist()
    habits.learn(an_act(6, "ba"))
    assert habits.columns(asker, ["a"])[0, RATE] < before[0, RATE], "it starts anew"


def test_the_oldest_people_are_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PERSONS", 2)
    habits = Habits()
    for user in ("ann", "bob", "ann", "cy"):
        habits.learn(an_act(0, "ba", user=user))
    known = {user: bool(habits.columns(Asker(user=user), ["a"])[0, USER]) for user in ("ann", "bob", "cy")}
    assert known == {"ann": True, "bob": False, "cy": True}


def test_more_options_than_there_was_room_for_keep_their_counts() -> None:
    ids = [f"o{n}" for n in range(100)]
    taken = as_lived([an_act(n, [ids[n]]) for n in range(100)], Asker(at=100 * DAY_S), ids)
    assert len(set(taken[:, RATE].tolist())) == 1
    assert taken[:, RECENCY].tolist() == pytest.approx([1 / (101 - n) for n in range(100)])
