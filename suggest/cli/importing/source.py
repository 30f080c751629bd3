"""Rows of a CSV or JSONL file, each with the number of its line; what cannot be read is a fault, not an end."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TextIO

from suggest.cli.failure import ExitCode, Failure

LONGEST_CELL = 4 * 2**20
_DELIMITERS = ",;\t|"


class Format(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    line: int  # where it begins, counted from 1
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a row, or a part of one, was left out."""

    line: int
    problem: str
    field: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    columns: tuple[str, ...]  # of JSONL: every key, and the keys of its objects as outer.inner
    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]


def read_source(path: Path, format: Format | None = None) -> Source:
    """The whole file. Raises Failure where it is not one: not there, not UTF-8, without a header."""
    if not path.is_file():
        raise Failure(f"There is no file {path}.", code=ExitCode.WRONG_USAGE)
    try:
        with _opened(path) as file:
            found = format or sniff(path, file)
            return _read_csv(file, path) if found is Format.CSV else _read_jsonl(file, path)
    except UnicodeDecodeError as wrong:
        raise Failure(
            f"{path} is not UTF-8 (byte {wrong.object[wrong.start]:#04x}).",
            next_step=_conversion(path),
            code=ExitCode.WRONG_USAGE,
        ) from None
    except (OSError, EOFError) as wrong:
        raise Failure(f"{path} cannot be read: {wrong}.", code=ExitCode.WRONG_USAGE) from None


def _conversion(path: Path) -> str:
    """What makes it readable, by how it begins."""
    with path.open("rb") as file:
        begins = file.read(4)
    if begins in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        return "It is a spreadsheet or an archive: save its table as CSV in UTF-8."
    is_wide = begins[:2] in (b"\xff\xfe", b"\xfe\xff")
    encoding = "UTF-16" if is_wide else "WINDOWS-1252"
    return f"Convert it, e.g.: iconv -f {encoding} -t UTF-8 {path} > utf8-{path.name}"


def sniff(path: Path, file: TextIO) -> Format:
    """By the ending of its name, else by its first character."""
    endings = [each.lower() for each in path.suffixes if each.lower() != ".gz"]
    if endings and endings[-1] in {".csv", ".tsv", ".txt"}:
        return Format.CSV
    if endings and endings[-1] in {".jsonl", ".ndjson", ".json"}:
        return Format.JSONL
    first = file.read(1)
    file.seek(0)
    return Format.JSONL if first in {"{", "["} else Format.CSV


def _opened(path: Path) -> TextIO:
    if path.suffix.lower() == ".gz":
        return io.TextIOWrapper(gzip.open(path), encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


# -- csv ---------------------------------------------------------------------------------------------------------------


def _read_csv(file: TextIO, path: Path) -> Source:
    csv.field_size_limit(LONGEST_CELL)
    first = file.readline()
    file.seek(0)
    reader = csv.reader(file, delimiter=delimiter_of(first), strict=True)
    header = next(reader, [])
    columns = tuple(name.strip() for name in header)
    if not any(columns):
        raise Failure(f"{path} has no header line.", next_step="Its first line names its columns.")
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if twice:
        raise Failure(f"{path} has two columns named {twice[0]!r}.", code=ExitCode.WRONG_USAGE)
    rows: list[Row] = []
    faults: list[Fault] = []
    line = reader.line_num + 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as wrong:
            faults.append(Fault(line=line, problem=f"cannot be read as CSV from here on: {wrong}"))
            break
        if any(cells):
            fault = _count_fault(line, cells, columns)
            if fault is None:
                rows.append(Row(line=line, values=dict(zip(columns, cells, strict=True))))
            else:
                faults.append(fault)
        line = reader.line_num + 1
    return Source(columns=tuple(name for name in columns if name), rows=tuple(rows), faults=tuple(faults))


def delimiter_of(header: str) -> str:
    """What stands most often between the names of the columns.

    >>> delimiter_of("message;answer;date")
    ';'
    >>> delimiter_of("message")
    ','
    """
    return max(_DELIMITERS, key=header.count)


def _count_fault(line: int, cells: Sequence[str], columns: Sequence[str]) -> Fault | None:
    if len(cells) == len(columns):
        return None
    hint = "; a cell that holds the delimiter must be quoted" if len(cells) > len(columns) else ""
    return Fault(line=line, problem=f"has {len(cells)} cells where the header has {len(columns)}{hint}")


# -- jsonl -------------------------------------------------------------------------------------------------------------


def _read_jsonl(file: TextIO, path: Path) -> Source:
    rows: list[Row] = []
    faults: list[Fault] = []
    columns: dict[str, None] = {}
    for line, text in enumerate(file, 1):
        if not text.strip():
            continue
        try:
            value = json.loads(text, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as wrong:
            if line == 1 and text.lstrip().startswith("["):
                raise _array(path) from None
            faults.append(Fault(line=line, problem=f"is not JSON: {wrong}"))
            continue
        if isinstance(value, list) and line == 1:
            raise _array(path)
        if not isinstance(value, dict):
            faults.append(Fault(line=line, problem="must be one JSON object"))
            continue
        columns.update(dict.fromkeys(_paths(value)))
        rows.append(Row(line=line, values=value))
    return Source(columns=tuple(columns), rows=tuple(rows), faults=tuple(faults))


def _paths(row: Mapping[str, object]) -> Iterator[str]:
    for name, value in row.items():
        if isinstance(value, Mapping):
            yield from (f"{name}.{inner}" for inner in value)
        else:
            yield name


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON value")


def _array(path: Path) -> Failure:
    return Failure(
        f"{path} is one JSON array; one object a line is read.",
        next_step=f"Convert it, e.g.: jq -c '.[]' {path} > {path.stem}.jsonl",
        code=ExitCode.WRONG_USAGE,
    )
