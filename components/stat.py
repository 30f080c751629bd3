"""One figure with what it needs to be believed: its interval, its sample size, what it means."""

from __future__ import annotations

from dataclasses import dataclass

from htpy import Element, Node, dd, div, dl, dt, span


@dataclass(frozen=True, slots=True, kw_only=True)
class StatView:
    label: str
    value: str | None  # None: the data cannot carry this figure; `note` says why
    unit: str = ""
    interval: str = ""  # e.g. "95% interval 0.88 to 0.94"
    note: str = ""  # sample size, or what is missing


def stats(views: tuple[StatView, ...], *, label: str) -> Element:
    return dl(".stats", aria_label=label)[(_stat(view) for view in views)]


def _stat(view: StatView) -> Node:
    return div(".stat")[
        dt[view.label],
        dd[
            span(class_=["stat-value", view.value is None and "stat-none"])[
                "not yet" if view.value is None else view.value,
                view.unit and span(".stat-unit")[view.unit],
            ],
        ],
        view.interval and dd(".stat-interval")[view.interval],
        view.note and dd(".stat-note")[view.note],
    ]
