"""What people passed over near here, and what is tried in its place.

Two things that change the order of a slate until the next bundle, and no probability:

- Where most of the past near here says that nothing was right, an option that was looked at and not wanted in a context
  that asks for the same is not what this one wants either. A past context of cosine c asks for the same with chance
  q(c) = 1 / (1 + exp(-16 (c - .7))), as on BANKING77's training part; a person takes what is right with chance TAKEN.
  Each such act lowers the option's logit by -log(1 - TAKEN q), less where less of the past says none, not at all where
  half of it knows an answer: people who want different things of one context say no to each other's.
- An option that people pass over although it was sure (`meaning`) may mean something else by now, and nothing that is
  known of it says what. Where the past says that nothing was right, the doubted options are tried: together they stand
  as high as that nothing is right, each by its share of prod(1 - TAKEN q) over the acts in which it was passed over and
  prod(1 + q (n - 1)) over those in which it was taken since it is doubted, of n options that may be meant.

The products take acts for independent. They mislead where q is not the encoder's own, and where the same person says no
again and again; what is near a certain answer is far ahead of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Vector = NDArray[np.float32]

TAKEN = 0.8  # chance that a person who looks takes what is right
SAME_AT, SHARPNESS = 0.7, 16.0  # the cosine at which two contexts want the same as often as not, and how soon they do
NEAR = 0.45  # cosine; below it q is under .02
KEPT = 2_048  # latest outcomes of an option each, that count
SETTLED = 20  # takings after which a doubted option is trusted again
FEWEST = 10  # options that may be meant, at least: one doubted option alone is no likelier for being alone
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class _Said:
    """Outcomes, oldest first. Readers see the first `n` rows, which never change: what is said later stands behind."""

    vectors: NDArray[np.float32]  # (room, dim)
    codes: NDArray[np.int32]  # (room,) of the option
    is_taken: NDArray[np.bool_]  # (room,)
    weights: NDArray[np.float32]  # (room,) of an observation
    n: int
    before: int  # outcomes that are no longer kept


class Trials:
    """One writer at a time, any number of readers, who never wait.

    >>> trials, here = Trials(dim=2), np.array([1.0, 0.0], np.float32)
    >>> trials.saw(here, {"a": False}, weight=1.0)
    >>> trials.gains(here, ["a", "b"], np.zeros(2), none=0.0, none_vote=1.0).round(2).tolist()
    [-1.58, 0.0]
    >>> trials.doubt("b")  # one of ten that may be meant, then: a tenth of what none has
    >>> trials.gains(here, ["a", "b"], np.array([0.0, -8.0]), none=0.0, none_vote=1.0).round(2).tolist()
    [-1.58, 5.7]
    """

    def __init__(self, *, dim: int) -> None:
        self._dim = dim
        self._code_of: dict[str, int] = {}
        self._n_codes = 1  # 0 is nobody's: what an option has that nothing was said of
        self._said = self._with_room(None)
        self._since: dict[str, int] = {}  # doubted option -> outcomes that had been said when it was
        self._takings: dict[str, int] = {}  # of a doubted option, since then

    def gains(self, embedding: Vector, ids: Sequence[str], logits: Floats, *, none: float, none_vote: float) -> Floats:
        """What each option's place in the order gains, in logits (n,), given the `logits` (n,) that it has.

        `none`: the logit that nothing is right. `none_vote`: the share of the past near here that says so, 0 to 1."""
        said, since = self._said, self._since
        share = max(0.0, 2.0 * none_vote - 1.0)
        doubted = [place for place, i in enumerate(ids) if i in since] if since and none_vote > 0.0 else []
        if not (doubted or (share and said.n)):
            return np.zeros(len(ids))
        cosines = said.vectors[: said.n] @ embedding
        near = np.flatnonzero(cosines > NEAR)
        same = 1.0 / (1.0 + np.exp(-SHARPNESS * (cosines[near].astype(np.float64) - SAME_AT)))
        codes, is_taken, weights = said.codes[near], said.is_taken[near], said.weights[near]
        places = np.array([self._code_of.get(i, 0) for i in ids], np.intp)
        refused = weights * np.log1p(-TAKEN * same) * ~is_taken
        lost = np.bincount(codes, refused, self._n_codes).astype(np.float64)[places]
        gained: Floats = share * lost
        if doubted:
            n_meant = max(len(doubted), FEWEST)
            begun = np.full(self._n_codes, _NEVER)
            begun[places[doubted]] = [since[ids[place]] for place in doubted]
            is_since = is_taken & (near + said.before >= begun[codes])
            won = np.bincount(codes, weights * np.log1p(same * (n_meant - 1)) * is_since, self._n_codes)
            score = won[places[doubted]] + lost[doubted]
            tried = none + np.log(none_vote) + score - np.log(np.exp(score).sum() + n_meant - len(doubted))
            gained[doubted] = np.maximum(gained[doubted], tried - logits[doubted])
        return gained

    def saw(self, embedding: Vector, outcomes: Mapping[str, bool], *, weight: float) -> None:
        """What became of the options a person looked at in one context: True for what was right."""
        said = self._said
        if said.n + len(outcomes) > len(said.codes):
            said = self._with_room(said)
        end = said.n + len(outcomes)
        said.vectors[said.n : end] = embedding
        said.codes[said.n : end] = [self._code(item) for item in outcomes]
        said.is_taken[said.n : end] = list(outcomes.values())
        said.weights[said.n : end] = weight
        self._said = _Said(said.vectors, said.codes, said.is_taken, said.weights, end, said.before)
        for item in (item for item, is_right in outcomes.items() if is_right and item in self._since):
            self._takings[item] += 1
            if self._takings[item] >= SETTLED:
                self._trust(item)

    def doubt(self, item: str) -> None:
        """What this option means is open from now on."""
        self._since.setdefault(item, self._said.before + self._said.n)
        self._takings.setdefault(item, 0)
        self._code(item)

    def _code(self, item: str) -> int:
        known = self._code_of.get(item)
        if known is None:
            known = self._code_of[item] = self._n_codes
            self._n_codes += 1
        return known

    def _trust(self, item: str) -> None:
        since = dict(self._since)  # copy-on-write: a request that is being ranked keeps what it started with
        since.pop(item, None)
        self._since = since
        self._takings.pop(item, None)

    def forget(self, item: str) -> None:
        """A retired option: should it come back, nothing is known of it."""
        self._trust(item)
        self._code_of.pop(item, None)

    def _with_room(self, said: _Said | None) -> _Said:
        room, kept = 2 * KEPT, 0 if said is None else min(said.n, KEPT)
        made = _Said(
            vectors=np.empty((room, self._dim), np.float32),
            codes=np.empty(room, np.int32),
            is_taken=np.empty(room, np.bool_),
            weights=np.empty(room, np.float32),
            n=kept,
            before=0 if said is None else said.before + said.n - kept,
        )
        if said is not None:
            for name in ("vectors", "codes", "is_taken", "weights"):
                getattr(made, name)[:kept] = getattr(said, name)[said.n - kept : said.n]
        return made
