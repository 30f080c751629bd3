"""Whether to tune: by what was asked for, what is known, and what time is left."""

from __future__ import annotations

import pytest

from suggest.loop.tuning_plan import ASKED_ENDS_WITHIN_S, AUTO_ENDS_WITHIN_S, EXPORT_S, is_wanted, plan

CANDIDATES = [f"c{n}" for n in range(40)]
PLENTY = dict.fromkeys(CANDIDATES, 10)


def wanted(
    mode: str = "auto",
    reason: str = "on-demand",
    *,
    known: dict[str, int] = PLENTY,
    can_be_tuned: bool = True,
    tuned_at: int = 0,
) -> str | None:
    return is_wanted(mode, reason, can_be_tuned=can_be_tuned, known=known, candidates=CANDIDATES, tuned_at=tuned_at)


@pytest.mark.parametrize("reason", ["on-demand", "nightly"])
def test_by_itself_it_tunes_at_night_and_on_demand(reason: str) -> None:
    assert wanted(reason=reason) is None


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("as asked", {"mode": "off"}),
        ("at night and on demand", {"reason": "outcomes"}),
        ("cannot be tuned", {"can_be_tuned": False}),
        ("200 known answers", {"known": dict.fromkeys(CANDIDATES, 5)}),
        ("has 0 known answers", {"known": {"c0": 200, "c1": 200}}),
        ("there were 380 the last time", {"tuned_at": 380}),
    ],
)
def test_it_says_why_it_does_not(why: str, said: dict[str, object]) -> None:
    told = wanted(**said)  # type: ignore[arg-type]
    assert told is not None
    assert why in told


def test_a_tenth_more_answers_are_worth_tuning_again() -> None:
    assert wanted(tuned_at=363) is None


def test_who_asks_for_it_gets_it_with_little_data_too() -> None:
    assert wanted("tune", known={"c0": 20, "c1": 20}) is None
    assert wanted("tune", known={"c0": 40}) is not None
    assert wanted("tune", can_be_tuned=False) is not None


def test_the_budget_is_what_the_rest_of_the_run_leaves() -> None:
    made = plan("auto", elapsed_s=40, n_texts=2_000, texts_per_s=200, build_s=50)
    assert made.is_on
    assert made.budget_s == AUTO_ENDS_WITHIN_S - 40 - EXPORT_S - 10 - 50


def test_a_run_that_would_not_end_in_time_is_not_begun() -> None:
    late = {"elapsed_s": 200, "n_texts": 15_000, "texts_per_s": 120.0, "build_s": 200}
    by_itself, asked = plan("auto", **late), plan("tune", **late)
    assert not by_itself.is_on
    assert "14 minutes at the least, 10 are allowed" in by_itself.why
    assert asked.is_on
    assert asked.budget_s < ASKED_ENDS_WITHIN_S
