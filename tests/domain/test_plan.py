"""A plan reads as people write it, goes in a straight line, and is refused by its name where it is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.domain.plan import MOST_STEPS, ReviewPlan, review_plan

START = datetime(2026, 12, 1, tzinfo=UTC)


def share(plan: ReviewPlan, days: float) -> float:
    return plan.share_at(START + timedelta(days=days))


def test_without_a_plan_nothing_is_planned() -> None:
    assert review_plan("", "UTC").share_at(START) == 0.0


def test_it_goes_in_a_straight_line_from_day_to_day_and_stays_at_its_ends() -> None:
    plan = review_plan("2026-12-01 100%; 2026-12-11 60% ;2026-12-21 7.5%", "UTC")
    assert [share(plan, d) for d in (-30, 0, 5, 10, 20, 400)] == pytest.approx([1.0, 1.0, 0.8, 0.6, 0.075, 0.075])


def test_days_begin_where_the_owner_is() -> None:
    plan = review_plan("2026-12-01 100%; 2026-12-02 0%", "Europe/Berlin")
    assert plan.share_at(datetime(2026, 11, 30, 23, tzinfo=UTC)) == 1.0
    assert plan.share_at(datetime(2026, 12, 1, 23, tzinfo=UTC)) == pytest.approx(0.0)


@pytest.mark.parametrize(
    "text",
    [
        "soon", "2026-12-01", "50%", "2026-13-01 50%", "2026-02-30 50%", "2026-12-01 101%", "2026-12-01 -5%",
        "2026-12-01 nan%", "2026-12-02 50%; 2026-12-01 20%", "2026-12-01 50%; 2026-12-01 20%", "0000-01-01 5%",
        "; ".join(f"20{n:02}-01-01 5%" for n in range(10, 11 + MOST_STEPS)),
    ],
)  # fmt: skip
def test_what_is_no_plan_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match=r"^review_plan"):
        review_plan(text, "UTC")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 100)), min_size=1, max_size=8, unique_by=lambda e: e[0]),
    st.floats(-400, 700),
)
def test_a_share_lies_between_those_of_the_plan(steps: list[tuple[int, int]], day: float) -> None:
    text = "; ".join(f"{(START + timedelta(days=d)).date()} {s}%" for d, s in sorted(steps))
    shares = [s / 100 for _, s in steps]
    assert min(shares) - 1e-9 <= share(review_plan(text, "UTC"), day) <= max(shares) + 1e-9
