"""What people's labels bought, by how their requests were chosen, and whether more of them are worth their price."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from analytics.csv import Value
from analytics.drawn import Drawn, shares
from analytics.pages.measured import Asking
from analytics.section import Section
from analytics.snapshot import Row
from analytics.tabular import Col, table_figure
from components.figure import Definition
from components.number import plural
from suggest.metrics.interval import clopper_pearson

AHEAD = 500  # labels that the advice speaks of
FEWEST_FOR_WHERE = 5  # mistakes, from which on it is said where most of them are
WORTH_POINTS = 0.5  # of a hundred; less than that from AHEAD labels is not worth a person's day

_WORDS = {
    "informative": "stands for many that were unsure",
    "control": "drawn blindly",
    "asked": "asked for from a report",
    "doubted": "a known answer was doubted",
    "guideline": "its guideline has changed",
}

LABELS = Definition(
    what="What the answers to requests that nobody waited for brought: a label that repeats the model buys little, one "
    "that corrects it much.",
    formula="Standing verdicts on learning reviews, by how the request was chosen. Corrected: the answer was not the "
    "first option as it was served / answered. Not in the slate: it was none that was shown. None: no candidate was "
    "right. 95% Clopper–Pearson intervals.",
    caveat="Only what was drawn blindly is a sample, and of unanswered requests alone: its share corrected is how "
    "often the model was wrong on those when it served them. The others are chosen to be hard: to be wrong on them "
    "more often is their purpose. People see the suggestion, and may confirm it too readily.",
)


def labels_section(asking: Asking, ahead: Sequence[tuple[int, float, float, float]]) -> Section:
    """`ahead`: what more labels are expected to bring, as (more, low, mid, high) of the gain in the share right."""
    rows = asking.analytics.rows("picks", **asking.bounds)
    return Section(
        id="labels",
        title="What each label bought",
        lede=advice(rows, ahead),
        figures=(_labels_figure(rows),),
        is_wide=True,
    )


def advice(rows: Sequence[Row], ahead: Sequence[tuple[int, float, float, float]]) -> str:
    """Go on or stop, in a sentence, and where the mistakes are.

    >>> advice([], [(500, 0.001, 0.006, 0.011)])
    'The next 500 labels buy +0.6 points (+0.1 to +1.1), if the curve goes on as it went.'
    >>> advice([], [])
    'Too few bundles to say what more labels would buy.'
    """
    return " ".join(filter(None, (_gain(ahead), _where(rows))))


def _gain(ahead: Sequence[tuple[int, float, float, float]]) -> str:
    if not ahead:
        return "Too few bundles to say what more labels would buy."
    more, low, mid, high = ahead[0]
    told = f"The next {more} labels buy {100 * mid:+.1f} points ({100 * low:+.1f} to {100 * high:+.1f})"
    if 100 * high < WORTH_POINTS:
        return f"{told}: hardly worth a person's time any more. Changes of traffic are seen by the random checks."
    return f"{told}, if the curve goes on as it went."


def _where(rows: Sequence[Row]) -> str:
    """Where the first option was wrong most often: by the blind picks where they tell enough, else by all."""
    wrong = [row for row in rows if row["answered"] and not row["is_first"]]
    blind = [row for row in wrong if row["pick"] == "control"]
    told, of = (blind, "drawn blindly") if len(blind) >= FEWEST_FOR_WHERE else (wrong, "asked about")
    if len(told) < FEWEST_FOR_WHERE:
        return ""
    most = Counter(str(row["item"]) if row["item"] is not None else "none of the candidates" for row in told)
    names = ", ".join(f"{name} ({n})" for name, n in most.most_common(3))
    return f"Of {plural(len(told), 'mistake')} on requests {of}, most were where right is: {names}."


def _labels_figure(rows: Sequence[Row]) -> Drawn:
    kinds = [kind for kind in _WORDS if any(row["pick"] == kind for row in rows)]
    return table_figure(
        id="labels-bought",
        title="By how the request was chosen",
        definition=LABELS,
        columns=(
            Col(name="chosen", label="chosen", kind="text"),
            Col(name="picked", label="asked"),
            Col(name="answered", label="answered"),
            Col(name="corrected", label="corrected", kind="share"),
            Col(name="corrected_low", label="from", kind="share"),
            Col(name="corrected_high", label="to", kind="share"),
            Col(name="beyond", label="not in the slate", kind="share"),
            Col(name="beyond_low", label="from", kind="share"),
            Col(name="beyond_high", label="to", kind="share"),
            Col(name="none", label="none right", kind="share"),
            Col(name="none_low", label="from", kind="share"),
            Col(name="none_high", label="to", kind="share"),
        ),
        is_stacked=True,
        values=[_of(kind, [row for row in rows if row["pick"] == kind]) for kind in kinds],
        sample=plural(sum(bool(row["answered"]) for row in rows), "label"),
        missing=""
        if rows
        else "No request was put to people only to learn from it. `learning_per_day` in the policy says how many a day "
        "may be.",
    )


def _of(kind: str, rows: Sequence[Row]) -> tuple[Value, ...]:
    answered = [row for row in rows if row["answered"]]
    n = len(answered)
    if n == 0:
        return (_WORDS[kind], len(rows), 0, *(None,) * 9)
    wrong = clopper_pearson(sum(not row["is_first"] for row in answered), n)
    beyond = clopper_pearson(sum(not row["is_shown"] for row in answered), n)
    none = clopper_pearson(sum(row["item"] is None for row in answered), n)
    return (_WORDS[kind], len(rows), n, *shares(wrong), *shares(beyond), *shares(none))
