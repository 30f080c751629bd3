"""How often each position is looked at, and how often it is taken once it is: two questions easily confused."""

from __future__ import annotations

from dataclasses import dataclass, replace

from htpy import Element

from components.charts.frame import Words
from components.charts.legend import Key
from components.charts.line import SharePoint
from components.charts.pair import Pair, pairs_chart
from components.number import percent


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionBar:
    label: str  # 1 is the top
    examined: SharePoint  # of all impressions that had this position
    selected: SharePoint | None  # of those in which it was examined; None: nobody looked
    link: str = ""  # to the slates in which it was examined


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionsView:
    words: Words
    positions: tuple[PositionBar, ...]

    @property
    def unlinked(self) -> PositionsView:
        """The same for a page that is a file."""
        return replace(self, positions=tuple(replace(each, link="") for each in self.positions))

    @property
    def keys(self) -> tuple[Key, ...]:
        return (
            Key(name="examined", tone="ignored", mark="bar-faint"),
            Key(name="taken once examined, with 95% interval", tone="selected", mark="dot"),
        )


def positions_chart(view: PositionsView) -> Element:
    pairs = tuple(_pair(position) for position in view.positions)
    return pairs_chart(view.words, pairs, across="position, 1 is the top", up="share", most_labels=12)


def _pair(position: PositionBar) -> Pair:
    examined, selected = position.examined, position.selected
    taken = f"taken {percent(selected.share)} of {selected.n:,} examined" if selected is not None else ""
    return Pair(
        label=position.label,
        bar=examined,
        bar_says=f"position {position.label}: examined {percent(examined.share)} of {examined.n:,}",
        dot=selected,
        dot_says=f"position {position.label}: {taken}",
        link=position.link,
    )
