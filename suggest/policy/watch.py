"""Keep a promise while the world moves: certify the line anew on what was judged lately, and tighten at the first sign
that the promise is being broken.

A certificate speaks of traffic like the labels it rests on, and of the probabilities of one bundle. Here every request
whose answer became known is looked at once, in order; the whole state follows from that sequence alone, so a restart
that reads it again ends where it was."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from suggest.metrics.discrete import binomial_cdf
from suggest.metrics.interval import Interval
from suggest.policy.live import live_bounds
from suggest.policy.threshold import Certified, certified_on, fewest_labels

_FARTHEST = 3.0  # the nudge stays within this many logits: more is another model


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A request whose answer became known: what was said of it, and whether that was right."""

    p: float  # as served
    right: bool
    counts: bool  # it was shown (or applied): it is what the promise is about
    audited: bool = False  # it is known because it was drawn at random
    bundle: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A judged request as the window keeps it."""

    logit: float  # of p, as nudged then
    right: bool
    counts: bool
    bundle: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Constants of the watch, set on one drifting stream and held against another (bench/slider.py)."""

    window: int = 600  # judged requests that a live certificate rests on
    every: int = 100  # judged requests between certificates
    fewest: int = 150  # below this many there is no live certificate
    rate: float = 0.04  # of the nudge: logits per unit of surprise
    tight_for: int = 150  # judged requests that an alarm tightens for
    tight: float = 0.6  # share of the promised error rate that is aimed for while it does
    worse: float = 2.5  # errors at this multiple of the promised rate are what the alarm listens for
    bar: float = 4.0  # log likelihood ratio of that against the promise, at which it goes off
    delta: float = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The watch has changed the line."""

    kind: str  # alarm | certified | uncertain
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """The watch over one promise: "at least `target` of what counts is right". None: nothing is promised."""

    target: float | None
    rules: Rules = field(default_factory=Rules)
    n: int = 0  # judged so far
    window: tuple[Seen, ...] = ()  # oldest first; of several bundles, where one was replaced by another
    of: str = ""  # the bundle that is watched: the one most of the latest answers are of
    n_counting: int = 0  # judged since the window was emptied that counted; of that bundle
    nudge: float = 0.0  # added to logits: below 0 where the model was too sure of late
    evidence: float = 0.0  # of the alarm: log likelihood ratio of a broken promise since it last seemed kept
    tight_left: int = 0  # judged requests until an alarm is over
    line: float | None = None  # certified on the window, as a nudged logit
    line_of: str = ""  # the bundle that was watched then
    is_own: bool = False  # and answers to that bundle alone certified it
    strictest: float = -math.inf  # what the line was when the alarm went off
    bundle: str = ""  # that the latest of them was served with
    distrusted: str | None = None  # the bundle whose own evidence does not hold for what was judged
    audited_right: int = 0  # since the last alarm
    audited: int = 0
    turn: Turn | None = None  # what this last request brought about
    why: str = ""  # the latest turn in words

    def after(self, judged: Judged) -> Watch:
        """The watch when one more answer is known.

        >>> watch = Watch(target=0.95)
        >>> for _ in range(5):
        ...     watch = watch.after(Judged(p=0.9, right=False, counts=True))
        >>> watch.turn.kind, watch.is_tight
        ('alarm', True)
        """
        if self.target is None:
            return self._counting([judged])
        rules, counts, is_audit = self.rules, judged.counts, judged.audited and judged.counts
        seen = logit(judged.p) + self.nudge
        surprise = float(judged.right) - expit(seen)
        after = replace(
            self,
            n=self.n + 1,
            window=(*self.window, Seen(logit=seen, right=judged.right, counts=counts, bundle=judged.bundle))[
                -rules.window :
            ],
            nudge=max(-_FARTHEST, min(_FARTHEST, self.nudge + rules.rate * surprise)),
            bundle=judged.bundle,
            of=judged.bundle if self.n == 0 else self.of,
            n_counting=self.n_counting + (counts and (self.n == 0 or judged.bundle == self.of)),
            evidence=self._evidence(judged, self.target),
            tight_left=max(self.tight_left - 1, 0),
            audited=self.audited + is_audit,
            audited_right=self.audited_right + (is_audit and judged.right),
            turn=None,
        )
        broken = None if self.is_tight else after._broken(look=judged.audited and not judged.right)
        if broken is not None:
            return after._alarmed(broken)
        if after.n % rules.every == 0 or (self.tight_left == 1 and after.tight_left == 0):
            return after._watching()._certified()
        return after

    def after_all(self, judged: Sequence[Judged]) -> Watch:
        """The watch when all of these are known, one after the other."""
        if self.target is None:
            return self._counting(judged)
        watch = self
        for each in judged:
            watch = watch.after(each)
        return watch

    def threshold(self, base: float, *, bundle: str = "", alone: bool = False) -> float:
        """The line on p in force, where the serving bundle's own evidence comes to `base`, which may well be 0.

        A line that answers to an earlier bundle certified goes on while the answers to this one do not speak against
        it; `alone`: it loosens nothing, for other probabilities certified it.
        The ends of the slider promise nothing, so their target is None and they stay where they are."""
        if self.target is None:
            return base
        nudged = expit(logit(base) - self.nudge) if self.nudge < 0.0 else base  # its certificate is of no looser line
        if self.is_in_doubt(bundle, alone=alone):  # what the bundle's own evidence asks for is asked for all the same
            return max(expit(max(logit(self._aim), self.strictest) - self.nudge), nudged)
        if self.has_line(bundle, alone=alone):
            assert self.line is not None
            return expit(self.line - self.nudge)
        before = 0.0 if self.line is None else expit(self.line - self.nudge)
        return max(nudged, before)

    def has_line(self, bundle: str, *, alone: bool = False) -> bool:
        """Answers of late certify a line for this bundle: its own or, unless `alone`, also those to earlier ones."""
        if self.line is None:
            return False
        if self.is_own and self.line_of == bundle:
            return True
        return not alone and not self._is_contradicted(bundle, self.line)

    def is_in_doubt(self, bundle: str, *, alone: bool = False) -> bool:
        """An alarm goes on, or what was judged speaks against this bundle's own evidence."""
        return self.is_tight or (self.distrusted == bundle and not self.has_line(bundle, alone=alone))

    def n_own(self, bundle: str) -> int:
        """Answers in the window that are to this bundle."""
        return sum(seen.bundle == bundle for seen in self.window)

    @property
    def is_tight(self) -> bool:
        """An alarm is not over yet."""
        return self.tight_left > 0

    @property
    def live(self) -> Interval:
        """How right what counts has been since the last alarm: audits only, bounds valid whenever one looks."""
        return live_bounds(self.audited_right, self.audited)

    # -- steps --------------------------------------------------------------------------------------------------------

    def _counting(self, judged: Sequence[Judged]) -> Watch:
        """Nothing is promised, so that nothing can be broken."""
        audits = [each for each in judged if each.audited and each.counts]
        return replace(
            self,
            n=self.n + len(judged),
            bundle=judged[-1].bundle if judged else self.bundle,
            n_counting=self.n_counting + sum(each.counts for each in judged),
            audited=self.audited + len(audits),
            audited_right=self.audited_right + sum(each.right for each in audits),
            turn=None,
        )

    def _evidence(self, judged: Judged, target: float) -> float:
        """Page's CUSUM: S = max(0, S + log of (worse / promised) likelihood of this outcome). Page, Biometrika 1954."""
        if not judged.counts:
            return self.evidence
        promised = 1.0 - target
        worse = min(self.rules.worse * promised, 0.5 * (1.0 + promised))
        step = math.log((1.0 - worse) / (1.0 - promised)) if judged.right else math.log(worse / promised)
        return max(0.0, self.evidence + step)

    def _broken(self, *, look: bool) -> str | None:
        """What says that the promise does not hold; the audits are only looked at where they got worse."""
        assert self.target is not None
        if self.evidence >= self.rules.bar:
            return "too many of the latest answers found no right option in what was shown"
        if look and (live := self.live).high < self.target:
            return f"{live.n} audits leave at most {live.high:.1%} right"
        return None

    def _alarmed(self, why: str) -> Watch:
        line = -math.inf if self.line is None else self.line
        return replace(
            self,
            window=(),
            n_counting=0,
            evidence=0.0,
            tight_left=self.rules.tight_for,
            strictest=max(self.strictest, line),
            line=None,
            distrusted=self.bundle,
            audited=0,
            audited_right=0,
        )._turned("alarm", f"{why}: only from {self._aim:.1%} sure on for {self.rules.tight_for} answers")

    def _watching(self) -> Watch:
        """Another bundle is watched where most of the latest answers are of it: stragglers, whose request an earlier
        one served, and the few of a canary do not turn it."""
        latest = Counter(seen.bundle for seen in self.window[-self.rules.every :])
        if not latest or (of := latest.most_common(1)[0][0]) == self.of:
            return self
        return replace(self, of=of, n_counting=sum(seen.counts for seen in self.window if seen.bundle == of))

    def _certified(self) -> Watch:
        """Look at what the window holds of the bundle that is watched; until that is enough, at all of it, as far as
        the answers to this one do not speak against what comes out."""
        assert self.target is not None
        own = [seen for seen in self.window if seen.bundle == self.of]
        is_own = len(own) >= self.rules.fewest
        looked_at = own if is_own else list(self.window)
        if self.is_tight or len(looked_at) < self.rules.fewest:
            return self
        p = np.array([expit(seen.logit) for seen in looked_at])
        right = np.array([float(seen.right) for seen in looked_at])
        found = certified_on(p, right, target=self.target, delta=self.rules.delta)
        if found is None:
            return self._not_certified(len(looked_at))
        line = logit(found.threshold)
        if not is_own and self._is_contradicted(self.of, line):
            return self
        certified = replace(self, line=line, line_of=self.of, is_own=is_own, strictest=-math.inf)
        return certified._turned("certified", self._said(found, len(looked_at), len(own)))

    def _is_contradicted(self, bundle: str, line: float) -> bool:
        """Whether answers to this bundle, from this line on, are wrong more often than promised (exact, at delta)."""
        assert self.target is not None
        rights = [seen.right for seen in self.window if seen.bundle == bundle and seen.logit >= line]
        errors = len(rights) - sum(rights)
        at_least = 1.0 - float(binomial_cdf(errors - 1, len(rights), 1.0 - self.target))
        return errors > 0 and at_least <= self.rules.delta

    def _not_certified(self, n: int) -> Watch:
        """Too few to tell leaves things as they are; enough that were shown, and still no line, does not."""
        assert self.target is not None
        if self.n_counting < 2 * fewest_labels(self.target, self.rules.delta):
            return self
        is_news = self.line is not None or self.distrusted != self.of
        strictest = self.strictest if self.line is None else max(self.strictest, self.line)
        doubtful = replace(self, line=None, strictest=strictest, distrusted=self.of)
        why = f"the last {n} answers certify {self.target:g} nowhere: only from {self._aim:.1%} sure on"
        return doubtful._turned("uncertain", why) if is_news else doubtful

    def _turned(self, kind: str, why: str) -> Watch:
        return replace(self, turn=Turn(kind=kind, why=why), why=why)

    @property
    def _aim(self) -> float:
        """How sure a suggestion must be while the promise is in doubt."""
        assert self.target is not None
        return 1.0 - self.rules.tight * (1.0 - self.target)

    def _said(self, found: Certified, n: int, n_own: int) -> str:
        own = "" if n_own == n else f", {n_own} of them to this model"
        return f"certified on the last {n} answers{own}: {found.errors} errors in {found.n} (bound {found.bound:.1%})"


def logit(p: float) -> float:
    """log(p / (1 - p)), finite.

    >>> logit(0.5), round(logit(1.0), 1)
    (0.0, 13.8)
    """
    safe = min(max(p, 1e-6), 1.0 - 1e-6)
    return math.log(safe / (1.0 - safe))


def expit(x: float) -> float:
    """
    >>> expit(0.0)
    0.5
    """
    return 1.0 / (1.0 + math.exp(-max(-40.0, min(40.0, x))))
