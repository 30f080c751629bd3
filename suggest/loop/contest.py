"""Which of two challengers goes to the gate: the one on the vectors that serve, or the one on a tuned encoder's.

Each is compared with the champion, and both with each other, on the same examples: those that no encoder involved was
tuned on. The better that passes is taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from suggest.loop.attempt import Attempt
from suggest.loop.gate import GateReport, judge
from suggest.loop.ladder import TUNED, ladder, rung, told
from suggest.loop.record import uid
from suggest.loop.scores import Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    verdict: GateReport
    is_tuned: bool  # the tuned challenger is the one that the verdict is about


def contest(plain: Attempt, tuned: Attempt, champion: Sequence[Score | None], *, seed: int) -> Decided:
    """`champion`: its scores of the plain attempt's examples."""
    examples = tuned.examples.examples
    unjudged = tuned.examples.tuned_on | plain.examples.tuned_on
    by_champion = {uid(e): s for e, s in zip(plain.examples.examples, champion, strict=True)}
    ladder_ = told(
        [
            *ladder(plain.built, plain.examples, plain.scores, but=unjudged),
            rung(TUNED, tuned.scores, tuned.examples, but=unjudged),
        ]
    )

    def of(scores: Mapping[str, Score | None]) -> list[Score | None]:
        return [None if e.text_key in unjudged else scores.get(uid(e)) for e in examples]

    against_champion = judge(examples, tuned.scores, of(by_champion), ladder=ladder_, seed=seed)
    against_plain = judge(examples, tuned.scores, of(plain.by_uid()), ladder=(), seed=seed)
    verdict = judge(plain.examples.examples, plain.scores, champion, ladder=ladder_, seed=seed)
    nll = against_plain.differences.get("nll", {})
    is_better = against_plain.passed and nll.get("mid", 0.0) < 0
    said = (
        f"tuned against untuned on {against_plain.n_pairs} examples that it never saw: "
        f"NLL {nll.get('mid', 0.0):+.3f} [{nll.get('low', 0.0):+.3f}, {nll.get('high', 0.0):+.3f}], "
        f"top 1 {against_plain.challenger.get('top1', 0.0):.3f} after {against_plain.champion.get('top1', 0.0):.3f}"
    )
    if against_champion.passed and (is_better or not verdict.passed):
        return Decided(verdict=replace(against_champion, notes=(f"the tuned encoder is taken; {said}",)), is_tuned=True)
    why = said if against_champion.passed else f"{against_champion.why}; {said}"
    return Decided(verdict=replace(verdict, notes=(f"the tuned encoder is not taken: {why}",)), is_tuned=False)
