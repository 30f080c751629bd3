"""Does a consensus model beat the majority vote on real verdicts? nl2bash: A, B and C on suggested commands.

    python -m bench.consensus [--seeds 20] [--out bench/results/consensus.json]

C was asked where A and B disagreed, and the agreed verdict is the majority of the three. Here C's votes and the agreed
verdicts of half of the items are hidden. From A and B alone, and from what C said on the other half, the verdicts of
the hidden half are to be found. A majority of two is a tie where they disagree, which is where anything can be won:

- `majority, coin`: ties by a fair coin (its expectation);
- `majority, usual`: ties by the verdict that is more frequent among all known items;
- `majority, tie-break`: ties by the verdict that is more frequent among the known disagreements;
- `one coin`, `matrix`: the two consensus models of suggest/metrics/consensus.py.

Read `ties`: accuracy on items that A and B disagree on. Log loss is over all hidden items, in nats, lower is better; a
majority vote has none, since it claims certainty."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.corpora import DATA
from bench.machine import described
from suggest.metrics.consensus import PRIOR_RIGHT, PRIOR_WRONG, accuracies, fit_dawid_skene, one_coin

FILES = ("dev.samples", "test.stc", "test.tellina")
KINDS = ("template", "command")
NOBODY = -1


@dataclass(frozen=True)
class Verdicts:
    """One file and kind: votes of A, B, C and the agreed verdict, one row an item."""

    name: str
    votes: NDArray[np.int64]  # (n, 3), NOBODY where there is none
    truth: NDArray[np.int64]  # (n,)


def read(folder: Path) -> Iterator[Verdicts]:
    said = {"y": 1, "n": 0, "": NOBODY}
    for file in FILES:
        with (folder / "nl2bash" / f"manual.evaluations.{file}.csv").open(newline="", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
        for kind in KINDS:
            votes = np.array([[said[row[f"correct {kind} {who}"].strip()] for who in "ABC"] for row in rows])
            truth = np.array([said[row[f"correct {kind}"].strip()] for row in rows])
            yield Verdicts(name=f"{file} {kind}", votes=votes, truth=truth)


def measure(verdicts: Verdicts, seed: int) -> dict[str, dict[str, float]]:
    """Accuracy on ties, over all hidden items, and log loss, by method."""
    n = len(verdicts.truth)
    hidden = np.zeros(n, bool)
    hidden[np.random.default_rng(seed).permutation(n)[: n // 2]] = True
    votes = verdicts.votes.copy()
    votes[hidden, 2] = NOBODY
    tied, known = votes[:, 0] != votes[:, 1], ~hidden
    usual = int(verdicts.truth[known].mean() >= 0.5)
    tie_break = int(verdicts.truth[known & tied].mean() >= 0.5)
    item, worker = np.nonzero(votes != NOBODY)
    agreed = votes[:, 0].astype(np.float64)
    fit = fit_dawid_skene(item, worker, votes[item, worker], k=2, n_items=n, n_workers=3)
    found = {
        "majority, coin": np.where(tied, 0.5, agreed),
        "majority, usual": np.where(tied, usual, agreed),
        "majority, tie-break": np.where(tied, tie_break, agreed),
        "one coin": _one_coin(votes),
        "matrix": fit.posterior[:, 1],
    }
    return {name: _figures(p[hidden], verdicts.truth[hidden], tied[hidden]) for name, p in found.items()}


def _one_coin(votes: NDArray[np.int64]) -> NDArray[np.float64]:
    told = [(str(i), str(w), int(votes[i, w])) for i, w in np.argwhere(votes != NOBODY)]
    rates = {
        w: (PRIOR_RIGHT + right) / (PRIOR_RIGHT + PRIOR_WRONG + count)
        for w, (right, count) in accuracies(told, {}).items()
    }
    p = np.empty(len(votes))
    for i, row in enumerate(votes):
        said = one_coin([(int(vote), rates[str(w)]) for w, vote in enumerate(row) if vote != NOBODY], 2)
        p[i] = said[1] if 1 in said else 1.0 - said[0]
    return p


def _figures(p: NDArray[np.float64], truth: NDArray[np.int64], tied: NDArray[np.bool_]) -> dict[str, float]:
    right = np.where(p == 0.5, 0.5, (p > 0.5) == (truth == 1))
    clipped = np.clip(p, 1e-12, 1 - 1e-12)
    loss = -np.where(truth == 1, np.log(clipped), np.log(1 - clipped))
    claims_certainty = bool(np.isin(p, (0.0, 0.5, 1.0)).all())
    figures = {"ties": float(right[tied].mean()), "all": float(right.mean())}
    return figures if claims_certainty else {**figures, "log_loss": float(loss.mean())}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "consensus.json")
    asked = parser.parse_args()
    if not (DATA / "nl2bash").is_dir():
        print(f"The data folder {DATA} is absent; set SUGGEST_DATA. Nothing was measured.", file=sys.stderr)
        return 1
    report: dict[str, object] = {"machine": described(), "seeds": asked.seeds}
    means: dict[str, list[float]] = {}
    print(f"{asked.seeds} random halves; share of hidden verdicts found on ties | on all | log loss")
    for verdicts in read(DATA):
        runs = [measure(verdicts, seed) for seed in range(asked.seeds)]
        print(f"\n{verdicts.name}: {len(verdicts.truth)} items")
        report[verdicts.name] = {}
        for name in runs[0]:
            ties = np.array([run[name]["ties"] for run in runs])
            rest = {key: float(np.mean([run[name][key] for run in runs])) for key in runs[0][name]}
            means.setdefault(name, []).append(float(ties.mean()))
            report[verdicts.name][name] = {**rest, "ties_sd": float(ties.std())}  # type: ignore[index]  # free-form
            loss = f"{rest['log_loss']:.3f}" if "log_loss" in rest else "-"
            print(f"  {name:20} {ties.mean():.3f} ± {ties.std():.3f} | {rest['all']:.4f} | {loss}")
    print("\nties, mean over the six sets")
    for name, each in means.items():
        print(f"  {name:20} {np.mean(each):.3f}")
    report["mean on ties"] = {name: float(np.mean(each)) for name, each in means.items()}
    asked.out.write_text(json.dumps(report, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
