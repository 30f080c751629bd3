"""Build a challenger: out-of-fold columns, a booster on them, a calibrator on both, then everything once more on all.

Every number a later stage is fitted on was predicted by earlier stages that had not seen that example: five folds of
labels (stratified, identical texts together) and one of the latest clicks. A second pass with whole groups of
candidates taken away, and one with requests about other things, show the calibrator what near and far unanswerable
requests look like, so that it needs no such label."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from suggest.calibrate.choice import ChoiceModel, probabilities
from suggest.calibrate.fit_choice import OF_THE_SURFACE, fit_choice
from suggest.calibrate.together import Together
from suggest.loop.clicks import FEWEST_READINGS, corrected, examination_of, readings_among
from suggest.loop.examples import ExampleSet
from suggest.loop.fields import with_fields
from suggest.loop.folds import N_FOLDS, NEVER_HELD_OUT
from suggest.loop.linear_columns import lasting, linear_columns
from suggest.loop.made_up import Background, far_away, groups_of, made_new, taken_away
from suggest.loop.pools import CHOICE_COLUMNS, Pools
from suggest.loop.predicted import Predicted
from suggest.loop.trees import grow_trees
from suggest.rank.examination import Examination
from suggest.rank.features import SET_FEATURES
from suggest.rank.ranker import Columns, Ranker

Floats = NDArray[np.float32]
ROUNDS = 1  # of correcting the clicks; a second round believes what the first made of them (.65 to .52 of the gap)
TURNS = 3  # of a round, between examination and choice: the columns stay, so they are cheap
FEWEST_POSITIVES = 30  # known right answers below which there is nothing to build
SPEAKS_FOR_ITSELF = 300  # known right answers from which on the shipped weights are held no more firmly,
SPEAKS_AN_OPTION = 6  # and so many of each option in the mean
FIELDS_BELIEVED = 0.5  # weight of what fields say before the surface's own data speaks; it is a logit out of fold
Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    ranker: Ranker
    choice: ChoiceModel
    held_out: tuple[Predicted, ...]  # one for every example that the encoder was not tuned on, out of fold
    held_out_choices: tuple[ChoiceModel, ...]  # the calibrator that judged fold f, fitted without it
    folds: NDArray[np.int64]  # (examples,)
    examples: ExampleSet  # as they came, the clicks with what they stand for
    examination: Examination | None  # how people read; None where too few slates were read
    ways: Mapping[str, float]  # the ways the trees were grown, and how each orders held-out answers (nDCG)
    way: str  # the one that was kept


def build(
    examples: ExampleSet,
    prior: ChoiceModel,
    *,
    background: Background,
    seed: int,
    threads: int = 1,
    report: Progress,
    correct_clicks: bool = True,
) -> Built:
    """Fit all stages. Raises ValueError below FEWEST_POSITIVES known right answers.

    `background`: requests about anything at all, which stand for what is far from this surface. `correct_clicks`: False
    takes every selection at face value, which is what the correction is compared with."""
    if examples.positives < FEWEST_POSITIVES:
        raise ValueError(
            f"{examples.positives} known right answers are too few to learn from; {FEWEST_POSITIVES} are needed"
        )
    folds = examples.folds()
    present = [int(f) for f in np.unique(folds) if f != NEVER_HELD_OUT]
    report(0.05, "linear model, out of fold")
    rows, full = linear_columns(examples, folds)
    examination, fields = None, None
    if correct_clicks and readings_among(examples) >= FEWEST_READINGS:
        for done in range(ROUNDS):
            report(0.2 + 0.1 * done, "how people read")
            told, _ = with_fields(examples, rows, folds)  # where only they tell, clicks would look like mistakes
            examination, examples = _corrected(examples, told, prior)
            rows, full = linear_columns(examples, folds)
    report(0.45, "fields, out of fold")
    rows, fields = with_fields(examples, rows, folds)
    report(0.5, "trees, out of fold")
    trees = grow_trees(examples, rows, folds, seed=seed, threads=threads, fair=correct_clicks)
    report(0.75, "unanswerable requests, made by taking candidates away")
    groups = groups_of(examples)
    near = taken_away(examples, folds, groups, trees.booster, fields)
    far = far_away(examples, background, Ranker(full, trees.booster, fields))
    report(0.82, "new options, made by forgetting what is known of them")
    new = made_new(examples, folds, groups, full, trees.booster, fields)
    report(0.85, "probabilities")
    everything = np.ones(len(examples), bool)
    pools = Pools.of(examples, trees.held_out, examination, near=near, far=far, new=new)
    choices = pools.choices(everything)
    base, strength = _widened(prior), prior_strength(examples.positives, len(lasting(examples)))
    fallback = fit_choice(_companions(base, examples, everything), choices, strength=strength, settled=OF_THE_SURFACE)
    judged = {
        f: fit_choice(
            _companions(base, examples, folds != f),
            pools.choices(folds != f),
            strength=strength,
            begin=fallback,
            settled=OF_THE_SURFACE,
        )
        for f in present
    }
    return Built(
        ranker=Ranker(full, trees.booster, fields),
        choice=replace(fallback, known=(examples.positives, examples.nones)),
        held_out=trees.held_out,
        held_out_choices=tuple(judged.get(f, fallback) for f in range(N_FOLDS + 1)),
        folds=folds,
        examples=examples,
        examination=examination,
        ways=trees.ndcg,
        way=trees.way,
    )


def prior_strength(n_known: int, n_options: int) -> float:
    """How firmly the shipped weights are held: 1 from 300 known answers and six an option on, 27 at a third of them.

    The columns of few examples are too alike to weigh anew. After 100 outcomes on BANKING77 (training rows, 57 options,
    judged on 790 others) a strength of 1, 10, 30, 100 put a right option in the first three in .850, .863, .890, .894;
    the shipped weights alone in .899. After 300 a strength of 1 was the best: NLL .556, against .562 and .569. On 150
    options (CLINC150) 300 are two each: NLL .986, .914, .889 at 1, 18, 100, and top 1 .770, .781, .788; with 600
    it is .590, .618, .659 at 1, 10, 100 (docs/decisions/0040).

    >>> prior_strength(1_000, 50), round(prior_strength(100, 50)), round(prior_strength(300, 150))
    (1.0, 27, 27)
    """
    enough = max(SPEAKS_FOR_ITSELF, SPEAKS_AN_OPTION * n_options)
    return max(1.0, (enough / max(n_known, 1)) ** 3)


def predict(choice: ChoiceModel, columns: Columns) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """P of each option of the pool (n,), and of near and far (2,)."""
    utilities = choice.utilities(columns.named(choice.option_names))
    return probabilities(utilities, choice.none_logits(columns.pool_named(choice.set_names)))


def _corrected(examples: ExampleSet, rows: Sequence[Predicted], prior: ChoiceModel) -> tuple[Examination, ExampleSet]:
    """How people read, by turns with how likely each option is; then the clicks with what they are worth."""
    everything, base = np.ones(len(examples), bool), _widened(prior)
    choice, examination = base, None
    for _ in range(TURNS):
        told = {p.example: (p.ids, predict(choice, p.columns)[0]) for p in rows}
        examination = examination_of(examples, told)
        choices = Pools.of(examples, rows, examination).choices(everything)
        choice = fit_choice(base, choices, begin=choice, settled=OF_THE_SURFACE)
    assert examination is not None
    told = {p.example: (p.ids, predict(choice, p.columns)[0]) for p in rows}
    return examination, corrected(examples, told, examination)


# -- the calibrator ----------------------------------------------------------------------------------------------------


def _companions(prior: ChoiceModel, examples: ExampleSet, use: NDArray[np.bool_]) -> ChoiceModel:
    """The prior, and what labels with several right options say of who is right with whom."""
    named = (e.right for e, used in zip(examples.examples, use, strict=True) if used and e.right and not e.click)
    return replace(prior, together=Together.of(named))


def _widened(prior: ChoiceModel) -> ChoiceModel:
    """The prior over all columns: those it does not know start at zero, the booster as a weak vote."""
    theta = {"fields": FIELDS_BELIEVED} | dict(zip(prior.option_names, prior.theta, strict=True))
    known = {n: i for i, n in enumerate(prior.set_names)}
    place = [known.get(n) for n in SET_FEATURES]
    w = np.zeros((2, len(SET_FEATURES)))
    for to, of in enumerate(place):
        if of is not None:
            w[:, to] = prior.w[:, of]
    return ChoiceModel(
        option_names=CHOICE_COLUMNS,
        theta=np.array([theta.get(n, 0.0) for n in CHOICE_COLUMNS]),
        set_names=SET_FEATURES,
        bias=prior.bias,
        w=w,
        mean=np.array([prior.mean[i] if i is not None else 0.0 for i in place]),
        scale=np.array([prior.scale[i] if i is not None else 1.0 for i in place]),
        shares=prior.shares,
    )


__all__ = ["Built", "Predicted", "build", "predict"]
