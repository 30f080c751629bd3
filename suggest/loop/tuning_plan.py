"""Whether to tune the encoder in this run: where it pays, and only where the run still ends in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

FEWEST_KNOWN = 300  # right answers; below, what tuning gains is noise
FEWEST_A_CANDIDATE = 5  # in the middle: below, most candidates would be tuned on a handful of texts
GROWTH = 1.1  # known answers since the encoder was tuned last, below which it would come out the same
AUTO_ENDS_WITHIN_S = 600.0  # a whole run that tunes by itself
ASKED_ENDS_WITHIN_S = 3_000.0  # one that was told to
TRAINING_COST = 4.0  # encodings that one step on a text costs: forward, backward, and no cache
LEAST_PASSED = 7_680  # texts that tuning goes over at the least: 120 steps of 64
EXPORT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Seconds that tuning may take; none, and why."""

    budget_s: float
    why: str

    @property
    def is_on(self) -> bool:
        return self.budget_s > 0


def refused(why: str) -> Plan:
    return Plan(budget_s=0.0, why=why)


def is_wanted(
    mode: str, reason: str, *, can_be_tuned: bool, known: Mapping[str, int], candidates: Sequence[str], tuned_at: int
) -> str | None:
    """Why not to tune, by what was asked for and what is known; None where nothing speaks against it.

    `known`: right answers a candidate; `tuned_at`: how many there were when the encoder was tuned last, 0 for never."""
    n_known = sum(known.values())
    if mode == "off":
        return "the encoder was left as it is, as asked"
    if not can_be_tuned:
        return "the configured encoder is of a kind that cannot be tuned"
    if mode == "tune":
        return None if len(known) >= 2 else "the encoder was not tuned: the known answers are all of one candidate"
    if reason == "outcomes":
        return "the encoder was left as it is: it is tuned at night and on demand"
    if n_known < FEWEST_KNOWN or len(known) < 2:
        return (
            f"the encoder was not tuned: {n_known} known answers; from {FEWEST_KNOWN} over 2 candidates on it may pay"
        )
    usual = median(known.get(candidate, 0) for candidate in candidates)
    if usual < FEWEST_A_CANDIDATE:
        return f"the encoder was not tuned: a candidate has {usual:g} known answers, {FEWEST_A_CANDIDATE} are needed"
    if n_known < GROWTH * tuned_at:
        return f"the encoder was not tuned again: {n_known} known answers, there were {tuned_at} the last time"
    return None


def plan(mode: str, *, elapsed_s: float, n_texts: int, texts_per_s: float, build_s: float) -> Plan:
    """How long tuning may take so that the run ends in time.

    After it come the export, encoding all texts once, and a second build. It is begun only where the fewest steps that
    are worth making fit in; `texts_per_s` was measured on this machine a moment ago."""
    ends_within_s = ASKED_ENDS_WITHIN_S if mode == "tune" else AUTO_ENDS_WITHIN_S
    after_s = EXPORT_S + n_texts / texts_per_s + build_s
    least_s = TRAINING_COST * LEAST_PASSED / texts_per_s
    left_s = ends_within_s - elapsed_s - after_s
    if left_s < least_s:
        whole_min = (elapsed_s + after_s + least_s) / 60
        return refused(
            f"the encoder was not tuned: with it this run would take {whole_min:.0f} minutes at the least, "
            f"{ends_within_s / 60:.0f} are allowed"
        )
    return Plan(budget_s=left_s, why=f"{left_s:.0f} s were left for it")
