"""What does a durable, deduped commit cost, and how long does the log take to open?

Commit latency of 1 and of 100 event rows with 100 thousand and 2 million events already there, ids in no order, beside
the floor: appending the same number of bytes to a plain file and fsync. Then the time to open a log of 100 thousand
events and 20 thousand slates, to copy it, and to erase one user from it.

    python bench/store.py [--large 2000000] [--rounds 200]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from suggest.domain.clock import SystemClock
from suggest.domain.context import Context
from suggest.domain.slate import Decision, Pool, Slate, SlateItem
from suggest.store.embedded import EmbeddedStore
from suggest.store.ports import Record, Table
from suggest.store.records import slate_record

START = datetime(2026, 1, 1, tzinfo=UTC)
EVENT_BYTES = 150
rng = np.random.default_rng(0)


def an_event(number: int) -> Record:
    eid = rng.bytes(16).hex()  # a client's: in no order
    values = {
        "eid": eid,
        "impression": f"019b76da-a800-7000-8000-{number:012d}",
        "surface": "replies",
        "type": "select",
        "item": f"item-{number % 77}",
        "position": number % 3,
        "received_at": START + timedelta(seconds=number),
        "trusted": False,
    }
    return Record(Table.EVENTS, eid, values)


def a_slate(number: int) -> Slate:
    pool = 50
    return Slate(
        id=f"019b76da-a800-7000-8000-{number:012d}",
        surface="replies",
        at=START + timedelta(seconds=number),
        context=Context(text=f"Where is my order number {number}, it should have been here on Monday?"),
        items=tuple(
            SlateItem(id=f"item-{n}", text=f"Reply {n}", position=n, p_select=0.2, propensity=1.0) for n in range(3)
        ),
        decision=Decision.SHOW,
        reason=None,
        p_any=0.6,
        p_none_raw=0.4,
        p_accept=0.5,
        threshold=0.5,
        k=3,
        mode="assist",
        bundle="prior",
        policy_revision=1,
        supplied=False,
        embedding=rng.normal(size=384).astype(np.float16).tobytes(),
        encoder="bench",
        pool=Pool(
            ids=tuple(f"item-{n}" for n in range(pool)),
            logits=tuple(rng.normal(size=pool).tolist()),
            p_select=tuple(rng.uniform(size=pool).tolist()),
            features=rng.normal(size=pool * 16).astype(np.float16).tobytes(),
            feature_version=1,
        ),
    )


def fill_events(store: EmbeddedStore, n: int) -> None:
    """Events by plain SQL, as many as there would be: through the queue it would take minutes."""

    def insert() -> None:
        store.database.connection.execute(
            "insert into events (sequence, eid, impression, surface, type, item, position, received_at, trusted) "
            "select i, md5(i::varchar), uuid()::varchar, 'replies', 'select', 'item-' || i % 77, i % 3, "
            "timestamp '2026-01-01' + to_seconds(i), false from range(1, $n + 1) r(i)",
            {"n": n},
        )

    store.writer.perform(insert)
    store.checkpoint()


def wait_until_warm(store: EmbeddedStore) -> float:
    started = time.perf_counter()
    while not store.writer.seen.is_warm:
        time.sleep(0.001)
    return time.perf_counter() - started


def timed(act: Callable[[int], object], rounds: int) -> dict[str, float]:
    return percentiles([seconds(act, number) for number in range(rounds)])


def beside_floor(
    folder: Path, act: Callable[[int], object], n_bytes: int, rounds: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Time ours and the bare append in turn, so that a busy disk is busy for both."""
    block = os.urandom(n_bytes)
    ours, bare = [], []
    with (folder / "floor").open("ab", buffering=0) as file:

        def append(_: int) -> None:
            file.write(block)
            os.fsync(file.fileno())

        for number in range(rounds):
            ours.append(seconds(act, number))
            bare.append(seconds(append, number))
    return percentiles(ours), percentiles(bare)


def seconds(act: Callable[[int], object], number: int) -> float:
    started = time.perf_counter()
    act(number)
    return time.perf_counter() - started


def percentiles(durations_s: list[float]) -> dict[str, float]:
    ordered = sorted(1000 * duration for duration in durations_s)
    return {
        "p50_ms": round(statistics.median(ordered), 3),
        "p99_ms": round(ordered[int(0.99 * (len(ordered) - 1))], 3),
    }


def commits(folder: Path, n_events: int, rounds: int) -> dict[str, object]:
    with EmbeddedStore.open(folder, clock=SystemClock()) as store:
        fill_events(store, n_events)
    started = time.perf_counter()
    with EmbeddedStore.open(folder, clock=SystemClock()) as store:
        opened = time.perf_counter() - started
        warm = opened + wait_until_warm(store)
        result: dict[str, object] = {"events": n_events, "open_s": round(opened, 3), "warm_s": round(warm, 3)}
        for size in (1, 100):
            batches = [[an_event(n) for n in range(size)] for _ in range(rounds)]
            ours, bare = beside_floor(
                folder, lambda number, batches=batches: store.append(batches[number]), EVENT_BYTES * size, rounds
            )
            result[f"{size} rows"] = ours | {
                "floor_p50_ms": bare["p50_ms"],
                "floor_p99_ms": bare["p99_ms"],
                "ratio_p50": round(ours["p50_ms"] / bare["p50_ms"], 2),
            }
        again = [an_event(n) for n in range(100)]
        store.append(again)
        result["100 rows repeated"] = timed(lambda _: store.append(again), 20)
    return result


def whole_log(folder: Path, n_events: int, n_slates: int) -> dict[str, object]:
    with EmbeddedStore(folder, clock=SystemClock(), wait_s=60) as store:
        fill_events(store, n_events)
        slowest_s = 0.0
        for first in range(0, n_slates, 100):
            slates = [slate_record(a_slate(n), user_key=f"u{n % 100}") for n in range(first, first + 100)]
            started = time.perf_counter()
            store.append(slates)
            slowest_s = max(slowest_s, time.perf_counter() - started)
        one = [slate_record(a_slate(n_slates + n)) for n in range(100)]
        slate_commit = timed(lambda number: store.append([one[number]]), 100)
    started = time.perf_counter()
    with EmbeddedStore.open(folder, clock=SystemClock()) as store:
        opened = time.perf_counter() - started
        warm = opened + wait_until_warm(store)
        size = store.database.file.stat().st_size
        started = time.perf_counter()
        store.snapshot(folder / "snapshots").unlink()
        snapshot = time.perf_counter() - started
        started = time.perf_counter()
        store.export(Table.EVENTS, "parquet", folder / "exports" / "events.parquet")
        export = time.perf_counter() - started
        started = time.perf_counter()
        erased = store.erase("u7")
        erase = time.perf_counter() - started
    return {
        "events": n_events,
        "slates": n_slates,
        "file_mb": round(size / 2**20, 1),
        "open_s": round(opened, 3),
        "warm_s": round(warm, 3),
        "one slate": slate_commit,
        "slowest_commit_of_100_slates_s": round(slowest_s, 3),  # the one that a checkpoint came with
        "snapshot_s": round(snapshot, 3),
        "export_events_parquet_s": round(export, 3),
        "erase_user_s": round(erase, 3),
        "erased_slates": erased.rows["slates"],
    }


def commit_id() -> str:
    told = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return told.stdout.strip() or "unknown"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", type=int, default=2_000_000, help="events in the large log")
    parser.add_argument("--rounds", type=int, default=200, help="commits timed for each figure")
    parser.add_argument(
        "--slates", type=int, default=20_000, help="slates in the log that is opened, copied, erased from"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = {
            "commit": commit_id(),
            "machine": f"{os.cpu_count()} cores, {platform.platform()}, Python {sys.version.split()[0]}",
            "load": round(os.getloadavg()[0], 1),
            "commits": [
                commits(Path(folder) / "small", 100_000, options.rounds),
                commits(Path(folder) / "large", options.large, options.rounds),
            ],
            "log": whole_log(Path(folder) / "whole", 100_000, options.slates),
        }
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
