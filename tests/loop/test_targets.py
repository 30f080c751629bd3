"""A target laid over one logged slate: against enumeration of all it could have shown, and where it never would."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loop.logs import NO_TWINS
from suggest.loop.logged import LoggedSlate, Twins, read_logged, unit_row
from suggest.loop.targets import chances_of, served_places
from suggest.policy.arrange import step_propensities
from suggest.rank.ranker import COLUMNS

SOME = settings(deadline=None, max_examples=20, derandomize=True)
SEEDS = st.integers(0, 2**32 - 1)


def slate(logits: np.ndarray, order: tuple[int, ...], *, tau: float = 0.5, seed: int = 0) -> LoggedSlate:
    """As it would have been served by Plackett-Luce; best first or not is of no account."""
    n, k = len(logits), len(order)
    return LoggedSlate(
        id="i",
        sequence=1,
        bundle="b",
        tau=tau,
        encoder=None,
        embedding=None,
        context_key="c",
        feature_version=1,
        ids=tuple(f"o{i}" for i in range(n)),
        logits=logits,
        p=np.random.default_rng(seed).dirichlet(np.ones(n + 1))[:n],
        columns=np.zeros((0, 0), np.float32),
        order=order,
        propensities=step_propensities(logits / tau, order) if tau else np.ones(k),
        reward=np.zeros(k),
        supplied=False,
    )


def drawn(seed: int, n: int = 5, k: int = 3) -> LoggedSlate:
    rng = np.random.default_rng(seed)
    return slate(rng.normal(size=n), tuple(rng.permutation(n)[:k].tolist()), seed=seed)


def reward_of(
    slate: LoggedSlate, logits: np.ndarray, above: tuple[int, ...], picked: int, attention: np.ndarray
) -> float:
    """What a pick earns, and then the best of what is left, slot by slot."""
    best_first = [i for i in np.argsort(-logits).tolist() if i not in {*above, picked}]
    below = attention[len(above) + 1 :]
    earned = attention[len(above)] * slate.p[picked]
    return float(earned + sum(e * slate.p[i] for e, i in zip(below, best_first, strict=False)))


@SOME
@given(SEEDS, st.floats(0.2, 3.0))
def test_chances_and_rewards_are_those_of_their_definition(seed: int, tau: float) -> None:
    logged = drawn(seed)
    logits = np.random.default_rng(seed + 1).normal(size=5)
    attention = np.array([0.9, 0.6, 0.3])
    found = chances_of(logged, logits, tau, attention, NO_TWINS)
    np.testing.assert_allclose(found.steps, step_propensities(logits / tau, logged.order))
    for slot, picked in enumerate(logged.order):
        above = logged.order[:slot]
        left = [i for i in range(5) if i not in above]
        assert found.q_shown[slot] == pytest.approx(reward_of(logged, logits, above, picked, attention))
        mean = sum(
            step_propensities(logits / tau, [*above, i])[-1] * reward_of(logged, logits, above, i, attention)
            for i in left
        )
        assert found.q_expected[slot] == pytest.approx(mean)


@SOME
@given(SEEDS, st.floats(0.3, 3.0))
def test_chances_of_places_are_sums_over_all_slates(seed: int, tau: float) -> None:
    logged = drawn(seed)
    logits = np.random.default_rng(seed + 1).normal(size=5)
    expected = np.zeros(3)
    for order in permutations(range(5), 3):
        chance = step_propensities(logits / tau, order).prod()
        expected += chance * (np.array(order) == np.array(logged.order))
    found = chances_of(logged, logits, tau, np.ones(3), NO_TWINS)
    np.testing.assert_allclose(found.places, expected, rtol=1e-9)


@SOME
@given(SEEDS)
def test_without_exploration_a_target_does_one_thing(seed: int) -> None:
    logged = drawn(seed)
    logits = np.random.default_rng(seed + 1).normal(size=5)
    found = chances_of(logged, logits, 0.0, np.array([0.9, 0.6, 0.3]), NO_TWINS)
    best = np.argsort(-logits).tolist()
    for slot, picked in enumerate(logged.order):
        next_best = next(i for i in best if i not in logged.order[:slot])
        assert found.steps[slot] == float(picked == next_best)
        assert found.places[slot] == float(picked == best[slot])


def test_a_target_that_would_show_the_same_expects_of_each_slot_what_was_shown() -> None:
    logits = np.array([2.0, 1.0, 0.0, -1.0])
    found = chances_of(slate(logits, (0, 1, 2)), logits, 0.0, np.array([0.9, 0.6, 0.3]), NO_TWINS)
    assert found.steps.tolist() == found.places.tolist() == [1.0, 1.0, 1.0]
    np.testing.assert_allclose(found.q_shown, found.q_expected)


@pytest.mark.parametrize("slot", [0, 1, 2])
def test_from_the_first_option_that_it_never_shows_a_target_has_no_part_in_the_slate(slot: int) -> None:
    logits = np.array([1.0, 0.8, 0.6, 0.4, 0.2])
    gone = logits.copy()
    gone[slot] = -np.inf
    found = chances_of(slate(logits, (0, 1, 2)), gone, 0.5, np.ones(3), NO_TWINS)
    assert (found.steps[:slot] > 0).all()
    assert (found.steps[slot:] == 0).all()
    assert found.places[slot] == 0.0
    assert (np.delete(found.places, slot) > 0).all(), "the other places are none of its business"
    assert found.q_expected[slot] > 0, "something would have stood there"
    assert (found.q_expected[slot + 1 :] == 0).all()


def test_a_target_with_fewer_options_than_slots_fills_what_it_can() -> None:
    logits = np.array([1.0, 0.5, 0.2])
    only = np.array([1.0, -np.inf, -np.inf])
    found = chances_of(slate(logits, (0, 1, 2)), only, 0.5, np.ones(3), NO_TWINS)
    assert found.steps.tolist() == [1.0, 0.0, 0.0]
    assert np.isfinite([found.q_shown, found.q_expected]).all()
    assert found.q_expected[1:].tolist() == [0.0, 0.0]


def test_a_twin_that_this_target_ranks_lower_is_never_shown_by_it() -> None:
    rows = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    twins = Twins(("o0", "o1", "o2"), ("Hello!", "hello", "Bye"), rows)
    logged = slate(np.array([2.0, 1.0, 0.0]), (0, 2))
    found = chances_of(logged, np.array([1.0, 2.0, 0.0]), 0.5, np.ones(2), twins)
    assert found.steps.tolist() == [0.0, 0.0]


# -- what served -------------------------------------------------------------------------------------------------------


@SOME
@given(SEEDS)
def test_the_places_of_what_served_are_those_of_the_same_policy_as_a_target(seed: int) -> None:
    logged = drawn(seed)
    places = served_places(logged, NO_TWINS)
    assert places is not None
    as_target = chances_of(logged, logged.logits, logged.tau, np.ones(3), NO_TWINS)
    np.testing.assert_allclose(places, as_target.places)
    np.testing.assert_allclose(logged.propensities, as_target.steps)


@pytest.mark.parametrize(("factor", "is_known"), [(1.0, True), (1.015, True), (1.04, False), (0.9, False)])
def test_propensities_that_the_policy_on_record_did_not_draw_are_not_explained(factor: float, is_known: bool) -> None:
    logged = drawn(1)
    changed = logged.propensities.copy()
    changed[1] *= factor
    assert (served_places(replace(logged, propensities=changed), NO_TWINS) is not None) == is_known


def test_what_was_not_explored_or_could_not_be_shown_has_no_places() -> None:
    logged = drawn(2)
    assert served_places(replace(logged, tau=0.0), NO_TWINS) is None
    hidden = logged.logits.copy()
    hidden[logged.order[0]] = -np.inf
    assert served_places(replace(logged, logits=hidden), NO_TWINS) is None


# -- read from the log -------------------------------------------------------------------------------------------------


class Log:
    def __init__(self, *rows: dict[str, object], exploration: dict[int, float] | None = None) -> None:
        self.rows = list(rows)
        self.exploration = {3: 0.7} if exploration is None else exploration

    def select(self, query: str, /, **params: object) -> list[dict[str, object]]:
        if query == "policy_history":
            return [{"revision": n, "policy": {"exploration": tau}} for n, tau in self.exploration.items()]
        assert (query, params["surface"]) == ("valued_slates", "s")
        return self.rows


def row(**changes: object) -> dict[str, object]:
    features = np.arange(3 * len(COLUMNS), dtype=np.float16)
    whole: dict[str, object] = {
        "id": "i1",
        "sequence": 9,
        "bundle": "b",
        "policy_revision": 3,
        "encoder": "e",
        "embedding": np.array([3.0, 4.0], np.float16).tobytes(),
        "context_key": "c",
        "feature_version": 1,
        "pool_ids": ["a", "b", "c"],
        "pool_logits": [1.0, 0.5, 0.0],
        "pool_p": [0.5, 0.3, 0.1],
        "features": features.tobytes(),
        "shown": [{"id": "a", "position": 1, "propensity": 0.4}, {"id": "c", "position": 0, "propensity": 0.2}],
        "decision": "show",
        "threshold": 0.6,
        "outcome": "selected",
        "item": "a",
        "supplied": False,
    }
    return whole | changes


def test_a_slate_is_read_as_it_stood_whatever_the_order_of_its_options_in_the_log() -> None:
    (found,) = read_logged(Log(row()), "s")
    assert found.order == (2, 0)
    assert found.propensities.tolist() == [0.2, 0.4]
    assert found.reward.tolist() == [0.0, 1.0]
    assert found.tau == 0.7
    assert found.columns.shape == (3, len(COLUMNS))
    assert found.embedding is not None
    np.testing.assert_allclose(found.embedding, [0.6, 0.8], atol=1e-6)


@pytest.mark.parametrize("outcome", ["dismissed", "ignored", "unseen", "overridden"])
def test_only_a_selection_is_a_reward(outcome: str) -> None:
    (found,) = read_logged(Log(row(outcome=outcome)), "s")
    assert found.reward.tolist() == [0.0, 0.0]


def test_a_policy_that_is_not_on_record_did_not_explore() -> None:
    (found,) = read_logged(Log(row(policy_revision=99)), "s")
    assert found.tau == 0.0


@pytest.mark.parametrize(
    "changes",
    [
        {"shown": []},
        {"shown": None},
        {"shown": [{"id": "gone", "position": 0, "propensity": 1.0}]},
        {"shown": [{"id": "a", "position": 0, "propensity": 0.5, "team": "b2"}]},
        {"decision": "escalate", "threshold": 0.81},
    ],
)
def test_what_cannot_be_valued_is_not_read(changes: dict[str, object]) -> None:
    assert read_logged(Log(row(**changes)), "s") == []


@pytest.mark.parametrize(("threshold", "is_read"), [(0.79, True), (0.81, False)])
def test_what_exploration_kept_back_is_read_where_the_best_would_have_been_shown(
    threshold: float, is_read: bool
) -> None:
    """The two best hold .5 + .3, whatever was drawn."""
    assert bool(read_logged(Log(row(decision="escalate", threshold=threshold, outcome="unseen")), "s")) == is_read


@pytest.mark.parametrize("features", [None, b"", np.zeros(7, np.float16).tobytes()])
def test_columns_of_another_shape_are_no_columns(features: bytes | None) -> None:
    (found,) = read_logged(Log(row(features=features)), "s")
    assert found.columns.size == 0


def test_a_slate_without_a_vector_keeps_the_rest() -> None:
    (found,) = read_logged(Log(row(embedding=None, encoder=None)), "s")
    assert (found.embedding, found.encoder) == (None, None)


def test_a_vector_of_nothing_stays_nothing_instead_of_becoming_no_number() -> None:
    assert unit_row(np.zeros(4, np.float16).tobytes()).tolist() == [0.0] * 4


@pytest.mark.parametrize("field", ["logits", "p"])
def test_columns_of_a_pool_have_one_length(field: str) -> None:
    with pytest.raises(ValueError, match="one length"):
        replace(drawn(0), **{field: np.zeros(4)})  # type: ignore[arg-type]
