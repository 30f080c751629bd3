"""Drawings and figures at their edges: nothing, one, all equal, many, large, and words nobody meant to draw."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markup import HOSTILE, Markup, assert_clean

from components.charts.bars import Stack, StackedBarsView, stacked_bars
from components.charts.frame import Frame, Words
from components.charts.legend import Key, legend
from components.charts.line import SharePoint, ShareSeries, SharesView, shares_over_time
from components.charts.positions import PositionBar, PositionsView, positions_chart
from components.charts.reliability import ReliabilityBin, ReliabilityView, reliability_diagram
from components.charts.scale import Bands, Linear, round_ticks, share_ticks, thinned
from components.link import safe_url
from components.meter import meter
from components.number import NOTHING, coordinate, count, decimal, moment, percent, plural, span
from components.table import Column, TableView, data_table
from components.terms import scalar, terms, words
from suggest.metrics.interval import wilson

MODEST = settings(max_examples=40, deadline=None, derandomize=True)
WORDS = Words(id="w", title="Title", summary="Summary.")
LARGE = 10**15
NUMBER = re.compile(r"-?\d+(\.\d+)?")


def bars(*counts: tuple[int, ...], columns: tuple[str, ...] | None = None) -> Markup:
    tones = ("selected", "dismissed", "overridden")
    stacks = tuple(Stack(name=tone, tone=tone, counts=row) for tone, row in zip(tones, counts, strict=False))
    names = columns or tuple(f"c{n}" for n in range(len(counts[0]) if counts else 0))
    return assert_clean(
        stacked_bars(StackedBarsView(words=WORDS, columns=names, stacks=stacks, quantity="slates", across="day, UTC"))
    )


def is_on_paper(read: Markup) -> None:
    """Every coordinate is a finite number, and every mark lies within the paper."""
    frame = Frame()
    for tag in read.tags:
        for name in ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height"):
            value = tag.attributes.get(name)
            if value is not None and tag.name != "svg":
                assert NUMBER.fullmatch(value), (tag.name, name, value)
                assert -1 <= float(value) <= max(frame.width, frame.height) + 1, (tag.name, name, value)
        if "d" in tag.attributes:
            assert "nan" not in tag.attributes["d"].lower()
            assert "inf" not in tag.attributes["d"].lower()


# -- bars


def test_no_column_at_all_is_an_empty_frame() -> None:
    read = bars()
    assert read.all("rect", class_="bar") == []
    is_on_paper(read)


def test_one_column_is_no_wider_than_a_bar_may_be() -> None:
    [bar] = bars((5,)).all("rect", class_="bar")
    assert float(bar.attributes["width"]) <= 56


def test_columns_of_nothing_have_no_bar_and_an_axis_from_nought_to_one() -> None:
    read = bars((0, 0, 0), (0, 0, 0))
    assert read.all("rect", class_="bar") == []
    assert {"0", "1"} <= {text.strip() for text in read.texts}


@pytest.mark.parametrize("most", [1, 7, 999, LARGE])
def test_equal_columns_are_equally_high_however_large(most: int) -> None:
    read = bars((most,) * 5)
    assert len({bar.attributes["height"] for bar in read.all("rect", class_="bar")}) == 1
    is_on_paper(read)


def test_one_among_very_many_is_still_seen() -> None:
    read = bars((LARGE, 1))
    heights = [float(bar.attributes["height"]) for bar in read.all("rect", class_="bar")]
    assert min(heights) >= 0.5
    is_on_paper(read)


@pytest.mark.parametrize("n", [40, 365, 520])
def test_many_columns_have_few_labels(n: int) -> None:
    read = bars(tuple(range(n)))
    labels = [tag for tag in read.all("text") if tag.attributes["class"] in ("middle", "middle tick-minor")]
    assert 1 <= len(labels) <= 7
    is_on_paper(read)


# -- lines


def a_point(share: float, width: float = 0.1, n: int = 9) -> SharePoint:
    return SharePoint(share=share, low=max(0.0, share - width), high=min(1.0, share + width), n=n)


def lines(*series: tuple[SharePoint | None, ...]) -> Markup:
    made = tuple(ShareSeries(name=f"s{n}", tone="second", points=points) for n, points in enumerate(series))
    columns = tuple(f"c{n}" for n in range(len(series[0]) if series else 0))
    return assert_clean(
        shares_over_time(SharesView(words=WORDS, columns=columns, series=made, quantity="share", across="day, UTC"))
    )


@pytest.mark.parametrize("share", [0.0, 1.0, 1e-12, 0.5])
def test_all_equal_shares_are_a_level_line(share: float) -> None:
    read = lines((a_point(share),) * 4)
    [path] = read.all("path", class_="line")
    heights = {y for _, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path.attributes["d"])}
    assert len(heights) == 1
    is_on_paper(read)


def test_no_series_and_no_column_are_an_empty_frame() -> None:
    for read in (lines(), lines(())):
        assert read.all("circle") == []
        is_on_paper(read)


def test_one_wide_band_does_not_flatten_the_lines() -> None:
    wide = SharePoint(share=0.02, low=0.0, high=0.98, n=1)
    read = lines((a_point(0.02, 0.001), wide, a_point(0.03, 0.001)))
    top = max(float(text.strip().rstrip("%")) for text in read.texts if text.strip().endswith("%"))
    assert top < 50, "the axis follows the shares, not the one wide interval"
    is_on_paper(read)


def test_a_long_series_has_lines_and_dots_only_where_a_point_is_alone() -> None:
    points: list[SharePoint | None] = [a_point(0.5)] * 60
    points[30] = points[32] = None
    read = lines(tuple(points))
    assert len(read.all("circle")) == 1


@pytest.mark.parametrize(
    "wrong", [(0.5, 0.6, 0.7), (0.5, 0.4, 0.45), (1.2, 0.1, 1.3), (math.nan, 0, 1), (0.5, -0.1, 1)]
)
def test_a_share_outside_its_interval_or_range_cannot_be_built(wrong: tuple[float, float, float]) -> None:
    share, low, high = wrong
    with pytest.raises(ValueError, match="within its interval"):
        SharePoint(share=share, low=low, high=high, n=1)


def test_a_series_fits_its_columns() -> None:
    with pytest.raises(ValueError, match="one point a column"):
        SharesView(
            words=WORDS,
            columns=("a", "b"),
            series=(ShareSeries(name="s", tone="second", points=(None,)),),
            quantity="q",
            across="day, UTC",
        )


# -- positions and reliability


def test_no_position_is_an_empty_frame_and_fifty_fit() -> None:
    for n in (0, 1, 50):
        positions = tuple(PositionBar(label=str(m + 1), examined=a_point(0.5), selected=a_point(0.2)) for m in range(n))
        read = assert_clean(positions_chart(PositionsView(words=WORDS, positions=positions)))
        assert len(read.all("rect", class_="bar-faint")) == n
        is_on_paper(read)


@MODEST
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.integers(1, LARGE)), max_size=12))
def test_any_bins_lie_on_the_paper(bins: list[tuple[float, float, int]]) -> None:
    made = tuple(
        ReliabilityBin(n=n, predicted=p, observed=y, low=y / 2, high=(1 + y) / 2, from_=p, to=p) for p, y, n in bins
    )
    read = assert_clean(reliability_diagram(ReliabilityView(words=WORDS, bins=made, forecast="p_any")))
    assert len(read.all("circle")) == len(bins)
    is_on_paper(read)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_stay_words_in_every_drawing(text: str) -> None:
    named = Words(id="w", title=text, summary=text)
    drawings = (
        stacked_bars(
            StackedBarsView(
                words=named,
                columns=(text,),
                stacks=(Stack(name=text, tone="selected", counts=(3,)),),
                quantity=text,
                across=text,
            )
        ),
        shares_over_time(
            SharesView(
                words=named,
                columns=(text,),
                series=(ShareSeries(name=text, tone="third", points=(a_point(0.5),)),),
                quantity=text,
                across=text,
            )
        ),
        positions_chart(
            PositionsView(
                words=named, positions=(PositionBar(label=text, examined=a_point(0.5), selected=a_point(0.1)),)
            )
        ),
        reliability_diagram(ReliabilityView(words=named, bins=(), forecast=text)),
        legend((Key(name=text, tone="selected", mark="line-dashed"), Key(name=text, tone="third", mark="dot-open"))),
    )
    for drawing in drawings:
        assert text in assert_clean(drawing).text


# -- scales


@MODEST
@given(st.integers(0, 10**18), st.integers(1, 12))
def test_ticks_are_round_even_few_and_reach(highest: int, about: int) -> None:
    ticks = round_ticks(highest, about)
    assert ticks[0] == 0
    assert ticks[-1] >= highest * (1 - 1e-9)
    steps = {round(b - a, 3) for a, b in pairwise(ticks)}
    assert max(steps) <= min(steps) * (1 + 1e-6)
    assert len(ticks) <= about + 2


@pytest.mark.parametrize("highest", [math.nan, math.inf, -1, 0])
def test_ticks_of_nothing_are_nought_and_one(highest: float) -> None:
    assert round_ticks(highest) == (0.0, 1.0)


@pytest.mark.parametrize("highest", [0.0, 1e-9, 0.02, 0.020001, 0.6, 0.600001, 1.0])
def test_ticks_of_shares_are_even(highest: float) -> None:
    ticks = share_ticks(highest)
    steps = {round(b - a, 6) for a, b in pairwise(ticks)}
    assert len(steps) == 1
    assert highest <= ticks[-1] <= 1


@MODEST
@given(st.integers(-5, 600), st.integers(-2, 30))
def test_thinning_keeps_the_first_and_an_even_distance(n: int, most: int) -> None:
    kept = thinned(n, most)
    assert len(kept) <= max(0, most)
    assert len({b - a for a, b in pairwise(kept)}) <= 1
    assert bool(kept) == (n > 0 and most > 0)


@MODEST
@given(n=st.integers(1, 600), gap=st.floats(0, 0.99))
def test_bands_lie_side_by_side_within_their_stretch(n: int, gap: float) -> None:
    bands = Bands(n=n, start=10, end=90, gap=gap)
    assert bands.left(0) >= 10 - 1e-9
    assert bands.left(n - 1) + bands.width <= 90 + 1e-9
    if n > 1:
        assert bands.left(1) >= bands.left(0) + bands.width - 1e-9


def test_a_scale_may_run_downwards_as_paper_does() -> None:
    y = Linear(low=0, high=1, start=100, end=0)
    assert [y(value) for value in (-1, 0, 0.5, 1, 2)] == [100, 100, 50, 0, 0]


# -- numbers


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None])
def test_what_is_no_number_is_a_dash(value: float | None) -> None:
    assert percent(value) == decimal(value) == NOTHING
    assert span(None, 0.5) == span(0.5, None) == NOTHING


@MODEST
@given(st.floats(-1e6, 1e6))
def test_a_coordinate_is_short_and_means_the_same(value: float) -> None:
    text = coordinate(value)
    assert NUMBER.fullmatch(text)
    assert float(text) == pytest.approx(value, abs=0.00501)
    assert not text.endswith("0") or "." not in text
    assert text != "-0"


@MODEST
@given(st.integers(1, 10**6), st.integers(0, 10**6))
def test_an_interval_of_counts_is_never_written_as_a_point_at_none_or_all(n: int, k: int) -> None:
    found = wilson(min(k, n), n)
    ends = re.findall(r"[\d.]+", said := span(found.low, found.high))
    assert len(set(ends)) == len(ends), said
    assert said not in ("0.0% to 0.0%", "100.0% to 100.0%")
    if said.startswith("under"):
        assert found.low < 1e-6
        assert 100 * found.high <= float(ends[0])
    elif said.startswith("over"):
        assert found.high > 1 - 1e-6
        assert float(ends[0]) <= 100 * found.low


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (count(0), "0"),
        (count(-1234), "-1,234"),
        (percent(0.0), "0.0%"),
        (percent(0.00049), "< 0.1%"),
        (percent(1.0, 0), "100%"),
        (span(0.1, 0.2, 0), "10% to 20%"),
        (plural(0, "slate"), "0 slates"),
        (plural(1, "reply", "replies"), "1 reply"),
        (moment(datetime(2026, 1, 2, 3, 4, 59, tzinfo=UTC)), "2 Jan 2026, 03:04 UTC"),
        (scalar(math.pi), "3.1416"),
        (scalar(True), "yes"),
        (scalar(timedelta(hours=1)), "1:00:00"),
    ],
)
def test_figures_are_written_the_same_everywhere(said: str, expected: str) -> None:
    assert said == expected


@pytest.mark.parametrize("share", [-1.0, 0.0, 0.5, 1.0, 7.0])
def test_a_meter_says_its_share_and_draws_no_more_than_all(share: float) -> None:
    read = assert_clean(meter(share))
    [fill] = read.all("rect", class_="fill")
    assert 0 <= float(fill.attributes["width"]) <= 100
    assert percent(share, 0) in read.text


# -- shapes nobody foresaw

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(HOSTILE[:6]),
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.sampled_from(["a", "b_c", *HOSTILE[:3]]), inner),
    max_leaves=40,
)


@MODEST
@given(st.dictionaries(st.sampled_from(["manifest", "n_pairs", *HOSTILE[:4]]), VALUES, max_size=4))
def test_any_manifest_is_shown_within_bounds(values: dict[str, object]) -> None:
    read = assert_clean(terms(values))
    assert len(read.tags) < 30_000
    for name in values:
        assert words(name) in read.text


def test_very_deep_and_very_long_shapes_are_cut_and_say_so() -> None:
    deep: object = "bottom"
    for _ in range(30):
        deep = {"in": deep}
    read = assert_clean(terms({"deep": deep, "long": list(range(1000)), "wide": {str(n): n for n in range(100)}}))
    assert "bottom" not in read.text
    assert "and 976 more" in read.text
    assert "and 76 more" in read.text


def test_a_table_without_rows_says_so_and_one_with_a_wrong_row_cannot_be_built() -> None:
    columns = (Column(label="a"), Column(label="b", number=True))
    read = assert_clean(data_table(TableView(caption="c", columns=columns, rows=(), none="Nobody yet.")))
    assert "Nobody yet." in read.text
    with pytest.raises(ValueError, match="2 columns"):
        TableView(caption="c", columns=columns, rows=(("one",),))


ADDRESSES = st.text(st.sampled_from("javscriptdt:/\\?#&=.%\n\t\x00 JAVSCRIPT"), max_size=20)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(ADDRESSES)
def test_no_address_that_is_let_through_runs_anything(url: str) -> None:
    kept = safe_url(url)
    if kept != "#":
        assert kept == url
        bare = re.sub(r"[\x00-\x20\x7f-\x9f]", "", url).lower()
        assert not bare.startswith(("javascript:", "vbscript:", "data:"))
