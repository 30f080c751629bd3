"""The report and the gallery in real Chromium, under the CSP of our own pages: letters one can read, keys that lead
everywhere, a file that needs no server. Each page of a report by itself: tests/browser/test_six_conditions.py."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import Month
from playwright.sync_api import Browser, Page, expect
from real_browser import real_chromium

import components.page
from analytics.backtest import measure
from analytics.backtest_page import render_page
from analytics.index import render_index, surfaces
from analytics.render import render, render_file
from analytics.report import report
from components.gallery import gallery
from components.page import PageView
from suggest.config.backtest import Asked, Backtest, Step
from suggest.config.stages import Told
from suggest.domain.context import Context
from suggest.loop.backtest import Split, Ticket

pytestmark = pytest.mark.browser

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
STATIC = Path(components.page.__file__).parent / "static"
TYPES = {".css": "text/css", ".svg": "image/svg+xml"}
LOOKS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    "narrow-dark": {"color_scheme": "dark", "viewport": {"width": 320, "height": 700}},
    "forced": {"forced_colors": "active", "viewport": {"width": 1280, "height": 900}},
}


@pytest.fixture(scope="module")
def site(month: Month) -> Iterator[str]:
    """The pages and /static under a strict CSP; returns the address."""
    right_to_left = PageView(title="Design system", here="docs", lang="ar", direction="rtl")
    pages = {
        "/reports/support": render(month.view),
        "/reports/support/experiments": render(report(month.analytics, "support", now=month.now, page="experiments")),
        "/reports": render_index(surfaces(month.analytics)),
        "/gallery": str(gallery()),
        "/gallery-rtl": str(gallery("أين طردي؟", view=right_to_left)),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            file = STATIC / path.removeprefix("/static/")
            if path in pages:
                self.answer(pages[path].encode(), "text/html; charset=utf-8")
            elif path.startswith("/static/") and file.suffix in TYPES:
                self.answer(file.read_bytes(), TYPES[file.suffix])
            else:
                self.send_error(404)

        def answer(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Security-Policy", CSP)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with real_chromium() as launched:
        yield launched


@pytest.fixture(params=LOOKS)
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[tuple[Page, list[str]]]:
    context = browser.new_context(**LOOKS[request.param])
    opened, said = context.new_page(), []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    yield opened, said
    context.close()


@pytest.mark.parametrize("path", ["/gallery", "/gallery-rtl"])
def test_the_gallery_is_clean_accessible_and_fits(page: tuple[Page, list[str]], site: str, path: str) -> None:
    opened, said = page
    opened.goto(site + path)
    opened.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    found = [(each["id"], each["nodes"][0]["html"]) for each in Axe().run(opened).response["violations"]]
    assert found == []
    assert said == []  # a blocked style or script would be said here
    assert opened.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_what_can_be_pressed_can_be_hit(page: tuple[Page, list[str]], site: str) -> None:
    """At least 24 px high, but for links within a sentence (WCAG 2.5.8)."""
    opened, _ = page
    opened.goto(site + "/gallery")
    low = opened.evaluate(
        """[...document.querySelectorAll('a, button, summary, input, select, textarea')]
        .filter((each) => getComputedStyle(each).display !== 'inline' && !each.matches('.check input'))
        .filter((each) => { const r = each.getBoundingClientRect(); return r.width > 0 && r.height < 24 })
        .map((each) => each.outerHTML)"""
    )
    assert low == []


def test_letters_of_a_chart_stay_readable_on_a_phone(browser: Browser, site: str) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740})
    opened = context.new_page()
    opened.goto(site + "/reports/support")
    heights = opened.evaluate(
        """[...document.querySelectorAll('.chart text')].filter((each) => getComputedStyle(each).display !== 'none')
        .map((each) => each.getBoundingClientRect().height)"""
    )
    assert heights
    assert min(heights) >= 10  # line box of letters of 9 px and more
    context.close()


def test_on_a_phone_the_tab_that_is_open_is_in_view(browser: Browser, site: str) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740})
    opened = context.new_page()
    opened.goto(site + "/reports/support/experiments")
    expect(opened.get_by_role("link", name="Experiments")).to_be_in_viewport(ratio=0.9)
    context.close()


def test_the_whole_page_can_be_walked_by_keyboard(browser: Browser, site: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.goto(site + "/reports/support")
    opened.keyboard.press("Tab")
    expect(opened.get_by_text("Skip to content")).to_be_focused()
    opened.keyboard.press("Enter")
    expect(opened.locator("#main")).to_be_focused()
    opened.locator("#outcomes-over-time summary", has_text="Table").press("Enter")
    expect(opened.locator("#outcomes-over-time table")).to_be_visible()
    context.close()


def test_the_file_opens_from_a_disk_without_a_server(browser: Browser, month: Month, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(render_file(month.view), encoding="utf-8")
    context = browser.new_context(accept_downloads=True)
    opened, said, asked = context.new_page(), [], []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(file.as_uri())
    assert opened.evaluate("getComputedStyle(document.querySelector('.card')).borderRadius") == "12px"
    with opened.expect_download() as download:
        opened.locator("#outcomes-over-time .download").click()
    assert download.value.suggested_filename == "support-outcomes-over-time.csv"
    assert Path(download.value.path()).read_bytes().decode() == month.view.csv("outcomes-over-time")
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    context.close()


def a_backtest(answers: list[str]) -> str:
    """The page of one whose tickets are mostly missed."""
    asked = tuple(
        Asked(
            ticket=Ticket(context=Context(text="zip " * 30), answer=answers[n % 4], group=f"Restaurants_{n % 2}"),
            told=Told(ranked=(answers[0],), shown=(answers[0],), p_shown=(0.5,), p_any=0.5),
            right=frozenset({answers[n % 4]}),
        )
        for n in range(80)
    )
    run = Backtest(
        split=Split(way="answer", history=tuple(range(9)), judged=tuple(range(9, 89))),
        candidates={each: each for each in answers},
        answers={each: each for each in answers},
        given=frozenset(answers),
        steps=(Step(n_history=0, was_built=False, asked=asked), Step(n_history=9, was_built=True, asked=asked)),
        embeddings=np.full((80, 4), 0.5, np.float32),
    )
    return render_page(measure(run, name="tickets.csv"), made_at=datetime(2026, 3, 2, tzinfo=UTC))


CUT = """[...document.querySelectorAll('.figure .table-wrap')].filter((each) => each.checkVisibility())
    .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.getAttribute('aria-label'))"""
WIDE = """[...document.querySelectorAll('.figure .table-wide td')].filter((each) => each.getClientRects().length)
    .map((each) => getComputedStyle(each, '::before').content)"""


def test_nothing_is_cut_off_on_paper(browser: Browser, site: str) -> None:
    """A4 with the margins of a browser: no table is wider than the page, and what is closed leaves no trace."""
    context = browser.new_context(viewport={"width": 718, "height": 1000}, color_scheme="dark")
    opened = context.new_page()
    opened.goto(site + "/reports/support")
    opened.emulate_media(media="print")
    assert opened.evaluate(CUT) == []
    assert opened.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    expect(opened.locator("summary", has_text="Method").first).to_be_hidden()
    expect(opened.locator("nav").first).to_be_hidden()
    context.close()


def test_on_a_phone_every_figure_of_a_row_is_in_sight_with_its_name(browser: Browser, site: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    opened = context.new_page()
    opened.goto(site + "/reports/support")
    opened.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    assert opened.evaluate(CUT) == []
    names = opened.evaluate(WIDE)
    assert len(names) > 50
    assert "none" not in names
    context.close()


def test_what_is_pending_has_an_outline_in_forced_colours(browser: Browser, site: str) -> None:
    context = browser.new_context(forced_colors="active")
    opened = context.new_page()
    opened.goto(site + "/reports/support")
    key = opened.locator(
        "#outcomes-over-time .legend .tone-pending .bar, #outcomes-over-time .legend svg.tone-pending .bar"
    )
    line, ground = key.first.evaluate(
        "each => [getComputedStyle(each).stroke, getComputedStyle(document.body).backgroundColor]"
    )
    assert line != ground
    context.close()


def test_on_a_phone_the_list_of_surfaces_is_not_cut(browser: Browser, site: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    opened = context.new_page()
    opened.goto(site + "/reports")
    wrap = opened.locator(".table-wrap")
    expect(wrap.get_by_text("UTC")).to_be_visible()
    assert wrap.evaluate("each => each.scrollWidth - each.clientWidth") <= 0
    context.close()


def test_a_backtest_fits_where_it_is_read(browser: Browser, tmp_path: Path) -> None:
    """At 1280 and 390 px and on paper no table of its page is cut, with long answers, many groups and no promise."""
    file = tmp_path / "backtest.html"
    answers = [f"Flights_1:OFFER(airlines)+OFFER(outbound_departure_time)+{'x' * 40}{n}" for n in range(4)]
    file.write_text(a_backtest(answers), encoding="utf-8")
    for width, media in ((1280, "screen"), (390, "screen"), (718, "print")):
        context = browser.new_context(viewport={"width": width, "height": 900})
        opened = context.new_page()
        opened.goto(file.as_uri())
        opened.emulate_media(media=media)
        assert opened.evaluate(CUT) == [], (width, media)
        context.close()
