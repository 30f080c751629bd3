"""The same question asked three ways: on held-out data, on the log of another, and live; and who explains the gap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from htpy import Node

from analytics.changes import tally
from analytics.compared import Rates, compared, shares_of
from analytics.csv import Value
from analytics.drawn import Drawn, shares
from analytics.pages.learning import share_of
from analytics.pages.measured import Asking, Measured
from analytics.people import audits
from analytics.section import Section
from analytics.snapshot import Row
from analytics.tabular import Col, share_over, table_figure
from analytics.valued import valued_bundles
from components.figure import Definition
from components.identifier import identifier
from components.number import plural
from suggest.metrics.interval import Interval, clopper_pearson, difference, wilson

LEAST_GROUP = 20

BESIDE = Definition(
    what="For each bundle: how often a right option was in the slate on held-out data and live, as random audits of "
    "what was shown have it and as everything that is known has it; and from how many slates somebody took something, "
    "as valued on the log and as it came.",
    formula="Held out: right in three of the gate. Audited: audits whose verdict names an option that was shown / "
    "answered audits. Known: right / slates known by a verdict or a known answer. Off-policy: cascade-DR of the gate. "
    "Taken: taken / shown and no longer pending. 95% intervals (Clopper–Pearson of audits, Wilson of shares).",
    caveat="Audits are of what was shown, so of the likelier slates; most of what else is known is about what was "
    "escalated, the less likely ones: held out lies between. The last two answer another question than the first "
    "three.",
)

EXPLAINS = Definition(
    what="Where live quality is furthest under the whole: the group whose slates lack a right option most.",
    formula="Right share of a group (95% Wilson interval) less that of the rest, with the 95% interval of Newcombe "
    "(1998, method 10), times "
    "the group's part of the judged slates: what the whole would gain if the group were like the rest.",
    caveat="The largest of several gaps is partly chance, also where its interval leaves out 0: with twenty groups one "
    "does by chance alone.",
)


def measure(asking: Asking) -> Measured:
    return Measured(
        sections=(
            *compared(asking, "live", _rates),
            Section(
                id="live",
                title="Offline and live, side by side",
                lede="Test data is not live data. Where the two part, something changed between them.",
                is_wide=True,
                figures=(_beside_figure(asking), _explains_figure(asking)),
            ),
        )
    )


def _rates(asking: Asking) -> Rates:
    found = tally(asking.analytics, asking.surface, asking.period)
    return shares_of(
        {
            "right when audited": audits(asking.analytics, asking.surface, asking.period).quality,
            "right, all that is known": wilson(found["right_n"], found["n"]),
            "taken when seen": wilson(found["selected"], found["seen"]),
        }
    )


def _beside_figure(asking: Asking) -> Drawn:
    rows = [(bundle or "none", *_of_bundle(found)) for bundle, found in _by_bundle(asking).items()]
    kinds = ("held_out", "audited", "known", "off_policy", "taken")
    labels = ("held out", "live, audited", "live, all that is known", "off-policy", "taken")
    return table_figure(
        id="offline-and-live",
        title="By bundle",
        definition=BESIDE,
        columns=(
            Col(name="bundle", label="bundle", kind="bundle"),
            *(Col(name=name + end, label=name, kind="share") for name in kinds for end in ("", "_low", "_high")),
        ),
        values=rows,
        labels=("bundle", *labels),
        cells=[_beside_cells(row) for row in rows],
        sample=plural(len(rows), "bundle"),
        missing="" if rows else "Nothing was served in this period.",
    )


def _by_bundle(asking: Asking) -> dict[str, tuple[Interval | None, ...]]:
    """The same question of each bundle that served, asked five ways."""
    bounds = asking.bounds
    live = {str(row["value"]): row for row in asking.analytics.rows("judged_by", by="bundle", **bounds)}
    audited = {str(row["bundle"]): row for row in asking.analytics.rows("audits_by_bundle", **bounds)}
    served = {str(row["bundle"]): row for row in asking.analytics.rows("served_by_bundle", **bounds)}
    offline = {each.id: share_of(each, "top3") for each in asking.bundles}
    valued = {each.bundle: each.would for each in valued_bundles(asking.bundles)}
    return {
        bundle: (
            offline.get(bundle),
            _share(audited.get(bundle), "right", "answered", clopper_pearson),
            _share(live.get(bundle), "right_n", "n", wilson),
            Interval(low=would.low, mid=would.share, high=would.high, n=would.n)
            if (would := valued.get(bundle))
            else None,
            _share(row, "selected", "shown", wilson),
        )
        for bundle, row in served.items()
    }


def _share(row: Row | None, k: str, n: str, of: Callable[[int, int], Interval]) -> Interval | None:
    return of(cast("int", row[k]), cast("int", row[n])) if row and row[n] else None


def _of_bundle(found: Sequence[Interval | None]) -> tuple[Value, ...]:
    return tuple(value for each in found for value in shares(each))


def _beside_cells(row: Sequence[Value]) -> tuple[Node, ...]:
    """The interval stands under its share: five of them side by side leave it no other place."""
    bundle, *values = row
    told = zip(values[::3], values[1::3], values[2::3], strict=True)
    return (identifier(str(bundle)), *(share_over(*each) for each in told))


def _explains_figure(asking: Asking) -> Drawn:
    rows: list[tuple[Value, ...]] = []
    for name, _ in asking.fields:
        found = asking.analytics.rows("judged_by", by=f'$."{name}"', **asking.bounds)
        n = sum(cast("int", row["n"]) for row in found)
        right = sum(cast("int", row["right_n"]) for row in found)
        for row in found:
            here, good = cast("int", row["n"]), cast("int", row["right_n"])
            if here >= LEAST_GROUP and n - here >= LEAST_GROUP:
                share = wilson(good, here)
                gap = difference(share, wilson(right - good, n - here))
                value = str(row["value"] or "none")
                rows.append((name, value, here, *shares(share), *shares(gap), -gap.mid * here / n))
    rows.sort(key=lambda row: -cast("float", row[-1]))
    return table_figure(
        id="explains-the-gap",
        title="Who explains the gap",
        definition=EXPLAINS,
        columns=(
            Col(name="field", label="field", kind="text"),
            Col(name="value", label="value", kind="text"),
            Col(name="n", label="judged"),
            Col(name="right_share", label="was right", kind="share"),
            Col(name="right_low", label="from", kind="share"),
            Col(name="right_high", label="to", kind="share"),
            Col(name="against_rest", label="against the rest", kind="points"),
            Col(name="low", label="from", kind="points"),
            Col(name="high", label="to", kind="points"),
            Col(name="would_gain", label="the whole would gain", kind="points"),
        ),
        values=rows[:20],
        is_stacked=True,
        sample=plural(len(rows), "group"),
        missing="" if rows else "No group with 20 judged slates. Send context fields, and they are looked at apart.",
    )
