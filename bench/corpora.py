"""The benchmark corpora in one shape: what is known beforehand, and the stream that is judged.

Each loader says which split is history and which is judged; nothing of the judged part is ever used to fit or choose.
The data lies in SUGGEST_DATA (by default `shared/data` beside the project), each set with its licence; none of it is
committed here. Out of scope is *near* where it is of the same trade (whole categories held out) and *far* where it is
about anything else.

CoAuthor and Copilot's telemetry, lists of texts that were never candidates before, are measured in bench/accept.py."""

from __future__ import annotations

import csv
import gzip
import json
import os
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

DATA = Path(os.environ.get("SUGGEST_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
Kind = Literal["in", "near", "far"]
Turns = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One context and what is right for it. `right` empty: nothing on this surface is."""

    text: str
    right: frozenset[str]
    kind: Kind = "in"
    turns: Turns = ()  # (role, text), oldest first, before `text`
    group: str = ""  # whose calibration is looked at on its own: a domain, a scenario, a service

    def __post_init__(self) -> None:
        if bool(self.right) != (self.kind == "in"):
            raise ValueError("what is in scope has a right option, and nothing else has")


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    name: str
    licence: str
    candidates: Mapping[str, str]  # id -> text
    history: tuple[Ask, ...]  # labelled; those that nothing answers are none-labels
    stream: tuple[Ask, ...]  # judged, in this order; never fed back
    notes: tuple[str, ...] = field(default=())


def load(name: str, *, seed: int = 0, quick: bool = False) -> Corpus:
    """A corpus by name; `quick` keeps 2,000 of the history and 1,000 of the stream."""
    corpus = LOADERS[name](random.Random(seed))
    if not quick:
        return corpus
    rng = random.Random(seed)
    return Corpus(
        name=corpus.name,
        licence=corpus.licence,
        candidates=corpus.candidates,
        history=_sample(corpus.history, 2_000, rng),
        stream=_sample(corpus.stream, 1_000, rng),
        notes=(*corpus.notes, "quick: 2,000 of the history, 1,000 of the stream"),
    )


def strangers(part: Literal["train", "val"]) -> list[str]:
    """CLINC150's out-of-scope requests: of its training part (with the plus file), or `oos_val`."""
    whole = json.loads((DATA / "clinc150" / "clinc150_train_val.json").read_text())
    if part == "val":
        return [text for text, _ in whole["oos_val"]]
    plus = json.loads((DATA / "clinc150" / "oos_train_plus.json").read_text())
    return sorted({text for text, _ in [*plus, *whole["oos_train"]]})


# -- single messages with one right category ---------------------------------------------------------------------------


def banking77(rng: random.Random) -> Corpus:
    """All training rows as history; test rows and CLINC150 `oos_val` (far) as the stream."""
    return _banking(rng, n_held_out=0, natural=False)


def banking77_near(rng: random.Random) -> Corpus:
    """20 of the 77 categories exist nowhere; their test rows are near and must be known as unanswerable."""
    return _banking(rng, n_held_out=20, natural=False)


def banking77_natural(rng: random.Random) -> Corpus:
    """The same, with 300 of their training rows as none-labels: a shop that cannot answer them, and was told so."""
    return _banking(rng, n_held_out=20, natural=True)


def _banking(rng: random.Random, *, n_held_out: int, natural: bool) -> Corpus:
    rows = {part: _csv("banking77", f"{part}.csv") for part in ("train", "test")}
    categories = sorted({row["category"] for row in rows["train"]})
    gone = set(rng.sample(categories, n_held_out)) if n_held_out else set()

    def ask(row: Mapping[str, str]) -> Ask:
        category = row["category"]
        return _ask(row["text"], None if category in gone else category, kind="near", group=category)

    history = [ask(row) for row in rows["train"]]
    unanswered = rng.sample([a for a in history if not a.right], 300) if natural else []
    history = [a for a in history if a.right] + unanswered
    rng.shuffle(history)
    stream = [ask(row) for row in rows["test"]] + [_ask(t, None, kind="far") for t in strangers("val")]
    rng.shuffle(stream)
    kind = "-natural" if natural else "-near" if gone else ""
    return Corpus(
        name=f"banking77{kind}",
        licence="BANKING77 CC BY 4.0; CLINC150 CC BY 3.0",
        candidates={c: c.replace("_", " ") for c in categories if c not in gone},
        history=tuple(history),
        stream=tuple(stream),
    )


def clinc150(rng: random.Random) -> Corpus:
    """train as history, `oos_train` as none-labels; val and `oos_val` (far) as the stream."""
    return _clinc(rng, with_nones=True)


def clinc150_unlabelled(rng: random.Random) -> Corpus:
    """The same without one out-of-scope label."""
    return _clinc(rng, with_nones=False)


def _clinc(rng: random.Random, *, with_nones: bool) -> Corpus:
    whole = json.loads((DATA / "clinc150" / "clinc150_train_val.json").read_text())
    domains = json.loads((DATA / "clinc150" / "domains.json").read_text())
    domain_of = {intent: domain for domain, intents in domains.items() for intent in intents}
    history = [_ask(t, c, group=domain_of.get(c, "")) for t, c in whole["train"]]
    history += [_ask(t, None, kind="far") for t, _ in whole["oos_train"]] if with_nones else []
    stream = [_ask(t, c, group=domain_of.get(c, "")) for t, c in whole["val"]]
    stream += [_ask(t, None, kind="far") for t, _ in whole["oos_val"]]
    rng.shuffle(history)
    rng.shuffle(stream)
    return Corpus(
        name="clinc150" if with_nones else "clinc150-unlabelled",
        licence="CLINC150 CC BY 3.0",
        candidates={c: c.replace("_", " ") for c in sorted({c for _, c in whole["train"]})},
        history=tuple(history),
        stream=tuple(stream),
    )


def hwu64(rng: random.Random) -> Corpus:
    """Three of 18 scenarios held out whole (near); fold 1's training rows as history, its test rows as the stream."""
    rows = {part: _csv("hwu64", f"{part}.csv") for part in ("train", "test")}
    intents = sorted({row["intent"] for row in rows["train"]})
    scenarios = sorted({_scenario(i) for i in intents})
    gone = set(rng.sample(scenarios, 3))

    def ask(row: Mapping[str, str]) -> Ask:
        intent = row["intent"]
        return _ask(row["text"], None if _scenario(intent) in gone else intent, kind="near", group=_scenario(intent))

    history = [a for a in map(ask, rows["train"]) if a.right]
    left_over = [a for a in map(ask, rows["train"]) if not a.right]
    # the held-out scenarios' test rows alone are few: their training rows, which nothing has seen, are asked too
    stream = [ask(row) for row in rows["test"]] + rng.sample(left_over, min(len(left_over), 400))
    stream += [_ask(t, None, kind="far") for t in strangers("val")]
    rng.shuffle(history)
    rng.shuffle(stream)
    return Corpus(
        name="hwu64",
        licence="HWU64 CC BY 4.0; CLINC150 CC BY 3.0",
        candidates={i: i.replace("_", " ") for i in intents if _scenario(i) not in gone},
        history=tuple(history),
        stream=tuple(stream),
        notes=(f"scenarios held out: {', '.join(sorted(gone))}",),
    )


def _scenario(intent: str) -> str:
    return intent.split("_", 1)[0]


# -- conversations -----------------------------------------------------------------------------------------------------


SGD_KINDS, SGD_WORDINGS = 120, 3


def sgd(rng: random.Random) -> Corpus:
    """The agent's next reply; split by dialogue. Its 120 commonest kinds, each in up to three wordings.

    Right are all wordings of the same service, acts and slots, and the history's labels name them all. One kind in ten
    is held out everywhere; contexts that it would answer are near."""
    return _sgd(rng, told_all=True)


def sgd_one(rng: random.Random) -> Corpus:
    """The same, but the history's labels name one wording each: what an agent happened to pick."""
    return _sgd(rng, told_all=False)


def _sgd(rng: random.Random, *, told_all: bool) -> Corpus:
    with gzip.open(DATA / "sgd" / "replies_train.jsonl.gz", "rt") as lines:
        rows = [json.loads(line) for line in lines]
    common = [kind for kind, _ in Counter(row["reply_key"] for row in rows).most_common(SGD_KINDS)]
    gone = set(rng.sample(common, len(common) // 10))
    wordings = {kind: Counter(row["template"] for row in rows if row["reply_key"] == kind) for kind in common}
    options = {k: [t for t, _ in wordings[k].most_common(SGD_WORDINGS)] for k in common if k not in gone}
    ids = {text: f"r{n}" for n, text in enumerate(sorted({t for texts in options.values() for t in texts}))}
    dialogues = sorted({row["dialogue"] for row in rows})
    judged = set(rng.sample(dialogues, len(dialogues) // 5))
    history, stream = [], []
    for row in rows:
        if row["reply_key"] not in wordings:
            continue
        *turns, (_, text) = ((role, said) for role, said in row["context"])
        right = frozenset(ids[t] for t in options.get(row["reply_key"], ()))
        kind: Kind = "in" if right else "near"
        ask = Ask(text=text, turns=tuple(turns), right=right, kind=kind, group=row["service"])
        if row["dialogue"] in judged:
            stream.append(ask)
        elif right:
            history.append(ask if told_all else replace(ask, right=frozenset({rng.choice(sorted(right))})))
    stream = [*_sample(stream, 1_900, rng), *(_ask(t, None, kind="far") for t in strangers("val"))]
    rng.shuffle(stream)
    return Corpus(
        name="sgd" if told_all else "sgd-one",
        licence="SGD CC BY-SA 4.0; CLINC150 CC BY 3.0",
        candidates={i: text for text, i in ids.items()},
        history=_sample(history, 4_000, rng),
        stream=tuple(stream),
        notes=(f"{len(options)} kinds of reply in {len(ids)} wordings; {len(gone)} kinds held out",),
    )


def multidogo(rng: random.Random) -> Corpus:
    """The intents of a customer's turn over five domains at once, `domain: intent`; several may be right together.

    The publisher's train split as history (5,000 turns of it), its test split as the stream (2,000). Turns marked
    `outofdomain` are near: half of the history's are none-labels."""
    domains = ("airline", "fastfood", "insurance", "media", "software")
    parts = {part: [a for d in domains for a in _dogo(d, part)] for part in ("train", "test")}
    options = sorted({i for a in parts["train"] for i in a.right})
    known = {i for i in options if sum(i in a.right for a in parts["train"]) >= 5}
    history = [a for a in parts["train"] if a.right <= known]
    stream = [a for a in parts["test"] if a.right <= known]
    stream = [*_sample(stream, 1_900, rng), *(_ask(t, None, kind="far") for t in strangers("val"))]
    rng.shuffle(stream)
    return Corpus(
        name="multidogo",
        licence="MultiDoGO CDLA-Permissive-1.0; CLINC150 CC BY 3.0",
        candidates={i: i.replace(":", ": ") for i in options if i in known},
        history=_sample(history, 5_000, rng),
        stream=tuple(stream),
    )


def _dogo(domain: str, part: str) -> Iterable[Ask]:
    with gzip.open(DATA / "multidogo" / f"{domain}_{part}.tsv.gz", "rt") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    names = {n for n, c in Counter(i for r in rows for i in (r["intent"] or "").split("<div>")).items() if c >= 5 and n}
    before: tuple[str, list[tuple[str, str]]] = ("", [])
    for row in rows:
        intents = {i for i in (row["intent"] or "").split("<div>") if i}
        if row["conversationId"] != before[0]:
            before = (row["conversationId"], [])
        turns = tuple(before[1][-2:])
        before[1].append(("customer", row["utterance"]))
        if not intents or not intents <= names or not row["utterance"].strip():
            continue
        right = frozenset(f"{domain}:{i}" for i in intents if i != "outofdomain")
        yield Ask(text=row["utterance"], turns=turns, right=right, kind="in" if right else "near", group=domain)


def taskmaster4(rng: random.Random) -> Corpus:
    """The agent's next act in a coffee order as raters accepted it: a call by its name, or one of the set texts.

    Acts accepted fewer than five times are left out, as are rejected ones: that one act was wrong does not say which
    was right. Split by the order's first words, four to one."""
    with gzip.open(DATA / "taskmaster4" / "reward_coffee.jsonl.gz", "rt") as lines:
        rows = [row for row in map(json.loads, lines) if row["accepted"] and row["context"]]
    accepted = Counter(_act(row["candidate"]) for row in rows)
    common = {act for act, n in accepted.items() if n >= 5}
    orders = sorted({_opening(row) for row in rows})
    judged = set(rng.sample(orders, len(orders) // 5))
    history, stream = [], []
    for row in rows:
        act, (*turns, (_, text)) = _act(row["candidate"]), [(turn["role"], _said(turn)) for turn in row["context"]]
        if act in common:
            ask = Ask(text=text, turns=tuple(turns), right=frozenset({act}))
            (stream if _opening(row) in judged else history).append(ask)
    stream += [_ask(t, None, kind="far") for t in strangers("val")]
    rng.shuffle(history)
    rng.shuffle(stream)
    return Corpus(
        name="taskmaster4",
        licence="Taskmaster-4 CC BY 4.0; CLINC150 CC BY 3.0",
        candidates={act: act.replace("_", " ") for act in sorted(common)},
        history=tuple(history),
        stream=tuple(stream),
    )


def _act(turn: Mapping[str, Any]) -> str:
    return next(iter(turn["api"]), "") or "call" if "api" in turn else str(turn["text"])


def _said(turn: Mapping[str, Any]) -> str:
    """A turn's words; of a call or its answer the beginning of what it holds."""
    return str(turn["text"]) if "text" in turn else json.dumps(turn.get("api") or turn.get("response"))[:200]


def _opening(row: Mapping[str, Any]) -> str:
    return next((_said(turn) for turn in row["context"] if turn["role"] == "user"), "")


# -- shared ------------------------------------------------------------------------------------------------------------


def _ask(text: str, right: str | None, *, kind: Kind = "in", group: str = "") -> Ask:
    if right is None:
        return Ask(text=text, right=frozenset(), kind=kind, group=group)
    return Ask(text=text, right=frozenset({right}), group=group)


def _csv(folder: str, name: str) -> list[dict[str, str]]:
    with (DATA / folder / name).open(newline="") as rows:
        return list(csv.DictReader(rows))


def _sample(asks: Sequence[Ask], n: int, rng: random.Random) -> tuple[Ask, ...]:
    return tuple(asks) if len(asks) <= n else tuple(rng.sample(list(asks), n))


LOADERS: Mapping[str, Callable[[random.Random], Corpus]] = {
    "banking77": banking77,
    "banking77-near": banking77_near,
    "banking77-natural": banking77_natural,
    "clinc150": clinc150,
    "clinc150-unlabelled": clinc150_unlabelled,
    "hwu64": hwu64,
    "sgd": sgd,
    "sgd-one": sgd_one,
    "multidogo": multidogo,
    "taskmaster4": taskmaster4,
}
