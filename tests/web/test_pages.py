"""People's pages: signing in once, staying signed in, and nothing another site can do about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from suggest.online.links import Role, Session
from suggest.web.app import create_app
from suggest.web.sessions import csrf_token, signed_in
from web.house import House
from web.people import forms_of

OURS = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}


@signed_in(Role.WORKER)
async def desk(request: Request, session: Session) -> Response:
    return JSONResponse({"name": session.name, "csrf": csrf_token(request), "method": request.method})


@signed_in(Role.OWNER)
async def office(request: Request, session: Session) -> Response:
    return JSONResponse({"name": session.name})


@pytest.fixture
def browser(own_house: House) -> Iterator[TestClient]:
    pages = [Route("/desk", desk, methods=["GET", "POST"]), Route("/office", office)]
    app = create_app(own_house.application, more_routes=pages)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def sign_in(house: House, browser: TestClient, role: str = "worker", **query: str) -> Response:
    link = house.client.post("/v1/links", json={"role": role, "name": "Ann"}, headers=house.secret).json()
    return browser.get(link["path"], params={"code": link["code"], **query})  # type: ignore[return-value]


def test_a_link_signs_in_once_and_goes_on_to_the_console(own_house: House, browser: TestClient) -> None:
    link = own_house.client.post("/v1/links", json={"name": "Ann"}, headers=own_house.secret).json()
    entered = browser.get(link["path"])
    assert entered.status_code == 200
    assert entered.headers["refresh"] == "0; url=/console"
    assert browser.get("/desk").json()["name"] == "Ann"
    stranger = TestClient(browser.app, raise_server_exceptions=False)
    refused = stranger.get(link["path"])
    assert refused.status_code == 401
    assert "set-cookie" not in refused.headers
    assert stranger.get("/desk").status_code == 401


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(own_house: House, browser: TestClient) -> None:
    cookie = sign_in(own_house, browser).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert "secure" not in cookie, "a browser drops a Secure cookie that came over http"


def test_over_https_the_cookie_is_bound_to_this_host(own_house: House) -> None:
    with TestClient(own_house.app, base_url="https://testserver") as browser:
        cookie = sign_in(own_house, browser).headers["set-cookie"]
    assert cookie.startswith("__Host-suggest=")
    assert "Secure" in cookie


def test_a_link_scanner_does_not_spend_the_code(own_house: House, browser: TestClient) -> None:
    link = own_house.client.post("/v1/links", json={}, headers=own_house.secret).json()
    browser.head(link["path"])
    assert browser.get(link["path"]).headers["refresh"]


@pytest.mark.parametrize(
    "onward", ["https://evil.example", "//evil.example", "/\\evil", "/console\r\nX: y", "javascript:1", "/console#<b>"]
)
def test_a_link_leads_only_to_pages_of_ours(own_house: House, browser: TestClient, onward: str) -> None:
    assert sign_in(own_house, browser, next=onward).headers["refresh"] == "0; url=/console"


def test_a_link_may_lead_to_a_certain_page(own_house: House, browser: TestClient) -> None:
    assert sign_in(own_house, browser, next="/reports/replies").headers["refresh"] == "0; url=/reports/replies"


def test_a_link_may_lead_to_a_console_that_only_looks_on(own_house: House, browser: TestClient) -> None:
    """The link goes through a page of ours, where a fragment of its own would be lost."""
    refresh = sign_in(own_house, browser, next="/console#looking-on").headers["refresh"]
    assert refresh == "0; url=/console#looking-on"


def test_a_session_ends_after_half_a_day(own_house: House, browser: TestClient) -> None:
    sign_in(own_house, browser)
    own_house.clock.advance(seconds=12 * 3600 + 1)
    assert browser.get("/desk").status_code == 401


def test_a_page_for_owners_is_not_for_workers(own_house: House, browser: TestClient) -> None:
    sign_in(own_house, browser)
    assert browser.get("/office").status_code == 403
    browser.cookies.clear()
    sign_in(own_house, browser, "owner")
    assert browser.get("/office").status_code == 200


def test_a_link_of_somebody_else_asks_before_it_replaces_who_one_is(own_house: House, browser: TestClient) -> None:
    sign_in(own_house, browser, "owner")
    cookie = browser.cookies["suggest_session"]
    asked = sign_in(own_house, browser, "worker", next="/reports/replies")
    assert "refresh" not in asked.headers
    assert "set-cookie" not in asked.headers
    assert "signed in as Ann (owner)" in asked.text
    assert browser.get("/office").status_code == 200  # still who one was
    (fields,) = [form.fields for form in forms_of(asked.text) if form.action == "/console/enter"]
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert browser.post("/console/enter", data=fields, headers=foreign).status_code == 403
    assert browser.post("/console/enter", data={**fields, "csrf": "x"}, headers=OURS).status_code == 403
    agreed = browser.post("/console/enter", data=fields, headers=OURS)
    assert agreed.headers["refresh"] == "0; url=/reports/replies"
    assert browser.get("/office").status_code == 403
    copied = TestClient(browser.app, cookies={"suggest_session": cookie})
    assert copied.get("/desk").status_code == 401  # who one was is signed out


def test_ones_own_link_and_one_that_is_spent_ask_nothing(own_house: House, browser: TestClient) -> None:
    sign_in(own_house, browser, "owner")
    assert sign_in(own_house, browser, "owner").headers["refresh"] == "0; url=/console"
    assert browser.get("/console/enter?code=spent").headers["refresh"] == "0; url=/console"
    assert browser.get("/office").status_code == 200


def test_a_click_on_another_site_is_looked_at_once_our_own_page_asks(own_house: House, browser: TestClient) -> None:
    """A SameSite=Strict cookie is withheld from that click: nobody would seem to be signed in."""
    link = own_house.client.post("/v1/links", json={"name": "Ann"}, headers=own_house.secret).json()
    clicked = browser.get(link["path"], headers={"Sec-Fetch-Site": "cross-site"})
    assert "set-cookie" not in clicked.headers
    again = clicked.headers["refresh"].removeprefix("0; url=")
    assert again.startswith("/console/enter?code=")
    assert browser.get(again, headers={"Sec-Fetch-Site": "same-origin"}).headers["refresh"] == "0; url=/console"
    assert browser.get("/desk").json()["name"] == "Ann"


@pytest.mark.parametrize("cookie", ["x", "a.b", "e30.AAAA", "." * 100, "ü"])
def test_a_made_up_cookie_is_nobody(browser: TestClient, cookie: str) -> None:
    answer = browser.get("/desk", headers={"Cookie": f"suggest_session={cookie}".encode()})
    assert answer.status_code == 401


def test_our_own_page_may_change_things_with_its_token(own_house: House, browser: TestClient) -> None:
    sign_in(own_house, browser)
    token = browser.get("/desk").json()["csrf"]
    assert browser.post("/desk", headers={**OURS, "X-CSRF-Token": token}).json()["method"] == "POST"
    assert browser.post("/desk", headers=OURS, data={"csrf": token}).json()["method"] == "POST"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://testserver:81"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://testserver", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    ],
    ids=str,
)
def test_another_site_cannot_change_a_thing_even_with_the_token(
    own_house: House, browser: TestClient, headers: dict[str, str]
) -> None:
    sign_in(own_house, browser)
    token = browser.get("/desk").json()["csrf"]
    refused = browser.post("/desk", headers={**headers, "X-CSRF-Token": token})
    assert refused.status_code == 403
    assert refused.json()["type"] == "/problems/cross-site-request"


@pytest.mark.parametrize("token", [None, "", "wrong", "ü"])
def test_our_own_origin_without_the_token_is_not_enough(
    own_house: House, browser: TestClient, token: str | None
) -> None:
    sign_in(own_house, browser)
    sent = {} if token is None else {"csrf": token}
    assert browser.post("/desk", headers=OURS, data=sent).status_code == 403


def test_signing_out_forgets_the_cookie(own_house: House, browser: TestClient) -> None:
    sign_in(own_house, browser)
    token = browser.get("/desk").json()["csrf"]
    assert browser.post("/console/leave", headers=OURS).status_code == 403
    copied = dict(browser.cookies)
    assert browser.post("/console/leave", headers=OURS, data={"csrf": token}).status_code == 200
    for name, text in copied.items():
        browser.cookies.set(name, text)
    assert browser.get("/console").status_code == 401, "a copy of the cookie opens nothing any more"
    browser.cookies.clear()
    assert browser.get("/desk").status_code == 401


@pytest.mark.parametrize("path", ["/docs", "/problems/unauthorized", "/console/enter"])
def test_our_pages_carry_a_strict_policy_and_nothing_inline(house: House, path: str) -> None:
    page = house.client.get(path)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "form-action 'self'" in policy
    assert page.headers["referrer-policy"] == "same-origin"
    assert page.headers["cache-control"] == "no-store"
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page.text)


def test_named_pages_may_hold_ours_in_a_frame(own_house: House) -> None:
    app = create_app(own_house.application, frame_ancestors=("http://127.0.0.1:8081",))
    policy = TestClient(app).get("/docs").headers["content-security-policy"]
    assert policy.endswith("frame-ancestors http://127.0.0.1:8081")


def test_the_reference_shows_every_call_with_a_command_to_paste(house: House) -> None:
    from suggest.web.routes import CALLS

    page = house.client.get("/docs").text
    for call in CALLS:
        assert f"{call.method} {call.path}" in page
    assert "curl -sS -X POST http://testserver/v1/suggest" in page
    assert "http://" not in page.replace("http://testserver", ""), "nothing is loaded from elsewhere"


@pytest.mark.parametrize("asked", ["abc-1", "A" * 128])
def test_a_request_id_is_echoed(house: House, asked: str) -> None:
    assert house.client.get("/healthz", headers={"X-Request-Id": asked}).headers["x-request-id"] == asked


@pytest.mark.parametrize("asked", ["", "a b", "x" * 129, "<b>", "ü"])
def test_a_request_id_that_could_do_harm_is_replaced(house: House, asked: str) -> None:
    answer = house.client.get("/healthz", headers={"X-Request-Id": asked.encode()})  # type: ignore[dict-item]
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])


def test_the_house_is_fine_with_a_folder_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "site.css").write_text("body{}")
    house = House.open(tmp_path / "house")
    try:
        app = create_app(house.application, static=tmp_path)
        assert TestClient(app).get("/static/site.css").text == "body{}"
    finally:
        house.close()
