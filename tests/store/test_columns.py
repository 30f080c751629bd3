"""Values to columns: what fits is stored as it is, what does not is refused by table and column, before the writer."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.builders import NOON, a_label, a_review, a_slate, a_verdict, an_event
from suggest.domain.candidate import Candidate
from suggest.domain.context import Context, Turn
from suggest.domain.event import EventType
from suggest.domain.slate import Pool, SlateItem
from suggest.store.columns import (
    Columns,
    bundle_row_id,
    candidate_row_id,
    from_column,
    json_text,
    naive_utc,
)
from suggest.store.embedded import EmbeddedStore
from suggest.store.ports import Record, Table
from suggest.store.records import (
    candidate_of,
    candidate_record,
    context_json,
    context_of,
    event_of,
    event_record,
    label_of,
    label_record,
    review_of,
    review_record,
    slate_of,
    slate_record,
    verdict_of,
    verdict_record,
)

MODEST = settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
TYPES = {
    "sequence": "BIGINT",
    "eid": "VARCHAR",
    "n": "INTEGER",
    "big": "BIGINT",
    "p": "DOUBLE",
    "flag": "BOOLEAN",
    "at": "TIMESTAMP",
    "raw": "BLOB",
    "fields": "JSON",
    "ids": "VARCHAR[]",
    "logits": "FLOAT[]",
}
COLUMNS = Columns(Table.EVENTS, TYPES)
EARLIER = datetime(2026, 3, 1, 13, tzinfo=timezone(timedelta(hours=1)))


def row(**values: object) -> Any:
    return COLUMNS.row(Record(Table.EVENTS, "e1", {"eid": "e1", **values}))


def stored(**values: object) -> Any:
    (name,) = values
    return dict(zip(COLUMNS.types, row(**values).values, strict=True))[name]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"n": 2**31 - 1}, 2**31 - 1),
        ({"n": np.int64(7)}, 7),
        ({"big": -(2**63)}, -(2**63)),
        ({"p": 1}, 1.0),
        ({"p": np.float32(0.5)}, 0.5),
        ({"flag": np.True_}, True),
        ({"at": EARLIER}, datetime(2026, 3, 1, 12)),  # noqa: DTZ001 as the column has it
        ({"raw": bytearray(b"\x00\xff")}, b"\x00\xff"),
        ({"fields": {"ü": [1, None, "\x00"]}}, '{"ü":[1,null,"\\u0000"]}'),
        ({"ids": ("a", "ü")}, ["a", "ü"]),
        ({"logits": np.array([0.5, 2.0])}, [0.5, 2.0]),
        ({"logits": []}, []),
        ({"n": None}, None),
    ],
    ids=str,
)
def test_what_fits_is_taken(values: dict[str, object], expected: object) -> None:
    assert stored(**values) == expected


@pytest.mark.parametrize(
    "values",
    [
        {"n": 2**31},
        {"n": 1.0},
        {"n": True},
        {"n": "1"},
        {"big": 2**63},
        {"p": "0.5"},
        {"p": True},
        {"flag": 1},
        {"at": "2026-03-01"},
        {"at": datetime(2026, 3, 1)},  # noqa: DTZ001 the point
        {"raw": "text"},
        {"eid": 7},
        {"ids": "abc"},
        {"ids": [1]},
        {"logits": [[1.0]]},
        {"logits": "12"},
        {"fields": {"n": math.nan}},
        {"fields": {"s": "\ud800"}},
        {"ids": ["\udfff"]},
    ],
    ids=ascii,
)
def test_what_does_not_is_refused_by_table_and_column(values: dict[str, object]) -> None:
    (name,) = values
    with pytest.raises(ValueError, match=rf"events\.{name}"):
        row(**values)


def test_a_column_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(ValueError, match=r"no column 'colour'.*eid, n"):
        row(colour="red")


def test_a_record_has_an_id_and_it_is_that_of_its_row() -> None:
    with pytest.raises(ValueError, match="needs an id"):
        COLUMNS.row(Record(Table.EVENTS, "", {"eid": ""}))
    with pytest.raises(ValueError, match="not the id of its record"):
        COLUMNS.row(Record(Table.EVENTS, "e2", {"eid": "e1"}))


def test_a_row_knows_about_how_large_it_is() -> None:
    assert row(raw=b"x" * 1000).size_bytes - row(raw=b"").size_bytes == 1000
    assert row(fields={"a": "ü" * 100}).size_bytes > 200, "in bytes, not in characters"


def test_times_come_back_aware_and_json_parsed() -> None:
    at = from_column(datetime(2026, 3, 1, 12), "TIMESTAMP")  # noqa: DTZ001 as the file has it
    assert at == NOON
    assert from_column(NOON.astimezone(EARLIER.tzinfo), "TIMESTAMP WITH TIME ZONE") == NOON
    assert from_column('{"a": [1]}', "JSON") == {"a": [1]}
    assert from_column('{"a": [1]}', "VARCHAR") == '{"a": [1]}'
    assert from_column(None, "JSON") is None


@MODEST
@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)), st.integers(-14, 14))  # noqa: DTZ001
def test_a_moment_survives_the_column_whatever_its_offset(naive: datetime, hours: int) -> None:
    at = naive.replace(tzinfo=timezone(timedelta(hours=hours)))
    assert from_column(naive_utc(at), "TIMESTAMP") == at


def test_row_ids_tell_versions_and_states_apart() -> None:
    assert candidate_row_id("s", "c", 1) != candidate_row_id("s", "c", 11)
    assert candidate_row_id("s\x1fc", "d", 1) != candidate_row_id("s", "c", 1)
    later = NOON + timedelta(microseconds=1)
    assert bundle_row_id("b", "kept", NOON) != bundle_row_id("b", "kept", later)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
WORDS = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), min_size=1, max_size=20)
TEXTS = WORDS.filter(str.strip)
FIELDS = st.dictionaries(
    st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=5), JSON, max_size=3
)
CONTEXTS = st.builds(
    Context,
    text=TEXTS,
    turns=st.lists(st.builds(Turn, role=st.sampled_from(["agent", "user"]), text=WORDS), max_size=2).map(tuple),
    session=st.none() | st.just("s1"),
    fields=FIELDS,
)
SHARES = st.floats(0, 1)


@MODEST
@given(FIELDS)
def test_json_is_compact_and_comes_back(value: dict[str, object]) -> None:
    assert from_column(json_text(value), "JSON") == value


@MODEST
@given(CONTEXTS)
def test_a_context_comes_back_but_for_who_asked(context: Context) -> None:
    assert context_of(context_json(context), session=context.session) == context


# -- through the real file, many at a time: one commit an example


def back(store: EmbeddedStore, records: list[Record]) -> list[dict[str, object]]:
    """What the log holds of these records, in their order."""
    table = records[0].table
    before = max((each.sequence for each in store.read(table, limit=100_000)), default=0)
    store.append(records)
    return [dict(each.record.values) for each in store.read(table, after=before)]


@MODEST
@given(contexts=st.lists(CONTEXTS, min_size=1, max_size=4), p=SHARES, data=st.data())
def test_slates_of_any_content_come_back_whole(
    store: EmbeddedStore, contexts: list[Context], p: float, data: st.DataObject
) -> None:
    ids = data.draw(st.lists(TEXTS, min_size=1, max_size=3, unique=True))
    items = tuple(
        SlateItem(id=id, text=id, position=n, p_select=p / 3, propensity=max(p, 1e-300)) for n, id in enumerate(ids)
    )
    pool = Pool(
        ids=tuple(ids), logits=(0.5,) * len(ids), p_select=(0.25,) * len(ids), features=b"\x00", feature_version=2
    )
    number = len(store.read(Table.SLATES, limit=100_000))
    slates = [
        a_slate(f"i{number + n}", context=context, items=items, p_any=p, pool=pool, reason=data.draw(st.none() | TEXTS))
        for n, context in enumerate(contexts)
    ]
    assert [slate_of(each) for each in back(store, [slate_record(slate) for slate in slates])] == slates


@MODEST
@given(
    kinds=st.lists(
        st.sampled_from([kind for kind in EventType if kind is not EventType.REWARD]), min_size=1, max_size=5
    ),
    text=st.none() | WORDS,
    ms=st.none() | st.integers(0, 2**31 - 1),
    ratio=st.none() | SHARES,
    flag=st.none() | st.booleans(),
)
def test_events_of_any_content_come_back_whole(
    store: EmbeddedStore,
    kinds: list[EventType],
    text: str | None,
    ms: int | None,
    ratio: float | None,
    flag: bool | None,
) -> None:
    number = len(store.read(Table.EVENTS, limit=100_000))
    events = [
        an_event(f"e{number + n}", kind.value, item="c1", text=text, visible_ms=ms, edit_ratio=ratio, edited=flag)
        for n, kind in enumerate(kinds)
    ]
    assert [event_of(each) for each in back(store, [event_record(event) for event in events])] == events


@MODEST
@given(context=CONTEXTS, item=st.none() | TEXTS, note=st.none() | WORDS, deadline=st.none() | st.just(NOON))
def test_labels_reviews_and_verdicts_of_any_content_come_back_whole(
    store: EmbeddedStore, context: Context, item: str | None, note: str | None, deadline: datetime | None
) -> None:
    number = len(store.read(Table.LABELS, limit=100_000))
    label = a_label(f"l{number}", context=context, item=item, at=deadline)
    review = a_review(f"r{number}", deadline=deadline, priority=0.1)
    verdict = a_verdict(f"v{number}", **({"none": True} if item is None else {"text": item}), note=note)
    [kept] = back(store, [label_record(label)])
    assert label_of(kept) == a_label(label.id, context=context_of(context_json(context)), item=item, at=deadline)
    assert review_of(back(store, [review_record(review)])[0]) == review
    assert verdict_of(back(store, [verdict_record(verdict)])[0]) == verdict


@MODEST
@given(id=TEXTS.map(str.strip), text=TEXTS, fields=FIELDS, tags=st.lists(TEXTS, max_size=3).map(tuple))
def test_candidates_of_any_content_come_back_whole(
    store: EmbeddedStore, id: str, text: str, fields: dict[str, object], tags: tuple[str, ...]
) -> None:
    try:
        candidate = Candidate(id=id, text=text, fields=fields, tags=tags)
    except ValueError:
        return  # an id with a control in it is none
    surface = f"s{len(store.read(Table.CANDIDATES, limit=100_000))}"
    [kept] = back(store, [candidate_record(candidate, surface=surface, revision=1, retired=False, at=NOON)])
    found = candidate_of(kept, surface=surface)
    assert (found.candidate, found.revision, found.retired, found.at) == (candidate, 1, False, NOON.astimezone(UTC))
