"""What a page measures: a few headline figures and sections of figures."""

from __future__ import annotations

from dataclasses import dataclass

from analytics.bundles import BundleHistory
from analytics.lens import Lens
from analytics.period import Period
from analytics.section import Section
from analytics.snapshot import Analytics
from components.stat import StatView

LAYOUT = "layout"  # the context field in which a page says how options are laid out


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What a page is asked: of which surface, which time, which slates."""

    analytics: Analytics
    surface: str
    period: Period
    lens: Lens
    bundles: tuple[BundleHistory, ...]  # newest first
    fields: tuple[tuple[str, tuple[str, ...]], ...]  # the context fields that group, with their values
    versus: str | None = None  # a bundle to compare with, instead of the period before
    against: Period | None = None  # or another time
    is_whole: bool = False  # from the first request to now
    page: str | None = None

    @property
    def bounds(self) -> dict[str, object]:
        return {"surface": self.surface, "from": self.period.from_, "to": self.period.to}

    @property
    def group_path(self) -> tuple[str, str] | None:
        """The field that pages look at apart, and its path: the one looked through, else the first there is."""
        name = next((n for n, _ in self.fields if n != self.lens.field), None)
        return None if name is None else (name, f'$."{name}"')

    @property
    def layout_path(self) -> tuple[str, str] | None:
        """The field that says how options were laid out, where callers send it and the group is another."""
        told = any(name == LAYOUT for name, _ in self.fields) and self.lens.field != LAYOUT
        return (LAYOUT, f'$."{LAYOUT}"') if told and self.group_path != (LAYOUT, f'$."{LAYOUT}"') else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    sections: tuple[Section, ...]
    stats: tuple[StatView, ...] = ()
