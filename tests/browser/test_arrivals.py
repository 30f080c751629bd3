"""What arrives, in real Chromium against the real server: it appears by itself, and every state has a name."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from conditions import look_at
from desk import REPLIES
from playwright.sync_api import BrowserContext, expect
from real_server import RealServer

pytestmark = pytest.mark.browser
SHOP = "https://shop.example"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    server = RealServer(tmp_path_factory.mktemp("arrivals") / "data")
    server.fill("desk", REPLIES)
    yield server
    server.stop()


def test_it_is_empty_then_live_then_paused_then_away_and_survives_a_reload(
    served: RealServer, context: BrowserContext
) -> None:
    errors: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(served.link("owner", "Olga"))
    page.wait_for_url("**/console")
    page.goto(f"{served.address}/admin")
    page.get_by_role("link", name="What arrives").click()
    items, state = page.locator("#arrivals > li"), page.locator("#events-state")
    expect(state).to_have_text("Live")
    expect(page.get_by_role("heading", name="Nothing has arrived yet")).to_be_visible()
    look_at(page, "nothing yet")

    key = served.a_key(SHOP, name="shop front")
    ask(served, key, SHOP)
    expect(items.first).to_contain_text("sure")
    expect(page.get_by_role("heading", name="Nothing has arrived yet")).to_be_hidden()
    ask(served, key, "https://<b>evil</b>.example")
    expect(items).to_have_count(2)
    expect(items.first).to_contain_text("is not for pages of")
    expect(items.first).to_contain_text("Add the origin to the key's list")
    expect(items.first.get_by_role("link", name="origin-not-allowed")).to_have_attribute(
        "href", "/problems/origin-not-allowed"
    )
    assert page.locator("#arrivals b").count() == 0, "what a stranger sent is text"
    look_at(page, "live")

    page.get_by_role("button", name="Pause").click()
    expect(state).to_have_text("Paused: 0 waiting")
    ask(served, "pk_of_nobody_at_all_really_not", SHOP)
    expect(state).to_have_text("Paused: 1 waiting")
    expect(items).to_have_count(2)
    page.get_by_role("button", name="Go on").click()
    expect(items.first).to_contain_text("not known here")

    page.reload()
    expect(items).to_have_count(3)
    page.get_by_role("link", name="Refused", exact=True).click()
    expect(items).to_have_count(2)
    expect(state).to_have_text("Live")
    ask(served, key, SHOP)
    ask(served, key, "https://late.example")
    expect(items.first).to_contain_text("late.example")
    expect(items).to_have_count(3)
    assert page.evaluate("window.violations") == []
    assert errors == []


def test_a_stream_that_breaks_says_so_and_comes_back_by_itself(served: RealServer, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(served.link("owner", "Olga"))
    page.wait_for_url("**/console")
    page.clock.install()
    page.route("**/admin/events/stream*", lambda route: route.fulfill(status=503))
    page.goto(f"{served.address}/admin/events")
    state = page.locator("#events-state")
    expect(state).to_have_text("Disconnected: trying again")
    look_at(page, "away")
    page.unroute("**/admin/events/stream*")
    page.clock.fast_forward(3000)
    expect(state).to_have_text("Live")
    served_before = page.locator("#arrivals > li").count()
    ask(served, "pk_of_nobody_at_all_really_not", SHOP)
    expect(page.locator("#arrivals > li")).to_have_count(served_before + 1)


def test_whoever_was_signed_out_is_told(served: RealServer, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(served.link("owner", "Olga"))
    page.wait_for_url("**/console")
    page.route("**/admin/events/stream*", lambda route: route.fulfill(status=401))
    page.goto(f"{served.address}/admin/events")
    expect(page.locator("#events-state")).to_have_text("Signed out: sign in again")


def ask(served: RealServer, key: str, origin: str) -> None:
    body = {"surface": "desk", "context": {"text": "where is my parcel"}}
    httpx.post(f"{served.address}/v1/suggest", params={"key": key}, json=body, headers={"Origin": origin}, timeout=30)
