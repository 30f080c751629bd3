"""Every layout in its other states: axe finds nothing in six conditions, and the trees of assistive technology."""

from collections.abc import Callable

import pytest
from conditions import look_at
from contract_server import ContractServer, a_slate
from golden import assert_tree
from playwright.sync_api import Page
from test_widget_layouts import ENGLISH, LAYOUTS, opened

pytestmark = pytest.mark.browser


def loading(page: Page, service: ContractServer, layout: str) -> None:
    service.held.add("next")
    ask(page, layout, "next")
    page.wait_for_function("document.querySelector('suggest-box').state === 'loading'")


def waiting(page: Page, service: ContractServer, layout: str) -> None:
    service.script = service.escalating()
    ask(page, layout, "hard")
    page.wait_for_function("document.querySelector('suggest-box').state === 'waiting'")


def answered(page: Page, service: ContractServer, layout: str) -> None:
    waiting(page, service, layout)
    service.tell(list(service.streams)[-1], "answered", answer={"text": "We call you."})
    page.wait_for_function("document.querySelector('suggest-box').state === 'answered'")


def taken(page: Page, service: ContractServer, layout: str) -> None:
    page.evaluate("document.querySelector('suggest-box').select(1)")
    page.get_by_role("button", name="Undo").wait_for()


def menu(page: Page, service: ContractServer, layout: str) -> None:
    if layout == "typeahead":
        page.locator("#reply").press("Shift+F10")
    else:
        page.get_by_role("button", name="What to do with it").first.click()
    page.get_by_role("menu").wait_for()


def several(page: Page, service: ContractServer, layout: str) -> None:
    page.get_by_role("checkbox").nth(1).check()


def others(page: Page, service: ContractServer, layout: str) -> None:
    page.get_by_role("button", name="Change").click()


def ask(page: Page, layout: str, text: str) -> None:
    if layout == "typeahead":
        page.locator("#reply").fill(text)
    else:
        page.evaluate("(text) => { document.querySelector('suggest-box').context = text }", text)


State = Callable[[Page, ContractServer, str], None]
STATES: list[tuple[str, str, State]] = [
    *(
        (layout, "actions confidence", state)
        for layout in LAYOUTS
        for state in (loading, waiting, answered, taken, menu)
    ),
    ("list", "multiple page=2 confidence", several),
    ("field", "", others),
]
NAMES = [f"{layout}-{state.__name__}" for layout, _, state in STATES]
BELOW = "label { display: block; margin-top: 25em }"  # from under the menu


@pytest.mark.parametrize(("layout", "more", "state"), STATES, ids=NAMES)
def test_a_state_is_clean_in_six_conditions(
    open_host, service: ContractServer, layout: str, more: str, state: State
) -> None:
    service.script = lambda _: a_slate(items=ENGLISH, explain={"i0": {"why": "meaning"}})
    page = opened(open_host, layout, f"{more} timeout=60000")
    if state is menu:
        page.add_style_tag(content=BELOW)
    state(page, service, layout)
    look_at(page, f"{layout} {state.__name__}")


@pytest.mark.parametrize(("layout", "more", "state"), STATES, ids=NAMES)
def test_the_tree_of_a_state(open_host, service: ContractServer, layout: str, more: str, state: State) -> None:
    service.script = lambda _: a_slate(items=ENGLISH, explain={"i0": {"why": "meaning"}})
    page = opened(open_host, layout, f"{more} timeout=60000")
    state(page, service, layout)
    page.wait_for_timeout(50)  # what was just said is in the tree
    assert_tree(f"widget-{layout}-{state.__name__}", page.locator("suggest-box").aria_snapshot())
