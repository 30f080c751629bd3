"""Escalations and reviews through the front door: claimed, answered, followed live."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from web.house import SHOP, House


@pytest.fixture
def desk(tmp_path: Path) -> Any:
    """A house whose surface sends everything to people."""
    house = House.open(tmp_path)
    house.a_surface("desk")
    yield house
    house.close()


def worker(house: House) -> dict[str, str]:
    return {"Authorization": f"Bearer {house.a_key('wk')}"}


def claim(house: House, **body: object) -> dict[str, Any]:
    answer = house.client.post("/v1/reviews/claim", json=body, headers=worker(house))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_an_escalated_request_becomes_a_review_that_a_worker_answers(desk: House) -> None:
    slate = desk.an_escalation("desk")
    assert slate["escalation"]["id"]
    assert slate["escalation"]["url"].startswith(f"/v1/escalations/{slate['escalation']['id']}/events?token=")
    review = claim(desk)
    assert review["id"] == slate["escalation"]["id"] == review["escalation"]
    assert review["context"]["text"] == "can I pay in shells"
    assert {item["id"] for item in review["items"]} == {item["id"] for item in slate["items"]}
    verdict = {"eid": "v1", "lease": review["lease"], "item": "refund"}
    answer = desk.client.post(f"/v1/reviews/{review['id']}/verdict", json=verdict, headers=desk.secret)
    assert answer.json()["state"] == "answered"
    assert answer.json()["next"] is None
    state = desk.client.get(f"/v1/escalations/{review['id']}", headers=desk.secret).json()
    assert state["state"] == "answered"
    assert state["answer"]["item"] == "refund"


def test_nothing_to_claim_is_204(desk: House) -> None:
    answer = desk.client.post("/v1/reviews/claim", headers=worker(desk))
    assert answer.status_code == 204
    assert answer.content == b""


def test_a_held_review_is_offered_to_nobody_else(desk: House) -> None:
    desk.an_escalation("desk")
    claim(desk)
    assert desk.client.post("/v1/reviews/claim", json={}, headers=worker(desk)).status_code == 204


def test_a_verdict_with_next_1_answers_with_the_next_review(desk: House) -> None:
    desk.an_escalation("desk", "first thing")
    desk.an_escalation("desk", "second thing")
    held = claim(desk)
    verdict = {"eid": "v1", "lease": held["lease"], "none": True}
    answer = desk.client.post(f"/v1/reviews/{held['id']}/verdict?next=1", json=verdict, headers=desk.secret).json()
    assert answer["answer"] == {"none": True}
    assert answer["next"]["id"] != held["id"]
    assert answer["next"]["lease"]


def test_an_expired_lease_is_409_lease_expired_and_the_review_waits_again(desk: House) -> None:
    desk.an_escalation("desk")
    held = claim(desk, lease_s=1)
    desk.clock.advance(seconds=2)
    verdict = {"eid": "v1", "lease": held["lease"], "text": "no shells"}
    refused = desk.client.post(f"/v1/reviews/{held['id']}/verdict", json=verdict, headers=desk.secret)
    assert refused.status_code == 409
    assert refused.json()["type"] == "/problems/lease-expired"
    assert claim(desk)["lease"] != held["lease"]


def test_a_lease_that_passed_to_someone_else_is_409(desk: House) -> None:
    desk.an_escalation("desk")
    held = claim(desk, lease_s=1)
    desk.clock.advance(seconds=2)
    claim(desk)
    verdict = {"eid": "v1", "lease": held["lease"], "none": True}
    refused = desk.client.post(f"/v1/reviews/{held['id']}/verdict", json=verdict, headers=desk.secret)
    assert refused.status_code == 409
    assert refused.json()["type"] == "/problems/lease-lost"


def test_a_heartbeat_holds_and_a_release_gives_back(desk: House) -> None:
    desk.an_escalation("desk")
    held = claim(desk, lease_s=10)
    desk.clock.advance(seconds=8)
    lease = {"lease": held["lease"], "lease_s": 60}
    kept = desk.client.post(f"/v1/reviews/{held['id']}/heartbeat", json=lease, headers=desk.secret)
    assert kept.status_code == 200
    assert kept.json()["expires_at"] > held["expires_at"]
    gone = desk.client.post(f"/v1/reviews/{held['id']}/release", json={"lease": held["lease"]}, headers=desk.secret)
    assert gone.status_code == 204
    assert claim(desk)["id"] == held["id"]


def test_an_answer_can_be_taken_back(desk: House) -> None:
    desk.an_escalation("desk")
    held = claim(desk)
    verdict = {"eid": "v1", "lease": held["lease"], "item": "track"}
    desk.client.post(f"/v1/reviews/{held['id']}/verdict", json=verdict, headers=desk.secret)
    undone = desk.client.post(f"/v1/reviews/{held['id']}/undo", json={"eid": "v1"}, headers=desk.secret)
    assert undone.json()["state"] == "waiting"
    assert claim(desk)["id"] == held["id"]


def test_an_answer_is_not_taken_back_with_a_key_of_another_surface(desk: House) -> None:
    desk.a_surface("elsewhere")
    desk.an_escalation("desk")
    held = claim(desk)
    verdict = {"eid": "v1", "lease": held["lease"], "item": "track"}
    desk.client.post(f"/v1/reviews/{held['id']}/verdict", json=verdict, headers=desk.secret)
    theirs = {"Authorization": f"Bearer {desk.a_key('wk', surface='elsewhere')}"}
    refused = desk.client.post(f"/v1/reviews/{held['id']}/undo", json={"eid": "v1"}, headers=theirs)
    assert refused.status_code == 403
    assert "surface" in refused.json()["detail"]
    state = desk.client.get(f"/v1/escalations/{held['id']}", headers=desk.secret).json()
    assert state["state"] == "answered"


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"item": "track", "none": True},
        {"item": "track", "text": "x"},
        {"none": False},
        {"text": "  "},
        {"item": ""},
    ],
    ids=str,
)
def test_a_verdict_is_exactly_one_of_item_text_or_none(desk: House, answer: dict[str, object]) -> None:
    desk.an_escalation("desk")
    held = claim(desk)
    verdict = {"eid": "v1", "lease": held["lease"], **answer}
    refused = desk.client.post(f"/v1/reviews/{held['id']}/verdict", json=verdict, headers=desk.secret)
    assert refused.status_code == 422


@pytest.mark.parametrize("lease_s", [0, 0.5, -1, 1e9, "60"])
def test_a_lease_lasts_at_least_a_second_and_at_most_half_a_day(desk: House, lease_s: object) -> None:
    refused = desk.client.post("/v1/reviews/claim", json={"lease_s": lease_s}, headers=desk.secret)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/lease_s"


def test_the_queue_is_counted(desk: House) -> None:
    desk.an_escalation("desk", "one")
    desk.an_escalation("desk", "two")
    claim(desk)
    counts = desk.client.get("/v1/reviews?surface=desk", headers=worker(desk)).json()
    assert (counts["waiting"], counts["claimed"], counts["workers"]) == (1, 1, 1)


def test_a_bare_escalation_id_is_refused_and_so_is_the_token_of_another(desk: House) -> None:
    slate, other = desk.an_escalation("desk"), desk.an_escalation("desk", "another one")
    path = f"/v1/escalations/{slate['escalation']['id']}"
    for way in (path, path + "/events"):
        assert desk.client.get(way).status_code == 401
        foreign = desk.client.get(f"{way}?token={other['token']}")
        assert foreign.status_code == 403
        assert foreign.json()["type"] == "/problems/token-invalid"
        assert desk.client.get(f"{way}?token=e30.AAAA").status_code == 403
    key = desk.a_key("pk")
    assert desk.client.get(f"{path}?key={key}").status_code == 401
    assert desk.client.get(f"{path}?key={key}&token={slate['token']}").status_code == 200


def test_the_holder_of_the_token_sees_the_state_from_any_page(desk: House) -> None:
    slate = desk.an_escalation("desk")
    answer = desk.client.get(slate["escalation"]["url"], headers={"Origin": SHOP, "Accept": "application/json"})
    assert answer.json()["state"] == "waiting"
    assert answer.headers["access-control-allow-origin"] == SHOP


def test_with_nobody_on_duty_the_state_says_so_in_the_words_of_the_surface(desk: House) -> None:
    desk.client.put("/v1/surfaces/desk/policy", json={"out_of_hours": "Back on Monday."}, headers=desk.secret)
    slate = desk.an_escalation("desk")
    assert slate["escalation"]["on_duty"] is False
    state = desk.client.get(f"/v1/escalations/{slate['escalation']['id']}", headers=desk.secret).json()
    assert state["message"] == "Back on Monday."
    assert state["expected_wait_s"] is None


def test_the_wait_is_told_with_its_spread_wherever_it_is_told(desk: House) -> None:
    desk.application.online.mark_present("ann")
    slate = desk.an_escalation("desk")
    told = slate["escalation"]
    state = desk.client.get(f"/v1/escalations/{told['id']}", headers=desk.secret).json()
    for each in (told, state):
        spread = each["wait_range_s"]
        assert spread["low"] < each["expected_wait_s"] < spread["high"]
        assert (spread["share"], spread["waits"]) == (0.8, 0), "no wait is known yet: a guess, and it says so"
        assert "late" not in each


def test_a_session_finds_its_open_escalations_again(desk: House) -> None:
    session = "a-session-nobody-guesses"
    context = {"text": "can I pay in shells", "session": session}
    desk.client.put("/v1/surfaces/desk/policy", json={"mode": "review_all"}, headers=desk.secret)
    slate = desk.client.post("/v1/suggest", json={"surface": "desk", "context": context}, headers=desk.secret).json()
    key = desk.a_key("pk")
    found = desk.client.get(f"/v1/escalations?key={key}&surface=desk&session={session}").json()["escalations"]
    assert [each["id"] for each in found] == [slate["escalation"]["id"]]
    assert desk.client.get(found[0]["url"], headers={"Accept": "application/json"}).status_code == 200
    none = desk.client.get(f"/v1/escalations?key={key}&surface=desk&session={session}x").json()["escalations"]
    assert none == []
    assert desk.client.get(f"/v1/escalations?key={key}&surface=desk&session=short").status_code == 403
    assert desk.client.get(f"/v1/escalations?key={key}&surface=desk").status_code == 422


def events_of(text: str) -> list[dict[str, Any]]:
    blocks = [block for block in text.split("\n\n") if "data:" in block]
    for block in blocks:
        assert "event: state" in block
    return [json.loads(block.split("data: ", 1)[1]) for block in blocks]


def test_the_stream_of_an_answered_escalation_says_so_and_ends(desk: House) -> None:
    slate = desk.an_escalation("desk")
    held = claim(desk)
    verdict = {"eid": "v1", "lease": held["lease"], "text": "Only in euros."}
    desk.client.post(f"/v1/reviews/{held['id']}/verdict", json=verdict, headers=desk.secret)
    stream = desk.client.get(slate["escalation"]["url"])
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.headers["x-accel-buffering"] == "no"
    assert stream.headers["cache-control"] == "no-store"
    events = events_of(stream.text)
    assert [event["state"] for event in events] == ["answered"]
    assert events[0]["answer"] == {"text": "Only in euros."}


def test_the_stream_tells_every_state_from_the_present_one_to_the_last(desk: House) -> None:
    slate = desk.an_escalation("desk")
    heard: list[str] = []

    def follow() -> None:
        heard.append(desk.client.get(slate["escalation"]["url"]).text)

    # The test client answers when the stream has ended, which the verdict below brings about.
    follower = threading.Thread(target=follow)
    follower.start()
    parts = desk.app.state.parts
    while parts.streams == 0:
        follower.join(0.005)
    held = claim(desk)
    verdict = {"eid": "v1", "lease": held["lease"], "item": "size"}
    desk.client.post(f"/v1/reviews/{held['id']}/verdict", json=verdict, headers=desk.secret)
    follower.join(10)
    states = [event["state"] for event in events_of(heard[0])]
    assert states[0] == "waiting"
    assert states[-1] == "answered"
    assert parts.streams == 0
    assert parts.on_stop == []


def test_streams_end_when_the_server_stops(desk: House) -> None:
    slate = desk.an_escalation("desk")
    follower = threading.Thread(target=lambda: desk.client.get(slate["escalation"]["url"]))
    follower.start()
    parts = desk.app.state.parts
    while parts.streams == 0:
        follower.join(0.005)
    parts.stop()
    follower.join(10)
    assert not follower.is_alive()


def test_no_more_than_the_allowed_streams_are_open(desk: House) -> None:
    slate = desk.an_escalation("desk")
    desk.app.state.parts.streams = desk.app.state.parts.limits.streams
    refused = desk.client.get(slate["escalation"]["url"])
    assert refused.status_code == 503
    assert "retry-after" in refused.headers


def test_a_quiet_stream_is_kept_alive_with_comments_and_noticed_when_left(desk: House) -> None:
    slate = desk.an_escalation("desk")
    desk.app.state.parts.heartbeat_s = 0.01

    async def listen() -> str:
        said: list[bytes] = []
        left = asyncio.Event()
        scope: dict[str, Any] = dict(
            httpx.Request("GET", "http://testserver" + slate["escalation"]["url"]).extensions,
            type="http",
            http_version="1.1",
            method="GET",
            scheme="http",
            path=slate["escalation"]["url"].split("?")[0],
            raw_path=slate["escalation"]["url"].split("?")[0].encode(),
            query_string=slate["escalation"]["url"].split("?")[1].encode(),
            headers=[],
            client=("127.0.0.1", 1),
            server=("testserver", 80),
        )

        async def receive() -> dict[str, Any]:
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            said.append(message.get("body", b""))
            if b"still here" in said[-1]:
                left.set()

        await asyncio.wait_for(desk.app(scope, receive, send), 10)  # type: ignore[arg-type]
        return b"".join(said).decode()

    heard = asyncio.run(listen())
    assert heard.index("event: state") < heard.index(": still here")
    assert desk.app.state.parts.streams == 0
