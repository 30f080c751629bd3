"""Past contexts and what was right for them: the part of learning that works from the very next request.

A row is one (context key, item) with the context's vector and a weight; the item None says that none of the candidates
was right. The vote of the nearest rows and the mean vector of each item are what the ranker sees of all this."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from suggest.retrieve.vectors import Embeddings, GrowingVectors, Mask, Vector, Vectors, unit

Item = str | None
_Number = TypeVar("_Number", np.int32, np.float32)
Floats = NDArray[np.float32]

Worth = Mapping[tuple[str, Item], float]  # by context key and item: how many times its own weight an answer counts

CERTAIN = 1.0  # the weight from which on an answer is known, not guessed from what somebody did
LEAST_VOTING_WEIGHT = 0.05  # at or below it a row has no vote, in neighbours or centroids
RETRACTED = 0.02  # share of a weight that is left of a retracted answer: below the voting weight, yet not forgotten
_COMPACT_FROM = 1_024  # forgotten rows that are worth rebuilding for


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """The past contexts nearest to one, best first. All four have the same length."""

    items: tuple[Item, ...]
    keys: tuple[str, ...]
    cosines: Floats
    weights: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Snapshot:
    """What a reader sees; never changed, only replaced. Lists and buffers are shared with later snapshots, which only
    add to their ends."""

    vectors: Vectors
    keys: Sequence[str]  # by row
    codes: NDArray[np.int32]  # (n,); the item of each row
    items: Sequence[Item]  # by code
    weights: Floats  # (n,); 0 where forgotten
    may_vote: Mask  # (n,)

    def item(self, row: int) -> Item:
        return self.items[int(self.codes[row])]


class Memory:
    """One writer at a time, any number of readers, who never wait for each other: writers publish snapshots.

    A single query takes 0.2 ms over 3,000 rows and about 6 ms over 100,000 (see `vectors`).
    """

    def __init__(self, dim: int, *, segmented: bool = True) -> None:
        self.dim = dim
        self._segmented = segmented  # False: never faiss; only tests want that
        self._lock = threading.RLock()
        self._worth: Worth = {}
        self._centroids: tuple[_Snapshot, tuple[Item, ...], Embeddings, Floats] | None = None  # the last answer
        self._start_over()

    def _start_over(self) -> None:
        self._vectors = GrowingVectors(self.dim, is_sealing=self._segmented)
        self._keys: list[str] = []
        self._items: list[Item] = []
        self._code_of: dict[Item, int] = {}
        self._codes = np.empty(64, dtype=np.int32)
        self._weights = np.empty(64, dtype=np.float32)
        self._whole = np.empty(64, dtype=np.float32)  # what each row would weigh if nobody had contradicted it
        self._rows_of: dict[str, tuple[int, ...]] = {}  # key -> remembered rows
        self._sums = ItemSums(self.dim)
        self._n_forgotten = 0
        self._publish()

    def weigh(self, worth: Worth) -> None:
        """Let these answers count so many times what they count by themselves, now and when they are said again.

        It replaces what was told before, and what was contradicted counts whole again: who says what answers are worth
        has weighed that, too. What is certain (weight 1 and more) is not weighed."""
        with self._lock:
            now = self._now
            changed = {*self._worth, *worth}
            rows = [
                row
                for key in dict.fromkeys(key for key, _ in changed)
                for row in self._rows_of.get(key, ())
                if (key, now.item(row)) in changed
            ]
            answers = [(self._keys[row], now.item(row)) for row in rows]
            before = np.array([self._worth.get(answer, 1.0) for answer in answers], np.float32)
            after = np.array([worth.get(answer, 1.0) for answer in answers], np.float32)
            self._worth = dict(worth)
            whole = self._whole[: len(self._keys)]
            if rows:
                itself = whole[rows] / before
                whole[rows] = np.where(itself < CERTAIN, itself * after, whole[rows])
            different = np.flatnonzero(whole != self._weights[: len(whole)])
            if len(different):
                self._change(different, whole[different])
                self._publish()

    def renew(self, key: str, item: Item, *, weight: float) -> None:
        """Say again what is still remembered, as `add` does; what was forgotten since stays forgotten."""
        with self._lock:
            rows = [row for row in self._rows_of.get(key, ()) if self._now.item(row) == item]
            if rows:
                self.add(key, self._now.vectors.matrix[rows[0]], item, weight=weight)

    def __len__(self) -> int:
        """Remembered rows, one for each (key, item)."""
        now = self._now
        return int(np.count_nonzero(now.weights))

    def add(self, key: str, embedding: Vector, item: Item, *, weight: float = 1.0) -> None:
        """Remember that `item` was right in the context named `key`; said again, the larger weight counts."""
        self.add_many([key], embedding[None], [item], [weight])

    def add_many(
        self,
        keys: Sequence[str],
        embeddings: Embeddings,
        items: Sequence[Item],
        weights: Sequence[float] | Floats,
        *,
        seal: bool = True,
    ) -> None:
        """`add` for many at once (100,000 new ones in 0.3 to 0.5 s). They become visible together. Without `seal` all
        is searched as it is, until `seal` is called.

        Raises ValueError for lengths that differ or a weight outside (0, inf).
        """
        weights = np.asarray(weights, dtype=np.float32)
        if not len(keys) == len(embeddings) == len(items) == len(weights):
            raise ValueError(
                f"got {len(keys)} keys, {len(embeddings)} embeddings, {len(items)} items, {len(weights)} weights"
            )
        if not (np.isfinite(weights).all() and (weights > 0).all()):
            raise ValueError("weights must be finite and above 0")
        with self._lock:
            self._vectors.is_sealing &= seal
            self._add(keys, self._checked(embeddings), items, self._weighed(keys, items, weights))
            self._publish()

    def seal(self) -> None:
        """Make the segments that a large memory is searched by, which `add_many` may have left; nobody waits for it."""
        vectors = self._vectors
        if vectors.is_sealing or not self._segmented:
            return
        segments = vectors.made_segments()
        with self._lock:
            if vectors is self._vectors:
                vectors.seal(segments)
                self._publish()

    def replace(self, key: str, embedding: Vector, items: Sequence[Item], *, weight: float = 1.0) -> None:
        """Forget what was known of this context and remember `items` instead: a later verdict replaces an earlier one.

        Raises ValueError for a weight outside (0, inf).
        """
        if not 0 < weight < float("inf"):
            raise ValueError("weights must be finite and above 0")
        distinct = list(dict.fromkeys(items))
        n = len(distinct)
        embeddings = self._checked(np.repeat(embedding[None], n, axis=0))
        with self._lock:
            self._forget(self._rows_of.get(key, ()))
            self._add([key] * n, embeddings, distinct, np.full(n, weight, dtype=np.float32))
            self._publish()

    def contradict(self, embedding: Vector, item: str, *, cosine: float = 0.6, factor: float = 0.5) -> int:
        """Someone looked at `item` in this context and passed it over: its memories near here count less.

        Multiplies by `factor` the weights of this item's rows with a cosine of at least `cosine`; returns how many.
        """
        return self.contradict_many(embedding, [(item, cosine, factor)])

    def contradict_many(self, embedding: Vector, passed_over: Sequence[tuple[str, float, float]]) -> int:
        """`contradict` for several (item, cosine, factor) of one context; they become visible together."""
        with self._lock:
            n_changed = 0
            for item, cosine, factor in passed_over:
                rows = self._rows_with(item)
                if len(rows):
                    rows = rows[self._now.vectors.matrix[rows] @ embedding >= cosine]
                if len(rows):
                    self._change(rows, self._weights[rows] * np.float32(factor))
                    n_changed += len(rows)
            if n_changed:
                self._publish()
            return n_changed

    def retract(self, item: str) -> int:
        """What `item` was right for is open again: its rows keep RETRACTED of their weights, and the rest of each says
        that nothing was right there, so that such a context is known as unanswered. Returns how many rows it was."""
        with self._lock:
            rows = self._rows_with(item)
            if len(rows):
                before = self._weights[rows]
                keys, embeddings = [self._keys[row] for row in rows.tolist()], self._now.vectors.matrix[rows]
                self._change(rows, before * np.float32(RETRACTED))
                self._whole[rows] = self._weights[rows]
                self._add(keys, embeddings, [None] * len(keys), before * np.float32(1.0 - RETRACTED))
                self._publish()
            return len(rows)

    def forget(self, *, key: str | None = None, item: str | None = None) -> None:
        """Forget a context, or an item everywhere, or (with both) this item in this context.

        Unknown names are no error.
        """
        if key is None and item is None:
            raise ValueError("say what to forget: a key, an item, or both")
        with self._lock:
            rows: Iterable[int] = self._rows_with(item) if key is None else self._rows_of.get(key, ())
            if item is not None:
                rows = [row for row in rows if self._now.item(row) == item]
            self._forget(rows)
            self._publish()

    def neighbours(self, embedding: Vector, k: int = 50, *, exclude_key: str | None = None) -> Neighbours:
        """The `k` voting rows of highest cosine, those of `exclude_key` left out (a context must not answer itself)."""
        with self._lock:  # for as long as it takes to pick up two references
            now = self._now
            excluded = () if exclude_key is None else self._rows_of.get(exclude_key, ())
        may_vote = now.may_vote
        if excluded:
            may_vote = may_vote.copy()
            may_vote[list(excluded)] = False
        rows, cosines = now.vectors.nearest(embedding, k, may_vote)
        return Neighbours(
            items=tuple(now.items[code] for code in now.codes[rows].tolist()),
            keys=tuple(now.keys[row] for row in rows.tolist()),
            cosines=cosines,
            weights=now.weights[rows],
        )

    def centroids(self, items: Sequence[Item], *, exclude: tuple[str, ...] = ()) -> tuple[Embeddings, Floats]:
        """The weighted mean direction of each item's contexts, as unit rows (n, dim), and the weights' sums (n,).

        The contexts named in `exclude` are left out, exactly. An item without memories has a zero row and weight 0.
        The answer is kept until something is learned: asked again with the same tuple, it is the same arrays.
        """
        if not exclude and isinstance(items, tuple):
            kept = self._centroids
            if kept is not None and kept[0] is self._now and kept[1] is items:
                return kept[2], kept[3]
        with self._lock:
            now = self._now
            excluded = [row for key in set(exclude) for row in self._rows_of.get(key, ()) if now.may_vote[row]]
            sums, totals = self._sums.of([self._code_of.get(item, -1) for item in items])
        places: dict[Item, list[int]] = {}
        for place, item in enumerate(items):
            places.setdefault(item, []).append(place)
        for row in excluded:
            at = places.get(now.item(row), [])
            sums[at] -= now.weights[row] * now.vectors.matrix[row]
            totals[at] -= now.weights[row]
        is_empty = totals < LEAST_VOTING_WEIGHT / 2  # every vote weighs more than that: what is left is rounding
        sums[is_empty], totals[is_empty] = 0.0, 0.0
        directions, weights = unit(sums.astype(np.float32)), totals.astype(np.float32)
        if not exclude and isinstance(items, tuple):
            directions.flags.writeable = weights.flags.writeable = False
            self._centroids = (now, items, directions, weights)
        return directions, weights

    def matrices(self) -> tuple[tuple[str, ...], Embeddings, tuple[Item, ...], Floats]:
        """Keys, vectors (n, dim), items and weights of all that is remembered, also below the voting weight: a copy."""
        now = self._now
        rows = np.flatnonzero(now.weights)
        keys, items = tuple(now.keys[row] for row in rows.tolist()), tuple(now.item(row) for row in rows.tolist())
        return keys, now.vectors.matrix[rows], items, now.weights[rows]

    # -- the writer's side: the lock is held ---------------------------------------------------------------------------

    def _checked(self, embeddings: Embeddings) -> Embeddings:
        embeddings = np.asarray(embeddings, dtype=np.float32)
        if len(embeddings) and embeddings.shape[1:] != (self.dim,):
            raise ValueError(f"expected vectors of {self.dim} dimensions, got {embeddings.shape[1:]}")
        return embeddings

    def _rows_with(self, item: Item) -> NDArray[np.intp]:
        code = self._code_of.get(item, -1)
        return np.flatnonzero((self._now.codes == code) & (self._now.weights > 0))

    def _weighed(self, keys: Sequence[str], items: Sequence[Item], weights: Floats) -> Floats:
        if not self._worth:
            return weights
        worth = np.array([self._worth.get(answer, 1.0) for answer in zip(keys, items, strict=True)], np.float32)
        return np.where(weights < CERTAIN, weights * worth, weights).astype(np.float32)

    def _add(self, keys: Sequence[str], embeddings: Embeddings, items: Sequence[Item], weights: Floats) -> None:
        start = len(self._keys)
        self._codes = _with_room_for(self._codes, start + len(keys))
        self._weights = _with_room_for(self._weights, start + len(keys))
        self._whole = _with_room_for(self._whole, start + len(keys))
        for item in dict.fromkeys(items):
            if item not in self._code_of:
                self._code_of[item] = len(self._items)
                self._items.append(item)
        codes = [self._code_of[item] for item in items]
        if len(set(keys)) == len(keys) and self._rows_of.keys().isdisjoint(keys):
            fresh: Sequence[int] = range(len(keys))  # the common case, and four times faster
            said_again: dict[int, float] = {}
            self._rows_of.update(zip(keys, zip(range(start, start + len(keys))), strict=True))
            self._codes[start : start + len(keys)] = codes
            self._keys.extend(keys)
        else:
            fresh, said_again = self._fresh_and_said_again(keys, codes, weights)
        if fresh:
            if len(fresh) < len(keys):
                embeddings, weights = embeddings[fresh], weights[fresh]
            self._vectors.append(embeddings)
            end = start + len(fresh)
            self._weights[start:end] = self._whole[start:end] = weights
            self._sums.add(self._codes[start:end], embeddings, _votes(weights))
        if said_again:
            rows, said = np.fromiter(said_again, np.intp), np.fromiter(said_again.values(), np.float32)
            self._change(rows, np.maximum(self._weights[rows], said))
            self._whole[rows] = np.maximum(self._whole[rows], said)

    def _fresh_and_said_again(
        self, keys: Sequence[str], codes: Sequence[int], weights: Floats
    ) -> tuple[list[int], dict[int, float]]:
        """Write the keys and codes of what is new; return its places, and the weight of each row said again."""
        fresh: list[int] = []
        said_again: dict[int, float] = {}
        for place, (key, code) in enumerate(zip(keys, codes, strict=True)):
            known = self._rows_of.get(key, ())
            same = next((row for row in known if self._codes[row] == code), None)
            if same is not None:
                said_again[same] = max(said_again.get(same, 0.0), float(weights[place]))
                continue
            row = len(self._keys)
            self._rows_of[key] = (*known, row)
            self._keys.append(key)
            self._codes[row] = code
            fresh.append(place)
        return fresh, said_again

    def _forget(self, rows: Iterable[int]) -> None:
        rows = np.fromiter(rows, dtype=np.intp)
        if not len(rows):
            return
        self._change(rows, np.zeros(len(rows), dtype=np.float32))
        self._whole[rows] = 0.0
        for row in rows.tolist():
            key = self._keys[row]
            if left := tuple(other for other in self._rows_of[key] if other != row):
                self._rows_of[key] = left
            else:
                del self._rows_of[key]
        self._n_forgotten += len(rows)

    def _change(self, rows: NDArray[np.intp], weights: Floats) -> None:
        """Give existing rows new weights, in a copy, so that no reader sees some of them changed and others not."""
        vectors = self._vectors.snapshot().matrix[rows]
        self._sums.add(self._codes[rows], vectors, _votes(weights) - _votes(self._weights[rows]))
        self._weights = self._weights.copy()
        self._weights[rows] = weights

    def _publish(self) -> None:
        n = len(self._keys)
        if self._n_forgotten > max(_COMPACT_FROM, n // 2):
            self._compact()
            return
        weights = self._weights[:n]
        self._now = _Snapshot(
            vectors=self._vectors.snapshot(),
            keys=self._keys,
            codes=self._codes[:n],
            items=self._items,
            weights=weights,
            may_vote=weights > LEAST_VOTING_WEIGHT,
        )

    def _compact(self) -> None:
        n = len(self._keys)
        rows = np.flatnonzero(self._weights[:n])
        matrix, weights, whole = self._vectors.snapshot().matrix[rows], self._weights[rows], self._whole[rows]
        keys, items = [self._keys[row] for row in rows], [self._items[self._codes[row]] for row in rows]
        self._start_over()
        self._add(keys, matrix, items, weights)
        self._whole[: len(rows)] = whole
        self._publish()


class ItemSums:
    """For each item code the weighted sum of its vectors and the sum of the weights, kept up to date by additions.

    In double precision: a million additions and subtractions stay within 1e-6 of the sum made afresh.
    """

    def __init__(self, dim: int) -> None:
        self._sums = np.zeros((16, dim), dtype=np.float64)
        self._totals = np.zeros(16, dtype=np.float64)

    def add(self, codes: NDArray[np.int32], vectors: Embeddings, weights: Floats) -> None:
        """Add weights (negative ones take away) of rows of items."""
        n_needed = int(codes.max(initial=-1)) + 1
        if n_needed > len(self._totals):
            n_more = max(n_needed, 2 * len(self._totals)) - len(self._totals)
            self._sums = np.concatenate([self._sums, np.zeros((n_more, self._sums.shape[1]))])
            self._totals = np.concatenate([self._totals, np.zeros(n_more)])
        if len(codes) and (len(codes) == 1 or (codes == codes[0]).all()):  # what one outcome changes
            self._sums[codes[0]] += weights @ vectors
            self._totals[codes[0]] += weights.sum(dtype=np.float64)
            return
        order = np.argsort(codes, kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
            if len(rows):
                code = codes[rows[0]]
                self._sums[code] += weights[rows] @ vectors[rows]
                self._totals[code] += weights[rows].sum(dtype=np.float64)

    def of(self, codes: Sequence[int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Copies of the sums (n, dim) and totals (n,) of these codes; zero for the code -1."""
        is_known = np.asarray(codes, dtype=np.intp) >= 0
        sums, totals = self._sums[codes], self._totals[codes]
        sums[~is_known], totals[~is_known] = 0.0, 0.0
        return sums, totals


def _votes(weights: Floats) -> Floats:
    """What a row's weight is worth in sums: nothing at or below the voting weight."""
    return np.where(weights > LEAST_VOTING_WEIGHT, weights, np.float32(0))


def _with_room_for(column: NDArray[_Number], n: int) -> NDArray[_Number]:
    if n <= len(column):
        return column
    grown = np.empty(max(n, 2 * len(column)), dtype=column.dtype)
    grown[: len(column)] = column
    return grown
