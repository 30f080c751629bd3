"""Two challengers and a champion on the same examples: the tuned encoder is taken only where it is better, and it is
said why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pytest

from suggest.domain.bundle import EncoderRef
from suggest.loop import contest as subject
from suggest.loop.attempt import Attempt
from suggest.loop.contest import Decided, contest
from suggest.loop.examples import Catalog, Example, ExampleSet
from suggest.loop.gate import FEWEST_PAIRS
from suggest.loop.ladder import TUNED, Rung
from suggest.loop.scores import Score

N = 60
GOOD, FAIR, BAD = 0.2, 0.5, 1.5  # nats
Scores = list[Score | None]


@pytest.fixture(autouse=True)
def rungs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ladder needs whole builds; which rungs it has is enough here."""
    monkeypatch.setattr(
        subject, "ladder", lambda *_, but: [Rung(name="plain", ranks={"c": 0}, notes={"but": sorted(but)})]
    )
    monkeypatch.setattr(
        subject, "rung", lambda name, *_, but: Rung(name=name, ranks={"c": 0}, notes={"but": sorted(but)})
    )


def scores(nll: float, *, rank: int = 0, n: int = N) -> Scores:
    rng = np.random.default_rng(int(nll * 10))
    return [
        Score(nll=nll + 0.1 * float(noise), rank=rank, p_any=0.9, correct=True, p_top1=0.8)
        for noise in rng.normal(size=n)
    ]


def attempt(made: Sequence[Score | None], *, tuned_on: frozenset[str] = frozenset()) -> Attempt:
    examples = tuple(
        Example(key=f"c{n}", text="", row=n, right=("a",), weight=1.0, order=float(n), click=False)
        for n in range(len(made))
    )
    return Attempt(
        examples=ExampleSet(
            examples=examples,
            embeddings=np.zeros((len(made), 1), np.float32),
            catalog=Catalog(ids=(), texts=(), embeddings=np.zeros((0, 1), np.float32)),
            tuned_on=tuned_on,
        ),
        built=cast("Any", None),
        scores=made,
        encoder=EncoderRef(fingerprint="f", dim=1),
        seconds=1.0,
    )


def decided(*, plain: float, tuned: float, champion: float) -> Decided:
    return contest(attempt(scores(plain)), attempt(scores(tuned)), scores(champion), seed=0)


def test_a_tuned_challenger_that_beats_both_is_taken() -> None:
    found = decided(plain=FAIR, tuned=GOOD, champion=FAIR)
    assert found.is_tuned
    assert found.verdict.passed
    assert "the tuned encoder is taken" in found.verdict.notes[0]


def test_a_tuned_challenger_that_is_worse_than_the_plain_one_is_not() -> None:
    found = decided(plain=GOOD, tuned=FAIR, champion=BAD)
    assert not found.is_tuned
    assert found.verdict.passed, "the plain one goes to the gate all the same"
    assert "not taken" in found.verdict.notes[0]
    assert f"on {N} examples that it never saw" in found.verdict.notes[0]


def test_a_tuned_challenger_that_loses_to_the_champion_is_not_taken_and_the_note_says_how() -> None:
    found = decided(plain=BAD, tuned=FAIR, champion=GOOD)
    assert not found.is_tuned
    assert not found.verdict.passed
    assert "likelihood is credibly worse" in found.verdict.notes[0]


def test_equally_good_is_not_better() -> None:
    same = scores(FAIR)
    found = contest(attempt(same), attempt(same), scores(BAD), seed=0)
    assert not found.is_tuned
    assert found.verdict.passed


def test_a_tuned_challenger_that_passes_where_the_plain_one_does_not_is_taken() -> None:
    found = decided(plain=BAD, tuned=GOOD, champion=GOOD)
    assert found.is_tuned
    assert found.verdict.passed


def test_what_an_encoder_was_tuned_on_judges_nobody() -> None:
    """The tuned one is splendid on what it saw, and bad on the rest."""
    seen = frozenset(f"c{n}" for n in range(30))
    made = [*scores(GOOD)[:30], *scores(BAD)[30:]]
    found = contest(attempt(scores(FAIR)), attempt(made, tuned_on=seen), scores(FAIR), seed=0)
    assert not found.is_tuned
    assert "on 30 examples that it never saw" in found.verdict.notes[0]
    assert [rung["rung"] for rung in found.verdict.ladder] == ["plain", TUNED]
    assert all(rung["but"] == sorted(seen) for rung in found.verdict.ladder)


def test_too_few_unseen_examples_speak_for_no_tuned_encoder() -> None:
    seen = frozenset(f"c{n}" for n in range(N - FEWEST_PAIRS + 1))
    found = contest(attempt(scores(FAIR)), attempt(scores(GOOD), tuned_on=seen), scores(FAIR), seed=0)
    assert not found.is_tuned
    assert f"{FEWEST_PAIRS - 1} examples can be compared" in found.verdict.notes[0]
    assert found.verdict.passed, "the plain one has all of them"


def test_examples_are_matched_by_what_they_are_and_not_by_where_they_stand() -> None:
    """The tuned attempt's examples come in another order: the champion's scores follow."""
    champion: Scores = [*scores(GOOD)[:30], *scores(BAD)[30:]]
    plain, tuned = attempt(scores(FAIR)), attempt(champion)
    backwards = Attempt(
        examples=ExampleSet(
            examples=tuned.examples.examples[::-1],
            embeddings=tuned.examples.embeddings,
            catalog=tuned.examples.catalog,
        ),
        built=tuned.built,
        scores=list(tuned.scores)[::-1],
        encoder=tuned.encoder,
        seconds=1.0,
    )
    straight = contest(plain, tuned, champion, seed=0)
    turned = contest(plain, backwards, champion, seed=0)
    assert straight.is_tuned == turned.is_tuned
    assert straight.verdict.why.split("[")[0] == turned.verdict.why.split("[")[0]


def test_what_only_the_champion_never_saw_is_left_out_of_its_pairs() -> None:
    champion: Scores = [None if n < 15 else each for n, each in enumerate(scores(FAIR))]
    found = contest(attempt(scores(BAD)), attempt(scores(GOOD)), champion, seed=0)
    assert found.is_tuned
    assert found.verdict.n_pairs == N - 15
