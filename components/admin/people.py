"""Who works here: their rights, what they know, and the link that signs them in."""

from __future__ import annotations

from urllib.parse import quote

from htpy import Element, Node, button, details, div, form, h2, input, label, option, p, section, select, span, summary

from components.admin.page import csrf_field
from components.admin.views import OverviewView, WorkerRow
from components.badge import BadgeView, badge
from components.number import NOTHING
from components.table import Column, TableView, data_table

_MAY = {"worker": "answer requests", "reviewer": "answer and read reports", "owner": "do everything"}


def people_section(view: OverviewView) -> Element:
    active = [each for each in view.people if each.left_at is None]
    table = TableView(
        caption="People",
        caption_hidden=True,
        columns=(
            Column(label="Name"),
            Column(label="May"),
            Column(label="Knows"),
            Column(label="Languages"),
            Column(label="Login"),
            Column(label="Actions", number=True),
        ),
        rows=tuple(
            _person(view, each) for each in (*active, *(each for each in view.people if each.left_at is not None))
        ),
    )
    return section("#people.section", aria_labelledby="people-name")[
        div(".section-head")[
            h2("#people-name")["People"],
            p[
                "An account keeps what somebody answered under one name, and brings them what they know about. "
                "A sign-in link works once, for a quarter of an hour; whoever opens it is signed in for half a day."
            ],
        ],
        div(".card.card-flush")[data_table(table)] if view.people else p(".soft")["Nobody has an account yet."],
        details(".fold.after-fold", open=not active)[
            summary["New account"],
            form(".inline-form", method="post", action="/admin/workers")[
                csrf_field(view.csrf),
                _field("name", "Name", "Ann", required=True, longest=80),
                _role_field("role", "worker"),
                _field("skills", "Knows", "billing, returns", hint="Tags of candidates or requests; empty: anything."),
                _field("languages", "Languages", "en, de", hint="Empty: any."),
                _field("login", "Login", "ann@shop.example", hint="Only with single sign-on."),
                button(".button.button-primary", type="submit")["Make an account"],
            ],
        ],
        details(".fold.after-fold")[
            summary["A link for somebody without an account"],
            form(".inline-form", method="post", action="/admin/links")[
                csrf_field(view.csrf),
                _field("name", "Name", "Guest", required=True, longest=80, of="link"),
                _role_field("role", "worker", of="link"),
                button(".button", type="submit")["Make a sign-in link"],
            ],
        ],
    ]


def _person(view: OverviewView, worker: WorkerRow) -> tuple[Node, ...]:
    return (
        span(".cluster")[
            span(dir="auto")[worker.name],
            worker.is_on_duty and badge(BadgeView(text="on duty", tone="good", plain=True)),
        ],
        badge(BadgeView(text="closed", tone="bad")) if worker.left_at is not None else _MAY[worker.role],
        span(dir="auto")[", ".join(worker.skills) or NOTHING],
        ", ".join(worker.languages) or "any",
        span(dir="auto")[worker.login or NOTHING],
        NOTHING if worker.left_at is not None else _actions(view, worker),
    )


def _actions(view: OverviewView, worker: WorkerRow) -> Node:
    return div(".row-actions")[
        form(method="post", action="/admin/links")[
            csrf_field(view.csrf),
            input(type="hidden", name="worker", value=worker.id),
            button(".button.button-small", type="submit", aria_label=f"Sign-in link for {worker.name}")["Link"],
        ],
        details(".fold")[
            summary[span(".visually-hidden")[f"Change {worker.name}: "], "Change"],
            form(".stack", method="post", action=f"/admin/workers/{quote(worker.id, safe='')}")[
                csrf_field(view.csrf),
                _role_field("role", worker.role, of=worker.id),
                _field("skills", "Knows", "", value=", ".join(worker.skills), of=worker.id),
                _field("languages", "Languages", "", value=", ".join(worker.languages), of=worker.id),
                _field("login", "Login", "", value=worker.login or "", of=worker.id),
                button(".button.button-small.button-primary", type="submit")["Save"],
            ],
            form(method="post", action=f"/admin/workers/{quote(worker.id, safe='')}/close")[
                csrf_field(view.csrf),
                button(
                    ".button.button-small.button-danger",
                    type="submit",
                    aria_label=f"Close the account of {worker.name}",
                    data_sure=f"Close the account of {worker.name}? They are signed out at once.",
                )["Close account"],
            ],
        ],
    ]


def _field(
    name: str,
    words: str,
    placeholder: str,
    *,
    value: str = "",
    hint: str = "",
    required: bool = False,
    longest: int = 2000,
    of: str = "new",
) -> Node:
    id = f"{of}-{name}"
    return div(".field")[
        label(for_=id)[words],
        input(
            ".input",
            id=id,
            name=name,
            value=value,
            placeholder=placeholder or None,
            required=required,
            maxlength=str(longest),
            aria_describedby=f"{id}-hint" if hint else None,
        ),
        bool(hint) and span(".hint", id=f"{id}-hint")[hint],
    ]


def _role_field(name: str, chosen: str, *, of: str = "new") -> Node:
    id = f"{of}-{name}"
    return div(".field")[
        label(for_=id)["May"],
        select(".input", id=id, name=name)[
            (option(value=role, selected=role == chosen)[what] for role, what in _MAY.items())
        ],
    ]
