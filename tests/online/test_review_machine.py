"""The review queue against a model, in any order of calls, with the clock running and the server restarted under it.

Never two holders, never a lost review, and no answer that counts twice."""

from __future__ import annotations

import os
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from suggest.domain.errors import Conflict, LeaseExpired, LeaseLost
from suggest.domain.review import ReviewState
from suggest.online.messages import RawVerdict
from suggest.store.ports import Table
from tests.online.world import UNKNOWN, World

WORKERS = ("ann", "bob", "cy")
LEASE_S = 60


class ReviewMachine(RuleBasedStateMachine):
    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.world = World(Path(self.folder.name), policy={"mode": "review_all"})
        self.holder: dict[str, tuple[str, datetime]] = {}  # review -> the lease that counts, and until when
        self.old_leases: list[tuple[str, str]] = []
        self.open_reviews: set[str] = set()
        self.answered: dict[str, str] = {}  # review -> the eid that stands
        self.n_verdicts = 0
        self.n_undone = 0
        self.n_asked = 0

    def teardown(self) -> None:
        self.world.close()
        self.folder.cleanup()

    def _now(self) -> datetime:
        return self.world.clock.now()

    def _is_held(self, review: str) -> bool:
        return review in self.holder and self._now() < self.holder[review][1]

    @rule()
    @precondition(lambda self: self.n_asked < 6)
    def ask(self) -> None:
        self.n_asked += 1
        self.open_reviews.add(self.world.escalated(f"{UNKNOWN} {self.n_asked}").id)

    @rule(worker=st.sampled_from(WORKERS))
    def claim(self, worker: str) -> None:
        free = {review for review in self.open_reviews if not self._is_held(review)}
        view = self.world.online.claim(worker, None, LEASE_S)
        if view is None:
            assert not free, f"{free} wait and were not offered"
            return
        assert view.id in free, "a held or answered review was offered"
        if view.id in self.holder:
            self.old_leases.append((view.id, self.holder[view.id][0]))
        self.holder[view.id] = (view.lease, view.expires_at)

    @rule(seconds=st.sampled_from([1, 29, 30, 61]))
    def wait(self, seconds: int) -> None:
        self.world.clock.advance(seconds=seconds)

    @rule(pick=st.randoms(use_true_random=False))
    @precondition(lambda self: self.holder)
    def heartbeat(self, pick: object) -> None:
        review, (lease, _) = self._pick(pick, self.holder)
        try:
            self.world.online.heartbeat(review, lease, LEASE_S)
        except (LeaseExpired, LeaseLost):
            assert not self._is_held(review)
        else:
            assert self._is_held(review), "a lapsed lease was extended"
            self.holder[review] = (lease, self._now() + timedelta(seconds=LEASE_S))

    @rule(pick=st.randoms(use_true_random=False))
    @precondition(lambda self: self.holder)
    def release(self, pick: object) -> None:
        review, (lease, _) = self._pick(pick, self.holder)
        try:
            self.world.online.release(review, lease)
        except (LeaseExpired, LeaseLost):
            assert not self._is_held(review)
        else:
            assert self._is_held(review)
            self.old_leases.append((review, lease))
            del self.holder[review]

    @rule(pick=st.randoms(use_true_random=False))
    @precondition(lambda self: self.holder)
    def answer(self, pick: object) -> None:
        review, (lease, _) = self._pick(pick, self.holder)
        eid = f"v{self.n_verdicts}"
        try:
            result = self.world.online.verdict(review, RawVerdict(eid=eid, lease=lease, item="refund"))
        except (LeaseExpired, LeaseLost):
            assert not self._is_held(review)
            return
        assert not result.duplicate
        assert self._is_held(review), "a lapsed lease answered"
        self.n_verdicts += 1
        self.answered[review] = eid
        self.open_reviews.discard(review)
        self.old_leases.append((review, lease))
        del self.holder[review]

    @rule(pick=st.randoms(use_true_random=False))
    @precondition(lambda self: self.answered)
    def answer_again_with_the_same_eid(self, pick: object) -> None:
        review, eid = self._pick(pick, self.answered)
        assert self.world.online.verdict(review, RawVerdict(eid=eid, lease="any", item="refund")).duplicate

    @rule(pick=st.randoms(use_true_random=False))
    @precondition(lambda self: self.old_leases)
    def answer_with_an_old_lease(self, pick: object) -> None:
        review, lease = self._pick(pick, dict.fromkeys(self.old_leases))[0]
        try:
            self.world.online.verdict(review, RawVerdict(eid="stale", lease=lease, none=True))
        except (LeaseExpired, LeaseLost):
            return
        raise AssertionError("an old lease answered")

    @rule(pick=st.randoms(use_true_random=False))
    @precondition(lambda self: self.answered)
    def undo(self, pick: object) -> None:
        review, eid = self._pick(pick, self.answered)
        self.world.online.undo(review, eid, "ann")
        self.n_undone += 1
        del self.answered[review]
        self.open_reviews.add(review)

    @rule(pick=st.randoms(use_true_random=False))
    @precondition(lambda self: self.open_reviews)
    def undo_what_does_not_stand(self, pick: object) -> None:
        review, _ = self._pick(pick, dict.fromkeys(sorted(self.open_reviews)))
        try:
            self.world.online.undo(review, "never", "ann")
        except Conflict:
            return
        raise AssertionError("what was never answered was undone")

    @rule()
    def crash_and_restore(self) -> None:
        self.world.restart()

    @invariant()
    def every_review_is_somewhere(self) -> None:
        if not hasattr(self, "world"):
            return
        held = {review for review in self.open_reviews if self._is_held(review)}
        counts = self.world.online.queue_counts()
        assert (counts.waiting, counts.claimed) == (len(self.open_reviews - held), len(held))
        for review in self.answered:
            assert self.world.online.escalation(review).state is ReviewState.ANSWERED
        for review in self.open_reviews - held:
            assert self.world.online.escalation(review).state is ReviewState.WAITING

    @invariant()
    def each_answer_is_in_the_log_once(self) -> None:
        if not hasattr(self, "world"):
            return
        verdicts = [each.record.values for each in self.world.app.store.read(Table.VERDICTS)]
        given = [each for each in verdicts if each["undoes"] is None]
        assert len(given) == self.n_verdicts
        assert len(verdicts) - len(given) == self.n_undone
        assert len(self.world.app.store.read(Table.LABELS)) == self.n_verdicts

    def _pick(self, pick: object, among: dict) -> tuple:  # type: ignore[type-arg]
        return pick.choice(sorted(among.items()))  # type: ignore[attr-defined]


TestReviews = ReviewMachine.TestCase
TestReviews.settings = settings(
    max_examples=200 if os.environ.get("SUGGEST_FULL") else 5,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
