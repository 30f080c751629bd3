"""The frontier: what each place of the slider would have done to the requests that are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.metrics.interval import clopper_pearson
from suggest.policy.frontier import Costs, Evidence, frontier, points
from suggest.policy.threshold import NEVER_ESCALATE, SEND_ALL


def evidence(n_recent: int = 500, n_labelled: int = 300, seed: int = 0) -> Evidence:
    rng = np.random.default_rng(seed)
    p = rng.beta(4, 2, n_labelled)
    return Evidence(recent=rng.beta(4, 2, n_recent), p_any=p, correct=(rng.random(n_labelled) < p).astype(float))


@settings(deadline=None, max_examples=30)
@given(threshold=st.floats(0, 1), seed=st.integers(0, 20))
def test_a_point_is_what_deciding_there_would_have_given(threshold: float, seed: int) -> None:
    seen, costs = evidence(seed=seed), Costs(error=7.0, human=2.0)
    here = points([threshold], seen, costs)[0]
    shown = seen.p_any >= threshold
    if shown.any():
        exact = clopper_pearson(int(seen.correct[shown].sum()), int(shown.sum()), 0.9)
        assert (here.precision.low, here.precision.mid, here.precision.high, here.precision.n) == pytest.approx(
            (exact.low, exact.mid, exact.high, exact.n)
        )
    assert here.review_share == pytest.approx(np.mean(seen.recent < threshold))
    expected = 2.0 * here.review_share + 7.0 * (1 - here.review_share) * (1 - here.precision.mid)
    assert here.cost == pytest.approx(expected)


def test_the_ends_never_ask_and_always_ask() -> None:
    first, *_, last = frontier(evidence(), Costs(error=5, human=1))
    assert (first.threshold, first.review_share) == (NEVER_ESCALATE, 0.0)
    assert (last.threshold, last.review_share, last.cost) == (SEND_ALL, 1.0, 1.0)
    assert last.precision.mid == 1.0  # nothing shown, nothing wrong


def test_along_the_frontier_people_do_more_and_the_line_rises() -> None:
    line = frontier(evidence(), Costs(), n_points=11)
    assert [round(p.review_share, 1) for p in line] == pytest.approx(np.linspace(0, 1, 11).round(1).tolist())
    assert (np.diff([p.threshold for p in line]) > 0).all()


def test_without_labels_the_model_is_believed_and_the_interval_says_nothing_is_known() -> None:
    recent = np.array([0.2, 0.6, 0.8])
    here = points([0.5], Evidence(recent=recent), Costs())[0]
    assert here.precision.mid == pytest.approx(0.7)
    assert (here.precision.low, here.precision.high, here.precision.n) == (0.0, 1.0, 0)


def test_without_anything_the_frontier_is_still_drawn() -> None:
    line = frontier(Evidence(), Costs(), n_points=5)
    assert [p.review_share for p in line] == pytest.approx([0.0, 0.25, 0.5, 0.75, 1.0])


def test_equal_requests_give_one_place_not_many() -> None:
    line = frontier(Evidence(recent=np.full(50, 0.4)), Costs())
    assert [p.threshold for p in line] == [NEVER_ESCALATE, 0.4, SEND_ALL]


def test_labels_stand_in_for_traffic_that_was_not_kept() -> None:
    seen = Evidence(p_any=np.array([0.2, 0.8]), correct=np.array([0.0, 1.0]))
    assert points([0.5], seen, Costs())[0].review_share == 0.5


def test_thinned_evidence_shows_the_precision_of_traffic() -> None:
    """Below .5 everything is labelled, above 1 in 10; over all of traffic the raw labels look far too bad."""
    rng = np.random.default_rng(1)
    p = rng.beta(4, 2, 40_000)
    right = (rng.random(p.size) < p).astype(float)
    inclusion = np.where(p < 0.5, 1.0, 0.1)
    labelled = rng.random(p.size) < inclusion
    seen = Evidence(recent=p, p_any=p[labelled], correct=right[labelled], inclusion=inclusion[labelled])
    raw, thinned = (points([0.0], e, Costs())[0].precision for e in (seen, seen.exchangeable(rng)))
    assert raw.mid < right.mean() - 0.1
    assert thinned.contains(float(right.mean()))
    assert seen.exchangeable(rng).inclusion is None


def test_evidence_sampled_evenly_is_left_alone() -> None:
    seen = evidence()
    assert seen.exchangeable(np.random.default_rng(0)) is seen


@pytest.mark.parametrize(
    "wrong",
    [
        {"recent": np.array([1.2])},
        {"p_any": np.array([0.5])},
        {"p_any": np.array([0.5]), "correct": np.array([0.3])},
        {"p_any": np.array([0.5]), "correct": np.array([1.0]), "inclusion": np.array([0.1, 0.2])},
    ],
    ids=["no-probability", "no-answer", "half-right", "other-length"],
)
def test_evidence_is_whole_or_refused(wrong: dict[str, np.ndarray]) -> None:
    with pytest.raises(ValueError, match=r"probabilities|0 or 1|same labelled requests"):
        Evidence(**wrong)


def test_prices_and_ends_are_checked() -> None:
    with pytest.raises(ValueError, match="costs"):
        Costs(error=-1.0)
    with pytest.raises(ValueError, match="two ends"):
        frontier(Evidence(), Costs(), n_points=1)
