"""Changes to a configuration, sign-in codes and sessions: what holds for every value and every order of events."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.domain.clock import ManualClock
from suggest.domain.errors import Invalid, Unauthorized
from suggest.domain.policy import Mode, Policy, TargetKind
from suggest.online.changes import check_changes, flag, number, one_of, or_null, text, whole
from suggest.online.links import LINK_LIFETIME, SESSION_LIFETIME, Links, Role
from suggest.online.policies import merged, policy_from_json, policy_json
from suggest.online.signing import Signing, SigningKey
from suggest.store.columns import json_text
from suggest.store.fold import CasFold, EncodedWrite
from suggest.store.ports import Versioned

MODEST = settings(max_examples=60, deadline=None, derandomize=True)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SIGNING = Signing(
    keys=(SigningKey(kid="aaaaaa", secret=b"1" * 32, created_at=NOON),), user_salt=b"2" * 32, key_salt=b"3" * 32
)
ANYTHING = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.lists(st.integers(), max_size=2)
)


# -- rules


@MODEST
@given(ANYTHING)
def test_a_rule_takes_what_it_says_and_words_the_rest(value: object) -> None:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    is_number = is_whole or isinstance(value, float)
    cases = {
        flag: isinstance(value, bool),
        whole: is_whole and 1 <= value <= 50,  # type: ignore[operator]  # a number by then
        number: is_number and 0 <= value <= 1 and math.isfinite(value),  # type: ignore[operator, arg-type]
        text: isinstance(value, str) and "\x00" not in value and not any("\ud800" <= c <= "\udfff" for c in value),
        one_of: value in ("a", "b"),
    }
    rules = {flag: flag(), whole: whole(1, 50), number: number(0, 1), text: text(), one_of: one_of("a", "b")}
    for kind, rule in rules.items():
        wrong = rule(value)
        assert (wrong is None) == cases[kind], (kind, value, wrong)
        assert wrong is None or wrong.startswith("must")
        assert (or_null(rule)(value) is None) == (value is None or cases[kind])


def test_every_fault_is_named_by_its_pointer_and_unknown_settings_name_the_known() -> None:
    with pytest.raises(Invalid) as refused:
        check_changes({"k": 0, "a/b~c": 1, "on": 1}, {"k": whole(1), "on": flag()}, what="surface", under="/target")
    told = {each.pointer: each.detail for each in refused.value.errors}
    assert set(told) == {"/target/k", "/target/a~1b~0c", "/target/on"}
    assert "k, on" in told["/target/a~1b~0c"]
    assert "of at least 1" in told["/target/k"]


def test_a_text_is_measured_in_bytes() -> None:
    assert text(4)("üü") is None
    assert text(4)("üüx") is not None


POLICY_CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "mode": st.sampled_from([str(mode) for mode in Mode]),
        "target": st.fixed_dictionaries(
            {}, optional={"kind": st.sampled_from([str(kind) for kind in TargetKind]), "value": st.floats(0, 1)}
        ),
        "audit_rate": st.floats(0, 1),
        "exploration": st.floats(0, 10),
        "escalation": st.booleans(),
        "trigger": st.booleans(),
        "promotion": st.sampled_from(["offline", "audited", "canary"]),
        "reward_wait_s": st.integers(1, 86_400),
        "retrain_every": st.integers(0, 10_000_000),
        "retrain_nightly": st.booleans(),
        "out_of_hours": st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), max_size=20),
    },
)


@MODEST
@given(POLICY_CHANGES, POLICY_CHANGES)
def test_merging_changes_what_was_sent_and_keeps_the_rest(first: dict[str, object], second: dict[str, object]) -> None:
    before = merged(Policy(), first)
    after = merged(before, second)
    stored, kept = policy_json(after), policy_json(before)
    for name in stored:
        if name == "target":
            sent = second.get("target", {})
            assert isinstance(sent, dict)
            assert stored["target"] == {**kept["target"], **sent}  # type: ignore[dict-item]  # an object
        else:
            assert stored[name] == second.get(name, kept[name])
    assert policy_from_json(stored) == after, "it survives being written down"
    assert merged(after, second) == after, "the same again is no change"
    assert merged(after, {"mode": "review_all"}).mode is Mode.REVIEW_ALL


# -- sign-in


class Codes:
    """As much of a store as links need."""

    def __init__(self) -> None:
        self.fold = CasFold({})

    def get(self, key: str) -> Versioned | None:
        return self.fold.get(key)

    def keys(self, prefix: str) -> dict[str, Versioned]:
        return self.fold.under(prefix)

    def update(self, key: str, value: object, *, expected: int) -> int:
        entry = self.fold.next_entry(EncodedWrite(key, None if value is None else json_text(value), expected), {})
        self.fold.apply({key: entry})
        return entry.revision


def links() -> tuple[Links, Codes, ManualClock]:
    codes, clock = Codes(), ManualClock(NOON)
    return Links(codes, signing=SIGNING, clock=clock), codes, clock  # type: ignore[arg-type]  # the part it needs


@MODEST
@given(st.floats(0, 2000), st.floats(0, 60_000), st.sampled_from(list(Role)))
def test_a_code_lives_a_quarter_of_an_hour_and_its_session_half_a_day(opened: float, later: float, role: Role) -> None:
    made, _, clock = links()
    code = made.create(role, name="Ann")
    clock.advance(seconds=opened)
    if timedelta(seconds=opened) >= LINK_LIFETIME:
        with pytest.raises(Unauthorized, match="15 minutes"):
            made.redeem(code)
        return
    session, text_ = made.redeem(code)
    assert (session.role, session.name) == (role, "Ann")
    with pytest.raises(Unauthorized):
        made.redeem(code)
    clock.advance(seconds=later)
    is_over = timedelta(seconds=later) >= SESSION_LIFETIME - timedelta(seconds=1)
    assert made.check(text_) == (None if is_over else made.check(text_))
    if timedelta(seconds=later) < SESSION_LIFETIME - timedelta(seconds=1):
        checked = made.check(text_)
        assert checked is not None
        assert (checked.id, checked.role, checked.worker) == (session.id, role, session.worker)


@MODEST
@given(st.text(max_size=60))
def test_no_text_of_ones_own_is_a_session_or_a_code(text_: str) -> None:
    made, _, _ = links()
    assert made.check(text_) is None
    with pytest.raises(Unauthorized):
        made.redeem(text_.encode("utf-8", "replace").decode())


def test_the_code_itself_is_nowhere_and_old_ones_are_swept() -> None:
    made, codes, clock = links()
    kept, old = made.create("worker"), made.create("owner")
    assert all(kept not in key and old not in key for key in codes.keys("link/"))
    clock.advance(seconds=LINK_LIFETIME.total_seconds() + 1)
    fresh = made.create("worker")
    made.sweep()
    assert len(codes.keys("link/")) == 1
    assert made.redeem(fresh)[0].role is Role.WORKER


@pytest.mark.parametrize("name", ["", "   ", "x" * 500, " Ann "])
def test_a_name_is_short_and_never_empty(name: str) -> None:
    made, _, _ = links()
    session, _ = made.redeem(made.create("reviewer", name=name))
    assert 1 <= len(session.name) <= 80
    assert session.name == (name.strip()[:80] or "reviewer")
    assert session.worker.startswith(session.name)


def test_another_role_than_the_three_is_refused_by_name() -> None:
    made, codes, _ = links()
    with pytest.raises(Invalid) as refused:
        made.create("admin")
    assert refused.value.errors[0].pointer == "/role"
    assert codes.keys("") == {}
