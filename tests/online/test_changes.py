"""Configuration is merged strictly: what is not known is refused, not ignored."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suggest.domain.errors import Invalid
from suggest.online.changes import check_changes, flag, number, one_of, or_null, text, whole


@given(st.dictionaries(st.text(min_size=1), st.integers(), min_size=1))
def test_no_unknown_key_passes(changes: dict[str, object]) -> None:
    with pytest.raises(Invalid) as refused:
        check_changes(changes, {}, what="thing")
    assert len(refused.value.errors) == len(changes)
    assert all(fault.pointer.startswith("/") for fault in refused.value.errors)


def test_known_keys_with_fitting_values_pass() -> None:
    rules = {"a": whole(1, 3), "b": flag(), "c": text(), "d": one_of("x", "y"), "e": or_null(number(0, 1))}
    check_changes({"a": 3, "b": False, "c": "words", "d": "y", "e": None}, rules, what="thing")


@pytest.mark.parametrize("value", [0, 4, 1.0, True, "2", None, math.nan])
def test_whole_numbers(value: object) -> None:
    assert whole(1, 3)(value) == "must be a whole number from 1 to 3"


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan, math.inf, True, "0.5"])
def test_numbers(value: object) -> None:
    assert number(0, 1)(value)


def test_a_number_without_a_top_is_still_finite() -> None:
    assert number(0)(1e300) is None
    assert number(0)(math.inf) == "must be finite"
    assert number(1)(0) == "must be a number of at least 1"


@pytest.mark.parametrize("value", [5, None, "nul\x00", "\ud800", "éé"])
def test_texts(value: object) -> None:
    assert text(longest=3)(value)
    assert text(longest=3)("abc") is None
