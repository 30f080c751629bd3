"""Who is held out together: stratified, stable over retrains, equal texts on one side, the latest clicks apart."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import replace

import numpy as np
import pytest

from loop.worlds import ClusteredWorld, ExampleWriter
from suggest.loop.examples import Catalog, Example, ExampleSet
from suggest.loop.folds import CLICK_TEST_SHARE, N_FOLDS, NEVER_HELD_OUT, TIME_FOLD, fold_of


@pytest.fixture(scope="module")
def world() -> ClusteredWorld:
    return ClusteredWorld(n_items=6)


def by_key(examples: ExampleSet) -> dict[str, int]:
    return dict(zip((e.key for e in examples.examples), examples.folds().tolist(), strict=True))


@pytest.mark.parametrize("per_item", [3, 5, 17])
def test_every_items_labels_are_spread_evenly(world: ClusteredWorld, per_item: int) -> None:
    examples = ExampleWriter(world).labels(per_item).all()
    of_item = defaultdict(Counter)  # type: ignore[var-annotated]
    for example, fold in zip(examples.examples, examples.folds(), strict=True):
        of_item[example.right[0]][int(fold)] += 1
    for counts in of_item.values():
        sizes = [counts[f] for f in range(N_FOLDS)]
        assert max(sizes) - min(sizes) <= 1
        assert counts[TIME_FOLD] == 0


def test_the_folds_of_all_items_together_are_of_about_one_size(world: ClusteredWorld) -> None:
    sizes = Counter(ExampleWriter(world).labels(20).all().folds().tolist())
    assert {sizes[f] for f in range(N_FOLDS)} == {24}


def test_a_retrain_on_more_data_holds_out_the_same_labels_together(world: ClusteredWorld) -> None:
    writer = ExampleWriter(world).labels(13)
    before = by_key(writer.all())
    after = by_key(writer.labels(4).all())
    assert len(after) > len(before)
    assert {key: after[key] for key in before} == before


def test_the_order_in_which_examples_are_read_does_not_matter(world: ClusteredWorld) -> None:
    examples = ExampleWriter(world).labels(9).all()
    shuffled = list(examples.examples)
    random.Random(3).shuffle(shuffled)
    assert by_key(replace(examples, examples=tuple(shuffled))) == by_key(examples)


def test_another_process_finds_the_same_folds() -> None:
    """Python's own hash is salted anew in each process; these must not be."""
    code = "from suggest.loop.folds import fold_of; print([fold_of(f'k{n}', 's', 5) for n in range(40)])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == str([fold_of(f"k{n}", "s", 5) for n in range(40)])


def test_identical_texts_share_a_fold_whatever_said_them(world: ClusteredWorld) -> None:
    """A context labelled with two items, clicked on and dismissed, late and early: on one side of every split."""
    writer = ExampleWriter(world).labels(6)
    for n in range(40):
        vector = world.requests(n % 6, 1)[0]
        writer.click(vector, world.ids[n % 6], key=f"request-{n % 30}")
    writer.click(vector, None, examined=("item00",), key="request-3")
    fold_of_key: dict[str, set[int]] = defaultdict(set)
    examples = writer.all()
    for example, fold in zip(examples.examples, examples.folds(), strict=True):
        fold_of_key[example.key].add(int(fold))
    assert {len(folds) for folds in fold_of_key.values()} == {1}


def test_the_latest_fifth_of_the_clicks_is_judged_by_what_was_learned_before(world: ClusteredWorld) -> None:
    writer = ExampleWriter(world).labels(2)
    for n in range(100):
        writer.click(world.requests(n % 6, 1)[0], world.ids[n % 6])
    examples = writer.all()
    folds = examples.folds()
    clicks = np.array([e.click for e in examples.examples])
    late = np.flatnonzero(folds == TIME_FOLD)
    assert len(late) == int(CLICK_TEST_SHARE * 100)
    assert clicks[late].all()
    others = np.flatnonzero(clicks & (folds != TIME_FOLD))
    first_late = min(examples.examples[n].order for n in late)
    assert all(examples.examples[n].order < first_late for n in others)
    assert set(folds[others].tolist()) == set(range(N_FOLDS))


def test_a_context_first_clicked_early_is_not_late_because_it_came_again(world: ClusteredWorld) -> None:
    writer = ExampleWriter(world)
    for n in range(50):
        writer.click(world.requests(0, 1)[0], "item00", key="seen before" if n in {2, 49} else None)
    assert by_key(writer.all())["seen before"] != TIME_FOLD


def test_a_labelled_context_is_never_late(world: ClusteredWorld) -> None:
    writer = ExampleWriter(world)
    for _ in range(50):
        writer.click(world.requests(0, 1)[0], "item00")
    last = world.requests(0, 1)[0]
    writer.click(last, "item00", key="labelled too").label(last, "item00", key="labelled too")
    assert by_key(writer.all())["labelled too"] != TIME_FOLD


def test_a_handful_of_clicks_is_too_little_for_a_time_fold(world: ClusteredWorld) -> None:
    writer = ExampleWriter(world)
    for _ in range(24):
        writer.click(world.requests(0, 1)[0], "item00")
    assert TIME_FOLD not in writer.all().folds()


def test_a_catalogs_columns_have_one_length(world: ClusteredWorld) -> None:
    with pytest.raises(ValueError, match="one length"):
        Catalog(ids=("a",), texts=(), embeddings=world.catalog.embeddings[:1])


def grown(examples: ExampleSet, *, every: int) -> ExampleSet:
    """The same examples as conversations of `every` contexts, each following the one before."""
    made: list[Example] = []
    for n, e in enumerate(examples.examples):
        made.append(replace(e, path=(*(made[-1].path if n % every else ()), f"said {n}")))
    return replace(examples, examples=tuple(made))


@pytest.mark.parametrize("kind", ["labels", "clicks"])
def test_a_conversation_shares_a_fold(world: ClusteredWorld, kind: str) -> None:
    writer = ExampleWriter(world)
    if kind == "labels":
        writer.labels(6)
    else:
        for n in range(60):
            writer.click(world.requests(n % len(world.ids), 1)[0], world.ids[n % len(world.ids)])
    talks = grown(writer.all(), every=4)
    folds = talks.folds()
    of_talk = folds[: len(folds) // 4 * 4].reshape(-1, 4)
    assert (of_talk == of_talk[:, :1]).all()
    assert len(set(folds.tolist())) >= 5, "and yet all folds are there"
    apart = writer.all().folds()
    assert not (apart[: len(of_talk) * 4].reshape(-1, 4) == apart[::4][: len(of_talk), None]).all()


def test_what_was_tuned_on_keeps_its_whole_conversation_from_judging(world: ClusteredWorld) -> None:
    talks = grown(ExampleWriter(world).labels(6).all(), every=3)
    tuned = replace(talks, tuned_on=frozenset({talks.examples[4].text_key}))
    assert np.flatnonzero(tuned.folds() == NEVER_HELD_OUT).tolist() == [3, 4, 5]


def test_an_encoder_is_tuned_on_whole_conversations(world: ClusteredWorld) -> None:
    talks = grown(ExampleWriter(world).labels(12).all(), every=3)
    used = talks.to_tune_on()
    told = [e.text_key in used for e in talks.examples]
    assert all(len(set(told[n : n + 3])) == 1 for n in range(0, len(told) // 3 * 3, 3))
    assert 0 < sum(told) < len(told)
