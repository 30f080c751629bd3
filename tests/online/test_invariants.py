"""What holds for every sequence and every value, not for examples alone: tokens, caps, outcomes, who is there."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.domain.clock import ManualClock
from suggest.domain.context import Context
from suggest.domain.errors import TokenExpired, TokenInvalid
from suggest.domain.event import Outcome
from suggest.domain.slate import Decision, Slate, SlateItem
from suggest.domain.weight import ANONYMOUS_SHARE
from suggest.online.caps import MOST_PER_SUBJECT_A_DAY, Caps
from suggest.online.keys import Key, KeyKind
from suggest.online.messages import ABSENT, RawEvent, RawLabel
from suggest.online.outcomes import Outcomes, outranks
from suggest.online.presence import ON_DUTY_FOR, Presence
from suggest.online.served import Served, Shelf, vector_bytes, vector_of
from suggest.online.signing import Signing, SigningKey, decode64, encode64
from suggest.online.tokens import LIFETIME, sign_slate, verify_token

MODEST = settings(max_examples=60, deadline=None, derandomize=True)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SIGNING = Signing(
    keys=(SigningKey(kid="aaaaaa", secret=b"1" * 32, created_at=NOON),), user_salt=b"2" * 32, key_salt=b"3" * 32
)
IDS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=30)


def a_slate(
    id: str = "i1", *, items: tuple[str, ...] = ("a", "b"), surface: str = "s", learnable: bool = True
) -> Slate:
    return Slate(
        id=id,
        surface=surface,
        at=NOON,
        context=Context(text="hi"),
        items=tuple(
            SlateItem(id=item, text=item, position=n, p_select=0.1, propensity=1.0) for n, item in enumerate(items)
        ),
        decision=Decision.SHOW,
        reason=None,
        p_any=0.5,
        p_none_raw=0.5,
        p_accept=0.3,
        threshold=0.5,
        k=3,
        mode="assist",
        bundle="prior",
        policy_revision=0,
        supplied=False,
        learnable=learnable,
    )


# -- tokens and signatures


@MODEST
@given(impression=IDS, surface=IDS, items=st.lists(IDS, max_size=8, unique=True).map(tuple), learnable=st.booleans())
def test_a_token_says_what_was_served_whatever_the_ids(
    impression: str, surface: str, items: tuple[str, ...], learnable: bool
) -> None:
    slate = a_slate(impression, items=items, surface=surface, learnable=learnable)
    token = verify_token(sign_slate(slate, signing=SIGNING), signing=SIGNING, clock=ManualClock(NOON))
    assert (token.impression, token.surface, token.items, token.learnable) == (impression, surface, items, learnable)
    assert token.expires_at == NOON + LIFETIME


@MODEST
@given(place=st.integers(0, 500), put=st.sampled_from("ABCxyz059-_.~=+/ \n"))
def test_no_other_spelling_of_a_token_is_one(place: int, put: str) -> None:
    token = sign_slate(a_slate(), signing=SIGNING)
    at = place % (len(token) + 1)
    for forged in (token[:at] + put + token[at:], token[:at] + put + token[at + 1 :], token[:at]):
        if forged != token:
            with pytest.raises(TokenInvalid):
                verify_token(forged, signing=SIGNING, clock=ManualClock(NOON))


@MODEST
@given(st.floats(-3600, 3 * 86_400))
def test_a_token_lives_for_exactly_its_day(after_s: float) -> None:
    token = sign_slate(a_slate(), signing=SIGNING)
    clock = ManualClock(NOON + timedelta(seconds=after_s))
    if clock.now() < NOON + LIFETIME:
        assert verify_token(token, signing=SIGNING, clock=clock).impression == "i1"
    else:
        with pytest.raises(TokenExpired):
            verify_token(token, signing=SIGNING, clock=clock)


def test_a_key_that_was_rotated_out_twice_signs_and_verifies_nothing() -> None:
    token, clock = sign_slate(a_slate(), signing=SIGNING), ManualClock(NOON)
    once = SIGNING.rotated(clock)
    assert verify_token(token, signing=once, clock=clock).impression == "i1"
    with pytest.raises(TokenInvalid):
        verify_token(token, signing=once.rotated(clock), clock=clock)


@MODEST
@given(st.binary(max_size=60))
def test_bytes_have_one_spelling(raw: bytes) -> None:
    text = encode64(raw)
    assert decode64(text) == raw
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    for other in (text + "=", text + "==", text + "\n", " " + text, text + "A"):
        try:
            assert decode64(other) != raw
        except ValueError:
            continue


@MODEST
@given(message=st.binary(max_size=30), other=st.binary(max_size=30), purpose=st.sampled_from(["impression", "session"]))
def test_a_tag_is_for_one_message_and_one_purpose(message: bytes, other: bytes, purpose: str) -> None:
    tag = SIGNING.tag(purpose, message)
    assert tag is not None
    assert len(tag) == 16
    assert (SIGNING.tag(purpose, other) == tag) == (other == message)
    assert SIGNING.tag(purpose + "s", message) != tag
    assert SIGNING.tag(purpose, message, kid="nobody") is None


@MODEST
@given(IDS, IDS)
def test_a_user_is_one_key_here_and_another_elsewhere(user: str, other: str) -> None:
    key = SIGNING.user_key(user)
    assert len(key) == 32
    assert (SIGNING.user_key(other) == key) == (other == user)
    assert replace(SIGNING, user_salt=b"x" * 32).user_key(user) != key


# -- origins


HOSTS = st.sampled_from(["shop.example", "a.shop.example", "shop.example.org", "op.example", "xn--bcher-kva.example"])


@MODEST
@given(host=HOSTS, other=HOSTS, sub=st.sampled_from(["www", "a", "x-1", "0"]))
def test_an_origin_is_compared_whole_and_a_star_stands_for_what_is_below(host: str, other: str, sub: str) -> None:
    exact = Key(id="1", kind=KeyKind.PUBLISHABLE, origins=(f"https://{host}",))
    assert exact.allows(f"https://{host}")
    assert exact.allows(f"HTTPS://{host.upper()}")
    assert exact.allows(f"https://{other}") == (other == host)
    for near in (f"http://{host}", f"https://{host}:444", f"https://{sub}.{host}", f"https://{sub}{host}", "null"):
        assert not exact.allows(near)
    star = Key(id="2", kind=KeyKind.PUBLISHABLE, origins=(f"https://*.{host}",))
    assert star.allows(f"https://{sub}.{host}")
    assert not star.allows(f"https://{host}")
    assert not star.allows(f"https://{sub}{host}")
    assert not star.allows(f"http://{sub}.{host}")
    assert not star.allows(f"https://{sub}.{host}.evil.example")


# -- caps


VOICES = st.lists(
    st.tuples(
        st.sampled_from(["s1", "s2"]),
        st.sampled_from([None, "ann", "bob"]),
        st.sampled_from("abc"),
        st.sampled_from("xyz"),
    ),
    max_size=60,
)


@MODEST
@given(VOICES)
def test_the_same_voice_teaches_once_a_day_and_nobody_in_particular_teaches_less(
    voices: list[tuple[str, str | None, str, str]],
) -> None:
    caps = Caps()
    heard: set[tuple[str, str | None, str, str]] = set()
    for voice in voices:
        surface, subject, item, key = voice
        weight = caps.weight(surface=surface, subject=subject, item=item, key=key, now=NOON)
        assert weight == (0.0 if voice in heard else ANONYMOUS_SHARE if subject is None else 1.0)
        heard.add(voice)
    for voice in heard:
        surface, subject, item, key = voice
        tomorrow = caps.weight(surface=surface, subject=subject, item=item, key=key, now=NOON + timedelta(days=1))
        assert tomorrow > 0, "a new day"


def test_a_person_is_heard_so_often_a_day_on_each_surface_and_no_more() -> None:
    caps = Caps()

    def say(n: int, surface: str = "s") -> float:
        return caps.weight(surface=surface, subject="ann", item="a", key=f"context {n}", now=NOON)

    weights = [say(n) for n in range(MOST_PER_SUBJECT_A_DAY + 10)]
    assert Counter(weights) == {1.0: MOST_PER_SUBJECT_A_DAY, 0.0: 10}
    assert say(0, "another") == 1.0


@MODEST
@given(st.integers(1, 30), st.integers(0, 100))
def test_the_memory_of_voices_never_grows_beyond_its_bound(remembered: int, n: int) -> None:
    caps = Caps(remembered=remembered)
    for number in range(n):
        caps.weight(surface="s", subject=f"p{number}", item="a", key="k", now=NOON)
    assert len(caps._taught) <= remembered
    assert len(caps._counts) <= remembered


# -- outcomes


ACTS = st.lists(
    st.tuples(st.sampled_from(["view", "select", "dismiss", "sweep", "forget"]), st.integers(0, 5)), max_size=30
)


@MODEST
@given(ACTS)
def test_every_impression_is_observed_at_most_once_and_none_is_lost(acts: list[tuple[str, int]]) -> None:
    observed: list[bool] = []
    outcomes = Outcomes(observe=lambda surface, p, accepted: observed.append(accepted), on_outcomes=lambda *_: None)
    for n in range(6):
        outcomes.served(replace(a_slate(f"i{n}"), at=NOON + timedelta(seconds=n)))
    n_swept = n_forgotten = n_selected = n_other = 0
    is_open = dict.fromkeys((f"i{n}" for n in range(6)), True)
    for act, n in acts:
        id = f"i{n}"
        if act == "view":
            outcomes.viewed("s", id)
        elif act in {"select", "dismiss"}:
            outcomes.decided("s", id, Outcome.SELECTED if act == "select" else Outcome.DISMISSED)
            if is_open[id]:
                n_selected, n_other = n_selected + (act == "select"), n_other + (act == "dismiss")
            is_open[id] = False
        elif act == "sweep":
            swept = outcomes.sweep("s", now=NOON + timedelta(seconds=n), reward_wait_s=0)
            over = [f"i{m}" for m in range(n + 1) if is_open[f"i{m}"]]
            assert sum(swept.values()) == len(over)
            is_open.update(dict.fromkeys(over, False))
            n_swept += len(over)
        else:
            outcomes.forget(frozenset({id}))
            n_forgotten += is_open[id]
            is_open[id] = False
    assert outcomes.n_open("s") == sum(is_open.values())
    assert Counter(observed) == Counter({True: n_selected, False: n_other + n_swept})
    assert len(observed) + n_forgotten + sum(is_open.values()) == 6


def test_precedence_is_a_strict_order() -> None:
    ranked = [Outcome.SELECTED, Outcome.DISMISSED, Outcome.OVERRIDDEN, Outcome.PENDING]
    for n, one in enumerate(ranked):
        for m, other in enumerate(ranked):
            assert outranks(one, other) == (n < m)


# -- presence


@MODEST
@given(st.lists(st.tuples(st.sampled_from(["ann", "bob", "-ann"]), st.integers(0, 400)), max_size=20))
def test_on_duty_is_who_was_heard_of_in_the_last_five_minutes(steps: list[tuple[str, int]]) -> None:
    clock = ManualClock(NOON)
    presence = Presence(clock)
    heard: dict[str, datetime] = {}

    def on_duty() -> int:
        return sum(at > clock.now() - ON_DUTY_FOR for at in heard.values())

    for who, wait_s in steps:
        clock.advance(seconds=wait_s)
        if who.startswith("-"):
            presence.leave(who[1:])
            heard.pop(who[1:], None)
        else:
            was_empty = on_duty() == 0
            assert presence.mark(who) == was_empty, "the first to come is news"
            heard[who] = clock.now()
        assert presence.n_on_duty() == on_duty()


# -- the shelf


def test_the_shelf_keeps_the_latest_and_reads_the_rest_once() -> None:
    read: list[str] = []

    def from_log(impression: str) -> Served | None:
        read.append(impression)
        return None if impression == "never" else Served(slate=a_slate(impression), key="k", user_key=None)

    shelf = Shelf(from_log, capacity=3)
    for n in range(5):
        shelf.put(a_slate(f"i{n}"), key="k", user_key=None)
    assert shelf.get("i4") is shelf.get("i4")
    assert read == []
    assert shelf.get("i0") is not None
    assert shelf.get("i0") is shelf.get("i0"), "read back once"
    assert read == ["i0"]
    assert shelf.get("never") is None
    shelf.forget(lambda served: served.slate.id == "i0")
    assert shelf.get("i0") is not None
    assert read == ["i0", "never", "i0"]


def test_a_served_slate_leaves_its_pool_behind_and_knows_its_subject() -> None:
    shelf = Shelf(lambda _: None)
    served = shelf.put(a_slate(), key="k", user_key=None)
    assert served.slate.pool.ids == ()
    assert served.subject is None
    assert served.vector is None
    sitting = replace(a_slate("i2"), context=Context(text="hi", session="s1"))
    assert shelf.put(sitting, key="k", user_key=None).subject == "s1"
    assert shelf.put(replace(sitting, id="i3"), key="k", user_key="u1").subject == "u1"


@MODEST
@given(st.integers(0, 10_000), st.integers(2, 64))
def test_an_embedding_comes_back_as_the_unit_vector_it_was(seed: int, dim: int) -> None:
    vector = np.random.default_rng(seed).normal(size=dim).astype(np.float32)
    vector /= np.linalg.norm(vector)
    back = vector_of(vector_bytes(vector))
    assert np.linalg.norm(back) == pytest.approx(1.0, abs=1e-6)
    assert float(back @ vector) > 0.99999


def test_an_embedding_of_nothing_stays_finite() -> None:
    assert np.isfinite(vector_of(vector_bytes(np.zeros(4, np.float32)))).all()


# -- raw rows


@MODEST
@given(st.dictionaries(st.text(max_size=10) | st.sampled_from(["eid", "type", "item"]), st.integers() | st.none()))
def test_a_row_keeps_what_it_knows_and_drops_the_rest(row: dict[str, object]) -> None:
    raw = RawEvent.from_json(row)
    assert raw.eid == row.get("eid")
    assert raw.item == row.get("item")


def test_an_absent_item_is_told_apart_from_none_of_them() -> None:
    assert RawLabel.from_json({}).item is ABSENT
    assert RawLabel.from_json({"item": None}).item is None
    assert repr(ABSENT) == "ABSENT"
