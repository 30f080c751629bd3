"""Groups of texts that say nearly the same, the largest first, each named by its most central member."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
NEAR = 0.6  # cosine from which two messages are about one thing; near-paraphrases of MiniLM lie above .7
MOST_ROWS = 4_000  # a matrix of all cosines of more would not fit a report


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    centre: int  # row of the member that most others are near
    members: tuple[int, ...]  # rows, the centre first, then the nearest


def clusters(rows: Rows, *, near: float = NEAR, least: int = 2, most: int = 20) -> tuple[Cluster, ...]:
    """Greedy cover of unit rows (n, d): the row with the most uncovered neighbours takes them, and so on.

    Every row is in at most one cluster; what has fewer than `least` members is none. Of more than MOST_ROWS rows the
    last ones are looked at. Depends on the order only between equally central rows.

    >>> made = clusters(np.array([[1, 0], [0.99, 0.14], [0, 1]], np.float32))
    >>> [each.members for each in made]
    [(0, 1)]
    """
    first = max(0, len(rows) - MOST_ROWS)
    seen = rows[first:]
    if not len(seen):
        return ()
    cosine = seen @ seen.T
    is_near = cosine >= near
    left = np.ones(len(seen), bool)
    found: list[Cluster] = []
    while len(found) < most:
        counts = np.where(left, (is_near & left[None, :]).sum(axis=1), 0)
        centre = int(counts.argmax())
        members = np.flatnonzero(is_near[centre] & left)
        if len(members) < least or not left[centre]:
            break
        ordered = members[np.argsort(-cosine[centre, members], kind="stable")]
        others = [int(row) for row in ordered if row != centre]
        found.append(Cluster(centre=first + centre, members=(first + centre, *(first + row for row in others))))
        left[members] = False
    return tuple(found)
