"""What changed against the period before: each share with the interval of its difference, and what happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from htpy import Node

from analytics.csv import Value
from analytics.drawn import Drawn, share_cells, shares
from analytics.period import Period
from analytics.snapshot import Analytics
from analytics.tabular import Col, over, table_figure
from components.figure import Definition
from components.identifier import identifier
from components.number import NOTHING, moment, plural
from suggest.metrics.interval import Interval, difference, wilson

CHANGES = Definition(
    what="Each headline share beside what it is compared with (the period of the same length before, another "
    "time, or another bundle), and whether the difference is more than chance.",
    formula="Shares with 95% Wilson intervals; their difference with the 95% interval of Newcombe (1998, method 10, "
    "from the two). More than chance: the interval leaves out 0.",
    caveat="Five shares are compared: one of them differs by chance alone more often than one period in twenty. A "
    "share that differs says nothing of why; what happened meanwhile stands beside it.",
)

HAPPENINGS = Definition(
    what="What was done to the surface in this time: bundles that were built or began to serve, changes of the policy, "
    "and what people wrote down.",
    formula="Rows of bundles, policy changes and annotations, in order of time.",
    caveat="What happened before a change need not be its cause.",
)

SHARES = (
    ("taken when seen", "selected", "seen"),
    ("shown", "shown", "requests"),
    ("applied alone", "applied", "requests"),
    ("sent to a person", "escalated", "requests"),
    ("right when judged", "right_n", "n"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    name: str
    now: Interval | None
    before: Interval | None

    @property
    def difference(self) -> Interval | None:
        if self.now is None or self.before is None:
            return None
        return difference(self.now, self.before)

    @property
    def words(self) -> str:
        found = self.difference
        if found is None:
            return "nothing to compare"
        return "up" if found.low > 0 else "down" if found.high < 0 else "no more than chance"


def tally(analytics: Analytics, surface: str, period: Period) -> Mapping[str, int]:
    """The counts behind the headline shares of one period."""
    bounds = {"from": period.from_, "to": period.to}
    counted = {**analytics.rows("tally", surface=surface, **bounds)[0]}
    counted |= analytics.rows("judged_tally", surface=surface, **bounds)[0]
    return {name: cast("int", value) for name, value in counted.items()}


def changes(now: Mapping[str, int], before: Mapping[str, int]) -> tuple[Change, ...]:
    return tuple(
        Change(name=name, now=_share(now[k], now[n]), before=_share(before[k], before[n])) for name, k, n in SHARES
    )


def changes_figure(found: tuple[Change, ...], *, against: str) -> Drawn:
    rows: list[tuple[Value, ...]] = []
    for each in found:
        gap = each.difference
        rows.append(
            (
                each.name,
                *(*shares(each.now), each.now.n if each.now else 0),
                *(*shares(each.before), each.before.n if each.before else 0),
                *shares(gap),
                each.words,
            )
        )
    clear = [each for each in found if each.words in ("up", "down")]
    return table_figure(
        id="what-changed",
        title=f"Now and {against}",
        definition=CHANGES,
        columns=(
            Col(name="share", label="share", kind="text"),
            Col(name="now", label="now", kind="share"),
            Col(name="now_low", label="from", kind="share"),
            Col(name="now_high", label="to", kind="share"),
            Col(name="n", label="of"),
            Col(name="before", label=against, kind="share"),
            Col(name="before_low", label="from", kind="share"),
            Col(name="before_high", label="to", kind="share"),
            Col(name="n_before", label="of"),
            Col(name="difference", label="difference", kind="points"),
            Col(name="low", label="from", kind="points"),
            Col(name="high", label="to", kind="points"),
            Col(name="verdict", label="verdict", kind="text"),
        ),
        values=rows,
        labels=("share", "now", against, "difference", "verdict"),
        cells=[_cells(each) for each in found],
        texts=(0, 4),
        sample=f"{plural(len(clear), 'difference')} above chance" if any(each.before for each in found) else "",
        note=""
        if any(each.before for each in found)
        else "There is nothing to compare with: no request was made there.",
    )


def _cells(each: Change) -> tuple[Node, ...]:
    """The intervals stand under their figures, so that the verdict has its place beside them."""
    found = each.difference
    gap: Node = NOTHING
    if found is not None:
        gap = over(f"{100 * found.mid:+.1f} pt", f"{100 * found.low:+.1f} to {100 * found.high:+.1f}")
    return (
        each.name,
        over(*share_cells(each.now)) if each.now else NOTHING,
        over(*share_cells(each.before)) if each.before else NOTHING,
        gap,
        each.words,
    )


def happenings_figure(analytics: Analytics, surface: str, period: Period) -> Drawn:
    rows = analytics.rows("happenings", surface=surface, **{"from": period.from_, "to": period.to})
    values = [(cast(datetime, row["at"]), str(row["kind"]), str(row["what"] or "")) for row in rows][-60:]
    return table_figure(
        id="what-happened",
        title="What happened meanwhile",
        definition=HAPPENINGS,
        columns=(
            Col(name="at", label="when", kind="moment"),
            Col(name="kind", label="kind", kind="text"),
            Col(name="what", label="what", kind="text"),
        ),
        values=values,
        cells=[(moment(at), kind, _what(kind, what)) for at, kind, what in values],
        sample=plural(len(rows), "entry", "entries"),
        missing="" if rows else "Nothing was built, changed or written down in this period.",
    )


def _what(kind: str, what: str) -> Node:
    """What happened; the id of a bundle shortened."""
    id, colon, state = what.partition(": ")
    return [identifier(id), colon, state] if kind == "bundle" else what


def _share(k: int, n: int) -> Interval | None:
    return wilson(k, n) if n else None
