"""Where reports are drawn: one open snapshot, and what was lately measured on it.

The same question on the same snapshot is measured once, so that a page and the CSV of each of its figures agree."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar, cast

from analytics import snapshot
from analytics.impressions import ImpressionsView, impressions, render_impressions, with_notice
from analytics.index import render_index, surfaces
from analytics.markdown import render_markdown
from analytics.orders import (
    FileOrder,
    ImpressionsOrder,
    IndexOrder,
    LetGo,
    Order,
    PageOrder,
    Question,
    RowsOrder,
    SummaryOrder,
)
from analytics.period import Period
from analytics.render import render, render_file
from analytics.report import ReportView, report, report_period
from analytics.row_files import rows_as
from analytics.summary import summary

T = TypeVar("T")
MOST_KEPT = 32
_NOW = datetime(1, 1, 1, tzinfo=UTC)
_NO_TIME = timedelta(microseconds=1)  # a period ends before its end


class Studio:
    """Not for several threads at once."""

    def __init__(self, goes_on: Callable[[], None] = lambda: None) -> None:
        """`goes_on` is called whenever a step of something long is done."""
        self._goes_on = goes_on
        self._opened: snapshot.Analytics | None = None
        self._log: Path | None = None
        self._measured: OrderedDict[object, object] = OrderedDict()
        self.is_prepared = False  # what everything is counted from is derived
        self.deriving_s = 0.0  # what that took, for the last order

    def draw(self, order: Order, log: Path, kept: Path | None) -> bytes | None:
        """What was ordered, of the snapshot at `log`; None where there is no such thing. `kept`: see `snapshot.open`.

        Raises StorageUnavailable where there is no such snapshot. Where it fails before it `is_prepared`, what was kept
        is half derived, and has to be begun anew."""
        if isinstance(order, LetGo):
            self.let_go()
            return b""
        self._open(log, kept)
        match order:
            case IndexOrder():
                return render_index(self._once("index", surfaces), as_worker=order.as_worker).encode()
            case PageOrder():
                return render(self._view(order.question), order.noting, as_worker=order.as_worker).encode()
            case RowsOrder():
                return self._rows(order)
            case ImpressionsOrder():
                view = self._impressions(order)
                shown = view if order.handed_over is None else with_notice(view, order.handed_over)
                return render_impressions(shown, csrf=order.csrf, may_hand_over=True).encode()
            case SummaryOrder():
                return self._once(order, lambda analytics: _summary(analytics, order))
            case FileOrder():
                view_ = self._view(order.question)
                return (render_file(view_) if order.form == "html" else render_markdown(view_)).encode()

    def let_go(self) -> None:
        """Close the snapshot and forget what was measured on it."""
        self._measured.clear()
        self._log, self.is_prepared = None, False
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _open(self, log: Path, kept: Path | None) -> None:
        began_s = time.monotonic()
        if self._opened is None or self._log != log:
            self.let_go()
            self._opened, self._log = snapshot.open(log, kept=kept), log
        if not self.is_prepared:
            try:
                self._opened.prepare(self._goes_on)
            except BaseException:  # half derived
                self.let_go()
                raise
            self.is_prepared = True
        self.deriving_s = time.monotonic() - began_s

    def _once(self, key: object, measure: Callable[[snapshot.Analytics], T]) -> T:
        if key in self._measured:
            self._measured.move_to_end(key)
            return cast(T, self._measured[key])  # a key names its kind of measure
        assert self._opened is not None
        measured = self._measured[key] = measure(self._opened)
        while len(self._measured) > MOST_KEPT:
            self._measured.popitem(last=False)
        return measured

    def _view(self, asked: Question) -> ReportView:
        def measure(analytics: snapshot.Analytics) -> ReportView:
            return report(
                analytics,
                asked.surface,
                asked.from_,
                asked.to,
                now=asked.now,
                page=asked.page,
                lens=asked.lens,
                versus=asked.versus,
                against=asked.against,
            )

        return self._once(("report", _timeless(asked)), measure)

    def _impressions(self, order: ImpressionsOrder) -> ImpressionsView:
        asked = order.question

        def measure(analytics: snapshot.Analytics) -> ImpressionsView:
            period = report_period(analytics, asked.surface, asked.from_, asked.to, now=asked.now)
            return impressions(analytics, asked.surface, period, title=order.title, lens=asked.lens, of=order.of)

        return self._once(("impressions", _timeless(asked), tuple(order.of.items())), measure)

    def _rows(self, order: RowsOrder) -> bytes | None:
        figures = self._view(order.question).figures
        found = next((drawn.rows for drawn in figures if drawn.figure.id == order.figure), None)
        return None if found is None else rows_as(order.form, found, Path(order.work))


def _timeless(asked: Question) -> Question:
    """One snapshot knows one now: that of who first asked."""
    return replace(asked, now=_NOW)


def _summary(analytics: snapshot.Analytics, order: SummaryOrder) -> bytes:
    moment = cast(datetime, analytics.rows("moment")[0]["moment"])
    said: dict[str, object] = {"moment": moment.isoformat(), "told": None, "gauges": None}
    if order.to is None or moment >= order.to:
        since = order.from_ or moment - timedelta(days=order.days)
        counted = summary(analytics, order.surface, Period(from_=since, to=order.to or moment + _NO_TIME))
        said |= {"told": counted.to_json(), "gauges": counted.gauges}
    return json.dumps(said).encode()
