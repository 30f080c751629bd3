"""What something would have earned beside what was earned: an interval over a bar, one pair a column."""

from __future__ import annotations

from dataclasses import dataclass, replace

from htpy import Element

from components.charts.frame import Words
from components.charts.legend import Key
from components.charts.line import SharePoint
from components.charts.pair import Pair, pairs_chart
from components.number import percent


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuePair:
    label: str
    earned: SharePoint  # by what served
    would: SharePoint  # by what is valued, on the same slates
    link: str = ""  # to these slates


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuesView:
    words: Words
    pairs: tuple[ValuePair, ...]

    @property
    def unlinked(self) -> ValuesView:
        """The same for a page that is a file."""
        return replace(self, pairs=tuple(replace(pair, link="") for pair in self.pairs))

    @property
    def keys(self) -> tuple[Key, ...]:
        return (
            Key(name="earned by what served", tone="ignored", mark="bar-faint"),
            Key(name="would have earned, with 95% interval", tone="selected", mark="dot"),
        )


def values_chart(view: ValuesView) -> Element:
    pairs = tuple(_pair(pair) for pair in view.pairs)
    return pairs_chart(view.words, pairs, across="bundle, the newest first", up="share taken", most_labels=8)


def _pair(pair: ValuePair) -> Pair:
    return Pair(
        label=pair.label,
        bar=pair.earned,
        bar_says=f"{pair.label}: what served earned {percent(pair.earned.share)} of {pair.earned.n:,}",
        dot=pair.would,
        dot_says=f"{pair.label}: would have earned {percent(pair.would.share)} of {pair.would.n:,}",
        link=pair.link,
    )
