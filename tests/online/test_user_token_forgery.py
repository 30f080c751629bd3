"""User tokens under attack: every byte counts, time has two borders, keys rotate, no claim is read before the tag."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.domain.errors import UserTokenInvalid
from suggest.online.user_tokens import LEEWAY, LONGEST, LONGEST_LIFE, verified_user

quick = settings(derandomize=True, deadline=None, max_examples=60)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
OLD, NEW, FOREIGN = "uk_" + "1" * 48, "uk_" + "2" * 48, "uk_" + "3" * 48
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(claims: object, *, header: object = None, secret: str = NEW, digest: str = "sha256") -> str:
    head = {"alg": "HS256", "typ": "JWT"} if header is None else header
    text = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{text}.{b64(hmac.new(secret.encode(), text.encode(), digest).digest())}"


def after(seconds: float) -> float:
    return (NOW + timedelta(seconds=seconds)).timestamp()


def claims(**more: object) -> dict[str, object]:
    return {"sub": "ann", "exp": after(3600), **more}


def refusal(token: str, *secrets: str, now: datetime = NOW) -> str:
    with pytest.raises(UserTokenInvalid) as refused:
        verified_user(token, secrets=secrets or (NEW,), now=now)
    return str(refused.value)


# -- the tag ----------------------------------------------------------------------------------------------------------


@quick
@given(st.data())
def test_a_token_that_was_changed_in_any_one_letter_is_refused(data: st.DataObject) -> None:
    token = signed(claims())
    at = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from(LETTERS + "."))
    changed = token[:at] + letter + token[at + 1 :]
    if changed != token:
        refusal(changed)


@quick
@given(st.text(LETTERS + ".= \n", max_size=60))
def test_noise_is_refused_and_breaks_nothing(noise: str) -> None:
    refusal(noise)
    refusal(f"{signed(claims())}{noise}.")


@pytest.mark.parametrize(
    "alg", ["none", "None", "NONE", "", None, "hs256", "HS384", "HS512", "RS256", "ES256", ["HS256"], 256]
)
def test_only_one_way_of_signing_is_believed_whatever_the_token_says_of_itself(alg: object) -> None:
    for token in (signed(claims(), header={"alg": alg}), signed(claims(), header={"alg": alg}).rsplit(".", 1)[0] + "."):
        assert refusal(token) == "A user_token is signed with HS256, and asks for no extensions."


@pytest.mark.parametrize("digest", ["sha384", "sha512", "sha1"])
def test_a_tag_of_another_length_does_not_pass_for_ours(digest: str) -> None:
    assert "not signed with a live user key" in refusal(signed(claims(), digest=digest))


@pytest.mark.parametrize("n", [0, 1, 16, 31])
def test_the_beginning_of_the_right_tag_is_not_enough(n: int) -> None:
    head, body, tag = signed(claims()).split(".")
    raw = base64.urlsafe_b64decode(tag + "=")
    assert "not signed with a live user key" in refusal(f"{head}.{body}.{b64(raw[:n])}")


def test_the_tag_of_one_token_does_not_sign_another() -> None:
    ann, eve = signed(claims()), signed(claims(sub="eve"), secret=FOREIGN)
    assert "not signed" in refusal(f"{eve.rsplit('.', 1)[0]}.{ann.rsplit('.', 1)[1]}")


def test_nothing_is_said_of_the_claims_of_a_token_that_nobody_vouches_for() -> None:
    """Otherwise a stranger could learn what would be believed."""
    for wrong in (claims(exp=after(-9999)), claims(sub=""), claims(nbf=after(9999)), {}):
        assert "not signed with a live user key" in refusal(signed(wrong, secret=FOREIGN))


@pytest.mark.parametrize("crit", [["exp"], ["b64"], "exp", {"a": 1}])
def test_an_extension_that_must_be_understood_is_not(crit: object) -> None:
    assert "no extensions" in refusal(signed(claims(), header={"alg": "HS256", "crit": crit}))


@pytest.mark.parametrize("more", [{"kid": "../passwd"}, {"jku": "https://evil.example/"}, {"jwk": {"k": "eA"}}, {}])
def test_a_key_that_the_token_brings_along_is_not_looked_at(more: dict[str, object]) -> None:
    header = {"alg": "HS256", **more}
    assert verified_user(signed(claims(), header=header), secrets=[NEW], now=NOW) == "ann"
    assert "not signed" in refusal(signed(claims(), header=header, secret="x"))


@pytest.mark.parametrize(
    "token", ["a.b.c.d", "..", f"{b64(b'{}')}.{b64(b'1')}.", f"{b64(b'[]')}.{b64(b'{}')}.", "\ud800.a.b"]
)
def test_what_is_no_token_is_called_none(token: str) -> None:
    assert refusal(token) == "The user_token is not a JSON Web Token."


def test_brackets_without_end_are_no_token() -> None:
    assert refusal(f"{b64(b'[' * 1500)}.{b64(b'{}')}.") == "The user_token is not a JSON Web Token."


@pytest.mark.parametrize("spare", ["=", "==", "\n", " "])
def test_another_spelling_of_the_same_bytes_is_another_token(spare: str) -> None:
    assert refusal(signed(claims()) + spare) == "The user_token is not a JSON Web Token."


# -- keys -------------------------------------------------------------------------------------------------------------


def test_a_rotation_has_no_moment_in_which_a_fresh_token_fails() -> None:
    by_old, by_new = signed(claims(), secret=OLD), signed(claims(), secret=NEW)
    believed = [
        [verified_user(token, secrets=live, now=NOW) for token in tokens]
        for live, tokens in (([OLD], [by_old]), ([OLD, NEW], [by_old, by_new]), ([NEW], [by_new]))
    ]
    assert believed == [["ann"], ["ann", "ann"], ["ann"]]
    assert "not signed with a live user key" in refusal(by_old, NEW), "revoked is revoked, whatever exp says"


@quick
@given(st.permutations([OLD, NEW, FOREIGN]), st.integers(0, 3))
def test_which_keys_are_live_decides_and_not_their_order(order: list[str], n: int) -> None:
    live = order[:n]
    token = signed(claims())
    if NEW in live:
        assert verified_user(token, secrets=iter(live), now=NOW) == "ann"
    else:
        assert ("live user key" in refusal(token, *live)) if live else True


def test_without_any_key_it_says_how_to_make_one() -> None:
    with pytest.raises(UserTokenInvalid, match="suggest keys create uk"):
        verified_user(signed(claims()), secrets=[], now=NOW)


# -- time -------------------------------------------------------------------------------------------------------------


@quick
@given(st.integers(-200, 90_000))
def test_a_token_lives_from_a_day_before_its_end_until_a_minute_after(seconds: int) -> None:
    token = signed(claims(exp=after(seconds)))
    if -LEEWAY.total_seconds() <= seconds <= (LONGEST_LIFE + LEEWAY).total_seconds():
        assert verified_user(token, secrets=[NEW], now=NOW) == "ann"
    else:
        assert ("expired" if seconds < 0 else "within the next 24 hours") in refusal(token)


@quick
@given(st.integers(-200, 200))
def test_a_token_begins_a_minute_before_it_says(seconds: int) -> None:
    token = signed(claims(nbf=after(seconds)))
    if seconds <= LEEWAY.total_seconds():
        assert verified_user(token, secrets=[NEW], now=NOW) == "ann"
    else:
        assert "not in force yet" in refusal(token)


@pytest.mark.parametrize(
    "exp", [None, True, "1772445600", [], -1, 2**35, 10**30, float("inf"), float("nan"), after(3600) * 1000]
)
def test_an_end_that_is_no_moment_is_refused(exp: object) -> None:
    assert "within the next 24 hours" in refusal(signed(claims(exp=exp)))


@pytest.mark.parametrize("nbf", ["tomorrow", True, [], -1, float("nan"), after(3600) * 1000])
def test_a_beginning_that_is_no_moment_is_not_taken_for_none(nbf: object) -> None:
    """Milliseconds instead of seconds are a far future, not a leave to begin now."""
    assert "not in force yet" in refusal(signed(claims(nbf=nbf)))


def test_a_beginning_of_null_is_none() -> None:
    assert verified_user(signed(claims(nbf=None)), secrets=[NEW], now=NOW) == "ann"


def test_an_end_may_have_a_fraction() -> None:
    assert verified_user(signed(claims(exp=after(-59.5))), secrets=[NEW], now=NOW) == "ann"
    assert "expired" in refusal(signed(claims(exp=after(-60.5))))


# -- whom it names ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sub", ["a", "x" * 200, "ann@shop.example", "\u00c5sa", "\U0001f600", "{{name}}", "' or 1=1"])
def test_a_name_comes_back_as_it_was_signed(sub: str) -> None:
    assert verified_user(signed(claims(sub=sub)), secrets=[NEW], now=NOW) == sub


@pytest.mark.parametrize("sub", [None, 7, True, ["ann"], {}, "", "x" * 201, "a\x00b", "a\nb", "\ud800"])
def test_who_is_nobody_is_not_believed(sub: object) -> None:
    assert refusal(signed(claims(sub=sub))).startswith("The user_token names nobody")


def test_a_token_has_a_longest_length() -> None:
    """Three letters in base64url are four, so the filling that reaches the border exactly is found by trying."""
    tokens = [signed(claims(more="x" * n)) for n in range(2_900, 3_000)]
    fits = [token for token in tokens if len(token) <= LONGEST]
    too_long = [token for token in tokens if len(token) > LONGEST]
    assert max(map(len, fits)) >= LONGEST - 2
    assert verified_user(max(fits, key=len), secrets=[NEW], now=NOW) == "ann"
    assert refusal(min(too_long, key=len)) == "The user_token is not a JSON Web Token."
