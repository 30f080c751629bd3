"""A target is valued from the log of another policy: near the truth, with doubts where they belong, or not at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from loop.logs import NO_TWINS, Readers
from loop.worlds import ClusteredWorld, ExampleWriter, remember
from suggest.calibrate.choice import ChoiceModel
from suggest.calibrate.prior import shipped_prior
from suggest.loop.logged import LoggedSlate, Twins
from suggest.loop.targets import BundleModel
from suggest.loop.valuation import value_of, weighed
from suggest.online.model import Model
from suggest.online.suggester import Suggester
from suggest.rank.features import FEATURE_VERSION, OPTION_FEATURES
from suggest.rank.linear import fit_linear
from suggest.rank.ranker import Ranker


@pytest.fixture(scope="module")
def readers() -> Readers:
    return Readers(seed=4)


@pytest.fixture(scope="module")
def explored(readers: Readers) -> list[LoggedSlate]:
    return readers.serve(1200, tau=0.7)


def test_another_exploration_is_valued_near_its_truth(readers: Readers, explored: list[LoggedSlate]) -> None:
    valued = value_of(explored, bundle=None, tau=0.0, twins=NO_TWINS)
    truth = readers.value(lambda slate: slate.logits, 0.0, explored)
    assert valued.value is not None
    assert valued.difference is not None
    assert valued.logged is not None
    assert valued.value.contains(truth)
    assert valued.difference.low > 0, "without exploration the best options stand on top"
    assert valued.ess is not None
    assert 100 < valued.ess < 1200
    assert valued.warnings == ()


def test_the_logging_policy_valued_on_its_own_log_is_its_mean_reward(explored: list[LoggedSlate]) -> None:
    valued = value_of(explored, bundle=None, tau=None, twins=NO_TWINS)
    assert valued.value is not None
    assert valued.logged is not None
    assert valued.item_position is not None
    assert valued.difference is not None
    assert valued.value.mid == pytest.approx(valued.logged.mid, abs=0.02)
    assert valued.difference.contains(0.0)
    assert valued.item_position.mid == pytest.approx(valued.logged.mid)
    assert valued.ess == pytest.approx(len(explored))


def test_the_model_only_steadies_the_value(explored: list[LoggedSlate]) -> None:
    """p of the log says nothing at all: the value stays, its interval grows."""
    blind = [replace(slate, p=np.full(len(slate.ids), 1e-3)) for slate in explored]
    with_model = value_of(explored, bundle=None, tau=0.3, twins=NO_TWINS).value
    without = value_of(blind, bundle=None, tau=0.3, twins=NO_TWINS).value
    assert with_model is not None
    assert without is not None
    assert without.mid == pytest.approx(with_model.mid, abs=0.03)
    assert without.high - without.low > with_model.high - with_model.low


def test_a_log_without_exploration_gives_bounds_and_no_estimate(readers: Readers) -> None:
    served = readers.serve(200, tau=0.0)
    flipped = {slate.id: -slate.logits for slate in served}
    valued = value_of([replace(s, logits=flipped[s.id]) for s in served], bundle=None, tau=None, twins=NO_TWINS)
    assert valued.value is None
    assert valued.bounds is not None
    assert valued.bounds[0] <= readers.value(lambda slate: flipped[slate.id], 0.0, served) <= valued.bounds[1]
    assert [each.type for each in valued.warnings] == ["no-overlap"]
    assert valued.agreement == 0.0


def test_a_target_that_shows_the_same_needs_no_exploration(readers: Readers) -> None:
    served = readers.serve(200, tau=0.0)
    valued = value_of(served, bundle=None, tau=None, twins=NO_TWINS)
    assert valued.value == valued.logged
    assert [each.type for each in valued.warnings] == ["same-slates"]


def test_deterministic_slates_are_left_out_and_counted(readers: Readers, explored: list[LoggedSlate]) -> None:
    mixed = [*readers.serve(50, tau=0.0, bundle="still"), *explored[:500]]
    valued = value_of(mixed, bundle=None, tau=0.2, twins=NO_TWINS)
    assert valued.n == 500
    assert valued.left_out == {"deterministic": 50}
    assert "deterministic-slates" in {each.type for each in valued.warnings}


def test_little_overlap_is_said(readers: Readers) -> None:
    few = readers.serve(60, tau=0.7)
    valued = value_of([replace(s, logits=-s.logits) for s in few], bundle=None, tau=0.0, twins=NO_TWINS)
    assert {"thin-overlap"} <= {each.type for each in valued.warnings}


def test_nothing_to_value_is_an_answer() -> None:
    valued = value_of([], bundle=None, tau=0.5, twins=NO_TWINS)
    assert (valued.n, valued.value, valued.logged) == (0, None, None)
    assert valued.to_json()["estimate"] is None


def test_of_options_that_say_the_same_only_the_best_is_weighed() -> None:
    rows = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    twins = Twins(("a", "b", "c"), ("Hello!", "hello", "Bye"), rows)
    assert twins.eligible(("a", "b", "c"), np.array([1.0, 2.0, 0.0])) == [1, 2]
    assert twins.eligible(("a", "b", "c"), np.array([1.0, 2.0, 0.0]), supplied=True) == [1, 0, 2]
    assert twins.eligible(("a", "b", "c"), np.array([1.0, -np.inf, 0.0])) == [0, 2]


# -- a bundle over stored columns --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world() -> ClusteredWorld:
    return ClusteredWorld(n_items=6, seed=2)


@pytest.fixture(scope="module")
def bundle(world: ClusteredWorld) -> BundleModel:
    """A linear model over five of the six options, and a calibrator that reads it."""
    examples = ExampleWriter(world).labels(8).all()
    known = [e for e in examples.examples if e.right[0] != world.ids[5]]
    linear = fit_linear(
        examples.embeddings[[e.row for e in known]], [e.right[0] for e in known], np.ones(len(known), np.float32)
    )
    assert linear is not None
    linear = replace(linear, stand_in=np.array([-4.0, 2.0, 2.0], np.float32))
    prior = shipped_prior()
    choice = ChoiceModel(
        option_names=(*prior.option_names, "linear", "gap_linear"),
        theta=np.array([*prior.theta, 1.0, 0.5]),
        set_names=prior.set_names,
        bias=prior.bias,
        w=prior.w,
        mean=prior.mean,
        scale=prior.scale,
        shares=prior.shares,
    )
    return BundleModel(id="made", encoder="e", ranker=Ranker(linear), choice=choice)


@pytest.fixture(scope="module")
def live(world: ClusteredWorld) -> Suggester:
    """A surface with a memory, served by the shipped prior, its instant head empty."""
    suggester = remember(world.suggester(), ExampleWriter(world).labels(3).all())
    suggester.install("prior", {})
    return suggester


def served_by_prior(world: ClusteredWorld, suggester: Suggester, n: int) -> list[LoggedSlate]:
    """Slates with what is stored of each."""
    made = []
    for i in range(n):
        vector = world.requests(i % 6, 1)[0]
        ranking = suggester.rank(vector, f"request {i}")
        features = np.frombuffer(ranking.features, np.float16).astype(np.float32)
        made.append(
            LoggedSlate(
                id=str(i),
                sequence=i + 1,
                bundle="prior",
                tau=0.5,
                encoder="e",
                embedding=vector,
                context_key=str(i),
                feature_version=ranking.feature_version,
                ids=ranking.ids,
                logits=ranking.logits,
                p=ranking.p_select,
                columns=features.reshape(len(ranking.ids), -1),
                order=(0, 1, 2),
                propensities=np.full(3, 0.5),
                reward=np.zeros(3),
                supplied=False,
            )
        )
    return made


def test_stored_columns_give_a_bundle_the_logits_it_would_have_served_with(
    world: ClusteredWorld, live: Suggester, bundle: BundleModel
) -> None:
    """To the thousandth that float16 costs, an option that its linear model never met included."""
    slates = served_by_prior(world, live, 12)
    made = replace(Model.prior(), bundle="made", ranker=bundle.ranker, choice=bundle.choice)
    live.install_model(made)
    for slate, logits in zip(slates, bundle.logits(slates), strict=True):
        assert slate.embedding is not None
        ranking = live.rank(slate.embedding, f"request {slate.id}")
        served = dict(zip(ranking.ids, ranking.logits, strict=True))
        np.testing.assert_allclose(logits, [served[i] for i in slate.ids], atol=0.02)
    live.install("prior", {})


def test_where_a_bundle_served_itself_it_has_its_own_logits(
    world: ClusteredWorld, live: Suggester, bundle: BundleModel
) -> None:
    own = replace(served_by_prior(world, live, 1)[0], bundle="made")
    assert bundle.logits([own])[0] is own.logits


def test_slates_of_other_columns_or_another_encoder_are_left_out_and_counted(
    world: ClusteredWorld, live: Suggester, bundle: BundleModel
) -> None:
    first, second, third, fourth = served_by_prior(world, live, 4)
    slates = [
        first,
        replace(second, feature_version=FEATURE_VERSION + 1),
        replace(third, encoder="another"),
        replace(fourth, embedding=None),
    ]
    valued = value_of(slates, bundle=bundle, tau=0.5, twins=NO_TWINS)
    assert valued.left_out == {"no-embedding": 1, "other-columns": 1, "other-encoder": 1}
    assert valued.n == 1


def test_the_prior_needs_no_embedding_and_no_encoder(world: ClusteredWorld, live: Suggester) -> None:
    prior = BundleModel(id="another prior", encoder="", ranker=Ranker(), choice=shipped_prior())
    slates = [replace(each, embedding=None, encoder=None) for each in served_by_prior(world, live, 3)]
    for slate, logits in zip(slates, prior.logits(slates), strict=True):
        np.testing.assert_allclose(logits, slate.logits, atol=0.02)
    assert len(OPTION_FEATURES) + 1 == slates[0].columns.shape[1]


def test_what_a_target_would_never_show_weighs_nothing(readers: Readers, explored: list[LoggedSlate]) -> None:
    slate = explored[0]
    gone = slate.logits.copy()
    gone[slate.order[1]] = -np.inf
    terms = weighed([slate, *explored[1:3]], bundle=None, tau=0.5, twins=NO_TWINS, logits=[gone, *[
        each.logits for each in explored[1:3]
    ]])  # fmt: skip
    assert terms.weights[0, 0] > 0
    assert terms.weights[0, 1:].tolist() == [0.0, 0.0]
    assert np.isfinite(terms.cascade).all()


def test_one_slate_alone_is_told_and_not_valued(explored: list[LoggedSlate]) -> None:
    """It has no spread: an interval of it would have no end, and JSON no word for that."""
    valued = value_of(explored[:1], bundle=None, tau=0.0, twins=NO_TWINS)
    assert valued.n == 1
    assert valued.logged is not None
    assert valued.value is None
    assert valued.difference is None
    assert [each.type for each in valued.warnings] == ["few-slates"]
    told = value_of(explored[:2], bundle=None, tau=0.0, twins=NO_TWINS).to_json()
    assert all(np.isfinite(told["interval"]))  # type: ignore[arg-type]
