"""What an owner should do next, from what the pages count: rules over frozen figures, and nothing that is not in them.

A rule speaks only where its figure is beyond chance: an interval that leaves out what was promised, a test that rang.
What harms people now comes first, then what is promised, then what would help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from analytics.pages.labels_bought import WORTH_POINTS
from analytics.tabular import duration
from components.number import count, decimal, percent, plural, span
from suggest.domain.policy import Mode
from suggest.metrics.interval import Interval, clopper_pearson
from suggest.policy.threshold import fewest_labels

MOST_STEPS = 4
FEWEST_SILENT = 20  # slates in view; of fewer nobody need have taken any
_SHOWING = (Mode.ASSIST, Mode.AUTO)

Unit = Literal["share", "slates", "seconds", "points", "p_any", "NLL", "requests", "candidates", "bundles"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The figures that the rules look at, as the pages have them. None: the data cannot carry it."""

    requests: int
    applied: int  # of them, answered by the top option without anybody
    seen: int
    acted: int  # of those seen, how many were taken, dismissed or overridden
    selected: int
    judged: int  # slates of which it is known whether a right option was in them
    known: int  # slates with a verdict or a known answer
    fewest_judged: int  # for a calibration error
    audited: Interval | None = None  # confident slates that held a right option
    promised: float | None = None  # the precision that is wished for; None: another kind of target
    is_certified: bool | None = None  # a test stands behind the line; None: nobody can tell from the log
    mode: str = ""
    auto_target: float | None = None
    answer_within_s: float = 600.0
    asked: int = 0  # requests that went to people because nobody else knew
    late: int = 0  # of them, without an answer for longer than was promised
    waited: Interval | None = None  # seconds within which nine in ten were answered; an open end is infinite
    newest: str = ""  # bundle, where it was built or changed in this time
    newest_state: str = ""
    newest_nll: Interval | None = None  # what it brought over the bundle before; less is better
    unanswered: int = 0  # slates that people found wanting, of the latest
    alike: int = 0  # of them, in the largest cluster
    is_proposed: bool = False  # somebody wrote an answer for it
    fall: tuple[int, float, float] | None = None  # requests, fall of the mean p_any, what chance reaches
    labels: int = 0  # that the gain is of
    gain: Interval | None = None  # in the share right first
    learning_per_day: int = 0
    never_taken: int = 0  # candidates that were looked at often
    most_looked: int = 0  # looks at the one of them that was looked at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    rule: str
    do: str
    why: str
    page: str  # of the report, or "policy": the slider
    part: str = ""  # of that page
    place: str  # in words, for the link
    value: float
    low: float | None = None
    high: float | None = None
    unit: Unit
    limit: float | None = None  # what it is held against
    n: int


def advice(known: Known) -> tuple[Step, ...]:
    """At most MOST_STEPS, the most urgent first; none where nothing is beyond chance."""
    return tuple(step for rule in RULES if (step := rule(known)))[:MOST_STEPS]


def _broken(k: Known) -> Step | None:
    right = k.audited
    if right is None or k.promised is None or right.high >= k.promised or k.mode not in _SHOWING:
        return None
    return Step(
        rule="promise-broken", do="Ask people more often, or promise less",
        why=f"{percent(right.mid)} of {plural(right.n, 'audited slate')} held a right option "
        f"({span(right.low, right.high)}); {percent(k.promised)} is promised.",
        page="policy", place="Move the slider",
        value=right.mid, low=right.low, high=right.high, n=right.n, limit=k.promised, unit="share",
    )  # fmt: skip


def _late(k: Known) -> Step | None:
    if not k.late:
        return None
    return Step(
        rule="without-an-answer", do="See who waits without an answer",
        why=f"{count(k.late)} of {plural(k.asked, 'request')} that went to people had no answer within "
        f"{duration(k.answer_within_s)}, and have none yet.",
        page="people", part="reviews-by-reason", place="See the reviews",
        value=k.late, n=k.asked, limit=k.answer_within_s, unit="requests",
    )  # fmt: skip


def _slow(k: Known) -> Step | None:
    if k.waited is None or k.waited.low <= k.answer_within_s:
        return None
    return Step(
        rule="long-waits", do="Have more people there, or ask them less",
        why=f"Nine in ten of {plural(k.waited.n, 'answer')} took up to {duration(k.waited.mid)}, certainly more than "
        f"{duration(k.waited.low)}; {duration(k.answer_within_s)} is promised.",
        page="people", part="waits", place="See the waits",
        value=k.waited.mid, low=k.waited.low, high=k.waited.high if k.waited.high < float("inf") else None,
        n=k.waited.n, limit=k.answer_within_s, unit="seconds",
    )  # fmt: skip


def _called_back(k: Known) -> Step | None:
    if k.newest_state != "alarmed":
        return None
    return Step(
        rule="called-back", do="See why a bundle was called back",
        why=f"What people did spoke against {k.newest}, and the one before it serves again.",
        page="learning", part="bundles", place="See its gate", value=1, n=1, unit="bundles",
    )  # fmt: skip


def _silent(k: Known) -> Step | None:
    if k.acted or k.seen < FEWEST_SILENT:
        return None
    most = clopper_pearson(0, k.seen).high
    return Step(
        rule="silence", do="Check that the page reports what people take",
        why=f"Of {plural(k.seen, 'slate')} in view none was taken, dismissed or overridden, so "
        f"at most {percent(most)} are.",
        page="funnel", part="funnel", place="See where they are lost",
        value=0.0, low=0.0, high=most, n=k.seen, unit="share",
    )  # fmt: skip


def _uncertified(k: Known) -> Step | None:
    if k.promised is None or k.is_certified is not False or not 0 < k.promised < 1 or k.mode == Mode.REVIEW_ALL:
        return None
    needed = fewest_labels(k.promised)
    return Step(
        rule="uncertified", do="Give answers" if k.known < needed else "Give answers, or promise less",
        why=f"No test stands behind the promised {percent(k.promised)} yet. It takes {count(needed)} known answers, "
        f"were all of them right; {count(k.known)} are known.",
        page="policy", place="See what the slider says is missing",
        value=k.known, n=k.known, limit=needed, unit="slates",
    )  # fmt: skip


def _not_alone(k: Known) -> Step | None:
    if k.mode != Mode.AUTO or k.auto_target is None or k.applied or k.requests < k.fewest_judged:
        return None
    needed = fewest_labels(k.auto_target)
    return Step(
        rule="not-alone", do="See what acting alone waits for",
        why=f"Of {plural(k.requests, 'request')} none was answered alone. It takes {count(needed)} known answers, were "
        f"all of them right first, to certify {percent(k.auto_target)}; {count(k.known)} are known.",
        page="policy", place="See the slider", value=k.known, n=k.requests, limit=needed, unit="slates",
    )  # fmt: skip


def _wanting(k: Known) -> Step | None:
    if not k.alike:
        return None
    part = clopper_pearson(k.alike, k.unanswered)
    written = "somebody wrote an answer" if k.is_proposed else "nobody wrote an answer yet"
    return Step(
        rule="unanswered", do="Add a candidate for what nobody could answer",
        why=f"{count(k.alike)} of the latest {plural(k.unanswered, 'unanswered slate')} ask for much the same "
        f"({span(part.low, part.high)}); {written}.",
        page="tail", part="unanswered", place="See what was asked",
        value=part.mid, low=part.low, high=part.high, n=k.unanswered, unit="share",
    )  # fmt: skip


def _drifted(k: Known) -> Step | None:
    if k.fall is None or k.fall[1] <= k.fall[2]:
        return None
    n, fall, limit = k.fall
    return Step(
        rule="drift", do="Look at what is asked now",
        why=f"Mean p_any of the latest quarter of {plural(n, 'request')} fell by {decimal(fall)}; chance reaches "
        f"{decimal(limit)}.",
        page="drift", part="drift-tests", place="See the change", value=fall, n=n, limit=limit, unit="p_any",
    )  # fmt: skip


def _refused(k: Known) -> Step | None:
    nll = k.newest_nll
    if k.newest_state != "kept" or nll is None:
        return None
    return Step(
        rule="refused", do="See why the last retrain was not promoted",
        why=f"NLL of {k.newest} changed by {nll.mid:+.3f} ({nll.low:+.3f} to {nll.high:+.3f}) on "
        f"{plural(nll.n, 'held-out example')}; less is better.",
        page="learning", part="retrains", place="See each retrain",
        value=nll.mid, low=nll.low, high=nll.high, n=nll.n, unit="NLL",
    )  # fmt: skip


def _labels(k: Known) -> Step | None:
    if k.gain is None:
        return None
    low, mid, high = (100 * each for each in (k.gain.low, k.gain.mid, k.gain.high))
    is_over = high < WORTH_POINTS and k.learning_per_day > 0
    if low < WORTH_POINTS and not is_over:
        return None
    told = f"The next {count(k.labels)} buy {mid:+.1f} points ({low:+.1f} to {high:+.1f}) of right first"
    return Step(
        rule="stop-labels" if is_over else "give-labels",
        do="Stop asking people only to learn" if is_over else "Give more labels",
        why=f"{told}: hardly worth a person's time." if is_over else f"{told}, if the curve goes on as it went.",
        page="learning", part="labels-bought", place="See what labels bought",
        value=k.gain.mid, low=k.gain.low, high=k.gain.high, n=k.gain.n, limit=WORTH_POINTS / 100, unit="points",
    )  # fmt: skip


def _too_few(k: Known) -> Step | None:
    if k.judged >= k.fewest_judged or _silent(k):
        return None
    return Step(
        rule="wait", do="Wait for more outcomes", page="reliability", part="reliability-p-any", place="See them",
        why=f"Whether probabilities keep their word is told from {count(k.fewest_judged)} judged slates on; "
        f"there are {count(k.judged)}.",
        value=k.judged, n=k.requests, limit=k.fewest_judged, unit="slates",
    )  # fmt: skip


def _never(k: Known) -> Step | None:
    if not k.never_taken or not k.selected:
        return None
    most = clopper_pearson(0, k.most_looked).high
    return Step(
        rule="never-taken", do="Reword or retire what is never taken",
        why=f"{plural(k.never_taken, 'candidate was', 'candidates were')} looked at often and never taken; the most "
        f"looked at of them, {count(k.most_looked)} times, would be taken at most {percent(most)} of the time.",
        page="tail", part="never-taken", place="See which", value=k.never_taken, n=k.most_looked, unit="candidates",
    )  # fmt: skip


RULES: tuple[Callable[[Known], Step | None], ...] = (
    _broken, _late, _slow, _called_back, _silent, _uncertified, _not_alone, _wanting, _drifted, _refused, _labels,
    _too_few, _never,
)  # fmt: skip
