"""How past tickets are cut: nothing is judged by itself, nothing is counted twice, time runs one way."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.domain.context import Context
from suggest.loop import backtest
from suggest.loop.backtest import Split, Ticket, answers_of, curve_of, offered, split_by_answer, split_by_time

tickets_with_times = st.lists(
    st.builds(
        lambda text, answer, at: Ticket(context=Context(text=f"message {text}"), answer=answer, at=float(at)),
        st.integers(0, 40),
        st.sampled_from(["a", "b", "c", None]),
        st.integers(0, 1_000),
    ),
    min_size=1,
    max_size=120,
)


def rows(split: Split) -> list[int]:
    return sorted((*split.history, *split.judged))


@settings(max_examples=60, deadline=None)
@given(tickets_with_times, st.floats(0.05, 0.9))
def test_by_time_everything_that_teaches_came_before_everything_that_is_asked(
    tickets: list[Ticket], share: float
) -> None:
    split = split_by_time(tickets, judged_share=share)
    assert rows(split) == list(range(len(tickets)))
    if split.history and split.judged:
        assert max(tickets[row].at for row in split.history) <= min(tickets[row].at for row in split.judged)
    assert len(split.judged) == round(len(tickets) * share) or abs(len(split.judged) - len(tickets) * share) <= 0.5


@settings(max_examples=60, deadline=None)
@given(tickets_with_times, st.floats(0.05, 0.9))
def test_by_answer_equal_messages_stay_on_one_side(tickets: list[Ticket], share: float) -> None:
    split = split_by_answer(tickets, judged_share=share)
    assert rows(split) == list(range(len(tickets)))
    taught = {tickets[row].context.key for row in split.history}
    assert not taught & {tickets[row].context.key for row in split.judged}
    assert split == split_by_answer(tickets, judged_share=share)


def test_by_answer_every_answer_teaches_something_and_about_the_share_is_asked() -> None:
    tickets = [Ticket(context=Context(text=f"message {n}"), answer=f"answer {n % 30}") for n in range(900)]
    split = split_by_answer(tickets, judged_share=0.3)
    assert {tickets[row].answer for row in split.history} == {f"answer {n}" for n in range(30)}
    assert 0.28 <= len(split.judged) / 900 <= 0.32


def test_of_very_many_answers_the_commonest_that_came_back_are_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    given = [*"aaabbc", None, *"defg"]
    assert offered(given) == set("abcdefg")
    monkeypatch.setattr(backtest, "MOST_CANDIDATES", 3)
    assert offered(given) == {"a", "b"}, "what was written once does not come back"
    assert offered([*given, *"cdd"]) == {"a", "d", "b"}


def test_what_is_not_offered_is_asked_about_like_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the tickets that no list can answer would only ever teach, and the figures would flatter."""
    monkeypatch.setattr(backtest, "MOST_CANDIDATES", 10)
    tickets = [Ticket(context=Context(text=f"m {n}"), answer=f"{n % 10}" if n < 300 else f"w {n}") for n in range(900)]
    split = split_by_answer(tickets, judged_share=0.3)
    rare = sum(row >= 300 for row in split.judged)
    assert 0.28 <= rare / 600 <= 0.32
    assert 0.28 <= (len(split.judged) - rare) / 300 <= 0.32


def test_an_answer_given_once_is_never_only_asked_for() -> None:
    tickets = [Ticket(context=Context(text=f"message {n}"), answer=f"answer {n}") for n in range(50)]
    assert split_by_answer(tickets, judged_share=0.9).judged == ()


def test_a_ticket_without_a_time_cannot_be_split_by_it() -> None:
    with pytest.raises(ValueError, match="needs a time"):
        split_by_time([Ticket(context=Context(text="x"), answer="a")], judged_share=0.3)


def test_of_very_many_the_newest_teach_and_the_judged_are_spread_over_their_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backtest, "MOST_HISTORY", 40)
    monkeypatch.setattr(backtest, "MOST_JUDGED", 10)
    tickets = [Ticket(context=Context(text=f"message {n}"), answer="a", at=float(n)) for n in range(200)]
    split = split_by_time(tickets, judged_share=0.5)
    assert split.history == tuple(range(60, 100))
    assert split.judged == tuple(range(100, 200, 10))
    assert split.left_out == 150


@pytest.mark.parametrize("has_times", [True, False])
def test_the_more_answers_there_are_the_fewer_tickets_teach(monkeypatch: pytest.MonkeyPatch, has_times: bool) -> None:
    monkeypatch.setattr(backtest, "MOST_WEIGHED", 1_000)
    tickets = [Ticket(context=Context(text=f"message {n}"), answer=f"answer {n % 20}", at=float(n)) for n in range(400)]
    split = (split_by_time if has_times else split_by_answer)(tickets, judged_share=0.5)
    assert len(split.history) == 1_000 // 20
    assert split.left_out == 400 - len(split.history) - len(split.judged)


def test_what_is_right_is_any_answer_that_the_message_got() -> None:
    same = Context(text="where is it")
    right = answers_of([Ticket(context=same, answer=a) for a in ("a", "b", None)])
    assert right == {same.key: frozenset({"a", "b"})}


@pytest.mark.parametrize("n", [1, 29, 31, 400, 25_000])
def test_the_curve_ends_with_everything_and_grows(n: int) -> None:
    sizes = curve_of(n)
    assert sizes[0] == 0
    assert sizes[-1] == n
    assert list(sizes) == sorted(set(sizes))
