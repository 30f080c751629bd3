"""What a model is trained on is what it will serve with: a replayed example looks as it would have looked live."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from loop.worlds import ClusteredWorld, ExampleWriter, remember
from suggest.loop.examples import ExampleSet
from suggest.loop.replay import Replay
from suggest.online.suggester import Suggester
from suggest.rank.evidence import Evidence
from suggest.rank.features import OPTION_FEATURES, SET_FEATURES
from suggest.rank.ranker import Ranker

COUNTED = {"rel_weight", "thin_name"}  # of the option columns: those that read how much a candidate is known


def live_evidence(suggester: Suggester, vector: np.ndarray, text: str) -> Evidence:
    ids = list(suggester.candidates.ids())
    return suggester._evidence(vector, ids, suggester.candidates.rows(ids), suggester.lexical.scores(text, ids))


def votes(evidence: Evidence) -> list[tuple[float, str, float]]:
    """The neighbours in an order of their own: a context with two right answers stands twice at one distance."""
    cosines, weights = evidence.neighbour_cosines.tolist(), evidence.neighbour_weights.tolist()
    told = zip(cosines, map(str, evidence.neighbour_items), weights, strict=True)
    return sorted((round(cosine, 4), item, round(weight, 4)) for cosine, item, weight in told)


def assert_same(ours: Evidence, live: Evidence, *, counts: bool = True) -> None:
    assert ours.ids == live.ids
    for name in ("name_cosine", "centroid_cosine", "lexical"):
        np.testing.assert_allclose(getattr(ours, name), getattr(live, name), atol=2e-6, err_msg=name)
    np.testing.assert_allclose(ours.neighbour_cosines, live.neighbour_cosines, atol=2e-6)
    assert votes(ours) == votes(live)
    if counts:
        np.testing.assert_allclose(ours.memory_weight, live.memory_weight, atol=1e-5)


@pytest.fixture(scope="module")
def world() -> ClusteredWorld:
    return ClusteredWorld()


@pytest.fixture(scope="module")
def examples(world: ClusteredWorld) -> ExampleSet:
    """Every way of knowing something: labels, two right answers, none-labels, selections, dismissals, repeats."""
    writer = ExampleWriter(world).labels(5)
    a, b, c, d = (world.requests(n, 1)[0] for n in range(4))
    writer.label(a, "item00", "item01", key="two answers")
    writer.label(world.far(1)[0], key="nothing")
    writer.click(b, "item01", examined=("item04",), key="clicked")
    writer.click(b, "item01", key="clicked")  # the same words again
    writer.click(c, "item02", key="clicked and labelled")
    writer.label(c, "item02", key="clicked and labelled")
    writer.click(d, None, examined=("item00", "item05"), key="dismissed")
    return writer.all()


def test_a_new_context_looks_the_same_replayed_and_served(world: ClusteredWorld, examples: ExampleSet) -> None:
    living, replay = remember(world.suggester(), examples), Replay(examples)
    for vector in (*world.requests(3, 4), *world.far(2)):
        assert_same(replay.foreign(vector, "reply item03"), live_evidence(living, vector, "reply item03"))


def test_an_example_looks_as_it_would_had_it_never_been_seen(world: ClusteredWorld, examples: ExampleSet) -> None:
    replayed = list(Replay(examples).evidence(range(len(examples))))
    for n in [*range(0, 60, 11), *range(60, len(examples))]:
        example = examples.examples[n]
        living = remember(world.suggester(), examples, but=example.key)
        live = live_evidence(living, examples.embeddings[example.row], example.text)
        assert_same(replayed[n], live, counts=False)


def test_its_columns_agree_too_but_for_the_counts_that_keep_it(world: ClusteredWorld, examples: ExampleSet) -> None:
    example = examples.examples[17]
    [replayed] = Replay(examples).evidence([17])
    living = remember(world.suggester(), examples, but=example.key)
    live = live_evidence(living, examples.embeddings[example.row], example.text)
    ours, theirs = Ranker().columns(replayed), Ranker().columns(live)
    for place, name in enumerate(OPTION_FEATURES):
        if name not in COUNTED:
            np.testing.assert_allclose(ours.option[:, place], theirs.option[:, place], atol=1e-5, err_msg=name)
    for place, name in enumerate(SET_FEATURES):
        if name != "coverage":
            assert ours.pool[place] == pytest.approx(theirs.pool[place], abs=1e-5), name
    extra = replayed.memory_weight - live.memory_weight
    assert np.flatnonzero(np.abs(extra) > 1e-5).tolist() == [world.ids.index(example.right[0])]


def test_the_counts_are_the_same_for_every_example_so_they_tell_no_answer(examples: ExampleSet) -> None:
    counts = [evidence.memory_weight for evidence in Replay(examples).evidence(range(len(examples)))]
    for one in counts[1:]:
        np.testing.assert_array_equal(one, counts[0])


def test_an_option_known_from_this_context_alone_is_unknown_to_it(world: ClusteredWorld) -> None:
    """Else no option without memory would ever be right in training; one that has more keeps its whole count."""
    writer = ExampleWriter(world)
    writer.label(world.requests(0, 1)[0], "item00")
    for vector in world.requests(1, 3):
        writer.label(vector, "item01")
    examples = writer.all()
    alone, among_three, *_ = Replay(examples).evidence(range(len(examples)))
    live = live_evidence(remember(world.suggester(), examples, but="request-0"), examples.embeddings[0], "request 0")
    assert_same(alone, live, counts=True)
    assert alone.memory_weight[:2].tolist() == [0.0, 3.0]
    assert among_three.memory_weight[:2].tolist() == [1.0, 3.0]


def test_what_an_example_says_changes_nothing_it_sees(world: ClusteredWorld, examples: ExampleSet) -> None:
    """Relabel one example: its own evidence stays, but for the counts, which all examples share."""
    n = 20
    honest = examples.examples[n]
    other = world.ids[(world.ids.index(honest.right[0]) + 5) % len(world.ids)]
    lied = list(examples.examples)
    lied[n] = replace(honest, right=(other,))
    relabelled = replace(examples, examples=tuple(lied))
    [before], [after] = Replay(examples).evidence([n]), Replay(relabelled).evidence([n])
    assert_same(before, after, counts=False)
    neighbour = int(np.argsort(-(examples.embeddings @ examples.embeddings[n]))[1])
    [before], [after] = Replay(examples).evidence([neighbour]), Replay(relabelled).evidence([neighbour])
    assert list(before.neighbour_items) != list(after.neighbour_items), "others do see what it says"


def test_equal_texts_never_vote_for_each_other(world: ClusteredWorld) -> None:
    vector = world.requests(0, 1)[0]
    examples = ExampleWriter(world).label(vector, "item00", key="same").click(vector, "item00", key="same").all()
    for evidence in Replay(examples).evidence([0, 1]):
        assert list(evidence.neighbour_items) == []
        assert not evidence.centroid_cosine.any()


def test_candidates_taken_away_leave_nothing_behind(world: ClusteredWorld, examples: ExampleSet) -> None:
    gone = frozenset({"item00", "item07"})
    for evidence in Replay(examples, without=gone).evidence(range(len(examples))):
        assert gone.isdisjoint(evidence.ids)
        assert gone.isdisjoint(evidence.neighbour_items)


def test_a_large_catalog_is_narrowed_to_what_could_be_right() -> None:
    world = ClusteredWorld(n_items=200, dim=64, spread=0.3)
    examples = ExampleWriter(world).labels(1).all()
    found = list(Replay(examples).evidence(range(0, 200, 10), [["item150"]] * 20))
    for n, evidence in zip(range(0, 200, 10), found, strict=True):
        assert len(evidence.ids) < 160
        assert len(set(evidence.ids)) == len(evidence.ids)
        assert "item150" in evidence.ids, "the linear model's favourite is ranked"
        assert examples.examples[n].right[0] in evidence.ids


def linked(examples: ExampleSet, opening: int, then: int) -> ExampleSet:
    """The same with one context that follows another."""
    said = [replace(e, path=(f"said {n}",)) for n, e in enumerate(examples.examples)]
    said[then] = replace(said[then], path=(f"said {opening}", f"said {then}"))
    return replace(examples, examples=tuple(said))


def test_the_rest_of_a_conversation_is_left_out_of_its_memory(world: ClusteredWorld) -> None:
    """What was answered a moment before says next to all; at the next conversation nobody knows it yet."""
    near, other = world.requests(3, 2)
    writer = ExampleWriter(world).labels(4).label(near, "item03", key="opening").label(near, "item03", key="then")
    made = writer.label(other, "item03", key="stranger").all()
    opening = len(made) - 3
    talks = linked(made, opening, opening + 1)
    alone, in_talk = (next(Replay(each).evidence([opening + 1])) for each in (made, talks))
    assert alone.neighbour_cosines[0] == pytest.approx(1.0, abs=1e-5)
    assert in_talk.neighbour_cosines[0] < 0.999
    stranger = next(Replay(talks).evidence([opening + 2]))
    assert len(stranger.neighbour_cosines) == len(in_talk.neighbour_cosines) + 1


def test_an_option_known_from_one_conversation_alone_is_unknown_to_all_of_it(world: ClusteredWorld) -> None:
    writer = ExampleWriter(world)
    for n, item in enumerate(world.ids[1:], 1):
        writer.label(world.requests(n, 1)[0], item)
    first, then = world.requests(0, 2)
    made = writer.label(first, "item00", key="opening").label(then, "item00", key="then").all()
    talks = linked(made, len(made) - 2, len(made) - 1)
    seen = next(Replay(talks).evidence([len(talks) - 1]))
    place = seen.ids.index("item00")
    assert seen.memory_weight[place] == 0.0
    assert seen.centroid_cosine[place] == 0.0
