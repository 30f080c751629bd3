"""From a snapshot of the log to examples: what stands of all that was said, by the contract's rules.

Right items of a context are the union of its labels; a verdict replaces what was said before it; a withdrawn verdict
and a retired candidate have no vote; a selection says nothing of options below it or never examined."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, cast

import numpy as np

from suggest.calibrate.silence import Audited
from suggest.domain import weight as weights
from suggest.domain.text import context_key
from suggest.loop.conversations import path_of
from suggest.loop.examples import Catalog, Example, ExampleSet, Reaction, Supplied
from suggest.loop.rows import Again, Rows, unit_rows
from suggest.rank.features import column, widened
from suggest.rank.habits import Asker
from suggest.rank.traits import NO_TRAITS, Traits, traits_of

VERDICT_LABEL = "verdict:"  # then the verdict's eid: the id of the label a verdict makes
PROBABLY_RIGHT = 0.7  # p_any of a slate from which on not taking it says that nothing was wanted
MOST_REACTIONS = 3_000  # the latest are kept, for the trigger
UNWANTED = {"dismissed": weights.SENT_AWAY, "ignored": weights.LEFT}  # how much each says that nothing was wanted
MOST_EXAMPLES = 30_000  # the latest are kept; more change little and cost minutes


class Reads(Protocol):
    def select(self, query: str, /, **params: object) -> list[dict[str, object]]: ...


@dataclass(slots=True)
class _Standing:
    """What is known of one context by labels, and by which of them."""

    row: int
    context: object  # as stored
    items: dict[str | None, int] = field(default_factory=dict)  # item -> sequence of its latest label


def read_examples(
    reads: Reads,
    surface: str,
    *,
    encoder: str,
    dim: int,
    again: Again | None = None,
    tuned_on: frozenset[str] = frozenset(),
) -> ExampleSet:
    """All examples of a surface, oldest first, in the vectors of `encoder`.

    What another encoder embedded is made anew from its text by `again`, and left out where there is none."""
    catalog = _catalog(reads, surface, encoder=encoder, dim=dim, again=again)
    births = {str(r["id"]): _int(r["sequence"]) for r in reads.select("candidate_births", surface=surface)}
    known = frozenset(catalog.ids)
    rows = Rows(encoder, dim, again)
    found = [
        *_labels(reads, surface, known, births, rows),
        *_clicks(reads, surface, known, rows),
        *_refusals(reads, surface, known, rows),
    ]
    reactions = tuple(_reactions(reads, surface, rows))
    found.sort(key=lambda e: e.order)
    found = found[-MOST_EXAMPLES:]
    audited = Audited(**{k: _int(n) for k, n in reads.select("audited_slates", surface=surface)[0].items()})
    return ExampleSet(
        examples=tuple(found),
        embeddings=rows.matrix(),
        catalog=catalog,
        audited=audited,
        reactions=reactions,
        tuned_on=tuned_on,
    )


def last_sequence(reads: Reads) -> int:
    """What a bundle made from this snapshot has seen."""
    return _int(reads.select("last_sequence")[0]["sequence"])


def _catalog(reads: Reads, surface: str, *, encoder: str, dim: int, again: Again | None) -> Catalog:
    rows = [r for r in reads.select("latest_candidates", surface=surface) if not r["retired"]]
    is_own = [r["encoder"] == encoder and r["embedding"] is not None for r in rows]
    if again is None:
        rows, is_own = [r for r, own in zip(rows, is_own, strict=True) if own], [True] * sum(is_own)
    embeddings = np.zeros((len(rows), dim), np.float32)
    own, others = np.flatnonzero(is_own), np.flatnonzero(~np.array(is_own, bool))
    embeddings[own] = unit_rows([cast("bytes", rows[i]["embedding"]) for i in own], dim)
    if again is not None and len(others):
        embeddings[others] = again.texts([str(rows[i]["text"]) for i in others])
    traits = tuple(traits_of(_mapping(r["fields"]), cast("list[str]", r["tags"] or [])) for r in rows)
    return Catalog(
        ids=tuple(str(r["id"]) for r in rows),
        texts=tuple(str(r["text"]) for r in rows),
        embeddings=embeddings,
        traits=traits if any(traits) else (),
    )


def _labels(
    reads: Reads, surface: str, known: frozenset[str], births: Mapping[str, int], rows: Rows
) -> Iterable[Example]:
    withdrawn = {f"{VERDICT_LABEL}{r['eid']}" for r in reads.select("withdrawn_verdicts", surface=surface)}
    standing: dict[str, _Standing] = {}
    for r in reads.select("labels_of_surface", surface=surface, after=0):
        if r["id"] in withdrawn or not rows.can_hold(r):
            continue
        key = str(r["context_key"])
        if r["source"] == "verdict":
            standing.pop(key, None)
        if key not in standing:
            standing[key] = _Standing(row=rows.add(r), context=r["context"])
        context = standing[key]
        context.items[cast("str | None", r["item"])] = _int(r["sequence"])
    for key, context in standing.items():
        right = tuple(i for i in context.items if i is not None and i in known)
        if not right and None not in context.items:
            continue  # all its answers were retired: nothing is known of it any more
        sequence = max(context.items.values())
        newer = frozenset(i for i in known if births.get(i, 0) > sequence) if not right else frozenset()
        yield Example(
            key=key,
            text=_text(context.context),
            wording=_wording(context.context),
            path=_path(context.context),
            traits=_traits(context.context),
            row=context.row,
            right=right,
            weight=weights.LABEL,
            order=float(sequence),
            click=False,
            newer=newer,
        )


def _clicks(reads: Reads, surface: str, known: frozenset[str], rows: Rows) -> Iterable[Example]:
    for r in reads.select("decided_slates", surface=surface, after=0):
        if not rows.can_hold(r):
            continue
        shown = [str(option["id"]) for option in _options(r["shown"])]
        weight = weights.CLICK * float(cast("float", r["weight"]))
        if weight <= 0:
            continue  # this voice had had its say
        supplied = _supplied(r) if r["supplied"] else None
        there = known if supplied is None else frozenset(supplied.ids)
        item, slot = cast("str | None", r["item"]), 0
        right: tuple[str, ...] = ()
        examined = tuple(i for i in shown if i in there)
        if r["outcome"] == "selected":
            if item not in shown or item not in there:
                continue
            slot = shown.index(item)
            right, examined = (item,), tuple(i for i in shown[:slot] if i in there)
        elif not examined:
            continue  # all that was dismissed is retired, or was never of this catalog: it says nothing of the rest
        yield Example(
            key=str(r["context_key"]),
            text=_text(r["context"]),
            wording=_wording(r["context"]),
            path=_path(r["context"]),
            traits=_traits(r["context"]),
            supplied=supplied,
            asker=None if r["bundle"] == "imported" else _asker(r),
            row=rows.add(r),
            right=right,
            weight=weight,
            order=float(_int(r["sequence"])),
            click=True,
            examined=examined,
            slot=slot,
            shown=tuple(shown),
        )


def _refusals(reads: Reads, surface: str, known: frozenset[str], rows: Rows) -> Iterable[Example]:
    for r in reads.select("refused_options", surface=surface, after=0):
        weight = weights.CLICK * weights.REFUSAL * float(cast("float", r["weight"]))
        supplied = _supplied(r) if r["supplied"] else None
        item = str(r["item"])
        if not rows.can_hold(r) or weight <= 0 or item not in (known if supplied is None else supplied.ids):
            continue
        yield Example(
            key=str(r["context_key"]),
            text=_text(r["context"]),
            wording=_wording(r["context"]),
            path=_path(r["context"]),
            traits=_traits(r["context"]),
            supplied=supplied,
            asker=_asker(r),
            row=rows.add(r),
            right=(),
            weight=weight,
            order=float(_int(r["sequence"])),
            click=True,
            examined=(item,),
            is_refusal=True,
        )


def _reactions(reads: Reads, surface: str, rows: Rows) -> Iterable[Reaction]:
    """Who sends away, or leaves, what was probably right did not want it; of a wrong slate it says nothing."""
    for r in reads.select("reactions", surface=surface, limit=MOST_REACTIONS):
        wanted = r["outcome"] == "overridden"
        p_any = float(cast("float", r["p_any"]))
        if not wanted and p_any < PROBABLY_RIGHT:
            continue
        tells = 1.0 if wanted else p_any * UNWANTED[str(r["outcome"])]
        if rows.can_hold(r) and (weight := tells * float(cast("float", r["weight"]))) > 0:
            yield Reaction(key=str(r["context_key"]), row=rows.add(r), wanted=wanted, weight=weight)


def _asker(row: Mapping[str, object]) -> Asker:
    return Asker(
        user=cast("str | None", row["user_key"]),
        session=cast("str | None", row["session"]),
        at=cast("datetime", row["at"]).timestamp(),
    )


def _supplied(row: Mapping[str, object]) -> Supplied | None:
    """The caller's own options as they were ranked; None where the request was ranked by words alone."""
    ids = tuple(cast("list[str]", row["pool_ids"] or []))
    features = np.frombuffer(cast("bytes", row["features"] or b""), np.float16).astype(np.float32)
    if not ids or not len(features) or len(features) % len(ids):
        return None
    columns = widened(features.reshape(len(ids), -1))
    if not len(columns):
        return None
    told = _mapping(row["context"]).get("options")
    fields = {i: traits_of(_mapping(each)) for i, each in _mapping(told).items()}
    return Supplied(
        ids=ids,
        name_cosine=columns[:, column("name_cosine")].copy(),
        lexical=columns[:, column("lexical")].copy(),
        traits=tuple(fields.get(i, NO_TRAITS) for i in ids),
    )


def _mapping(stored: object) -> Mapping[str, object]:
    told = json.loads(stored) if isinstance(stored, str) else stored
    return told if isinstance(told, Mapping) else {}


def _traits(context: object) -> Traits:
    return traits_of(_mapping(_mapping(context).get("fields")))


def _wording(context: object) -> str:
    """The identity of a text with fields, apart from them; empty where it has none: its key is its text's."""
    told = _mapping(context)
    if not told.get("fields"):
        return ""
    return context_key(str(told.get("text") or ""), _turns(context))


def _path(context: object) -> tuple[str, ...]:
    return path_of([*(text for _, text in _turns(context)), _text(context)])


def _turns(context: object) -> list[tuple[str, str]]:
    turns = cast("list[dict[str, str]]", _mapping(context).get("turns") or [])
    return [(turn["role"], turn["text"]) for turn in turns]


def _options(shown: object) -> list[dict[str, Any]]:
    told = json.loads(shown) if isinstance(shown, str) else shown
    return list(told) if isinstance(told, list) else []


def _text(context: object) -> str:
    return str(_mapping(context).get("text") or "")


def _int(value: object) -> int:
    return int(cast("int", value))
