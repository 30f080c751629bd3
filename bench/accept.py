"""Does p_accept keep its word on people it has never seen? Two real logs of suggestions shown, taken and refused.

CoAuthor: 13,593 lists of one to five continuations shown to 39 writers. The writers are dealt to five folds; the
product's own model (`suggest.calibrate.accept`, columns of `suggest.calibrate.sitting`) learns the log of four folds in
the order of time, then meets the writers of the fifth, each of them new to it, and goes on learning from outcome to
outcome as it does in service. Every list is thus judged once, before its outcome is known, by a model that knew its
writer from earlier lists of the same log at most. "Open at the end" counts as not taken. The lists come with no
calibrated probability, so p_any is held at .9 for all.

CUPS (Copilot): 1,096 completions shown to 21 programmers, the same way; p_any is Copilot's own confidence.

    python -m bench.accept [--seeds 5] [--only coauthor|copilot_cups] [--out bench/results/accept.json]

Every row is written as it ends; a log that is not asked for keeps the rows it has.

Beside it: the one ratio that p_accept was before, and the model without one kind of evidence at a time. CoAuthor v1.0
(CC BY-SA 4.0, Lee, Liang & Yang, CHI 2022), CUPS (MIT, Microsoft), from SUGGEST_DATA."""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

import numpy as np

from bench.machine import described
from suggest.calibrate.accept import Moment
from suggest.calibrate.sitting import ACCEPT_FEATURES, Asked
from suggest.metrics.calibration import debiased_ece, ece, ece_noise_floor
from suggest.metrics.discrimination import auroc
from suggest.online.engagement import Engagement, field_names

DATA = Path(os.environ.get("SUGGEST_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
FOLDS = 5
AROUND = ("first", "place", "asked_again", "shown_again", "streak", "last", "pause")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    name: str
    writer: str
    asked: Asked
    taken: bool
    ended_at: float


def coauthor() -> list[Shown]:
    with gzip.open(DATA / "coauthor" / "coauthor_lists.jsonl.gz", "rt") as file:
        rows = [json.loads(line) for line in file]
    rows.sort(key=lambda row: row["shown_at_ms"])
    return [_list_shown(row) for row in rows]


def _list_shown(row: dict[str, object]) -> Shown:
    texts = [str(option["text"]) for option in row["suggestions"]]  # type: ignore[attr-defined]
    at = float(str(row["shown_at_ms"])) / 1000
    asked = Asked(
        at=at,
        p_any=0.9,
        options=tuple(texts),
        option_chars=float(np.mean([len(text) for text in texts])),
        context=str(row["context"]),
        text=str(row["context"]),
        user=str(row["worker"]),
        session=str(row["session"]),
        fields=field_names({name: row[name] for name in ("genre", "prompt", "temperature", "frequency_penalty")}),
    )
    decided_s = float(str(row["decided_after_ms"] or 10_000)) / 1000
    return Shown(
        name=str(row["list_id"]),
        writer=str(row["worker"]),
        asked=asked,
        taken=row["outcome"] == "select",
        ended_at=at + decided_s,
    )


def copilot() -> list[Shown]:
    """What was accepted or rejected; a completion came and went many times before, which is not a decision."""
    with gzip.open(DATA / "copilot_cups" / "events.jsonl.gz", "rt") as file:
        rows = [json.loads(line) for line in file]
    shown = []
    for n, row in enumerate(row for row in rows if row["state"] in {"Accepted", "Rejected"}):
        at = datetime.fromisoformat(row["time"].replace("Z", "+00:00")).timestamp()
        looked_s = float(row["measurements"].get("timeSinceDisplayedMs") or 0) / 1000
        asked = Asked(
            at=at - looked_s,
            p_any=float(row["measurements"].get("confidence") or 0.5),
            options=(str(row["suggestion"]),),
            option_chars=float(len(str(row["suggestion"]))),
            context=str(row["prompt_tail"]),
            text=str(row["prompt_tail"]),
            user=str(row["user"]),
            session=str(row["user"]),
        )
        taken = row["state"] == "Accepted"
        shown.append(Shown(name=f"c{n}", writer=str(row["user"]), asked=asked, taken=taken, ended_at=at))
    return sorted(shown, key=lambda each: each.asked.at)


class Ratio:
    """What p_accept was before: p_any times one ratio for everybody."""

    def __init__(self) -> None:
        self._taken, self._shown = 6.0, 10.0

    def meet(self, each: Shown) -> float:
        p = each.asked.p_any * min(1.0, self._taken / self._shown)
        self._taken, self._shown = self._taken + each.taken, self._shown + each.asked.p_any
        return p


class Product:
    """The living model, met as in service: asked, shown, decided."""

    def __init__(self, see: Callable[[Asked], Asked] = lambda asked: asked, *, blind: Sequence[str] = ()) -> None:
        self._engagement, self._see = _Blind(blind), see

    def meet(self, each: Shown) -> float:
        asked = self._see(each.asked)
        p = self._engagement.p(asked)
        self._engagement.served(each.name, asked)
        self._engagement.ended(each.name, taken=each.taken, at=each.ended_at)
        return p


class _Blind(Engagement):
    """Does not see some columns."""

    def __init__(self, columns: Sequence[str]) -> None:
        super().__init__()
        self._blind = [ACCEPT_FEATURES.index(name) for name in columns]

    def _moment(self, asked: Asked) -> Moment:
        seen = super()._moment(asked)
        seen.x[self._blind] = 0.0
        return seen


MODELS: dict[str, Callable[[], Ratio | Product]] = {
    "one ratio (before)": Ratio,
    "p_accept": Product,
    "without users": lambda: Product(lambda asked: replace(asked, user=None)),
    "without fields": lambda: Product(lambda asked: replace(asked, fields=())),
    "without what happened before": lambda: Product(blind=AROUND),
    "users and history only": lambda: Product(blind=ACCEPT_FEATURES[2:9]),
}


def dealt(shown: Sequence[Shown], seed: int) -> np.ndarray:
    """The fold of each list: that of its writer."""
    writers = sorted({each.writer for each in shown})
    order = np.random.default_rng(seed).permutation(len(writers))
    fold = {writers[w]: n % FOLDS for n, w in enumerate(order)}
    return np.array([fold[each.writer] for each in shown])


def play(shown: Sequence[Shown], model: Callable[[], Ratio | Product], folds: np.ndarray) -> np.ndarray:
    """(n,) what was said of each list before its outcome was known, its writer being new."""
    p = np.zeros(len(shown))
    for fold in range(FOLDS):
        living = model()
        for each, its in zip(shown, folds, strict=True):
            if its != fold:
                living.meet(each)
        for n in np.flatnonzero(folds == fold):
            p[n] = living.meet(shown[n])
    return p


def figures(p: np.ndarray, taken: np.ndarray, folds: np.ndarray) -> dict[str, object]:
    floor = ece_noise_floor(p, 200, np.random.default_rng(0))
    clipped = np.clip(p, 1e-6, 1 - 1e-6)
    nll = -np.where(taken > 0, np.log(clipped), np.log(1 - clipped)).mean()
    each = [auroc(p[folds == f], taken[folds == f]) for f in range(FOLDS)]
    told = {"auc": auroc(p, taken), "ece": ece(p, taken), "ece_debiased": debiased_ece(p, taken)}
    told |= {"ece_floor": floor.mean, "ece_floor_p95": floor.p95, "nll": nll}
    return {k: round(float(v), 4) for k, v in told.items()} | {"auc_by_fold": [round(float(a), 3) for a in each]}


def run(name: str, shown: Sequence[Shown], seeds: int, keep: Callable[[dict[str, object]], None]) -> None:
    taken = np.array([each.taken for each in shown], float)
    writers = {each.writer for each in shown}
    print(f"{name}: {len(shown)} shown, {len(writers)} people, {taken.mean():.3f} taken", flush=True)
    told: dict[str, object] = {
        "machine": described(),
        "n": len(shown),
        "people": len(writers),
        "taken": round(float(taken.mean()), 4),
    }
    for label, model in MODELS.items():
        of_seeds = []
        for seed in range(seeds if label in {"p_accept", "one ratio (before)"} else 1):
            folds = dealt(shown, seed)
            of_seeds.append(figures(play(shown, model, folds), taken, folds))
        first = of_seeds[0]
        spread = {k: [min(s[k] for s in of_seeds), max(s[k] for s in of_seeds)] for k in ("auc", "ece")}  # type: ignore[type-var]
        told[label] = first | ({"over_seeds": spread, "seeds": seeds} if len(of_seeds) > 1 else {})
        print(f"  {label:30} " + "  ".join(f"{k} {v}" for k, v in first.items()) + f"  {spread}", flush=True)
        keep(told)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", choices=sorted(LOGS))
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "accept.json")
    asked = parser.parse_args()
    if not (DATA / "coauthor").exists():
        print(f"The data folder {DATA} is absent; set SUGGEST_DATA. Nothing was measured.", file=sys.stderr)
        return 1
    told: dict[str, object] = json.loads(asked.out.read_text()) if asked.out.exists() else {}
    told["licences"] = "CoAuthor v1.0 CC BY-SA 4.0; Copilot CUPS MIT"

    def keep(log: str, rows: dict[str, object]) -> None:
        told[log] = rows
        asked.out.write_text(json.dumps(told, indent=1) + "\n")

    for log, (name, read) in LOGS.items():
        if asked.only in (None, log):
            run(name, read(), asked.seeds, partial(keep, log))
    print(f"written to {asked.out}")
    return 0


LOGS: dict[str, tuple[str, Callable[[], list[Shown]]]] = {
    "coauthor": ("CoAuthor", coauthor),
    "copilot_cups": ("Copilot CUPS", copilot),
}


if __name__ == "__main__":
    raise SystemExit(main())
