"""A host that runs htmx, or anything else: the widget brings nothing into its page but one element."""

import pytest
from contract_server import STATIC, ContractServer, HostSite
from playwright.sync_api import BrowserContext, expect
from test_widget_shows import CHIPS

pytestmark = pytest.mark.browser

HTMX = (STATIC / "vendor" / "htmx-4.0.1.min.js").read_text()
PAGE = (
    '<!doctype html><html lang="en"><title>Host</title>{0}<main hx-boost="true"><button id="load" hx-get="/part"'
    ' hx-target="#out">Load</button><p id="out"></p>{1}<textarea id="reply" aria-label="Reply"></textarea></main>'
)


def test_a_host_with_htmx_works_as_before(context: BrowserContext, host: HostSite, service: ContractServer) -> None:
    """One press is one request, of the host's own htmx; a host's `hx-` attributes mean nothing without one."""
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    host.put("part", "loaded")
    host.put("htmx.js", HTMX, Content_Type="text/javascript")
    box = (
        f'<script type="module" src="{service.origin}/embed/v1/suggest-box.js"></script>'
        '<suggest-box site-key="pk" surface="s" context="x" for="reply" actions></suggest-box>'
    )
    for name, script, n_requests in [("with", '<script src="/htmx.js"></script>', 1), ("without", "", 0)]:
        page = context.new_page()
        page.goto(host.put(name, PAGE.format(script, box)))
        expect(page.locator(CHIPS)).to_have_count(3)
        theirs = page.evaluate("window.theirs = window.htmx; window.htmx?.version")
        assert theirs == ("4.0.1" if script else None)
        asked.clear()
        page.locator("#load").click()
        page.locator(CHIPS).first.click()
        service.wait_until(lambda: service.events("select"), "the choice was not reported")
        assert len([url for url in asked if url.endswith("/part")]) == n_requests, name
        expect(page.locator("#out")).to_have_text("loaded" if script else "")
        assert page.evaluate("window.htmx === window.theirs")
        service.accepted.clear()
    headers = {name for call in service.calls for name in call.headers}
    assert not [name for name in headers if name.startswith("hx-")]
    assert service.preflights == []


def test_no_name_is_added_to_the_hosts_page(context: BrowserContext, host: HostSite, service: ContractServer) -> None:
    page = context.new_page()
    page.goto(host.put("bare", PAGE.format("", "")))
    names = "Object.getOwnPropertyNames(window).concat(Object.keys(document.documentElement.dataset))"
    before = set(page.evaluate(names))
    page.evaluate("(origin) => import(origin + '/embed/v1/suggest-box.js').then(() => 0)", service.origin)
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<suggest-box site-key=\"pk\" surface=\"s\""
        ' context="x" layout="list" actions lang="ar"></suggest-box>\')'
    )
    page.locator("suggest-box [part~=option]").first.wait_for()
    assert set(page.evaluate(names)) - before == set()
    assert page.evaluate("document.adoptedStyleSheets.length + document.styleSheets.length") == 0


def test_the_widget_knows_no_htmx() -> None:
    shipped = list(STATIC.glob("suggest-*.js"))
    assert not [file.name for file in shipped if "htmx" in file.read_text()]
