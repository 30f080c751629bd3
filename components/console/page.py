"""The console as a page: the shell, the bar with the queue, the desk. Its script adds to it and is no condition."""

from __future__ import annotations

from htpy import Element, Node, button, dialog, div, form, h2, input, label, p, section, span, strong

from components.console.keymap import keymap
from components.console.task import task_panel
from components.console.views import DeskView, QueueView
from components.keycap import keys
from components.notice import NoticeView, notice
from components.page import PageView, nav_for, page

HTMX = "/static/vendor/htmx-4.0.1.min.js"
HTMX_CONFIG = ("htmx-config", '{"noSwap":[204,304,"4xx","5xx"],"history":false,"includeIndicatorCSS":false}')


def console_page(view: DeskView) -> Element:
    return page(
        PageView(
            title="Console",
            here="console",
            nav=nav_for(is_worker=view.is_worker),
            width="wide",
            styles=("/static/console.css",),
            scripts=(HTMX, "/static/console.js"),
            meta=(HTMX_CONFIG,),
        ),
        div("#desk.desk", data_csrf=view.csrf, data_keys="on" if view.are_keys_on else "off")[
            _bar(view),
            div("#trouble", hidden=True)[
                notice(
                    NoticeView(
                        title="The server cannot be reached",
                        text="Nothing you wrote is lost. This page tries again by itself.",
                        tone="bad",
                        urgent=True,
                    )
                )
            ],
            div("#ended", hidden=True)[
                notice(
                    NoticeView(
                        title="Your sign-in has ended",
                        text="Copy what you were writing, then open a new sign-in link.",
                        tone="warn",
                        urgent=True,
                    )
                )
            ],
            task_panel(view),
        ],
        _help(),
        corner=_corner(view),
    )


def queue_words(view: QueueView) -> str:
    """The queue in a few words.

    >>> queue_words(QueueView(waiting=3, claimed=1, workers=2))
    '3 waiting, 1 being answered, 2 on duty'
    """
    parts = [f"{view.waiting} waiting" if view.waiting else "Nothing waits"]
    if view.claimed:
        parts.append(f"{view.claimed} being answered")
    parts.append(f"{view.workers} on duty")
    return ", ".join(parts)


def _bar(view: DeskView) -> Node:
    return section(".desk-bar", aria_label="Queue and keys")[
        p(".desk-queue")[
            span("#queue-dot", class_=["dot", "dot-busy" if view.queue.waiting else "dot-idle"], aria_hidden="true"),
            span("#queue-words")[queue_words(view.queue)],
        ],
        div(".desk-tools.with-script")[
            label(".check.switch")[
                input("#keys", type="checkbox", role="switch", checked=view.are_keys_on),
                span["Single-key shortcuts"],
            ],
            button("#help-open.button.button-small.button-quiet", type="button", data_key="?", aria_keyshortcuts="?")[
                "Keys", keys("?")
            ],
        ],
    ]


def _help() -> Element:
    return dialog("#help.desk-help", aria_labelledby="help-name")[
        form(method="dialog")[
            div(".spread")[
                h2("#help-name")["Keys"],
                button(".button.button-small", type="submit")["Close", keys("Esc")],
            ],
            p(".soft")[
                "They work whenever you are not typing. The switch ", strong["Single-key shortcuts"], " turns them off."
            ],
            keymap(),
        ]
    ]


def _corner(view: DeskView) -> Node:
    return [
        span(".desk-name", dir="auto")[view.name],
        form(method="post", action="/console/leave")[
            input(type="hidden", name="csrf", value=view.csrf),
            button(".button.button-small.button-quiet", type="submit")["Sign out"],
        ],
    ]
