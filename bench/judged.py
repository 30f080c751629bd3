"""Figures of one method on one stream, with intervals, and whether the difference between two methods is noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.corpora import Ask
from suggest.config.stages import Told as Answer
from suggest.metrics.calibration import brier, debiased_ece, ece, ece_noise_floor, group_gaps
from suggest.metrics.discrimination import auroc
from suggest.metrics.ranking import ndcg_at_k, top_k_hits
from suggest.metrics.selective import coverage_at_precision

Floats = NDArray[np.float64]
RESAMPLES = 200
# figure -> is more better
FIGURES: Mapping[str, bool] = {
    "top1": True,
    "top3": True,
    "ndcg10": True,
    "nll": False,
    "ece": False,
    "brier": False,
    "auroc_far": True,
    "auroc_near": True,
    "cov90": True,
    "cov95": True,
    "cov98": True,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A method's answers against the truth, one row a context."""

    top1: Floats  # NaN where nothing is right
    top3: Floats
    ndcg10: Floats
    nll: Floats
    p_any: Floats
    correct: Floats  # a right option was in the slate
    is_in: NDArray[np.bool_]
    is_near: NDArray[np.bool_]
    is_far: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.p_any)

    def rows(self, which: NDArray[np.int64]) -> Judged:
        return Judged(**{name: getattr(self, name)[which] for name in self.__slots__})


def judge(answers: Sequence[Answer], stream: Sequence[Ask]) -> Judged:
    right = [ask.right for ask in stream]
    ranked, shown = [a.ranked for a in answers], [a.shown for a in answers]
    return Judged(
        top1=top_k_hits(shown, right, 1),
        top3=top_k_hits(shown, right, 3),
        ndcg10=ndcg_at_k(ranked, right, 10),
        nll=np.array([_nll(a, r) for a, r in zip(answers, right, strict=True)]),
        p_any=np.array([a.p_any for a in answers]),
        correct=np.array([float(any(i in r for i in a.shown)) for a, r in zip(answers, right, strict=True)]),
        is_in=np.array([a.kind == "in" for a in stream]),
        is_near=np.array([a.kind == "near" for a in stream]),
        is_far=np.array([a.kind == "far" for a in stream]),
    )


def _nll(answer: Answer, right: frozenset[str]) -> float:
    """-log P(what was so): the total of the shown right options, or that none of the shown is right."""
    held = [p for option, p in zip(answer.shown, answer.p_shown, strict=True) if option in right]
    return -float(np.log(max(sum(held) if held else 1.0 - answer.p_any, 1e-6)))


def figures(judged: Judged) -> dict[str, float]:
    """All of FIGURES; those that this stream cannot show are left out."""
    told = {
        "top1": float(np.nanmean(judged.top1)),
        "top3": float(np.nanmean(judged.top3)),
        "ndcg10": float(np.nanmean(judged.ndcg10)),
        "nll": float(judged.nll.mean()),
        "ece": ece(judged.p_any, judged.correct),
        "brier": brier(judged.p_any, judged.correct),
    }
    for name, outside in (("far", judged.is_far), ("near", judged.is_near)):
        if outside.sum() >= 10:
            both = judged.is_in | outside
            told[f"auroc_{name}"] = auroc(judged.p_any[both], judged.is_in[both].astype(float))
    for percent in (90, 95, 98):
        told[f"cov{percent}"] = coverage_at_precision(judged.p_any, judged.correct, percent / 100)
    return told


def beside(judged: Judged, stream: Sequence[Ask], *, seed: int = 0) -> dict[str, object]:
    """What stands beside the figures: the noise floor of the ECE, its debiased value, the worst group."""
    rng = np.random.default_rng(seed)
    floor = ece_noise_floor(judged.p_any, 200, rng)
    told: dict[str, object] = {
        "ece_debiased": debiased_ece(judged.p_any, judged.correct),
        "ece_floor": floor.mean,
        "ece_floor_p95": floor.p95,
        "p_any_mean": float(judged.p_any.mean()),
        "correct_mean": float(judged.correct.mean()),
    }
    named = [(n, a.group) for n, a in enumerate(stream) if a.group]
    if not named:
        return told
    gaps = group_gaps(judged.p_any[[n for n, _ in named]], judged.correct[[n for n, _ in named]], [g for _, g in named])
    large = [g for g in gaps if g.n >= 100]
    if large:
        worst = large[0]
        told["worst_group"] = {"group": str(worst.group), "n": worst.n, "gap": worst.gap, "noise": worst.noise}
    return told


def intervals(judged: Judged, *, seed: int = 0) -> dict[str, tuple[float, float]]:
    """Bootstrap 95 % of each figure over the contexts."""
    draws = _draws(len(judged), seed)
    found = [figures(judged.rows(which)) for which in draws]
    return {n: _quantiles([f[n] for f in found if n in f]) for n in figures(judged)}


def differences(ours: Judged, theirs: Judged, *, seed: int = 0) -> dict[str, tuple[float, float]]:
    """Bootstrap 95 % of (ours - theirs), both on the same resampled contexts."""
    found = [(figures(ours.rows(which)), figures(theirs.rows(which))) for which in _draws(len(ours), seed)]
    return {n: _quantiles([a[n] - b[n] for a, b in found if n in a and n in b]) for n in figures(ours)}


def verdict(name: str, ours: float, theirs: float, difference: tuple[float, float]) -> str:
    """first, within noise, or behind: for one figure against the best of the others."""
    sign = 1.0 if FIGURES[name] else -1.0
    if sign * (ours - theirs) >= 0:
        return "first"
    return "within noise" if max(sign * d for d in difference) >= 0 else "behind"


def rounded(values: Mapping[str, Any]) -> dict[str, Any]:
    """As results are kept: four decimals, intervals as lists."""
    return {name: _rounded(value) for name, value in values.items()}


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return rounded(value)
    if isinstance(value, tuple):
        return [_rounded(each) for each in value]
    return round(value, 4) if isinstance(value, float) else value


def _draws(n: int, seed: int) -> list[NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    return [rng.integers(0, n, n) for _ in range(RESAMPLES)]


def _quantiles(values: Sequence[float]) -> tuple[float, float]:
    return (float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975))) if values else (np.nan, np.nan)
