"""The candidate index: usable in the next request, gone in the next request, twins known as twins."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from suggest.retrieve import candidates as candidates_module
from suggest.retrieve.candidates import CandidateIndex
from suggest.retrieve.hashing import HashingEncoder
from suggest.retrieve.vectors import Embeddings, Vector, unit

ENCODER = HashingEncoder(64)


def an_index(**texts: str) -> CandidateIndex:
    index = CandidateIndex(ENCODER.dim)
    index.upsert(list(texts), list(texts.values()), ENCODER.encode(list(texts.values())))
    return index


def e(text: str) -> Vector:
    vector: Vector = ENCODER.encode([text])[0]
    return vector


def an_index_at(*degrees: float) -> CandidateIndex:
    """Candidates in the plane, named after their direction, with texts that all differ."""
    radians = np.radians(degrees)
    vectors = np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)
    index = CandidateIndex(2)
    index.upsert([f"{d:g}°" for d in degrees], [f"text {d:g}" for d in degrees], vectors)
    return index


def test_an_empty_index_answers_with_nothing() -> None:
    index = CandidateIndex(4)
    assert (len(index), index.ids(), index.nearest(np.ones(4, dtype=np.float32), 3)) == (0, (), [])
    assert dict(index.clusters()) == {}
    index.upsert([], [], np.empty((0, 4), dtype=np.float32))
    assert len(index) == 0


def test_the_nearest_come_first_with_their_cosines() -> None:
    index = an_index(track="track my parcel", refund="I want a refund", parcel="where is my parcel")
    found = index.nearest(e("where is my parcel now"), 2)
    assert [id for id, _ in found] == ["parcel", "track"]
    assert [cosine for _, cosine in found] == pytest.approx(
        index.cosines(e("where is my parcel now"), ["parcel", "track"])
    )


def test_a_retired_candidate_is_gone_at_once_and_may_come_back() -> None:
    index = an_index(a="track my parcel", b="I want a refund")
    index.retire("a")
    assert "a" not in index
    assert index.ids() == ("b",)
    assert [id for id, _ in index.nearest(e("track my parcel"), 5)] == ["b"]
    index.upsert(["a"], ["track my parcel"], ENCODER.encode(["track my parcel"]))
    assert index.nearest(e("track my parcel"), 1)[0][0] == "a"
    index.retire("never seen")


def test_new_text_under_an_old_id_replaces_text_and_vector_and_keeps_the_place() -> None:
    index = an_index(a="track my parcel", b="I want a refund")
    index.upsert(["a"], ["cancel my order"], ENCODER.encode(["cancel my order"]))
    assert index.ids() == ("a", "b")
    assert index.text("a") == "cancel my order"
    assert index.cosines(e("cancel my order"), ["a"])[0] == pytest.approx(1.0)


def test_the_last_of_two_with_one_id_wins() -> None:
    index = CandidateIndex(ENCODER.dim)
    index.upsert(["a", "a"], ["first", "second"], ENCODER.encode(["first", "second"]))
    assert (len(index), index.text("a")) == (1, "second")
    assert index.nearest(e("second"), 5) == [("a", pytest.approx(1.0))]


def test_rows_come_in_the_order_asked_for() -> None:
    index = an_index(a="one", b="two")
    assert (index.rows(["b", "a", "b"]) == ENCODER.encode(["two", "one", "two"])).all()
    assert index.rows([]).shape == (0, ENCODER.dim)


@pytest.mark.parametrize("ask", ["text", "rows", "cosines"])
def test_asking_about_an_unknown_id_is_a_key_error(ask: str) -> None:
    index = an_index(a="one")
    questions = {
        "text": lambda: index.text("b"),
        "rows": lambda: index.rows(["a", "b"]),
        "cosines": lambda: index.cosines(e("one"), ["b"]),
    }
    with pytest.raises(KeyError):
        questions[ask]()


def test_a_snapshot_answers_as_it_was_whatever_is_retired_meanwhile() -> None:
    index = an_index(a="track my parcel", b="I want a refund")
    before = index.snapshot()
    index.retire("a")
    index.upsert(["b"], ["cancel it"], ENCODER.encode(["cancel it"]))
    assert before.ids() == ("a", "b")
    assert before.text("b") == "I want a refund"
    assert (before.rows(before.ids()) == ENCODER.encode(["track my parcel", "I want a refund"])).all()
    assert index.snapshot().ids() == ("b",)


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="1 ids, 2 texts"):
        CandidateIndex(ENCODER.dim).upsert(["a"], ["one", "two"], ENCODER.encode(["one"]))


class TestClusters:
    def test_the_first_speaks_for_those_that_say_the_same(self) -> None:
        index = an_index_at(0, 10, 90, 100, 180)  # cos 10° = .985
        assert dict(index.clusters()) == {"0°": "0°", "10°": "0°", "90°": "90°", "100°": "90°", "180°": "180°"}

    def test_nobody_joins_through_a_chain(self) -> None:
        clusters = an_index_at(0, 13, 26).clusters()  # each near the next (.974), the ends apart (.899)
        assert dict(clusters) == {"0°": "0°", "13°": "0°", "26°": "26°"}

    def test_the_border_can_be_moved(self) -> None:
        index = an_index_at(0, 20)
        assert len(set(index.clusters().values())) == 2
        assert len(set(index.clusters(cosine=0.9).values())) == 1

    def test_equal_texts_are_twins_whatever_their_vectors(self) -> None:
        index = CandidateIndex(2)
        index.upsert(["a", "b", "c"], ["Refund me", "other", " refund  ME"], np.eye(2, dtype=np.float32)[[0, 0, 1]])
        clusters = index.clusters(cosine=1.1)
        assert dict(clusters) == {"a": "a", "b": "b", "c": "a"}

    def test_the_marks_that_end_a_clause_make_no_second_option(self) -> None:
        index = CandidateIndex(3)
        texts = ["Yes, please!", "yes please", "Yes, please?"]
        index.upsert(["a", "b", "c"], texts, np.eye(3, dtype=np.float32))
        assert dict(index.clusters()) == {"a": "a", "b": "a", "c": "c"}

    def test_a_slate_can_ask_about_its_own_few_in_its_own_order(self) -> None:
        index = an_index_at(0, 10, 90)
        assert index.clusters(ids=["90°", "10°", "0°"]) == {"90°": "90°", "10°": "10°", "0°": "10°"}

    def test_a_slate_may_name_what_was_retired_meanwhile(self) -> None:
        index = an_index_at(0, 10)
        index.retire("0°")
        assert index.clusters(ids=["0°", "10°"]) == {"0°": "0°", "10°": "10°"}

    @given(st.integers(0, 2**32 - 1), st.data())
    @settings(deadline=None, max_examples=40)
    def test_few_of_a_small_catalog_are_grouped_as_if_there_were_no_others(
        self, seed: int, data: st.DataObject
    ) -> None:
        rng = np.random.default_rng(seed)
        places = unit(rng.standard_normal((4, 8), dtype=np.float32))
        rows = unit(places[rng.integers(0, 4, 20)] + rng.normal(0, 0.06, (20, 8)).astype(np.float32))
        texts = [f"text {n}" for n in rng.integers(0, 15, 20)]
        ids = [f"c{n}" for n in range(20)]
        index = CandidateIndex(8)
        index.upsert(ids, texts, rows)
        asked = data.draw(st.lists(st.sampled_from(ids), unique=True, max_size=12))
        alone = CandidateIndex(8)
        alone.upsert(asked, [index.text(id) for id in asked], index.rows(asked))
        assert dict(index.clusters(ids=asked)) == dict(alone.clusters())

    def test_they_follow_every_change(self) -> None:
        index = an_index_at(0, 10)
        before = index.clusters()
        index.retire("0°")
        assert dict(index.clusters()) == {"10°": "10°"}
        assert len(before) == 2  # what was handed out stays as it was

    def test_they_are_computed_once_for_each_snapshot(self, monkeypatch: pytest.MonkeyPatch) -> None:
        index = an_index_at(0, 10)
        index.clusters()
        monkeypatch.setattr(candidates_module, "_clusters", None)  # would fail if called again
        assert len(index.clusters()) == 2

    @settings(max_examples=50, deadline=None)
    @given(st.integers(1, 60), st.integers(0, 10_000), st.integers(1, 9))
    def test_blocks_change_nothing_and_every_follower_is_near_its_leader(self, n: int, seed: int, block: int) -> None:
        rng = np.random.default_rng(seed)
        vectors: Embeddings = unit(rng.standard_normal((n, 3), dtype=np.float32))
        index = CandidateIndex(3)
        index.upsert([str(i) for i in range(n)], [f"text {i}" for i in range(n)], vectors)
        whole = dict(index.clusters(cosine=0.9))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(candidates_module, "_CLUSTER_BLOCK", block)
            assert index.clusters(cosine=0.9, ids=index.ids()) == whole
        leaders = sorted({int(leader) for leader in whole.values()})
        for member, leader in whole.items():
            assert vectors[int(member)] @ vectors[int(leader)] >= 0.9 - 1e-5
            assert int(leader) <= int(member)
        for a in leaders:  # leaders are apart, or they would not both lead
            for b in leaders:
                assert a == b or vectors[a] @ vectors[b] < 0.9 + 1e-5


class IndexIsADictionary(RuleBasedStateMachine):
    """Whatever was upserted and retired, the index holds what a dictionary would, also after it rebuilt itself."""

    def __init__(self) -> None:
        super().__init__()
        self.index = CandidateIndex(ENCODER.dim)
        self.plain: dict[str, str] = {}

    @rule(ids=st.lists(st.sampled_from("abcdefgh"), max_size=5), word=st.sampled_from(["parcel", "card", "refund"]))
    def upsert(self, ids: list[str], word: str) -> None:
        texts = [f"{word} {i}" for i in range(len(ids))]
        self.index.upsert(ids, texts, ENCODER.encode(texts))
        self.plain.update(zip(ids, texts, strict=True))

    @rule(id=st.sampled_from("abcdefgh"))
    def retire(self, id: str) -> None:
        self.index.retire(id)
        self.plain.pop(id, None)

    @invariant()
    def holds_the_same(self) -> None:
        assert self.index.ids() == tuple(self.plain)
        assert len(self.index) == len(self.plain)
        assert [self.index.text(id) for id in self.plain] == list(self.plain.values())
        assert (self.index.rows(self.index.ids()) == ENCODER.encode(list(self.plain.values()))).all()

    @invariant()
    def finds_each_exactly_once(self) -> None:
        assert sorted(id for id, _ in self.index.nearest(e("parcel 1"), 20)) == sorted(self.plain)


TestIndexIsADictionary = IndexIsADictionary.TestCase
TestIndexIsADictionary.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)


def test_many_changes_do_not_grow_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates_module, "_COMPACT_FROM", 8)
    index = an_index(a="one", b="two")
    for i in range(200):
        index.upsert(["a"], [f"text {i}"], ENCODER.encode([f"text {i}"]))
    assert len(index._id_by_row) <= 16
    assert (index.ids(), index.text("a")) == (("a", "b"), "text 199")
    assert index.nearest(e("two"), 1)[0][0] == "b"


def test_readers_go_on_while_a_writer_replaces_everything() -> None:
    index = an_index(a="one", b="two")
    failures: list[object] = []
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            try:
                found = index.nearest(e("one"), 10)
                if sorted(id for id, _ in found) != ["a", "b"]:
                    failures.append(found)
            except Exception as error:
                failures.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for i in range(600):  # past the rebuilds
        index.upsert(["a", "b"], [f"one {i}", f"two {i}"], ENCODER.encode([f"one {i}", f"two {i}"]))
    is_over.set()
    reader.join()
    assert failures == []


def test_a_large_index_finds_what_a_product_finds() -> None:
    rng = np.random.default_rng(0)
    vectors = unit(rng.standard_normal((9_000, 64), dtype=np.float32))
    index = CandidateIndex(64)
    index.upsert([str(i) for i in range(9_000)], [f"text {i}" for i in range(9_000)], vectors)
    index.retire("5")
    query = unit(vectors[5] + vectors[8_999])
    scores = vectors @ query
    scores[5] = -2
    assert [id for id, _ in index.nearest(query, 10)] == [str(i) for i in np.argsort(-scores)[:10]]
