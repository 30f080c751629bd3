"""Is an option found that is added to a busy surface, and does it leave the others their requests?

Eight options are held out of all training rows; a bundle is built from the rest, as a retrain does. Then the eight
are added: a text, and nothing that anybody chose. Asked are held-out requests, for the old options before and after,
and for the new ones after 0, 1, 3 and 10 known answers of each. Beside it the shipped prior, which knows how well known
an option is from catalogs of all sizes, over the same memory.

    python -m bench.new_options [--corpus clinc150|banking77] [--seeds 2] [--out FILE]

The shipped prior was fitted on CLINC150's training part, so BANKING77, which it never saw, is the fairer row."""

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
from bench.judged import figures, judge
from bench.machine import described
from bench.ours import ask_all, catalog_of, examples_of, train
from suggest.online.model import Model
from suggest.online.suggester import Suggester

N_NEW = 8
KNOWN = (0, 1, 3, 10)  # answers of each new option
MOST_ASKED = 1_000  # requests for old options
Row = dict[str, object]


def one_seed(corpus: Corpus, encoder: CachedEncoder, seed: int) -> list[Row]:
    rng = random.Random(seed)
    new = frozenset(rng.sample(sorted(corpus.candidates), N_NEW))
    of_old = [a for a in corpus.stream if a.right and not a.right & new]
    of_old = rng.sample(of_old, min(MOST_ASKED, len(of_old)))
    of_new = [a for a in corpus.stream if a.right & new]
    before = replace(corpus, candidates={i: text for i, text in corpus.candidates.items() if i not in new})
    history = [a for a in corpus.history if not a.right & new]
    suggester = train(examples_of(history, catalog_of(before, encoder), encoder.of(history)), encoder).suggester
    rows = [_row(suggester, encoder, "old, before", of_old, seed)]
    texts = [corpus.candidates[i] for i in sorted(new)]
    suggester.candidates.upsert(sorted(new), texts, encoder.encode(texts))
    suggester.lexical.upsert(sorted(new), texts)
    rows.append(_row(suggester, encoder, "old, after", of_old, seed))
    serving = suggester._model
    suggester.install_model(Model.prior())
    rows.append(_row(suggester, encoder, "new, by the shipped prior", of_new, seed))
    suggester.install_model(serving)
    answers = {i: [a for a in corpus.history if i in a.right] for i in sorted(new)}
    taught = 0
    for known in KNOWN:
        for item, asks in answers.items():
            for ask, vector in zip(asks[taught:known], encoder.of(asks[taught:known]), strict=True):
                suggester.learn_label(f"{item}-{ask.text}", vector, item)
        taught = known
        rows.append(_row(suggester, encoder, f"new, {known} known of each", of_new, seed))
    return rows


def _row(suggester: Suggester, encoder: CachedEncoder, name: str, asks: Sequence[Ask], seed: int) -> Row:
    judged = judge(ask_all(suggester, asks, encoder.of(asks), observe=False), asks)
    found = figures(judged)
    row: Row = {"seed": seed, "asked for": name, "n": len(asks)}
    row |= {figure: round(found[figure], 4) for figure in ("top1", "top3")}
    row["p_any"] = round(float(np.mean(judged.p_any)), 4)
    print(json.dumps(row), flush=True)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", default="banking77", choices=["clinc150", "banking77"])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    corpus, encoder = load(chosen.corpus), CachedEncoder(chosen.corpus)
    rows = [row for seed in range(chosen.seeds) for row in one_seed(corpus, encoder, seed)]
    encoder.save()
    told = {"corpus": corpus.name, "licence": corpus.licence, "machine": described(), "rows": rows}
    out = chosen.out or Path(__file__).parent / "results" / f"new-options-{chosen.corpus}.json"
    out.write_text(json.dumps(told, indent=1) + "\n")
    print(f"written to {out}")


if __name__ == "__main__":
    main()
