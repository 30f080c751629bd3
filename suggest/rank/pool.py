"""Which candidates are worth ranking: all of a small catalog, of a large one the union of four short lists."""

from __future__ import annotations

from collections.abc import Iterable

RANK_ALL = 160  # up to so many candidates all are ranked
BY_NAME = 48  # nearest by their own text
BY_LINEAR = 24  # the linear model's favourites
BY_CHOICE = 8  # most chosen, whatever the context


def union(*lists: Iterable[str | None]) -> list[str]:
    """Each id once, in order of first mention; None (a past context nothing was right for) is passed over.

    >>> union(["a", "b"], ["b", None, "c"])
    ['a', 'b', 'c']
    """
    return list(dict.fromkeys(i for found in lists for i in found if i is not None))
