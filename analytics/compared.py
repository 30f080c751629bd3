"""The rates of a page beside those of another time or another bundle, each with the interval of its difference.

Every page that shows such rates has this figure where a comparison was chosen, and only there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from htpy import Node

from analytics.csv import Value
from analytics.drawn import Drawn, at_words
from analytics.pages.measured import Asking
from analytics.period import Period
from analytics.section import Section
from analytics.tabular import Col, Kind, between, over, table_figure, written
from components.figure import Definition
from components.number import NOTHING, plural
from suggest.metrics.interval import Interval, square_and_add

COMPARED = Definition(
    what="Each rate of this page beside what it is compared with (another time, or another bundle), and whether the "
    "difference is more than chance.",
    formula="Rates with their 95% intervals as on the rest of the page (shares without another: Wilson); the "
    "difference with the 95% interval that follows from the two, each counted at the side that matters (Newcombe 1998, "
    "method 10, which holds for any two estimates of different requests). More than chance: it leaves out 0.",
    caveat="Of twenty rates one differs by chance alone. Two bundles served at different times and for different "
    "people, unless an experiment dealt them: a difference says nothing of why.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`found` None: nothing was observed. A bound that is infinite is open: too few were observed for one."""

    found: Interval | None
    kind: Kind = "share"


Rates = Mapping[str, Rate]


def shares_of(found: Mapping[str, Interval | None]) -> Rates:
    """Those of which something was observed, or nothing (n = 0)."""
    return {name: Rate(found=each if each is not None and each.n else None) for name, each in found.items()}


@contextmanager
def other(asking: Asking) -> Iterator[Asking]:
    """The same question of what is compared with: the other bundle in the same time, or the other time; where neither
    was chosen, the time of the same length before."""
    period = asking.period
    if asking.versus is None:
        before = Period(from_=period.from_ - (period.to - period.from_), to=period.from_)
        yield replace(asking, period=asking.against or before)
        return
    lens = replace(asking.lens, bundle=asking.versus)
    asking.analytics.lens = lens
    try:
        yield replace(asking, lens=lens)
    finally:
        asking.analytics.lens = asking.lens


def against(asking: Asking) -> tuple[str, str]:
    """What is compared with, in words, and in one word for a column."""
    if asking.versus is not None:
        return f"bundle {asking.versus}", "there"
    if asking.against is not None:
        return at_words(asking.against), "then"
    return "the period of the same length before this one", "before"


def compared(asking: Asking, page: str, rates: Callable[[Asking], Rates]) -> tuple[Section, ...]:
    """The section of a page that compares, in a tuple; an empty one where nothing was chosen to compare with."""
    if asking.versus is None and asking.against is None:
        return ()
    now = rates(asking)
    with other(asking) as there:
        then = rates(there)
    words, word = against(asking)
    return (
        Section(
            id="compared",
            title="Compared",
            lede=f"Against {words}.",
            is_wide=True,
            figures=(_figure(page, now, then, word=word),),
        ),
    )


def _figure(page: str, now: Rates, then: Rates, *, word: str) -> Drawn:
    names = [*now, *(name for name in then if name not in now)]
    told = [(name, *_both(now.get(name), then.get(name))) for name in names]
    told = [each for each in told if each[2] is not None or each[3] is not None]
    rows = [(name, kind, *_bounds(ours), *_bounds(theirs), *_gap(ours, theirs)) for name, kind, ours, theirs in told]
    clear = [row for row in rows if row[-1] in ("up", "down")]
    return table_figure(
        id=f"compared-{page}",
        title=f"Now and {word}",
        definition=COMPARED,
        columns=(
            Col(name="rate", label="rate", kind="text"),
            Col(name="kind", label="kind", kind="text"),
            *_columns("now", "now"),
            Col(name="n", label="of"),
            *_columns("before", word),
            Col(name="n_before", label="of"),
            Col(name="difference", label="difference", kind="decimal"),
            Col(name="low", label="from", kind="decimal"),
            Col(name="high", label="to", kind="decimal"),
            Col(name="verdict", label="verdict", kind="text"),
        ),
        values=rows,
        labels=("rate", "now", word, "difference", "verdict"),
        cells=[_cells(name, kind, ours, theirs) for name, kind, ours, theirs in told],
        texts=(0, 4),
        sample=f"{plural(len(clear), 'difference')} above chance",
        missing="" if rows else "Nothing was observed in either.",
    )


def _columns(name: str, label: str) -> tuple[Col, ...]:
    return tuple(Col(name=f"{name}{end}", label=label, kind="decimal") for end in ("", "_low", "_high"))


def _both(ours: Rate | None, theirs: Rate | None) -> tuple[Kind, Interval | None, Interval | None]:
    kind = ours.kind if ours else theirs.kind if theirs else "share"
    return kind, ours.found if ours else None, theirs.found if theirs else None


def _bounds(found: Interval | None) -> tuple[Value, ...]:
    return (None, None, None, 0) if found is None else (found.mid, _end(found.low), _end(found.high), found.n)


def _end(bound: float) -> float | None:
    return None if bound in (float("inf"), float("-inf")) else bound


def _gap(ours: Interval | None, theirs: Interval | None) -> tuple[Value, ...]:
    if ours is None or theirs is None:
        return (None, None, None, "nothing to compare")
    found = square_and_add(ours, theirs)
    low, high = _end(found.low), _end(found.high)
    is_up, is_down = low is not None and low > 0, high is not None and high < 0
    return (found.mid, low, high, "up" if is_up else "down" if is_down else "no more than chance")


def _cells(name: str, kind: Kind, ours: Interval | None, theirs: Interval | None) -> tuple[Node, ...]:
    mid, low, high, verdict = _gap(ours, theirs)
    unit: Kind = "points" if kind == "share" else kind
    return (
        name,
        _over(kind, *_bounds(ours)[:3]),
        _over(kind, *_bounds(theirs)[:3]),
        _over(unit, mid, low, high, signed=True),
        str(verdict),
    )


def _over(kind: Kind, mid: Value, low: Value, high: Value, *, signed: bool = False) -> Node:
    if mid is None:
        return NOTHING
    sign = "+" if signed and kind == "seconds" and isinstance(mid, float) and mid > 0 else ""
    return over(f"{sign}{written(mid, kind)}", between(low, high, kind))
