"""The rows of a figure in three forms: what a sheet, a script and a notebook read is the same, and none of it runs."""

from __future__ import annotations

import csv
import io
import json
import string
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from logbook import START, Logbook

from analytics.csv import Rows, Value, rows_csv
from analytics.pages.registry import PAGES
from analytics.report import ReportView, report
from analytics.row_files import FORMS, rows_as, rows_json, rows_parquet
from analytics.tabular import Col, duration, table_figure, values_of, written
from components.figure import Definition
from components.number import NOTHING
from suggest.domain.clock import parse_rfc3339, rfc3339
from suggest.domain.event import EventType
from suggest.domain.review import ReviewReason
from suggest.domain.slate import Decision

ABOUT = Definition(what="W.", formula="F.", caveat="C.")
NOW = START + timedelta(days=2)
FORMULAS = ("=1+1", "+1", "-1", "@sum(a1)", "\t=1", "\r=1", '=HYPERLINK("x")')
HOSTILE = ('";drop table rows;--', "a,b", "two\r\nlines", "<b>", "é\u2028\U0001f600", "'", "\\", "null", "")

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12) | st.sampled_from(HOSTILE + FORMULAS)
WHOLE = st.integers(-(2**62), 2**62)
FRACTION = st.floats(allow_nan=False, allow_infinity=False)
MOMENT = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1)).map(  # noqa: DTZ001
    lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000, tzinfo=timezone(timedelta(minutes=345)))
)
COLUMNS: tuple[st.SearchStrategy[Value], ...] = (TEXT, WHOLE, FRACTION, st.booleans(), MOMENT)


@st.composite
def tables(draw: st.DrawFn) -> Rows:
    """Typed columns as figures have them, with gaps."""
    kinds = draw(st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=5))
    row = st.tuples(*(st.none() | kind for kind in kinds))
    names = st.text(string.ascii_letters + "_.", min_size=1, max_size=3)
    return Rows(
        columns=tuple(draw(st.lists(names, min_size=len(kinds), max_size=len(kinds)))),
        values=tuple(draw(st.lists(row, max_size=6))),
    )


def from_csv(rows: Rows) -> tuple[list[str], list[list[str]]]:
    header, *body = csv.reader(io.StringIO(rows_csv(rows), newline=""))
    return header, body


def from_parquet(rows: Rows, work: Path) -> tuple[list[str], list[tuple[object, ...]]]:
    """Moments as microseconds since the epoch, so that no zone of the reader has a say."""
    file = work / "told.parquet"
    file.write_bytes(rows_parquet(rows, work))
    told = duckdb.read_parquet(str(file))
    names, types = told.columns, [str(each).lower() for each in told.types]
    cells = ", ".join(
        f'epoch_us("{name}")' if kind.startswith("timestamp") else f'"{name}"'
        for name, kind in zip(names, types, strict=True)
    )
    return names, told.project(cells).fetchall()


def as_a_sheet_has_it(value: object) -> str:
    """A cell by the rules of the CSV, worked out from what JSON says."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") and value else value
    return repr(value)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(tables())
def test_a_sheet_and_a_script_read_the_same_rows(rows: Rows) -> None:
    told = json.loads(rows_json(rows))
    header, body = from_csv(rows)
    assert tuple(header) == rows.columns
    assert [[as_a_sheet_has_it(value) for value in row.values()] for row in told] == body


@settings(max_examples=6, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=tables())
def test_a_notebook_reads_what_a_script_reads_under_the_same_names(tmp_path: Path, rows: Rows) -> None:
    names, stored = from_parquet(rows, tmp_path)
    told = json.loads(rows_json(rows))
    assert len(stored) == len(told) == len(rows.values)
    for given_row, stored_row, told_row in zip(rows.values, stored, told, strict=True):
        assert list(told_row) == names
        for value, kept in zip(given_row, stored_row, strict=True):
            if isinstance(value, datetime):
                assert kept == (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
            else:
                assert kept == value
                assert type(kept) is type(value)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(st.sampled_from(["a", "A", "a_2", "A_2", "a.b", "a_b", "a-b", "b"]), min_size=1, max_size=9))
def test_no_column_is_lost_to_another_of_the_same_name(columns: list[str]) -> None:
    told = json.loads(rows_json(Rows(columns=tuple(columns), values=(tuple(range(len(columns))),))))[0]
    assert list(told.values()) == list(range(len(columns)))
    assert len({name.lower() for name in told}) == len(columns), "a notebook tells no cases apart"
    assert all(set(name) <= set(string.ascii_letters + string.digits + "_") for name in told)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([True, None, False], "BOOLEAN"),
        ([1, None, -3], "BIGINT"),
        ([1, 0.5], "DOUBLE"),
        ([None, 0.25], "DOUBLE"),
        ([START, None], "TIMESTAMP WITH TIME ZONE"),
        (["a", None], "VARCHAR"),
        ([1, "a"], "VARCHAR"),
        ([True, 1], "VARCHAR"),
        ([None, None], "VARCHAR"),
        ([], "VARCHAR"),
    ],
)
def test_a_column_is_typed_by_what_is_known_in_it(tmp_path: Path, values: list[Value], kind: str) -> None:
    rows = Rows(columns=("x",), values=tuple((value,) for value in values))
    (tmp_path / "x.parquet").write_bytes(rows_parquet(rows, tmp_path))
    told = duckdb.read_parquet(str(tmp_path / "x.parquet"))
    assert [str(each) for each in told.types] == [kind]
    assert len(told) == len(values)


def test_the_file_behind_a_notebook_is_gone_again_even_where_it_fails(tmp_path: Path) -> None:
    work = tmp_path / "it's a folder" / "deeper"
    assert rows_parquet(Rows(columns=("x",), values=((1,),)), work)[:4] == b"PAR1"
    with pytest.raises(duckdb.Error):
        rows_parquet(Rows(columns=("x",), values=((2**70,),)), work)
    assert list(work.iterdir()) == []


def test_a_form_is_one_of_three_and_each_says_what_it_is(tmp_path: Path) -> None:
    rows = Rows(columns=("at", "n"), values=((START, 1),))
    made = {form: rows_as(form, rows, tmp_path) for form in FORMS}
    assert made["csv"] == b"at,n\r\n2026-03-02T08:00:00.000Z,1\r\n"
    assert json.loads(made["json"]) == [{"at": "2026-03-02T08:00:00.000Z", "n": 1}]
    assert made["parquet"].startswith(b"PAR1")
    assert FORMS["csv"].endswith("charset=utf-8")


def test_a_time_is_told_in_utc_whatever_zone_it_came_in() -> None:
    """02:30 on the last Sunday of October comes twice in Berlin; one hour lies between the two."""
    first, second = (datetime(2026, 10, 25, 2, 30, tzinfo=timezone(timedelta(hours=h))) for h in (2, 1))
    rows = Rows(columns=("at",), values=((first,), (second,)))
    told = [parse_rfc3339(each["at"]) for each in json.loads(rows_json(rows))]
    assert told[1] - told[0] == timedelta(hours=1)
    assert [line for (line,) in from_csv(rows)[1]] == [rfc3339(each) for each in told]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_sheet_would_run_is_text_there_and_untouched_elsewhere(tmp_path: Path, text: str) -> None:
    rows = Rows(columns=("x",), values=((text,),))
    assert from_csv(rows)[1] == [[f"'{text}"]]
    assert json.loads(rows_json(rows)) == [{"x": text}]
    assert from_parquet(rows, tmp_path)[1] == [(text,)]


@pytest.mark.parametrize("values", [((1,),), ((1, 2, 3),), ((1, 2), ())])
def test_a_row_has_one_value_a_column(values: tuple[tuple[Value, ...], ...]) -> None:
    with pytest.raises(ValueError, match="one value a column"):
        Rows(columns=("a", "b"), values=values)


# -- the rows of real reports


def a_report(book: Logbook, n: int) -> ReportView:
    """Every figure of a surface asked n times in two groups, the fields named like columns of ours."""
    book.surface("s")
    for number in range(n):
        slate = book.slate(
            "s",
            at=START + timedelta(minutes=17 * number),
            decision=(Decision.SHOW, Decision.ESCALATE, Decision.SHOW)[number % 3],
            fields={"Seen": ("=a", "b")[number % 2], 'quo"ted': number % 2, "low.er": number % 2},
        )
        if number % 3 == 1:
            book.verdict(slate, book.review(slate, ReviewReason.ESCALATED), "refund" if number % 2 else None)
        elif number % 4:
            book.event(slate, EventType.VIEW)
            if number % 4 == 1:
                book.event(slate, EventType.SELECT, item=slate.items[0].id)
    with book.opened(at=NOW) as opened:
        return report(opened, "s", now=NOW)


def test_every_figure_has_as_many_rows_in_every_form(book: Logbook, tmp_path: Path) -> None:
    view = a_report(book, 48)
    assert len(view.figures) > len(PAGES)
    for drawn in view.figures:
        told = json.loads(rows_as("json", drawn.rows, tmp_path))
        body = from_csv(drawn.rows)[1]
        assert len(told) == len(body) == len(drawn.rows.values), drawn.figure.id
        assert [[as_a_sheet_has_it(value) for value in row.values()] for row in told] == body
        if drawn.figure.id.startswith("funnel-by"):
            names, stored = from_parquet(drawn.rows, tmp_path)
            assert len(stored) == len(told)
            assert all(list(row) == names for row in told)


def test_one_field_with_a_quote_in_its_name_does_not_take_the_report_away(book: Logbook) -> None:
    book.slate("s", fields={"Seen": "a", 'quo"ted': 0, "low.er": 0})
    book.slate("s", fields={"Seen": "b", 'quo"ted': 1, "low.er": 1})
    with book.opened(at=NOW) as opened:
        view = report(opened, "s", now=NOW, page="funnel")
    assert [name for name, _ in view.fields] == ["Seen", "low.er"]
    assert view.n_requests == 2


# -- tables


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        (None, "share", NOTHING),
        (0.0, "share", "0.0%"),
        (-0.5, "points", "-50.0 pt"),
        (0, "points", "+0.0 pt"),
        (1_234, "count", "1,234"),
        (2.5, "count", "2"),
        (True, "count", "yes"),
        (False, "share", "no"),
        (START, "text", "2 Mar 2026, 08:00 UTC"),
        ("12", "share", "12"),
        (float("nan"), "share", NOTHING),
        (float("nan"), "decimal", NOTHING),
        (59.94, "seconds", "59.9 s"),
        (60, "seconds", "1.0 min"),
        (3_599, "seconds", "60.0 min"),
        (-7_200, "seconds", "-2.0 h"),
        (86_400 * 1_234.5, "seconds", "1,234.5 d"),
    ],
)
def test_a_value_is_written_by_its_kind(value: Value, kind: object, said: str) -> None:
    assert written(value, kind) == said  # type: ignore[arg-type]


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.floats(0, 1e9))
def test_a_length_of_time_is_what_it_says_to_the_last_digit_written(seconds: float) -> None:
    number, unit = duration(seconds).split()
    length = {"s": 1, "min": 60, "h": 3_600, "d": 86_400}[unit]
    assert abs(float(number.replace(",", "")) * length - seconds) <= 0.05 * length * (1 + 1e-9) + 1e-6


def test_a_table_writes_its_cells_from_its_rows_and_words_stand_left() -> None:
    made = table_figure(
        id="t",
        title="T",
        definition=ABOUT,
        columns=(
            Col(name="at", label="when", kind="moment"),
            Col(name="who", label="who", kind="text"),
            Col(name="n", label="times"),
            Col(name="note", label="note", kind="text"),
        ),
        values=[(START, "ann", 1_000, None)],
        sample="1 row",
    )
    assert made.rows.values == ((START, "ann", 1_000, None),)
    assert made.figure.table is not None
    assert made.figure.table.rows == (("2\u00a0Mar\u00a02026, 08:00\u00a0UTC", "ann", "1,000", NOTHING),)
    assert [column.number for column in made.figure.table.columns] == [False, False, True, False]
    assert [column.label for column in made.figure.table.columns] == ["When", "Who", "Times", "Note"]


def test_a_row_that_does_not_fit_its_columns_is_no_table() -> None:
    with pytest.raises(ValueError, match="one value a column"):
        table_figure(
            id="t",
            title="T",
            definition=ABOUT,
            columns=(Col(name="a", label="a"),),
            values=[(1, 2)],
            cells=[],
            sample="",
        )


def test_columns_are_picked_by_name_in_the_order_asked() -> None:
    assert values_of({"a": 1, "b": None, "c": "x"}, "c", "a", "b") == ("x", 1, None)
    with pytest.raises(KeyError):
        values_of({"a": 1}, "b")
