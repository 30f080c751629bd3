"""Fragments: the same slate as a form that works without a script, for the host's own server."""

from __future__ import annotations

import pytest

from web.house import House

ASKED = {"surface": "replies", "context": {"text": "where is my parcel"}, "action": "/suggestions/chosen"}


def test_a_slate_comes_as_one_form_with_what_feedback_needs(own_house: House) -> None:
    everything = {"target": {"kind": "p_any", "value": 0}}
    own_house.client.put("/v1/surfaces/replies/policy", json=everything, headers=own_house.secret)
    answer = own_house.client.post("/v1/fragments/suggest", json=ASKED, headers=own_house.secret)
    assert answer.headers["content-type"].startswith("text/html")
    for part in ('action="/suggestions/chosen"', 'name="impression"', 'name="token"', 'name="item"', 'name="dismiss"'):
        assert part in answer.text
    assert own_house.secret["Authorization"].split()[1] not in answer.text
    assert own_house.n_rows("slates") == 1


def test_what_is_not_shown_is_not_in_the_page(own_house: House) -> None:
    own_house.client.put("/v1/surfaces/replies/policy", json={"mode": "review_all"}, headers=own_house.secret)
    answer = own_house.client.post("/v1/fragments/suggest", json=ASKED, headers=own_house.secret)
    assert 'data-state="escalate"' in answer.text
    assert "<button" not in answer.text


@pytest.mark.parametrize("action", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\evil", ""])
def test_what_is_pressed_goes_to_the_host_itself(house: House, action: str) -> None:
    answer = house.client.post("/v1/fragments/suggest", json={**ASKED, "action": action}, headers=house.secret)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/action"


def test_a_key_of_another_surface_gets_none(house: House) -> None:
    house.a_surface("mine")
    headers = {"Authorization": f"Bearer {house.a_key('sk', surface='mine')}"}
    assert house.client.post("/v1/fragments/suggest", json=ASKED, headers=headers).status_code == 403
