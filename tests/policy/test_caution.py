"""Which change of a policy needs the owner: whatever makes it less careful, and whatever is not about care."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.domain.policy import Fallback, Mode, Policy, Target, TargetKind
from suggest.policy.caution import loosened

quick = settings(derandomize=True, deadline=None, max_examples=60)
CAREFUL_FIRST = (Mode.REVIEW_ALL, Mode.SHADOW, Mode.ASSIST, Mode.AUTO)
policies = st.builds(
    Policy,
    mode=st.sampled_from(Mode),
    target=st.builds(Target, kind=st.sampled_from(TargetKind), value=st.sampled_from([0.0, 0.5, 1.0])),
    error_cost=st.sampled_from([None, 0.0, 5.0]),
    auto_target=st.sampled_from([0.9, 0.95]),
    audit_rate=st.sampled_from([0.0, 0.03, 1.0]),
    escalation=st.booleans(),
    overlap=st.integers(1, 3),
    most_overlap=st.integers(1, 3),
    second_opinion=st.booleans(),
    sign_off=st.sampled_from([1, 2]),
    longest_queue=st.sampled_from([None, 0, 9]),
    fallback=st.sampled_from(Fallback),
    exploration=st.sampled_from([0.0, 1.0]),
)


@quick
@given(policies, policies)
def test_what_is_named_has_changed_and_undoing_it_leaves_nothing_to_object_to(before: Policy, after: Policy) -> None:
    named = loosened(before, after)
    assert all(getattr(before, name) != getattr(after, name) for name in named)
    assert loosened(before, replace(after, **{name: getattr(before, name) for name in named})) == ()


@quick
@given(policies, policies)
def test_there_and_back_is_never_both_free(before: Policy, after: Policy) -> None:
    """Otherwise whoever may only tighten could loosen by tightening twice."""
    there, back = loosened(before, after), loosened(after, before)
    changed = {each.name for each in fields(Policy) if getattr(before, each.name) != getattr(after, each.name)}
    assert {*there, *back} >= changed - {"error_cost"}
    if {before.error_cost, after.error_cost} != {None, 0.0}:  # no line of its own, and one that is never the stricter
        assert {*there, *back} >= changed


@quick
@given(policies, policies, policies)
def test_two_free_steps_are_one_free_step(first: Policy, second: Policy, third: Policy) -> None:
    careful = replace(second, **{name: getattr(first, name) for name in loosened(first, second)})
    more = replace(third, **{name: getattr(careful, name) for name in loosened(careful, third)})
    assert loosened(first, more) == ()


@quick
@given(policies)
def test_nothing_changed_is_nothing_loosened(policy: Policy) -> None:
    assert loosened(policy, replace(policy)) == ()


@pytest.mark.parametrize("i", range(4))
@pytest.mark.parametrize("j", range(4))
def test_modes_are_a_ladder(i: int, j: int) -> None:
    before, after = Policy(mode=CAREFUL_FIRST[i]), Policy(mode=CAREFUL_FIRST[j])
    assert loosened(before, after) == (("mode",) if j > i else ())


@pytest.mark.parametrize("kind", TargetKind)
def test_a_higher_target_of_the_same_kind_is_more_careful(kind: TargetKind) -> None:
    low, high = (Policy(target=Target(kind=kind, value=value)) for value in (0.5, 0.6))
    assert (loosened(low, high), loosened(high, low)) == ((), ("target",))


def test_targets_of_different_kinds_cannot_be_compared_so_any_swap_is_the_owners() -> None:
    low = Policy(target=Target(kind=TargetKind.P_ANY, value=0.0))
    strict = Policy(target=Target(kind=TargetKind.PRECISION, value=1.0))
    assert loosened(low, strict) == loosened(strict, low) == ("target",)


@pytest.mark.parametrize(
    ("name", "less", "more"),
    [
        ("audit_rate", 0.0, 0.01),
        ("auto_target", 0.9, 0.91),
        ("escalation", False, True),
        ("error_cost", None, 1.0),
        ("error_cost", 1.0, 2.0),
        ("overlap", 1, 2),
        ("most_overlap", 2, 3),
        ("second_opinion", False, True),
        ("sign_off", 1, 2),
    ],
)
def test_more_of_it_is_free_and_less_is_not(name: str, less: Any, more: Any) -> None:
    low, high = (replace(Policy(), **{name: value}) for value in (less, more))
    assert loosened(low, high) == ()
    assert loosened(high, low) == (name,)


@pytest.mark.parametrize(
    "change",
    [{"fallback": Fallback.SHOW}, {"fallback": Fallback.ABSTAIN}, {"longest_queue": 0}, {"duty_hours": "Mo 9:00-9:01"},
     {"exploration": 0.1}, {"trigger": False}, {"promotion": "canary"}, {"retrain_every": 0},
     {"time_zone": "Asia/Tokyo"}, {"reward_wait_s": 1}, {"answer_within_s": 1}, {"routing_wait_s": 0},
     {"out_of_hours": "Gone."}],
)  # fmt: skip
def test_what_is_not_about_care_is_the_owners_either_way(change: dict[str, Any]) -> None:
    after = replace(Policy(), **change)
    assert loosened(Policy(), after) == loosened(after, Policy()) == tuple(change)


def test_every_loosened_setting_is_named_in_the_order_of_the_policy() -> None:
    before = Policy(mode=Mode.REVIEW_ALL, sign_off=2, audit_rate=0.5)
    after = Policy(mode=Mode.AUTO, sign_off=1, audit_rate=0.6, exploration=1.0)
    assert loosened(before, after) == ("mode", "exploration", "sign_off")
