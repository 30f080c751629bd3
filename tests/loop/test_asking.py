"""What people did with what they were shown teaches which contexts want an answer, and never at the cost of those who
did get one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from loop.worlds import ClusteredWorld, ExampleWriter
from suggest.domain.bundle import EncoderRef
from suggest.loop import asking
from suggest.loop.archive import unpack
from suggest.loop.asking import FEWEST, LearnedTrigger, taught
from suggest.loop.attempt import attempt, packed
from suggest.loop.examples import Catalog, Example, ExampleSet, Reaction
from suggest.loop.gate import kept
from suggest.loop.made_up import Background
from suggest.online.model import Model
from suggest.policy.trigger import WANTED_FROM, Trigger, fit_trigger

DIM = 16
Floats = NDArray[np.float32]


def around(axis: int, n: int, *, seed: int, spread: float = 0.25) -> Floats:
    rows = np.random.default_rng(seed).normal(scale=spread, size=(n, DIM))
    rows[:, axis] += 1.0
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


ASKS, THANKS, CHAT = 0, 1, 2  # what is shipped knows the first two; the third is this surface's own idle talk


def shipped() -> Background:
    return Background(
        texts=tuple(f"ask {n}" for n in range(60)),
        embeddings=around(ASKS, 60, seed=1),
        talk=tuple(f"thanks {n}" for n in range(60)),
        talk_embeddings=around(THANKS, 60, seed=2),
    )


def a_surface(*, answered: Floats, left: Floats, weight: float = 0.3, wrote: int = 0) -> ExampleSet:
    examples = tuple(
        Example(key=f"a{n}", text=f"a{n}", row=n, right=("x",), weight=1.0, order=float(n), click=True)
        for n in range(len(answered))
    )
    reactions = tuple(
        Reaction(key=f"l{n}", row=len(answered) + n, wanted=n < wrote, weight=1.0 if n < wrote else weight)
        for n in range(len(left))
    )
    return ExampleSet(
        examples=examples,
        embeddings=np.concatenate([answered, left]),
        catalog=Catalog(ids=("x",), texts=("x",), embeddings=np.zeros((1, DIM), np.float32)),
        reactions=reactions,
    )


def learned(examples: ExampleSet, about: Background | None = None) -> LearnedTrigger | None:
    return taught(examples, about or shipped(), encoder="e").learned


def withheld(trigger: Trigger, axis: int) -> float:
    return float(np.mean([trigger.needs_answer(each) < WANTED_FROM for each in around(axis, 200, seed=11)]))


def by_the_shipped(axis: int) -> float:
    about = shipped()
    assert about.talk_embeddings is not None
    rows = np.concatenate([about.embeddings, about.talk_embeddings])
    return withheld(fit_trigger(rows, np.arange(120) < 60, encoder="e"), axis)


def test_one_that_withholds_from_those_who_got_an_answer_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    surface = a_surface(answered=around(ASKS, 150, seed=3), left=around(CHAT, 150, seed=4))
    assert learned(surface) is not None
    both = iter([(asking.MOST_WITHHELD + 0.01, 0.9), (0.0, 0.0)])  # the learned one, the shipped one
    monkeypatch.setattr(asking, "_withheld", lambda *_: next(both))
    assert learned(surface) is None


def test_idle_talk_that_people_always_leave_is_withheld_from_then_on() -> None:
    made = learned(a_surface(answered=around(ASKS, 150, seed=3), left=around(CHAT, 150, seed=4)))
    assert made is not None
    assert made.trigger.encoder == "e"
    chat, ask, thanks = (float(made.trigger.needs_answer(around(axis, 1, seed=9)[0])) for axis in (CHAT, ASKS, THANKS))
    assert max(chat, thanks) < WANTED_FROM < ask
    assert made.told["withheld_unwanted"] > 0.9
    assert made.told["withheld_answered"] == 0.0


def test_what_is_answered_now_and_then_is_not_withheld_however_often_it_is_left() -> None:
    half = around(CHAT, 200, seed=4)
    made = learned(a_surface(answered=np.concatenate([around(ASKS, 100, seed=3), half[:100]]), left=half[100:]))
    assert made is not None
    assert withheld(made.trigger, CHAT) < by_the_shipped(CHAT) / 2


def test_who_wrote_their_own_wanted_an_answer() -> None:
    left = around(CHAT, 150, seed=4)
    made = learned(a_surface(answered=around(ASKS, 150, seed=3), left=left, wrote=110))
    assert made is not None
    assert withheld(made.trigger, CHAT) < by_the_shipped(CHAT) / 2


def test_a_colleagues_none_of_these_is_no_sign_that_nothing_was_wanted() -> None:
    surface = a_surface(answered=around(ASKS, 150, seed=3), left=around(CHAT, 150, seed=4))
    asked = tuple(
        Example(key=f"l{n}", text="", row=150 + n, right=(), weight=1.0, order=0.0, click=False) for n in range(150)
    )
    assert learned(replace(surface, examples=(*surface.examples, *asked))) is None


@pytest.mark.parametrize(("n_answered", "n_left"), [(FEWEST - 1, 200), (200, FEWEST - 1), (0, 0)])
def test_a_few_tell_nothing(n_answered: int, n_left: int) -> None:
    surface = a_surface(answered=around(ASKS, n_answered, seed=3), left=around(CHAT, n_left, seed=4))
    assert learned(surface) is None


def test_an_encoder_that_cannot_tell_talk_learns_no_trigger() -> None:
    surface = a_surface(answered=around(ASKS, 150, seed=3), left=around(CHAT, 150, seed=4))
    assert learned(surface, replace(shipped(), talk=(), talk_embeddings=None)) is None


def test_all_silence_together_never_weighs_more_than_all_answers() -> None:
    answered, left = around(ASKS, 40, seed=3), around(CHAT, 400, seed=4)
    _, known = asking._known(a_surface(answered=answered, left=left, weight=1.0))
    assert known.weights[~known.wanted].sum() == pytest.approx(40)
    assert known.weights[known.wanted].sum() == 40


def test_a_bundle_brings_its_trigger_and_says_what_taught_it() -> None:
    world = ClusteredWorld(n_items=6, dim=DIM)
    examples = ExampleWriter(world).labels(8).all()
    left = around(CHAT, 60, seed=4)
    reactions = tuple(Reaction(key=f"l{n}", row=len(examples) + n, wanted=False, weight=0.5) for n in range(60))
    surface = replace(examples, embeddings=np.concatenate([examples.embeddings, left]), reactions=reactions)
    talk = -world.far(40)
    about = replace(world.background(), talk=tuple(f"talk {n}" for n in range(40)), talk_embeddings=talk)
    made = attempt(surface, about, EncoderRef(fingerprint="e", dim=DIM), seed=0, threads=1, report=lambda *_: None)
    assert made.trigger is not None
    unpacked = unpack(packed(made, kept("a test"), {}))
    assert unpacked.manifest["trigger"] == made.trigger.told
    served = Model.from_files("b", unpacked.files).trigger
    assert served is not None
    assert served.needs_answer(left[0]) == pytest.approx(made.trigger.trigger.needs_answer(left[0]), abs=1e-3)
    without = replace(made, trigger=None)
    assert Model.from_files("b", unpack(packed(without, kept("a test"), {})).files).trigger is None


def test_the_gates_notes_say_what_was_found() -> None:
    def said(answered: Floats, left: Floats, about: Background | None = None) -> str:
        return asking.taught(a_surface(answered=answered, left=left), about or shipped(), encoder="e").why

    some, few = around(ASKS, 150, seed=3), around(CHAT, 12, seed=4)
    assert "learned from 150 requests that got one and 150" in said(some, around(CHAT, 150, seed=4))
    assert "150 got one and 12 were sent away or left; 30 of each are needed" in said(some, few)
    assert "words only" in said(some, few, replace(shipped(), talk=(), talk_embeddings=None))
    alike = around(ASKS, 400, seed=3)
    assert "shipped messages alone: learned here" in said(alike[:200], alike[200:])
