"""Training runs as the caller sees them: queued, running with progress, then promoted, kept or failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Condition

from suggest.domain.errors import NotFound

FINAL = frozenset({"promoted", "kept", "failed"})
MOST_REMEMBERED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    id: str
    surface: str
    state: str  # queued | running | promoted | kept | failed
    reason: str  # on-demand | outcomes | nightly
    asked_at: datetime
    encoder: str = "auto"  # auto | off | tune
    ended_at: datetime | None = None
    progress: float = 0.0  # 0..1
    step: str = ""
    bundle: str | None = None  # what was built, promoted or not
    gate: Mapping[str, object] | None = None
    detail: str | None = None  # why it failed, and what to do


class Jobs:
    """The latest jobs, safe to ask from many threads."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._changed = Condition()

    def put(self, job: Job) -> Job:
        with self._changed:
            self._jobs[job.id] = job
            while len(self._jobs) > MOST_REMEMBERED:
                done = next((j.id for j in self._jobs.values() if j.state in FINAL), None)
                if done is None:
                    break
                del self._jobs[done]
            self._changed.notify_all()
        return job

    def change(self, job_id: str, **changes: object) -> Job:
        with self._changed:
            changed = replace(self._jobs[job_id], **changes)  # type: ignore[arg-type]  # fields by name
            return self.put(changed)

    def get(self, job_id: str) -> Job:
        found = self._jobs.get(job_id)
        if found is None:
            raise NotFound(
                f"There is no job {job_id!r}; jobs of before a restart are not kept. See the models instead."
            )
        return found

    def wait(self, job_id: str, timeout_s: float) -> Job:
        """The job once it has ended, or as it stands after `timeout_s`."""
        with self._changed:
            self._changed.wait_for(lambda: self.get(job_id).state in FINAL, timeout=timeout_s)
            return self.get(job_id)

    def pending(self, surface: str) -> bool:
        with self._changed:
            return any(j.surface == surface and j.state not in FINAL for j in self._jobs.values())
