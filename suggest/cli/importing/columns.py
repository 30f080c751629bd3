"""Which column means what: as the caller says, else by the names people usually give them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from suggest.cli.failure import ExitCode, Failure
from suggest.cli.importing.kind import FIELDS, TARGETS, Kind
from suggest.cli.importing.source import Row
from suggest.domain.clock import rfc3339

_MILLISECONDS_FROM = 1e11  # as seconds that would be the year 5138
_NO = frozenset({"", "0", "false", "no", "n", "f", "null", "none"})


class Wrong(Exception):
    """This row cannot be taken: which of its fields, and why."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(problem)
        self.field = field
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """target -> column, for the targets this file has."""

    by_target: Mapping[str, str]

    def __contains__(self, target: object) -> bool:
        return target in self.by_target

    def value(self, row: Row, target: str) -> object:
        """The cell of a target as it stands; None where there is none, or it is empty."""
        column = self.by_target.get(target)
        if column is None:
            return None
        value = value_at(row.values, column)
        return None if isinstance(value, str) and not value.strip() else value

    def text(self, row: Row, target: str) -> str | None:
        """The cell as a text; numbers of JSON count as texts."""
        value = self.value(row, target)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return f"{value:g}" if isinstance(value, float) else str(value)
        raise Wrong(target, f"must be a text, got {type(value).__name__}")

    def moment(self, row: Row, target: str) -> str | None:
        """The cell as RFC 3339. Without an offset it is UTC; a number is seconds or milliseconds since 1970."""
        value = self.value(row, target)
        return None if value is None else _moment(value, target)

    def fields(self, row: Row) -> dict[str, object]:
        """The columns mapped to fields.NAME that this row has."""
        found = {
            target.removeprefix(FIELDS): self.value(row, target)
            for target in self.by_target
            if target.startswith(FIELDS)
        }
        return {name: value for name, value in found.items() if value is not None}


def parse_maps(maps: Sequence[str], kind: Kind) -> dict[str, str]:
    """`text=message` as target and column. Raises Failure for a target this kind does not have."""
    asked: dict[str, str] = {}
    for each in maps:
        target, is_pair, column = each.partition("=")
        target, column = target.strip(), column.strip()
        is_known = target in TARGETS[kind] or (target.startswith(FIELDS) and len(target) > len(FIELDS))
        if not is_pair or not column or not is_known:
            known = ", ".join([*TARGETS[kind], FIELDS + "NAME"])
            raise Failure(
                f"--map {each!r} is not TARGET=COLUMN.",
                next_step=f"For {kind} the targets are {known}.",
                code=ExitCode.WRONG_USAGE,
            )
        asked[target] = column
    return asked


def find_columns(kind: Kind, columns: Sequence[str], asked: Mapping[str, str]) -> Columns:
    """The columns asked for, and for the other targets the likeliest by name. Raises Failure where one is missing."""
    for target, column in asked.items():
        if column not in columns and not any(each.startswith(column + ".") for each in columns):
            raise Failure(
                f"There is no column {column!r} for {target}.",
                next_step=f"The file has: {', '.join(columns)}.",
                code=ExitCode.WRONG_USAGE,
            )
    found = dict(asked)
    free = {_plain(column): column for column in reversed(columns) if column not in asked.values()}
    for target, names in TARGETS[kind].items():
        if target in found:
            continue
        name = next((name for name in names if name in free), None)
        if name is not None:
            found[target] = free.pop(name)
    return Columns(by_target=found)


def require(columns: Columns, of_file: Sequence[str], *targets: str) -> None:
    """Raise Failure unless the file has one of these targets."""
    if not any(target in columns for target in targets):
        free = [column for column in of_file if column not in columns.by_target.values()]
        more = f"Say which it is, e.g. --map {targets[0]}={free[0]!r}" if free else "It needs one more column."
        raise Failure(
            f"No column for {' or '.join(targets)} was recognised.",
            next_step=f"The file has: {', '.join(of_file)}. {more}",
            code=ExitCode.WRONG_USAGE,
        )


def value_at(values: Mapping[str, object], column: str) -> object:
    """A column by its name, or by a dotted path into the objects of a row.

    >>> value_at({"context": {"text": "hello"}}, "context.text")
    'hello'
    """
    if column in values:
        return values[column]
    value: object = values
    for name in column.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def is_yes(value: object) -> bool:
    """Whether a flag of a log is on: 1, true, yes, x; anything that is not plainly a no."""
    return str(value).strip().lower() not in _NO if value is not None else False


def _plain(column: str) -> str:
    """A column's name as it is compared.

    >>> _plain("Created At")
    'created_at'
    """
    return re.sub(r"[\s-]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column.strip())).lower()


def _moment(value: object, target: str) -> str:
    number = _number(value)
    try:
        if number is not None:
            return rfc3339(datetime.fromtimestamp(number / 1000 if number >= _MILLISECONDS_FROM else number, UTC))
        text = str(value).strip()
        at = datetime.fromisoformat(text.replace("z", "Z"))
        return rfc3339(at if at.tzinfo is not None else at.replace(tzinfo=UTC))
    except (ValueError, OverflowError, OSError):
        raise Wrong(target, f"{str(value)[:40]!r} is not a time like 2026-01-02T03:04:05Z") from None


def _number(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = str(value).strip()
    return float(text) if re.fullmatch(r"\d{9,13}(\.\d+)?", text) else None
