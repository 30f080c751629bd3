"""People's pages in every condition, and their trees of assistive technology: the console, the reports, the rest.

One server stands on a month of somebody's log; each page is loaded once, and looked at in all conditions."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conditions import look_at
from desk import Service, next_after, press, waiting
from golden import assert_tree
from playwright.sync_api import Browser, BrowserContext, Page, expect

sys.path.append(str(Path(__file__).parents[1] / "analytics"))

from logbook import busy_month

from analytics.pages.registry import PAGES

pytestmark = pytest.mark.browser

MONTH = "from=2026-03-02T08:00:00Z&to=2026-03-28T08:00:00Z"
REPORTS = [f"/reports/support/{page.name}" for page in PAGES] + ["/reports/support/impressions"]
OTHERS = [
    "/", "/reports", "/reports/idle", "/docs/figures", "/admin", "/admin/surfaces/desk", "/admin/surfaces/idle",
    "/admin/playground", "/admin/events",
]  # fmt: skip
# Folds are opened; what a table says after its second row, and a drawing with its fourth link, they said before.
WHOLE_BUT_SHORT = """document.querySelectorAll('details').forEach((each) => { each.open = true });
  document.querySelectorAll('tbody').forEach((each) => [...each.rows].slice(2).forEach((row) => row.remove()));
  document.querySelectorAll('svg').forEach((each) =>
    [...each.querySelectorAll('a')].slice(3).forEach((link) => link.remove()))"""
ROLES = {"navigation", "region", "heading", "figure", "img", "group", "table", "columnheader", "link", "button"}
TURNS = [{"role": "customer", "text": "مرحبا"}, {"role": "agent", "text": "Hi, how can I help?"}]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(busy_month(tmp_path_factory.mktemp("six")).close())
    service.surface("desk")
    service.surface("till")  # of the trees alone: nothing that others answered shows in them
    service.api.put("/v1/surfaces/idle", json={"simulated": True}).raise_for_status()
    service.api.put("/v1/surfaces/desk/policy", json={"target": {"kind": "precision", "value": 0.9}})
    service.api.put("/v1/surfaces/desk/guideline", json={"text": "# Cards\n\n- Gift cards **never** expire."})
    service.api.post("/v1/keys", json={"kind": "pk", "name": "shop"}).raise_for_status()
    rita = {"name": "Rita", "role": "reviewer", "skills": ["returns"], "languages": ["en", "de"]}
    service.api.post("/v1/workers", json=rita).raise_for_status()
    yield service
    service.stop()


@pytest.fixture(scope="module")
def signed_in(served: Service, chromium: Browser) -> Iterator[tuple[Page, list[str]]]:
    context = chromium.new_context()
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(served.link("owner", "Olga"))
    page.wait_for_url("**/console")
    yield page, said
    context.close()


@pytest.fixture
def page(signed_in: tuple[Page, list[str]], served: Service) -> Iterator[Page]:
    """An owner's page; whatever the browser complains of, a blocked style too, fails the test."""
    opened, said = signed_in
    yield opened
    served.put_back(opened)
    complaints, said[:] = said[:], []
    assert complaints == []


@pytest.mark.parametrize("path", REPORTS + OTHERS)
def test_a_page_is_clean(page: Page, served: Service, path: str) -> None:
    page.goto(f"{served.address}{path}?{MONTH}" if path in REPORTS else served.address + path)
    page.evaluate(WHOLE_BUT_SHORT)
    look_at(page, path)


def test_a_table_takes_its_colours_back_when_they_are_no_longer_forced(page: Page, served: Service) -> None:
    """Chromium keeps the former colours of lines that are collapsed: ours stand each for itself."""
    page.goto(f"{served.address}/reports/support/overview?{MONTH}")
    table = page.locator("table:visible").first
    before = table.screenshot(animations="disabled")
    page.emulate_media(forced_colors="active")
    assert table.screenshot(animations="disabled") != before
    page.emulate_media(forced_colors="none")
    assert table.screenshot(animations="disabled") == before


def test_the_console_is_clean_in_every_state(page: Page, served: Service) -> None:
    served.drain()
    page.goto(f"{served.address}/console")
    look_at(page, "empty")
    waiting(page, served, "هل يمكنني الدفع بالأصداف؟", "second", turns=TURNS, fields={"order": "A-1"})
    look_at(page, "task")
    page.keyboard.press("g")
    page.locator(".task-rule summary").click()
    page.keyboard.press("/")
    page.keyboard.type("e")
    page.locator("#found .option").first.wait_for()
    look_at(page, "everything open")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    look_at(page, "help")
    page.keyboard.press("Escape")
    served.take_away(page)
    press(page, "x")
    look_at(page, "lost lease")
    press(page, "Space")
    look_at(page, "put aside")
    served.ask("third")
    page.locator(".task").wait_for()
    page.locator("#write").fill("A long answer in many words. " * 4)
    next_after(page, lambda: page.locator("#write").press("Control+Enter"))
    look_at(page, "answered")


# -- trees


def test_the_trees_of_the_console(context: BrowserContext, served: Service) -> None:
    served.drain()
    page = context.new_page()
    page.goto(served.link())
    page.wait_for_url("**/console")
    expect(page.locator("h1")).to_have_text("Nothing waits")
    assert_tree("console-empty", page.locator("main").aria_snapshot())
    waiting(page, served, "can I pay in shells?", surface="till", turns=TURNS, fields={"order": "A-1"})
    assert_tree("console-item", page.locator("main").aria_snapshot())
    press(page, "1")
    assert_tree("console-answered", page.locator("main").aria_snapshot())


@pytest.mark.parametrize("name", ["overview", "reliability"])
def test_the_tree_of_a_report(page: Page, served: Service, name: str) -> None:
    """Its skeleton: what is on the page and how it is named, not what it says."""
    page.goto(f"{served.address}/reports/support/{name}?{MONTH}")
    assert_tree(f"report-{name}", skeleton(page.locator("main").aria_snapshot()))


def skeleton(tree: str) -> str:
    """What has a role and a name, the name up to its first figure; once where it comes many times in a row."""
    kept: list[str] = []
    for line in tree.splitlines():
        if read := re.match(r"""(\s*- )'?(\w+)(?: "([^"]*)")?((?: \[[^]]+\])*)'?:?(?: (.*))?$""", line):
            dash, role, name, state, text = read.groups()
            named = f'{dash}{role} "{re.sub(r"[0-9].*", "…", name or text or "")}"{state}'
            if role in ROLES and named not in kept[-1:]:
                kept.append(named)
    return "\n".join(kept)
