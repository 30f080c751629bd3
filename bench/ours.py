"""The product's own stages on a benchmark corpus, in process: see `suggest.config.stages` for what that leaves out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.corpora import Ask, Corpus
from bench.encoded import CachedEncoder
from bench.judged import Answer
from suggest.config import stages
from suggest.config.stages import remembering, stored
from suggest.domain.context import Context, Turn
from suggest.loop.build import Built
from suggest.loop.examples import Catalog, ExampleSet
from suggest.loop.made_up import Background
from suggest.online.suggester import Suggester
from suggest.retrieve.vectors import Embeddings

__all__ = ["K", "Trained", "ask_all", "catalog_of", "examples_of", "key_of", "remembering", "stored", "train"]

K = 3
SEED = 17


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    suggester: Suggester
    built: Built
    examples: ExampleSet
    build_s: float
    steps_s: dict[str, float]  # seconds until the end of each step


def context_of(ask: Ask) -> Context:
    return Context(text=ask.text, turns=tuple(Turn(role=role, text=text) for role, text in ask.turns))


def key_of(ask: Ask) -> str:
    return context_of(ask).key


def catalog_of(corpus: Corpus, encoder: CachedEncoder) -> Catalog:
    return stages.catalog_of(tuple(corpus.candidates), tuple(corpus.candidates.values()), encoder)


def examples_of(history: Sequence[Ask], catalog: Catalog, rows: Embeddings) -> ExampleSet:
    return stages.labelled(((context_of(ask), sorted(ask.right)) for ask in history), catalog, rows)


def background(encoder: CachedEncoder) -> Background:
    return stages.background(encoder)


def train(examples: ExampleSet, encoder: CachedEncoder, *, seed: int = SEED) -> Trained:
    """Build a bundle, take it through its files, and install it beside a memory of the same examples."""
    about = background(encoder)
    began, steps = time.perf_counter(), {}

    def report(done: float, step: str) -> None:
        steps[step] = round(time.perf_counter() - began, 1)

    suggester, built = stages.learn(examples, about, seed=seed, report=report)
    took = time.perf_counter() - began
    return Trained(suggester=suggester, built=built, examples=examples, build_s=took, steps_s=steps)


def ask_all(
    suggester: Suggester, stream: Sequence[Ask], rows: Embeddings, *, k: int = K, observe: bool = True
) -> list[Answer]:
    """Each request ranked, arranged and observed in order, as one server would; nothing is fed back."""
    requests = zip((ask.text for ask in stream), rows, strict=True)
    return list(stages.ask(suggester, requests, k=k, observe=observe))
