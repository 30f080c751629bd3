"""What every EventLog promises."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.store_adapters import STORES, Opened, Opener
from suggest.domain.errors import Conflict
from suggest.store.ports import CasWrite, Record, Table

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(params=STORES.values(), ids=STORES.keys())
def opener(request: pytest.FixtureRequest) -> Opener:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def opened(opener: Opener, tmp_path: Path) -> Iterator[Opened]:
    adapter = opener(tmp_path / "log")
    yield adapter
    adapter.close()


def an_event(eid: str, **values: object) -> Record:
    least = {"eid": eid, "impression": "i1", "surface": "replies", "type": "view", "received_at": NOON}
    return Record(Table.EVENTS, eid, least | values)


def a_candidate(id: str, revision: int) -> Record:
    values = {"surface": "replies", "id": id, "revision": revision, "text": f"{id} v{revision}", "tags": ["a", "b"]}
    return Record(Table.CANDIDATES, f"replies\x1f{id}\x1f{revision}", values)


def eids(opened: Opened) -> list[str]:
    return [stored.record.id for stored in opened.log.read(Table.EVENTS)]


def test_what_was_appended_is_read_in_its_order(opened: Opened) -> None:
    appended = opened.log.append([an_event("b"), an_event("a")])
    opened.log.append([an_event("c")])
    assert appended.fresh == (True, True)
    assert eids(opened) == ["b", "a", "c"]


def test_sequences_grow_over_all_tables(opened: Opened) -> None:
    opened.log.append([an_event("a"), a_candidate("x", 1), an_event("b")])
    opened.log.append([a_candidate("x", 2)])
    found = [*opened.log.read(Table.EVENTS), *opened.log.read(Table.CANDIDATES)]
    sequences = [stored.sequence for stored in found]
    assert len(set(sequences)) == 4
    assert min(sequences) > 0
    assert max(sequences) == next(s.sequence for s in found if s.record.values.get("revision") == 2)


def test_a_reader_goes_on_from_its_cursor(opened: Opened) -> None:
    opened.log.append([an_event(f"e{n}") for n in range(10)])
    seen: list[str] = []
    cursor = 0
    while page := opened.log.read(Table.EVENTS, after=cursor, limit=3):
        assert len(page) <= 3
        seen += [stored.record.id for stored in page]
        cursor = page[-1].sequence
    assert seen == [f"e{n}" for n in range(10)]


def test_a_repeat_is_recognised_and_not_written_again(opened: Opened) -> None:
    opened.log.append([an_event("a", text="first")])
    again = opened.log.append([an_event("a", text="second"), an_event("b")])
    assert again.fresh == (False, True)
    assert [s.record.values["text"] for s in opened.log.read(Table.EVENTS)] == ["first", None]


def test_a_repeat_within_one_submission_is_recognised(opened: Opened) -> None:
    assert opened.log.append([an_event("a"), an_event("a")]).fresh == (True, False)
    assert eids(opened) == ["a"]


def test_equal_ids_in_two_tables_are_two_things(opened: Opened) -> None:
    label = Record(Table.LABELS, "same", {"id": "same", "surface": "replies", "source": "label"})
    assert opened.log.append([an_event("same"), label]).fresh == (True, True)


def test_versions_of_a_candidate_are_rows_of_their_own(opened: Opened) -> None:
    fresh = opened.log.append([a_candidate("x", 1), a_candidate("x", 2), a_candidate("x", 1)]).fresh
    assert fresh == (True, True, False)


def test_repeats_are_recognised_after_a_restart(opener: Opener, tmp_path: Path) -> None:
    first = opener(tmp_path / "log")
    first.log.append([*(an_event(f"e{n}") for n in range(300)), a_candidate("x", 1)])
    first.close()
    second = opener(tmp_path / "log")
    try:
        fresh = second.log.append([an_event("e7"), an_event("new"), an_event("e299"), a_candidate("x", 1)]).fresh
        assert fresh == (False, True, False, False)
        assert len(second.log.read(Table.EVENTS)) == 301
    finally:
        second.close()


def test_sequences_go_on_after_a_restart(opener: Opener, tmp_path: Path) -> None:
    first = opener(tmp_path / "log")
    first.log.append([an_event("a"), an_event("b")])
    last = first.log.read(Table.EVENTS)[-1].sequence
    first.close()
    second = opener(tmp_path / "log")
    try:
        second.log.append([an_event("c")])
        assert second.log.read(Table.EVENTS)[-1].sequence > last
    finally:
        second.close()


def test_records_and_writes_land_together(opened: Opened) -> None:
    appended = opened.log.append([an_event("a")], writes=[CasWrite("lease/1", {"state": "waiting"}, 0)])
    present = opened.cas.get("lease/1")
    assert present is not None
    assert present.value == {"state": "waiting"}
    assert appended.revisions == (present.revision,)
    assert eids(opened) == ["a"]


def test_a_lost_write_takes_its_records_with_it(opened: Opened) -> None:
    opened.cas.update("lease/1", {"state": "answered"}, expected=0)
    writes = [CasWrite("lease/2", {"state": "new"}, 0), CasWrite("lease/1", {"state": "claimed"}, 0)]
    with pytest.raises(Conflict):
        opened.log.append([an_event("a")], writes=writes)
    assert eids(opened) == []
    assert opened.cas.get("lease/2") is None
    assert opened.log.append([an_event("a")]).fresh == (True,)


def test_a_lost_write_does_not_touch_others_that_wait_beside_it(opened: Opened) -> None:
    opened.cas.update("lease/1", {"by": "first"}, expected=0)

    def attempt(n: int) -> bool:
        try:
            opened.log.append([an_event(f"e{n}")], writes=[CasWrite("lease/1", {"by": n}, 0)] if n % 3 == 0 else [])
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        landed = list(pool.map(attempt, range(90)))
    assert landed == [n % 3 != 0 for n in range(90)]
    assert sorted(eids(opened)) == sorted(f"e{n}" for n in range(90) if n % 3)


def test_an_empty_submission_is_harmless(opened: Opened) -> None:
    assert opened.log.append([]).fresh == ()


def test_many_callers_at_once_lose_and_double_nothing(opened: Opened) -> None:
    def send(n: int) -> int:
        return sum(opened.log.append([an_event(f"e{n // 2}-{i}") for i in range(5)]).fresh)  # every one is sent twice

    with ThreadPoolExecutor(12) as pool:
        n_fresh = sum(pool.map(send, range(120)))
    assert n_fresh == 300
    assert len(set(eids(opened))) == len(eids(opened)) == 300


def test_times_come_back_aware_in_utc(opened: Opened) -> None:
    elsewhere = datetime(2026, 3, 1, 14, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    opened.log.append([an_event("a", at=elsewhere)])
    assert opened.log.read(Table.EVENTS)[0].record.values["at"] == datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=UTC)


def test_lists_blobs_and_json_come_back_as_they_went(opened: Opened) -> None:
    values = {
        "id": "s1",
        "surface": "replies",
        "context": {
            "text": 'quote " and \\ and \u0000 and 😀',
            "turns": [],
            "fields": {"n": 1.5, "deep": [{"x": None}]},
        },
        "shown": [{"id": "c0", "p_select": 0.25}],
        "pool_ids": ("a", "b"),
        "pool_logits": (1.5, -2.25),
        "embedding": bytes(range(256)),
        "features": b"",
        "supplied": False,
        "p_any": 0.1,
    }
    opened.log.append([Record(Table.SLATES, "s1", values)])
    stored = opened.log.read(Table.SLATES)[0].record.values
    for name in ("context", "shown", "embedding", "features", "supplied", "p_any"):
        assert stored[name] == values[name], name
    assert stored["pool_ids"] == ["a", "b"]
    assert stored["pool_logits"] == [1.5, -2.25]
    assert stored["session"] is None


@pytest.mark.parametrize(
    "values",
    [
        {"position": "top"},
        {"position": 2**40},
        {"text": "\ud800"},
        {"text": b"bytes"},
        {"at": datetime(2026, 1, 1)},  # noqa: DTZ001 no offset
        {"trusted": 1},
        {"edit_ratio": "0.5"},
        {"no_such_column": 1},
    ],
    ids=lambda values: next(iter(values)),
)
def test_an_unfit_value_is_refused_with_all_of_its_submission(opened: Opened, values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        opened.log.append([an_event("good"), an_event("bad", **values)])
    assert eids(opened) == []
    assert opened.log.append([an_event("good")]).fresh == (True,)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    eid=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=128),
    text=st.text(st.characters(exclude_categories=["Cs"]), max_size=300),
)
def test_any_text_comes_back_unchanged(opened: Opened, eid: str, text: str) -> None:
    before = opened.log.read(Table.EVENTS, limit=10_000)
    fresh = opened.log.append([an_event(eid, text=text)]).fresh[0]
    assert fresh == (eid not in {stored.record.id for stored in before})
    after = opened.log.read(Table.EVENTS, after=before[-1].sequence if before else 0)
    assert [(s.record.id, s.record.values["text"]) for s in after] == ([(eid, text)] if fresh else [])
