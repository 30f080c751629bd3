"""The list of pages, in the order an owner reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from analytics.pages import drift, experiments, funnel, learning, live, overview, people, positions, reliability, tail
from analytics.pages.measured import Asking, Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    name: str  # in its address
    title: str
    measure: Callable[[Asking], Measured]
    compares: bool = True  # it says what differs from another time or bundle, where one was chosen
    names_people: bool = False  # it shows what people wrote, or how each worker does: not for every worker


PAGES = (
    Page(name="overview", title="Overview", measure=overview.measure),
    Page(name="funnel", title="Funnel", measure=funnel.measure),
    Page(name="reliability", title="Reliability", measure=reliability.measure),
    Page(name="learning", title="Learning", measure=learning.measure, compares=False),
    Page(name="live", title="Offline and live", measure=live.measure),
    Page(name="people", title="People", measure=people.measure, names_people=True),
    Page(name="tail", title="Long tail", measure=tail.measure, names_people=True),
    Page(name="drift", title="Drift", measure=drift.measure),
    Page(name="positions", title="Positions", measure=positions.measure),
    Page(name="experiments", title="Experiments", measure=experiments.measure, compares=False),
)
BY_NAME = {page.name: page for page in PAGES}
