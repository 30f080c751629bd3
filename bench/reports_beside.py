"""Is a suggestion slower while somebody reads reports?

    python -m bench.reports_beside [--impressions 100000] [--rounds 80] [--repeats 12]

A server of its own holds a log of N impressions (see bench.reports). Suggestions are asked one after the other, by
turns without and with somebody who opens page after page of the report, each of a time that nobody looked at yet; the
snapshot is carried on when its minute is over. The encoder is the hashing one, which costs nothing, so the ratio is the
worst there is. Turns are short and many, so that a busy neighbour disturbs both alike: read the ratio of all, with its
spread over the turns and the load. A suggestion that is refused (503) is counted, and the goal is not kept then."""

from __future__ import annotations

import argparse
import json
import os
import re
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import httpx
import numpy as np

from analytics.pages.registry import PAGES
from bench.machine import described
from bench.reports import filled_store

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))  # how a server is started is shared with them
from faults.serving import HEADERS, Server

RESULTS = Path(__file__).parent / "results" / "reports_beside.json"
MOST_TIMES = 1.5
WARM_ROUNDS = 30


class Reader:
    """A process of its own, so that only the server's lock is measured: opens pages one after the other until told to
    stop. It is told by lines: the number to begin with, then an empty one; it answers how many it has read."""

    def __init__(self, address: str) -> None:
        self.pages = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.reports_beside", "--read", address],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @contextmanager
    def reading(self, start: int) -> Iterator[None]:
        self._say(str(start))
        yield
        self._say("")
        assert self._process.stdout is not None
        self.pages += int(self._process.stdout.readline())

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


def read(address: str) -> None:
    """What a reader does."""
    told = open(0, "rb", buffering=0)  # noqa: SIM115  ours to the end; nothing may wait in a buffer, unseen by select
    with httpx.Client(base_url=address, headers=HEADERS, timeout=120) as client:
        client.get("/healthz").raise_for_status()
        while line := told.readline():
            start, pages = int(line), 0
            while not select.select([told], [], [], 0)[0]:
                minute = start + pages
                page = PAGES[minute % len(PAGES)].name
                at = f"2026-04-{1 + minute // 1440 % 28:02d}T{minute // 60 % 24:02d}:{minute % 60:02d}:00Z"
                query = {"from": at, "to": "2026-06-01T00:00:00Z"}
                client.get(f"/reports/support/{page}", params=query).raise_for_status()
                pages += 1
            told.readline()
            print(pages, flush=True)


def memory_mb(server: Server, client: httpx.Client) -> dict[str, float | None]:
    """Resident memory of the server, and of the process that draws reports."""
    status = Path(f"/proc/{server.process.pid}/statm").read_text().split()
    drawing = re.search(r"^suggest_reports_process_bytes (\S+)$", client.get("/metrics").text, re.MULTILINE)
    return {
        "server": round(int(status[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20, 1),
        "drawing": round(float(drawing.group(1)) / 2**20, 1) if drawing else None,
    }


def asked(client: httpx.Client, rounds: int, name: str) -> tuple[list[float], int]:
    """Milliseconds of each suggestion, and how many were refused."""
    took, refused = [], 0
    for n in range(rounds):
        began = time.perf_counter()
        answer = client.post("/v1/suggest", json={"surface": "desk", "context": {"text": f"where is {name} {n}"}})
        took.append(1e3 * (time.perf_counter() - began))
        refused += answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            answer.raise_for_status()
    return took, refused


def run(n: int, rounds: int, repeats: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch) / "live"
        filled_store(data, n)
        with (
            Server(data) as server,
            httpx.Client(base_url=server.address, headers=HEADERS, timeout=120) as client,
            Reader(server.address) as reader,
        ):
            for surface in ("desk", "support"):
                client.put(f"/v1/surfaces/{surface}").raise_for_status()
            items = [{"id": f"o{i}", "text": f"Answer {i}"} for i in range(50)]
            client.post("/v1/surfaces/desk/candidates", json={"candidates": items}).raise_for_status()
            began = time.perf_counter()
            client.get("/reports/support").raise_for_status()
            first_s = time.perf_counter() - began
            memory = {"after_the_first_page": memory_mb(server, client)}
            asked(client, WARM_ROUNDS, "warm")
            quiet: list[list[float]] = []
            beside: list[list[float]] = []
            refused, loads, reading_s = {"quiet": 0, "beside": 0}, [], 0.0
            for turn in range(repeats):
                took, n_refused = asked(client, rounds, f"quiet {turn}")
                quiet.append(took)
                refused["quiet"] += n_refused
                began = time.perf_counter()
                with reader.reading(1_000 * turn):
                    took, n_refused = asked(client, rounds, f"beside {turn}")
                beside.append(took)
                refused["beside"] += n_refused
                reading_s += time.perf_counter() - began
                loads.append(round(os.getloadavg()[0], 1))
            memory["at_the_end"] = memory_mb(server, client)
    ratios = [p99(b) / p99(q) for q, b in zip(quiet, beside, strict=True)]
    whole = p99(list(chain(*beside))) / p99(list(chain(*quiet)))
    return {
        "machine": described(),
        "impressions": n,
        "rounds": rounds,
        "repeats": repeats,
        "first_page_s": round(first_s, 2),
        "memory_mb": memory,
        "pages_read": reader.pages,
        "page_s": round(reading_s / max(reader.pages, 1), 2),
        "loads": loads,
        "refused": refused,
        "quiet_ms": {"p50": [p50(t) for t in quiet], "p99": [p99(t) for t in quiet]},
        "beside_ms": {"p50": [p50(t) for t in beside], "p99": [p99(t) for t in beside]},
        "of_all_ms": {
            "quiet": {"p50": p50(list(chain(*quiet))), "p99": p99(list(chain(*quiet)))},
            "beside": {"p50": p50(list(chain(*beside))), "p99": p99(list(chain(*beside)))},
        },
        "p99_ratio": {
            "of_all": round(whole, 2),
            "median": round(float(np.median(ratios)), 2),
            "low": round(min(ratios), 2),
            "high": round(max(ratios), 2),
        },
        "goal_kept": whole <= MOST_TIMES and not any(refused.values()),
    }


def p50(took: list[float]) -> float:
    return round(float(np.median(took)), 2)


def p99(took: list[float]) -> float:
    return round(float(np.quantile(took, 0.99)), 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--impressions", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=80)
    parser.add_argument("--repeats", type=int, default=12)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--read", metavar="ADDRESS", help="be the reader")
    given = parser.parse_args()
    if given.read:
        read(given.read)
        return
    told = run(given.impressions, given.rounds, given.repeats)
    for name, value in told.items():
        print(f"{name:14} {value}")
    given.out.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
