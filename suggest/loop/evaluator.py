"""Answer the question "what would this bundle, or this exploration, have earned here", one question at a time.

Each answer is made in a child process from a snapshot of its own, which is gone when the answer is there."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from threading import Lock

from suggest.domain.bundle import PRIOR_BUNDLE, EncoderRef
from suggest.domain.errors import FieldError, Invalid, StorageUnavailable
from suggest.loop.champions import Champions
from suggest.loop.children import ChildFailed, run_trial
from suggest.store.embedded import EmbeddedStore

LONGEST_S = 240.0


class Evaluator:
    def __init__(
        self, store: EmbeddedStore, champions: Champions, *, encoder_of: Callable[[str], EncoderRef], work: Path
    ) -> None:
        """`encoder_of(surface)`: the one that serves it, whose vectors its log holds."""
        self._store = store
        self._champions = champions
        self._encoder_of = encoder_of
        self._work = work
        self._one = Lock()

    def evaluate(
        self, surface: str, *, bundle: str | None = None, exploration: float | None = None
    ) -> Mapping[str, object]:
        """Value a stored bundle, an exploration, or both, from the log of a surface.

        Raises Invalid where neither is named, NotFound for an unknown bundle, StorageUnavailable where it failed."""
        if bundle is None and exploration is None:
            detail = "name a bundle, a policy with an exploration, or both"
            raise Invalid(f"There is nothing to value: {detail}.", errors=(FieldError(pointer="", detail=detail),))
        stored = None
        if bundle is not None and bundle != PRIOR_BUNDLE:
            stored = self._store.blobs.get(self._champions.record(surface, bundle).blob)
        self._work.mkdir(parents=True, exist_ok=True)
        with self._one, tempfile.TemporaryDirectory(dir=self._work, prefix="value-") as name:
            folder = Path(name)
            if stored is not None:
                (folder / "target.bundle").write_bytes(stored)
            encoder = self._encoder_of(surface)
            from suggest.loop.evaluation import Evaluation  # with all that values a log: a start does without

            asked = Evaluation(
                surface=surface,
                snapshot=self._store.snapshot(folder).name,
                encoder=encoder.fingerprint,
                dim=encoder.dim,
                bundle=bundle,
                exploration=exploration,
            )
            (folder / "task.json").write_text(json.dumps(asdict(asked)))
            try:
                run_trial(
                    folder,
                    threads=1,
                    report=lambda done, step: None,
                    longest_s=LONGEST_S,
                    module="suggest.loop.evaluation",
                )
            except ChildFailed as failed:
                raise StorageUnavailable(f"the valuation did not end well: {failed}") from failed
            answer: dict[str, object] = json.loads((folder / "result.json").read_text())
        return answer
