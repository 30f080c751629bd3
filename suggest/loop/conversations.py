"""Which contexts belong to one conversation, told by what was said before each.

Contexts of one conversation are alike and have answers in common: one of them in memory, or in the fit, tells too much
of the other. A label is stored without its session, but a context names the turns before it, so each continues another
or does not. Where what was said goes on in two ways two people spoke ("Hello"): what is common belongs to neither."""

from __future__ import annotations

import hashlib
import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence

from suggest.domain.text import normalise


def path_of(said: Iterable[str]) -> tuple[str, ...]:
    """A name for all that was said up to each of these texts, the opening first: equal beginnings have equal names.

    >>> path_of(["Hi", "Yes?"])[:1] == path_of(["hi "]), path_of(["Hi", "Yes?"])[1] == path_of(["Yes?"])[0]
    (True, False)
    """
    digest, path = hashlib.sha256(), []
    for text in said:
        digest.update(b"\x1f" + normalise(text).encode("utf-8", "surrogatepass"))
        path.append(digest.copy().hexdigest()[:16])
    return tuple(path)


def conversations(paths: Sequence[Sequence[str]]) -> list[str]:
    """A name for the conversation of each context, from its path, itself last.

    >>> conversations([["a"], ["a", "b"], ["a", "b", "c"], ["x"]])
    ['a', 'a', 'a', 'x']
    >>> conversations([["hello"], ["hello", "b"], ["hello", "c"], ["hello", "c", "d"]])
    ['hello', 'b', 'c', 'c']
    """
    followed_by: dict[str, set[str]] = defaultdict(set)
    for path in paths:
        for said, then in itertools.pairwise(path):
            followed_by[said].add(then)

    def begins(path: Sequence[str]) -> str:
        first = path[-1]
        for said in reversed(path[:-1]):
            if len(followed_by[said]) > 1:
                break
            first = said
        return first

    return [begins(path) for path in paths]
