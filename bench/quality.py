"""Is the right option first, does the probability mean it, and what would a simpler method have given?

One table a corpus: ours (the product's own stages, built, packed and asked in process as the server does) beside names
only, nearest neighbours, TF-IDF and logistic regression, logistic regression on the frozen embeddings, contrastive
tuning in the manner of SetFit, and the raw ranker through a sigmoid. The last column says whether ours is first, within
noise of the best of the others (paired bootstrap, 95 %), or behind.

    python -m bench.quality --corpus banking77 [--quick] [--seed 0] [--setfit] [--only METHOD]... [--out FILE]

Corpora: see bench/corpora.py, which also names the licences. `--quick` keeps 2,000 past contexts and 1,000 judged
ones; `--only` compares with the named methods alone.
`ece_floor_p95` is what perfectly calibrated probabilities would show at this n one time in twenty: an ECE below it
cannot be told from 0."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.baselines import BASELINES, Task
from bench.corpora import DATA, LOADERS, Corpus, load
from bench.encoded import CachedEncoder
from bench.judged import FIGURES, Judged, beside, differences, figures, intervals, judge, rounded, verdict
from bench.machine import described
from bench.ours import ask_all, catalog_of, examples_of, train
from suggest.config.stages import Told as Answer

OURS = "ours"


def run(corpus: Corpus, *, setfit: bool, seed: int, methods: Sequence[str] = tuple(BASELINES)) -> dict[str, object]:
    """Every method on one corpus, judged on the same stream."""
    encoder = CachedEncoder(corpus.name.split("-")[0])
    catalog = catalog_of(corpus, encoder)
    examples = examples_of(corpus.history, catalog, encoder.of(corpus.history))
    trained = train(examples, encoder)
    print(f"{corpus.name}: built from {len(examples)} contexts in {trained.build_s:.0f} s", flush=True)
    began = time.perf_counter()
    answers = {OURS: ask_all(trained.suggester, corpus.stream, encoder.of(corpus.stream))}
    rank_ms = 1000 * (time.perf_counter() - began) / len(corpus.stream)
    encoder.save()
    task = Task(corpus=corpus, encoder=encoder, trained=trained)
    for name in methods:
        answers[name] = BASELINES[name](task)
    if setfit:
        from bench.setfit import tuned_regression

        answers["contrastive tuning"] = tuned_regression(task)
    judged = {name: judge(each, corpus.stream) for name, each in answers.items()}
    rows = {name: figures(each) for name, each in judged.items()}
    verdicts = _verdicts(judged, rows, seed)
    _print(rows, verdicts)
    return {
        "corpus": corpus.name,
        "notes": list(corpus.notes),
        "licence": corpus.licence,
        "seed": seed,
        "machine": described(),
        "encoder": encoder.fingerprint,
        "n": {
            "candidates": len(corpus.candidates),
            "history": len(examples),
            "none_labels": sum(1 for e in examples.examples if not e.right),
            **{kind: sum(1 for a in corpus.stream if a.kind == kind) for kind in ("in", "near", "far")},
        },
        "build_s": round(trained.build_s, 1),
        "build_steps_s": trained.steps_s,
        "rank_ms": round(rank_ms, 2),
        "methods": {name: rounded(row) for name, row in rows.items()},
        "ours_95": rounded(intervals(judged[OURS])),
        "ours_beside": rounded(beside(judged[OURS], corpus.stream)),
        "ours_without_shift": rounded(figures(judge(_unshifted(answers[OURS]), corpus.stream))),
        "verdicts": verdicts,
    }


def _unshifted(answers: list[Answer]) -> list[Answer]:
    """As the bundle alone says it, before the shares of recent traffic are known."""
    from dataclasses import replace

    return [replace(a, p_any=a.p_any if a.p_any_unshifted is None else a.p_any_unshifted) for a in answers]


def _verdicts(
    judged: Mapping[str, Judged], rows: Mapping[str, Mapping[str, float]], seed: int
) -> dict[str, dict[str, object]]:
    told: dict[str, dict[str, object]] = {}
    others = [name for name in rows if name != OURS]
    against = {name: differences(judged[OURS], judged[name], seed=seed) for name in others}
    for figure, more_is_better in FIGURES.items():
        if figure not in rows[OURS]:
            continue
        best = (max if more_is_better else min)(others, key=lambda name: rows[name][figure])
        ours, theirs, difference = rows[OURS][figure], rows[best][figure], against[best][figure]
        told[figure] = {
            "verdict": verdict(figure, ours, theirs, difference),
            "best_other": best,
            "difference": round(ours - theirs, 4),
            "difference_95": [round(bound, 4) for bound in difference],
        }
    return told


def _print(rows: Mapping[str, Mapping[str, float]], verdicts: Mapping[str, Mapping[str, object]]) -> None:
    names = list(rows)
    print("figure      " + "".join(f"{name:>22}" for name in names) + "  verdict")
    for figure, told in verdicts.items():
        cells = "".join(f"{rows[name][figure]:22.4f}" for name in names)
        print(f"{figure:12}{cells}  {told['verdict']} ({told['difference']:+} {told['difference_95']})", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", choices=sorted(LOADERS), default="banking77")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--setfit", action="store_true", help="tune the encoder contrastively too; minutes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", action="append", choices=list(BASELINES), help="compare with this method; repeatable")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    folder = DATA / asked.corpus.split("-")[0]
    if not folder.exists():
        print(f"{folder} is absent; set SUGGEST_DATA. Nothing was measured.", file=sys.stderr)
        return 1
    corpus = load(asked.corpus, seed=asked.seed, quick=asked.quick)
    told = run(corpus, setfit=asked.setfit, seed=asked.seed, methods=asked.only or tuple(BASELINES))
    suffix = "-quick" if asked.quick else ""
    out = asked.out or Path(__file__).parent / "results" / f"quality-{asked.corpus}{suffix}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(told, indent=1) + "\n")
    print(f"beside ours: {told['ours_beside']}  written to {out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
