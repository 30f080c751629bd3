"""The loop's face: train, wait, list, promote, roll back, and retrain by itself when it is time.

One run at a time, in a process of its own; a call during a run queues behind it. Promotion is one compare-and-set of
the champion pointer, and the server swaps the bundle between two requests."""

from __future__ import annotations

import json
import logging
import queue
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from threading import RLock, Thread
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from suggest.domain.bundle import PRIOR_BUNDLE, BundleRecord, EncoderRef
from suggest.domain.clock import Clock, rfc3339
from suggest.domain.errors import Invalid, NotFound, SuggestError
from suggest.domain.policy import Policy
from suggest.loop.archive import DamagedBundle, Unpacked, unpack
from suggest.loop.champions import Champions
from suggest.loop.children import ChildFailed, rehearse, run_trial
from suggest.loop.evaluator import Evaluator
from suggest.loop.jobs import Job, Jobs
from suggest.loop.live import CANARY, Alert, Interleaves, Live
from suggest.loop.schedule import Schedule
from suggest.loop.tuning import Children, Tuning
from suggest.store.embedded import EmbeddedStore
from suggest.store.records import bundle_of, bundle_record

log = logging.getLogger(__name__)

LONGEST_RUN_S = 900.0  # a run that would not end within 600 does not tune
LONGEST_TUNING_RUN_S = 3_600.0  # one that was told to tune
SEED = 17


class Installs(Protocol):
    def __call__(self, surface: str, bundle_id: str, files: Mapping[str, bytes], *, data_until: int = 0) -> None:
        """Serve the surface with this bundle from the next request on."""
        ...


def _nobody(surface: str, bundle_id: str | None, files: Mapping[str, bytes], *, data_until: int = 0) -> None:
    """Where nobody serves, a challenger shares no slates."""


class LoopService:
    def __init__(
        self,
        *,
        store: EmbeddedStore,
        clock: Clock,
        new_id: Callable[[], str],
        tuning: Tuning,
        background: Callable[[], tuple[Sequence[str], NDArray[np.float32], NDArray[np.bool_]]],  # requests about
        # anything at all, and which of them need an answer
        policy_of: Callable[[str], Policy],
        install: Installs,
        work: Path,
        threads: int = 1,
        interleave: Interleaves = _nobody,
        children: Children | None = None,
        alert: Alert = lambda surface, bundle, why: (),
    ) -> None:
        self._store = store
        self._clock = clock
        self._new_id = new_id
        self._tuning = tuning
        self._children = children
        self._background = background
        self._policy_of = policy_of
        self._install = install
        self._work = work
        self._threads = threads
        self._champions = Champions(store, clock=clock)
        self.evaluator = Evaluator(store, self._champions, encoder_of=self._encoder_of, work=work)
        self.live = Live(
            store,
            self._champions,
            clock=clock,
            interleave=interleave,
            load=self._load,
            serve=self.promote,
            step_back=self.rollback,
            is_wanted=self._wants_canaries,
            alert=alert,
        )
        self._flip = RLock()  # what serves and the pointer to it change together, the pointer last
        self._jobs = Jobs()
        self._schedule = Schedule()
        self._queue: queue.Queue[str | None] = queue.Queue()
        self._surfaces: set[str] = set()
        self._thread = Thread(target=self._work_through, name="loop", daemon=True)
        self._thread.start()

    # -- runs ---------------------------------------------------------------------------------------------------------

    def train(self, surface: str, *, encoder: str = "auto", reason: str = "on-demand") -> Job:
        """Ask for a retrain; it begins when those before it have ended."""
        if encoder not in {"auto", "off", "tune"}:
            raise Invalid(f"encoder must be auto, off or tune, not {encoder!r}")
        job = Job(
            id=self._new_id(),
            surface=surface,
            state="queued",
            reason=reason,
            asked_at=self._clock.now(),
            encoder=encoder,
        )
        self._jobs.put(job)
        self._queue.put(job.id)
        return job

    def wait(self, job_id: str, timeout_s: float) -> Job:
        return self._jobs.wait(job_id, timeout_s)

    def job(self, job_id: str) -> Job:
        return self._jobs.get(job_id)

    def note_outcomes(self, surface: str, n: int) -> None:
        """`n` more outcomes or answers are known on a surface."""
        self._surfaces.add(surface)
        self._schedule.note(surface, n)
        self.live.note_outcomes(surface)

    def tick(self, now: datetime) -> None:
        """Look at what runs on live traffic, and retrain what is due. Call it once a second."""
        self.live.tick(now)
        for surface in tuple(self._surfaces):
            if self._jobs.pending(surface) or self.live.canaries.running(surface) is not None:
                continue  # a challenger at a time: the next is built when this one is judged
            try:
                due = self._schedule.due(surface, self._policy_of(surface), now)
            except NotFound:
                self._surfaces.discard(surface)
                continue
            if due is not None:
                self._schedule.started(surface)
                self.train(surface, reason=due)

    def resume(self, surfaces: Sequence[str]) -> None:
        """After a restart: count what is newer than each champion's data."""
        for surface in surfaces:
            self.live.resume(surface)
            after = self._champions.data_until(surface)
            n = int(str(self._store.select("known_since", surface=surface, after=after)[0]["n"]))
            if n:
                self.note_outcomes(surface, n)

    # -- models -------------------------------------------------------------------------------------------------------

    def models(self, surface: str) -> Mapping[str, object]:
        """The champion's id and every bundle built for a surface, newest first, each as its latest row tells."""
        latest: dict[str, BundleRecord] = {}
        for row in self._store.select("bundles_of_surface", surface=surface):
            record = bundle_of(row)
            latest[record.id] = record
        champion = self._champions.current(surface)
        return {
            "champion": champion,
            "models": [
                {
                    "id": r.id,
                    "surface": r.surface,
                    "at": r.at,
                    "state": "champion" if r.id == champion else r.state,
                    "parent": r.parent,
                    "encoder": r.encoder,
                    "tuning": r.manifest.get("tuning"),
                    "trigger": r.manifest.get("trigger"),
                    "metrics": r.manifest.get("metrics", {}),
                    "data": r.manifest.get("data", {}),
                    "gate": r.gate,
                    **self.live.told_of(surface, r.id, is_champion=r.id == champion),
                }
                for r in reversed(latest.values())
            ],
        }

    def promote(self, surface: str, bundle: str) -> Mapping[str, object]:
        """Let a bundle of this surface serve: one that passed the gate, or the shipped prior."""
        if bundle != PRIOR_BUNDLE:
            record = self._champions.record(surface, bundle)
            if record.gate.get("verdict") != "promote":
                raise Invalid(f"Bundle {bundle} did not pass the gate: {record.gate.get('why')}. Train again instead.")
        unpacked = self._unpacked(surface, bundle) if bundle != PRIOR_BUNDLE else None
        with self._flip:
            self._serve(surface, bundle, unpacked)
            self._champions.promote(surface, bundle)
        return {"surface": surface, "bundle": bundle}

    def rollback(self, surface: str) -> Mapping[str, object]:
        """Serve with the bundle that served before; takes effect in the next request."""
        with self._flip:
            previous = self._champions.previous(surface)
            unpacked = self._unpacked(surface, previous) if previous != PRIOR_BUNDLE else None
            self._serve(surface, previous, unpacked)
            self._champions.step_back(surface)
        return {"surface": surface, "bundle": previous}

    def load_bundle(self, surface: str, bundle: str) -> Mapping[str, bytes]:
        """The files of a stored bundle, hashes checked. Raises NotFound, DamagedBundle."""
        return self._unpacked(surface, bundle).files

    def close(self) -> None:
        """Let the run that goes on end with the process; nothing half-made is ever promoted."""
        self._queue.put(None)

    @property
    def _in_children(self) -> Children:
        return self._children or Children(run_trial=run_trial, rehearse=rehearse)

    # -- the run itself -----------------------------------------------------------------------------------------------

    def _work_through(self) -> None:
        while (job_id := self._queue.get()) is not None:
            try:
                ended = self._run(self._jobs.change(job_id, state="running", step="starting"))
                self._end(job_id, **ended)  # only now that the run's folder is gone
            except (ChildFailed, DamagedBundle, SuggestError, OSError, ValueError) as error:
                log.warning("retrain %s failed: %s", job_id, error)
                self._end(job_id, state="failed", detail=f"{error}. The champion serves on; see the server's log.")
            except Exception:
                log.exception("retrain %s failed", job_id)
                self._end(job_id, state="failed", detail="An unexpected error; the champion serves on. See the log.")

    def _run(self, job: Job) -> dict[str, object]:
        """One run from start to verdict; returns what the job ends with."""
        self._schedule.started(job.surface)
        self._work.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._work, prefix="run-") as name:
            folder = Path(name)
            champion = self._lay_out(job, folder)
            self._in_children.run_trial(
                folder,
                threads=self._threads,
                report=lambda done, step: self._progress(job.id, done, step),
                longest_s=LONGEST_TUNING_RUN_S if job.encoder == "tune" else LONGEST_RUN_S,
            )
            gate = json.loads((folder / "result.json").read_text())
            made = folder / "challenger.bundle"
            if not made.exists():
                return {"state": "kept", "gate": gate}
            from suggest.loop.checks import further_checked

            gate = further_checked(folder, gate, self._policy_of(job.surface))
            return self._take(job, made, gate, champion)

    def _wants_canaries(self, surface: str) -> bool:
        try:
            return self._policy_of(surface).promotion == "canary"
        except NotFound:
            return False

    def _lay_out(self, job: Job, folder: Path) -> str | None:
        """What the child reads: the task, a snapshot, background requests, the champion."""
        from suggest.loop.trial import Trial  # with all that a build stands on: a start does without

        texts, embeddings, needs = self._background()
        named = np.array(texts, dtype=np.str_)
        np.savez(folder / "background.npz", texts=named, embeddings=embeddings, needs_answer=needs)
        snapshot = self._store.snapshot(folder)
        champion = self._champions.current(job.surface)
        encoder = self._lay_out_champion(job.surface, champion, folder / "champion.bundle")
        trial = Trial(
            surface=job.surface,
            snapshot=snapshot.name,
            seed=SEED,
            threads=self._threads,
            champion=None if champion == PRIOR_BUNDLE else champion,
            at=rfc3339(self._clock.now()),
            mode=job.encoder,
            reason=job.reason,
            **self._tuning.asked(job.surface, encoder),  # type: ignore[arg-type]  # the fields of Trial
        )
        (folder / "task.json").write_text(json.dumps(asdict(trial)))
        return trial.champion

    def _encoder_of(self, surface: str) -> EncoderRef:
        """The encoder that a surface is served with."""
        champion = self._champions.current(surface)
        if champion == PRIOR_BUNDLE:
            return self._tuning.default_ref
        return self._tuning.encoder_of(self._champions.record(surface, champion)) or self._tuning.default_ref

    def _lay_out_champion(self, surface: str, champion: str, file: Path) -> EncoderRef:
        """Its file, where it can be compared with; and the encoder that the challenger is built on."""
        default = self._tuning.default_ref
        if champion == PRIOR_BUNDLE:
            return default
        try:
            record = self._champions.record(surface, champion)
            encoder = self._tuning.encoder_of(record)
            if encoder is None:
                log.warning("the encoder of champion %s of %s is gone; the prior stands in for it", champion, surface)
                return default
            file.write_bytes(self._store.blobs.get(record.blob))
        except (SuggestError, OSError):
            log.warning("champion %s of %s cannot be read; the prior stands in for it", champion, surface)
            return default
        return encoder

    def _take(self, job: Job, made: Path, gate: dict[str, object], champion: str | None) -> dict[str, object]:
        """Rehearse, register, and where the gate says so promote."""
        content = made.read_bytes()
        try:
            unpacked = unpack(content)
        except DamagedBundle as damaged:
            raise DamagedBundle(f"the new bundle does not load: {damaged}") from damaged
        encoder = EncoderRef.from_json(json.loads(unpacked.files["encoder.json"]))
        if not self._in_children.rehearse(made, self._tuning.take(job.surface, made.parent, encoder)):
            raise DamagedBundle("the new bundle does not load, or does not say what it said when it was built")
        bundle = self._new_id()
        gate, promoted, canary = self._decided(job.surface, gate, unpacked)
        record = BundleRecord(
            id=bundle,
            surface=job.surface,
            at=self._clock.now(),
            state=CANARY if canary else "promoted" if promoted else "kept",
            blob=self._store.blobs.put(content),
            parent=champion,
            encoder=encoder.fingerprint,
            manifest=unpacked.manifest,
            gate=gate,
        )
        self._store.append([bundle_record(record)])
        if promoted:
            self._progress(job.id, 0.99, "swapping")
            with self._flip:
                self._serve(job.surface, bundle, unpacked)
                self._champions.promote(job.surface, bundle)
            self._tuning.tidy(self._champions)
        if canary:
            self.live.begin(job.surface, bundle, unpacked.files, data_until=int(str(unpacked.manifest["data_until"])))
        return {"state": "promoted" if promoted else "kept", "bundle": bundle, "gate": gate}

    def _decided(
        self, surface: str, gate: dict[str, object], challenger: Unpacked
    ) -> tuple[dict[str, object], bool, bool]:
        """The gate's report, whether the challenger serves at once, and whether it begins a canary."""
        if gate["verdict"] != "promote" or self._policy_of(surface).promotion != "canary":
            return gate, gate["verdict"] == "promote", False
        if self.live.canaries.running(surface) is not None:
            return {**gate, "verdict": "keep", "why": "another challenger's canary still runs"}, False, False
        if challenger.manifest.get("encoder") != self._encoder_of(surface).fingerprint:
            why = "its encoder is another: the two cannot share a slate; use audited or offline"
            return {**gate, "verdict": "keep", "why": why}, False, False
        return {**gate, "why": f"its canary begins: people decide; offline: {gate.get('why')}"}, False, True

    def _progress(self, job_id: str, done: float, step: str) -> None:
        self._jobs.change(job_id, progress=done, step=step)

    def _end(self, job_id: str, **changes: object) -> None:
        self._jobs.change(job_id, ended_at=self._clock.now(), progress=1.0, step="", **changes)

    def _serve(self, surface: str, bundle: str, unpacked: Unpacked | None) -> None:
        if unpacked is None:
            self._install(surface, bundle, {})
        else:
            self._install(surface, bundle, unpacked.files, data_until=int(str(unpacked.manifest["data_until"])))

    def _load(self, surface: str, bundle: str) -> tuple[Mapping[str, bytes], int]:
        unpacked = self._unpacked(surface, bundle)
        return unpacked.files, int(str(unpacked.manifest["data_until"]))

    def _unpacked(self, surface: str, bundle: str) -> Unpacked:
        return unpack(self._store.blobs.get(self._champions.record(surface, bundle).blob))
