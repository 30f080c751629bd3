"""The guideline beside a request, and the place to say where it leaves one alone."""

from __future__ import annotations

from htpy import Element, details, div, label, option, select, summary, textarea

from components.console.views import TaskView
from components.guideline import guideline_text, shortened
from components.keycap import keys


def guideline_beside(task: TaskView) -> Element | None:
    if not task.guideline.blocks:
        return None
    return details(".fold.task-guideline")[
        summary(data_key="g", aria_keyshortcuts="g")[f"Guideline, version {task.guideline.version}", keys("g")],
        guideline_text(task.guideline),
    ]


def dispute(task: TaskView) -> Element | None:
    """Part of the answer: the paragraph that it rests on, and what is unclear about it."""
    if not task.guideline.paragraphs:
        return None
    return details(".fold.task-rule")[
        summary["Point to the guideline"],
        div(".stack.stack-s")[
            div(".field")[
                label(for_="paragraph")["The answer rests on"],
                select("#paragraph.input", name="paragraph")[
                    option(value="")["No paragraph of it"],
                    (option(value=each.id)[shortened(each.text)] for each in task.guideline.paragraphs),
                ],
            ],
            div(".field")[
                label(for_="dispute")["What is unclear or wrong about it, if anything"],
                textarea("#dispute.input", name="note", rows="2", maxlength="2000", dir="auto"),
            ],
        ],
    ]
