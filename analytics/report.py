"""The report of one surface: what people did, whether the figures kept their word, where people were asked.

`report` measures, and nothing else does: the page, the file, Markdown and CSV are drawn from the same view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

from analytics.bundles import BundleHistory, bundle_history
from analytics.changes import happenings_figure, tally
from analytics.csv import rows_csv
from analytics.drawn import Drawn
from analytics.first_run import first_run
from analytics.lens import EVERYTHING, Lens, is_field_name
from analytics.marks import happenings, marked, marks
from analytics.pages.measured import Asking
from analytics.pages.registry import BY_NAME, PAGES, Page
from analytics.period import LONGEST, Period
from analytics.section import Section
from analytics.snapshot import Analytics
from components.empty import EmptyView
from components.notice import NoticeView
from components.stat import StatView

MOST_FIELDS = 6  # that a page offers to look through
FIRST_YEAR = 1900  # before it there was no log, only clocks that are wrong
HAPPENED = "what-happened"
LEAST_IDLE = timedelta(days=30)  # until a log may be one that has ended


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    surface: str
    title: str
    period: Period
    made_at: datetime  # the moment the snapshot speaks of
    simulated: bool
    n_requests: int
    is_whole: bool = False  # from the first request to now
    stats: tuple[StatView, ...] = ()
    sections: tuple[Section, ...] = ()
    bundles: tuple[BundleHistory, ...] = ()
    page: str | None = None  # None: all of them
    lens: Lens = EVERYTHING
    versus: str | None = None  # the bundle that is compared with
    against: Period | None = None  # or the time that is; both None: the time of the same length before
    fields: tuple[tuple[str, tuple[str, ...]], ...] = ()  # context fields that group, with their values
    served: tuple[str, ...] = ()  # the bundles that ranked its slates, the latest first
    happened: Drawn | None = None  # what happened meanwhile, for a page that has no such figure of its own
    empty: EmptyView | None = None  # in place of everything else
    problem: NoticeView | None = None  # the same, where the report could not be made

    def csv(self, figure: str) -> str | None:
        """The rows of one figure by its id, as CSV; None where there is no such figure."""
        for drawn in self.figures:
            if drawn.figure.id == figure:
                return rows_csv(drawn.rows)
        return None

    @property
    def figures(self) -> tuple[Drawn, ...]:
        return tuple(drawn for section in self.sections for drawn in section.figures)


def report(
    analytics: Analytics,
    surface: str,
    from_: datetime | None = None,
    to: datetime | None = None,
    *,
    now: datetime,
    page: str | None = None,
    lens: Lens = EVERYTHING,
    versus: str | None = None,
    against: Period | None = None,
) -> ReportView:
    """Measure one surface over [from_, to). Without `from_`, from its first request on; without `to`, until `now`;
    without both of a log that ended long ago, until it did. Of a period longer than ten years its last ten. `page`: one
    page by its name; without, all of them in order. `lens` narrows to a bundle or a group; `versus` is a bundle to
    compare with, `against` a time, instead of the period before.

    Raises ValueError where the period does not run forward. An unknown surface reads like one that was never asked."""
    about = next((row for row in analytics.rows("surfaces") if row["surface"] == surface), {})
    extent = analytics.rows("extent", surface=surface)[0]
    first_at = cast("datetime | None", extent["first_at"])
    period = report_period(analytics, surface, from_, to, now=now)
    start = from_ or _start(first_at, to or now)
    view = ReportView(
        surface=surface,
        title=cast(str, about.get("title") or "") or surface,
        period=period,
        made_at=cast(datetime, analytics.rows("moment")[0]["moment"]),
        simulated=bool(about.get("simulated", False)),
        n_requests=0,
        is_whole=from_ is None and to is None and period.from_ == start,
        bundles=bundle_history(analytics, surface),
        page=page,
        lens=lens,
        versus=versus,
        against=against,
    )
    if first_at is None:
        return replace(view, empty=first_run(surface, has_candidates=cast(int, extent["n_candidates"]) > 0))
    analytics.lens = lens
    try:
        view = replace(view, fields=_fields(analytics, surface), served=_served(analytics, surface))
        return _measured(analytics, view, PAGES if page is None else (BY_NAME[page],))
    finally:
        analytics.lens = EVERYTHING


def report_period(
    analytics: Analytics, surface: str, from_: datetime | None, to: datetime | None, *, now: datetime
) -> Period:
    """The time that is spoken of where one end or both are left open."""
    extent = analytics.rows("extent", surface=surface)[0]
    first_at, last_at = (cast("datetime | None", extent[name]) for name in ("first_at", "last_at"))
    end = to or now
    start = from_ or _start(first_at, end)
    if from_ is None and to is None and last_at is not None:
        end = _end(start, last_at, now)
    return Period(from_=_at_most_ten_years(start, end), to=end)


def failed(surface: str, detail: str, *, now: datetime) -> ReportView:
    """A report that could not be made, and why."""
    return ReportView(
        surface=surface,
        title=surface,
        period=Period(from_=now - timedelta(days=1), to=now),
        made_at=now,
        simulated=False,
        n_requests=0,
        problem=NoticeView(title="The report could not be made", text=detail, tone="bad", urgent=True),
    )


def _start(first_at: datetime | None, end: datetime) -> datetime:
    """The hour of the first request, or a day back where that is not before the end."""
    start = first_at.replace(minute=0, second=0, microsecond=0) if first_at else end
    return start if start < end else end - timedelta(days=1)


def _end(start: datetime, last_at: datetime, now: datetime) -> datetime:
    """Now; or the end of the last day of an old log, where nothing was asked for longer than it has lasted: what was
    imported from years ago would be a sliver of its charts."""
    if last_at.year < FIRST_YEAR:
        return now
    midnight = last_at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return midnight if now - midnight > max(midnight - start, LEAST_IDLE) else now


def _at_most_ten_years(start: datetime, end: datetime) -> datetime:
    """Every figure speaks of the same stretch, and a chart has room for ten years of weeks."""
    return max(start, end - LONGEST) if end - start > LONGEST else start


def _measured(analytics: Analytics, view: ReportView, pages: Sequence[Page]) -> ReportView:
    """Measure the pages one after the other; a figure that several have stands on the first of them."""
    surface, period = view.surface, view.period
    asking = Asking(
        analytics=analytics,
        surface=surface,
        period=period,
        lens=view.lens,
        bundles=view.bundles,
        fields=view.fields,
        versus=view.versus,
        against=view.against,
        is_whole=view.is_whole,
        page=view.page,
    )
    n_requests = tally(analytics, surface, period)["requests"]
    if not n_requests:
        return replace(view, n_requests=0)
    happened = analytics.rows("happenings", surface=surface, **{"from": period.from_, "to": period.to})
    moments = marks(happenings(happened), period)
    stats: list[StatView] = []
    sections: list[Section] = []
    seen: set[str] = set()
    for page in pages:
        measured = page.measure(asking)
        stats += measured.stats
        for each in measured.sections:
            new = tuple(drawn for drawn in each.figures if drawn.figure.id not in seen)
            seen |= {drawn.figure.id for drawn in new}
            sections += [replace(each, figures=tuple(marked(drawn, moments, period) for drawn in new))] if new else []
    told = None if HAPPENED in seen else happenings_figure(analytics, surface, period)
    return replace(view, n_requests=n_requests, stats=tuple(stats), sections=tuple(sections), happened=told)


def _served(analytics: Analytics, surface: str) -> tuple[str, ...]:
    """Whatever ranked a slate of the surface, what was there before the first retrain too; the latest first."""
    return tuple(str(row["bundle"]) for row in analytics.rows("served", surface=surface))


def _fields(analytics: Analytics, surface: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The context fields that group, with their values, the commonest first."""
    analytics.prepare()
    found: dict[str, list[str]] = {}
    for row in analytics.rows("fields", surface=surface):
        if is_field_name(name := str(row["name"])):
            found.setdefault(name, []).append(str(row["value"]))
    return tuple((name, tuple(values)) for name, values in found.items() if len(values) > 1)[:MOST_FIELDS]
