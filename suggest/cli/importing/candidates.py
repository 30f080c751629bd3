"""Rows that are candidates: an id, the words, tags and fields."""

from __future__ import annotations

import re

from suggest.cli.importing.catalogue import id_for, words_of
from suggest.cli.importing.columns import Columns, Wrong
from suggest.cli.importing.source import Row
from suggest.domain.text import check_id, check_text


def candidate_body(row: Row, columns: Columns) -> dict[str, object]:
    """A row as the API takes it. An id alone is read as words, words alone get an id. Raises Wrong."""
    id, text = columns.text(row, "id"), columns.text(row, "text")
    if id is None and text is None:
        raise Wrong("text", "is empty, and so is id")
    try:
        if id is None:
            assert text is not None
            id = id_for(text)
        id = id.strip()
        check_id(id, name="id", longest=200)
    except ValueError as wrong:
        raise Wrong("id", str(wrong)) from None
    text = words_of(id) if text is None else text
    try:
        check_text(text, name="text")
    except ValueError as wrong:
        raise Wrong("text", str(wrong)) from None
    body: dict[str, object] = {"id": id, "text": text}
    tags = _tags(columns.value(row, "tags"))
    if tags:
        body["tags"] = tags
    fields = columns.fields(row)
    if fields:
        body["fields"] = fields
    return body


def _tags(value: object) -> list[str]:
    if isinstance(value, list):
        return [str(each).strip() for each in value if str(each).strip()]
    return [] if value is None else [tag.strip() for tag in re.split(r"[,;|]", str(value)) if tag.strip()]
