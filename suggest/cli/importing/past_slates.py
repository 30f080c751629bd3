"""Rows of another system's log: what was shown, in which order, and what was chosen.

Two shapes are read: a row a slate with its options in a list, and a row an option with the id of its slate."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from suggest.cli.importing.catalogue import Catalogue
from suggest.cli.importing.columns import Columns, Wrong, is_yes
from suggest.cli.importing.context import context_body
from suggest.cli.importing.source import Row

_OUTCOMES = {
    "selected": ("selected", "select", "accepted", "accept", "clicked", "click", "chosen", "picked", "used", "copied"),
    "dismissed": (
        "dismissed",
        "dismiss",
        "rejected",
        "reject",
        "closed",
        "close",
        "declined",
        "rerequest",
        "regenerate",
    ),
    "ignored": ("ignored", "ignore", "shown", "impression", "viewed", "none", "timeout", "open_at_end", "no_action"),
}
_OUTCOME_OF = {name: outcome for outcome, names in _OUTCOMES.items() for name in names}
_ID_NAMES = ("id", "item", "item_id", "candidate")
_TEXT_NAMES = ("text", "label", "title", "suggestion")
_POSITION_NAMES = ("position", "pos", "rank")
_LONGEST_NAME = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The rows of one slate, in the order of the file."""

    rows: tuple[Row, ...]

    @property
    def line(self) -> int:
        return self.rows[0].line


def group_rows(rows: Sequence[Row], columns: Columns) -> Iterator[Group]:
    """A row alone where it holds its whole slate, else the rows with the same slate id, wherever they stand."""
    if "shown" in columns:
        yield from (Group(rows=(row,)) for row in rows)
        return
    by_slate: dict[str, list[Row]] = {}
    for row in rows:
        by_slate.setdefault(str(columns.value(row, "slate")), []).append(row)
    yield from (Group(rows=tuple(group)) for group in by_slate.values())


class SlateNames:
    """Names for slates, equal in every import of the same file, so that a repeat adds nothing."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def name(self, given: str | None, body: Mapping[str, object]) -> str:
        """The slate's own id, else one made of its content and of how often that came before."""
        if given is not None and len(given.strip()) <= _LONGEST_NAME:
            return given.strip()
        said = given if given is not None else json.dumps(body, sort_keys=True, ensure_ascii=False)
        digest = hashlib.sha256(said.encode()).hexdigest()[:32]
        self._seen[digest] += 1
        return f"{digest}-{self._seen[digest]}" if given is None else digest


def past_slate_body(group: Group, columns: Columns, catalogue: Catalogue, names: SlateNames) -> dict[str, object]:
    """A slate as the API takes it. Raises Wrong."""
    first = group.rows[0]
    if "shown" in columns:
        shown, chosen = _from_list(first, columns)
    else:
        shown, chosen = _from_rows(group.rows, columns)
    options = [_with_id(option, catalogue) for option in shown]
    body: dict[str, object] = {"context": context_body(first, columns), "shown": options}
    outcome = _outcome(first, columns, has_choice=chosen is not None)
    if outcome is not None:
        body["outcome"] = outcome
    if chosen is not None:
        body["chosen"] = options[chosen].get("id") or options[chosen]["text"]
    at = columns.moment(first, "at")
    if at is not None:
        body["at"] = at
    body["id"] = names.name(columns.text(first, "slate"), body)
    return body


# -- a row a slate -----------------------------------------------------------------------------------------------------


def _from_list(row: Row, columns: Columns) -> tuple[list[dict[str, object]], int | None]:
    listed = columns.value(row, "shown")
    if isinstance(listed, str):
        try:
            listed = json.loads(listed)
        except ValueError:
            raise Wrong("shown", "must be a list, in CSV as JSON") from None
    if not isinstance(listed, list) or not listed:
        raise Wrong("shown", "must be a list of at least one option, top first")
    options = sorted((_listed_option(each, place) for place, each in enumerate(listed)), key=lambda pair: pair[0])
    shown = [option for _, option in options]
    return shown, _chosen(row, columns, shown)


def _listed_option(listed: object, place: int) -> tuple[float, dict[str, object]]:
    """Where the option stood and what it was. A text alone may be an id or the words; which, the catalogue knows."""
    if isinstance(listed, str):
        return place, {"said": listed}
    if not isinstance(listed, Mapping):
        raise Wrong("shown", "each option must be a text, or an object with id or text")
    option: dict[str, object] = {}
    id, text = _first(listed, _ID_NAMES), _first(listed, _TEXT_NAMES)
    if id is not None:
        option["id"] = str(id)
    if text is not None:
        option["text"] = str(text)
    if not option:
        raise Wrong("shown", "each option must have an id or a text")
    if listed.get("propensity") is not None:
        option["propensity"] = _propensity(listed["propensity"])
    position = _first(listed, _POSITION_NAMES)
    return (place if position is None else _position(position, "shown")), option


def _chosen(row: Row, columns: Columns, shown: Sequence[Mapping[str, object]]) -> int | None:
    position = columns.value(row, "chosen_position")
    if position is not None:
        place = _position(position, "chosen_position")
        if not 0 <= place < len(shown) or place != int(place):
            raise Wrong("chosen_position", f"{position} is not a place among {len(shown)} options; the top is 0")
        return int(place)
    said = columns.value(row, "chosen")
    if said is None or said is False:
        return None
    if isinstance(said, bool):
        raise Wrong("chosen", "must name the option that was chosen")
    for names in (("id", "said"), ("text",)):
        for place, option in enumerate(shown):
            if any(option.get(name) == str(said) for name in names):
                return place
    raise Wrong("chosen", f"{str(said)[:80]!r} is not among what was shown")


# -- a row an option ---------------------------------------------------------------------------------------------------


def _from_rows(rows: Sequence[Row], columns: Columns) -> tuple[list[dict[str, object]], int | None]:
    placed = []
    for place, row in enumerate(rows):
        option: dict[str, object] = {}
        id, text = columns.text(row, "item"), columns.text(row, "option_text")
        if id is not None:
            option["id" if text is not None else "said"] = id.strip()
        if text is not None:
            option["text"] = text
        if not option:
            raise Wrong("item", f"is empty on line {row.line}")
        propensity = columns.value(row, "propensity")
        if propensity is not None:
            option["propensity"] = _propensity(propensity)
        position = columns.value(row, "position")
        placed.append((place if position is None else _position(position, "position"), option, row))
    placed.sort(key=lambda each: each[0])
    taken = [place for place, (_, _, row) in enumerate(placed) if is_yes(columns.value(row, "chosen"))]
    if len(taken) > 1:
        raise Wrong("chosen", f"{len(taken)} options of this slate are marked as chosen; one may be")
    return [option for _, option, _ in placed], taken[0] if taken else None


# -- parts -------------------------------------------------------------------------------------------------------------


def _with_id(option: Mapping[str, object], catalogue: Catalogue) -> dict[str, object]:
    """An option as the API takes it: the candidate it is, or its words."""
    known = {name: value for name, value in option.items() if name != "said"}
    said = option.get("said")
    words = said if said is not None else option.get("text")
    if "id" in known or words is None:
        return known
    try:
        found = catalogue.find_or_create(str(words))
    except ValueError as wrong:
        raise Wrong("shown", str(wrong)) from None
    if found is not None:
        known["id"] = found
    elif said is not None:
        known["text"] = said
    return known


def _outcome(row: Row, columns: Columns, *, has_choice: bool) -> str | None:
    said = columns.text(row, "outcome")
    if said is None:
        return None
    outcome = _OUTCOME_OF.get(said.strip().lower())
    if outcome is None:
        raise Wrong("outcome", f"{said[:40]!r} is not one of selected, dismissed, ignored")
    if (outcome == "selected") != has_choice:
        raise Wrong("outcome", f"{said!r} does not fit: {'something' if has_choice else 'nothing'} was chosen")
    return outcome


def _first(listed: Mapping[str, object], names: Sequence[str]) -> object:
    return next((listed[name] for name in names if listed.get(name) is not None), None)


def _position(value: object, field: str) -> float:
    try:
        return float(str(value))
    except ValueError:
        raise Wrong(field, f"{str(value)[:40]!r} is not a position") from None


def _propensity(value: object) -> float:
    try:
        propensity = float(str(value))
    except ValueError:
        propensity = 0.0
    if not 0 < propensity <= 1:
        raise Wrong("propensity", f"{str(value)[:40]!r} is not a chance in (0, 1]")
    return propensity
