"""How many labels does it take: picks by facility location beside random, entropy, margin and k-center?

    python -m bench.labels [--seeds 0 1 2] [--corpora clinc150 banking77 hwu64] [--out bench/results/labels.json]

3,000 of each corpus' history without their answers are the pool; a strategy buys answers in batches of 25, later of
100. After each batch one learner, the same for all, is fitted on what was bought and judged on 1,000 of the stream in
scope: logistic regression on the frozen embeddings, the product's (`fit_linear`), with each option's text as one
pseudo-example. The product's whole ranking has more to go by: these are labels for a plain learner.

`control` is our picks with the product's blind share, what a surface really gets; `coverage first` counts no doubt
until there are as many answers as options. Figures: top-1 at some numbers of labels; labels to .85/.88/.90,
interpolated between batches, null where never reached; ratios random / own, each seed by itself, with mean and range
(`at_least`: random never got there). An accuracy on 1,000 requests has a standard error of .011, so that one crossing
may be luck: the curves are kept. A seed changes what is looked at and drawn, not the pool. The squares of `picks` were
chosen on seed 0 of these very corpora."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.corpora import DATA, load
from bench.encoded import CachedEncoder
from bench.machine import described
from suggest.policy.picks import CONTROL_SHARE, arms, pick, weights
from suggest.rank.linear import fit_linear

LEVELS = (0.85, 0.88, 0.90)
SHOWN_AT = (50, 100, 150, 188, 300, 600, 1_000)
POOL, JUDGED = 3_000, 1_000  # of each corpus; a reduced size
SAMPLE = 1_000  # of the pool, looked at for one batch: as the product does
Floats = NDArray[np.float32]
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A corpus as vectors: the pool that can be asked about, and the stream that judges."""

    name: str
    licence: str
    options: tuple[str, ...]
    names: Floats  # (options, d)
    pool: Floats  # (n, d)
    answers: NDArray[np.intp]  # (n,); what a person would say
    judged: Floats
    right: NDArray[np.intp]


def field_of(name: str) -> Field:
    corpus, encoder = load(name), CachedEncoder(name)
    options = tuple(corpus.candidates)
    place = {option: n for n, option in enumerate(options)}
    history = [ask for ask in corpus.history if ask.kind == "in"][:POOL]
    stream = [ask for ask in corpus.stream if ask.kind == "in"][:JUDGED]
    found = Field(
        name=corpus.name,
        licence=corpus.licence,
        options=options,
        names=encoder.encode(list(corpus.candidates.values())),
        pool=encoder.of(history),
        answers=np.array([place[min(ask.right)] for ask in history]),
        judged=encoder.of(stream),
        right=np.array([place[min(ask.right)] for ask in stream]),
    )
    encoder.save()
    return found


# -- the learner -------------------------------------------------------------------------------------------------------


def probabilities(field: Field, bought: Sequence[int], at: Sequence[Floats]) -> list[Floats]:
    """P of each option, by a learner of the names and the bought answers, for each of the blocks of rows."""
    rows = np.vstack([field.names, field.pool[list(bought)]])
    items = [f"{i:04}" for i in (*range(len(field.options)), *field.answers[list(bought)])]
    warnings.filterwarnings("ignore", message="The number of unique classes")
    model = fit_linear(rows, items, np.ones(len(items), np.float32))
    assert model is not None
    order = [int(c) for c in model.classes]
    told = []
    for block in at:
        scores = np.full((len(block), len(field.options)), -30.0, np.float32)
        scores[:, order] = model.scores(block)
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        told.append(p / p.sum(axis=1, keepdims=True))
    return told


# -- the strategies ----------------------------------------------------------------------------------------------------

Strategy = Callable[[Field, list[int], Places, Floats, int, np.random.Generator], Places]


def at_random(field: Field, bought: list[int], sample: Places, p: Floats, n: int, rng: np.random.Generator) -> Places:
    return sample[:n]


def by_entropy(field: Field, bought: list[int], sample: Places, p: Floats, n: int, rng: np.random.Generator) -> Places:
    entropy = -(p * np.log(np.maximum(p, 1e-12))).sum(axis=1)
    return sample[np.argsort(-entropy)[:n]]


def by_margin(field: Field, bought: list[int], sample: Places, p: Floats, n: int, rng: np.random.Generator) -> Places:
    return sample[np.argsort(margins(p))[:n]]


def k_center(field: Field, bought: list[int], sample: Places, p: Floats, n: int, rng: np.random.Generator) -> Places:
    """The farthest from all that is known, one after the other (Sener & Savarese, ICLR 2018)."""
    near, rows = cover(field, bought, sample), field.pool[sample]
    picked: list[int] = []
    for _ in range(n):
        picked.append(int(np.argmin(near)))
        near = np.maximum(near, rows @ rows[picked[-1]])
    return sample[picked]


def ours(field: Field, bought: list[int], sample: Places, p: Floats, n: int, rng: np.random.Generator) -> Places:
    return sample[pick(field.pool[sample], weights(margins(p)), cover(field, bought, sample), n)]


def coverage_first(
    field: Field, bought: list[int], sample: Places, p: Floats, n: int, rng: np.random.Generator
) -> Places:
    """The same, without a look at doubt until there are as many answers as options."""
    if len(bought) >= len(field.options):
        return ours(field, bought, sample, p, n, rng)
    return sample[pick(field.pool[sample], np.ones(len(sample), np.float32), cover(field, bought, sample), n)]


def with_control(
    field: Field, bought: list[int], sample: Places, p: Floats, n: int, rng: np.random.Generator
) -> Places:
    blind = int(arms(n, CONTROL_SHARE, rng).sum())
    chosen = ours(field, bought, sample, p, n - blind, rng)
    rest = np.setdiff1d(sample, chosen)
    return np.concatenate([chosen, rng.choice(rest, blind, replace=False)])


STRATEGIES: dict[str, Strategy] = {
    "random": at_random,
    "entropy": by_entropy,
    "margin": by_margin,
    "k-center": k_center,
    "coverage first": coverage_first,
    "ours": ours,
    "control": with_control,
}


def margins(p: Floats) -> Floats:
    best = np.partition(p, -2, axis=1)[:, -2:]
    return np.asarray(best.max(axis=1) - best.min(axis=1), np.float32)


def cover(field: Field, bought: list[int], sample: Places) -> Floats:
    if not bought:
        return np.full(len(sample), -1.0, np.float32)
    return np.asarray((field.pool[sample] @ field.pool[bought].T).max(axis=1), np.float32)


# -- the curves --------------------------------------------------------------------------------------------------------


def batch_after(n: int) -> int:
    return 25 if n < 400 else 100


def curve(field: Field, strategy: Strategy, *, seed: int, most: int) -> list[tuple[int, float]]:
    """(labels, top-1) after each batch."""
    rng = np.random.default_rng(seed)
    bought: list[int] = []
    told: list[tuple[int, float]] = []
    while True:
        sample = rng.permutation(np.setdiff1d(np.arange(len(field.pool)), np.array(bought, np.intp)))[:SAMPLE]
        judged, unsure = probabilities(field, bought, [field.judged, field.pool[sample]])
        told.append((len(bought), round(float(np.mean(judged.argmax(axis=1) == field.right)), 4)))
        if (told[-1][1] >= LEVELS[-1] and len(bought) >= 300) or len(bought) >= most:
            return told
        n = min(batch_after(len(bought)), most - len(bought))
        bought += strategy(field, bought, sample, unsure, n, rng).tolist()


def labels_to(told: Sequence[tuple[int, float]], level: float) -> float | None:
    """Where the curve first reaches a level, straight between two batches.

    >>> labels_to([(0, 0.5), (100, 0.9)], 0.7)
    50.0
    """
    for (before, low), (after, high) in itertools.pairwise(told):
        if high >= level:
            return after if low >= level else round(before + (after - before) * (level - low) / (high - low), 1)
    return None


Runs = dict[str, dict[str, list[tuple[int, float]]]]  # strategy -> seed -> curve


def summary(runs: Runs) -> dict[str, object]:
    told: dict[str, object] = {}
    for name, curves in runs.items():
        seeds = sorted(curves)
        reached = {f"{level:.2f}": [labels_to(curves[seed], level) for seed in seeds] for level in LEVELS}
        at = {str(n): [_top1_at(curves[seed], n) for seed in seeds] for n in SHOWN_AT}
        told[name] = {
            "seeds": len(seeds),
            "labels_to": reached,
            "top1_at": {n: _spread(values) for n, values in at.items()},
            "times_fewer_than_random": {f"{level:.2f}": _ratio(runs, name, level) for level in LEVELS},
        }
    return told


def _top1_at(run: Sequence[tuple[int, float]], n: int) -> float:
    return float(np.interp(n, [labels for labels, _ in run], [top1 for _, top1 in run]))


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"mean": round(float(np.mean(values)), 4), "sd": round(float(np.std(values)), 4)}


def _ratio(runs: Runs, name: str, level: float) -> dict[str, float | bool] | None:
    """random / own over seeds; None where its own curve did not reach the level. A random one that did not reach it is
    taken to do so at its end, and the ratio is marked: it is at least that."""
    ratios: list[float] = []
    is_floor = False
    for seed, curve_ in sorted(runs[name].items()):
        own, chance = labels_to(curve_, level), labels_to(runs["random"][seed], level)
        if not own:
            return None
        is_floor |= chance is None
        ratios.append((runs["random"][seed][-1][0] if chance is None else chance) / own)
    told = {"mean": round(float(np.mean(ratios)), 2), "low": round(min(ratios), 2), "high": round(max(ratios), 2)}
    return {**told, "at_least": True} if is_floor else {**told}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpora", nargs="+", default=["clinc150", "banking77", "hwu64"])
    parser.add_argument("--strategies", nargs="+", default=list(STRATEGIES), choices=list(STRATEGIES))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--most", type=int, default=1_000, help="labels after which a curve ends")
    parser.add_argument("--out", type=Path, help="added to what it holds, so that it can be done in parts")
    chosen = parser.parse_args(arguments)
    if not DATA.exists():
        sys.exit(f"no data in {DATA}: nothing was measured")
    told = json.loads(chosen.out.read_text()) if chosen.out is not None and chosen.out.exists() else {}
    told |= {"machine": described(), "pool": POOL, "judged": JUDGED, "looked_at": SAMPLE}
    for name in chosen.corpora:
        field = field_of(name)
        runs: Runs = told.get(name, {}).get("curves", {})
        for each in chosen.strategies:
            for seed in chosen.seeds:
                began = time.process_time()
                found = curve(field, STRATEGIES[each], seed=seed, most=chosen.most)
                runs.setdefault(each, {})[str(seed)] = found
                ends = [labels_to(found, level) for level in LEVELS]
                print(name, each, seed, ends, f"{time.process_time() - began:.0f} s", flush=True)
        runs = {each: runs[each] for each in STRATEGIES if each in runs}
        told[name] = {
            "licence": field.licence,
            "options": len(field.options),
            "summary": summary(runs) if "random" in runs else {},
            "curves": runs,
        }
        if chosen.out is not None:
            chosen.out.parent.mkdir(parents=True, exist_ok=True)
            chosen.out.write_text(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
