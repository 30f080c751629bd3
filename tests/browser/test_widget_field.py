"""The field: a form value that is filled in already. The person confirms it, changes it for another, or clears it."""

from typing import Any

import pytest
from contract_server import ContractServer, HostSite, a_slate, options_named
from playwright.sync_api import Page, expect
from test_widget_reports import CLOCK, settle, tick
from test_widget_shows import seen, strict

pytestmark = pytest.mark.browser

FORM = (
    '<form id="f" onsubmit="return false"><label for="reply">Category</label>'
    '<input id="reply"><button>Send</button></form>'
)


@pytest.fixture
def categories(service: ContractServer) -> ContractServer:
    service.script = lambda _: a_slate(items=options_named("Delivery", "Refund", "Warranty"))
    return service


def opened(open_host: Any, more: str = "", body: str = FORM, **how: Any) -> Page:
    page: Page = open_host(f'layout="field" for="reply" context="x" debounce="0" {more}', body=body, wait=False, **how)
    page.locator("suggest-box").get_by_role("button").first.wait_for()
    return page


def test_an_empty_field_is_filled_marked_and_confirmed(open_host, categories) -> None:
    page = opened(open_host, csp=strict(categories))
    field = page.locator("#reply")
    expect(field).to_have_value("Delivery")
    expect(field).not_to_be_focused()
    expect(field).to_have_attribute("data-suggested", "")
    expect(field).to_have_accessible_description("Suggested value, please check")
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator("suggest-box")).to_contain_text("Confirmed")
    expect(field).to_have_value("Delivery")
    assert field.get_attribute("data-suggested") is None
    assert (categories.event("select")["item"], categories.events("override")) == ("i0", [])
    page.get_by_role("button", name="Send").click()
    assert categories.event("commit")["edited"] is False
    assert set(page.evaluate("window.violations")) <= {"script-src-attr"}, "but for the host's own onsubmit"
    assert categories.rejected == []


def test_it_is_changed_for_another(open_host, categories) -> None:
    page = opened(open_host)
    change = page.get_by_role("button", name="Change")
    expect(change).to_have_attribute("aria-expanded", "false")
    change.click()
    expect(change).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("button", name="Refund")).to_be_focused()
    page.get_by_role("button", name="Warranty").click()
    expect(page.locator("#reply")).to_have_value("Warranty")
    selected = categories.event("select")
    assert (selected["item"], selected["position"]) == ("i2", 2)


@pytest.mark.parametrize("how", ["button", "escape"])
def test_it_is_cleared(open_host, categories, how: str) -> None:
    page = opened(open_host)
    if how == "button":
        page.get_by_role("button", name="Clear").click()
    else:
        page.get_by_role("button", name="Confirm").press("Escape")
    expect(page.locator("#reply")).to_have_value("")
    expect(page.locator("#reply")).to_be_focused()
    categories.event("dismiss")
    assert seen(page, "dismiss")[0]["via"] == how
    expect(page.locator("suggest-box button")).to_have_count(0)


def test_what_the_person_has_written_is_never_overwritten(open_host, categories) -> None:
    page = opened(open_host, body='<input id="reply" value="Mine" aria-label="Category">')
    expect(page.locator("#reply")).to_have_value("Mine")
    expect(page.locator("suggest-box")).to_contain_text("Delivery")
    page.get_by_role("button", name="Use suggestion").click()
    expect(page.locator("#reply")).to_have_value("Delivery")
    page.keyboard.press("Control+z")
    expect(page.locator("#reply")).to_have_value("Mine")


def test_own_words_in_its_place_are_an_override(open_host, categories) -> None:
    page = opened(open_host)
    page.fill("#reply", "Other")
    expect(page.get_by_role("button", name="Use suggestion")).to_be_visible()
    page.get_by_role("button", name="Send").click()
    assert categories.event("override")["length"] == 5
    assert categories.events("select") == categories.events("commit") == []


@pytest.mark.parametrize("was_seen", [True, False])
def test_left_as_it_is_and_sent_it_was_taken_if_it_was_seen(context, open_host, categories, was_seen: bool) -> None:
    page = context.new_page()
    page.add_init_script(CLOCK)
    page = opened(open_host, page=page)
    settle(page)
    tick(page, 0)
    if was_seen:
        tick(page, 1000)
        view = categories.event("view")
        assert (view["item"], view["position"]) == ("i0", 0)
    page.get_by_role("button", name="Send").click()
    settle(page)
    page.goto("about:blank")
    if was_seen:
        assert categories.event("select")["item"] == "i0"
        assert categories.event("commit")["edited"] is False
    else:
        categories.event("leave")
        assert categories.events("select") == categories.events("commit") == []


def test_another_context_takes_an_unconfirmed_value_back(open_host, categories) -> None:
    page = opened(open_host)
    categories.script = lambda _: a_slate("abstain")
    page.evaluate("document.querySelector('suggest-box').context = 'ok thanks'")
    page.wait_for_function("document.querySelector('suggest-box').state === 'abstain'")
    expect(page.locator("#reply")).to_have_value("")


def test_the_form_says_what_was_confirmed(open_host, host: HostSite, categories) -> None:
    page = opened(
        open_host,
        'name="suggestion" form="g"',
        body='<form id="g" method="post"><input id="reply"><button>Send</button></form>',
    )
    page.get_by_role("button", name="Confirm").click()
    host.posts.clear()
    page.get_by_role("button", name="Send").click()
    page.wait_for_load_state()
    assert b"%22item%22%3A%22i0%22" in host.posts[0]
