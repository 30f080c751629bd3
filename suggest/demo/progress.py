"""How far the start has come, in words a visitor may read while waiting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from threading import Lock


class Phase(StrEnum):
    STARTING = "starting"
    ENCODER = "encoder"
    PACK = "pack"
    READY = "ready"
    STOPPED = "stopped"  # the service went away


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    phase: Phase
    text: str
    done: int = 0
    total: int = 0  # 0: nobody can say how much there is

    def as_json(self) -> Mapping[str, object]:
        return {"phase": str(self.phase), "text": self.text, "done": self.done, "total": self.total}


class Progress:
    """The present stage and when it was reached; written by the start, read by the page."""

    def __init__(self, *, monotonic_s: Callable[[], float]) -> None:
        self._monotonic_s = monotonic_s
        self._began_s = monotonic_s()
        self._ready_s: float | None = None
        self._stage = Stage(phase=Phase.STARTING, text="Starting the service")
        self._lock = Lock()

    @property
    def stage(self) -> Stage:
        return self._stage

    @property
    def ready_after_s(self) -> float | None:
        """Seconds from the start until the first suggestion was possible; None before."""
        return self._ready_s

    def move(self, stage: Stage) -> None:
        with self._lock:
            if stage.phase is Phase.READY and self._ready_s is None:
                self._ready_s = self._monotonic_s() - self._began_s
            self._stage = stage

    def count(self, done: int, total: int) -> None:
        with self._lock:
            self._stage = replace(self._stage, done=done, total=total)

    def elapsed_s(self) -> float:
        return self._monotonic_s() - self._began_s
