"""What another bundle or policy would have earned, through the front door."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import analytics
from analytics.impressions import impressions, render_impressions
from analytics.lens import Lens
from analytics.period import Period
from suggest.domain.clock import parse_rfc3339
from suggest.loop.checks import off_policy
from suggest.loop.evaluation import bundle_model
from suggest.loop.logged import Twins, read_logged
from suggest.store.reader import SnapshotReader
from web.house import House

TEXTS = ("where is my parcel", "give me my money back", "which shoe fits me", "do gift cards expire")


def evaluate(house: House, surface: str, body: dict[str, Any]) -> Any:
    return house.client.post(f"/v1/surfaces/{surface}/evaluate", json=body, headers=house.secret)


@pytest.fixture(scope="module")
def explored(house: House) -> str:
    """A surface that was served with exploration, and whose people always took the first option."""
    surface = house.a_surface("explored")
    wish = {"exploration": 1.0, "target": {"kind": "p_any", "value": 0.0}, "trigger": False, "audit_rate": 0}
    assert house.client.put(f"/v1/surfaces/{surface}/policy", json=wish, headers=house.secret).status_code == 200
    events = []
    for n in range(24):
        slate = house.a_slate(surface, f"{TEXTS[n % 4]} {n}")
        event = {"impression": slate["impression"], "token": slate["token"], "item": slate["items"][0]["id"]}
        events.append({"eid": f"ex-{n}", "type": "select" if n % 3 else "dismiss", **event})
    told = house.client.post("/v1/feedback", json={"events": events}, headers=house.secret)
    assert told.json()["accepted"] == 24, told.text
    return surface


def test_a_policy_is_valued_with_the_logs_own_value_beside_it(house: House, explored: str) -> None:
    answer = evaluate(house, explored, {"policy": {"exploration": 0.5}})
    assert answer.status_code == 200, answer.text
    valued = answer.json()
    assert valued["n"] == 24
    assert valued["logged"]["estimate"] == pytest.approx(2 / 3, abs=1e-4)
    assert valued["interval"][0] <= valued["estimate"] <= valued["interval"][1]
    assert 0 < valued["ess"] <= 24
    assert "thin-overlap" in {each["type"] for each in valued["warnings"]}
    assert valued["target"] == {"bundle": None, "exploration": 0.5}


def test_a_bundle_and_a_policy_together(house: House, explored: str) -> None:
    valued = evaluate(house, explored, {"bundle": "prior", "policy": {"exploration": 1.0}}).json()
    assert valued["n"] == 24
    assert valued["estimate"] == pytest.approx(valued["logged"]["estimate"], abs=0.02), "the prior served, just so"


def test_a_log_without_exploration_says_so(house: House) -> None:
    surface = house.a_surface("still")
    wish = {"target": {"kind": "p_any", "value": 0.0}, "trigger": False}
    house.client.put(f"/v1/surfaces/{surface}/policy", json=wish, headers=house.secret)
    slate = house.a_slate(surface)
    event = {"eid": "st-1", "impression": slate["impression"], "token": slate["token"], "type": "dismiss"}
    house.client.post("/v1/feedback", json={"events": [event]}, headers=house.secret)
    valued = evaluate(house, surface, {"policy": {"exploration": 0.5}}).json()
    assert valued["estimate"] is None
    assert valued["bounds"] is not None
    assert [each["type"] for each in valued["warnings"]] == ["no-overlap"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"policy": {"exploration": -1}}, "/policy/exploration"),
        ({"policy": {}}, "/policy/exploration"),
        ({"bundel": "b1"}, "/bundel"),
    ],
)
def test_a_question_that_names_no_target_is_refused(house: House, body: dict[str, Any], pointer: str) -> None:
    refused = evaluate(house, "replies", body)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == pointer


def test_only_a_secret_key_may_ask_and_only_of_what_is_there(house: House) -> None:
    worker = {"Authorization": f"Bearer {house.a_key('wk')}"}
    body = {"policy": {"exploration": 0.5}}
    assert house.client.post("/v1/surfaces/replies/evaluate", json=body, headers=worker).status_code == 403
    assert evaluate(house, "nowhere", body).status_code == 404
    assert evaluate(house, "replies", {"bundle": "no-such-bundle"}).status_code == 404


def test_what_was_valued_can_be_looked_at(house: House, explored: str, tmp_path: Path) -> None:
    """As many slates stand behind a bundle's bar as it was valued on."""
    store = house.application.store
    house.a_slate(explored, "nobody has answered this one yet")
    snapshot = store.snapshot(tmp_path)
    with SnapshotReader(snapshot) as reader:
        slates = read_logged(reader, explored)
    prior = bundle_model("prior", tmp_path)
    told = off_policy(slates, prior, "prior", Twins((), (), np.zeros((0, 1), np.float32)))
    period = Period(from_=parse_rfc3339(str(told["from"])), to=parse_rfc3339(str(told["to"])))
    with analytics.open(snapshot) as opened:
        found = impressions(opened, explored, period, title="", lens=Lens(), of={"valued": "1"})
        still = impressions(opened, "still", period, title="", lens=Lens(), of={"valued": "1"})
    assert (found.total, still.total) == (told["n"], 0) == (24, 0)
    assert "24 slates with exploration" in render_impressions(found, csrf="", may_hand_over=False)
