"""What became of each impression, as the views in the file tell it; the same in a snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from store.builders import NOON, a_slate, an_event
from suggest.domain.clock import ManualClock
from suggest.domain.event import Event, EventType, outcome
from suggest.store.embedded import EmbeddedStore
from suggest.store.records import event_record, slate_record

LATER = NOON + timedelta(hours=2)


def outcome_row(store: EmbeddedStore, *events: Event, moment: object = LATER) -> dict[str, object]:
    store.append([slate_record(a_slate()), *map(event_record, events)])
    (row,) = store.select("outcomes_of_surface", surface="replies", moment=moment, since=NOON)
    return row


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ([], "unseen"),
        (["leave"], "unseen"),
        (["view"], "ignored"),
        (["view", "leave"], "ignored"),
        (["override"], "overridden"),
        (["override", "dismiss"], "dismissed"),
        (["dismiss", "select"], "selected"),
        (["select", "dismiss", "override"], "selected"),
        (["view", "commit"], "ignored"),
        (["reward"], "unseen"),
    ],
)
def test_the_highest_of_select_dismiss_override_counts(
    store: EmbeddedStore, types: Sequence[str], expected: str
) -> None:
    needs = {"select": {"item": "c0", "position": 0}, "reward": {"value": 1.0, "name": "resolved"}}
    events = [an_event(f"e{n}", kind, **needs.get(kind, {})) for n, kind in enumerate(types)]
    assert outcome_row(store, *events)["outcome"] == expected
    # the domain says the same
    assert outcome(map(EventType, types), waited_s=7200, reward_wait_s=1800) == expected


def test_a_dismissal_of_one_option_is_one_in_part_and_only_that_option_was_examined(store: EmbeddedStore) -> None:
    row = outcome_row(store, an_event("e1", "dismiss", item="c1", position=1))
    assert (row["outcome"], row["dismissed_in_part"], row["decided_at"]) == ("dismissed", True, None)
    with store.database.reading() as cursor:
        assert cursor.execute("select item from impression_options where examined").fetchall() == [("c1",)]


def test_silence_is_pending_until_the_wait_is_over(store: EmbeddedStore) -> None:
    before, after = NOON + timedelta(seconds=1799), NOON + timedelta(seconds=1800)
    assert outcome_row(store, an_event("e1"), moment=before)["outcome"] == "pending"
    (row,) = store.select("outcomes_of_surface", surface="replies", moment=after, since=NOON)
    assert row["outcome"] == "ignored"


def test_the_wait_is_that_of_the_surfaces_latest_policy(store: EmbeddedStore) -> None:
    first = store.update("policy/replies", {"reward_wait_s": 7000}, expected=0)
    store.update("policy/replies", {"reward_wait_s": 60}, expected=first)
    store.update("policy/other", {"reward_wait_s": 9999}, expected=0)
    assert outcome_row(store, moment=NOON + timedelta(seconds=61))["outcome"] == "unseen"


def test_a_terminal_event_does_not_wait(store: EmbeddedStore) -> None:
    assert outcome_row(store, an_event("e1", "dismiss"), moment=NOON)["outcome"] == "dismissed"


def test_the_first_selection_is_the_one(store: EmbeddedStore) -> None:
    row = outcome_row(
        store,
        an_event("e1", "select", item="c2", position=2, received_at=NOON + timedelta(seconds=5)),
        an_event("e2", "select", item="c0", position=0, received_at=NOON + timedelta(seconds=9)),
    )
    assert (row["item"], row["position"]) == ("c2", 2)
    assert row["decided_at"] == NOON + timedelta(seconds=5)


def test_a_selection_without_position_takes_that_of_the_slate(store: EmbeddedStore) -> None:
    assert outcome_row(store, an_event("e1", "select", item="c1"))["position"] == 1


def test_what_was_viewed_and_edited_is_told(store: EmbeddedStore) -> None:
    row = outcome_row(
        store,
        an_event("e1", "view", visible_ms=900),
        an_event("e2", "leave", visible_ms=4000),
        an_event("e3", "select", item="c0", position=0),
        an_event("e4", "commit", edited=True, edit_ratio=0.3),
    )
    assert (row["viewed"], row["visible_ms"], row["edited"], row["edit_ratio"]) == (True, 4000, True, 0.3)


def examined(store: EmbeddedStore, *events: Event) -> list[bool]:
    store.append([slate_record(a_slate()), *map(event_record, events)])
    with store.database.reading() as cursor:
        rows = cursor.execute("select examined from impression_options order by position").fetchall()
    return [is_examined for (is_examined,) in rows]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], [False, False, False]),
        ([an_event("e1", "select", item="c1", position=1)], [True, True, False]),
        ([an_event("e0", "view"), an_event("e1", "select", item="c0", position=0)], [True, False, False]),
        ([an_event("e1", "dismiss")], [True, True, True]),
        ([an_event("e1", "override", text="mine")], [True, True, True]),
        ([an_event("e1", "view")], [True, True, True]),
        ([an_event("e1", "view", position=0), an_event("e2", "view", position=2)], [True, False, True]),
        ([an_event("e1", "leave")], [False, False, False]),
    ],
    ids=["silence", "selected", "selected beats view", "dismissed", "overridden", "viewed", "viewed in part", "left"],
)
def test_examined_is_what_was_in_view(store: EmbeddedStore, events: list[Event], expected: list[bool]) -> None:
    assert examined(store, *events) == expected


def test_options_carry_what_they_were_shown_with(store: EmbeddedStore) -> None:
    store.append([slate_record(a_slate()), event_record(an_event("e1", "select", item="c1", position=1))])
    with store.database.reading() as cursor:
        rows = cursor.execute(
            "select item, text, position, p_select, propensity, selected from impression_options order by position"
        ).fetchall()
    assert rows == [
        ("c0", "Reply 0", 0, 0.5, 1.0, False),
        ("c1", "Reply 1", 1, 0.25, 1.0, True),
        ("c2", "Reply 2", 2, 0.5 / 3, 1.0, False),
    ]


def test_a_slate_without_options_is_an_impression_too(store: EmbeddedStore) -> None:
    store.append([slate_record(a_slate(items=()))])
    (row,) = store.select("outcomes_of_surface", surface="replies", moment=LATER, since=NOON)
    assert row["outcome"] == "unseen"
    assert examined_now(store) == []


def examined_now(store: EmbeddedStore) -> list[tuple[object, ...]]:
    with store.database.reading() as cursor:
        return cursor.execute("select * from impression_options").fetchall()


def test_a_snapshot_tells_the_outcomes_as_of_when_it_was_taken(
    store: EmbeddedStore, clock: ManualClock, tmp_path: Path
) -> None:
    store.append([slate_record(a_slate()), event_record(an_event("e1"))])
    clock.advance(seconds=600)
    early = store.snapshot(tmp_path)
    clock.advance(seconds=1800)
    late = store.snapshot(tmp_path)
    told = []
    for file in (early, late):
        with duckdb.connect(str(file), read_only=True) as snapshot:
            told += snapshot.execute("select outcome from outcomes").fetchall()
    assert told == [("pending",), ("ignored",)]
