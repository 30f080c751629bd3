"""An ignored impression is missing, never negative, and what is missing with it does not bias p_any.

In this world 35 % look on one surface and 80 % on the other; who looks takes what is right and dismisses what is not,
four times in ten. The rest is silence. The calibrator is fitted as in a retrain, by the same code, under four readings
of the same 3,000 impressions, and judged on 5,000 fresh ones against the truth."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from suggest.calibrate.choice import ChoiceModel
from suggest.calibrate.fit_choice import fit_choice
from suggest.calibrate.prior import shipped_prior
from suggest.calibrate.silence import Audited
from suggest.domain import weight as weights
from suggest.loop.build import Predicted, _widened, predict
from suggest.loop.examples import Catalog, Example, ExampleSet
from suggest.loop.pools import Pools
from suggest.metrics.calibration import ece
from suggest.rank.features import SET_FEATURES
from suggest.rank.ranker import COLUMNS, Columns

pytestmark = pytest.mark.slow

SEEDS = range(10 if os.environ.get("SUGGEST_FULL") else 3)
N, N_FRESH, N_AUDITS = 3_000, 5_000, 200
LOOK, DISMISS = (0.35, 0.80), 0.4
IDS = ("a", "b", "c")


def nature() -> ChoiceModel:
    """Not the prior: options speak louder, and nothing is right more often."""
    prior = _widened(shipped_prior())
    return replace(prior, theta=prior.theta * 1.25, bias=prior.bias + 0.8)


def drawn(rng: np.random.Generator) -> Columns:
    """A pool of three, one of them nearer than the others, or not."""
    named = rng.uniform(0.05, 0.45, 3)
    named[rng.integers(3)] += rng.uniform(0.0, 0.5)
    option = np.zeros((3, len(COLUMNS)), np.float32)
    for name, values in (("name_cosine", named), ("best_cosine", named), ("second_cosine", named - 0.2)):
        option[:, COLUMNS.index(name)] = values
    pool = np.zeros(len(SET_FEATURES), np.float32)
    for name in ("max_name", "max_best", "max_centroid", "near"):
        pool[SET_FEATURES.index(name)] = named.max()
    return Columns(option=option, pool=pool)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    columns: Columns
    right: str | None  # what nature knows
    act: str  # what the log knows: select, dismiss or nothing


def live(rng: np.random.Generator, n: int) -> list[Seen]:
    truth, seen = nature(), []
    for i in range(n):
        columns = drawn(rng)
        p, nones = predict(truth, columns)
        at = int(rng.choice(len(IDS) + 2, p=np.concatenate([p, nones])))
        right = IDS[at] if at < len(IDS) else None
        looks = rng.random() < LOOK[i % 2]
        act = "select" if looks and right else "dismiss" if looks and rng.random() < DISMISS else ""
        seen.append(Seen(columns=columns, right=right, act=act))
    return seen


def audit(seen: list[Seen], rng: np.random.Generator) -> tuple[Audited, list[Seen]]:
    """What people found in a random sample of all impressions, and that sample."""
    picked = [seen[i] for i in rng.choice(len(seen), N_AUDITS, replace=False)]
    found = Audited(
        right=sum(s.right is not None for s in picked),
        wrong=sum(s.right is None for s in picked),
        selected=sum(s.act == "select" for s in seen),
        dismissed=sum(s.act == "dismiss" for s in seen),
    )
    return found, picked


def fitted(seen: list[Seen], told: list[str | None], audited: Audited, verdicts: Sequence[Seen] = ()) -> ChoiceModel:
    """As in a retrain. `told`: what each impression says is right, "" for none of these; None where it says nothing."""
    examples: list[Example] = []
    predicted: list[Predicted] = []
    for one, item in zip(seen, told, strict=True):
        if item is None:
            continue
        n = len(examples)
        examples.append(
            Example(
                key=str(n), text="", row=0, right=(item,) if item else (), weight=weights.CLICK, order=float(n),
                click=True, examined=() if item else IDS, slot=IDS.index(item) if item else 0, shown=IDS,
            )
        )  # fmt: skip
        predicted.append(Predicted(example=n, ids=IDS, columns=one.columns))
    for one in verdicts:  # a verdict is a label
        n = len(examples)
        right = (one.right,) if one.right else ()
        examples.append(
            Example(key=str(n), text="", row=0, right=right, weight=weights.LABEL, order=float(n), click=False)
        )
        predicted.append(Predicted(example=n, ids=IDS, columns=one.columns))
    nothing = np.zeros((0, 4), np.float32)
    known = ExampleSet(
        examples=tuple(examples),
        embeddings=np.ones((1, 4), np.float32),
        catalog=Catalog(ids=(), texts=(), embeddings=nothing),
        audited=audited,
    )
    everything = np.ones(len(examples), bool)
    return fit_choice(_widened(shipped_prior()), Pools.of(known, predicted, None).choices(everything))


def off(model: ChoiceModel, fresh: list[Seen]) -> float:
    p_any = np.array([predict(model, each.columns)[0].sum() for each in fresh])
    return float(ece(p_any, np.array([each.right is not None for each in fresh], float)))


def test_silence_does_not_bias_p_any() -> None:
    """Mean ECE of p_any over the seeds. Dropping silence costs two points of bias, of which audits take away most; what
    is left is the doubt of 200 audits (.004 from chance alone on 5,000 impressions)."""
    figures: dict[str, list[float]] = {"ignored is no": [], "dropped": [], "odds corrected": [], "all known": []}
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        seen, fresh = live(rng, N), live(rng, N_FRESH)
        decided: list[str | None] = [s.right if s.act == "select" else "" if s.act else None for s in seen]
        audited, picked = audit(seen, rng)
        readings: dict[str, ChoiceModel] = {
            "ignored is no": fitted(seen, [each or "" for each in decided], Audited()),
            "dropped": fitted(seen, decided, Audited()),
            "odds corrected": fitted(seen, decided, audited, picked),
            "all known": fitted(seen, [s.right or "" for s in seen], Audited()),
        }
        for name, model in readings.items():
            figures[name].append(off(model, fresh))
    told_means = {name: float(np.mean(each)) for name, each in figures.items()}
    print({name: f"{np.mean(each):.4f} [{min(each):.4f}, {max(each):.4f}]" for name, each in figures.items()})
    assert told_means["ignored is no"] > 0.2
    assert told_means["odds corrected"] < 0.7 * told_means["dropped"]
    assert told_means["odds corrected"] <= 0.018
