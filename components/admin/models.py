"""The models of a surface: which one serves, what each was measured to do, and the two ways to change it."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from htpy import (
    Element,
    Node,
    VoidElement,
    article,
    button,
    code,
    details,
    div,
    form,
    h2,
    h3,
    input,
    p,
    progress,
    section,
    span,
    strong,
)
from htpy import summary as summary_element

from components.admin.page import csrf_field
from components.admin.views import JobView, ModelRow, SurfaceView
from components.badge import BadgeView, Tone, badge
from components.empty import EmptyView, empty
from components.gate import gate_lines
from components.number import moment
from components.terms import terms, words

_STATES: dict[str, Tone] = {"promoted": "good", "champion": "good", "kept": "warn", "failed": "bad"}
_FIGURES = ("top1", "top3", "ndcg", "nll", "ece_p_any", "ece_floor", "ece_floor_p95", "answerable", "examples")
_MOST_FIGURES = len(_FIGURES)
_JOBS: dict[str, str] = {
    "queued": "Waiting for the run before it",
    "running": "Training",
    "promoted": "A new model serves",
    "kept": "The model in service was better and stays",
    "failed": "The run failed; the model in service stays",
}


def models_section(view: SurfaceView) -> Element:
    return section("#models.section", aria_labelledby="models-name")[
        div(".spread.section-top")[
            div(".section-head")[
                h2("#models-name")["Models"],
                p["Nothing serves that has not passed the gate. Going back takes effect in the next request."],
            ],
            div(".actions")[
                form(method="post", action=f"{view.address}/rollback")[
                    csrf_field(view.csrf),
                    button(
                        ".button",
                        type="submit",
                        disabled=view.champion == "prior",
                        data_sure="Serve with the model that served before?",
                    )["Roll back"],
                ],
                form(method="post", action=f"{view.address}/train")[
                    csrf_field(view.csrf), button(".button.button-primary", type="submit")["Train now"]
                ],
            ],
        ],
        view.job is not None and job_panel(view.address, view.job),
        div(".stack")[
            [_model(view, model, is_first=number == 0) for number, model in enumerate(view.models)]
            or empty(
                EmptyView(
                    title="The shipped prior serves",
                    text="It knows no answer of yours but learns from the first one on. A model of your own is trained "
                    "from 200 outcomes on, every night, or when you say so.",
                    level=3,
                )
            )
        ],
    ]


def job_panel(address: str, job: JobView) -> Element:
    """A training run; while it lasts, the panel asks again by itself."""
    look: dict[str, str] = {}
    if not job.is_final:
        look = {
            "hx-get": f"{address}/jobs/{quote(job.id, safe='')}",
            "hx-trigger": "every 1s",
            "hx-target": "this",
            "hx-swap": "outerHTML",
        }
    tone = "neutral" if not job.is_final else _STATES.get(job.state, "neutral")
    return div("#job.notice.job", look, class_=["notice", "job", f"tone-{tone}"])[
        strong(role="status")[_JOBS.get(job.state, job.state)],
        not job.is_final and progress(".progress", max="100", value=f"{100 * job.progress:.0f}", aria_label="Training"),
        (job.step or job.detail) and p[job.detail or job.step],
    ]


def _model(view: SurfaceView, model: ModelRow, *, is_first: bool) -> Node:
    return article(".card.card-tight.stack.stack-s")[
        div(".spread")[
            div(".cluster")[
                h3[code[model.id]],
                badge(BadgeView(text="serves", tone="good"))
                if model.is_champion
                else badge(BadgeView(text=model.state.replace("-", " "), tone=_STATES.get(model.state, "neutral"))),
            ],
            div(".cluster")[
                model.at is not None and span(".fine.quiet")[moment(model.at)],
                model.may_promote
                and not model.is_champion
                and form(method="post", action=f"{view.address}/promote")[
                    csrf_field(view.csrf),
                    _bundle_field(model),
                    button(".button.button-small", type="submit", data_sure="Serve with this model from now on?")[
                        "Promote"
                    ],
                ],
            ],
        ],
        p(".fine.soft")[
            f"from {model.parent}" if model.parent else "from the shipped prior",
            f", encoder {model.encoder}" if model.encoder else "",
        ],
        bool(model.metrics) and div(".figures")[[_metric(name, value) for name, value in _flat(model.metrics)]],
        bool(model.gate)
        and details(".fold", open=is_first and not model.is_champion)[
            summary_element["Gate report"], terms(gate_lines(model.gate))
        ],
    ]


def _bundle_field(model: ModelRow) -> VoidElement:
    return input(type="hidden", name="bundle", value=model.id)


def _metric(name: str, value: float) -> Node:
    return span(".figure-small")[
        span(".quiet")[words(name)], strong[f"{value:,.0f}" if value == int(value) and value > 1 else f"{value:.3f}"]
    ]


def _flat(metrics: Mapping[str, object]) -> list[tuple[str, float]]:
    """The few figures that are one number, those that say most in front."""
    found = {
        name: float(value)
        for name, value in metrics.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    in_order = [*(name for name in _FIGURES if name in found), *(name for name in found if name not in _FIGURES)]
    return [(name, found[name]) for name in in_order[:_MOST_FIGURES]]
