"""The widget as the real server delivers it: by its alias, and pinned with integrity."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from contract_server import HostSite
from playwright.sync_api import BrowserContext, expect
from real_server import RealServer

pytestmark = pytest.mark.browser

REPLIES = {"track": "You can follow your parcel with the tracking link.", "refund": "We refund the money."}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    server = RealServer(tmp_path_factory.mktemp("pinned") / "data")
    server.fill("replies", REPLIES)
    server.api.put("/v1/surfaces/replies/policy", json={"target": {"kind": "p_any", "value": 0.0}}).raise_for_status()
    yield server
    server.stop()


def pinned(served: RealServer, context: BrowserContext) -> str:
    """The pinned script element, as the owner's page shows it."""
    page = context.new_page()
    page.goto(served.link("owner") + "&next=/admin/surfaces/replies")
    page.wait_for_url("**/admin/surfaces/replies")
    text = page.locator("#pinned").text_content()
    assert text
    return text


def test_the_pinned_snippet_of_the_owners_page_works_in_another_sites_page(
    served: RealServer, host: HostSite, context: BrowserContext
) -> None:
    key = served.a_key(host.origin)
    box = f'<suggest-box site-key="{key}" surface="replies" context="where is my parcel" for="reply"></suggest-box>'
    body = f'{pinned(served, context)}{box}<textarea id="reply"></textarea>'
    page = context.new_page()
    page.goto(host.put("pinned", f"<!doctype html><title>t</title>{body}"))
    chips = page.locator("suggest-box").get_by_role("toolbar").locator('button[part~="chip"]')
    expect(chips).to_have_count(2)
    chips.first.click()
    expect(page.locator("#reply")).to_have_value(re.compile("parcel|refund"))
    page.wait_for_function("window.seen.some((one) => one.name === 'feedback' && one.detail.accepted > 0)")


def test_a_tampered_file_does_not_run(served: RealServer, host: HostSite, context: BrowserContext) -> None:
    page = context.new_page()
    script = re.sub(r"sha256-.{8}", "sha256-AAAAAAAA", pinned(served, context))
    page.goto(host.put("tampered", f"<!doctype html><title>t</title>{script}<suggest-box></suggest-box>"))
    page.wait_for_load_state("networkidle")
    assert page.evaluate("customElements.get('suggest-box') === undefined")
