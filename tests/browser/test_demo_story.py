"""The story of `make run`, whole: two origins, the real encoder, a real browser, nothing scripted on the other side."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import RECORDER
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.encoder]

READY_S = 240.0  # the first start on a machine exports the encoder
CSV = Path(__file__).parents[2] / "examples" / "tickets.csv"


class Demo:
    """`suggest demo` in a process of its own, on free ports and an empty folder."""

    def __init__(self, folder: Path) -> None:
        command = [str(Path(sys.executable).with_name("suggest")), "demo", "--data", str(folder), "--no-open"]
        self._log = folder.with_suffix(".log")
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, "--port", "0", "--demo-port", "0"],
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
            )
        self.address = self._address()

    def _address(self) -> str:
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            found = re.search(r"https?://\S+", self._log.read_text())
            if found:
                return found.group()
            assert self._process.poll() is None, self._log.read_text()
            time.sleep(0.1)  # another process's start: there is no clock of ours to advance
        raise AssertionError(self._log.read_text())

    def stop(self) -> None:
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(timeout=30)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = Demo(tmp_path_factory.mktemp("demo") / "data")
    yield running
    running.stop()


class Visitor:
    """A page with ears: what the browser complained of is kept."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.asked_for: set[str] = set()
        page.on("console", self._hear)
        page.on("request", lambda request: self.asked_for.add(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.add_init_script(RECORDER)
        page.goto(address)
        page.wait_for_selector("#guide:not([hidden])", timeout=READY_S * 1000)
        page.wait_for_selector("#box-place suggest-box")

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self.complaints.append(said.text)

    @property
    def chips(self) -> Locator:
        return self.page.locator("#box-place suggest-box button[part~=chip]")

    def asks(self, prepared: int) -> None:
        self.page.locator("[data-send]").nth(prepared).click()

    def texts(self) -> list[str]:
        return [chip.inner_text() for chip in self.chips.all()]

    def is_done(self, step: str) -> None:
        expect(self.page.locator(f'[data-step="{step}"]')).to_have_class(re.compile("is-done"), timeout=15_000)

    def find_nothing_wrong(self) -> None:
        """No complaint of the browser, no violation of a policy or of axe, nothing wider than the window."""
        axe = Axe().run(self.page)
        assert axe.response["violations"] == [], json.dumps(axe.response["violations"], indent=1)[:3000]
        assert self.page.evaluate("window.violations") == []
        assert self.complaints == []
        width, room = self.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width <= room


@pytest.fixture
def visitor(chromium: Browser, demo: Demo) -> Iterator[Visitor]:
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    yield Visitor(context.new_page(), demo.address)
    context.close()


def test_the_whole_story_on_two_origins(visitor: Visitor) -> None:
    page = visitor.page
    visitor.asks(0)
    expect(visitor.chips.first).to_be_visible(timeout=15_000)
    before = visitor.texts()
    repair = next(text for text in before if "mends zips" in text)
    assert before.index(repair) > 0, "the shop knows nothing of the story's reply yet but its text"
    visitor.is_done("ask")
    visitor.find_nothing_wrong()

    visitor.chips.filter(has_text="mends zips").click()
    expect(page.locator("#reply")).to_have_value(repair)
    page.keyboard.press("Control+z")
    expect(page.locator("#reply")).to_have_value("")
    page.keyboard.press("Control+Shift+z")
    expect(page.locator("#logged")).to_contain_text("select")
    expect(page.locator("#learned")).to_contain_text(re.compile(r"Learned from you\s+\d"))
    page.locator("#send").click()
    expect(page.locator("#thread .turn").last).to_contain_text("mends zips")
    expect(page.locator("#chat .turn").last).to_contain_text("mends zips")
    visitor.is_done("pick")

    visitor.asks(1)  # the same question in other words
    expect(visitor.chips.first).to_contain_text("mends zips", timeout=15_000)
    expect(page.locator("#moved")).to_contain_text("1st now")
    visitor.is_done("again")
    visitor.find_nothing_wrong()

    visitor.asks(2)  # what no reply covers
    box = page.locator("#box-place suggest-box")
    expect(box).to_contain_text("colleague", timeout=15_000)
    expect(page.locator("#decision")).to_have_text("escalate")
    expect(page.locator("#why")).to_contain_text(re.compile(r"expected wait \d+ (s|min)"))
    visitor.find_nothing_wrong()
    expect(visitor.chips.first).to_contain_text("From a colleague", timeout=60_000)
    expect(visitor.chips.first).to_contain_text("Engraving")
    visitor.is_done("colleague")
    visitor.find_nothing_wrong()
    visitor.chips.first.click()
    page.locator("#send").click()

    visitor.asks(3)  # small talk
    expect(page.locator("#decision")).to_have_text("abstain", timeout=15_000)
    expect(visitor.chips).to_have_count(0)
    visitor.is_done("thanks")
    expect(page.locator("#next")).to_contain_text("whole loop")
    state = page.request.get(f"{page.url}api/state").json()
    assert state["waiting"] == 0, "nobody was bothered"
    visitor.find_nothing_wrong()


def test_the_page_and_the_service_are_two_origins(visitor: Visitor) -> None:
    page = visitor.page
    service = str(page.locator("#demo").get_attribute("data-service"))
    assert not page.url.startswith(service)
    assert f"{service}/embed/v1/suggest-box.js" in visitor.asked_for
    assert "unsafe" not in page.request.get(page.url).headers["content-security-policy"]


def test_the_visitor_takes_over_and_answers_in_the_third_pane(visitor: Visitor) -> None:
    page = visitor.page
    console = page.frame_locator("#console")
    expect(console.locator("#task")).to_contain_text("Nothing waits", timeout=15_000)
    page.get_by_role("switch", name="I answer myself").check()
    expect(page.locator("#duty-text")).to_contain_text("pause")

    question = "Do you also sell kayaks that fold into a suitcase?"
    page.locator("#ask-text").fill(question)
    page.locator("#ask button").click()
    expect(page.locator("#box-place suggest-box")).to_contain_text("colleague", timeout=15_000)
    expect(console.locator("#asked")).to_have_text(question, timeout=20_000)
    visitor.find_nothing_wrong()

    console.locator("#write").fill("Not yet, but we have heard the wish before.")
    console.locator("#write").press("Control+Enter")
    expect(visitor.chips.first).to_contain_text("heard the wish before", timeout=15_000)
    visitor.chips.first.click()
    expect(page.locator("#reply")).to_have_value("Not yet, but we have heard the wish before.")
    expect(page.locator("#learned")).to_contain_text("Learned from a colleague")

    page.get_by_role("switch", name="I answer myself").uncheck()
    expect(page.locator("#duty-text")).to_contain_text("Two automatic colleagues answer")
    assert visitor.complaints == []


def test_after_a_reload_the_console_is_still_signed_in(visitor: Visitor) -> None:
    page = visitor.page
    expect(page.frame_locator("#console").locator("#task")).to_be_visible(timeout=15_000)
    page.reload()
    expect(page.frame_locator("#console").locator("#task")).to_be_visible(timeout=15_000)
    assert visitor.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_the_panes_stand_below_each_other(chromium: Browser, demo: Demo, scheme: str) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)  # type: ignore[arg-type]
    visitor = Visitor(context.new_page(), demo.address)
    visitor.asks(0)
    expect(visitor.chips.first).to_be_visible(timeout=15_000)
    expect(visitor.chips.first).to_be_in_viewport()
    tops = [visitor.page.locator(f"#{pane}").bounding_box() for pane in ("customer", "agent", "colleague")]
    assert [box["x"] for box in tops if box] == [tops[0]["x"]] * 3  # type: ignore[index]
    visitor.find_nothing_wrong()
    visitor.page.locator("#own").scroll_into_view_if_needed()
    visitor.page.locator("#own-drop").scroll_into_view_if_needed()
    expect(visitor.page.locator("#story")).not_to_be_in_viewport()
    context.close()


def test_while_it_warms_up_the_page_says_how_far_it_is(chromium: Browser, demo: Demo) -> None:
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    state = {"phase": "encoder", "text": "Loading the encoder", "done": 0, "total": 0, "elapsed_s": 1.4}
    page.route("**/api/state", lambda route: route.fulfill(json=state))
    page.goto(demo.address)
    expect(page.locator("#warm")).to_contain_text("Loading the encoder")
    expect(page.locator("[data-send]").first).to_be_disabled()
    assert Axe().run(page).response["violations"] == []
    state |= {"phase": "pack", "text": "Loading the starter shop", "done": 149, "total": 596}
    expect(page.locator("#warm")).to_contain_text("149 of 596")
    expect(page.locator("#warm-bar")).to_have_attribute("value", "25")
    assert Axe().run(page).response["violations"] == []
    context.close()


def test_when_the_service_is_gone_the_page_says_so_and_the_agent_can_go_on(visitor: Visitor) -> None:
    page = visitor.page
    stopped = {"phase": "stopped", "text": "The service has stopped.", "done": 0, "total": 0, "elapsed_s": 9.0}
    page.route("**/api/state", lambda route: route.fulfill(json=stopped))
    page.route(
        "**/v1/suggest*", lambda route: route.fulfill(status=503, json={"detail": "away", "type": "about:blank"})
    )
    expect(page.get_by_role("alert").filter(has_text="does not answer")).to_be_visible()
    visitor.asks(0)
    expect(page.locator("#decision")).to_have_text("no answer", timeout=15_000)
    page.locator("#reply").fill("I will look into it.")
    page.locator("#send").click()
    expect(page.locator("#chat .turn").last).to_contain_text("I will look into it.")
    assert Axe().run(page).response["violations"] == []


def test_a_csv_of_ones_own_becomes_suggestions_and_a_snippet(visitor: Visitor) -> None:
    page = visitor.page
    page.locator("#own input[type=file]").set_input_files(CSV)
    page.wait_for_selector("#own-columns:not([hidden])")
    visitor.find_nothing_wrong()
    page.locator("#own-start").click()
    page.wait_for_selector("#own-try:not([hidden])", timeout=90_000)
    chips = page.locator("#own-box suggest-box button[part~=chip]")
    expect(chips.first).to_be_visible(timeout=30_000)
    assert "site-key" in page.locator("#own-snippet").inner_text()
    page.locator("#own-ask").fill("my brakes squeal")
    expect(chips.first).to_contain_text("brake", ignore_case=True, timeout=15_000)
    chips.first.click()
    expect(page.locator("#own-reply")).to_have_value(re.compile("brake", re.IGNORECASE))
    visitor.find_nothing_wrong()
    the_backtest_of_it_is_a_page_that_can_be_sent_on(visitor)


def the_backtest_of_it_is_a_page_that_can_be_sent_on(visitor: Visitor) -> None:
    page = visitor.page
    page.locator("#own-backtest-start").click()
    expect(page.locator("#own-backtest-work")).to_be_visible(timeout=15_000)
    expect(page.locator("#own-backtest-text")).to_contain_text("Running")
    expect(page.locator("#own-backtest-start")).to_be_disabled()
    expect(page.locator("#own-backtest-done")).to_be_visible(timeout=240_000)
    expect(page.locator("#own-backtest-work")).to_be_hidden()
    visitor.find_nothing_wrong()
    with page.context.expect_page() as opened:
        page.locator("#own-backtest-open").click()
    backtest = opened.value
    complaints: list[str] = []
    backtest.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    backtest.reload()  # from here on it is listened to
    expect(backtest.get_by_role("heading", level=1)).to_contain_text("tickets.csv")
    expect(backtest.locator("#right .figure").first).to_have_css("display", "flex")
    assert complaints == []
    backtest.close()


def test_a_backtest_that_cannot_be_is_told_with_what_would_help(visitor: Visitor, tmp_path: Path) -> None:
    page = visitor.page
    few = tmp_path / "few.csv"
    few.write_text("message,answer\n" + "".join(f"question {i} about {i % 2},answer {i % 2}\n" for i in range(12)))
    page.locator("#own input[type=file]").set_input_files(few)
    page.locator("#own-start").click()
    expect(page.locator("#own-try")).to_be_visible(timeout=90_000)
    page.locator("#own-backtest-start").click()
    said = page.locator("#own-backtest-said")
    expect(said).to_have_text(re.compile("Too little to judge: 12 tickets can be read, 50 are needed"), timeout=60_000)
    expect(page.locator("#own-backtest-start")).to_be_enabled()
    page.route(
        "**/api/backtest",
        lambda route: route.fulfill(json={"state": "failed", "share": 0, "doing": "", "page": "", "detail": "killed"}),
    )
    page.locator("#own-backtest-start").click()
    expect(said).to_have_text("The backtest has failed: killed. Run it again.")
    expect(page.locator("#own-backtest-done")).to_be_hidden()
    assert Axe().run(page).response["violations"] == []


def test_a_file_that_is_no_table_is_told_beside_the_field(visitor: Visitor, tmp_path: Path) -> None:
    page = visitor.page
    broken = tmp_path / "broken.csv"
    broken.write_text('message,answer\n"never closed,b\n')
    page.locator("#own input[type=file]").set_input_files(broken)
    expect(page.locator("#own-error")).to_contain_text("Line 2")
    expect(page.locator("#own-columns")).to_be_hidden()
    assert Axe().run(page).response["violations"] == []


def test_simulated_customers_are_labelled_and_move_the_curve(visitor: Visitor) -> None:
    page = visitor.page
    page.locator("#simulate-start").click()
    expect(page.locator("#simulate")).to_contain_text(re.compile("simulated", re.IGNORECASE))
    curve = page.locator("#simulate-chart .line").first
    expect(curve).to_be_attached(timeout=60_000)
    early = curve.get_attribute("d")
    expect(page.locator("#simulate-chart svg")).to_have_attribute(
        "aria-label", re.compile(r"After (?!5 )\d+ customers"), timeout=60_000
    )
    expect(curve).not_to_have_attribute("d", early or "", timeout=60_000)
    visitor.find_nothing_wrong()
