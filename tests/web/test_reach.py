"""A key of one surface opens that surface and nothing else: walked over the whole list of calls."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from suggest.web.auth import Access
from suggest.web.call import Call
from suggest.web.routes import CALLS
from web.house import House

OF_A_SURFACE = [call for call in CALLS if "{surface}" in call.path]
OF_ALL = [call for call in CALLS if call.is_of_all]
NAMED_IN_ITS_BODY = {
    "/v1/suggest",
    "/v1/suggest/batch",
    "/v1/fragments/suggest",
    "/v1/labels",
    "/v1/reviews/claim",
}
BY_A_SECRET_OF_THEIRS = {  # an id and a lease or a token, which only who was given them knows
    "/v1/feedback",
    "/v1/jobs/{job}",
    "/v1/escalations",
    "/v1/escalations/{escalation}",
    "/v1/escalations/{escalation}/events",
    "/v1/reviews",
    "/v1/reviews/{review}/verdict",
    "/v1/reviews/{review}/heartbeat",
    "/v1/reviews/{review}/release",
    "/v1/reviews/{review}/postpone",
    "/v1/reviews/{review}/undo",  # and the review must be of the key's surface
}


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture(scope="module")
def key(house: House) -> str:
    house.a_surface("mine")
    return house.a_key("sk", surface="mine")


def name_of(call: Call) -> str:
    return f"{call.method} {call.path}"


def filled(call: Call, surface: str) -> str:
    return re.sub(r"{(\w+)}", lambda found: surface if found[1] == "surface" else "nothing", call.path)


def test_every_guarded_call_is_of_a_surface_or_of_all_or_is_judged_by_what_it_names() -> None:
    """A new call has to say which it is."""
    judged = NAMED_IN_ITS_BODY | BY_A_SECRET_OF_THEIRS
    for call in CALLS:
        if call.access is not Access.ANYONE:
            kinds = ("{surface}" in call.path, call.is_of_all, call.path in judged)
            assert sum(kinds) == 1, name_of(call)


@pytest.mark.parametrize("call", OF_A_SURFACE, ids=name_of)
def test_a_call_about_another_surface_is_refused_before_its_body_is_read(house: House, key: str, call: Call) -> None:
    refused = house.client.request(call.method, filled(call, "replies"), headers=bearer(key), content=b"{")
    assert refused.status_code == 403
    assert refused.json()["type"] == "/problems/forbidden"
    assert "mine" in refused.json()["detail"]


@pytest.mark.parametrize("call", [call for call in OF_A_SURFACE if not call.path.endswith("/train")], ids=name_of)
def test_a_call_about_its_own_surface_gets_as_far_as_any(house: House, key: str, call: Call) -> None:
    answer = house.client.request(call.method, filled(call, "mine"), headers=bearer(key), content=b"")
    assert answer.status_code != 403


@pytest.mark.parametrize("call", OF_ALL, ids=name_of)
def test_a_call_about_all_surfaces_is_refused(house: House, key: str, call: Call) -> None:
    refused = house.client.request(call.method, filled(call, "replies"), headers=bearer(key), content=b"{}")
    assert refused.status_code == 403
    assert "all surfaces" in refused.json()["detail"]


def test_it_cannot_make_itself_a_key_for_more(house: House, key: str) -> None:
    n_before = len(house.application.online.list_keys())
    assert house.client.post("/v1/keys", json={"kind": "sk"}, headers=bearer(key)).status_code == 403
    assert len(house.application.online.list_keys()) == n_before


def test_an_encoded_name_is_the_name(house: House) -> None:
    house.a_surface("a b")
    key = house.a_key("sk", surface="a b")
    assert house.client.get("/v1/surfaces/a%20b", headers=bearer(key)).status_code == 200
    assert house.client.get("/v1/surfaces/a%2520b", headers=bearer(key)).status_code == 403


def test_a_batch_is_judged_request_by_request(house: House, key: str) -> None:
    asked = [{"surface": name, "context": {"text": "where is my parcel"}} for name in ("mine", "replies")]
    batch = house.client.post("/v1/suggest/batch", json={"requests": asked}, headers=bearer(key)).json()["results"]
    assert batch[0]["items"]
    assert (batch[1]["status"], batch[1]["type"]) == (403, "/problems/forbidden")


@pytest.mark.parametrize("form", ["json", "lines"])
def test_labels_of_another_surface_are_refused_with_all_that_came_with_them(house: House, key: str, form: str) -> None:
    rows = [{"surface": name, "context": {"text": f"{form} of {name}"}, "item": "size"} for name in ("mine", "replies")]
    before = house.n_rows("labels")
    if form == "json":
        refused = house.client.post("/v1/labels", json={"labels": rows}, headers=bearer(key))
    else:
        headers = {**bearer(key), "Content-Type": "application/x-ndjson"}
        refused = house.client.post("/v1/labels", content="\n".join(map(json.dumps, rows)), headers=headers)
    assert refused.status_code == 403
    assert house.n_rows("labels") == before
    taken = house.client.post("/v1/labels", json={"labels": rows[:1]}, headers=bearer(key))
    assert taken.json()["accepted"] == 1


def test_a_worker_of_one_surface_sees_its_queue_and_no_other(own_house: House) -> None:
    own_house.a_surface("mine")
    worker = bearer(own_house.a_key("wk", surface="mine"))
    elsewhere = own_house.an_escalation("replies")
    counts = own_house.client.get("/v1/reviews", headers=worker).json()
    assert counts["waiting"] == 0, "without a word, its own"
    assert own_house.client.get("/v1/reviews?surface=replies", headers=worker).status_code == 403
    assert own_house.client.post("/v1/reviews/claim", headers=worker).status_code == 204
    refused = own_house.client.post("/v1/reviews/claim", json={"surface": "replies"}, headers=worker)
    assert refused.status_code == 403
    here = own_house.an_escalation("mine")
    assert own_house.client.get("/v1/reviews", headers=worker).json()["waiting"] == 1
    assert own_house.client.post("/v1/reviews/claim", headers=worker).json()["id"] == here["escalation"]["id"]
    for path in ("", "/events"):
        states: list[Any] = [
            own_house.client.get(
                f"/v1/escalations/{each['escalation']['id']}{path}", headers={**worker, "Accept": "application/json"}
            ).status_code
            for each in (here, elsewhere)
        ]
        assert states == [200, 403]


def test_a_job_of_another_surface_is_not_for_it(own_house: House) -> None:
    own_house.a_surface("mine")
    key = bearer(own_house.a_key("sk", surface="mine"))
    ours = own_house.client.post("/v1/surfaces/replies/train", headers=own_house.secret).json()["id"]
    mine = own_house.client.post("/v1/surfaces/mine/train", headers=key).json()["id"]
    assert own_house.client.get(f"/v1/jobs/{ours}", headers=key).status_code == 403
    assert own_house.client.get(f"/v1/jobs/{mine}", headers=key).status_code == 200
    own_house.application.loop.wait(mine, 60)
