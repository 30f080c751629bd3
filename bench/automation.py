"""How soon do people have to see less, and is what they no longer see still right?

    python -m bench.automation [--items 3500] [--seeds 0 1 2] [--start named|empty] [--out FILE]

A surface is launched with people only: 77 replies by their names, no model, no history, `review_all`, a promised
precision of .95. BANKING77's training rows come one by one; a tenth of the traffic is nothing that it answers:
CLINC150's 251 out-of-scope requests of the training part and, as they are too few, requests of four of its domains
that are no bank's business. The application itself runs, in process: its queue, its watch, its audits (3 %), a retrain
every 200 outcomes. Every 50 requests the owner looks at the exit test of the mode and takes the next one where nothing
is missing: people only -> shadow -> assist -> auto; nothing else is ever set.

Whoever answers reviews is right and at hand. Of what is shown without them, half of the right options are selected and
30 % of the wrong lists dismissed, the rest is silence; what is applied in `auto` is met with silence.

Figures, of each 250 requests: share that people saw (escalated or audited), share shown, and how much of that held a
right option: `precision` of all of it, which only a benchmark can know, and `audited`, which the owner sees. Gain per
intervention: before the first request and after each 250, 500 test rows and the 100 of `oos_val` are rehearsed (nothing
of that is stored or learned), and what the answers in between bought is told for each 100 of them. The reviewed share
in the end is of the last 500 requests before 3,000; intervals are Clopper-Pearson's, 95 %, and those of the mean over
seeds are t. `--start empty`: without replies too; whoever answers writes one the first time that it is wanted, and
makes it a candidate. BANKING77 (CC BY 4.0), CLINC150 (CC BY 3.0), from SUGGEST_DATA."""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from bench.corpora import DATA, Ask, load, strangers
from bench.encoded import CachedEncoder
from bench.machine import described
from suggest.config import Application, Settings, open_application
from suggest.domain.candidate import Candidate
from suggest.domain.clock import ManualClock
from suggest.domain.context import Context
from suggest.domain.errors import Overloaded, StorageUnavailable
from suggest.domain.policy import Mode
from suggest.domain.review import ReviewReason
from suggest.domain.slate import Decision
from suggest.metrics.discrimination import auroc
from suggest.metrics.interval import clopper_pearson, mean_interval
from suggest.online.messages import Proposal, Proposed, RawEvent, RawVerdict

SURFACE, TARGET, STRANGE, GOAL_AT, GOAL = "desk", 0.95, 0.10, 3_000, 0.20
P_SELECT, P_DISMISS = 0.5, 0.3  # of what is shown without a person
LICENCES = "BANKING77 CC BY 4.0; CLINC150 CC BY 3.0"
ELSEWHERE = ("auto_and_commute", "home", "kitchen_and_dining", "utility")
LOOK_EVERY, WINDOW, RETRAIN_EVERY, SECONDS = 50, 250, 200, 60.0
N_JUDGED, N_STRANGE_JUDGED = 500, 100
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WISH = {
    "mode": "review_all",
    "target": {"kind": "precision", "value": TARGET},
    "retrain_every": 0,  # the bench counts the 200 itself and waits for the run
    "retrain_nightly": False,
}


Row = dict[str, Any]  # of results: JSON
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What became of one request."""

    mode: Mode
    decision: Decision
    audited: bool
    right: bool  # a right option was in the slate
    first: bool  # and stood at the top

    @property
    def is_shown(self) -> bool:
        return self.decision in {Decision.SHOW, Decision.AUTO}

    @property
    def is_reviewed(self) -> bool:
        return self.audited or self.decision is Decision.ESCALATE


@dataclass(slots=True)
class Desk:
    """The surface, its people and its customers."""

    app: Application
    clock: ManualClock
    rng: random.Random
    texts: Mapping[str, str]  # of every reply that is ever wanted
    ids: dict[str, str]  # of those that are candidates by now
    days: list[Day] = field(default_factory=list)
    turns: list[Row] = field(default_factory=list)  # of the mode
    n_answers: int = 0  # of people
    n_new: int = 0  # answers and acts since the last retrain

    def ask(self, ask: Ask) -> None:
        mode = self.app.online.get_policy(SURFACE).policy.mode
        self.clock.advance(seconds=SECONDS)
        made = patiently(lambda: self.app.online.suggest(Proposal(surface=SURFACE, context=Context(text=ask.text))))
        ids = [item.id for item in made.slate.items]
        wanted = next(iter(ask.right), None)
        is_audit = self._answered(wanted)
        right = None if wanted is None else self.ids.get(wanted)
        if made.slate.decision is Decision.SHOW:
            self._seen(made, right if right in ids else None)
        self.days.append(
            Day(
                mode=mode,
                decision=made.slate.decision,
                audited=is_audit,
                right=right in ids,
                first=bool(ids) and right == ids[0],
            )
        )
        self.app.online.tick()
        if self.n_new >= RETRAIN_EVERY:
            self.retrain()
        if len(self.days) % LOOK_EVERY == 0:
            self.look()

    def _answered(self, wanted: str | None) -> bool:
        """Whoever works here answers all there is; whether an audit was among it."""
        is_audit = False
        while (held := patiently(lambda: self.app.online.claim("ann", lease_s=3_600.0))) is not None:
            is_audit = is_audit or held.reason is ReviewReason.AUDIT
            patiently(partial(self.app.online.verdict, held.id, self._said(held.lease, wanted)))
            if wanted is not None and wanted not in self.ids:
                made = self.app.online.list_candidates(SURFACE, limit=1_000)
                self.ids[wanted] = next(c.candidate.id for c in made if c.candidate.text == self.texts[wanted])
            self.n_answers += 1
            self.n_new += 1
        return is_audit

    def _said(self, lease: str, wanted: str | None) -> RawVerdict:
        if wanted is None:
            return RawVerdict(eid=lease, lease=lease, none=True)
        if wanted in self.ids:
            return RawVerdict(eid=lease, lease=lease, item=self.ids[wanted])
        return RawVerdict(eid=lease, lease=lease, text=self.texts[wanted], add_candidate=True)

    def _seen(self, made: Proposed, right: str | None) -> None:
        if self.rng.random() >= (P_DISMISS if right is None else P_SELECT):
            return
        act = {"type": "dismiss"} if right is None else {"type": "select", "item": right}
        event = RawEvent(eid=made.slate.id, impression=made.slate.id, token=made.token, **act)
        told = patiently(lambda: self.app.online.record([event], trusted=True))
        assert told.accepted + told.duplicates == 1
        self.n_new += 1

    def retrain(self) -> None:
        job = self.app.loop.train(SURFACE, encoder="off", reason="outcomes")
        self.app.loop.wait(job.id, 900.0)
        self.n_new = 0

    def look(self) -> None:
        """The owner takes the next mode where its exit test is passed."""
        following = self.app.online.get_policy(SURFACE).next_mode
        if following is not None and following.is_ready:
            self.app.online.put_policy(SURFACE, {"mode": str(following.mode)}, by="owner")
            self.turns.append({"at": len(self.days), "mode": str(following.mode)})
            print(f"  {len(self.days)} requests, {self.n_answers} answers: {following.mode}", flush=True)

    def window(self, since: int) -> Row:
        """What became of the requests since then, and where the line is now."""
        days = self.days[since:]
        shown = [day for day in days if day.is_shown]
        applied = [day for day in days if day.decision is Decision.AUTO]
        audits = [day for day in shown if day.audited]
        view = self.app.online.get_policy(SURFACE)
        return {
            "requests": len(self.days),
            "mode": str(days[-1].mode),
            "answers": self.n_answers,
            "reviewed": share([day.is_reviewed for day in days]),
            "shown": share([day.is_shown for day in days]),
            "abstained": share([day.decision is Decision.ABSTAIN for day in days]),
            "applied": share([day.decision is Decision.AUTO for day in days]),
            "precision": rate([day.right for day in shown]),
            "applied_right": rate([day.first for day in applied]),
            "audited": rate([day.right for day in audits]),
            "audited_so_far": rate([day.right for day in self.days if day.is_shown and day.audited]),
            "threshold": round(view.threshold, 4),
            "certified": view.certified,
        }


def elsewhere() -> list[str]:
    """Training requests of CLINC150's domains that have nothing to do with money and are no small talk."""
    folder = DATA / "clinc150"
    domains = json.loads((folder / "domains.json").read_text())
    wanted = {intent for domain in ELSEWHERE for intent in domains[domain]}
    rows = json.loads((folder / "clinc150_train_val.json").read_text())["train"]
    return sorted({text for text, intent in rows if intent in wanted})


def patiently(call: Callable[[], T]) -> T:
    """The answer; where the machine is too busy for a commit in time, asked again as the service says."""
    while True:
        try:
            return call()
        except (Overloaded, StorageUnavailable):
            time.sleep(1.0)


def share(of: Sequence[bool]) -> float:
    return round(sum(of) / len(of), 4)


def rate(of: Sequence[bool]) -> dict[str, float] | None:
    if not of:
        return None
    found = clopper_pearson(sum(of), len(of), 0.95)
    return {"n": len(of), "low": round(found.low, 4), "mid": round(found.mid, 4), "high": round(found.high, 4)}


def judged(app: Application, asks: Sequence[Ask], ids: Mapping[str, str]) -> dict[str, float]:
    """What the model of this moment makes of requests that it will never be told of."""
    drafts = [app.online.rehearse(Proposal(surface=SURFACE, context=Context(text=ask.text))).slate for ask in asks]
    wanted = [{ids.get(option, "") for option in ask.right} for ask in asks]
    right = np.array([bool(want & {item.id for item in d.items}) for want, d in zip(wanted, drafts, strict=True)])
    first = np.array([bool(d.items) and d.items[0].id in want for want, d in zip(wanted, drafts, strict=True)])
    within = np.array([bool(ask.right) for ask in asks])
    return {
        "top1": round(float(first[within].mean()), 4),
        "top3": round(float(right[within].mean()), 4),
        "auroc_strange": round(float(auroc([d.p_any for d in drafts], within.astype(float))), 4),
    }


def gained(before: dict[str, float], after: dict[str, float], n_answers: int) -> dict[str, float] | None:
    """Points for each 100 answers of people."""
    if not n_answers:
        return None
    return {name: round(100.0 * 100.0 * (after[name] - before[name]) / n_answers, 2) for name in before}


def run(seed: int, n_items: int, *, is_empty: bool) -> Row:
    corpus, rng = load("banking77", seed=seed), random.Random(seed)
    n_far = round(STRANGE * n_items)
    far = strangers("train")[:n_far]
    far += rng.sample(elsewhere(), n_far - len(far))
    stream = rng.sample(corpus.history, n_items - n_far)
    stream += [Ask(text=text, right=frozenset(), kind="far") for text in far]
    rng.shuffle(stream)
    within = [ask for ask in corpus.stream if ask.right]
    held_out = rng.sample(within, N_JUDGED) + rng.sample([a for a in corpus.stream if not a.right], N_STRANGE_JUDGED)
    encoder = CachedEncoder("automation")
    encoder.encode([ask.text for ask in (*stream, *held_out)])
    encoder.save()
    with tempfile.TemporaryDirectory() as folder:
        clock = ManualClock(START)
        settings = Settings(data_dir=Path(folder), encode_ms=60_000)
        with open_application(settings, clock=clock, encoder=encoder, ticking=False) as app:
            app.online.put_surface(SURFACE, {})
            if not is_empty:
                options = [Candidate(id=id, text=text) for id, text in corpus.candidates.items()]
                app.online.upsert_candidates(SURFACE, options)
            app.online.put_policy(SURFACE, WISH, by="owner")
            ids = {} if is_empty else {id: id for id in corpus.candidates}
            desk = Desk(app, clock, random.Random(seed + 1), corpus.candidates, ids)
            last, n_before = judged(app, held_out, ids), 0
            curve: list[Row] = [{"requests": 0, "answers": 0, "held_out": last}]
            for n, ask in enumerate(stream, start=1):
                desk.ask(ask)
                if n % WINDOW == 0:
                    now = judged(app, held_out, ids)
                    gain = gained(last, now, desk.n_answers - n_before)
                    curve.append({**desk.window(n - WINDOW), "held_out": now, "gain_per_100_answers": gain})
                    last, n_before = now, desk.n_answers
                    print(f"seed {seed}", *(f"{k} {v}" for k, v in curve[-1].items()), sep="  ", flush=True)
        encoder.save()
    at = min(GOAL_AT, n_items)
    ended = desk.days[at - 500 : at]
    shown = [day for day in desk.days if day.is_shown]
    return {
        "seed": seed,
        "turns": desk.turns,
        "reviewed_at_3000": share([day.is_reviewed for day in ended]),
        "strange": STRANGE,
        "precision": rate([day.right for day in shown]),
        "audited": rate([day.right for day in shown if day.audited]),
        "answers": desk.n_answers,
        "candidates": len(ids),
        "curve": curve,
    }


def summary(runs: Sequence[Row]) -> Row:
    """The curve over seeds, each figure with the interval of its mean; audits and precision pooled."""
    rows = list(zip(*(each["curve"][1:] for each in runs), strict=True))
    return {
        "reviewed_at_3000": over([each["reviewed_at_3000"] for each in runs]),
        "goal": GOAL,
        "precision": pooled([each["precision"] for each in runs]),
        "audited": pooled([each["audited"] for each in runs]),
        "windows": len(rows) * len(runs),
        "windows_below_target": sum(w["precision"]["mid"] < TARGET for row in rows for w in row if w["precision"]),
        "by_chance_below": by_chance([w["precision"]["n"] for row in rows for w in row if w["precision"]]),
        "lowest_window": min(w["precision"]["mid"] for row in rows for w in row if w["precision"]),
        "curve": [
            {
                "requests": row[0]["requests"],
                "answers": over([w["answers"] for w in row]),
                **{name: over([w[name] for w in row]) for name in ("reviewed", "shown", "abstained", "applied")},
                "precision": pooled([w["precision"] for w in row]),
                "applied_right": pooled([w["applied_right"] for w in row]),
                "audited_so_far": pooled([w["audited_so_far"] for w in row]),
                **{name: over([w["held_out"][name] for w in row]) for name in row[0]["held_out"]},
                "gain_per_100_answers": {
                    name: over([w["gain_per_100_answers"][name] for w in row if w["gain_per_100_answers"]])
                    for name in row[0]["held_out"]
                },
            }
            for row in rows
        ],
    }


def over(values: Sequence[float]) -> Row:
    """Mean over seeds and its 95 % interval; of one seed there is none."""
    if len(values) < 2:
        return {"mean": round(values[0], 4) if values else None}
    found = mean_interval(np.array(values, np.float64))
    return {"mean": round(found.mid, 4), "low": round(found.low, 4), "high": round(found.high, 4)}


def pooled(rates: Sequence[Row | None]) -> Row | None:
    """Of several rates the one of all together; requests of different seeds are independent given the model."""
    known = [each for each in rates if each is not None]
    n, k = sum(each["n"] for each in known), sum(round(each["n"] * each["mid"]) for each in known)
    return rate([i < k for i in range(n)])


def by_chance(shown: Sequence[int], n_draws: int = 2_000) -> float:
    """How many windows would lie below the target if each request were right with exactly that chance."""
    drawn = np.random.default_rng(0).binomial(np.array(shown), TARGET, (n_draws, len(shown)))
    return round(float((drawn / np.array(shown) < TARGET).sum(axis=1).mean()), 1)


def print_curve(told: Row) -> None:
    for row in told["curve"]:
        gain, right = row["gain_per_100_answers"], row["precision"]
        print(
            f"{row['requests']:5} requests  {row['answers']['mean']:6.0f} answers"
            f"  reviewed {row['reviewed']['mean']:.3f}"
            f"  shown {row['shown']['mean']:.3f}  precision {right['mid'] if right else None}"
            f"  audited so far {row['audited_so_far']}  top1 {row['top1']['mean']:.3f}  top3 {row['top3']['mean']:.3f}"
            f"  100 answers: top1 {gain['top1']['mean']} points, top3 {gain['top3']['mean']}"
        )
    for name in ("reviewed_at_3000", "precision", "audited", "windows_below_target", "by_chance_below"):
        print(name, told[name])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=3_500)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--start", choices=["named", "empty"], default="named")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    if not (DATA / "banking77").exists():
        print(f"The data folder {DATA} is absent; set SUGGEST_DATA. Nothing was measured.", file=sys.stderr)
        return 1
    name = "automation.json" if asked.start == "named" else "automation-empty.json"
    out = asked.out or Path(__file__).parent / "results" / name
    out.parent.mkdir(parents=True, exist_ok=True)
    runs: list[Row] = []
    for seed in asked.seeds:
        runs.append(run(seed, asked.items, is_empty=asked.start == "empty"))
        told = {"machine": described(), "start": asked.start, "items": asked.items, "seeds": asked.seeds[: len(runs)]}
        told |= {**summary(runs), "runs": runs, "licences": LICENCES}
        out.write_text(json.dumps(told) + "\n")
    print_curve(told)
    print(f"written to {out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
