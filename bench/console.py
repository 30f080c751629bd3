"""From a key to the next request in the document: is a worker ever waiting for the console?

    python -m bench.console [--items 120] [--rounds 3] [--out bench/results/console.json]

The real server with its encoder, in a process of its own, and real Chromium: the starter pack's replies, `review_all`,
and so many requests of its examples waiting. A worker signs in and answers each with a key drawn at random (1, 2, 3, a,
x); every answer is durable and has taught when the next request arrives with it. Measured in the page: from
the keydown event to the observer that sees another request on the desk, which is before it is painted. The next key
comes 150 ms later, as of somebody who reads nothing. `server_ms` is the request alone, by the browser's own timing of
it; what is left is htmx and the document. Beside it an answer over HTTP without a browser, and the same moment's time
for a durable write of nothing: on a busy machine all of them grow together. The goal is a median of 25 ms.

No data but the starter pack, which is ours."""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from bench.loop import Server
from bench.machine import described
from suggest.starter import load_candidates, load_examples

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from real_browser import ARGS, STOPWATCH, find_chromium  # noqa: E402

SURFACE, GOAL_MS, PAUSE_MS = "desk", 25.0, 150
KEYS = ("1", "2", "3", "a", "x")
SERVER = """() => performance.getEntriesByType('resource').filter((one) => one.name.endsWith('/console/answer'))
  .map((one) => one.responseEnd - one.requestStart)"""


def fill(server: Server, n: int) -> None:
    client = server.client
    client.put(f"/v1/surfaces/{SURFACE}", json={}).raise_for_status()
    options = [{"id": each["id"], "text": each["text"]} for each in load_candidates()]
    client.post(f"/v1/surfaces/{SURFACE}/candidates", json={"candidates": options}).raise_for_status()
    changes = {"mode": "review_all", "trigger": False, "retrain_every": 0, "retrain_nightly": False}
    client.put(f"/v1/surfaces/{SURFACE}/policy", json=changes).raise_for_status()
    texts = [each["text"] for each in load_examples()]
    for i in range(n):
        text = f"{texts[i % len(texts)]} ({i})"
        body = {"surface": SURFACE, "context": {"text": text}}
        client.post("/v1/suggest", json=body).raise_for_status()


def console(browser: Browser, server: Server) -> Page:
    made = server.client.post("/v1/links", json={"role": "worker", "name": "Ann"}).raise_for_status().json()
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(str(server.client.base_url).rstrip("/") + str(made["path"]))
    page.wait_for_url("**/console")
    page.locator(".task").wait_for()
    return page


def one_round(browser: Browser, server: Server, n: int, rng: random.Random) -> tuple[list[float], list[float]]:
    """Milliseconds of `n` answers by key, and of the requests behind them."""
    fill(server, n + 1)
    page = console(browser, server)
    page.evaluate(STOPWATCH)
    page.evaluate("performance.setResourceTimingBufferSize(2000)")
    for i in range(1, n + 1):
        page.keyboard.press(rng.choice(KEYS))
        page.locator(f"html[data-n='{i}']").wait_for(timeout=20_000, state="attached")
        page.wait_for_timeout(PAUSE_MS)
    took, served = page.evaluate("window.took"), page.evaluate(SERVER)
    page.keyboard.press("x")  # so that the next round begins with an empty desk
    page.wait_for_timeout(500)
    page.context.close()
    return took, served


def by_http(server: Server, n: int) -> list[float]:
    """An answer with the next review, without a browser."""
    fill(server, n + 1)
    took, client = [], server.client
    held = client.post("/v1/reviews/claim", json={}).raise_for_status().json()
    for i in range(n):
        began = time.perf_counter()
        verdict = {"eid": f"bench-{held['lease']}", "lease": held["lease"], "item": held["items"][i % 3]["id"]}
        told = client.post(f"/v1/reviews/{held['id']}/verdict?next=1", json=verdict).raise_for_status().json()
        took.append((time.perf_counter() - began) * 1000)
        held = told["next"]
        time.sleep(PAUSE_MS / 1000)
    client.post(f"/v1/reviews/{held['id']}/verdict", json={"eid": "last", "lease": held["lease"], "none": True})
    return took


def durable_write(folder: Path, n: int = 100) -> list[float]:
    took = []
    with (folder / "probe").open("wb") as file:
        for _ in range(n):
            began = time.perf_counter()
            file.write(b"x" * 512)
            file.flush()
            os.fsync(file.fileno())
            took.append((time.perf_counter() - began) * 1000)
    return took


def spread(ms: list[float]) -> dict[str, float]:
    return {"n": len(ms), **{f"p{q}": round(float(np.percentile(ms, q)), 1) for q in (5, 25, 50, 75, 95, 99)}}


def run(n: int, rounds: int) -> dict[str, Any]:
    rng, all_took, all_served, medians = random.Random(0), [], [], []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder))
        try:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGS)
            for _ in range(rounds):
                took, served = one_round(browser, server, n, rng)
                all_took, all_served = all_took + took, all_served + served
                medians.append(round(float(np.median(took)), 1))
                print(f"round: median {medians[-1]} ms of {len(took)}", flush=True)
            version = browser.version
            browser.close()
            plain, probe = by_http(server, n), durable_write(Path(folder))
        finally:
            server.stop()
    return {
        "key_to_next_ms": spread(all_took),
        "median_of_each_round_ms": medians,
        "goal_ms": GOAL_MS,
        "server_ms": spread(all_served),
        "by_http_ms": spread(plain),
        "fsync_ms": spread(probe),
        "chromium": version,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=120, help="of each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "console.json")
    asked = parser.parse_args()
    told = {"machine": described(), **run(asked.items, asked.rounds), "licences": "no data"}
    told["machine"]["load_1min_after"] = round(os.getloadavg()[0], 1)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(told, indent=1) + "\n")
    print(json.dumps(told, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
