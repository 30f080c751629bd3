"""Real Chromium for the browser tests: one process a run, one fresh context a test."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from contract_server import ContractServer, HostSite
from playwright.sync_api import Browser, BrowserContext, Page
from real_browser import real_chromium

# Runs before any script of the page, and is exempt from its CSP: what the widget said and what the browser blocked.
RECORDER = """
window.seen = []; window.violations = []; window.shifts = 0;
for (const name of ['show', 'view', 'select', 'dismiss', 'empty', 'error', 'escalate', 'feedback', 'page', 'off'])
  document.addEventListener('suggest-' + name, (event) =>
    window.seen.push({ name, detail: JSON.parse(JSON.stringify(event.detail)), composed: event.composed }));
document.addEventListener('securitypolicyviolation', (event) => window.violations.push(event.violatedDirective));
new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
  if (!entry.hadRecentInput) window.shifts += entry.value;
})).observe({ type: 'layout-shift', buffered: true });
"""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with real_chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def host() -> Iterator[HostSite]:
    site = HostSite()
    yield site
    site.site.stop()


@pytest.fixture
def service() -> Iterator[ContractServer]:
    server = ContractServer()
    yield server
    server.site.stop()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    fresh = chromium.new_context(viewport={"width": 900, "height": 600})
    fresh.set_default_timeout(8000)
    fresh.add_init_script(RECORDER)
    yield fresh
    fresh.close()


OpenHost = Callable[..., Page]


@pytest.fixture
def open_host(context: BrowserContext, host: HostSite, service: ContractServer) -> OpenHost:
    """Open a host page that carries the widget: `attributes` go on the element, `body` around it, `csp` in a header."""

    def open_page(
        attributes: str = 'for="reply" context="Where is my parcel?"',
        *,
        body: str = '<label for="reply">Reply</label><br><textarea id="reply" cols="60" rows="4"></textarea>',
        head: str = "",
        csp: str | None = None,
        page: Page | None = None,
        path: str = "page",
        wait: bool = True,
    ) -> Page:
        headers: dict[str, Any] = {"Content_Security_Policy": csp} if csp else {}
        html = (
            f'<!doctype html><html lang="en"><head><title>Host</title>{head}'
            f'<script type="module" src="{service.origin}/embed/v1/suggest-box.js"></script></head><body><main>'
            f'<h1>Host</h1><suggest-box site-key="pk_test_1" surface="replies" {attributes}></suggest-box>{body}'
            "</main></body></html>"
        )
        page = page or context.new_page()
        page.goto(host.put(path, html, **headers))
        if wait:
            page.locator("suggest-box").get_by_role("toolbar").locator("button").first.wait_for()
        return page

    return open_page
