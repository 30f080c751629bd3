"""What a hostile page can try: tokens for others, replay, floods, forged people. And how two keys hand over."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from suggest.online.caps import MOST_EVENTS_OF_ONE_IMPRESSION
from web.house import SHOP, House


def a_user_token(house: House, secret: str, sub: str = "ann") -> str:
    def part(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    claims = {"sub": sub, "exp": house.clock.now().timestamp() + 600}
    signed = f"{part(json.dumps({'alg': 'HS256'}).encode())}.{part(json.dumps(claims).encode())}"
    return f"{signed}.{part(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())}"


def asked(house: House, key: str, **more: object) -> Any:
    body = {"surface": "replies", "context": {"text": "where is my parcel", "user": "forged"}, **more}
    return house.client.post(f"/v1/suggest?key={key}", json=body, headers={"Origin": SHOP})


def told(house: House, key: str, slate: Any, *events: dict[str, object], eid: str = "e") -> Any:
    sent = [
        {"eid": f"{eid}{n}", "impression": slate["impression"], "token": slate["token"], **event}
        for n, event in enumerate(events)
    ]
    return house.client.post(f"/v1/feedback?key={key}", json={"events": sent}, headers={"Origin": SHOP}).json()


def weights(house: House) -> list[object]:
    rows = house.application.store.select("decided_slates", surface="replies", after=0)
    return [row["weight"] for row in rows]


def test_a_signed_user_teaches_as_a_person_and_a_claimed_one_does_not(own_house: House) -> None:
    pk, uk = own_house.a_key("pk", origins=[SHOP]), own_house.a_key("uk")
    for number, more in enumerate([{}, {"user_token": a_user_token(own_house, uk)}]):
        slate = asked(own_house, pk, **more).json()
        item = slate["items"][number]["id"]
        assert told(own_house, pk, slate, {"type": "select", "item": item}, eid=f"s{number}")["accepted"] == 1
    assert weights(own_house) == [0.5, 1.0]


def test_a_user_token_that_cannot_be_believed_is_said_readably_to_the_page(own_house: House) -> None:
    pk, uk = own_house.a_key("pk", origins=[SHOP]), own_house.a_key("uk")
    refused = asked(own_house, pk, user_token=a_user_token(own_house, uk)[:-4] + "AAAA")
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/user-token-invalid")
    assert refused.headers["access-control-allow-origin"] == SHOP


def test_two_user_keys_are_live_until_one_is_revoked(own_house: House) -> None:
    pk = own_house.a_key("pk", origins=[SHOP])
    old, new = own_house.a_key("uk", name="old"), own_house.a_key("uk", name="new")
    assert old != new
    for secret in (old, new):
        assert asked(own_house, pk, user_token=a_user_token(own_house, secret)).status_code == 200
    listed = own_house.client.get("/v1/keys", headers=own_house.secret).json()["keys"]
    (first,) = [each["id"] for each in listed if each["name"] == "old"]
    own_house.client.delete(f"/v1/keys/{first}", headers=own_house.secret)
    assert asked(own_house, pk, user_token=a_user_token(own_house, old)).status_code == 403
    assert asked(own_house, pk, user_token=a_user_token(own_house, new)).status_code == 200


def test_two_publishable_keys_are_live_until_one_is_revoked(own_house: House) -> None:
    old, new = own_house.a_key("pk", name="old", origins=[SHOP]), own_house.a_key("pk", name="new", origins=[SHOP])
    slate = asked(own_house, old).json()
    listed = own_house.client.get("/v1/keys", headers=own_house.secret).json()["keys"]
    (first,) = [each["id"] for each in listed if each["name"] == "old"]
    own_house.client.delete(f"/v1/keys/{first}", headers=own_house.secret)
    assert asked(own_house, old).status_code == 401
    assert told(own_house, new, slate, {"type": "view"})["accepted"] == 1, "what is on screens can still be reported"


def test_a_user_key_opens_nothing(own_house: House) -> None:
    uk = own_house.a_key("uk")
    assert own_house.client.get("/v1/surfaces", headers={"Authorization": f"Bearer {uk}"}).status_code == 401


def test_events_of_another_impression_other_items_and_other_places_are_refused(own_house: House) -> None:
    pk = own_house.a_key("pk", origins=[SHOP])
    mine, foreign = asked(own_house, pk).json(), asked(own_house, pk).json()
    first = mine["items"][0]["id"]
    refused = told(
        own_house, pk, mine,
        {"type": "select", "item": first, "impression": foreign["impression"]},
        {"type": "select", "item": "never-shown"},
        {"type": "select", "item": first, "position": 1},
        {"type": "select", "item": first, "token": mine["token"][:-2]},
    )  # fmt: skip
    assert refused["accepted"] == 0
    kinds = [each["type"] for each in refused["rejected"]]
    assert kinds == ["token-invalid", "item-not-shown", "position-not-shown", "token-invalid"]


def test_a_replay_counts_once_and_more_selections_of_one_impression_weigh_nothing(own_house: House) -> None:
    pk = own_house.a_key("pk", origins=[SHOP])
    slate = asked(own_house, pk).json()
    selections = [{"type": "select", "item": item["id"]} for item in slate["items"]]
    assert told(own_house, pk, slate, *selections)["accepted"] == 3
    assert told(own_house, pk, slate, *selections) == {"accepted": 0, "duplicates": 3, "rejected": []}
    assert told(own_house, pk, slate, *selections, eid="again")["accepted"] == 3
    assert weights(own_house) == [0.5], "the first one is what happened"


def test_a_flood_of_events_about_one_impression_ends(own_house: House) -> None:
    pk = own_house.a_key("pk", origins=[SHOP])
    slate = asked(own_house, pk).json()
    flood = [{"type": "leave", "visible_ms": n} for n in range(MOST_EVENTS_OF_ONE_IMPRESSION + 20)]
    answer = told(own_house, pk, slate, *flood)
    assert answer["accepted"] == MOST_EVENTS_OF_ONE_IMPRESSION
    assert {each["type"] for each in answer["rejected"]} == {"too-many-events"}
    trusted = {"eid": "t", "impression": slate["impression"], "token": slate["token"], "type": "view"}
    answer = own_house.client.post("/v1/feedback", json={"events": [trusted]}, headers=own_house.secret).json()
    assert answer["accepted"] == 1
