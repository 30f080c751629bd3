"""A host page that is cross-origin isolated (COOP and COEP `require-corp`) loads all of ours, from the real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from contract_server import HostSite
from playwright.sync_api import BrowserContext, Page, expect
from real_server import RealServer

pytestmark = pytest.mark.browser

REPLIES = {"track": "Follow the link in your mail.", "refund": "We refund within five days."}
ISOLATED = {"Cross_Origin_Opener_Policy": "same-origin", "Cross_Origin_Embedder_Policy": "require-corp"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    server = RealServer(tmp_path_factory.mktemp("isolated") / "data")
    server.fill("replies", REPLIES)
    server.api.put("/v1/surfaces/replies/policy", json={"target": {"kind": "p_any", "value": 0.0}, "trigger": False})
    yield server
    server.stop()


def opened(context: BrowserContext, host: HostSite, body: str, path: str) -> Page:
    page = context.new_page()
    page.goto(host.put(path, f'<!doctype html><html lang="en"><title>Host</title><body>{body}</body>', **ISOLATED))
    assert page.evaluate("crossOriginIsolated"), "the page is what the test means it to be"
    return page


def acts(served: RealServer) -> list[str]:
    rows = served.api.get("/v1/export/events?format=csv").text.splitlines()
    kind = rows[0].split(",").index("type")
    return [row.split(",")[kind] for row in rows[1:]]


@pytest.mark.parametrize("layout", ["chips", "list", "typeahead", "field"])
def test_the_box_and_its_parts_load_and_show(context: BrowserContext, host: HostSite, served, layout: str) -> None:
    key = served.a_key(host.origin)
    box = f'<suggest-box site-key="{key}" surface="replies" for="reply" context="where" actions layout="{layout}">'
    script = f'<script type="module" src="{served.address}/embed/v1/suggest-box.js"></script>'
    page = opened(context, host, f'{script}{box}</suggest-box><input id="reply" aria-label="Reply">', layout)
    if layout == "typeahead":
        page.locator("#reply").press_sequentially("where")
    expect(page.locator("suggest-box")).to_have_js_property("state", "show")
    shown = page.get_by_role("option") if layout == "typeahead" else page.locator("suggest-box button")
    expect(shown.first).to_be_visible()


def test_a_choice_made_there_arrives(context: BrowserContext, host: HostSite, served: RealServer) -> None:
    before = acts(served).count("select")
    key = served.a_key(host.origin)
    page = opened(context, host, "<p>host</p>", "headless")
    receipt = page.evaluate(
        "async ([endpoint, siteKey]) => {"
        "  const { createClient } = await import(endpoint + '/embed/v1/client.js');"
        "  return new Promise(async (onReceipt) => {"
        "    const client = createClient({ siteKey, endpoint, onReceipt });"
        "    const slate = await client.suggest({ surface: 'replies', context: { text: 'where' } });"
        "    client.track(slate, 'select', { item: slate.items[0].id, position: 0 });"
        "  }) }",
        [served.address, key],
    )
    assert receipt["accepted"] == 1
    assert acts(served).count("select") == before + 1


def test_the_frame_may_stand_in_it(context: BrowserContext, host: HostSite, served: RealServer) -> None:
    source = f"{served.address}/frame?key={served.a_key(host.origin)}&surface=replies&origin={host.origin}"
    page = opened(context, host, f'<iframe title="Suggestions" src="{source}"></iframe>', "framed")
    page.evaluate("frames[0].postMessage({ type: 'suggest-context', context: 'where is it' }, '*')")
    expect(page.frame_locator("iframe").locator("suggest-box")).to_be_attached()
