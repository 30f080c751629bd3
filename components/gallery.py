"""Every piece of the design system in every state on one page: to look at, to test against, to copy from."""

from __future__ import annotations

from htpy import (
    Element,
    Node,
    a,
    button,
    div,
    h1,
    h2,
    input,
    label,
    nav,
    option,
    output,
    p,
    progress,
    section,
    select,
    span,
    textarea,
)

from components.badge import BadgeView, badge
from components.empty import EmptyView, StepView, empty, skeleton
from components.keycap import keys
from components.meter import meter
from components.notice import NoticeView, notice
from components.page import PageView, page
from components.stat import StatView, stats
from components.table import Column, TableView, data_table
from components.terms import terms


def gallery(text: str = "Where is my parcel?", *, view: PageView | None = None) -> Element:
    """The whole page; `text` stands wherever a text of other people would."""
    return page(
        view or PageView(title="Design system", here="docs"),
        div(".page-head")[
            div(".page-head-text")[
                p(".eyebrow")["For those who build pages here"],
                h1["Design system"],
                p(".lede")["Every piece, in every state. Copy the markup; the classes do the rest."],
            ],
            div(".actions")[
                button(".button", type="button")["Export"], button(".button.button-primary", type="button")["Train now"]
            ],
        ],
        _section(
            "Badges",
            div(".cluster")[
                badge(BadgeView(text="draft")),
                badge(BadgeView(text="escalated", tone="accent")),
                badge(BadgeView(text="promoted", tone="good")),
                badge(BadgeView(text="kept", tone="warn")),
                badge(BadgeView(text="failed", tone="bad")),
                badge(BadgeView(text="simulated", tone="simulated")),
                badge(BadgeView(text=text, plain=True)),
            ],
        ),
        _section(
            "Buttons and keys",
            div(".cluster")[
                button(".button.button-primary", type="button")["Answer", keys("1")],
                button(".button", type="button")["Skip", keys("s")],
                button(".button.button-quiet", type="button")["Undo", keys("u")],
                button(".button.button-danger", type="button")["Revoke"],
                button(".button.button-small", type="button")["Small"],
                button(".button", type="button", disabled=True)["Disabled"],
                button(".button", type="button", aria_busy="true")["Saving"],
            ],
        ),
        _section(
            "Stat tiles",
            stats(
                (
                    StatView(label="Taken when seen", value="61.3%", interval="95% interval 58.2% to 64.3%", note=text),
                    StatView(
                        label="Sent to a person",
                        value="12.9%",
                        interval="95% interval 11.0% to 15.0%",
                        note="1,204 requests",
                    ),
                    StatView(label="Calibration error", value=None, note="Needs 100 judged slates; 41 so far"),
                ),
                label="Figures",
            ),
        ),
        _section(
            "Table",
            div(".card.card-flush")[
                data_table(
                    TableView(
                        caption="Reviews that wait",
                        columns=(Column(label="Context"), Column(label="Reason"), Column(label="p_any", number=True)),
                        rows=(
                            (text, badge(BadgeView(text="escalated", tone="accent")), meter(0.31)),
                            ("ok thanks", badge(BadgeView(text="audit")), meter(0.97)),
                        ),
                    )
                )
            ],
            div(".card.card-flush")[
                data_table(
                    TableView(caption="Nothing yet", columns=(Column(label="Context"), Column(label="Reason")), rows=())
                )
            ],
        ),
        _section(
            "Forms",
            div(".grid.grid-2")[
                div(".card.stack")[
                    div(".field")[
                        label(for_="g-name")["Title"],
                        input("#g-name.input", type="text", value=text),
                        span(".hint")["As the owner reads it"],
                    ],
                    div(".field")[
                        label(for_="g-bad")["Options in a slate"],
                        input(
                            "#g-bad.input", type="number", value="0", aria_invalid="true", aria_describedby="g-bad-why"
                        ),
                        span("#g-bad-why.field-error")["Choose 1 to 50"],
                    ],
                    div(".field")[
                        label(for_="g-mode")["Mode"], select("#g-mode.input")[option["assist"], option["review all"]]
                    ],
                    div(".field")[
                        label(for_="g-text")["Answer"],
                        textarea("#g-text.input", placeholder="Write the answer yourself"),
                    ],
                    label(".check")[input(type="checkbox", checked=True), "Single-key shortcuts"],
                ],
                div(".card.stack")[
                    div(".field")[
                        div(".spread")[
                            label(for_="g-range")["Right answers among what is shown"], output(for_="g-range")["95%"]
                        ],
                        input(
                            "#g-range.range",
                            type="range",
                            min="50",
                            max="99",
                            value="95",
                            aria_describedby="g-range-ends",
                        ),
                        div("#g-range-ends.range-ends")[span["faster"], span["more careful"]],
                    ],
                    progress(".progress", max="100", value="42", aria_label="Training"),
                    div(".segments")[
                        a(href="#", aria_current="true")["Day"], a(href="#")["Week"], a(href="#")["Month"]
                    ],
                    nav(".tabs", aria_label="Views")[
                        a(href="#", aria_current="page")["Queue ", span(".count")["4"]], a(href="#")["Answered"]
                    ],
                    div(".turns")[
                        div(".turn")[span(".turn-who")["Customer"], text],
                        div(".turn.turn-ours")[span(".turn-who")["Shop"], "It left us this morning."],
                    ],
                ],
            ],
        ),
        _section(
            "Notices",
            div(".stack.stack-s")[
                notice(NoticeView(title="Simulated traffic", text="These people are a program.", tone="simulated")),
                notice(
                    NoticeView(title="The line tightened by itself", text=text, tone="warn", action="See why", href="#")
                ),
                notice(
                    NoticeView(title="The log cannot take a write", text="Free some space, then reload.", tone="bad")
                ),
                notice(NoticeView(title="Saved", tone="good")),
            ],
        ),
        _section(
            "Empty and waiting",
            div(".grid.grid-2")[
                empty(
                    EmptyView(
                        title="Nothing was suggested yet",
                        text="Figures appear with the first request.",
                        level=3,
                        steps=(
                            StepView(title="Add candidates", command="suggest import candidates.csv --surface support"),
                            StepView(title="Put the box into a page", text=text),
                        ),
                        action="Open the guide",
                        href="/docs",
                    )
                ),
                div(".card")[skeleton("Loading the queue")],
            ],
        ),
        _section(
            "Anything as terms",
            div(".card")[
                terms({"encoder": text, "n_examples": 12034, "metrics": {"top_1": 0.8811, "ece": 0.0123}, "warm": True})
            ],
        ),
    )


def _section(heading: str, *content: Node) -> Node:
    return section(".section")[h2[heading], div(".stack")[content]]
