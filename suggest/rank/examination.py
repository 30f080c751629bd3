"""How people read a slate: which slots they look at, and what they take by mistake. Fitted from clicks alone.

A person reads from the top. Slot k is examined with chance theta_k (theta_0 = 1); an examined option is taken with
chance `right` if it is the right answer and `wrong_k` if not (more so near the top where people trust it); the first
one taken ends the reading. This is the affine position-based model (Vardasbi et al., CIKM 2020) on the slots that were
reached. What it says of who was right, given prior chances p:

    P(j right | taken at s)  ∝  p_j · right / wrong_s                                   if j stood at s
                             ∝  p_j · (1 - theta_m right) / (1 - theta_m wrong_m)       if j stood at m above s
                             ∝  p_j                                                     if j stood below, or nowhere

A dismissal is the second line for all slots. It misleads where examination depends on what the options say, and where
the prior chances come from a model that saw these very clicks: give it out-of-fold predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LARGEST_WEIGHT = 8.0  # of a selection far down; without a cap a few of them would decide alone
DISMISSED = -1  # the slot of a slate from which nothing was taken
_ROUNDS = 200
_PSEUDO = 10.0  # observations that the start is worth, for each number of each slot
_RIGHT, _WRONG = 0.9, 0.1  # the start


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    theta: Floats  # (slots,) chance that a slot is looked at, the top one always
    right: float  # chance that the right option is taken once it is looked at
    wrong: Floats  # (slots,) chance that any other is
    theta_bounds: Floats | None = None  # (slots, 2) 95% interval of theta; None in bundles of earlier versions

    def __post_init__(self) -> None:
        if self.theta.shape != self.wrong.shape or not len(self.theta):
            raise ValueError("theta and wrong need one number a slot")
        if not (self.theta > 0).all() or not (self.theta <= 1).all() or not (self.wrong < self.right).all():
            raise ValueError("0 < theta <= 1 and wrong < right")

    def odds(self, n_shown: int, slot: int) -> Floats:
        """How much likelier what was seen is if the option of each slot is right, than if none of them is, (n_shown,).

        >>> e = Examination(theta=np.array([1.0, 0.5]), right=0.9, wrong=np.array([0.1, 0.1]))
        >>> e.odds(2, 1).round(2).tolist(), e.odds(2, DISMISSED).round(2).tolist()
        ([0.11, 9.0], [0.11, 0.58])
        """
        theta, wrong = self._at(n_shown)
        passed = (1 - theta * self.right) / (1 - theta * wrong)
        if slot == DISMISSED:
            return passed
        odds = np.ones(n_shown)
        odds[:slot] = passed[:slot]
        odds[slot] = self.right / wrong[slot]
        return odds

    def weight(self, slot: int) -> float:
        """What a selection there stands for: as many others were never looked at. 1 / theta, capped."""
        return float(min(1.0 / self._at(slot + 1)[0][slot], LARGEST_WEIGHT))

    def _at(self, n: int) -> tuple[Floats, Floats]:
        """theta and wrong of the first n slots; those never seen are like the last one seen."""
        place = np.minimum(np.arange(n), len(self.theta) - 1)
        return self.theta[place], self.wrong[place]

    def to_json(self) -> dict[str, object]:
        told: dict[str, object] = {"theta": self.theta.tolist(), "right": self.right, "wrong": self.wrong.tolist()}
        return told if self.theta_bounds is None else told | {"theta_bounds": self.theta_bounds.tolist()}

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> Examination:
        return cls(
            theta=np.asarray(stored["theta"], np.float64),
            right=float(str(stored["right"])),
            wrong=np.asarray(stored["wrong"], np.float64),
            theta_bounds=np.asarray(stored["theta_bounds"], np.float64) if "theta_bounds" in stored else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One slate that was read: prior chances of what stood in it, and the slot that was taken."""

    prior: Floats  # (shown,) P(right) of each option shown, by a model that never saw this slate; sums to at most 1
    slot: int  # or DISMISSED


def fit_examination(readings: Sequence[Reading], *, rounds: int = _ROUNDS) -> Examination:
    """EM for theta, right and wrong. The start (theta_k = 1/sqrt(k+1)) counts like _PSEUDO readings a slot.

    Slots below the one that was taken carry no information and are left out (`reach`)."""
    prior, slot, reached = _table(readings)
    taken = (np.arange(prior.shape[1]) == slot[:, None]) & reached
    passed = reached & ~taken
    elsewhere = np.maximum(1.0 - prior.sum(axis=1), 1e-6)
    slots = prior.shape[1]
    start = 1.0 / np.sqrt(np.arange(1, slots + 1))
    theta, right, wrong = start, _RIGHT, np.full(slots, _WRONG)
    n = reached.sum(axis=0)
    for _ in range(rounds):
        odds = np.where(taken, right / wrong, np.where(passed, (1 - theta * right) / (1 - theta * wrong), 1.0))
        is_right = prior * odds
        is_right /= (is_right.sum(axis=1) + elsewhere)[:, None]
        looked_right = np.where(taken, 1.0, theta * (1 - right) / (1 - theta * right)) * is_right * reached
        looked_wrong = np.where(taken, 1.0, theta * (1 - wrong) / (1 - theta * wrong)) * (1 - is_right) * reached
        looked = looked_right.sum(axis=0) + looked_wrong.sum(axis=0)
        right_taken = float((is_right * taken).sum())
        wrong_taken = ((1 - is_right) * taken).sum(axis=0)
        right = (right_taken + _PSEUDO * _RIGHT) / (float(looked_right.sum()) + _PSEUDO)
        pooled = (wrong_taken.sum() + _PSEUDO * _WRONG) / (looked_wrong.sum() + _PSEUDO)
        wrong = (wrong_taken + _PSEUDO * pooled) / (looked_wrong.sum(axis=0) + _PSEUDO)
        theta = (looked + _PSEUDO * start) / (n + _PSEUDO)
        theta, right = np.clip(theta, 0.01, 1.0), float(np.clip(right, 0.2, 0.99))
        theta[0] = 1.0
        wrong = np.clip(wrong, 0.005, 0.8 * right)
    bounds = _theta_bounds(_Slots(prior=prior, taken=taken, passed=passed), theta, right, wrong)
    return Examination(theta=theta, right=right, wrong=wrong, theta_bounds=bounds)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slots:
    """What was seen of each slot of each slate, (n, slots)."""

    prior: Floats
    taken: NDArray[np.bool_]
    passed: NDArray[np.bool_]


def _theta_bounds(seen: _Slots, theta: Floats, right: float, wrong: Floats) -> Floats:
    """95% interval of each theta, (slots, 2); the top one is 1 by definition.

    Normal on the scale of logits: the inverse of the information of all parameters together, which is the sum of
    outer products of each slate's score (Fisher's identity: the expected score of the complete data), and of what the
    start counts for. It believes the prior chances it was given, so it is of chance alone. Berndt, Hall, Hall &
    Hausman, 1974; Louis, JRSS B 1982."""
    held = np.clip(theta, 0.01, 0.99)
    odds = np.where(seen.taken, right / wrong, np.where(seen.passed, (1 - held * right) / (1 - held * wrong), 1.0))
    is_right = seen.prior * odds
    is_right /= (is_right.sum(axis=1) + np.maximum(1.0 - seen.prior.sum(axis=1), 1e-6))[:, None]
    is_wrong = 1 - is_right
    # derivatives of the logarithm of what was seen: by logit theta, logit right, logit wrong
    by_theta = seen.taken * (1 - held) - seen.passed * held * (1 - held) * (
        is_right * right / (1 - held * right) + is_wrong * wrong / (1 - held * wrong)
    )
    by_right = (
        seen.taken * is_right * (1 - right) - seen.passed * is_right * held * right * (1 - right) / (1 - held * right)
    ).sum(axis=1)
    by_wrong = seen.taken * is_wrong * (1 - wrong) - seen.passed * is_wrong * held * wrong * (1 - wrong) / (
        1 - held * wrong
    )
    score = np.column_stack([by_theta[:, 1:], by_right, by_wrong])
    at = np.concatenate([held[1:], [right], wrong])
    information = score.T @ score + np.diag(_PSEUDO * at * (1 - at))
    half = 1.96 * np.sqrt(np.diag(np.linalg.inv(information)))[: len(theta) - 1]
    logit = np.log(held[1:] / (1 - held[1:]))
    ends = 1 / (1 + np.exp(-np.column_stack([logit - half, logit + half])))
    ends = np.column_stack([np.minimum(ends[:, 0], theta[1:]), np.maximum(ends[:, 1], theta[1:])])
    return np.vstack([[1.0, 1.0], ends])


def _table(readings: Sequence[Reading]) -> tuple[Floats, NDArray[np.int64], NDArray[np.bool_]]:
    """Ragged slates as one table: priors (n, slots), the slot taken (n,), and which slots were reached (n, slots)."""
    slots = max(len(r.prior) for r in readings)
    prior = np.zeros((len(readings), slots))
    for row, reading in zip(prior, readings, strict=True):
        row[: len(reading.prior)] = reading.prior
    slot = np.array([r.slot for r in readings], np.int64)
    shown = np.array([len(r.prior) for r in readings])
    last = np.where(slot == DISMISSED, shown - 1, slot)
    return prior, slot, np.arange(slots) <= last[:, None]
