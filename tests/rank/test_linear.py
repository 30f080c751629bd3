"""The linear model: log-probabilities of what it knows, a stand-in for what it does not, stored as plain arrays."""

from __future__ import annotations

import io
import pickle
import zipfile

import numpy as np
import pytest
from loop.worlds import ClusteredWorld, unit

from suggest.rank.evidence import Evidence
from suggest.rank.features import column
from suggest.rank.linear import FEWEST_NONES, FLOOR, LinearModel, fit_linear, with_stand_in
from suggest.rank.ranker import Ranker


@pytest.fixture(scope="module")
def world() -> ClusteredWorld:
    return ClusteredWorld(n_items=8)


@pytest.fixture(scope="module")
def model(world: ClusteredWorld) -> LinearModel:
    rows = np.concatenate([world.requests(n, 12) for n in range(8)])
    items = [item for item in world.ids for _ in range(12)]
    fitted = fit_linear(rows, items, np.ones(len(items), np.float32))
    assert fitted is not None
    return fitted


def test_it_knows_whose_requests_these_are(world: ClusteredWorld, model: LinearModel) -> None:
    right = 0
    for n, item in enumerate(world.ids):
        scores = model.scores(world.requests(n, 20))
        right += sum(model.classes[int(place)] == item for place in scores.argmax(axis=1))
    assert right >= 144, "nine in ten of 160; chance is one in eight"


def test_its_probabilities_sum_to_one_over_its_classes(world: ClusteredWorld, model: LinearModel) -> None:
    at = world.requests(3, 1)[0]
    log_p, energy = model.log_probabilities(at, model.classes)
    assert np.exp(log_p).sum() == pytest.approx(1, abs=1e-3)
    raw = model.scores(at[None, :])[0]
    assert energy == pytest.approx(np.log(np.exp(raw.astype(np.float64)).sum()), abs=1e-4)


def test_a_candidate_it_never_met_is_not_a_number_until_it_gets_a_stand_in(model: LinearModel) -> None:
    at = unit(np.ones(model.weights.shape[1]))
    log_p, _ = model.log_probabilities(at, ["stranger", model.classes[2]])
    assert np.isnan(log_p[0])
    assert FLOOR <= log_p[1] <= 0


def test_the_same_ids_may_be_asked_of_two_models(model: LinearModel) -> None:
    """Places of classes are remembered by tuple; another model's tuple must not be mistaken for it."""
    for n in range(80):
        names = (f"x{n}", f"y{n}")
        other = LinearModel(
            classes=names, weights=np.eye(2, 4, dtype=np.float32), bias=np.zeros(2, np.float32), stand_in=model.stand_in
        )
        log_p, _ = other.log_probabilities(np.eye(4, dtype=np.float32)[1], (f"y{n}", f"x{n}", "x"))
        assert log_p[0] > log_p[1]
        assert np.isnan(log_p[2])


def test_the_stand_in_is_the_best_line_through_what_it_did_know(model: LinearModel) -> None:
    rng = np.random.default_rng(0)
    name, best = rng.random(200).astype(np.float32), rng.random(200).astype(np.float32)
    fitted = with_stand_in(model, name, best, -6 + 2 * name + 3 * best)
    np.testing.assert_allclose(fitted.stand_in, [-6, 2, 3], atol=1e-4)
    np.testing.assert_array_equal(fitted.weights, model.weights)


def test_being_new_is_neither_rewarded_nor_punished(world: ClusteredWorld, model: LinearModel) -> None:
    """A new candidate with the cosines of an old one gets about what its cosines suggest, within [FLOOR, 0]."""
    standing = with_stand_in(
        model, np.array([0, 1, 0], np.float32), np.array([0, 0, 1], np.float32), np.array([-8, -5, -3], np.float32)
    )
    at = world.requests(0, 1)[0]
    cosines = np.concatenate([world.catalog.embeddings @ at, [0.9]]).astype(np.float32)
    evidence = Evidence(
        ids=(*world.ids, "newcomer"),
        embedding=at,
        name_cosine=cosines,
        centroid_cosine=np.zeros(9, np.float32),
        memory_weight=np.zeros(9, np.float32),
        lexical=np.zeros(9, np.float32),
        neighbour_items=(),
        neighbour_cosines=np.zeros(0, np.float32),
        neighbour_weights=np.zeros(0, np.float32),
    )
    rows = Ranker(standing, None).columns(evidence).option
    linear, gap = rows[:, column("linear")], rows[:, column("gap_linear")]
    assert linear[8] == pytest.approx(-8 + 0.9 * 3 + 0.9 * 5, abs=1e-3)
    assert np.isfinite(rows).all()
    assert gap.max() == 0
    np.testing.assert_allclose(gap, linear - linear.max(), atol=1e-6)


def test_one_class_is_nothing_to_tell_apart(world: ClusteredWorld) -> None:
    assert fit_linear(world.requests(0, 3), ["item00"] * 3, np.ones(3, np.float32)) is None


def test_two_classes_are_as_good_as_many(world: ClusteredWorld) -> None:
    rows = np.concatenate([world.requests(0, 10), world.requests(1, 10)])
    model = fit_linear(rows, ["b"] * 10 + ["a"] * 10, np.ones(20, np.float32))
    assert model is not None
    assert model.classes == ("a", "b")
    assert model.weights.shape == (2, world.dim)
    log_p, _ = model.log_probabilities(world.centres[0], ("a", "b"))
    assert log_p[1] > log_p[0]
    assert np.exp(log_p).sum() == pytest.approx(1, abs=1e-5)


def with_nones(world: ClusteredWorld, n: int) -> LinearModel:
    rows = np.concatenate([*(world.requests(item, 12) for item in range(8)), world.far(n)])
    items = [*(item for item in world.ids for _ in range(12)), *[None] * n]
    fitted = fit_linear(rows, items, np.ones(len(items), np.float32))
    assert fitted is not None
    return fitted


def test_contexts_that_nothing_was_right_for_are_a_class_beside_its_candidates(world: ClusteredWorld) -> None:
    model = with_nones(world, 40)
    assert model.classes == world.ids

    def none_log_odds(at: np.ndarray) -> float:
        log_p, energy = model.log_probabilities(at, model.classes)
        assert np.exp(log_p).sum() == pytest.approx(1, abs=1e-3), "of the candidates alone"
        return model.none_log_odds(at, energy)

    assert min(none_log_odds(at) for at in world.far(20)) > 0
    assert np.mean([none_log_odds(at) < 0 for at in world.requests(2, 20)]) >= 0.9
    again = LinearModel.from_npz(model.to_npz())
    assert again.none_log_odds(world.far(1)[0], 0.0) != 0.0


def test_a_few_such_contexts_are_too_few_to_say(world: ClusteredWorld) -> None:
    model = with_nones(world, FEWEST_NONES - 1)
    assert model.none is None
    assert model.none_log_odds(world.far(1)[0], 1.0) == 0.0
    assert LinearModel.from_npz(model.to_npz()).none is None


def test_a_row_of_no_weight_teaches_nothing(world: ClusteredWorld) -> None:
    rows = np.concatenate([world.requests(n, 6) for n in range(3)])
    items = ["a"] * 6 + ["b"] * 6 + ["c"] * 6
    lies = np.concatenate([rows, rows[:6]])
    honest = fit_linear(rows, items, np.ones(18, np.float32))
    weights = np.concatenate([np.ones(18), np.full(6, 1e-9)]).astype(np.float32)
    lied_to = fit_linear(lies, [*items, *["c"] * 6], weights)
    assert honest is not None
    assert lied_to is not None
    np.testing.assert_allclose(lied_to.weights, honest.weights, atol=2e-2)


def test_it_comes_back_from_its_file_exactly_and_without_a_pickle(model: LinearModel, world: ClusteredWorld) -> None:
    stored = model.to_npz()
    back = LinearModel.from_npz(stored)
    assert back.classes == model.classes
    at = world.requests(5, 1)[0]
    np.testing.assert_array_equal(back.scores(at[None, :]), model.scores(at[None, :]))
    np.testing.assert_array_equal(back.stand_in, model.stand_in)
    with zipfile.ZipFile(io.BytesIO(stored)) as archive:
        for name in archive.namelist():
            np.lib.format.read_magic(file := io.BytesIO(archive.read(name)))
            _, _, dtype = np.lib.format.read_array_header_1_0(file)
            assert not dtype.hasobject, name


def test_a_file_that_carries_a_pickle_is_refused(model: LinearModel) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (pytest.fail, ("the pickle was opened",))

    target = io.BytesIO()
    np.savez(target, classes=np.array([Bomb()], dtype=object), weights=model.weights, bias=model.bias)
    with pytest.raises(ValueError):
        LinearModel.from_npz(target.getvalue())
    with pytest.raises((ValueError, OSError, pickle.UnpicklingError)):
        LinearModel.from_npz(pickle.dumps({"classes": []}))
