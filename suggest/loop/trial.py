"""One retrain from start to verdict, in a process of its own: read, build, tune where it pays, judge, pack.

    python -m suggest.loop.trial FOLDER

FOLDER holds task.json, background.npz and, where there is one, champion.bundle. Progress goes to standard output as
JSON lines; the result is result.json and, where something was built, challenger.bundle; where its encoder was tuned,
encoder.tar and the folder encoder; and vectors-*.npz, what was encoded on the way."""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from suggest.calibrate.choice import ChoiceModel
from suggest.calibrate.prior import shipped_prior
from suggest.domain.bundle import EncoderRef
from suggest.domain.errors import SuggestError
from suggest.loop.archive import ARCHIVE, Unpacked, unpack
from suggest.loop.attempt import Attempt, attempt, golden_vectors_json, packed
from suggest.loop.build import FEWEST_POSITIVES, Progress
from suggest.loop.contest import contest
from suggest.loop.examples import ExampleSet
from suggest.loop.gate import GateReport, judge, kept
from suggest.loop.ladder import ladder, told
from suggest.loop.made_up import Background
from suggest.loop.manners import behave, tell_progress
from suggest.loop.reading import last_sequence, read_examples
from suggest.loop.record import scores_of, uid
from suggest.loop.reencoding import Reencoder, texts_per_s
from suggest.loop.rescoring import scored_now
from suggest.loop.scores import Score
from suggest.loop.tuned import Reads, Tuned, Tunes, known_answers, tune_and_build
from suggest.loop.tuning_plan import Plan, is_wanted, plan, refused
from suggest.rank.ranker import Ranker
from suggest.retrieve.encoders import Load, load_from
from suggest.retrieve.tuning import tune
from suggest.store.reader import SnapshotReader
from suggest.store.vectors import VectorFile

UNTIL_JUDGED = 0.93  # of the progress
PLAIN_SHARE = 0.35  # of it, where the encoder may be tuned after the first build


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a retrain is asked to do."""

    surface: str
    snapshot: str
    encoder: str  # fingerprint of the one that serves
    dim: int
    seed: int
    threads: int
    champion: str | None  # id; None: the shipped prior serves
    at: str  # when it was asked for, RFC 3339
    mode: str = "off"  # auto | off | tune
    reason: str = "on-demand"
    encoder_blob: str | None = None  # of the one that serves, where it was tuned
    encoder_folder: str | None = None  # where it lies; None: it cannot encode here, rows of others are left out
    encoder_cache: str = ""  # where its export is kept
    base: str | None = None  # the folder that tuning starts from; None: it cannot be tuned
    base_cache: str = ""
    vectors: str | None = None  # what the serving encoder was asked before
    tuned_at: int = 0  # known answers when the encoder was tuned last

    @property
    def ref(self) -> EncoderRef:
        return EncoderRef(fingerprint=self.encoder, dim=self.dim, blob=self.encoder_blob)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What tunes and reads encoders."""

    tune: Tunes
    load: Load


def run(trial: Trial, folder: Path, report: Progress, tools: Tools) -> GateReport:
    """Do all of it; what comes out lies in `folder`."""
    started = time.perf_counter()
    report(0.01, "reading the log")
    champion = unpack((folder / "champion.bundle").read_bytes()) if (folder / "champion.bundle").exists() else None
    serving = _serving(trial, tools)
    with SnapshotReader(folder / trial.snapshot) as reader:

        def read(again: Reencoder | None, tuned_on: frozenset[str]) -> ExampleSet:
            ref = trial.ref if again is None else again.ref
            return read_examples(
                reader,
                trial.surface,
                encoder=ref.fingerprint,
                dim=ref.dim,
                again=again,
                tuned_on=tuned_on,
            )

        until = last_sequence(reader)
        examples = read(serving, _tuned_on(champion))
        n_options = len(examples.options())
        if examples.positives < FEWEST_POSITIVES or n_options < 2:
            return kept(
                f"{examples.positives} known right answers over {n_options} candidates; "
                f"at least {FEWEST_POSITIVES} over 2 are needed before there is anything to learn"
            )
        background = _background(folder / "background.npz", trial, serving)
        wished = _wished(trial, tools, examples)
        share = PLAIN_SHARE if wished is None else UNTIL_JUDGED
        plain = attempt(
            examples,
            background,
            trial.ref,
            seed=trial.seed,
            threads=trial.threads,
            report=lambda done, step: report(share * done, step),
        )
        theirs = _champion_scores(champion, plain)
        tuned, planned = None, refused(wished or "")
        if wished is None:
            planned = _planned(trial, tools, plain, time.perf_counter() - started)
            tuned, planned = _tuned(trial, folder, tools, plain, background, read, planned, report)
    report(0.95, "judging it against the champion")
    taken, verdict = _judged(trial, plain, tuned, theirs, planned)
    report(0.97, "packing")
    said = _said(trial, until, examples, tuned)
    golden = None
    if taken is not None:
        (folder / ARCHIVE).write_bytes(taken.archive)
        taken.vectors.write(folder / "vectors-tuned.npz")
        golden = golden_vectors_json(taken.encoder, background.texts)
    elif serving is not None:
        serving.write(folder / "vectors-serving.npz")
        golden = _golden_of(champion)
    (folder / "challenger.bundle").write_bytes(
        packed(plain if taken is None else taken.attempt, verdict, said, golden_vectors=golden)
    )
    return verdict


# -- the encoder that serves -------------------------------------------------------------------------------------------


def _serving(trial: Trial, tools: Tools) -> Reencoder | None:
    if trial.encoder_folder is None:
        return None
    lies_at, cache = Path(trial.encoder_folder), Path(trial.encoder_cache or trial.encoder_folder)
    kept_at = None if trial.vectors is None else VectorFile(Path(trial.vectors), trial.dim)
    return Reencoder(trial.ref, lambda: tools.load(lies_at, cache), kept=kept_at)


def _tuned_on(champion: Unpacked | None) -> frozenset[str]:
    """What the champion's encoder was tuned on."""
    stored = None if champion is None else champion.files.get("tuned_on.json")
    return frozenset() if stored is None else frozenset(json.loads(stored))


def _golden_of(champion: Unpacked | None) -> bytes | None:
    return None if champion is None else champion.files.get("golden_vectors.json")


def _background(file: Path, trial: Trial, serving: Reencoder | None) -> Background:
    with np.load(file, allow_pickle=False) as arrays:
        texts, embeddings, needs = [str(t) for t in arrays["texts"]], arrays["embeddings"], arrays["needs_answer"]
    about = Background(
        texts=tuple(itertools.compress(texts, needs)),
        embeddings=embeddings[needs],
        talk=tuple(itertools.compress(texts, ~needs)),
        talk_embeddings=embeddings[~needs] if not needs.all() else None,
    )
    if trial.encoder_blob is not None and serving is not None:
        return about.by(serving.texts)  # the file's are of the configured encoder
    return about


# -- tuning ------------------------------------------------------------------------------------------------------------


def _wished(trial: Trial, tools: Tools, examples: ExampleSet) -> str | None:
    return is_wanted(
        trial.mode,
        trial.reason,
        can_be_tuned=trial.base is not None,
        known=known_answers(examples),
        candidates=examples.catalog.ids,
        tuned_at=trial.tuned_at,
    )


def _planned(trial: Trial, tools: Tools, plain: Attempt, elapsed_s: float) -> Plan:
    assert trial.base is not None
    base, examples = Path(trial.base), plain.examples
    texts = [e.text for e in examples.examples] or [""]
    return plan(
        trial.mode,
        elapsed_s=elapsed_s,
        n_texts=len(texts) + len(examples.catalog.ids),
        texts_per_s=texts_per_s(tools.load(base, Path(trial.base_cache)), texts),
        build_s=plain.seconds,
    )


def _tuned(
    trial: Trial,
    folder: Path,
    tools: Tools,
    plain: Attempt,
    background: Background,
    read: Reads,
    planned: Plan,
    report: Progress,
) -> tuple[Tuned | None, Plan]:
    """A challenger on a tuned encoder; None where there was no time, or it could not be tuned."""
    if not planned.is_on:
        return None, planned
    assert trial.base is not None
    left = UNTIL_JUDGED - PLAIN_SHARE
    try:
        made = tune_and_build(
            plain.examples,
            read,
            background,
            base=Path(trial.base),
            folder=folder,
            tune=tools.tune,
            load=tools.load,
            budget_s=planned.budget_s,
            seed=trial.seed,
            threads=trial.threads,
            report=lambda done, step: report(PLAIN_SHARE + left * done, step),
        )
    except (SuggestError, ValueError, RuntimeError, OSError) as error:  # the plain challenger is there all the same
        return None, refused(f"the encoder was not tuned: {error}")
    return made, planned


def _judged(
    trial: Trial, plain: Attempt, tuned: Tuned | None, theirs: Sequence[Score | None], planned: Plan
) -> tuple[Tuned | None, GateReport]:
    if tuned is None:
        rungs = told(ladder(plain.built, plain.examples, plain.scores))
        verdict = judge(plain.examples.examples, plain.scores, theirs, ladder=rungs, seed=trial.seed)
        return None, replace(verdict, notes=(planned.why, plain.on_trigger))
    decided = contest(plain, tuned.attempt, theirs, seed=trial.seed)
    did = f"the encoder was tuned for {tuned.result.seconds:.0f} s in {tuned.result.steps} steps; {planned.why}"
    on_trigger = (tuned.attempt if decided.is_tuned else plain).on_trigger
    verdict = replace(decided.verdict, notes=(*decided.verdict.notes, did, on_trigger))
    return (tuned if decided.is_tuned else None), verdict


# -- the verdict ------------------------------------------------------------------------------------------------------


def _champion_scores(champion: Unpacked | None, plain: Attempt) -> Sequence[Score | None]:
    """Its own out-of-fold record where it has one; else what it says of an example that came after its data."""
    examples, examination = plain.examples, plain.built.examination
    if champion is None:
        return scored_now(Ranker(), shipped_prior(), examples, range(len(examples)), examination)
    choice = ChoiceModel.from_json(json.loads(champion.files["choice.json"]))
    recorded = scores_of(champion.files["scores.json"])
    until = int(str(champion.manifest.get("data_until") or 0))
    scores: list[Score | None] = [recorded.get(uid(e)) for e in examples.examples]
    later = [n for n, e in enumerate(examples.examples) if scores[n] is None and e.order > until]
    ranker = Ranker.from_files(champion.files)
    for n, fresh in zip(later, scored_now(ranker, choice, examples, later, examination), strict=True):
        scores[n] = fresh
    return scores


def _said(trial: Trial, until: int, examples: ExampleSet, tuned: Tuned | None) -> Mapping[str, object]:
    said: dict[str, object] = {
        "surface": trial.surface,
        "at": trial.at,
        "parent": trial.champion,
        "seed": trial.seed,
        "data_until": until,
    }
    if tuned is not None:
        said["tuning"] = {
            "known": sum(known_answers(examples).values()),
            "seconds": round(tuned.result.seconds, 1),
            "steps": tuned.result.steps,
            "loss": round(float(tuned.result.loss), 4),
            "encoder": tuned.attempt.encoder.fingerprint,
        }
    return said


def main(folder: Path) -> int:
    behave()
    trial = Trial(**json.loads((folder / "task.json").read_text()))
    verdict = run(trial, folder, tell_progress, Tools(tune=tune, load=partial(load_from, threads=trial.threads)))
    (folder / "result.json").write_text(json.dumps(verdict.to_json()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
