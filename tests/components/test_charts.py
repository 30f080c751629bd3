"""Drawings: what is drawn lies where its figure says, within the paper, and is named in words."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markup import Markup, Tag, assert_clean

from components.charts.bars import Stack, StackedBarsView, stacked_bars
from components.charts.frame import Words
from components.charts.line import SharePoint, ShareSeries, SharesView, shares_over_time
from components.charts.positions import PositionBar, PositionsView, positions_chart
from components.charts.reliability import ReliabilityBin, ReliabilityView, reliability_diagram
from components.charts.scale import Bands, Linear, round_ticks, share_ticks, thinned

WORDS = Words(id="w", title="Title", summary="Summary.")


def numbers(tag: Tag, *names: str) -> list[float]:
    return [float(tag.attributes[name]) for name in names]


def paper(read: Markup) -> tuple[float, float]:
    _, _, width, height = map(float, read.all("svg")[0].attributes["viewbox"].split())
    return width, height


def bars_of(*counts: tuple[int, ...]) -> Markup:
    tones = ("selected", "dismissed", "overridden", "ignored", "unseen", "pending")
    stacks = tuple(Stack(name=tone, tone=tone, counts=row) for tone, row in zip(tones, counts, strict=False))
    columns = tuple(f"c{i}" for i in range(len(counts[0])))
    return assert_clean(
        stacked_bars(StackedBarsView(words=WORDS, columns=columns, stacks=stacks, quantity="slates", across="day, UTC"))
    )


def test_a_chart_is_one_image_with_a_name_and_a_description() -> None:
    read = bars_of((1, 2))
    svg = read.all("svg")[0]
    assert svg.attributes["role"] == "img"
    named = {tag.attributes["id"]: tag.text for tag in read.tags if "id" in tag.attributes}
    assert [named[id] for id in svg.attributes["aria-labelledby"].split()] == ["Title", "Summary."]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60).flatmap(lambda n: st.lists(st.tuples(*[st.integers(0, 5000)] * n), min_size=1, max_size=6)))
def test_stacks_touch_add_up_and_stay_on_the_paper(counts: list[tuple[int, ...]]) -> None:
    read = bars_of(*counts)
    width, height = paper(read)
    rects = read.all("rect", class_="bar")
    assert len(rects) == sum(n > 0 for row in counts for n in row)
    for rect in rects:
        x, y, w, h = numbers(rect, "x", "y", "width", "height")
        assert x >= 0
        assert y >= 0
        assert x + w <= width
        assert y + h <= height
        assert h > 0


def test_a_bar_is_as_high_as_its_count() -> None:
    read = bars_of((10, 20, 40))
    heights = [
        numbers(rect, "height")[0] + 1 for rect in read.all("rect", class_="bar")
    ]  # a hairline of 1 is left free
    assert heights[1] == pytest.approx(2 * heights[0], abs=0.02)
    assert heights[2] == pytest.approx(4 * heights[0], abs=0.02)


def test_names_under_bars_are_all_there_and_times_may_go() -> None:
    columns = tuple(f"stage {i}" for i in range(9))
    stacks = (Stack(name="slates", tone="selected", counts=tuple(range(9))),)
    view = StackedBarsView(
        words=WORDS, columns=columns, stacks=stacks, quantity="slates", across="stage", are_names=True
    )
    named, timed = (assert_clean(stacked_bars(each)) for each in (view, replace(view, are_names=False)))
    assert [tag.text for tag in named.all("text") if tag.text in columns] == list(columns)
    assert len([tag for tag in timed.all("text") if tag.text in columns]) < len(columns)
    places = [tag for tag in named.all("text") if tag.text in columns]
    assert {"tick-minor" in tag.attributes["class"] for tag in places} == {False}
    assert ["tick-lower" in tag.attributes["class"] for tag in places] == [False, True] * 4 + [False]


def test_counts_must_fit_their_columns() -> None:
    with pytest.raises(ValueError, match="one count"):
        StackedBarsView(
            words=WORDS,
            columns=("a",),
            stacks=(Stack(name="s", tone="selected", counts=(1, 2)),),
            quantity="q",
            across="day, UTC",
        )
    with pytest.raises(ValueError, match="one count"):
        StackedBarsView(
            words=WORDS,
            columns=("a",),
            stacks=(Stack(name="s", tone="selected", counts=(-1,)),),
            quantity="q",
            across="day, UTC",
        )


def lines_of(*shares: float | None) -> Markup:
    points = tuple(None if s is None else SharePoint(share=s, low=s / 2, high=(1 + s) / 2, n=9) for s in shares)
    series = (ShareSeries(name="escalated", tone="second", points=points),)
    columns = tuple(f"c{i}" for i in range(len(shares)))
    return assert_clean(
        shares_over_time(SharesView(words=WORDS, columns=columns, series=series, quantity="share", across="day, UTC"))
    )


def test_a_stretch_without_observations_is_a_gap_not_a_zero() -> None:
    read = lines_of(0.5, 0.4, None, 0.3, 0.2)
    assert len(read.all("path", class_="line")) == 2
    assert len(read.all("circle")) == 4


def test_a_lonely_observation_is_a_dot() -> None:
    read = lines_of(None, 0.5, None)
    assert read.all("path") == []
    assert len(read.all("circle")) == 1


def test_nothing_observed_is_an_empty_frame() -> None:
    assert lines_of(None, None).all("circle") == []


@pytest.mark.parametrize(("highs", "top"), [((0.8,), "100%"), ((0.13, 0.13, 0.6), "20%"), ((0.01, 0.02), "8%")])
def test_none_of_a_few_is_not_drawn_as_if_it_were_known(highs: tuple[float, ...], top: str) -> None:
    """Shares of nothing: the paper is as high as half of what the samples leave open."""
    points = tuple(SharePoint(share=0.0, low=0.0, high=high, n=3) for high in highs)
    view = SharesView(
        words=WORDS,
        columns=tuple(f"c{i}" for i in range(len(highs))),
        series=(ShareSeries(name="s", tone="second", points=points),),
        quantity="share",
        across="day, UTC",
    )
    ticks = [tag.text for tag in assert_clean(shares_over_time(view)).all("text") if tag.text.endswith("%")]
    assert ticks[-1] == top


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=1, max_size=120))
def test_lines_stay_on_the_paper(shares: list[float | None]) -> None:
    read = lines_of(*shares)
    width, height = paper(read)
    for path in read.all("path"):
        for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path.attributes["d"]):
            assert 0 <= float(x) <= width
            assert 0 <= float(y) <= height


def test_what_is_learned_from_stands_where_its_amount_is() -> None:
    """A line over a quantity keeps its proportions, and is marked with round numbers below the axis's name."""
    point = SharePoint(share=0.5, low=0.4, high=0.6, n=9)
    series = (ShareSeries(name="right", tone="second", points=(point,) * 3),)
    view = SharesView(
        words=WORDS,
        columns=("0", "250", "1,000"),
        series=series,
        quantity="share",
        across="examples",
        places=(0, 250, 1000),
    )
    read = assert_clean(shares_over_time(view))
    first, second, third = (numbers(circle, "cx")[0] for circle in read.all("circle"))
    assert (second - first) / (third - first) == pytest.approx(0.25, abs=1e-3)
    said = [tag.text for tag in read.all("text")]
    assert {"0", "200", "1,000"} <= set(said)
    assert said[-1] == "examples"


def test_places_run_upwards_one_a_column() -> None:
    for places in ((1.0,), (2.0, 1.0)):
        with pytest.raises(ValueError, match="one place"):
            SharesView(words=WORDS, columns=("a", "b"), series=(), quantity="q", across="x", places=places)


def test_a_share_lies_within_its_interval() -> None:
    with pytest.raises(ValueError, match="within its interval"):
        SharePoint(share=0.9, low=0.1, high=0.5, n=3)


def reliability_of(*bins: tuple[float, float, int]) -> Markup:
    made = tuple(
        ReliabilityBin(n=n, predicted=p, observed=y, low=max(0, y - 0.1), high=min(1, y + 0.1), from_=p, to=p)
        for p, y, n in bins
    )
    return assert_clean(reliability_diagram(ReliabilityView(words=WORDS, bins=made, forecast="p_any")))


def test_a_perfect_forecast_lies_on_the_diagonal() -> None:
    read = reliability_of((0.0, 0.0, 5), (0.25, 0.25, 5), (0.5, 0.5, 5), (1.0, 1.0, 5))
    x1, y1, x2, y2 = numbers(read.all("line", class_="reference")[0], "x1", "y1", "x2", "y2")
    for circle in read.all("circle"):
        cx, cy = numbers(circle, "cx", "cy")
        assert (cy - y1) / (y2 - y1) == pytest.approx((cx - x1) / (x2 - x1), abs=1e-3)


def test_a_forecast_that_promises_too_much_lies_below_the_diagonal() -> None:
    read = reliability_of((0.9, 0.5, 5))
    x1, y1, x2, y2 = numbers(read.all("line", class_="reference")[0], "x1", "y1", "x2", "y2")
    cx, cy = numbers(read.all("circle")[0], "cx", "cy")
    assert (cx - x1) / (x2 - x1) == pytest.approx(0.9, abs=1e-3)
    assert (cy - y1) / (y2 - y1) == pytest.approx(0.5, abs=1e-3)


def test_whiskers_are_the_interval_around_the_point() -> None:
    read = reliability_of((0.5, 0.5, 5))
    y1, y2 = numbers(read.all("line", class_="whisker")[0], "y1", "y2")
    (cy,) = numbers(read.all("circle")[0], "cy")
    assert cy == pytest.approx((y1 + y2) / 2, abs=0.02)


def test_a_bin_of_nothing_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="at least one forecast"):
        ReliabilityBin(n=0, predicted=0.5, observed=0.5, low=0, high=1, from_=0, to=1)


def test_a_position_nobody_looked_at_has_a_bar_and_no_point() -> None:
    seen = SharePoint(share=0.5, low=0.4, high=0.6, n=10)
    none = SharePoint(share=0.0, low=0.0, high=0.3, n=10)
    bars = (PositionBar(label="1", examined=seen, selected=seen), PositionBar(label="2", examined=none, selected=None))
    read = assert_clean(positions_chart(PositionsView(words=WORDS, positions=bars)))
    assert len(read.all("rect", class_="bar-faint")) == 2
    assert len(read.all("circle")) == 1


@given(st.floats(-1e6, 1e6), st.floats(0.001, 1e6), st.floats(-1e7, 1e7))
def test_a_scale_never_leaves_its_paper(low: float, length: float, value: float) -> None:
    scale = Linear(low=low, high=low + length, start=10, end=90)
    assert 10 - 1e-9 <= scale(value) <= 90 + 1e-9


@pytest.mark.parametrize("bad", [(1, 1), (2, 1), (0, float("nan")), (0, float("inf"))])
def test_a_scale_of_nothing_is_refused(bad: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="low < high"):
        Linear(low=bad[0], high=bad[1], start=0, end=1)


@given(st.integers(0, 10_000_000))
def test_round_ticks_reach_the_highest_and_are_whole(highest: int) -> None:
    ticks = round_ticks(highest)
    assert ticks[0] == 0
    assert ticks[-1] >= highest
    assert 2 <= len(ticks) <= 7
    assert all(tick == int(tick) for tick in ticks)


@given(st.floats(0, 1))
def test_share_ticks_reach_the_highest_and_never_pass_one(highest: float) -> None:
    ticks = share_ticks(highest)
    assert ticks[-1] >= highest
    assert ticks[-1] <= 1
    assert len(ticks) >= 4


@given(st.integers(0, 500), st.integers(1, 20))
def test_labels_are_thinned_to_what_fits(n: int, most: int) -> None:
    kept = thinned(n, most)
    assert len(kept) <= most
    assert kept[:1] == ((0,) if n else ())


def test_bands_cover_their_stretch() -> None:
    bands = Bands(n=4, start=10, end=90, gap=0.2)
    assert bands.left(0) == pytest.approx(12)
    assert bands.left(3) + bands.width == pytest.approx(88)
    with pytest.raises(ValueError, match="n >= 1"):
        Bands(n=0, start=0, end=1)
