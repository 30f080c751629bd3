"""All the ways to answer a request: an option, none of them, another candidate, words of one's own, or not at all."""

from __future__ import annotations

from htpy import (
    Node,
    blockquote,
    button,
    details,
    div,
    form,
    h2,
    input,
    label,
    li,
    noscript,
    ol,
    p,
    span,
    summary,
    textarea,
)

from components.console.form import held, sends
from components.console.guideline import dispute
from components.console.views import DeskView, OptionView, ProposedView, TaskView
from components.keycap import keys
from components.meter import meter


def answer_forms(view: DeskView, task: TaskView) -> Node:
    return [
        task.proposed is not None and _sign_off(view, task, task.proposed),
        _options(view, task),
        _find(view, task),
        _write(view, task),
        _aside(view, task),
    ]


def _sign_off(view: DeskView, task: TaskView, proposed: ProposedView) -> Node:
    """A colleague's answer waits for a second person, or a known one is doubted; any other answer takes its place."""
    is_doubted = task.reason == "learning"
    return form(".task-sign.card.card-tight", sends("/console/answer"))[
        held(view, task),
        h2(".label")["Answered before" if is_doubted else "A colleague answered"],
        blockquote(".draft", dir="auto")[proposed.words],
        button(
            ".button.button-primary",
            type="submit",
            name=proposed.field,
            value=proposed.value,
            data_key="a",
            aria_keyshortcuts="a",
        )["Confirm it" if is_doubted else "Sign it off", keys("a")],
        p(".hint")[
            "It fits nothing else that is known, or the guideline has changed: confirm it or correct it below."
            if is_doubted
            else "It reaches the person once two people have given the same answer."
        ],
    ]


def _options(view: DeskView, task: TaskView) -> Node:
    return form(".task-options", sends("/console/answer"))[
        held(view, task),
        h2(".label")["Which answer is right?"] if task.options else p(".soft")["The model has nothing to offer here."],
        ol(".options")[(_option(option, number, task) for number, option in enumerate(task.options, 1))],
        button(
            ".button.button-block.option-none",
            type="submit",
            name="none",
            value="1",
            data_key="x",
            aria_keyshortcuts="x",
        )[keys("x"), span["None of these"], span(".hint")["teaches that these do not fit"]],
        dispute(task),
    ]


def _option(option: OptionView, number: int, task: TaskView) -> Node:
    key = str(number) if number <= 9 else None
    also = "a" if number == 1 and task.proposed is None else None
    pressed = f"{key} {also}" if also else key
    return li[
        button(
            ".option",
            type="submit",
            name="item",
            value=option.id,
            data_key=key,
            data_also=also,
            aria_keyshortcuts=pressed,
        )[
            keys(key) if key else span,
            span(".option-text", dir="auto")[option.text],
            task.shows_opinion and meter(option.p_select),
        ]
    ]


def _find(view: DeskView, task: TaskView) -> Node:
    """Any other candidate of the surface, by its words."""
    found = view.found
    return details(".fold.task-find", open=found is not None)[
        summary(data_key="/", aria_keyshortcuts="/")["Find another answer", keys("/")],
        form(
            ".find",
            method="get",
            action="/console",
            hx_get="/console/find",
            hx_target="#found",
            hx_swap="innerHTML",
            hx_trigger="input changed delay:120ms from:#find, submit",
        )[
            input(type="hidden", name="review", value=task.id),
            input(
                "#find.input",
                type="search",
                name="find",
                value=found.words if found else "",
                placeholder="Words of the answer",
                aria_label="Words of the answer",
                autocomplete="off",
            ),
            noscript[button(".button", type="submit")["Find"]],
        ],
        form(sends("/console/answer"))[
            held(view, task), div("#found", role="group", aria_label="Found")[found_list(view)]
        ],
    ]


def found_list(view: DeskView) -> Node:
    if view.found is None:
        return None
    if not view.found.options:
        return p(".hint", role="status")["No answer holds these words."]
    return ol(".options.options-found")[
        (
            li[
                button(".option", type="submit", name="item", value=option.id)[
                    span(".option-text", dir="auto")[option.text]
                ]
            ]
            for option in view.found.options
        )
    ]


def _write(view: DeskView, task: TaskView) -> Node:
    return form(".task-write.card.card-tight", sends("/console/answer"))[
        held(view, task),
        div(".field")[
            label(for_="write")["Edit or write an answer", keys("e")],
            textarea(
                "#write.input",
                name="text",
                rows="3",
                required=True,
                maxlength="8000",
                dir="auto",
                placeholder="It reaches the person as you write it here"
                if task.reason == "escalated"
                else "What would have been right",
                data_key="e",
                aria_keyshortcuts="e",
            ),
        ],
        div(".spread")[
            label(".check")[input(type="checkbox", name="add_candidate", value="1"), "Make this a candidate"],
            button(".button.button-primary", type="submit", aria_keyshortcuts="Control+Enter")[
                "Send", keys("Ctrl", "↵")
            ],
        ],
    ]


def _aside(view: DeskView, task: TaskView) -> Node:
    return div(".task-aside")[
        bool(task.later)
        and details(".fold.task-later")[
            summary(data_key="l", aria_keyshortcuts="l")["Later", keys("l")],
            form(".cluster", sends("/console/postpone"))[
                held(view, task),
                (
                    button(".button.button-small", type="submit", name="minutes", value=str(minutes))[words]
                    for minutes, words in task.later
                ),
            ],
        ],
        form(sends("/console/skip"))[
            held(view, task),
            button(".button.button-small.button-quiet", type="submit", data_key=" ", aria_keyshortcuts="Space")[
                "Skip, let someone else", keys("space")
            ],
        ],
    ]
