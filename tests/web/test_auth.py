"""Who may call, from where, and how often."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from httpx import Response

from suggest.web.limits import Limits, RateLimiter, address_prefix
from web.house import SHOP, House

ASK = {"surface": "replies", "context": {"text": "where is my parcel"}}


@pytest.fixture(scope="module")
def shop_key(house: House) -> str:
    return house.a_key("pk", name="shop", origins=[SHOP, "https://*.shop.example"])


def test_a_publishable_key_goes_into_the_address_and_a_secret_one_never(house: House) -> None:
    assert house.client.post(f"/v1/suggest?key={house.a_key('pk')}", json=ASK).status_code == 200
    secret = house.secret["Authorization"].removeprefix("Bearer ")
    refused = house.client.post(f"/v1/suggest?key={secret}", json=ASK)
    assert refused.status_code == 401
    assert "address" in refused.json()["detail"]


@pytest.mark.parametrize("origin", [SHOP, "https://www.shop.example", "https://a.b.shop.example", SHOP.upper()])
def test_a_listed_origin_may_use_the_key_and_read_the_answer(house: House, shop_key: str, origin: str) -> None:
    answer = house.client.post(f"/v1/suggest?key={shop_key}", json=ASK, headers={"Origin": origin})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == origin
    assert "Origin" in answer.headers["vary"]
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://shop.example",
        "https://shop.example:8443",
        "https://shop.example.evil.example",
        "https://evilshop.example",
        "null",
        "",
    ],
)
def test_another_origin_is_refused_and_can_read_why(house: House, shop_key: str, origin: str) -> None:
    answer = house.client.post(f"/v1/suggest?key={shop_key}", json=ASK, headers={"Origin": origin})
    assert answer.status_code == 403
    assert answer.json()["type"] == "/problems/origin-not-allowed"
    assert answer.headers["access-control-allow-origin"] == origin


def test_a_caller_without_an_origin_is_no_browser_and_is_let_in(house: House, shop_key: str) -> None:
    answer = house.client.post(f"/v1/suggest?key={shop_key}", json=ASK)
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


def test_our_own_pages_may_use_any_publishable_key(house: House, shop_key: str) -> None:
    own = {"Origin": "http://testserver"}
    assert house.client.post(f"/v1/suggest?key={shop_key}", json=ASK, headers=own).status_code == 200


def test_a_key_without_a_list_works_on_every_page_and_says_so(house: House) -> None:
    made = house.client.post("/v1/keys", json={"kind": "pk"}, headers=house.secret).json()
    assert "Test mode" in made["note"]
    answer = house.client.post(f"/v1/suggest?key={made['key']}", json=ASK, headers={"Origin": "https://any.example"})
    assert answer.headers["access-control-allow-origin"] == "https://any.example"


@pytest.mark.parametrize(
    "origin", ["shop.example", "https://shop.example/", "*", "https://*", "https://a.*.b", "ftp://x"]
)
def test_what_is_no_origin_is_refused_in_a_list(house: House, origin: str) -> None:
    refused = house.client.post("/v1/keys", json={"kind": "pk", "origins": [origin]}, headers=house.secret)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/origins/0"


def test_every_problem_can_be_read_by_the_page_that_caused_it(house: House) -> None:
    page = {"Origin": "https://any.example"}
    for answer, status in (
        (house.client.post("/v1/suggest", json=ASK, headers=page), 401),
        (house.client.get("/v1/nothing", headers=page), 404),
        (house.client.delete("/v1/suggest", headers=page), 405),
        (house.client.post("/v1/suggest", content=b"{", headers={**page, **house.secret}), 400),
        (house.client.post("/v1/suggest", json={}, headers={**page, **house.secret}), 422),
    ):
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == "https://any.example"
        assert len(answer.headers.get_list("access-control-allow-origin")) == 1


def test_a_success_with_a_secret_key_is_not_for_pages_to_read(house: House) -> None:
    answer = house.client.post("/v1/suggest", json=ASK, headers={**house.secret, "Origin": "https://any.example"})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/v1/suggest", "/v1/feedback", "/v1/escalations/some-id"])
def test_a_preflight_of_a_call_for_browsers_is_answered(house: House, path: str) -> None:
    asked = {
        "Origin": SHOP,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    answer = house.client.options(path, headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert "Authorization" in answer.headers["access-control-allow-headers"]
    assert "Content-Type" in answer.headers["access-control-allow-headers"]
    assert int(answer.headers["access-control-max-age"]) > 0


def test_a_preflight_of_a_call_for_servers_allows_nothing(house: House) -> None:
    answer = house.client.options("/v1/surfaces", headers={"Origin": SHOP, "Access-Control-Request-Method": "GET"})
    assert answer.status_code == 204
    assert "access-control-allow-origin" not in answer.headers


def test_a_revoked_key_is_nobodys(house: House) -> None:
    made = house.client.post("/v1/keys", json={"kind": "wk", "name": "ann"}, headers=house.secret).json()
    header = {"Authorization": f"Bearer {made['key']}"}
    assert house.client.get("/v1/reviews", headers=header).status_code == 200
    revoked = house.client.delete(f"/v1/keys/{made['id']}", headers=house.secret)
    assert revoked.json()["revoked_at"]
    assert house.client.get("/v1/reviews", headers=header).status_code == 401


def test_keys_are_listed_without_their_text(house: House) -> None:
    text = house.a_key("wk", name="listed")
    listed = house.client.get("/v1/keys", headers=house.secret)
    assert "listed" in [key["name"] for key in listed.json()["keys"]]
    assert text not in listed.text


def test_a_key_of_one_surface_opens_no_other(house: House) -> None:
    house.a_surface("other")
    key = house.a_key("pk", surface="other")
    assert house.client.post(f"/v1/suggest?key={key}", json={**ASK, "surface": "other"}).status_code == 200
    refused = house.client.post(f"/v1/suggest?key={key}", json=ASK)
    assert refused.status_code == 403
    assert "other" in refused.json()["detail"]


def test_a_page_that_asks_too_often_is_told_when_to_come_back_and_a_server_never_is(tmp_path: Path) -> None:
    house = House.open(tmp_path, limits=Limits(address_per_s=0.5, address_burst=3, key_per_s=100, key_burst=100))
    try:
        house.a_surface()
        key = house.a_key("pk")
        ask = json.dumps(ASK)
        statuses = [house.client.post(f"/v1/suggest?key={key}", content=ask).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        limited = house.client.post(f"/v1/suggest?key={key}", content=ask, headers={"Origin": SHOP})
        assert limited.headers["retry-after"] == "2"
        assert limited.headers["access-control-allow-origin"] == SHOP
        assert limited.json()["type"] == "/problems/too-many-requests"
        assert all(house.client.post("/v1/suggest", json=ASK, headers=house.secret).is_success for _ in range(6))
        house.monotonic.now_s += 2
        assert house.client.post(f"/v1/suggest?key={key}", content=ask).status_code == 200
    finally:
        house.close()


def test_an_impression_that_is_flooded_with_reports_holds_up_itself_alone(tmp_path: Path) -> None:
    limits = Limits(impression_per_s=0.5, impression_burst=3)
    house = House.open(tmp_path, limits=limits)
    try:
        house.a_surface()
        key = house.a_key("pk")
        one, other = (house.client.post(f"/v1/suggest?key={key}", content=json.dumps(ASK)).json() for _ in range(2))

        def tell(slate: dict[str, str], eid: str, **headers: str) -> Response:
            event = {"eid": eid, "impression": slate["impression"], "token": slate["token"], "type": "view"}
            body = json.dumps({"events": [event, {**event, "eid": f"{eid}b"}]})
            return house.client.post(f"/v1/feedback?key={key}", content=body, headers=headers)

        assert [tell(one, f"e{n}").status_code for n in range(4)] == [202, 202, 202, 429]
        limited = tell(one, "late", Origin=SHOP)
        assert limited.headers["retry-after"] == "2"
        assert limited.headers["content-type"] == "application/problem+json"
        assert limited.headers["access-control-allow-origin"] == SHOP
        assert set(limited.json()) >= {"type", "title", "status", "detail"}
        assert limited.json()["type"] == "/problems/too-many-requests"
        assert one["impression"] in limited.json()["detail"]
        assert tell(other, "o1").status_code == 202
        house.monotonic.now_s += 2
        assert tell(one, "late").json()["accepted"] == 2, "what was refused was not taken: it may come again"
    finally:
        house.close()


def test_no_more_than_the_allowed_requests_are_answered_at_once(own_house: House) -> None:
    parts = own_house.app.state.parts
    parts.in_flight = parts.limits.in_flight
    refused = own_house.client.post("/v1/suggest", json=ASK, headers=own_house.secret)
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) >= 1
    assert own_house.client.get("/healthz").status_code == 200, "operations are answered all the same"
    parts.in_flight = 0
    assert own_house.client.post("/v1/suggest", json=ASK, headers=own_house.secret).status_code == 200
    assert parts.in_flight == 0


class Seconds:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_bucket_refills_at_its_rate_up_to_its_burst() -> None:
    seconds = Seconds()
    limiter = RateLimiter(monotonic_s=seconds)
    assert [limiter.wait_s(("a",), per_s=2, burst=2) for _ in range(3)] == [0, 0, 0.5]
    seconds.now_s = 0.5
    assert limiter.wait_s(("a",), per_s=2, burst=2) == 0
    seconds.now_s = 100
    assert [limiter.wait_s(("a",), per_s=2, burst=2) for _ in range(3)] == [0, 0, 0.5]


def test_the_limiter_itself_cannot_be_filled_up() -> None:
    limiter = RateLimiter(monotonic_s=Seconds(), most=100)
    for n in range(1000):
        limiter.wait_s((str(n),), per_s=1, burst=1)
    assert len(limiter) == 100


@pytest.mark.parametrize(
    ("address", "prefix"),
    [("192.0.2.7", "192.0.2.7"), ("2001:db8::1", "2001:db8::/64"), ("testclient", "unknown"), ("", "unknown")],
)
def test_addresses_are_counted_by_what_one_customer_is_given(address: str, prefix: str) -> None:
    assert address_prefix(address) == prefix
