"""The slider's solver: each way of asking gets the line it means, and words that are true."""

from __future__ import annotations

import numpy as np
import pytest

from suggest.domain.policy import Mode, Target, TargetKind
from suggest.domain.slate import Decision
from suggest.policy.decide import decide
from suggest.policy.solve import Costs, Evidence, InForce, preview, solve, stricter
from suggest.policy.threshold import SEND_ALL


def wish(kind: TargetKind, value: float) -> Target:
    return Target(kind=kind, value=value)


def evidence(n: int = 2_000, seed: int = 0) -> Evidence:
    rng = np.random.default_rng(seed)
    p = np.where(rng.random(n) < 0.87, 1 - rng.beta(0.35, 6, n), rng.beta(1, 4, n))
    return Evidence(recent=rng.permutation(p), p_any=p, correct=(rng.random(n) < p).astype(float))


def solved(target: Target, seen: Evidence | None = None, **how: object) -> InForce:
    return solve(target, seen if seen is not None else evidence(), rng=np.random.default_rng(0), **how)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [0.0, 0.3, 0.999])
def test_p_any_is_the_line_itself(value: float) -> None:
    assert solved(wish(TargetKind.P_ANY, value)).threshold == value


def test_p_any_at_its_end_sends_all_even_what_is_quite_certain() -> None:
    end = solved(wish(TargetKind.P_ANY, 1.0))
    assert end.threshold > 1.0  # p_any itself can be 1
    assert end.threshold == pytest.approx(1.0)
    assert end.certified


@pytest.mark.parametrize("share", [0.1, 0.25, 0.6])
def test_a_review_share_sends_that_share(share: float) -> None:
    seen = evidence()
    threshold = solved(wish(TargetKind.REVIEW_SHARE, share), seen).threshold
    assert np.mean(seen.recent < threshold) == pytest.approx(share, abs=1 / seen.recent.size)


def test_a_review_share_follows_traffic_as_it_is_now_rather_than_old_labels() -> None:
    seen = Evidence(recent=np.linspace(0, 0.5, 11), p_any=np.linspace(0.5, 1, 11), correct=np.ones(11))
    assert solved(wish(TargetKind.REVIEW_SHARE, 0.5), seen).threshold == pytest.approx(0.25, abs=0.051)


def test_a_price_of_an_error_is_chows_line() -> None:
    assert solved(wish(TargetKind.COST, 20.0)).threshold == pytest.approx(0.95)
    assert solved(wish(TargetKind.COST, 20.0), costs=Costs(human=5.0)).threshold == pytest.approx(0.75)
    assert solved(wish(TargetKind.COST, 1.0)).threshold == 0.0


def test_a_precision_with_enough_labels_is_certified_in_the_owners_words() -> None:
    line = solved(wish(TargetKind.PRECISION, 0.95))
    assert line.certified
    assert line.n_needed is None
    assert "at least 95.0% of what is shown contains a right option, wrong at most one time in 10" in line.why


def test_a_precision_without_labels_is_not_promised() -> None:
    line = solved(wish(TargetKind.PRECISION, 0.95), Evidence())
    assert not line.certified
    assert line.threshold == 0.95  # calibrated, right on average
    assert line.n_needed == 45
    assert "not certifiable" in line.why
    assert "on average only" in line.why


def test_a_precision_no_threshold_reaches_asks_for_no_labels() -> None:
    rng = np.random.default_rng(3)
    p = rng.uniform(0.4, 0.6, 4_000)
    line = solved(wish(TargetKind.PRECISION, 0.95), Evidence(p_any=p, correct=(rng.random(4_000) < p).astype(float)))
    assert (line.certified, line.n_needed) == (False, None)
    assert "better model" in line.why


@pytest.mark.parametrize(
    "target",
    [
        wish(TargetKind.P_ANY, 0.0),
        wish(TargetKind.REVIEW_SHARE, 0.0),
        wish(TargetKind.PRECISION, 0.0),
        wish(TargetKind.COST, 0.0),
    ],
    ids=lambda t: t.kind,
)
@pytest.mark.parametrize("seen", [Evidence(), evidence(200)], ids=["cold", "warm"])
def test_the_speed_end_never_asks_a_person(target: Target, seen: Evidence) -> None:
    threshold = solved(target, seen).threshold
    assert all(_decision(p, threshold) is Decision.SHOW for p in (0.0, 0.5, 1.0))


@pytest.mark.parametrize(
    "target", [wish(TargetKind.REVIEW_SHARE, 1.0), wish(TargetKind.PRECISION, 1.0)], ids=lambda t: t.kind
)
@pytest.mark.parametrize("seen", [Evidence(), evidence(200)], ids=["cold", "warm"])
def test_the_quality_end_sends_everything_to_people_even_what_the_model_is_certain_of(
    target: Target, seen: Evidence
) -> None:
    line = solved(target, seen)
    assert line.threshold == SEND_ALL
    assert line.certified
    assert all(_decision(p, line.threshold) is Decision.ESCALATE for p in (0.0, 0.5, 1.0))


def test_labels_of_escalated_and_audited_requests_are_brought_to_one_rate_before_anything_is_promised() -> None:
    """Audits say .9 of what is shown is right. Taken raw, a flood of easy escalated labels would certify .95."""
    rng = np.random.default_rng(4)
    audited = (rng.random(2_000) < 0.90).astype(float)
    seen = Evidence(
        p_any=np.concatenate([np.full(2_000, 0.9), np.full(18_000, 0.8)]),
        correct=np.concatenate([audited, np.ones(18_000)]),
        inclusion=np.concatenate([np.full(2_000, 0.05), np.ones(18_000)]),
    )
    raw = Evidence(p_any=seen.p_any, correct=seen.correct)
    assert solved(wish(TargetKind.PRECISION, 0.95), raw).certified
    assert not solved(wish(TargetKind.PRECISION, 0.95), seen).certified


def test_the_same_seed_gives_the_same_line() -> None:
    assert solved(wish(TargetKind.PRECISION, 0.95)) == solved(wish(TargetKind.PRECISION, 0.95))


def test_a_preview_says_what_would_happen_there() -> None:
    seen = evidence()
    waits: list[float] = []

    def wait_s(review_share: float) -> float:
        waits.append(review_share)
        return 40.0

    shown = preview(
        wish(TargetKind.REVIEW_SHARE, 0.3), seen, rng=np.random.default_rng(0), costs=Costs(error=5), wait_s=wait_s
    )
    assert shown.expected.review_share == pytest.approx(0.3)
    assert waits[0] == shown.expected.review_share  # then those of the frontier
    assert shown.expected.wait_s == 40.0
    above = seen.p_any >= shown.in_force.threshold
    assert shown.expected.precision.mid == pytest.approx(seen.correct[above].mean())
    assert shown.expected.precision.low < shown.expected.precision.mid < shown.expected.precision.high
    assert shown.expected.cost == pytest.approx(0.3 + 5 * 0.7 * (1 - seen.correct[above].mean()), abs=1e-3)
    assert len(shown.frontier) > 10


def test_where_nobody_is_asked_nobody_waits() -> None:
    shown = preview(wish(TargetKind.P_ANY, 0.0), evidence(), rng=np.random.default_rng(0), wait_s=lambda share: 99.0)
    assert (shown.expected.review_share, shown.expected.wait_s) == (0.0, None)


def test_a_cost_target_prices_its_own_preview() -> None:
    seen, share = evidence(), wish(TargetKind.P_ANY, 0.8)
    dear = preview(wish(TargetKind.COST, 5.0), seen, rng=np.random.default_rng(0))
    same_line = preview(share, seen, rng=np.random.default_rng(0), costs=Costs(error=5.0))
    assert dear.in_force.threshold == pytest.approx(0.8)
    assert dear.expected.cost == pytest.approx(same_line.expected.cost)


def test_each_place_of_the_frontier_says_how_long_whoever_goes_to_people_would_wait() -> None:
    def wait_s(share: float) -> float | None:
        return 60.0 / (1.0 - share) if share < 1.0 else None

    told = preview(wish(TargetKind.PRECISION, 0.9), evidence(), rng=np.random.default_rng(0), wait_s=wait_s)
    first, *inner, last = told.frontier
    assert (first.wait_s, last.wait_s) == (None, None)  # nobody goes to people; those on duty cannot keep up
    waits = [place.wait_s for place in inner]
    assert None not in waits
    assert waits == sorted(waits)


def test_the_cost_line_is_the_cheapest_of_its_own_frontier() -> None:
    shown = preview(wish(TargetKind.COST, 10.0), evidence(20_000), rng=np.random.default_rng(0))
    assert shown.expected.cost <= min(p.cost for p in shown.frontier) * 1.03


def test_a_cold_surface_can_be_previewed_at_both_ends() -> None:
    for share in (0.0, 1.0):
        shown = preview(wish(TargetKind.REVIEW_SHARE, share), Evidence(), rng=np.random.default_rng(0))
        assert shown.expected.review_share == share


def _decision(p_any: float, threshold: float) -> Decision:
    verdict = decide(p_any=p_any, threshold=threshold, mode=Mode.ASSIST, needs_answer=True, escalation_on=True)
    return verdict.decision


def test_the_stricter_of_a_promise_and_a_price_wins() -> None:
    promise = InForce(threshold=0.6, why="as promised", certified=True)
    precise = Target(kind=TargetKind.PRECISION, value=0.9)
    assert stricter(promise, precise, error_cost=10).threshold == pytest.approx(0.9)
    assert stricter(promise, precise, error_cost=2) == promise
    assert stricter(promise, precise, error_cost=10).certified


@pytest.mark.parametrize(("value", "end"), [(0.0, 0.0), (1.0, SEND_ALL)])
def test_a_price_moves_no_end_of_the_slider(value: float, end: float) -> None:
    line = InForce(threshold=end, why="an end", certified=True)
    assert stricter(line, Target(kind=TargetKind.PRECISION, value=value), error_cost=10) == line


def test_a_preview_counts_people_and_the_cost_of_a_thousand() -> None:
    seen = Evidence(recent=np.linspace(0.0, 0.9, 10))
    target = Target(kind=TargetKind.REVIEW_SHARE, value=0.5)
    found = preview(target, seen, rng=np.random.default_rng(0), people=lambda share: round(10 * share)).expected
    assert found.people_needed == 5
    assert found.cost_per_1000 == pytest.approx(1_000 * found.cost)
