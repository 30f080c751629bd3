"""An alert is told when it is raised and when it is over, once each, whatever is restarted in between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from suggest.online import alerts as told_of
from suggest.online.promises import Known
from suggest.online.webhooks import OUTBOX
from tests.online.test_watching import PROMISE, answers, ask_all, dismiss_all, known
from tests.online.world import World

URL = "https://desk.example/hook"


@pytest.fixture
def promising(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "data")
    made.online.put_policy("shop", PROMISE, by="owner")
    made.online.webhooks.create(URL)
    yield made
    made.close()


def look(world: World) -> list[Mapping[str, object]]:
    """What waits to be told after one more look, a second later; oldest first."""
    world.clock.advance(seconds=1)
    world.online.alerts.look()
    stored = world.app.store.keys(OUTBOX).values()
    return [{"event": each.value["event"], **each.value["data"]} for each in stored]  # type: ignore[dict-item]


def kept(n: int) -> list[Known]:
    return [known(i) for i in range(n)]


def test_a_broken_promise_is_told_once_and_so_is_its_end(promising: World) -> None:
    assert look(promising) == []
    dismiss_all(promising, ask_all(promising))
    (told,) = look(promising)
    assert (told["event"], told["surface"], told["state"]) == ("alert.precision", "shop", "raised")
    assert told["target"] == 0.6
    assert "only from" in str(told["why"])
    assert look(promising) == [told]
    promising.restart()
    assert look(promising) == [told]
    answers(promising, *kept(160))
    assert [each["state"] for each in look(promising)] == ["raised", "cleared"]
    assert len(look(promising)) == 2


def test_an_alarm_that_is_over_before_anybody_looked_is_told_too(promising: World) -> None:
    dismiss_all(promising, ask_all(promising))
    answers(promising, *kept(160))
    assert [each["state"] for each in look(promising)] == ["raised"]
    assert [each["state"] for each in look(promising)] == ["raised", "cleared"]


def test_who_hears_of_something_else_is_not_told(tmp_path: Path) -> None:
    world = World(tmp_path / "data")
    world.online.put_policy("shop", PROMISE, by="owner")
    world.online.webhooks.create(URL, events=["review.waiting"])
    dismiss_all(world, ask_all(world))
    assert look(world) == []
    world.close()


def test_drift_is_looked_at_every_quarter_of_an_hour(promising: World, monkeypatch: pytest.MonkeyPatch) -> None:
    alarm, looked = {"p_any": False}, []

    def drift(reads: object, surface: str) -> Mapping[str, object]:
        looked.append(surface)
        return {"p_any_fall": {"value": 0.2, "limit": 0.1, "alarm": alarm["p_any"]}, "mean_shift": None}

    monkeypatch.setattr(told_of, "drift", drift)
    assert look(promising) == []
    alarm["p_any"] = True
    promising.clock.advance(seconds=14 * 60)
    assert look(promising) == []
    promising.clock.advance(seconds=60)
    (told,) = look(promising)
    assert told == {
        "event": "alert.drift",
        "surface": "shop",
        "state": "raised",
        "of": "p_any",
        "value": 0.2,
        "limit": 0.1,
    }
    promising.restart()
    assert look(promising) == [told]
    assert len(looked) == 3
    alarm["p_any"] = False
    promising.clock.advance(seconds=15 * 60)
    assert [each["state"] for each in look(promising)] == ["raised", "cleared"]
