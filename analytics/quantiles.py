"""Medians and the like of times, each with the two observed times that it lies between: no distribution is assumed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from analytics.snapshot import Analytics, Row
from analytics.tabular import Col
from suggest.metrics.quantile import quantile_needs, quantile_ranks

MEDIAN, NINE_IN_TEN = 0.5, 0.9
NAMES: Mapping[float, str] = {MEDIAN: "median", NINE_IN_TEN: "p90"}
FORMULA = (
    "95% interval of a quantile: the two observed times whose ranks a binomial (n, q) leaves with at most 2.5% on each "
    f"side; no distribution is assumed. A median has both ends from {quantile_needs(MEDIAN)} times on, nine in ten an "
    f"upper one from {quantile_needs(NINE_IN_TEN)}."
)
CAVEAT = "Times of one rush depend on each other, and the interval is then too narrow."


def with_bounds(
    analytics: Analytics,
    query: str,
    times: Sequence[str],
    asked: Mapping[str, object],
    of: Sequence[float] = (MEDIAN,),
    *,
    key: str = "",
) -> list[Row]:
    """Rows of a query that says of each of `times` `{time}_n`, how many there were; to each is added
    `{time}_{median or p90}_low` and `_high`, None where there is no such bound.

    They are asked of `{query}_at`, which takes `$at` and says `{time}_at`, the values at those fractions of the sorted
    ones, of every `key`: how far apart the bounds are depends on how many there were."""
    rows = analytics.rows(query, **asked)
    wanted = sorted({at for row in rows for time in times for q in of for at in _fractions(row, time, q)})
    found = {row.get(key): row for row in analytics.rows(f"{query}_at", at=wanted, **asked)} if wanted else {}
    places = {at: place for place, at in enumerate(wanted)}
    return [dict(row) | _bounds(row, found.get(row.get(key), {}), times, of, places) for row in rows]


def _bounds(
    row: Row, found: Row, times: Sequence[str], of: Sequence[float], places: Mapping[float, int]
) -> dict[str, float | None]:
    told: dict[str, float | None] = {}
    for time in times:
        values = cast("Sequence[float] | None", found.get(f"{time}_at"))
        for q in of:
            ranks, n = quantile_ranks(cast("int", row[f"{time}_n"]), q), cast("int", row[f"{time}_n"])
            for end, rank in (("low", ranks.low), ("high", ranks.high)):
                at = None if rank is None or values is None else float(values[places[_fraction(rank, n)]])
                told[f"{time}_{NAMES[q]}_{end}"] = at
    return told


def _fractions(row: Row, time: str, q: float) -> list[float]:
    n = cast("int", row[f"{time}_n"])
    ranks = quantile_ranks(n, q)
    return [_fraction(rank, n) for rank in (ranks.low, ranks.high) if rank is not None]


def _fraction(rank: int, n: int) -> float:
    """Where a discrete quantile finds just the value of this rank."""
    return (rank - 0.5) / n


def columns(time: str, label: str, of: Sequence[float] = (MEDIAN,)) -> tuple[Col, ...]:
    """The quantiles of a time, each with the two ends of its interval."""
    words = {MEDIAN: f"{label}, median", NINE_IN_TEN: "nine in ten"}
    return tuple(
        Col(name=f"{time}_{NAMES[q]}{end}", label=words[q], kind="seconds") for q in of for end in ("", "_low", "_high")
    )


def names(time: str, of: Sequence[float] = (MEDIAN,)) -> tuple[str, ...]:
    """The same as `columns`, their names alone."""
    return tuple(each.name for each in columns(time, "", of))
