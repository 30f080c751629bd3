"""Rows and columns with a caption, numbers to the end of their cell, and a way to scroll on a phone."""

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


def data_table(view: TableView) -> Element:
    return div(".table-wrap", role="group", tabindex="0", aria_label=view.caption)[
        table(".table")[
            caption(class_=["visually-hidden"] if view.caption_hidden else [])[view.caption],
            thead[tr[(th(scope="col", class_=column.number and "number")[column.label] for column in view.columns)]],
            tbody[[_row(view, row) for row in view.rows] or tr[td(colspan=str(len(view.columns)))[view.none]]],
        ]
    ]


def _row(view: TableView, row: tuple[Node, ...]) -> Node:
    first, *rest = row
    return tr[
        th(scope="row", class_=view.columns[0].number and "number")[first],
        (td(class_=column.number and "number")[cell] for column, cell in zip(view.columns[1:], rest, strict=True)),
    ]
