"""The part of the console that changes with every answer: what is asked, or the place where it will appear.

Each way is a plain form, so it works before any script has run. Scripts add two things: the answer comes back into
this element instead of a new page, and `data-key` names the key that presses a button."""

from __future__ import annotations

from htpy import (
    Element,
    Node,
    article,
    blockquote,
    button,
    dd,
    details,
    div,
    dl,
    dt,
    form,
    h1,
    h2,
    header,
    input,
    li,
    noscript,
    p,
    rect,
    section,
    span,
    strong,
    summary,
    svg,
    ul,
)

from components.badge import BadgeView, Tone, badge
from components.console.answer import answer_forms
from components.console.cases import near_place
from components.console.duration import duration
from components.console.form import csrf, sends
from components.console.guideline import guideline_beside
from components.console.keymap import keymap
from components.console.views import DeskView, Reason, TaskView, TurnView
from components.empty import EmptyView, StepView, empty
from components.keycap import keys
from components.notice import notice
from components.number import coordinate, percent

_LONG = 280  # characters from which a request is set as running text
_REASONS: dict[Reason, tuple[str, Tone, str]] = {
    "escalated": ("A person waits", "accent", "Not sure enough to show by itself."),
    "audit": (
        "Random check",
        "neutral",
        "Nobody waits: this measures how good confident suggestions are, so what the model thinks stays hidden.",
    ),
    "learning": (
        "To learn from",
        "neutral",
        "Nobody waits: this answer teaches more than most. Confirm the first, or correct it.",
    ),
}


def task_panel(view: DeskView) -> Element:
    """What an answer comes back with: the next request, or the place where it will appear."""
    return div("#task.desk-task")[
        div(".desk-news")[
            view.notice is not None and notice(view.notice, view.draft and _kept(view.draft)),
            (view.done or view.can_undo) and _done(view),
            len(view.recent) > 1 and _recent(view),
        ],
        _task(view, view.task) if view.task is not None else _nothing(view),
    ]


def _done(view: DeskView) -> Node:
    return div(".desk-done")[
        span(role="status")[view.done or "An earlier answer can be taken back."],
        view.can_undo
        and form(sends("/console/undo"))[
            csrf(view),
            button(".button.button-small.button-quiet", type="submit", data_key="u", aria_keyshortcuts="u")[
                "Undo", keys("u")
            ],
        ],
    ]


def _recent(view: DeskView) -> Node:
    """The worker's own last answers, each to be taken back."""
    return details(".fold.desk-recent")[
        summary[f"Your last {len(view.recent)} answers"],
        ul[
            (
                li[
                    span(dir="auto")[each.words],
                    form(sends("/console/undo"))[
                        csrf(view),
                        input(type="hidden", name="eid", value=each.eid),
                        button(".button.button-small.button-quiet", type="submit", aria_label=f"Undo: {each.words}")[
                            "Undo"
                        ],
                    ],
                ]
                for each in view.recent
            )
        ],
    ]


def _kept(draft: str) -> Node:
    return details(".fold", open=True)[summary["What you had written"], blockquote(".draft", dir="auto")[draft]]


def _task(view: DeskView, task: TaskView) -> Node:
    return article(".task", aria_labelledby="asked", data_review=task.id, data_lease=task.lease)[
        section(".task-ask.card", aria_label="The request")[
            _head(task), _asked(task), guideline_beside(task), near_place(task)
        ],
        section(".task-answer", aria_label="Your answer")[answer_forms(view, task)],
        form("#lost", sends("/console/next"), hidden=True)[
            csrf(view), input(type="hidden", name="lost", value=task.id), input(type="hidden", name="draft", value="")
        ],
    ]


def _head(task: TaskView) -> Node:
    name, tone, why = _REASONS[task.reason]
    return header(".task-head")[
        div(".spread")[
            span(".cluster")[
                badge(BadgeView(text=name, tone=tone)),
                span(".task-surface", dir="auto")[task.surface],
                (badge(BadgeView(text=each, tone="neutral", plain=True)) for each in task.needs),
            ],
            span(".task-wait", data_waited=f"{task.waited_s:.0f}")[
                "waiting " if task.reason == "escalated" else "asked ",
                span(".task-clock")[duration(task.waited_s)],
                "" if task.reason == "escalated" else " ago",
            ],
        ],
        div(".task-why")[
            task.shows_opinion and _gauge(task),
            p["This surface sends every request to people." if task.asks_all else why],
        ],
    ]


def _gauge(task: TaskView) -> Node:
    """p_any as a bar, with a notch where the line runs."""
    words = f"{percent(task.p_any, 0)} sure that one of these is right"
    has_line = task.threshold is not None and 0 < task.threshold <= 1
    return div(".gauge")[
        svg(viewBox="0 0 200 12", preserveAspectRatio="none", aria_hidden="true", focusable="false")[
            rect(class_="track", y="3", width="200", height="6", rx="3"),
            rect(class_="fill", y="3", width=coordinate(200 * task.p_any), height="6", rx="3"),
            has_line and rect(class_="notch", x=coordinate(200 * (task.threshold or 0) - 1), width="2", height="12"),
        ],
        span(".gauge-words")[
            strong[words], has_line and span(".quiet")[f"; from {percent(task.threshold, 0)} on nobody is asked"]
        ],
    ]


def _asked(task: TaskView) -> Node:
    return [
        bool(task.turns)
        and div(".turns.task-turns", role="group", aria_label="Earlier", tabindex="0")[map(_turn, task.turns)],
        h1("#asked", tabindex="-1", dir="auto", class_=["asked", len(task.text) > _LONG and "asked-long"])[task.text],
        bool(task.fields)
        and dl(".terms.task-fields")[((dt(dir="auto")[name], dd(dir="auto")[value]) for name, value in task.fields)],
    ]


def _turn(turn: TurnView) -> Node:
    return div(class_=["turn", turn.is_ours and "turn-ours"], dir="auto")[span(".turn-who")[turn.who], turn.text]


def _nothing(view: DeskView) -> Node:
    if view.is_first_run:
        return empty(_FIRST_RUN)
    title, text = _FOR_OTHERS if view.is_for_others and not view.is_aside else _NOTHING[view.is_aside]
    return section(".desk-empty", aria_labelledby="asked")[
        div(".pulse", aria_hidden="true"),
        h1("#asked", tabindex="-1")[title],
        p(".lede.for-taking")[text],
        p(".lede.for-looking")["Colleagues take what comes. Look again to take the next one yourself."],
        view.n_answered > 0
        and p(".soft")["You have answered ", strong[str(view.n_answered)], " in this sitting. Thank you."],
        form("#arrive", sends("/console/next"))[
            csrf(view),
            view.is_aside and input(type="hidden", name="again", value="1"),
            button(class_=["button", not view.is_aside and "without-script"], type="submit")[
                "Take it again" if view.is_aside else "Look again"
            ],
        ],
        noscript[p(".hint")["Without JavaScript this page cannot look by itself: press the button."]],
        section(".desk-meanwhile.card", aria_label="Keys")[h2(".label")["While you wait: the keys"], keymap()],
    ]


_NOTHING = {
    False: ("Nothing waits", "New requests appear here by themselves."),
    True: (
        "You put it back",
        "It is the only request that waits, and colleagues can take it. Anything new appears here by itself.",
    ),
}
_FOR_OTHERS = (
    "Nothing for you just now",
    "What waits is kept for colleagues who know its matter. What they do not take in time appears here by itself.",
)
_FIRST_RUN = EmptyView(
    title="Nothing can arrive yet",
    text="Requests come here from a surface: a place in a product where suggestions appear. There is none so far.",
    steps=(
        StepView(
            title="Make one by importing its candidates",
            text="A file with the columns id and text.",
            command="suggest import candidates.csv --surface support",
        ),
        StepView(title="Ask for a suggestion", text="What the model does not know appears here by itself."),
    ),
)
