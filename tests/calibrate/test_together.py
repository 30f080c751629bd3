"""Of an answer in several wordings any one in the slate will do, and p_any must know it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.calibrate.together import ALONE, LEAST_SHARE, Together

KINDS = (("a1", "a2", "a3", "a4", "a5"), ("b1", "b2"), ("c1",))
IDS = [wording for kind in KINDS for wording in kind]
ALL_KNOWN = Together(shares={a: {b: 1.0 for b in kind if b != a} for kind in KINDS for a in kind if len(kind) > 1})
SLATES = st.lists(st.integers(0, len(IDS) - 1), min_size=1, max_size=3, unique=True)
MASSES = st.lists(st.floats(0.0, 1.0), min_size=len(IDS), max_size=len(IDS))


def of_masses(masses: list[float]) -> np.ndarray:
    """P over the options that leaves something over for "none"."""
    return np.array(masses) / (sum(masses) + 0.5)


def test_labels_that_name_one_answer_each_say_nothing_of_companions() -> None:
    assert Together.of([{"a"}, {"b"}, {"a"}]).shares == {}


def test_a_share_is_that_of_the_contexts_in_which_both_were_right() -> None:
    together = Together.of([{"a", "b"}] * 3 + [{"a"}] * 4)
    assert together.shares["a"]["b"] == pytest.approx(3 / (7 + 1))
    assert together.shares["b"]["a"] == pytest.approx(3 / (3 + 1)), "a is right more often than b: it is not mutual"


def test_what_was_right_together_once_in_many_contexts_is_chance() -> None:
    once = Together.of([{"a", "b"}] + [{"a"}] * 40)
    assert LEAST_SHARE > 1 / 42
    assert "a" not in once.shares


@given(masses=MASSES, slate=SLATES)
def test_alone_everything_stays_as_it_is(masses: list[float], slate: list[int]) -> None:
    p = of_masses(masses)
    assert ALONE.rightness(IDS, p) is p
    assert ALONE.shown(IDS, p, slate).tolist() == p[slate].tolist()


@given(masses=MASSES, slate=SLATES)
@settings(max_examples=60)
def test_a_slate_is_right_as_often_as_one_of_its_kinds_is(masses: list[float], slate: list[int]) -> None:
    """With wordings that are always right together P(a right one is shown) is the mass of the kinds shown."""
    p = of_masses(masses)
    kinds_shown = {kind for kind in KINDS if any(IDS[row] in kind for row in slate)}
    expected = sum(p[IDS.index(wording)] for kind in kinds_shown for wording in kind)
    assert ALL_KNOWN.shown(IDS, p, slate).sum() == pytest.approx(expected)


@given(masses=MASSES, slate=SLATES, share=st.floats(0.05, 1.0))
@settings(max_examples=60)
def test_no_option_loses_and_no_slate_claims_more_than_there_is(
    masses: list[float], slate: list[int], share: float
) -> None:
    p = of_masses(masses)
    together = Together(shares={a: dict.fromkeys(others, share) for a, others in ALL_KNOWN.shares.items()})
    shown = together.shown(IDS, p, slate)
    assert (shown >= p[slate] - 1e-12).all()
    assert shown.sum() <= p.sum() + 1e-9


def test_the_order_goes_by_who_is_right_not_by_who_is_taken() -> None:
    p = np.array([0.12, 0.11, 0.1, 0.1, 0.1, 0.0, 0.0, 0.3])
    right = ALL_KNOWN.rightness(IDS, p)
    assert IDS[int(np.argmax(p))] == "c1"
    assert right[:5] == pytest.approx([0.53] * 5), "each wording is right whenever the others are"
    assert right[-1] == pytest.approx(0.3)


def test_two_that_would_do_share_what_the_hidden_one_leaves() -> None:
    together = Together(shares={"a1": {"a2": 0.8, "a3": 0.4}})
    shown = together.shown(["a1", "a2", "a3"], np.array([0.6, 0.1, 0.1]), [1, 2])
    assert shown == pytest.approx([0.1 + 0.6 * 0.8 * 2 / 3, 0.1 + 0.6 * 0.8 / 3])


def test_it_comes_back_from_json() -> None:
    together = Together.of([{"a", "b", "c"}] * 5 + [{"a", "b"}])
    again = Together.from_json(json.loads(json.dumps(together.to_json())))
    assert again.shares["a"] == pytest.approx(together.shares["a"], abs=1e-4)
    with pytest.raises(ValueError, match="companions"):
        Together.from_json([1, 2])
