"""The guideline of a surface: write it, see what people dispute, ask again what a change has touched."""

from __future__ import annotations

from htpy import Element, Node, button, dd, div, dl, dt, form, h2, h3, label, p, section, span, textarea

from components.admin.page import csrf_field
from components.admin.views import SurfaceView
from components.guideline import guideline_text
from components.number import plural


def guideline_section(view: SurfaceView) -> Element | None:
    about = view.guideline
    if about is None:
        return None
    return section("#guideline.section", aria_labelledby="guideline-name")[
        div(".section-head")[
            h2("#guideline-name")["Guideline"],
            p["How requests are to be answered. Workers see it beside each request; answers carry its version."],
        ],
        div(".grid.grid-2")[
            form(".card.stack", method="post", action=f"{view.address}/guideline")[
                csrf_field(view.csrf),
                div(".field")[
                    label(for_="guideline-text")["Text, in Markdown"],
                    textarea("#guideline-text.input", name="text", rows="12", maxlength="32768", dir="auto")[
                        about.text
                    ],
                    span(".hint")["One rule a paragraph: people point to paragraphs. HTML stays text."],
                ],
                div(".spread.card-foot")[
                    span(".hint")[f"Version {about.shown.version}" if about.shown.version else "There is none yet."],
                    button(".button.button-primary", type="submit")["Save"],
                ],
            ],
            div(".card.stack")[
                h3(".label")["As workers see it"],
                guideline_text(about.shown) if about.shown.blocks else p(".soft")["Nothing yet."],
                _again(view, about.n_outdated),
                h3(".label")["Disputed"],
                _disputes(about.disputes),
            ],
        ],
    ]


def _again(view: SurfaceView, n: int) -> Node:
    if n == 0:
        return None
    return form(method="post", action=f"{view.address}/guideline/ask-again")[
        csrf_field(view.csrf),
        p[f"{plural(n, 'answer')} given by paragraphs that have changed since."],
        button(".button", type="submit")["Ask again"],
    ]


def _disputes(disputes: tuple[tuple[str, str], ...]) -> Node:
    if not disputes:
        return p(".soft")["Nobody disputes a paragraph that is in force."]
    return dl(".cases")[
        (div[dt(".quiet", dir="auto")[f"“{paragraph}”"], dd(dir="auto")[note]] for paragraph, note in disputes)
    ]
