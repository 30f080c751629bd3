"""Accounts over HTTP, what each role may do on the pages, and signing on by a proxy that cannot be impersonated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx import Response
from starlette.testclient import TestClient

from web.house import House
from web.people import OURS, Person

PROXY = ("10.0.0.5", 4711)
ELSEWHERE = ("10.0.0.6", 4711)
HEADER = "X-Forwarded-User"
HERE = "/admin/surfaces/replies"


def account(house: House, **fields: object) -> str:
    made = house.client.post("/v1/workers", json={"name": "Ann", **fields}, headers=house.secret)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def test_an_account_is_made_listed_changed_and_closed(house: House) -> None:
    id = account(house, skills=["Billing"], languages=["de-DE"])
    changed = house.client.put(f"/v1/workers/{id}", json={"role": "reviewer"}, headers=house.secret).json()
    assert (changed["role"], changed["skills"], changed["languages"]) == ("reviewer", ["billing"], ["de"])
    listed = house.client.get("/v1/workers", headers=house.secret).json()["workers"]
    assert id in [each["id"] for each in listed]
    assert house.client.delete(f"/v1/workers/{id}", headers=house.secret).json()["left_at"]
    assert house.client.get("/v1/workers/nobody", headers=house.secret).status_code == 404
    assert house.client.get("/v1/workers", headers={"Authorization": f"Bearer {house.a_key('wk')}"}).status_code == 403


def test_a_tool_claims_for_an_account_and_only_for_an_open_one(own_house: House) -> None:
    id = account(own_house)
    own_house.an_escalation("replies")
    held = own_house.client.post("/v1/reviews/claim", json={"worker": id}, headers=own_house.secret).json()
    answer = {"eid": "a1", "lease": held["lease"], "item": "track"}
    own_house.client.post(f"/v1/reviews/{held['id']}/verdict", json=answer, headers=own_house.secret)
    assert id in own_house.client.get("/v1/export/verdicts?format=csv", headers=own_house.secret).text
    own_house.client.delete(f"/v1/workers/{id}", headers=own_house.secret)
    refused = own_house.client.post("/v1/reviews/claim", json={"worker": id}, headers=own_house.secret)
    assert refused.status_code == 409


def key_of(house: House, worker: str | None) -> dict[str, str]:
    made = house.client.post("/v1/keys", json={"kind": "wk", "worker": worker}, headers=house.secret)
    assert (made.status_code, made.json()["worker"]) == (201, worker)
    return {"Authorization": f"Bearer {made.json()['key']}"}


def test_a_worker_key_speaks_in_one_name_only(own_house: House) -> None:
    ann, bob = account(own_house), account(own_house, name="Bob")
    own_house.an_escalation("replies")

    def claim(key: dict[str, str], **named: str) -> Response:
        return own_house.client.post("/v1/reviews/claim", json=named, headers=key)

    of_ann, of_nobody = key_of(own_house, ann), key_of(own_house, None)
    for key, name in ((of_ann, bob), (of_nobody, ann), (of_nobody, "who")):
        refused = claim(key, worker=name)
        assert (refused.status_code, "account" in refused.json()["detail"]) == (403, True)
    held = claim(of_ann).json()
    answer = {"eid": "key-of-ann", "lease": held["lease"], "item": "track"}
    own_house.client.post(f"/v1/reviews/{held['id']}/verdict", json=answer, headers=of_ann).raise_for_status()
    assert ann in own_house.client.get("/v1/export/verdicts?format=csv", headers=own_house.secret).text
    assert claim(of_ann, worker=ann).status_code == 204
    own_house.client.delete(f"/v1/workers/{ann}", headers=own_house.secret)
    assert claim(of_ann).status_code == 409  # the account is closed, and so are its hands


def test_one_worker_key_cannot_be_both_people_of_a_sign_off(own_house: House) -> None:
    ann, bob = account(own_house), account(own_house, name="Bob")
    own_house.client.put("/v1/surfaces/replies/policy", json={"sign_off": 2}, headers=own_house.secret)
    own_house.an_escalation("replies")
    of_ann = key_of(own_house, ann)
    held = own_house.client.post("/v1/reviews/claim", json={}, headers=of_ann).json()
    first = {"eid": "s1", "lease": held["lease"], "item": "track"}
    own_house.client.post(f"/v1/reviews/{held['id']}/verdict", json=first, headers=of_ann).raise_for_status()
    assert own_house.client.post("/v1/reviews/claim", json={"worker": bob}, headers=of_ann).status_code == 403
    assert own_house.client.post("/v1/reviews/claim", json={}, headers=of_ann).status_code == 204
    assert own_house.client.post("/v1/reviews/claim", json={}, headers=key_of(own_house, bob)).status_code == 200


def test_only_a_worker_key_is_an_accounts_and_only_an_open_ones(house: House) -> None:
    ann = account(house)
    for wanted, status in (({"kind": "pk", "worker": ann}, 422), ({"kind": "wk", "worker": "nobody"}, 404)):
        assert house.client.post("/v1/keys", json=wanted, headers=house.secret).status_code == status
    house.client.delete(f"/v1/workers/{ann}", headers=house.secret)
    assert house.client.post("/v1/keys", json={"kind": "wk", "worker": ann}, headers=house.secret).status_code == 409


def test_a_reviewer_may_stop_everything_and_nothing_else(own_house: House) -> None:
    rita = Person(own_house, "reviewer", "Rita")
    assert "/admin/keys" not in rita.look("/admin")
    page = rita.look(HERE)
    assert "/train" not in page
    assert rita.send(f"{HERE}/policy", by_script=False).status_code == 303
    policy = own_house.client.get("/v1/surfaces/replies/policy", headers=own_house.secret).json()
    assert policy["mode"] == "review_all"
    csrf = rita.form(f"{HERE}/policy").fields["csrf"]
    lowered = rita.browser.post(f"{HERE}/policy", data={"csrf": csrf, "mode": "assist"}, headers=OURS)
    assert lowered.status_code == 403
    assert "owner" in lowered.text
    assert rita.browser.post(f"{HERE}/train", data={"csrf": csrf}, headers=OURS).status_code == 403
    assert own_house.client.get("/v1/surfaces/replies/policy", headers=own_house.secret).json() == policy


def test_the_page_makes_changes_and_closes_accounts(own_house: House) -> None:
    olga = Person(own_house, "owner", "Olga")
    olga.look("/admin")
    assert olga.send("/admin/workers", by_script=False, name="Bob", skills="billing, returns").status_code == 303
    (bob,) = own_house.application.online.workers.list()
    assert bob.skills == {"billing", "returns"}
    olga.look("/admin")
    shown = olga.send("/admin/links", by_script=False, worker=bob.id).text
    assert "A sign-in link for Bob" in shown
    olga.look("/admin")
    assert olga.send(f"/admin/workers/{bob.id}", by_script=False, role="reviewer").status_code == 303
    assert own_house.application.online.workers.get(bob.id).role == "reviewer"
    olga.look("/admin")
    assert olga.send(f"/admin/workers/{bob.id}/close", by_script=False).status_code == 303
    assert not own_house.application.online.workers.get(bob.id).is_active
    olga.look("/admin")
    assert olga.send("/admin/workers", by_script=False, name=" ").status_code == 422


@pytest.fixture
def sso_house(tmp_path: Path) -> Iterator[House]:
    house = House.open(tmp_path / "house", sign_on_header=HEADER, sign_on_proxies=("10.0.0.5", "fd00::/8"))
    house.a_surface()
    account(house, login="ann@shop.example")
    yield house
    house.close()


def at(house: House, client: tuple[str, int], login: str | None = "ann@shop.example", path: str = "/console") -> int:
    browser = TestClient(house.app, client=client, follow_redirects=False)
    headers = {"Accept": "text/html"} | ({} if login is None else {HEADER: login})
    return browser.get(path, headers=headers).status_code


def test_the_proxy_signs_on_whom_it_names_with_the_rights_of_their_account(sso_house: House) -> None:
    assert at(sso_house, PROXY) == 200
    assert at(sso_house, ("::ffff:10.0.0.5", 1)) == 200
    assert at(sso_house, PROXY, path="/admin") == 403
    assert at(sso_house, PROXY, login="eve@shop.example") == 403
    assert at(sso_house, PROXY, login=None) == 401


def test_nobody_else_is_believed_whatever_they_write(sso_house: House) -> None:
    assert at(sso_house, ELSEWHERE) == 401
    for forged in ({"X-Forwarded-For": "10.0.0.5"}, {"Forwarded": "for=10.0.0.5"}, {"X-Real-IP": "10.0.0.5"}):
        browser = TestClient(sso_house.app, client=ELSEWHERE)
        assert browser.get("/console", headers={HEADER: "ann@shop.example", **forged}).status_code == 401
    twice = TestClient(sso_house.app, client=PROXY)
    headers = [(HEADER, "ann@shop.example"), (HEADER, "ann@shop.example")]
    assert twice.get("/console", headers=headers).status_code == 401  # type: ignore[arg-type]  # httpx takes pairs


def test_an_address_that_a_proxy_reported_is_not_the_connection(tmp_path: Path) -> None:
    from suggest.web.limits import Limits

    house = House.open(
        tmp_path / "house",
        limits=Limits(trusted_proxies=1),
        sign_on_header=HEADER,
        sign_on_proxies=("10.0.0.5",),
    )
    account(house, login="ann@shop.example")
    browser = TestClient(house.app, client=ELSEWHERE)
    forged = {HEADER: "ann@shop.example", "X-Forwarded-For": "10.0.0.5"}
    assert browser.get("/console", headers=forged).status_code == 401
    house.close()


def test_off_by_default_the_header_means_nothing(own_house: House) -> None:
    account(own_house, login="ann@shop.example")
    assert at(own_house, PROXY) == 401


def test_a_change_still_needs_our_own_page(sso_house: House) -> None:
    browser = TestClient(sso_house.app, client=PROXY, follow_redirects=False)
    signed_on = {HEADER: "ann@shop.example"}
    assert browser.post("/console/next", data={"csrf": "x"}, headers={**OURS, **signed_on}).status_code == 403
    page = browser.get("/console", headers=signed_on).text
    csrf = page.split('data-csrf="', 1)[1].split('"', 1)[0]
    assert csrf
    sent = {"csrf": csrf}
    assert browser.post("/console/next", data=sent, headers={**OURS, **signed_on}).status_code == 303
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert browser.post("/console/next", data=sent, headers={**foreign, **signed_on}).status_code == 403


@pytest.mark.parametrize(
    "env",
    [
        {"SUGGEST_SIGN_ON_HEADER": HEADER},
        {"SUGGEST_SIGN_ON_PROXIES": "10.0.0.5"},
        {"SUGGEST_SIGN_ON_HEADER": "not a header", "SUGGEST_SIGN_ON_PROXIES": "10.0.0.5"},
        {"SUGGEST_SIGN_ON_HEADER": HEADER, "SUGGEST_SIGN_ON_PROXIES": "proxy.example"},
    ],
)
def test_half_a_setting_is_refused_at_the_start(env: dict[str, str]) -> None:
    from suggest.config.settings import Settings
    from suggest.domain.errors import Invalid

    with pytest.raises(Invalid, match="SUGGEST_SIGN_ON"):
        Settings.from_env(env)


def test_a_webhook_is_made_listed_seen_and_removed(own_house: House) -> None:
    client, secret = own_house.client, own_house.secret
    made = client.post("/v1/webhooks", json={"url": "https://desk.example/hook"}, headers=secret).json()
    assert made["secret"].startswith("whsec_")
    (listed,) = client.get("/v1/webhooks", headers=secret).json()["webhooks"]
    assert "secret" not in listed
    own_house.an_escalation("replies")
    (waiting,) = client.get(f"/v1/webhooks/{made['id']}/deliveries", headers=secret).json()["deliveries"]
    assert (waiting["event"], waiting["state"], waiting["attempts"]) == ("review.waiting", "waiting", 0)
    inner = client.post("/v1/webhooks", json={"url": "http://desk.example/"}, headers=secret)
    assert inner.status_code == 422
    assert client.delete(f"/v1/webhooks/{made['id']}", headers=secret).status_code == 204
    assert client.get(f"/v1/webhooks/{made['id']}/deliveries", headers=secret).status_code == 404
