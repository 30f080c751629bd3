"""What fields are read and how they are weighed: frequent values, steps at quantiles, and the likeliest weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from suggest.rank import fit_fields as module
from suggest.rank.field_model import ID, FieldModel
from suggest.rank.fit_fields import FEWEST_CHOICES, FEWEST_SEEN, FieldChoice, fit_fields
from suggest.rank.traits import NO_TRAITS, Traits, traits_of

IDS = ("a", "b", "c")


def a_choice(
    right: str | Sequence[str],
    context: Mapping[str, object] | None = None,
    options: Sequence[Traits] = (),
    *,
    ids: Sequence[str] = IDS,
    text: Sequence[float] = (),
    weight: float = 1.0,
) -> FieldChoice:
    return FieldChoice(
        context=traits_of(context or {}),
        ids=tuple(ids),
        options=tuple(options) or (NO_TRAITS,) * len(ids),
        right=np.array([i in right for i in ids]),
        text=np.array(text or [0.0] * len(ids), np.float32)[:, None],
        weight=weight,
    )


def by_plan(n: int = 40, *, weight: float = 1.0) -> list[FieldChoice]:
    """Pro asks for a, free for b."""
    return [a_choice("ab"[k % 2], {"plan": ("pro", "free")[k % 2]}, weight=weight) for k in range(n)]


def fitted(choices: Sequence[FieldChoice]) -> FieldModel:
    model = fit_fields(choices)
    assert model is not None
    return model


def best(model: FieldModel, context: Mapping[str, object], options: Sequence[Traits] = ()) -> str:
    said = model.said(traits_of(context), IDS, tuple(options) or (NO_TRAITS,) * len(IDS))
    return IDS[int(said.logit.argmax())]


# -- whether anything is made ------------------------------------------------------------------------------------------


def test_too_few_answers_make_no_model() -> None:
    assert fit_fields([]) is None
    assert fit_fields(by_plan(FEWEST_CHOICES - 1)) is None
    assert fit_fields(by_plan(FEWEST_CHOICES)) is not None


def test_a_surface_without_fields_has_no_model() -> None:
    assert fit_fields([a_choice("a")] * 60) is None


@pytest.mark.parametrize(
    "fields",
    [[{"ticket": f"t{n}"} for n in range(40)], [{"version": 2}] * 40],
    ids=["every value once", "always the same number"],
)
def test_fields_that_tell_nobody_apart_make_no_model(fields: list[dict[str, object]]) -> None:
    assert fit_fields([a_choice("ab"[n % 2], each) for n, each in enumerate(fields)]) is None


@pytest.mark.parametrize("right", ["", "abc"], ids=["nothing was right", "everything was right"])
def test_what_prefers_nothing_teaches_nothing(right: str) -> None:
    """Such answers do not count towards the fewest, and move no weight."""
    idle = [a_choice(right, {"plan": "pro"}) for _ in range(40)]
    assert fit_fields([*by_plan(FEWEST_CHOICES - 1), *idle]) is None
    np.testing.assert_array_equal(fitted([*by_plan(), *idle]).weights, fitted(by_plan()).weights)


# -- what is read ------------------------------------------------------------------------------------------------------


def test_a_value_is_read_from_the_fewest_times_on_that_it_was_there() -> None:
    rare, seen = [{"team": "rare"}] * (FEWEST_SEEN - 1), [{"team": "seen"}] * FEWEST_SEEN
    choices = by_plan() + [a_choice("a", each) for each in (*rare, *seen)]
    tokens = set(fitted(choices).context.tokens)
    assert tokens == {("plan", "pro"), ("plan", "free"), ("team", "seen")}


def test_an_option_is_told_by_its_id_once_it_was_right_often_enough() -> None:
    choices = by_plan() + [a_choice("c", {"plan": "pro"})] * (FEWEST_SEEN - 1)
    assert set(fitted(choices).option.tokens) == {(ID, "a"), (ID, "b")}
    assert (ID, "c") in fitted([*choices, a_choice("c", {"plan": "pro"})]).option.tokens


def test_only_as_many_values_as_there_is_room_for_the_most_frequent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CONTEXT_TOKENS", 2)
    counts = {"x": 10, "y": 30, "z": 20}
    choices = [a_choice("ab"[n % 2], {"team": team}) for team, most in counts.items() for n in range(most)]
    assert set(fitted(choices).context.tokens) == {("team", "y"), ("team", "z")}


def test_a_number_is_read_by_its_middle_its_spread_and_its_octiles() -> None:
    """0 to 80 evenly: the median is 40, the tenths at 8 and 72 are 2.5 spreads apart, and the octiles are tens."""
    choices = [a_choice("ab"[n % 2], {"amount": n}) for n in range(81)]
    ((first, scale),) = fitted(choices).context.scales.values()
    assert first == 1
    assert (scale.middle, scale.spread) == pytest.approx((40.0, 64 / 2.5))
    assert scale.steps == pytest.approx((10, 20, 30, 40, 50, 60, 70))


def test_a_number_of_two_values_has_one_step_between_them() -> None:
    choices = [a_choice("ab"[n % 2], {"flag": n % 2}) for n in range(40)]
    ((_, scale),) = fitted(choices).context.scales.values()
    assert (scale.read(0)[1:], scale.read(1)[1:]) == ([0.0] * len(scale.steps), [1.0] * len(scale.steps))
    assert all(step < 1 for step in scale.steps), "no step lies above all of them"


def test_numbers_most_often_there_come_first_and_by_name_among_equals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CONTEXT_NUMBERS", 2)
    fields = [{"late": n, "b": n, "a": n} if n < 30 else {"late": n} for n in range(40)]
    choices = [a_choice("ab"[n % 2], each) for n, each in enumerate(fields)]
    assert list(fitted(choices).context.scales) == ["late", "a"]


def test_columns_never_overlap_and_fill_the_space() -> None:
    options = [traits_of({"brand": brand, "price": price}) for brand, price in (("x", 1), ("y", 5), ("x", 9))]
    choices = [
        a_choice("ab"[n % 2], {"plan": "pro", "amount": n, "age": n % 7}, options, ids=[f"{i}{n % 5}" for i in IDS])
        for n in range(40)
    ]
    choices = [replace(each, right=np.array([True, False, False])) for each in choices]
    model = fitted(choices)
    for space in (model.context, model.option):
        columns = [0, *space.tokens.values()]
        for first, scale in space.scales.values():
            columns += range(first, first + 1 + len(scale.steps))
        assert sorted(columns) == list(range(space.size))
    assert model.weights.shape == (model.context.size, model.option.size)


def test_only_names_that_both_sides_have_are_compared() -> None:
    options = [traits_of({"size": size, "price": n, "brand": "x"}) for n, size in enumerate(("s", "m", "l"))]
    choices = [
        a_choice("abc"[n % 3], {"size": "sml"[n % 3], "price": n % 5, "colour": "red"}, options, ids=IDS)
        for n in range(45)
    ]
    assert fitted(choices).names == ("size",)
    spread = np.std([n % 5 for n in range(45)] + [0, 1, 2])  # of all contexts, and of each option once
    assert fitted(choices).numbers == pytest.approx({"price": spread})


# -- how it is weighed -------------------------------------------------------------------------------------------------


def test_a_category_tells_two_answers_apart_and_the_unknown_are_left_even() -> None:
    model = fitted(by_plan())
    assert (best(model, {"plan": "pro"}), best(model, {"plan": "free"})) == ("a", "b")
    said = model.said(traits_of({"plan": "never met"}), IDS, (NO_TRAITS,) * 3).logit
    assert said[0] == pytest.approx(said[1], abs=1e-2)


def test_a_threshold_lies_where_it_was() -> None:
    choices = [a_choice("a" if n < 60 else "b", {"amount": n}) for n in range(80)]
    model = fitted(choices)
    assert [best(model, {"amount": amount}) for amount in (5, 45, 75)] == ["a", "a", "b"]


def test_options_never_seen_are_told_by_what_they_have_in_common_with_the_context() -> None:
    sizes = ("s", "m", "l")
    options = [traits_of({"size": size}) for size in sizes]
    choices = [
        a_choice(f"{n}-{n % 3}", {"size": sizes[n % 3]}, options, ids=[f"{n}-{k}" for k in range(3)]) for n in range(45)
    ]
    model = fitted(choices)
    assert [best(model, {"size": size}, options) for size in sizes] == list(IDS)


def test_what_the_text_tells_already_fields_need_not_tell() -> None:
    """Of two fits to the same answers, the one whose text is right as well leaves less for the fields."""
    told = [replace(c, text=np.where(c.right, 3.0, 0.0).astype(np.float32)[:, None]) for c in by_plan()]
    assert np.abs(fitted(told).weights).max() < 0.5 * np.abs(fitted(by_plan()).weights).max()


def test_an_answer_of_double_weight_is_that_answer_twice() -> None:
    np.testing.assert_allclose(fitted(by_plan(40, weight=2.0)).weights, fitted(by_plan(80)).weights, atol=0.02)


def test_answers_without_weight_leave_the_weights_at_0() -> None:
    assert not fitted(by_plan(40, weight=0.0)).weights.any()


def test_of_too_many_answers_the_latest_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CHOICES", 40)
    changed = [replace(c, right=c.right[[1, 0, 2]]) for c in by_plan()]
    assert best(fitted([*by_plan(), *changed]), {"plan": "pro"}) == "b"


def test_the_same_answers_give_the_same_model() -> None:
    assert fitted(by_plan()).to_npz() == fitted(by_plan()).to_npz()


def test_no_weights_nearby_are_likelier() -> None:
    """-log P(right) summed + half the squared weights, written out with the model itself, is least there."""
    rng = np.random.default_rng(5)
    options = [traits_of({"plan": plan}) for plan in ("pro", "free", "pro")]
    choices = [
        a_choice("abc"[int(rng.integers(3))], {"plan": ("pro", "free")[int(rng.integers(2))]}, options, weight=w)
        for w in rng.choice([0.5, 1.0], 60)
    ]
    choices = [replace(c, right=c.right | (np.arange(3) == 2)) if n % 5 == 0 else c for n, c in enumerate(choices)]
    model = fitted(choices)

    def loss(each: FieldModel) -> float:
        total = 0.5 * float((each.weights**2).sum() + (each.match_weights**2).sum())
        for c in choices:
            e = np.exp(each.said(c.context, c.ids, c.options).logit.astype(np.float64))
            total -= c.weight * float(np.log(e[c.right].sum() / e.sum()))
        return total

    least = loss(model)
    for _ in range(40):
        w = model.weights + rng.normal(0, 0.1, model.weights.shape).astype(np.float32)
        m = model.match_weights + rng.normal(0, 0.1, model.match_weights.shape).astype(np.float32)
        assert loss(replace(model, weights=w, match_weights=m)) > least - 1e-3
    for share in (0.9, 0.97, 1.03, 1.1):
        scaled = replace(model, weights=share * model.weights, match_weights=share * model.match_weights)
        assert loss(scaled) > least, "neither more nor less is held back than a prior of variance 1 does"
    blank = replace(model, weights=0 * model.weights, match_weights=0 * model.match_weights)
    assert loss(blank) > least + 0.5


def test_a_right_one_is_told_from_the_hardest_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the text puts far behind is not compared: its field gets no weight, that of a close rival does."""
    monkeypatch.setattr(module, "HARDEST", 1)
    options = [NO_TRAITS, traits_of({"tone": "close"}), traits_of({"tone": "far"})]
    model = fitted([a_choice("a", {"plan": "pro"}, options, text=(0.0, -0.1, -9.0)) for _ in range(40)])
    close, far = (model.weights[:, model.option.tokens["tone", tone]] for tone in ("close", "far"))
    assert close.min() < -0.1
    assert not far.any()
