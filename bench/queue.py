"""Does the queue hold when everything goes wrong at once: each answered exactly once, none lost, none held twice?

    python -m bench.queue [--reviews 10000] [--workers 50] [--out bench/results/queue.json]

The real service on an empty folder (store, board, leases; the encoder is the hashing one: no meaning is needed). All
requests go to people. Each worker is a thread that claims, and then, drawn at random, answers (most of the time, one in
ten of those sends the answer twice), vanishes and never answers, answers only after the lease has run out, holds on by
heartbeats, or gives the review back. Meanwhile the clock jumps: seconds forward all the time, now and then minutes, and
sometimes back. Halfway the process of the server ends and another opens the same folder; the workers keep what they
held. Afterwards the log alone is asked what happened.

Held twice: two leases on one review whose times overlap on the server's clock. Lost: neither answered nor waiting."""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np

from bench.machine import described
from suggest.config import Application, Settings, open_application
from suggest.domain.candidate import Candidate
from suggest.domain.clock import ManualClock
from suggest.domain.context import Context
from suggest.domain.errors import SuggestError
from suggest.online.messages import Proposal, RawVerdict, ReviewView
from suggest.retrieve.hashing import HashingEncoder

LEASE_S, SURFACE, AT_ONCE = 60.0, "bench", 256
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FATES = (("answers", 0.80), ("vanishes", 0.06), ("late", 0.05), ("holds-on", 0.05), ("gives-back", 0.04))


@dataclass(slots=True)
class Record:
    """What the workers saw, to be held against the log."""

    claim_ms: list[float] = field(default_factory=list)
    verdict_ms: list[float] = field(default_factory=list)
    accepted: Counter[str] = field(default_factory=Counter)  # review -> answers that were taken as new
    refused: Counter[str] = field(default_factory=Counter)  # slug
    fates: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)


class House:
    """The application, which one thread may replace while the others work."""

    def __init__(self, folder: Path, clock: ManualClock) -> None:
        self._folder, self.clock = folder, clock
        self.app = self._open()
        self.gate = threading.Event()  # set: the service is there
        self.gate.set()
        self.n_inside, self._changing = 0, threading.Condition()

    def _open(self) -> Application:
        return open_application(
            Settings(data_dir=self._folder), clock=self.clock, encoder=HashingEncoder(64), ticking=False
        )

    def restart(self) -> None:
        """End while workers hold reviews, between two calls of theirs; open the same folder again."""
        self.gate.clear()
        with self._changing:
            while self.n_inside:
                self._changing.wait()
        self.app.close()
        self.app = self._open()
        self.gate.set()

    def __enter__(self) -> Application:
        while True:
            self.gate.wait()
            with self._changing:
                if self.gate.is_set():
                    self.n_inside += 1
                    return self.app

    def __exit__(self, *_: object) -> None:
        with self._changing:
            self.n_inside -= 1
            self._changing.notify_all()


def fill(app: Application, n: int) -> None:
    app.online.put_surface(SURFACE, {})
    app.online.upsert_candidates(SURFACE, [Candidate(id=f"c{i}", text=f"reply number {i}") for i in range(20)])
    changes = {"mode": "review_all", "trigger": False, "retrain_every": 0, "retrain_nightly": False}
    app.online.put_policy(SURFACE, changes, by="bench")
    texts = [f"question {i} about thing {i % 97}" for i in range(n)]
    for start in range(0, n, AT_ONCE):
        batch = [Proposal(surface=SURFACE, context=Context(text=text)) for text in texts[start : start + AT_ONCE]]
        app.online.suggest_batch(batch)


def work(house: House, name: str, seed: int, record: Record, is_done: threading.Event) -> None:
    rng = random.Random(seed)
    late: list[ReviewView] = []
    while not is_done.is_set():
        if late and house.clock.now() > late[0].expires_at:
            with counting_refusals(record):
                answer(house, late.pop(0), rng, record)
        with house as app:
            began = time.perf_counter()
            held = app.online.claim(name, lease_s=LEASE_S)
            took = (time.perf_counter() - began) * 1000
        if held is None:
            time.sleep(0.005)  # the rest is held by others; a lease of one who vanished must run out first
            continue
        fate = rng.choices([f for f, _ in FATES], [w for _, w in FATES])[0]
        with record.lock:
            record.claim_ms.append(took)
            record.fates[fate] += 1
        if fate == "late":
            late.append(held)
        else:
            meet(house, held, fate, rng, record)


def meet(house: House, held: ReviewView, fate: str, rng: random.Random, record: Record) -> None:
    if fate == "vanishes":
        return
    with counting_refusals(record):
        with house as app:
            if fate == "gives-back":
                app.online.release(held.id, held.lease)
                return
            if fate == "holds-on":
                app.online.heartbeat(held.id, held.lease, LEASE_S)
        answer(house, held, rng, record)


@contextmanager
def counting_refusals(record: Record) -> Iterator[None]:
    try:
        yield
    except SuggestError as refused:
        with record.lock:
            record.refused[refused.slug] += 1


def answer(house: House, held: ReviewView, rng: random.Random, record: Record) -> None:
    raw = RawVerdict(eid=f"v-{held.lease}", lease=held.lease, item=rng.choice(held.items).id)
    for _ in range(2 if rng.random() < 0.1 else 1):
        began = time.perf_counter()
        with house as app:
            result = app.online.verdict(held.id, raw)
        with record.lock:
            record.verdict_ms.append((time.perf_counter() - began) * 1000)
            record.accepted[held.id] += not result.duplicate


def pass_time(house: House, seed: int, is_done: threading.Event) -> None:
    rng = random.Random(seed)
    while not is_done.wait(0.02):
        jump = 400.0 if rng.random() < 0.005 else -2.0 if rng.random() < 0.02 else rng.uniform(0.0, 1.0)
        house.clock.advance(seconds=jump)
        with house as app:
            app.online.tick()


def history(file: Path) -> tuple[Counter[str], int]:
    """From the log alone, once the server has ended: how often each review was answered, and how many leases began
    while another on the same review still ran."""
    with duckdb.connect(str(file), read_only=True) as log:
        answered = Counter(review for (review,) in log.execute("select review from verdicts").fetchall())
        rows = log.execute(
            """select key, cast(value as varchar) from cas
                where starts_with(key, 'lease/') and value is not null order by sequence"""
        ).fetchall()
    before: dict[str, dict[str, object]] = {}
    n_twice = 0
    for key, value in rows:
        now, last = json.loads(value), before.get(key)
        before[key] = now
        if last is None or now["state"] != "claimed" or last["state"] != "claimed" or now["lease"] == last["lease"]:
            continue
        n_twice += at(now["claimed_at"]) < at(last["expires_at"])
    return answered, n_twice


def at(text: object) -> datetime:
    return datetime.fromisoformat(str(text))


def run(n_reviews: int, n_workers: int, seed: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        clock = ManualClock(START)
        house, record, is_done = House(Path(folder), clock), Record(), threading.Event()
        fill(house.app, n_reviews)
        workers = [
            threading.Thread(target=work, args=(house, f"w{i}", seed + i, record, is_done)) for i in range(n_workers)
        ]
        time_passes = threading.Thread(target=pass_time, args=(house, seed - 1, is_done))
        began = time.perf_counter()
        for thread in (*workers, time_passes):
            thread.start()
        has_restarted = False
        while sum(record.accepted.values()) < n_reviews and time.perf_counter() - began < 1_500:
            time.sleep(0.1)
            if not has_restarted and sum(record.accepted.values()) > n_reviews // 2:
                house.restart()
                has_restarted = True
        took = time.perf_counter() - began
        is_done.set()
        for thread in (*workers, time_passes):
            thread.join()
        counts = house.app.online.queue_counts()
        house.app.close()
        answered, twice = history(Path(folder) / "suggest.duckdb")
    return {
        "reviews": n_reviews,
        "workers": n_workers,
        "answered_exactly_once": sum(n == 1 for n in answered.values()),
        "answered_twice": sum(n > 1 for n in answered.values()),
        "lost": n_reviews - len(answered) - counts.waiting - counts.claimed,
        "held_twice": twice,
        "acknowledged_but_not_in_the_log": sum(answered[review] != n for review, n in record.accepted.items() if n),
        "fates": dict(record.fates),
        "refused": dict(record.refused),
        "restarts": int(has_restarted),
        "claim_ms": quantiles(record.claim_ms),
        "verdict_ms": quantiles(record.verdict_ms),
        "reviews_per_s": round(n_reviews / took, 1),
    }


def quantiles(ms: list[float]) -> dict[str, float]:
    return {name: round(float(np.percentile(ms, q)), 1) for name, q in (("p50", 50), ("p95", 95), ("p99", 99))}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reviews", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "queue.json")
    asked = parser.parse_args()
    told = {"machine": described(), **run(asked.reviews, asked.workers, asked.seed), "licences": "no data"}
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(told, indent=1) + "\n")
    print(json.dumps(told, indent=1))
    is_kept = not (told["answered_twice"] or told["lost"] or told["held_twice"])
    return 0 if is_kept and told["answered_exactly_once"] == asked.reviews else 1


if __name__ == "__main__":
    raise SystemExit(main())
