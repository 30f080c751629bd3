"""The figures an owner alarms on, as Prometheus gauges of each surface: of the last seven days, from a snapshot.

A scrape tells what was counted last and asks for it to be counted again; it never waits for that. They are counted at
most every quarter of an hour, at most a twentieth of the time, and not at all where nobody scrapes."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from suggest.domain.errors import SuggestError
from suggest.web.meters import Labels, family

if TYPE_CHECKING:
    from suggest.config.application import Application
    from suggest.web.snapshots import Snapshots

log = logging.getLogger("suggest.web")
OVER_DAYS = 7
EVERY_S = 900.0
MOST_OF_THE_TIME = 20.0  # they are counted anew after so many times as long as it took
WANTED_FOR_S = 3600.0  # after the last scrape


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What was counted of all surfaces, and the moment that it speaks of."""

    at: datetime
    figures: tuple[tuple[str, Mapping[str, float | None]], ...]  # a surface each; see `analytics.summary`


class ReportGauges:
    def __init__(self, application: Application, *, snapshots: Snapshots, monotonic_s: Callable[[], float]) -> None:
        self._application = application
        self._snapshots = snapshots
        self._monotonic_s = monotonic_s
        self._counted: Counted | None = None
        self._asked_at_s: float | None = None
        self._again_at_s = 0.0

    def lines(self) -> Iterable[str]:
        """In the text format, at once; before they were counted, their names without values."""
        self._asked_at_s = self._monotonic_s()
        counted = self._counted
        for name, help_text, samples in _families(() if counted is None else counted.figures):
            yield from family(name, "gauge", help_text, samples)
        age: dict[Labels, float] = (
            {} if counted is None else {(): (self._application.clock.now() - counted.at).total_seconds()}
        )
        yield from family("suggest_report_age_seconds", "gauge", "Since the snapshot that they were counted on.", age)

    def count(self) -> None:
        """Count them where they are asked for and old. Called every second, by one thread at a time."""
        began_s = self._monotonic_s()
        if self._asked_at_s is None or began_s - self._asked_at_s > WANTED_FOR_S or began_s < self._again_at_s:
            return
        from analytics.orders import SummaryOrder

        figures, at = [], self._application.clock.now()
        for surface in self._application.online.list_surfaces():
            try:
                drawn = self._snapshots.draw(SummaryOrder(surface=surface.name, days=OVER_DAYS))
            except SuggestError:
                log.exception("the gauges of %s could not be counted", surface.name)
                continue
            found = json.loads(drawn or b"{}")
            at = min(at, datetime.fromisoformat(found["moment"]))
            figures.append((surface.name, found["gauges"]))
        self._counted = Counted(at=at, figures=tuple(figures))
        ended_s = self._monotonic_s()
        self._again_at_s = ended_s + max(EVERY_S, MOST_OF_THE_TIME * (ended_s - began_s))


def _families(
    counted: tuple[tuple[str, Mapping[str, float | None]], ...],
) -> Iterable[tuple[str, str, Mapping[Labels, float]]]:
    """Name, help and samples; where there was nothing to count a figure over, it has no sample."""

    def of(figure: str, **labels: str) -> dict[Labels, float]:
        more = tuple(labels.items())
        found = ((surface, figures[figure]) for surface, figures in counted)
        return {(("surface", surface), *more): value for surface, value in found if value is not None}

    week = "over the last seven days."
    yield "suggest_report_requests", f"Requests {week}", of("requests")
    yield "suggest_report_acceptance", f"Share of the slates in view that were taken {week}", of("taken_when_seen")
    yield (
        "suggest_report_automation_share",
        f"Share of requests whose first option was applied alone {week}",
        of("applied_alone"),
    )
    yield (
        "suggest_report_without_people_share",
        f"Share of requests that nobody was handed {week}",
        of("without_people"),
    )
    yield (
        "suggest_report_live_precision_low",
        f"Lower bound of how often what was confident was right, by random audits {week}",
        of("live_precision_low"),
    )
    yield (
        "suggest_report_review_wait_seconds",
        f"How long an escalation waited for its answer, by quantile {week}",
        of("wait_s_median", quantile="0.5") | of("wait_s_p90", quantile="0.9"),
    )
    yield (
        "suggest_report_review_wait_bound_seconds",
        f"The ends of the 95% interval of that wait, where enough waited for one {week}",
        {
            labels: value
            for name, quantile in (("median", "0.5"), ("p90", "0.9"))
            for bound in ("low", "high")
            for labels, value in of(f"wait_s_{name}_{bound}", quantile=quantile, bound=bound).items()
        },
    )
    yield "suggest_report_calibration_error", f"Expected calibration error of p_any {week}", of("calibration_error")
    yield (
        "suggest_report_calibration_noise",
        "What that error would be by chance alone, 95th percentile.",
        of("calibration_noise"),
    )
