"""What every form of the console carries, and where it goes with a script and without."""

from __future__ import annotations

from htpy import Node, input

from components.console.views import DeskView, TaskView


def sends(action: str) -> dict[str, str]:
    """Where a form goes, with a script and without."""
    return {
        "method": "post",
        "action": action,
        "hx-post": action,
        "hx-target": "#task",
        "hx-swap": "outerHTML",
        "hx-sync": "#task:drop",
    }


def held(view: DeskView, task: TaskView) -> Node:
    return [
        csrf(view),
        input(type="hidden", name="review", value=task.id),
        input(type="hidden", name="lease", value=task.lease),
        input(type="hidden", name="eid", value=task.eid),
    ]


def csrf(view: DeskView) -> Node:
    return input(type="hidden", name="csrf", value=view.csrf)
