"""Where the line runs and what it decides, against every case written out and against brute force over every line."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.domain.policy import Mode, Target, TargetKind
from suggest.domain.slate import Decision
from suggest.policy.decide import decide
from suggest.policy.frontier import Costs, Evidence, points
from suggest.policy.solve import preview, solve
from suggest.policy.threshold import SEND_ALL, Certified, certify, chow_threshold, review_share_threshold

MODEST = settings(max_examples=60, deadline=None, derandomize=True)
SHARES = st.floats(0, 1)
SAMPLES = st.lists(SHARES, min_size=1, max_size=40)


# -- decide: every case


CASES = list(
    itertools.product(Mode, [True, False], [True, False], [0, 3], [True, False], [0.2, 0.5, 0.8], [True, False])
)


@pytest.mark.parametrize("mode", list(Mode))
def test_every_case_is_decided_as_the_contract_says(mode: Mode) -> None:
    """Written a second time in the contract's own order, and compared case by case."""

    def as_said(needs: bool, escalation: bool, n_items: int, degraded: bool, p_any: float, certified: bool) -> Decision:
        ask = Decision.ESCALATE if escalation else Decision.ABSTAIN
        if mode is Mode.REVIEW_ALL:
            return Decision.ESCALATE
        if mode is Mode.SHADOW:
            return ask
        if not needs:
            return Decision.ABSTAIN
        if n_items == 0 or p_any < 0.5:
            return ask
        acts_alone = mode is Mode.AUTO and certified and not degraded
        return Decision.AUTO if acts_alone else Decision.SHOW

    for of_mode, needs, escalation, n_items, degraded, p_any, certified in CASES:
        if of_mode is mode:
            made = decide(
                p_any=p_any,
                threshold=0.5,
                mode=mode,
                needs_answer=needs,
                escalation_on=escalation,
                n_items=n_items,
                degraded=degraded,
                certified_top1=certified,
                p_top1=p_any,
                top1_threshold=0.4,
            )
            assert made.decision is as_said(needs, escalation, n_items, degraded, p_any, certified)
            assert made.reason is not None or made.decision is Decision.SHOW, (
                "only what is likely right needs no reason"
            )


@MODEST
@given(SHARES, SHARES, SHARES)
def test_a_more_certain_slate_is_never_withheld_where_a_less_certain_one_is_shown(
    p: float, q: float, line: float
) -> None:
    low, high = sorted((p, q))
    shown = [
        decide(p_any=each, threshold=line, mode=Mode.ASSIST, needs_answer=True, escalation_on=True).decision
        is Decision.SHOW
        for each in (low, high)
    ]
    assert shown[1] >= shown[0]
    assert shown == [low >= line, high >= line]


@pytest.mark.parametrize(
    "wrong", [{"p_any": -0.1}, {"p_any": 1.1}, {"p_top1": math.nan}, {"threshold": math.nan}], ids=str
)
def test_what_is_no_probability_decides_nothing(wrong: dict[str, float]) -> None:
    said = {"p_any": 0.5, "threshold": 0.5, "p_top1": 0.5} | wrong
    with pytest.raises(ValueError):
        decide(mode=Mode.ASSIST, needs_answer=True, escalation_on=True, **said)  # type: ignore[arg-type]  # as wrong as it is


# -- thresholds against brute force


@MODEST
@given(SAMPLES, SHARES)
def test_no_line_comes_nearer_to_a_review_share_from_below(p: list[float], share: float) -> None:
    line = review_share_threshold(p, share)
    sent = sum(each < line for each in p)
    wish = share * len(p)
    possible = {sum(each < cut for each in p) for cut in (*p, 0.0, *([SEND_ALL] if share == 1 else []))}
    assert sent in possible
    assert sent <= wish + 0.5
    better = [n for n in possible if n <= wish + 0.5 and n > sent]
    assert not better, "equal requests stay together, and no line sends more without sending too many"


@MODEST
@given(st.floats(0.01, 50), st.floats(0.01, 5), st.lists(st.tuples(SHARES, st.booleans()), min_size=1, max_size=30))
def test_no_line_is_cheaper_than_chows_for_calibrated_probabilities(
    error: float, human: float, requests: list[tuple[float, bool]]
) -> None:
    """Expected cost of a line: a slate that is shown costs (1 - p) errors, one that is not costs a person."""

    def cost(line: float) -> float:
        return sum(human if p < line else (1 - p) * error for p, _ in requests)

    best = cost(chow_threshold(error, human))
    assert all(best <= cost(line) + 1e-9 for line in [*(p for p, _ in requests), 0.0, SEND_ALL])


@MODEST
@given(SAMPLES, SHARES)
def test_the_points_of_a_frontier_are_counted_as_one_would(p: list[float], line: float) -> None:
    rng = np.random.default_rng(0)
    right = (rng.random(len(p)) < np.array(p)).astype(float)
    [place] = points([line], Evidence(recent=np.array(p), p_any=np.array(p), correct=right), Costs())
    shown = [r for each, r in zip(p, right, strict=True) if each >= line]
    assert place.review_share == pytest.approx(1 - len(shown) / len(p))
    assert place.precision.n == len(shown)
    if shown:
        assert place.precision.mid == pytest.approx(sum(shown) / len(shown))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(50, 400), st.integers(0, 10_000), st.sampled_from([0.8, 0.9, 0.95]))
def test_what_is_certified_holds_its_exact_test_and_stands_where_somebody_stood(
    n: int, seed: int, target: float
) -> None:
    rng = np.random.default_rng(seed)
    p = rng.beta(4, 1, n)
    right = (rng.random(n) < p).astype(float)
    found = certify(p, right, target=target)
    if isinstance(found, Certified):
        assert found.bound >= target - 1e-9
        assert 0 <= found.errors <= found.n
        assert found.n - found.errors >= target * found.n - 1e-9
        assert 0 < found.share <= 1
    else:
        assert found.why
        assert found.n_needed is None or found.n_needed > 0


# -- solve and preview


WISHES = [
    Target(kind=kind, value=value)
    for kind in TargetKind
    for value in ((0.0, 0.3, 0.95, 1.0) if kind is not TargetKind.COST else (0.0, 0.5, 3.0, 1e6))
]


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: f"{wish.kind} {wish.value:g}")
@pytest.mark.parametrize("n", [0, 1, 60])
def test_every_wish_has_a_line_and_a_reason_whatever_is_known(wish: Target, n: int) -> None:
    rng = np.random.default_rng(2)
    p = rng.random(n)
    seen = Evidence(recent=p, p_any=p, correct=(rng.random(n) < p).astype(float))
    line = solve(wish, seen, rng=np.random.default_rng(0))
    assert 0 <= line.threshold <= SEND_ALL
    assert line.why
    assert not (line.certified and line.n_needed), "what is certified needs no more labels"
    before = preview(wish, seen, rng=np.random.default_rng(0), wait_s=lambda share: 60 * share)
    assert before.in_force == line
    assert 0 <= before.expected.review_share <= 1
    shares = [place.review_share for place in before.frontier]
    assert shares == sorted(shares) or shares == sorted(shares, reverse=True)
    assert (before.expected.wait_s is None) == (before.expected.review_share == 0)


@pytest.mark.parametrize("n", [0, 60])
def test_both_ends_of_every_share_are_exact(n: int) -> None:
    seen = Evidence(recent=np.linspace(0, 1, n))
    for kind in (TargetKind.REVIEW_SHARE,):
        nobody = solve(Target(kind=kind, value=0.0), seen, rng=np.random.default_rng(0))
        everybody = solve(Target(kind=kind, value=1.0), seen, rng=np.random.default_rng(0))
        assert (nobody.threshold, nobody.certified) == (0.0, True)
        assert everybody.threshold > 1
        assert everybody.certified
    sure = solve(Target(kind=TargetKind.PRECISION, value=1.0), seen, rng=np.random.default_rng(0))
    assert sure.threshold > 1, "no model is never wrong"


def test_a_dearer_error_asks_people_more_often() -> None:
    lines = [
        solve(Target(kind=TargetKind.COST, value=value), Evidence(), rng=np.random.default_rng(0)).threshold
        for value in (0.0, 0.5, 1.0, 2.0, 10.0, 1000.0)
    ]
    assert lines == sorted(lines)
    assert 0 <= lines[0] <= lines[-1] < 1
