"""What the log says was right, folded: the rules of labels, verdicts, selections and retirement against plain loops."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.domain import weight as weights
from suggest.domain.context import Context
from suggest.online.embedding import context_of
from suggest.online.history import Past, votes
from suggest.online.label import context_from_json, label_id
from suggest.store.records import context_json

MODEST = settings(max_examples=80, deadline=None, derandomize=True)
FEW = settings(max_examples=40, deadline=None, derandomize=True)


@dataclass(frozen=True)
class Said:
    """One row of the log: somebody said that an item was right for a context."""

    key: str
    item: str | None
    replaces: bool = False  # a verdict
    weight: float = weights.LABEL
    is_embedded: bool = True


ROWS = st.lists(
    st.builds(
        Said,
        key=st.sampled_from(["k0", "k1", "k2"]),
        item=st.sampled_from(["a", "b", "c", None]),
        replaces=st.booleans(),
        weight=st.sampled_from([weights.LABEL, weights.CLICK, weights.DISMISSAL]),
        is_embedded=st.sampled_from([True, True, True, False]),
    ),
    max_size=20,
)


def past_of(rows: list[Said]) -> Past:
    return Past(
        sequences=np.arange(1, len(rows) + 1),
        keys=[row.key for row in rows],
        items=[row.item for row in rows],
        replaces=[row.replaces for row in rows],
        weights=[row.weight for row in rows],
        embeddings=np.zeros((len(rows), 2), np.float32),
        is_embedded=np.array([row.is_embedded for row in rows], np.bool_),
    )


def plainly(rows: list[Said], born: dict[str, int], retired: frozenset[str]) -> dict[tuple[str, str | None], float]:
    """The union of what was said since the last verdict; of the same thing said again the larger weight."""
    standing: dict[tuple[str, str | None], float] = {}
    for sequence, row in enumerate(rows, 1):
        if row.replaces:
            standing = {name: weight for name, weight in standing.items() if name[0] != row.key}
        has_vote = row.is_embedded and row.item not in retired and sequence >= born.get(row.item or "", 0)
        if has_vote:
            standing[row.key, row.item] = max(row.weight, standing.get((row.key, row.item), 0.0))
    return standing


@MODEST
@given(
    ROWS, st.dictionaries(st.sampled_from(["a", "b"]), st.integers(0, 21)), st.frozensets(st.sampled_from(["b", "c"]))
)
def test_any_log_leaves_the_votes_that_its_rules_leave(
    rows: list[Said], born: dict[str, int], retired: frozenset[str]
) -> None:
    kept = votes(past_of(rows), born=born, retired=retired)
    told = {(key, item): weight for key, item, weight in zip(kept.keys, kept.items, kept.weights, strict=True)}
    assert len(told) == len(kept.keys), "one vote a context and item"
    assert told == plainly(rows, born, retired)
    for key, item, row in zip(kept.keys, kept.items, kept.rows, strict=True):
        assert (rows[row].key, rows[row].item) == (key, item), "with a vector of its own"
        assert rows[row].is_embedded


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([Said("k", "a"), Said("k", "b")], {"a": 1.0, "b": 1.0}),
        ([Said("k", "a"), Said("k", "b", replaces=True)], {"b": 1.0}),
        ([Said("k", "a", replaces=True), Said("k", "b")], {"a": 1.0, "b": 1.0}),
        ([Said("k", "a"), Said("k", None, replaces=True)], {None: 1.0}),
        ([Said("k", "a", weight=weights.CLICK), Said("k", "a")], {"a": weights.LABEL}),
        ([Said("k", "a"), Said("k", "a", weight=weights.CLICK)], {"a": weights.LABEL}),
        ([Said("k", "a"), Said("k", "b", replaces=True, is_embedded=False)], {}),
    ],
    ids=["union", "replaced", "added after", "none replaces", "a label outweighs", "a click adds nothing", "erased"],
)
def test_the_rules_one_by_one(rows: list[Said], expected: dict[str | None, float]) -> None:
    kept = votes(past_of(rows), born={}, retired=frozenset())
    assert dict(zip(kept.items, kept.weights, strict=True)) == expected


def test_a_candidate_that_came_back_starts_anew_and_others_are_left_alone() -> None:
    rows = [Said("k", "a"), Said("k", "b"), Said("k", "a")]
    kept = votes(past_of(rows[:2]), born={"a": 3}, retired=frozenset())
    assert kept.items == ["b"]
    kept = votes(past_of(rows), born={"a": 3}, retired=frozenset())
    assert sorted(str(item) for item in kept.items) == ["a", "b"]
    assert votes(past_of(rows), born={}, retired=frozenset({"a", "b"})).keys == []


# -- contexts as they are sent and as they are stored

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-100, 100) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@FEW
@given(JSON | st.dictionaries(st.sampled_from(["text", "turns", "user", "session", "fields"]), JSON))
def test_whatever_is_sent_is_a_context_or_a_reason_why_not(sent: Any) -> None:
    try:
        context = context_from_json(sent)
    except ValueError:
        return
    assert context.text == sent["text"]
    assert context_from_json(context) is context
    again = context_from_json({**context_json(context), "user": context.user, "session": context.session})
    assert again == context


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (None, "an object with a text"),
        ({"text": 7}, "an object with a text"),
        ({"text": " "}, "empty"),
        ({"text": "a", "turns": "x"}, "a list"),
        ({"text": "a", "turns": [{}] * 101}, "at most 100"),
        ({"text": "a", "turns": [{"text": "b\x00"}]}, "NUL"),
        ({"text": "a", "turns": [{"text": "b", "role": 7}]}, "role must be a text"),
        ({"text": "a", "fields": [1]}, "fields must be an object"),
        ({"text": "a", "user": ""}, "1 to 200"),
        ({"text": "a", "session": "a\nb"}, "control"),
    ],
    ids=str,
)
def test_what_is_no_context_is_said_in_words(sent: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        context_from_json(sent)


@pytest.mark.parametrize("stored", [None, {}, {"text": ""}, "null", "[]", '{"turns": []}'], ids=str)
def test_what_was_erased_is_no_context(stored: object) -> None:
    assert context_of(stored) is None


def test_a_stored_context_is_read_as_text_and_as_value() -> None:
    sent = Context(text="Where?", fields={"n": 1})
    assert context_of(context_json(sent)) == sent
    assert context_of('{"text": "Where?", "fields": {"n": 1}}') == sent


# -- the identity of a label

NAMES = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=8)


@dataclass
class Seen:
    ids: dict[str, tuple[str, str, str | None]] = field(default_factory=dict)


@MODEST
@given(st.lists(st.tuples(NAMES, NAMES, st.none() | NAMES), max_size=12))
def test_a_label_is_one_by_surface_context_and_item(labels: list[tuple[str, str, str | None]]) -> None:
    seen = Seen()
    for label in labels:
        id = label_id(*label)
        assert id.startswith("label:")
        assert seen.ids.setdefault(id, label) == label


def test_none_of_them_is_no_item_called_none() -> None:
    assert label_id("s", "k", None) != label_id("s", "k", "none")
    assert label_id("s", "k", "a") != label_id("sk", "", "a")
