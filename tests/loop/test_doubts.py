"""Wrong answers among the known ones are found by models that never saw them, and come back as questions to people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from loop.test_build import built_from
from loop.test_service import TOPICS, Desk, a_request
from loop.worlds import ClusteredWorld, ExampleWriter
from suggest.domain.ids import new_id
from suggest.domain.review import ReviewReason
from suggest.loop.doubts import HARDLY, MOST, doubts_json, gravest
from suggest.online.messages import RawEvent, RawVerdict
from suggest.store.ports import Table


def test_planted_mistakes_are_the_gravest_doubts() -> None:
    world = ClusteredWorld(n_items=10, dim=32, spread=0.6)
    examples = ExampleWriter(world).labels(20).all()
    wrong = {n * 19: world.ids[(world.ids.index(examples.examples[n * 19].right[0]) + 4) % 10] for n in range(10)}
    said = [replace(e, right=(wrong[n],)) if n in wrong else e for n, e in enumerate(examples.examples)]
    examples = replace(examples, examples=tuple(said))
    doubts = json.loads(doubts_json(built_from(examples, world.background()), examples))
    planted = {(examples.examples[n].key, item) for n, item in wrong.items()}
    first = [(key, item) for key, item, _ in doubts[:10]]
    assert len(planted & set(first)) >= 9, "at least nine of the ten gravest are the planted ones"
    confidences = [confidence for *_, confidence in doubts]
    assert confidences == sorted(confidences)
    assert max(confidences) <= HARDLY


def test_a_context_is_doubted_once_and_a_dismissal_says_nothing_to_doubt() -> None:
    world = ClusteredWorld(n_items=3)
    row = world.requests(0, 1)[0]
    writer = ExampleWriter(world).label(row, "item00", key="a").click(row, "item01", key="a", examined=("item00",))
    label, click = writer.all().examples
    dismissal = replace(click, right=())
    assert gravest([(label, 0.05), (click, 0.02), (dismissal, 0.0)]) == [(click, 0.02)]
    assert gravest([(label, 0.2), (click, None)]) == []
    many = [(replace(label, key=f"{n:04}"), 0.01) for n in range(MOST + 1)]
    assert len(gravest(many)) == MOST


@pytest.fixture(scope="module")
def misled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk whose people said twice that something was right which is not: by a click, and by a verdict."""
    desk = Desk(Path(tmp_path_factory.mktemp("misled")))
    desk.label(14)
    clicked = desk.ask(a_request("refund", 101))
    slip = next(item.id for item in clicked.slate.items if item.id != "refund")
    event = RawEvent(eid="e", impression=clicked.slate.id, token=clicked.token, type="select", item=slip)
    assert desk.app.online.record([event], trusted=True).accepted == 1
    judged = desk.ask(a_request("gift", 102))
    assert desk.app.online.second_look("desk", [judged.slate.id]) == 1
    held = desk.app.online.claim("ann")
    assert held is not None
    desk.app.online.verdict(held.id, RawVerdict(eid="slip-2", lease=held.lease, item="colour"))
    assert desk.train().state == "promoted"
    yield desk
    desk.app.close()


def test_slips_of_clicks_and_of_verdicts_are_asked_about_once_and_can_be_corrected(misled: Desk) -> None:
    online = misled.app.online
    online.put_policy("desk", {"learning_per_day": 2_400}, "owner")
    misled.app.tick()
    rows = [dict(each.record.values) for each in misled.app.store.read(Table.REVIEWS)]
    asked = {row["impression"] for row in rows if row["pick"] == "doubted"}
    texts = {str(row["context"]["text"]) for row in misled.app.store.select("slates_by_id", ids=list(asked))}  # type: ignore[index]
    assert texts >= {a_request("refund", 101), a_request("gift", 102)}
    held = online.claim("bob")
    while held is not None and held.context.text != a_request("gift", 102):
        online.verdict(held.id, RawVerdict(eid=new_id(misled.clock), lease=held.lease, none=True))
        held = online.claim("bob")
    assert held is not None
    assert held.reason is ReviewReason.LEARNING
    assert held.proposed is not None
    assert held.proposed.item == "colour"
    assert held.proposed.item_text == f"About your {TOPICS['colour'].split()[0]}"
    online.verdict(held.id, RawVerdict(eid="right", lease=held.lease, item="gift"))
    assert misled.slate(a_request("gift", 102)).items[0].id == "gift"
    misled.clock.advance(seconds=3600)
    misled.app.tick()
    again = [dict(each.record.values) for each in misled.app.store.read(Table.REVIEWS)]
    doubted = [row["impression"] for row in again if row["pick"] == "doubted"]
    assert len(doubted) == len(set(doubted))
