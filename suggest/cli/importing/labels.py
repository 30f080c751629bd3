"""Rows that are known answers: a context and the candidate that was right for it, or none."""

from __future__ import annotations

from collections.abc import Mapping

from suggest.cli.importing.catalogue import Catalogue
from suggest.cli.importing.columns import Columns, Wrong
from suggest.cli.importing.context import context_body
from suggest.cli.importing.source import Row


def label_body(
    row: Row, columns: Columns, catalogue: Catalogue, *, surface: str, none_values: frozenset[str]
) -> dict[str, object]:
    """A row as the API takes it. Raises Wrong, also where the answer is no candidate and may not become one."""
    body: dict[str, object] = {
        "surface": surface,
        "context": context_body(row, columns),
        "item": _item(row, columns, catalogue, none_values),
    }
    at = columns.moment(row, "at")
    if at is not None:
        body["at"] = at
    return body


def _item(row: Row, columns: Columns, catalogue: Catalogue, none_values: frozenset[str]) -> str | None:
    said = columns.text(row, "item")
    if (said or "").strip() in none_values or _is_null(row.values, columns.by_target["item"]):
        return None
    if said is None:
        raise Wrong("item", 'is empty; say --none "" if that means that no candidate is right')
    try:
        found = catalogue.find_or_create(said.strip())
    except ValueError as wrong:
        raise Wrong("item", str(wrong)) from None
    if found is None:
        raise Wrong("item", f"{said.strip()[:80]!r} is no candidate; --create-candidates makes it one")
    return found


def _is_null(values: Mapping[str, object], column: str) -> bool:
    """A null that was written down: in JSON that is an answer."""
    return column in values and values[column] is None
