"""What continues what was said before belongs together; where two go on from it, it belongs to neither."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.loop.conversations import conversations, path_of

TALK = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=5)


def named(*talks: list[str]) -> list[str]:
    return conversations([path_of(talk) for talk in talks])


def test_what_stands_alone_is_its_own() -> None:
    first, other, again = named(["a"], ["b"], ["a"])
    assert first == again != other


def test_a_greeting_that_two_go_on_from_ties_nobody() -> None:
    greeting, *talks = named(["hello"], ["hello", "my card"], ["hello", "my card", "since"], ["hello", "refund"])
    assert talks[0] == talks[1]
    assert len({greeting, *talks}) == 3


def test_a_conversation_is_one_though_not_every_turn_was_asked_about() -> None:
    assert len(set(named(["a", "b", "c"], ["a", "b", "c", "d", "e"], ["a"]))) == 1


def test_the_same_words_after_something_else_are_another_conversation() -> None:
    assert len(set(named(["a", "yes"], ["b", "yes"], ["yes"]))) == 3


def test_where_a_caller_sends_the_last_turns_only_nothing_is_tied_wrongly() -> None:
    assert len(set(named(["b", "c"], ["c", "d"]))) == 2


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.lists(TALK, max_size=60))
def test_one_conversation_never_goes_on_in_two_ways(talks: list[list[str]]) -> None:
    names = named(*talks)
    assert len(names) == len(talks)
    for name in set(names):
        longest = max((t for t, n in zip(talks, names, strict=True) if n == name), key=len)
        assert all(longest[: len(t)] == t for t, n in zip(talks, names, strict=True) if n == name)
