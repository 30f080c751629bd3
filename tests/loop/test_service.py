"""The loop end to end: a real log, a real child process, a real gate; only the clock is ours."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from suggest.config.application import Application, open_application
from suggest.config.settings import Settings
from suggest.domain.bundle import PRIOR_BUNDLE
from suggest.domain.candidate import Candidate
from suggest.domain.clock import ManualClock
from suggest.domain.context import Context
from suggest.domain.errors import Conflict, Invalid, NotFound, StorageUnavailable
from suggest.domain.slate import Slate
from suggest.loop import service as loop_service
from suggest.loop.children import ChildFailed
from suggest.loop.jobs import Job
from suggest.online.messages import Proposal, Proposed, RawEvent, RawLabel
from suggest.retrieve.hashing import HashingEncoder

pytestmark = pytest.mark.slow
MORNING = datetime(2026, 3, 2, 9, tzinfo=UTC)
LONGEST_S = 240.0
PER_TOPIC = 8
N_LABELS = PER_TOPIC * 12
TOPICS = {
    "parcel": "parcel delivery tracking courier depot",
    "refund": "refund money account transfer bank",
    "size": "shoe size fitting wide narrow",
    "invoice": "invoice receipt billing copy tax",
    "login": "password login reset locked email",
    "gift": "gift card voucher balance expiry",
    "damage": "broken damaged scratched torn cracked",
    "store": "shop opening hours branch address",
    "cancel": "cancel order mistake withdraw stop",
    "points": "loyalty points member bonus level",
    "colour": "colour red blue green shade",
    "repair": "repair warranty workshop fix spare",
}
PLEAS = ("please", "hello", "today", "urgent", "question", "thanks", "again", "maybe")


def a_request(topic: str, n: int) -> str:
    """Words of the topic and some that mean nothing; the reply itself shares only one of them."""
    words = TOPICS[topic].split()
    return f"{PLEAS[n % 8]} {words[1 + n % 4]} {words[1 + (n + 1) % 4]} {PLEAS[(n // 8) % 8]} {n}"


class Desk:
    """An application on a folder, with the surface `desk` and one reply for each topic."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = ManualClock(MORNING)
        self.app = self._open()
        self.add_surface("desk")
        self._eids = 0

    def _open(self) -> Application:
        return open_application(
            Settings(data_dir=self.folder), clock=self.clock, encoder=HashingEncoder(96), ticking=False
        )

    def restart(self) -> None:
        self.app.close()
        self.app = self._open()

    def add_surface(self, name: str, **policy: object) -> None:
        self.app.online.put_surface(name, {})
        self.app.online.put_policy(name, {"audit_rate": 0.0, **policy}, by="owner")
        replies = [Candidate(id=id, text=f"About your {words.split()[0]}") for id, words in TOPICS.items()]
        self.app.online.upsert_candidates(name, replies)

    def label(self, per_topic: int, *, surface: str = "desk", first: int = 0) -> None:
        self.app.online.add_labels(
            [
                RawLabel(surface=surface, context={"text": a_request(topic, n)}, item=topic)
                for n in range(first, first + per_topic)
                for topic in TOPICS
            ]
        )

    def ask(self, text: str, *, surface: str = "desk") -> Proposed:
        return self.app.online.suggest(Proposal(surface=surface, context=Context(text=text)))

    def slate(self, text: str) -> Slate:
        return self.ask(text).slate

    def select(self, n: int, *, surface: str = "desk") -> None:
        """`n` people select the first option."""
        for _ in range(n):
            self._eids += 1
            proposed = self.ask(f"outcome {self._eids}", surface=surface)
            event = RawEvent(
                eid=f"e{self._eids}",
                impression=proposed.slate.id,
                token=proposed.token,
                type="select",
                item=proposed.slate.items[0].id,
            )
            assert self.app.online.record([event], trusted=True).accepted == 1

    def train(self, surface: str = "desk") -> Job:
        return self.ended(self.app.loop.train(surface))

    def ended(self, job: Job) -> Job:
        return self.app.loop.wait(job.id, LONGEST_S)

    def champion(self) -> str:
        return str(self.app.loop.models("desk")["champion"])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Job]]:
    """A desk that was taught PER_TOPIC requests a topic and trained once; tests that change it put it back."""
    desk = Desk(Path(tmp_path_factory.mktemp("desk")))
    desk.label(PER_TOPIC)
    yield desk, desk.train()
    desk.app.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    opened = Desk(tmp_path / "data")
    yield opened
    opened.app.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs end at once, with nothing built: where only when they begin is of interest."""

    def run(folder: Path, **_: object) -> None:
        (folder / "result.json").write_text(json.dumps({"verdict": "keep", "why": "as it was told"}))

    monkeypatch.setattr(loop_service, "run_trial", run)


def jobs_of(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """What the loop begins by itself, as it begins."""
    begun: list[Job] = []
    train = desk.app.loop.train

    def noting(surface: str, *, encoder: str = "auto", reason: str = "on-demand") -> Job:
        begun.append(train(surface, encoder=encoder, reason=reason))
        return begun[-1]

    monkeypatch.setattr(desk.app.loop, "train", noting)
    return begun


def test_training_promotes_what_is_better_and_says_why(trained: tuple[Desk, Job]) -> None:
    desk, job = trained
    assert job.state == "promoted", job
    assert job.progress == 1.0
    assert job.ended_at == desk.clock.now()
    gate = dict(job.gate or {})
    json.dumps(gate)
    assert gate["verdict"] == "promote"
    assert set(gate) >= {"why", "n_pairs", "challenger", "champion", "differences", "ladder", "notes"}
    assert any(note.startswith("what wants no answer") for note in gate["notes"])
    assert gate["n_pairs"] == N_LABELS
    assert gate["challenger"]["nll"] < gate["champion"]["nll"]
    assert gate["differences"]["nll"]["high"] < 0
    assert [rung["rung"] for rung in gate["ladder"]][-1] == "+ instant head"


def test_the_registry_knows_what_was_built_from_what(trained: tuple[Desk, Job]) -> None:
    desk, job = trained
    told = desk.app.loop.models("desk")
    assert told["champion"] == job.bundle
    [model] = told["models"]  # type: ignore[misc]  # JSON
    assert model["id"] == job.bundle
    assert model["state"] == "champion"
    assert model["parent"] is None
    assert model["encoder"] == desk.app.batcher.fingerprint
    assert model["data"]["labels"] == N_LABELS
    assert model["data"]["candidates"] == len(TOPICS)
    assert model["metrics"]["top1"] > 0.5
    files = desk.app.loop.load_bundle("desk", str(job.bundle))
    assert {"choice.json", "linear.npz", "evidence.json", "golden.json", "scores.json", "gate.json"} <= set(files)


def test_the_next_request_is_served_by_the_new_bundle(trained: tuple[Desk, Job]) -> None:
    desk, job = trained
    right = 0
    for topic in TOPICS:
        slate = desk.slate(a_request(topic, 100))
        assert slate.bundle == job.bundle
        right += slate.items[0].id == topic
    assert right >= 10


def test_rolling_back_takes_effect_in_the_next_request_and_so_does_promoting_again(trained: tuple[Desk, Job]) -> None:
    desk, job = trained
    text = a_request("refund", 50)
    before = desk.slate(text)
    assert desk.app.loop.rollback("desk") == {"surface": "desk", "bundle": PRIOR_BUNDLE}
    assert desk.champion() == PRIOR_BUNDLE
    assert desk.slate(text).bundle == PRIOR_BUNDLE
    with pytest.raises(Conflict, match="Nothing served before"):
        desk.app.loop.rollback("desk")
    desk.app.loop.promote("desk", str(job.bundle))
    again = desk.slate(text)
    assert again.bundle == job.bundle == desk.champion()
    assert [i.id for i in again.items] == [i.id for i in before.items]
    desk.app.loop.promote("desk", PRIOR_BUNDLE)
    assert desk.slate(text).bundle == PRIOR_BUNDLE
    desk.app.loop.rollback("desk")
    assert desk.slate(text).bundle == job.bundle


def test_the_champion_survives_a_restart(trained: tuple[Desk, Job]) -> None:
    desk, job = trained
    text = a_request("gift", 60)
    before = desk.slate(text)
    desk.restart()
    after = desk.slate(text)
    assert after.bundle == job.bundle == desk.champion()
    assert [i.id for i in after.items] == [i.id for i in before.items]
    assert after.p_any == pytest.approx(before.p_any, abs=0.01)


def content_of(desk: Desk, job: Job) -> bytes:
    return desk.app.store.blobs.get(desk.app.loop._champions.record("desk", str(job.bundle)).blob)


def a_trial_that_finds(
    bundle: bytes, job: Job, monkeypatch: pytest.MonkeyPatch, *, verdict: str, damage: int = 0
) -> list[set[str]]:
    """The next run ends at once: with this bundle, perhaps one bit of it flipped, and this verdict.

    Returns what each run was given to read."""
    content = bytearray(bundle)
    content[len(content) // 2] ^= damage
    given: list[set[str]] = []

    def run(folder: Path, **_: object) -> None:
        given.append({path.name for path in folder.iterdir()})
        (folder / "challenger.bundle").write_bytes(content)
        (folder / "result.json").write_text(
            json.dumps({**(job.gate or {}), "verdict": verdict, "why": "as it was told"})
        )

    monkeypatch.setattr(loop_service, "run_trial", run)
    return given


def test_a_challenger_that_the_gate_keeps_is_stored_and_cannot_be_promoted(
    trained: tuple[Desk, Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, champion = trained
    a_trial_that_finds(content_of(desk, champion), champion, monkeypatch, verdict="keep")
    job = desk.train()
    assert (job.state, job.gate and job.gate["why"]) == ("kept", "as it was told")
    assert job.bundle is not None
    assert desk.champion() == champion.bundle
    newest = desk.app.loop.models("desk")["models"][0]  # type: ignore[index]  # JSON
    assert (newest["id"], newest["state"], newest["parent"]) == (job.bundle, "kept", champion.bundle)
    with pytest.raises(Invalid, match="did not pass the gate"):
        desk.app.loop.promote("desk", job.bundle)
    assert desk.slate(a_request("size", 9)).bundle == champion.bundle


def test_a_bundle_that_does_not_rehearse_is_never_registered(
    trained: tuple[Desk, Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, champion = trained
    n_models = len(desk.app.loop.models("desk")["models"])  # type: ignore[arg-type]  # JSON
    a_trial_that_finds(content_of(desk, champion), champion, monkeypatch, verdict="promote", damage=1)
    job = desk.train()
    assert job.state == "failed"
    assert "does not load" in str(job.detail)
    assert desk.champion() == champion.bundle
    assert len(desk.app.loop.models("desk")["models"]) == n_models  # type: ignore[arg-type]  # JSON


def test_a_second_training_is_compared_with_the_champion_on_what_neither_had_seen(trained: tuple[Desk, Job]) -> None:
    desk, first = trained
    desk.label(2, first=300)
    job = desk.train()
    gate = dict(job.gate or {})
    assert job.state in {"promoted", "kept"}
    assert gate["n_pairs"] > N_LABELS, "the champion's own record, and fresh judgements of what came after its data"
    newest = desk.app.loop.models("desk")["models"][0]  # type: ignore[index]  # JSON
    assert newest["parent"] == first.bundle
    if job.state == "promoted":
        desk.app.loop.rollback("desk")


def test_without_data_the_champion_is_kept_and_the_reason_is_given(desk: Desk) -> None:
    job = desk.train()
    assert job.state == "kept"
    assert job.bundle is None
    assert job.gate is not None
    assert "0 known right answers over 12 candidates" in str(job.gate["why"])
    assert desk.champion() == PRIOR_BUNDLE
    assert desk.app.loop.models("desk")["models"] == []
    assert not list((desk.folder / "work").glob("run-*")), "the run's folder is gone"


@pytest.mark.usefixtures("quick")
def test_a_call_during_another_run_queues_behind_it(desk: Desk) -> None:
    first, second = desk.app.loop.train("desk"), desk.app.loop.train("desk")
    assert first.state == second.state == "queued"
    assert desk.ended(second).state == "kept"
    assert desk.app.loop.job(first.id).state == "kept", "the first has ended before it"


def test_a_run_that_dies_says_so_and_the_next_one_begins(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = iter([ChildFailed("MemoryError: no room"), KeyError("nobody foresaw this"), None])

    def run(folder: Path, **_: object) -> None:
        end = next(ends)
        if end is not None:
            raise end
        (folder / "result.json").write_text(json.dumps({"verdict": "keep", "why": "too little"}))

    monkeypatch.setattr(loop_service, "run_trial", run)
    died, surprised, fine = [desk.app.loop.train("desk") for _ in range(3)]
    fine = desk.ended(fine)
    died, surprised = desk.app.loop.job(died.id), desk.app.loop.job(surprised.id)
    assert (died.state, surprised.state, fine.state) == ("failed", "failed", "kept")
    assert "MemoryError: no room" in str(died.detail)
    assert "serves on" in str(died.detail)
    assert "nobody foresaw" not in str(surprised.detail), "what nobody foresaw is for the log, not for callers"
    assert died.ended_at == desk.clock.now()
    assert desk.champion() == PRIOR_BUNDLE
    assert not list((desk.folder / "work").glob("run-*")), "a failed run leaves nothing either"


def test_progress_is_told_while_it_runs_and_never_goes_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, float, str]] = []

    def run(folder: Path, *, report: Callable[[float, str], None], **_: object) -> None:
        for done, step in ((0.1, "reading the log"), (0.6, "booster")):
            report(done, step)
            [job] = [desk.app.loop.job(id) for id in asked]
            seen.append((job.state, job.progress, job.step))
        (folder / "result.json").write_text(json.dumps({"verdict": "keep", "why": "too little"}))

    monkeypatch.setattr(loop_service, "run_trial", run)
    asked: list[str] = []
    monkeypatch.setattr(desk.app.loop, "_new_id", lambda: asked.append("job-1") or "job-1")
    job = desk.train()
    assert seen == [("running", 0.1, "reading the log"), ("running", 0.6, "booster")]
    assert (job.state, job.progress, job.step) == ("kept", 1.0, "")


@pytest.mark.usefixtures("quick")
def test_the_child_is_told_what_to_do_about_the_encoder(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, object]] = []

    def run(folder: Path, **how: object) -> None:
        told.append(json.loads((folder / "task.json").read_text()))
        (folder / "result.json").write_text(json.dumps({"verdict": "keep", "why": "there is nothing to learn"}))

    monkeypatch.setattr(loop_service, "run_trial", run)
    job = desk.ended(desk.app.loop.train("desk", encoder="tune"))
    assert job.encoder == "tune"
    assert told[0]["mode"] == "tune"
    assert told[0]["base"] is None  # words alone cannot be tuned, and the child says so


def test_what_is_asked_wrongly_is_refused(desk: Desk) -> None:
    with pytest.raises(Invalid, match="encoder"):
        desk.app.loop.train("desk", encoder="fast")
    with pytest.raises(NotFound):
        desk.app.loop.job("no such job")
    with pytest.raises(NotFound):
        desk.app.loop.promote("desk", "no such bundle")
    with pytest.raises(Conflict):
        desk.app.loop.rollback("desk")


@pytest.mark.usefixtures("quick")
def test_a_surface_retrains_after_so_many_outcomes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = jobs_of(desk, monkeypatch)
    desk.add_surface("busy", retrain_every=5)
    desk.select(4, surface="busy")
    desk.app.tick()
    assert begun == []
    desk.select(1, surface="busy")
    desk.app.tick()
    desk.app.tick()
    assert [(job.surface, job.reason) for job in begun] == [("busy", "outcomes")], "once, however often time passes"
    assert desk.ended(begun[0]).state == "kept"
    desk.app.tick()
    assert len(begun) == 1


@pytest.mark.usefixtures("quick")
def test_a_surface_with_news_retrains_once_a_night(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = jobs_of(desk, monkeypatch)
    desk.add_surface("quiet")
    desk.select(1)
    desk.app.tick()
    for hour in range(36):
        desk.clock.advance(seconds=3600)
        desk.app.tick()
        for job in begun:
            desk.ended(job)
        told = MORNING + timedelta(hours=hour + 1)
        assert desk.clock.now() == told
    assert [(job.surface, job.reason) for job in begun] == [("desk", "nightly")]
    assert begun[0].asked_at.hour == 3


@pytest.mark.usefixtures("quick")
def test_a_restart_remembers_how_much_is_new(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.app.online.put_policy("desk", {"retrain_every": 3}, by="owner")
    desk.select(3)
    desk.restart()
    begun = jobs_of(desk, monkeypatch)
    desk.app.tick()
    assert [job.reason for job in begun] == ["outcomes"]
    desk.ended(begun[0])


def test_a_champion_damaged_on_disk_is_never_installed_and_the_next_training_replaces_it(
    trained: tuple[Desk, Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, job = trained
    whole = content_of(desk, job)
    path = desk.app.store.blobs.path(desk.app.loop._champions.record("desk", desk.champion()).blob)
    sound = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    with pytest.raises(StorageUnavailable, match="damaged"):
        desk.app.loop.load_bundle("desk", str(job.bundle))
    desk.restart()
    assert desk.slate(a_request("size", 3)).bundle == PRIOR_BUNDLE, "it serves on, with what it can trust"
    given = a_trial_that_finds(whole, job, monkeypatch, verdict="promote")
    replaced = desk.train()
    assert replaced.state == "promoted", replaced.detail
    assert "champion.bundle" not in given[0], "nothing damaged is handed to the child"
    assert desk.slate(a_request("size", 3)).bundle == replaced.bundle
