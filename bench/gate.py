"""How many sessions does the gate need, how often is it wrong, and do the intervals of every estimator cover?

Two real rankers on frozen embeddings of BANKING77: *centroid* (mean of the known contexts and the name of each
category) and *linear* (logistic regression). Both are fitted on a fifth of the training rows; what is chosen is chosen
on the other training rows. The population is the test split, whose right answers are known: every session draws one of
its requests, a simulated person reads the slate of three from the top and takes the right option with the attention of
its slot. Scores are computed once and cached, so that a thousand runs take seconds.

    python -m bench.gate [--seed 0] [--runs 1000] [--logs 100] [--out bench/results/gate.json]

Printed: sessions that the interleaving canary needs to promote a challenger about 0.8 points better and to reject it
with the parts swapped; promotions of a challenger that is no better, in `--runs` runs; McNemar and non-inferiority on
audits; coverage of the 95 % intervals of cascade-DR and item-position SNIPS over `--logs` logs; how often the
off-policy veto stops a better challenger; false alarms and delays of the calibration watch.

BANKING77 (CC BY 4.0, Casanueva et al. 2020), from SUGGEST_DATA."""

from __future__ import annotations

import argparse
import csv
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from bench.machine import described
from suggest.loop.logged import LoggedSlate, Twins
from suggest.loop.valuation import weighed
from suggest.metrics.eprocess import CalibrationWatch, log_e_wins
from suggest.metrics.interval import clopper_pearson, z_two_sided
from suggest.metrics.off_policy import item_position_snips, normal_interval
from suggest.metrics.paired import Disagreement
from suggest.policy.arrange import arrange
from suggest.policy.interleave import team_draft
from suggest.policy.places import place_chances

DATA = Path(os.environ.get("SUGGEST_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
CACHE = Path(tempfile.gettempdir()) / "suggest-bench-gate"
K, TAU = 3, 0.5
ATTENTION = np.array([0.95, 0.85, 0.75])  # of a person who looks for the right option, by slot
ENOUGH, MOST_SESSIONS = 20.0, 10_000
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Requests with their right answer, and the calibrated logits of each ranker, (n, categories)."""

    right: NDArray[np.int64]
    centroid: Floats
    linear: Floats
    twin: Floats  # linear, fitted on another fifth of the training rows
    names: tuple[str, ...]

    def top3(self, logits: Floats) -> NDArray[np.bool_]:
        order = np.argsort(-logits, axis=1)[:, :K]
        return np.asarray((order == self.right[:, None]).any(axis=1))

    def value(self, logits: Floats) -> float:
        """The true share of sessions with a selection, shown without exploration."""
        order = np.argsort(-logits, axis=1)[:, :K]
        return float(((order == self.right[:, None]) @ ATTENTION).mean())


# -- the two rankers ---------------------------------------------------------------------------------------------------


def rows_of(part: str) -> tuple[list[str], list[str]]:
    rows = list(csv.DictReader((DATA / "banking77" / f"{part}.csv").open()))
    return [row["text"] for row in rows], [row["category"] for row in rows]


def embedded(name: str, texts: Sequence[str]) -> Floats:
    """Rows of the default encoder, kept between runs of this script."""
    file = CACHE / f"{name}-{len(texts)}.npy"
    if not file.exists():
        from suggest.config import Settings
        from suggest.retrieve.encoder import load_encoder

        CACHE.mkdir(parents=True, exist_ok=True)
        np.save(file, load_encoder(cache_dir=Settings().encoder_cache).encode(list(texts)))
    rows = np.load(file).astype(np.float64)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float64)


def populations(seed: int) -> tuple[Population, Population]:
    """For choosing (training rows that nothing was fitted on) and for reporting (test rows)."""
    texts, said = rows_of("train")
    test_texts, test_said = rows_of("test")
    names = tuple(sorted(set(said)))
    place = {name: i for i, name in enumerate(names)}
    y, y_test = np.array([place[s] for s in said]), np.array([place[s] for s in test_said])
    train, test = embedded("train", texts), embedded("test", test_texts)
    named = embedded("names", [name.replace("_", " ") for name in names])
    parts = np.random.default_rng(seed).integers(0, 5, len(y))
    scored = []
    for rows, truth in ((train[parts >= 2], y[parts >= 2]), (test, y_test)):
        centroid = _centroids(train[parts == 0], y[parts == 0], named) @ rows.T
        linear, twin = (_linear(train[parts == part], y[parts == part], rows) for part in (0, 1))
        scored.append((truth, centroid.T, linear, twin))
    scales = [_scale(each, scored[0][0]) for each in scored[0][1:]]
    made = [
        Population(right=truth, names=names, centroid=a * scales[0], linear=b * scales[1], twin=c * scales[2])
        for truth, a, b, c in scored
    ]
    return made[0], made[1]


def _centroids(rows: Floats, y: NDArray[np.int64], names: Floats) -> Floats:
    sums = names.copy()
    np.add.at(sums, y, rows)
    return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), np.float64)


def _linear(rows: Floats, y: NDArray[np.int64], asked: Floats) -> Floats:
    model = LogisticRegression(C=20.0, max_iter=150, tol=1e-3).fit(rows, y)
    return np.asarray(model.decision_function(asked), np.float64)


def _scale(logits: Floats, right: NDArray[np.int64]) -> float:
    """The inverse temperature of the best likelihood, on the rows for choosing."""

    def loss(scale: float) -> float:
        z = scale * logits
        z = z - z.max(axis=1, keepdims=True)
        return float(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), right]))

    return min((0.5, 0.7, 1, 1.4, 2, 3, 5, 8, 12, 16, 20, 25, 30), key=loss)


def better_by(choosing: Population, points: float) -> float:
    """The share of linear in a blend with centroid that is so much better than centroid where nothing is reported."""
    base = choosing.value(choosing.centroid)
    shares = np.linspace(0.02, 1.0, 50)
    gains = [choosing.value(blend(choosing, share)) - base for share in shares]
    return float(shares[int(np.argmin(np.abs(np.array(gains) - points)))])


def blend(population: Population, share: float) -> Floats:
    return (1 - share) * population.centroid + share * population.linear


# -- the canary --------------------------------------------------------------------------------------------------------


class Coins:
    """A generator whose coins are given: so that each request is drafted once for each way they can fall."""

    def __init__(self, coins: Sequence[bool]) -> None:
        self._coins = iter(coins)

    def random(self) -> float:
        return 0.25 if next(self._coins) else 0.75

    def choice(self, n: int, p: Floats) -> int:
        return int(p.argmax())


def credits(population: Population, champion: Floats, challenger: Floats) -> tuple[NDArray[np.int64], Floats]:
    """For each request and each of four ways the coins fall: +1, -1 or 0 should the right option be taken, and the
    chance that it is; (n, 4) both."""
    n = len(population.right)
    credit, taken = np.zeros((n, 4), np.int64), np.zeros((n, 4))
    for i in range(n):
        near = np.union1d(np.argsort(-champion[i])[:8], np.argsort(-challenger[i])[:8])
        ids = [str(each) for each in near]
        for way in range(4):
            coins: Any = Coins((bool(way & 1), bool(way & 2)))
            draft = team_draft(ids, champion[i][near], challenger[i][near], K, rng=coins)
            for slot, option in enumerate(draft.order):
                if near[option] == population.right[i]:
                    taken[i, way] = ATTENTION[slot]
                    if draft.contested[slot]:
                        credit[i, way] = 1 if draft.by_challenger[slot] else -1
    return credit, taken


def boundary(most: int) -> NDArray[np.int64]:
    """The fewest wins of n credited sessions at which E >= ENOUGH, (most + 1,)."""
    fewest, wins = np.full(most + 1, most + 1), 0
    for n in range(1, most + 1):
        wins = max(wins, (n + 1) // 2)
        while wins <= n and log_e_wins(wins, n - wins) < np.log(ENOUGH):
            wins += 1
        fewest[n] = wins
    return fewest


def canary(
    credit: NDArray[np.int64], taken: Floats, fewest: NDArray[np.int64], rng: np.random.Generator
) -> tuple[str, int]:
    """One run: promote, reject or undecided, and after how many sessions."""
    who = rng.integers(0, len(credit), MOST_SESSIONS)
    way = rng.integers(0, 4, MOST_SESSIONS)
    won = credit[who, way] * (rng.random(MOST_SESSIONS) < taken[who, way])
    at = np.flatnonzero(won)[: len(fewest) - 1]
    wins = np.cumsum(won[at] > 0)
    n = np.arange(1, len(at) + 1)
    promote, reject = np.flatnonzero(wins >= fewest[n]), np.flatnonzero(n - wins >= fewest[n])
    first, last = (int(found[0]) if len(found) else len(at) for found in (promote, reject))
    if first == last == len(at):
        return "undecided", MOST_SESSIONS
    return ("promote", int(at[first]) + 1) if first < last else ("reject", int(at[last]) + 1)


def canaries(
    population: Population, champion: Floats, challenger: Floats, n_runs: int, rng: np.random.Generator
) -> dict[str, object]:
    credit, taken = credits(population, champion, challenger)
    fewest = boundary(3_000)
    runs = [canary(credit, taken, fewest, rng) for _ in range(n_runs)]
    ends = {end: [n for e, n in runs if e == end] for end in ("promote", "reject", "undecided")}
    a, b = population.value(champion), population.value(challenger)
    p = (a + b) / 2
    z = z_two_sided(0.95) + z_two_sided(0.6)  # 80 % power
    told: dict[str, object] = {
        "champion": round(a, 4),
        "challenger": round(b, 4),
        "points": round(100 * (b - a), 2),
        "credited_share": round(float((np.abs(credit) * taken).mean()), 4),
        "runs": n_runs,
        "sessions_of_an_ab_test": round(4 * z**2 * p * (1 - p) / max((b - a) ** 2, 1e-12)),
    }
    for end, sessions in ends.items():
        share = clopper_pearson(len(sessions), n_runs)
        told[end] = {
            "share": round(share.mid, 4),
            "interval": [round(share.low, 4), round(share.high, 4)],
            "median_sessions": int(np.median(sessions)) if sessions else None,
            "p90_sessions": int(np.quantile(sessions, 0.9)) if sessions else None,
        }
    return told


# -- audits ------------------------------------------------------------------------------------------------------------


def audits(population: Population, champion: Floats, challenger: Floats, rng: np.random.Generator) -> list[object]:
    ours, theirs = population.top3(challenger), population.top3(champion)
    truth = float(ours.mean() - theirs.mean())
    told: list[object] = []
    for n in (500, 1_000, 2_000):
        superior, inferior, covered = [], [], []
        for _ in range(1_000):
            drawn = rng.integers(0, len(ours), n)
            found = Disagreement.of(ours[drawn], theirs[drawn])
            superior.append(found.p_superior() <= 0.05)
            interval = found.difference(0.9)
            inferior.append(interval.low > -0.005)
            covered.append(interval.contains(truth))
        told.append(
            {
                "audits": n,
                "points_in_top3": round(100 * truth, 2),
                "superior": round(float(np.mean(superior)), 3),
                "non_inferior_at_half_a_point": round(float(np.mean(inferior)), 3),
                "coverage_of_90": round(float(np.mean(covered)), 3),
            }
        )
    return told


# -- off-policy value --------------------------------------------------------------------------------------------------


def a_log(population: Population, logits: Floats, n: int, rng: np.random.Generator) -> list[LoggedSlate]:
    slates = []
    for i, who in enumerate(rng.integers(0, len(population.right), n)):
        drawn = arrange(population.names, logits[who], K, tau=TAU, rng=rng)
        taken = (np.array(drawn.order) == population.right[who]) & (rng.random(K) < ATTENTION)
        p = np.exp(logits[who] - logits[who].max())
        slates.append(
            LoggedSlate(
                id=str(i),
                sequence=int(who),
                bundle="champion",
                tau=TAU,
                encoder=None,
                embedding=None,
                context_key=str(who),
                feature_version=0,
                ids=population.names,
                logits=logits[who],
                p=p / p.sum(),
                columns=np.zeros((0, 0), np.float32),
                order=drawn.order,
                propensities=np.array(drawn.propensities),
                reward=taken.astype(float),
                supplied=False,
            )
        )
    return slates


def true_value(population: Population, logits: Floats, tau: float) -> float:
    """By the exact chance of the right option at each slot."""
    if tau == 0:
        return population.value(logits)
    total = 0.0
    for scores, right in zip(logits / tau, population.right, strict=True):
        others = [int(i) for i in np.argsort(-scores)[:4] if i != right]
        chances = [place_chances(scores, [*others[:slot], int(right)])[slot] for slot in range(K)]
        total += float(ATTENTION @ chances)
    return total / len(population.right)


def coverage(population: Population, target: Floats, n_logs: int, size: int, rng: np.random.Generator) -> list[object]:
    """The log: centroid with exploration. The target: `target` with the same, and without any."""
    twins = Twins((), (), np.zeros((0, 1), np.float32))
    truths = {tau: true_value(population, target, tau) for tau in (TAU, 0.0)}
    base = true_value(population, population.centroid, TAU)
    found: dict[float, list[tuple[float, ...]]] = {tau: [] for tau in truths}
    for _ in range(n_logs):
        slates = a_log(population, population.centroid, size, rng)
        logits = [target[slate.sequence] for slate in slates]
        logged = np.array([place_chances(slate.logits / TAU, slate.order) for slate in slates])
        for tau, truth in truths.items():
            terms = weighed(slates, bundle=None, tau=tau, twins=twins, logits=logits)
            cascade = normal_interval(terms.cascade)
            places = np.array([each.places for each in terms.chances])
            position = item_position_snips(terms.reward, logged, places)
            difference = normal_interval(terms.cascade - terms.reward.sum(axis=1), 0.8)  # its high is the 90 % bound
            found[tau].append(
                (
                    cascade.mid - truth,
                    float(cascade.contains(truth)),
                    (cascade.high - cascade.low) / 2,
                    position.mid - truth,
                    float(position.contains(truth)),
                    (position.high - position.low) / 2,
                    float(difference.high < 0),
                )
            )
    told: list[object] = []
    for tau, rows in found.items():
        mean = np.mean(rows, axis=0)
        spread = np.std(rows, axis=0)
        covers = clopper_pearson(int(sum(row[1] for row in rows)), len(rows))
        told.append(
            {
                "target_exploration": tau,
                "logs": len(rows),
                "slates_each": size,
                "truth": round(truths[tau], 4),
                "value_of_the_log": round(base, 4),
                "cascade_dr": {
                    "bias": round(float(mean[0]), 4),
                    "sd": round(float(spread[0]), 4),
                    "coverage_of_95": round(float(mean[1]), 3),
                    "coverage_interval": [round(covers.low, 3), round(covers.high, 3)],
                    "half_width": round(float(mean[2]), 4),
                },
                "item_position_snips": {
                    "bias": round(float(mean[3]), 4),
                    "sd": round(float(spread[3]), 4),
                    "coverage_of_95": round(float(mean[4]), 3),
                    "half_width": round(float(mean[5]), 4),
                },
                "stopped_by_the_veto": round(float(mean[6]), 3),
            }
        )
    return told


# -- the alarm ---------------------------------------------------------------------------------------------------------


def alarms(population: Population, n_runs: int, rng: np.random.Generator) -> list[object]:
    """p_any of the linear ranker against what is right, as it is, and with a share of requests that nothing answers."""
    z = population.linear - population.linear.max(axis=1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    p_any = np.sort(p, axis=1)[:, -K:].sum(axis=1)
    right = population.top3(population.linear)
    told: list[object] = []
    for unanswerable in (0.0, 0.05, 0.10, 0.20):
        delays = []
        for _ in range(n_runs):
            watch, delay = CalibrationWatch(), None
            for t in range(3_000):
                who = int(rng.integers(0, len(right)))
                watch = watch.observed(float(p_any[who]), right=bool(right[who] and rng.random() >= unanswerable))
                if watch.e >= 100:
                    delay = t + 1
                    break
            delays.append(delay)
        alarmed = [d for d in delays if d is not None]
        told.append(
            {
                "said": round(float(p_any.mean()), 4),
                "came": round(float(right.mean() * (1 - unanswerable)), 4),
                "unanswerable": unanswerable,
                "alarms_within_3000": round(len(alarmed) / n_runs, 3),
                "median_delay": int(np.median(alarmed)) if alarmed else None,
                "runs": n_runs,
            }
        )
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--logs", type=int, default=100)
    parser.add_argument("--log-size", type=int, default=1_000)
    parser.add_argument("--out", type=Path)
    wanted = parser.parse_args()
    rng = np.random.default_rng(wanted.seed)
    choosing, population = populations(wanted.seed)
    share = better_by(choosing, 0.008)
    challenger = blend(population, share)
    pair = sorted([population.linear, population.twin], key=population.value)
    result: dict[str, object] = {
        "question": "what the gate needs and how often it is wrong",
        "data": "BANKING77 test, CC BY 4.0",
        "seed": wanted.seed,
        "machine": described(),
        "blend": share,
    }
    parts: dict[str, Callable[[], object]] = {
        "better": lambda: canaries(population, population.centroid, challenger, wanted.runs // 4, rng),
        "worse": lambda: canaries(population, challenger, population.centroid, wanted.runs // 4, rng),
        "near_equal_and_no_better": lambda: canaries(population, pair[1], pair[0], wanted.runs, rng),
        "audits_of_the_better": lambda: audits(population, population.centroid, challenger, rng),
        "audits_of_the_worse": lambda: audits(population, challenger, population.centroid, rng),
        "alarm": lambda: alarms(population, 100, rng),
        "value_of_the_better": lambda: coverage(population, challenger, wanted.logs, wanted.log_size, rng),
    }
    for name, measure in parts.items():
        result[name] = measure()
        print(json.dumps({name: result[name]}), flush=True)
        if wanted.out:
            wanted.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
