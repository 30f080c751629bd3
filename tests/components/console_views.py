"""Builders for the console's and the administration's views: sound by default, one thing changed at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from components.admin.views import (
    AuditedView,
    ChangeRow,
    FollowedView,
    FrontierPlace,
    JobView,
    KeyRow,
    LiveView,
    ModelRow,
    OverviewView,
    PolicyView,
    PreviewView,
    SurfaceRow,
    SurfaceView,
    TriedOption,
    TriedView,
)
from components.console.views import DeskView, OptionView, QueueView, TaskView, TurnView
from components.guideline import BlockView, GuidelineView, SpanView

AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def a_task(**changes: Any) -> TaskView:
    task = TaskView(
        id="r-1",
        lease="l-1",
        eid="console:1",
        surface="Help desk",
        reason="escalated",
        p_any=0.31,
        threshold=0.5,
        waited_s=75,
        text="Can I pay in shells?",
        turns=(TurnView(who="customer", text="Hello", is_ours=False), TurnView(who="agent", text="Hi!", is_ours=True)),
        fields=(("order", "A-1"),),
        options=tuple(OptionView(id=f"o{n}", text=f"Option {n}", p_select=0.3 / n) for n in (1, 2, 3)),
        later=((10, "in 10 minutes"), (60, "in an hour")),
        guideline=GuidelineView(
            version=3,
            blocks=(
                BlockView(id="h", kind="heading", level=1, spans=(SpanView(text="Paying"),)),
                BlockView(id="p1", kind="item", level=1, spans=(SpanView(text="Cards", strong=True),)),
                BlockView(id="p2", kind="text", spans=(SpanView(text="No shells."),)),
            ),
        ),
    )
    return replace(task, **changes)


def a_desk(**changes: Any) -> DeskView:
    desk = DeskView(csrf="c" * 43, task=a_task(), queue=QueueView(waiting=3, claimed=1, workers=2), name="Ann")
    return replace(desk, **changes)


def a_place(**changes: Any) -> FrontierPlace:
    place = FrontierPlace(threshold=0.5, precision=0.93, low=0.9, high=0.95, n=300, review_share=0.2, cost=0.48)
    return replace(place, **changes)


def a_preview(**changes: Any) -> PreviewView:
    preview = PreviewView(
        threshold=0.5,
        why="p_any itself, set to 0.5",
        certified=False,
        n_needed=None,
        expected=a_place(),
        served=changes.get("expected", a_place()),
        mode="assist",
        wait_s=90,
        people_needed=2,
        frontier=tuple(
            a_place(threshold=share, review_share=share, precision=0.8 + share / 5, low=0.7 + share / 5, high=1.0)
            for share in (0.0, 0.25, 0.5, 0.75, 1.0)
        ),
        now=None,
        is_changed=False,
    )
    return replace(preview, **changes)


def a_policy(**changes: Any) -> PolicyView:
    policy = PolicyView(
        mode="assist",
        kind="precision",
        value=0.95,
        values={"precision": 0.95, "review_share": 0.1, "cost": 5.0, "p_any": 0.5},
        error_cost=None,
        groups_by="none",
        audit_rate=0.03,
        exploration=0.0,
        escalation=True,
        trigger=True,
        out_of_hours="Back at nine.",
        overlap=1,
        most_overlap=3,
        second_opinion=False,
        sign_off=1,
        answer_within_s=600,
        routing_wait_s=120,
        review_plan="2026-12-01 100%; 2027-03-01 20%",
        duty_hours="Mo-Fr 09:00-17:00",
        time_zone="Europe/Berlin",
        longest_queue=None,
        fallback="queue",
        retrain_every=200,
        learning_per_day=0,
        retrain_nightly=True,
        threshold=0.5,
        why="p_any itself",
        certified=False,
        n_needed=65,
        live=a_live_view(),
    )
    return replace(policy, **changes)


def a_live_view(**changes: Any) -> LiveView:
    live = LiveView(
        low=0.91,
        mid=0.97,
        high=0.99,
        n_audits=120,
        n_judged=640,
        is_tight=False,
        why="certified on the last 600 answers",
        acts_from=None,
        acts_why="nothing is certified yet",
        acts_right=AuditedView(low=0.0, mid=0.5, high=1.0, n=0),
        next_mode="auto",
        missing=("a certified line for the top option (no labels yet)",),
    )
    return replace(live, **changes)


def a_model(**changes: Any) -> ModelRow:
    model = ModelRow(
        id="01a207b8-680e-7e56-ab01-f1ab0eb7b454",
        at=AT,
        state="promoted",
        parent=None,
        encoder="hashing-256",
        is_champion=True,
        may_promote=True,
        metrics={"top1": 0.91, "examples": 220, "by_item": {}},
        gate={"verdict": "promote", "why": "better"},
    )
    return replace(model, **changes)


def a_surface(**changes: Any) -> SurfaceView:
    surface = SurfaceView(
        csrf="c" * 43,
        name="support",
        address="/admin/surfaces/support",
        report="/reports/support",
        title="Help desk",
        simulated=False,
        n_candidates=8,
        policy=a_policy(),
        preview=a_preview(),
        history=(
            ChangeRow(
                at=AT,
                by="Ann",
                changes=(("wish", "p any 0.5", "precision 0.95"),),
                followed=FollowedView(requests=1_204, reviewed=217, audited=32, audited_right=31),
            ),
        ),
        champion="01a207b8-680e-7e56-ab01-f1ab0eb7b454",
        models=(a_model(), a_model(id="older", is_champion=False, state="kept", may_promote=False)),
        snippet="<suggest-box></suggest-box>",
    )
    return replace(surface, **changes)


def a_job(**changes: Any) -> JobView:
    job = JobView(id="j-1", state="running", progress=0.4, step="fitting", detail="", is_final=False)
    return replace(job, **changes)


def tried(**changes: Any) -> TriedView:
    view = TriedView(
        text="where is it",
        decision="show",
        reason="",
        p_any=0.8,
        threshold=0.5,
        options=(TriedOption(id="track", text="Track it", p_select=0.7, why=(("lexical", 0.4), ("nearest", -0.2))),),
    )
    return replace(view, **changes)


def an_overview(**changes: Any) -> OverviewView:
    overview = OverviewView(
        csrf="c" * 43,
        surfaces=(
            SurfaceRow(
                name="support",
                title="Help desk",
                mode="assist",
                target="95% of what is shown is right",
                threshold=0.5,
                certified=True,
                champion="prior",
                waiting=2,
            ),
        ),
        keys=(a_key(),),
        waiting=2,
        workers=1,
        expected_wait_s=60,
        ready=(),
    )
    return replace(overview, **changes)


def a_key(**changes: Any) -> KeyRow:
    key = KeyRow(id="k1", kind="pk", name="shop", surface=None, origins=(), created_at=AT, revoked_at=None)
    return replace(key, **changes)
