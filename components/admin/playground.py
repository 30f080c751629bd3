"""Trying it out: what would be suggested for a context, why, and what to paste to have it in a page."""

from __future__ import annotations

from htpy import (
    Element,
    Node,
    a,
    button,
    code,
    details,
    div,
    form,
    h2,
    h3,
    label,
    li,
    ol,
    p,
    pre,
    section,
    span,
    strong,
    summary,
    textarea,
)

from components.admin.page import csrf_field
from components.admin.views import SurfaceView, TriedOption, TriedView
from components.badge import BadgeView, Tone, badge
from components.meter import meter
from components.number import percent
from components.terms import words

_DECISIONS: dict[str, tuple[str, Tone]] = {
    "show": ("would be shown", "good"),
    "auto": ("would be applied", "good"),
    "escalate": ("would go to a person", "accent"),
    "abstain": ("nothing would be shown", "neutral"),
}
_STRONGEST = 4


def playground_section(view: SurfaceView) -> Element:
    return section("#try.section", aria_labelledby="try-name")[
        div(".section-head")[
            h2("#try-name")["Try it"],
            p[
                "Nothing is stored, nobody is asked and nothing is learned from what you type here. ",
                a(href="/admin/events")["What arrives from your pages"],
                " is a page of its own.",
            ],
        ],
        div(".grid.grid-2")[
            div(".stack")[
                form(
                    ".card.stack",
                    method="post",
                    action=f"{view.address}/try",
                    hx_post=f"{view.address}/try",
                    hx_target="#tried",
                    hx_swap="innerHTML",
                )[
                    csrf_field(view.csrf),
                    div(".field")[
                        label(for_="context")["Context"],
                        textarea(
                            "#context.input",
                            name="text",
                            rows="3",
                            required=True,
                            maxlength="8000",
                            dir="auto",
                            placeholder="What a person might write",
                        )[view.tried.text if view.tried else ""],
                    ],
                    div(".spread")[
                        span(".hint")[f"{view.n_candidates:,} candidates"],
                        button(".button.button-primary", type="submit")["Suggest"],
                    ],
                ],
                div(".card.stack.stack-s")[
                    div(".spread")[
                        h3["Put it into a page"],
                        button(".button.button-small.with-script", type="button", data_copies="#snippet")["Copy"],
                    ],
                    pre("#snippet", tabindex="0", aria_label="Markup to paste")[code[view.snippet]],
                    p(".hint")["Replace pk_… with a publishable key; make one under Keys."],
                    view.pinned
                    and details(".fold.after-fold")[
                        summary["Pin this release"],
                        pre("#pinned", tabindex="0", aria_label="Pinned script to paste")[code[view.pinned]],
                        p(".hint")[
                            "Instead of the first line: these bytes and no others run, also after an upgrade here."
                        ],
                    ],
                ],
            ],
            div("#tried.tried", aria_live="polite")[
                tried_panel(view.tried) if view.tried else p(".figure-empty")["What would be suggested appears here."]
            ],
        ],
    ]


def tried_panel(view: TriedView) -> Element:
    name, tone = _DECISIONS.get(view.decision, (view.decision, "neutral"))
    return div(".card.stack")[
        div(".spread")[
            badge(BadgeView(text=name, tone=tone)),
            span(".fine.soft")[
                strong[f"{percent(view.p_any, 0)} sure"],
                " that a right one is here",
                f"; shown from {percent(view.threshold, 0)} on" if 0 < view.threshold <= 1 else "",
            ],
        ],
        view.reason and p(".fine.quiet")[f"because: {words(view.reason.replace('-', ' '))}"],
        ol(".tried-options")[map(_option, view.options)]
        if view.options
        else p(".soft")["There is nothing to suggest: add candidates first."],
    ]


def _option(option: TriedOption) -> Node:
    return li[
        div(".spread")[span(".tried-text", dir="auto")[option.text], meter(option.p_select, digits=1)],
        div(".why")[
            code[option.id],
            (
                span(class_=["for" if weight > 0 else "against"])[f"{words(name)} {weight:+.2f}"]
                for name, weight in option.why[:_STRONGEST]
            ),
        ],
    ]
