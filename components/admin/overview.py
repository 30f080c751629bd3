"""The first page of the administration: which surfaces there are, who may call, who may sign in."""

from __future__ import annotations

from urllib.parse import quote

from htpy import (
    Element,
    Node,
    a,
    button,
    code,
    details,
    div,
    form,
    h1,
    h2,
    input,
    label,
    option,
    p,
    section,
    select,
    span,
)
from htpy import summary as summary_element

from components.admin.page import admin_page, csrf_field
from components.admin.people import people_section
from components.admin.views import KeyRow, OverviewView, SecretView, SurfaceRow
from components.badge import BadgeView, Tone, badge
from components.console.duration import duration
from components.empty import EmptyView, StepView, empty
from components.meter import meter
from components.notice import NoticeView, notice
from components.number import NOTHING, count, moment
from components.stat import StatView, stats
from components.table import Column, TableView, data_table

_MODES: dict[str, Tone] = {"assist": "accent", "review_all": "warn", "shadow": "neutral", "auto": "good"}
_KINDS = {"sk": "secret", "pk": "publishable", "wk": "worker", "uk": "user"}


def overview_page(view: OverviewView) -> Element:
    return admin_page(
        "Admin",
        view.csrf,
        div(".page-head")[
            div(".page-head-text")[
                h1["Administration"],
                p(".lede")["Where suggestions appear, how sure they must be, and who may do what."],
            ],
            view.is_owner
            and div(".actions")[
                a(".button", href="/admin/events")["What arrives"],
                a(".button", href="/admin/playground")["Playground"],
            ],
        ],
        div(".stack")[
            view.notice is not None and notice(view.notice),
            view.secret is not None and secret(view.secret),
            [notice(NoticeView(title="Not ready yet", text=reason, tone="warn")) for reason in view.ready],
        ],
        _numbers(view),
        _surfaces(view),
        view.is_owner and _keys(view),
        view.is_owner and people_section(view),
    )


def secret(view: SecretView) -> Element:
    """A key or a link, this once, easy to take along."""
    return div(".notice.tone-good.secret", role="status")[
        h2(".label")[view.title],
        div(".secret-row")[
            code("#secret", tabindex="0")[view.text],
            button(".button.button-small.with-script", type="button", data_copies="#secret")["Copy"],
        ],
        p[view.advice],
    ]


def _numbers(view: OverviewView) -> Node:
    wait = None if view.expected_wait_s is None else duration(view.expected_wait_s)
    return div(".after-head")[
        stats(
            (
                StatView(label="Surfaces", value=count(len(view.surfaces))),
                StatView(label="Requests that wait for a person", value=count(view.waiting)),
                StatView(
                    label="Wait of the next one",
                    value=wait,
                    note=f"{view.workers} on duty" if view.workers else "Nobody is on duty",
                ),
            ),
            label="Now",
        )
    ]


def _surfaces(view: OverviewView) -> Node:
    table = TableView(
        caption="Surfaces",
        caption_hidden=True,
        columns=(
            Column(label="Surface"),
            Column(label="Mode"),
            Column(label="Wish"),
            Column(label="Shown from"),
            Column(label="Serves"),
            Column(label="Waiting", number=True),
        ),
        rows=tuple(_surface(row) for row in view.surfaces),
    )
    return section("#surfaces.section", aria_labelledby="surfaces-name")[
        h2("#surfaces-name")["Surfaces"],
        div(".card.card-flush")[data_table(table)] if view.surfaces else empty(_FIRST_RUN),
        view.is_owner
        and details(".fold.after-fold")[
            summary_element["New surface"],
            form(".inline-form", method="post", action="/admin/surfaces")[
                csrf_field(view.csrf),
                div(".field")[
                    label(for_="surface-name")["Name"],
                    input("#surface-name.input", name="name", required=True, maxlength="100", placeholder="support"),
                ],
                div(".field")[
                    label(for_="surface-title")["Title"],
                    input("#surface-title.input", name="title", maxlength="200", placeholder="Help desk replies"),
                ],
                button(".button.button-primary", type="submit")["Create"],
            ],
        ],
    ]


def _surface(row: SurfaceRow) -> tuple[Node, ...]:
    return (
        span(".cluster")[
            a(href=f"/admin/surfaces/{quote(row.name, safe='')}", dir="auto")[row.title or row.name],
            row.title and row.title != row.name and span(".fine.quiet", dir="auto")[row.name],
            row.simulated and badge(BadgeView(text="simulated", tone="simulated")),
        ],
        badge(BadgeView(text=row.mode.replace("_", " "), tone=_MODES.get(row.mode, "neutral"))),
        span[row.target, " ", row.certified and badge(BadgeView(text="certified", tone="good", plain=True))],
        "never" if row.threshold > 1 else meter(row.threshold),
        code[short(row.champion)],
        count(row.waiting),
    )


def short(bundle: str) -> str:
    """A bundle's id as people compare them: its end, which is what differs.

    >>> short("prior"), short("01a207ac-b1a5-7ba5-8057-63cec1ba978c")
    ('prior', '…c1ba978c')
    """
    return bundle if len(bundle) <= 12 else f"…{bundle[-8:]}"


def _keys(view: OverviewView) -> Node:
    live = [key for key in view.keys if key.revoked_at is None]
    table = TableView(
        caption="Keys",
        caption_hidden=True,
        columns=(
            Column(label="Key"),
            Column(label="Kind"),
            Column(label="For"),
            Column(label="Origins"),
            Column(label="Made", number=True),
            Column(label="Actions", number=True),
        ),
        rows=tuple(_key(view, key) for key in (*live, *(key for key in view.keys if key.revoked_at is not None))),
        none="Only the first secret key, which the server was started with.",
    )
    return section("#keys.section", aria_labelledby="keys-name")[
        div(".section-head")[
            h2("#keys-name")["Keys"],
            p["A publishable key goes into a page, a secret one stays on your server. Each is shown once, when made."],
        ],
        div(".card.card-flush")[data_table(table)],
        details(".fold.after-fold", open=not live)[
            summary_element["New key"],
            form(".inline-form", method="post", action="/admin/keys")[
                csrf_field(view.csrf),
                div(".field")[
                    label(for_="key-kind")["Kind"],
                    select("#key-kind.input", name="kind")[
                        option(value="pk")["publishable, for pages"],
                        option(value="sk")["secret, for servers"],
                        option(value="wk")["worker, for people's tools"],
                    ],
                ],
                div(".field")[
                    label(for_="key-name")["Name"],
                    input("#key-name.input", name="name", maxlength="80", placeholder="shop front"),
                ],
                div(".field")[
                    label(for_="key-surface")["Surface"],
                    select("#key-surface.input", name="surface")[
                        option(value="")["every surface"],
                        (option(value=row.name)[row.title or row.name] for row in view.surfaces),
                    ],
                ],
                div(".field.grow")[
                    label(for_="key-origins")["Pages that may use it"],
                    input(
                        "#key-origins.input",
                        name="origins",
                        placeholder="https://shop.example https://*.shop.example",
                        aria_describedby="key-origins-hint",
                    ),
                    span("#key-origins-hint.hint")["Publishable keys only; empty is for testing: any page."],
                ],
                button(".button.button-primary", type="submit")["Make a key"],
            ],
        ],
    ]


def _key(view: OverviewView, key: KeyRow) -> tuple[Node, ...]:
    is_open = key.kind == "pk" and not key.origins and key.revoked_at is None
    name = key.name or key.id[:8]
    return (
        span(".cluster")[span(dir="auto")[name], code[f"{key.kind}_…"]],
        _KINDS[key.kind],
        span(dir="auto")[key.surface or "every surface"],
        badge(BadgeView(text="any page: testing", tone="warn", plain=True))
        if is_open
        else span(dir="auto")[", ".join(key.origins) or NOTHING],
        NOTHING if key.created_at is None else moment(key.created_at),
        badge(BadgeView(text="revoked", tone="bad"))
        if key.revoked_at is not None
        else form(method="post", action=f"/admin/keys/{quote(key.id, safe='')}/revoke")[
            csrf_field(view.csrf),
            button(
                ".button.button-small.button-danger",
                type="submit",
                aria_label=f"Revoke {name}",
                data_sure=f"Revoke {name}? Whoever uses it is refused from now on.",
            )["Revoke"],
        ],
    )


_FIRST_RUN = EmptyView(
    title="There is no surface yet",
    text="A surface is one place in your product where suggestions appear: its candidates, its policy, its models.",
    level=3,
    steps=(
        StepView(
            title="Make one by importing its candidates",
            text="A file with the columns id and text.",
            command="suggest import candidates.csv --surface support",
        ),
        StepView(title="Or make an empty one below", text="And send its candidates from your server."),
    ),
)
