"""From the services to the pages of the administration: what is in force, what was tried, who moved it and why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from components.admin.views import ChangeRow, FollowedView
from components.admin.views import PolicyView as Form
from suggest.domain.context import Context
from suggest.domain.policy import Mode, Policy, Target, TargetKind
from suggest.domain.slate import Decision, Slate, SlateItem
from suggest.metrics.interval import Interval
from suggest.online.messages import LiveView, PolicyView
from suggest.online.policies import WATCH
from suggest.policy.alone import Alone
from suggest.policy.stages import NextMode
from suggest.web.handlers.policy_views import history, policy_view
from suggest.web.handlers.surface_views import address_of, tried
from suggest.web.parts import Parts
from suggest.web.present import plain

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIVE = LiveView(
    precision=Interval(low=0.9, mid=0.95, high=0.98, n=40), n_judged=77, is_tight=True, tight_left=5, why="an alarm"
)


def in_force(policy: Policy | None = None, *, threshold: float = 0.6, following: NextMode | None = None) -> PolicyView:
    return PolicyView(
        policy=policy or Policy(),
        revision=3,
        threshold=threshold,
        why="as wished",
        certified=True,
        n_needed=None,
        live=LIVE,
        auto=Alone(threshold=0.93, why="certified"),
        auto_live=replace(LIVE, precision=Interval(low=0.97, mid=0.98, high=0.99, n=31)),
        next_mode=following,
    )


def form(changes: Mapping[str, object] | None = None, **more: Any) -> Form:
    return policy_view(in_force(**more), changes)


# -- the form


def test_without_changes_the_form_shows_what_is_in_force() -> None:
    policy = Policy(
        mode=Mode.SHADOW, error_cost=4.0, audit_rate=0.1, exploration=0.5, escalation=False, retrain_every=9
    )
    shown = form(policy=policy)
    assert (shown.mode, shown.error_cost, shown.audit_rate, shown.exploration) == ("shadow", 4.0, 0.1, 0.5)
    assert (shown.escalation, shown.trigger, shown.retrain_every) == (False, True, 9)
    assert (shown.threshold, shown.why, shown.certified, shown.n_needed) == (0.6, "as wished", True, None)


def test_what_was_just_tried_stands_in_the_form_and_the_rest_as_it_is() -> None:
    shown = form({"mode": "review_all", "audit_rate": 0.25, "trigger": False, "out_of_hours": "Later."})
    assert (shown.mode, shown.audit_rate, shown.trigger, shown.out_of_hours) == ("review_all", 0.25, False, "Later.")
    assert (shown.escalation, shown.exploration) == (True, 0.0)
    assert shown.threshold == 0.6, "the line is that in force until it is saved"


@pytest.mark.parametrize(("kind", "value"), [("precision", 0.8), ("review_share", 0.3), ("cost", 12.0), ("p_any", 0.7)])
def test_a_wish_moves_its_own_slider_and_no_other(kind: str, value: float) -> None:
    before, after = form(threshold=0.5), form({"target": {"kind": kind, "value": value}}, threshold=0.5)
    assert (after.kind, after.value) == (kind, value)
    assert after.values[kind] == value
    others = {name: at for name, at in before.values.items() if name != kind}
    assert {name: after.values[name] for name in others} == others


@pytest.mark.parametrize("target", [None, "precision", 7, {}, {"kind": "luck", "value": 1.0}])
def test_a_wish_that_is_none_leaves_the_one_in_force(target: object) -> None:
    policy = Policy(target=Target(kind=TargetKind.PRECISION, value=0.9))
    shown = form({"target": target}, policy=policy)
    assert (shown.kind, shown.value) == ("precision", 0.9)


@pytest.mark.parametrize(("threshold", "starts"), [(-0.5, 0.0), (0.0, 0.0), (0.37, 0.37), (1.0, 1.0), (1.5, 1.0)])
def test_the_slider_of_confidence_starts_where_the_line_runs_within_its_track(threshold: float, starts: float) -> None:
    policy = Policy(target=Target(kind=TargetKind.PRECISION, value=0.9))
    assert form(policy=policy, threshold=threshold).values["p_any"] == starts


@pytest.mark.parametrize(("sent", "shown"), [(None, None), (3, 3.0), (0, 0.0), ("dear", None)])
def test_a_price_may_be_taken_away(sent: object, shown: float | None) -> None:
    assert form({"error_cost": sent}, policy=Policy(error_cost=2.0)).error_cost == shown


@pytest.mark.parametrize("name", ["audit_rate", "exploration"])
def test_what_is_no_number_does_not_displace_one(name: str) -> None:
    assert getattr(form({name: "much"}), name) == getattr(Policy(), name)


def test_the_live_panel_repeats_what_the_watch_found() -> None:
    live = form().live
    assert (live.low, live.mid, live.high, live.n_audits) == (0.9, 0.95, 0.98, 40)
    assert (live.n_judged, live.is_tight, live.why) == (77, True, "an alarm")
    assert (live.acts_from, live.acts_why) == (0.93, "certified")


def test_the_mode_after_this_one_comes_with_what_is_missing_or_not_at_all() -> None:
    following = NextMode(mode=Mode.AUTO, missing=("labels",), n_needed=5)
    assert (form(following=following).live.next_mode, form(following=following).live.missing) == ("auto", ("labels",))
    assert (form().live.next_mode, form().live.missing) == (None, ())


# -- the history


def row(by: str = "Ann", at: datetime = NOON, *, as_text: bool = True, **changes: object) -> dict[str, object]:
    stored = plain(Policy())
    assert isinstance(stored, dict)
    policy = {**stored, **changes}
    return {"policy": json.dumps(policy) if as_text else policy, "by": by, "at": at}


def told(*rows: dict[str, object], followed: tuple[dict[str, int], ...] = ()) -> tuple[ChangeRow, ...]:
    """The history of these changes, in order."""
    numbered = [{**each, "sequence": n} for n, each in enumerate(rows)]
    answers = {"policy_history": numbered, "policy_followed": list(followed)}
    store = SimpleNamespace(select=lambda query, **_: answers[query])
    return history(cast(Parts, SimpleNamespace(application=SimpleNamespace(store=store))), "support")


def test_a_surface_nobody_touched_has_no_history() -> None:
    assert told() == ()


@pytest.mark.parametrize("as_text", [True, False])
def test_a_change_is_told_against_the_policy_a_surface_starts_with(as_text: bool) -> None:
    [change] = told(row(mode="shadow", as_text=as_text))
    assert change.changes == (("mode", "assist", "shadow"),)
    assert (change.by, change.at, change.why) == ("Ann", NOON, "")


def test_each_change_is_told_against_the_one_before_newest_first() -> None:
    changes = told(row(mode="shadow"), row(mode="shadow", audit_rate=0.5), row(audit_rate=0.5))
    assert [each.changes for each in changes] == [
        (("mode", "shadow", "assist"),),
        (("audit rate", "0.03", "0.5"),),
        (("mode", "assist", "shadow"),),
    ]


def test_a_wish_is_one_thing_in_words() -> None:
    [change] = told(row(target={"kind": "review_share", "value": 0.125}))
    assert change.changes == (("wish", "p any 0.5", "review share 0.125"),)


def test_saving_what_is_there_is_a_row_without_a_change() -> None:
    [change] = told(row())
    assert change.changes == ()


def test_the_watch_says_why_it_moved_the_line_and_people_need_not() -> None:
    line = {"threshold": 0.8123, "why": "too many errors"}
    [change] = told(row(by=WATCH, line=line))
    assert change.why == "too many errors"
    assert [(name, after) for name, _, after in change.changes] == [("line", "from 81.2% on")]
    assert told(row(by="Ann", line=line))[0].why == ""


def test_a_line_beyond_certainty_is_told_as_certainty() -> None:
    [change] = told(row(by=WATCH, line={"threshold": 1.5, "why": "an alarm"}))
    assert change.changes[0][2] == "from 100.0% on"


def test_each_move_says_what_followed_it() -> None:
    counts = {"sequence": 0, "requests": 40, "reviewed": 10, "n_shown": 30, "audited": 3, "audited_right": 2}
    latest, first = told(row(mode="shadow"), row(mode="assist"), followed=(counts,))
    assert latest.followed is None
    assert first.followed == FollowedView(requests=40, reviewed=10, audited=3, audited_right=2)


def test_the_key_from_the_settings_has_a_name() -> None:
    assert [each.by for each in told(row(by="configured"))] == ["first secret key"]


def test_a_time_without_a_zone_is_utc() -> None:
    assert told(row(at=NOON.replace(tzinfo=None)))[0].at == NOON


def test_a_long_text_is_cut_and_a_long_history_too() -> None:
    changes = told(*(row(out_of_hours=f"{n:02d}" + "x" * 300) for n in range(40)))
    assert len(changes) == 30
    assert changes[0].changes[0][2].startswith("39")
    assert {len(said) for _, before, after in changes[0].changes for said in (before, after)} == {60}
    assert changes[0].changes[0][2].endswith("…")


# -- trying out


def a_slate(**changes: Any) -> Slate:
    item = SlateItem(id="track", text="Track it", position=0, p_select=0.7, propensity=1.0)
    usual = {
        "id": "i", "surface": "s", "at": NOON, "context": Context(text="where?"), "items": (item,), "reason": None,
        "decision": Decision.SHOW, "p_any": 0.8, "p_none_raw": 0.2, "p_accept": 0.5, "threshold": 0.5, "k": 3,
        "mode": "assist", "bundle": "prior", "policy_revision": 0, "supplied": False,
    }  # fmt: skip
    return Slate(**{**usual, **changes})


def test_why_is_what_weighs_strongest_first_without_the_sum_and_without_nothing() -> None:
    explain = {"track": {"logit": 9.0, "a": 0.1, "b": -2.0, "c": 0.004, "d": -0.005, "e": 1}}
    [option] = tried(a_slate(), explain).options
    assert option.why == (("b", -2.0), ("e", 1.0), ("a", 0.1), ("d", -0.005))


@pytest.mark.parametrize("explain", [{}, {"track": None}, {"other": {"a": 1.0}}, {"track": {}}, {"track": [1]}])
def test_an_option_nobody_explained_is_shown_without_a_why(explain: dict[str, object]) -> None:
    [option] = tried(a_slate(), explain).options
    assert (option.id, option.text, option.p_select, option.why) == ("track", "Track it", 0.7, ())


def test_a_slate_of_nothing_is_still_an_answer() -> None:
    view = tried(a_slate(items=(), decision=Decision.ESCALATE, reason="no-candidates"), {})
    assert (view.text, view.decision, view.reason, view.options) == ("where?", "escalate", "no-candidates", ())
    assert tried(a_slate(), {}).reason == ""


@pytest.mark.parametrize(
    ("name", "address"),
    [("support", "support"), ("a/b", "a%2Fb"), ("../x", "..%2Fx"), ("ü ?#", "%C3%BC%20%3F%23"), ("100%", "100%25")],
)
def test_a_surface_has_one_address_whatever_its_name(name: str, address: str) -> None:
    assert address_of(name) == f"/admin/surfaces/{address}"
