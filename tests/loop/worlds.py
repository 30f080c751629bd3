"""Small worlds with a known truth: requests lie in clusters around the answers they ask for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from suggest.domain import weight as weights
from suggest.loop.examples import Catalog, Example, ExampleSet
from suggest.loop.made_up import Background
from suggest.online.suggester import Suggester
from suggest.rank.examination import Examination

Floats = NDArray[np.float32]
DIM = 24


def unit(rows: NDArray[np.floating]) -> Floats:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)


class ClusteredWorld:
    """`n_items` candidates; the text of each lies near the middle of its requests, and some lie nearer than others.

    All of it lives in the first half of the space: what is *far* comes from the other half."""

    def __init__(self, *, n_items: int = 12, dim: int = DIM, spread: float = 0.6, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.dim, self.spread = dim, spread
        self.ids = tuple(f"item{n:02d}" for n in range(n_items))
        self.centres = unit(self._noise(n_items))
        names = unit(self.centres + 0.7 * self._noise(n_items))
        self.catalog = Catalog(ids=self.ids, texts=tuple(f"reply {i}" for i in self.ids), embeddings=names)

    def _noise(self, n: int, *, far: bool = False) -> NDArray[np.float64]:
        half = self.dim // 2
        rows = np.zeros((n, self.dim))
        part = slice(half, None) if far else slice(0, half)
        rows[:, part] = self.rng.normal(size=(n, half)) / np.sqrt(half)
        rows += 0.05 * self.rng.normal(size=rows.shape) / np.sqrt(self.dim)
        return rows

    def requests(self, item: int, n: int) -> Floats:
        """Contexts that ask for this item, (n, dim)."""
        return unit(self.centres[item] + self.spread * self._noise(n))

    def far(self, n: int) -> Floats:
        """Contexts about something else altogether."""
        return unit(self._noise(n, far=True))

    def background(self, n: int = 60) -> Background:
        return Background(texts=tuple(f"elsewhere {i}" for i in range(n)), embeddings=self.far(n))

    def suggester(self) -> Suggester:
        """A fresh surface with these candidates and nothing learned."""
        fresh = Suggester("desk", dim=self.dim)
        fresh.candidates.upsert(self.ids, self.catalog.texts, self.catalog.embeddings)
        fresh.lexical.upsert(self.ids, self.catalog.texts)
        return fresh


class ExampleWriter:
    """Examples one after the other, each with a vector of its own."""

    def __init__(self, world: ClusteredWorld) -> None:
        self.world = world
        self._examples: list[Example] = []
        self._rows: list[Floats] = []

    def label(
        self,
        embedding: Floats,
        *right: str,
        key: str | None = None,
        newer: frozenset[str] = frozenset(),
        order: float | None = None,
    ) -> ExampleWriter:
        """A known answer; without one, a none-label."""
        return self._add(embedding, right=right, key=key, weight=weights.LABEL, click=False, newer=newer, order=order)

    def click(
        self,
        embedding: Floats,
        item: str | None,
        *,
        examined: Sequence[str] = (),
        key: str | None = None,
        shown: tuple[str, ...] = (),
        text: str | None = None,
    ) -> ExampleWriter:
        """A selection after looking past `examined`; without an item, a dismissal of them."""
        right = () if item is None else (item,)
        return self._add(
            embedding,
            right=right,
            key=key,
            weight=weights.CLICK,
            click=True,
            examined=tuple(examined),
            slot=len(examined) if item is not None else 0,
            shown=shown,
            text=text,
        )

    def labels(self, per_item: int) -> ExampleWriter:
        """`per_item` labels of every item, the items taking turns."""
        for _ in range(per_item):
            for n, item in enumerate(self.world.ids):
                self.label(self.world.requests(n, 1)[0], item)
        return self

    def all(self) -> ExampleSet:
        return ExampleSet(
            examples=tuple(self._examples), embeddings=np.array(self._rows, np.float32), catalog=self.world.catalog
        )

    def _add(
        self,
        embedding: Floats,
        *,
        key: str | None,
        order: float | None = None,
        text: str | None = None,
        **fields: object,
    ) -> ExampleWriter:
        n = len(self._examples)
        made = Example(
            key=key or f"request-{n}",
            text=text or f"request {n}",
            row=n,
            order=float(n if order is None else order),
            **fields,  # type: ignore[arg-type]  # the fields of Example
        )
        self._examples.append(made)
        self._rows.append(embedding)
        return self


def read_by(people: Examination, writer: ExampleWriter, *, n: int, slots: int, seed: int) -> ExampleSet:
    """A log of slates in the order of the names, as these people read them. The text of each says what was right."""
    world, rng = writer.world, np.random.default_rng(seed)
    for _ in range(n):
        right = int(rng.integers(len(world.ids)))
        vector = world.requests(right, 1)[0]
        shown = tuple(world.ids[i] for i in np.argsort(-(world.catalog.embeddings @ vector), kind="stable")[:slots])
        takes = np.array([people.right if i == world.ids[right] else people.wrong[k] for k, i in enumerate(shown)])
        hits = np.flatnonzero((rng.random(slots) < people.theta) & (rng.random(slots) < takes))
        dismisses = rng.random() < 0.5
        if len(hits):
            slot = int(hits[0])
            writer.click(vector, shown[slot], examined=shown[:slot], shown=shown, text=world.ids[right])
        elif dismisses:
            writer.click(vector, None, examined=shown, shown=shown, text=world.ids[right])
    return writer.all()


def remember(suggester: Suggester, examples: ExampleSet, *, but: str | None = None) -> Suggester:
    """Teach a living surface the same examples, one by one as they came; the contexts named `but` are left out."""
    for example in examples.examples:
        vector = examples.embeddings[example.row]
        if example.key == but:
            continue
        if example.click and example.right:
            suggester.learn_select(example.key, vector, example.right[0], passed_over=())
        elif example.click:
            suggester.learn_dismiss(example.key, vector, passed_over=())
        else:
            for item in example.right or (None,):
                suggester.learn_label(example.key, vector, item)
    return suggester
