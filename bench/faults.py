"""Is anything lost or counted twice when a busy server is killed, and how soon is it back?

    python -m bench.faults [--rounds 100] [--seed 0] [--encoder hashing|default]

A folder with 100,000 events. Each round starts `suggest serve` on it, waits for /readyz, puts it under the load of
six clients (suggest, feedback, labels, and on purpose what was acknowledged before once more), and sends SIGKILL to the
whole process group at a random moment. At the end every acknowledgement of all lives is settled against the exported
log. Restart times are those of the starts after a kill, wall clock and processor time; the machine's load stands beside
them. The same experiment, with 20 rounds, is a test: tests/faults/test_kill_server.py."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.machine import described

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))  # the experiment is shared with the tests
from faults.lives import Lives, kill_again_and_again
from faults.seeding import seed

from suggest.retrieve.encoder import load_encoder

READY_WITHIN_S = 2.0


def run(rounds: int, rng_seed: int, encoder: str) -> dict[str, object]:
    loaded = load_encoder(encoder, cache_dir=Path.home() / ".cache" / "suggest")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "live"
        n_seeded = seed(folder, encoder=loaded)
        began = time.monotonic()
        lives = kill_again_and_again(folder, rounds=rounds, rng_seed=rng_seed, encoder=encoder)
        took_s = time.monotonic() - began
    return {
        "rounds": rounds,
        "seed": rng_seed,
        "encoder": encoder,
        "machine": described(),
        "load_at_end": round(os.getloadavg()[0], 1),
        "events_before": n_seeded,
        "took_s": round(took_s, 1),
        **_settled(lives),
        "ready_s": _spread([start.wall_s for start in lives.starts[1:]]),
        "ready_cpu_s": _spread([start.cpu_s for start in lives.starts[1:]]),
        "ready_within_2_s": round(float(np.mean([s.wall_s <= READY_WITHIN_S for s in lives.starts[1:]])), 3),
    }


def _settled(lives: Lives) -> dict[str, object]:
    account, history = lives.account, lives.history
    return {
        "acknowledged": account.acknowledged,
        "sent_again_on_purpose": history.n_repeated,
        "slates": len(history.impressions),
        "labels": len(history.labels),
        "lost": len(account.lost) + len(account.slates_lost) + len(account.labels_lost),
        "counted_twice": len(account.doubled)
        + account.counted_twice
        + len(account.slates_doubled)
        + len(account.labels_doubled),
        "invented": len(account.invented),
        "complaints": list(account.complaints[:20]),
    }


def _spread(seconds: list[float]) -> dict[str, float]:
    return {
        "p50": round(float(np.median(seconds)), 2),
        "p95": round(float(np.quantile(seconds, 0.95)), 2),
        "max": round(max(seconds), 2),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--encoder", default="hashing")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "faults.json")
    asked = parser.parse_args()
    told = run(asked.rounds, asked.seed, asked.encoder)
    for name, value in told.items():
        print(f"{name:24} {value}")
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(told, indent=1) + "\n")
    return 0 if told["lost"] == told["counted_twice"] == told["invented"] == 0 and not told["complaints"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
