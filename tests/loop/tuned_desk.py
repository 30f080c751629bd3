"""A desk whose tuned encoder is a toy: hashed words and a learned projection. All else is the real way, in one process.

Each reply is asked for with one of its own words among many that mean nothing. The toy learns which words matter, so
that it is better than the hashing encoder by construction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from suggest.config import Application, Settings, open_application
from suggest.domain.candidate import Candidate
from suggest.domain.clock import ManualClock
from suggest.domain.context import Context
from suggest.loop.jobs import Job
from suggest.loop.rehearsal import holds
from suggest.loop.trial import Tools, Trial, run
from suggest.loop.tuning import Children
from suggest.online.messages import Proposal, Proposed, RawEvent, RawLabel
from suggest.retrieve.encoder_archive import WEIGHTS
from suggest.retrieve.hashing import HashingEncoder
from suggest.retrieve.vectors import Embeddings, unit

DIM = 96
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WORDS = {
    "track": ("parcel", "tracking", "whereabouts", "delivery"),
    "cancel": ("cancel", "annul", "withdraw", "undo"),
    "refund": ("refund", "money", "reimburse", "payback"),
    "size": ("size", "larger", "smaller", "fit"),
    "login": ("password", "login", "locked", "signin"),
    "hours": ("open", "hours", "sunday", "closing"),
}
FILLER = tuple(
    f"{a}{b}" for a in ("lor", "ips", "dol", "ame", "con", "tet", "adi", "eli") for b in ("um", "or", "ix", "an")
)


def question(item: str, n: int) -> str:
    """Question `n` about `item`: one word of it among seven of no meaning."""
    rng = np.random.default_rng([list(WORDS).index(item), n])
    words = [*rng.choice(FILLER, 7), WORDS[item][n % len(WORDS[item])]]
    return " ".join(rng.permutation(words))


class ToyEncoder:
    """A hashing encoder and a projection, which is all of its weights."""

    def __init__(self, folder: Path) -> None:
        self._inner = HashingEncoder(DIM)
        self._projection = load_file(folder / WEIGHTS)["projection"].astype(np.float32)
        self.fingerprint = f"toy-{hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()[:8]}"
        self.dim = DIM
        self.n_texts = 0

    def encode(self, texts: Sequence[str]) -> Embeddings:
        self.n_texts += len(texts)
        return unit(self._inner.encode(texts) @ self._projection)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToyResult:
    seconds: float = 0.1
    steps: int = 1
    loss: float = 0.5


def toy_tune(
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
) -> ToyResult:
    """Keep the directions of the words that matter; what this toy knows, a real one has to learn."""
    words = HashingEncoder(DIM).encode([word for of_item in WORDS.values() for word in of_item])
    _, strength, directions = np.linalg.svd(words, full_matrices=False)
    kept = directions[strength > 1e-3]
    projection = 0.1 * np.eye(DIM) + kept.T @ kept
    out.mkdir()
    save_file({"projection": projection.astype(np.float32)}, out / WEIGHTS)
    (out / "config.json").write_text(json.dumps({"kind": "toy"}))
    (out / "notes.txt").write_text("not part of an encoder")
    report(1.0, "tuning")
    return ToyResult()


def load_toy(folder: Path, cache_dir: Path) -> ToyEncoder | HashingEncoder:
    return ToyEncoder(folder) if (folder / WEIGHTS).exists() else HashingEncoder(DIM)


def run_toy_trial(
    folder: Path, *, threads: int, report: Callable[[float, str], None], longest_s: float, meanwhile: Callable[[], None]
) -> None:
    """What the child does, here."""
    trial = Trial(**json.loads((folder / "task.json").read_text()))
    meanwhile()
    verdict = run(trial, folder, report, Tools(tune=toy_tune, load=load_toy))
    (folder / "result.json").write_text(json.dumps(verdict.to_json()))


class TunedDesk:
    """An application with the surface `desk`, and `other` beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = ManualClock(START)
        self.loaded: list[ToyEncoder | HashingEncoder] = []
        self.default = CountingEncoder()
        self.meanwhile: Callable[[], None] = lambda: None  # happens while a run goes on
        (folder.parent / "base").mkdir(parents=True, exist_ok=True)
        self.app = self._open()
        self._n_events = 0
        for surface in ("desk", "other"):
            self.app.online.put_surface(surface, {})
            self.app.online.put_policy(surface, {"audit_rate": 0.0, "retrain_every": 0}, by="owner")
            candidates = [Candidate(id=id, text=f"about {' '.join(words[:2])}") for id, words in WORDS.items()]
            self.app.online.upsert_candidates(surface, candidates)

    def _open(self) -> Application:
        return open_application(
            Settings(data_dir=self.folder, cache_dir=self.folder.parent / "cache"),
            clock=self.clock,
            encoder=self.default,
            ticking=False,
            load_tuned=self._load,
            tunable=self.folder.parent / "base",
            children=Children(
                run_trial=partial(run_toy_trial, meanwhile=lambda: self.meanwhile()),
                rehearse=lambda bundle, encoder=None: holds(bundle, encoder, load=load_toy),
            ),
        )

    def _load(self, folder: Path, cache_dir: Path) -> ToyEncoder | HashingEncoder:
        self.loaded.append(load_toy(folder, cache_dir))
        return self.loaded[-1]

    def restart(self) -> None:
        self.app.close()
        self.loaded.clear()
        self.default = CountingEncoder()
        self.app = self._open()

    def close(self) -> None:
        self.app.close()

    def label(self, n: int, surface: str = "desk", *, first: int = 0, user: str | None = None) -> None:
        """`n` answered questions about each reply."""
        who = {} if user is None else {"user": user}
        self.app.online.add_labels(
            [
                RawLabel(surface=surface, context={"text": question(item, i), **who}, item=item)
                for item in WORDS
                for i in range(first, first + n)
            ]
        )

    def ask(self, text: str, surface: str = "desk", user: str | None = None) -> Proposed:
        return self.app.online.suggest(
            Proposal(surface=surface, context=Context(text=text, user=user), k=len(WORDS) + 1)
        )

    def select(self, proposed: Proposed, item: str) -> None:
        self._n_events += 1
        sent = {
            "eid": f"e{self._n_events}",
            "impression": proposed.slate.id,
            "token": proposed.token,
            "type": "select",
            "item": item,
        }
        recorded = self.app.online.record([RawEvent.from_json(sent)], trusted=True)
        assert recorded.accepted == 1, recorded

    def train(self, encoder: str = "tune", surface: str = "desk", reason: str = "on-demand") -> Job:
        asked = self.app.loop.train(surface, encoder=encoder, reason=reason)
        job = self.app.loop.wait(asked.id, 120)
        assert job.state in {"promoted", "kept"}, (job.state, job.detail)
        return job

    def encoder(self, surface: str = "desk") -> str:
        return self.app.online._place(surface).embedder.fingerprint

    @property
    def n_encoded(self) -> int:
        """Texts encoded since the start, by any encoder."""
        return self.default.n_texts + sum(each.n_texts for each in self.loaded if isinstance(each, ToyEncoder))


class CountingEncoder(HashingEncoder):
    def __init__(self) -> None:
        super().__init__(DIM)
        self.n_texts = 0

    def encode(self, texts: Sequence[str]) -> Embeddings:
        self.n_texts += len(texts)
        return super().encode(texts)
