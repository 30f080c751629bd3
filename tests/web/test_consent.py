"""Where consent is withheld, by the page or by the browser, people are served and nothing of them is kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from suggest.domain.context import Context
from web.house import SHOP, House

SAID = "my name is Zebulon Quux and I want my parcel"
ASKED = {"text": SAID, "user": "zebulon", "session": "sitting-7", "fields": {"name": "Quux"}}


def served(house: House, headers: Mapping[str, str] | None = None, **more: object) -> dict[str, object]:
    key = house.a_key("pk", origins=[SHOP])
    body = {"surface": "replies", "context": ASKED, **more}
    answer = house.client.post(f"/v1/suggest?key={key}", json=body, headers={"Origin": SHOP, **(headers or {})})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.fixture(autouse=True)
def _everything_is_shown(own_house: House) -> None:
    everything = {"target": {"kind": "p_any", "value": 0}}
    own_house.client.put("/v1/surfaces/replies/policy", json=everything, headers=own_house.secret)


@pytest.mark.parametrize("signal", ["header", "body"])
def test_the_slate_is_served_with_all_the_contract_promises(own_house: House, signal: str) -> None:
    slate = served(own_house, {"Sec-GPC": "1"}) if signal == "header" else served(own_house, learn=False)
    assert slate["token"]
    assert slate["items"]
    export = own_house.client.get("/v1/export/slates?format=csv", headers=own_house.secret).text
    assert str(slate["impression"]) in export
    for personal in ("Zebulon", "Quux", "sitting-7", "zebulon", Context(text=SAID).key):
        assert personal not in export
    for file in Path(own_house.application.store.data_dir).rglob("*"):
        assert not file.is_file() or b"Zebulon" not in file.read_bytes(), file


@pytest.mark.parametrize("header", ["0", "", "true"])
def test_any_other_header_is_no_signal(own_house: House, header: str) -> None:
    served(own_house, {"Sec-GPC": header})
    assert "Zebulon" in own_house.client.get("/v1/export/slates?format=csv", headers=own_house.secret).text


def test_a_selection_from_there_is_acknowledged_and_teaches_nothing(own_house: House) -> None:
    def p_of_last() -> list[tuple[str, float]]:
        items = own_house.a_slate("replies", SAID, k=4)["items"]
        return [(item["id"], item["p_select"]) for item in items]

    before = p_of_last()
    for n in range(5):
        slate = served(own_house, {"Sec-GPC": "1"}, k=4)
        last = slate["items"][-1]  # type: ignore[index]
        event = {"eid": f"e{n}", "impression": slate["impression"], "token": slate["token"], "type": "select"}
        sent = {"events": [event | {"item": last["id"], "text": SAID}]}
        answer = own_house.client.post("/v1/feedback", json=sent, headers=own_house.secret)
        assert answer.json()["accepted"] == 1
    assert p_of_last() == before
    assert "Zebulon" not in own_house.client.get("/v1/export/events?format=csv", headers=own_house.secret).text


def test_whoever_asks_people_is_read_by_them_without_their_numbers_and_answered(own_house: House) -> None:
    own_house.client.put("/v1/surfaces/replies/policy", json={"mode": "review_all"}, headers=own_house.secret)
    text = "call me at +49 30 901820 about the parcel"
    slate = served(own_house, {"Sec-GPC": "1"}, context={**ASKED, "text": text})
    claimed = own_house.client.post("/v1/reviews/claim", json={}, headers=own_house.secret).json()
    assert claimed["context"]["text"] == "call me at <phone> about the parcel"
    verdict = {"eid": "v1", "lease": claimed["lease"], "text": "It comes today.", "add_candidate": True}
    own_house.client.post(f"/v1/reviews/{claimed['id']}/verdict", json=verdict, headers=own_house.secret)
    assert '"text":"It comes today."' in own_house.client.get(slate["escalation"]["url"]).text  # type: ignore[index]
    assert own_house.n_rows("labels") == 0
    assert len(own_house.application.online.list_candidates("replies")) == 4


def test_a_batch_honours_the_signal_too(own_house: House) -> None:
    body = {"requests": [{"surface": "replies", "context": ASKED}]}
    headers = {**own_house.secret, "Sec-GPC": "1"}
    assert own_house.client.post("/v1/suggest/batch", json=body, headers=headers).json()["results"][0]["token"]
    assert "Zebulon" not in own_house.client.get("/v1/export/slates?format=csv", headers=own_house.secret).text


def test_own_options_of_the_caller_are_not_kept_either(own_house: House) -> None:
    options = [{"id": "a", "text": "Dear Zebulon, it comes today."}, {"id": "b", "text": "Dear Zebulon, it is lost."}]
    slate = served(own_house, {"Sec-GPC": "1"}, candidates=options)
    assert slate["items"][0]["text"].startswith("Dear Zebulon")  # type: ignore[index]
    assert "Zebulon" not in own_house.client.get("/v1/export/slates?format=csv", headers=own_house.secret).text
