"""Values to columns and back: checked on the caller's thread, so that nothing unfit reaches the one writer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from suggest.store.ports import Record, Table

Encoder = Callable[[object], tuple[object, int]]  # value -> (what the appender takes, its size in bytes)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

ID_COLUMNS: Mapping[Table, str] = {
    Table.SLATES: "id",
    Table.EVENTS: "eid",
    Table.LABELS: "id",
    Table.REVIEWS: "id",
    Table.VERDICTS: "eid",
    Table.BUNDLES: 'id || chr(31) || state || chr(31) || epoch_us("at")',  # a row a state
    Table.POLICY_CHANGES: "id",
    Table.CANDIDATES: "surface || chr(31) || id || chr(31) || revision",  # a row a version
}


def candidate_row_id(surface: str, candidate: str, revision: int) -> str:
    """The record id of one version of a candidate; the same expression as in ID_COLUMNS."""
    return f"{surface}\x1f{candidate}\x1f{revision}"


def bundle_row_id(bundle: str, state: str, at: datetime) -> str:
    """The record id of one state of a bundle; the same expression as in ID_COLUMNS."""
    return f"{bundle}\x1f{state}\x1f{(at - _EPOCH) // timedelta(microseconds=1)}"


def naive_utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a time to be stored needs an offset: use aware datetimes")
    return at.astimezone(UTC).replace(tzinfo=None)


def json_text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _text(value: object) -> tuple[object, int]:
    if not isinstance(value, str):
        raise ValueError(f"expected text, got {type(value).__name__}")
    try:
        return str(value), len(value.encode())
    except UnicodeEncodeError:
        raise ValueError("text must not contain lone surrogates") from None


def _json(value: object) -> tuple[object, int]:
    return _text(json_text(value))


def _integer(bits: int) -> Encoder:
    def encode(value: object) -> tuple[object, int]:
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise ValueError(f"expected a whole number, got {type(value).__name__}")
        number = int(value)
        if not -(1 << bits - 1) <= number < 1 << bits - 1:
            raise ValueError(f"{number} does not fit {bits} bits")
        return number, 8

    return encode


def _double(value: object) -> tuple[object, int]:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise ValueError(f"expected a number, got {type(value).__name__}")
    return float(value), 8


def _boolean(value: object) -> tuple[object, int]:
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"expected true or false, got {type(value).__name__}")
    return bool(value), 1


def _timestamp(value: object) -> tuple[object, int]:
    if not isinstance(value, datetime):
        raise ValueError(f"expected a time, got {type(value).__name__}")
    return naive_utc(value), 8


def _blob(value: object) -> tuple[object, int]:
    if not isinstance(value, bytes | bytearray | memoryview):
        raise ValueError(f"expected bytes, got {type(value).__name__}")
    return bytes(value), len(value)


def _texts(value: object) -> tuple[object, int]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ValueError(f"expected a list of texts, got {type(value).__name__}")
    try:
        return list(map(str, value)), len("".join(value).encode())  # all at once: a slate has a hundred of them
    except (TypeError, UnicodeEncodeError):
        encoded = [_text(one) for one in value]  # says which one does not fit
        return [text for text, _ in encoded], sum(size for _, size in encoded)


def _floats(value: object) -> tuple[object, int]:
    if isinstance(value, str) or not isinstance(value, Sequence | np.ndarray):
        raise ValueError(f"expected a list of numbers, got {type(value).__name__}")
    numbers = np.asarray(value, dtype=np.float32)
    if numbers.ndim != 1:
        raise ValueError(f"expected a flat list of numbers, got {numbers.ndim} dimensions")
    return numbers.tolist(), numbers.nbytes


_ENCODERS: Mapping[str, Encoder] = {
    "VARCHAR": _text,
    "JSON": _json,
    "BIGINT": _integer(64),
    "INTEGER": _integer(32),
    "DOUBLE": _double,
    "BOOLEAN": _boolean,
    "TIMESTAMP": _timestamp,
    "BLOB": _blob,
    "VARCHAR[]": _texts,
    "FLOAT[]": _floats,
}


@dataclass(frozen=True, slots=True)
class Row:
    """A record ready for the appender: one value a column, all but the sequence, which the writer puts in front."""

    table: Table
    id: str
    values: tuple[object, ...]
    size_bytes: int


class Columns:
    """The columns of one table, in the file's order, with what encodes each."""

    def __init__(self, table: Table, types: Mapping[str, str]) -> None:
        self.table = table
        self.types = {name: kind for name, kind in types.items() if name != "sequence"}
        self._id_column = ID_COLUMNS[table]  # a column, or an expression over several
        self._encoders = [(name, _ENCODERS[kind]) for name, kind in self.types.items()]

    def row(self, record: Record) -> Row:
        """Raises ValueError, naming table and column, where a value does not fit."""
        unknown = record.values.keys() - self.types.keys()
        if unknown:
            raise ValueError(f"{self.table} has no column {sorted(unknown)[0]!r}; it has {', '.join(self.types)}")
        if not record.id:
            raise ValueError(f"a record of {self.table} needs an id")
        if self._id_column in self.types and record.values.get(self._id_column) != record.id:
            raise ValueError(f"{self.table}.{self._id_column} is not the id of its record, {record.id!r}")
        values: list[object] = []
        size = 0
        for name, encode in self._encoders:
            value = record.values.get(name)
            if value is None:
                values.append(None)
                continue
            try:
                encoded, its_size = encode(value)
            except ValueError as error:
                raise ValueError(f"{self.table}.{name} of {record.id!r}: {error}") from None
            values.append(encoded)
            size += its_size
        return Row(self.table, record.id, tuple(values), size + 64)


def is_converted(kind: str) -> bool:
    """Whether `from_column` changes anything in columns of this kind."""
    return kind == "JSON" or kind.startswith("TIMESTAMP")


def from_column(value: object, kind: str) -> object:
    """What a column holds, as the Python value that was stored: times aware again, json parsed."""
    if value is None:
        return None
    if kind == "JSON" and isinstance(value, str):
        return json.loads(value)
    if kind.startswith("TIMESTAMP") and isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return value
