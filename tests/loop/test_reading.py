"""What stands of all that was said: a snapshot of a real log becomes examples by the contract's rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from suggest.domain import weight as weights
from suggest.domain.candidate import Candidate
from suggest.domain.clock import ManualClock
from suggest.domain.context import Context, Turn
from suggest.domain.event import Event, EventType
from suggest.domain.label import Label, LabelSource
from suggest.domain.review import Review, ReviewReason, Verdict
from suggest.domain.slate import Decision, Pool, Slate, SlateItem
from suggest.loop.examples import Example, ExampleSet
from suggest.loop.reading import last_sequence, read_examples
from suggest.rank.features import OPTION_FEATURES
from suggest.store.embedded import EmbeddedStore
from suggest.store.ports import Record
from suggest.store.reader import SnapshotReader
from suggest.store.records import (
    candidate_record,
    event_record,
    label_record,
    review_record,
    slate_record,
    verdict_record,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DIM = 8
ENCODER = "encoder-1"


def vector(text: str) -> bytes:
    seed = sum(ord(c) * (n + 1) for n, c in enumerate(text))
    return np.random.default_rng(seed).normal(size=DIM).astype(np.float16).tobytes()


class Log:
    """A log that is written as the service writes it."""

    def __init__(self, store: EmbeddedStore) -> None:
        self.store = store
        self._count = count(1)

    def _id(self, kind: str) -> str:
        return f"{kind}{next(self._count)}"

    def candidate(self, *ids: str, retired: bool = False, encoder: str = ENCODER) -> Log:
        for id in ids:
            self.store.append(
                [
                    candidate_record(
                        Candidate(id=id, text=f"reply {id}"),
                        surface="desk",
                        revision=next(self._count),
                        retired=retired,
                        at=NOON,
                        encoder=encoder,
                        embedding=vector(id),
                    )
                ]
            )
        return self

    def label(
        self,
        text: str,
        item: str | None,
        *,
        verdict: str | None = None,
        encoder: str = ENCODER,
        fields: Mapping[str, object] | None = None,
        turns: tuple[Turn, ...] = (),
    ) -> Log:
        label = Label(
            id=f"verdict:{verdict}" if verdict else self._id("l"),
            surface="desk",
            context=Context(text=text, fields=fields or {}, turns=turns),
            item=item,
            received_at=NOON,
            source=LabelSource.VERDICT if verdict else LabelSource.LABEL,
        )
        self.store.append([label_record(label, encoder=encoder, embedding=vector(text))])
        return self

    def audit(self, impression: str, item: str | None, *, eid: str, reason: str = "audit") -> Log:
        """A worker judged this slate; without an item, none of these was right."""
        review = Review(
            id=f"r-{impression}",
            surface="desk",
            impression=impression,
            reason=ReviewReason(reason),
            at=NOON,
            priority=0,
        )
        verdict = Verdict(
            eid=eid, review=review.id, surface="desk", impression=impression, worker="ann", at=NOON, item=item,
            none=item is None,
        )  # fmt: skip
        self.store.append([review_record(review), verdict_record(verdict)])
        return self

    def undo(self, eid: str) -> Log:
        taken_back = Verdict(
            eid=f"undo:{eid}", review="r", surface="desk", impression="i", worker="ann", at=NOON, undoes=eid
        )
        self.store.append([verdict_record(taken_back)])
        return self

    def slate(
        self,
        text: str,
        shown: tuple[str, ...],
        *,
        user_key: str | None = "someone",
        learnable: bool = True,
        fields: Mapping[str, object] | None = None,
        supplied: Pool | None = None,
        p_any: float | None = None,
        at: datetime = NOON,
        decision: Decision = Decision.SHOW,
    ) -> str:
        slate = Slate(
            id=self._id("i"),
            surface="desk",
            at=at,
            context=Context(text=text, fields=fields or {}),
            items=tuple(
                SlateItem(id=id, text=f"reply {id}", position=n, p_select=0.2, propensity=1.0)
                for n, id in enumerate(shown)
            ),
            decision=decision,
            reason=None,
            p_any=min(1.0, 0.2 * len(shown)) if p_any is None else p_any,
            p_none_raw=0.2,
            p_accept=0.3,
            threshold=0.5,
            k=3,
            mode="assist",
            bundle="prior",
            policy_revision=1,
            supplied=supplied is not None,
            learnable=learnable,
            embedding=vector(text),
            encoder=ENCODER,
            pool=supplied or Pool(ids=(), logits=(), p_select=(), features=b"", feature_version=1),
        )
        self.store.append([slate_record(slate, user_key=user_key)])
        return slate.id

    def event(
        self, impression: str, type: str, item: str | None = None, *, weight: float = 1.0, position: int | None = None
    ) -> Log:
        event = Event(
            eid=self._id("e"),
            impression=impression,
            surface="desk",
            type=EventType(type),
            received_at=NOON,
            item=item,
            position=position,
            weight=weight,
        )
        self.store.append([event_record(event)])
        return self

    def read(self, folder: Path) -> ExampleSet:
        """From a snapshot, as the trial reads it."""
        with SnapshotReader(self.store.snapshot(folder)) as reader:
            return read_examples(reader, "desk", encoder=ENCODER, dim=DIM)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with EmbeddedStore.open(tmp_path / "data", clock=ManualClock(NOON)) as store:
        yield Log(store).candidate("a", "b", "c")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "work"
    made.mkdir()
    return made


def only(examples: ExampleSet) -> Example:
    [example] = examples.examples
    return example


def test_the_catalog_is_what_is_active_now(log: Log, folder: Path) -> None:
    log.candidate("b", retired=True)
    log.candidate("d", encoder="another encoder")
    catalog = log.read(folder).catalog
    assert catalog.ids == ("a", "c")
    np.testing.assert_allclose(np.linalg.norm(catalog.embeddings, axis=1), 1, atol=1e-5)


def test_right_items_are_the_union_of_the_labels(log: Log, folder: Path) -> None:
    example = only(log.label("hello", "a").label("hello", "b").label("hello", "a").read(folder))
    assert set(example.right) == {"a", "b"}
    assert example.weight == weights.LABEL
    assert not example.click


def test_a_verdict_replaces_what_was_said_before_it(log: Log, folder: Path) -> None:
    assert only(log.label("hello", "a").label("hello", "b", verdict="v1").read(folder)).right == ("b",)


def test_what_is_said_after_a_verdict_joins_it(log: Log, folder: Path) -> None:
    example = only(log.label("hello", "b", verdict="v1").label("hello", "c").read(folder))
    assert set(example.right) == {"b", "c"}


def test_a_withdrawn_verdict_has_no_vote_and_what_it_replaced_stands_again(log: Log, folder: Path) -> None:
    log.label("hello", "a").label("hello", "b", verdict="v1").undo("v1")
    assert only(log.read(folder)).right == ("a",)


def test_a_context_whose_only_verdict_was_withdrawn_is_unknown(log: Log, folder: Path) -> None:
    assert len(log.label("hello", None, verdict="v1").undo("v1").read(folder)) == 0


def test_a_retired_candidate_has_no_vote(log: Log, folder: Path) -> None:
    log.label("hello", "a").label("hello", "b").label("bye", "a").candidate("a", retired=True)
    assert only(log.read(folder)).right == ("b",), "and of what only it was right for nothing is known"


def test_a_none_label_speaks_only_of_the_candidates_that_existed_then(log: Log, folder: Path) -> None:
    log.label("hello", None).candidate("late").candidate("b")
    example = only(log.read(folder))
    assert example.is_none
    assert example.newer == {"late"}, "a new wording of an old one is no newcomer"


def test_an_answer_makes_a_none_label_of_the_same_context_void(log: Log, folder: Path) -> None:
    assert only(log.label("hello", None).label("hello", "c").read(folder)).right == ("c",)


def test_a_verdict_of_none_takes_the_answers_away(log: Log, folder: Path) -> None:
    assert only(log.label("hello", "c").label("hello", None, verdict="v1").read(folder)).is_none


def test_a_selection_says_nothing_of_what_stood_below(log: Log, folder: Path) -> None:
    impression = log.slate("hello", ("a", "b", "c"))
    example = only(log.event(impression, "select", "b").read(folder))
    assert (example.right, example.examined, example.slot) == (("b",), ("a",), 1)
    assert example.click
    assert example.weight == pytest.approx(weights.CLICK)


def test_a_dismissal_says_that_none_of_the_shown_was_wanted(log: Log, folder: Path) -> None:
    example = only(log.event(log.slate("hello", ("a", "b")), "dismiss").read(folder))
    assert (example.right, example.examined) == ((), ("a", "b"))
    assert not example.is_none, "c was not looked at"


def test_silence_is_missing_and_never_negative(log: Log, folder: Path) -> None:
    log.slate("hello", ("a", "b"))
    log.event(log.slate("again", ("a", "b")), "view")
    assert len(log.read(folder)) == 0


def test_a_select_outranks_a_dismissal_of_the_same_impression(log: Log, folder: Path) -> None:
    impression = log.slate("hello", ("a", "b"))
    assert only(log.event(impression, "dismiss").event(impression, "select", "b").read(folder)).right == ("b",)


def test_a_dismissal_of_what_is_retired_by_now_says_nothing_of_the_others(log: Log, folder: Path) -> None:
    """It must not turn into "none of the present candidates is right"."""
    log.event(log.slate("hello", ("a",)), "dismiss").candidate("a", retired=True)
    assert len(log.read(folder)) == 0


def test_a_dismissal_of_options_that_a_caller_supplied_says_nothing_of_the_catalog(log: Log, folder: Path) -> None:
    assert len(log.event(log.slate("hello", ("x", "y")), "dismiss").read(folder)) == 0


def test_a_refusal_speaks_of_one_option_and_weakly(log: Log, folder: Path) -> None:
    example = only(log.event(log.slate("hello", ("a", "b")), "dismiss", "b").read(folder))
    assert (example.right, example.examined, example.shown) == ((), ("b",), ())
    assert example.is_refusal
    assert not example.is_dismissal
    assert example.weight == pytest.approx(weights.CLICK * weights.REFUSAL)


@pytest.mark.parametrize(
    ("act", "item", "also"), [("select", "b", ["c"]), ("override", None, []), ("dismiss", None, [])]
)
def test_a_refusal_counts_once_beside_what_was_done_with_the_slate(
    log: Log, folder: Path, act: str, item: str | None, also: list[str]
) -> None:
    impression = log.slate("hello", ("a", "b", "c"))
    log.event(impression, "dismiss", "a", position=0).event(impression, "dismiss", "c", position=2)
    log.event(impression, act, item, position=1 if item else None)
    assert [e.examined[0] for e in log.read(folder).examples if e.is_refusal] == also


def brought(*ids: str, n_columns: int, fields: Mapping[str, Mapping[str, object]] | None = None) -> Pool:
    """A ranked pool of options that a caller named, with columns 0, 1, 2, ... of each."""
    features = np.arange(len(ids) * n_columns, dtype=np.float16).tobytes()
    n = len(ids)
    return Pool(
        ids=ids, logits=(0.0,) * n, p_select=(0.1,) * n, features=features, feature_version=1, fields=fields or {}
    )


@pytest.mark.parametrize("n_columns", [14, len(OPTION_FEATURES) + 1], ids=["an earlier version", "this version"])
def test_options_that_a_caller_supplied_are_learned_from_as_they_were_ranked(
    log: Log, folder: Path, n_columns: int
) -> None:
    pool = brought("x", "y", "z", n_columns=n_columns, fields={"x": {"price": 3, "brand": "Acme"}})
    impression = log.slate("hello", ("y", "x"), fields={"brand": "acme"}, supplied=pool)
    example = only(log.event(impression, "select", "x").read(folder))
    assert (example.right, example.examined, example.shown) == (("x",), ("y",), ("y", "x"))
    assert example.supplied is not None
    assert example.supplied.ids == ("x", "y", "z")
    assert example.supplied.name_cosine.tolist() == [0.0, n_columns, 2 * n_columns]
    assert [t.numbers for t in example.supplied.traits] == [(("price", 3.0),), (), ()]
    assert example.traits.tokens == example.supplied.traits[0].tokens == (("brand", "acme"),)


def test_one_text_with_other_fields_is_another_context_of_the_same_wording(log: Log, folder: Path) -> None:
    log.label("hello", "a", fields={"plan": "pro"}).label("Hello ", "b", fields={"plan": "free"}).label("hello", "c")
    pro, free, bare = log.read(folder).examples
    assert [e.right for e in (pro, free, bare)] == [("a",), ("b",), ("c",)]
    assert len({pro.key, free.key, bare.key}) == 3
    assert pro.text_key == free.text_key == bare.text_key == bare.key


def test_what_was_said_before_a_context_names_its_conversation(log: Log, folder: Path) -> None:
    opening, reply = Turn(role="user", text="My card is gone"), Turn(role="agent", text="Since when?")
    log.label("My card is gone", "a").label("since  Monday", "b", turns=(opening, reply)).label("Monday", "c")
    first, later, other = log.read(folder).examples
    assert later.path[0] == first.path[0] != other.path[0]
    assert [len(e.path) for e in (first, later, other)] == [1, 3, 1]
    same, also, alone = log.read(folder).conversations()
    assert same == also != alone == other.key


LONG_AGO = NOON - timedelta(hours=1)


def test_what_people_did_with_a_likely_slate_tells_whether_an_answer_was_wanted(log: Log, folder: Path) -> None:
    log.event(log.slate("sent away", ("a", "b"), p_any=0.8), "dismiss", weight=0.5)
    log.event(log.slate("wrote my own", ("a", "b"), p_any=0.8), "override")
    log.event(log.slate("looked and left", ("a", "b"), p_any=0.9, at=LONG_AGO), "view", "a", position=0)
    log.slate("never seen", ("a", "b"), p_any=0.9, at=LONG_AGO)
    log.event(log.slate("may still act", ("a", "b"), p_any=0.9), "view", "a", position=0)
    log.event(log.slate("hardly right", ("a", "b"), p_any=0.6), "dismiss")
    log.event(log.slate("taken", ("a", "b"), p_any=0.9), "select", "a", position=0)
    log.event(log.slate("one refused", ("a", "b"), p_any=0.9), "dismiss", "b", position=1)
    log.event(log.slate("not shown", ("a", "b"), p_any=0.9, decision=Decision.ESCALATE), "dismiss")
    log.event(log.slate("not learned from", ("a", "b"), p_any=0.9, learnable=False), "dismiss")
    read = log.read(folder)
    told = {r.key: (r.wanted, pytest.approx(r.weight, abs=1e-6)) for r in read.reactions}
    assert told == {
        Context(text="sent away").key: (False, 0.8 * 0.7 * 0.5),
        Context(text="wrote my own").key: (True, 1.0),
        Context(text="looked and left").key: (False, 0.9 * 0.25),
    }
    row = next(r.row for r in read.reactions if r.key == Context(text="looked and left").key)
    expected = np.frombuffer(vector("looked and left"), np.float16).astype(np.float32)
    np.testing.assert_allclose(read.embeddings[row], expected / np.linalg.norm(expected), atol=1e-3)


def test_a_selection_of_what_is_retired_by_now_says_nothing(log: Log, folder: Path) -> None:
    log.event(log.slate("hello", ("a", "b")), "select", "b").candidate("b", retired=True)
    assert len(log.read(folder)) == 0


def test_an_option_passed_over_and_retired_is_left_out_of_what_was_examined(log: Log, folder: Path) -> None:
    log.event(log.slate("hello", ("a", "b", "c")), "select", "c").candidate("a", retired=True)
    example = only(log.read(folder))
    assert (example.examined, example.slot) == (("b",), 2), "the slot stays the one it stood in"


@pytest.mark.parametrize("share", [1.0, weights.ANONYMOUS_SHARE, 0.125])
def test_an_anonymous_click_weighs_less(log: Log, folder: Path, share: float) -> None:
    impression = log.slate("hello", ("a", "b"))
    example = only(log.event(impression, "select", "a", weight=share).read(folder))
    assert example.weight == pytest.approx(weights.CLICK * share)


def test_a_voice_that_had_had_its_say_teaches_nothing(log: Log, folder: Path) -> None:
    impression = log.slate("hello", ("a", "b"))
    assert log.event(impression, "select", "a", weight=0.0).read(folder).examples == ()


def test_what_asked_not_to_be_learned_from_is_not(log: Log, folder: Path) -> None:
    assert len(log.event(log.slate("hello", ("a",), learnable=False), "select", "a").read(folder)) == 0


def test_vectors_of_another_encoder_never_meet_these(log: Log, folder: Path) -> None:
    log.label("hello", "a").label("bye", "b", encoder="another encoder")
    assert [e.text for e in log.read(folder).examples] == ["hello"]


def test_examples_come_in_the_order_in_which_they_became_known(log: Log, folder: Path) -> None:
    first = log.slate("served first, decided last", ("a", "b"))
    log.label("second", "a").event(log.slate("third", ("a", "b")), "dismiss").event(first, "select", "a")
    examples = log.read(folder)
    assert [e.text for e in examples.examples] == ["second", "third", "served first, decided last"]
    assert all(a.order < b.order for a, b in zip(examples.examples, examples.examples[1:], strict=False))
    for example in examples.examples:
        said = np.frombuffer(vector(example.text), np.float16).astype(np.float32)
        np.testing.assert_allclose(examples.embeddings[example.row], said / np.linalg.norm(said), atol=1e-5)


def test_other_surfaces_are_other_worlds(log: Log, folder: Path) -> None:
    log.label("hello", "a")
    other = Label(id="o", surface="elsewhere", context=Context(text="hello"), item="b", received_at=NOON)
    log.store.append([label_record(other, encoder=ENCODER, embedding=vector("hello"))])
    assert only(log.read(folder)).right == ("a",)


def test_a_bundle_knows_up_to_where_it_has_read(log: Log, folder: Path) -> None:
    log.label("hello", "a")
    with SnapshotReader(log.store.snapshot(folder)) as reader:
        before = last_sequence(reader)
    log.label("bye", "b")
    with SnapshotReader(log.store.snapshot(folder)) as reader:
        assert last_sequence(reader) > before
        examples = read_examples(reader, "desk", encoder=ENCODER, dim=DIM)
    assert [e.order > before for e in examples.examples] == [False, True]


def test_an_erased_context_is_no_example_by_its_text(log: Log, folder: Path) -> None:
    row = label_record(
        Label(id="gone", surface="desk", context=Context(text="hello"), item="a", received_at=NOON),
        encoder=ENCODER,
        embedding=vector("hello"),
    )
    erased = replace(row, values={**row.values, "context": None, "embedding": None})
    log.store.append([Record(erased.table, erased.id, erased.values)])
    assert len(log.read(folder)) == 0


def test_audits_tell_what_silence_means(log: Log, folder: Path) -> None:
    """Only random audits count, of decided and of silent slates alike; the acts of all shown slates beside them."""
    acts = [("a", "select"), ("b", ""), (None, "dismiss"), (None, ""), ("elsewhere", "override")]
    for n, (item, act) in enumerate(acts):
        slate = log.slate(f"audited {n}", ("a", "b"))
        log.audit(slate, item, eid=f"v{n}")
        if act:
            log.event(slate, act, "a" if act == "select" else None)
    asked = log.slate("escalated", ("a",))
    log.audit(asked, "a", eid="escalated", reason="escalated").event(asked, "dismiss")
    apart = log.slate("without consent", ("a",), learnable=False)
    log.audit(apart, "a", eid="apart").event(apart, "select", "a")
    log.event(log.slate("never judged", ("a",)), "select", "a")
    with SnapshotReader(log.store.snapshot(folder)) as reader:
        long_ago = reader.select("audited_slates", surface="desk")[0]
        assert reader.select("audited_slates", surface="other")[0] == {
            "right": 0, "wrong": 0, "selected": 0, "dismissed": 0,
        }  # fmt: skip
    assert (long_ago["selected"], long_ago["dismissed"]) == (2, 3)
    assert long_ago["right"] in (1, 2), "the silent ones count once their time is over"
    assert long_ago["wrong"] in (2, 3)


def test_the_verdict_that_stands_is_the_audit(log: Log, folder: Path) -> None:
    twice, undone = log.slate("judged twice", ("a", "b")), log.slate("taken back", ("a", "b"))
    for slate in (twice, undone):
        log.event(slate, "dismiss")
    log.audit(twice, None, eid="first").undo("first").audit(twice, "b", eid="second")
    log.audit(undone, "a", eid="third").undo("third")
    audited = log.read(folder).audited
    assert (audited.right, audited.wrong, audited.selected, audited.dismissed) == (1, 0, 0, 2)


def test_without_audits_a_dismissal_stands_for_itself(log: Log, folder: Path) -> None:
    log.event(log.slate("hello", ("a", "b")), "dismiss")
    examples = log.read(folder)
    assert examples.audited.odds == 1.0
    assert only(examples).is_dismissal
