"""What the log says was right: the votes that the memory is made of, in the order they were cast.

The same rules as when they came: right items of a context are the union of its labels, a verdict replaces what was said
before it, a selection weighs less than a label, and neither a withdrawn answer nor a retired candidate has a vote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from suggest.domain import weight as weights
from suggest.online.embedding import Embedder, StoredContext
from suggest.online.suggester import Suggester
from suggest.online.surfaces import Serving, lesson_of, refusal_lesson
from suggest.retrieve.vectors import Embeddings, Vector

T = TypeVar("T")
VERDICT_LABEL = "verdict:"  # then the verdict's eid: the id of the label a verdict makes
END = 2**62  # a sequence that no log comes to
MOST_REPLAYED = 200  # outcomes newer than the bundle that the instant head is taught again; each costs a ranking


class Reads(Protocol):
    """Named queries of the store."""

    def select(self, query: str, /, **params: object) -> list[dict[str, object]]: ...

    def columns(self, query: str, /, **params: object) -> dict[str, list[Any]]: ...

    def arrays(self, query: str, /, **params: object) -> dict[str, NDArray[Any]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Labels and selections of a surface, merged, oldest first. All columns have n rows."""

    sequences: NDArray[np.int64]
    keys: Sequence[str]
    items: Sequence[str | None]
    replaces: Sequence[bool]  # a verdict: what was said of its context before counts no more
    weights: Sequence[float]
    embeddings: Embeddings  # (n, dim)
    is_embedded: NDArray[np.bool_]


@dataclass(slots=True)
class Votes:
    """The memory of a surface as columns of equal length: ready for `Memory.add_many`."""

    keys: list[str] = field(default_factory=list)
    items: list[str | None] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)  # of the embeddings they were cast with


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of a context: what each option turned out to be."""

    name: str  # of the lesson: `lesson_of` an impression, or the id of a label
    key: str  # of the context
    embedding: Vector
    outcomes: Mapping[str, bool]
    chosen: str | None = None  # the right option, where there is one
    weight: float = 1.0
    bundle: str = ""  # that ranked the slate
    served: Mapping[str, float] = field(default_factory=dict)  # p_select of what was shown
    is_label: bool = False
    is_refusal: bool = False  # of one option: it says nothing of the others


def read_past(reads: Reads, surface: str, embedder: Embedder, *, also_unseen: bool = False) -> Past:
    """Everything that a memory is made of. `also_unseen`: what was degraded is encoded now."""
    labels = reads.columns("labels_of_surface", surface=surface, after=0)
    chosen = reads.columns("remembered_selections", surface=surface, encoder=embedder.fingerprint)
    withdrawn = withdrawn_labels(reads, surface)
    stands = np.array([name not in withdrawn for name in labels["id"]] + [True] * len(chosen["sequence"]), np.bool_)
    sequences = np.array([*labels["sequence"], *chosen["sequence"]], np.int64)
    order = np.argsort(sequences, kind="stable")
    order = order[stands[order]].tolist()
    both = {
        name: _taken([*labels[name], *chosen[name]], order)
        for name in ("context_key", "item", "encoder", "embedding", "context")
    }
    of_votes = [weights.LABEL] * len(labels["id"]) + [
        (weights.DISMISSAL if item is None else weights.CLICK) * cast("float", share)
        for item, share in zip(chosen["item"], chosen["weight"], strict=True)
    ]
    replaces = [source == "verdict" for source in labels["source"]] + [False] * len(chosen["sequence"])
    embeddings, is_embedded = _embeddings(both, embedder, also_unseen=also_unseen)
    return Past(
        sequences=sequences[order],
        keys=cast("list[str]", both["context_key"]),
        items=cast("list[str | None]", both["item"]),
        replaces=_taken(replaces, order),
        weights=_taken(of_votes, order),
        embeddings=embeddings,
        is_embedded=is_embedded,
    )


def votes(past: Past, *, born: Mapping[str, int], retired: frozenset[str]) -> Votes:
    """What stands of all that was said. `born`: the sequence from which on a candidate's votes count again."""
    standing: dict[str, dict[str | None, tuple[float, int]]] = {}
    columns = (past.keys, past.items, past.replaces, past.weights, past.sequences.tolist(), past.is_embedded.tolist())
    for i, (key, item, replaces, weight, sequence, is_embedded) in enumerate(zip(*columns, strict=True)):
        if replaces:
            standing.pop(key, None)
        if not is_embedded or (item is not None and (item in retired or sequence < born.get(item, 0))):
            continue
        of_context = standing.setdefault(key, {})
        if item not in of_context or of_context[item][0] <= weight:
            of_context[item] = (weight, i)
    kept = Votes()
    for key, of_context in standing.items():
        for item, (weight, row) in of_context.items():
            kept.keys.append(key)
            kept.items.append(item)
            kept.weights.append(weight)
            kept.rows.append(row)
    return kept


def relearn_since(reads: Reads, serving: Serving, sequence: int) -> None:
    """Teach a fresh instant head the latest of what has happened since `sequence`."""
    for told in told_since(reads, serving, sequence):
        teach_again(serving.suggester, told)


def teach_again(suggester: Suggester, told: Told) -> None:
    """All that it taught when it came, where the serving bundle ranked the slate; else what it says to the head now."""
    if told.is_label or told.bundle != suggester.bundle:
        suggester.replay_head(told.embedding, told.outcomes, weight=told.weight)
    elif told.is_refusal:
        suggester.replay_head(told.embedding, told.outcomes, weight=told.weight, served=told.served)
    else:
        suggester.replay(
            told.key, told.embedding, told.outcomes, chosen=told.chosen, served=told.served, weight=told.weight
        )


def told_since(
    reads: Reads,
    serving: Serving,
    sequence: int,
    *,
    upto: int | None = None,
    limit: int = MOST_REPLAYED,
    also_unseen: bool = False,
) -> list[Told]:
    """The latest of what has happened since `sequence`, oldest first."""
    surface, embedder = serving.suggester.surface, serving.embedder
    withdrawn = withdrawn_labels(reads, surface)
    upto = END if upto is None else upto
    asked = {"surface": surface, "encoder": embedder.fingerprint, "after": sequence, "upto": upto, "limit": limit}
    outcomes = [(row, _told(row)) for row in reads.select("latest_outcomes", **asked)]
    refusals = [(row, {str(row["item"]): False}) for row in reads.select("latest_refusals", **asked)]
    labels = [
        (row, {str(row["item"]): True}) for row in reads.select("latest_labels", **asked) if row["id"] not in withdrawn
    ]
    latest = sorted(
        (each for each in (*outcomes, *refusals, *labels) if each[1]), key=lambda each: cast("int", each[0]["sequence"])
    )[-limit:]
    rows, is_there = embedder.of_stored([stored_context(row) for row, _ in latest], also_unseen=also_unseen)
    return [
        _lesson(row, told, vector) for (row, told), vector, there in zip(latest, rows, is_there, strict=True) if there
    ]


def labels_since(reads: Reads, serving: Serving, sequence: int) -> list[Told]:
    """Every label since `sequence` that still stands, oldest first; those that nothing was right among them."""
    withdrawn = withdrawn_labels(reads, serving.suggester.surface)
    asked = reads.select("labels_of_surface", surface=serving.suggester.surface, after=sequence)
    rows = [row for row in asked if row["id"] not in withdrawn]
    vectors, is_there = serving.embedder.of_stored([stored_context(row) for row in rows])
    return [
        Told(
            name=str(row["id"]),
            key=str(row["context_key"]),
            embedding=vector,
            outcomes={},
            chosen=_text(row["item"]),
            is_label=True,
        )
        for row, vector, there in zip(rows, vectors, is_there, strict=True)
        if there
    ]


def _lesson(row: Mapping[str, object], told: Mapping[str, bool], vector: Vector) -> Told:
    key = str(row["context_key"])
    if "act" not in row:
        return Told(name=str(row["id"]), key=key, embedding=vector, outcomes=told, is_label=True)
    weight, bundle = float(cast("float", row["weight"])), str(row["bundle"])
    shown = cast("list[dict[str, object]]", row["shown"])
    served = {str(each["id"]): float(cast("float", each["p_select"])) for each in shown}
    if row["act"] == 0:
        return Told(
            name=refusal_lesson(str(row["id"]), str(row["item"])),
            key=key,
            embedding=vector,
            outcomes=told,
            weight=weights.REFUSAL * weight,
            bundle=bundle,
            served=served,
            is_refusal=True,
        )
    is_select = row["act"] == 3
    return Told(
        name=lesson_of(str(row["id"]), is_select=is_select),
        key=key,
        embedding=vector,
        outcomes=told,
        chosen=str(row["item"]) if is_select else None,
        weight=weight,
        bundle=bundle,
        served=served,
    )


def relearn_context(reads: Reads, serving: Serving, key: str) -> None:
    """Make the memory of one context anew from the labels that still stand."""
    surface, suggester = serving.suggester.surface, serving.suggester
    withdrawn = withdrawn_labels(reads, surface)
    rows = [
        row
        for row in reads.select("labels_of_context", surface=surface, context_key=key)
        if row["id"] not in withdrawn and row["embedding"] is not None
    ]
    vectors, is_there = serving.embedder.of_stored([stored_context(row) for row in rows])
    standing: dict[str | None, Vector] = {}
    for row, vector, there in zip(rows, vectors, is_there, strict=True):
        if row["source"] == "verdict":
            standing.clear()
        item = _text(row["item"])
        if there and (item is None or item in suggester.candidates):
            standing[item] = vector
    suggester.memory.forget(key=key)
    for item, vector in standing.items():
        suggester.memory.add(key, vector, item, weight=1.0)


def stored_context(row: Mapping[str, object]) -> StoredContext:
    return StoredContext(
        key=str(row["context_key"]), encoder=row["encoder"], embedding=row["embedding"], context=row["context"]
    )


def withdrawn_labels(reads: Reads, surface: str) -> frozenset[str]:
    """Ids of the labels whose verdicts were taken back."""
    rows = reads.select("withdrawn_verdicts", surface=surface)
    return frozenset(f"{VERDICT_LABEL}{row['eid']}" for row in rows)


def _told(row: Mapping[str, object]) -> dict[str, bool]:
    """What each option of a decided slate turned out to be; those below a selection are not known."""
    options = cast("list[dict[str, object]]", row["shown"])
    shown = [str(option["id"]) for option in sorted(options, key=lambda option: cast("int", option["position"]))]
    if row["act"] != 3:
        return dict.fromkeys(shown, False)
    item = str(row["item"])
    above = shown[: shown.index(item)] if item in shown else []
    return dict.fromkeys(above, False) | {item: True}


def _embeddings(
    columns: Mapping[str, Sequence[object]], embedder: Embedder, *, also_unseen: bool
) -> tuple[Embeddings, NDArray[np.bool_]]:
    """Stored vectors where this encoder made them; the others made anew."""
    rows, is_there = embedder.own(columns["encoder"], columns["embedding"])
    others = np.flatnonzero(~is_there)
    if len(others):
        names = ("context_key", "encoder", "embedding", "context")
        stored = [stored_context({name: columns[name][i] for name in names}) for i in others.tolist()]
        rows[others], is_there[others] = embedder.of_stored(stored, also_unseen=also_unseen)
    return rows, is_there


def _taken(column: Sequence[T], places: Sequence[int]) -> list[T]:
    return [column[place] for place in places]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
