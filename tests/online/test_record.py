"""Feedback: judged one by one, durable before the answer, counted once, learned from at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from suggest.domain.errors import StorageUnavailable
from suggest.domain.event import Outcome
from suggest.online.messages import Proposed, RawEvent
from suggest.store.ports import Table
from tests.online.conftest import OpenWorld
from tests.online.world import KNOWN, OTHER_UNKNOWN, UNKNOWN, World


def the_second(proposed: Proposed) -> str:
    return proposed.slate.items[1].id


def outcome_of(world: World, proposed: Proposed) -> str:
    rows = world.app.store.select(
        "outcomes_of_surface", surface="shop", since=proposed.slate.at, moment=world.clock.now()
    )
    return str(next(row["outcome"] for row in rows if row["impression"] == proposed.slate.id))


def test_a_select_changes_the_very_next_request(world: World) -> None:
    before = world.ask(UNKNOWN)
    chosen = before.slate.items[2].id
    assert world.select(before, chosen).accepted == 1
    after = world.ask(UNKNOWN).slate
    assert after.items[0].id == chosen
    assert after.p_any > before.slate.p_any


def test_an_event_is_durable_before_it_is_acknowledged(world: World) -> None:
    proposed = world.ask(KNOWN)
    world.select(proposed, "track")
    (row,) = world.app.store.read(Table.EVENTS)
    assert row.record.values["type"] == "select"
    assert row.record.values["position"] == 0
    assert row.record.values["trusted"] is True


def test_where_the_log_takes_no_write_nothing_is_acknowledged_or_learned(world: World) -> None:
    proposed = world.ask(UNKNOWN)
    event = world.event(proposed, "select", item=the_second(proposed))
    suggester = world.online.suggester("shop")
    world.app.store.close()
    with pytest.raises(StorageUnavailable):
        world.tell(event)
    assert len(suggester.memory) == 0


def test_the_same_eid_counts_once_however_often_it_comes(world: World) -> None:
    proposed = world.ask(UNKNOWN)
    event = world.event(proposed, "select", item=the_second(proposed))
    first = world.tell(event, event)
    again = world.tell(event)
    world.restart()
    later = world.tell(event)
    assert (first.accepted, first.duplicates) == (1, 1)
    assert (again.accepted, again.duplicates) == (later.accepted, later.duplicates) == (0, 1)
    assert len(world.app.store.read(Table.EVENTS)) == 1


def test_replays_from_many_threads_teach_once(world: World) -> None:
    proposed = world.ask(UNKNOWN)
    event = world.event(proposed, "select", item=the_second(proposed))
    heard: list[int] = []
    world.online.on_outcomes = lambda surface, n: heard.append(n)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: world.tell(event), range(16)))
    assert sum(each.accepted for each in answers) == 1
    assert sum(each.duplicates for each in answers) == 15
    assert heard == [1]


def test_different_eids_of_one_impression_teach_once(world: World) -> None:
    proposed = world.ask(UNKNOWN)
    item = the_second(proposed)
    heard: list[int] = []
    world.online.on_outcomes = lambda surface, n: heard.append(n)
    world.select(proposed, item)
    before = world.ask(UNKNOWN).slate
    for _ in range(5):
        world.select(proposed, item)
    assert world.ask(UNKNOWN).slate.items == before.items
    assert heard == [1]


def test_several_events_of_one_impression_may_share_a_batch(world: World) -> None:
    proposed = world.ask(UNKNOWN)
    item = the_second(proposed)
    recorded = world.tell(
        world.event(proposed, "view"),
        world.event(proposed, "dismiss"),
        world.event(proposed, "select", item=item),
        world.event(proposed, "commit", edited=True, edit_ratio=0.25),
        world.event(proposed, "leave", visible_ms=1234.56),
    )
    assert recorded.accepted == 5
    assert outcome_of(world, proposed) == "selected"
    assert world.top(UNKNOWN) == item


def test_a_later_select_corrects_a_dismissal(world: World) -> None:
    proposed = world.ask(UNKNOWN)
    world.tell(world.event(proposed, "dismiss"))
    assert outcome_of(world, proposed) == "dismissed"
    world.select(proposed, the_second(proposed))
    assert outcome_of(world, proposed) == "selected"
    assert world.top(UNKNOWN) == the_second(proposed)


def test_a_dismissal_after_a_select_changes_nothing(world: World) -> None:
    proposed = world.ask(UNKNOWN)
    world.select(proposed, the_second(proposed))
    before = world.ask(UNKNOWN).slate
    world.tell(world.event(proposed, "dismiss"), world.event(proposed, "override", text="mine"))
    assert world.ask(UNKNOWN).slate.items == before.items
    assert outcome_of(world, proposed) == "selected"


def test_a_dismissal_makes_all_that_was_shown_less_likely(world: World) -> None:
    before = world.ask(KNOWN)
    world.tell(world.event(before, "dismiss"))
    assert world.ask(KNOWN).slate.p_any < before.slate.p_any


def test_a_select_says_nothing_about_what_stood_below(world: World) -> None:
    proposed = world.ask(UNKNOWN, k=5)
    above, chosen, below = proposed.slate.items[0].id, proposed.slate.items[1].id, proposed.slate.items[3].id
    world.select(proposed, chosen)
    residual = world.online.suggester("shop")._head  # what was taught, option by option
    assert len(residual) == 2
    assert below not in residual._mean
    assert {above, chosen} == set(residual._mean)


def test_what_was_learned_survives_a_restart(world: World) -> None:
    proposed = world.ask(UNKNOWN)
    world.select(proposed, the_second(proposed))
    world.restart()
    assert world.top(UNKNOWN) == the_second(proposed)


def test_an_impression_that_taught_before_a_restart_does_not_teach_again(world: World) -> None:
    proposed = world.ask(UNKNOWN)
    world.select(proposed, the_second(proposed))
    world.restart()
    heard: list[int] = []
    world.online.on_outcomes = lambda surface, n: heard.append(n)
    assert world.select(proposed, proposed.slate.items[0].id).accepted == 1
    assert heard == []
    assert world.top(UNKNOWN) == the_second(proposed)


def test_events_for_slates_of_before_a_restart_are_learned(world: World) -> None:
    proposed = world.ask(UNKNOWN)
    world.restart()
    world.select(proposed, the_second(proposed))
    assert world.top(UNKNOWN) == the_second(proposed)


def test_without_consent_nothing_is_learned(world: World) -> None:
    proposed = world.ask(UNKNOWN, learn=False)
    assert world.select(proposed, the_second(proposed)).accepted == 1
    assert len(world.online.suggester("shop").memory) == 0
    world.restart()
    assert len(world.online.suggester("shop").memory) == 0


def test_a_retired_candidate_s_select_is_history_without_a_vote(world: World) -> None:
    proposed = world.ask(UNKNOWN)
    item = the_second(proposed)
    world.online.retire_candidate("shop", item)
    assert world.select(proposed, item).accepted == 1
    assert item not in {each.id for each in world.ask(UNKNOWN, k=50).slate.items}
    assert len(world.online.suggester("shop").memory) == 0


def test_nothing_learned_on_one_surface_changes_another(world: World) -> None:
    world.online.put_surface("other", {})
    world.add({"track": "Where is my parcel?", "refund": "Refund", "size": "Sizes"}, surface="other")
    before = world.ask(UNKNOWN, surface="other").slate
    proposed = world.ask(UNKNOWN)
    world.select(proposed, the_second(proposed))
    after = world.ask(UNKNOWN, surface="other").slate
    assert [(i.id, i.p_select) for i in after.items] == [(i.id, i.p_select) for i in before.items]


# -- what is refused, and that the rest is taken


def rejection(world: World, proposed: Proposed, **changed: object) -> str:
    """The slug under which one event is refused, while a good one beside it is taken."""
    bad: dict[str, object] = {"eid": "bad", "impression": proposed.slate.id, "token": proposed.token, "type": "select"}
    bad |= {"item": proposed.slate.items[0].id} | changed
    recorded = world.tell(RawEvent.from_json(bad), world.event(proposed, "view"))
    assert recorded.accepted == 1
    (refused,) = recorded.rejected
    assert refused.index == 0
    assert refused.detail
    return refused.type


@pytest.mark.parametrize(
    ("changed", "slug"),
    [
        ({"type": "ignored"}, "unknown-event-type"),
        ({"type": None}, "unknown-event-type"),
        ({"type": ["select"]}, "unknown-event-type"),
        ({"eid": ""}, "invalid-event"),
        ({"eid": "x" * 129}, "invalid-event"),
        ({"eid": "a\x00b"}, "invalid-event"),
        ({"eid": 7}, "invalid-event"),
        ({"impression": None}, "invalid-event"),
        ({"impression": "another"}, "token-invalid"),
        ({"token": None}, "token-invalid"),
        ({"token": "forged.token"}, "token-invalid"),
        ({"item": None}, "invalid-event"),
        ({"item": "never-shown"}, "item-not-shown"),
        ({"item": 5}, "invalid-event"),
        ({"position": 1}, "position-not-shown"),
        ({"position": 99}, "position-not-shown"),
        ({"position": -1}, "invalid-event"),
        ({"position": True}, "invalid-event"),
        ({"position": 0.5}, "invalid-event"),
        ({"visible_ms": float("nan")}, "invalid-event"),
        ({"visible_ms": float("inf")}, "invalid-event"),
        ({"visible_ms": -1}, "invalid-event"),
        ({"visible_ms": 10**400}, "invalid-event"),
        ({"visible_ms": "long"}, "invalid-event"),
        ({"at": "yesterday"}, "invalid-event"),
        ({"at": "2026-03-02T09:00:00"}, "invalid-event"),
        ({"text": "nul\x00"}, "invalid-event"),
        ({"text": "\ud800"}, "invalid-event"),
        ({"text": "x" * 40_000}, "invalid-event"),
        ({"edited": "yes"}, "invalid-event"),
        ({"edit_ratio": 1.5}, "invalid-event"),
        ({"type": "reward"}, "invalid-event"),
        ({"type": "reward", "value": 1, "impression": "never"}, "unknown-impression"),
    ],
    ids=repr,
)
def test_a_malformed_event_is_refused_by_name_and_the_rest_is_taken(
    world: World, changed: dict[str, object], slug: str
) -> None:
    assert rejection(world, world.ask(KNOWN), **changed) == slug


def test_a_foreign_token_is_refused(world: World) -> None:
    mine, other = world.ask(KNOWN), world.ask(UNKNOWN)
    assert rejection(world, mine, token=other.token) == "token-invalid"


def test_a_token_expires_after_a_day_and_says_so(world: World) -> None:
    proposed = world.ask(KNOWN)
    event = world.event(proposed, "select", item="track")
    world.clock.advance(seconds=86_399)
    assert world.tell(event).accepted == 1
    world.clock.advance(seconds=1)
    assert world.select(proposed, "track").rejected[0].type == "token-expired"


def test_old_tokens_stay_valid_when_their_candidates_retire(world: World) -> None:
    proposed = world.ask(KNOWN)
    for item in proposed.slate.items:
        world.online.retire_candidate("shop", item.id)
    assert world.select(proposed, "track").accepted == 1


def test_unknown_fields_are_ignored() -> None:
    assert RawEvent.from_json({"eid": "e", "colour": "red"}) == RawEvent(eid="e")


# -- rewards, and what browsers may do


def test_a_server_rewards_by_impression_alone(world: World) -> None:
    proposed = world.ask(KNOWN)
    reward = RawEvent(eid="r1", impression=proposed.slate.id, type="reward", name="resolved", value=0.9)
    assert world.tell(reward).accepted == 1
    (row,) = world.app.store.read(Table.EVENTS)
    assert (row.record.values["name"], row.record.values["value"]) == ("resolved", 0.9)
    assert row.record.values["surface"] == "shop"


def test_browsers_do_not_pay_themselves(world: World) -> None:
    proposed = world.ask(KNOWN)
    reward = RawEvent(eid="r1", impression=proposed.slate.id, token=proposed.token, type="reward", value=1.0)
    assert world.tell(reward, trusted=False).rejected[0].type == "forbidden"


def test_one_browser_teaches_the_same_thing_once_a_day(world: World) -> None:
    for _ in range(3):
        world.select(world.ask(UNKNOWN, session="s1", k=5), "refund", trusted=False)
    trained = world.ask(OTHER_UNKNOWN, session="s1")
    world.select(trained, the_second(trained), trusted=False)
    assert len(world.online.suggester("shop").memory) == 2
    assert len(world.app.store.read(Table.EVENTS)) == 4


def test_one_subject_with_many_clicks_teaches_fifty_times_a_day(world: World) -> None:
    heard = 0
    for i in range(60):
        proposed = world.ask(f"{UNKNOWN} {i}", user="mallory")
        world.select(proposed, proposed.slate.items[0].id, trusted=False)
        heard = len(world.online.suggester("shop").memory)
    assert heard == 50
    world.clock.advance(seconds=86_400)
    proposed = world.ask("a new day", user="mallory")
    world.select(proposed, proposed.slate.items[0].id, trusted=False)
    assert len(world.online.suggester("shop").memory) == 51


def test_an_override_is_kept_redacted_where_the_surface_redacts(open_world: OpenWorld) -> None:
    world = open_world(surface={"redact": True})
    proposed = world.ask("please write to ada@shop.example about it")
    world.tell(world.event(proposed, "override", text="My address is bob@mail.example, thanks"))
    stored = [*world.app.store.read(Table.EVENTS), *world.app.store.read(Table.SLATES)]
    assert all("@" not in str(each.record.values) for each in stored)


def test_outcomes_are_counted_for_the_scheduler(world: World) -> None:
    heard: list[tuple[str, int]] = []
    world.online.on_outcomes = lambda surface, n: heard.append((surface, n))
    one, two, three = world.ask(KNOWN), world.ask(UNKNOWN), world.ask(KNOWN)
    world.tell(world.event(one, "select", item="track"), world.event(two, "dismiss"), world.event(three, "view"))
    assert heard == [("shop", 2)]
    assert outcome_of(world, three) == Outcome.PENDING
