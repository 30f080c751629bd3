"""Panels: reviews that more than one person answers, and how often each worker has been right on those.

Each voice is kept as it came, marked in the log as no answer by itself (`undoes` names its own eid). What the panel
comes to is a verdict of its own, by the worker `consensus`: whatever reads verdicts reads one answer a review."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import cast

from suggest.domain.policy import Policy
from suggest.domain.review import Panel, ReviewReason
from suggest.domain.text import normalise
from suggest.metrics.consensus import PRIOR_RIGHT, PRIOR_WRONG, accuracies
from suggest.metrics.interval import Interval, clopper_pearson
from suggest.online.history import Reads
from suggest.online.messages import Answer
from suggest.online.served import Served
from suggest.online.task import Given, Task
from suggest.policy.panel import Voice, settle

CONSENSUS = "consensus"
_CONFIDENCE = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What is known of how a worker answers."""

    n_answered: int
    median_handling_s: float | None
    right: Interval  # where others answered the same, by the consensus model; n of it is how many those were


def panel_of(policy: Policy, reason: ReviewReason) -> Panel | None:
    """Who must answer a new review; None: anybody, once."""
    panel = Panel(
        wanted=policy.overlap,
        most=max(policy.overlap, policy.most_overlap),
        sign_off=policy.sign_off if reason is ReviewReason.ESCALATED else 1,
        doubts=policy.second_opinion and reason is ReviewReason.AUDIT,
    )
    return None if panel.is_single else panel


class Panels:
    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    def settled(self, task: Task, voices: Sequence[Given], served: Served) -> Given | None:
        """The voice whose answer stands; None where another is needed."""
        assert task.panel is not None
        panel, shown = task.panel, {item.id for item in served.slate.items}
        if panel.doubts and any(voice.answer.item not in shown for voice in voices):
            panel = replace(panel, wanted=max(panel.wanted, 2), most=max(panel.most, 2))
        said = [_key(voice.answer) for voice in voices]
        rates = self._rates() if len(set(said)) > 1 and panel.sign_off == 1 else {}
        usual = PRIOR_RIGHT / (PRIOR_RIGHT + PRIOR_WRONG)
        heard = [
            Voice(answer=answer, p_right=rates.get(voice.worker, usual))
            for answer, voice in zip(said, voices, strict=True)
        ]
        found = settle(heard, panel, n_answers=len(shown) + 1)
        if found is None:
            return None
        return next(
            voice for answer, voice in zip(reversed(said), reversed(voices), strict=True) if answer == found.answer
        )

    def quality(self, worker: str) -> Quality:
        row = self._reads.select("answers_of_worker", worker=worker)[0]
        right, n = self._compared().get(worker, (0.0, 0))
        handling_ms = row["handling_ms"]
        return Quality(
            n_answered=cast("int", row["n"]),
            median_handling_s=None if handling_ms is None else round(float(cast("float", handling_ms)) / 1000, 1),
            right=clopper_pearson(min(n, round(right)), n, _CONFIDENCE),
        )

    def _rates(self) -> dict[str, float]:
        return {
            worker: (PRIOR_RIGHT + right) / (PRIOR_RIGHT + PRIOR_WRONG + n)
            for worker, (right, n) in self._compared().items()
        }

    def _compared(self) -> dict[str, tuple[float, int]]:
        rows = self._reads.select("voices")
        told = [(str(row["review"]), str(row["worker"]), _key_of_row(row)) for row in rows]
        return accuracies(told, {str(row["review"]): cast("int", row["n_answers"]) for row in rows})


def _key(answer: Answer) -> Hashable:
    """Two answers are the same where the person would get the same."""
    if answer.item is not None:
        return ("item", answer.item)
    return ("none",) if answer.none or answer.text is None else ("text", normalise(answer.text))


def _key_of_row(row: dict[str, object]) -> Hashable:
    item, text = row["item"], row["text"]
    return _key(
        Answer(
            item=None if item is None else str(item), text=None if text is None else str(text), none=bool(row["none"])
        )
    )
