"""Trying it out: what would be suggested for a context, why, and what to paste to have it in a page."""

from __future__ import annotations

from urllib.parse import quote

from htpy import (
    Element,
    Fragment,
    Node,
    a,
    button,
    code,
    details,
    div,
    form,
    fragment,
    h1,
    h2,
    h3,
    label,
    li,
    ol,
    option,
    p,
    pre,
    section,
    select,
    span,
    strong,
    summary,
    textarea,
)
from htpy import input as input_

from components.admin.page import admin_page, csrf_field
from components.admin.views import PlaygroundView, SurfaceView, TriedOption, TriedView
from components.badge import BadgeView, Tone, badge
from components.empty import EmptyView, empty
from components.meter import meter
from components.notice import notice
from components.number import percent
from components.terms import words

_DECISIONS: dict[str, tuple[str, Tone]] = {
    "show": ("would be shown", "good"),
    "auto": ("would be applied", "good"),
    "escalate": ("would go to a person", "accent"),
    "abstain": ("nothing would be shown", "neutral"),
}
_STRONGEST = 4
LAYOUTS = ("chips", "list", "typeahead", "field")
_NO_SURFACE = EmptyView(
    title="There is no surface yet",
    text="Make one in the administration, and give it candidates; then try it here.",
    action="To the administration",
    href="/admin#surfaces",
)


def playground_section(view: SurfaceView) -> Element:
    return section("#try.section", aria_labelledby="try-name")[
        div(".section-head")[
            h2("#try-name")["Try it"],
            p[
                "Nothing is stored, nobody is asked and nothing is learned from what you type here. In the ",
                a(href=f"/admin/playground?surface={quote(view.name, safe='')}")["playground"],
                " with fields, a number and a layout; ",
                a(href="/admin/events")["what arrives"],
                " from your pages is a page of its own.",
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
                    _asked(view.tried.text if view.tried else "", rows=3),
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


def playground_page(view: PlaygroundView) -> Element:
    return admin_page(
        "Playground",
        view.csrf,
        div(".page-head")[
            div(".page-head-text")[
                p(".eyebrow")[a(href="/admin")["Admin"], " / playground"],
                h1["Playground"],
                p(".lede")["Ask as a page would. Nothing is stored, nobody is asked, nothing is learned."],
            ],
            div(".actions")[a(".button", href="/admin/events")["What arrives"]],
        ],
        div(".grid.grid-2")[div[_request(view)], div("#tried.tried.stack", aria_live="polite")[answer_panel(view)]]
        if view.surfaces
        else empty(_NO_SURFACE),
    )


def answer_panel(view: PlaygroundView) -> Fragment:
    """What would come of the request, and how to make it in earnest."""
    if view.notice is not None:
        return fragment[notice(view.notice)]
    if view.tried is None:
        return fragment[p(".figure-empty")["What would be suggested appears here, and the lines to paste."]]
    return fragment[
        tried_panel(view.tried),
        _to_paste("snippet", "Put it into a page", "Markup to paste", view.snippet),
        p(".hint")[
            "Replace pk_… with a publishable key; make one under ",
            a(href="/admin#keys")["Keys"],
            ". In place of "
            "#last-message stands a selector of the element whose text it is for; reply is the id of your field.",
        ],
        _to_paste("call", "Ask from a server", "Command to paste", view.call),
    ]


def _to_paste(name: str, title: str, label_: str, text: str) -> Element:
    return div(".card.stack.stack-s")[
        div(".spread")[
            h2(".label")[title],
            button(".button.button-small.with-script", type="button", data_copies=f"#{name}")["Copy"],
        ],
        pre(id=name, tabindex="0", aria_label=label_)[code[text]],
    ]


def _request(view: PlaygroundView) -> Element:
    here = "/admin/playground"
    return form(".card.stack", method="post", action=here, hx_post=here, hx_target="#tried", hx_swap="innerHTML")[
        csrf_field(view.csrf),
        div(".field")[
            label(for_="surface")["Surface"],
            select("#surface.input", name="surface")[
                (option(value=name, selected=name == view.surface)[title or name] for name, title in view.surfaces)
            ],
        ],
        _asked(view.text, rows=4),
        div(".field")[
            label(for_="fields")["Fields"],
            textarea(
                "#fields.input",
                name="fields",
                rows="2",
                maxlength="8000",
                spellcheck="false",
                aria_describedby="fields-hint",
                placeholder='{"plan": "gold"}',
            )[view.fields],
            span("#fields-hint.hint")["Optional: a JSON object, as in context.fields."],
        ],
        div(".inline-form")[
            div(".field")[
                label(for_="k")["How many"],
                input_(
                    "#k.input",
                    type="number",
                    name="k",
                    min="1",
                    max="50",
                    value=view.k,
                    placeholder="the surface's own",
                ),
            ],
            div(".field")[
                label(for_="layout")["Layout"],
                select("#layout.input", name="layout")[
                    (option(value=each, selected=each == view.layout)[each] for each in LAYOUTS)
                ],
            ],
        ],
        button(".button.button-primary", type="submit")["Suggest"],
    ]


def _asked(text: str, *, rows: int) -> Element:
    """The field for what a person might write."""
    return div(".field")[
        label(for_="context")["Context"],
        textarea(
            "#context.input",
            name="text",
            rows=str(rows),
            required=True,
            maxlength="8000",
            dir="auto",
            placeholder="What a person might write",
        )[text],
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
