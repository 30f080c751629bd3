"""The server's secrets: private, lasting, rotated without anybody noticing."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suggest.domain.clock import ManualClock
from suggest.online.signing import FILE, ROTATE_AFTER, decode64, encode64, open_signing, write_private
from tests.online.world import START


def test_secrets_are_made_once_and_survive_a_restart(tmp_path: Path) -> None:
    clock = ManualClock(START)
    assert open_signing(tmp_path, clock=clock) == open_signing(tmp_path, clock=clock)


def test_the_file_is_its_owner_s_alone(tmp_path: Path) -> None:
    open_signing(tmp_path, clock=ManualClock(START))
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == [FILE]


def test_after_a_month_a_new_key_signs_and_the_old_one_still_verifies(tmp_path: Path) -> None:
    clock = ManualClock(START)
    before = open_signing(tmp_path, clock=clock)
    clock.advance(seconds=ROTATE_AFTER.total_seconds())
    after = open_signing(tmp_path, clock=clock)
    assert after.current.kid != before.current.kid
    assert after.tag("p", b"m", kid=before.current.kid) == before.tag("p", b"m")
    assert after.tag("p", b"m") != before.tag("p", b"m")


def test_two_keys_live_at_a_time(tmp_path: Path) -> None:
    clock = ManualClock(START)
    first = open_signing(tmp_path, clock=clock)
    third = first.rotated(clock).rotated(clock)
    assert len(third.keys) == 2
    assert third.tag("p", b"m", kid=first.current.kid) is None


def test_salts_outlive_every_rotation(tmp_path: Path) -> None:
    clock = ManualClock(START)
    signing = open_signing(tmp_path, clock=clock)
    assert signing.rotated(clock).user_key("ada") == signing.user_key("ada")
    assert signing.rotated(clock).key_hash("sk_1") == signing.key_hash("sk_1")


def test_a_user_key_is_32_hex_digits_of_this_installation_only(tmp_path: Path) -> None:
    clock = ManualClock(START)
    here, there = open_signing(tmp_path / "a", clock=clock), open_signing(tmp_path / "b", clock=clock)
    assert len(here.user_key("ada")) == 32
    assert int(here.user_key("ada"), 16) >= 0
    assert here.user_key("ada") != there.user_key("ada")
    assert here.user_key("ada") != here.user_key("Ada")


def test_a_private_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "secret"
    write_private(path, "one")
    write_private(path, "two")
    assert path.read_text() == "two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


@given(st.binary(max_size=64))
def test_base64_round_trips(raw: bytes) -> None:
    assert decode64(encode64(raw)) == raw


@pytest.mark.parametrize("text", ["QQ==", "QR", "Q Q", "QQ\n"])
def test_another_spelling_of_the_same_bytes_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode64(text)
