"""Which answers may speak for the traffic: people tell us of what was right more often than of what was wrong.

A selection proves a slate right; a wrong one is mostly met with silence. Taken as they come, such answers flatter the
model. The random audits say how often each is told, and selections are thinned to the rate of complaints."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Engagement:
    """How often people said so, of slates that an audit found right, and of those it found wrong.

    Priors of four slates each, by which three of four right ones are told and one of four wrong ones: cautious, since
    a lower rate of complaints makes selections count less."""

    right: int = 0
    right_told: int = 0
    wrong: int = 0
    wrong_told: int = 0

    def after(self, *, right: bool, told: bool) -> Engagement:
        """One more audited slate; `told`: the person who saw it selected, dismissed or overrode."""
        if right:
            return replace(self, right=self.right + 1, right_told=self.right_told + told)
        return replace(self, wrong=self.wrong + 1, wrong_told=self.wrong_told + told)

    def after_all(self, *, right: bool) -> Engagement:
        """Who saw an audited slate said so later than its audit was answered."""
        if right:
            return replace(self, right_told=self.right_told + 1)
        return replace(self, wrong_told=self.wrong_told + 1)

    @property
    def told_if_right(self) -> float:
        return (3.0 + self.right_told) / (4.0 + self.right)

    @property
    def told_if_wrong(self) -> float:
        return (1.0 + self.wrong_told) / (4.0 + self.wrong)

    @property
    def kept_selections(self) -> float:
        """Share of selections that may count, so that right and wrong are known equally often.

        >>> round(Engagement().kept_selections, 2)
        0.33
        >>> Engagement(right=100, right_told=50, wrong=100, wrong_told=60).kept_selections
        1.0
        """
        return min(1.0, self.told_if_wrong / self.told_if_right)

    def inclusion(self, audit_rate: float) -> float:
        """The chance that what was shown becomes known and counts: drawn for an audit, or told.

        >>> Engagement().inclusion(1.0), Engagement(wrong=96).inclusion(0.0)
        (1.0, 0.01)
        """
        return audit_rate + (1.0 - audit_rate) * min(self.told_if_wrong, self.told_if_right)
