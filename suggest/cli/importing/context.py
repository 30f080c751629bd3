"""The part of a row that says what was asked: text, earlier turns, who, and when."""

from __future__ import annotations

import json
from collections.abc import Mapping

from suggest.cli.importing.columns import Columns, Wrong
from suggest.cli.importing.source import Row
from suggest.domain.text import check_id, check_text


def context_body(row: Row, columns: Columns) -> dict[str, object]:
    """The context of a row as the API takes it. Raises Wrong."""
    text = columns.text(row, "text")
    if text is None:
        raise Wrong("text", "is empty")
    try:
        check_text(text, name="text")
    except ValueError as wrong:
        raise Wrong("text", str(wrong)) from None
    body: dict[str, object] = {"text": text}
    for name in ("user", "session"):
        value = columns.text(row, name)
        if value is not None:
            try:
                check_id(value.strip(), name=name, longest=200)
            except ValueError as wrong:
                raise Wrong(name, str(wrong)) from None
            body[name] = value.strip()
    turns = _turns(columns.value(row, "turns"))
    if turns:
        body["turns"] = turns
    fields = columns.fields(row)
    if fields:
        body["fields"] = fields
    return body


def _turns(value: object) -> list[dict[str, str]]:
    """Earlier turns, oldest first: a list of {role, text}, in CSV as JSON."""
    if value is None:
        return []
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise Wrong("turns", 'must be JSON like [{"role": "agent", "text": "Hello"}]') from None
    if not isinstance(value, list):
        raise Wrong("turns", "must be a list of turns")
    turns = []
    for turn in value:
        if not isinstance(turn, Mapping) or not isinstance(turn.get("text"), str):
            raise Wrong("turns", "each turn must be an object with role and text")
        if turn["text"].strip():
            turns.append({"role": str(turn.get("role") or "user"), "text": turn["text"]})
    return turns
