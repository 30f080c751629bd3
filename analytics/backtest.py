"""The figures of a backtest: how right, how honest, what people would still look at, what time it would save."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from analytics.reliability import Reliability, measured
from suggest.config.backtest import Asked, Backtest
from suggest.metrics.calibration import GroupGap, group_gaps
from suggest.metrics.clusters import clusters
from suggest.metrics.interval import Interval, clopper_pearson, lower_bound, wilson
from suggest.policy.threshold import Certified, certify

TARGETS = (0.90, 0.95, 0.98)
DELTA = 0.1  # a promise may be wrong one time in ten
LEAST_GROUP = 30  # tickets, below which a group is not shown on its own
LEAST_CLUSTER = 3
MOST_CLUSTERS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    n_history: int
    was_built: bool
    top1: Interval  # of all judged tickets, those without a candidate that answers them counted as wrong
    top3: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFigures:
    name: str
    top1: Interval
    top3: Interval
    gap: GroupGap


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What a promised precision would leave to people. Without a threshold it cannot be promised, and `why` says it."""

    target: float
    why: str = ""
    n_needed: int | None = None
    threshold: float | None = None
    precision: Interval | None = None  # of what is shown; `low` is the bound that the promise rests on
    review_share: Interval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """Minutes of a thousand tickets. Bounds: share shown and precision both at their worst, and at their best."""

    target: float | None  # None: everything is shown
    handling_min: float
    minutes: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """Tickets about one thing for which no right answer was among the first three."""

    n: int
    example: str  # the most central message
    answer: str  # what most of them were answered with; empty: nothing
    answer_n: int
    is_new: bool  # that answer was no candidate: it had not been given before
    is_rare: bool = False  # nor was this one: too many others had been given more often


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """What the caller says of the people whose time is counted."""

    handling_min: tuple[float, ...] = (1.0, 3.0, 10.0)  # to answer a ticket without a suggestion
    reading_s: float = 8.0  # to read a slate, whether or not it helps

    def __post_init__(self) -> None:
        if not self.handling_min or any(not 0 < each < 1e6 for each in self.handling_min):
            raise ValueError("handling times are minutes above 0")
        if not 0 <= self.reading_s < 1e6:
            raise ValueError("a reading time is seconds, 0 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestView:
    name: str  # of the file
    way: str  # time | answer
    n_tickets: int  # that were looked at
    n_left_out: int
    n_history: int
    n_judged: int
    n_candidates: int
    n_new: int  # judged, with an answer that nobody had given before
    n_none: int  # judged, and nothing answers them
    n_given: int  # different answers that had been given; the commonest of very many are the candidates
    n_rare: int  # judged, with one of the others
    curve: tuple[CurvePoint, ...]
    of_any: Reliability
    are_grouped: bool  # a column names groups, large or small
    groups: tuple[GroupFigures, ...]
    promises: tuple[Promise, ...]
    savings: tuple[Saving, ...]
    unanswered: tuple[Unanswered, ...]
    n_unanswered: int
    assumed: Assumed = field(default_factory=Assumed)

    @property
    def top1(self) -> Interval:
        return self.curve[-1].top1

    @property
    def top3(self) -> Interval:
        return self.curve[-1].top3


def measure(run: Backtest, *, name: str, assumed: Assumed | None = None) -> BacktestView:
    assumed = assumed or Assumed()
    asked = run.asked
    p = np.array([each.told.p_any for each in asked])
    right = np.array([float(each.in_slate) for each in asked])
    promises = tuple(_promise(p, right, target) for target in TARGETS)
    everything = clopper_pearson(int(right.sum()), len(asked))
    unanswerable = [each.ticket.answer for each in asked if not each.right]
    missed = [row for row, each in enumerate(asked) if not each.in_slate]
    return BacktestView(
        name=name,
        way=run.split.way,
        n_tickets=len(run.split.history) + len(run.split.judged),
        n_left_out=run.split.left_out,
        n_history=len(run.split.history),
        n_judged=len(asked),
        n_candidates=len(run.candidates),
        n_new=sum(1 for each in unanswerable if each is not None and each not in run.given),
        n_none=sum(1 for each in unanswerable if each is None),
        n_given=len(run.given),
        n_rare=sum(1 for each in unanswerable if each in run.given),
        curve=tuple(_point(step.n_history, step.was_built, step.asked) for step in run.steps),
        of_any=measured(
            "p_any",
            p.tolist(),
            [bool(each) for each in right],
            [each.ticket.context.key for each in asked],
            ["label"] * len(asked),
            n_slates=len(asked),
        ),
        are_grouped=any(each.ticket.group for each in asked),
        groups=_groups(asked, p, right),
        promises=promises,
        savings=tuple(
            saving
            for handling in assumed.handling_min
            for saving in (
                _saving(None, Interval(low=0.0, mid=0.0, high=0.0, n=len(asked)), everything, handling, assumed),
                *(
                    _saving(each.target, each.review_share, each.precision, handling, assumed)
                    for each in promises
                    if each.review_share is not None and each.precision is not None
                ),
            )
        ),
        unanswered=_unanswered(run, missed),
        n_unanswered=len(missed),
        assumed=assumed,
    )


def _point(n_history: int, was_built: bool, asked: Sequence[Asked]) -> CurvePoint:
    return CurvePoint(
        n_history=n_history,
        was_built=was_built,
        top1=wilson(sum(each.in_top_1 for each in asked), len(asked)),
        top3=wilson(sum(each.in_slate for each in asked), len(asked)),
    )


def _groups(asked: Sequence[Asked], p: np.ndarray, right: np.ndarray) -> tuple[GroupFigures, ...]:
    """The larger groups, the least right first."""
    names = [each.ticket.group for each in asked]
    large = [name for name, n in Counter(names).items() if name and n >= LEAST_GROUP]
    gaps: Mapping[object, GroupGap] = {gap.group: gap for gap in group_gaps(p, right, names)} if large else {}
    found = []
    for name in large:
        here = [each for each in asked if each.ticket.group == name]
        found.append(
            GroupFigures(
                name=name,
                top1=wilson(sum(each.in_top_1 for each in here), len(here)),
                top3=wilson(sum(each.in_slate for each in here), len(here)),
                gap=gaps[name],
            )
        )
    return tuple(sorted(found, key=lambda group: (group.top3.mid, group.name)))


def _promise(p: np.ndarray, right: np.ndarray, target: float) -> Promise:
    """By the test that the server's slider uses, on the judged tickets."""
    found = certify(p, right, target=target, delta=DELTA)
    if not isinstance(found, Certified):
        return Promise(target=target, why=found.why, n_needed=found.n_needed)
    n_test = round(found.n / found.share) if found.share else len(p)
    kept = found.n - found.errors
    return Promise(
        target=target,
        threshold=found.threshold,
        precision=Interval(
            low=found.bound,
            mid=kept / found.n,
            high=1.0 - float(lower_bound(found.errors, found.n, 1.0 - DELTA)),
            n=found.n,
        ),
        review_share=clopper_pearson(n_test - found.n, n_test),
    )


def _saving(
    target: float | None, review: Interval, precision: Interval, handling_min: float, assumed: Assumed
) -> Saving:
    """A slate costs its reading; one with a right answer saves the handling. What goes to people saves nothing."""

    def minutes(shown: float, is_right: float) -> float:
        return 1_000 * shown * (is_right * handling_min - assumed.reading_s / 60)

    ends = [minutes(1 - share, kept) for share in (review.low, review.high) for kept in (precision.low, precision.high)]
    return Saving(
        target=target,
        handling_min=handling_min,
        minutes=minutes(1 - review.mid, precision.mid),
        low=min(ends),
        high=max(ends),
    )


def _unanswered(run: Backtest, missed: Sequence[int]) -> tuple[Unanswered, ...]:
    asked, told = run.asked, []
    for cluster in clusters(run.embeddings[list(missed)], least=LEAST_CLUSTER, most=MOST_CLUSTERS):
        rows = [missed[member] for member in cluster.members]
        given = Counter(asked[row].ticket.answer for row in rows)
        answer, n = given.most_common(1)[0]
        told.append(
            Unanswered(
                n=len(rows),
                example=asked[rows[0]].ticket.context.text,
                answer="" if answer is None else run.answers[answer],
                answer_n=n,
                is_new=answer is not None and answer not in run.given,
                is_rare=answer in run.given and answer not in run.candidates,
            )
        )
    return tuple(told)
