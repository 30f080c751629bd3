"""Arrangements: the right order, and propensities that are exactly the chances of the policy that drew them."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.policy.arrange import Arrangement, arrange, impression_rng, step_propensities

logit_lists = st.lists(st.floats(-8, 8), min_size=1, max_size=5)


def ids_of(logits: list[float]) -> list[str]:
    return [f"o{i}" for i in range(len(logits))]


def pl_pmf(logits: list[float], order: tuple[int, ...], tau: float) -> float:
    """Plackett-Luce by its definition, slot by slot."""
    weight = np.exp((np.array(logits) - max(logits)) / tau)
    left, chance = set(range(len(logits))), 1.0
    for picked in order:
        chance *= weight[picked] / sum(weight[i] for i in left)
        left.remove(picked)
    return float(chance)


@given(logits=logit_lists, k=st.integers(0, 6))
def test_without_exploration_the_best_k_stand_in_order_with_certainty(logits: list[float], k: int) -> None:
    placed = arrange(ids_of(logits), logits, k)
    values = [logits[i] for i in placed.order]
    assert values == sorted(logits, reverse=True)[:k]
    assert placed.propensities == (1.0,) * len(values)


def test_ties_are_broken_by_id_whatever_the_order_of_arrival() -> None:
    assert arrange(["b", "c", "a"], [1.0, 1.0, 1.0], 2).order == (2, 0)
    assert arrange(["a", "b", "c"], [1.0, 1.0, 1.0], 2).order == (0, 1)


@given(logits=logit_lists, k=st.integers(1, 5), tau=st.floats(0.2, 5), seed=st.integers(0, 1_000))
def test_the_product_of_the_steps_is_the_chance_of_the_slate(
    logits: list[float], k: int, tau: float, seed: int
) -> None:
    placed = arrange(ids_of(logits), logits, k, tau=tau, rng=np.random.default_rng(seed))
    assert np.prod(placed.propensities) == pytest.approx(pl_pmf(logits, placed.order, tau), rel=1e-9)


@given(logits=logit_lists, tau=st.floats(0.3, 5), data=st.data())
def test_the_chances_of_all_slates_sum_to_one(logits: list[float], tau: float, data: st.DataObject) -> None:
    k = data.draw(st.integers(1, len(logits)))
    scaled = np.array(logits) / tau
    total = sum(np.prod(step_propensities(scaled, order)) for order in permutations(range(len(logits)), k))
    assert total == pytest.approx(1.0, rel=1e-9)


def test_slates_come_as_often_as_their_propensities_say() -> None:
    """Chi-square over the 20 ordered pairs of 5 options: 20 cells, 19 degrees; .999 quantile 43.8."""
    logits, tau, n = [1.5, 0.4, 0.0, -0.3, -1.0], 0.7, 20_000
    rng = np.random.default_rng(17)
    seen = Counter(arrange(ids_of(logits), logits, 2, tau=tau, rng=rng).order for _ in range(n))
    expected = {order: n * pl_pmf(logits, order, tau) for order in permutations(range(5), 2)}
    chi_square = sum((seen[order] - e) ** 2 / e for order, e in expected.items())
    assert set(seen) <= set(expected)
    assert chi_square < 43.8


def test_the_chi_square_would_notice_another_temperature() -> None:
    logits, n = [1.5, 0.4, 0.0, -0.3, -1.0], 20_000
    rng = np.random.default_rng(17)
    seen = Counter(arrange(ids_of(logits), logits, 2, tau=0.8, rng=rng).order for _ in range(n))
    expected = {order: n * pl_pmf(logits, order, 0.7) for order in permutations(range(5), 2)}
    assert sum((seen[order] - e) ** 2 / e for order, e in expected.items()) > 100


def test_little_exploration_keeps_close_to_the_best_order() -> None:
    logits = [3.0, 1.0, -1.0]
    orders = [arrange(ids_of(logits), logits, 3, tau=0.2, rng=np.random.default_rng(s)).order for s in range(500)]
    assert np.mean([order == (0, 1, 2) for order in orders]) > 0.99


@settings(deadline=None)
@given(logits=st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=6), seed=st.integers(0, 50))
def test_propensities_stay_valid_however_extreme_the_logits(logits: list[float], seed: int) -> None:
    placed = arrange(ids_of(logits), logits, 3, tau=0.01, rng=np.random.default_rng(seed))
    assert all(0.0 < p <= 1.0 for p in placed.propensities)


def test_of_near_identical_options_only_the_best_takes_part() -> None:
    clusters = {"a": "refund", "b": "refund", "d": "hello"}
    placed = arrange(["a", "b", "c", "d"], [1.0, 2.0, 0.0, -1.0], 4, clusters=clusters)
    assert placed.order == (1, 2, 3)


@given(seed=st.integers(0, 200))
def test_propensities_are_over_the_options_that_could_have_been_shown(seed: int) -> None:
    ids, logits = ["a", "b", "c"], [0.0, 5.0, 0.0]
    placed = arrange(ids, logits, 2, tau=1.0, rng=np.random.default_rng(seed), clusters={"a": "x", "b": "x"})
    assert set(placed.order) == {1, 2}
    assert placed.propensities[0] == pytest.approx(pl_pmf([5.0, 0.0], (placed.order[0] - 1,), 1.0))
    assert placed.propensities[1] == pytest.approx(1.0)


def test_options_without_a_cluster_are_never_merged() -> None:
    assert len(arrange(["a", "b"], [1.0, 1.0], 2, clusters={"z": "x"}).order) == 2
    assert len(arrange(["a", "b"], [1.0, 1.0], 2, clusters={}).order) == 2


def test_nothing_to_arrange_is_an_empty_slate() -> None:
    assert arrange([], [], 3) == Arrangement(order=(), propensities=())
    assert arrange([], [], 3, tau=1.0, rng=np.random.default_rng(0)).order == ()


def test_an_impression_draws_the_same_in_every_replay() -> None:
    def slate(impression: str, seed: int = 7) -> tuple[int, ...]:
        return arrange(ids_of([0.0] * 8), [0.0] * 8, 8, tau=1.0, rng=impression_rng(impression, seed)).order

    assert slate("i-1") == slate("i-1")
    assert slate("i-1") != slate("i-2")
    assert slate("i-1") != slate("i-1", seed=8)


def test_draws_of_following_impressions_are_unrelated() -> None:
    """First uniforms of 2,000 consecutive ids: mean and neighbour correlation within 4 standard errors of chance."""
    first = np.array([impression_rng(f"{i:08d}", 0).random() for i in range(2_000)])
    assert abs(first.mean() - 0.5) < 4 * np.sqrt(1 / 12 / 2_000)
    assert abs(np.corrcoef(first[:-1], first[1:])[0, 1]) < 4 / np.sqrt(2_000)


def test_valuing_a_logged_order_under_another_policy() -> None:
    logits = [1.0, 0.0, -1.0]
    assert step_propensities(np.array(logits) / 0.5, [2, 0]).prod() == pytest.approx(pl_pmf(logits, (2, 0), 0.5))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"logits": [1.0]}, "one logit an option"),
        ({"logits": [1.0, float("nan")]}, "finite"),
        ({"ids": ["a", "a"]}, "differ"),
        ({"k": -1}, ">= 0"),
        ({"tau": -0.5}, ">= 0"),
        ({"tau": 0.5}, "rng of the impression"),
    ],
)
def test_what_cannot_be_arranged_is_refused(change: dict[str, object], says: str) -> None:
    asked: dict[str, object] = {"ids": ["a", "b"], "logits": [1.0, 2.0], "k": 2, "tau": 0.0} | change
    with pytest.raises(ValueError, match=says):
        arrange(**asked)  # type: ignore[arg-type]


def test_an_arrangement_is_whole() -> None:
    with pytest.raises(ValueError, match="one propensity a slot"):
        Arrangement(order=(0, 1), propensities=(1.0,))
    with pytest.raises(ValueError, match="picked twice"):
        step_propensities([0.0, 0.0], [1, 1])
