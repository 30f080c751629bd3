"""What does showing one of several near-identical options bring, and what does it cost? The control shows them all.

One bundle a corpus, asked once; the same ranking is then arranged with and without merging. *echo*: BANKING77 as an
owner imports it who has a third of the options twice, in other capitals and punctuation, each of the two with half of
the past answers; a person takes either. SGD's replies, Taskmaster-4 and MultiDoGO as they are: several may be right,
some say nearly the same, and who asked for one of them may not want the other, which is what merging could cost.

    python -m bench.diversity [--corpus echo|sgd|taskmaster4|multidogo]... [--quick] [--seed 0] [--out FILE]

`accept@3` is the share of answerable requests whose slate of three holds a right option; the difference is paired, with
its 95 % interval. `changed` is the share of slates that merging changes, `said twice` that of slates of the control in
which two options say nearly the same."""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.corpora import Ask, Corpus, load
from bench.encoded import CachedEncoder
from bench.machine import described
from bench.ours import K, catalog_of, examples_of, train
from suggest.metrics.bootstrap import paired_bootstrap
from suggest.online.suggester import Suggester
from suggest.policy.arrange import arrange

CORPORA = ("echo", "sgd", "taskmaster4", "multidogo")
TWICE = 3  # of the options of *echo*, every so many'th is there twice
Row = dict[str, object]


def echo(corpus: Corpus, rng: random.Random) -> Corpus:
    """Every TWICE'th option has a twin that says the same; the past answers are dealt between the two."""
    twin_of = {item: f"{item}-again" for item in sorted(corpus.candidates)[::TWICE]}
    twins = {twin_of[item]: f"{corpus.candidates[item].upper()}!" for item in twin_of}

    def either(ask: Ask, *, known: bool) -> Ask:
        item = next(iter(ask.right), None)
        if item not in twin_of:
            return ask
        both = (item, twin_of[item])
        return replace(ask, right=frozenset([rng.choice(both)] if known else both))

    return replace(
        corpus,
        name=f"{corpus.name}-echo",
        candidates=dict(corpus.candidates) | twins,
        history=tuple(either(ask, known=True) for ask in corpus.history),
        stream=tuple(either(ask, known=False) for ask in corpus.stream),
    )


def one(name: str, *, seed: int, quick: bool) -> Row:
    corpus = load("banking77" if name == "echo" else name, seed=seed, quick=quick)
    if name == "echo":
        corpus = echo(corpus, random.Random(seed))
    encoder = CachedEncoder(corpus.name.split("-")[0])
    examples = examples_of(corpus.history, catalog_of(corpus, encoder), encoder.of(corpus.history))
    suggester = train(examples, encoder).suggester
    asked = [ask for ask in corpus.stream if ask.right]
    rows = encoder.of(asked)
    encoder.save()
    slates = [_both(suggester, ask, row) for ask, row in zip(asked, rows, strict=True)]
    merged, control = (
        np.array([bool(ask.right & set(slate[which])) for ask, slate in zip(asked, slates, strict=True)], np.float64)
        for which in (0, 1)
    )
    gained = paired_bootstrap(merged, control, np.random.default_rng(seed))
    alike = suggester.candidates.clusters()
    return {
        "corpus": corpus.name,
        "licence": corpus.licence,
        "candidates": len(corpus.candidates),
        "that say what another says": len(alike) - len(set(alike.values())),
        "n": len(asked),
        "accept@3": round(float(merged.mean()), 4),
        "accept@3, control": round(float(control.mean()), 4),
        "gained_95": [round(gained.low, 4), round(gained.mid, 4), round(gained.high, 4)],
        "changed": round(float(np.mean([a != b for a, b in slates])), 4),
        "said twice": round(float(np.mean([len({alike[i] for i in b}) < len(b) for _, b in slates])), 4),
    }


def _both(suggester: Suggester, ask: Ask, row: np.ndarray) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The slate as it is served, and the control's."""
    ranking = suggester.rank(row, ask.text)
    clusters = suggester.candidates.clusters(ids=ranking.ids[: 2 * K + 4])
    of = (arrange(ranking.ids, ranking.logits, K, clusters=each).order for each in (clusters, None))
    merged, control = (tuple(ranking.ids[i] for i in order) for order in of)
    return merged, control


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--corpus", action="append", choices=CORPORA)
    parser.add_argument("--quick", action="store_true", help="2,000 past contexts, 1,000 judged")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(arguments)
    out = options.out or Path(__file__).parent / "results" / "diversity.json"
    rows: list[Row] = []
    for name in options.corpus or CORPORA:
        rows.append(one(name, seed=options.seed, quick=options.quick))
        print("  ".join(f"{key} {value}" for key, value in rows[-1].items()), flush=True)
        told = {"question": (__doc__ or "").partition("\n")[0], "seed": options.seed, "quick": options.quick}
        out.write_text(json.dumps(told | {"machine": described(), "rows": rows}, indent=1) + "\n")
    print(f"written to {out}")


if __name__ == "__main__":
    main()
