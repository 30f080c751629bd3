"""What a new bundle makes of the requests before it: only of those that their text tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from online.world import UNKNOWN, World
from suggest.domain.candidate import Candidate
from suggest.domain.context import Context
from suggest.online.messages import Proposal
from suggest.online.model import Model

N = 220  # requests: from 200 on traffic counts


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    opened = World(tmp_path / "data", policy={"trigger": False})
    yield opened
    opened.close()


def with_fields(world: World, n: int) -> None:
    ask(world, n, fields={"plan": "pro"})


def with_options(world: World, n: int) -> None:
    ask(world, n, candidates=(Candidate(id="own", text=f"{UNKNOWN} {n}"), Candidate(id="other", text="No")))


def by_text(world: World, n: int) -> None:
    ask(world, n)


def ask(
    world: World, n: int, *, fields: Mapping[str, object] | None = None, candidates: tuple[Candidate, ...] = ()
) -> None:
    context = Context(text=f"{UNKNOWN} {n}", fields=dict(fields or {}))
    world.online.suggest(Proposal(surface="shop", context=context, candidates=candidates or None))


def none_share(world: World) -> float:
    return float(world.online._place("shop").suggester.none_share)


@pytest.mark.parametrize(("asked", "counts"), [(by_text, True), (with_fields, False), (with_options, False)])
@pytest.mark.parametrize("how", ["promotion", "restart"])
def test_only_what_the_text_tells_is_judged_anew_by_the_next_bundle(
    world: World, asked: Callable[[World, int], None], counts: bool, how: str
) -> None:
    for n in range(N):
        asked(world, n)
    if how == "promotion":
        world.online._place("shop").suggester.install_model(replace(Model.prior(), bundle="next"))
    else:
        world.restart()
    usual = 1.0 - float(Model.prior().choice.usual_shares[0])
    assert (none_share(world) > usual + 0.1) is counts
    if not counts:
        assert none_share(world) == pytest.approx(usual)
