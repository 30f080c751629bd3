"""Does the trigger learn which requests want no answer here, and does anybody lose one by it?

CLINC150 as a surface: all 150 intents are options, some known answers of each. Requests of its *small talk* domain are
questions like any other, which the shipped trigger lets through, and their options are right; but nobody on this
surface wants them: people look and leave (four in five) or send the slate away. Everybody else takes a right option
where they see one, and every fifth of those leaves all the same. After 1,500 such slates a trigger is learned as a
retrain does; validation requests and out-of-scope ones, never fed back, are judged by it and by the shipped one.

    python -m bench.trigger [--seeds 3] [--slates 1500] [--out FILE]

`withheld` is the share of requests that get nothing: of idle talk as many as possible, of all others next to none."""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.corpora import Ask, load
from bench.encoded import CachedEncoder
from bench.machine import described
from bench.ours import K, catalog_of, examples_of, key_of, remembering, stored
from suggest.config.stages import background
from suggest.domain import weight as weights
from suggest.loop.asking import taught
from suggest.loop.examples import Example, ExampleSet, Reaction
from suggest.loop.reading import PROBABLY_RIGHT, UNWANTED
from suggest.policy.trigger import WANTED_FROM, Trigger, fit_trigger

N_KNOWN, P_LEAVES, P_BUSY = 1_500, 0.8, 0.2
IDLE = "small_talk"
Row = dict[str, object]


def one_seed(seed: int, n_slates: int) -> Row:
    corpus, encoder, rng = load("clinc150", seed=seed), CachedEncoder("clinc150"), random.Random(seed)
    known = [a for a in corpus.history if a.right]
    rng.shuffle(known)
    past, shown = known[:N_KNOWN], known[N_KNOWN : N_KNOWN + n_slates]
    catalog = catalog_of(corpus, encoder)
    begun = remembering(examples_of(past, catalog, encoder.of(past)))
    rows = stored(encoder.of(shown))
    examples, reactions = [], []
    for n, (ask, row) in enumerate(zip(shown, rows, strict=True)):
        ranking = begun.rank(row, ask.text)
        p_any = float(ranking.p_select[:K].sum())
        taken = next((i for i in ranking.ids[:K] if i in ask.right), None)
        if ask.group != IDLE and taken is not None and rng.random() >= P_BUSY:
            examples.append(_taken(ask, n, taken))
        elif p_any >= PROBABLY_RIGHT:
            how = "ignored" if rng.random() < P_LEAVES else "dismissed"
            reactions.append(Reaction(key=key_of(ask), row=n, wanted=False, weight=p_any * UNWANTED[how]))
    about = background(encoder)
    seen = ExampleSet(examples=tuple(examples), embeddings=rows, catalog=catalog, reactions=tuple(reactions))
    made = taught(seen, about, encoder=encoder.fingerprint).learned
    encoder.save()
    talk = about.talk_embeddings
    assert talk is not None
    needs = np.arange(len(about.embeddings) + len(talk)) < len(about.embeddings)
    shipped = fit_trigger(np.concatenate([about.embeddings, talk]), needs, encoder=encoder.fingerprint)
    judged = {"shipped": shipped} | ({} if made is None else {"learned": made.trigger})
    stream = [a for a in corpus.stream if a.kind in ("in", "far")]
    vectors = encoder.of(stream)
    return {
        "seed": seed,
        "answered": len(examples),
        "left or sent away": len(reactions),
        "told": None if made is None else made.told,
        "withheld": {name: _withheld(trigger, stream, vectors) for name, trigger in judged.items()},
    }


def _taken(ask: Ask, n: int, item: str) -> Example:
    return Example(
        key=key_of(ask), text=ask.text, row=n, right=(item,), weight=weights.CLICK, order=float(n), click=True
    )


def _withheld(trigger: Trigger, stream: Sequence[Ask], vectors: np.ndarray) -> dict[str, float]:
    gone = np.array([trigger.needs_answer(each) < WANTED_FROM for each in vectors])
    kinds = np.array(["idle" if a.group == IDLE else "far" if a.kind == "far" else "others" for a in stream])
    return {kind: round(float(gone[kinds == kind].mean()), 4) for kind in ("idle", "others", "far")}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--slates", type=int, default=1_500)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(arguments)
    rows = []
    for seed in range(options.seeds):
        rows.append(one_seed(seed, options.slates))
        print(rows[-1], flush=True)
    out = options.out or Path(__file__).parent / "results" / "trigger.json"
    told = {"question": (__doc__ or "").partition("\n")[0], "licence": "CLINC150 CC BY 3.0"}
    out.write_text(json.dumps(told | {"machine": described(), "rows": rows}, indent=1) + "\n")
    print(f"written to {out}")


if __name__ == "__main__":
    main()
