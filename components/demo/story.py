"""The guided story: one line that says what to try next, five steps to tick off, and progress while warming."""

from __future__ import annotations

from dataclasses import dataclass

from htpy import Element, Node, button, div, li, ol, p, progress, section, span, strong

from components.badge import BadgeView, badge


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """A customer's message that one click sends."""

    label: str
    text: str
    turns: tuple[tuple[str, str], ...] = ()  # (role, text) said before it, oldest first
    continues: bool = False  # said in the same conversation; others open a new one


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    key: str  # what the script ticks off
    title: str
    hint: str  # what to do, in one line


STEPS = (
    StepView(key="ask", title="Ask", hint="Let the customer ask: send “The zip on my tent is stuck”."),
    StepView(
        key="pick",
        title="Pick",
        hint="The right reply is not first. Choose the one about mending zips, then send it. Ctrl+Z takes it back.",
    ),
    StepView(key="again", title="Ask again", hint="Now the same in other words: “tent zipper wont move any more”."),
    StepView(
        key="colleague",
        title="Ask a person",
        hint="Ask what no reply covers: engraving a name. Watch the colleague answer, live.",
    ),
    StepView(
        key="thanks",
        title="Say thanks",
        hint="Send the answer, then finish with “ok, thanks!”: nothing is suggested, nobody is bothered.",
    ),
)
THE_END = "That is the whole loop. Let 500 customers in below, or try it on your own messages."


def story() -> Element:
    return section("#story.story", aria_label="What to try next")[
        div("#warm.story-warm")[
            div(".story-line")[
                p(".story-next")[strong("#warm-text")["Starting the service"], span("#warm-time.quiet")[""]],
                span("#warm-count.quiet.fine")[""],
            ],
            progress("#warm-bar.progress", max="100", aria_labelledby="warm-text"),
        ],
        div("#guide.story-guide", hidden=True)[
            p("#next.story-next", aria_live="polite")[STEPS[0].hint],
            ol(".story-steps", aria_label="Steps of the story")[(_step(step) for step in STEPS)],
        ],
        div("#down.notice.tone-bad", role="alert", hidden=True)[
            strong["The service does not answer"],
            p("#down-text")["The agent's page goes on without suggestions."],
        ],
    ]


def _step(step: StepView) -> Node:
    return li(class_="story-step", data_step=step.key, data_hint=step.hint)[
        span(".story-tick", aria_hidden="true"), step.title, span(".visually-hidden.story-done")[""]
    ]


def prepared(messages: tuple[MessageView, ...], *, label: str, numbered: bool = False) -> Node:
    """Messages as buttons; each carries what it sends."""
    return div(".prepared", role="group", aria_label=label)[
        (
            button(
                class_="prepared-message",
                type="button",
                disabled=True,
                data_send=message.text,
                data_label=message.label,
                data_turns="\n".join(f"{role}\t{text}" for role, text in message.turns) or None,
                data_continues="yes" if message.continues else None,
            )[numbered and span(".prepared-number", aria_hidden="true")[str(i)], span[message.text]]
            for i, message in enumerate(messages, 1)
        )
    ]


def simulated_badge() -> Element:
    return badge(BadgeView(text="simulated", tone="simulated"))
