"""The widget with the real server, on an origin of its own: what a person does arrives, what is refused can be read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
from contract_server import HostSite
from playwright.sync_api import BrowserContext, Page, expect
from real_server import RealServer

pytestmark = pytest.mark.browser

REPLIES = {
    "track": "Where is my parcel: follow the link in your mail.",
    "refund": "We refund the money within five days.",
    "size": "The size chart tells you which shoe fits.",
}
NEXT = {"sorry": "We are sorry for the wait.", "thanks": "Thank you for your patience."}
OPTION = {
    "chips": "suggest-box [part~=chip]",
    "list": "suggest-box [part~=option]",
    "typeahead": "[role=option]",
    "field": "suggest-box [part~=confirm]",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    server = RealServer(tmp_path_factory.mktemp("real") / "data")
    for name, options in {"replies": REPLIES, "closings": NEXT}.items():
        server.fill(name, options)
        policy = {"target": {"kind": "p_any", "value": 0.0}, "trigger": False}
        server.api.put(f"/v1/surfaces/{name}/policy", json=policy).raise_for_status()
    yield server
    server.stop()


def opened(
    context: BrowserContext,
    host: HostSite,
    served: RealServer,
    attributes: str,
    *,
    key: str = "",
    more: str = "",
    surface: str = "replies",
) -> Page:
    """A host page with one box, a form and a key for this origin."""
    key = key or served.a_key(host.origin)
    policy = f"default-src 'none'; script-src {served.address}; connect-src {served.address}; form-action 'self'"
    html = (
        f'<!doctype html><html lang="en"><title>Host</title><script type="module" src="{served.address}/embed/v1/'
        f'suggest-box.js"></script><suggest-box site-key="{key}" surface="{surface}" for="reply" debounce="0" '
        f'timeout="60000" {attributes}></suggest-box>{more}<form method="post" action="/sent"><label for="reply">Reply'
        "</label><input id=reply name=reply><button>Send</button></form>"
    )
    host.put("sent", "<!doctype html><title>Sent</title>")
    page = context.new_page()
    page.goto(host.put("real", html, Content_Security_Policy=policy) + "?customer=4711")
    return page


def until(page: Page, script: str) -> None:
    """Wait until it is true, looking from outside: `wait_for_function` looks by `eval`, which the policy forbids."""
    for _ in range(600):
        if page.evaluate(script):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"waited in vain for {script}")


def show(page: Page, layout: str) -> str:
    """Wait for the options; the impression."""
    if layout == "typeahead":
        page.locator("#reply[role=combobox]").wait_for()
        page.locator("#reply").press_sequentially("parcel")
    page.locator(OPTION[layout]).first.wait_for()
    # of a typeahead: the slate of the last letter
    until(page, "document.querySelector('suggest-box').state === 'show'")
    page.wait_for_load_state("networkidle")
    return str(page.evaluate("document.querySelector('suggest-box').impression"))


def told(served: RealServer, impression: str, kind: str) -> dict[str, str]:
    """The one event of a kind that the log holds of an impression."""
    rows = csv.DictReader(io.StringIO(served.api.get("/v1/export/events?format=csv").text))
    found = [row for row in rows if row["impression"] == impression and row["type"] == kind]
    assert len(found) == 1, (kind, found)
    return found[0]


def heard(page: Page, kind: str) -> None:
    """Wait until the server has answered to an event of a kind, and see that it refused none."""
    until(
        page,
        "window.seen.some(({ name, detail }) => name === 'feedback'"
        f" && detail.events.some((event) => event.type === '{kind}'))",
    )
    refused = page.evaluate("window.seen.flatMap(({ name, detail }) => name === 'feedback' ? detail.rejected : [])")
    assert refused == []


@pytest.mark.parametrize("layout", OPTION)
def test_each_layout_reports_the_same_six_acts(context: BrowserContext, host: HostSite, served, layout: str) -> None:
    attributes = f'layout="{layout}"' + ("" if layout == "typeahead" else ' context="Where is my parcel?"')

    page = opened(context, host, served, attributes)
    impression = show(page, layout)
    heard(page, "view")
    page.evaluate(
        "for (const hidden of [true, false]) {"
        " Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });"
        " document.dispatchEvent(new Event('visibilitychange')) }"
    )
    heard(page, "leave")
    page.locator(OPTION[layout]).first.click()
    heard(page, "select")
    page.evaluate("document.querySelector('form').addEventListener('submit', (event) => event.preventDefault())")
    page.get_by_role("button", name="Send").click()
    heard(page, "commit")
    assert int(told(served, impression, "leave")["visible_ms"]) >= 1000
    assert told(served, impression, "select")["item"] in REPLIES
    assert told(served, impression, "commit")["edited"] == "false"
    assert page.evaluate("window.violations") == []

    page = opened(context, host, served, attributes)
    impression = show(page, layout)
    if layout == "typeahead":
        page.locator("#reply").press("Escape")
    else:
        page.locator("suggest-box [part=dismiss], suggest-box [part~=clear]").click()
    heard(page, "dismiss")
    told(served, impression, "dismiss")

    page = opened(context, host, served, attributes)
    impression = show(page, layout)
    if layout == "typeahead":  # what is typed there is a new request; sent with options on offer it is one's own
        page.evaluate("document.querySelector('form').addEventListener('submit', (event) => event.preventDefault())")
    else:
        page.locator("#reply").fill("my own")
        page.evaluate("document.querySelector('form').addEventListener('submit', (event) => event.preventDefault())")
    page.get_by_role("button", name="Send").click()
    heard(page, "override")
    told(served, impression, "override")


def test_two_boxes_ask_two_surfaces_and_a_choice_is_followed_by_another_surface(
    context: BrowserContext, host: HostSite, served: RealServer
) -> None:
    key = served.a_key(host.origin)
    second = f'<suggest-box id="second" site-key="{key}" surface="closings" context="late" for="reply"></suggest-box>'
    attributes = 'id="first" context="Where is my parcel?" insert="append" follow-up="closings"'
    page = opened(context, host, served, attributes, key=key, more=second)
    expect(page.locator("#first [part~=chip]")).to_have_count(len(REPLIES))
    expect(page.locator("#second [part~=chip]")).to_have_count(len(NEXT))
    page.locator("#first [part~=chip]").first.click()
    expect(page.locator("#first [part~=chip]")).to_have_count(len(NEXT))
    page.locator("#first [part~=chip]").first.click()
    written = page.locator("#reply").input_value()
    assert any(written == f"{reply} {closing}" for reply in REPLIES.values() for closing in NEXT.values())
    expect(page.locator("#second [part~=chip]")).to_have_count(len(NEXT))


@pytest.mark.parametrize(
    ("origins", "surface", "key", "type_", "says"),
    [
        (("https://elsewhere.example",), "replies", "", "origin-not-allowed", "http://127.0.0.1"),
        ((), "replies", "pk_live_nobodys", "unauthorized", ""),
        ((), "no-such-surface", "", "unknown-surface", "no-such-surface"),
    ],
    ids=["another origin", "another key", "another surface"],
)
def test_a_refusal_can_be_read_by_the_page_that_caused_it(
    context: BrowserContext, host: HostSite, served: RealServer, origins, surface: str, key: str, type_: str, says: str
) -> None:
    """CORS stands on errors too: the developer sees the message of the server, not “Failed to fetch”."""
    key = key or served.a_key(*(origins or (host.origin,)))
    page = opened(context, host, served, 'context="x"', key=key, surface=surface)
    until(page, "window.seen.some(({ name }) => name === 'error')")
    (problem,) = [one["detail"]["problem"] for one in page.evaluate("window.seen") if one["name"] == "error"]
    assert problem["type"].rsplit("/", 1)[-1] == type_
    assert problem["status"] in {401, 403, 404}
    assert says in problem["detail"]
    expect(page.locator("suggest-box button")).to_have_count(0)


def test_what_the_host_calls_its_pages_is_not_told(context: BrowserContext, host: HostSite, served: RealServer) -> None:
    """The address of the page holds what is the host's alone: its origin is all that we are told."""
    asked: list[str] = []
    context.on("request", lambda one: asked.append(f"{one.url} {one.all_headers()} {one.post_data}"))
    page = opened(context, host, served, 'context="Where is my parcel?" actions')
    page.locator(OPTION["chips"]).first.click()
    heard(page, "select")
    ours = [one for one in asked if one.startswith(served.address)]
    assert any("/v1/suggest" in one for one in ours)
    assert any("/v1/feedback" in one for one in ours)
    assert not [one for one in ours if "4711" in one or "/real" in one.replace(served.address, "")]
