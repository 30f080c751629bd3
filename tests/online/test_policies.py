"""The slider: merged, refused by pointer, in force in the next request, on record for ever."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suggest.domain.errors import Invalid, UnknownSurface
from suggest.domain.policy import Mode, Policy, Target, TargetKind
from suggest.domain.slate import Decision
from suggest.online.policies import merged, policy_from_json, policy_json
from tests.online.conftest import OpenWorld
from tests.online.world import KNOWN, THANKS, UNKNOWN, World, small_talk_trigger


def test_a_change_is_in_force_in_the_next_request(world: World) -> None:
    assert world.ask(KNOWN).slate.decision is Decision.SHOW
    view = world.online.put_policy("shop", {"mode": "review_all"}, by="owner")
    assert view.policy.mode is Mode.REVIEW_ALL
    slate = world.ask(KNOWN).slate
    assert (slate.decision, slate.policy_revision) == (Decision.ESCALATE, view.revision)


def test_absent_keys_keep_their_value_inside_the_target_too(world: World) -> None:
    world.online.put_policy("shop", {"target": {"kind": "p_any", "value": 0.9}, "exploration": 0.25}, by="owner")
    view = world.online.put_policy("shop", {"target": {"value": 0.7}}, by="owner")
    assert view.policy.target == Target(kind=TargetKind.P_ANY, value=0.7)
    assert view.policy.exploration == 0.25
    assert view.threshold == 0.7


def test_the_speed_end_never_escalates_and_the_quality_end_sends_everything(world: World) -> None:
    world.online.put_policy("shop", {"target": {"kind": "review_share", "value": 0.0}}, by="owner")
    assert {world.ask(text).slate.decision for text in (KNOWN, UNKNOWN)} == {Decision.SHOW}
    world.online.put_policy("shop", {"target": {"kind": "review_share", "value": 1.0}}, by="owner")
    assert {world.ask(text).slate.decision for text in (KNOWN, UNKNOWN)} == {Decision.ESCALATE}


def test_a_promise_that_cannot_be_certified_says_how_many_labels_are_missing(world: World) -> None:
    view = world.online.put_policy("shop", {"target": {"kind": "precision", "value": 0.95}}, by="owner")
    assert not view.certified
    assert view.n_needed is not None
    assert view.n_needed >= 45
    assert "not certifiable" in view.why


def test_a_price_becomes_the_cheapest_line(world: World) -> None:
    view = world.online.put_policy("shop", {"target": {"kind": "cost", "value": 5}}, by="owner")
    assert view.threshold == pytest.approx(0.8)


def test_a_review_share_follows_recent_traffic(world: World) -> None:
    world.online.put_policy("shop", {"target": {"kind": "review_share", "value": 0.5}}, by="owner")
    assert world.online.get_policy("shop").threshold == 0.5
    for i in range(10):
        world.ask(KNOWN)
        world.ask(f"{UNKNOWN} {i}")
    world.online.tick()
    line = world.online.get_policy("shop").threshold
    assert world.ask(UNKNOWN).slate.p_any < line <= world.ask(KNOWN).slate.p_any


def test_a_preview_changes_nothing(world: World) -> None:
    before = world.online.get_policy("shop")
    preview = world.online.preview_policy("shop", {"target": {"kind": "p_any", "value": 0.9}})
    assert preview.in_force.threshold == 0.9
    assert 0 <= preview.expected.precision.low <= preview.expected.precision.mid <= preview.expected.precision.high <= 1
    assert len(preview.frontier) > 2
    assert world.online.get_policy("shop") == before


def test_policies_survive_a_restart_with_everyone_who_changed_them(world: World) -> None:
    world.online.put_policy("shop", {"exploration": 0.5}, by="ann")
    before = world.online.get_policy("shop")
    world.restart()
    assert world.online.get_policy("shop") == before
    history = world.app.store.select("policy_history", surface="shop")
    assert [row["by"] for row in history] == ["owner", "ann"]
    assert [row["revision"] for row in history] == [1, 2]


def test_the_same_policy_again_is_no_change(world: World) -> None:
    before = world.online.put_policy("shop", {"exploration": 0.5}, by="ann")
    assert world.online.put_policy("shop", {"exploration": 0.5}, by="bob") == before


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"mode": "yolo"}, "/mode"),
        ({"mode": None}, "/mode"),
        ({"target": 0.5}, "/target"),
        ({"target": {"kind": "luck"}}, "/target/kind"),
        ({"target": {"value": -0.1}}, "/target/value"),
        ({"target": {"value": 1.5}}, "/target/value"),
        ({"target": {"value": float("nan")}}, "/target/value"),
        ({"target": {"kind": "cost", "value": float("inf")}}, "/target/value"),
        ({"target": {"amount": 1}}, "/target/amount"),
        ({"audit_rate": 2}, "/audit_rate"),
        ({"error_cost": -1}, "/error_cost"),
        ({"auto_target": 1}, "/auto_target"),
        ({"audit_rate": True}, "/audit_rate"),
        ({"exploration": -1}, "/exploration"),
        ({"escalation": "no"}, "/escalation"),
        ({"promotion": "yes"}, "/promotion"),
        ({"reward_wait_s": 0}, "/reward_wait_s"),
        ({"retrain_every": 1.5}, "/retrain_every"),
        ({"out_of_hours": "nul\x00"}, "/out_of_hours"),
        ({"threshold": 0.5}, "/threshold"),
    ],
    ids=repr,
)
def test_what_cannot_be_is_refused_by_its_pointer(world: World, changes: dict[str, object], pointer: str) -> None:
    before = world.online.get_policy("shop")
    with pytest.raises(Invalid) as refused:
        world.online.put_policy("shop", changes, by="owner")
    assert [fault.pointer for fault in refused.value.errors] == [pointer]
    with pytest.raises(Invalid):
        world.online.preview_policy("shop", changes)
    assert world.online.get_policy("shop") == before


def test_a_surface_must_exist(world: World) -> None:
    with pytest.raises(UnknownSurface):
        world.online.put_policy("nowhere", {}, by="owner")


_POLICIES = st.builds(
    Policy,
    mode=st.sampled_from(Mode),
    target=st.builds(Target, kind=st.sampled_from(TargetKind), value=st.floats(0, 1)),
    audit_rate=st.floats(0, 1),
    exploration=st.floats(0, 10),
    escalation=st.booleans(),
    reward_wait_s=st.integers(1, 86_400),
)


@given(_POLICIES)
def test_a_policy_survives_being_written_down(policy: Policy) -> None:
    assert policy_from_json(json.loads(json.dumps(policy_json(policy)))) == policy


@given(_POLICIES)
def test_merging_nothing_changes_nothing_and_review_all_is_always_allowed(policy: Policy) -> None:
    assert merged(policy, {}) == policy
    assert merged(policy, {"mode": "review_all"}).mode is Mode.REVIEW_ALL


def test_a_preview_tells_how_many_people_the_busiest_hour_needs(world: World) -> None:
    everything = {"target": {"kind": "review_share", "value": 1.0}}
    assert world.online.preview_policy("shop", everything).expected.people_needed is None
    for _ in range(3):
        world.ask(KNOWN)
    expected = world.online.preview_policy("shop", everything).expected
    assert expected.people_needed == 1
    assert expected.wait_s is None  # nobody is on duty
    world.online.mark_present("ann")
    assert world.online.preview_policy("shop", everything).expected.wait_s is not None


def test_the_careful_end_sends_everything_to_people_on_the_first_day_without_model_or_candidates(
    open_world: OpenWorld,
) -> None:
    world = open_world(replies={}, trigger=small_talk_trigger())
    for target in ({"kind": "review_share", "value": 1.0}, {"kind": "precision", "value": 1.0}):
        world.online.put_policy("shop", {"target": target}, by="owner")
        for text in (KNOWN, UNKNOWN, THANKS):
            proposed = world.ask(text)
            assert proposed.slate.decision is Decision.ESCALATE
            assert proposed.escalation is not None


def test_the_fast_end_never_asks_anybody_even_without_candidates(open_world: OpenWorld) -> None:
    world = open_world(replies={})
    world.online.put_policy("shop", {"target": {"kind": "precision", "value": 0.0}, "error_cost": 50}, by="owner")
    assert world.ask(UNKNOWN).slate.decision is Decision.ABSTAIN
    world.add({"a": "Something else altogether"})
    assert world.ask(UNKNOWN).slate.decision is Decision.SHOW
