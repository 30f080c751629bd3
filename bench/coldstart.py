"""How soon is a surface useful, how soon is a new option found, and how soon is a changed meaning learned?

Everything between two retrains: memory, contradiction and the Bayesian head, through the product's own `Suggester`.

*outcomes*: candidates known by name alone, a stream of requests; top 1 and top 3 on held-out requests after 0, 30,
100, 300 and 1,000 outcomes. *change*: of the candidates a fifth is brand-new (a name, nothing else), the others have
three examples each; a twentieth of the requests is out of scope; half way ten pairs exchange their meaning: what one
was right for, the other is right for now. A person takes a right option from the slate of three, else dismisses it; in
`people` runs a slate of p_any under .5 goes to a colleague, as it would by default, whose verdict is right. accept@3:
the share of answerable requests whose slate held the right option. *compute*: CPU time from a durable event to its
effect in the next request, by what was learned before.

    python -m bench.coldstart [--corpus clinc150|banking77] [--seeds 2] [--events 6000] [--out FILE]

The shipped prior was fitted on CLINC150's training part, so BANKING77, which it never saw, is the fairer row."""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.corpora import Corpus, load, strangers
from bench.encoded import CachedEncoder
from bench.machine import described
from suggest.online.suggester import Suggester

K = 3
OUTCOMES = (0, 30, 100, 300, 1_000)
EXAMPLES, NEW_SHARE, FAR_SHARE, PAIRS = 3, 0.2, 0.05, 10
ASKS_BELOW = 0.5  # p_any of a new surface's default line
N_HELD_OUT = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    text: str
    embedding: np.ndarray
    right: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A stream in which options are new and meanings change."""

    known: tuple[Request, ...]
    events: tuple[Request, ...]
    new: frozenset[str]
    swapped: Mapping[str, str]


def requests_of(corpus: Corpus, encoder: CachedEncoder, rng: random.Random) -> list[Request]:
    asks = [a for a in corpus.history if a.right]
    rng.shuffle(asks)
    rows = encoder.of(asks)
    return [Request(text=a.text, embedding=e, right=min(a.right)) for a, e in zip(asks, rows, strict=True)]


def a_change(corpus: Corpus, encoder: CachedEncoder, *, seed: int, n_events: int) -> Change:
    rng = random.Random(seed)
    names = sorted(corpus.candidates)
    new = frozenset(rng.sample(names, round(NEW_SHARE * len(names))))
    old = [n for n in names if n not in new]
    pool = requests_of(corpus, encoder, rng)
    known: list[Request] = []
    for name in old:
        known += [r for r in pool if r.right == name][:EXAMPLES]
    taken = {id(r) for r in known}
    events = [r for r in pool if id(r) not in taken][:n_events]
    far = strangers("train")
    rows = encoder.encode(far)
    for place in rng.sample(range(len(events)), round(FAR_SHARE * len(events))):
        n = rng.randrange(len(far))
        events[place] = Request(text=far[n], embedding=rows[n], right=None)
    pairs = rng.sample(old, 2 * PAIRS)
    swapped = dict(zip(pairs[:PAIRS], pairs[PAIRS:], strict=True))
    swapped |= {b: a for a, b in swapped.items()}
    return Change(known=tuple(known), events=tuple(events), new=new, swapped=swapped)


def fresh(corpus: Corpus, encoder: CachedEncoder) -> Suggester:
    names = sorted(corpus.candidates)
    texts = [corpus.candidates[n] for n in names]
    suggester = Suggester("bench", dim=encoder.dim)
    suggester.candidates.upsert(names, texts, encoder.encode(texts))
    suggester.lexical.upsert(names, texts)
    return suggester


def answer(suggester: Suggester, n: int, request: Request, right: str | None, *, people: bool) -> bool:
    """One request and what becomes of it; returns whether its slate held the right option."""
    ranking = suggester.rank(request.embedding, request.text)
    suggester.observe_request(ranking, request.embedding)
    slate, p = ranking.ids[:K], dict(zip(ranking.ids[:K], ranking.p_select[:K].tolist(), strict=True))
    key = f"request-{n}"
    if people and sum(p.values()) < ASKS_BELOW:
        suggester.learn_label(key, request.embedding, right, replace=True)
    elif right in slate:
        above = slate[: slate.index(right)]
        suggester.learn_select(key, request.embedding, right, passed_over=above, served=p)
    else:
        suggester.learn_dismiss(key, request.embedding, passed_over=slate, served=p)
    return right in slate


def outcomes(corpus: Corpus, encoder: CachedEncoder, seed: int) -> list[dict[str, object]]:
    """Held-out top 1 and top 3 after so many outcomes, none of them retrained on."""
    rng = random.Random(seed)
    stream = requests_of(corpus, encoder, rng)[: OUTCOMES[-1]]
    asked = [a for a in corpus.stream if a.right][:N_HELD_OUT]
    held_out = [(a, e) for a, e in zip(asked, encoder.of(asked), strict=True)]
    suggester, told = fresh(corpus, encoder), []
    for n, request in enumerate([*stream, None]):
        if n in OUTCOMES:
            ids = [suggester.rank(e, a.text).ids[:K] for a, e in held_out]
            first = float(np.mean([i[0] in a.right for i, (a, _) in zip(ids, held_out, strict=True)]))
            three = float(np.mean([bool(a.right & set(i)) for i, (a, _) in zip(ids, held_out, strict=True)]))
            told.append({"outcomes": n, "top1": round(first, 4), "top3": round(three, 4)})
        if request is not None:
            answer(suggester, n, request, request.right, people=False)
    return told


def change(corpus: Corpus, encoder: CachedEncoder, *, seed: int, n_events: int, people: bool) -> dict[str, object]:
    """accept@3 of everything, of new options and of those that changed, by part of the stream."""
    made = a_change(corpus, encoder, seed=seed, n_events=n_events)
    n_events, half = len(made.events), len(made.events) // 2
    suggester = fresh(corpus, encoder)
    for n, request in enumerate(made.known):
        suggester.learn_label(f"known-{n}", request.embedding, request.right)
    hits, kinds = [], []
    for n, request in enumerate(made.events):
        right = request.right
        if n >= half and right is not None:
            right = made.swapped.get(right, right)
        hits.append(answer(suggester, n, request, right, people=people))
        kinds.append(
            "far" if right is None else "new" if right in made.new else "swapped" if right in made.swapped else ""
        )
    hit, kind, at = np.array(hits), np.array(kinds), np.arange(n_events)

    def share(*, of: str | None, begin: int, end: int) -> float | None:
        chosen = (at >= begin) & (at < end) & (kind != "far" if of is None else kind == of)
        return round(float(hit[chosen].mean()), 3) if chosen.any() else None

    settled = half + (n_events - half) // 3
    return {
        "seed": seed,
        "people": people,
        "events": n_events,
        "first 1,000": share(of=None, begin=0, end=1_000),
        "new, first 1,000": share(of="new", begin=0, end=1_000),
        "new, then to half": share(of="new", begin=1_000, end=half),
        "swapped, before": share(of="swapped", begin=0, end=half),
        "swapped, first third after": share(of="swapped", begin=half, end=settled),
        "swapped, then": share(of="swapped", begin=settled, end=n_events),
        "all": share(of=None, begin=0, end=n_events),
    }


def _kind(right: str | None, made: Change) -> str:
    if right is None:
        return "far"
    return "new" if right in made.new else "swapped" if right in made.swapped else "old"


def compute(corpus: Corpus, encoder: CachedEncoder) -> list[dict[str, object]]:
    """CPU microseconds of one event's learning, median and 99th percentile, with so much in memory."""
    pool = requests_of(corpus, encoder, random.Random(0))
    told: list[dict[str, object]] = []
    for size in (300, 3_000, 9_000):
        suggester, spent = fresh(corpus, encoder), []
        held = pool[:size]
        suggester.memory.add_many(
            [f"held-{n}" for n in range(len(held))],
            np.array([r.embedding for r in held]),
            [r.right for r in held],
            np.full(len(held), 0.7),
        )
        for n, request in enumerate(pool[-200:]):
            ranking = suggester.rank(request.embedding, request.text)
            slate, p = ranking.ids[:K], dict(zip(ranking.ids[:K], ranking.p_select[:K].tolist(), strict=True))
            began = time.thread_time()
            suggester.learn_select(f"now-{n}", request.embedding, slate[-1], passed_over=slate[:-1], served=p)
            spent.append(time.thread_time() - began)
        told.append(
            {
                "in memory": len(held),
                "us p50": round(1e6 * float(np.median(spent))),
                "us p99": round(1e6 * float(np.quantile(spent, 0.99))),
            }
        )
    return told


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", default="clinc150", choices=["clinc150", "banking77"])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--events", type=int, default=6_000)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args(arguments)
    corpus, encoder = load(chosen.corpus), CachedEncoder(chosen.corpus)
    told: dict[str, object] = {"corpus": corpus.name, "licence": corpus.licence, "machine": described()}
    told["compute"] = compute(corpus, encoder)
    changes: list[dict[str, object]] = []
    seen: list[list[dict[str, object]]] = []
    for seed in range(chosen.first_seed, chosen.first_seed + chosen.seeds):
        seen.append(outcomes(corpus, encoder, seed))
        print(json.dumps(seen[-1]), flush=True)
        for people in (False, True):
            changes.append(change(corpus, encoder, seed=seed, n_events=chosen.events, people=people))
            print(json.dumps(changes[-1]), flush=True)
        encoder.save()
        told |= {"outcomes": seen, "change": changes}
        if chosen.out is not None:
            chosen.out.parent.mkdir(parents=True, exist_ok=True)
            chosen.out.write_text(json.dumps(told, indent=1) + "\n")
    print(json.dumps(told["compute"]))


if __name__ == "__main__":
    main()
