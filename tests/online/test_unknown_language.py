"""A request in a language that the encoder was not made for reaches a person, until people have answered it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from online.world import World
from suggest.domain.slate import Decision
from suggest.retrieve.hashing import HashingEncoder

GERMAN = "Wo ist mein Paket und wann kommt es?"


class EnglishEncoder(HashingEncoder):
    """Passes for the default encoder, which can cut a text into pieces."""

    def n_pieces(self, text: str) -> int:
        return len(text.split())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    opened = World(tmp_path, encoder=EnglishEncoder(128), policy={"target": {"kind": "p_any", "value": 0.01}})
    yield opened
    opened.close()


def test_it_escalates_with_that_reason(world: World) -> None:
    proposed = world.ask(GERMAN)
    assert (proposed.slate.decision, proposed.slate.reason) == (Decision.ESCALATE, "unknown-language")
    assert proposed.escalation is not None
    assert world.ask().slate.decision is Decision.SHOW


def test_what_people_answered_before_is_understood_in_any_language(world: World) -> None:
    world.label(GERMAN, "track")
    assert world.ask(GERMAN).slate.reason != "unknown-language"


def test_an_encoder_of_which_nothing_is_known_is_believed(tmp_path: Path) -> None:
    plain = World(tmp_path / "plain", policy={"target": {"kind": "p_any", "value": 0.01}})
    assert plain.ask(GERMAN).slate.reason != "unknown-language"
    plain.close()
