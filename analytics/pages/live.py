"""The same question asked three ways: on held-out data, on the log of another, and live; and who explains the gap."""

from __future__ import annotations

from typing import cast

from analytics.csv import Value
from analytics.drawn import Drawn
from analytics.pages.learning import share_of
from analytics.pages.measured import Asking, Measured
from analytics.section import Section
from analytics.tabular import Col, table_figure
from analytics.valued import valued_bundles
from components.figure import Definition
from components.number import plural
from suggest.metrics.interval import Interval, wilson

LEAST_GROUP = 20

BESIDE = Definition(
    what="For each bundle: how often a right option was in the slate on held-out data, and live as verdicts and known "
    "answers have it; and from how many slates somebody took something, as valued on the log and as it came.",
    formula="Held out: right in three of the gate. Live: right / slates known by a verdict or a known answer. "
    "Off-policy: cascade-DR of the gate. Taken: taken / shown and no longer pending. 95% intervals.",
    caveat="Live verdicts are mostly about what was escalated, which is harder: the live share is lower for that alone "
    "unless audits are many. The first two answer another question than the last two.",
)

EXPLAINS = Definition(
    what="Where live quality is furthest under the whole: the group whose slates lack a right option most.",
    formula="Right share of a group less that of the rest, times the group's part of the judged slates: what the whole "
    "would gain if the group were like the rest.",
    caveat="The largest of several gaps is partly chance.",
)


def measure(asking: Asking) -> Measured:
    return Measured(
        sections=(
            Section(
                id="live",
                title="Offline and live, side by side",
                lede="Test data is not live data. Where the two part, something changed between them.",
                is_wide=True,
                figures=(_beside_figure(asking), _explains_figure(asking)),
            ),
        )
    )


def _beside_figure(asking: Asking) -> Drawn:
    live = {str(row["value"]): row for row in asking.analytics.rows("judged_by", by="bundle", **asking.bounds)}
    served = {str(row["bundle"]): row for row in asking.analytics.rows("served_by_bundle", **asking.bounds)}
    offline = {each.id: share_of(each, "top3") for each in asking.bundles}
    valued = {each.bundle: each.would for each in valued_bundles(asking.bundles)}
    rows: list[tuple[Value, ...]] = []
    for bundle, row in served.items():
        judged = live.get(bundle)
        right = wilson(cast("int", judged["right_n"]), cast("int", judged["n"])) if judged else None
        shown = cast("int", row["shown"])
        taken = wilson(cast("int", row["selected"]), shown) if shown else None
        would = valued.get(bundle)
        rows.append(
            (
                bundle or "none",
                *_mid(offline.get(bundle)),
                *_mid(right),
                *((would.share, would.low, would.high) if would else (None, None, None)),
                *_mid(taken),
            )
        )
    kinds = ("held_out", "live", "off_policy", "taken")
    labels = ("held out", "live", "off-policy", "taken")
    return table_figure(
        id="offline-and-live",
        title="By bundle",
        definition=BESIDE,
        columns=(
            Col(name="bundle", label="bundle", kind="bundle"),
            *(
                Col(name=name + end, label=label + words, kind="share")
                for name, label in zip(kinds, labels, strict=True)
                for end, words in (("", ""), ("_low", ", from"), ("_high", ", to"))
            ),
        ),
        values=rows,
        sample=plural(len(rows), "bundle"),
        missing="" if rows else "Nothing was served in this period.",
    )


def _explains_figure(asking: Asking) -> Drawn:
    rows: list[tuple[Value, ...]] = []
    for name, _ in asking.fields:
        found = asking.analytics.rows("judged_by", by=f'$."{name}"', **asking.bounds)
        n = sum(cast("int", row["n"]) for row in found)
        right = sum(cast("int", row["right_n"]) for row in found)
        for row in found:
            here, good = cast("int", row["n"]), cast("int", row["right_n"])
            if here >= LEAST_GROUP and n - here >= LEAST_GROUP:
                gap = good / here - (right - good) / (n - here)
                rows.append((name, str(row["value"] or "none"), here, good / here, gap, -gap * here / n))
    rows.sort(key=lambda row: -cast("float", row[5]))
    return table_figure(
        id="explains-the-gap",
        title="Who explains the gap",
        definition=EXPLAINS,
        columns=(
            Col(name="field", label="field", kind="text"),
            Col(name="value", label="value", kind="text"),
            Col(name="n", label="judged"),
            Col(name="right_share", label="was right", kind="share"),
            Col(name="against_rest", label="against the rest", kind="points"),
            Col(name="would_gain", label="the whole would gain", kind="points"),
        ),
        values=rows[:20],
        sample=plural(len(rows), "group"),
        missing="" if rows else "No group with 20 judged slates. Send context fields, and they are looked at apart.",
    )


def _mid(found: Interval | None) -> tuple[float | None, float | None, float | None]:
    return (found.mid, found.low, found.high) if found is not None and found.n else (None, None, None)
