"""What grew from one opening belongs together, unless so much did that it cannot be one conversation."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.domain.text import context_key
from suggest.loop.conversations import MOST, conversations, grown_from

TALK = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=5)


def test_what_stands_alone_has_its_own_name() -> None:
    assert conversations([["a"], ["b"], ["a"]]) == ["a", "b", "a"]


def test_a_common_greeting_parts_where_talks_part() -> None:
    talks = [["hello", f"about {n}", f"and {n}"][: 2 + m] for n in range(MOST) for m in range(2)]
    names = conversations([["hello"], *talks])
    assert names[0] == "hello"
    assert names[1::2] == names[2::2]
    assert len(set(names)) == MOST + 1


def test_as_many_as_one_conversation_may_have_are_one() -> None:
    talk = [[f"turn {i}" for i in range(n + 1)] for n in range(MOST)]
    assert set(conversations(talk)) == {"turn 0"}
    assert len(set(conversations([*talk, ["turn 0", "another"]]))) > 1


def test_where_a_caller_sends_the_last_turns_only_nothing_is_tied_wrongly() -> None:
    assert conversations([["b", "c"], ["c", "d"]]) == ["b", "c"]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(TALK, max_size=80))
def test_every_context_has_a_name_and_equal_ones_share_it(talks: list[list[str]]) -> None:
    names = conversations(talks)
    assert len(names) == len(talks)
    assert all(names)
    by_talk: dict[tuple[str, ...], set[str]] = {}
    for talk, name in zip(talks, names, strict=True):
        by_talk.setdefault(tuple(talk), set()).add(name)
    assert all(len(each) == 1 for each in by_talk.values())


def test_long_talks_are_told_by_their_first_turns() -> None:
    turns = [("user", f"turn {n}") for n in range(40)]
    grown = grown_from(turns)
    assert grown == grown_from(turns[:20])
    assert grown[0] == context_key("turn 0")
