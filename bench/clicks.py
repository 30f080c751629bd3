"""What do clicks alone teach, when people look at the top first? And how fast, beside a bandit?

Eight worlds (how people read x how the log was drawn, `click_world`), no label anywhere: candidates are known by their
names, a surface that ranks by names alone has logged the slates of ten, people have clicked. Four retrains:

    anchor   clicks of people without position bias, taken at face value
    naive    clicks of the world, taken at face value
    ours     clicks of the world, as the product retrains
    clean    clicks of people without position bias, as the product retrains: mistakes are corrected here, too

A fifth, `with_rates`, is ours with the columns of how often and how lately each option is taken, which a server adds
where it knows when somebody asked.

nDCG@10 on held-out requests with true answers; recovery = (ours - naive) / (anchor - naive). Intervals are over seeds:
each seed draws the candidates, the requests and the people. A second anchor, of other luck, is the noise floor. Where
the anchor takes mistakes at face value it may be no better than naive, and the ratio says nothing; `of_clean` is the
same with `clean` for the anchor.

Then one stream, live, slates of three: this project's instant learning beside Vowpal Wabbit (`--cb_explore_adf`,
`--ccb_explore_adf`) on the same requests, candidates, people and features; the share of slates from which something
right was taken.

    python -m bench.clicks [--seeds 10] [--quick] [--corpus clinc150|banking77]
        [--only worlds|stream] [--out bench/results/clicks.json [--resume]]

CLINC150 (CC BY 3.0, Larson et al. 2019), from SUGGEST_DATA. `pip install vowpalwabbit` for the second part; without it
that part is left out and the result says so. Every world is written as it ends."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.click_stream import stream
from bench.click_world import LOGS, READERS, UNBIASED, Reader, Requests, Shown, asker_at, examples, fresh, logged, read
from bench.corpora import load
from bench.encoded import CachedEncoder
from bench.machine import described
from suggest.calibrate.prior import shipped_prior
from suggest.loop.build import build
from suggest.loop.examples import Catalog, ExampleSet
from suggest.loop.made_up import Background
from suggest.loop.record import worth_json
from suggest.online.model import Model
from suggest.online.suggester import Suggester
from suggest.rank.habits import Act, Asker
from suggest.starter.pack import load_trigger

N_CANDIDATES, N_REQUESTS, N_TEST, N_BACKGROUND = 40, 1_600, 800, 60
TOP = 10
OTHER_LUCK = 1_000  # added to the seed of people and trees, for an anchor that differs by luck alone
DISMISSAL_SHARE = 0.5  # weight of a dismissal's vote in memory, of a selection's


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    catalog: Catalog
    requests: Requests
    test: Requests
    background: Background


def setting(corpus: str, seed: int, n_requests: int = N_REQUESTS) -> Setting:
    """Candidates drawn from the corpus's training part, their requests in a drawn order, others held out."""
    rng = np.random.default_rng(seed)
    whole = load(corpus)
    drawn = sorted(rng.choice(sorted(whole.candidates), N_CANDIDATES, replace=False).tolist())
    rows = [(a.text, next(iter(a.right))) for a in whole.history if a.right and next(iter(a.right)) in set(drawn)]
    rows = [rows[i] for i in rng.permutation(len(rows))]
    encoder = CachedEncoder(corpus)
    elsewhere = [m["text"] for m in load_trigger() if m["needs_answer"]][:N_BACKGROUND]

    def of(part: Sequence[tuple[str, str]]) -> Requests:
        texts = [text for text, _ in part]
        return Requests(texts=texts, embeddings=encoder.encode(texts), right=[right for _, right in part])

    names = [whole.candidates[c] for c in drawn]
    made = Setting(
        catalog=Catalog(ids=tuple(drawn), texts=tuple(names), embeddings=encoder.encode(names)),
        requests=of(rows[:n_requests]),
        test=of(rows[n_requests : n_requests + N_TEST]),
        background=Background(texts=tuple(elsewhere), embeddings=encoder.encode(elsewhere)),
    )
    encoder.save()
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    ndcg: float
    selections: int
    wrong: float  # share of the selections whose option was not right
    way: str  # how the trees were grown
    theta: list[float]  # as the retrain found it


def retrained(
    made: Setting, slates: Sequence[Shown], reader: Reader, *, seed: int, correct: bool, habits: bool = False
) -> Learned:
    """Build from the clicks of these people, serve with it, and ask it what it never saw."""
    taken = read(slates, made.requests, reader, seed=seed)
    log = examples(made.catalog, made.requests, slates, taken, habits=habits)
    built = build(
        log,
        shipped_prior(),
        background=made.background,
        seed=seed,
        report=lambda done, step: None,
        correct_clicks=correct,
    )
    worth = json.loads(worth_json(built.examples.examples))
    model = replace(
        Model.prior(),
        bundle="bench",
        ranker=built.ranker,
        choice=built.choice,
        worth={(key, item): factor for key, item, factor in worth},
    )
    suggester = fresh(made.catalog)
    suggester.install_model(model)
    _remember(suggester, log)
    asker = asker_at(len(slates)) if habits else None
    chosen = [e for e in log.examples if e.right]
    return Learned(
        ndcg=_ndcg(suggester, made.test, asker),
        selections=len(chosen),
        wrong=float(np.mean([e.right[0] != made.requests.right[e.row] for e in chosen])),
        way=built.way,
        theta=[] if built.examination is None else [round(float(t), 3) for t in built.examination.theta],
    )


def _remember(suggester: Suggester, log: ExampleSet) -> None:
    """The memory that the log leaves, as a restart makes it."""
    keys = [e.key for e in log.examples]
    items = [e.right[0] if e.right else None for e in log.examples]
    weights = np.array([e.weight * (1.0 if e.right else DISMISSAL_SHARE) for e in log.examples], np.float32)
    suggester.memory.add_many(keys, log.embeddings[[e.row for e in log.examples]], items, weights)
    for e in log.examples:
        if e.asker is not None:
            taken = e.right[0] if e.right else None
            suggester.people.learn(Act(asker=e.asker, taken=taken, passed=e.examined, order=e.order), p_any=0.5)


def _ndcg(suggester: Suggester, test: Requests, asker: Asker | None) -> float:
    gains = []
    for text, embedding, right in zip(test.texts, test.embeddings, test.right, strict=True):
        ids = suggester.rank(embedding, text, asker=asker).ids
        place = ids.index(right) if right in ids else TOP
        gains.append(1.0 / np.log2(2 + place) if place < TOP else 0.0)
    return float(np.mean(gains))


def one_seed(
    corpus: str,
    seed: int,
    n_requests: int,
    worlds: Sequence[tuple[Reader, str]],
    *,
    with_rates: bool,
) -> Iterator[dict[str, object]]:
    """A row a world, as each ends."""
    made = setting(corpus, seed, n_requests)
    for log_name in dict.fromkeys(log for _, log in worlds):
        slates = logged(made.catalog, made.requests, tau=LOGS[log_name])
        anchor = retrained(made, slates, UNBIASED, seed=seed, correct=False)
        again = retrained(made, slates, UNBIASED, seed=seed + OTHER_LUCK, correct=False)
        clean = retrained(made, slates, UNBIASED, seed=seed, correct=True)
        for reader in (reader for reader, log in worlds if log == log_name):
            began = time.process_time()
            naive = retrained(made, slates, reader, seed=seed, correct=False)
            ours = retrained(made, slates, reader, seed=seed, correct=True)
            rates = retrained(made, slates, reader, seed=seed, correct=True, habits=True) if with_rates else None
            yield {
                "seed": seed,
                "reader": reader.name,
                "log": log_name,
                "selections": ours.selections,
                "wrong": round(ours.wrong, 4),
                "naive": round(naive.ndcg, 4),
                "ours": round(ours.ndcg, 4),
                "with_rates": None if rates is None else round(rates.ndcg, 4),
                "anchor": round(anchor.ndcg, 4),
                "anchor_again": round(again.ndcg, 4),
                "clean": round(clean.ndcg, 4),
                "recovery": round((ours.ndcg - naive.ndcg) / (anchor.ndcg - naive.ndcg), 3),
                "way": ours.way,
                "theta": ours.theta,
                "theta_truth": [round(float(t), 3) for t in reader.theta],
                "cpu_s": round(time.process_time() - began, 1),
            }


def summary(rows: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """By world and over all: recovery of the mean differences, with a 90 % bootstrap interval over seeds.

    The mean of ratios has no variance where an anchor happens to be near naive; the ratio of means has. `noise` is the
    standard deviation over seeds of what a second anchor, of other luck, would have recovered: a world of one seed
    cannot be told from another that lies so near."""
    worlds = list(dict.fromkeys((str(r["reader"]), str(r["log"])) for r in rows))
    told = []
    for reader, log in [*worlds, ("all", "all")]:
        own = [r for r in rows if (r["reader"], r["log"]) == (reader, log) or reader == "all"]
        seeds = sorted({int(str(r["seed"])) for r in own})
        gained, possible, again, clean = (
            _by_seed(own, seeds, name) for name in ("ours", "anchor", "anchor_again", "clean")
        )
        rng = np.random.default_rng(0)
        draws = rng.integers(0, len(seeds), (2_000, len(seeds)))
        ratios = gained[draws].sum(axis=1) / possible[draws].sum(axis=1)
        of_clean = gained[draws].sum(axis=1) / clean[draws].sum(axis=1)
        told.append(
            {
                "reader": reader,
                "log": log,
                "seeds": len(seeds),
                "naive": _mean(own, "naive"),
                "ours": _mean(own, "ours"),
                "anchor": _mean(own, "anchor"),
                "recovery": round(float(gained.sum() / possible.sum()), 3),
                "low": round(float(np.quantile(ratios, 0.05)), 3),
                "high": round(float(np.quantile(ratios, 0.95)), 3),
                "clean": _mean(own, "clean"),
                "of_clean": round(float(gained.sum() / clean.sum()), 3),
                "of_clean_low": round(float(np.quantile(of_clean, 0.05)), 3),
                "of_clean_high": round(float(np.quantile(of_clean, 0.95)), 3),
                "noise": round(float(np.std(again - possible) / possible.mean()), 3),
                "with_rates_less_ours": _rates_less_ours(own),
            }
        )
    return told


def _mean(rows: Sequence[dict[str, object]], name: str) -> float:
    return round(float(np.mean([float(str(r[name])) for r in rows])), 4)


def _rates_less_ours(rows: Sequence[dict[str, object]]) -> float | None:
    """On the seeds that were built with both."""
    both = [r for r in rows if r["with_rates"] is not None]
    return round(_mean(both, "with_rates") - _mean(both, "ours"), 4) if both else None


def _by_seed(rows: Sequence[dict[str, object]], seeds: Sequence[int], name: str) -> NDArray[np.float64]:
    """Of each seed the summed gain over naive."""
    return np.array(
        [sum(float(str(r[name])) - float(str(r["naive"])) for r in rows if r["seed"] == s) for s in seeds], np.float64
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="two seeds")
    parser.add_argument("--requests", type=int, default=N_REQUESTS)
    parser.add_argument("--worlds", type=int, default=len(READERS), help="of the ways people read, the first so many")
    parser.add_argument("--logs", type=int, default=len(LOGS), help="of the ways the log is drawn, the first so many")
    parser.add_argument("--corpus", default="clinc150", choices=["clinc150", "banking77"])
    parser.add_argument("--rates-seeds", type=int, default=3, help="seeds below it are built with the rates too")
    parser.add_argument("--resume", action="store_true", help="leave out the worlds that --out has already")
    parser.add_argument("--only", choices=["worlds", "stream"])
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    n_seeds = 2 if chosen.quick else chosen.seeds
    seeds = range(chosen.first_seed, chosen.first_seed + n_seeds)
    told: dict[str, object] = {"corpus": chosen.corpus, "licence": load(chosen.corpus).licence, "machine": described()}
    if chosen.only != "worlds":
        told["stream"] = [run for seed in seeds for run in _streams(chosen.corpus, seed, chosen.requests)]
    rows = _rows_in(chosen.out) if chosen.resume else []
    worlds = [(r, log) for log in list(LOGS)[: chosen.logs] for r in READERS[: chosen.worlds]]
    for seed in seeds if chosen.only != "stream" else ():
        _complete([row for row in rows if row["seed"] == seed], chosen.corpus, seed, chosen.requests)
        done = {(row["reader"], row["log"]) for row in rows if row["seed"] == seed}
        left = [(reader, log) for reader, log in worlds if (reader.name, log) not in done]
        for row in one_seed(chosen.corpus, seed, chosen.requests, left, with_rates=seed < chosen.rates_seeds):
            print(json.dumps({k: v for k, v in row.items() if not k.startswith("theta")}), flush=True)
            rows.append(row)
            told |= {"requests": chosen.requests, "worlds": summary(rows), "rows": rows}
            _write(told, chosen.out)
    if rows:
        told |= {"requests": chosen.requests, "worlds": summary(rows), "rows": rows}
    _write(told, chosen.out)
    for each in told.get("worlds", ()):  # type: ignore[attr-defined]  # summary's rows
        print(json.dumps(each))


def _complete(rows: Sequence[dict[str, object]], corpus: str, seed: int, n_requests: int) -> None:
    """Give rows of an earlier run, which did not have it, what clean clicks would have taught."""
    without = [row for row in rows if "clean" not in row]
    if not without:
        return
    made = setting(corpus, seed, n_requests)
    for log_name in dict.fromkeys(str(row["log"]) for row in without):
        slates = logged(made.catalog, made.requests, tau=LOGS[log_name])
        clean = round(retrained(made, slates, UNBIASED, seed=seed, correct=True).ndcg, 4)
        for row in without:
            if row["log"] == log_name:
                row["clean"] = clean


def _rows_in(out: Path | None) -> list[dict[str, object]]:
    """The rows of an earlier run, which need not be made again."""
    if out is None or not out.exists():
        return []
    rows: list[dict[str, object]] = json.loads(out.read_text()).get("rows", [])
    return rows


def _streams(corpus: str, seed: int, n_requests: int) -> list[dict[str, object]]:
    made = setting(corpus, seed, n_requests)
    runs = stream(made.catalog, made.requests, READERS[0], seed=seed)
    for run in runs:
        print(json.dumps({"seed": seed} | run), flush=True)
    return [{"seed": seed} | run for run in runs]


def _write(told: dict[str, object], out: Path | None) -> None:
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
