"""Files as people have them: what can be read is read with the number of its line, the rest is a fault in words."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suggest.cli.failure import ExitCode, Failure
from suggest.cli.importing.source import Format, Source, delimiter_of, read_source

MODEST = settings(
    max_examples=50, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
CELLS = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), max_size=12)


def source(folder: Path, content: str | bytes, name: str = "rows.csv") -> Source:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_source(path)


def texts(read: Source, column: str = "text") -> list[object]:
    return [row.values[column] for row in read.rows]


# -- csv


@MODEST
@given(rows=st.lists(st.tuples(CELLS, CELLS), max_size=6), delimiter=st.sampled_from(",;\t|"))
def test_whatever_a_csv_writer_writes_is_read_back(tmp_path: Path, rows: list[tuple[str, str]], delimiter: str) -> None:
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=delimiter)
    writer.writerows([("text", "label"), *rows])
    read = source(tmp_path, written.getvalue())
    assert read.columns == ("text", "label")
    assert read.faults == ()
    kept = [row for row in rows if any(row)]
    assert [(row.values["text"], row.values["label"]) for row in read.rows] == kept


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=repr)
def test_lines_end_as_they_end_anywhere(tmp_path: Path, newline: str) -> None:
    read = source(tmp_path, newline.join(["text,label", "one,a", "two,b", ""]))
    assert texts(read) == ["one", "two"]
    assert [row.line for row in read.rows] == [2, 3]


def test_mixed_endings_in_one_file_are_read_too(tmp_path: Path) -> None:
    read = source(tmp_path, "text,label\r\none,a\ntwo,b\r\nthree,c")
    assert texts(read) == ["one", "two", "three"]
    assert [row.line for row in read.rows] == [2, 3, 4]


def test_a_quoted_cell_may_hold_quotes_delimiters_and_lines_and_the_next_row_keeps_its_number(tmp_path: Path) -> None:
    read = source(tmp_path, 'text,label\n"He said ""no"", twice,\nand left",a\nnext,b\n')
    assert texts(read) == ['He said "no", twice,\nand left', "next"]
    assert [row.line for row in read.rows] == [2, 4]


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    read = source(tmp_path, b"\xef\xbb\xbftext,label\none,a\n")
    assert read.columns == ("text", "label")


def test_a_byte_order_mark_and_quoted_names_go_together(tmp_path: Path) -> None:
    assert source(tmp_path, b'\xef\xbb\xbf"text","label"\n"one","a"\n').columns == ("text", "label")


def test_names_are_trimmed_and_a_nameless_column_is_left_out(tmp_path: Path) -> None:
    read = source(tmp_path, " text , label ,\none,a,\n")
    assert read.columns == ("text", "label")
    assert texts(read) == ["one"]


@pytest.mark.parametrize("blank", ["", "\n", ",\n", ",,\n\n"])
def test_a_file_without_a_header_says_so(tmp_path: Path, blank: str) -> None:
    with pytest.raises(Failure, match="no header line"):
        source(tmp_path, blank)


def test_two_columns_of_one_name_cannot_be_told_apart(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="two columns named 'text'") as failed:
        source(tmp_path, "text,label,text\none,a,two\n")
    assert failed.value.code is ExitCode.WRONG_USAGE


@pytest.mark.parametrize(
    ("row", "says"),
    [("one", "has 1 cells where the header has 2"), ("one,a,b", "has 3 cells.*must be quoted")],
)
def test_a_row_of_another_width_is_a_fault_with_its_line_and_the_others_are_kept(
    tmp_path: Path, row: str, says: str
) -> None:
    read = source(tmp_path, f"text,label\nfirst,a\n{row}\nlast,b\n")
    assert texts(read) == ["first", "last"]
    [fault] = read.faults
    assert fault.line == 3
    assert re.search(says, fault.problem)


def test_empty_rows_are_nothing_and_no_fault(tmp_path: Path) -> None:
    read = source(tmp_path, "text,label\n\n,\none,a\n\n\n")
    assert texts(read) == ["one"]
    assert read.faults == ()
    assert read.rows[0].line == 4


@pytest.mark.parametrize("broken", ['"never closed,a\nmore', 'one,"a" b\n', '"a"b,c\n'])
def test_a_broken_quote_ends_the_file_there_and_what_came_before_is_kept(tmp_path: Path, broken: str) -> None:
    read = source(tmp_path, f"text,label\nkept,a\n{broken}")
    assert texts(read) == ["kept"]
    [fault] = read.faults
    assert fault.line == 3
    assert "from here on" in fault.problem


def test_a_cell_of_megabytes_is_read_and_one_of_more_is_a_fault(tmp_path: Path) -> None:
    assert len(str(texts(source(tmp_path, f"text,label\n{'x' * 3_000_000},a\n"))[0])) == 3_000_000
    read = source(tmp_path, f"text,label\nkept,a\n{'x' * 5_000_000},a\n")
    assert texts(read) == ["kept"]
    assert "field larger" in read.faults[0].problem


def test_a_nul_in_a_cell_is_kept_for_whoever_judges_texts(tmp_path: Path) -> None:
    read = source(tmp_path, b"text,label\na\x00b,c\nd,e\n")
    assert texts(read) == ["a\x00b", "d"]


@pytest.mark.parametrize(
    ("header", "delimiter"), [("a;b,c;d", ";"), ("a\tb", "\t"), ("a|b|c", "|"), ("a", ","), ("", ","), ("a;b,c", ",")]
)
def test_the_delimiter_is_what_stands_most_often_in_the_header(header: str, delimiter: str) -> None:
    assert delimiter_of(header) == delimiter


# -- jsonl

OBJECTS = st.dictionaries(
    st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=5),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | CELLS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(CELLS, inner, max_size=3),
        max_leaves=5,
    ),
    max_size=4,
)


@MODEST
@given(rows=st.lists(OBJECTS, min_size=1, max_size=5))
def test_one_object_a_line_is_read_as_it_is(tmp_path: Path, rows: list[dict[str, object]]) -> None:
    read = source(tmp_path, "\n".join(json.dumps(row) for row in rows), "rows.jsonl")
    assert [row.values for row in read.rows] == rows
    assert [row.line for row in read.rows] == list(range(1, len(rows) + 1))
    assert read.faults == ()


def test_columns_are_all_keys_there_are_and_objects_are_opened_one_level(tmp_path: Path) -> None:
    read = source(tmp_path, '{"a": 1, "context": {"text": "x", "user": "u"}}\n{"b": {}, "a": 2}\n', "rows.ndjson")
    assert read.columns == ("a", "context.text", "context.user")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{broken", "is not JSON"),
        ('{"n": NaN}', "NaN is no JSON value"),
        ('{"n": -Infinity}', "Infinity is no JSON value"),
        ("[1, 2]", "one JSON object"),
        ('"text"', "one JSON object"),
        ("null", "one JSON object"),
        ("{" + '"a":{' * 100_000, "is not JSON"),
    ],
    ids=["cut", "NaN", "Infinity", "array", "string", "null", "deep"],
)
def test_a_line_that_is_no_object_is_a_fault_and_the_others_are_kept(tmp_path: Path, line: str, says: str) -> None:
    read = source(tmp_path, f'{{"text": "first"}}\n{line}\n\n{{"text": "last"}}\n', "rows.jsonl")
    assert texts(read) == ["first", "last"]
    assert [fault.line for fault in read.faults] == [2]
    assert says in read.faults[0].problem


@pytest.mark.parametrize("content", ["[]", '[{"text": "a"}]', '[\n {"text": "a"}\n]'])
def test_an_array_is_told_apart_and_the_way_out_is_named(tmp_path: Path, content: str) -> None:
    with pytest.raises(Failure, match="one JSON array") as failed:
        source(tmp_path, content, "rows.json")
    assert "jq -c" in failed.value.next_step


# -- which of the two


@pytest.mark.parametrize(
    ("name", "content", "columns"),
    [
        ("rows.csv", "text\nx\n", ("text",)),
        ("rows.TSV", "text\tlabel\nx\ty\n", ("text", "label")),
        ("rows.jsonl", '{"text": "x"}\n', ("text",)),
        ("rows", '{"text": "x"}\n', ("text",)),
        ("rows", "text\nx\n", ("text",)),
        ("rows.dat", '{"text": "x"}', ("text",)),
    ],
)
def test_the_kind_is_told_by_the_name_else_by_the_first_character(
    tmp_path: Path, name: str, content: str, columns: tuple[str, ...]
) -> None:
    read = source(tmp_path, content, name)
    assert read.columns == columns
    assert len(read.rows) == 1


def test_a_named_format_counts_more_than_the_name_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('{"text": "x"}\n')
    assert read_source(path, Format.JSONL).columns == ("text",)


def test_gzip_is_opened_whatever_is_in_it(tmp_path: Path) -> None:
    packed = gzip.compress('{"text": "grün"}\n'.encode())
    assert texts(source(tmp_path, packed, "rows.jsonl.gz")) == ["grün"]
    assert texts(source(tmp_path, gzip.compress(b"text\nx\n"), "rows.csv.gz")) == ["x"]


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"text\nna\xefve\n", "rows.csv", "not UTF-8"),
        (b'{"text": "\xff"}', "rows.jsonl", "not UTF-8"),
        (gzip.compress(b"text\n" + b"x" * 1000)[:-12], "rows.csv.gz", "cannot be read"),
        (b"no gzip at all", "rows.csv.gz", "cannot be read"),
    ],
    ids=["latin-1", "a byte", "cut gzip", "no gzip"],
)
def test_what_is_no_text_says_what_to_do(tmp_path: Path, content: bytes, name: str, says: str) -> None:
    with pytest.raises(Failure, match=says) as failed:
        source(tmp_path, content, name)
    assert failed.value.code is ExitCode.WRONG_USAGE


def test_a_file_that_is_not_there_and_a_folder_are_no_files(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.csv", tmp_path):
        with pytest.raises(Failure, match="There is no file"):
            read_source(path)
