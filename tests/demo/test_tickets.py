"""A visitor's own CSV: whatever a spreadsheet writes is read, and what is wrong is said with its line."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suggest.demo.tickets import (
    LARGEST_FILE,
    LONGEST_TEXT,
    MOST_PROBLEMS,
    Problem,
    Sheet,
    Unreadable,
    choose,
    guess_columns,
    read_sheet,
    told,
)

SAMPLE = Path(__file__).parents[2] / "examples" / "tickets.csv"


def a_sheet(*rows: str, head: str = "message,answer") -> Sheet:
    return read_sheet("\n".join((head, *rows)).encode())


def cells_of(sheet: Sheet) -> list[tuple[str, ...]]:
    return [cells for _, cells in sheet.rows]


def test_the_sample_is_read_whole() -> None:
    sheet = read_sheet(SAMPLE.read_bytes())
    assert sheet.columns == ("message", "answer")
    assert len(sheet.rows) == 60
    assert sheet.problems == ()
    assert guess_columns(sheet) == (0, 1)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    content = f"question{delimiter}reply\nOpen on Sunday?{delimiter}No.\nAnd Monday?{delimiter}From nine.\n"
    sheet = read_sheet(content.encode())
    assert sheet.delimiter == delimiter
    assert cells_of(sheet) == [("Open on Sunday?", "No."), ("And Monday?", "From nine.")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_letters_of_spreadsheets_are_read(encoding: str) -> None:
    sheet = read_sheet("message,answer\nWas kostet es?,Fünf Euro\n".encode(encoding))
    assert sheet.columns[0] == "message"
    assert cells_of(sheet) == [("Was kostet es?", "Fünf Euro")]


def test_quotes_commas_and_line_breaks_inside_a_cell_belong_to_it() -> None:
    sheet = a_sheet('"Does it say ""hello"", or not?","Yes.\nIt does."', "next,row")
    assert cells_of(sheet)[0] == ('Does it say "hello", or not?', "Yes.\nIt does.")
    assert [line for line, _ in sheet.rows] == [2, 4], "lines as an editor counts them"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_both_line_ends_are_read(newline: str) -> None:
    sheet = read_sheet(newline.join(("message,answer", "a?,b", "c?,d", "")).encode())
    assert cells_of(sheet) == [("a?", "b"), ("c?", "d")]


def test_a_row_of_another_length_is_left_out_with_its_line() -> None:
    sheet = a_sheet("one,two", "only one", "a,b,c", "three,four")
    assert cells_of(sheet) == [("one", "two"), ("three", "four")]
    assert [(problem.line, problem.text.split()[1]) for problem in sheet.problems] == [(3, "1"), (4, "3")]


def test_empty_lines_are_passed_over() -> None:
    assert len(a_sheet("", "one,two", " , ", "three,four").rows) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"message,answer\n", "no rows"),
        (b"just one column\nand a row\n", "Only one column"),
        (b"PK\x03\x04rest of a workbook", "spreadsheet"),
        (b"\xd0\xcf\x11\xe0 an old workbook", "spreadsheet"),
        (b"message,answer\na\x00b,c\n", "not a text file"),
        (b"x" * (LARGEST_FILE + 1), "larger than 8 MB"),
        (b'message,answer\n"never closed,b\n', "Line 2"),
        (b'message,answer\n"quote" after,b\n', "Line 2"),
    ],
)
def test_what_is_no_table_is_refused_with_what_would_help(content: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        read_sheet(content)


def test_columns_without_a_name_get_one() -> None:
    assert a_sheet("a,b,c", head="message,,answer").columns == ("message", "Column 2", "answer")


@pytest.mark.parametrize(
    ("head", "guessed"),
    [
        ("id,Customer message,Agent reply,rating", (1, 2)),
        ("answer,question", (1, 0)),
        ("ticket text,resolution,date", (0, 1)),
        ("created,Response,Request", (2, 1)),
    ],
)
def test_columns_are_guessed_by_name(head: str, guessed: tuple[int, int]) -> None:
    row = ",".join("cell" for _ in head.split(","))
    assert guess_columns(a_sheet(row, head=head)) == guessed


def test_without_telling_names_the_two_longest_columns_are_guessed() -> None:
    sheet = a_sheet("17,where is my parcel today,2026,it is on its way to you now", head="a,b,c,d")
    assert guess_columns(sheet) == (1, 3)


def test_the_chosen_columns_become_pairs() -> None:
    chosen = choose(a_sheet(" one? , two ", "three?,two"), message=0, answer=1)
    assert chosen.pairs == (("one?", "two"), ("three?", "two"))
    assert chosen.answers == ("two",)


def test_answers_come_most_given_first() -> None:
    chosen = choose(a_sheet("a,rare", "b,often", "c,often"), message=0, answer=1)
    assert chosen.answers == ("often", "rare")


def test_rows_without_both_are_told_in_order_with_those_of_the_table() -> None:
    chosen = choose(a_sheet("one,", "too,many,cells", ",two", "three,four"), message=0, answer=1)
    assert chosen.pairs == (("three", "four"),)
    assert [problem.line for problem in chosen.problems] == [2, 3, 4]
    assert "answer is empty" in chosen.problems[0].text
    assert "message is empty" in chosen.problems[2].text


def test_a_text_that_is_no_reply_is_left_out() -> None:
    chosen = choose(a_sheet(f"long,{'x' * (LONGEST_TEXT + 1)}", "a,b"), message=0, answer=1)
    assert chosen.pairs == (("a", "b"),)
    assert "8,000" in chosen.problems[0].text


def test_columns_with_nothing_in_common_are_refused() -> None:
    with pytest.raises(Unreadable, match="choose other columns"):
        choose(a_sheet("one,", ",two"), message=0, answer=1)


def test_only_the_first_problems_are_told_one_by_one() -> None:
    assert len(told([Problem(line=i, text="x") for i in range(100)])) == MOST_PROBLEMS


_CELL = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=("Cs",)), min_size=1, max_size=30
)


@given(st.lists(st.tuples(_CELL, _CELL), min_size=1, max_size=8), st.sampled_from(",;\t|"))
def test_what_a_spreadsheet_writes_is_read_or_refused_and_never_half(
    rows: list[tuple[str, str]], delimiter: str
) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(("message", "answer"))
    writer.writerows(rows)
    try:
        sheet = read_sheet(out.getvalue().encode())
    except Unreadable:
        return
    assert all(len(cells) == len(sheet.columns) for _, cells in sheet.rows)
    assert all(line >= 2 for line, _ in sheet.rows)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_table_or_unreadable_and_nothing_else(content: bytes) -> None:
    try:
        sheet = read_sheet(content)
    except Unreadable:
        return
    assert len(sheet.columns) >= 2
    guess = guess_columns(sheet)
    assert guess[0] != guess[1]
