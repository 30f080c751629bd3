"""Which bundle serves: any run of promotions and rollbacks is that of a stack that forgets what is very old."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.domain.bundle import PRIOR_BUNDLE
from suggest.domain.clock import ManualClock, rfc3339
from suggest.domain.errors import Conflict, NotFound
from suggest.loop.champions import MOST_PREVIOUS, PREFIX, Champions
from suggest.store.columns import json_text
from suggest.store.fold import CasFold, EncodedWrite
from suggest.store.ports import Versioned

MODEST = settings(max_examples=80, deadline=None, derandomize=True)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Shelf:
    """As much of a store as a pointer needs."""

    def __init__(self) -> None:
        self.fold = CasFold({})
        self.bundles: list[dict[str, object]] = []

    def get(self, key: str) -> Versioned | None:
        return self.fold.get(key)

    def update(self, key: str, value: Mapping[str, object] | None, *, expected: int) -> int:
        entry = self.fold.next_entry(EncodedWrite(key, None if value is None else json_text(value), expected), {})
        self.fold.apply({key: entry})
        return entry.revision

    def select(self, query: str, /, *, surface: str) -> list[dict[str, object]]:
        assert query == "bundles_of_surface"
        return [row for row in self.bundles if row["surface"] == surface]


def a_row(id: str, state: str = "promoted", **manifest: object) -> dict[str, object]:
    return {
        "id": id,
        "surface": "s",
        "at": NOON,
        "state": state,
        "blob": "0" * 64,
        "parent": None,
        "encoder": "e",
        "manifest": manifest,
        "gate": {},
    }


def champions() -> tuple[Champions, Shelf, ManualClock]:
    shelf, clock = Shelf(), ManualClock(NOON)
    return Champions(shelf, clock=clock), shelf, clock  # type: ignore[arg-type]  # the part of a store it needs


@MODEST
@given(st.lists(st.one_of(st.sampled_from(["b1", "b2", "b3", PRIOR_BUNDLE]), st.none()), max_size=60))
def test_any_run_of_promotions_and_rollbacks_is_that_of_a_stack(steps: list[str | None]) -> None:
    """None is a rollback."""
    pointer, _, _ = champions()
    current, before = PRIOR_BUNDLE, []
    for bundle in steps:
        if bundle is not None:
            pointer.promote("s", bundle)
            if bundle != current:
                before.append(current)
                current = bundle
        elif before[-MOST_PREVIOUS:]:
            assert pointer.previous("s") == before[-1]
            pointer.step_back("s")
            current = before.pop()
        else:
            with pytest.raises(Conflict, match="nothing to roll back to"):
                pointer.previous("s")
        before = before[-MOST_PREVIOUS:]
        assert pointer.current("s") == current
    assert pointer.current("another") == PRIOR_BUNDLE, "each surface has a pointer of its own"


def test_promoting_what_serves_changes_nothing() -> None:
    pointer, shelf, clock = champions()
    pointer.promote("s", "b1")
    before = shelf.get(PREFIX + "s")
    clock.advance(seconds=60)
    pointer.promote("s", "b1")
    assert shelf.get(PREFIX + "s") == before


def test_the_pointer_says_since_when() -> None:
    pointer, shelf, clock = champions()
    clock.advance(seconds=90)
    pointer.promote("s", "b1")
    stored = shelf.get(PREFIX + "s")
    assert stored is not None
    assert stored.value == {"bundle": "b1", "previous": [PRIOR_BUNDLE], "at": rfc3339(clock.now())}


def test_a_bundle_is_what_its_latest_row_says() -> None:
    pointer, shelf, _ = champions()
    shelf.bundles += [a_row("b1", "kept"), a_row("b2"), a_row("b1", "promoted", data_until=41)]
    assert pointer.record("s", "b1").state == "promoted"
    with pytest.raises(NotFound, match="no model 'b9'"):
        pointer.record("s", "b9")


@pytest.mark.parametrize(("manifest", "until"), [({"data_until": 41}, 41), ({}, 0), ({"data_until": None}, 0)], ids=str)
def test_how_far_the_champions_data_reaches(manifest: dict[str, object], until: int) -> None:
    pointer, shelf, _ = champions()
    assert pointer.data_until("s") == 0, "the prior has seen nothing"
    shelf.bundles.append(a_row("b1", **manifest))
    pointer.promote("s", "b1")
    assert pointer.data_until("s") == until


@pytest.mark.parametrize(
    "stored", [{"bundle": "b1"}, {"bundle": "b1", "previous": "b0"}, {"bundle": "b1", "previous": None}]
)
def test_a_pointer_without_a_past_has_none(stored: dict[str, object]) -> None:
    pointer, shelf, _ = champions()
    shelf.update(PREFIX + "s", stored, expected=0)
    assert pointer.current("s") == "b1"
    with pytest.raises(Conflict):
        pointer.previous("s")


def test_of_two_who_read_the_same_pointer_one_wins() -> None:
    pointer, shelf, clock = champions()
    pointer.promote("s", "b1")
    read = shelf.get(PREFIX + "s")
    assert read is not None
    Champions(shelf, clock=clock).promote("s", "b2")  # type: ignore[arg-type]  # the part of a store it needs
    with pytest.raises(Conflict, match="at revision 2, not 1"):
        shelf.update(PREFIX + "s", {"bundle": "b3", "previous": []}, expected=read.revision)
    assert pointer.current("s") == "b2"
