"""The typeahead: a combobox on the host's own field, after the ARIA pattern; it asks while the person types."""

import re
from typing import Any

import pytest
from contract_server import ContractServer, a_slate, options_named
from playwright.sync_api import Page, expect
from test_widget_manners import axe
from test_widget_shows import seen, strict

pytestmark = pytest.mark.browser

OPTIONS = "[role=option]"
FORM = (
    '<form id="f" onsubmit="return false"><label for="reply">Category</label>'
    '<input id="reply"><button>Send</button></form>'
)


@pytest.fixture
def echo(service: ContractServer) -> ContractServer:
    service.script = lambda body: a_slate(items=options_named(*(f"{body['context']['text']} {n}" for n in "abc")))
    return service


def opened(open_host: Any, more: str = "", body: str = FORM, **how: Any) -> Page:
    page: Page = open_host(f'layout="typeahead" for="reply" debounce="60" {more}', body=body, wait=False, **how)
    page.locator("#reply[role=combobox]").wait_for()
    return page


def test_what_is_said_of_a_wait_lies_where_the_list_would_and_moves_nothing(open_host, service) -> None:
    service.script = service.escalating()
    body = '<input id="q" aria-label="Find"><p id="below">What stands below</p>'
    page = open_host('for="q" layout="typeahead" debounce="0"', body=body, wait=False)
    top = page.locator("#below").bounding_box()["y"]
    page.locator("#q").fill("where")
    told = page.locator("suggest-box [part~=told]")
    expect(told).to_be_visible()
    field, line = page.locator("#q").bounding_box(), told.bounding_box()
    assert line["y"] >= field["y"] + field["height"]
    assert abs(line["x"] - field["x"]) < 2
    assert page.locator("#below").bounding_box()["y"] == top
    page.locator("#q").blur()
    expect(told).to_be_hidden()
    page.locator("#q").focus()
    expect(told).to_be_visible()
    service.tell(list(service.streams)[-1], "answered", answer={"item": "i1"})
    expect(page.get_by_role("option")).to_have_count(1)
    expect(told).to_have_count(0)
    assert page.locator("#below").bounding_box()["y"] == top


def test_it_asks_once_for_a_word_typed_and_inserts_what_is_chosen_by_key(open_host, echo) -> None:
    page = opened(open_host, csp=strict(echo))
    field = page.locator("#reply")
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now() + 1000"))
    field.press_sequentially("par")
    page.clock.run_for(59)
    assert echo.suggests == [], "the person may type on"
    page.clock.run_for(1)
    page.clock.resume()
    expect(page.locator(OPTIONS)).to_have_text(["par a", "par b", "par c"])
    assert [(each["context"]["text"], each["k"]) for each in echo.suggests] == [("par", 10)]
    expect(field).to_have_attribute("aria-expanded", "true")
    field.press("ArrowDown")
    field.press("ArrowDown")
    active = page.locator("[aria-selected=true]")
    expect(active).to_have_text("par b")
    assert field.get_attribute("aria-activedescendant") == active.get_attribute("id")
    expect(field).to_be_focused()
    field.press("Enter")
    expect(field).to_have_value("par b")
    expect(field).to_have_attribute("aria-expanded", "false")
    expect(page.locator(OPTIONS)).to_have_count(0)
    assert (echo.event("select")["item"], seen(page, "select")[0]["via"]) == ("i1", "keyboard")
    page.get_by_role("button", name="Send").click()
    assert echo.event("commit")["edited"] is False
    assert len(echo.suggests) == 1, "what was chosen is not asked about"
    assert echo.events("override") == []
    assert set(page.evaluate("window.violations")) <= {"script-src-attr"}, "but for the host's own onsubmit"
    assert echo.preflights == echo.rejected == []


def test_what_a_script_chooses_is_not_asked_about_either(open_host, echo) -> None:
    page = opened(open_host, "actions")
    page.locator("#reply").press_sequentially("x")
    expect(page.locator(OPTIONS)).to_have_count(3)
    n_asked = len(echo.suggests)
    page.evaluate("document.querySelector('suggest-box').select(1)")
    expect(page.locator("#reply")).to_have_value("x b")
    assert seen(page, "select")[0]["via"] == "api"
    page.wait_for_timeout(200)
    assert len(echo.suggests) == n_asked
    expect(page.get_by_role("button", name="Undo")).to_be_visible()


def test_what_is_typed_next_aborts_the_request_before_and_stale_options_never_show(open_host, echo) -> None:
    page = opened(open_host, 'debounce="0"')
    echo.held.add("p")
    page.locator("#reply").press_sequentially("p")
    echo.wait_until(lambda: len(echo.suggests) == 1, "typing asked nothing")
    with page.expect_event("requestfailed") as failed:
        page.locator("#reply").press_sequentially("a")
    assert "/v1/suggest" in failed.value.url
    expect(page.locator(OPTIONS).first).to_have_text("pa a")
    echo.held.clear()
    page.wait_for_timeout(100)
    expect(page.locator(OPTIONS).first).to_have_text("pa a")
    assert echo.events("override") == [], "to type on is no word of one's own"


def test_arrows_wrap_by_way_of_the_persons_own_words_and_escape_closes(open_host, echo) -> None:
    page = opened(open_host)
    field = page.locator("#reply")
    field.press_sequentially("x")
    expect(page.locator(OPTIONS)).to_have_count(3)
    field.press("ArrowUp")
    expect(page.locator("[aria-selected=true]")).to_have_text("x c")
    field.press("ArrowDown")
    expect(page.locator("[aria-selected=true]")).to_have_count(0)
    field.press("ArrowDown")
    expect(page.locator("[aria-selected=true]")).to_have_text("x a")
    field.press("Escape")
    expect(page.locator(OPTIONS)).to_have_count(0)
    expect(field).to_have_value("x")
    assert echo.event("dismiss")
    assert seen(page, "dismiss")[0]["via"] == "escape"


def test_leaving_the_field_closes_and_coming_back_opens(open_host, echo) -> None:
    page = opened(open_host)
    field = page.locator("#reply")
    field.press_sequentially("x")
    expect(page.locator(OPTIONS).first).to_be_visible()
    field.press("Tab")
    expect(page.locator(OPTIONS).first).to_be_hidden()
    expect(field).to_have_attribute("aria-expanded", "false")
    field.focus()
    expect(page.locator(OPTIONS).first).to_be_visible()
    page.locator(OPTIONS).nth(2).click()
    expect(field).to_have_value("x c")
    expect(field).to_be_focused()
    assert echo.event("select")["position"] == 2


def test_enter_without_an_active_option_is_the_forms_and_own_words_are_an_override(open_host, echo) -> None:
    page = opened(open_host)
    page.locator("#reply").press_sequentially("mine")
    expect(page.locator(OPTIONS)).to_have_count(3)
    page.locator("#reply").press("Enter")
    assert echo.event("override")["length"] == 4
    assert echo.events("select") == []


def test_a_field_that_is_filled_already_asks_nothing(open_host, echo) -> None:
    page = opened(open_host, body='<input id="reply" value="old" aria-label="Category">')
    page.locator("#reply").focus()
    page.wait_for_timeout(150)
    assert echo.suggests == []


def test_the_options_lie_over_the_page_and_move_nothing(open_host, echo) -> None:
    page = opened(open_host, body=FORM + "<p id=after>after</p>")
    before = page.locator("#after").bounding_box()
    page.locator("#reply").press_sequentially("x")
    expect(page.locator(OPTIONS).first).to_be_visible()
    assert page.locator("#after").bounding_box() == before
    popup = page.locator("suggest-box [part=list]").bounding_box()
    field = page.locator("#reply").bounding_box()
    assert popup["x"] == pytest.approx(field["x"], abs=1)
    assert 0 <= popup["y"] - field["y"] - field["height"] <= 8
    assert page.evaluate("window.shifts") <= 0.001


def test_hostile_css_of_the_host_does_not_reach_the_options(open_host, echo) -> None:
    page = opened(
        open_host,
        head="<style>* { font-size: 40px !important; text-transform: uppercase !important; color: red !important }"
        " div { display: none !important }</style>",
    )
    page.locator("#reply").press_sequentially("x")
    option = page.locator(OPTIONS).first
    expect(option).to_be_visible()
    look = option.evaluate("(o) => { const s = getComputedStyle(o); return [s.fontSize, s.textTransform, s.display] }")
    assert look == ["14px", "none", "block"]


@pytest.fixture
def narrowing(service: ContractServer) -> ContractServer:
    """Leaves out what is refused."""

    def script(body: dict) -> dict:
        left = [item for item in options_named("One", "Two", "Three") if item["id"] not in body.get("exclude", [])]
        explained = {item["id"]: {"why": "words"} for item in left}
        return a_slate(items=[{**item, "position": at} for at, item in enumerate(left)], explain=explained)

    service.script = script
    return service


@pytest.mark.parametrize("how", ["keys", "pointer"])
def test_an_option_is_steered_from_a_menu_and_typing_goes_on(open_host, narrowing, how: str) -> None:
    page = opened(open_host, "actions", body='<input id="reply" aria-label="r">', csp=strict(narrowing))
    field = page.locator("#reply")
    field.press_sequentially("o")
    expect(page.locator(OPTIONS)).to_have_count(3)
    if how == "keys":
        field.press("ArrowDown")
        field.press("ArrowDown")
        field.press("Shift+F10")
    else:
        page.get_by_role("option", name="Two").click(button="right")
    expect(page.get_by_role("menuitem")).to_have_text(
        ["Not this", "More like this", "Ask a person", "Turn off suggestions"]
    )
    expect(page.locator("suggest-box [part=why]")).to_have_text("Shares words with what is asked.")
    expect(page.locator(OPTIONS)).to_have_count(3)
    expect(page.get_by_role("listbox")).to_be_visible()
    if how == "keys":
        page.keyboard.press("Escape")
        expect(page.get_by_role("menu")).to_be_hidden()
        expect(field).to_be_focused()
        field.press("Shift+F10")
        expect(page.get_by_role("menuitem").first).to_be_focused()
        page.keyboard.press("Enter")
    else:
        page.get_by_role("menuitem", name="Not this").click()
    expect(page.locator(OPTIONS)).to_have_text(["One", "Three"])
    expect(field).to_be_focused()
    refused = narrowing.event("dismiss")
    assert (refused["item"], refused["position"]) == ("i1", 1)
    assert narrowing.suggests[-1]["exclude"] == ["i1"]
    assert page.evaluate("window.violations.filter((each) => !each.startsWith('style-src'))") == []


def test_a_person_can_be_asked_from_it(open_host, narrowing) -> None:
    page = opened(open_host, 'actions="ask"')
    page.locator("#reply").press_sequentially("o")
    page.get_by_role("option", name="One").click(button="right")
    narrowing.script = narrowing.escalating()
    page.get_by_role("menuitem", name="Ask a person").click()
    expect(page.get_by_role("status")).to_contain_text("Asking a colleague")
    assert narrowing.suggests[-1]["ask"] is True
    narrowing.tell("e0", "answered", answer={"text": "We call you."})
    page.get_by_role("option", name="We call you.").click()
    expect(page.locator("#reply")).to_have_value("We call you.")


def test_how_likely_each_is_is_said_where_the_host_wants_it(open_host, echo) -> None:
    page = opened(open_host, "confidence", csp=strict(echo), body='<input id="reply" aria-label="r">')
    page.locator("#reply").press_sequentially("o")
    expect(page.locator(OPTIONS)).to_have_text(["o a", "o b", "o c"])
    for option, said in zip(page.get_by_role("option").all(), ["Likely", "Possible", "Unsure"], strict=True):
        expect(option).to_have_accessible_name(re.compile(said))
        assert option.evaluate("(each) => getComputedStyle(each, '::after').content") == f'"{said}"'
    page.get_by_role("option").first.click()
    expect(page.locator("#reply")).to_have_value("o a")


def test_without_actions_the_menu_is_the_browsers(open_host, echo) -> None:
    page = opened(open_host)
    page.locator("#reply").press_sequentially("o")
    page.get_by_role("option").first.wait_for()
    page.evaluate("addEventListener('contextmenu', (event) => { window.isOurs = event.defaultPrevented })")
    page.get_by_role("option").first.click(button="right")
    assert page.evaluate("window.isOurs") is False


TEXTAREA = '<label for="reply">Reply</label><textarea id="reply"></textarea>'


def test_a_textarea_completes_from_a_list_and_stays_a_text_field(open_host, echo) -> None:
    """ARIA in HTML allows no other role on it; axe finds one that is there all the same."""
    page = open_host('layout="typeahead" for="reply" debounce="0"', body=TEXTAREA, wait=False)
    field = page.locator("#reply[aria-autocomplete=list]")
    field.press_sequentially("a")
    expect(page.locator(OPTIONS)).to_have_count(3)
    assert axe(page) == []
    expect(page.get_by_role("textbox", name="Reply")).to_be_focused()
    assert field.get_attribute("aria-expanded") is None
    field.press("ArrowDown")
    active = page.get_by_role("option", selected=True)
    expect(active).to_have_text("a a")
    assert field.get_attribute("aria-activedescendant") == active.get_attribute("id")
    assert axe(page) == []
    field.press("Enter")
    expect(field).to_have_value("a a")
    field.press("Enter")
    expect(field).to_have_value("a a\n"), "with nothing active the key is the text's own"
    page.evaluate("document.querySelector('#reply').role = 'combobox'")
    assert [each for each in axe(page) if each.startswith("aria-allowed-role")]
