"""One figure of a report: the drawing, what it shows, how it is reckoned, when it misleads, its rows and their CSV."""

from __future__ import annotations

from dataclasses import dataclass

from htpy import Element, Node, a, code, details, div, figcaption, h3, p, span, summary
from htpy import figure as figure_element

from components.charts.legend import Key, legend
from components.charts.marks import Mark, mark_list
from components.link import safe_url
from components.table import TableView, data_table
from components.terms import terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    what: str  # in a sentence, for the caption
    formula: str
    caveat: str  # when it misleads


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureView:
    id: str  # unique on the page
    title: str
    definition: Definition
    table: TableView
    sample: str  # e.g. "1,204 slates"
    csv: str = ""  # address of the rows as CSV; empty: no link
    csv_name: str = ""  # file name it is saved under
    keys: tuple[Key, ...] = ()
    missing: str = ""  # why there is no drawing; empty where there is one
    marks: tuple[Mark, ...] = ()  # what the letters in the drawing stand for
    note: str = ""  # the finding in a sentence, set apart from the caption


def figure(view: FigureView, drawing: Node = None) -> Element:
    """The figure. Without a drawing its table stands in its place. Works with nothing but HTML, on paper too."""
    is_drawn = drawing is not None and not view.missing
    return figure_element(f"#{view.id}.figure.card", aria_labelledby=f"{view.id}-name")[
        div(".figure-head")[h3(id=f"{view.id}-name")[view.title], span(".fine.quiet")[view.sample]],
        is_drawn and len(view.keys) > 1 and legend(view.keys),
        _body(view, drawing, is_drawn=is_drawn),
        is_drawn and bool(view.marks) and mark_list(view.marks),
        view.note and p(".figure-note")[with_code(view.note)],
        figcaption(".figure-caption")[view.definition.what],
        div(".figure-foot")[
            details(".fold")[
                summary["Method"],
                terms({"formula": view.definition.formula, "misleads when": view.definition.caveat}),
            ],
            is_drawn and details(".fold")[summary["Table"], data_table(view.table)],
            view.csv and _download(view),
        ],
    ]


def _body(view: FigureView, drawing: Node, *, is_drawn: bool) -> Node:
    if view.missing:
        return p(".figure-empty")[span[with_code(view.missing)]]  # one line of words in a box that centres its children
    return drawing if is_drawn else data_table(view.table)


def with_code(text: str) -> Node:
    """What stands between backticks as code.

    >>> print(*with_code("run `suggest train` first"), sep="|")
    run |<code>suggest train</code>| first
    """
    parts = text.split("`")
    return [code[part] if number % 2 else part for number, part in enumerate(parts) if part]


def _download(view: FigureView) -> Node:
    """Rows that travel inside the page (a file has no server to ask) are a data address; others go through safe_url."""
    address = view.csv if view.csv.startswith("data:text/csv;") else safe_url(view.csv)
    label = f"{view.title}: download the rows as CSV"
    return a(".download", href=address, download=view.csv_name, aria_label=label)["CSV"]
