"""What arrives, live: each request of a page or a server, and for those refused, why and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from htpy import Element, Fragment, Node, a, button, code, div, fragment, h1, li, nav, ol, p, span, strong, time

from components.admin.page import admin_page
from components.admin.views import ArrivalRow, ArrivalsView
from components.badge import BadgeView, badge
from components.empty import EmptyView, StepView, empty
from components.figure import with_code
from components.link import safe_url

_SCRIPTS = ("/static/arrivals.js",)


def arrivals_page(view: ArrivalsView) -> Element:
    only = "?only=refused" if view.only_refused else ""
    return admin_page(
        "Events",
        view.csrf,
        div(".page-head")[
            div(".page-head-text")[
                p(".eyebrow")[a(href="/admin")["Admin"], " / events"],
                h1["What arrives"],
                p(".lede")["Suggestions asked for, acts reported, labels sent. What was refused says why."],
            ]
        ],
        div(
            "#events.stack",
            data_stream=f"/admin/events/stream{only}",
            data_mark=view.mark,
            data_most=str(2 * view.kept),
        )[
            div(".spread")[
                nav(".segments", aria_label="Which")[
                    a(href="/admin/events", aria_current=None if view.only_refused else "true")["All"],
                    a(href="/admin/events?only=refused", aria_current="true" if view.only_refused else None)["Refused"],
                ],
                div(".cluster")[
                    span("#events-state.badge.tone-neutral", role="status")["Reload to see what came since"],
                    button("#events-pause.button.button-small.with-script", type="button")["Pause"],
                ],
            ],
            ol("#arrivals.arrivals", aria_label="What arrived, the newest first")[arrival_items(view.rows)],
            div("#events-none.arrivals-none")[_none(view)],
            p(".hint")[
                f"Kept in memory until this server stops: the last {view.kept} that were taken, the last {view.kept} "
                "that were refused. No texts, no users, no keys, no addresses."
            ],
        ],
        scripts=_SCRIPTS,
    )


def arrival_items(rows: Sequence[ArrivalRow]) -> Fragment:
    """Items of the list, to put before those that are there."""
    return fragment[map(_item, rows)]


def _item(row: ArrivalRow) -> Element:
    return li(id=f"arrival-{row.number}", class_=["arrival", bool(row.slug) and "is-refused"])[
        div(".arrival-head")[
            badge(BadgeView(text="refused" if row.slug else "taken", tone="bad" if row.slug else "good")),
            strong[row.call],
            time(".fine.quiet", datetime=row.at.isoformat())[f"{row.at:%H:%M:%S}"],
            row.surface and a(href=f"/admin/surfaces/{quote(row.surface, safe='')}", dir="auto")[row.surface],
            row.impression and code(".quiet", title="The end of the impression's id")[f"…{row.impression}"],
        ],
        p(".arrival-said", dir="auto")[row.said],
        row.slug and _mend(row),
        p(".fine.quiet.arrival-from")[
            span[row.key or "no key that is known"], span(dir="auto")[row.origin or "no Origin: a server, or no page"]
        ],
    ]


def _mend(row: ArrivalRow) -> Node:
    kind = code[row.slug]
    return p(".fine.arrival-mend")[a(href=safe_url(row.help))[kind] if row.help else kind, " ", with_code(row.mend)]


def _none(view: ArrivalsView) -> Element:
    if view.only_refused:
        return empty(
            EmptyView(
                title="Nothing was refused",
                text="Since this server started. A request that never arrives is not here: "
                "the console of the browser names what blocks it.",
                action="Show all",
                href="/admin/events",
            )
        )
    return empty(
        EmptyView(
            title="Nothing has arrived yet",
            text="Since this server started. What arrives appears here by itself.",
            steps=(
                StepView(title="Put the widget into a page", text="A surface's page has the lines to paste."),
                StepView(
                    title="Or ask from a terminal",
                    command=f"curl {view.base}/v1/suggest -H 'Authorization: Bearer sk_…' "
                    '-d \'{"surface": "…", "context": {"text": "Hello"}}\'',
                ),
                StepView(
                    title="A page is in place and nothing comes?",
                    text="Let the doctor look at it.",
                    command="suggest doctor --host-page https://www.example.com/help",
                ),
            ),
        )
    )
