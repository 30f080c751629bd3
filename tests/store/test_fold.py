"""The present value of versioned keys: any run of writes is that of a dictionary with revisions, whoever reads it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.domain.errors import Conflict
from suggest.store.fold import CasFold, EncodedWrite, Entry, check_writes
from suggest.store.ports import CasWrite

MODEST = settings(max_examples=80, deadline=None, derandomize=True)
KEYS = st.sampled_from(["a", "b", "a/1", "a/2", "ab"])
# key, value (None removes), how far off the expected revision is: 0 is right
STEPS = st.lists(st.tuples(KEYS, st.none() | st.integers(0, 9), st.sampled_from([0, 0, 0, 1, -1])), max_size=25)


def text(value: int | None) -> str | None:
    return None if value is None else json.dumps({"n": value})


@MODEST
@given(STEPS)
def test_any_run_of_writes_is_that_of_a_dictionary(steps: list[tuple[str, int | None, int]]) -> None:
    fold = CasFold({})
    model: dict[str, tuple[int, int]] = {}  # key -> revision, value
    highest: dict[str, int] = {}
    for key, value, off in steps:
        expected = max(0, model.get(key, (0, 0))[0] + off)
        is_right = expected == model.get(key, (0, 0))[0]
        write = EncodedWrite(key, text(value), expected)
        if not is_right:
            with pytest.raises(Conflict):
                fold.next_entry(write, {})
            continue
        entry = fold.next_entry(write, {})
        assert entry.revision > highest.get(key, 0), "revisions grow, also over a removal"
        highest[key] = entry.revision
        fold.apply({key: entry})
        if value is None:
            model.pop(key, None)
        else:
            model[key] = (entry.revision, value)
    for key in ("a", "b", "a/1", "a/2", "ab"):
        found = fold.get(key)
        assert (None if found is None else (found.revision, found.value["n"])) == model.get(key)
    assert {key: v.revision for key, v in fold.under("a").items()} == {
        key: revision for key, (revision, _) in sorted(model.items()) if key.startswith("a")
    }


def test_what_is_staged_in_a_transaction_counts_before_what_is_there() -> None:
    fold = CasFold({"k": Entry(3, text(1))})
    staged = {"k": fold.next_entry(EncodedWrite("k", text(2), 3), {})}
    assert staged["k"].revision == 4
    with pytest.raises(Conflict, match="at revision 4, not 3"):
        fold.next_entry(EncodedWrite("k", text(5), 3), staged)
    assert fold.next_entry(EncodedWrite("k", None, 4), staged).revision == 5
    found = fold.get("k")
    assert found is not None
    assert found.revision == 3, "nothing of it is seen until it is applied"


def test_a_removed_key_is_gone_and_comes_back_with_a_later_revision() -> None:
    fold = CasFold({"k": Entry(7, None)})
    assert fold.get("k") is None
    assert fold.under("") == {}
    with pytest.raises(Conflict, match="does not exist"):
        fold.next_entry(EncodedWrite("k", text(1), 7), {})
    assert fold.next_entry(EncodedWrite("k", text(1), 0), {}).revision == 8


def test_what_a_reader_gets_is_its_own() -> None:
    fold = CasFold({"k": Entry(1, json.dumps({"list": [1]}))})
    found = fold.get("k")
    assert found is not None
    found.value["list"].append(2)  # type: ignore[attr-defined]  # JSON
    again = fold.get("k")
    assert again is not None
    assert again.value == {"list": [1]}


def test_a_forgotten_key_was_never_there_and_forgetting_again_is_harmless() -> None:
    fold = CasFold({"k": Entry(4, text(1)), "l": Entry(1, text(2))})
    fold.forget(["k", "nobody"])
    assert fold.get("k") is None
    assert fold.next_entry(EncodedWrite("k", text(1), 0), {}).revision == 1
    assert list(fold.under("")) == ["l"]


def test_one_submission_writes_a_key_at_most_once() -> None:
    check_writes([CasWrite("a", {}, 0), CasWrite("b", None, 1)])
    with pytest.raises(ValueError, match="at most once"):
        check_writes([CasWrite("a", {}, 0), CasWrite("a", None, 1)])


@pytest.mark.parametrize(("key", "expected"), [("", 0), ("a", -1)])
def test_a_write_names_a_key_and_a_revision(key: str, expected: int) -> None:
    with pytest.raises(ValueError, match="names a key"):
        CasWrite(key, {}, expected)
