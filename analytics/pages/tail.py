"""The long tail: what is asked once, what nobody could answer, what is shown and never taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from analytics.compared import Rates, compared, shares_of
from analytics.csv import Value
from analytics.drawn import Drawn, shares
from analytics.pages.measured import Asking, Measured
from analytics.section import Section
from analytics.snapshot import Row
from analytics.tabular import Col, table_figure, values_of
from components.figure import Definition
from components.number import plural
from suggest.metrics.clusters import clusters
from suggest.metrics.interval import Interval, clopper_pearson

MOST_UNANSWERED = 2_000  # slates; the latest
LEAST_CLUSTER, MOST_CLUSTERS = 3, 20
LEAST_LOOKS = 20
BANDS = {1: "asked once", 2: "2 to 5 times", 6: "6 to 20 times", 21: "more often"}

UNANSWERED = Definition(
    what="What people found wanting, by subject, the largest first, with a candidate that would answer it where "
    "somebody wrote one.",
    formula="Slates on which a worker said none or wrote an answer, or which were dismissed or overridden; the latest "
    f"{MOST_UNANSWERED:,}. Greedy cover of their vectors at cosine 0.6, clusters of three and more; 95% "
    "Clopper–Pearson interval of the share. Proposed: what was written most often in the cluster.",
    caveat="Somebody may have dismissed what was right. A proposal is what somebody wrote once: read it before it is "
    "offered to everybody.",
)

NEVER = Definition(
    what="Candidates that people looked at and never took: they cost a place in the slate.",
    formula=f"Options examined at least {LEAST_LOOKS} times without a selection; at most so often would they be taken: "
    "upper end of the 95% Clopper–Pearson interval.",
    caveat="Where they stood matters: the lower, the fewer are taken. A candidate for a rare question may be right and "
    "rare.",
)

RARE = Definition(
    what="How much of what is asked is rare, and whether it is answered as well as the rest.",
    formula="Slates by how often their very context was asked in this period; right / slates known by a verdict or a "
    "known answer with 95% Clopper–Pearson intervals.",
    caveat="The same question in other words counts as another. A short period makes everything rare.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    n: int  # slates that were found wanting
    clusters: tuple[tuple[Value, ...], ...]


def measure(asking: Asking) -> Measured:
    return Measured(
        sections=(
            *compared(asking, "tail", _rates),
            Section(
                id="tail",
                title="The long tail",
                lede="Where people are needed most, and where a new candidate would help.",
                is_wide=True,
                figures=(_unanswered_figure(asking), _rare_figure(asking), _never_figure(asking)),
            ),
        )
    )


def _rates(asking: Asking) -> Rates:
    rows = asking.analytics.rows("judged_by_rarity", **asking.bounds)
    total = sum(cast("int", row["slates"]) for row in rows)
    found: dict[str, Interval | None] = {}
    for row in rows:
        band = BANDS[cast("int", row["band"])]
        found[f"{band}, of all"] = clopper_pearson(cast("int", row["slates"]), total)
        found[f"{band}, was right"] = clopper_pearson(cast("int", row["right_n"]), cast("int", row["n"]))
    return shares_of(found)


def unanswered(asking: Asking, *, most: int = MOST_UNANSWERED, clusters: int = MOST_CLUSTERS) -> Unanswered:
    """What people found wanting, of the latest `most` slates: (for example, proposed, slates, share, low, high) of each
    cluster, the largest first."""
    rows = asking.analytics.rows("unanswered", most=most, **asking.bounds)
    newest = cast("str | None", rows[0]["encoder"]) if rows else None
    alike = [row for row in rows if row["encoder"] == newest]  # vectors of two encoders never meet
    found = tuple(_cluster(members, len(rows)) for members in _clusters(alike, most=clusters))
    return Unanswered(n=len(rows), clusters=found)


def _unanswered_figure(asking: Asking) -> Drawn:
    found = unanswered(asking)
    values = found.clusters
    return table_figure(
        id="unanswered",
        title="What could not be answered",
        definition=UNANSWERED,
        columns=(
            Col(name="example", label="for example", kind="text"),
            Col(name="proposed", label="proposed candidate", kind="text"),
            Col(name="slates", label="slates"),
            Col(name="share", label="of the unanswered", kind="share"),
            Col(name="share_low", label="from", kind="share"),
            Col(name="share_high", label="to", kind="share"),
        ),
        is_stacked=True,
        values=values,
        sample=plural(found.n, "unanswered slate"),
        missing=""
        if values
        else "No three unanswered requests say the same."
        if found.n
        else "Nothing was found wanting in this period.",
    )


def _clusters(rows: Sequence[Row], *, most: int) -> list[list[Row]]:
    if not rows:
        return []
    vectors = np.array([np.frombuffer(cast(bytes, row["embedding"]), np.float16) for row in rows], np.float32)
    found = clusters(vectors, least=LEAST_CLUSTER, most=most)
    return [[rows[member] for member in each.members] for each in found]


def _cluster(members: Sequence[Row], n: int) -> tuple[Value, ...]:
    written = Counter(text for row in members if (text := _line(row["written"])))
    proposed = written.most_common(1)[0][0] if written else ""
    return (
        _line(members[0]["text"]) or "(redacted)",
        proposed,
        len(members),
        *shares(clopper_pearson(len(members), n)),
    )


def _line(text: object) -> str:
    line = " ".join(str(text or "").split())
    return line if len(line) <= 120 else f"{line[:119]}…"


def _rare_figure(asking: Asking) -> Drawn:
    rows = asking.analytics.rows("judged_by_rarity", **asking.bounds)
    total = sum(cast("int", row["slates"]) for row in rows)
    values: list[tuple[Value, ...]] = []
    for row in rows:
        slates, n = cast("int", row["slates"]), cast("int", row["n"])
        right = clopper_pearson(cast("int", row["right_n"]), n) if n else None
        part = shares(clopper_pearson(slates, total))
        values.append((BANDS[cast("int", row["band"])], slates, *part, n, *shares(right)))
    return table_figure(
        id="rare-contexts",
        title="How rare what is asked is",
        definition=RARE,
        columns=(
            Col(name="band", label="this context", kind="text"),
            Col(name="slates", label="slates"),
            Col(name="share", label="of all", kind="share"),
            Col(name="share_low", label="from", kind="share"),
            Col(name="share_high", label="to", kind="share"),
            Col(name="judged", label="judged"),
            Col(name="right_share", label="was right", kind="share"),
            Col(name="low", label="from", kind="share"),
            Col(name="high", label="to", kind="share"),
        ),
        values=values,
        is_stacked=True,
        sample=plural(total, "request"),
        missing="" if rows else "No request in this period.",
    )


def _never_figure(asking: Asking) -> Drawn:
    rows = asking.analytics.rows("never_taken", least=LEAST_LOOKS, **asking.bounds)
    return table_figure(
        id="never-taken",
        title="Looked at, never taken",
        definition=NEVER,
        columns=(
            Col(name="text", label="candidate", kind="text"),
            Col(name="item", label="id", kind="text"),
            Col(name="last_at", label="last shown", kind="moment"),
            Col(name="examined", label="looked at"),
            Col(name="at_most", label="taken at most", kind="share"),
        ),
        values=[
            (
                _line(row["text"]),
                *values_of(row, "item", "last_at", "examined"),
                clopper_pearson(0, cast("int", row["examined"])).high,
            )
            for row in rows
        ],
        sample=plural(len(rows), "candidate"),
        missing="" if rows else f"No candidate was looked at {LEAST_LOOKS} times without being taken.",
    )
