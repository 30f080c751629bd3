"""The watch in the running service: answers move the line by themselves, that is written down and survives."""

from __future__ import annotations

from dataclasses import replace

import pytest

from suggest.domain.candidate import Candidate
from suggest.domain.context import Context
from suggest.domain.errors import NotCertified
from suggest.domain.policy import Mode
from suggest.domain.slate import Decision
from suggest.online.messages import Proposal, Proposed
from suggest.online.promises import Known
from suggest.online.surfaces import Place
from suggest.online.watching import _known
from suggest.policy.judging import Engagement
from tests.online.conftest import OpenWorld
from tests.online.world import KNOWN, REPLIES, THANKS, UNKNOWN, World, answer, small_talk_trigger

TEXTS = list(REPLIES.values())
NO_THINNING = Engagement(right=100, right_told=50, wrong=100, wrong_told=60)  # every answer counts
PROMISE = {"target": {"kind": "precision", "value": 0.6}}


def place_of(world: World) -> Place:
    return world.online._place("shop")


def ask_all(world: World, n: int = 10) -> list[Proposed]:
    """Slates that were shown, before anything is learned from any of them."""
    asked = [world.ask(f"{TEXTS[i % len(TEXTS)]} {'please ' * (i // len(TEXTS))}".strip(), k=1) for i in range(n)]
    assert {each.slate.decision for each in asked} == {Decision.SHOW}
    return asked


def dismiss_all(world: World, asked: list[Proposed]) -> None:
    world.tell(*(world.event(each, "dismiss") for each in asked))


def known(i: int, *, p: float = 0.97, right: bool = True, decision: Decision = Decision.SHOW) -> Known:
    return Known(
        impression=f"i{i}",
        p_any=p,
        p_top1=p,
        right=right,
        first=right,
        decision=decision,
        audited=True,
        bundle="prior",
    )


def answers(world: World, *known_ones: Known) -> None:
    """As if audits had said so."""
    place = place_of(world)
    for each in known_ones:
        with place.lock:
            place.promises.learn(each, is_verdict=True, told=False, audit_rate=0.03)
            world.online._policies.watched(place)


def history(world: World) -> list[dict[str, object]]:
    return world.app.store.select("policy_history", surface="shop")


def test_a_broken_promise_tightens_the_line_by_itself_and_says_so(world: World) -> None:
    before = world.online.put_policy("shop", PROMISE, by="owner")
    dismiss_all(world, ask_all(world))
    after = world.online.get_policy("shop")
    assert after.live.is_tight
    assert after.threshold > before.threshold
    assert not after.certified
    assert "tightened by the watch" in after.why
    assert world.ask(KNOWN).slate.threshold == after.threshold
    last = history(world)[-1]
    assert last["by"] == "the watch"
    assert "tightened by the watch" in str(last["policy"])
    assert last["revision"] == before.revision  # the owner's wish has not changed


def test_the_watch_survives_a_restart(world: World) -> None:
    world.online.put_policy("shop", PROMISE, by="owner")
    asked = ask_all(world, 12)
    world.select(asked[0], asked[0].slate.items[0].id)
    dismiss_all(world, asked[1:])
    before, n_rows = world.online.get_policy("shop"), len(history(world))
    assert before.live.is_tight
    world.restart()
    assert world.online.get_policy("shop") == before
    assert len(history(world)) == n_rows


def test_what_is_known_of_a_slate_is_read_back_as_it_was_heard(world: World) -> None:
    place_of(world).promises.engagement = NO_THINNING
    asked = ask_all(world, 3)
    three = world.ask(TEXTS[3], k=3)
    world.tell(world.event(asked[0], "dismiss"))
    for each, position in ((asked[1], 0), (three, 1)):
        item = each.slate.items[position].id
        world.tell(world.event(each, "select", item=item, position=position))
    heard = place_of(world).promises.known
    assert [(each.right, each.first) for each in heard] == [(False, False), (True, True), (True, False)]
    rows = world.app.store.select("judged_slates", surface="shop", limit=10)
    assert [_known(row) for row in reversed(rows)] == heard


def test_what_followed_each_move_of_the_slider_is_told(world: World) -> None:
    world.online.put_policy("shop", {"audit_rate": 1.0, "target": {"kind": "p_any", "value": 0.0}}, by="owner")
    first = world.ask(KNOWN).slate
    review = world.claim()
    world.online.verdict(review.id, answer(review, item=first.items[0].id))
    world.ask(KNOWN)
    world.online.put_policy("shop", {"mode": "review_all"}, by="owner")
    world.clock.advance(seconds=1)
    world.ask(KNOWN)
    world.online.put_policy("shop", {"mode": "assist"}, by="owner")
    rows = world.app.store.select("policy_followed", surface="shop", limit=10)
    by_time = sorted(rows, key=lambda row: int(str(row["sequence"])))
    names = ("requests", "reviewed", "n_shown", "audited", "audited_right")
    assert [tuple(row[name] for name in names) for row in by_time] == [(2, 0, 2, 1, 1), (1, 1, 0, 0, 0)]


def test_what_followed_goes_by_the_latest_answer_of_an_audit_and_by_nothing_from_before(world: World) -> None:
    world.online.put_policy("shop", {"audit_rate": 1.0, "target": {"kind": "p_any", "value": 0.0}}, by="owner")
    world.ask(KNOWN)
    for number, change in enumerate(({"reward_wait_s": 60}, {"reward_wait_s": 61}), start=1):
        world.clock.advance(seconds=1)
        world.online.put_policy("shop", change, by="owner")
        slate = world.ask(KNOWN).slate
        while (review := world.claim()).impression != slate.id:
            pass
        world.online.verdict(review.id, answer(review, f"first {number}", item=slate.items[0].id))
        world.online.undo(review.id, f"first {number}", "ann")
        again = world.claim()
        world.online.verdict(again.id, answer(again, f"second {number}", none=True))
    rows = world.app.store.select("policy_followed", surface="shop", limit=2)
    by_time = sorted(rows, key=lambda row: int(str(row["sequence"])))
    names = ("requests", "n_shown", "audited", "audited_right")
    assert [tuple(row[name] for name in names) for row in by_time] == [(1, 1, 1, 0), (1, 1, 1, 0)]


def test_without_a_promise_the_line_stays_and_answers_are_only_counted(world: World) -> None:
    before = world.online.get_policy("shop")
    dismiss_all(world, ask_all(world))
    after = world.online.get_policy("shop")
    assert after.threshold == before.threshold
    assert after.live.n_judged == 10


def test_audits_measure_what_was_shown_and_an_undone_verdict_measures_nothing(world: World) -> None:
    world.online.put_policy("shop", {"audit_rate": 1.0}, by="owner")
    slate = world.ask(KNOWN).slate
    review = world.claim()
    world.online.verdict(review.id, answer(review, item=slate.items[0].id))
    live = world.online.get_policy("shop").live
    assert (live.precision.n, live.precision.mid, live.n_judged) == (1, 1.0, 1)
    world.online.undo(review.id, "v1", "ann")
    live = world.online.get_policy("shop").live
    assert (live.precision.n, live.n_judged) == (0, 0)


def test_of_an_audited_slate_only_the_verdict_counts(world: World) -> None:
    world.online.put_policy("shop", {"audit_rate": 1.0}, by="owner")
    proposed = world.ask(KNOWN)
    world.select(proposed, proposed.slate.items[0].id)
    assert world.online.get_policy("shop").live.n_judged == 0
    review = world.claim()
    world.online.verdict(review.id, answer(review, none=True))
    live = world.online.get_policy("shop").live
    assert (live.precision.n, live.precision.mid) == (1, 0.0)
    world.restart()
    assert world.online.get_policy("shop").live == live


def test_what_went_to_people_is_known_but_was_not_shown(world: World) -> None:
    world.online.put_policy("shop", {"mode": "review_all"}, by="owner")
    world.ask(KNOWN)
    review = world.claim()
    world.online.verdict(review.id, answer(review, none=True))
    live = world.online.get_policy("shop").live
    assert (live.n_judged, live.precision.n) == (1, 0)


def test_small_talk_and_requests_without_consent_are_not_judged(open_world: OpenWorld) -> None:
    world = open_world(trigger=small_talk_trigger())
    dismiss_all(world, [world.ask(THANKS), world.ask(KNOWN, learn=False)])
    assert world.online.get_policy("shop").live.n_judged == 0


def test_a_select_after_a_dismissal_replaces_it(world: World) -> None:
    proposed = world.ask(KNOWN)
    dismiss_all(world, [proposed])
    assert [each.right for each in place_of(world).promises.known] == [False]
    place_of(world).promises.engagement = place_of(world).promises.engagement.after(right=False, told=True)
    for _ in range(12):  # until complaints are known to be as frequent as selections, some of these do not count
        place_of(world).promises.engagement = place_of(world).promises.engagement.after(right=False, told=True)
    world.select(proposed, proposed.slate.items[0].id)
    assert [each.right for each in place_of(world).promises.known] == [True]


def test_another_promise_is_watched_over_from_what_is_known_already(world: World) -> None:
    answers(world, *(known(i) for i in range(200)))
    view = world.online.put_policy("shop", {"target": {"kind": "precision", "value": 0.95}}, by="owner")
    assert view.certified
    assert view.live.n_judged == 200
    assert world.online.preview_policy("shop", {}).in_force.threshold == view.threshold


def test_a_promise_with_a_price_keeps_the_stricter_line(world: World) -> None:
    answers(world, *(known(i, p=0.7) for i in range(200)))
    loose = world.online.put_policy("shop", {"target": {"kind": "precision", "value": 0.9}}, by="owner")
    assert loose.threshold < 0.75
    both = world.online.put_policy("shop", {"error_cost": 20}, by="owner")
    assert both.threshold == pytest.approx(0.95)
    assert both.certified
    cheap = world.online.put_policy("shop", {"error_cost": 1}, by="owner")
    assert cheap.threshold == loose.threshold


# -- acting alone ------------------------------------------------------------------------------------------------------


def test_auto_is_refused_until_its_bound_is_certified_and_says_what_is_missing(world: World) -> None:
    before = world.online.get_policy("shop")
    with pytest.raises(NotCertified) as refused:
        world.online.put_policy("shop", {"mode": "auto"}, by="owner")
    assert "more labels" in refused.value.detail
    assert world.online.get_policy("shop") == before
    assert before.auto.n_needed is not None
    assert before.next_mode is not None
    assert (before.next_mode.mode, before.next_mode.is_ready) == (Mode.AUTO, False)


def certain(world: World) -> None:
    top = world.ask(KNOWN).slate.items[0].p_select
    answers(world, *(known(i, p=top - 0.01) for i in range(200)))
    world.online.put_policy("shop", {"mode": "auto"}, by="owner")


def test_above_its_bound_the_top_option_is_applied_and_every_such_decision_is_on_record(world: World) -> None:
    certain(world)
    slate = world.ask(KNOWN).slate
    assert (slate.decision, slate.reason) == (Decision.AUTO, "certified")
    assert world.ask(UNKNOWN).slate.decision is Decision.ESCALATE
    (recorded,) = world.online.automatic_decisions("shop")
    assert (recorded.impression, recorded.item) == (slate.id, slate.items[0].id)
    assert (recorded.bundle, recorded.policy_revision) == (slate.bundle, slate.policy_revision)
    assert recorded.verdict is None


def test_a_slate_that_is_not_of_all_options_is_never_applied_on_their_certificate(world: World) -> None:
    certain(world)
    asked = Proposal(surface="shop", context=Context(text=KNOWN))
    likely = world.ask(KNOWN).slate.items[0]
    own = (Candidate(id="theirs", text=KNOWN), Candidate(id="other", text="quite another matter"))
    narrowed = (
        replace(asked, candidates=own),
        replace(asked, exclude=frozenset({"nobody"})),
        replace(asked, like=likely.id),
    )
    for each in narrowed:
        slate = world.online.suggest(each).slate
        assert slate.decision is not Decision.AUTO, each
    assert world.online.suggest(asked).slate.decision is Decision.AUTO


def test_how_right_what_was_applied_has_been_is_told_with_bounds(world: World) -> None:
    certain(world)
    assert world.online.get_policy("shop").auto_live.precision.n == 0
    answers(world, *(known(1_000 + i, decision=Decision.AUTO) for i in range(40)))
    told = world.online.get_policy("shop").auto_live
    assert (told.precision.n, told.precision.mid) == (40, 1.0)
    assert 0.8 < told.precision.low < 1.0


def test_an_audit_of_an_automatic_decision_stands_beside_it(world: World) -> None:
    certain(world)
    world.online.put_policy("shop", {"audit_rate": 1.0}, by="owner")
    world.ask(KNOWN)
    review = world.claim()
    world.online.verdict(review.id, answer(review, none=True))
    assert [each.verdict for each in world.online.automatic_decisions("shop")] == ["wrong"]


def test_one_call_stops_it_from_the_next_request_on(world: World) -> None:
    certain(world)
    assert world.ask(KNOWN).slate.decision is Decision.AUTO
    world.online.put_policy("shop", {"mode": "assist"}, by="owner")
    assert world.ask(KNOWN).slate.decision is Decision.SHOW


def test_errors_of_automatic_decisions_suspend_them_and_the_history_says_so(world: World) -> None:
    certain(world)
    answers(world, *(known(1_000 + i, right=False, decision=Decision.AUTO) for i in range(5)))
    view = world.online.get_policy("shop")
    assert view.policy.mode is Mode.AUTO
    assert view.auto.threshold is None
    assert "suspended" in view.auto.why
    assert world.ask(KNOWN).slate.decision is Decision.SHOW
    assert "suspended" in str(history(world)[-1]["policy"])
