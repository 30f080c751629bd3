"""A surface that is served with an encoder of its own: tuned, judged, swapped in, rolled back, restarted, forgotten."""

from __future__ import annotations

import json
import tarfile
import threading
from collections.abc import Iterator

import pytest

from loop.tuned_desk import WORDS, TunedDesk, question
from suggest.domain.bundle import PRIOR_BUNDLE
from suggest.domain.candidate import Candidate
from suggest.domain.errors import SuggestError
from suggest.loop.jobs import Job
from suggest.store.ports import Table

TOLD_MEANWHILE = "zebra xylophone"  # a request of during the run, unlike any other


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TunedDesk, Job]]:
    """One run that tunes; while it goes on, a question is asked and answered on both surfaces."""
    desk = TunedDesk(tmp_path_factory.mktemp("tuned") / "data")
    desk.label(20)
    desk.label(4, surface="other")

    def meanwhile() -> None:
        for surface in ("desk", "other"):
            desk.select(desk.ask(TOLD_MEANWHILE, surface), "hours")

    desk.meanwhile = meanwhile
    job = desk.train()
    desk.meanwhile = lambda: None
    yield desk, job
    desk.close()


@pytest.fixture
def desk(trained: tuple[TunedDesk, Job]) -> TunedDesk:
    """The trained desk, served with its tuned encoder."""
    desk, job = trained
    if desk.app.loop.models("desk")["champion"] != job.bundle:
        assert job.bundle is not None
        desk.app.loop.promote("desk", job.bundle)
    return desk


def accuracy(desk: TunedDesk) -> float:
    """The share of questions, all new, whose answer is at the top."""
    asked = [(item, question(item, n)) for item in WORDS for n in range(500, 506)]
    return sum(desk.ask(text).slate.items[0].id == item for item, text in asked) / len(asked)


def test_the_tuned_challenger_is_taken_and_the_gate_says_why(trained: tuple[TunedDesk, Job]) -> None:
    desk, job = trained
    assert job.state == "promoted"
    assert job.gate is not None
    assert "the tuned encoder is taken" in job.gate["notes"][0]
    assert "that it never saw" in job.gate["notes"][0]
    rungs = {rung["rung"]: rung for rung in job.gate["ladder"]}
    assert list(rungs)[-1] == "tuned encoder"
    assert rungs["tuned encoder"]["n"] == rungs["nearest neighbours"]["n"] == 24  # the fifth that it never saw
    assert desk.encoder().startswith("toy-")
    model = desk.app.loop.models("desk")["models"][0]
    assert model["encoder"] == desk.encoder()
    assert model["tuning"]["known"] == 120


def test_it_serves_with_the_vectors_of_its_encoder(desk: TunedDesk) -> None:
    proposed = desk.ask(question("refund", 900))
    assert proposed.slate.encoder == desk.encoder()
    assert proposed.slate.items[0].id == "refund"
    assert len(desk.app.online.suggester("desk").memory) == 121


def test_what_was_learned_while_it_was_made_is_known_to_it(desk: TunedDesk) -> None:
    assert desk.ask(TOLD_MEANWHILE).slate.items[0].id == "hours"


def test_a_surface_beside_it_is_untouched(desk: TunedDesk) -> None:
    other = desk.app.online.suggester("other")
    assert desk.encoder("other") == desk.default.fingerprint
    assert other.bundle == "prior"
    assert len(other.memory) == 25
    assert desk.ask(TOLD_MEANWHILE, "other").slate.encoder == desk.default.fingerprint


def test_rolling_back_brings_the_old_encoder_and_all_that_was_learned(desk: TunedDesk) -> None:
    of_tuned = accuracy(desk)
    desk.select(desk.ask("quagga mirror"), "login")  # its vector is the tuned encoder's
    desk.app.loop.rollback("desk")
    assert desk.encoder() == desk.default.fingerprint
    assert desk.ask("quagga mirror").slate.items[0].id == "login"
    assert accuracy(desk) < of_tuned
    assert desk.app.loop.models("desk")["champion"] == "prior"


def test_promoting_it_again_encodes_only_what_came_meanwhile(desk: TunedDesk) -> None:
    desk.app.loop.rollback("desk")
    desk.select(desk.ask("narwhal lamp"), "size")
    before = sum(each.n_texts for each in desk.loaded if each.fingerprint != desk.default.fingerprint)
    bundle = next(m["id"] for m in desk.app.loop.models("desk")["models"])
    desk.app.loop.promote("desk", bundle)
    after = sum(each.n_texts for each in desk.loaded if each.fingerprint != desk.default.fingerprint)
    assert desk.ask("narwhal lamp").slate.items[0].id == "size"
    assert after - before < 60  # of some 200 contexts, candidates and warming texts


def test_an_impression_of_the_old_encoder_still_teaches_after_the_swap(desk: TunedDesk) -> None:
    desk.app.loop.rollback("desk")
    asked = desk.ask("ocelot window")
    desk.app.loop.promote("desk", desk.app.loop.models("desk")["models"][0]["id"])
    desk.select(asked, "cancel")
    assert asked.slate.encoder != desk.encoder()
    assert desk.ask("ocelot window").slate.items[0].id == "cancel"


def test_nothing_that_is_told_during_the_swap_is_lost(desk: TunedDesk) -> None:
    """Selections go on while the encoder is swapped to and fro: each is known to the model that serves in the end."""
    is_over, told = threading.Event(), []

    def tell() -> None:
        n = 0
        while not is_over.is_set():
            text = f"swapping {n} {n * 7919} wombat{n}"
            desk.select(desk.ask(text), "size")
            told.append(text)
            n += 1

    teller = threading.Thread(target=tell)
    teller.start()
    desk.app.loop.rollback("desk")
    desk.app.loop.promote("desk", desk.app.loop.models("desk")["models"][0]["id"])
    is_over.set()
    teller.join()
    memory = desk.app.online.suggester("desk").memory
    keys = set(memory.matrices()[0])
    asked = desk.app.store.read(Table.SLATES, limit=100_000)
    of_told = {r.record.values["context_key"] for r in asked if "wombat" in str(r.record.values["context"])}
    assert len(told) > 3
    assert len(of_told) == len(told)
    assert of_told <= keys


def test_a_restart_encodes_nothing_and_answers_the_same(desk: TunedDesk) -> None:
    texts = [question(item, 700) for item in WORDS]
    before = [[i.id for i in desk.ask(text).slate.items] for text in texts]
    desk.restart()
    assert desk.n_encoded == 0
    assert desk.encoder().startswith("toy-")
    assert [[i.id for i in desk.ask(text).slate.items] for text in texts] == before


def test_a_lost_folder_of_encoders_is_made_again_from_the_blobs(desk: TunedDesk) -> None:
    fingerprint = desk.encoder()
    desk.app.close()
    for file in (desk.folder / "encoders" / fingerprint).rglob("*"):
        if file.is_file():
            file.unlink()
    desk.restart()
    assert desk.encoder() == fingerprint
    assert desk.ask(question("size", 701)).slate.items[0].id == "size"


def test_the_bundle_names_its_encoder_and_carries_no_text_of_anybody(trained: tuple[TunedDesk, Job]) -> None:
    desk, job = trained
    assert job.bundle is not None
    files = desk.app.loop.load_bundle("desk", job.bundle)
    ref = json.loads(files["encoder.json"])
    assert desk.app.store.blobs.exists(ref["blob"])
    assert len(json.loads(files["tuned_on.json"])) == 96  # four fifths of the labels
    assert not any(question("refund", n).encode() in content for n in range(20) for content in files.values())
    with tarfile.open(desk.app.store.blobs.path(ref["blob"])) as archive:
        assert archive.getnames() == ["config.json", "model.safetensors"]


def test_the_next_run_builds_on_the_tuned_encoder_and_leaves_it_as_it_is(desk: TunedDesk) -> None:
    fingerprint = desk.encoder()
    job = desk.train("auto", reason="outcomes")
    assert job.gate is not None
    assert any("at night and on demand" in note for note in job.gate["notes"])
    latest = desk.app.loop.models("desk")["models"][0]
    assert latest["encoder"] == fingerprint
    record = desk.app.loop.load_bundle("desk", str(latest["id"]))
    assert json.loads(record["encoder.json"])["blob"] is not None
    assert "tuned_on.json" in record


def test_candidates_come_and_go_on_a_tuned_surface(desk: TunedDesk) -> None:
    desk.app.online.upsert_candidates("desk", [Candidate(id="gift", text="wrapping ribbons bows")])
    assert "gift" in {i.id for i in desk.ask("wrapping ribbons bows").slate.items}
    desk.app.online.retire_candidate("desk", "gift")
    desk.app.loop.rollback("desk")
    assert "gift" not in {i.id for i in desk.ask("wrapping ribbons bows").slate.items}


def test_an_erased_person_s_vectors_leave_the_files(desk: TunedDesk) -> None:
    secret = "my secret is a purple giraffe"
    desk.select(desk.ask(secret, user="eve"), "refund")
    desk.app.loop.promote("desk", PRIOR_BUNDLE)  # now it is encoded once more, and kept
    key = desk.ask(secret, user="eve").slate.context.key
    kept = desk.app.online._vectors.of("desk", desk.default.fingerprint, desk.default.dim)
    assert key in kept.get([key])
    desk.app.online.delete_user("eve")
    assert key not in kept.get([key])
    assert key not in desk.app.online.suggester("desk").memory.matrices()[0]


def test_a_bundle_whose_encoder_is_gone_changes_nothing(desk: TunedDesk) -> None:
    files = dict(desk.app.loop.load_bundle("desk", str(desk.app.loop.models("desk")["champion"])))
    files["encoder.json"] = json.dumps({"fingerprint": "toy-gone", "dim": 96, "blob": "0" * 64}).encode()
    before = desk.encoder()
    with pytest.raises(SuggestError):
        desk.app.online.install("desk", "b-gone", files)
    assert desk.encoder() == before
    assert desk.ask(question("size", 702)).slate.items[0].id == "size"
