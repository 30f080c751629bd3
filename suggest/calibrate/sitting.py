"""What a request looked like and what had just happened around it: the named columns that p_accept is learned from.

People take from what they see when they are in the mood to: a streak of taking, a second try at the same question, how
much there is to read and where in the sentence they stand say more than the options do. All columns are on a scale of
about one and known before the slate is shown."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from suggest.calibrate.accept import Floats, Moment, Who

ACCEPT_FEATURES: tuple[str, ...] = (
    "level",  # 1
    "confidence",  # logit(.6 · p_any), less that of p_any = .9
    "n_options",  # log
    "option_chars",  # log of the mean length
    "context_chars",  # log
    "open_word",  # the context ends in the middle of a sentence, right after a word
    "after_space",  # ... after white space
    "after_line",  # it ends with a new line
    "n_turns",  # log
    "first",  # of its sitting, or without one
    "place",  # log of its number in the sitting
    "asked_again",  # the same context as the one before
    "shown_again",  # share of the options that stood in the slate before
    "streak",  # taken or not over the last few, the latest weighing most
    "last",  # what became of the one before
    "pause",  # log seconds since the one before was decided or shown
)
TAKEN_SHARE = 0.6  # of right options that are taken, before anything is known
FADES = 0.7  # weight of an outcome against the one after it
REMEMBERED = 8  # impressions of a sitting; what is older weighs less than a tenth
SITTING_ENDS_S = 1_800.0  # a user without a session of the host's: a pause this long begins a new sitting
_USUAL = math.log(0.9 * TAKEN_SHARE / (1 - 0.9 * TAKEN_SHARE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One slate as it was about to be shown."""

    at: float  # seconds since the epoch
    p_any: float
    options: tuple[str, ...]  # ids, top first
    option_chars: float  # mean length
    context: str  # its key: equal for equal contexts
    text: str
    n_turns: int = 0
    user: str | None = None  # a keyed hash
    session: str | None = None
    fields: tuple[str, ...] = ()  # "name=value"

    @property
    def sitting(self) -> str | None:
        """Whose sequence of requests this belongs to; None: nobody's that we know of."""
        if self.session is not None:
            return f"session {self.session}"
        return None if self.user is None else f"user {self.user}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """What was shown to one person, one after the other. None where it is not known yet what became of it."""

    n: int = 0
    last: tuple[tuple[str, bool | None], ...] = ()  # (impression, taken), the latest last
    quiet_since: float = 0.0  # when the latest was decided, else shown
    context: str = ""
    options: frozenset[str] = frozenset()

    def shown(self, asked: Asked, impression: str) -> Sitting:
        return Sitting(
            n=self.n + 1,
            last=(*self.last, (impression, None))[-REMEMBERED:],
            quiet_since=asked.at,
            context=asked.context,
            options=frozenset(asked.options),
        )

    def decided(self, impression: str, taken: bool, at: float) -> Sitting:
        """The last impressions only count while they are remembered; an earlier one changes nothing."""
        last = tuple((name, taken if name == impression else was) for name, was in self.last)
        is_latest = bool(last) and last[-1][0] == impression
        return replace(self, last=last, quiet_since=at if is_latest else self.quiet_since)

    def goes_on(self, asked: Asked) -> bool:
        return asked.session is not None or asked.at - self.quiet_since < SITTING_ENDS_S


def moment(asked: Asked, before: Sitting | None) -> Moment:
    """The columns of one impression and whose effects it shows; `before` is its sitting until now."""
    before = before if before is not None and before.n and before.goes_on(asked) else None
    x = np.zeros(len(ACCEPT_FEATURES))
    text = asked.text[-200:]
    ended = text.rstrip()[-1:]
    expected = min(max(asked.p_any, 0.01), 0.999) * TAKEN_SHARE
    x[:9] = (
        1.0,
        math.log(expected / (1.0 - expected)) - _USUAL,
        math.log(max(len(asked.options), 1)) - 1.1,
        math.log1p(asked.option_chars) - 3.5,
        (math.log1p(min(len(asked.text), 2_000)) - 4.5) / 2,
        float(ended not in ".!?…\"'” "),
        float(text[-1:].isspace()),
        float(text[-1:] == "\n"),
        math.log1p(asked.n_turns),
    )
    if before is None:
        x[9] = 1.0
    else:
        x[9:] = _around(asked, before)
    return Moment(x, _who(asked))


def prior_weights() -> Floats:
    """Before any outcome: P(taken) = .6 · p_any, in logits, and no column says anything."""
    weights = np.zeros(len(ACCEPT_FEATURES))
    weights[:2] = _USUAL, 1.0
    return weights


def _around(asked: Asked, before: Sitting) -> tuple[float, ...]:
    taken = [1.0 if was else 0.0 for _, was in before.last]  # nothing decided yet: passed over, as far as we know
    weights = [FADES**n for n in range(len(taken) - 1, -1, -1)]
    streak = sum(w * (t - TAKEN_SHARE) for w, t in zip(weights, taken, strict=True)) / (sum(weights) + 1.0)
    again = sum(option in before.options for option in asked.options) / max(len(asked.options), 1)
    pause = math.log(min(max(asked.at - before.quiet_since, 0.2), 86_400.0))
    return (
        0.0,
        math.log1p(before.n) / 2,
        float(asked.context == before.context),
        again,
        3.0 * streak,
        taken[-1] - TAKEN_SHARE,
        min(max((pause - 2.0) / 2.0, -2.0), 3.0),
    )


def _who(asked: Asked) -> tuple[Who, ...]:
    named = (("user", asked.user), ("sitting", asked.sitting))
    return (*((kind, whose) for kind, whose in named if whose is not None), *(("field", f) for f in asked.fields))
