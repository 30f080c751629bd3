"""The widget in Firefox and in WebKit, under a strict policy of the host: every layout, by mouse and by keyboard.

Skipped where they are absent: `apt-get install firefox-esr webkit2gtk-driver xvfb` (docs/how-to/browsers.md)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from contract_server import ContractServer, HostSite, a_slate, options_named
from other_browsers import Browser, find_firefox, find_webkit, real_firefox, real_webkit

pytestmark = pytest.mark.browser

WITHOUT = {
    "firefox": "no Firefox: neither firefox-esr nor firefox is in the path, and SUGGEST_FIREFOX names none",
    "webkit": "no WebKit: it takes WebKitWebDriver in the path, its MiniBrowser, and a DISPLAY or Xvfb to draw on",
}
PART = "return document.querySelector('suggest-box')?.shadowRoot?.querySelectorAll(arguments[0])[arguments[1] || 0]"
TEXTS = (
    "return [...document.querySelector('suggest-box').shadowRoot.querySelectorAll(arguments[0])]"
    ".map((each) => each.textContent)"
)
VALUE = "return document.getElementById('reply').value === arguments[0]"
SAID = "return window.seen.filter((each) => each.name === arguments[0])"
RECORDER = """
window.seen = []; window.violations = []
for (const name of ['show', 'view', 'select', 'dismiss', 'error'])
  document.addEventListener('suggest-' + name, (event) => window.seen.push({ name, via: event.detail?.via }))
document.addEventListener('securitypolicyviolation', (event) => window.violations.push(event.violatedDirective))
"""


@pytest.fixture(scope="module", params=["firefox", "webkit"])
def browser(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    find, real = {"firefox": (find_firefox, real_firefox), "webkit": (find_webkit, real_webkit)}[request.param]
    if not find():
        pytest.skip(f"{WITHOUT[request.param]}. On Debian: apt-get install firefox-esr webkit2gtk-driver xvfb")
    with real(tmp_path_factory.mktemp(request.param)) as browser:
        print(f"\ndriven: {browser.version}")
        yield browser


@pytest.fixture
def open_page(browser: Browser, host: HostSite, service: ContractServer):
    """Open a page of a host that allows our two sources and nothing else."""

    def open_one(attributes: str, field: str = '<textarea id="reply"></textarea>') -> None:
        host.put("recorder.js", RECORDER, Content_Type="text/javascript")
        policy = f"default-src 'none'; img-src 'self'; script-src 'self' {service.origin}; connect-src {service.origin}"
        html = (
            '<!doctype html><html lang="en"><head><title>Host</title><script src="/recorder.js"></script>'
            f'<script type="module" src="{service.origin}/embed/v1/suggest-box.js"></script></head><body><h1>Host</h1>'
            f'<suggest-box site-key="pk_test_1" surface="replies" for="reply" debounce="0"'
            f' timeout="60000" {attributes}></suggest-box>'
            f'<form><label for="reply">Reply</label>{field}</form></body></html>'
        )
        browser.open(host.put("page", html, Content_Security_Policy=policy))

    yield open_one
    assert browser.js("return window.violations") == []
    assert browser.js(SAID, "error") == []
    assert service.rejected == []
    assert service.preflights == []


def test_chips_are_shown_and_taken_by_mouse(browser: Browser, open_page, service: ContractServer) -> None:
    open_page('context="Where is my parcel?"')
    browser.wait(PART, "[part~=chip]", 2)
    assert browser.js(TEXTS, "[part~=chip]")[0].strip() == "Your parcel arrives tomorrow."
    browser.click(PART, "[part~=chip]", 1)
    browser.wait(VALUE, "I have sent a new label.")
    assert service.event("select")["item"] == "i1"
    assert [each["via"] for each in browser.js(SAID, "select")] == ["click"]


def test_chips_are_taken_by_keyboard(browser: Browser, open_page, service: ContractServer) -> None:
    open_page('context="Where is my parcel?"')
    browser.wait(PART, "[part~=chip]", 2)
    browser.js("document.querySelector('suggest-box').shadowRoot.querySelector('[part~=chip]').focus()")
    browser.press("ArrowRight", "Enter")
    browser.wait(VALUE, "I have sent a new label.")
    assert (service.event("select")["item"], browser.js(SAID, "select")[0]["via"]) == ("i1", "keyboard")


def test_they_are_closed_and_that_is_told(browser: Browser, open_page, service: ContractServer) -> None:
    open_page('context="Where is my parcel?"')
    browser.wait(PART, "[part~=chip]")
    browser.click(PART, "[part~=dismiss]")
    assert service.event("dismiss")["impression"] == "imp-0"
    browser.wait("return !document.querySelector('suggest-box').shadowRoot.querySelector('[part~=chip]')?.offsetHeight")


def test_what_stands_in_view_for_a_second_is_viewed(browser: Browser, open_page, service: ContractServer) -> None:
    open_page('context="Where is my parcel?"')
    assert service.event("view")["visible_ms"] >= 1000


def test_feedback_arrives_when_the_page_is_left_at_once(browser: Browser, open_page, service, host) -> None:
    open_page('context="Where is my parcel?"')
    browser.wait(PART, "[part~=chip]", 2)
    browser.click(PART, "[part~=chip]")
    browser.open(host.put("elsewhere", "<!doctype html><script>window.violations = []; window.seen = []</script>"))
    assert service.event("select")["item"] == "i0"


def test_a_list_is_shown_and_taken_from(browser: Browser, open_page, service: ContractServer) -> None:
    service.script = lambda _: a_slate(items=options_named(*(f"Answer {n}" for n in range(5))))
    open_page('layout="list" context="Where is my parcel?"')
    browser.click(PART, "[part~=option]", 2)
    browser.wait(VALUE, "Answer 2")
    assert service.event("select")["item"] == "i2"


def test_a_typeahead_asks_while_one_types(browser: Browser, open_page, service: ContractServer) -> None:
    service.script = lambda body: a_slate(items=options_named(*(f"{body['context']['text']} {n}" for n in "abc")))
    open_page('layout="typeahead"', field='<input id="reply">')
    browser.wait("return document.getElementById('reply').getAttribute('role') === 'combobox'")
    browser.click("return document.getElementById('reply')")
    browser.press("par")
    browser.wait("return document.querySelectorAll('[role=option]').length === 3")
    browser.press("ArrowDown", "ArrowDown", "Enter")
    browser.wait("return /^par?r? b$/.test(document.getElementById('reply').value)")
    assert service.event("select")["item"] == "i1"


def test_a_field_is_filled_and_confirmed(browser: Browser, open_page, service: ContractServer) -> None:
    service.script = lambda _: a_slate(items=options_named("Delivery", "Refund"))
    open_page('layout="field" context="x"', field='<input id="reply">')
    browser.wait(VALUE, "Delivery")
    browser.click(PART, "button")
    assert service.event("select")["item"] == "i0"


def test_an_option_is_steered_from_its_menu(browser: Browser, open_page, service: ContractServer) -> None:
    service.script = lambda body: a_slate(items=options_named("One", "Two", "Three")[len(body.get("exclude", [])) :])
    open_page('actions confidence context="Where is my parcel?"')
    browser.click(PART, "[part~=more]")
    browser.wait("return document.querySelector('suggest-box').shadowRoot.querySelector('[role=menu]')?.offsetHeight")
    browser.press("ArrowDown", "Enter")
    assert service.event("dismiss")["item"] == "i0"
    service.wait_until(lambda: len(service.suggests) == 2, "it was not asked again")
    assert service.suggests[1]["exclude"] == ["i0"]


def test_an_editable_element_takes_the_text(browser: Browser, open_page, service: ContractServer) -> None:
    open_page(
        'context="x"', field='<div id="reply" contenteditable="true" role="textbox" aria-label="Reply">mine</div>'
    )
    browser.click(PART, "[part~=chip]", 1)
    browser.wait("return document.getElementById('reply').textContent === arguments[0]", "I have sent a new label.")
    assert service.event("select")["item"] == "i1"


def test_a_colleagues_answer_arrives_live(browser: Browser, open_page, service: ContractServer) -> None:
    service.script = service.escalating()
    open_page('context="hard"')
    browser.wait("return document.querySelector('suggest-box').state === 'waiting'")
    service.tell("e0", "answered", answer={"text": "We call you."})
    browser.click(PART, "[part~=chip]")
    browser.wait(VALUE, "We call you.")


def test_a_page_that_one_goes_back_to_asks_anew(browser: Browser, open_page, service: ContractServer, host) -> None:
    """Firefox and WebKit bring it back from their cache, as it was left; its slate is of another moment."""
    open_page('context="Where is my parcel?"')
    browser.wait(PART, "[part~=chip]", 2)
    browser.open(host.put("elsewhere", "<!doctype html><title>Elsewhere</title>"))
    browser.back()
    service.wait_until(lambda: len(service.suggests) == 2, "the old slate was shown again")
    browser.wait(PART, "[part~=chip]", 2)
