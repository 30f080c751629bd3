"""The one feature function: named columns that mean what their comments say, whatever the pool."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.rank.evidence import Evidence
from suggest.rank.features import (
    OPTION_FEATURES,
    SET_FEATURES,
    column,
    neighbourhood,
    option_features,
    set_features,
)
from suggest.rank.pool import union
from suggest.rank.ranker import COLUMNS, Ranker


def evidence(
    name: list[float],
    neighbours: list[tuple[str | None, float, float]] | None = None,
    *,
    weight: list[float] | None = None,
    centroid: list[float] | None = None,
) -> Evidence:
    """Candidates a, b, c … with these name cosines; neighbours are (item, cosine, weight)."""
    n, near = len(name), sorted(neighbours or [], key=lambda each: -each[1])
    column_of = lambda values: np.array(values if values is not None else [0.0] * n, np.float32)  # noqa: E731
    return Evidence(
        ids=tuple("abcdefghijklmnop"[:n]),
        embedding=np.zeros(4, np.float32),
        name_cosine=column_of(name),
        centroid_cosine=column_of(centroid),
        memory_weight=column_of(weight),
        lexical=np.zeros(n, np.float32),
        neighbour_items=[item for item, _, _ in near],
        neighbour_cosines=np.array([cosine for _, cosine, _ in near], np.float32),
        neighbour_weights=np.array([weight for _, _, weight in near], np.float32),
    )


def columns(found: Evidence) -> dict[str, np.ndarray]:
    rows = option_features(found, neighbourhood(found), np.zeros(len(found.ids), np.float32))
    return {name: rows[:, place] for place, name in enumerate(OPTION_FEATURES)}


def pool(found: Evidence) -> dict[str, float]:
    near = neighbourhood(found)
    rows = option_features(found, near, np.zeros(len(found.ids), np.float32))
    return dict(zip(SET_FEATURES, set_features(found, near, rows, 0.0).tolist(), strict=True))


def test_a_candidate_nobody_chose_is_described_by_its_own_text() -> None:
    said = columns(evidence([0.7, 0.2]))
    assert said["best_cosine"].tolist() == pytest.approx([0.7, 0.2])
    assert said["centroid_cosine"].tolist() == pytest.approx([0.7, 0.2])
    assert said["second_cosine"].tolist() == pytest.approx([0.5, 0.0])
    assert said["vote"].sum() == pytest.approx(1)


def test_past_contexts_take_the_place_of_the_name_where_they_are_nearer() -> None:
    said = columns(evidence([0.3, 0.2], [("a", 0.9, 1.0), ("a", 0.8, 1.0), ("b", 0.1, 1.0)], weight=[2, 1]))
    assert said["best_cosine"].tolist() == pytest.approx([0.9, 0.2])
    assert said["second_cosine"].tolist() == pytest.approx([0.8, 0.1])
    assert said["vote"][0] > 0.99
    assert said["gap_best"].tolist() == pytest.approx([0.0, -0.7])


def test_a_weak_memory_is_less_near_than_a_strong_one() -> None:
    strong = columns(evidence([0.0, 0.0], [("a", 0.9, 1.0)]))["best_cosine"][0]
    weak = columns(evidence([0.0, 0.0], [("a", 0.9, 0.1)]))["best_cosine"][0]
    assert weak < strong


def test_what_nothing_was_right_for_votes_for_none() -> None:
    assert pool(evidence([0.2, 0.1], [("a", 0.9, 1.0), (None, 0.9, 1.0)]))["none_vote"] == pytest.approx(0.5, abs=0.01)
    assert pool(evidence([0.2, 0.1], [("a", 0.9, 1.0)]))["none_vote"] == 0


def test_how_much_is_known_is_told_against_the_pools_mean() -> None:
    """Memory grows between retrains: doubling all of it must not look like a different kind of request."""
    few = columns(evidence([0.5, 0.5], weight=[1, 3]))
    many = columns(evidence([0.5, 0.5], weight=[101, 303]))
    assert few["rel_weight"].sum() == pytest.approx(0, abs=1e-6)
    assert many["rel_weight"].sum() == pytest.approx(0, abs=1e-6)
    assert columns(evidence([0.5, 0.5], weight=[7, 7]))["rel_weight"].tolist() == [0, 0]
    assert few["thin_name"][0] > 0 > few["thin_name"][1]


def test_neighbours_that_are_no_candidates_any_more_say_nothing() -> None:
    with_stranger = columns(evidence([0.4, 0.2], [("retired", 0.99, 1.0)]))
    assert with_stranger["best_cosine"].tolist() == pytest.approx([0.4, 0.2])
    assert with_stranger["vote"].sum() == pytest.approx(1, abs=1e-5)


def test_an_empty_pool_is_all_zeros() -> None:
    found = evidence([])
    ranked = Ranker().columns(found)
    assert ranked.option.shape == (0, len(COLUMNS))
    assert ranked.pool.tolist() == [0.0] * len(SET_FEATURES)


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="memory_weight"):
        evidence([0.1, 0.2], weight=[1.0])


def test_names_find_their_columns_whatever_the_order() -> None:
    ranked = Ranker().columns(evidence([0.7, 0.2]))
    picked = ranked.named(("vote", "name_cosine"))
    assert picked[:, 1].tolist() == pytest.approx([0.7, 0.2])
    assert ranked.pool_named(("max_best", "max_name")).tolist() == pytest.approx([0.7, 0.7])
    assert [OPTION_FEATURES[column(name)] for name in OPTION_FEATURES] == list(OPTION_FEATURES)
    with pytest.raises(ValueError):
        ranked.named(("no such column",))


@settings(deadline=None)
@given(
    name=st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=8),
    near=st.lists(
        st.tuples(st.sampled_from(["a", "b", "c", "x", None]), st.floats(-1, 1, width=32), st.floats(0.0625, 1)),
        max_size=12,
    ),
)
def test_every_pool_gives_finite_columns_that_keep_their_word(
    name: list[float], near: list[tuple[str | None, float, float]]
) -> None:
    found = evidence(name, near)
    said, of_pool = columns(found), pool(found)
    assert all(np.isfinite(values).all() for values in said.values())
    assert said["vote"].min() >= 0
    assert said["vote"].sum() + of_pool["none_vote"] == pytest.approx(1, abs=1e-4)
    assert (said["best_cosine"] >= said["name_cosine"] - 1e-6).all()
    assert (said["second_cosine"] <= said["best_cosine"] + 1e-6).all()
    for gap in ("gap_name", "gap_best", "gap_centroid"):
        assert said[gap].max() == 0
    assert 0 <= of_pool["vote_entropy"] <= np.log(len(name) + 1) + 1e-4


@settings(deadline=None)
@given(st.permutations(range(5)))
def test_the_order_of_the_pool_says_nothing(order: list[int]) -> None:
    name, weight = [0.5, 0.1, 0.8, 0.3, 0.2], [0.0, 3.0, 1.0, 0.0, 7.0]
    near: list[tuple[str | None, float, float]] = [("b", 0.9, 1.0), ("e", 0.6, 1.0), (None, 0.5, 1.0)]
    plain = evidence(name, near, weight=weight)
    shuffled = Evidence(
        ids=tuple(plain.ids[i] for i in order),
        embedding=plain.embedding,
        name_cosine=plain.name_cosine[order],
        centroid_cosine=plain.centroid_cosine[order],
        memory_weight=plain.memory_weight[order],
        lexical=plain.lexical[order],
        neighbour_items=plain.neighbour_items,
        neighbour_cosines=plain.neighbour_cosines,
        neighbour_weights=plain.neighbour_weights,
    )
    one, other = Ranker().columns(plain), Ranker().columns(shuffled)
    np.testing.assert_allclose(other.option, one.option[order], atol=1e-6)
    np.testing.assert_allclose(other.pool, one.pool, atol=1e-5)


def test_a_pool_holds_each_id_once() -> None:
    assert union(["a", "b"], [None, "b", "c"], []) == ["a", "b", "c"]


def test_a_neighbourhood_is_told_by_its_fifth_and_twentieth_as_well() -> None:
    near = [("a", 0.9 - 0.01 * n, 1.0) for n in range(30)]
    said = pool(evidence([0.3, 0.2], near))
    assert (said["near_5"], said["near_20"]) == (pytest.approx(0.86), pytest.approx(0.71))
    few = pool(evidence([0.3, 0.2], near[:2]))
    assert few["near_5"] == few["near_20"] == pytest.approx(0.89), "of two, the second is the last"
    none = pool(evidence([0.3, 0.2]))
    assert none["near_5"] == none["near_20"] == none["max_best"]
