"""What is promised of every page holds on every page: it is narrowed by links, it is of the very time that was asked,
its bars lead to what is behind them, and what happened meanwhile stands on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from logbook import REPLIES, START, Logbook
from markup import Markup, assert_clean

from analytics import reliability
from analytics.impressions import FILTERS, impressions
from analytics.lens import Lens
from analytics.pages.registry import BY_NAME, PAGES
from analytics.period import Period
from analytics.render import render, render_file
from analytics.report import ReportView, report
from analytics.snapshot import Analytics
from components.charts.bars import StackedBarsView
from components.charts.positions import PositionsView
from components.charts.reliability import ReliabilityView
from suggest.domain.clock import parse_rfc3339
from suggest.domain.event import EventType
from suggest.store.ports import CasWrite

BERLIN = ZoneInfo("Europe/Berlin")
SPRING = datetime(2026, 3, 29, tzinfo=BERLIN)  # a day of 23 hours
NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
NOTE = "New templates went live."
EACH_PAGE = pytest.mark.parametrize("page", [page.name for page in PAGES])


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Logbook]:
    made = Logbook(tmp_path_factory.mktemp("every"))
    made.surface("s", title="Support")
    made.candidates("s")
    made.writes.append(CasWrite("annotation/n1", {"surface": "s", "text": NOTE, "at": SPRING.isoformat()}, 0))
    for number in range(400):  # every half hour over the change of clocks
        p = (0.1 + 0.8 * (number * 37 % 100) / 100, 0.05, 0.02)
        slate = made.slate(
            "s",
            at=datetime(2026, 3, 24, tzinfo=UTC) + timedelta(minutes=30 * number),
            bundle=("b-1", "b-2")[number % 2],
            fields={"language": ("de", "en")[number % 3 == 0], "layout": ("chips", "list")[number % 5 == 0]},
            p=p,
            p_accept=p[0] * 0.6,
        )
        made.event(slate, EventType.VIEW)
        if number % 4:
            made.event(slate, EventType.SELECT, item=REPLIES[number % 3])
        elif number % 8:
            made.event(slate, EventType.DISMISS)
    made.bundle("s", "b-2", state="promoted", at=datetime(2026, 3, 25, tzinfo=UTC))
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def log(book: Logbook) -> Iterator[Analytics]:
    with book.opened(at=NOW) as opened:
        yield opened


def of(log: Analytics, page: str, **asked: object) -> ReportView:
    return report(log, "s", now=NOW, page=page, **asked)  # type: ignore[arg-type]


def queries(page: Markup, path: str) -> list[dict[str, str]]:
    """The queries of the links to a path."""
    found = [urlsplit(unescape(tag.attributes["href"])) for tag in page.all("a") if "href" in tag.attributes]
    return [{name: text for name, (text,) in parse_qs(each.query).items()} for each in found if each.path == path]


@EACH_PAGE
def test_time_bundle_group_and_layout_are_plain_links_that_narrow_and_keep_the_page(
    book: Logbook, log: Analytics, page: str
) -> None:
    told = queries(assert_clean(render(of(log, page))), f"/reports/s/{page}")
    for link in ({"bundle": "b-1"}, {"field": "language", "value": "de"}, {"field": "layout", "value": "list"}):
        assert link in told
        lens = Lens(**link)
        view = of(log, page, lens=lens)
        assert view.n_requests == sum(
            (lens.bundle is None or slate.bundle == lens.bundle)
            and (lens.field is None or slate.context.fields[lens.field] == lens.value)
            for slate in book.slates
        )
        narrowed = assert_clean(render(view))
        kept = queries(narrowed, f"/reports/s/{'funnel' if page != 'funnel' else 'tail'}")
        assert any(link.items() <= each.items() for each in kept), "the other pages are read through it too"
        assert all(link.items() <= each.items() for each in queries(narrowed, "/reports/s/impressions"))
    week = next(each for each in told if "from" in each and NOW - parse_rfc3339(each["from"]) > timedelta(days=3))
    assert of(log, page, from_=parse_rfc3339(week["from"])).n_requests < of(log, page).n_requests


@EACH_PAGE
def test_a_page_can_be_held_against_another_bundle_and_another_time(log: Analytics, page: str) -> None:
    read = assert_clean(render(of(log, page)))
    stays = page if BY_NAME[page].compares else "overview"
    assert {"versus": "b-1"} in queries(read, f"/reports/s/{stays}")
    assert {"vs_from", "vs_to"} <= {tag.attributes.get("name") for tag in read.all("input")}


@EACH_PAGE
@pytest.mark.parametrize(("hours", "day"), [(24, SPRING - timedelta(days=1)), (23, SPRING)])
def test_a_day_of_the_clock_on_the_wall_is_as_long_as_it_was(
    book: Logbook, log: Analytics, page: str, hours: int, day: datetime
) -> None:
    """Midnight to midnight in Berlin, with the offsets of both ends: 23 hours where the clocks go forward."""
    end = day + timedelta(days=1)  # on the wall
    view = of(log, page, from_=parse_rfc3339(day.isoformat()), to=parse_rfc3339(end.isoformat()))
    within = [slate for slate in book.slates if day.astimezone(UTC) <= slate.at < end.astimezone(UTC)]
    assert len(within) == 2 * hours
    assert view.n_requests == len(within)
    for chart in (drawn.chart for drawn in view.figures):
        if isinstance(chart, StackedBarsView) and chart.across != "stage":
            assert sum(sum(stack.counts) for stack in chart.stacks) == len(within)
            assert chart.across.endswith("UTC"), "columns are of UTC, and say so"


@EACH_PAGE
def test_what_happened_stands_on_it_once_and_in_a_file_as_a_figure(log: Analytics, page: str) -> None:
    assert told(render(of(log, page))) == 1
    assert NOTE not in render(of(log, page, to=SPRING))
    assert told(render_file(report(log, "s", now=NOW))) == 1


def told(document: str) -> int:
    """How often the note stands in a table; the charts of time have it as a mark besides."""
    return sum(cell.text == NOTE for cell in Markup.of(document).all("td"))


# -- from a bar to what is behind it


def behind(log: Analytics, address: str) -> int:
    """How many slates the page has that a bar leads to."""
    query = {name: text for name, (text,) in parse_qs(urlsplit(address).query).items()}
    period = Period(from_=parse_rfc3339(query["from"]), to=parse_rfc3339(query["to"]))
    lens = Lens(**{name: query[name] for name in ("bundle", "field", "value") if name in query})
    kind = {name: query[name] for name in FILTERS if name in query}
    assert set(query) - {"from", "to", "bundle", "field", "value"} == set(kind)
    return impressions(log, "s", period, title="S", lens=lens, of=kind).total


def bars(view: ReportView) -> Iterator[tuple[str, str, int]]:
    """Of every bar: its figure, where it leads, and how much it says is there."""
    for drawn in view.figures:
        match drawn.chart:
            case StackedBarsView(stacks=stacks):
                for stack in stacks:
                    links = stack.links or ("",) * len(stack.counts)
                    yield from ((drawn.figure.id, link, n) for link, n in zip(links, stack.counts, strict=True) if n)
            case PositionsView(positions=positions):
                for each in positions:
                    yield drawn.figure.id, each.link, round(each.examined.share * each.examined.n)
            case ReliabilityView(bins=bins):
                yield from ((drawn.figure.id, each.link, each.n) for each in bins)


@pytest.mark.parametrize("lens", [Lens(), Lens(field="language", value="de"), Lens(bundle="b-1")])
@EACH_PAGE
def test_a_bar_leads_to_as_many_slates_as_it_says(log: Analytics, page: str, lens: Lens) -> None:
    drawn = list(bars(of(log, page, lens=lens)))
    for figure, link, n in drawn:
        assert link, f"a bar of {figure} leads nowhere"
        if figure == "reliability-p-select":
            assert 0 < behind(log, link) <= n, "several options of one slate may be in one bar"
        else:
            assert behind(log, link) == n, (figure, link)
    if page == "funnel":
        assert {figure for figure, _, _ in drawn} == {"funnel", "outcomes-over-time", "outcomes-by-position"}
    if page == "reliability":
        assert len({figure for figure, _, _ in drawn}) == 3


def test_a_bar_of_the_latest_slates_leads_to_none_that_it_does_not_count(
    log: Analytics, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = {figure: n for figure, _, n in bars(of(log, "reliability"))}
    monkeypatch.setattr(reliability, "MOST_JUDGED", 40)
    drawn = list(bars(of(log, "reliability")))
    assert {figure for figure, _, _ in drawn} == whole.keys()
    for figure, link, n in drawn:
        if figure == "reliability-p-select":
            assert 0 < behind(log, link) <= min(n, 40)
        else:
            assert behind(log, link) == n, figure
    assert sum(n for figure, _, n in drawn if figure == "reliability-p-any") == 40


def test_a_bar_of_a_file_leads_nowhere(log: Analytics) -> None:
    assert "impressions?" not in render_file(report(log, "s", now=NOW))


@pytest.mark.parametrize(
    "odd", [{"position": "top"}, {"said": "p_any"}, {"said": "p_any", "said_from": "nan", "said_to": "x"}]
)
def test_what_is_no_position_and_no_number_has_nothing_behind_it(log: Analytics, odd: dict[str, str]) -> None:
    assert impressions(log, "s", Period(from_=START, to=NOW), title="S", lens=Lens(), of=odd).total == 0
