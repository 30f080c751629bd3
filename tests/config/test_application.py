"""The composition root: a folder becomes a working application, twice if need be, and never half of one."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from suggest.config import Settings, application, open_application
from suggest.domain.candidate import Candidate
from suggest.domain.clock import ManualClock
from suggest.domain.context import Context
from suggest.online.keys import KeyKind
from suggest.online.messages import Proposal
from suggest.retrieve.encoder import EncoderUnavailable
from suggest.retrieve.hashing import HashingEncoder
from suggest.retrieve.loading import LoadingEncoder

CLOCK = ManualClock(datetime(2026, 3, 2, tzinfo=UTC))


def settings(folder: Path, **more: object) -> Settings:
    return Settings(data_dir=folder / "data", encoder="hashing", cache_dir=folder / "cache", **more)  # type: ignore[arg-type]


def test_an_empty_folder_becomes_an_application(tmp_path: Path) -> None:
    with open_application(settings(tmp_path), clock=CLOCK, ticking=False) as app:
        app.online.put_surface("shop", {})
        assert [surface.name for surface in app.online.list_surfaces()] == ["shop"]
        assert app.batcher.fingerprint == HashingEncoder().fingerprint


def test_the_first_start_makes_a_secret_key_and_says_so_once(tmp_path: Path) -> None:
    with open_application(settings(tmp_path), clock=CLOCK, ticking=False) as first:
        key = first.secret_key
        assert first.is_secret_key_new
    with open_application(settings(tmp_path), clock=CLOCK, ticking=False) as second:
        assert (second.secret_key, second.is_secret_key_new) == (key, False)
        found = second.online.check_key(key)
        assert found is not None
        assert found.kind is KeyKind.SECRET


def test_a_configured_key_takes_the_place_of_the_stored_one(tmp_path: Path) -> None:
    with open_application(settings(tmp_path), clock=CLOCK, ticking=False) as first:
        stored = first.secret_key
    with open_application(settings(tmp_path, secret_key="sk_correct_horse"), clock=CLOCK, ticking=False) as second:
        assert second.online.check_key("sk_correct_horse") is not None
        assert second.online.check_key(stored) is None


def test_secrets_are_private_to_their_owner(tmp_path: Path) -> None:
    with open_application(settings(tmp_path), clock=CLOCK, ticking=False):
        for name in ("secret_key", "signing.json"):
            assert stat.S_IMODE((tmp_path / "data" / name).stat().st_mode) == 0o600


def test_one_folder_serves_one_application_at_a_time(tmp_path: Path) -> None:
    first = open_application(settings(tmp_path), clock=CLOCK, ticking=False)
    first.close()
    first.close()
    with open_application(settings(tmp_path), clock=CLOCK, ticking=False) as again:
        assert again.online.list_surfaces() == []


def test_an_encoder_that_is_not_there_leaves_the_folder_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> None:
        raise EncoderUnavailable("there is no such encoder")

    with monkeypatch.context() as patched:
        patched.setattr(application, "open_encoder", missing)
        with pytest.raises(EncoderUnavailable):
            open_application(settings(tmp_path), clock=CLOCK, ticking=False)
    with open_application(settings(tmp_path), clock=CLOCK, ticking=False) as app:
        assert app.store.health().writable


class Named(HashingEncoder):
    """The hashing encoder under the name of one with meaning, for which a trigger is fitted."""

    def __init__(self) -> None:
        super().__init__(256)
        self.fingerprint = "meaningful"


def test_a_folder_is_served_by_words_until_its_encoder_is_loaded(tmp_path: Path) -> None:
    may_end = threading.Event()

    def load() -> HashingEncoder:
        assert may_end.wait(10)
        return Named()

    def ask(text: str) -> tuple[str, str | None]:
        slate = app.online.suggest(Proposal(surface="shop", context=Context(text=text))).slate
        return slate.items[0].id if slate.items else "", slate.reason

    with open_application(settings(tmp_path), clock=CLOCK, encoder=Named(), ticking=False) as before:
        before.online.put_surface("shop", {})
        replies = {"track": "follow your parcel", "refund": "the money comes back"}
        before.online.upsert_candidates("shop", [Candidate(id=id, text=text) for id, text in replies.items()])
    loading = LoadingEncoder(dim=256, fingerprint=Named().fingerprint, load=load)
    with open_application(settings(tmp_path), clock=CLOCK, encoder=loading) as app:
        assert ask("where is my parcel") == ("track", "degraded")
        assert "the encoder is being loaded" in app.online.ready().reasons[0]
        may_end.set()
        app.warm()
        assert app.online.ready().ok
        assert ask("where is my parcel") != ("track", "degraded")
        assert ask("ok thanks")[1] == "needs-no-answer", (
            "the trigger came with the encoder, to the surface that was open"
        )


def test_a_close_does_not_wait_for_an_encoder_that_still_loads(tmp_path: Path) -> None:
    may_end = threading.Event()

    def load() -> HashingEncoder:
        assert may_end.wait(10)
        return HashingEncoder(64)

    loading = LoadingEncoder(dim=64, fingerprint="hashing-64", load=load)
    open_application(settings(tmp_path), clock=CLOCK, encoder=loading).close()
    assert not may_end.is_set()
    may_end.set()


def test_a_start_imports_nothing_that_only_training_needs(tmp_path: Path) -> None:
    program = """
import json, sys
from pathlib import Path
from suggest.config import Settings, open_application
with open_application(Settings(data_dir=Path(sys.argv[1]), encoder="hashing")) as application:
    from suggest.web.app import create_app
    create_app(application)
    application.warm()
    print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
"""
    child = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "data")], capture_output=True, text=True, check=True
    )
    heavy = {"torch", "transformers", "sentence_transformers", "sklearn", "scipy", "pandas", "onnx", "lightgbm"}
    assert heavy & set(json.loads(child.stdout)) == set()
