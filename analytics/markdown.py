"""The report as Markdown: for a terminal, an issue, a commit. Tables and definitions, no drawings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analytics.bundles import BundleHistory
from analytics.csv import Rows
from analytics.drawn import Drawn, at_words
from analytics.report import ReportView
from components.number import moment, plural
from components.steps import StepsView
from components.terms import scalar

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~>-])")
_LONGEST_TABLE = 60  # rows; the CSV has them all


def render_markdown(view: ReportView) -> str:
    return "\n".join(_lines(view)).rstrip() + "\n"


def plain(text: str) -> str:
    r"""Text of other people as Markdown that shows exactly it: one line, nothing of it markup.

    >>> plain("a|b\n<b>*c*")
    'a\\|b &lt;b\\>\\*c\\*'
    """
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;"))


def _lines(view: ReportView) -> Iterator[str]:
    yield f"# {plain(view.title)}"
    yield ""
    yield f"{at_words(view.period)}, {plural(view.n_requests, 'request')}, as of {moment(view.made_at)}."
    yield ""
    if view.simulated:
        yield "**Simulated traffic.** The people on this surface are a program."
        yield ""
    if view.problem is not None:
        yield f"**{plain(view.problem.title)}.** {plain(view.problem.text)}"
        return
    if view.empty is not None:
        yield f"**{plain(view.empty.title)}.** {plain(view.empty.text)}"
        yield ""
        yield from (
            f"{number}. {plain(step.title)}. {plain(step.text)}" for number, step in enumerate(view.empty.steps, 1)
        )
        return
    for stat in view.stats:
        rest = "; ".join(part for part in (stat.interval, stat.note) if part)
        yield f"- {plain(stat.label)}: **{plain(stat.value or 'not yet')}** ({plain(rest)})"
    for section in view.sections:
        yield from ("", f"## {plain(section.title)}", "", plain(section.lede))
        for drawn in section.figures:
            yield from _figure(drawn)
    for bundle in view.bundles:
        yield from _bundle(bundle)


def _figure(drawn: Drawn) -> Iterator[str]:
    figure = drawn.figure
    yield from ("", f"### {plain(figure.title)}", "", f"{plain(figure.sample)}. {plain(figure.definition.what)}", "")
    if figure.missing:
        yield from (plain(figure.missing), "")
    elif isinstance(drawn.chart, StepsView):
        yield from (f"{n}. **{plain(each.title)}.** {plain(each.text)}" for n, each in enumerate(drawn.chart.steps, 1))
        yield ""
    elif drawn.rows.values:
        yield from _table(drawn.rows)
    if figure.note:
        yield from (plain(figure.note), "")
    yield f"How: {plain(figure.definition.formula)}"
    yield ""
    yield f"Misleads when: {plain(figure.definition.caveat)}"


def _table(rows: Rows) -> Iterator[str]:
    yield "| " + " | ".join(map(plain, rows.columns)) + " |"
    yield "|" + "---|" * len(rows.columns)
    for row in rows.values[:_LONGEST_TABLE]:
        yield "| " + " | ".join(plain(scalar(value)) for value in row) + " |"
    if len(rows.values) > _LONGEST_TABLE:
        yield from ("", f"and {plural(len(rows.values) - _LONGEST_TABLE, 'more row')} in the CSV")
    yield ""


def _bundle(bundle: BundleHistory) -> Iterator[str]:
    yield from ("", f"### Bundle {plain(bundle.id)}: {plain(bundle.state)}", "", moment(bundle.at), "")
    yield from (f"- {plain(name)}: {plain(value)}" for name, value in _flat(bundle.gate))


def _flat(values: object, under: str = "") -> Iterator[tuple[str, str]]:
    """Every leaf of a gate report with the path to it."""
    if isinstance(values, dict):
        for name, value in values.items():
            yield from _flat(value, f"{under} / {name}" if under else str(name))
    elif isinstance(values, list):
        for number, value in enumerate(values, 1):
            yield from _flat(value, f"{under} {number}")
    else:
        yield under, scalar(values)
