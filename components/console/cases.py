"""Beside a request: what was answered to requests like it. It comes after the request, which waits for nothing."""

from __future__ import annotations

from collections.abc import Sequence

from htpy import Element, dd, div, dl, dt, h2, span

from components.console.views import CaseView, TaskView


def near_place(task: TaskView) -> Element:
    """Where the cases will appear; without a script, nowhere."""
    return div("#near.task-near", hx_get=f"/console/near?review={task.id}", hx_trigger="load", hx_swap="innerHTML")


def near_cases(cases: Sequence[CaseView]) -> Element:
    return div(".near-cases")[
        h2(".label")["Answered before"],
        dl(".cases")[
            (
                div[
                    dt(dir="auto")[case.text],
                    dd(dir="auto")[case.answer] if case.answer else dd[span(".quiet")["None of these"]],
                ]
                for case in cases
            )
        ],
    ]
