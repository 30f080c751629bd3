"""A reason as a sentence, the way a page says it."""

from __future__ import annotations


def sentence(why: str) -> str:
    """With a capital and a full stop; a name in front stays as it is written.

    >>> sentence("too few labels"), sentence("p_any itself, set to 0.5")
    ('Too few labels.', 'p_any itself, set to 0.5.')
    """
    begun = why if why.startswith(("p_any", "p_select")) else why[:1].upper() + why[1:]
    return f"{begun}."
