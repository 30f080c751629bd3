"""Is the slider's promise kept: on draws from one population, and while the world moves?

    python -m bench.slider [--draws 500] [--seeds 20] [--out bench/results/slider.json]

`draws`: thresholds from n labels for targets .95 and .98, judged on the whole population: how often the promise is
broken (at most delta = .1 is promised), and how much is shown, against the most that could be (oracle, in hindsight).
Once with n labels, and once with the 1,000 more that a test with a labelled pilot would need besides. `any pass` is the
loosest line that the exact test passes at, which promises nothing: no test of these labels could show more. The plug-in
line (loosest that looks right on the sample) shows what the test costs and why it is there.

`streams`: 9,000 requests whose unanswerable share moves, target .95. `clinc150` 3 -> 30 -> 10 %, on which the watch's
constants were set; `banking77` 3 -> 25 -> 10 -> 30 %, on which nothing was set. Two ways of hearing of it: `all` (each
answer becomes known, as in facts measured before) and `some` (half of the right ones are selected, 30 % of the wrong
ones dismissed, the rest is silence; 5 % are audited; escalated ones are all answered). Figures: share shown, precision
of the worst of the disjoint windows of 500 shown requests (mean over seeds), and the same for a line that knows the
truth and lies exactly at the target (`floor`: what chance alone does to the worst window)."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from bench.machine import described
from bench.scores import DATA, LICENCES, Population, population
from suggest.metrics.selective import risk_coverage
from suggest.policy.judging import Engagement
from suggest.policy.threshold import SEND_ALL, Certified, certify
from suggest.policy.watch import Judged, Rules, Watch

DELTA, TARGET, WINDOW, AUDIT_RATE = 0.1, 0.95, 500, 0.05
P_SELECT, P_DISMISS = 0.5, 0.3  # of `some`
N_FIRST = 600  # labels before a stream begins
N_PILOT = 1_000  # labels that a pilot would take
STREAMS: dict[str, tuple[tuple[int, float], ...]] = {
    "clinc150": ((3_000, 0.03), (3_000, 0.30), (3_000, 0.10)),
    "banking77": ((2_500, 0.03), (2_000, 0.25), (2_500, 0.10), (2_000, 0.30)),
}
Bools: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]


# -- draws -------------------------------------------------------------------------------------------------------------


def plug_in(p: Floats, right: Bools, target: float) -> float:
    """The loosest threshold that looks right on this sample."""
    curve = risk_coverage(p, right)
    good = np.flatnonzero(1.0 - curve.risk >= target)
    return float(curve.threshold[good[-1]]) if len(good) else SEND_ALL


def loosest_passing(p: Floats, right: Bools, target: float) -> float:
    """The loosest threshold that the exact test passes at, whichever failed before: the most that such a test could
    certify, if one knew where to look. Nobody may: it promises nothing."""
    order = np.argsort(-p, kind="stable")
    shown = np.arange(1, len(p) + 1)
    passes = binom.cdf(np.cumsum(~right[order]), shown, 1.0 - target) <= DELTA  # the same as ours, faster
    return float(p[order][np.flatnonzero(passes)[-1]]) if passes.any() else SEND_ALL


def certified(p: Floats, right: Bools, target: float) -> float:
    found = certify(p, right, target=target, delta=DELTA)
    return found.threshold if isinstance(found, Certified) else SEND_ALL


def draws(name: str, n_draws: int) -> list[dict[str, object]]:
    people = population(name)
    whole = people.mixed(60_000, 0.10, np.random.default_rng(7))
    order = np.argsort(people.p_any[whole])
    p, right = people.p_any[whole][order], people.correct[whole][order]
    right_from = np.append(np.cumsum(right[::-1])[::-1], 0)
    told: list[dict[str, object]] = []
    for n, target in ((300, 0.95), (1_000, 0.95), (1_000, 0.98), (3_000, 0.98)):
        best = float(np.mean(p >= plug_in(p, right, target)))
        found: dict[tuple[str, int], list[tuple[float, float]]] = {}
        for seed in range(n_draws):
            drawn = people.mixed(n + N_PILOT, 0.10, np.random.default_rng(seed))
            for method, line in (("certified", certified), ("any pass", loosest_passing), ("plug-in", plug_in)):
                for rows in (drawn[N_PILOT:], drawn):
                    at = line(people.p_any[rows], people.correct[rows], target)
                    first = int(np.searchsorted(p, at, "left"))
                    n_shown = len(p) - first
                    precision = right_from[first] / n_shown if n_shown else 1.0
                    found.setdefault((method, len(rows)), []).append((precision, n_shown / len(p)))
        for (method, labels), rows_of in found.items():
            precision, share = np.array(rows_of).T
            told.append(
                {
                    "population": name,
                    "method": method,
                    "n": n,
                    "labels": labels,
                    "target": target,
                    "violations": round(float(np.mean(precision < target)), 4),
                    "none": round(float(np.mean(share == 0)), 4),
                    "shown": round(float(share.mean()), 4),
                    "oracle_shown": round(best, 4),
                    "of_oracle": round(float(share.mean()) / best, 4) if best else None,
                }
            )
            print("  ".join(f"{key} {value}" for key, value in told[-1].items()), flush=True)
    return told


# -- streams -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Requests in order, and labelled ones from before they began."""

    p: Floats
    right: Bools
    first_p: Floats
    first_right: Bools


def stream(people: Population, name: str, seed: int) -> Stream:
    rng = np.random.default_rng([seed, 11])
    first = people.mixed(N_FIRST, STREAMS[name][0][1], rng)
    rows = np.concatenate([people.mixed(n, share, rng) for n, share in STREAMS[name]])
    return Stream(
        p=people.p_any[rows], right=people.correct[rows], first_p=people.p_any[first], first_right=people.correct[first]
    )


def static_line(told: Stream, seed: int) -> float:
    found = certify(told.first_p, told.first_right, target=TARGET, delta=DELTA)
    return found.threshold if isinstance(found, Certified) else TARGET


@dataclass(slots=True)
class Keeper:
    """The watch as the service runs it: what becomes known of each request, and the line for the next."""

    base: float
    hears_all: bool
    rules: Rules
    rng: np.random.Generator
    watch: Watch = field(init=False)
    engagement: Engagement = field(default_factory=Engagement)
    alarms: int = 0

    def __post_init__(self) -> None:
        self.watch = Watch(target=TARGET, rules=self.rules)

    def line(self) -> float:
        return self.watch.threshold(self.base)

    def hear(self, p: float, right: bool, shown: bool) -> None:
        u, lot = self.rng.random(3), self.rng.random()
        audited = shown and u[0] < AUDIT_RATE
        if not self.hears_all:
            told = u[1] < (P_SELECT if right else P_DISMISS)
            rate = self.engagement.inclusion(AUDIT_RATE)
            if audited:
                self.engagement = self.engagement.after(right=right, told=told)
            elif shown and (not told or (right and lot >= self.engagement.kept_selections)):
                return  # silence, or a selection too many
            elif not shown and lot >= rate:
                return
        self.watch = self.watch.after(Judged(p=p, right=right, counts=shown, audited=audited))
        self.alarms += self.watch.turn is not None and self.watch.turn.kind == "alarm"


def followed(told: Stream, line: Callable[[], float], hear: Callable[[float, bool, bool], None]) -> Bools:
    """Which requests were shown."""
    shown = np.zeros(len(told.p), bool)
    for i, (p, right) in enumerate(zip(told.p.tolist(), told.right.tolist(), strict=True)):
        shown[i] = p >= line()
        hear(p, right, bool(shown[i]))
    return shown


def worst_window(right_of_shown: Bools) -> float:
    n = len(right_of_shown) // WINDOW
    return float(right_of_shown[: n * WINDOW].reshape(n, WINDOW).mean(axis=1).min()) if n else 1.0


def below(right_of_shown: Bools, bar: float) -> float:
    n = len(right_of_shown) // WINDOW
    return float((right_of_shown[: n * WINDOW].reshape(n, WINDOW).mean(axis=1) < bar).mean()) if n else 0.0


def shown_by(method: str, told: Stream, seed: int, rules: Rules) -> tuple[Bools, int]:
    base = static_line(told, seed)
    if method == "static":
        return told.p >= base, 0
    if method == "plug-in":
        return told.p >= plug_in(told.first_p, told.first_right, TARGET), 0
    keeper = Keeper(base, method == "watch, all heard", rules, np.random.default_rng([seed, 12]))
    return followed(told, keeper.line, keeper.hear), keeper.alarms


METHODS = ("static", "plug-in", "watch, all heard", "watch, some heard")


def streams(name: str, seeds: Sequence[int], rules: Rules, methods: Sequence[str] = METHODS) -> list[dict[str, object]]:
    people = population(name)
    done: list[dict[str, object]] = []
    for method in methods:
        rows = []
        for seed in seeds:
            told = stream(people, name, seed)
            shown, alarms = shown_by(method, told, seed, rules)
            right = told.right[shown]
            rows.append((worst_window(right), right.mean(), shown.mean(), below(right, 0.94), alarms))
        worst, precision, share, low, alarms_of = np.array(rows).T
        done.append(
            {
                "stream": name,
                "method": method,
                "worst_window": round(float(worst.mean()), 4),
                "worst_window_se": round(float(worst.std(ddof=1) / len(worst) ** 0.5), 4) if len(worst) > 1 else None,
                "worst_seed": round(float(worst.min()), 4),
                "windows_below_94": round(float(low.mean()), 4),
                "precision": round(float(precision.mean()), 4),
                "shown": round(float(share.mean()), 4),
                "alarms": round(float(alarms_of.mean()), 2),
            }
        )
        print("  ".join(f"{key} {value}" for key, value in done[-1].items()), flush=True)
    return done


def floor(n_shown: int = 7_500, n_draws: int = 2_000) -> float:
    """The worst window of a line whose precision is exactly the target, always: chance alone."""
    rng = np.random.default_rng(0)
    return round(float(np.mean([worst_window(rng.random(n_shown) < TARGET) for _ in range(n_draws)])), 4)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "slider.json")
    asked = parser.parse_args()
    if not (DATA / "banking77").exists():
        print(f"The data folder {DATA} is absent; set SUGGEST_DATA. Nothing was measured.", file=sys.stderr)
        return 1
    told = {
        "machine": described(),
        "draws": [row for name in STREAMS for row in draws(name, asked.draws)],
        "streams": [row for name in STREAMS for row in streams(name, range(asked.seeds), Rules())],
        "floor_of_worst_window": floor(),
        "licences": LICENCES,
    }
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(told, indent=1) + "\n")
    print(f"floor {told['floor_of_worst_window']}  written to {asked.out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
