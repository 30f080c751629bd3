"""Do the probabilities mean what they say: after how many outcomes, in which group, when traffic shifts, when people
ignore what they see?

BANKING77 with 20 of its 77 categories held out (near) and CLINC150's out-of-scope requests (far), a tenth of all
without an answer; or, with `--corpus clinc150`, its own 150 intents and 3 % out of scope. Everything through the
product's own stages in process, as in bench/quality.py.

    python -m bench.calibration [--part outcomes|groups|shift|ignored|all] [--corpus banking77|clinc150] [--seeds 3]
                                [--most 3000] [--out FILE]

`outcomes`: ECE of p_any on the held-out stream after 30, 100, 300, 1,000 and 3,000 known outcomes, as many of them
"none of these" as of the stream. `groups`: the worst category at the largest n. `shift`: built where 3 % of requests
have no answer, asked where 18 % have none; nobody tells it. `ignored`: 1,500 slates shown to people of whom half do not
look; what they ignore is missing, beside a control that takes it for a no. The real log of CoAuthor is measured in
bench/accept.py.

Every ECE stands beside its noise floor: the 95th percentile of what exact probabilities would show at this n."""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bench.corpora import DATA, Ask, Corpus, load, strangers
from bench.encoded import CachedEncoder
from bench.judged import Judged, figures, judge
from bench.machine import described
from bench.ours import K, ask_all, catalog_of, examples_of, key_of, remembering, stored, train
from suggest.domain import weight as weights
from suggest.loop.build import FEWEST_POSITIVES
from suggest.loop.examples import Example, ExampleSet
from suggest.metrics.calibration import debiased_ece, ece_noise_floor, group_gaps
from suggest.online.suggester import Suggester

OUTCOMES = (30, 100, 300, 1_000, 3_000)
UNANSWERABLE = {"banking77": 0.10, "clinc150": 0.032}  # of the known outcomes, and of the stream
SHARES = (0.032, 0.182)  # of requests without an answer: where it is built, where it serves
SLATES, P_ENGAGED, P_DISMISS = 1_500, 0.5, 0.4
Row = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    corpus: Corpus
    encoder: CachedEncoder
    answerable: list[Ask]  # known beforehand, shuffled
    unanswerable: list[Ask]  # near and far, never in the stream
    share: float  # without an answer

    def mixed(self, n: int, share: float) -> list[Ask]:
        """`n` known outcomes, `share` of them without an answer, in no order."""
        n_none = round(n * share)
        return _shuffled([*self.answerable[: n - n_none], *self.unanswerable[:n_none]], seed=n)


def world_of(name: str, seed: int) -> World:
    corpus = load("banking77-natural" if name == "banking77" else name, seed=seed)
    rng = random.Random(seed)
    unanswerable = [a for a in corpus.history if not a.right]
    if name == "banking77":
        unanswerable += [Ask(text=t, right=frozenset(), kind="far") for t in rng.sample(strangers("train"), 100)]
    answerable = [a for a in corpus.history if a.right]
    rng.shuffle(answerable)
    rng.shuffle(unanswerable)
    return World(
        corpus=corpus,
        encoder=CachedEncoder(name),
        answerable=answerable,
        unanswerable=unanswerable,
        share=UNANSWERABLE[name],
    )


# -- the parts ---------------------------------------------------------------------------------------------------------


def by_outcomes(world: World, most: int) -> list[Row]:
    rows: list[Row] = []
    stream = _thinned(world.corpus.stream, world.share)
    for n in (n for n in OUTCOMES if n <= most):
        suggester = _taught(world, world.mixed(n, world.share))
        judged = _judged(world, suggester, stream)
        rows.append({"outcomes": n, **_told(judged)})
    return rows


def by_group(world: World, most: int) -> list[Row]:
    """Mean p_any less what was right, by true category; `noise` is the half-width that chance alone explains."""
    suggester = _taught(world, world.mixed(most, world.share))
    stream = _thinned(world.corpus.stream, world.share)
    shown = ask_all(suggester, stream, world.encoder.of(stream))
    judged = judge(shown, stream)
    guessed = [a.shown[0] if a.shown else "" for a in shown]  # by what was said, as an owner sees groups
    gaps = [g for g in group_gaps(judged.p_any, judged.correct, guessed) if g.n >= 30]
    return [{"group": str(g.group), "n": g.n, "gap": round(g.gap, 4), "noise": round(g.noise, 4)} for g in gaps[:5]]


def under_shift(world: World, most: int) -> list[Row]:
    """The same bundle at the share it was built with, and at six times that, with and without re-estimating."""
    rows: list[Row] = []
    suggester = _taught(world, world.mixed(min(most, 1_000), SHARES[0]))
    for share in SHARES:
        stream = _thinned(world.corpus.stream, share)
        for observe in (False, True):
            judged = _judged(world, suggester, stream, observe=observe)
            told = _told(judged)
            if observe:
                told["share_estimated"] = round(suggester.none_share, 3)
            rows.append({"share": share, "re_estimated": observe, **told})
    return rows


def with_ignored(world: World, most: int) -> list[Row]:
    """What people ignored is missing; the control takes it for a dismissal; the anchor knows every answer."""
    asks = world.mixed(min(most, SLATES), world.share)
    stream = _thinned(world.corpus.stream, world.share)
    rows: list[Row] = []
    for rule, keeps in (("missing", False), ("taken for a no (control)", True)):
        examples = _clicked(world, asks, ignored_is_no=keeps)
        judged = _judged(world, _built(world, examples), stream)
        rows.append({"ignored": rule, "examples": len(examples), **_told(judged)})
    judged = _judged(world, _taught(world, asks), stream)
    rows.append({"ignored": "nothing: every answer known (anchor)", "examples": len(asks), **_told(judged)})
    return rows


PARTS: Mapping[str, Callable[[World, int], list[Row]]] = {
    "outcomes": by_outcomes,
    "groups": by_group,
    "shift": under_shift,
    "ignored": with_ignored,
}


# -- how ---------------------------------------------------------------------------------------------------------------


def _taught(world: World, known: Sequence[Ask]) -> Suggester:
    """A surface after these labels and, where they suffice, one retrain."""
    return _built(world, examples_of(known, catalog_of(world.corpus, world.encoder), world.encoder.of(known)))


def _built(world: World, examples: ExampleSet) -> Suggester:
    if examples.positives < FEWEST_POSITIVES:
        return remembering(examples)
    return train(examples, world.encoder).suggester


def _clicked(world: World, asks: Sequence[Ask], *, ignored_is_no: bool) -> ExampleSet:
    """Slates of the shipped prior, and what half-attentive people did with them."""
    catalog, rng = catalog_of(world.corpus, world.encoder), random.Random(7)
    begun = remembering(examples_of(world.answerable[-200:], catalog, world.encoder.of(world.answerable[-200:])))
    rows = stored(world.encoder.of(asks))
    examples: list[Example] = []
    for n, (ask, row) in enumerate(zip(asks, rows, strict=True)):
        shown = begun.rank(row, ask.text).ids[:K]
        slot = next((s for s, item in enumerate(shown) if item in ask.right), None)
        is_engaged, would_dismiss = rng.random() < P_ENGAGED, rng.random() < P_DISMISS
        example = Example(
            key=key_of(ask), text=ask.text, row=n, right=(), weight=weights.CLICK, order=float(n), click=True
        )
        if is_engaged and slot is not None:
            examples.append(replace(example, right=(shown[slot],), examined=shown[:slot], slot=slot))
        elif (is_engaged and would_dismiss) or ignored_is_no:
            examples.append(replace(example, examined=shown))
    return ExampleSet(examples=tuple(examples), embeddings=rows, catalog=catalog)


def _judged(world: World, suggester: Suggester, stream: Sequence[Ask], *, observe: bool = True) -> Judged:
    return judge(ask_all(suggester, stream, world.encoder.of(stream), observe=observe), stream)


def _told(judged: Judged) -> Row:
    found = figures(judged)
    floor = ece_noise_floor(judged.p_any, 200, np.random.default_rng(0))
    kept = {name: found[name] for name in ("top1", "top3", "ece", "nll", "auroc_near", "auroc_far") if name in found}
    kept |= {"ece_debiased": debiased_ece(judged.p_any, judged.correct), "ece_floor_p95": floor.p95}
    return {"n": len(judged), **{name: round(value, 4) for name, value in kept.items()}}


def _thinned(stream: Sequence[Ask], share: float) -> list[Ask]:
    """As many of the unanswerable as make up `share`, the rest as it is; order kept."""
    n_in = sum(1 for a in stream if a.right)
    left = round(n_in * share / (1 - share))
    kept = set(random.Random(3).sample([n for n, a in enumerate(stream) if not a.right], left))
    return [a for n, a in enumerate(stream) if a.right or n in kept]


def _shuffled(asks: list[Ask], *, seed: int) -> list[Ask]:
    random.Random(seed).shuffle(asks)
    return asks


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=[*PARTS, "all"], default="all")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--most", type=int, default=3_000)
    parser.add_argument("--corpus", choices=sorted(UNANSWERABLE), default="banking77")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    if not (DATA / asked.corpus).exists():
        print(f"{DATA / asked.corpus} is absent; set SUGGEST_DATA. Nothing was measured.", file=sys.stderr)
        return 1
    suffix = "" if asked.corpus == "banking77" else f"-{asked.corpus}"
    out = asked.out or Path(__file__).parent / "results" / f"calibration{suffix}.json"
    parts = list(PARTS) if asked.part == "all" else [asked.part]
    told: dict[str, object] = json.loads(out.read_text()) if out.exists() else {}
    for part in parts:
        seeds = {}
        for seed in range(asked.seeds):
            world = world_of(asked.corpus, seed)
            seeds[str(seed)] = PARTS[part](world, asked.most)
            world.encoder.save()
            for row in seeds[str(seed)]:
                print(part, f"seed {seed}", *(f"{name}={value}" for name, value in row.items()), flush=True)
        told[part] = {"by_seed": seeds, "most": asked.most, "machine": described()}
    told["licences"] = "BANKING77 CC BY 4.0; CLINC150 CC BY 3.0"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(told, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
