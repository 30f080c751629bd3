"""Settings: from the environment, refused by the name of the variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from suggest.config import Settings
from suggest.domain.errors import Invalid


def test_nothing_set_is_enough() -> None:
    settings = Settings.from_env({})
    assert settings == Settings()
    assert (settings.encoder, settings.threads, settings.secret_key) == ("default", 1, None)


def test_every_variable_is_read() -> None:
    settings = Settings.from_env(
        {
            "SUGGEST_DATA_DIR": "/srv/suggest",
            "SUGGEST_ENCODER": "hashing",
            "SUGGEST_SECRET_KEY": "sk_correct_horse",
            "SUGGEST_THREADS": "2",
            "SUGGEST_CACHE": "/var/cache/suggest",
            "SUGGEST_CACHED_TEXTS": "500",
            "SUGGEST_ENCODE_MS": "40",
            "PATH": "/bin",
        }
    )
    assert settings.data_dir == Path("/srv/suggest")
    assert (settings.encoder, settings.secret_key, settings.threads) == ("hashing", "sk_correct_horse", 2)
    assert settings.encoder_cache == Path("/var/cache/suggest")
    assert (settings.cached_texts, settings.encode_ms) == (500, 40)


def test_an_empty_variable_is_not_set() -> None:
    assert Settings.from_env({"SUGGEST_SECRET_KEY": "", "SUGGEST_THREADS": " "}) == Settings()


def test_the_environment_is_the_process_s_own_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUGGEST_ENCODER", "hashing")
    assert Settings.from_env().encoder == "hashing"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SUGGEST_THREADS", "many"),
        ("SUGGEST_THREADS", "0"),
        ("SUGGEST_CACHED_TEXTS", "-1"),
        ("SUGGEST_ENCODE_MS", "0"),
        ("SUGGEST_ENCODE_MS", "60001"),
        ("SUGGEST_SECRET_KEY", "short"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(name: str, value: str) -> None:
    with pytest.raises(Invalid, match=name) as refused:
        Settings.from_env({name: value})
    assert refused.value.errors[0].pointer == f"/{name}"


def test_a_secret_key_is_not_told_in_the_refusal() -> None:
    with pytest.raises(Invalid) as refused:
        Settings.from_env({"SUGGEST_SECRET_KEY": "hunter2"})
    assert "hunter2" not in str(refused.value)


def test_a_secret_key_is_not_told_by_the_settings() -> None:
    assert "correct_horse" not in repr(Settings(secret_key="sk_correct_horse"))
