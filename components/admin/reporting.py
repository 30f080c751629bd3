"""When the figures of a surface go out by themselves, and to whom."""

from __future__ import annotations

from htpy import Element, Node, a, button, code, div, form, h2, input, label, li, option, p, section, select, span, ul

from components.admin.page import csrf_field
from components.admin.views import ReportingView, SurfaceView
from components.number import moment

_EVERY = {"never": "never", "daily": "every day", "weekly": "every week"}
_DAYS = {
    "Mo": "Monday",
    "Tu": "Tuesday",
    "We": "Wednesday",
    "Th": "Thursday",
    "Fr": "Friday",
    "Sa": "Saturday",
    "Su": "Sunday",
}


def reporting_section(view: SurfaceView) -> Element | None:
    reporting = view.reporting
    if reporting is None:
        return None
    return section("#reporting.section", aria_labelledby="reporting-name")[
        div(".section-head")[
            h2("#reporting-name")["Reports and alerts"],
            p[
                "The figures of the overview as a signed message to your webhooks, at an hour of your clock. Alerts "
                "are sent when they are raised and when they are over."
            ],
        ],
        div(".grid.grid-2")[_form(view, reporting), _hearers(reporting)],
    ]


def _form(view: SurfaceView, reporting: ReportingView) -> Element:
    return form(".card.stack", method="post", action=f"{view.address}/report-schedule")[
        csrf_field(view.csrf),
        _select("every", "Send the figures", _EVERY, reporting.every),
        _select("weekday", "On", _DAYS, reporting.weekday, hint="Of a weekly report."),
        _select("hour", "At", {str(hour): f"{hour:02d}:00" for hour in range(24)}, str(reporting.hour)),
        div(".field")[
            label(for_="report-time_zone")["Time zone"],
            input(
                "#report-time_zone.input",
                name="time_zone",
                value=reporting.zone,
                required=True,
                maxlength="100",
                spellcheck="false",
                aria_describedby="report-time_zone-hint",
            ),
            span("#report-time_zone-hint.hint")["A name like Europe/Berlin; its summer time is kept."],
        ],
        div(".spread.card-foot")[
            span(".hint")[f"Next: {moment(reporting.next_at)}" if reporting.next_at else "None is due."],
            button(".button.button-primary", type="submit")["Save"],
        ],
    ]


def _hearers(reporting: ReportingView) -> Element:
    if not reporting.hearers:
        return div(".card.stack.stack-s")[
            p["No webhook hears of this surface yet, so nothing is sent."],
            p(".soft")[
                "Make one with ", code["POST /v1/webhooks"], "; see ", a(href="/docs#webhooks")["the calls"], "."
            ],
        ]
    return div(".card.stack.stack-s")[
        p["Who hears of this surface:"],
        ul[(li[host, f": {', '.join(events) or 'all events'}"] for host, events in reporting.hearers)],
    ]


def _select(name: str, words: str, choices: dict[str, str], chosen: str, *, hint: str = "") -> Node:
    return div(".field")[
        label(for_=f"report-{name}")[words],
        select(".input", id=f"report-{name}", name=name, aria_describedby=f"{name}-hint" if hint else None)[
            (option(value=value, selected=value == chosen)[what] for value, what in choices.items())
        ],
        bool(hint) and span(".hint", id=f"{name}-hint")[hint],
    ]
