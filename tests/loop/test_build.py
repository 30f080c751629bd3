"""A build is honest: nothing it says of an example was learned from that example, and what is worse does not pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from loop.worlds import ClusteredWorld, ExampleWriter
from suggest.calibrate.prior import shipped_prior
from suggest.loop.build import FEWEST_POSITIVES, Built, build, predict, prior_strength
from suggest.loop.examples import ExampleSet
from suggest.loop.gate import FEWEST_PAIRS, judge, kept
from suggest.loop.ladder import ladder, told
from suggest.loop.made_up import Background
from suggest.loop.record import golden_holds, golden_json, scores_json, scores_of, uid
from suggest.loop.replay import Replay
from suggest.loop.scores import Score, held_out_scores, measures, score, speak_for_traffic
from suggest.rank.features import SET_FEATURES
from suggest.rank.ranker import Ranker


def built_from(examples: ExampleSet, background: Background) -> Built:
    steps: list[float] = []
    made = build(
        examples,
        shipped_prior(),
        background=background,
        seed=0,
        report=lambda done, step: steps.append(done),
    )
    assert steps == sorted(steps), "progress never goes back"
    return made


def prior_scores(examples: ExampleSet) -> list[Score]:
    evidence = Replay(examples).evidence(range(len(examples)))
    ranker, choice = Ranker(), shipped_prior()
    return [
        score(choice, example, found.ids, ranker.columns(found))
        for example, found in zip(examples.examples, evidence, strict=True)
    ]


@pytest.fixture(scope="module")
def world() -> ClusteredWorld:
    return ClusteredWorld(n_items=14, dim=32, spread=1.6)


@pytest.fixture(scope="module")
def examples(world: ClusteredWorld) -> ExampleSet:
    writer = ExampleWriter(world).labels(15)
    for n in range(60):
        item = n % 14
        vector, above = world.requests(item, 1)[0], world.ids[(item + 3) % 14]
        if n % 4:
            writer.click(vector, world.ids[item], examined=(above,) if n % 2 else ())
        else:
            writer.click(world.far(1)[0], None, examined=(above, world.ids[(item + 1) % 14]))
    return writer.all()


@pytest.fixture(scope="module")
def background(world: ClusteredWorld) -> Background:
    return world.background()


@pytest.fixture(scope="module")
def built(examples: ExampleSet, background: Background) -> Built:
    return built_from(examples, background)


def top1(scores: Sequence[Score]) -> float:
    return float(np.mean([s.rank == 0 for s in scores if s.correct is not None]))


def test_what_is_the_same_for_all_contexts_of_a_surface_moves_no_probability(built: Built) -> None:
    """The memory grows until the next retrain; its size alone makes no request less answerable."""
    for predicted in built.held_out[:20]:
        columns = predicted.columns
        grown = columns.pool.copy()
        grown[SET_FEATURES.index("coverage")] += 1.0
        before, after = (predict(built.choice, replace(columns, pool=pool))[0] for pool in (columns.pool, grown))
        np.testing.assert_allclose(after, before)


def test_what_certifies_a_line_leaves_out_what_is_known_because_it_was_right(
    built: Built, examples: ExampleSet
) -> None:
    """And is on the scale that is served: the share that nothing answers is that of the judged, not a made-up one."""
    scores = held_out_scores(built, examples)
    asked = [s for s, e in zip(scores, examples.examples, strict=True) if s and s.correct is not None and not e.click]
    told = speak_for_traffic(built, scores)
    assert [s.rank for s in told] == [s.rank for s in asked]
    right, before, after = (
        np.mean([float(bool(s.correct)) for s in asked]),
        np.mean([s.p_any for s in asked]),
        np.mean([s.p_any for s in told]),
    )
    assert abs(after - right) < abs(before - right), "every one of these has an answer, and before p_any was too low"
    assert all(0 <= s.p_top1 <= s.p_any <= 1 for s in told)


def test_it_builds_every_stage_and_judges_every_example(built: Built, examples: ExampleSet) -> None:
    assert set(built.ranker.files()) == {"linear.npz", "booster.txt"}
    assert [p.example for p in built.held_out] == list(range(len(examples)))
    assert built.choice.shares.sum() == pytest.approx(1)
    assert built.choice.known == (examples.positives, sum(1 for e in examples.examples if e.is_none))
    scores = held_out_scores(built, examples)
    assert top1(scores) > top1(prior_scores(examples))


@pytest.mark.slow
def test_it_is_the_same_again_for_the_same_data_and_seed(
    built: Built, examples: ExampleSet, background: Background
) -> None:
    again = build(examples, shipped_prior(), background=background, seed=0, report=lambda *_: None)
    assert again.ranker.files() == built.ranker.files()
    np.testing.assert_array_equal(again.choice.theta, built.choice.theta)


@pytest.mark.slow
def test_answers_drawn_by_lot_cannot_be_foretold(world: ClusteredWorld, background: Background) -> None:
    """The leak test. Every context gets a right answer by lot, so held out the best anybody can do is chance, 1/14 of
    240, plus 4 standard errors (.067). A count that knows of its own example, or an example that votes for itself,
    gives the trees a perfect answer."""
    rng = np.random.default_rng(5)
    writer = ExampleWriter(world)
    for n in range(240):
        writer.label(world.requests(n % 14, 1)[0], world.ids[int(rng.integers(14))])
    examples = writer.all()
    scores = held_out_scores(built_from(examples, background), examples)
    assert top1(scores) < 1 / 14 + 4 * np.sqrt((1 / 14) * (13 / 14) / 240)
    assert measures(scores, examples.examples)["nll"] > 0.8 * np.log(14)


def test_too_little_is_refused_with_the_number_that_is_needed(world: ClusteredWorld, background: Background) -> None:
    writer = ExampleWriter(world)
    for _ in range(FEWEST_POSITIVES - 1):
        writer.label(world.requests(0, 1)[0], "item00")
    with pytest.raises(ValueError, match=str(FEWEST_POSITIVES)):
        built_from(writer.all(), background)


def test_few_labels_give_a_linear_model_and_a_calibrator_but_no_trees(
    world: ClusteredWorld, background: Background
) -> None:
    examples = ExampleWriter(world).labels(4).all()
    made = built_from(examples, background)
    assert set(made.ranker.files()) == {"linear.npz"}
    assert len(held_out_scores(made, examples)) == len(examples)


def test_few_labels_hardly_move_the_shipped_weights(
    world: ClusteredWorld, background: Background, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What 56 answers cannot know is left as it was shipped."""
    examples = ExampleWriter(world).labels(4).all()
    shipped = dict(zip(shipped_prior().option_names, shipped_prior().theta, strict=True))

    def moved() -> float:
        choice = built_from(examples, background).choice
        return float(np.linalg.norm(choice.theta - [shipped.get(name, 0.0) for name in choice.option_names]))

    firmly = moved()
    monkeypatch.setattr("suggest.loop.build.prior_strength", lambda n_known, n_options: 1.0)
    assert firmly < 0.5 * moved()
    strengths = [prior_strength(n, 50) for n in (1, 30, 100, 299, 300, 10_000)]
    assert strengths == sorted(strengths, reverse=True)
    assert strengths[-2:] == [1.0, 1.0]


def test_without_one_none_label_it_knows_what_is_far_and_what_is_near(
    world: ClusteredWorld, examples: ExampleSet, background: Background
) -> None:
    """Made-up unanswerable requests stand in for labels: p_any of fresh requests sorts answerable from far and near."""
    left_out = {"item02", "item09", "item12"}
    kept_ids = [n for n, i in enumerate(world.ids) if i not in left_out]
    narrow = replace(
        examples,
        examples=tuple(e for e in examples.examples if e.right and not left_out & set(e.right)),
        catalog=replace(
            examples.catalog,
            ids=tuple(world.ids[n] for n in kept_ids),
            texts=tuple(examples.catalog.texts[n] for n in kept_ids),
            embeddings=examples.catalog.embeddings[kept_ids],
        ),
    )
    made, replay = built_from(narrow, background), Replay(narrow)
    shown = lambda rows: [  # noqa: E731
        score(made.choice, narrow.examples[0], f.ids, made.ranker.columns(f)).p_any
        for f in (replay.foreign(row, "") for row in rows)
    ]
    answerable = shown([row for n in kept_ids for row in world.requests(n, 6)])
    near = shown([row for n in (2, 9, 12) for row in world.requests(n, 12)])
    far = shown(world.far(40))
    auroc = lambda a, b: float(np.mean(np.subtract.outer(a, b) > 0))  # noqa: E731
    print(f"AUROC far {auroc(answerable, far):.3f} near {auroc(answerable, near):.3f}")
    assert auroc(answerable, far) > 0.97
    assert auroc(answerable, near) > 0.7
    assert np.mean(far) < np.mean(near) < np.mean(answerable)


def test_a_background_that_is_half_answered_here_makes_no_answerable_request_doubtful(
    world: ClusteredWorld, examples: ExampleSet, background: Background, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a broad surface many requests about anything at all have an answer (docs/decisions/0043)."""
    about_us = np.concatenate([world.requests(item, 10) for item in range(14)]).astype(np.float32)
    mixed = Background(
        texts=(*background.texts, *(f"about us {n}" for n in range(len(about_us)))),
        embeddings=np.concatenate([background.embeddings, about_us]),
    )

    def doubt(about: Background) -> float:
        """Mean P(far) of requests that have an answer, out of fold."""
        made = built_from(examples, about)
        known = [p for p in made.held_out if made.examples.examples[p.example].right]
        return float(np.mean([predict(made.held_out_choices[0], p.columns)[1][1] for p in known]))

    before, now = doubt(background), doubt(mixed)
    monkeypatch.setattr("suggest.loop.pools.BACKGROUND_ANSWERED", 0.0)
    assert now - before < 0.25 * (doubt(mixed) - before)


def test_the_gate_passes_a_better_one(built: Built, examples: ExampleSet) -> None:
    ours = held_out_scores(built, examples)
    report = judge(examples.examples, ours, prior_scores(examples), ladder=told(ladder(built, examples, ours)), seed=0)
    said = report.to_json()
    assert said["verdict"] == "promote", said["why"]
    assert report.n_pairs == len(examples)
    assert report.differences["nll"]["high"] < 0, "credibly better than the prior"
    assert report.challenger["ece_p_any"] < report.champion["ece_p_any"] / 2
    assert report.challenger["top1"] > report.champion["top1"] - 0.02, "names say nearly all of this world: five of 255"
    rungs = [rung["rung"] for rung in report.ladder]
    assert rungs == [
        "names only",
        "nearest neighbours",
        "linear",
        "ranker",
        "all together, calibrated",
        "+ instant head",
    ]


@pytest.mark.slow
def test_the_gate_keeps_one_that_was_taught_nonsense(
    built: Built, examples: ExampleSet, background: Background
) -> None:
    """A challenger fitted with the answers permuted among the contexts, judged on what is true."""
    rng = np.random.default_rng(1)
    answers = [e.right for e in examples.examples if e.right]
    order = iter(rng.permutation(len(answers)))
    lied = tuple(replace(e, right=answers[next(order)], examined=()) if e.right else e for e in examples.examples)
    liar = built_from(replace(examples, examples=lied), background)
    its = [
        score(liar.held_out_choices[int(fold)], examples.examples[p.example], p.ids, p.columns)
        for p, fold in zip(liar.held_out, liar.folds, strict=True)
    ]
    report = judge(examples.examples, its, held_out_scores(built, examples), ladder=(), seed=0)
    assert not report.passed
    assert "worse" in report.why
    assert report.differences["nll"]["low"] > 0


def test_the_gate_keeps_one_that_is_sure_of_itself_for_no_reason(built: Built, examples: ExampleSet) -> None:
    """The same order, but every probability pushed towards certainty."""
    bold = replace(built.choice, theta=4 * built.choice.theta, bias=4 * built.choice.bias, w=4 * built.choice.w)
    its = [score(bold, examples.examples[p.example], p.ids, p.columns) for p in built.held_out]
    report = judge(examples.examples, its, held_out_scores(built, examples), ladder=(), seed=0)
    assert not report.passed


def test_an_equal_passes(built: Built, examples: ExampleSet) -> None:
    ours = held_out_scores(built, examples)
    assert judge(examples.examples, ours, ours, ladder=(), seed=0).passed


def test_too_few_pairs_are_no_reason_to_change(built: Built, examples: ExampleSet) -> None:
    ours = held_out_scores(built, examples)
    n = FEWEST_PAIRS - 1
    theirs: list[Score | None] = [*prior_scores(examples)[:n], *[None] * (len(ours) - n)]
    report = judge(examples.examples, ours, theirs, ladder=(), seed=0)
    assert not report.passed
    assert f"{n} examples" in report.why
    assert kept("because").to_json() == {
        "verdict": "keep",
        "why": "because",
        "n_pairs": 0,
        "challenger": {},
        "champion": {},
        "differences": {},
        "ladder": [],
        "notes": [],
    }


def test_what_a_bundle_remembers_of_its_trial_comes_back(built: Built, examples: ExampleSet) -> None:
    scores = held_out_scores(built, examples)
    back = scores_of(scores_json(examples.examples, scores))
    for example, one in zip(examples.examples, scores, strict=True):
        again = back[uid(example)]
        assert (again.rank, again.correct) == (one.rank, one.correct)
        assert again.nll == pytest.approx(one.nll, abs=1e-5)


def test_golden_rows_hold_for_the_same_models_and_for_no_others(built: Built) -> None:
    """The booster is given a say here; on so little data the calibrator may have given it none."""
    theta = np.where([name == "booster" for name in built.choice.option_names], 1.0, built.choice.theta)
    voting = replace(built, choice=replace(built.choice, theta=theta))
    stored, back = golden_json(voting), Ranker.from_files(built.ranker.files())
    assert golden_holds(back, voting.choice, stored)
    assert not golden_holds(Ranker(back.linear, None), voting.choice, stored)
    assert not golden_holds(back, replace(voting.choice, theta=theta * 1.001), stored)


def test_a_dismissal_is_judged_by_what_it_leaves_possible(examples: ExampleSet, built: Built) -> None:
    at = next(n for n, e in enumerate(examples.examples) if e.click and not e.right)
    example, predicted = examples.examples[at], built.held_out[at]
    dismissed = score(built.choice, example, predicted.ids, predicted.columns)
    everything = score(built.choice, replace(example, examined=predicted.ids), predicted.ids, predicted.columns)
    assert dismissed.correct is None
    assert dismissed.nll < everything.nll, "to dismiss more says more"
