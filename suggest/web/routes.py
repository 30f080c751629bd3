"""Every address of the server as one readable list: the contract first, then operations, files and pages."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from starlette.routing import BaseRoute, Route

from suggest.web import operations
from suggest.web.auth import Access
from suggest.web.body import KIB, MIB
from suggest.web.call import Address, Answer, Call, Parameter
from suggest.web.docs import problem_page, reference_page
from suggest.web.embed import Embed
from suggest.web.handlers import (
    files,
    fragments,
    keys,
    learning,
    people,
    records,
    reporting_back,
    reviewing,
    suggesting,
    surfaces,
)
from suggest.web.handlers import webhooks as webhooks
from suggest.web.pages import people_routes
from suggest.web.schemas import fragments as fragment_bodies
from suggest.web.schemas import learning as learning_bodies
from suggest.web.schemas import past_log as past_bodies
from suggest.web.schemas import people as people_bodies
from suggest.web.schemas import reporting_back as report_bodies
from suggest.web.schemas import reviewing as review_bodies
from suggest.web.schemas import suggesting as suggest_bodies
from suggest.web.schemas import surfaces as surface_bodies
from suggest.web.schemas import webhooks as webhook_bodies
from suggest.web.schemas.operations import BackupOut, DeletedOut, HealthOut, ReadyOut
from suggest.web.sessions import enter, leave
from suggest.web.static import Static

S = "/v1/surfaces/{surface}"
W = "/v1/workers/{worker}"
NO_CONTENT = Answer(what="Done; there is nothing to say.")
_SURFACE_QUERY = Parameter(name="surface", what="Only this surface.")

CALLS: tuple[Call, ...] = (
    # -- suggest ------------------------------------------------------------------------------------------------------
    Call(
        method="POST",
        path="/v1/suggest",
        handler=suggesting.suggest,
        access=Access.BROWSER,
        topic="Suggest",
        what="Rank options for a context. Durable before it is answered.",
        body=suggest_bodies.SuggestIn,
        limit=256 * KIB,
        answers={200: Answer(model=suggest_bodies.SuggestOut)},
        example={"surface": "replies", "context": {"text": "Where is my parcel?"}},
    ),
    Call(
        method="POST",
        path="/v1/suggest/batch",
        handler=suggesting.suggest_batch,
        access=Access.SECRET,
        topic="Suggest",
        what="Up to 256 requests at once; one result or one problem each, in the same order.",
        body=suggest_bodies.BatchIn,
        limit=4 * MIB,
        answers={200: Answer(model=suggest_bodies.BatchOut)},
        example={"requests": [{"surface": "replies", "context": {"text": "Where is my parcel?"}}]},
    ),
    Call(
        method="POST",
        path="/v1/fragments/suggest",
        handler=fragments.suggest,
        access=Access.SECRET,
        topic="Suggest",
        what="The same as a piece of HTML, for a host whose own server renders its pages (htmx, or no script at all).",
        body=fragment_bodies.FragmentIn,
        limit=256 * KIB,
        answers={200: Answer(media_type="text/html", what="One element, a form inside it.")},
        example={"surface": "replies", "context": {"text": "Where is my parcel?"}, "action": "/suggestions/chosen"},
    ),
    # -- report back --------------------------------------------------------------------------------------------------
    Call(
        method="POST",
        path="/v1/feedback",
        handler=reporting_back.feedback,
        access=Access.BROWSER,
        topic="Report back",
        what="Say what became of an impression. Answered once durable; a repeated `eid` counts once.",
        body=report_bodies.FeedbackIn,
        limit=1 * MIB,
        answers={202: Answer(model=report_bodies.RecordedOut)},
        example={
            "events": [
                {"eid": "e-1", "impression": "…", "token": "…", "type": "select", "item": "track-order", "position": 0}
            ]
        },
    ),
    Call(
        method="POST",
        path="/v1/labels",
        handler=reporting_back.labels,
        access=Access.SECRET,
        topic="Report back",
        what="Known right answers, as JSON or as NDJSON. `item: null` means no candidate is right.",
        body=report_bodies.LabelsIn,
        row=report_bodies.LabelRow,
        limit=8 * MIB,
        stream_limit=64 * MIB,
        answers={202: Answer(model=report_bodies.RecordedOut)},
        example={"labels": [{"surface": "replies", "context": {"text": "parcel lost?"}, "item": "track-order"}]},
    ),
    Call(
        method="POST",
        path=S + "/log",
        handler=reporting_back.past_log,
        access=Access.SECRET,
        topic="Report back",
        what="What another system showed before, in which order, and what was chosen; a repeated `id` counts once.",
        body=past_bodies.PastLogIn,
        limit=8 * MIB,
        answers={202: Answer(model=report_bodies.RecordedOut)},
        example={
            "slates": [
                {
                    "id": "2025-11-02/17",
                    "context": {"text": "parcel lost?"},
                    "shown": [{"id": "track-order"}, {"text": "We will send it again."}],
                    "chosen": "track-order",
                    "at": "2025-11-02T09:30:00Z",
                }
            ]
        },
    ),
    # -- surfaces -----------------------------------------------------------------------------------------------------
    Call(
        method="GET",
        path="/v1/surfaces",
        handler=surfaces.list_surfaces,
        access=Access.SECRET,
        is_of_all=True,
        topic="Surfaces",
        what="All surfaces.",
        answers={200: Answer(model=surface_bodies.SurfacesOut)},
    ),
    Call(
        method="PUT",
        path=S,
        handler=surfaces.put_surface,
        access=Access.SECRET,
        topic="Surfaces",
        what="Create or change a surface; what is not sent keeps its value.",
        body=surface_bodies.SurfaceIn,
        body_is_optional=True,
        answers={
            200: Answer(model=surface_bodies.SurfaceOut),
            201: Answer(model=surface_bodies.SurfaceOut, what="It is new."),
        },
        example={"title": "Replies", "k": 3},
    ),
    Call(
        method="GET",
        path=S,
        handler=surfaces.get_surface,
        access=Access.SECRET,
        topic="Surfaces",
        what="One surface.",
        answers={200: Answer(model=surface_bodies.SurfaceOut)},
    ),
    Call(
        method="POST",
        path=S + "/candidates",
        handler=surfaces.put_candidates,
        access=Access.SECRET,
        topic="Surfaces",
        what="Add or change candidates, as JSON or as NDJSON; usable in the next request.",
        body=surface_bodies.CandidatesIn,
        row=surface_bodies.CandidateIn,
        limit=8 * MIB,
        stream_limit=64 * MIB,
        answers={200: Answer(model=surface_bodies.UpsertedOut)},
        example={"candidates": [{"id": "track-order", "text": "You can follow your parcel here: …"}]},
    ),
    Call(
        method="GET",
        path=S + "/candidates",
        handler=surfaces.list_candidates,
        access=Access.SECRET,
        topic="Surfaces",
        what="The candidates in use, a page at a time, in order of id.",
        query=(
            Parameter(name="limit", what="1 to 1000.", schema={"type": "integer", "minimum": 1, "maximum": 1000}),
            Parameter(name="after", what="The `next` of the page before."),
        ),
        answers={200: Answer(model=surface_bodies.CandidatesOut)},
    ),
    Call(
        method="DELETE",
        path=S + "/candidates/{candidate}",
        handler=surfaces.retire_candidate,
        access=Access.SECRET,
        topic="Surfaces",
        what="Retire a candidate: it leaves new slates at once, its history stays.",
        answers={204: NO_CONTENT},
    ),
    Call(
        method="GET",
        path=S + "/policy",
        handler=surfaces.get_policy,
        access=Access.SECRET,
        topic="Policy",
        what="The slider, the threshold in force, and why it stands there.",
        answers={200: Answer(model=surface_bodies.PolicyOut)},
    ),
    Call(
        method="PUT",
        path=S + "/policy",
        handler=surfaces.put_policy,
        access=Access.SECRET,
        topic="Policy",
        what="Move the slider; what is not sent keeps its value.",
        body=surface_bodies.PolicyIn,
        answers={200: Answer(model=surface_bodies.PolicyOut)},
        example={"mode": "assist", "target": {"kind": "precision", "value": 0.95}},
    ),
    Call(
        method="POST",
        path=S + "/policy/preview",
        handler=surfaces.preview_policy,
        access=Access.SECRET,
        topic="Policy",
        what="What a change would do, before anything changes.",
        body=surface_bodies.PolicyIn,
        body_is_optional=True,
        answers={200: Answer(model=surface_bodies.PreviewOut)},
        example={"target": {"kind": "review_share", "value": 0.1}},
    ),
    Call(
        method="GET",
        path=S + "/automatic",
        handler=surfaces.list_automatic,
        access=Access.SECRET,
        topic="Policy",
        what="What was applied without asking anybody, newest first, and what audits said of it.",
        query=(
            Parameter(name="limit", what="At most so many.", schema={"type": "integer", "minimum": 1, "maximum": 1000}),
        ),
        answers={200: Answer(model=surface_bodies.AutomaticsOut)},
    ),
    # -- learning -----------------------------------------------------------------------------------------------------
    Call(
        method="POST",
        path=S + "/train",
        handler=learning.train,
        access=Access.SECRET,
        topic="Learning",
        what="Retrain. A refused gate is an answer, not an error.",
        body=learning_bodies.TrainIn,
        body_is_optional=True,
        query=(
            Parameter(
                name="wait", what="1: answer when the run has ended.", schema={"type": "string", "enum": ["0", "1"]}
            ),
        ),
        answers={
            200: Answer(model=learning_bodies.JobOut, what="The run has ended."),
            202: Answer(model=learning_bodies.JobOut, what="The run is queued; see GET /v1/jobs/{id}."),
        },
        example={"encoder": "auto"},
    ),
    Call(
        method="GET",
        path="/v1/jobs/{job}",
        handler=learning.get_job,
        access=Access.SECRET,
        topic="Learning",
        what="A training run: its progress, its gate report, its bundle.",
        answers={200: Answer(model=learning_bodies.JobOut)},
    ),
    Call(
        method="GET",
        path=S + "/models",
        handler=learning.list_models,
        access=Access.SECRET,
        topic="Learning",
        what="All bundles of a surface: lineage, metrics, gate reports.",
        answers={200: Answer(model=learning_bodies.ModelsOut)},
    ),
    Call(
        method="POST",
        path=S + "/models/rollback",
        handler=learning.rollback_model,
        access=Access.SECRET,
        topic="Learning",
        what="Back to the bundle that served before; in force with the next request.",
        answers={200: Answer(model=learning_bodies.ChampionOut)},
    ),
    Call(
        method="POST",
        path=S + "/models/{model}/promote",
        handler=learning.promote_model,
        access=Access.SECRET,
        topic="Learning",
        what="Let this bundle serve.",
        answers={200: Answer(model=learning_bodies.ChampionOut)},
    ),
    Call(
        method="POST",
        path=S + "/evaluate",
        handler=learning.evaluate,
        access=Access.SECRET,
        topic="Learning",
        what="What a stored bundle, another exploration, or both would have earned on the log, with an interval.",
        body=learning_bodies.EvaluateIn,
        answers={200: Answer(model=learning_bodies.EvaluationOut)},
        example={"bundle": "prior", "policy": {"exploration": 0.3}},
    ),
    # -- people -------------------------------------------------------------------------------------------------------
    Call(
        method="GET",
        path="/v1/escalations",
        handler=reviewing.open_escalations,
        access=Access.BROWSER,
        topic="People",
        what="What a session still waits for, so that a page finds it again after a reload.",
        query=(Parameter(name="surface", what="Needed."), Parameter(name="session", what="Needed.")),
        answers={200: Answer(model=review_bodies.EscalationsOut)},
    ),
    Call(
        method="GET",
        path="/v1/escalations/{escalation}",
        handler=reviewing.get_escalation,
        access=Access.ESCALATION,
        topic="People",
        what="State and answer of an escalation; as a stream to whoever accepts text/event-stream.",
        query=(Parameter(name="token", what="Of the impression, where no staff key is sent."),),
        answers={200: Answer(model=review_bodies.EscalationOut)},
    ),
    Call(
        method="GET",
        path="/v1/escalations/{escalation}/events",
        handler=reviewing.follow_escalation,
        access=Access.ESCALATION,
        topic="People",
        what="The same, live: `event: state`, the present one first; ends after a final one.",
        query=(Parameter(name="token", what="Of the impression, where no staff key is sent."),),
        answers={200: Answer(media_type="text/event-stream", what="Server-sent events.")},
    ),
    Call(
        method="GET",
        path="/v1/reviews",
        handler=reviewing.queue,
        access=Access.WORKER,
        topic="People",
        what="How many reviews wait, for how long, and who is on duty.",
        query=(_SURFACE_QUERY,),
        answers={200: Answer(model=review_bodies.QueueOut)},
    ),
    Call(
        method="POST",
        path="/v1/reviews/claim",
        handler=reviewing.claim,
        access=Access.WORKER,
        topic="People",
        what="Hold the next review; 204 where none waits.",
        body=review_bodies.ClaimIn,
        body_is_optional=True,
        answers={200: Answer(model=review_bodies.ReviewOut), 204: Answer(what="No review waits.")},
        example={"surface": "replies", "lease_s": 120},
    ),
    Call(
        method="POST",
        path="/v1/reviews/{review}/verdict",
        handler=reviewing.verdict,
        access=Access.WORKER,
        topic="People",
        what="Answer a held review: an item, a text, or none of these.",
        body=review_bodies.VerdictIn,
        limit=256 * KIB,
        query=(
            Parameter(name="next", what="1: hold the next review too.", schema={"type": "string", "enum": ["0", "1"]}),
        ),
        answers={200: Answer(model=review_bodies.VerdictOut)},
        example={"eid": "v-1", "lease": "…", "item": "track-order"},
    ),
    Call(
        method="POST",
        path="/v1/reviews/{review}/heartbeat",
        handler=reviewing.heartbeat,
        access=Access.WORKER,
        topic="People",
        what="Hold on to a review for longer.",
        body=review_bodies.LeaseIn,
        answers={200: Answer(model=review_bodies.ReviewOut)},
        example={"lease": "…"},
    ),
    Call(
        method="POST",
        path="/v1/reviews/{review}/postpone",
        handler=reviewing.postpone,
        access=Access.WORKER,
        topic="Reviews",
        what="Put a held review off until a time: nobody is offered it until then, and it comes back by itself.",
        body=review_bodies.PostponeIn,
        answers={204: NO_CONTENT},
        example={"lease": "…", "until": "2026-03-02T14:00:00Z"},
    ),
    Call(
        method="POST",
        path="/v1/reviews/{review}/release",
        handler=reviewing.release,
        access=Access.WORKER,
        topic="People",
        what="Give a review back unanswered.",
        body=review_bodies.ReleaseIn,
        answers={204: NO_CONTENT},
        example={"lease": "…"},
    ),
    Call(
        method="POST",
        path="/v1/reviews/{review}/undo",
        handler=reviewing.undo,
        access=Access.WORKER,
        topic="People",
        what="Take an answer back; the review waits again.",
        body=review_bodies.UndoIn,
        answers={200: Answer(model=review_bodies.VerdictOut)},
        example={"eid": "v-1"},
    ),
    # -- records ------------------------------------------------------------------------------------------------------
    Call(
        method="GET",
        path=S + "/metrics",
        handler=records.metrics,
        access=Access.SECRET,
        topic="Records",
        what="The numbers behind the reports.",
        query=(
            Parameter(name="from", what="RFC 3339.", schema={"type": "string", "format": "date-time"}),
            Parameter(name="to", what="RFC 3339.", schema={"type": "string", "format": "date-time"}),
        ),
        answers={200: Answer(model=review_bodies.MetricsOut)},
    ),
    Call(
        method="POST",
        path=S + "/annotations",
        handler=records.annotate,
        access=Access.SECRET,
        topic="Records",
        what="Write down a deploy, a campaign, an outage: reports show it where it happened.",
        body=surface_bodies.AnnotationIn,
        answers={201: Answer(model=surface_bodies.AnnotationOut)},
        example={"text": "New reply templates went live."},
    ),
    Call(
        method="GET",
        path=S + "/report",
        handler=files.report,
        access=Access.SECRET,
        topic="Records",
        what="The report as one file that needs nothing else.",
        query=(
            Parameter(name="format", what="html (default) or md.", schema={"type": "string", "enum": ["html", "md"]}),
            Parameter(name="from", what="RFC 3339.", schema={"type": "string", "format": "date-time"}),
            Parameter(name="to", what="RFC 3339.", schema={"type": "string", "format": "date-time"}),
        ),
        answers={200: Answer(media_type="text/html", or_as=("text/markdown",), what="HTML, or Markdown.")},
    ),
    Call(
        method="POST",
        path="/v1/backups",
        handler=files.back_up,
        access=Access.SECRET,
        is_of_all=True,
        topic="Records",
        what="Write a backup of everything into the data folder. It holds the secrets, so it is not sent.",
        answers={201: Answer(model=BackupOut)},
    ),
    Call(
        method="GET",
        path="/v1/export/{table}",
        handler=records.export,
        access=Access.SECRET,
        is_of_all=True,
        topic="Records",
        what="A table of the log, with all that was acknowledged before the request.",
        query=(
            Parameter(
                name="format", what="parquet (default) or csv.", schema={"type": "string", "enum": ["parquet", "csv"]}
            ),
        ),
        answers={
            200: Answer(media_type="application/vnd.apache.parquet", or_as=("text/csv",), what="Parquet, or CSV.")
        },
    ),
    Call(
        method="DELETE",
        path="/v1/users/{user}",
        handler=records.delete_user,
        access=Access.SECRET,
        is_of_all=True,
        topic="Records",
        what="Erase what is known of a person: files are rewritten, the text is gone.",
        answers={200: Answer(model=DeletedOut)},
    ),
    Call(
        method="GET",
        path="/v1/keys",
        handler=keys.list_keys,
        access=Access.SECRET,
        is_of_all=True,
        topic="Keys",
        what="All keys, revoked ones too; never their text.",
        answers={200: Answer(model=surface_bodies.KeysOut)},
    ),
    Call(
        method="POST",
        path="/v1/keys",
        handler=keys.create_key,
        access=Access.SECRET,
        is_of_all=True,
        topic="Keys",
        what="Make a key. Its text is shown in this answer and never again.",
        body=surface_bodies.KeyIn,
        answers={201: Answer(model=surface_bodies.NewKeyOut)},
        example={"kind": "pk", "name": "shop", "origins": ["https://*.shop.example"]},
    ),
    Call(
        method="DELETE",
        path="/v1/keys/{key}",
        handler=keys.revoke_key,
        access=Access.SECRET,
        is_of_all=True,
        topic="Keys",
        what="Revoke a key.",
        answers={200: Answer(model=surface_bodies.KeyOut)},
    ),
    Call(
        method="POST",
        path="/v1/links",
        handler=keys.create_link,
        access=Access.SECRET,
        is_of_all=True,
        topic="Keys",
        what="Make a one-time sign-in link for our own pages.",
        body=people_bodies.LinkIn,
        body_is_optional=True,
        answers={201: Answer(model=people_bodies.LinkOut)},
        example={"role": "worker", "name": "Ann"},
    ),
    # -- people -------------------------------------------------------------------------------------------------------
    Call(
        method="GET",
        path="/v1/workers",
        handler=people.list_workers,
        access=Access.SECRET,
        is_of_all=True,
        topic="People",
        what="All accounts, closed ones too.",
        answers={200: Answer(model=people_bodies.WorkersOut)},
    ),
    Call(
        method="POST",
        path="/v1/workers",
        handler=people.create_worker,
        access=Access.SECRET,
        is_of_all=True,
        topic="People",
        what="Make an account: who somebody is, what they may do, what they know.",
        body=people_bodies.WorkerIn,
        answers={201: Answer(model=people_bodies.WorkerOut)},
        example={"name": "Ann", "role": "worker", "skills": ["billing"], "languages": ["de"]},
    ),
    Call(
        method="GET",
        path=W,
        handler=people.get_worker,
        access=Access.SECRET,
        is_of_all=True,
        topic="People",
        what="One account, and how it answers: how often it is right where others answered the same, with bounds.",
        answers={200: Answer(model=people_bodies.OneWorkerOut)},
    ),
    Call(
        method="PUT",
        path=W,
        handler=people.put_worker,
        access=Access.SECRET,
        is_of_all=True,
        topic="People",
        what="Change an account; what is not sent keeps its value. Rights change at once, for open sessions too.",
        body=people_bodies.WorkerIn,
        answers={200: Answer(model=people_bodies.WorkerOut)},
        example={"role": "reviewer"},
    ),
    Call(
        method="DELETE",
        path=W,
        handler=people.close_worker,
        access=Access.SECRET,
        is_of_all=True,
        topic="People",
        what="Close an account: its sessions end at once. What it answered keeps its name.",
        answers={200: Answer(model=people_bodies.WorkerOut)},
    ),
    # -- webhooks -----------------------------------------------------------------------------------------------------
    Call(
        method="GET",
        path=S + "/report-schedule",
        handler=webhooks.get_schedule,
        access=Access.SECRET,
        topic="Webhooks",
        what="When the figures of the overview are sent to webhooks.",
        answers={200: Answer(model=webhook_bodies.ScheduleOut)},
    ),
    Call(
        method="PUT",
        path=S + "/report-schedule",
        handler=webhooks.put_schedule,
        access=Access.SECRET,
        topic="Webhooks",
        what="Send them each day or each week, at an hour in a time zone, as the event report.summary.",
        body=webhook_bodies.ScheduleIn,
        answers={200: Answer(model=webhook_bodies.ScheduleOut)},
        example={"every": "weekly", "weekday": "Mo", "hour": 8, "time_zone": "Europe/Berlin"},
    ),
    Call(
        method="GET",
        path="/v1/webhooks",
        handler=webhooks.list_webhooks,
        access=Access.SECRET,
        is_of_all=True,
        topic="Webhooks",
        what="All webhooks; never their secret.",
        answers={200: Answer(model=webhook_bodies.WebhooksOut)},
    ),
    Call(
        method="POST",
        path="/v1/webhooks",
        handler=webhooks.create_webhook,
        access=Access.SECRET,
        is_of_all=True,
        topic="Webhooks",
        what="Tell another system of escalations, alerts and reports, signed. Its secret is shown in this answer only.",
        body=webhook_bodies.WebhookIn,
        answers={201: Answer(model=webhook_bodies.NewWebhookOut)},
        example={"url": "https://desk.example/hooks/suggest", "events": ["review.answered"]},
    ),
    Call(
        method="DELETE",
        path="/v1/webhooks/{webhook}",
        handler=webhooks.remove_webhook,
        access=Access.SECRET,
        is_of_all=True,
        topic="Webhooks",
        what="Tell it no more; what waits for it is dropped.",
        answers={204: NO_CONTENT},
    ),
    Call(
        method="GET",
        path="/v1/webhooks/{webhook}/deliveries",
        handler=webhooks.list_deliveries,
        access=Access.SECRET,
        is_of_all=True,
        topic="Webhooks",
        what="What it was told lately and what waits to be, newest first, and what it answered.",
        answers={200: Answer(model=webhook_bodies.DeliveriesOut)},
    ),
    # -- operations ---------------------------------------------------------------------------------------------------
    Call(
        method="GET",
        path="/healthz",
        handler=operations.healthz,
        access=Access.ANYONE,
        topic="Operations",
        what="The process runs.",
        is_operation=True,
        answers={200: Answer(model=HealthOut)},
    ),
    Call(
        method="GET",
        path="/readyz",
        handler=operations.readyz,
        access=Access.ANYONE,
        topic="Operations",
        what="The server may take traffic; else 503 and the reasons why not.",
        is_operation=True,
        answers={200: Answer(model=ReadyOut), 503: Answer(model=ReadyOut)},
    ),
    Call(
        method="GET",
        path="/metrics",
        handler=operations.metrics,
        access=Access.ANYONE,
        topic="Operations",
        what="Counters and gauges for Prometheus.",
        is_operation=True,
        answers={200: Answer(media_type="text/plain", what="Prometheus text format.")},
    ),
    Call(
        method="GET",
        path="/openapi.json",
        handler=operations.openapi,
        access=Access.ANYONE,
        topic="Operations",
        what="This contract as OpenAPI 3.1.",
        is_operation=True,
        answers={200: Answer(what="OpenAPI 3.1.")},
    ),
)


def call_routes(calls: Sequence[Call] = CALLS) -> list[BaseRoute]:
    """One route a path; the path's `Address` knows its methods. Fixed segments go before parameters."""
    by_path = sorted(calls, key=lambda call: (call.path.count("{"), call.path))
    return [
        Route(path, Address(list(group)), name=path) for path, group in groupby(by_path, key=lambda call: call.path)
    ]


def file_routes(embed: Embed, static: Static) -> list[BaseRoute]:
    return [
        Route("/embed/v1/{file}", embed.latest),
        Route("/embed/v1/{hash}/{file}", embed.pinned),
        Route("/frame", fragments.frame),
        Route("/static/{file:path}", static.file),
    ]


def page_routes() -> list[BaseRoute]:
    """People's pages. Guard each with `sessions.signed_in(role)`; render with `sessions.html`."""
    return [
        Route("/docs", reference_page),
        Route("/problems/{slug}", problem_page),
        Route("/console/enter", enter),
        Route("/console/leave", leave, methods=["POST"]),
        *people_routes(),
    ]
