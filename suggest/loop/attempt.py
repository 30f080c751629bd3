"""One way to learn the same examples, built and judged: in the vectors of the serving encoder, or of a tuned one."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from suggest.calibrate.prior import shipped_prior
from suggest.domain.bundle import EncoderRef
from suggest.loop.archive import pack
from suggest.loop.asking import LearnedTrigger, taught
from suggest.loop.build import Built, Progress, build
from suggest.loop.doubts import doubts_json
from suggest.loop.examples import ExampleSet
from suggest.loop.gate import GateReport
from suggest.loop.made_up import Background
from suggest.loop.record import evidence_json, golden_json, scores_json, uid, worth_json
from suggest.loop.scores import Score, held_out_scores, measures, speak_for_traffic
from suggest.rank.features import FEATURE_VERSION
from suggest.retrieve.encoder import Encoder

GOLDEN_TEXTS = 8  # whose vectors are stored with a tuned encoder's bundle; our own texts, nobody's


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    examples: ExampleSet  # the clicks with what they stand for
    built: Built
    scores: Sequence[Score | None]  # out of fold, one an example; None where its encoder was tuned on it
    encoder: EncoderRef
    seconds: float  # it took to build
    trigger: LearnedTrigger | None = None  # None: the shipped one knows as much
    on_trigger: str = ""  # why, for the gate's notes

    def by_uid(self) -> Mapping[str, Score | None]:
        return {uid(e): s for e, s in zip(self.examples.examples, self.scores, strict=True)}


def attempt(
    examples: ExampleSet, background: Background, encoder: EncoderRef, *, seed: int, threads: int, report: Progress
) -> Attempt:
    started = time.perf_counter()
    built = build(examples, shipped_prior(), background=background, seed=seed, threads=threads, report=report)
    asking = taught(built.examples, background, encoder=encoder.fingerprint)
    return Attempt(
        examples=built.examples,
        built=built,
        scores=held_out_scores(built, built.examples),
        encoder=encoder,
        trigger=asking.learned,
        on_trigger=asking.why,
        seconds=time.perf_counter() - started,
    )


def packed(
    made: Attempt,
    verdict: GateReport,
    said: Mapping[str, object],
    *,
    golden_vectors: bytes | None = None,
) -> bytes:
    """The bundle of an attempt; `said`: what the manifest tells of the run besides."""
    examples, built = made.examples, made.built
    clicks = [e for e in examples.examples if e.click]
    manifest: dict[str, object] = {
        **said,
        "encoder": made.encoder.fingerprint,
        "encoder_ref": made.encoder.to_json(),
        "feature_version": FEATURE_VERSION,
        "data": {
            "labels": len(examples) - len(clicks),
            "selections": sum(1 for e in clicks if e.right),
            "dismissals": sum(1 for e in clicks if e.is_dismissal),
            "refusals": sum(1 for e in clicks if e.is_refusal),
            "none_labels": examples.nones,
            "candidates": len(examples.catalog.ids),
        },
        "metrics": dict(verdict.challenger) or dict(measures(made.scores, examples.examples)),
        "shares": [round(float(s), 4) for s in built.choice.shares],
        "stages": sorted(built.ranker.files()),
    }
    files = built.ranker.files() | {
        "choice.json": json.dumps(built.choice.to_json()).encode(),
        "encoder.json": json.dumps(made.encoder.to_json()).encode(),
        "evidence.json": evidence_json(speak_for_traffic(built, made.scores)),
        "scores.json": scores_json(examples.examples, made.scores),
        "golden.json": golden_json(built),
        "gate.json": json.dumps(verdict.to_json()).encode(),
    }
    if built.examination is not None:
        manifest["examination"] = built.examination.to_json()
        files["worth.json"] = worth_json(examples.examples)
    if made.trigger is not None:
        manifest["trigger"] = made.trigger.told
        files["trigger.json"] = json.dumps(made.trigger.trigger.to_json()).encode()
    files["doubts.json"] = doubts_json(built, examples)
    if examples.tuned_on:
        files["tuned_on.json"] = json.dumps(sorted(examples.tuned_on)).encode()
    if golden_vectors is not None:
        files["golden_vectors.json"] = golden_vectors
    return pack(files, manifest)


def golden_vectors_json(encoder: Encoder, texts: Sequence[str]) -> bytes:
    """What a tuned encoder says of a few texts, for whoever loads it next to compare."""
    some = list(texts[:: max(1, len(texts) // GOLDEN_TEXTS)][:GOLDEN_TEXTS])
    rows = encoder.encode(some)
    return json.dumps({"texts": some, "vectors": np.round(rows, 5).tolist()}).encode()
