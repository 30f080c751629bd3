"""Rows and columns with a caption, numbers to the end of their cell; on a phone a row of many is a card of its own."""

from __future__ import annotations

from dataclasses import dataclass

from htpy import Element, Node, caption, div, table, tbody, td, th, thead, tr


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    label: str
    number: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TableView:
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Node, ...], ...]  # one cell a column; the first names its row
    caption_hidden: bool = False  # where a heading above says it already
    none: str = "Nothing here yet."

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"a row of {self.caption!r} has {len(row)} cells for {len(self.columns)} columns")


WIDE = 3  # columns from which on a table does not fit a phone


def data_table(view: TableView) -> Element:
    return div(".table-wrap", role="group", tabindex="0", aria_label=view.caption)[
        table(class_=["table", len(view.columns) >= WIDE and "table-wide"])[
            caption(class_=["visually-hidden"] if view.caption_hidden else [])[view.caption],
            thead[tr[(th(scope="col", class_=column.number and "number")[column.label] for column in view.columns)]],
            tbody[[_row(view, row) for row in view.rows] or tr[td(colspan=str(len(view.columns)))[view.none]]],
        ]
    ]


def _row(view: TableView, row: tuple[Node, ...]) -> Node:
    """Each cell knows the name of its column, for where it stands alone."""
    (of_name, *others), (first, *rest) = view.columns, row
    return tr[
        th(scope="row", class_=of_name.number and "number", data_label=of_name.label)[first],
        (
            td(class_=column.number and "number", data_label=column.label)[cell]
            for column, cell in zip(others, rest, strict=True)
        ),
    ]
