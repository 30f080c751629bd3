"""What a surface promises, and what is known of how that goes: the watches over it, and the answers they have seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from suggest.domain.policy import Mode, Policy, TargetKind
from suggest.domain.slate import Decision, Slate
from suggest.policy.judging import Engagement
from suggest.policy.overflow import FALLBACKS
from suggest.policy.watch import Judged, Watch

MOST_KNOWN = 2_000  # answers that are looked at again when a watch begins anew
# Reasons of slates that nothing was promised of.
_UNJUDGED = frozenset({"asked", "degraded", "needs-no-answer", "no-candidates"}) | FALLBACKS
_ALL_TO_PEOPLE = {Mode.REVIEW_ALL, Mode.SHADOW}
_UNIT = float(2**64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A slate whose answer became known."""

    impression: str
    p_any: float
    p_top1: float
    right: bool  # a right option was in it
    first: bool  # and stood at the top
    decision: Decision
    audited: bool  # drawn at random
    bundle: str
    told: bool = False  # of an audited one: whoever saw it has said so, too
    is_sure: bool = False  # nothing was shown without a person then: it was sure to become known

    @property
    def is_shown(self) -> bool:
        return self.decision in {Decision.SHOW, Decision.AUTO}


@dataclass(slots=True, kw_only=True)
class Promises:
    """The two promises of a surface and how they go. Changed under the lock of its place."""

    any: Watch = field(default_factory=lambda: Watch(target=None))  # a right option is in what is shown
    top1: Watch = field(default_factory=lambda: Watch(target=None))  # what is applied without asking is right
    engagement: Engagement = field(default_factory=Engagement)
    known: list[Known] = field(default_factory=list)  # oldest first
    rang: bool = False  # an alarm went off and nobody was told yet

    def begin(self, policy: Policy) -> None:
        """Watch over what this policy promises, over all that is known."""
        self.any, self.top1 = Watch(target=promised(policy)), Watch(target=policy.auto_target)
        self._look(self.known)

    def is_of(self, policy: Policy) -> bool:
        """Whether it is this policy's promises that are watched over."""
        return (self.any.target, self.top1.target) == (promised(policy), policy.auto_target)

    def learn(self, known: Known, *, is_verdict: bool, told: bool, audit_rate: float) -> bool:
        """Take in an answer, where it may speak for the traffic; the watches look at it at once. False where not."""
        if not self.recall(known, is_verdict=is_verdict, told=told, audit_rate=audit_rate):
            return False
        self._look([known])
        self.rang = self.rang or any(watch.turn is not None and watch.turn.kind == "alarm" for watch in self._watches)
        return True

    def recall(self, known: Known, *, is_verdict: bool, told: bool, audit_rate: float) -> bool:
        """The same for an answer of before: `begin` will let the watches look at all of them. False where not.

        What people in the queue answer is all known, of the rest only what is audited or told: each kind is kept at
        the rate of the scarcest, by a lot that has nothing to do with what the slate holds."""
        if known.audited:
            if known.decision is Decision.SHOW:  # of what was applied nobody was asked to say anything
                self.engagement = self.engagement.after(right=known.right, told=told)
            known = replace(known, told=told)
        else:
            if is_verdict:
                rate = 1.0 if known.is_sure else self.engagement.inclusion(audit_rate)
            else:
                rate = self.engagement.kept_selections if known.right else 1.0
            if _lot(known.impression) >= rate:
                return False
        self.known.append(known)
        del self.known[: max(0, len(self.known) - MOST_KNOWN)]
        return True

    def acted(self, impression: str) -> None:
        """Whoever saw an audited slate has said so, and its audit was answered before."""
        for i in range(len(self.known) - 1, -1, -1):
            each = self.known[i]
            if each.impression == impression:
                if each.audited and not each.told and each.decision is Decision.SHOW:
                    self.known[i] = replace(each, told=True)
                    self.engagement = self.engagement.after_all(right=each.right)
                return

    def forget(self, impressions: frozenset[str], policy: Policy) -> bool:
        """Answers were taken back or erased: look again at what is left. False where there was none of them."""
        left = [each for each in self.known if each.impression not in impressions]
        if len(left) == len(self.known):
            return False
        self.known = left
        self.begin(policy)
        return True

    @property
    def _watches(self) -> tuple[Watch, Watch]:
        return self.any, self.top1

    def _look(self, known: Sequence[Known]) -> None:
        self.any = self.any.after_all([_judged_any(each) for each in known])
        self.top1 = self.top1.after_all([_judged_top1(each) for each in known])


def _judged_any(known: Known) -> Judged:
    return Judged(p=known.p_any, right=known.right, counts=known.is_shown, audited=known.audited, bundle=known.bundle)


def _judged_top1(known: Known) -> Judged:
    is_auto = known.decision is Decision.AUTO
    return Judged(p=known.p_top1, right=known.first, counts=is_auto, audited=known.audited, bundle=known.bundle)


def promised(policy: Policy) -> float | None:
    """The precision a policy promises of what is shown; None where it promises none, or asks for one of the ends."""
    target = policy.target
    return target.value if target.kind is TargetKind.PRECISION and 0.0 < target.value < 1.0 else None


def known_of(slate: Slate, item: str | None, *, audited: bool) -> Known:
    """`item` is what was right of this slate; None: nothing."""
    ids = [each.id for each in slate.items]
    return Known(
        impression=slate.id,
        p_any=slate.p_any,
        p_top1=slate.items[0].p_select if slate.items else 0.0,
        right=item in ids,
        first=bool(ids) and item == ids[0],
        decision=slate.decision,
        audited=audited,
        bundle=slate.bundle,
        is_sure=is_sure(slate.mode, slate.threshold),
    )


def is_sure(mode: str, threshold: float) -> bool:
    """Whether everything went to people.

    >>> is_sure("shadow", 0.5), is_sure("assist", 0.5)
    (True, False)
    """
    return mode in _ALL_TO_PEOPLE or threshold > 1.0


def is_judged(slate: Slate) -> bool:
    """Whether a promise speaks of this slate at all, and its answer may be used."""
    return slate.learnable and bool(slate.items) and slate.reason not in _UNJUDGED


def _lot(impression: str) -> float:
    """A number in [0, 1) of this impression, unrelated to the one that draws audits."""
    digest = blake2b(impression.encode(), digest_size=8, person=b"watch").digest()
    return int.from_bytes(digest, "big") / _UNIT
