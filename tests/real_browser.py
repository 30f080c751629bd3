"""One real Chromium a process: Playwright cannot be begun twice in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
]  # fmt: skip
# In the console, from a key to the next request in the document, in ms: a DOM observer runs before it is painted.
STOPWATCH = """() => {
  window.took = []
  let pressed = 0, seen = document.querySelector('.task').dataset.review
  document.addEventListener('keydown', () => { pressed = performance.now() }, true)
  new MutationObserver(() => {
    const now = document.querySelector('.task')?.dataset.review
    if (now && now !== seen) {
      seen = now
      window.took.push(performance.now() - pressed)
      document.documentElement.dataset.n = window.took.length
    }
  }).observe(document.querySelector('#desk'), { childList: true, subtree: true })
}"""
_running: list[Browser] = []


def find_chromium() -> str | None:
    """`SUGGEST_CHROMIUM`, else a browser on this machine, else Playwright's own (None)."""
    return os.environ.get("SUGGEST_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@contextmanager
def real_chromium() -> Iterator[Browser]:
    """The one that runs, or a new one, which whoever began it ends: for fixtures of the whole session."""
    if _running:
        yield _running[0]
        return
    with sync_playwright() as playwright:
        if not find_chromium() and not Path(playwright.chromium.executable_path).exists():
            pytest.skip("no Chromium: run `playwright install chromium`, or set SUGGEST_CHROMIUM")
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGS)
        _running.append(browser)
        yield browser
        _running.clear()
        browser.close()
