"""The test between champion and challenger: each on examples it had not seen, paired, with an interval.

The challenger is judged out of fold. The champion is judged directly on what came after its data, and by its own
out-of-fold record on what it was made from. No bundle serves that has not passed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from suggest.loop.examples import Example
from suggest.loop.scores import Score, measures, ndcg
from suggest.metrics.bootstrap import paired_bootstrap

FEWEST_PAIRS = 20  # paired examples below which nothing can be said
NLL_MARGIN = 0.02  # nats a challenger may be worse by, at most, at the interval's far end plus noise
NDCG_MARGIN = 0.01
ECE_MARGIN = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    passed: bool
    why: str
    n_pairs: int
    challenger: Mapping[str, float]
    champion: Mapping[str, float]
    differences: Mapping[str, Mapping[str, float]]  # challenger - champion: low, mid, high (90 %)
    ladder: Sequence[Mapping[str, object]]
    notes: Sequence[str] = ()

    def to_json(self) -> dict[str, object]:
        return {
            "verdict": "promote" if self.passed else "keep",
            "why": self.why,
            "n_pairs": self.n_pairs,
            "challenger": _rounded(self.challenger),
            "champion": _rounded(self.champion),
            "differences": {name: _rounded(d) for name, d in self.differences.items()},
            "ladder": [dict(rung) for rung in self.ladder],
            "notes": list(self.notes),
        }


def kept(why: str) -> GateReport:
    """There was nothing to compare: the champion stays."""
    return GateReport(passed=False, why=why, n_pairs=0, challenger={}, champion={}, differences={}, ladder=())


def judge(
    examples: Sequence[Example],
    challenger: Sequence[Score | None],
    champion: Sequence[Score | None],
    *,
    ladder: Sequence[Mapping[str, object]],
    seed: int,
) -> GateReport:
    """Promote unless the challenger is credibly worse in likelihood, order or calibration on the paired examples."""
    both = zip(examples, challenger, champion, strict=True)
    pairs = [(e, a, b) for e, a, b in both if a is not None and b is not None]
    if len(pairs) < FEWEST_PAIRS:
        return kept(f"{len(pairs)} examples can be compared; {FEWEST_PAIRS} are needed")
    of_pairs = [e for e, _, _ in pairs]
    ours, theirs = [a for _, a, _ in pairs], [b for _, _, b in pairs]
    here, there = measures(ours, of_pairs), measures(theirs, of_pairs)
    differences = {
        "nll": _difference([s.nll for s in ours], [s.nll for s in theirs], seed),
    }
    answerable = [n for n, e in enumerate(of_pairs) if e.right]
    if answerable:
        # a selection counts by what it stands for, or a champion would win by having been shown
        worth = np.array([of_pairs[n].stands_for * of_pairs[n].sure for n in answerable])
        worth /= worth.mean()
        a, b = ndcg([ours[n] for n in answerable]) * worth, ndcg([theirs[n] for n in answerable]) * worth
        differences["ndcg"] = _difference(a.tolist(), b.tolist(), seed)
    passed, why = _verdict(here, there, differences)
    return GateReport(
        passed=passed,
        why=why,
        n_pairs=len(pairs),
        challenger=here,
        champion=there,
        differences=differences,
        ladder=ladder,
    )


def _verdict(
    here: Mapping[str, float], there: Mapping[str, float], differences: Mapping[str, Mapping[str, float]]
) -> tuple[bool, str]:
    nll, ndcg_ = differences["nll"], differences.get("ndcg")
    if nll["mid"] > NLL_MARGIN and nll["low"] > 0:
        return False, f"likelihood is credibly worse: NLL {nll['mid']:+.3f} [{nll['low']:+.3f}, {nll['high']:+.3f}]"
    if ndcg_ is not None and ndcg_["mid"] < -NDCG_MARGIN and ndcg_["high"] < 0:
        return False, f"order is credibly worse: nDCG {ndcg_['mid']:+.3f} [{ndcg_['low']:+.3f}, {ndcg_['high']:+.3f}]"
    if "ece_p_any" in here:
        allowed = max(there.get("ece_p_any", 0.0) + ECE_MARGIN, here["ece_floor_p95"])
        if here["ece_p_any"] > allowed and nll["mid"] > 0:
            return False, f"p_any is calibrated worse: ECE {here['ece_p_any']:.3f}, allowed {allowed:.3f}"
    return True, f"not worse in any respect, NLL {nll['mid']:+.3f} [{nll['low']:+.3f}, {nll['high']:+.3f}]"


def _difference(ours: Sequence[float], theirs: Sequence[float], seed: int) -> dict[str, float]:
    interval = paired_bootstrap(
        np.asarray(ours, np.float64), np.asarray(theirs, np.float64), np.random.default_rng(seed), confidence=0.9
    )
    return {"low": interval.low, "mid": interval.mid, "high": interval.high}


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in values.items()}
