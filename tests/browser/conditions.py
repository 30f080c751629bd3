"""The six conditions in which a page must be clean, and what clean means: said once, for every page.

Clean is: axe finds nothing, and nothing is wider than the window. A page is loaded once and put from one condition
into the next. Colours are measured where they change, in the first three; no rule but that one looks at colour."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Frame, Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PLAIN = {"color_scheme": "light", "forced_colors": "none", "reduced_motion": "no-preference"}
RUN = """([tags, colours]) => axe.run(document, {
  runOnly: tags, resultTypes: ['violations'], preload: false, rules: { 'color-contrast': { enabled: colours } },
}).then((found) => found.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html}`)))"""
# What is in transition ends at once: axe would read the colours in between. What moves for ever is left to move.
SETTLE = """document.getAnimations().filter((each) => each.effect.getComputedTiming().endTime !== Infinity)
  .forEach((each) => each.finish())"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    name: str
    media: dict[str, Any] = field(default_factory=dict)
    width: int = 1280
    direction: Literal["ltr", "rtl"] = "ltr"
    colours: bool = False

    def put(self, page: Page) -> None:
        """Put the page as it lies into this condition."""
        page.emulate_media(**{**PLAIN, **self.media})
        page.set_viewport_size({"width": self.width, "height": 800})
        page.evaluate("(direction) => { document.documentElement.dir = direction }", self.direction)
        page.evaluate(SETTLE)


CONDITIONS = (
    Condition(name="light", colours=True),
    Condition(name="dark", media={"color_scheme": "dark"}, colours=True),
    Condition(name="forced colours", media={"forced_colors": "active"}, colours=True),
    Condition(name="reduced motion", media={"reduced_motion": "reduce"}),
    Condition(name="320 px", width=320),
    Condition(name="right to left", direction="rtl"),
)


def violations(page: Page | Frame, *, colours: bool = True) -> list[str]:
    """What axe finds wrong: a rule and the element, each."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_FILE_PATH.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(RUN, [TAGS, colours])
    return found


def look_at(page: Page, state: str) -> None:
    """Every condition in turn; the page is left as it was found."""
    for condition in CONDITIONS:
        condition.put(page)
        assert_fits(page, f"{state}, {condition.name}")
        if condition.direction == "rtl":
            assert_reads_in_order(page, state)
        assert violations(page, colours=condition.colours) == [], f"{state}, {condition.name}"
    Condition(name="", width=320, direction="rtl").put(page)
    assert_fits(page, f"{state}, right to left at 320 px")
    CONDITIONS[0].put(page)


# Of a text without a letter that is read from the right, no letter stands left of the one before it on its line.
OUT_OF_ORDER = """() => {
  const wrong = [], range = document.createRange();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const text = node.data;
    if (!text.trim() || /[\\u0590-\\u08ff]/.test(text)) continue;
    const around = node.parentElement;
    if (around.closest('svg, script, style, textarea, select') || !around.checkVisibility()) continue;
    let before;
    for (let at = 0; at < text.length; at++) {
      if (/\\s/.test(text[at])) continue;
      range.setStart(node, at);
      range.setEnd(node, at + 1);
      const here = range.getBoundingClientRect();
      if (before && Math.abs(before.bottom - here.bottom) < 2 && here.left < before.left - 1) {
        wrong.push(text.trim().slice(0, 80));
        break;
      }
      before = here;
    }
  }
  return wrong;
}"""


def assert_reads_in_order(page: Page, state: str) -> None:
    """Sentences of ours stay sentences on a page that is read from the right."""
    assert page.evaluate(OUT_OF_ORDER) == [], state


def assert_fits(page: Page, state: str) -> None:
    """Nothing is wider than the window, to either side."""
    wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wider <= 0, f"{state}: {wider} px too wide"
