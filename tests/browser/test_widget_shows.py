"""The widget asks, shows chips, inserts one, and reports it: on another origin, under the strictest host policy."""

import pytest
from contract_server import THREE, ContractServer, HostSite, a_slate, get, options_named
from playwright.sync_api import BrowserContext, Page, expect

pytestmark = pytest.mark.browser

CHIPS = "suggest-box [part~=chip]"


def strict(service: ContractServer) -> str:
    return (
        f"default-src 'none'; script-src 'self' {service.origin}; style-src 'self'; "
        f"connect-src 'self' {service.origin}; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def seen(page: Page, name: str) -> list[dict]:
    return [one["detail"] for one in page.evaluate("window.seen") if one["name"] == name]


def test_a_chip_is_shown_inserted_and_reported_under_strict_csp_and_trusted_types(open_host, service) -> None:
    page = open_host(csp=strict(service))
    expect(page.locator(CHIPS)).to_have_text([item["text"] for item in THREE])
    page.locator(CHIPS).nth(1).click()
    expect(page.locator("#reply")).to_have_value(THREE[1]["text"])
    selected = service.event("select")
    assert (selected["item"], selected["position"]) == ("i1", 1)
    assert page.evaluate("window.violations") == []
    assert service.preflights == []
    assert service.rejected == []


def test_the_request_is_simple_and_says_what_the_contract_says(open_host, service) -> None:
    page = open_host('context="Where is it?" session="s-7" count="2"')
    (call,) = service.requests("/v1/suggest")
    assert call.query["key"] == ["pk_test_1"]
    assert call.headers["content-type"].startswith("text/plain")
    assert call.json == {"surface": "replies", "k": 2, "context": {"session": "s-7", "text": "Where is it?"}}
    assert "cookie" not in call.headers
    assert call.headers["referer"] == page.evaluate("location.origin + '/'")


def test_events_bubble_out_of_the_shadow_and_carry_the_impression(open_host, service) -> None:
    page = open_host()
    (shown,) = seen(page, "show")
    assert shown["impression"] == "imp-0"
    assert (shown["decision"], shown["p_any"], shown["p_accept"]) == ("show", 0.83, 0.41)
    assert [item["id"] for item in shown["items"]] == ["i0", "i1", "i2"]
    assert "token" not in shown
    page.locator(CHIPS).first.click()
    (selected,) = seen(page, "select")
    assert (selected["item"]["id"], selected["position"], selected["via"]) == ("i0", 0, "click")
    service.event("select")
    page.wait_for_function("window.seen.some((one) => one.name === 'feedback')")
    receipt = seen(page, "feedback")[-1]
    assert (receipt["accepted"], receipt["events"][-1]["type"]) == (1, "select")
    assert page.evaluate("window.seen.every((one) => one.composed)")


def test_a_host_may_insert_by_itself(open_host, service) -> None:
    page = open_host()
    page.evaluate("document.addEventListener('suggest-select', (event) => event.preventDefault())")
    page.locator(CHIPS).first.click()
    service.event("select")
    expect(page.locator("#reply")).to_have_value("")


@pytest.mark.parametrize("decision", ["abstain", "escalate"])
def test_items_of_a_slate_that_is_not_to_be_shown_stay_hidden(open_host, service, decision: str) -> None:
    service.script = lambda _: a_slate(decision)
    page = open_host(wait=False)
    page.wait_for_function("window.seen.some((one) => one.name === 'empty')")
    expect(page.locator(CHIPS)).to_have_count(0)
    assert page.evaluate("document.querySelector('suggest-box').suggestions") == []


def test_auto_is_shown_and_nothing_is_written_without_a_person(open_host, service) -> None:
    service.script = lambda _: a_slate("auto")
    page = open_host()
    expect(page.locator(CHIPS)).to_have_count(3)
    expect(page.locator("#reply")).to_have_value("")


def test_hostile_text_is_text(open_host, service) -> None:
    hostile = '<img src=x onerror="window.pwned = 1"><b>bold</b>"\'><script>window.pwned = 1</script>\u202eevil'
    service.script = lambda _: a_slate(items=options_named(hostile, "x" * 5000))
    page = open_host(csp=strict(service))
    expect(page.locator(CHIPS).first).to_have_text(hostile)
    assert page.evaluate("document.querySelector('suggest-box').shadowRoot.querySelector('img, script')") is None
    page.locator(CHIPS).first.click()
    assert page.input_value("#reply") == hostile
    assert page.evaluate("window.pwned") is None
    width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0, "an endless word must not widen the page"


def test_a_new_context_replaces_the_slate_and_a_stale_answer_never_renders(open_host, service) -> None:
    page = open_host('for="reply" context="first" debounce="0"')
    service.held.add("slow")
    service.script = lambda body: a_slate(items=options_named(body["context"]["text"]))
    page.evaluate("document.querySelector('suggest-box').context = 'slow'")
    service.wait_until(lambda: len(service.suggests) == 2, "the second request did not come")
    page.evaluate("document.querySelector('suggest-box').context = { text: 'quick', turns: ['hi'], fields: { n: 1 } }")
    expect(page.locator(CHIPS)).to_have_text(["quick"])
    assert service.suggests[2]["context"] == {"text": "quick", "turns": ["hi"], "fields": {"n": 1}}
    service.held.clear()
    service.wait_until(lambda: len(service.slates) == 3, "the slow answer was never made")
    page.wait_for_timeout(150)  # the browser's own time: the slow answer is on the wire now
    expect(page.locator(CHIPS)).to_have_text(["quick"])
    assert [one["items"][0]["text"] for one in seen(page, "show")][1:] == ["quick"]


def test_context_from_follows_the_element_even_when_a_framework_replaces_it(open_host, service) -> None:
    body = '<div id="log"><p id="last">Where is my parcel?</p></div><textarea id="reply"></textarea>'
    page = open_host('for="reply" context-from="#last" debounce="20"', body=body)
    assert service.suggests[0]["context"]["text"] == "Where is my parcel?"
    page.evaluate("document.querySelector('#last').firstChild.data = 'It   is\\nbroken'")
    service.wait_until(lambda: len(service.suggests) == 2, "a changed text asked nothing")
    assert service.suggests[1]["context"]["text"] == "It is broken"
    page.evaluate("document.querySelector('#log').innerHTML = '<p id=last>Refund please</p>'")
    service.wait_until(lambda: len(service.suggests) == 3, "a replaced element asked nothing")
    page.evaluate("document.querySelector('#log').append('unrelated')")
    page.wait_for_timeout(150)
    assert len(service.suggests) == 3, "a context that did not change asks nothing"


def test_a_context_set_before_the_element_is_defined_counts(open_host, service) -> None:
    head = (
        "<script>document.addEventListener('readystatechange', () => {"
        " const box = document.querySelector('suggest-box:not(:defined)'); if (box) box.context = 'early' });</script>"
    )
    open_host('for="reply"', head=head)
    assert service.suggests[0]["context"] == {"text": "early"}


def test_focus_and_manual_triggers_wait(open_host, service) -> None:
    page = open_host('for="reply" context="x" trigger="focus"', wait=False)
    page.wait_for_function("!!customElements.get('suggest-box')")
    assert service.suggests == []
    page.focus("#reply")
    expect(page.locator(CHIPS)).to_have_count(3)
    manual = open_host('for="reply" context="x" trigger="manual"', path="manual", wait=False)
    manual.wait_for_function("!!customElements.get('suggest-box')")
    manual.focus("#reply")
    manual.evaluate("document.querySelector('suggest-box').refresh()")
    expect(manual.locator(CHIPS)).to_have_count(3)
    assert len(service.suggests) == 2


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("replace", "Your parcel arrives tomorrow."),
        ("append", "Dear Ann, Your parcel arrives tomorrow."),
        ("caret", "Dear Your parcel arrives tomorrow. Ann,"),
        ("none", "Dear Ann,"),
    ],
)
def test_insert_modes(open_host, mode: str, expected: str) -> None:
    page = open_host(f'for="reply" context="x" insert="{mode}"')
    page.fill("#reply", "Dear Ann,")
    page.evaluate("document.querySelector('#reply').setSelectionRange(5, 5)")
    if mode == "caret":
        expected = "Dear Your parcel arrives tomorrow.Ann,"
    page.locator(CHIPS).first.click()
    expect(page.locator("#reply")).to_have_value(expected)


def test_undo_brings_the_draft_back_in_a_textarea(open_host) -> None:
    page = open_host()
    page.locator("#reply").press_sequentially("my own draft")
    page.locator(CHIPS).first.click()
    expect(page.locator("#reply")).to_have_value(THREE[0]["text"])
    page.keyboard.press("Control+z")
    expect(page.locator("#reply")).to_have_value("my own draft")


def test_undo_brings_the_draft_back_in_an_editable_element(open_host) -> None:
    page = open_host(body='<div id="reply" contenteditable="true" role="textbox" aria-label="Reply"></div>')
    page.locator("#reply").press_sequentially("my own draft")
    page.locator(CHIPS).first.click()
    expect(page.locator("#reply")).to_have_text(THREE[0]["text"])
    page.keyboard.press("Control+z")
    expect(page.locator("#reply")).to_have_text("my own draft")


def test_a_target_that_refuses_insert_text_still_gets_it_with_an_input_event(open_host) -> None:
    page = open_host(body='<input id="reply" aria-label="Reply">')
    page.evaluate(
        "document.execCommand = () => false; window.inputs = [];"
        "document.querySelector('#reply').addEventListener('input', (e) => window.inputs.push(e.inputType));"
        # as React does: an own property that swallows plain assignment
        "Object.defineProperty(document.querySelector('#reply'), 'value', { configurable: true,"
        " get() { return this.getAttribute('data-x') ?? '' }, set() {} })"
    )
    page.locator(CHIPS).first.click()
    real = "(input) => Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').get.call(input)"
    assert page.locator("#reply").evaluate(real) == THREE[0]["text"]
    assert page.evaluate("window.inputs") == ["insertText"]


def test_the_choice_travels_with_the_hosts_own_form(open_host, host: HostSite, service) -> None:
    body = '<textarea id="reply" name="reply" form="f"></textarea>'
    page = open_host(
        'for="reply" context="x" name="suggestion" form="f"',
        body=f'<form id="f" method="post">{body}<button>Send</button></form>',
    )
    page.locator(CHIPS).nth(2).click()
    host.posts.clear()
    page.get_by_role("button", name="Send").click()
    page.wait_for_load_state()
    assert b"%7B%22impression%22%3A%22imp-0%22%2C%22item%22%3A%22i2%22%7D" in host.posts[0]


def test_the_same_script_twice_is_harmless(open_host, service: ContractServer) -> None:
    again = f'<script type="module" src="{service.origin}/embed/v1/suggest-box.js?again"></script>'
    page = open_host(head=again)
    expect(page.locator(CHIPS)).to_have_count(3)


def test_client_alone_serves_a_host_with_its_own_design(context: BrowserContext, host: HostSite, service) -> None:
    page = context.new_page()
    page.goto(host.put("headless", "<!doctype html><title>t</title><p>own design"))
    texts = page.evaluate(
        """async (origin) => {
          const { createClient } = await import(origin + '/embed/v1/client.js');
          const client = createClient({ siteKey: 'pk_test_1' });
          const slate = await client.suggest({ surface: 'replies', context: { text: 'hi' } });
          client.track(slate, 'select', { item: slate.items[0].id, position: 0 });
          return slate.items.map((item) => item.text);
        }""",
        service.origin,
    )
    assert texts == [item["text"] for item in THREE]
    assert service.event("select")["item"] == "i0"


def test_the_script_answers_directly(service: ContractServer) -> None:
    status, headers = get(f"{service.origin}/embed/v1/suggest-box.js", "http://shop.example")
    assert (status, headers.get_all("Access-Control-Allow-Origin")) == (200, ["*"])
