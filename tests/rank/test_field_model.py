"""A field model says of each option what its weights say, term by term; what it has not met says nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.rank import field_model as module
from suggest.rank.features import OPTION_FEATURES, column, write_fields
from suggest.rank.field_model import FARTHEST, FARTHEST_APART, ID, FieldModel, Scale, Space
from suggest.rank.traits import NO_TRAITS, Traits, traits_of

SPEC = settings(derandomize=True, deadline=None, max_examples=60)
AMOUNT = Scale(middle=100.0, spread=50.0, steps=(80.0, 120.0))
CONTEXT = Space(tokens={("plan", "pro"): 1, ("plan", "free"): 2}, scales={"amount": (3, AMOUNT)}, size=6)
PRICE = Scale(middle=10.0, spread=4.0, steps=(9.0,))
OPTION = Space(
    tokens={(ID, "a"): 1, (ID, "b"): 2, ("plan", "pro"): 3, ("brand", "x"): 4}, scales={"amount": (5, PRICE)}, size=7
)
FOUR = ("field_match", "field_apart", "fields", "gap_fields")


def a_model(seed: int = 0) -> FieldModel:
    rng = np.random.default_rng(seed)
    return FieldModel(
        context=CONTEXT,
        option=OPTION,
        weights=rng.normal(size=(CONTEXT.size, OPTION.size)).astype(np.float32),
        names=("brand", "plan"),
        numbers={"amount": 20.0, "seats": 2.0},
        match_weights=rng.normal(size=8).astype(np.float32),
    )


def only(*, weights: dict[tuple[int, int], float] | None = None, match: dict[int, float] | None = None) -> FieldModel:
    """A model of which but a few weights are 0."""
    w, m = np.zeros((CONTEXT.size, OPTION.size), np.float32), np.zeros(5, np.float32)
    for at, value in (weights or {}).items():
        w[at] = value
    for place, value in (match or {}).items():
        m[place] = value
    return FieldModel(
        context=CONTEXT, option=OPTION, weights=w, names=("brand", "plan"), numbers={"amount": 20.0}, match_weights=m
    )


fields = st.fixed_dictionaries(
    {},
    optional={
        "plan": st.sampled_from(["pro", "free", "never met"]),
        "brand": st.sampled_from(["x", "y", ["x", "y"]]),
        "amount": st.integers(-500, 500),
        "seats": st.integers(0, 9),
    },
)


def dense(space: Space, traits: Traits, id: str | None = None) -> list[float]:
    """One side's columns, written out from the description alone."""
    row = [1.0] + [0.0] * (space.size - 1)
    for token, place in space.tokens.items():
        row[place] = float(token in traits.tokens or token == (ID, id))
    for name, (first, scale) in space.scales.items():
        if name in dict(traits.numbers):
            value = dict(traits.numbers)[name]
            row[first] = float(np.clip((value - scale.middle) / scale.spread, -FARTHEST, FARTHEST))
            for n, step in enumerate(scale.steps):
                row[first + 1 + n] = float(value > step)
    return row


def matched(model: FieldModel, context: Traits, option: Traits) -> list[float]:
    row = []
    for name in model.names:
        mine, theirs = ({v for n, v in side.tokens if n == name} for side in (context, option))
        row.append(float(bool(mine & theirs)))
    for name, spread in model.numbers.items():
        away = 0.0
        if name in dict(context.numbers) and name in dict(option.numbers):
            away = (dict(option.numbers)[name] - dict(context.numbers)[name]) / spread
            away = min(max(away, -FARTHEST_APART), FARTHEST_APART)
        row += [-abs(away), max(away, 0.0), float(away > 0)]
    return row


@SPEC
@given(fields, st.lists(fields, min_size=1, max_size=5), st.integers(0, 3))
def test_what_it_says_is_the_bilinear_form_and_the_comparison_written_out(
    context: dict[str, object], options: list[dict[str, object]], seed: int
) -> None:
    model, asked, read = a_model(seed), traits_of(context), [traits_of(each) for each in options]
    ids = ["a", "b", "never met", "c", "d"][: len(read)]
    x = np.array(dense(CONTEXT, asked))
    utility = np.array([x @ model.weights @ dense(OPTION, z, i) for i, z in zip(ids, read, strict=True)])
    rows = np.array([matched(model, asked, z) for z in read])
    utility += rows @ model.match_weights
    said = model.said(asked, ids, read)
    np.testing.assert_allclose(said.logit, utility - utility.mean(), atol=2e-4)
    np.testing.assert_allclose(said.match, rows[:, :2].mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(said.apart, -rows[:, [2, 5]].mean(axis=1), atol=1e-6)


@SPEC
@given(fields, st.lists(fields, min_size=2, max_size=5))
def test_the_order_of_the_options_says_nothing(context: dict[str, object], options: list[dict[str, object]]) -> None:
    model, asked, read = a_model(), traits_of(context), [traits_of(each) for each in options]
    ids = [f"o{n}" for n in range(len(read))]
    turned = list(reversed(range(len(read))))
    once = model.said(asked, ids, read)
    again = model.said(asked, [ids[n] for n in turned], [read[n] for n in turned])
    np.testing.assert_allclose(again.logit, once.logit[turned], atol=1e-5)
    np.testing.assert_array_equal(again.match, once.match[turned])


@SPEC
@given(fields, st.lists(fields, min_size=1, max_size=4))
def test_what_was_stored_says_the_same(context: dict[str, object], options: list[dict[str, object]]) -> None:
    model, asked, read = a_model(), traits_of(context), [traits_of(each) for each in options]
    stored = FieldModel.from_npz(model.to_npz())
    ids = ["a", "b", "c", "d"][: len(read)]
    assert stored.said(asked, ids, read).logit.tolist() == model.said(asked, ids, read).logit.tolist()
    assert (stored.context, stored.option, stored.names) == (model.context, model.option, model.names)
    assert list(stored.numbers.items()) == list(model.numbers.items()), "their order is that of the weights"


def test_values_of_any_spelling_survive_the_store() -> None:
    odd = Space(
        tokens={("na\x00me", 'say "hi"'): 1, ("straße", "日本"): 2, ("\ud800", "half a pair"): 3}, scales={}, size=4
    )
    model = FieldModel(
        context=odd,
        option=Space(tokens={}, scales={"n": (1, Scale(middle=1 / 3, spread=1e-12, steps=()))}, size=2),
        weights=np.ones((4, 2), np.float32),
        names=(),
        numbers={},
        match_weights=np.zeros(0, np.float32),
    )
    stored = FieldModel.from_npz(model.to_npz())
    assert (stored.context, stored.option) == (model.context, model.option)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (100.0, [0.0, 1.0, 0.0]),
        (80.0, [-0.4, 0.0, 0.0]),  # at a step is not above it
        (150.0, [1.0, 1.0, 1.0]),
        (1e9, [FARTHEST, 1.0, 1.0]),
        (-1e9, [-FARTHEST, 0.0, 0.0]),
    ],
)
def test_a_number_is_its_distance_from_the_middle_and_the_steps_below_it(value: float, read: list[float]) -> None:
    assert AMOUNT.read(value) == pytest.approx(read)


def test_a_category_of_the_context_speaks_for_an_option_by_its_id_alone() -> None:
    model = only(weights={(1, 1): 2.0})  # pro asks for a
    pro, free = traits_of({"plan": "pro"}), traits_of({"plan": "free"})
    assert model.said(pro, ["a", "b"], [NO_TRAITS] * 2).logit.tolist() == [1.0, -1.0]
    assert model.said(free, ["a", "b"], [NO_TRAITS] * 2).logit.tolist() == [0.0, 0.0]


def test_a_field_that_is_named_like_ids_are_is_no_id() -> None:
    model = only(weights={(0, 1): 2.0})
    assert model.said(NO_TRAITS, ["c", "d"], [traits_of({"id": "a"}), NO_TRAITS]).logit.tolist() == [0.0, 0.0]


def test_any_value_in_common_is_a_match() -> None:
    model = only(match={1: 1.0})
    options = [traits_of({"plan": value}) for value in (["free", "pro"], "free", [])]
    said = model.said(traits_of({"plan": ["team", "pro"]}), ["a", "b", "c"], options)
    assert said.logit.tolist() == pytest.approx([2 / 3, -1 / 3, -1 / 3])
    assert said.match.tolist() == [0.5, 0.0, 0.0], "of two names one agrees"


def test_numbers_are_compared_in_spreads_and_above_is_not_below() -> None:
    compared = only().compared(traits_of({"amount": 100}), [traits_of({"amount": v}) for v in (100, 130, 70, 1000)])
    assert compared[:, 2:].tolist() == [[0, 0, 0], [-1.5, 1.5, 1], [-1.5, 0, 0], [-FARTHEST_APART, FARTHEST_APART, 1]]


@pytest.mark.parametrize("context", [NO_TRAITS, traits_of({"colour": "red", "depth": 3})])
def test_where_the_context_says_nothing_known_nothing_is_compared(context: Traits) -> None:
    said = a_model().said(context, ["c", "d"], [traits_of({"seats": 3}), traits_of({"seats": 9})])
    assert not said.match.any()
    assert not said.apart.any()
    assert not said.logit.any(), "options that differ only in a number compared are alike"


def test_options_that_lack_a_number_are_neither_near_nor_far() -> None:
    said = a_model().said(traits_of({"seats": 5}), ["c", "d"], [NO_TRAITS, traits_of({"seats": 9})])
    assert said.apart.tolist() == [0.0, 1.0], "two spreads, over two numbers"


def test_of_no_options_nothing_is_said() -> None:
    said = a_model().said(traits_of({"plan": "pro"}), [], [])
    assert [len(each) for each in (said.logit, said.match, said.apart)] == [0, 0, 0]


def test_one_option_alone_is_spoken_neither_for_nor_against() -> None:
    assert a_model().said(traits_of({"plan": "pro"}), ["a"], [NO_TRAITS]).logit.tolist() == [0.0]


def test_ids_and_options_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        a_model().said(NO_TRAITS, ["a", "b"], [NO_TRAITS])


def test_an_option_whose_fields_changed_is_read_anew() -> None:
    model = only(weights={(0, 4): 1.0})
    before, after = traits_of({"brand": "x"}), traits_of({"brand": "y"})
    assert model.said(NO_TRAITS, ["a", "b"], [before, NO_TRAITS]).logit[0] == 0.5
    assert model.said(NO_TRAITS, ["a", "b"], [after, NO_TRAITS]).logit[0] == 0.0
    assert model.said(NO_TRAITS, ["a", "b"], [before, NO_TRAITS]).logit[0] == 0.5


def test_more_options_than_are_kept_are_read_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CACHED", 2)
    model, options = only(weights={(0, 4): 1.0}), [traits_of({"brand": "xyxyx"[n]}) for n in range(5)]
    for _ in range(2):
        said = model.said(NO_TRAITS, list("cdefg"), options)
        assert said.logit.tolist() == pytest.approx([0.4, -0.6, 0.4, -0.6, 0.4])


def test_the_columns_are_the_logit_its_gap_to_the_best_and_the_comparison() -> None:
    model, rows = only(weights={(1, 1): 2.0}), np.full((3, len(OPTION_FEATURES)), 7.0, np.float32)
    pro = traits_of({"plan": "pro"})
    write_fields(rows, model, pro, ["b", "a", "c"], [pro, NO_TRAITS, NO_TRAITS])
    written = {name: rows[:, column(name)].tolist() for name in FOUR}
    assert written["fields"] == pytest.approx([-2 / 3, 4 / 3, -2 / 3])
    assert written["gap_fields"] == pytest.approx([-2.0, 0.0, -2.0])
    assert written["field_match"] == [0.5, 0.0, 0.0]
    assert written["field_apart"] == [0.0, 0.0, 0.0]
    others = [n for n in range(rows.shape[1]) if n not in {column(name) for name in FOUR}]
    assert (rows[:, others] == 7.0).all(), "the text's columns stay as they were"


def test_without_a_model_the_columns_are_0() -> None:
    rows = np.full((2, len(OPTION_FEATURES)), 7.0, np.float32)
    write_fields(rows, None, traits_of({"plan": "pro"}), ["a", "b"], [])
    assert not rows[:, [column(name) for name in FOUR]].any()
    assert (rows == 7.0).sum() == 2 * (len(OPTION_FEATURES) - len(FOUR))
