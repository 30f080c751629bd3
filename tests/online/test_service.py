"""The facade: exports, readiness, bundles, and many threads at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import duckdb
import pytest

from suggest.calibrate.prior import shipped_prior
from suggest.domain.errors import NotFound
from suggest.online.suggester import Suggester
from suggest.store.ports import Table
from tests.online.world import KNOWN, UNKNOWN, World


def test_an_export_includes_all_that_was_acknowledged_before(world: World) -> None:
    for _ in range(5):
        world.select(world.ask(KNOWN), "track")
    path = world.online.export("events", "parquet")
    eids = duckdb.sql(f"select eid from '{path}'").fetchall()
    assert len({eid for (eid,) in eids}) == 5
    csv = world.online.export(Table.SLATES, "csv")
    assert len(csv.read_text().splitlines()) >= 6


def test_there_is_no_export_of_what_is_no_table(world: World) -> None:
    for name in ("keys", "cas", "../slates", ""):
        with pytest.raises(NotFound):
            world.online.export(name, "csv")


def test_readiness_names_what_is_missing(world: World) -> None:
    world.app.batcher.warm()
    assert world.online.ready().ok
    world.app.store.update("champion/shop", {"bundle": "b1"}, expected=0)
    ready = world.online.ready()
    assert not ready.ok
    assert ready.reasons == ("surface shop does not serve its champion",)


def test_on_a_full_disk_nothing_is_ready(world: World) -> None:
    world.app.batcher.warm()
    world.app.store._min_free_bytes = 2**62
    assert "the log cannot take a write" in world.online.ready().reasons


def prior_files() -> Mapping[str, bytes]:
    """A bundle that serves like the prior, with evidence of its own."""
    evidence = {"p_any": [0.9] * 80 + [0.2] * 20, "correct": [True] * 80 + [False] * 20}
    return {
        "choice.json": json.dumps(shipped_prior().to_json()).encode(),
        "evidence.json": json.dumps(evidence).encode(),
    }


def test_an_installed_bundle_serves_the_next_request_and_moves_the_line(world: World) -> None:
    world.online.put_policy("shop", {"target": {"kind": "precision", "value": 0.9}}, by="owner")
    assert not world.online.get_policy("shop").certified
    world.online.install("shop", "b1", prior_files())
    assert world.ask(KNOWN).slate.bundle == "b1"
    assert world.online.get_policy("shop").certified


def test_the_prior_can_be_installed_again(world: World) -> None:
    world.online.install("shop", "b1", prior_files())
    world.online.install("shop", "prior", {})
    assert world.ask(KNOWN).slate.bundle == "prior"


def test_what_a_bundle_has_not_seen_is_taught_again(world: World) -> None:
    world.tell(world.event(world.ask(KNOWN), "dismiss"))
    dimmed = world.ask(KNOWN).slate.p_any
    world.online.install("shop", "b1", prior_files())
    assert world.ask(KNOWN).slate.p_any > dimmed  # taken to be part of the bundle's own data
    world.online.install("shop", "b2", prior_files(), data_until=1)
    assert world.ask(KNOWN).slate.p_any == pytest.approx(dimmed, abs=0.02)


def test_requests_feedback_and_reviews_from_many_threads(world: World) -> None:
    def live(number: int) -> int:
        proposed = world.ask(f"{UNKNOWN} {number % 5}", session=f"s{number}")
        world.select(proposed, proposed.slate.items[0].id)
        review = world.online.claim(f"w{number}")
        if review is not None:
            world.online.release(review.id, review.lease)
        return len(proposed.slate.items)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(live, range(40))) == {3}
    assert len(world.app.store.read(Table.SLATES)) == len(world.app.store.read(Table.EVENTS)) == 40
    counts = world.online.queue_counts()
    assert counts.claimed == 0
    assert counts.waiting == len(world.app.store.read(Table.REVIEWS))


def test_the_suggester_of_a_surface_is_its_own(world: World) -> None:
    world.online.put_surface("other", {})
    assert isinstance(world.online.suggester("shop"), Suggester)
    assert world.online.suggester("shop") is not world.online.suggester("other")


def test_ticking_an_idle_service_changes_nothing(world: World) -> None:
    before = len(world.app.store.read(Table.SLATES, limit=10))
    for _ in range(3):
        world.clock.advance(seconds=1)
        world.online.tick()
    assert len(world.app.store.read(Table.SLATES, limit=10)) == before
    world.online.tick(world.clock.now())
