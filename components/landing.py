"""The first page of a server: what this is, whether it is well, and the doors."""

from __future__ import annotations

from htpy import Element, a, code, div, h1, h2, p

from components.badge import BadgeView, badge
from components.page import PageView, nav_for, page

_DOORS = (
    ("/console", "Console", "Answer what the model does not know. Your answer reaches whoever waits, and teaches."),
    ("/reports", "Reports", "What was suggested, what became of it, and whether the figures kept their word."),
    ("/admin", "Admin", "Where suggestions appear, how sure they must be, who may do what."),
    ("/docs", "Docs", "Every call with a command to paste."),
)


def landing_page(*, is_ready: bool, is_signed_in: bool, is_worker: bool = False) -> Element:
    """`is_worker`: signed in without the right to administer, so that door is not shown."""
    doors = [door for door in _DOORS if not is_worker or door[0] != "/admin"]
    return page(
        PageView(title="Welcome", styles=("/static/admin.css",), nav=nav_for(is_worker=is_worker)),
        div(".hero")[
            h1["Suggestions that learn from the people who use them"],
            p(".lede")[
                "A context comes in, a short ranked list goes out, each option with an honest probability. What nobody "
                "can know goes to a person, and their answer becomes the next suggestion."
            ],
        ],
        div(".doors")[(a(".card", href=href)[h2[name], p[text]] for href, name, text in doors)],
        not is_signed_in
        and p(".section.soft")[
            "To sign in, ask whoever runs this server for a link: ", code["suggest workers link"], "."
        ],
        corner=badge(BadgeView(text="ready", tone="good") if is_ready else BadgeView(text="warming up", tone="warn")),
    )
