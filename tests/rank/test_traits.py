"""Traits: any JSON a caller likes becomes a few named tokens and numbers, in whatever order it is told."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.rank.traits import LONGEST_VALUE, MOST_VALUES, NO_TRAITS, Traits, traits_of

SPEC = settings(derandomize=True, deadline=None, max_examples=40)
names = st.text("abc", min_size=1, max_size=2)
texts = st.sampled_from(["", " ", "Pro ", "pro", "x" * LONGEST_VALUE, "x" * (LONGEST_VALUE + 1)])
plain = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts)
members = st.one_of(plain, st.lists(plain, max_size=3), st.dictionaries(names, plain, max_size=3))
anything = st.dictionaries(names, st.one_of(members, st.dictionaries(names, members, max_size=2)), max_size=4)


def backwards(value: object) -> object:
    """The same object with the members of every mapping in the opposite order."""
    if isinstance(value, Mapping):
        return {name: backwards(value[name]) for name in reversed(list(value))}
    return [backwards(each) for each in value] if isinstance(value, list) else value


@SPEC
@given(anything)
def test_whatever_is_sent_is_read_into_bounded_plain_values(fields: dict[str, object]) -> None:
    read = traits_of(fields)
    assert len(read.tokens) + len(read.numbers) <= MOST_VALUES
    assert len(set(read.tokens)) == len(read.tokens)
    assert len(dict(read.numbers)) == len(read.numbers), "a number has one value a name"
    assert all(0 < len(value) <= LONGEST_VALUE and value == value.strip() for _, value in read.tokens)
    assert all(math.isfinite(number) for _, number in read.numbers)


@SPEC
@given(anything)
def test_the_order_of_members_says_nothing(fields: dict[str, object]) -> None:
    turned = backwards(fields)
    assert isinstance(turned, dict)
    assert traits_of(turned) == traits_of(fields)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("Pro", Traits((("f", "pro"),))),
        ("  two words ", Traits((("f", "two words"),))),
        (True, Traits((("f", "true"),))),  # a truth value is a category, though Python counts it as a number
        (0, Traits((), (("f", 0.0),))),
        (-2.5, Traits((), (("f", -2.5),))),
        (["De", "en", "DE"], Traits((("f", "de"), ("f", "en")))),
        ([1, 2.5, False], Traits((("f", "1"), ("f", "2.5"), ("f", "false")))),  # members are a set, not amounts
        ({"g": {"h": 1}}, Traits((), (("f.g.h", 1.0),))),
    ],
)
def test_each_kind_of_value_has_one_reading(value: object, read: Traits) -> None:
    assert traits_of({"f": value}) == read


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", "   ", math.nan, math.inf, -math.inf, [], {}, {"g": None}),
        *([None], [["nested"]], [{"in": "a list"}], [math.nan], [10**5_000]),
    ],
)
def test_what_is_no_plain_value_is_passed_over(value: object) -> None:
    read = traits_of({"f": value, "plan": "pro"})
    assert read == Traits((("plan", "pro"),))
    assert not traits_of({"f": value})


def test_a_text_is_no_category_from_one_character_too_many() -> None:
    assert traits_of({"f": "x" * LONGEST_VALUE}).tokens == (("f", "x" * LONGEST_VALUE),)
    assert not traits_of({"f": "x" * (LONGEST_VALUE + 1)})
    assert traits_of({"f": " " + "x" * LONGEST_VALUE + " "}), "blanks around it do not count"


@pytest.mark.parametrize("huge", [10**400, -(10**400), 1e308, -1e308], ids=["whole", "below 0", "float", "-float"])
def test_a_number_too_large_to_reckon_with_is_passed_over(huge: float) -> None:
    """JSON holds whole numbers of any length; and the square of 1e308, which a spread needs, is no number any more."""
    assert traits_of({"n": huge, "plan": "pro"}) == Traits((("plan", "pro"),))


def test_large_but_plausible_numbers_stay() -> None:
    read = traits_of({"ms": 1_764_222_265_000, "debt": -9e15})
    assert dict(read.numbers) == {"ms": 1_764_222_265_000.0, "debt": -9e15}


def test_the_first_values_by_name_are_kept_where_there_are_too_many() -> None:
    read = traits_of({f"f{n:03}": n for n in reversed(range(MOST_VALUES + 10))})
    assert [name for name, _ in read.numbers] == [f"f{n:03}" for n in range(MOST_VALUES)]


def test_repeats_leave_room_for_others() -> None:
    read = traits_of({"a": ["same"] * (2 * MOST_VALUES), "b": "other"})
    assert read.tokens == (("a", "same"), ("b", "other"))


def test_two_paths_of_one_name_keep_the_first_number_and_every_token() -> None:
    assert traits_of({"a.b": 1, "a": {"b": 2}}).numbers == (("a.b", 2.0),)
    assert set(traits_of({"a.b": "x", "a": {"b": "y"}}).tokens) == {("a.b", "x"), ("a.b", "y")}


def test_tags_are_read_like_a_list_of_that_name() -> None:
    assert traits_of({"plan": "pro"}, ["New", "sale"]) == traits_of({"plan": "pro", "tags": ["new", "sale"]})
    assert traits_of({}, ["new"]).tokens == (("tags", "new"),)


def test_nothing_known_is_one_value_that_is_false() -> None:
    assert traits_of({}) is NO_TRAITS
    assert not NO_TRAITS
    assert Traits(numbers=(("n", 0.0),)), "a 0 that was said is known"
