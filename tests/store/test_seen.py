"""Which ids are known: exactly those that were added or loaded, whatever was merged meanwhile."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suggest.store import seen
from suggest.store.seen import SeenIds, in_order


def known(ids: SeenIds, *names: str) -> list[bool]:
    return ids.known([ids.fingerprint("events", name) for name in names])


def add(ids: SeenIds, *names: str) -> None:
    ids.add([ids.fingerprint("events", name) for name in names])


def loaded(salt: str, names: list[str]) -> SeenIds:
    ids = SeenIds(salt)
    halves = np.frombuffer(b"".join(ids.fingerprint("events", name) for name in names), dtype="<u8").reshape(-1, 2)
    ids.load(*in_order(halves[:, 0], halves[:, 1]))
    return ids


def test_nothing_is_known_at_first() -> None:
    assert known(SeenIds("s"), "a") == [False]
    assert known(SeenIds("s")) == []


def test_what_was_added_is_known_in_its_table_only() -> None:
    ids = SeenIds("s")
    add(ids, "a")
    assert known(ids, "a", "b") == [True, False]
    assert ids.known([ids.fingerprint("labels", "a")]) == [False]


def test_what_was_added_while_loading_stays_known() -> None:
    ids = SeenIds("s")
    add(ids, "new")
    old = loaded("s", ["old"])
    ids.load(old._upper, old._lower)
    assert known(ids, "new", "old", "other") == [True, True, False]
    assert ids.is_warm


@given(st.lists(st.text(min_size=1, max_size=20), max_size=60), st.lists(st.text(min_size=1, max_size=20), max_size=60))
def test_known_is_membership(first: list[str], second: list[str]) -> None:
    ids = loaded("s", first)
    add(ids, *second)
    ids._merge()
    asked = [*first, *second, "never seen"]
    assert known(ids, *asked) == [name in {*first, *second} for name in asked]


def test_many_additions_are_merged_and_stay_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "RECENT_AT_LEAST", 10)
    ids = loaded("s", ["x"])
    for n in range(100):
        add(ids, f"e{n}")
    assert len(ids._recent) <= 10
    assert len(ids) == 101
    assert all(known(ids, "x", *(f"e{n}" for n in range(100))))


def test_equal_lower_halves_are_told_apart_by_the_upper() -> None:
    ids = SeenIds("s")
    upper, lower = in_order(np.array([1, 2], dtype=np.uint64), np.array([7, 7], dtype=np.uint64))
    ids.load(upper, lower)
    fingerprints = [np.array([n, 7], dtype="<u8").tobytes() for n in (1, 2, 3)]
    assert ids.known(fingerprints) == [True, True, False]


def test_duckdb_makes_the_same_fingerprints() -> None:
    ids = SeenIds("salt")
    with duckdb.connect() as connection:
        for name in ("e1", "ä \x00 😀", "x" * 128):
            sql = "select md5_number_upper($key), md5_number_lower($key)"
            halves = connection.execute(sql, {"key": f"saltevents\x1f{name}"}).fetchall()[0]
            assert np.array(halves, dtype="<u8").tobytes() == ids.fingerprint("events", name)


def test_another_process_makes_other_fingerprints() -> None:
    assert SeenIds("one").fingerprint("events", "a") != SeenIds("two").fingerprint("events", "a")
