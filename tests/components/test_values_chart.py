"""What would have been earned beside what was: an interval over a bar, one pair a bundle, whatever the figures."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markup import HOSTILE, Markup, assert_clean

from components.charts.frame import Frame, Words
from components.charts.line import SharePoint
from components.charts.values import ValuePair, ValuesView, values_chart

MODEST = settings(max_examples=25, deadline=None, derandomize=True)
SHARES = st.lists(st.floats(0, 1), min_size=3, max_size=3).map(sorted)


def point(low: float, share: float, high: float, n: int = 10) -> SharePoint:
    return SharePoint(low=low, share=share, high=high, n=n)


def chart(*pairs: ValuePair) -> Markup:
    return assert_clean(values_chart(ValuesView(words=Words(id="w", title="T", summary="S."), pairs=pairs)))


def pair(label: str = "b", *, earned: float = 0.4, would: SharePoint | None = None) -> ValuePair:
    return ValuePair(label=label, earned=point(earned, earned, earned), would=would or point(0.5, 0.6, 0.7, 1_200))


def number(read: Markup, tag: str, class_: str, name: str) -> float:
    return float(read.all(tag, class_=class_)[0].attributes[name])


def test_nothing_valued_is_an_empty_frame_with_its_axis() -> None:
    read = chart()
    assert read.all("circle") == read.all("rect", class_="bar-faint") == []
    assert {"0%", "50%", "100%"} <= {text.strip() for text in read.texts}


@given(earned=st.floats(0, 1), would=SHARES)
@MODEST
def test_the_whisker_holds_the_dot_and_the_bar_stands_on_the_ground(earned: float, would: list[float]) -> None:
    read = chart(pair(earned=earned, would=point(*would)))
    top, bottom = number(read, "line", "whisker", "y2"), number(read, "line", "whisker", "y1")
    assert top - 0.01 <= number(read, "circle", "dot", "cy") <= bottom + 0.01
    bar = read.all("rect", class_="bar-faint")[0].attributes
    frame = Frame(top=38, bottom=58)
    assert float(bar["y"]) + float(bar["height"]) == pytest.approx(frame.y0, abs=0.02)
    assert float(bar["height"]) == pytest.approx(earned * abs(frame.y0 - frame.y1), abs=0.02)


def test_the_same_share_is_as_high_as_a_dot_and_as_a_bar() -> None:
    read = chart(pair(earned=0.6, would=point(0.5, 0.6, 0.7)))
    assert number(read, "circle", "dot", "cy") == number(read, "rect", "bar-faint", "y")


def test_each_bundle_is_told_in_words_with_its_sample() -> None:
    said = [tag.text for tag in chart(pair("new"), pair("old")).all("title")]
    assert "new: would have earned 60.0% of 1,200" in said
    assert "old: what served earned 40.0% of 10" in said


@pytest.mark.parametrize("n", [1, 2, 8, 40])
def test_pairs_stand_side_by_side_in_their_order_and_none_is_wider_than_a_bar_may_be(n: int) -> None:
    read = chart(*(pair(f"b{each}") for each in range(n)))
    bars = [tag.attributes for tag in read.all("rect", class_="bar-faint")]
    starts, widths = [float(bar["x"]) for bar in bars], [float(bar["width"]) for bar in bars]
    assert starts == sorted(set(starts))
    assert len(bars) == n
    assert max(widths) <= 64
    assert all(x + w <= after for x, w, after in zip(starts, widths, starts[1:], strict=False))


def test_the_legend_tells_the_bar_from_the_dot() -> None:
    bar, dot = ValuesView(words=Words(id="w", title="T", summary="S."), pairs=()).keys
    assert (bar.mark, dot.mark) == ("bar-faint", "dot")
    assert bar.tone != dot.tone


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_bundle_of_any_name_is_drawn_as_text(text: str) -> None:
    assert [tag.name for tag in chart(pair(text)).tags] == [tag.name for tag in chart(pair()).tags]
    assert text in chart(pair(text)).text
