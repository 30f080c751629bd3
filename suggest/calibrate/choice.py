"""From columns to probabilities: a conditional logit over the pool with two kinds of "none of these" beside it.

    P(j)    = exp(u_j) / Z            u_j = theta · z_j              (one z per candidate)
    P(none) = sum_t exp(v_t) / Z      v_t = b_t + w_t · g            (one g per pool, standardised; t = near, far)
    Z       = sum_l exp(u_l) + sum_t exp(v_t)

*Near*: the context is of the kind that is answered here, but its answer is missing. *Far*: it is about something else.
Two kinds, because traffic brings them in shares of its own, and one share for both cannot follow either
(docs/decisions/0002). McFadden (1974) for the model. An outcome may be partial: a dismissed slate says only that the
right answer was none of the shown ones; its likelihood is the total probability of all it leaves possible.

It misleads where the columns' meaning shifts between fitting and serving: fit on out-of-fold columns only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suggest.calibrate.together import ALONE, Together

Floats = NDArray[np.float64]
NONE_KINDS = ("near", "far")
USUAL_NONE, USUAL_WORTH = 0.1, 100  # share of unanswerable requests before a surface's answers say, and what it counts
VOUCHED = 100  # right answers that count against that share, for each none-label and one: unmarked is not answered
DOUBT_WORTH = 30  # known answers at which traffic is believed half against what is usual


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceModel:
    option_names: tuple[str, ...]
    theta: Floats  # (len(option_names),)
    set_names: tuple[str, ...]
    bias: Floats  # (2,) of near and far
    w: Floats  # (2, len(set_names))
    mean: Floats  # (len(set_names),) of g where it was fitted
    scale: Floats  # (len(set_names),)
    shares: Floats  # (3,) of answerable, near and far contexts where it was fitted; they sum to 1
    together: Together = ALONE  # which options are right when another is
    known: tuple[int, int] | None = None  # right answers and none-labels it was fitted to; (0, 0): those of others only

    def __post_init__(self) -> None:
        if self.w.shape != (2, len(self.set_names)) or len(self.theta) != len(self.option_names):
            raise ValueError("a weight is needed for every column")
        if not np.isclose(self.shares.sum(), 1.0) or (self.shares <= 0).any():
            raise ValueError("shares are positive and sum to 1")

    @property
    def usual_shares(self) -> Floats:
        """Shares (3,) of answerable, near and far requests that are expected before traffic speaks: what its known
        answers say beside USUAL_WORTH usual ones, since its own examples are weighed and made up. A history of right
        answers alone says little of how much has none (docs/decisions/0038)."""
        if self.known is None:
            return self.shares
        n_right, n_none = self.known
        n_told = min(n_right, VOUCHED * (n_none + 1)) + n_none
        none = (n_none + USUAL_NONE * USUAL_WORTH) / (n_told + USUAL_WORTH)
        return np.array([1.0 - none, *(none * self.shares[1:] / self.shares[1:].sum())])

    @property
    def doubt(self) -> float:
        """How much a request that it judges says for what is usual: see `estimate_shares`. 1 where it was fitted to
        nothing of this surface, .09 after 300 known answers."""
        return 0.0 if self.known is None else DOUBT_WORTH / (DOUBT_WORTH + sum(self.known))

    def utilities(self, z: NDArray[np.float32]) -> Floats:
        """Logits of the candidates, (n,): comparable within one pool."""
        return np.asarray(z @ self.theta, np.float64)

    def none_logits(self, g: NDArray[np.float32]) -> Floats:
        """Logits of near and far, (2,)."""
        return self.bias + self.w @ ((g - self.mean) / self.scale)

    def to_json(self) -> dict[str, object]:
        arrays = ("theta", "bias", "w", "mean", "scale", "shares")
        names = {"option_names": list(self.option_names), "set_names": list(self.set_names)}
        told = names | {name: getattr(self, name).tolist() for name in arrays}
        told |= {} if self.known is None else {"known": list(self.known)}
        return told | ({"together": self.together.to_json()} if self.together.shares else {})

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> ChoiceModel:
        arrays = ("theta", "bias", "w", "mean", "scale", "shares")
        return cls(
            option_names=tuple(_names(stored["option_names"])),
            set_names=tuple(_names(stored["set_names"])),
            together=Together.from_json(stored.get("together") or {}),
            known=_counts(stored.get("known")),
            **{name: np.asarray(stored[name], np.float64) for name in arrays},
        )


def _names(value: object) -> Sequence[str]:
    if not isinstance(value, list):
        raise ValueError(f"expected a list of names, got {type(value).__name__}")
    return [str(name) for name in value]


def _counts(value: object) -> tuple[int, int] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("expected how many answers are known, and how many of them say that nothing is right")
    return int(value[0]), int(value[1])


def probabilities(utilities: Floats, none_logits: Floats) -> tuple[Floats, Floats]:
    """P of each candidate (n,) and of each kind of none (2,); together they sum to 1.

    >>> p, none = probabilities(np.array([0.0, 0.0]), np.array([0.0, 0.0]))
    >>> [round(float(x), 3) for x in (*p, *none)]
    [0.25, 0.25, 0.25, 0.25]
    """
    both = np.concatenate([utilities, none_logits])
    exp = np.exp(both - both.max())
    exp /= exp.sum()
    return exp[: len(utilities)], exp[len(utilities) :]
