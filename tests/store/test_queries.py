"""Named queries: every one runs, and those that state is restored from tell the whole story."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import duckdb
import numpy as np
import pytest

from store.builders import NOON, a_label, a_review, a_row, a_slate, a_verdict, an_embedding, an_event
from suggest.store.embedded import EmbeddedStore
from suggest.store.ports import CasWrite
from suggest.store.queries import named_queries, named_query, parse_queries
from suggest.store.reader import SnapshotReader
from suggest.store.records import event_record, label_record, review_record, slate_record, verdict_record

SAMPLES: dict[str, object] = {
    "surface": "replies",
    "id": "c1",
    "ids": ["i1", "i2"],
    "eids": ["e1"],
    "keys": ["k1", "k2"],
    "after": 0,
    "upto": 2**62,
    "since": NOON - timedelta(days=1),
    "moment": NOON + timedelta(days=1),
    "limit": 2000,
    "looked_at": 2000,
    "review": "r1",
    "session": "s1",
    "context_key": "k",
    "user_key": "u1",
}


@pytest.fixture
def told(store: EmbeddedStore) -> EmbeddedStore:
    """A store with one of everything: i1 was selected from, i2 went to a person, i3 nobody looked at."""
    store.append(
        [
            slate_record(a_slate("i1"), user_key="u1"),
            slate_record(a_slate("i2", p_none_raw=0.7, at=NOON + timedelta(seconds=1))),
            slate_record(a_slate("i3", learnable=False, at=NOON + timedelta(seconds=2))),
            event_record(an_event("e1", "view")),
            event_record(an_event("e2", "select", item="c1", position=1)),
            event_record(an_event("e3", "dismiss", impression="i3")),
            label_record(a_label("l1"), encoder="e1", embedding=an_embedding(1)),
            review_record(a_review("r1", impression="i2")),
            verdict_record(a_verdict("v1", impression="i2")),
            verdict_record(a_verdict("v2", impression="i2", undoes="v1")),
        ],
        writes=[CasWrite("lease/r1", {"state": "waiting"}, 0)],
    )
    return store


@pytest.mark.parametrize("name", sorted(named_queries()))
def test_every_query_runs_on_an_empty_and_on_a_full_log(store: EmbeddedStore, name: str) -> None:
    wanted = set(re.findall(r"\$([a-z_]+)", named_query(name)))
    params = {key: SAMPLES.get(key, key) for key in wanted}
    store.select(name, **params)
    store.append([slate_record(a_slate()), event_record(an_event("e2", "select", item="c1", position=1))])
    rows = store.select(name, **params)
    columns = store.arrays(name, **params)
    assert {len(column) for column in columns.values()} == {len(rows)}
    assert not any(isinstance(column, np.ma.MaskedArray) for column in columns.values())


def test_decided_slates_bring_everything_that_learning_is_restored_from(told: EmbeddedStore) -> None:
    (row,) = told.select("decided_slates", surface="replies", after=0)
    assert (row["impression"], row["outcome"], row["item"], row["position"]) == ("i1", "selected", "c1", 1)
    assert row["embedding"] == an_embedding()
    assert row["context_key"] == a_slate().context.key
    assert [option["id"] for option in row["shown"]] == ["c0", "c1", "c2"]  # type: ignore[attr-defined]
    assert row["decided_at"] == NOON
    assert told.select("decided_slates", surface="replies", after=row["sequence"]) == []


def test_slates_that_must_not_teach_are_left_out_of_the_decided(told: EmbeddedStore) -> None:
    assert "i3" not in {row["impression"] for row in told.select("decided_slates", surface="replies", after=0)}


def test_pending_impressions_are_those_nobody_decided(told: EmbeddedStore) -> None:
    assert [row["impression"] for row in told.select("pending_impressions", since=NOON)] == ["i2"]


def test_recent_p_none_are_the_last_ones_oldest_first(told: EmbeddedStore) -> None:
    rows = told.arrays("recent_p_none", surface="replies", limit=2)
    assert rows["p_none_raw"].tolist() == [0.7, 0.2]


def test_a_review_comes_with_the_latest_state_of_its_lease(told: EmbeddedStore) -> None:
    told.update("lease/r1", {"state": "claimed"}, expected=1)
    told.append([review_record(a_review("r2"))])
    rows = told.select("reviews_with_states")
    assert [(row["id"], row["lease"], row["revision"]) for row in rows] == [
        ("r1", {"state": "claimed"}, 2),
        ("r2", None, None),
    ]


def test_withdrawn_verdicts_are_named(told: EmbeddedStore) -> None:
    assert told.select("withdrawn_verdicts", surface="replies") == [{"eid": "v1"}]


def test_counts_are_of_one_surface_or_of_all(told: EmbeddedStore) -> None:
    told.append([a_row("elsewhere", surface="other")])
    of_one = {row["table"]: row["n_rows"] for row in told.select("counts", surface="replies")}
    of_all = {row["table"]: row["n_rows"] for row in told.select("counts", surface=None)}
    assert (of_one["events"], of_all["events"], of_one["slates"]) == (3, 4, 3)


def test_columns_with_nulls_are_told_without_masks(told: EmbeddedStore) -> None:
    told.append([event_record(an_event("e9", "override", impression="i2", text="mine"))])
    columns = told.arrays("decided_slates", surface="replies", after=0)
    assert columns["item"].tolist() == ["c1", None]
    assert columns["user_key"].tolist() == ["u1", None]
    assert columns["position"].dtype == np.float64
    assert np.isnan(columns["position"][1])
    labels = told.arrays("labels_of_surface", surface="replies", after=0)
    assert np.isnat(labels["at"][0])


def test_an_unknown_query_names_those_there_are(store: EmbeddedStore) -> None:
    with pytest.raises(ValueError, match="decided_slates"):
        store.select("no_such_query")


def test_parameters_are_bound_and_never_part_of_the_sql(told: EmbeddedStore) -> None:
    assert told.select("labels_of_surface", surface="' or 1=1 --", after=0) == []


def test_two_queries_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="share a name"):
        parse_queries("-- a --\nselect 1\n-- a --\nselect 2")


def test_a_snapshot_is_read_with_the_same_queries(told: EmbeddedStore, tmp_path: Path) -> None:
    with SnapshotReader(told.snapshot(tmp_path)) as snapshot:
        for query in ("decided_slates", "labels_of_surface"):
            assert snapshot.select(query, surface="replies", after=0) == told.select(query, surface="replies", after=0)
        ours, theirs = (each.arrays("recent_p_none", surface="replies", limit=9) for each in (told, snapshot))
        assert theirs["p_none_raw"].tolist() == ours["p_none_raw"].tolist()
        assert snapshot.select("pending_impressions", since=NOON)[0]["at"] == NOON + timedelta(seconds=1)


def test_a_snapshot_cannot_be_written(told: EmbeddedStore, tmp_path: Path) -> None:
    with SnapshotReader(told.snapshot(tmp_path)) as snapshot, pytest.raises(duckdb.Error, match="read-only"):
        snapshot._connection.execute("delete from slates")


@pytest.mark.parametrize("waited", [timedelta(seconds=5), timedelta(minutes=29), timedelta(days=1)])
def test_what_was_taken_of_what_was_shown_is_what_the_outcomes_say(told: EmbeddedStore, waited: timedelta) -> None:
    told.append([], writes=[CasWrite("policy/replies", {"reward_wait_s": 600}, 0)])
    moment = NOON + waited
    rows = [
        row
        for row in told.select("engagements", surface="replies", moment=moment, upto=2**62, limit=100)
        if row["ended_at"] is not None
    ]
    with told.database.reading() as cursor:
        said = cursor.execute(
            "select impression, outcome = 'selected' from outcomes_at($moment) "
            "where surface = 'replies' and outcome <> 'pending' and decision in ('show', 'auto') and learnable "
            "order by impression",
            {"moment": moment.replace(tzinfo=None)},
        ).fetchall()
    assert sorted((row["impression"], row["taken"]) for row in rows) == said
    assert sum(bool(row["taken"]) for row in rows) == 1
    assert len(rows) == (1 if waited < timedelta(minutes=10) else 2)  # i3 withheld consent: it teaches nothing
