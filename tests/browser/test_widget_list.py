"""The list: ranked options on pages, each reporting by itself that it was seen; one is taken, or several."""

from typing import Any

import pytest
from contract_server import ContractServer, a_slate, options_named
from playwright.sync_api import Page, expect
from test_widget_reports import CLOCK, settle, tick
from test_widget_shows import seen, strict

pytestmark = pytest.mark.browser

ROWS = "suggest-box [part~=option]"
LIST = 'layout="list" for="reply" context="x"'
SEVEN = options_named("One.", "Two.", "Three.", "Four.", "Five.", "Six.", "Seven.")


@pytest.fixture
def seven(service: ContractServer) -> ContractServer:
    service.script = lambda _: a_slate(items=SEVEN)
    return service


def opened(open_host: Any, more: str = "", **how: Any) -> Page:
    page: Page = open_host(f"{LIST} {more}", wait=False, **how)
    page.locator(ROWS).first.wait_for()
    return page


def test_a_list_comes_as_a_part_of_its_own_under_the_strictest_policy(open_host, seven) -> None:
    page = opened(open_host, csp=strict(seven))
    assert seven.suggests[0]["k"] == 10
    asked = [call.path for call in seven.calls if "suggest-list" in call.path]
    assert len(asked) == 1
    assert len(asked[0].split("/")[3]) == 6, "by the hash of its content"
    expect(page.locator(ROWS)).to_have_text([item["text"] for item in SEVEN[:5]])
    page.get_by_role("button", name="More options").click()
    expect(page.locator(ROWS)).to_have_text(["Six.", "Seven."])
    expect(page.locator(ROWS).first).to_be_focused()
    page.locator(ROWS).nth(1).click()
    expect(page.locator("#reply")).to_have_value("Seven.")
    selected = seven.event("select")
    assert (selected["item"], selected["position"]) == ("i6", 6)
    assert page.evaluate("window.violations") == []
    assert seven.preflights == seven.rejected == []


def test_each_option_reports_that_it_was_seen_and_no_other(context, open_host, seven) -> None:
    page = context.new_page()
    page.add_init_script(CLOCK)
    opened(open_host, page=page)
    settle(page)
    tick(page, 1000)
    seven.wait_until(lambda: len(seven.events("view")) == 5, "five options are on the first page")
    assert [(each["item"], each["position"]) for each in seven.events("view")] == [(f"i{n}", n) for n in range(5)]
    page.get_by_role("button", name="More options").click()
    settle(page)
    tick(page, 500)
    page.get_by_role("button", name="Previous options").click()
    settle(page)
    tick(page, 3000)
    settle(page)
    assert len(seven.events("view")) == 5, "half a second on the second page is a glance, and nobody is seen twice"


def test_keys_move_choose_turn_and_close(open_host, seven) -> None:
    page = opened(open_host)
    page.locator(ROWS).first.focus()
    for key, at in [("ArrowDown", 1), ("ArrowDown", 2), ("ArrowUp", 1), ("End", 4), ("ArrowDown", 0), ("Home", 0)]:
        page.keyboard.press(key)
        expect(page.locator(ROWS).nth(at)).to_be_focused()
    page.keyboard.press("PageDown")
    expect(page.locator(ROWS)).to_have_text(["Six.", "Seven."])
    page.keyboard.press("PageUp")
    expect(page.locator(ROWS).first).to_be_focused()
    page.keyboard.press("Escape")
    seven.event("dismiss")
    expect(page.locator("#reply")).to_be_focused()
    assert seen(page, "dismiss")[0]["via"] == "escape"


def test_several_are_taken_at_once_and_each_is_reported(open_host, seven) -> None:
    form = '<form id="f" onsubmit="return false"><textarea id="reply"></textarea><button>Send</button></form>'
    page = opened(open_host, "multiple page=3", body=form)
    use = page.get_by_role("button", name="Use selected")
    expect(use).to_be_disabled()
    page.get_by_role("checkbox", name="Three.").check()
    page.get_by_role("button", name="More options").click()
    page.get_by_role("checkbox", name="Four.").check()
    page.get_by_role("button", name="Previous options").click()
    expect(page.get_by_role("checkbox", name="Three.")).to_be_checked()
    expect(use).to_have_text("Use selected: 2")
    use.click()
    expect(page.locator("#reply")).to_have_value("Three.\nFour.")
    page.get_by_role("button", name="Send").click()
    commit = seven.event("commit")
    assert [(each["item"], each["position"]) for each in seven.events("select")] == [("i2", 2), ("i3", 3)]
    assert commit["edited"] is False
    assert seven.rejected == []


def test_assistive_technology_hears_a_list(open_host, seven) -> None:
    page = opened(open_host, "page=2")
    assert page.locator("suggest-box").aria_snapshot().splitlines() == [
        '- group "Suggestions":',
        "  - list:",
        "    - listitem:",
        '      - button "One."',
        "    - listitem:",
        '      - button "Two."',
        "  - text: 1 to 2 of 7",
        '  - button "Previous options" [disabled]',
        '  - button "More options"',
        '  - button "Dismiss suggestions"',
        '- status: "Suggestions: 7"',
    ]


def test_a_colleagues_answer_is_a_list_of_one(open_host, service) -> None:
    service.script = service.escalating()
    page = open_host(LIST, wait=False)
    expect(page.get_by_role("status")).to_contain_text("Asking a colleague")
    service.tell("e0", "answered", answer={"text": "We call you."})
    page.locator(ROWS).click()
    expect(page.locator("#reply")).to_have_value("We call you.")


def test_a_part_that_cannot_be_loaded_is_unnoticed(open_host, seven, context) -> None:
    page = context.new_page()
    page.route("**/suggest-list.js", lambda route: route.abort())
    open_host(LIST, page=page, wait=False)
    page.wait_for_function("window.seen.some((one) => one.name === 'error')")
    expect(page.locator("suggest-box button")).to_have_count(0)


def test_an_older_box_still_finds_its_part(open_host, seven, context) -> None:
    page = context.new_page()
    page.route("**/v1/*/suggest-list.js", lambda route: route.fulfill(status=404))
    opened(open_host, page=page)


def test_a_host_may_bring_a_layout_of_its_own(open_host, seven) -> None:
    page = open_host('layout="plain" for="reply" context="x" trigger="manual"', wait=False)
    page.wait_for_function("!!customElements.get('suggest-box')")
    page.evaluate(
        """customElements.get('suggest-box').layouts.plain = ({ box, make, choose }) => {
          const root = box.appendChild(make('p', {}));
          return { draw: (state, items) => root.replaceChildren(...items.map((item, at) =>
            make('button', { textContent: item.text, onclick: () => choose(at) }))) };
        };
        const old = document.querySelector('suggest-box'); old.replaceWith(old.cloneNode());
        document.querySelector('suggest-box').refresh();"""
    )
    page.get_by_role("button", name="Two.").click()
    expect(page.locator("#reply")).to_have_value("Two.")
    seven.event("select")


def test_a_pinned_box_finds_its_service_and_its_parts(open_host, seven, context, host) -> None:
    page = context.new_page()
    page.goto(
        host.put(
            "pinned",
            f'<!doctype html><title>t</title><script type="module" src="{seven.origin}/embed/v1/0123456789abcdef/'
            'suggest-box.js"></script><suggest-box site-key="pk" surface="s" context="x" layout="list"></suggest-box>',
        )
    )
    expect(page.locator(ROWS)).to_have_count(5)
