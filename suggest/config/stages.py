"""The product's own stages without a log or a server: built, packed, unpacked, installed, and asked as the server asks.

What is missing here is storage and HTTP. Examples are made by the reading rules, the memory holds what it would hold,
vectors are as the log keeps them, and requests are observed as they are served."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from suggest.calibrate.prior import shipped_prior
from suggest.config.small_talk import background_texts, idle_texts
from suggest.domain import weight as weights
from suggest.domain.context import Context
from suggest.loop.build import Built, build
from suggest.loop.conversations import path_of
from suggest.loop.examples import Catalog, Example, ExampleSet
from suggest.loop.made_up import Background
from suggest.loop.record import evidence_json
from suggest.loop.scores import held_out_scores, speak_for_traffic
from suggest.online.model import Model
from suggest.online.suggester import Suggester
from suggest.policy.arrange import arrange
from suggest.retrieve.context import EncodesTexts
from suggest.retrieve.vectors import Embeddings, Vector, unit

MOST_RANKED = 50  # options of an answer that are kept
Report = Callable[[float, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the stages say to one request."""

    ranked: tuple[str, ...]  # best first
    shown: tuple[str, ...]  # the slate
    p_shown: tuple[float, ...]  # P(right) of each of the slate
    p_any: float
    p_any_unshifted: float | None = None  # before what recent traffic taught


def stored(rows: Embeddings) -> Embeddings:
    """As the log keeps vectors."""
    return unit(rows.astype(np.float16).astype(np.float32))


def labelled(history: Iterable[tuple[Context, Iterable[str]]], catalog: Catalog, rows: Embeddings) -> ExampleSet:
    """Known answers, oldest first, by the reading rules: one example a context, right what any of its labels names.

    No right answer: somebody said that nothing of what there is answers it. `rows`: the vector of each, in order."""
    merged: dict[str, Example] = {}
    for n, (context, right) in enumerate(history):
        known = merged.get(context.key)
        if known is None:
            merged[context.key] = Example(
                key=context.key,
                text=context.text,
                path=path_of([*(turn.text for turn in context.turns), context.text]),
                row=n,
                right=tuple(right),
                weight=weights.LABEL,
                order=float(n),
                click=False,
            )
        else:
            merged[context.key] = replace(known, right=tuple(dict.fromkeys((*known.right, *right))))
    return ExampleSet(examples=tuple(merged.values()), embeddings=stored(rows), catalog=catalog)


def background(encoder: EncodesTexts) -> Background:
    texts, talk = background_texts(), idle_texts()
    return Background(
        texts=tuple(texts),
        embeddings=encoder.encode(texts),
        talk=tuple(talk),
        talk_embeddings=encoder.encode(talk),
    )


def learn(examples: ExampleSet, about: Background, *, seed: int, report: Report) -> tuple[Suggester, Built]:
    """Build a bundle, take it through its files, and install it beside a memory of the same examples.

    Raises ValueError where there are too few known right answers to build from."""
    built = build(examples, shipped_prior(), background=about, seed=seed, threads=1, report=report)
    return serving(built, examples), built


def serving(built: Built, examples: ExampleSet) -> Suggester:
    """What was built, through its files, beside a memory of the same examples."""
    files = built.ranker.files() | {
        "choice.json": json.dumps(built.choice.to_json()).encode(),
        "evidence.json": evidence_json(speak_for_traffic(built, held_out_scores(built, examples))),
    }
    suggester = remembering(examples)
    suggester.install_model(Model.from_files("in-process", files))
    return suggester


def remembering(examples: ExampleSet) -> Suggester:
    """A surface that knows its candidates and remembers the examples, and serves with the shipped prior."""
    catalog = examples.catalog
    suggester = Suggester("in-process", dim=catalog.embeddings.shape[1])
    suggester.candidates.upsert(catalog.ids, catalog.texts, catalog.embeddings)
    suggester.lexical.upsert(catalog.ids, catalog.texts)
    votes = [(e, item) for e in examples.examples for item in (e.right or (None,))]
    if votes:
        suggester.memory.add_many(
            [e.key for e, _ in votes],
            examples.embeddings[[e.row for e, _ in votes]],
            [item for _, item in votes],
            [e.weight for e, _ in votes],
        )
    return suggester


def ask(
    suggester: Suggester, requests: Iterable[tuple[str, Vector]], *, k: int, observe: bool = True
) -> Iterator[Told]:
    """Each request ranked, arranged and observed in order, as one server would; nothing is fed back."""
    for text, row in requests:
        ranking = suggester.rank(row, text)
        clusters = suggester.candidates.clusters(ids=ranking.ids[: 2 * k + 4])
        order = list(arrange(ranking.ids, ranking.logits, k, clusters=clusters).order)
        if observe:
            suggester.observe_request(ranking, row)
        p_shown = ranking.shown(order)
        p_any = float(np.clip(p_shown.sum(), 0.0, 1.0))
        unshifted = p_any * float(ranking.kinds_raw[0]) / max(1.0 - ranking.p_none, 1e-12)
        yield Told(
            ranked=tuple(ranking.ids[:MOST_RANKED]),
            shown=tuple(ranking.ids[i] for i in order),
            p_shown=tuple(float(p) for p in p_shown),
            p_any=p_any,
            p_any_unshifted=min(1.0, unshifted),
        )


def catalog_of(ids: Sequence[str], texts: Sequence[str], encoder: EncodesTexts) -> Catalog:
    return Catalog(ids=tuple(ids), texts=tuple(texts), embeddings=stored(encoder.encode(texts)))
