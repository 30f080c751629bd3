"""Evidence as it would have been, had this context never been seen: every conversation left out of its own memory.
Only of a context that makes up much of all that is asked, the memory keeps what others answered to it.

The same feature function serves and trains; only the memory differs, and here it can be narrowed to what a held-out
group of candidates leaves behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from suggest.domain import weight as weights
from suggest.loop.examples import Example, ExampleSet
from suggest.rank.evidence import Evidence
from suggest.rank.features import NEIGHBOURS
from suggest.rank.habits import Act, PastHabits
from suggest.rank.pool import BY_CHOICE, BY_NAME, RANK_ALL, union
from suggest.rank.traits import NO_TRAITS, Traits
from suggest.retrieve.lexical import LexicalIndex
from suggest.retrieve.memory import LEAST_VOTING_WEIGHT

Floats = NDArray[np.float32]
LEAST_MASS = 1e-3  # of an option's memory; less is rounding
BLOCK = 512  # queries whose cosines are computed together


class Replay:
    """Memory of all examples with a known answer (or a known none), queried with one's own conversation left out."""

    def __init__(
        self,
        examples: ExampleSet,
        *,
        without: frozenset[str] = frozenset(),
        unlearned: frozenset[str] = frozenset(),
    ) -> None:
        """`without` candidates do not exist; `unlearned` ones do, and nothing is known of them but their texts."""
        catalog = examples.catalog
        self._kept = np.array([i for i, c in enumerate(catalog.ids) if c not in without], np.int64)
        self.ids = tuple(catalog.ids[i] for i in self._kept)
        self._lexical = LexicalIndex()
        self._lexical.upsert(self.ids, [catalog.texts[i] for i in self._kept])
        self._names = catalog.embeddings[self._kept]
        self._traits = tuple(catalog.traits[i] for i in self._kept) if catalog.traits else ()
        self._without = without
        brought = (i for e in examples.examples if e.supplied is not None for i in e.right)
        self._place = {c: i for i, c in enumerate(dict.fromkeys((*self.ids, *brought))) if c not in without}
        self._own_place = {c: i for i, c in enumerate(self.ids)}
        self._examples = examples
        voices: Counter[tuple[str, str | None]] = Counter()  # by how many it was said
        votes: dict[tuple[str, str | None], tuple[int, float]] = {}  # said again, the larger weight counts, as served
        for e in examples.examples:
            if e.is_refusal:
                continue  # no vote: it does not say what is right, nor that nothing is
            answers: Sequence[str | None] = e.right or (None,)
            weight = (
                e.sure
                * e.stands_for
                * (e.weight if e.right or e.is_none else e.weight * weights.DISMISSAL / weights.CLICK)
            )
            for item in answers:
                if item is None or (item in self._place and item not in unlearned):
                    voices[e.key, item] += 1
                    row, before = votes.get((e.key, item), (e.row, 0.0))
                    votes[e.key, item] = (row, max(weight, before))
        votes = {answer: vote for answer, vote in votes.items() if vote[1] > LEAST_VOTING_WEIGHT}  # as served
        keys, items = [key for key, _ in votes], [item for _, item in votes]
        rows = [row for row, _ in votes.values()]
        self._memory = examples.embeddings[np.array(rows, np.int64)]
        self._items = items
        self._crowds = examples.crowds()
        self._alone = np.array([voices[answer] == 1 for answer in votes], np.bool_)
        self._weights = np.array([weight for _, weight in votes.values()], np.float32)
        self._conversations = examples.conversations()
        by_key = {e.key: (e, name) for e, name in zip(examples.examples, self._conversations, strict=True)}
        self._of_conversation: dict[str, list[tuple[int, Example]]] = {}
        for j, key in enumerate(keys):
            example, name = by_key[key]
            self._of_conversation.setdefault(name, []).append((j, example))
        self._habits = PastHabits(_acts(examples.examples))
        self._sums = np.zeros((len(self._place), examples.embeddings.shape[1]), np.float32)
        self._mass = np.zeros(len(self._place), np.float32)
        self._item_place = np.array([self._place[i] if i is not None else -1 for i in items], np.int64)
        known = self._item_place >= 0
        np.add.at(self._sums, self._item_place[known], self._memory[known] * self._weights[known, None])
        np.add.at(self._mass, self._item_place[known], self._weights[known])

    def evidence(self, which: Sequence[int], favourites: Sequence[Sequence[str]] | None = None) -> Iterator[Evidence]:
        """One Evidence for each of the examples `which`, in order; `favourites` widens the pool of a large catalog."""
        for start in range(0, len(which), BLOCK):
            block = which[start : start + BLOCK]
            queries = self._examples.embeddings[[self._examples.examples[i].row for i in block]]
            cosines = queries @ self._memory.T
            named = queries @ self._names.T
            for n, i in enumerate(block):
                wanted = favourites[start + n] if favourites is not None else ()
                yield self._one(i, queries[n], cosines[n], named[n], wanted)

    def foreign(self, embedding: Floats, text: str, *, favourites: Sequence[str] = ()) -> Evidence:
        """Evidence for a context that is none of the examples."""
        named = self._names @ embedding
        return self._seen(embedding, text, self._memory @ embedding, named, favourites, own=[], example=None)

    def _one(self, i: int, query: Floats, cosines: Floats, named: Floats, wanted: Sequence[str]) -> Evidence:
        example = self._examples.examples[i]
        same = self._of_conversation.get(self._conversations[i], [])
        own = [j for j, e in same if e.key == example.key or e.text_key != example.text_key]  # other fields: other ones
        if example.click and example.key in self._crowds:
            said: Sequence[str | None] = example.right or (None,)
            own = [j for j in own if self._alone[j] and self._items[j] in said]
        cosines[own] = -2.0
        return self._seen(query, example.text, cosines, named, wanted, own=own, example=example)

    def _seen(
        self,
        query: Floats,
        text: str,
        cosines: Floats,
        named: Floats,
        wanted: Sequence[str],
        *,
        own: list[int],
        example: Example | None,
    ) -> Evidence:
        near = _nearest(cosines, NEIGHBOURS)
        sums, mass = self._sums, self._mass  # the mass keeps this example: a count lowered by one would tell the answer
        if own:
            sums, mass, left = sums.copy(), mass.copy(), mass.copy()
            for j in own:
                if (p := self._item_place[j]) >= 0:
                    sums[p] -= self._memory[j] * self._weights[j]
                    left[p] -= self._weights[j]
            mass[left < LEAST_MASS] = 0.0  # but what has nothing left must not seem to have some
        ids, places, by_name, words, traits = self._ranked(example, text, named, near, wanted, mass)
        is_met = places >= 0  # an option that a caller brought along may never have been chosen
        sums, mass = sums[places[is_met]], mass[places[is_met]]
        norms = np.linalg.norm(sums, axis=1)
        centroid, weight = np.zeros(len(ids), np.float32), np.zeros(len(ids), np.float32)
        centroid[is_met] = np.where(norms > 1e-3, (sums @ query) / np.maximum(norms, 1e-3), 0.0)
        weight[is_met] = mass
        return Evidence(
            ids=ids,
            embedding=query,
            name_cosine=by_name,
            centroid_cosine=centroid,
            memory_weight=weight,
            lexical=words,
            neighbour_items=[self._items[j] for j in near],
            neighbour_cosines=cosines[near],
            neighbour_weights=self._weights[near],
            context=NO_TRAITS if example is None else example.traits,
            habits=self._habits_of(example, ids),
            options=traits,
        )

    def _habits_of(self, example: Example | None, ids: tuple[str, ...]) -> Floats | None:
        if example is None or example.asker is None or not self._habits:
            return None
        return self._habits.columns(example.asker, ids, order=example.order)

    def _ranked(
        self,
        example: Example | None,
        text: str,
        named: Floats,
        near: NDArray[np.int64],
        wanted: Sequence[str],
        mass: Floats,
    ) -> tuple[tuple[str, ...], NDArray[np.int64], Floats, Floats, Sequence[Traits]]:
        """What is to be ranked: ids, places among what was learned of, name cosines, word overlaps, traits."""
        supplied = None if example is None else example.supplied
        if supplied is not None:
            kept = [n for n, i in enumerate(supplied.ids) if i not in self._without]
            ids = tuple(supplied.ids[n] for n in kept)
            places = np.array([self._place.get(i, -1) for i in ids], np.int64)
            return ids, places, supplied.name_cosine[kept], supplied.lexical[kept], [supplied.traits[n] for n in kept]
        pool = self._pool(named, [self._items[j] for j in near], wanted, mass[: len(self.ids)])
        ids = tuple(self.ids[p] for p in pool)
        traits = [self._traits[p] for p in pool] if self._traits else ()
        return ids, pool, named[pool], self._lexical.scores(text, ids), traits

    def _pool(
        self, named: Floats, near: Sequence[str | None], wanted: Sequence[str], mass: Floats
    ) -> NDArray[np.int64]:
        if len(self.ids) <= RANK_ALL:
            return np.arange(len(self.ids))
        by_name = (self.ids[p] for p in np.argpartition(-named, BY_NAME)[:BY_NAME])
        chosen = (self.ids[p] for p in np.argsort(-mass, kind="stable")[:BY_CHOICE])
        own = self._own_place
        return np.array([own[c] for c in union(by_name, near, wanted, chosen) if c in own], np.int64)


def _acts(examples: Sequence[Example]) -> Iterator[Act]:
    for e in examples:
        if e.click and e.asker is not None:
            taken = e.right[0] if e.right else None
            yield Act(asker=e.asker, taken=taken, passed=e.examined, weight=e.weight / weights.CLICK, order=e.order)


def _nearest(cosines: Floats, k: int) -> NDArray[np.int64]:
    k = min(k, len(cosines))
    if k == 0:
        return np.zeros(0, np.int64)
    top = np.argpartition(-cosines, k - 1)[:k]
    top = top[np.argsort(-cosines[top])]
    return top[cosines[top] > -1.5]
