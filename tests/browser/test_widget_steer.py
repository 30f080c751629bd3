"""Steering: what a person may do besides taking an option, in the layouts that have room for it."""

from typing import Any

import pytest
from contract_server import THREE, ContractServer, a_slate, options_named
from playwright.sync_api import Page, expect
from test_widget_shows import CHIPS, seen, strict

pytestmark = pytest.mark.browser

FORM = '<form id="f" onsubmit="return false"><textarea id="reply"></textarea><button>Send</button></form>'


def opened(open_host: Any, more: str = "actions", **how: Any) -> Page:
    page: Page = open_host(f'for="reply" context="x" debounce="0" {more}', **{"body": FORM, **how}, wait=False)
    page.locator(CHIPS).first.wait_for()
    return page


def do(page: Page, action: str, at: int = 0) -> None:
    page.get_by_role("button", name="What to do with it").nth(at).click()
    page.get_by_role("menuitem", name=action).click()


@pytest.fixture
def narrowing(service: ContractServer) -> ContractServer:
    """Leaves out what is refused and has five options."""
    five = options_named("One.", "Two.", "Three.", "Four.", "Five.")

    def script(body: dict) -> dict:
        left = [item for item in five if item["id"] not in body.get("exclude", [])][:3]
        return a_slate(items=[{**item, "position": at} for at, item in enumerate(left)])

    service.script = script
    return service


def test_the_menu_is_a_menu_and_says_why_under_the_strictest_policy(open_host, service) -> None:
    service.script = lambda body: a_slate(explain={"i0": {"why": "chosen"}} if body.get("explain") else None)
    page = opened(open_host, csp=strict(service), body='<textarea id="reply" aria-label="Reply"></textarea>')
    more = page.get_by_role("button", name="What to do with it").first
    expect(more).to_have_attribute("aria-expanded", "false")
    more.focus()
    page.keyboard.press("Enter")
    expect(more).to_have_attribute("aria-expanded", "true")
    names = ["Edit before use", "Not this", "More like this", "Ask a person", "Turn off suggestions"]
    expect(page.get_by_role("menuitem")).to_have_text(names)
    expect(page.locator("suggest-box [part=why]")).to_have_text("Chosen before where people asked the like.")
    expect(page.get_by_role("menuitem").first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("menuitem").last).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_be_hidden()
    expect(more).to_be_focused()
    expect(more).to_have_attribute("aria-expanded", "false")
    expect(page.locator(CHIPS)).to_have_count(3), "escape closed the menu, not the suggestions"
    assert page.evaluate("window.violations") == []


def test_only_what_the_host_allows_is_offered_and_why_is_asked_for_only_then(open_host, service) -> None:
    page = opened(open_host, 'actions="not ask"')
    page.get_by_role("button", name="What to do with it").first.click()
    expect(page.get_by_role("menuitem")).to_have_text(["Not this", "Ask a person"])
    assert "explain" not in service.suggests[0]


def test_an_edit_before_use_is_a_selection_and_a_commit_with_its_distance(open_host, service) -> None:
    page = opened(open_host)
    do(page, "Edit before use")
    editor = page.get_by_role("textbox", name="Edit before use")
    expect(editor).to_be_focused()
    editor.press("End")
    page.keyboard.type(" Ann")
    page.get_by_role("button", name="Use", exact=True).click()
    expect(page.locator("#reply")).to_have_value(THREE[0]["text"] + " Ann")
    (said,) = seen(page, "select")
    assert (said["via"], said["text"]) == ("edit", THREE[0]["text"] + " Ann")
    page.get_by_role("button", name="Send").click()
    commit = service.event("commit")
    assert service.event("select")["item"] == "i0"
    assert (commit["edited"], commit["edit_ratio"]) == (True, pytest.approx(4 / 33, abs=0.001))
    assert "Ann" not in str([call.body for call in service.requests("/v1/feedback")])


def test_not_this_leaves_it_out_and_says_nothing_of_the_others(open_host, narrowing) -> None:
    page = opened(open_host)
    do(page, "Not this", at=1)
    expect(page.locator(CHIPS)).to_have_text(["One.", "Three.", "Four."])
    assert narrowing.suggests[1]["exclude"] == ["i1"]
    assert narrowing.suggests[1]["context"] == narrowing.suggests[0]["context"]
    do(page, "Not this", at=0)
    expect(page.locator(CHIPS)).to_have_text(["Three.", "Four.", "Five."])
    narrowing.wait_until(
        lambda: (
            [(each.get("item"), each["position"]) for each in narrowing.events("dismiss")] == [("i1", 1), ("i0", 0)]
        ),
        "what was left out was not reported by its name",
    )
    assert narrowing.events("override") == []
    page.evaluate("document.querySelector('suggest-box').context = 'another'")
    expect(page.locator(CHIPS)).to_have_text(["One.", "Two.", "Three."]), "another context starts anew"
    assert narrowing.rejected == []


def test_where_nothing_else_fits_the_others_stay_and_it_is_said(open_host, service) -> None:
    service.script = lambda body: a_slate("abstain" if body.get("like") else "show")
    page = opened(open_host)
    do(page, "More like this", at=2)
    expect(page.get_by_role("status")).to_have_text("Nothing else fits.")
    assert service.suggests[1]["like"] == "i2"
    page.locator(CHIPS).nth(1).click()
    selected = service.event("select")
    assert (selected["impression"], selected["item"]) == ("imp-0", "i1")


def test_a_person_is_asked_when_the_person_wants_one(open_host, service) -> None:
    page = opened(open_host)
    service.script = service.escalating()
    do(page, "Ask a person")
    expect(page.get_by_role("status")).to_contain_text("Asking a colleague")
    assert service.suggests[1]["ask"] is True
    service.tell("e0", "answered", answer={"text": "We call you."})
    page.locator(CHIPS).click()
    expect(page.locator("#reply")).to_have_value("We call you.")


def test_undo_brings_back_the_draft_and_the_options_and_says_that_nothing_is_left(open_host, service) -> None:
    page = opened(open_host)
    page.fill("#reply", "my draft")
    page.locator(CHIPS).first.click()
    expect(page.locator("suggest-box")).to_contain_text("Inserted")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#reply")).to_have_value("my draft")
    expect(page.locator(CHIPS)).to_have_count(3)
    commit = service.event("commit")
    assert (commit["edited"], commit["edit_ratio"]) == (True, 1)
    page.locator(CHIPS).nth(1).click()
    service.wait_until(lambda: len(service.events("select")) == 2, "the second choice was not reported")
    assert {each["impression"] for each in service.events("select")} == {"imp-0"}


def test_turned_off_it_is_silent_until_it_is_turned_on(open_host, service) -> None:
    page = opened(open_host)
    do(page, "Turn off suggestions")
    expect(page.locator(CHIPS)).to_have_count(0)
    assert seen(page, "off")[-1]["off"] is True
    page.evaluate("document.querySelector('suggest-box').context = 'another'")
    page.wait_for_timeout(100)
    assert len(service.suggests) == 1
    page.get_by_role("button", name="Turn on suggestions").click()
    expect(page.locator(CHIPS)).to_have_count(3)
    assert seen(page, "off")[-1]["off"] is False


@pytest.mark.parametrize(
    ("how", "said"), [("confidence", ["Likely", "Possible", "Unsure"]), ('confidence="percent"', ["60%", "30%", "20%"])]
)
@pytest.mark.parametrize("layout", ["chips", "list"])
def test_how_likely_each_is_is_said_where_the_host_wants_it(open_host, service, how, said, layout) -> None:
    page = open_host(f'context="x" layout="{layout}" {how}', wait=False)
    band = page.locator("suggest-box [part~=confidence]")
    expect(band).to_have_text(said)
    expect(page.get_by_role("button", name=said[0])).to_have_accessible_name(f"{THREE[0]['text']} {said[0]}")


def test_what_follows_a_choice_is_asked_with_the_choice_as_the_last_turn(open_host, narrowing) -> None:
    page = opened(open_host, 'follow-up="next" insert="append"')
    page.locator(CHIPS).first.click()
    expect(page.locator(CHIPS)).to_have_text(["Two.", "Three.", "Four."])
    page.locator(CHIPS).first.click()
    expect(page.locator("#reply")).to_have_value("One. Two.")
    narrowing.wait_until(lambda: len(narrowing.suggests) == 3, "nothing followed")
    last = narrowing.suggests[2]
    assert (last["surface"], last["exclude"]) == ("next", ["i0", "i1"])
    assert last["context"]["turns"] == [{"role": "reply", "text": "One."}, {"role": "reply", "text": "Two."}]
    assert last["context"]["text"] == "x"


@pytest.mark.parametrize("layout", ["list", "field"])
def test_other_layouts_steer_too(open_host, narrowing, layout: str) -> None:
    page = open_host(
        f'layout="{layout}" for="reply" context="x" actions page="3"',
        body='<input id="reply" aria-label="r">',
        wait=False,
    )
    page.get_by_role("button", name="What to do with it").first.wait_for()
    do(page, "Not this")
    narrowing.wait_until(lambda: len(narrowing.suggests) == 2, "it was not asked again")
    assert narrowing.suggests[1]["exclude"] == ["i0"]
    expect(page.locator("suggest-box")).not_to_contain_text("One.")
