"""What fields say of an example is said by a model that never saw it, and a model of all goes into the bundle."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from suggest.loop import fields as module
from suggest.loop.examples import Catalog, Example, ExampleSet, Supplied
from suggest.loop.fields import with_fields
from suggest.loop.folds import NEVER_HELD_OUT
from suggest.loop.predicted import Predicted
from suggest.rank.features import SET_FEATURES, column
from suggest.rank.field_model import FieldModel
from suggest.rank.fit_fields import FEWEST_CHOICES, FieldChoice
from suggest.rank.ranker import COLUMNS, Columns
from suggest.rank.traits import NO_TRAITS, Traits, traits_of

IDS = ("a", "b", "c")
N, N_FOLDS = 60, 3
FOLDS = np.arange(N, dtype=np.int64) // 2 % N_FOLDS  # both plans in each fold
FOUR = [column(name) for name in ("fields", "gap_fields", "field_match", "field_apart")]
Ints = NDArray[np.int64]


def an_example(n: int, right: str, fields: Mapping[str, object] | None = None) -> Example:
    return Example(
        key=f"k{n}",
        text="which?",
        row=0,
        right=(right,) if right else (),
        weight=1.0,
        order=float(n),
        click=False,
        traits=traits_of(fields or {}),
    )


def by_plan(n: int = N) -> list[Example]:
    """Pro asks for a, free for b."""
    return [an_example(k, "ab"[k % 2], {"plan": ("pro", "free")[k % 2]}) for k in range(n)]


def a_set(examples: Sequence[Example], traits: tuple[Traits, ...] = ()) -> ExampleSet:
    catalog = Catalog(ids=IDS, texts=IDS, embeddings=np.eye(3, dtype=np.float32), traits=traits)
    return ExampleSet(examples=tuple(examples), embeddings=np.eye(1, 3, dtype=np.float32), catalog=catalog)


def rows_of(examples: Sequence[Example], ids: Sequence[str] = IDS) -> list[Predicted]:
    blank = Columns(
        option=np.full((len(ids), len(COLUMNS)), 0.5, np.float32), pool=np.full(len(SET_FEATURES), 0.25, np.float32)
    )
    return [Predicted(example=n, ids=tuple(ids), columns=blank) for n in range(len(examples))]


def written(
    examples: Sequence[Example], folds: Ints = FOLDS, traits: tuple[Traits, ...] = ()
) -> tuple[list[Predicted], FieldModel | None]:
    return with_fields(a_set(examples, traits), rows_of(examples), folds[: len(examples)])


def said(predicted: Predicted) -> list[float]:
    return [float(each) for each in predicted.columns.option[:, column("fields")]]


@pytest.fixture
def choices(monkeypatch: pytest.MonkeyPatch) -> list[list[FieldChoice]]:
    """The choices of each fit, none of which is made."""
    told: list[list[FieldChoice]] = []
    made: Callable[[Sequence[FieldChoice]], FieldModel | None] = module.fit_fields

    def fit(given: Sequence[FieldChoice]) -> FieldModel | None:
        told.append(list(given))
        return made(given) if len(told) == 1 else None

    monkeypatch.setattr(module, "fit_fields", fit)
    return told


def test_no_answer_tells_itself() -> None:
    """One answer is changed: what is said of it stays, and so it does of all that are held out with it."""
    examples = by_plan()
    changed = [replace(e, right=("c",)) if n == 7 else e for n, e in enumerate(examples)]
    before, after = written(examples)[0], written(changed)[0]
    for n in range(N):
        if FOLDS[n] == FOLDS[7]:
            assert said(after[n]) == said(before[n])
        else:
            assert said(after[n]) != said(before[n]), "the others learned of it"


def test_what_was_held_out_is_told_right_by_what_the_others_taught() -> None:
    rows, model = written(by_plan())
    assert model is not None
    assert all(np.argmax(said(row)) == n % 2 for n, row in enumerate(rows))


def test_the_model_of_all_speaks_for_what_is_never_held_out() -> None:
    folds = FOLDS.copy()
    folds[:10] = NEVER_HELD_OUT
    examples = by_plan()
    rows, model = written(examples, folds)
    assert model is not None
    for n in range(10):
        full = model.said(examples[n].traits, IDS, [NO_TRAITS] * 3).logit
        assert said(rows[n]) == pytest.approx(full.tolist())
    held_out = model.said(examples[10].traits, IDS, [NO_TRAITS] * 3).logit
    assert said(rows[10]) != pytest.approx(held_out.tolist()), "that one is by a model without its fold"


def test_only_the_columns_of_the_fields_are_written_and_the_rows_given_stay_as_they_were() -> None:
    examples = by_plan()
    given = rows_of(examples)
    rows, _ = with_fields(a_set(examples), given, FOLDS)
    others = [n for n in range(len(COLUMNS)) if n not in FOUR]
    for row, before in zip(rows, given, strict=True):
        assert (row.example, row.ids) == (before.example, before.ids)
        assert (row.columns.option[:, others] == 0.5).all()
        assert (row.columns.pool == 0.25).all()
        assert (before.columns.option == 0.5).all()


@pytest.mark.parametrize(
    "examples",
    [[], [an_example(n, "a") for n in range(N)], by_plan(FEWEST_CHOICES - 1)],
    ids=["none", "without fields", "too few"],
)
def test_where_fields_teach_nothing_the_rows_stay_as_they_are(examples: list[Example]) -> None:
    rows, model = written(examples)
    assert model is None
    assert all((row.columns.option == 0.5).all() for row in rows)


def test_a_fold_that_leaves_too_little_to_learn_from_is_told_nothing() -> None:
    """40 answers, 20 in fold 0: without it 20 are left, without the others 30."""
    folds = np.array([0] * 20 + [1] * 10 + [2] * 10, np.int64)
    rows, model = written(by_plan(40), folds)
    assert model is not None
    assert [bool(row.columns.option[:, FOUR].any()) for row in rows] == [False] * 20 + [True] * 20


def test_each_fit_is_told_of_all_but_its_fold(choices: list[list[FieldChoice]]) -> None:
    written([replace(e, weight=float(n)) for n, e in enumerate(by_plan())])
    everything, *of_folds = [{int(c.weight) for c in told} for told in choices]
    assert everything == set(range(N))
    assert of_folds == [{n for n in range(N) if FOLDS[n] != f} for f in range(N_FOLDS)]


def test_what_has_no_right_answer_is_told_of_but_teaches_nothing(choices: list[list[FieldChoice]]) -> None:
    nothing = an_example(N, "", {"plan": "pro"})
    rows, _ = written([*by_plan(), nothing], np.append(FOLDS, NEVER_HELD_OUT))
    assert len(choices[0]) == N
    assert np.argmax(said(rows[-1])) == 0


def test_an_answer_weighs_what_it_stands_for_as_far_as_it_is_believed(choices: list[list[FieldChoice]]) -> None:
    written([replace(e, weight=0.5, stands_for=3.0, sure=0.8) for e in by_plan()])
    assert [c.weight for c in choices[0]] == pytest.approx([1.2] * N)


def test_the_text_is_told_beside_the_fields_less_its_best_and_cosines_in_tenths(
    choices: list[list[FieldChoice]],
) -> None:
    examples = by_plan()
    given = rows_of(examples)
    option = given[0].columns.option.copy()
    option[:, column("linear")] = [-3.0, -1.0, -2.0]
    option[:, column("name_cosine")] = [0.9, 0.4, 0.6]
    with_fields(a_set(examples), [replace(p, columns=replace(p.columns, option=option)) for p in given], FOLDS)
    linear, best, name, centroid = choices[0][0].text.T
    assert linear.tolist() == [-2.0, 0.0, -1.0]
    assert name.tolist() == pytest.approx([0.0, -5.0, -3.0], abs=1e-5)
    assert not best.any()
    assert not centroid.any()


def test_options_have_the_fields_of_the_catalogue_or_those_they_came_with(choices: list[list[FieldChoice]]) -> None:
    own, brought = traits_of({"brand": "x"}), traits_of({"brand": "y"})
    zeros = np.zeros(1, np.float32)
    supplied = Supplied(ids=("b",), name_cosine=zeros, lexical=zeros, traits=(brought,))
    examples = by_plan()
    examples[1] = replace(examples[1], supplied=supplied)
    written(examples, traits=(own, NO_TRAITS, own))
    assert choices[0][0].options == (own, NO_TRAITS, own)
    assert choices[0][1].options == (NO_TRAITS, brought, NO_TRAITS), "a's own are not of what a caller brings"


def test_fields_of_the_options_alone_are_enough() -> None:
    examples = [an_example(n, "a") for n in range(N)]
    rows, model = written(examples, traits=tuple(traits_of({"brand": brand}) for brand in "xyz"))
    assert model is not None
    assert all(np.argmax(said(row)) == 0 for row in rows)
