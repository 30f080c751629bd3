"""Options that are right together: of a known answer in several wordings, any one in the slate will do.

Beside the ranking's distribution over which option a person would take, P(a right one is in the slate) needs to know
which others are right when that one is. Labels that name several right options for one context tell it:

    share(a -> b) = contexts whose labels name both / (contexts whose labels name a + 1)

It misleads where labels name one of several right options at a time: nothing then says that the others would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LEAST_SHARE = 0.05  # below it two options have been right together by chance
DOUBT = 1.0  # contexts in which the two were not right together, before anything was seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """For each option the others that are right when it is, and how often.

    >>> both = Together.of([{"a", "b"}] * 9)
    >>> both.rightness(["a", "b", "c"], np.array([0.4, 0.4, 0.1])).round(2).tolist()
    [0.76, 0.76, 0.1]
    >>> both.shown(["a", "b", "c"], np.array([0.4, 0.4, 0.1]), [0, 2]).round(2).tolist()
    [0.76, 0.1]
    """

    shares: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # a -> b -> share

    @classmethod
    def of(cls, right: Iterable[Collection[str]]) -> Together:
        """From the right options of each labelled context."""
        named: Counter[str] = Counter()
        both: Counter[tuple[str, str]] = Counter()
        for options in right:
            named.update(options)
            both.update((a, b) for a in options for b in options if a != b)
        shares: dict[str, dict[str, float]] = {}
        for (a, b), n in sorted(both.items()):
            share = n / (named[a] + DOUBT)
            if share >= LEAST_SHARE:
                shares.setdefault(a, {})[b] = share
        return cls(shares=shares)

    def rightness(self, ids: Sequence[str], p: Floats) -> Floats:
        """P(this option is right) of each, (n,), from `p`, P(a person would take it): what the order goes by."""
        if not self.shares:
            return p
        place, right = {option: n for n, option in enumerate(ids)}, np.array(p, np.float64)
        for n, option in enumerate(ids):
            for other, share in self.shares.get(option, {}).items():
                if other in place:
                    right[place[other]] += share * p[n]
        return right

    def shown(self, ids: Sequence[str], p: Floats, slate: Sequence[int]) -> Floats:
        """P(a person takes it from this slate) of each option shown, (len(slate),); their sum is P(one is right).

        An option that is not shown leaves its probability to those shown that would do as well."""
        taken = np.array(p[list(slate)], np.float64)
        if not self.shares:
            return taken
        seat = {ids[row]: n for n, row in enumerate(slate)}
        for n, option in enumerate(ids):
            others = self.shares.get(option)
            if others is None or option in seat:
                continue
            would_do = {seat[other]: share for other, share in others.items() if other in seat}
            if would_do:
                split = np.array(list(would_do.values()))
                taken[list(would_do)] += p[n] * split.max() * split / split.sum()
        return taken

    def to_json(self) -> dict[str, dict[str, float]]:
        return {a: {b: round(share, 4) for b, share in others.items()} for a, others in self.shares.items()}

    @classmethod
    def from_json(cls, stored: object) -> Together:
        if not isinstance(stored, Mapping):
            raise ValueError(f"expected options and their companions, got {type(stored).__name__}")
        return cls(shares={str(a): {str(b): float(s) for b, s in others.items()} for a, others in stored.items()})


ALONE = Together()  # every option stands for itself only
