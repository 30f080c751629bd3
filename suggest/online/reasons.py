"""Why an option is there, in one word that is true: the kind of evidence that spoke most for it.

What is said to a person must hold of this very option: it was "chosen before" only where people did choose it."""

from __future__ import annotations

from collections.abc import Mapping

from suggest.rank.habits import HABIT_FEATURES

MEANING, WORDS, CHOSEN, FIELDS, LATELY = "meaning", "words", "chosen", "fields", "lately"
_KINDS: Mapping[str, frozenset[str]] = {
    MEANING: frozenset({"name_cosine", "thin_name", "gap_name"}),
    WORDS: frozenset({"lexical"}),
    CHOSEN: frozenset(
        {"best_cosine", "second_cosine", "centroid_cosine", "vote", "rel_weight", "linear", "gap_best", "gap_centroid"}
        | {"gap_linear"}
    ),
    FIELDS: frozenset({"fields", "gap_fields", "field_match", "field_apart"}),
    LATELY: frozenset({"learned_now"}),
}


def main_reason(spoke: Mapping[str, float], *, was_chosen: bool) -> str | None:
    """The kind of evidence that set this option apart most; None where none spoke for it.

    The columns of past choices hold an option's own text, too: without a past they say what it means. How often and how
    lately an option is taken holds no text: without a past it says nothing of this one.

    >>> main_reason({"vote": 1.5, "lexical": 0.2}, was_chosen=True), main_reason({"vote": 1.5}, was_chosen=False)
    ('chosen', 'meaning')
    >>> main_reason({"vote": -1.0}, was_chosen=True) is None
    True
    """
    sums = {kind: sum(spoke.get(name, 0.0) for name in names) for kind, names in _KINDS.items()}
    if was_chosen:
        sums[CHOSEN] += sum(spoke.get(name, 0.0) for name in HABIT_FEATURES)
    else:
        sums[MEANING] += sums.pop(CHOSEN)
    best = max(sums, key=lambda kind: sums[kind])
    return best if sums[best] > 0 else None
