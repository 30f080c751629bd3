"""Where do the shipped weights come from? Fit them again, and judge both on catalogs neither has seen.

`suggest/calibrate/prior.json` is what a surface without outcomes of its own starts from. It is fitted on the training
split of CLINC150 (CC BY 3.0, Larson et al. 2019): catalogs of 8 to 120 of its intents, each option with 0 to 30 past
contexts, a tenth of the requests *near* (an intent of the same domains that is not in the catalog) and a tenth *far*
(out of scope, or of a domain that the catalog knows nothing of). No option names it by its words: word overlap is worth
what a surface's own data say.

    python -m bench.fit_prior [--catalogs 400] [--seed 0] [--write prior.json]

Judged on requests of the CLINC150 validation split in new catalogs, and on BANKING77 training rows (CC BY 4.0,
Casanueva et al. 2020), a surface of another trade whose 77 categories are much alike. Encoding is nearly all of the
time; the vectors are kept for the next run."""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.encoded import CachedEncoder
from bench.machine import described
from suggest.calibrate.choice import ChoiceModel, probabilities
from suggest.calibrate.fit_choice import Choices, fit_choice
from suggest.calibrate.prior import shipped_prior
from suggest.metrics.calibration import ece, ece_noise_floor
from suggest.metrics.discrimination import auroc
from suggest.rank.evidence import Evidence
from suggest.rank.features import NEIGHBOURS
from suggest.rank.ranker import Columns, Ranker

DATA = Path(os.environ.get("SUGGEST_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
OPTION_NAMES, SET_NAMES = shipped_prior().option_names, shipped_prior().set_names  # the columns are a choice of ours
FEWEST_OPTIONS, MOST_OPTIONS, MOST_CONTEXTS = 8, 120, 30
REQUESTS, NEAR_SHARE, FAR_SHARE = 50, 0.1, 0.1  # of a catalog
OUT_OF_SCOPE = "oos"
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Texts of known intents, to make catalogs of: requests never are past contexts too."""

    names: dict[str, Floats]  # intent -> the vector of its name
    domains: dict[str, str]  # intent -> domain
    contexts: dict[str, Floats]  # intent -> (n, d): what past contexts are drawn from
    requests: dict[str, Floats]  # intent -> (n, d): what is asked
    strangers: Floats  # (n, d): out of scope
    has_own_contexts: bool = True  # requests and contexts are the same texts: a request is left out of the memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    columns: Columns
    right: int  # place of the right option; -1: none
    kind: int  # 0 answerable, 1 near, 2 far


def catalogs(corpus: Corpus, n: int, rng: np.random.Generator) -> list[Asked]:
    return [asked for _ in range(n) for asked in _catalog(corpus, rng)]


def _catalog(corpus: Corpus, rng: np.random.Generator) -> list[Asked]:
    intents = sorted(corpus.names)
    most = min(MOST_OPTIONS, len(intents) - 8)  # some are left to be near
    n_options = int(np.exp(rng.uniform(np.log(FEWEST_OPTIONS), np.log(most + 1))))
    domains = sorted(set(corpus.domains.values()))
    if len(domains) > 2 and rng.random() < 0.5:  # a shop that knows some trades only
        held = set(rng.choice(domains, size=int(rng.integers(2, len(domains))), replace=False))
        intents = [i for i in intents if corpus.domains[i] in held]
        n_options = min(n_options, max(FEWEST_OPTIONS, len(intents) - 4))
    options = [str(i) for i in rng.choice(intents, size=min(n_options, len(intents)), replace=False)]
    known = {corpus.domains[i] for i in options}
    near = [i for i in sorted(corpus.names) if i not in options and corpus.domains[i] in known]
    elsewhere = [i for i in sorted(corpus.names) if corpus.domains[i] not in known]
    most_contexts = int(rng.choice([0, 1, 3, 10, MOST_CONTEXTS]))
    memory, place, taken = [], [], {}
    for j, intent in enumerate(options):
        rows = rng.permutation(len(corpus.contexts[intent]))[: int(rng.integers(0, most_contexts + 1))]
        memory.append(corpus.contexts[intent][rows])
        place += [j] * len(rows)
        taken[intent] = set(rows.tolist()) if corpus.has_own_contexts else set()
    remembered = np.concatenate(memory)
    places = np.array(place, np.int64)
    names = np.stack([corpus.names[i] for i in options])
    asked = []
    for _ in range(REQUESTS):
        chance = rng.random()
        if chance < FAR_SHARE:
            pool = corpus.strangers
            if elsewhere and rng.random() < 0.5:
                pool = corpus.requests[str(rng.choice(elsewhere))]
            asked.append(_ask(names, remembered, places, pool[rng.integers(len(pool))], right=-1, kind=2))
        elif chance < FAR_SHARE + NEAR_SHARE and near:
            pool = corpus.requests[str(rng.choice(near))]
            asked.append(_ask(names, remembered, places, pool[rng.integers(len(pool))], right=-1, kind=1))
        else:
            right = int(rng.integers(len(options)))
            free = [r for r in range(len(corpus.requests[options[right]])) if r not in taken[options[right]]]
            query = corpus.requests[options[right]][rng.choice(free)]
            asked.append(_ask(names, remembered, places, query, right=right, kind=0))
    return asked


def _ask(names: Floats, memory: Floats, places: NDArray[np.int64], query: Floats, *, right: int, kind: int) -> Asked:
    n = len(names)
    mass = np.bincount(places, minlength=n).astype(np.float32)
    sums = np.zeros_like(names)
    np.add.at(sums, places, memory)
    cosines = memory @ query
    near = np.argsort(-cosines)[:NEIGHBOURS]
    norms = np.linalg.norm(sums, axis=1)
    evidence = Evidence(
        ids=tuple(map(str, range(n))),
        embedding=query,
        name_cosine=names @ query,
        centroid_cosine=(np.where(norms > 1e-3, sums @ query / np.maximum(norms, 1e-3), 0.0)).astype(np.float32),
        memory_weight=mass,
        lexical=np.zeros(n, np.float32),
        neighbour_items=[str(places[j]) for j in near],
        neighbour_cosines=cosines[near],
        neighbour_weights=np.ones(len(near), np.float32),
    )
    return Asked(columns=Ranker().columns(evidence), right=right, kind=kind)


def fitted(asked: Sequence[Asked]) -> ChoiceModel:
    """From nothing: a weak pull towards zero, per standard deviation of each column."""
    lengths = [len(each.columns.option) for each in asked]
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
    possible = np.zeros(sum(lengths), np.bool_)
    for start, each in zip(starts, asked, strict=True):
        if each.right >= 0:
            possible[start + each.right] = True
    seen = Choices(
        z=np.concatenate([each.columns.named(OPTION_NAMES) for each in asked]),
        starts=starts,
        possible=possible,
        none_possible=np.array([[each.kind == 1, each.kind == 2] for each in asked]),
        g=np.stack([each.columns.pool_named(SET_NAMES) for each in asked]),
        weight=np.ones(len(asked)),
    )
    m = len(SET_NAMES)
    nothing = ChoiceModel(
        option_names=OPTION_NAMES,
        theta=np.zeros(len(OPTION_NAMES)),
        set_names=SET_NAMES,
        bias=np.zeros(2),
        w=np.zeros((2, m)),
        mean=np.zeros(m),
        scale=np.ones(m),
        shares=np.array([1.0 - NEAR_SHARE - FAR_SHARE, NEAR_SHARE, FAR_SHARE]),
        known=(0, 0),  # nothing of the surface that will serve with it
    )
    return fit_choice(nothing, seen)


def judged(model: ChoiceModel, asked: Sequence[Asked]) -> dict[str, float]:
    """How right, and how honest, on requests it was not fitted on; nothing is re-estimated."""
    nll, first, p_any, p_none, p_right = [], [], [], [], []
    kinds = np.array([each.kind for each in asked])
    for each in asked:
        u = model.utilities(each.columns.named(model.option_names))
        p, none = probabilities(u, model.none_logits(each.columns.pool_named(model.set_names)))
        nll.append(-np.log(max(p[each.right] if each.right >= 0 else none.sum(), 1e-12)))
        first.append(int(np.argmax(p)) == each.right)
        top = np.argsort(-p)[:3]
        p_any.append(float(p[top].sum()))
        p_right.append(each.right in top)
        p_none.append(float(p.sum()))
    some, right = np.array(p_none), np.array(p_right)
    answerable = kinds == 0
    told = {
        "nll": float(np.mean(nll)),
        "top1": float(np.mean(np.array(first)[answerable])),
        "top3": float(right[answerable].mean()),
        "ece_p_any": ece(p_any, right),
        "ece_floor_p95": ece_noise_floor(p_any, 200, np.random.default_rng(0)).p95,
    }
    for kind, name in ((1, "auroc_near"), (2, "auroc_far")):
        which = answerable | (kinds == kind)
        told[name] = auroc(some[which], answerable[which])
    return {name: round(value, 4) for name, value in told.items()}


# -- texts -------------------------------------------------------------------------------------------------------------


def clinc(encoder: CachedEncoder, *, requests: str) -> Corpus:
    """`requests`: the split that is asked; past contexts are always of the training split."""
    whole = json.loads((DATA / "clinc150" / "clinc150_train_val.json").read_text())
    domains = json.loads((DATA / "clinc150" / "domains.json").read_text())
    of_domain = {intent: domain for domain, intents in domains.items() for intent in intents}
    contexts = _by_intent(whole["train"], encoder)
    return Corpus(
        names=_names(sorted(contexts), encoder),
        domains={intent: of_domain[intent] for intent in contexts},
        contexts=contexts,
        requests=contexts if requests == "train" else _by_intent(whole[requests], encoder),
        strangers=encoder.encode([text for text, _ in whole[f"oos_{requests}"]]),
        has_own_contexts=requests == "train",
    )


def banking(encoder: CachedEncoder, strangers: Floats) -> Corpus:
    with (DATA / "banking77" / "train.csv").open() as file:
        rows = [(row["text"], row["category"]) for row in csv.DictReader(file)]
    contexts = _by_intent(rows, encoder)
    return Corpus(
        names=_names(sorted(contexts), encoder),
        domains=dict.fromkeys(contexts, "bank"),
        contexts=contexts,
        requests=contexts,
        strangers=strangers,
    )


def _names(intents: Sequence[str], encoder: CachedEncoder) -> dict[str, Floats]:
    rows = encoder.encode([intent.replace("_", " ") for intent in intents])
    return dict(zip(intents, rows, strict=True))


def _by_intent(rows: Sequence[Sequence[str]], encoder: CachedEncoder) -> dict[str, Floats]:
    vectors = encoder.encode([text for text, _ in rows])
    intents = np.array([intent for _, intent in rows])
    return {str(intent): vectors[intents == intent] for intent in np.unique(intents) if intent != OUT_OF_SCOPE}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--catalogs", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", type=Path, help="also write the fitted weights here")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "fit_prior.json")
    asked = parser.parse_args()
    if not (DATA / "clinc150").exists():
        print(f"The data folder {DATA} is absent; set SUGGEST_DATA. Nothing was measured.", file=sys.stderr)
        return 1
    of_clinc, of_banking = CachedEncoder("clinc150"), CachedEncoder("banking77")
    rng = np.random.default_rng(asked.seed)
    model = fitted(catalogs(clinc(of_clinc, requests="train"), asked.catalogs, rng))
    fresh = clinc(of_clinc, requests="val")
    worlds = {
        "CLINC150 val, new catalogs": catalogs(fresh, 100, np.random.default_rng([asked.seed, 1])),
        "BANKING77 train": catalogs(banking(of_banking, fresh.strangers), 100, np.random.default_rng([asked.seed, 2])),
    }
    of_clinc.save()
    of_banking.save()
    told: dict[str, object] = {"machine": described(), "seed": asked.seed, "catalogs": asked.catalogs}
    for name, world in worlds.items():
        both = {"fitted now": judged(model, world), "shipped": judged(shipped_prior(), world)}
        told[name] = both
        for which, figures in both.items():
            print(f"{name:28} {which:10}  " + "  ".join(f"{key} {value}" for key, value in figures.items()))
    told["fitted"] = model.to_json()
    told["licences"] = "CLINC150 CC BY 3.0; BANKING77 CC BY 4.0"
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(told, indent=1) + "\n")
    if asked.write is not None:
        asked.write.write_text(json.dumps(model.to_json()) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
