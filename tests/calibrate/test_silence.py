"""What silence hides: who dismisses less often than others take is corrected by audits, and not a step without them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.calibrate.silence import LEAST, MOST, Audited

MODEST = settings(max_examples=60, deadline=None, derandomize=True)
COUNTS = st.integers(0, 100_000)
SHARES = st.floats(0.001, 0.999)
ODDS = st.floats(LEAST, MOST)


@pytest.mark.parametrize("name", ["right", "wrong", "selected", "dismissed"])
def test_a_count_below_nothing_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not negative"):
        Audited(**{name: -1})


@given(selected=COUNTS, dismissed=COUNTS)
@MODEST
def test_without_audits_a_dismissal_stands_for_itself(selected: int, dismissed: int) -> None:
    assert Audited(selected=selected, dismissed=dismissed).odds == 1.0


@given(right=COUNTS, wrong=COUNTS)
@MODEST
def test_audits_of_slates_that_nobody_decided_say_nothing_of_silence(right: int, wrong: int) -> None:
    assert Audited(right=right, wrong=wrong).odds == 1.0


@given(right=COUNTS, wrong=COUNTS, selected=COUNTS, dismissed=COUNTS)
@MODEST
def test_no_handful_of_dismissals_speaks_for_a_crowd(right: int, wrong: int, selected: int, dismissed: int) -> None:
    odds = Audited(right=right, wrong=wrong, selected=selected, dismissed=dismissed).odds
    assert LEAST <= odds <= MOST


@pytest.mark.parametrize(
    ("counts", "bound"),
    [
        ({"right": 50_000, "wrong": 50_000, "selected": 90_000, "dismissed": 90}, LEAST),
        ({"right": 90_000, "wrong": 900, "selected": 50_000, "dismissed": 50_000}, MOST),
    ],
)
def test_the_bounds_are_reached_where_the_counts_are_extreme(counts: dict[str, int], bound: float) -> None:
    assert Audited(**counts).odds == bound


@pytest.mark.parametrize("truth", [0.25, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("pi", [0.5, 0.8, 0.95])
def test_with_many_audits_the_odds_are_those_that_made_the_log(truth: float, pi: float) -> None:
    """All who look take what is right half of the time, and dismiss what is not `truth` times as often."""
    n, taken = 200_000, 0.4
    audited = Audited(
        right=round(pi * n / 10),
        wrong=round((1 - pi) * n / 10),
        selected=round(pi * n * taken),
        dismissed=round((1 - pi) * n * taken * truth),
    )
    assert audited.odds == pytest.approx(truth, rel=0.01)


def test_the_error_on_drawn_logs_is_that_of_the_audits() -> None:
    rng, n_audits, pi, truth = np.random.default_rng(7), 400, 0.8, 0.5
    found = []
    for _ in range(200):
        right = int(rng.binomial(n_audits, pi))
        selected, dismissed = rng.binomial(16_000, 0.5), rng.binomial(4_000, 0.5 * truth)
        audited = Audited(right=right, wrong=n_audits - right, selected=int(selected), dismissed=int(dismissed))
        found.append(math.log(audited.odds / truth))
    alone = 1 / math.sqrt(n_audits * pi * (1 - pi))
    assert abs(float(np.mean(found))) < 0.05
    assert float(np.std(found)) == pytest.approx(alone, rel=0.25)


def test_few_audits_move_little_and_more_of_the_same_move_further() -> None:
    steps = [Audited(right=8 * n, wrong=2 * n, selected=920 * n, dismissed=92 * n).odds for n in (1, 3, 10, 100)]
    assert steps == sorted(steps, reverse=True), "towards .4 from 1"
    assert 0.4 < steps[-1] < steps[0] < 1.0
    assert steps[0] > 0.5


def test_one_audit_does_not_overturn_what_nobody_has_looked_at() -> None:
    assert 0.8 < Audited(right=1, selected=10, dismissed=10).odds < 2.0
    assert 0.5 < Audited(wrong=1, selected=10, dismissed=10).odds < 1.25


@given(wrong=st.integers(5, 1_000), share=st.floats(1.0, 2.0), dismissed=st.integers(1_000, 1_500))
@MODEST
def test_the_more_of_what_was_shown_is_right_the_more_a_dismissal_says(
    wrong: int, share: float, dismissed: int
) -> None:
    """The same dismissals from fewer slates with nothing right: those who see nothing right say so more often."""
    right = int(wrong * share)
    some = Audited(right=right, wrong=wrong, selected=1_000, dismissed=dismissed)
    more = Audited(right=right + wrong, wrong=wrong, selected=1_000, dismissed=dismissed)
    assert 1.0 <= some.odds < more.odds


# -- the correction ---------------------------------------------------------------------------------------------------
