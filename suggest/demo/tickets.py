"""A visitor's own CSV: read whatever a spreadsheet writes, and say on which line something is wrong."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LARGEST_FILE = 8 * 1024 * 1024
DELIMITERS = ",;\t|"
LONGEST_TEXT = 8_000  # characters of a message or an answer; what is longer is no reply to choose
MOST_PROBLEMS = 20  # told one by one; the rest is only counted
_SNIFFED_LINES = 50


class Unreadable(ValueError):
    """The file is no table; the message says what it is and what would help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    line: int  # of the file, from 1, as an editor counts
    text: str

    def as_json(self) -> Mapping[str, object]:
        return {"line": self.line, "text": self.text}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]  # (line, cells), each with a cell for every column
    problems: tuple[Problem, ...]  # lines that were left out
    delimiter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Messages with their answers, and which rows had none to give."""

    pairs: tuple[tuple[str, str], ...]
    problems: tuple[Problem, ...]

    @property
    def answers(self) -> tuple[str, ...]:
        """Every answer once, the most given first."""
        return tuple(answer for answer, _ in Counter(answer for _, answer in self.pairs).most_common())


def read_sheet(content: bytes) -> Sheet:
    """The table in a file. Raises Unreadable where there is none."""
    text = _decoded(content)
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    numbered: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                numbered.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as wrong:
        raise Unreadable(f"Line {line}: {wrong}. A quote inside a quoted cell must be doubled.") from None
    if len(numbered) < 2:
        raise Unreadable("The file has no rows under its first line, which names the columns.")
    columns = _named(numbered[0][1])
    if len(columns) < 2:
        raise Unreadable("Only one column was found; messages and answers need one each, separated by comma or tab.")
    whole = [(number, tuple(cells)) for number, cells in numbered[1:] if len(cells) == len(columns)]
    problems = [
        Problem(line=number, text=f"has {len(cells)} cells where the first line has {len(columns)}")
        for number, cells in numbered[1:]
        if len(cells) != len(columns)
    ]
    return Sheet(columns=columns, rows=tuple(whole), problems=tuple(problems), delimiter=delimiter)


def choose(sheet: Sheet, *, message: int, answer: int) -> Pairs:
    """The two columns that matter. Raises Unreadable where no row has both."""
    pairs: list[tuple[str, str]] = []
    problems = list(sheet.problems)
    for line, cells in sheet.rows:
        asked, answered = cells[message].strip(), cells[answer].strip()
        if not asked or not answered:
            problems.append(Problem(line=line, text=f"the {'message' if not asked else 'answer'} is empty"))
        elif max(len(asked), len(answered)) > LONGEST_TEXT:
            problems.append(Problem(line=line, text=f"a text is longer than {LONGEST_TEXT:,} characters"))
        else:
            pairs.append((asked, answered))
    if not pairs:
        raise Unreadable("No row has both a message and an answer; choose other columns.")
    return Pairs(pairs=tuple(pairs), problems=tuple(sorted(problems, key=lambda each: each.line)))


def guess_columns(sheet: Sheet) -> tuple[int, int]:
    """Which column holds messages and which answers: by name where a name says so, else the two longest, in order.

    >>> guess_columns(read_sheet(b"id,question,reply\\n1,Open today?,Until six."))
    (1, 2)
    """
    message = _named_like(sheet.columns, ("message", "question", "ticket", "request", "text", "subject", "query"))
    answer = _named_like(sheet.columns, ("answer", "reply", "response", "solution", "resolution"), but=message)
    longest = sorted(range(len(sheet.columns)), key=lambda column: -_mean_length(sheet, column))
    if message is None:
        message = min(column for column in longest[:3] if column != answer)
    if answer is None:
        answer = next(column for column in longest if column != message)
    return message, answer


def told(problems: Sequence[Problem]) -> list[Mapping[str, object]]:
    """The first few problems, for the page."""
    return [problem.as_json() for problem in problems[:MOST_PROBLEMS]]


def _decoded(content: bytes) -> str:
    if len(content) > LARGEST_FILE:
        raise Unreadable("The file is larger than 8 MB; export fewer rows, a few thousand teach a lot.")
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise Unreadable("This is a spreadsheet or an archive; save it as CSV first.")
    if not content.strip():
        raise Unreadable("The file is empty.")
    for encoding in ("utf-8-sig", "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "cp1252"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Unreadable("The letters of this file cannot be read; save it as CSV in UTF-8.")
    if "\x00" in text:
        raise Unreadable("This is not a text file; save your table as CSV.")
    return text


def _delimiter(text: str) -> str:
    sample = "\n".join(text.splitlines()[:_SNIFFED_LINES])
    try:
        return csv.Sniffer().sniff(sample, delimiters=DELIMITERS).delimiter
    except csv.Error:
        first = text.splitlines()[0] if text.splitlines() else ""
        return max(DELIMITERS, key=first.count)


def _named(cells: Sequence[str]) -> tuple[str, ...]:
    return tuple(cell.strip()[:80] or f"Column {i}" for i, cell in enumerate(cells, 1))


def _named_like(columns: Sequence[str], words: Sequence[str], *, but: int | None = None) -> int | None:
    for word in words:
        for i, column in enumerate(columns):
            if i != but and word in column.casefold():
                return i
    return None


def _mean_length(sheet: Sheet, column: int) -> float:
    return sum(len(cells[column]) for _, cells in sheet.rows) / max(len(sheet.rows), 1)
