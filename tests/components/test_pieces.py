"""Every piece of the design system shows other people's text as text, and never needs inline anything."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from htpy import Element, div
from markup import HOSTILE, Markup, assert_clean

from components.badge import BadgeView, badge
from components.charts.bars import Stack, StackedBarsView, stacked_bars
from components.charts.frame import Words
from components.charts.legend import Key, legend
from components.charts.line import SharePoint, ShareSeries, SharesView, shares_over_time
from components.charts.positions import PositionBar, PositionsView, positions_chart
from components.charts.reliability import ReliabilityBin, ReliabilityView, reliability_diagram
from components.empty import EmptyView, StepView, empty, skeleton
from components.figure import Definition, FigureView, figure
from components.gallery import gallery
from components.keycap import keys
from components.link import safe_url
from components.meter import meter
from components.notice import NoticeView, notice
from components.page import NavLink, PageView, page
from components.stat import StatView, stats
from components.table import Column, TableView, data_table
from components.terms import terms

POINT = SharePoint(share=0.5, low=0.4, high=0.6, n=10)


def a_table(text: str) -> TableView:
    return TableView(caption=text, columns=(Column(label=text), Column(label="n", number=True)), rows=((text, "1"),))


def a_figure(text: str) -> Element:
    view = FigureView(
        id="f",
        title=text,
        definition=Definition(what=text, formula=text, caveat=text),
        table=a_table(text),
        csv=text,
        csv_name=text,
        sample=text,
        note=text,
        keys=(Key(name=text, tone="selected"), Key(name=text, tone="second")),
    )
    return figure(view, div[text])


def words(text: str) -> Words:
    return Words(id="w", title=text, summary=text)


PIECES: dict[str, Callable[[str], Element]] = {
    "badge": lambda text: badge(BadgeView(text=text)),
    "notice": lambda text: notice(NoticeView(title=text, text=text, action=text, href=text)),
    "empty": lambda text: empty(
        EmptyView(
            title=text,
            text=text,
            steps=(StepView(title=text, text=text, command=text),),
            action=text,
            href=text,
        )
    ),
    "skeleton": skeleton,
    "keys": keys,
    "stat": lambda text: stats((StatView(label=text, value=text, unit=text, interval=text, note=text),), label=text),
    "table": lambda text: data_table(a_table(text)),
    "terms": lambda text: terms({text: text, "list": [text], "steps": [{text: text}], "deep": {text: {text: [text]}}}),
    "figure": a_figure,
    "legend": lambda text: legend((Key(name=text, tone="selected", mark="line-dashed"),)),
    "bars": lambda text: stacked_bars(
        StackedBarsView(
            words=words(text),
            columns=(text,),
            stacks=(Stack(name=text, tone="selected", counts=(3,)),),
            quantity=text,
            across=text,
        )
    ),
    "lines": lambda text: shares_over_time(
        SharesView(
            words=words(text),
            columns=(text,),
            series=(ShareSeries(name=text, tone="second", points=(POINT,)),),
            quantity=text,
            across=text,
        )
    ),
    "positions": lambda text: positions_chart(
        PositionsView(words=words(text), positions=(PositionBar(label=text, examined=POINT, selected=POINT),))
    ),
    "reliability": lambda text: reliability_diagram(
        ReliabilityView(
            words=words(text),
            bins=(ReliabilityBin(n=3, predicted=0.4, observed=0.5, low=0.1, high=0.9, from_=0.3, to=0.5),),
            forecast=text,
            observed=text,
        )
    ),
    "page": lambda text: page(
        PageView(
            title=text,
            here=text,
            home=text,
            lang="en",
            nav=(NavLink(key=text, label=text, href=text),),
            styles=(text,),
            foot=text,
        ),
        div[text],
        corner=text,
    ),
    "gallery": gallery,
}


def shape(read: Markup) -> list[str]:
    """The elements in order; a long word in a definition list is set as code, which is no difference here."""
    return [tag.name for tag in read.tags if tag.name != "code"]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("piece", PIECES)
def test_other_peoples_text_stays_text(piece: str, text: str) -> None:
    harmless, hostile = assert_clean(PIECES[piece]("harmless")), assert_clean(PIECES[piece](text))
    assert shape(hostile) == shape(harmless)
    assert text in hostile.text


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\tscript:x", "data:text/html,<b>",
     "vbscript:x", "file:///etc/passwd", "blob:x", "\x00javascript:x", "http://[broken", "java\x7fscript:x"],
)  # fmt: skip
def test_an_address_that_would_run_something_goes_nowhere(url: str) -> None:
    assert safe_url(url) == "#"


@pytest.mark.parametrize(
    "url", ["/reports/a%2Fb?from=1", "#main", "?page=2", "https://example.org/x", "mailto:a@b.c", ""]
)
def test_an_address_that_only_goes_somewhere_is_kept(url: str) -> None:
    assert safe_url(url) == url


def test_csv_rows_may_travel_in_the_page_but_no_other_data_address_may() -> None:
    view = FigureView(
        id="f", title="F", definition=Definition(what="", formula="", caveat=""), table=a_table("x"), sample="1 row"
    )
    from dataclasses import replace

    carried = assert_clean(figure(replace(view, csv="data:text/csv;base64,YQ==", csv_name="a.csv")))
    assert carried.all("a")[0].attributes["href"] == "data:text/csv;base64,YQ=="
    refused = assert_clean(figure(replace(view, csv="data:text/html,<script>alert(1)</script>")))
    assert refused.all("a")[0].attributes["href"] == "#"
    assert assert_clean(figure(view)).all("a") == []


def test_a_figure_without_a_drawing_shows_its_table_openly() -> None:
    definition = Definition(what="what", formula="formula", caveat="caveat")
    view = FigureView(id="f", title="F", definition=definition, table=a_table("x"), sample="1 row")
    open_table = assert_clean(figure(view))
    assert "details" not in open_table.all("table")[0].inside
    folded = assert_clean(figure(view, div["drawing"]))
    assert "details" in folded.all("table")[0].inside


def test_a_figure_that_the_data_cannot_carry_says_why_and_draws_nothing() -> None:
    definition = Definition(what="what", formula="formula", caveat="caveat")
    view = FigureView(
        id="f", title="F", definition=definition, table=a_table("x"), sample="0 rows", missing="Needs 100 slates."
    )
    read = assert_clean(figure(view, div("#drawing")["drawing"]))
    assert "Needs 100 slates." in read.text
    assert "drawing" not in read.ids
    assert read.all("table") == []


def test_a_tile_without_a_figure_says_so_instead_of_zero() -> None:
    read = assert_clean(stats((StatView(label="Calibration error", value=None, note="Needs 100"),), label="In short"))
    assert "not yet" in read.text
    assert "0" not in read.text.replace("100", "")


def test_a_row_must_fit_its_columns() -> None:
    with pytest.raises(ValueError, match="1 cells for 2 columns"):
        TableView(caption="t", columns=(Column(label="a"), Column(label="b")), rows=(("only one",),))


def test_a_table_names_its_columns_and_rows_and_can_be_reached_by_keyboard() -> None:
    read = assert_clean(data_table(a_table("Parcel")))
    assert [tag.attributes["scope"] for tag in read.all("th")] == ["col", "col", "row"]
    assert read.tags[0].attributes["tabindex"] == "0"
    assert read.tags[0].attributes["aria-label"] == "Parcel"


def test_an_empty_table_says_so_across_all_columns() -> None:
    view = TableView(caption="t", columns=(Column(label="a"), Column(label="b")), rows=(), none="No reviews wait.")
    cell = assert_clean(data_table(view)).all("td")[0]
    assert (cell.text, cell.attributes["colspan"]) == ("No reviews wait.", "2")


def test_unknown_shapes_stay_bounded_and_readable() -> None:
    deep: dict[str, object] = {"end": "reached"}
    for _ in range(30):
        deep = {"inner": deep}
    read = assert_clean(terms({"deep": deep, "many": list(range(500)), "wide": {f"k{i}": i for i in range(500)}}))
    assert "reached" not in read.text
    assert "and 476 more" in read.text
    assert len(read.tags) < 200


def test_the_steps_of_a_gate_become_a_table() -> None:
    steps = [{"name": "top 1", "challenger": 0.87, "passed": True}, {"name": "nll", "challenger": 0.5, "passed": False}]
    read = assert_clean(terms({"steps": steps}))
    assert [tag.text for tag in read.all("th", scope="col")] == ["name", "challenger", "passed"]
    assert [tag.text for tag in read.all("td")] == ["0.87", "yes", "0.50", "no"]


def test_intervals_by_name_become_a_table() -> None:
    read = assert_clean(terms({"differences": {"nll": {"low": -0.1, "mid": 0.0}, "ndcg": {"low": 0.01, "mid": 0.02}}}))
    assert [tag.text for tag in read.all("th", scope="row")] == ["log loss (NLL)", "order (NDCG)"]
    assert [tag.text for tag in read.all("td")] == ["-0.10", "0.00", "0.01", "0.02"]


@pytest.mark.parametrize(("share", "width"), [(-1.0, "0"), (0.0, "0"), (0.315, "31.5"), (1.0, "100"), (7.0, "100")])
def test_a_meter_never_runs_off_its_track(share: float, width: str) -> None:
    read = assert_clean(meter(share))
    assert read.all("rect", class_="fill")[0].attributes["width"] == width
