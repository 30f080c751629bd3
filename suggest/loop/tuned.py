"""Tune the encoder on what is known, and build a challenger on its vectors.

A fifth of the labels and the latest clicks are kept from it: they alone can judge what comes out. Its weights are
rounded to what is stored before anything is encoded with them, so that what is judged is what will serve."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from suggest.domain.bundle import EncoderRef
from suggest.loop.archive import TUNED
from suggest.loop.attempt import Attempt, attempt
from suggest.loop.build import Progress
from suggest.loop.examples import ExampleSet
from suggest.loop.made_up import Background
from suggest.loop.reencoding import Reencoder
from suggest.retrieve.encoder import Encoder
from suggest.retrieve.encoder_archive import halve_encoder, pack_encoder
from suggest.retrieve.encoders import Load


class TuneResult(Protocol):
    @property
    def seconds(self) -> float: ...
    @property
    def steps(self) -> int: ...
    @property
    def loss(self) -> float: ...


class Tunes(Protocol):
    def __call__(
        self,
        base: Path,
        *,
        texts: Sequence[str],
        items: Sequence[str],
        names: Mapping[str, str],
        out: Path,
        seed: int,
        threads: int,
        budget_s: float,
        report: Callable[[float, str], None],
    ) -> TuneResult: ...


Reads = Callable[[Reencoder, frozenset[str]], ExampleSet]  # the same examples of the log, in an encoder's vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What the encoder is tuned on."""

    texts: tuple[str, ...]
    items: tuple[str, ...]
    tuned_on: frozenset[str]  # text keys of these contexts


def lesson(examples: ExampleSet) -> Lesson:
    """Every known right answer but those that are kept to judge by."""
    keys = replace(examples, tuned_on=frozenset()).to_tune_on()  # the same fifth is kept, whatever was tuned before
    used = [e for e in examples.examples if e.right and e.supplied is None and e.text_key in keys]
    pairs = [(e.text, item) for e in used for item in e.right]
    return Lesson(
        texts=tuple(text for text, _ in pairs),
        items=tuple(item for _, item in pairs),
        tuned_on=keys,
    )


def known_answers(examples: ExampleSet) -> Counter[str]:
    """Right answers a candidate."""
    return Counter(item for e in examples.examples if e.supplied is None for item in e.right)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    attempt: Attempt
    encoder: Encoder
    vectors: Reencoder
    archive: bytes
    result: TuneResult


def tune_and_build(
    examples: ExampleSet,
    read: Reads,
    background: Background,
    *,
    base: Path,
    folder: Path,
    tune: Tunes,
    load: Load,
    budget_s: float,
    seed: int,
    threads: int,
    report: Progress,
) -> Tuned:
    """`read(encoder, tuned_on)` reads the same examples from the log in other vectors. Raises what `tune` raises."""
    learned = lesson(examples)
    raw, made = folder / "tuned", folder / TUNED
    result = tune(
        base,
        texts=learned.texts,
        items=learned.items,
        names=dict(zip(examples.catalog.ids, examples.catalog.texts, strict=True)),
        out=raw,
        seed=seed,
        threads=threads,
        budget_s=budget_s,
        report=lambda done, step: report(0.6 * done, step),
    )
    report(0.6, "exporting the tuned encoder")
    halve_encoder(raw, made)
    archive = pack_encoder(made)
    encoder = load(made, made)
    ref = EncoderRef(fingerprint=encoder.fingerprint, dim=encoder.dim, blob=hashlib.sha256(archive).hexdigest())
    again = Reencoder(ref, lambda: encoder, report=lambda done: report(0.63 + 0.12 * done, "encoding with it"))
    tuned = read(again, learned.tuned_on)
    elsewhere = background.by(again.texts)
    built = attempt(
        tuned,
        elsewhere,
        ref,
        seed=seed,
        threads=threads,
        report=lambda done, step: report(0.75 + 0.25 * done, f"{step}, tuned encoder"),
    )
    return Tuned(attempt=built, encoder=encoder, vectors=again, archive=archive, result=result)
