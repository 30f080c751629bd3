"""Filling a text: what stands around the placeholders stays, what is filled in is never read again, all or none."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.domain.placeholders import LONGEST_VALUE, filled

quick = settings(derandomize=True, deadline=None, max_examples=60)
plain = st.text("ab \\$1\n\u00e9\U0001f600", max_size=12)
names = st.text("abc_", min_size=1, max_size=4)
values = st.one_of(
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text("Ann{} \\1é", max_size=12).filter(lambda text: bool(text.strip())),
)


@quick
@given(st.lists(st.tuples(plain, names), max_size=4), plain, st.dictionaries(names, values, max_size=5))
def test_it_is_the_pieces_with_the_values_between_them_or_none(
    pieces: list[tuple[str, str]], end: str, fields: dict[str, object]
) -> None:
    text = "".join(f"{before}{{{{ {name} }}}}" for before, name in pieces) + end
    if all(name in fields for _, name in pieces):
        expected = "".join(f"{before}{str(fields[name]).strip()}" for before, name in pieces) + end
        assert filled(text, fields) == expected
    else:
        assert filled(text, fields) is None


@quick
@given(st.text("a{} }\n", max_size=30).filter(lambda text: "{{" not in text))
def test_a_text_without_placeholders_is_itself_whatever_the_fields(text: str) -> None:
    assert filled(text, {}) == text


@quick
@given(st.lists(st.sampled_from(["{{", "}}", "a", " "]), max_size=8).map("".join))
def test_no_opening_pair_is_ever_shown(text: str) -> None:
    said = filled(text, {"a": "x"})
    assert said is None or "{{" not in said


@pytest.mark.parametrize("text", ["{{name}} and {{ open", "{{ open {{name}}", "{{name}}{{", "{{ {{name}} }}"])
def test_one_that_is_left_open_spoils_the_whole_text(text: str) -> None:
    assert filled(text, {"name": "Ann"}) is None


def test_a_closing_pair_that_nothing_opened_is_plain_text() -> None:
    assert filled("a }} b {{name}} }}", {"name": "Ann"}) == "a }} b Ann }}"


def test_a_name_may_be_broken_over_lines() -> None:
    assert filled("Hi {{\n name\n}}!", {"name": "Ann"}) == "Hi Ann!"


def test_a_field_of_that_very_name_goes_before_a_path() -> None:
    assert filled("{{a.b}}", {"a.b": "flat", "a": {"b": "deep"}}) == "flat"
    assert filled("{{a.b}}", {"a.b": None, "a": {"b": "deep"}}) is None, "it is there, and it is empty"


@pytest.mark.parametrize("name", ["a.b.c.d", "a..b", ".a", "a.", "a.0", "a.__class__", "__class__", "a.b.keys"])
def test_a_path_that_leads_nowhere_fills_nothing(name: str) -> None:
    assert filled(f"{{{{{name}}}}}", {"a": {"b": {"c": "leaf"}, "list": [1]}}) is None


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, True, False, None, [], {}, b"x", "", " \n\t"])
def test_what_is_no_text_and_no_finite_number_fills_nothing(value: object) -> None:
    assert filled("{{x}}", {"x": value}) is None


@pytest.mark.parametrize(("value", "said"), [(0, "0"), (-0.5, "-0.5"), ("0", "0"), (" Ann ", "Ann"), (7, "7")])
def test_nought_is_a_value(value: object, said: str) -> None:
    assert filled("{{x}}", {"x": value}) == said


def test_the_longest_value_fills_and_one_character_more_does_not() -> None:
    assert filled("{{x}}", {"x": "y" * LONGEST_VALUE}) == "y" * LONGEST_VALUE
    assert filled("{{x}}", {"x": " " + "y" * LONGEST_VALUE + " "}) == "y" * LONGEST_VALUE, "space around it is not it"
    assert filled("{{x}}", {"x": "y" * (LONGEST_VALUE + 1)}) is None


@quick
@given(st.text("\\{}g<0>1&$a", min_size=1, max_size=12).filter(lambda text: bool(text.strip())))
def test_a_value_is_taken_letter_by_letter(value: str) -> None:
    assert filled("<{{a}}|{{a}}>", {"a": value, "g": "never"}) == f"<{value}|{value}>"
