"""Moving candidates over HTTP: tried by default, done when told to, refused with the field that is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from web.house import House

AT = "/v1/surfaces/replies/candidates/move"


@pytest.fixture
def house(own_house: House) -> House:
    return own_house


def post(house: House, **body: Any) -> tuple[int, dict[str, Any]]:
    answer = house.client.post(AT, json=body, headers=house.secret)
    return answer.status_code, dict(answer.json())


def test_it_is_tried_and_then_done(house: House) -> None:
    labels = [{"surface": "replies", "context": {"text": f"shells {n}"}, "item": "refund"} for n in range(3)]
    assert house.client.post("/v1/labels", json={"labels": labels}, headers=house.secret).json()["accepted"] == 3
    new = {"candidates": [{"id": "money-back", "text": "Your money is on its way back."}]}
    house.client.post("/v1/surfaces/replies/candidates", json=new, headers=house.secret)
    status, tried = post(house, **{"from": ["refund"], "to": ["money-back"]})
    assert (status, tried["labels"], tried["to"], tried["applied"]) == (200, 3, {"money-back": 3}, False)
    assert tried["touched"]["n"] == 3
    assert post(house, **{"from": ["refund"], "to": ["money-back"], "apply": True})[1]["applied"] is True
    listed = house.client.get("/v1/surfaces/replies/candidates", headers=house.secret).json()["candidates"]
    assert "refund" not in [each["id"] for each in listed]
    assert house.a_slate(text="shells 1")["items"][0]["id"] == "money-back"


def test_what_is_wrong_is_named(house: House) -> None:
    status, problem = post(house, **{"from": ["refund"], "to": ["nobody"]})
    assert (status, problem["errors"][0]["pointer"]) == (422, "/to")
    assert post(house, to=["refund"])[0] == 422
    assert post(house, **{"from": [], "to": ["refund"]})[0] == 422
    worker = {"Authorization": f"Bearer {house.a_key('wk')}"}
    assert house.client.post(AT, json={"from": ["a"], "to": ["b"]}, headers=worker).status_code == 403


def test_a_move_that_is_sent_twice_with_its_key_is_done_once_and_answered_the_same(house: House) -> None:
    """The second time the old option is retired: without the key it would be refused."""
    new = {"candidates": [{"id": "money-back", "text": "Your money is on its way back."}]}
    house.client.post("/v1/surfaces/replies/candidates", json=new, headers=house.secret)
    headers = {**house.secret, "Idempotency-Key": "move-1"}
    body = {"from": ["refund"], "to": ["money-back"], "apply": True}
    first, again = (house.client.post(AT, json=body, headers=headers) for _ in range(2))
    assert (first.status_code, first.json()["applied"]) == (200, True)
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
    other = house.client.post(AT, json={**body, "apply": False}, headers=headers)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert house.client.post(AT, json=body, headers=house.secret).status_code == 422
