"""The instant head: one outcome moves one option, at contexts like the one it came from, and never too far."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loop.worlds import unit

from suggest.rank.head import LARGEST_STEP, PRIOR_VARIANCE, Head

DIM = 16
rng = np.random.default_rng(0)
HERE, ELSEWHERE = np.eye(DIM, dtype=np.float32)[:2]
LIKE_HERE = unit(HERE + 0.3 * rng.normal(size=DIM) / 4)


def residual(head: Head, at: np.ndarray, item: str = "a") -> float:
    return float(head.residuals(at, [item])[0])


def test_what_nobody_spoke_of_is_left_alone() -> None:
    assert Head(dim=DIM).residuals(HERE, ["a", "b"]).tolist() == [0.0, 0.0]
    assert Head(dim=DIM).residuals(HERE, []).shape == (0,)


def test_it_learns_where_it_was_told_and_nearby_but_not_elsewhere() -> None:
    head = Head(dim=DIM)
    head.update(HERE, "a", accepted=True, offset=-1.0)
    assert residual(head, HERE) > residual(head, LIKE_HERE) > 0
    assert residual(head, ELSEWHERE) == 0.0
    assert residual(head, HERE, "b") == 0.0


def test_a_refusal_moves_down_what_an_acceptance_moves_up() -> None:
    up, down = Head(dim=DIM), Head(dim=DIM)
    up.update(HERE, "a", accepted=True, offset=0.0)
    down.update(HERE, "a", accepted=False, offset=0.0)
    assert residual(up, HERE) == pytest.approx(-residual(down, HERE))


def test_what_was_expected_teaches_less_than_a_surprise() -> None:
    expected, surprising = Head(dim=DIM), Head(dim=DIM)
    expected.update(HERE, "a", accepted=True, offset=4.0)
    surprising.update(HERE, "a", accepted=True, offset=-4.0)
    assert 0 < residual(expected, HERE) < 0.2 * residual(surprising, HERE)


@settings(deadline=None)
@given(
    offset=st.floats(-40, 40),
    accepted=st.booleans(),
    before=st.lists(st.tuples(st.floats(-40, 40), st.booleans()), max_size=5),
    scale=st.floats(0.01, 10),
)
def test_one_outcome_moves_its_logit_by_a_bounded_step(
    offset: float, accepted: bool, before: list[tuple[float, bool]], scale: float
) -> None:
    """In the direction of what happened, never by more than LARGEST_STEP, whatever the vector's length."""
    head, at = Head(dim=DIM), np.asarray(LIKE_HERE * scale, np.float32)
    for past, was_accepted in before:
        head.update(at, "a", accepted=was_accepted, offset=past)
    was = residual(head, at)
    head.update(at, "a", accepted=accepted, offset=offset)
    moved = residual(head, at) - was
    assert abs(moved) <= LARGEST_STEP * (1 + 1e-4)
    assert moved >= -1e-5 if accepted else moved <= 1e-5
    assert np.isfinite(moved)


def test_it_settles_on_the_rate_that_it_sees() -> None:
    """Accepted 8 times in 10 at one context: the residual goes to log(.8 / .2) = 1.39; after 400 outcomes the filter
    still weighs the latest ones at about a hundredth, a standard error of .25 logits; two of them are allowed."""
    head = Head(dim=DIM)
    outcomes = np.random.default_rng(1).random(400) < 0.8
    for accepted in outcomes:
        head.update(HERE, "a", accepted=bool(accepted), offset=0.0)
    assert residual(head, HERE) == pytest.approx(np.log(0.8 / 0.2), abs=0.5)


def test_each_outcome_makes_it_surer_and_drift_keeps_it_from_certainty() -> None:
    head, spread = Head(dim=DIM), []
    for _ in range(2_000):
        spread.append(head.variance(HERE, "a"))
        head.update(HERE, "a", accepted=True, offset=0.0)
    assert spread[0] == pytest.approx(PRIOR_VARIANCE)
    assert spread[1] < spread[0]
    assert spread[20] < spread[1]
    assert head.variance(HERE, "a") > 0
    assert head.variance(ELSEWHERE, "a") <= PRIOR_VARIANCE


def test_a_request_keeps_the_vectors_it_started_with() -> None:
    """Copy-on-write: an update makes new arrays, so a reader in the middle of a ranking sees one state."""
    head = Head(dim=DIM)
    head.update(HERE, "a", accepted=True, offset=0.0)
    mean, variance = head.state()["a"]
    kept = mean.copy(), variance.copy()
    head.update(HERE, "a", accepted=False, offset=2.0)
    np.testing.assert_array_equal(mean, kept[0])
    np.testing.assert_array_equal(variance, kept[1])
    assert not np.array_equal(head.state()["a"][0], mean)


def test_forgetting_is_per_candidate_and_reset_is_for_all() -> None:
    head = Head(dim=DIM)
    for item in ("a", "b"):
        head.update(HERE, item, accepted=True, offset=0.0)
    head.forget("a")
    head.forget("never met")
    assert residual(head, HERE, "a") == 0.0
    assert residual(head, HERE, "b") > 0
    assert len(head) == 1
    head.reset()
    assert len(head) == 0
    assert residual(head, HERE, "b") == 0.0


def test_the_same_ids_asked_again_see_what_was_learned_since() -> None:
    head, ids = Head(dim=DIM), ("a", "b")
    assert head.residuals(HERE, ids).tolist() == [0.0, 0.0]
    head.update(HERE, "b", accepted=True, offset=0.0)
    first = head.residuals(HERE, ids)
    assert first[0] == 0.0 < first[1]
    assert head.residuals(HERE, ids).tolist() == first.tolist() == head.residuals(HERE, list(ids)).tolist()
    head.update(HERE, "a", accepted=True, offset=0.0)
    assert head.residuals(HERE, ids)[0] > 0.0
    assert head.residuals(HERE, ("b", "a", "c")).tolist() == [*head.residuals(HERE, ids)[::-1], 0.0]
