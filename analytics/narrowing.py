"""Every way to narrow a report or to compare, as plain links and a form that is only an address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from htpy import Node, a, button, details, div, form, input, label, p, span, summary

from analytics import addresses
from analytics.pages.registry import BY_NAME, PAGES
from analytics.period import Period
from analytics.report import ReportView
from components.identifier import identifier

LONGEST_VALUE = 40  # characters of a value of a field, which is told by its beginning: it is words, no id


def beginning(value: str) -> str:
    """
    >>> beginning("de"), len(beginning("a very long product name of an autumn catalogue"))
    ('de', 40)
    """
    return value if len(value) <= LONGEST_VALUE else f"{value[: LONGEST_VALUE - 1]}…"


def lenses(view: ReportView) -> Node:
    """Every way to narrow this page as a plain link; what is chosen can be let go."""
    page_ = view.page or PAGES[0].name
    narrowed = not view.lens.is_whole or view.versus is not None or view.against is not None
    served = view.served[:8]
    return details(".fold.lenses", open=narrowed)[
        summary[f"Only {view.lens.words}" if view.lens.words else "Narrow or compare"],
        div(".stack.stack-s")[
            len(served) > 0
            and _choices(
                "Bundle",
                [(id, addresses.to_page(view, page_, bundle=id), id == view.lens.bundle) for id in served],
                addresses.to_page(view, page_, bundle=None) if view.lens.bundle else "",
            ),
            (
                _choices(
                    name,
                    [
                        (value, addresses.to_page(view, page_, field=name, value=value), _is(view, name, value))
                        for value in values[:12]
                    ],
                    addresses.to_page(view, page_, field=None, value=None) if view.lens.field == name else "",
                    told=lambda value: value if len(value) <= LONGEST_VALUE else span(title=value)[beginning(value)],
                )
                for name, values in view.fields
            ),
            len(served) > 1
            and _choices(
                "Compare with",
                [(id, _compared(view, versus=id), id == view.versus) for id in served],
                _compared(view) if view.versus else "",
                none="the time before",
            ),
            _periods(view),
        ],
    ]


def _is(view: ReportView, name: str, value: str) -> bool:
    return (view.lens.field, view.lens.value) == (name, value)


def _choices(
    label: str,
    links: list[tuple[str, str, bool]],
    let_go: str,
    none: str = "all",
    told: Callable[[str], Node] = identifier,
) -> Node:
    return p(".cluster.fine")[
        span(".quiet")[label],
        (a(href=href, aria_current="true" if chosen else None)[told(text)] for text, href, chosen in links),
        let_go and a(href=let_go)[none],
    ]


def _compared(view: ReportView, versus: str | None = None) -> str:
    """This page against a bundle; None: against the time before."""
    return addresses.to_page(view, _comparing(view), versus=versus, vs_from=None, vs_to=None)


def _comparing(view: ReportView) -> str:
    """This page where it compares, else the overview."""
    page = BY_NAME.get(view.page or "", PAGES[0])
    return page.name if page.compares else PAGES[0].name


def _periods(view: ReportView) -> Node:
    """Any two stretches of days, as a form that is only an address; and a way back."""
    then = view.against or Period(from_=view.period.from_ - (view.period.to - view.period.from_), to=view.period.from_)
    return form(".stack.stack-s", method="get", action=f"{addresses.base(view.surface)}/{_comparing(view)}")[
        (input(type="hidden", name=name, value=text) for name, text in view.lens.query.items()),
        span(".fine.quiet")["Compare two times, whole days in UTC"],
        div(".cluster")[
            _day("from", "From", view.period.from_),
            _day("to", "to", view.period.to, is_end=True),
            _day("vs_from", "with", then.from_),
            _day("vs_to", "to", then.to, is_end=True, of="the other"),
            button(".button.button-small", type="submit")["Compare"],
            view.against is not None and a(".fine", href=_compared(view))["the time before"],
        ],
    ]


def _day(name: str, words: str, at: datetime, *, is_end: bool = False, of: str = "") -> Node:
    """A day; of an end the last day that belongs to it."""
    day = (at - timedelta(microseconds=1) if is_end else at).date()
    return label(".cluster.fine")[
        span[words, of and span(".visually-hidden")[f" (of {of})"]],
        input(".input.input-day", type="date", name=name, value=day.isoformat(), required=True),
    ]
