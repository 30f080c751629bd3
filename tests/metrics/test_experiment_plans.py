"""Two arms by hand: the interval as its paper writes it, the smallest plan that suffices, the split as counted."""

from __future__ import annotations

import math
from statistics import NormalDist

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from suggest.metrics.experiment import (
    FEWEST_OF_AN_ARM,
    Arm,
    difference,
    people_needed,
    sample_ratio_p,
)

SIZE = st.integers(FEWEST_OF_AN_ARM, 20_000)


@st.composite
def arms(draw: st.DrawFn) -> Arm:
    n = draw(SIZE)
    return Arm(right=draw(st.integers(0, n)), n=n)


def paper_half_width(a: Arm, b: Arm, rho2: float, alpha: float = 0.05) -> float:
    """Waudby-Smith et al. 2024, with the variance of the difference times N; rho2 is theirs to choose."""
    n = a.n + b.n
    p_a, p_b = (a.right + 1) / (a.n + 2), (b.right + 1) / (b.n + 2)
    v = n * (p_a * (1 - p_a) / a.n + p_b * (1 - p_b) / b.n)
    grown = n * rho2 + 1
    return math.sqrt(v * 2 * grown / (n * n * rho2) * math.log(math.sqrt(grown) / alpha))


def half(a: Arm, b: Arm, **more: float) -> float:
    found = difference(a, b, **more)  # type: ignore[arg-type]
    return max(found.high - found.mid, found.mid - found.low)


# -- arms


@pytest.mark.parametrize(("right", "n"), [(-1, 5), (6, 5), (0, -1)])
def test_an_arm_counts_no_more_right_than_there_are(right: int, n: int) -> None:
    with pytest.raises(ValueError, match=f"got {right} of {n}"):
        Arm(right=right, n=n)


def test_an_arm_without_outcomes_is_a_coin_and_no_arm_is_certain() -> None:
    assert (Arm(right=0, n=0).share, Arm(right=0, n=0).variance) == (0.5, 0.25)
    assert Arm(right=0, n=98).variance == pytest.approx(0.01 * 0.99)
    assert Arm(right=98, n=98).variance == pytest.approx(0.01 * 0.99)


# -- the difference


@settings(max_examples=60, derandomize=True, deadline=None)
@given(arms(), arms())
def test_the_interval_is_the_papers_at_the_best_rho_there_is(a: Arm, b: Arm) -> None:
    """At the outcomes it is tuned for, no rho of a fine grid makes it narrower by more than half a percent."""
    n = a.n + b.n
    best = min(paper_half_width(a, b, 10 ** (power / 40) / n) for power in range(-40, 121))
    found = difference(a, b, tuned_for=n)
    mid = b.right / b.n - a.right / a.n
    assert found.mid == pytest.approx(mid)
    assert max(-1, mid - best * 1.005) <= found.low <= max(-1, mid - best * 0.999)
    assert min(1, mid + best * 0.999) <= found.high <= min(1, mid + best * 1.005)
    assert found.n == n


@settings(max_examples=60, derandomize=True, deadline=None)
@given(arms(), arms())
def test_an_interval_that_may_be_looked_at_is_wider_than_one_that_may_not(a: Arm, b: Arm) -> None:
    assume(a.right not in (0, a.n) and b.right not in (0, b.n))
    once = NormalDist().inv_cdf(0.975) * math.sqrt(a.variance / a.n + b.variance / b.n)
    found = difference(a, b, tuned_for=a.n + b.n)
    assert found.high == 1.0 or found.high - found.mid > once
    assert found.low == -1.0 or found.mid - found.low > once


def test_it_is_narrowest_where_it_was_tuned() -> None:
    a, b = Arm(right=300, n=1_000), Arm(right=320, n=1_000)
    widths = {tuned: half(a, b, tuned_for=tuned) for tuned in (20, 200, 2_000, 20_000, 200_000)}
    assert min(widths, key=lambda tuned: widths[tuned]) == 2_000
    assert half(a, b, tuned_for=2_000) == half(a, b), "two thousand is what it is tuned for unless told"


@pytest.mark.parametrize("factor", [2, 4, 10])
def test_more_outcomes_and_less_confidence_are_narrower(factor: int) -> None:
    a, b = Arm(right=60, n=200), Arm(right=90, n=200)
    more = (Arm(right=60 * factor, n=200 * factor), Arm(right=90 * factor, n=200 * factor))
    assert half(*more) < half(a, b)
    widths = [half(a, b, confidence=confidence) for confidence in (0.8, 0.9, 0.95, 0.99)]
    assert widths == sorted(widths)
    assert len(set(widths)) == 4


@pytest.mark.parametrize("n", [0, 1, FEWEST_OF_AN_ARM - 1])
def test_under_fifty_of_an_arm_anything_is_possible(n: int) -> None:
    for a, b in ((Arm(right=n, n=n), Arm(right=0, n=9_000)), (Arm(right=0, n=9_000), Arm(right=n, n=n))):
        found = difference(a, b)
        assert (found.low, found.high, found.n) == (-1.0, 1.0, n + 9_000)
    even = difference(Arm(right=0, n=FEWEST_OF_AN_ARM), Arm(right=FEWEST_OF_AN_ARM, n=FEWEST_OF_AN_ARM))
    assert even.low > 0, "from fifty on it may be known"


# -- the plan


def is_found(base: float, effect: float, n: int, *, power: float = 0.8, share_b: float = 0.5) -> bool:
    """Whether n outcomes leave 0 outside with chance `power`: the true gap less its half-width, by the normal law."""
    other = base + effect
    sd = math.sqrt(base * (1 - base) / (1 - share_b) + other * (1 - other) / share_b)
    rho2 = (-2 * math.log(0.05) + math.log(1 - 2 * math.log(0.05))) / n
    grown = n * rho2 + 1
    width = sd * math.sqrt(2 * grown / (n * n * rho2) * math.log(math.sqrt(grown) / 0.05))
    return NormalDist().cdf((abs(effect) - width) / (sd / math.sqrt(n))) >= power


@settings(max_examples=60, derandomize=True, deadline=None)
@given(
    st.floats(0.05, 0.95),
    st.floats(0.01, 0.4),
    st.sampled_from([-1, 1]),
    st.sampled_from([0.5, 0.8, 0.95]),
    st.sampled_from([0.1, 0.5, 0.7]),
)
def test_the_plan_is_the_smallest_that_suffices(
    base: float, effect: float, sign: int, power: float, share_b: float
) -> None:
    effect *= sign
    assume(0.01 < base + effect < 0.99)
    n = people_needed(base, effect, power=power, share_b=share_b)
    assert n is not None
    fewest = math.ceil(FEWEST_OF_AN_ARM / min(share_b, 1 - share_b))
    assert n >= fewest
    assert is_found(base, effect, n + 1, power=power, share_b=share_b)
    if n > fewest:
        assert not is_found(base, effect, n - 2, power=power, share_b=share_b)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.floats(0.05, 0.9), st.floats(0.005, 0.05))
def test_a_loss_takes_as_many_as_the_gain_that_mends_it(base: float, effect: float) -> None:
    gain, loss = people_needed(base, effect), people_needed(base + effect, -effect)
    assert gain is not None
    assert loss is not None
    assert abs(gain - loss) <= 1
    mirrored = people_needed(1 - base, -effect)
    assert mirrored is not None
    assert abs(gain - mirrored) <= 1, "right and wrong may change names"


def test_a_plan_is_never_for_arms_too_small_to_be_told_apart() -> None:
    assert people_needed(0.02, 0.95) == 2 * FEWEST_OF_AN_ARM
    assert people_needed(0.02, 0.95, share_b=0.1) == 10 * FEWEST_OF_AN_ARM


def test_an_uneven_split_costs_and_a_hundred_million_are_nobody() -> None:
    even, uneven, worse = (people_needed(0.3, 0.05, share_b=share) or 0 for share in (0.5, 0.2, 0.05))
    assert even < uneven < worse
    assert people_needed(0.5, 1e-5) is None


@pytest.mark.parametrize("wrong", [{"power": 0.0}, {"power": 1.0}, {"confidence": 1.0}, {"confidence": 0.0}])
def test_no_plan_is_certain(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="power and confidence"):
        people_needed(0.3, 0.1, **wrong)


@pytest.mark.parametrize(
    "wrong", [{"share_b": 0.0}, {"share_b": 1.0}, {"base": float("nan")}, {"effect": float("nan")}]
)
def test_what_is_no_share_is_no_plan(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        people_needed(**{"base": 0.3, "effect": 0.1, **wrong})  # type: ignore[arg-type]


# -- the split


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.integers(0, 5_000), st.integers(0, 5_000), st.floats(0.05, 0.95))
def test_a_split_is_as_surprising_from_either_side(n_a: int, n_b: int, share_b: float) -> None:
    p = sample_ratio_p(n_a, n_b, share_b=share_b)
    assert 0 <= p <= 1
    assert p == pytest.approx(sample_ratio_p(n_b, n_a, share_b=1 - share_b), rel=1e-6, abs=1e-12)
    if n_a + n_b:
        expected = (n_a + n_b) * (1 - share_b), (n_a + n_b) * share_b
        chi2 = sum((n - e) ** 2 / e for n, e in zip((n_a, n_b), expected, strict=True))
        assert p == pytest.approx(2 * (1 - NormalDist().cdf(math.sqrt(chi2))), abs=1e-9)


@pytest.mark.parametrize(
    ("n_a", "n_b", "share_b", "p"),
    [(0, 0, 0.5, 1.0), (1, 0, 0.5, 0.3173), (50, 50, 0.5, 1.0), (40, 60, 0.5, 0.0455), (100, 0, 0.5, 1.5e-23)],
)
def test_a_split_by_hand(n_a: int, n_b: int, share_b: float, p: float) -> None:
    assert sample_ratio_p(n_a, n_b, share_b=share_b) == pytest.approx(p, rel=0.02)
