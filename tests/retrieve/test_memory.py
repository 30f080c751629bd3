"""The memory: what it answers must equal what one would compute afresh from all that it was told."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from numpy.typing import NDArray

from suggest.retrieve import memory as memory_module
from suggest.retrieve.memory import LEAST_VOTING_WEIGHT, RETRACTED, Item, Memory
from suggest.retrieve.vectors import SEGMENT_ROWS, Embeddings, Vector, unit

DIM = 8
KEYS = [f"k{i}" for i in range(6)]
ITEMS: list[Item] = ["refund", "parcel", "card", None]
EAST = np.eye(DIM, dtype=np.float32)[0]
NORTH = np.eye(DIM, dtype=np.float32)[1]


def directions(n: int, *, dim: int = DIM, seed: int = 0) -> Embeddings:
    return unit(np.random.default_rng(seed).standard_normal((n, dim), dtype=np.float32))


def towards(cosine: float) -> Vector:
    """A unit vector with this cosine to EAST."""
    vector: Vector = (cosine * EAST + np.sqrt(1 - cosine**2) * NORTH).astype(np.float32)
    return vector


VECTOR_OF = dict(zip(KEYS, directions(len(KEYS)), strict=True))  # a context key always means the same text


@dataclass
class Plain:
    """The same promises kept in the simplest way: a dictionary, everything computed afresh."""

    weights: dict[tuple[str, Item], float] = field(default_factory=dict)

    def voting(self, *, exclude: tuple[str, ...] = ()) -> dict[tuple[str, Item], float]:
        return {
            (key, item): weight
            for (key, item), weight in self.weights.items()
            if weight > LEAST_VOTING_WEIGHT and key not in exclude
        }

    def centroid(self, item: Item, *, exclude: tuple[str, ...] = ()) -> tuple[NDArray[np.float64], float]:
        chosen = {key: weight for (key, other), weight in self.voting(exclude=exclude).items() if other == item}
        total = np.zeros(DIM)
        for key, weight in chosen.items():
            total += weight * VECTOR_OF[key].astype(np.float64)
        length = float(np.linalg.norm(total))
        return (total / length if length > 1e-6 else total), sum(chosen.values())


keys = st.sampled_from(KEYS)
items = st.sampled_from(ITEMS)
weights = st.sampled_from([0.04, 0.1, 0.25, 0.5, 1.0, 2.0])


class MemoryIsItsHistory(RuleBasedStateMachine):
    """Any sequence of adds, replacements, contradictions and forgettings leaves exactly what the plain model has."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = Memory(DIM)
        self.plain = Plain()

    @rule(key=keys, item=items, weight=weights)
    def add(self, key: str, item: Item, weight: float) -> None:
        self.memory.add(key, VECTOR_OF[key], item, weight=weight)
        self.plain.weights[key, item] = max(weight, self.plain.weights.get((key, item), 0.0))

    @rule(rows=st.lists(st.tuples(keys, items, weights), max_size=12))
    def add_many(self, rows: list[tuple[str, Item, float]]) -> None:
        vectors = np.array([VECTOR_OF[key] for key, _, _ in rows], dtype=np.float32).reshape(-1, DIM)
        self.memory.add_many([r[0] for r in rows], vectors, [r[1] for r in rows], [r[2] for r in rows])
        for key, item, weight in rows:
            self.plain.weights[key, item] = max(weight, self.plain.weights.get((key, item), 0.0))

    @rule(key=keys, right=st.lists(items, max_size=3))
    def replace(self, key: str, right: list[Item]) -> None:
        self.memory.replace(key, VECTOR_OF[key], right)
        self.plain.weights = {known: weight for known, weight in self.plain.weights.items() if known[0] != key}
        self.plain.weights |= {(key, item): 1.0 for item in right}

    @rule(key=keys, item=st.sampled_from(["refund", "parcel", "card"]))
    def contradict(self, key: str, item: str) -> None:
        near = [
            known
            for known in self.plain.weights
            if known[1] == item and float(VECTOR_OF[known[0]] @ VECTOR_OF[key]) >= 0.3
        ]
        assert self.memory.contradict(VECTOR_OF[key], item, cosine=0.3) == len(near)
        for known in near:
            self.plain.weights[known] *= 0.5

    @rule(item=st.sampled_from(["refund", "parcel", "card"]))
    def retract(self, item: str) -> None:
        its = {known: weight for known, weight in self.plain.weights.items() if known[1] == item}
        assert self.memory.retract(item) == len(its)
        for (key, _), weight in its.items():
            nothing = max((1 - RETRACTED) * weight, self.plain.weights.get((key, None), 0.0))
            self.plain.weights |= {(key, item): RETRACTED * weight, (key, None): nothing}

    @rule(key=keys)
    def forget_context(self, key: str) -> None:
        self.memory.forget(key=key)
        self.plain.weights = {known: weight for known, weight in self.plain.weights.items() if known[0] != key}

    @rule(item=st.sampled_from(["refund", "parcel"]))
    def forget_item(self, item: str) -> None:
        self.memory.forget(item=item)
        self.plain.weights = {known: weight for known, weight in self.plain.weights.items() if known[1] != item}

    @invariant()
    def remembers_the_same_rows(self) -> None:
        found_keys, vectors, found_items, found_weights = self.memory.matrices()
        found = dict(zip(zip(found_keys, found_items, strict=True), found_weights.tolist(), strict=True))
        assert found == pytest.approx(self.plain.weights)
        assert len(self.memory) == len(found_keys) == len(self.plain.weights)
        assert all((VECTOR_OF[key] == vector).all() for key, vector in zip(found_keys, vectors, strict=True))

    @invariant()
    def centroids_equal_recomputed_ones(self) -> None:
        for exclude in ((), (KEYS[0],), (KEYS[1], KEYS[2], "never seen")):
            rows, totals = self.memory.centroids([*ITEMS, "never seen"], exclude=exclude)
            for row, total, item in zip(rows, totals, [*ITEMS, "never seen"], strict=True):
                expected_row, expected_total = self.plain.centroid(item, exclude=exclude)
                assert total == pytest.approx(expected_total, abs=1e-5)
                assert row == pytest.approx(expected_row, abs=1e-3)

    @invariant()
    def neighbours_are_the_voting_rows_by_falling_cosine(self) -> None:
        query = VECTOR_OF[KEYS[3]]
        found = self.memory.neighbours(query, 100, exclude_key=KEYS[3])
        assert {(k, i): w for k, i, w in zip(found.keys, found.items, found.weights.tolist(), strict=True)} == (
            pytest.approx(self.plain.voting(exclude=(KEYS[3],)))
        )
        assert (np.diff(found.cosines) <= 0).all()
        assert found.cosines == pytest.approx([float(VECTOR_OF[key] @ query) for key in found.keys], abs=1e-6)


TestMemoryIsItsHistory = MemoryIsItsHistory.TestCase
TestMemoryIsItsHistory.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


class TestNeighbours:
    def test_an_empty_memory_has_none(self) -> None:
        found = Memory(DIM).neighbours(EAST)
        assert (found.items, found.keys, len(found.cosines), len(found.weights)) == ((), (), 0, 0)

    def test_the_very_next_query_sees_what_was_added(self) -> None:
        memory = Memory(DIM)
        memory.add("asked", EAST, "parcel")
        assert memory.neighbours(EAST).items == ("parcel",)

    def test_at_most_k_come_back_and_they_are_the_nearest(self) -> None:
        memory = Memory(DIM)
        for cosine in (0.1, 0.9, 0.5, 0.7):
            memory.add(f"at {cosine}", towards(cosine), "parcel")
        assert memory.neighbours(EAST, 2).keys == ("at 0.9", "at 0.7")
        assert memory.neighbours(EAST, 0).keys == ()

    def test_a_context_does_not_answer_itself(self) -> None:
        memory = Memory(DIM)
        memory.add("itself", EAST, "parcel")
        memory.add("itself", EAST, "card")
        memory.add("other", towards(0.5), "refund")
        assert memory.neighbours(EAST, 1, exclude_key="itself").keys == ("other",)
        assert memory.neighbours(EAST, 1, exclude_key="nobody").keys == ("itself",)

    def test_none_of_the_candidates_is_an_answer_like_another(self) -> None:
        memory = Memory(DIM)
        memory.add("small talk", EAST, None)
        assert memory.neighbours(EAST).items == (None,)
        assert memory.centroids([None])[1].tolist() == [1.0]

    def test_equal_contexts_come_in_the_order_in_which_they_were_learnt(self) -> None:
        memory = Memory(DIM)
        for key in ("first", "second", "third"):
            memory.add(key, EAST, "parcel")
        assert memory.neighbours(EAST, 2).keys == ("first", "second")


class TestContradict:
    def test_only_memories_of_this_item_near_this_context_count_less(self) -> None:
        memory = Memory(DIM)
        memory.add("near", towards(0.8), "parcel")
        memory.add("far", towards(0.4), "parcel")
        memory.add("near, another item", towards(0.8), "card")
        assert memory.contradict(EAST, "parcel") == 1
        found = memory.neighbours(EAST)
        assert dict(zip(found.keys, found.weights.tolist(), strict=True)) == {
            "near": 0.5,
            "far": 1.0,
            "near, another item": 1.0,
        }

    def test_contradicted_often_enough_it_has_no_vote_but_is_not_forgotten(self) -> None:
        memory = Memory(DIM)
        memory.add("asked", EAST, "parcel")
        for _ in range(5):  # 1 / 32 is below the voting weight
            memory.contradict(EAST, "parcel")
        assert memory.neighbours(EAST).items == ()
        assert memory.centroids(["parcel"])[1].tolist() == [0.0]
        assert memory.matrices()[3].tolist() == [1 / 32]

    def test_said_again_it_counts_whole_again(self) -> None:
        memory = Memory(DIM)
        memory.add("asked", EAST, "parcel")
        memory.contradict(EAST, "parcel")
        memory.add("asked", EAST, "parcel")
        assert memory.neighbours(EAST).weights.tolist() == [1.0]

    def test_an_item_nobody_ever_chose_cannot_be_contradicted(self) -> None:
        assert Memory(DIM).contradict(EAST, "parcel") == 0

    @given(st.lists(st.floats(-1, 1), min_size=1, max_size=20), st.floats(0.1, 0.9))
    def test_the_border_is_the_cosine_asked_for(self, cosines: list[float], border: float) -> None:
        memory = Memory(DIM)
        vectors = np.array([towards(cosine) for cosine in cosines])
        memory.add_many([str(i) for i in range(len(cosines))], vectors, ["parcel"] * len(cosines), [1.0] * len(cosines))
        touched = memory.contradict(EAST, "parcel", cosine=border)
        exact = vectors @ EAST
        assert (exact >= border + 1e-6).sum() <= touched <= (exact >= border - 1e-6).sum()
        assert (memory.matrices()[3] == 0.5).sum() == touched


class TestRetract:
    def test_everywhere_it_says_that_nothing_is_known_to_be_right(self) -> None:
        memory = Memory(DIM)
        memory.add("asked", EAST, "parcel", weight=0.7)
        memory.add("elsewhere", towards(0.1), "parcel")
        memory.add("another", EAST, "card")
        assert memory.retract("parcel") == 2
        found = memory.neighbours(EAST)
        assert dict(zip(found.keys, found.items, strict=True)) == {"asked": None, "elsewhere": None, "another": "card"}
        assert memory.centroids(["parcel"])[1].tolist() == [0.0]

    def test_said_again_it_counts_whole_again(self) -> None:
        memory = Memory(DIM)
        memory.add("asked", EAST, "parcel")
        memory.retract("parcel")
        memory.add("asked again", EAST, "parcel")
        assert memory.centroids(["parcel"])[1].tolist() == [1.0]

    def test_an_item_nobody_ever_chose_has_nothing_to_retract(self) -> None:
        assert Memory(DIM).retract("parcel") == 0


class TestReplaceAndForget:
    def test_a_later_verdict_replaces_all_that_was_known_of_a_context(self) -> None:
        memory = Memory(DIM)
        memory.add("asked", EAST, "parcel")
        memory.add("asked", EAST, "card")
        memory.replace("asked", EAST, ["refund"], weight=2.0)
        found = memory.neighbours(EAST)
        assert (found.items, found.weights.tolist()) == (("refund",), [2.0])

    def test_an_item_and_a_context_together_name_one_row(self) -> None:
        memory = Memory(DIM)
        memory.add("asked", EAST, "parcel")
        memory.add("asked", EAST, "card")
        memory.add("other", EAST, "card")
        memory.forget(key="asked", item="card")
        assert memory.matrices()[0::2] == (("asked", "other"), ("parcel", "card"))

    def test_forgetting_nothing_in_particular_is_a_mistake(self) -> None:
        with pytest.raises(ValueError, match="what to forget"):
            Memory(DIM).forget()

    def test_much_forgetting_gives_the_room_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(memory_module, "_COMPACT_FROM", 10)
        memory = Memory(DIM)
        for i in range(300):  # the same context judged again and again
            memory.replace("asked", EAST, ["parcel" if i % 2 else "card"])
            memory.replace(f"once {i % 7}", NORTH, ["refund", None])
        assert len(memory._now.weights) < 60
        assert sorted(memory.matrices()[0]) == sorted(["asked", *[f"once {i}" for i in range(7)] * 2])
        assert memory.neighbours(EAST, 1).items == ("parcel",)
        assert memory.centroids(["refund"])[1].tolist() == [7.0]


class TestRefusals:
    @pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
    def test_a_weight_must_be_a_positive_number(self, weight: float) -> None:
        memory = Memory(DIM)
        with pytest.raises(ValueError, match="weights"):
            memory.add("asked", EAST, "parcel", weight=weight)
        with pytest.raises(ValueError, match="weights"):
            memory.replace("asked", EAST, ["parcel"], weight=weight)
        assert len(memory) == 0

    def test_a_vector_of_another_encoder_is_refused_and_leaves_no_trace(self) -> None:
        memory = Memory(DIM)
        with pytest.raises(ValueError, match="8 dimensions"):
            memory.add("asked", np.ones(DIM + 1, dtype=np.float32), "parcel")
        memory.add("asked", EAST, "parcel")
        assert memory.neighbours(EAST).keys == ("asked",)

    def test_lengths_must_agree(self) -> None:
        with pytest.raises(ValueError, match="2 keys, 1 embeddings"):
            Memory(DIM).add_many(["a", "b"], EAST[None], ["parcel"], [1.0])


N_MANY = 2 * SEGMENT_ROWS + 500


@pytest.fixture(scope="module")
def contexts() -> Embeddings:
    """Clustered, as people's questions are: 120 topics, each with its phrasings."""
    topics = directions(120, dim=384, seed=1)
    rng = np.random.default_rng(2)
    noise = rng.standard_normal((N_MANY, 384), dtype=np.float32) * np.float32(0.03)
    return unit(topics[rng.integers(0, 120, N_MANY)] + noise)


@pytest.fixture(scope="module")
def memories(contexts: Embeddings) -> tuple[Memory, Memory]:
    """The same content behind faiss and without it."""
    names = [f"k{i}" for i in range(N_MANY)]
    chosen = [f"item {i % 150}" for i in range(N_MANY)]
    pair = Memory(384), Memory(384, segmented=False)
    for memory in pair:
        memory.add_many(names, contexts, chosen, np.ones(N_MANY))
        memory.forget(item="item 3")
    assert len(pair[0]._now.vectors.segments) == 2
    assert not pair[1]._now.vectors.segments
    return pair


def test_centroids_asked_again_by_the_same_tuple_follow_what_is_learned() -> None:
    memory, items = Memory(2), ("a", "b")
    memory.add("k1", np.array([1, 0], np.float32), "a")
    before, _ = memory.centroids(items)
    assert memory.centroids(items)[0] is before
    memory.add("k2", np.array([0, 1], np.float32), "b")
    after, weights = memory.centroids(items)
    assert before[1].tolist() == [0, 0]
    assert after[1].tolist() == [0, 1]
    assert weights.tolist() == [1, 1]
    assert memory.centroids(items, exclude=("k2",))[1].tolist() == [1, 0]


def test_what_was_left_unsealed_is_sealed_later_and_finds_the_same(contexts: Embeddings) -> None:
    memory, n = Memory(384), SEGMENT_ROWS + 10
    memory.add_many([f"k{i}" for i in range(n)], contexts[:n], ["a"] * n, np.ones(n), seal=False)
    memory.add("late", contexts[n], "b")
    assert not memory._now.vectors.segments
    before = memory.neighbours(contexts[n], 20)
    memory.seal()
    assert len(memory._now.vectors.segments) == 1
    assert memory.neighbours(contexts[n], 20).keys == before.keys


class TestAtScale:
    def test_faiss_and_numpy_find_the_same_neighbours(
        self, memories: tuple[Memory, Memory], contexts: Embeddings
    ) -> None:
        by_faiss, by_numpy = memories
        n_agreed = 0
        for i in range(0, N_MANY, N_MANY // 60):
            query = unit(contexts[i] + 0.01 * contexts[-i - 1])
            fast = by_faiss.neighbours(query, 50, exclude_key=f"k{i}")
            exact = by_numpy.neighbours(query, 50, exclude_key=f"k{i}")
            assert len(fast.keys) == 50
            assert fast.cosines == pytest.approx(exact.cosines, abs=2e-3)
            assert f"k{i}" not in fast.keys
            assert "item 3" not in fast.items
            n_agreed += len({*fast.keys} & {*exact.keys})
        assert n_agreed >= 0.999 * 50 * 60

    def test_asking_for_more_than_there_is_gives_all_of_it(self, memories: tuple[Memory, Memory]) -> None:
        by_faiss, _ = memories
        assert len(by_faiss.neighbours(directions(1, dim=384)[0], 2 * N_MANY).keys) == len(by_faiss)

    def test_centroids_agree_with_a_sum_made_afresh(self, memories: tuple[Memory, Memory]) -> None:
        by_faiss, _ = memories
        _, vectors, found, found_weights = by_faiss.matrices()
        rows, totals = by_faiss.centroids(["item 7", "item 3"])
        of_seven = np.array([item == "item 7" for item in found])
        assert rows[0] == pytest.approx(unit(vectors[of_seven].sum(axis=0)), abs=1e-5)
        assert totals.tolist() == [found_weights[of_seven].sum(), 0.0]
        assert not rows[1].any()


@pytest.mark.parametrize("change", ["add", "add_many", "contradict", "replace", "forget"])
def test_what_a_reader_holds_is_not_changed_by_a_writer(change: str) -> None:
    memory = Memory(DIM)
    memory.add("asked", EAST, "parcel")
    memory.add("other", NORTH, "card")
    held = memory._now
    changes = {
        "add": lambda: memory.add("asked", EAST, "parcel", weight=2.0),
        "add_many": lambda: memory.add_many(["new", "other"], np.stack([EAST, NORTH]), ["card", "card"], [1.0, 3.0]),
        "contradict": lambda: memory.contradict(EAST, "parcel"),
        "replace": lambda: memory.replace("other", NORTH, ["refund"]),
        "forget": lambda: memory.forget(key="asked"),
    }
    changes[change]()
    assert memory._now is not held
    assert held.weights.tolist() == [1.0, 1.0]
    assert held.may_vote.tolist() == [True, True]
    assert [held.item(row) for row in range(2)] == ["parcel", "card"]
    assert (held.vectors.matrix == np.stack([EAST, NORTH])).all()


def test_readers_never_see_half_of_a_write() -> None:
    """A verdict is always two rows of one weight; a reader that meets one of them, or two weights, saw a torn write."""
    memory = Memory(DIM)
    memory.replace("asked", EAST, ["a", "b"], weight=1.0)
    torn: list[tuple[Item, ...]] = []
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            found = memory.neighbours(EAST, 10)
            if sorted(map(str, found.items)) != ["a", "b"] or len(set(found.weights.tolist())) != 1:
                torn.append(found.items)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for i in range(2_500):  # past several compactions
        memory.replace("asked", EAST, ["a", "b"], weight=1.0 + i % 5)
    is_over.set()
    for reader in readers:
        reader.join()
    assert torn == []


def test_what_a_click_is_worth_counts_now_and_when_it_is_said_again() -> None:
    memory = Memory(2)
    east, north = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
    memory.add("before", east, "a", weight=0.5)
    memory.weigh({("before", "a"): 2.0, ("after", "a"): 0.5})
    assert memory.centroids(["a"])[1] == pytest.approx([1.0])
    memory.add("after", north, "a", weight=0.5)
    assert memory.centroids(["a"])[1] == pytest.approx([1.25])
    memory.weigh({("after", "a"): 1.0})  # what a later bundle says replaces it
    assert memory.centroids(["a"])[1] == pytest.approx([1.0])


def test_what_was_contradicted_counts_whole_again_once_answers_are_weighed_anew() -> None:
    """A bundle was fitted to the contradictions, too. What was retracted stays so."""
    memory = Memory(2)
    east, north = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
    memory.add("one", east, "a", weight=0.6)
    memory.add("two", north, "b", weight=0.8)
    memory.contradict(east, "a")
    memory.retract("b")
    memory.weigh({("one", "a"): 0.5})
    keys, _, items, weights = memory.matrices()
    found = dict(zip(zip(keys, items, strict=True), weights.tolist(), strict=True))
    assert found == pytest.approx({("one", "a"): 0.3, ("two", "b"): 0.016, ("two", None): 0.784}, rel=1e-5)
    assert memory.centroids(["a"])[1] == pytest.approx([0.3])


def test_what_was_contradicted_is_known_through_a_compaction() -> None:
    memory = Memory(2)
    east = np.array([1, 0], np.float32)
    memory.add("one", east, "a", weight=0.6)
    memory.contradict(east, "a")
    for n in range(1_500):
        memory.replace("asked", east, ["b"], weight=1.0 + n % 5)
    assert memory.centroids(["a"])[1] == pytest.approx([0.3])
    memory.weigh({})
    assert memory.centroids(["a"])[1] == pytest.approx([0.6])


def test_what_is_renewed_counts_as_when_it_was_said_and_nothing_forgotten_comes_back() -> None:
    memory = Memory(2)
    east = np.array([1, 0], np.float32)
    memory.add("one", east, "a", weight=0.6)
    memory.contradict(east, "a")
    memory.renew("one", "a", weight=0.5)
    assert memory.centroids(["a"])[1] == pytest.approx([0.5])
    memory.replace("one", east, ["b"], weight=1.0)
    memory.renew("one", "a", weight=0.5)
    memory.renew("never", "a", weight=0.5)
    assert memory.centroids(["a", "b"])[1] == pytest.approx([0.0, 1.0])


def test_what_is_certain_is_not_weighed() -> None:
    memory = Memory(2)
    memory.add("label", np.array([1, 0], np.float32), "a", weight=1.0)
    memory.weigh({("label", "a"): 0.1})
    assert memory.centroids(["a"])[1] == pytest.approx([1.0])
    memory.add("label", np.array([1, 0], np.float32), "a", weight=1.0)
    assert memory.centroids(["a"])[1] == pytest.approx([1.0])


def test_a_click_that_is_hardly_believed_has_no_vote() -> None:
    memory = Memory(2)
    memory.add("mistake", np.array([1, 0], np.float32), "a", weight=0.7)
    memory.weigh({("mistake", "a"): 0.01})
    assert memory.neighbours(np.array([1, 0], np.float32)).items == ()
    memory.weigh({})
    assert memory.neighbours(np.array([1, 0], np.float32)).items == ("a",)
