"""When enough people have answered: one by default, more only where they disagree or a second look was asked for.

A panel is how many voices a review gets. All the same settles it. Different ones bring another voice, up to `most`;
then the likeliest answer stands, by the one-coin model over how often each of them has been right. A sign-off is
stricter: an answer stands only when two different people have given the very same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from suggest.domain.review import Panel
from suggest.metrics.consensus import one_coin

SURE_ENOUGH = 0.95  # of an answer, so that no further voice is asked though somebody disagreed


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    answer: Hashable
    p_right: float  # how often whoever gave it has been right


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    answer: Hashable
    p_right: float
    agreed: int  # voices for it
    of: int


def settle(voices: Sequence[Voice], panel: Panel, *, n_answers: int) -> Settled | None:
    """The answer that stands; None where another voice is needed.

    >>> ann, bob = Voice(answer="a", p_right=0.9), Voice(answer="b", p_right=0.6)
    >>> settle([ann], Panel(), n_answers=4).answer
    'a'
    >>> settle([ann, bob], Panel(wanted=2, most=3), n_answers=4) is None
    True
    >>> settle([ann, bob], Panel(wanted=2, most=2), n_answers=4).answer
    'a'
    >>> settle([ann, ann], Panel(sign_off=2), n_answers=4).agreed, settle([ann, bob], Panel(sign_off=2), n_answers=4)
    (2, None)
    """
    if not voices:
        return None
    counts = Counter(voice.answer for voice in voices)
    if panel.sign_off > 1:
        answer, n = counts.most_common(1)[0]
        return Settled(answer=answer, p_right=1.0, agreed=n, of=len(voices)) if n >= panel.sign_off else None
    if len(voices) < panel.wanted:
        return None
    chances = one_coin([(voice.answer, voice.p_right) for voice in voices], n_answers)
    answer = max(chances, key=lambda each: (chances[each], counts[each]))
    found = Settled(answer=answer, p_right=chances[answer], agreed=counts[answer], of=len(voices))
    is_split = len(counts) > 1 and found.p_right < SURE_ENOUGH
    return None if is_split and len(voices) < panel.most else found
