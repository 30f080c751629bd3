"""The impression token: ours alone, for one slate, for one day."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suggest.domain.clock import ManualClock
from suggest.domain.context import Context
from suggest.domain.errors import TokenExpired, TokenInvalid
from suggest.domain.slate import Decision, Slate, SlateItem
from suggest.online.signing import Signing, decode64, encode64, open_signing
from suggest.online.tokens import LIFETIME, sign_slate, verify_token
from tests.online.world import START


def a_slate(ids: tuple[str, ...] = ("a", "b")) -> Slate:
    items = tuple(SlateItem(id=id, text=id, position=i, p_select=0.1, propensity=1.0) for i, id in enumerate(ids))
    return Slate(
        id="0198-impression",
        surface="shop",
        at=START,
        context=Context(text="hello"),
        items=items,
        decision=Decision.SHOW,
        reason=None,
        p_any=0.2,
        p_none_raw=0.5,
        p_accept=0.1,
        threshold=0.5,
        k=3,
        mode="assist",
        bundle="prior",
        policy_revision=0,
        supplied=False,
    )


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def signing(tmp_path: Path, clock: ManualClock) -> Signing:
    return open_signing(tmp_path, clock=clock)


def test_a_token_says_what_was_served(signing: Signing, clock: ManualClock) -> None:
    token = verify_token(sign_slate(a_slate(("b", "a")), signing=signing), signing=signing, clock=clock)
    assert (token.impression, token.surface, token.items) == ("0198-impression", "shop", ("b", "a"))
    assert token.expires_at == START + LIFETIME
    assert token.learnable


def test_a_token_lives_24_hours(signing: Signing, clock: ManualClock) -> None:
    token = sign_slate(a_slate(), signing=signing)
    clock.advance(seconds=timedelta(hours=24).total_seconds() - 1)
    verify_token(token, signing=signing, clock=clock)
    clock.advance(seconds=1)
    with pytest.raises(TokenExpired):
        verify_token(token, signing=signing, clock=clock)


def test_every_changed_character_is_noticed(signing: Signing, clock: ManualClock) -> None:
    token = sign_slate(a_slate(), signing=signing)
    for at in range(len(token)):
        changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        with pytest.raises(TokenInvalid):
            verify_token(changed, signing=signing, clock=clock)


def test_another_installation_s_token_is_refused(signing: Signing, clock: ManualClock, tmp_path: Path) -> None:
    other = open_signing(tmp_path / "other", clock=clock)
    with pytest.raises(TokenInvalid):
        verify_token(sign_slate(a_slate(), signing=other), signing=signing, clock=clock)


def test_a_signature_for_another_purpose_is_no_token(signing: Signing, clock: ManualClock) -> None:
    token = sign_slate(a_slate(), signing=signing)
    message = decode64(token.split(".")[0])
    tag = signing.tag("session", message)
    assert tag is not None
    with pytest.raises(TokenInvalid):
        verify_token(f"{encode64(message)}.{encode64(tag)}", signing=signing, clock=clock)


def test_an_unknown_key_id_is_refused(signing: Signing, clock: ManualClock) -> None:
    body, tag = sign_slate(a_slate(), signing=signing).split(".")
    payload = json.loads(decode64(body))
    payload["k"] = "ffffff"
    with pytest.raises(TokenInvalid):
        verify_token(f"{encode64(json.dumps(payload).encode())}.{tag}", signing=signing, clock=clock)


@given(st.text(max_size=300))
def test_no_text_from_outside_is_a_token(text: str) -> None:
    signing = Signing(keys=(), user_salt=b"u", key_salt=b"k")
    with pytest.raises(TokenInvalid):
        verify_token(text, signing=signing, clock=ManualClock(START))


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner), max_leaves=5))
def test_no_json_of_another_shape_is_a_token(payload: object) -> None:
    signing = Signing(keys=(), user_salt=b"u", key_salt=b"k")
    forged = f"{encode64(json.dumps(payload).encode())}.{encode64(bytes(16))}"
    with pytest.raises(TokenInvalid):
        verify_token(forged, signing=signing, clock=ManualClock(START))


def test_fifty_of_the_longest_ids_fit(signing: Signing, clock: ManualClock) -> None:
    ids = tuple(f"{i:03}" + "\U0001f980" * 197 for i in range(50))
    token = sign_slate(a_slate(ids), signing=signing)
    assert verify_token(token, signing=signing, clock=clock).items == ids


def test_what_was_served_without_learning_says_so(signing: Signing, clock: ManualClock) -> None:
    token = sign_slate(replace(a_slate(), learnable=False), signing=signing)
    assert not verify_token(token, signing=signing, clock=clock).learnable
