"""Fields are learned without configuration: categories, thresholds on numbers, and options that a caller brings along.

Small worlds of which the truth is known. One in twenty answers is somebody's mistake, so nothing can be right in more
than .95; the text alone leaves two answers open, so without fields nothing can be right in more than half."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pytest
from loop.worlds import ClusteredWorld, ExampleWriter, Floats, unit

from suggest.calibrate.prior import shipped_prior
from suggest.domain.candidate import Candidate
from suggest.loop.build import Built, build
from suggest.loop.examples import Catalog, ExampleSet, Supplied
from suggest.loop.scores import held_out_scores, measures
from suggest.online.model import Model
from suggest.online.suggester import Suggester
from suggest.rank.traits import traits_of

N_TOPICS, PER_TOPIC, N_ASKED, MISTAKES = 6, 50, 240, 0.05
SEED = 11
LARGE = 120.0  # from this amount on another answer is right


class FieldWorld:
    """A topic is told by the text; which of its two answers is right, by the plan (first half) or the amount."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.world = ClusteredWorld(n_items=N_TOPICS, spread=0.5, seed=seed)
        names = np.repeat(self.world.catalog.embeddings, 2, axis=0)
        names = unit(names + 0.1 * self.rng.normal(size=names.shape) / np.sqrt(self.world.dim))
        ids = tuple(f"{topic}{side}" for topic in self.world.ids for side in "ab")
        self.catalog = Catalog(ids=ids, texts=tuple(f"reply {i}" for i in ids), embeddings=names)

    def ask(self) -> tuple[Floats, Mapping[str, object], str]:
        """A context, its fields and the right answer."""
        topic = int(self.rng.integers(N_TOPICS))
        fields: dict[str, object] = {
            "plan": ("free", "pro")[int(self.rng.integers(2))],
            "amount": float(np.exp(self.rng.normal(np.log(LARGE), 0.8))),
            "browser": f"b{self.rng.integers(5)}",  # means nothing
        }
        is_b = fields["plan"] == "pro" if topic < N_TOPICS // 2 else float(str(fields["amount"])) >= LARGE
        right = f"{self.world.ids[topic]}{'b' if is_b else 'a'}"
        return self.world.requests(topic, 1)[0], fields, right

    def labels(self, n: int) -> ExampleSet:
        writer, told = ExampleWriter(self.world), []
        for _ in range(n):
            vector, fields, right = self.ask()
            if self.rng.random() < MISTAKES:
                right = right[:-1] + ("a" if right.endswith("b") else "b")
            writer.label(vector, right)
            told.append(traits_of(fields))
        made = writer.all()
        examples = tuple(replace(e, traits=t) for e, t in zip(made.examples, told, strict=True))
        return replace(made, examples=examples, catalog=self.catalog)


@dataclass(frozen=True)
class Learned:
    world: FieldWorld
    examples: ExampleSet
    built: Built

    def served(self) -> Suggester:
        return serving(self.built, self.examples)


def grown(examples: ExampleSet, world: ClusteredWorld) -> Built:
    background = world.background(30)
    return build(examples, shipped_prior(), background=background, seed=1, report=lambda done, step: None)


def serving(built: Built, examples: ExampleSet) -> Suggester:
    """A surface with this bundle, through its files, and the same memory."""
    catalog = examples.catalog
    suggester = Suggester("desk", dim=examples.embeddings.shape[1])
    suggester.candidates.upsert(catalog.ids, catalog.texts, catalog.embeddings)
    suggester.lexical.upsert(catalog.ids, catalog.texts)
    for example in examples.examples:
        for item in example.right:
            suggester.memory.add(example.key, examples.embeddings[example.row], item)
    ranker = type(built.ranker).from_files(built.ranker.files())
    suggester.install_model(replace(Model.prior(), bundle="b", ranker=ranker, choice=built.choice))
    return suggester


@pytest.fixture(scope="module")
def learned() -> Learned:
    world = FieldWorld(SEED)
    examples = world.labels(N_TOPICS * PER_TOPIC)
    return Learned(world, examples, grown(examples, world.world))


@pytest.mark.slow
def test_a_category_and_a_threshold_on_a_number_are_learned_from_labels(learned: Learned) -> None:
    suggester = learned.served()
    hits: dict[str, list[bool]] = {"with": [], "without": []}
    p_first = []
    for _ in range(N_ASKED):
        vector, fields, right = learned.world.ask()
        known = suggester.rank(vector, "", context=traits_of(fields))
        hits["with"].append(known.ids[0] == right)
        hits["without"].append(suggester.rank(vector, "").ids[0] == right)
        p_first.append(known.p_select[0])
    found = {name: float(np.mean(each)) for name, each in hits.items()}
    print(f"top 1: {found['with']:.3f} with fields, {found['without']:.3f} without; said {np.mean(p_first):.3f}")
    # 240 questions: three standard errors of .9 are .06
    assert found["without"] < 0.62, "the text alone must not tell"
    assert found["with"] > 0.84, "a threshold is blurred by mistakes and quantiles: the ceiling is a little below 1"
    assert abs(np.mean(p_first) - found["with"]) < 0.10, "and it knows how sure it may be"


@pytest.mark.slow
def test_fields_that_mean_nothing_cost_next_to_nothing_and_none_at_all_change_nothing(learned: Learned) -> None:
    """The same labels with the answers' fields dealt anew, and without any."""
    examples = learned.examples
    dealt = np.random.default_rng(3).permutation(len(examples))
    shuffled = replace(
        examples,
        examples=tuple(
            replace(e, traits=examples.examples[int(n)].traits) for e, n in zip(examples.examples, dealt, strict=True)
        ),
    )
    bare = replace(examples, examples=tuple(replace(e, traits=type(e.traits)()) for e in examples.examples))
    plain, noise = grown(bare, learned.world.world), grown(shuffled, learned.world.world)
    assert plain.ranker.fields is None
    assert "fields.npz" not in plain.ranker.files()
    assert all(
        not p.columns.named(("fields", "gap_fields", "field_match", "field_apart")).any() for p in plain.held_out
    )
    nll = {
        name: np.array([s.nll for s in held_out_scores(built, examples) if s is not None])
        for name, built in (("none", plain), ("noise", noise), ("real", learned.built))
    }
    worse = nll["noise"] - nll["none"]
    print({name: round(float(each.mean()), 3) for name, each in nll.items()}, f"noise costs {worse.mean():+.3f} nats")
    assert worse.mean() < 0.03 + 3 * worse.std() / np.sqrt(len(worse))
    assert nll["real"].mean() < nll["none"].mean() - 0.2


@pytest.mark.slow
@pytest.mark.parametrize("one_text", [0.5, 1.0])
def test_options_that_a_caller_brings_along_are_learned_by_their_fields(one_text: float) -> None:
    """No option ever comes back: right is what is within the budget, then of the brand that is liked, then cheap. Half
    of the requests, or all of them, have the same text, as those of one page have."""
    rng = np.random.default_rng(SEED)
    world = ClusteredWorld(n_items=4, seed=SEED)
    brands = [f"brand{n}" for n in range(5)]

    def asked() -> tuple[Floats, dict[str, object], list[Candidate], int]:
        n = 6
        budget, likes = float(rng.uniform(20, 200)), str(rng.choice(brands))
        prices, own = rng.uniform(10, 300, n), [str(b) for b in rng.choice(brands, n)]
        own[int(rng.integers(n))] = likes
        utility = 3.0 * np.array([b == likes for b in own]) - 4.0 * (prices > budget) - prices / 100
        options = [
            Candidate(id=f"p{rng.integers(1 << 40)}", text="product", fields={"brand": b, "price": float(p)})
            for b, p in zip(own, prices, strict=True)
        ]
        return world.requests(0, 1)[0], {"brand": likes, "price": budget}, options, int(utility.argmax())

    def supplied(options: list[Candidate]) -> Supplied:
        return Supplied(
            ids=tuple(o.id for o in options),
            name_cosine=np.full(len(options), 0.3, np.float32),
            lexical=np.zeros(len(options), np.float32),
            traits=tuple(traits_of(o.fields) for o in options),
        )

    writer, told = ExampleWriter(world), []
    for _ in range(300):
        vector, fields, options, right = asked()
        writer.click(vector, options[right].id, shown=tuple(o.id for o in options), examined=())
        told.append((traits_of(fields), supplied(options)))
    made = writer.all()
    examples = replace(
        made,
        examples=tuple(
            replace(e, traits=t, supplied=s, key="the form", wording="the form")
            if n % 2 or one_text == 1
            else replace(e, traits=t, supplied=s)
            for n, (e, (t, s)) in enumerate(zip(made.examples, told, strict=True))
        ),
        catalog=replace(made.catalog, ids=(), texts=(), embeddings=made.catalog.embeddings[:0]),
    )
    suggester = serving(grown(examples, world), examples)
    hits = []
    name = unit(np.ones(world.dim))
    for _ in range(N_ASKED):
        vector, fields, options, right = asked()
        ranking = suggester.rank(vector, "", supplied=[(o, name) for o in options], context=traits_of(fields))
        hits.append(ranking.ids[0] == options[right].id)
    print(f"top 1 among six that were never seen: {np.mean(hits):.3f}; chance .167")
    assert np.mean(hits) > 0.75


@pytest.mark.slow
def test_what_only_a_field_tells_is_not_taken_for_a_mistake() -> None:
    """Nobody takes anything by mistake, and who does not see the right one dismisses. The text says nothing."""
    rng, world = np.random.default_rng(SEED), ClusteredWorld(n_items=5, seed=SEED)
    writer, middle = ExampleWriter(world), unit(world.centres.mean(axis=0))
    kinds = []
    for _ in range(300):
        right = int(rng.integers(5))
        shown = tuple(world.ids[n] for n in rng.permutation(5)[:3])
        wanted = world.ids[right]
        vector = unit(middle + 0.3 * rng.normal(size=world.dim) / np.sqrt(world.dim))
        if wanted in shown:
            writer.click(vector, wanted, shown=shown, examined=shown[: shown.index(wanted)])
        else:
            writer.click(vector, None, shown=shown, examined=shown)
        kinds.append(traits_of({"kind": f"kind {right}"}))
    made = writer.all()
    examples = replace(made, examples=tuple(replace(e, traits=t) for e, t in zip(made.examples, kinds, strict=True)))
    built = grown(examples, world)
    sure = float(np.mean([e.sure for e in built.examples.examples if e.right]))
    told = measures(held_out_scores(built, built.examples), built.examples.examples)
    print(f"selections are believed by {sure:.2f}; top 1 {told['top1']:.3f}, ECE of p_any {told['ece_p_any']:.3f}")
    assert sure > 0.9
    assert told["top1"] > 0.95
    assert told["ece_p_any"] < told["ece_floor_p95"] + 0.02
