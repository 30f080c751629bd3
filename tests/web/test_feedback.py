"""POST /v1/feedback and /v1/labels: durable, counted once, judged row by row."""

from __future__ import annotations

import json
from typing import Any

import pytest

from web.house import House


def event_of(slate: dict[str, Any], **more: object) -> dict[str, object]:
    return {"eid": "e-" + slate["impression"], "impression": slate["impression"], "token": slate["token"], **more}


def send(house: House, *events: object, **options: Any) -> dict[str, Any]:
    answer = house.client.post("/v1/feedback", json={"events": list(events)}, headers=house.secret, **options)
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def test_an_event_counts_once_however_often_it_is_sent(house: House) -> None:
    event = event_of(house.a_slate(), type="select", item="track", position=0)
    before = house.n_rows("events")
    assert send(house, event) == {"accepted": 1, "duplicates": 0, "rejected": []}
    assert send(house, event) == {"accepted": 0, "duplicates": 1, "rejected": []}
    assert house.n_rows("events") == before + 1


def test_a_select_changes_the_next_request(own_house: House) -> None:
    text = "my thing has not come"
    for n in range(3):
        slate = own_house.a_slate(text=text, k=4)
        chosen = "size"
        position = [item["id"] for item in slate["items"]].index(chosen)
        send(own_house, event_of(slate, type="select", item=chosen, position=position, n=n))
    assert own_house.a_slate(text=text)["items"][0]["id"] == "size"


def test_a_page_reports_with_its_publishable_key_as_plain_text(house: House) -> None:
    slate = house.a_slate()
    body = json.dumps({"events": [event_of(slate, type="view", visible_ms=1200)]})
    key = house.a_key("pk", origins=["https://shop.example"])
    headers = {"Content-Type": "text/plain;charset=UTF-8", "Origin": "https://shop.example"}
    answer = house.client.post(f"/v1/feedback?key={key}", content=body, headers=headers)
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 1
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"


@pytest.mark.parametrize("forge", ["swap", "cut", "flip", "none", "empty", "another slate's"])
def test_a_forged_or_foreign_token_is_refused(house: House, forge: str) -> None:
    slate = house.a_slate()
    token = slate["token"]
    body, tag = token.split(".")
    forged = {
        "swap": f"{tag}.{body}",
        "cut": token[:-2],
        "flip": body + "." + ("A" if tag[0] != "A" else "B") + tag[1:],
        "none": None,
        "empty": "",
        "another slate's": house.a_slate()["token"],
    }[forge]
    before = house.n_rows("events")
    key = house.a_key("pk")
    event = {"eid": f"forged-{forge}", "impression": slate["impression"], "token": forged, "type": "view"}
    answer = house.client.post(f"/v1/feedback?key={key}", json={"events": [event]})
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 0
    assert answer.json()["rejected"][0]["type"] == "token-invalid"
    assert house.n_rows("events") == before


def test_a_token_lasts_a_day(own_house: House) -> None:
    slate = own_house.a_slate()
    own_house.clock.advance(seconds=24 * 3600 + 1)
    rejected = send(own_house, event_of(slate, type="view"))["rejected"]
    assert [each["type"] for each in rejected] == ["token-expired"]


def test_only_a_server_may_send_a_reward(house: House) -> None:
    slate = house.a_slate()
    reward = {"eid": "r-" + slate["impression"], "impression": slate["impression"], "type": "reward"}
    reward |= {"name": "resolved", "value": 1.0}
    key = house.a_key("pk")
    by_page = house.client.post(f"/v1/feedback?key={key}", json={"events": [{**reward, "token": slate["token"]}]})
    assert by_page.json()["accepted"] == 0
    assert send(house, reward)["accepted"] == 1


@pytest.mark.parametrize("n", [0, 1001])
def test_a_batch_holds_between_1_and_1000_events(house: House, n: int) -> None:
    answer = house.client.post("/v1/feedback", json={"events": [{}] * n}, headers=house.secret)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/events"


def test_rejected_events_are_named_by_eid_and_row(house: House) -> None:
    slate = house.a_slate()
    good = event_of(slate, type="view")
    bad = event_of(slate, type="dance") | {"eid": "dancer"}
    answer = send(house, good, bad, good)
    assert answer["accepted"] == 1
    assert answer["duplicates"] == 1
    assert [(each["eid"], each["index"]) for each in answer["rejected"]] == [("dancer", 1)]


def label(text: str, item: str | None = "track", surface: str = "replies") -> dict[str, object]:
    return {"surface": surface, "context": {"text": text}, "item": item}


def test_labels_teach_the_next_request_and_count_once(own_house: House) -> None:
    sent = {"labels": [label("wo bleibt das päckchen"), label("gibt es das in rot", None)]}
    first = own_house.client.post("/v1/labels", json=sent, headers=own_house.secret)
    assert first.status_code == 202
    assert first.json() == {"accepted": 2, "duplicates": 0, "rejected": []}
    again = own_house.client.post("/v1/labels", json=sent, headers=own_house.secret)
    assert again.json()["duplicates"] == 2
    assert own_house.n_rows("labels") == 2
    assert own_house.a_slate(text="wo bleibt das päckchen")["items"][0]["id"] == "track"


def test_labels_come_as_lines_too(own_house: House) -> None:
    lines = "\n".join(json.dumps(label(f"question number {n}")) for n in range(2_500)) + "\n\n"
    headers = {**own_house.secret, "Content-Type": "application/x-ndjson"}
    answer = own_house.client.post("/v1/labels", content=lines, headers=headers)
    assert answer.status_code == 202, answer.text
    assert answer.json()["accepted"] == 2_500
    assert own_house.n_rows("labels") == 2_500


def test_a_rejected_line_keeps_its_number_across_batches(own_house: House) -> None:
    rows = [label(f"question {n}") for n in range(2_010)]
    rows[5] = label("five", "no-such-item")
    rows[2_005] = {"surface": "replies", "context": {"text": "x", "fields": {"deep": {"a": 2**70}}}, "item": None}
    headers = {**own_house.secret, "Content-Type": "application/x-ndjson"}
    content = "\n".join(json.dumps(row) for row in rows)
    answer = own_house.client.post("/v1/labels", content=content, headers=headers).json()
    assert answer["accepted"] == 2_008
    assert [(each["index"], each["type"]) for each in answer["rejected"]] == [
        (5, "unknown-item"),
        (2_005, "invalid-label"),
    ]


@pytest.mark.parametrize(
    ("content", "status", "says"),
    [
        (b"", 422, "no label"),
        (b"\n\n  \n", 422, "no label"),
        (b'{"a": 1', 400, "Line 1"),
        (b'{"surface": "replies"}\n{NaN}\n', 400, "Line 2"),
        (b"x" * (1024 * 1024 + 100_000), 413, "Line 1"),
    ],
    ids=["nothing", "blank", "cut off", "broken second line", "endless line"],
)
def test_broken_lines_are_named_by_number(house: House, content: bytes, status: int, says: str) -> None:
    headers = {**house.secret, "Content-Type": "application/x-ndjson"}
    refused = house.client.post("/v1/labels", content=content, headers=headers)
    assert refused.status_code == status
    assert says in refused.json()["detail"]


def test_a_label_for_an_unknown_surface_is_a_404(house: House) -> None:
    refused = house.client.post("/v1/labels", json={"labels": [label("x", surface="nowhere")]}, headers=house.secret)
    assert refused.status_code == 404
