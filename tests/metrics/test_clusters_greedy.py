"""Groups of near texts, against a cover by hand: who is in, who is the centre, in what order, and where it ends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.metrics import clusters as module
from suggest.metrics.clusters import Rows, clusters

SPEC = settings(derandomize=True, deadline=None, max_examples=60)


def at_degrees(*degrees: float) -> Rows:
    angles = np.deg2rad(np.array(degrees, np.float64))
    return np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)


def by_hand(degrees: list[int], *, within: int, least: int, most: int) -> list[set[int]]:
    """The cover over whole degrees below 180, with nothing but counting."""
    left, found = set(range(len(degrees))), []
    while left and len(found) < most:
        near = {i: {j for j in left if abs(degrees[i] - degrees[j]) <= within} for i in sorted(left)}
        centre = max(near, key=lambda i: (len(near[i]), -i))
        if len(near[centre]) < least:
            break
        found.append(near[centre])
        left -= near[centre]
    return found


@SPEC
@given(
    st.lists(st.integers(0, 120), max_size=14),
    st.integers(1, 30),
    st.integers(1, 4),
    st.integers(1, 5),
)
def test_the_cover_is_the_one_that_counting_finds(degrees: list[int], within: int, least: int, most: int) -> None:
    near = float(np.cos(np.deg2rad(within + 0.5)))  # half a degree from any tie
    found = clusters(at_degrees(*degrees), near=near, least=least, most=most)
    assert [set(each.members) for each in found] == by_hand(degrees, within=within, least=least, most=most)


@SPEC
@given(st.lists(st.integers(0, 120), min_size=2, max_size=14))
def test_members_stand_by_nearness_to_their_centre_and_groups_by_size(degrees: list[int]) -> None:
    found = clusters(at_degrees(*degrees), near=float(np.cos(np.deg2rad(20.5))))
    for each in found:
        assert each.members[0] == each.centre
        away = [abs(degrees[row] - degrees[each.centre]) for row in each.members]
        assert away == sorted(away)
    sizes = [len(each.members) for each in found]
    assert sizes == sorted(sizes, reverse=True)


def test_the_one_in_the_middle_names_the_group() -> None:
    """Only 20 degrees is within 25 of both ends; the ends themselves are 40 apart."""
    (only,) = clusters(at_degrees(0, 40, 20), near=float(np.cos(np.deg2rad(25))))
    assert (only.centre, only.members) == (2, (2, 0, 1))


def test_between_equally_central_rows_the_earlier_one_is_the_centre() -> None:
    found = clusters(at_degrees(90, 0, 91, 1), near=0.9)
    assert [each.members for each in found] == [(0, 2), (1, 3)]


def test_what_is_taken_is_missing_for_the_next() -> None:
    """30 could go with either side; the larger one has it, and 60 is left with one companion."""
    found = clusters(at_degrees(0, 5, 10, 30, 55, 60), near=float(np.cos(np.deg2rad(26))))
    assert [set(each.members) for each in found] == [{0, 1, 2, 3}, {4, 5}]


def test_a_text_alone_is_a_group_only_where_one_is_enough() -> None:
    rows = at_degrees(0, 90)
    assert clusters(rows) == ()
    assert [each.members for each in clusters(rows, least=1)] == [(0,), (1,)]


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_rows_make_no_group(n: int) -> None:
    assert clusters(np.eye(n, 4, dtype=np.float32)) == ()


def test_no_more_groups_than_asked_for() -> None:
    rows = at_degrees(0, 1, 2, 90, 91)
    assert [len(each.members) for each in clusters(rows, most=1)] == [3]
    assert clusters(rows, most=0) == ()


def test_texts_without_a_direction_are_near_nothing() -> None:
    assert clusters(np.zeros((3, 4), np.float32)) == ()


def test_rows_are_numbered_from_the_first_of_all_even_where_few_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 3)
    (only,) = clusters(at_degrees(0, 1, 2, 90, 91), near=0.9)
    assert (only.centre, only.members) == (3, (3, 4))
