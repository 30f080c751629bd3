"""From the row of a file to the body of a call: columns found by their names, values read as people write them, and
each row that cannot be meant named by field and reason."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.cli.failure import ExitCode, Failure
from suggest.cli.importing.candidates import candidate_body
from suggest.cli.importing.catalogue import Catalogue, candidate_bodies, id_for, words_of
from suggest.cli.importing.columns import Columns, Wrong, find_columns, is_yes, parse_maps, require, value_at
from suggest.cli.importing.context import context_body
from suggest.cli.importing.kind import TARGETS, Kind
from suggest.cli.importing.labels import label_body
from suggest.cli.importing.outcome import SHOWN_FAULTS, ImportOutcome
from suggest.cli.importing.past_slates import Group, SlateNames, group_rows, past_slate_body
from suggest.cli.importing.sending import BYTES_AT_ONCE, ROWS_AT_ONCE, Ready, batches
from suggest.cli.importing.source import Fault, Row
from suggest.domain.text import check_id, check_text

MODEST = settings(max_examples=60, deadline=None, derandomize=True)


def row(line: int = 2, **values: object) -> Row:
    return Row(line=line, values=values)


def columns_of(kind: Kind, values: Mapping[str, object], **asked: str) -> Columns:
    paths = [
        f"{name}.{inner}" if isinstance(value, dict) else name
        for name, value in values.items()
        for inner in (value if isinstance(value, dict) else [""])
    ]
    return find_columns(kind, paths, asked)


# -- which column means what


@pytest.mark.parametrize(
    ("kind", "names", "expected"),
    [
        (Kind.LABELS, ["message", "intent"], {"text": "message", "item": "intent"}),
        (Kind.LABELS, ["Customer Message", "text", "Label"], {"text": "text", "item": "Label"}),
        (Kind.LABELS, ["utterance", "categoryId", "Created At"], {"text": "utterance", "at": "Created At"}),
        (Kind.LABELS, ["context.text", "item"], {"text": "context.text", "item": "item"}),
        (Kind.CANDIDATES, ["Slug", "Reply"], {"id": "Slug", "text": "Reply"}),
        (Kind.CANDIDATES, ["name", "title", "TAGS"], {"id": "name", "text": "title", "tags": "TAGS"}),
        (Kind.LOG, ["sessionId", "shownAtMs", "selectedPos"], {"session": "sessionId", "at": "shownAtMs"}),
    ],
)
def test_columns_are_found_by_the_names_people_give_them(
    kind: Kind, names: list[str], expected: dict[str, str]
) -> None:
    found = find_columns(kind, names, {}).by_target
    assert {target: found.get(target) for target in expected} == expected


def test_a_column_is_taken_once_and_the_likeliest_name_wins() -> None:
    found = find_columns(Kind.LABELS, ["label", "item", "text"], {}).by_target
    assert found["item"] == "item"
    assert "label" not in found.values()


def test_what_the_caller_says_counts_and_frees_the_rest() -> None:
    asked = parse_maps(["text = body ", "fields.plan=tier"], Kind.LABELS)
    found = find_columns(Kind.LABELS, ["text", "body", "tier", "item"], asked).by_target
    assert found["text"] == "body"
    assert found["fields.plan"] == "tier"
    assert found["item"] == "item"


@pytest.mark.parametrize("wrong", ["text", "=x", "text=", "nobody=x", "fields.=x", ""])
def test_a_map_that_cannot_be_meant_names_the_targets_there_are(wrong: str) -> None:
    with pytest.raises(Failure) as failed:
        parse_maps([wrong], Kind.LABELS)
    assert failed.value.code is ExitCode.WRONG_USAGE
    assert "fields.NAME" in failed.value.next_step


def test_a_column_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(Failure, match="no column 'body'") as failed:
        find_columns(Kind.LABELS, ["text", "item"], {"text": "body"})
    assert "text, item" in failed.value.next_step
    with pytest.raises(Failure, match="text or id"):
        require(find_columns(Kind.CANDIDATES, ["colour"], {}), ["colour"], "text", "id")


def test_every_usual_name_leads_to_a_target_of_its_own() -> None:
    for kind in Kind:
        for target, names in TARGETS[kind].items():
            for name in names:
                assert name in find_columns(kind, [name], {}).by_target.values(), (kind, target, name)


def test_a_dotted_path_reaches_into_objects_and_a_dot_in_a_name_is_a_name() -> None:
    assert value_at({"context": {"text": "x"}}, "context.text") == "x"
    assert value_at({"context.text": "y", "context": {"text": "x"}}, "context.text") == "y"
    assert value_at({"context": "flat"}, "context.text") is None
    assert value_at({}, "a.b.c") is None


# -- values as people write them


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z"),
        ("2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05.000Z"),
        ("2026-01-02 03:04:05", "2026-01-02T03:04:05.000Z"),
        ("2026-01-02", "2026-01-02T00:00:00.000Z"),
        ("1767323045", "2026-01-02T03:04:05.000Z"),
        ("1767323045000", "2026-01-02T03:04:05.000Z"),
        (1767323045, "2026-01-02T03:04:05.000Z"),
        (1767323045678.0, "2026-01-02T03:04:05.678Z"),
        ("", None),
        ("   ", None),
        (None, None),
    ],
    ids=str,
)
def test_a_time_is_read_in_every_form_a_log_has(said: object, expected: str | None) -> None:
    assert columns_of(Kind.LABELS, {"at": said}).moment(row(at=said), "at") == expected


@pytest.mark.parametrize("said", ["soon", "2026-13-01", True, "0001-01-01T00:00:00+05:00", 1e300, -1e300, "12.5.2026"])
def test_what_is_no_time_is_wrong_by_name(said: object) -> None:
    with pytest.raises(Wrong) as wrong:
        columns_of(Kind.LABELS, {"at": said}).moment(row(at=said), "at")
    assert wrong.value.field == "at"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        *((yes, True) for yes in ("1", "TRUE", "yes", "x", 1, True, "selected")),
        *((no, False) for no in ("0", "", "No", "none", 0, False, None)),
    ],
    ids=str,
)
def test_a_flag_is_on_unless_it_is_plainly_a_no(said: object, expected: bool) -> None:
    assert is_yes(said) is expected


def test_numbers_of_json_are_texts_where_a_text_is_wanted_and_truths_are_not() -> None:
    columns = columns_of(Kind.LABELS, {"text": 1})
    assert columns.text(row(text=12), "text") == "12"
    assert columns.text(row(text=12.0), "text") == "12"
    assert columns.text(row(text=" x "), "text") == " x "
    for said in (True, ["x"], {"a": 1}):
        with pytest.raises(Wrong, match="must be a text"):
            columns.text(row(text=said), "text")


# -- candidates


def candidate(**values: object) -> dict[str, object]:
    return candidate_body(row(**values), columns_of(Kind.CANDIDATES, values))


def test_an_id_alone_is_read_as_words_and_words_alone_get_an_id() -> None:
    assert candidate(id="card_arrival") == {"id": "card_arrival", "text": "card arrival"}
    made = candidate(text="We refund the money within five days.")
    assert made["text"] == "We refund the money within five days."
    assert str(made["id"]).startswith("we-refund-the-money")
    assert candidate(text="  we REFUND the money within five days.")["id"] == made["id"], "the same words, the same id"


def test_tags_come_as_a_list_or_between_commas() -> None:
    assert candidate(id="a", text="b", tags="x, y;z|")["tags"] == ["x", "y", "z"]
    assert candidate(id="a", text="b", tags=["x", " ", 3])["tags"] == ["x", "3"]
    assert "tags" not in candidate(id="a", text="b", tags=" ; ")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"id": "", "text": ""}, "text"),
        ({"id": "x" * 201, "text": "b"}, "id"),
        ({"id": "a\x00b", "text": "b"}, "id"),
        ({"id": "a", "text": "b\x00"}, "text"),
        ({"id": "a", "text": "x" * 40_000}, "text"),
        ({"id": "a", "text": ["b"]}, "text"),
    ],
    ids=["empty", "long id", "control", "NUL", "long text", "a list"],
)
def test_a_candidate_that_cannot_be_is_wrong_by_field(values: dict[str, object], field: str) -> None:
    with pytest.raises(Wrong) as wrong:
        candidate(**values)
    assert wrong.value.field == field


@MODEST
@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=60))
def test_every_text_has_an_id_that_is_one_and_never_changes(text: str) -> None:
    if not text.strip():
        return
    made = id_for(text)
    check_id(made, name="id", longest=200)
    check_text(words_of(text), name="text")
    assert id_for(text) == made == id_for(f"  {text}\n")


def test_options_known_by_words_alone_are_told_apart_whatever_the_alphabet() -> None:
    ids = {
        id_for(text) for text in ("はい、そうです", "いいえ、違います", "...!", "???", "yes, it is", "no, it is not")
    }
    assert len(ids) == 6


# -- the catalogue


def test_an_answer_is_found_by_its_id_and_by_its_words() -> None:
    catalogue = Catalogue([("track", "Track your parcel"), ("size", "The size chart")])
    assert catalogue.find("track") == "track"
    assert catalogue.find("  the SIZE   chart ") == "size"
    assert catalogue.find("nobody") is None
    assert catalogue.find_or_create("nobody") is None, "none is made unasked"
    assert len(catalogue) == 2


def test_where_it_may_a_new_answer_becomes_a_candidate_once() -> None:
    catalogue = Catalogue([("track", "Track your parcel")], may_create=True)
    made = catalogue.find_or_create("Ask at the counter, please.")
    assert made is not None
    assert catalogue.find_or_create("ask at the COUNTER, please.") == made
    assert candidate_bodies(catalogue.created) == [{"id": made, "text": "Ask at the counter, please."}]


# -- contexts and labels


def test_a_context_keeps_what_the_row_says_of_it() -> None:
    values: dict[str, object] = {
        "message": " hi ",
        "user_id": " ann ",
        "conversation": "c1",
        "history": '[{"role": "agent", "text": "Hello"}, {"text": " "}, {"text": "and?"}]',
        "tier": "gold",
    }
    columns = find_columns(Kind.LABELS, list(values), {"fields.plan": "tier"})
    assert context_body(Row(line=2, values=values), columns) == {
        "text": " hi ",
        "user": "ann",
        "session": "c1",
        "turns": [{"role": "agent", "text": "Hello"}, {"role": "user", "text": "and?"}],
        "fields": {"plan": "gold"},
    }


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": "a\x00"}, "text"),
        ({"text": "a", "user": "x" * 201}, "user"),
        ({"text": "a", "session": "a\tb"}, "session"),
        ({"text": "a", "turns": "no json"}, "turns"),
        ({"text": "a", "turns": '{"text": "x"}'}, "turns"),
        ({"text": "a", "turns": [{"role": "agent"}]}, "turns"),
        ({"text": "a", "turns": ["x"]}, "turns"),
    ],
    ids=str,
)
def test_a_context_that_cannot_be_is_wrong_by_field(values: dict[str, object], field: str) -> None:
    with pytest.raises(Wrong) as wrong:
        context_body(row(**values), columns_of(Kind.LABELS, values))
    assert wrong.value.field == field


def label(none_values: frozenset[str] = frozenset(), may_create: bool = False, **values: object) -> dict[str, object]:
    catalogue = Catalogue([("track", "Track your parcel")], may_create=may_create)
    columns = columns_of(Kind.LABELS, values)
    return label_body(row(**values), columns, catalogue, surface="s", none_values=none_values)


def test_none_of_them_is_an_answer_where_it_is_said_and_an_empty_cell_is_not() -> None:
    assert label(text="x", item=None)["item"] is None, "a null of JSON was written down"
    assert label(text="x", item="oos", none_values=frozenset({"oos"}))["item"] is None
    assert label(text="x", item="", none_values=frozenset({""}))["item"] is None
    with pytest.raises(Wrong, match='say --none ""'):
        label(text="x", item="")
    with pytest.raises(Wrong, match="--create-candidates"):
        label(text="x", item="nobody")


def test_a_label_names_its_candidate_its_surface_and_its_time() -> None:
    made = label(text="x", item="track your PARCEL", at="2026-01-02")
    assert made == {"surface": "s", "context": {"text": "x"}, "item": "track", "at": "2026-01-02T00:00:00.000Z"}
    assert label(text="x", item="new_answer", may_create=True)["item"] == "new_answer"


# -- past slates


def past(*rows: Mapping[str, object], **asked: str) -> list[dict[str, object]]:
    catalogue = Catalogue([("a", "Answer A"), ("b", "Answer B"), ("c", "Answer C")])
    read = [Row(line=n + 2, values=values) for n, values in enumerate(rows)]
    columns = find_columns(Kind.LOG, list(dict.fromkeys(name for values in rows for name in values)), asked)
    names = SlateNames()
    return [past_slate_body(group, columns, catalogue, names) for group in group_rows(read, columns)]


def test_a_row_a_slate_keeps_the_order_and_the_choice() -> None:
    [slate] = past({"text": "hi", "shown": '["b", "a", "Something else"]', "chosen": "a", "id": "s1"})
    assert slate == {
        "id": "s1",
        "context": {"text": "hi"},
        "shown": [{"id": "b"}, {"id": "a"}, {"text": "Something else"}],
        "chosen": "a",
    }


def test_options_may_be_objects_with_positions_and_propensities() -> None:
    shown = [{"label": "Answer B", "rank": 2, "propensity": "0.25"}, {"item_id": "a", "rank": 1}]
    [slate] = past({"text": "hi", "shown": shown, "selected_pos": 1})
    assert slate["shown"] == [{"id": "a"}, {"text": "Answer B", "propensity": 0.25, "id": "b"}]
    assert slate["chosen"] == "b"


def test_a_row_an_option_is_gathered_by_its_slate_wherever_it_stands() -> None:
    rows = [
        {"slate": "s1", "item": "b", "rank": "2", "clicked": "1", "message": "hi"},
        {"slate": "s2", "item": "c", "rank": "1", "clicked": "0", "message": "ho"},
        {"slate": "s1", "item": "a", "rank": "1", "clicked": "0", "message": "hi"},
    ]
    first, second = past(*rows)
    assert (first["id"], first["shown"], first["chosen"]) == ("s1", [{"id": "a"}, {"id": "b"}], "b")
    assert (second["id"], second["shown"]) == ("s2", [{"id": "c"}])
    assert "chosen" not in second


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"shown": "no json"}, "shown"),
        ({"shown": "[]"}, "shown"),
        ({"shown": [7]}, "shown"),
        ({"shown": [{"colour": "red"}]}, "shown"),
        ({"shown": ["a"], "chosen": "z"}, "chosen"),
        ({"shown": ["a"], "chosen": True}, "chosen"),
        ({"shown": ["a"], "chosen_position": "1"}, "chosen_position"),
        ({"shown": ["a"], "chosen_position": "first"}, "chosen_position"),
        ({"shown": [{"id": "a", "propensity": 0}]}, "propensity"),
        ({"shown": [{"id": "a", "propensity": "often"}]}, "propensity"),
        ({"shown": ["a"], "outcome": "shrugged"}, "outcome"),
        ({"shown": ["a"], "outcome": "selected"}, "outcome"),
        ({"shown": ["a"], "chosen": "a", "outcome": "dismissed"}, "outcome"),
        ({"shown": ["a"], "at": "soon"}, "at"),
    ],
    ids=lambda values: json.dumps(values)[:60] if isinstance(values, dict) else None,
)
def test_a_slate_that_cannot_be_meant_is_wrong_by_field(values: dict[str, object], field: str) -> None:
    with pytest.raises(Wrong) as wrong:
        past({"text": "hi", **values})
    assert wrong.value.field == field


@pytest.mark.parametrize("place", ["nan", "inf", "0.5"])
def test_a_chosen_position_is_a_place_among_the_options(place: str) -> None:
    with pytest.raises(Wrong, match="is not a place"):
        past({"text": "hi", "shown": ["a", "b"], "chosen_position": place})


def test_two_choices_in_one_slate_are_one_too_many() -> None:
    rows = [{"slate": "s", "item": item, "clicked": "yes", "message": "hi"} for item in ("a", "b")]
    with pytest.raises(Wrong, match="2 options"):
        past(*rows)


def test_rows_without_a_name_of_their_own_are_told_apart_and_named_the_same_again() -> None:
    same = {"text": "hi", "shown": ["a"]}
    first, second, other = past(same, same, {"text": "ho", "shown": ["a"]})
    assert len({first["id"], second["id"], other["id"]}) == 3
    assert [each["id"] for each in past(same, same)] == [first["id"], second["id"]]
    long = SlateNames().name("x" * 500, {})
    assert len(long) == 32
    assert SlateNames().name("x" * 500, {"else": 1}) == long


def test_a_group_stands_where_its_first_row_stood() -> None:
    assert Group(rows=(row(7), row(3))).line == 7


# -- sending


@MODEST
@given(st.lists(st.integers(0, 400_000), max_size=30))
def test_batches_hold_all_rows_in_order_and_are_small_enough(sizes: list[int]) -> None:
    rows = [Ready(line=n, body={"x": "y" * size}) for n, size in enumerate(sizes)]
    cut = list(batches(rows))
    assert [each for batch in cut for each in batch] == rows
    for batch in cut:
        assert 1 <= len(batch) <= ROWS_AT_ONCE
        assert len(batch) == 1 or sum(len(json.dumps(each.body)) for each in batch) <= BYTES_AT_ONCE


def test_a_batch_is_at_most_so_many_rows() -> None:
    rows = [Ready(line=n, body={}) for n in range(2 * ROWS_AT_ONCE + 1)]
    assert [len(batch) for batch in batches(rows)] == [ROWS_AT_ONCE, ROWS_AT_ONCE, 1]


# -- what it came to


def outcome(**more: Any) -> ImportOutcome:
    return ImportOutcome(file="rows.csv", surface="s", kind="labels", rows=1200, **more)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"accepted": 2}, ExitCode.DONE),
        ({"duplicates": 2}, ExitCode.DONE),
        ({"accepted": 1, "faults": [Fault(line=3, problem="is empty")]}, ExitCode.DONE_IN_PART),
        ({"faults": [Fault(line=3, problem="is empty")]}, ExitCode.NOTHING_DONE),
        ({}, ExitCode.NOTHING_DONE),
    ],
    ids=["all", "known", "in part", "only faults", "nothing"],
)
def test_the_exit_code_says_how_much_was_done(more: dict[str, Any], code: ExitCode) -> None:
    assert outcome(**more).exit_code is code


def test_people_read_counts_the_first_faults_and_the_rest_by_kind(tmp_path: Path) -> None:
    faults = [Fault(line=n, problem="is empty", field="text" if n % 2 else "item") for n in range(2, 40)]
    told = outcome(accepted=1100, duplicates=62, candidates_created=7, faults=faults)
    said = list(told.lines())
    assert said[0] == "rows.csv: 1,100 of 1,200 labels imported into s."
    assert any("7 new candidates" in line for line in said)
    assert any("62 were known already" in line for line in said)
    assert sum(line.startswith("    line ") for line in said) == SHOWN_FAULTS
    assert any("18 more" in line for line in said)
    told.write(tmp_path / "deep" / "faults.csv")
    with (tmp_path / "deep" / "faults.csv").open(newline="") as file:
        written = list(csv.reader(file))
    assert written[0] == ["line", "field", "problem"]
    assert len(written) == len(faults) + 1
    assert len(told.as_json()["faults"]) == SHOWN_FAULTS  # type: ignore[arg-type]  # a list
    assert told.as_json()["skipped"] == len(faults)


def test_a_dry_run_says_would() -> None:
    assert "would be imported" in next(iter(outcome(accepted=1, is_dry_run=True).lines()))
