"""A start folds the log into memory: the same answers as before, nothing encoded, quickly."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from suggest.domain.context import Context
from suggest.domain.event import Event, EventType
from suggest.domain.slate import Decision, Slate, SlateItem
from suggest.online.messages import Proposal
from suggest.online.served import vector_bytes
from suggest.retrieve.hashing import HashingEncoder
from suggest.store.records import event_record, slate_record
from tests.online.world import KNOWN, OTHER_UNKNOWN, REPLIES, START, UNKNOWN, StuckEncoder, World


def test_requests_get_the_same_slates_as_before(world: World) -> None:
    proposed = world.ask(UNKNOWN)
    world.select(proposed, proposed.slate.items[1].id)
    world.label(OTHER_UNKNOWN, "refund")
    before = [world.ask(text).slate for text in (KNOWN, UNKNOWN, OTHER_UNKNOWN)]
    encoder = StuckEncoder(HashingEncoder(128))
    world.restart(encoder)
    assert encoder.n_calls == 0
    after = [world.ask(text).slate for text in (KNOWN, UNKNOWN, OTHER_UNKNOWN)]
    for old, new in zip(before, after, strict=True):
        assert [item.id for item in new.items] == [item.id for item in old.items]
        assert abs(new.p_any - old.p_any) < 0.05  # float16 embeddings


def test_a_fresh_folder_starts_empty(tmp_path: Path) -> None:
    world = World(tmp_path / "empty", replies={})
    assert len(world.online.suggester("shop").memory) == 0
    assert world.online.ready().reasons == () or world.online.ready().reasons == ("the encoder is warming up",)
    world.close()


def test_dismissals_teach_the_head_again(world: World) -> None:
    world.tell(world.event(world.ask(KNOWN), "dismiss"))
    dimmed = world.ask(KNOWN).slate.p_any
    world.restart()
    assert abs(world.ask(KNOWN).slate.p_any - dimmed) < 0.02


def test_what_people_contradicted_is_contradicted_after_a_restart(world: World) -> None:
    """Memories are worn off by the same acts, and what was said again since counts whole again."""
    for n in range(3):
        world.label(f"{KNOWN} {n}", "refund")
    world.label(OTHER_UNKNOWN, "shipping")
    for n in range(3):
        world.tell(world.event(world.ask(f"{KNOWN} {n}", session=f"s{n}"), "dismiss"))
    taken = world.ask(f"{KNOWN} 1", session="t")
    world.select(taken, taken.slate.items[0].id)

    def weights() -> dict[tuple[str, str | None], float]:
        keys, _, items, found = world.online.suggester("shop").memory.matrices()
        return dict(zip(zip(keys, items, strict=True), found.tolist(), strict=True))

    live, slates = weights(), [world.ask(f"{KNOWN} {n}").slate for n in range(3)]
    assert min(weight for (_, item), weight in live.items() if item == "refund") < 0.9, "nothing was contradicted"
    world.restart()
    restored = weights()
    assert restored.keys() == live.keys()
    for answer, weight in live.items():
        assert restored[answer] == pytest.approx(weight, rel=0.02), answer
    for n, slate in enumerate(slates):
        assert [item.id for item in world.ask(f"{KNOWN} {n}").slate.items] == [item.id for item in slate.items]


def test_what_people_doubt_is_doubted_after_a_restart(world: World) -> None:
    for n in range(4):
        world.label(f"{KNOWN} {n}", "track")
    for n in range(8):
        world.tell(world.event(world.ask(f"{KNOWN} {n % 4}", session=f"s{n}"), "dismiss"))
    doubted = set(world.online.suggester("shop")._trials._since)
    assert doubted == {"track"}
    world.restart()
    assert set(world.online.suggester("shop")._trials._since) == doubted


def test_the_share_of_unanswerable_requests_is_restored(world: World) -> None:
    texts = [f"{words} {i}" for i in range(70) for words in (UNKNOWN, OTHER_UNKNOWN, "zzz")]
    world.online.suggest_batch([Proposal(surface="shop", context=Context(text=text)) for text in texts])
    shifted = world.online.suggester("shop").none_share
    world.restart()
    assert abs(world.online.suggester("shop").none_share - shifted) < 0.05


def test_people_s_selections_weigh_less_than_labels_after_a_restart_too(world: World) -> None:
    proposed = world.ask(UNKNOWN, session="s")
    world.select(proposed, proposed.slate.items[0].id, trusted=False)
    world.label(OTHER_UNKNOWN, "refund")
    live = sorted(world.online.suggester("shop").memory.matrices()[3].tolist())
    world.restart()
    restored = sorted(world.online.suggester("shop").memory.matrices()[3].tolist())
    assert restored[-1] == live[-1] == 1.0
    assert restored[0] <= live[0] < 1.0


@pytest.mark.slow
def test_a_long_log_is_folded_in_about_a_second(tmp_path: Path) -> None:
    """A view and a select a slate; whole: 100,000 events. The bound is loose, the machine is shared: see the figure."""
    world = World(tmp_path / "long")
    n, at_once = (50_000 if os.environ.get("SUGGEST_FULL") else 5_000), 1_000
    vectors = [vector_bytes(row) for row in np.eye(128, dtype=np.float32)]
    ids = list(REPLIES)
    items = tuple(SlateItem(id=id, text=id, position=i, p_select=0.1, propensity=1.0) for i, id in enumerate(ids[:3]))
    for start in range(0, n, at_once):
        records = []
        for i in range(start, start + at_once):
            slate = Slate(
                id=f"i{i:07}",
                surface="shop",
                at=START - timedelta(hours=30) + timedelta(seconds=i),
                context=Context(text=f"question number {i % 3000}"),
                items=items,
                decision=Decision.SHOW,
                reason=None,
                p_any=0.8,
                p_none_raw=0.2,
                p_accept=0.5,
                threshold=0.5,
                k=3,
                mode="assist",
                bundle="prior",
                policy_revision=1,
                supplied=False,
                embedding=vectors[i % 128],
                encoder="hashing-128",
            )
            records.append(slate_record(slate))
            for kind in (EventType.VIEW, EventType.SELECT):
                item = ids[i % 3] if kind is EventType.SELECT else None
                event = Event(
                    eid=f"{kind}{i:07}",
                    impression=slate.id,
                    surface="shop",
                    type=kind,
                    received_at=slate.at,
                    item=item,
                    trusted=True,
                )
                records.append(event_record(event))
        world.app.store.append(records)
    world.app.close()
    started = time.perf_counter()
    world.app = world._open()
    taken_s = time.perf_counter() - started
    print(f"start with {2 * n:,} events and {n:,} slates in the log: {taken_s:.2f} s")
    assert len(world.online.suggester("shop").memory) == 3_000  # one a context and option
    assert taken_s < 15
    world.close()


def test_silence_is_waited_for_as_long_as_the_policy_says_after_a_restart_too(world: World) -> None:
    """An hour old, the slate is still open where two hours are waited."""
    world.online.put_policy("shop", {"reward_wait_s": 7_200}, by="owner")
    world.ask(KNOWN)
    world.clock.advance(seconds=3_600)
    world.restart()
    assert world.online._outcomes.n_open("shop") == 1
