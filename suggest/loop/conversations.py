"""Which contexts belong to one conversation, told by how they begin.

Contexts of one conversation are alike and have answers in common: one of them in memory, or in the fit, tells too much
of the other. A label is stored without its session, but a context names what was said before it, so that those that
grew from the same opening are found. Where so many begin alike that it cannot be one conversation ("Hello"), what
follows parts them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from suggest.domain.text import context_key

MOST = 30  # contexts of one opening that are taken for one conversation
DEEPEST = 6  # turns that tell conversations apart; later ones only follow


def grown_from(turns: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """The keys of the contexts that one after these (role, text) turns grew from, the opening first.

    >>> opening, then = grown_from([("user", "hi"), ("agent", "yes?")])
    >>> opening == context_key("hi"), then == context_key("yes?", [("user", "hi")])
    (True, True)
    """
    return tuple(context_key(text, turns[:n]) for n, (_, text) in enumerate(turns[:DEEPEST]))


def conversations(grown: Sequence[Sequence[str]]) -> list[str]:
    """A name for the conversation of each context, from the keys of the contexts that it grew from, the opening first
    and itself last. What stands alone has its own key for a name.

    >>> conversations([["hi"], ["hi", "yes"], ["bye"]])
    ['hi', 'hi', 'bye']
    >>> many = [["hi", f"{n}", f"{n}, and?"][:1 + m] for n in range(20) for m in range(3)]
    >>> conversations(many)[:5]
    ['hi', '0', '0', 'hi', '1']
    """
    names = [""] * len(grown)
    waiting: list[tuple[int, Sequence[int]]] = [(0, range(len(grown)))]
    while waiting:
        depth, among = waiting.pop()
        by_prefix: dict[str, list[int]] = defaultdict(list)
        for i in among:
            by_prefix[grown[i][depth]].append(i)
        for prefix, members in by_prefix.items():
            longer = [i for i in members if len(grown[i]) > depth + 1]
            is_one = len({grown[i][-1] for i in members}) <= MOST
            for i in members if is_one else set(members).difference(longer):
                names[i] = prefix
            if not is_one:
                waiting.append((depth + 1, longer))
    return names
