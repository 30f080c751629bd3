"""User tokens: the host's server vouches for a person, nobody else can, and what cannot be believed says why."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest

from suggest.domain.errors import UserTokenInvalid
from suggest.online.user_tokens import verified_user

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECRET = "uk_" + "5" * 48


def part(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def a_token(secret: str = SECRET, *, alg: str = "HS256", in_s: float = 3600, **claims: object) -> str:
    """A token as any library would make it."""
    said = {"sub": "ann", "exp": (NOW + timedelta(seconds=in_s)).timestamp(), **claims}
    signed = f"{part({'alg': alg, 'typ': 'JWT'})}.{part(said)}"
    return f"{signed}.{part(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())}"


def test_two_live_keys_both_vouch_and_a_third_does_not() -> None:
    other = "uk_" + "6" * 48
    for secret in (SECRET, other):
        assert verified_user(a_token(secret), secrets=[SECRET, other], now=NOW) == "ann"
    with pytest.raises(UserTokenInvalid, match="not signed with a live user key"):
        verified_user(a_token("uk_x"), secrets=[SECRET, other], now=NOW)
    with pytest.raises(UserTokenInvalid, match="no live user key"):
        verified_user(a_token(), secrets=[], now=NOW)


@pytest.mark.parametrize(
    ("token", "why"),
    [
        (a_token(in_s=-61), "expired"),
        (a_token(in_s=90_000), "within the next 24 hours"),
        (a_token(exp=None), "within the next 24 hours"),
        (a_token(exp=True), "within the next 24 hours"),
        (a_token(nbf=(NOW + timedelta(hours=1)).timestamp()), "not in force yet"),
        (a_token(alg="none"), "HS256"),
        (a_token(alg="RS256"), "HS256"),
        (a_token(sub=7), "names nobody"),
        (a_token(sub=""), "names nobody"),
        (a_token(sub="x" * 201), "names nobody"),
        (a_token()[:-2], "not signed|not a JSON"),
        ("a.b", "not a JSON Web Token"),
        ("", "not a JSON Web Token"),
        ("é.é.é", "not a JSON Web Token"),
        (f"{part([])}.{part({})}.{part(b'x')}", "not a JSON Web Token"),
        ("x" * 5000, "not a JSON Web Token"),
    ],
)
def test_what_cannot_be_believed_says_why(token: str, why: str) -> None:
    with pytest.raises(UserTokenInvalid, match=why):
        verified_user(token, secrets=[SECRET], now=NOW)


def test_no_signature_and_an_emptied_one_are_refused() -> None:
    head, body, _ = a_token().split(".")
    for tag in ("", part(b"")):
        with pytest.raises(UserTokenInvalid):
            verified_user(f"{head}.{body}.{tag}", secrets=[SECRET], now=NOW)


def test_clocks_may_differ_by_a_minute() -> None:
    assert verified_user(a_token(in_s=-30), secrets=[SECRET], now=NOW) == "ann"
