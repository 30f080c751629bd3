"""The words of the product survive the way into the log and back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from store.builders import NOON, a_label, a_review, a_slate, a_verdict, an_embedding, an_event
from suggest.domain.bundle import BundleRecord
from suggest.domain.candidate import Candidate
from suggest.domain.context import Context, Turn
from suggest.domain.slate import Pool
from suggest.store.embedded import EmbeddedStore
from suggest.store.ports import Table
from suggest.store.records import (
    ERASED,
    bundle_of,
    bundle_record,
    candidate_of,
    candidate_record,
    context_of,
    event_of,
    event_record,
    label_of,
    label_record,
    policy_change_record,
    review_of,
    review_record,
    slate_of,
    slate_record,
    verdict_of,
    verdict_record,
)


def the_row(store: EmbeddedStore, table: Table) -> dict[str, object]:
    (stored,) = store.read(table)
    return dict(stored.record.values)


def test_a_slate_comes_back_whole(store: EmbeddedStore) -> None:
    slate = a_slate(context=replace(a_slate().context, user="ann@example.org", session="s9"), reason="below-threshold")
    store.append([slate_record(slate, user_key="k1")])
    # the user is the one thing that is not kept
    assert slate_of(the_row(store, Table.SLATES)) == replace(slate, context=replace(slate.context, user=None))


def test_a_degraded_slate_without_embedding_or_pool_comes_back(store: EmbeddedStore) -> None:
    empty = Pool(ids=(), logits=(), p_select=(), features=b"", feature_version=0)
    slate = a_slate(embedding=None, encoder=None, items=(), pool=empty, reason="degraded")
    store.append([slate_record(slate)])
    assert slate_of(the_row(store, Table.SLATES)) == slate


def test_what_a_caller_named_a_user_never_reaches_the_row() -> None:
    slate = a_slate(context=Context(text="hi", user="ann@example.org", fields={"plan": "gold"}))
    record = slate_record(slate, user_key="hash-of-ann")
    assert "ann@example.org" not in json.dumps(dict(record.values), default=str)
    assert record.values["user_key"] == "hash-of-ann"
    label = label_record(a_label(context=Context(text="hi", user="ann@example.org")), user_key="hash-of-ann")
    assert "ann@example.org" not in json.dumps(dict(label.values), default=str)


def test_a_redacted_slate_keeps_the_name_of_its_context_but_not_its_secrets(store: EmbeddedStore) -> None:
    context = Context(
        text="I am bob@example.org",
        turns=(Turn(role="user", text="card 4111 1111 1111 1111"),),
        fields={"phone": "+49 30 901820", "n": 3, "all": ["bob@example.org"]},
    )
    store.append([slate_record(a_slate(context=context), redact=True)])
    row = the_row(store, Table.SLATES)
    assert row["context"] == {
        "text": "I am <mail>",
        "turns": [{"role": "user", "text": "card <card>"}],
        "fields": {"phone": "<phone>", "n": 3, "all": ["<mail>"]},
    }
    assert row["context_key"] == context.key


def test_an_erased_context_says_so() -> None:
    assert context_of(None).text == ERASED


def test_events_come_back_whole(store: EmbeddedStore) -> None:
    events = [
        an_event("e1", "view", visible_ms=1200, position=0, at=NOON - timedelta(seconds=2)),
        an_event("e2", "select", item="c1", position=1, trusted=True),
        an_event("e3", "override", text="my own words"),
        an_event("e4", "commit", edited=True, edit_ratio=0.25),
        an_event("e5", "reward", name="resolved", value=0.0),
    ]
    store.append([event_record(event) for event in events])
    assert [event_of(stored.record.values) for stored in store.read(Table.EVENTS)] == events


def test_labels_come_back_whole_with_their_embedding(store: EmbeddedStore) -> None:
    labels = [a_label("l1", at=NOON), a_label("l2", item=None, impression="i1")]
    store.append([label_record(label, encoder="e1", embedding=an_embedding(3)) for label in labels])
    rows = [stored.record.values for stored in store.read(Table.LABELS)]
    assert [label_of(row) for row in rows] == labels
    assert [row["embedding"] for row in rows] == [an_embedding(3)] * 2
    assert rows[0]["context_key"] == labels[0].context.key


def test_reviews_and_verdicts_come_back_whole(store: EmbeddedStore) -> None:
    review = a_review(deadline=NOON + timedelta(hours=1))
    verdicts = [
        a_verdict("v1"),
        a_verdict("v2", text="Please call us.", add_candidate=True, note="angry"),
        a_verdict("v3", none=True),
        a_verdict("v4", undoes="v3"),
    ]
    store.append([review_record(review), *(verdict_record(verdict) for verdict in verdicts)])
    assert review_of(the_row(store, Table.REVIEWS)) == review
    assert [verdict_of(stored.record.values) for stored in store.read(Table.VERDICTS)] == verdicts


def test_each_state_of_a_bundle_is_a_row_of_its_own(store: EmbeddedStore) -> None:
    kept = BundleRecord(id="b1", surface="replies", at=NOON, state="kept", blob="0" * 64, gate={"lift": 0.1})
    back = replace(kept, state="promoted", at=NOON + timedelta(hours=1), parent="prior", encoder="e1")
    again = replace(back, at=NOON + timedelta(hours=2))
    states = [kept, back, again]
    assert store.append([bundle_record(state) for state in states]).fresh == (True, True, True)
    assert [bundle_of(stored.record.values) for stored in store.read(Table.BUNDLES)] == states


def test_a_repeated_state_of_a_bundle_is_recognised_after_a_restart(store: EmbeddedStore) -> None:
    promoted = BundleRecord(
        id="b1", surface="replies", at=NOON + timedelta(microseconds=7), state="promoted", blob="0" * 64
    )
    store.append([bundle_record(promoted)])
    store.close()
    with EmbeddedStore.open(store.data_dir, clock=store.clock) as again:
        assert again.append([bundle_record(promoted)]).fresh == (False,)


def test_the_latest_version_of_a_candidate_is_the_one(store: EmbeddedStore) -> None:
    first = Candidate(id="c1", text="Hello", fields={"n": 1}, tags=("a",))
    second = replace(first, text="Good day")
    store.append(
        [
            candidate_record(first, surface="replies", revision=1, retired=False, at=NOON),
            candidate_record(Candidate(id="c2", text="Bye"), surface="replies", revision=1, retired=False, at=NOON),
            candidate_record(
                second, surface="replies", revision=2, retired=True, at=NOON, encoder="e1", embedding=an_embedding()
            ),
            candidate_record(first, surface="other", revision=1, retired=False, at=NOON),
        ]
    )
    found = [candidate_of(row, surface="replies") for row in store.select("latest_candidates", surface="replies")]
    assert [(c.candidate.id, c.candidate.text, c.revision, c.retired) for c in found] == [
        ("c1", "Good day", 2, True),
        ("c2", "Bye", 1, False),
    ]
    assert found[0].candidate == second
    assert found[0].embedding == an_embedding()


def test_a_policy_change_keeps_who_and_what(store: EmbeddedStore) -> None:
    policy = {"mode": "assist", "reward_wait_s": 60}
    store.append([policy_change_record("p1", surface="replies", at=NOON, by="owner", policy=policy, revision=2)])
    (row,) = store.select("policy_history", surface="replies")
    assert (row["by"], row["policy"], row["revision"], row["at"]) == ("owner", policy, 2, NOON)
