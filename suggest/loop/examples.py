"""What a retrain learns from: each context with what is known of its right answer, and how that became known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from suggest.calibrate.silence import Audited
from suggest.loop.conversations import conversations
from suggest.loop.folds import CLICK_TEST_SHARE, N_FOLDS, NEVER_HELD_OUT, TIME_FOLD, fold_of
from suggest.rank.habits import Asker
from suggest.rank.traits import NO_TRAITS, Traits

FORM = 0.05  # a text that makes up more of the examples is a form: what was asked stands in its fields
CROWD = 1.0 / N_FOLDS  # of the examples: a context with more of them would fill a fold alone
ENOUGH_HELD_OUT = 1_500  # labels that a tuned encoder never sees: more calibrate no better and would tune it less


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplied:
    """The options that a caller brought along, and what was known of them when they were ranked."""

    ids: tuple[str, ...]
    name_cosine: NDArray[np.float32]  # (n,)
    lexical: NDArray[np.float32]  # (n,)
    traits: tuple[Traits, ...]  # (n,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One context. `right` empty and `examined` empty: a none-label. `right` empty, `examined` not: a dismissal, or a
    refusal."""

    key: str  # identity of the context: equal texts share it and never stand on both sides of a split
    text: str
    row: int  # of the embedding matrix
    right: tuple[str, ...]
    weight: float
    order: float  # seconds since the epoch when it became known; orders clicks, says nothing of labels
    click: bool  # from a logged slate, which splits by time
    examined: tuple[str, ...] = ()  # options the person looked past, in order of position
    slot: int = 0  # of the chosen option, 0 is the top
    newer: frozenset[str] = field(default_factory=frozenset)  # candidates a none-label could not speak of
    shown: tuple[str, ...] = ()  # of a click: the whole slate, in order of position
    stands_for: float = 1.0  # of a selection: how many would have been made, had everybody looked so far down
    traits: Traits = NO_TRAITS  # what the fields of the context say
    asker: Asker | None = None  # of a click: who asked, and when
    wording: str = ""  # identity of its text alone; empty: the key is
    path: tuple[str, ...] = ()  # names of all that was said up to each turn and to its text; empty: nothing before it
    supplied: Supplied | None = None  # None: the options were the surface's own
    is_refusal: bool = False  # one option was dismissed by name: nothing is said of the rest of the slate
    sure: float = 1.0  # P(what it says is true): people take by mistake, and dismiss what they never looked at

    @property
    def text_key(self) -> str:
        """Equal for equal texts, whatever their fields."""
        return self.wording or self.key

    @property
    def is_none(self) -> bool:
        return not self.right and not self.examined

    @property
    def is_dismissal(self) -> bool:
        return not self.right and bool(self.examined) and not self.is_refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    ids: tuple[str, ...]
    texts: tuple[str, ...]
    embeddings: NDArray[np.float32]  # (n, d) unit rows
    traits: tuple[Traits, ...] = ()  # (n,) what their fields say; none where no candidate has any

    def __post_init__(self) -> None:
        if self.traits and len(self.traits) != len(self.ids):
            raise ValueError("a catalog's columns must have one length")
        if not len(self.ids) == len(self.texts) == len(self.embeddings):
            raise ValueError("a catalog's columns must have one length")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What somebody who was shown something did with it, as far as it tells whether an answer was wanted."""

    key: str  # of the context
    row: int  # of the embedding matrix
    wanted: bool
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleSet:
    examples: tuple[Example, ...]
    embeddings: NDArray[np.float32]  # (rows, d) unit rows
    catalog: Catalog
    audited: Audited = field(default_factory=Audited)  # what silence of this surface's people means
    reactions: tuple[Reaction, ...] = ()  # no examples: they say nothing of what is right
    tuned_on: frozenset[str] = frozenset()  # text keys of contexts that the encoder of `embeddings` was tuned on

    def __len__(self) -> int:
        return len(self.examples)

    def options(self) -> frozenset[str]:
        """Everything there was to choose from: the catalogue, and what callers brought along."""
        return frozenset(self.catalog.ids).union(*(e.supplied.ids for e in self.examples if e.supplied is not None))

    @property
    def positives(self) -> int:
        return sum(1 for e in self.examples if e.right)

    @property
    def nones(self) -> int:
        """Of which somebody said that nothing is right."""
        return sum(1 for e in self.examples if e.is_none)

    def conversations(self) -> list[str]:
        """(n,) name of the conversation that each context belongs to; what stands alone has its text's key for a name.

        Identical texts have one name, whatever their fields; a text that is a form, always the same with other fields,
        is told apart by them: else all were one."""
        forms = self._forms()
        names = conversations([e.path or (e.text_key,) for e in self.examples])
        texts: dict[str, set[str]] = {}
        for example, name in zip(self.examples, names, strict=True):
            texts.setdefault(name, set()).add(example.text_key)
        return [
            e.key if e.text_key in forms else name if len(texts[name]) > 1 else e.text_key
            for e, name in zip(self.examples, names, strict=True)
        ]

    def folds(self) -> NDArray[np.int64]:
        """(n,) fold of each example: labels at random, stratified by item; the latest fifth of the clicks together.

        A conversation shares a fold, and so do identical texts, whatever they are; a label's fold wins. Only the clicks
        of a crowd are dealt one by one: when it is asked again it has been answered before. New labels of an item are
        dealt after its old ones, which stay where they were. What the encoder was tuned on is never held out."""
        crowds = self.crowds()
        names = [
            f"{e.key}\x1f{e.order:.0f}" if e.click and e.key in crowds else name
            for e, name in zip(self.examples, self.conversations(), strict=True)
        ]
        named = list(zip(self.examples, names, strict=True))
        never = {name for e, name in named if e.text_key in self.tuned_on}
        fold: dict[str, int] = dict.fromkeys(never, NEVER_HELD_OUT)
        by_item: dict[str, list[str]] = {}
        for example, name in sorted(named, key=lambda each: (each[0].order, each[0].key)):
            if not example.click and name not in never:
                by_item.setdefault(example.right[0] if example.right else "", []).append(name)
        for item, of_item in by_item.items():
            for place, name in enumerate(dict.fromkeys(of_item)):
                fold.setdefault(name, _dealt(item, place))
        clicks = [(name, e.order) for e, name in named if e.click and name not in never]
        late = _late(clicks, {name for e, name in named if not e.click})
        for name, _ in clicks:
            fold.setdefault(name, TIME_FOLD if name in late else fold_of(name, "click", N_FOLDS))
        return np.array([fold[name] for name in names], np.int64)

    def _forms(self) -> frozenset[str]:
        """Texts that make up much of the examples, with fields that differ."""
        of_text: dict[str, set[str]] = {}
        for example in self.examples:
            if example.wording:
                of_text.setdefault(example.wording, set()).add(example.key)
        return frozenset(text for text, keys in of_text.items() if len(keys) > max(FORM * len(self.examples), 1))

    def crowds(self) -> frozenset[str]:
        """Keys of contexts, fields and all, of which there are more than one fold should hold: a home page with one
        text, where only the person or the options differ."""
        times = Counter(example.key for example in self.examples if example.click)
        return frozenset(key for key, n in times.items() if n > max(CROWD * len(self.examples), 1))

    def to_tune_on(self) -> frozenset[str]:
        """Keys of the contexts with a known answer that an encoder may be tuned on.

        Not among them: the latest clicks and one fold of the labels, of which `ENOUGH_HELD_OUT` are enough. They
        calibrate and judge what comes of it."""
        answered = [
            (e.text_key, name, int(fold))
            for e, name, fold in zip(self.examples, self.conversations(), self.folds(), strict=True)
            if e.right and e.supplied is None
        ]
        first_fold = sum(1 for *_, fold in answered if fold == 0)
        given_back = 1.0 - ENOUGH_HELD_OUT / max(first_fold, ENOUGH_HELD_OUT)

        def is_tuned_on(name: str, fold: int) -> bool:
            return fold not in (0, TIME_FOLD) or (fold == 0 and fold_of(name, "tune", 1000) < 1000 * given_back)

        kept = frozenset(key for key, name, fold in answered if not is_tuned_on(name, fold))  # of a form, some are
        return frozenset(key for key, name, fold in answered if is_tuned_on(name, fold)) - kept


def _dealt(item: str, place: int) -> int:
    """The fold of an item's label number `place`: each five in a row go to the five folds, in an order of their own."""
    block, within = divmod(place, N_FOLDS)
    return sorted(range(N_FOLDS), key=lambda f: fold_of(f"{item}\x1f{block}\x1f{f}", "deal", 1 << 30))[within]


def _late(clicks: Sequence[tuple[str, float]], labelled: set[str]) -> set[str]:
    """Conversations whose first click lies in the latest fifth of the clicks."""
    first: dict[str, float] = {}
    for name, order in clicks:
        if name not in labelled:
            first[name] = min(order, first.get(name, order))
    ordered = sorted(first, key=lambda k: (first[k], k))
    return set(ordered[len(ordered) - int(len(ordered) * CLICK_TEST_SHARE) :]) if len(ordered) >= 25 else set()
