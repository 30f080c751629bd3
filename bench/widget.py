"""The widget beside Algolia Autocomplete: the same page, candidates, call and delay; and whether feedback is lost.

    python bench/widget.py --packages FOLDER [--runs 15] [--leaves 100]

Both ask the same service on another origin, which takes 80 ms to answer, with the same text/plain request, so that what
differs is what they load and do. Time is from navigation to the first option in the document. Then a page is left 100
times by a navigation and 100 tabs are closed while options stand on the screen: each must be heard of."""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import brotli
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path[:1] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "browser")]


from contract_server import STATIC, ContractServer, HostSite, a_slate  # noqa: E402
from real_browser import ARGS, find_chromium  # noqa: E402

from bench.machine import described  # noqa: E402

DELAY_S = 0.08
CSP = "default-src 'none'; script-src 'self' {0}; connect-src 'self' {0}; style-src 'self' 'unsafe-inline'"
WATCH = """
window.first = 0; window.long = 0; window.shifts = 0; window.violations = 0;
new PerformanceObserver((list) => list.getEntries().forEach((task) => { window.long += task.duration; }))
  .observe({ type: 'longtask', buffered: true });
new PerformanceObserver((list) => list.getEntries().forEach((one) => { window.shifts += one.value; }))
  .observe({ type: 'layout-shift', buffered: true });
document.addEventListener('securitypolicyviolation', () => { window.violations += 1; });
const look = () => {
  const option = document.querySelector('.aa-Item')
    ?? document.querySelector('suggest-box')?.shadowRoot?.querySelector('button[part~=chip]');
  if (!option) return requestAnimationFrame(look);
  window.first = performance.now();
  document.documentElement.dataset.first = 1;
};
look();
"""
OURS = (
    "<!doctype html><title>t</title><style>suggest-box {{ display: block; min-height: 62px }}</style>"
    '<script type="module" src="{0}/embed/v1/suggest-box.js"></script>'
    '<p id="last">Where is my parcel?</p>'
    '<suggest-box site-key="pk_1" surface="replies" for="reply" context-from="#last" debounce="0"></suggest-box>'
    '<textarea id="reply"></textarea><p>Below</p>'
)
THEIRS = (
    '<!doctype html><title>t</title><link rel="stylesheet" href="theme.css">'
    '<p id="last">Where is my parcel?</p><div id="box"></div><textarea id="reply"></textarea><p>Below</p>'
    '<script type="module" src="algolia.js"></script>'
)
ENTRY = """
import { autocomplete } from '@algolia/autocomplete-js';
const text = document.querySelector('#last').textContent;
const box = autocomplete({
  container: '#box', openOnFocus: true, initialState: { query: text }, debug: true,
  getSources: ({ query }) => [{
    sourceId: 'replies',
    getItems: () => fetch('SERVICE/v1/suggest?key=pk_1', {
      method: 'POST', credentials: 'omit', body: JSON.stringify({ surface: 'replies', context: { text: query }, k: 3 }),
    }).then((answer) => answer.json()).then(({ items }) => items),
    templates: { item: ({ item }) => item.text },
    onSelect: ({ item }) => { document.querySelector('#reply').value = item.text; },
  }],
});
box.setIsOpen(true);
box.refresh();
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15, help="navigations of each")
    parser.add_argument("--leaves", type=int, default=100, help="abrupt navigations, and closed tabs")
    parser.add_argument("--packages", type=Path, required=True, help="a folder in which `npm ci` was run (examples/)")
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "results" / "widget.json")
    asked = parser.parse_args()
    service, host = ContractServer(script=slowly), HostSite()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGS)
        found = {
            "machine": described(),
            "delay_ms": DELAY_S * 1000,
            **compare(browser, service, host, asked.packages, asked.runs),
            "feedback": leaves(browser, service, host, asked.leaves),
        }
        browser.close()
    asked.out.write_text(json.dumps(found, indent=1) + "\n")
    sys.stdout.write(json.dumps(found, indent=1) + "\n")


def slowly(_: dict[str, Any]) -> dict[str, Any]:
    time.sleep(DELAY_S)
    return a_slate()


def compare(browser: Browser, service: ContractServer, host: HostSite, packages: Path, runs: int) -> dict[str, Any]:
    """Alternating, so that what else the machine does falls on both."""
    script = bundled(packages, service.origin)
    theme = (packages / "node_modules/@algolia/autocomplete-theme-classic/dist/theme.min.css").read_text()
    csp = CSP.format(service.origin)
    pages = {
        "suggest-box": host.put("ours.html", OURS.format(service.origin), Content_Security_Policy=csp),
        "autocomplete-js": host.put("theirs.html", THEIRS, Content_Security_Policy=csp),
    }
    host.put("algolia.js", script, Content_Type="text/javascript")
    host.put("theme.css", theme)
    seen: dict[str, list[dict[str, float]]] = {name: [] for name in pages}
    for _ in range(runs):
        for name, address in pages.items():
            before = len(service.preflights)
            context = browser.new_context(viewport={"width": 900, "height": 600})
            context.add_init_script(WATCH)
            page = context.new_page()
            page.goto(address)
            page.locator("html[data-first]").wait_for(timeout=20_000)
            page.wait_for_timeout(300)  # what moves, moves by now
            told = page.evaluate("({ first_ms: first, long_task_ms: long, cls: shifts, csp_violations: violations })")
            seen[name].append({**told, "preflights": len(service.preflights) - before})
            context.close()
    ours = {name: (STATIC / name).read_bytes() for name in ("suggest-box.js",)}
    bytes_of = {
        "suggest-box": {"brotli_bytes": sum(len(brotli.compress(each)) for each in ours.values()), "style": "included"},
        "autocomplete-js": {
            "brotli_bytes": len(brotli.compress(script.encode())),
            "style_brotli_bytes": len(brotli.compress(theme.encode())),
        },
    }
    return {name: {**bytes_of[name], "runs": runs, **summary(rows)} for name, rows in seen.items()}


def summary(rows: list[dict[str, float]]) -> dict[str, Any]:
    firsts = sorted(row["first_ms"] for row in rows)
    quarters = statistics.quantiles(firsts, n=4)
    return {
        "first_option_ms": {
            "median": round(statistics.median(firsts)),
            "quartiles": [round(quarters[0]), round(quarters[2])],
        },
        "long_task_ms_median": round(statistics.median(row["long_task_ms"] for row in rows)),
        "cls_max": round(max(row["cls"] for row in rows), 5),
        "preflights": int(sum(row["preflights"] for row in rows)),
        "csp_violations": int(sum(row["csp_violations"] for row in rows)),
    }


def bundled(packages: Path, service: str) -> str:
    entry = packages / "bench-algolia.mjs"
    entry.write_text(ENTRY.replace("SERVICE", service))
    esbuild = packages / "node_modules" / ".bin" / "esbuild"
    command = [str(esbuild), str(entry), "--bundle", "--minify", "--format=esm", "--target=es2022", "--log-level=error"]
    made = subprocess.run(command, cwd=packages, capture_output=True, text=True, check=True)
    entry.unlink()
    return made.stdout


def leaves(browser: Browser, service: ContractServer, host: HostSite, n: int) -> dict[str, Any]:
    """Leave while options stand on the screen: how many slates were heard of, of how many that were shown."""
    service.script = lambda _: a_slate()
    away = host.put("away", "<!doctype html><title>away</title>")
    page_address = host.put("left.html", OURS.format(service.origin))
    context = browser.new_context(viewport={"width": 900, "height": 600})
    told: dict[str, Any] = {}
    for how in ("navigations", "closed tabs"):
        service.slates.clear()
        service.accepted.clear()
        page: Page = context.new_page()
        for _ in range(n):
            page.goto(page_address)
            page.locator("suggest-box").locator('button[part~="chip"]').first.wait_for()
            if how == "navigations":
                page.goto(away)
            else:
                page.close(run_before_unload=False)
                page = context.new_page()
        shown = set(service.slates)
        heard: set[str] = set()
        for _ in range(100):
            heard = {event["impression"] for event in service.events("leave")}
            if heard >= shown:
                break
            time.sleep(0.05)
        told[how] = {"shown": len(shown), "delivered": len(heard & shown)}
        page.close()
    return told


if __name__ == "__main__":
    if shutil.which("node") is None:
        sys.exit("node is needed to bundle what it is compared with")
    main()
