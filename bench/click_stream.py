"""One stream of requests, live, slates of three: this project's instant learning beside Vowpal Wabbit's bandits.

All see the same requests in the same order, the same candidates, people who read alike and draw the same numbers, and
the same features: the context's embedding, and of each candidate its id, the cosine of its name and its word overlap.
None retrains. A person takes or does not; of silence the bandits learn a reward of nothing, as they must."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from bench.click_world import RIGHT, SLOTS, Reader, Requests, fresh
from suggest.loop.examples import Catalog
from suggest.policy.arrange import arrange, impression_rng
from suggest.retrieve.lexical import overlap

K = 3
CHECKPOINTS = (100, 200, 400, 800, 1_200, 1_600)
TAU = 0.3  # our exploration
KINDS = ("--cb_explore_adf --epsilon 0.05", "--cb_explore_adf --squarecb", "--ccb_explore_adf --epsilon 0.05")
THEIRS = "-l 0.5 -b 22 --random_seed 1 --quiet"  # rates .05 to 10 were tried on another seed


class Learner(Protocol):
    name: str

    def slate(self, n: int, text: str, embedding: np.ndarray) -> list[str]: ...

    def told(self, n: int, text: str, embedding: np.ndarray, slate: list[str], slot: int | None) -> None: ...


class Ours:
    name = "suggest"

    def __init__(self, catalog: Catalog) -> None:
        self._suggester = fresh(catalog)

    def slate(self, n: int, text: str, embedding: np.ndarray) -> list[str]:
        ranking = self._suggester.rank(embedding, text)
        drawn = arrange(ranking.ids, ranking.logits, K, tau=TAU, rng=impression_rng(f"impression-{n}", 0))
        self._suggester.observe_request(ranking, embedding)
        return [ranking.ids[i] for i in drawn.order]

    def told(self, n: int, text: str, embedding: np.ndarray, slate: list[str], slot: int | None) -> None:
        if slot is not None:  # silence is missing, never negative
            self._suggester.learn_select(f"request-{n}", embedding, slate[slot], passed_over=slate[:slot])


class Bandit:
    """Vowpal Wabbit: a namespace for the context, one for the candidate's id, one for how they match.

    With `products` of context and id it can learn what each candidate is about, as we do; within some hundred requests
    those thousands of weights are in its way, so that it is run with and without."""

    def __init__(self, catalog: Catalog, kind: str) -> None:
        import vowpalwabbit

        self.name = f"vw {kind}"
        self._slots = "--ccb" in kind
        self._catalog = catalog
        self._vw: Any = vowpalwabbit.Workspace(f"{kind} {THEIRS}")
        self._drawn: dict[int, tuple[list[str], list[int], list[float]]] = {}

    def _lines(self, text: str, embedding: np.ndarray) -> tuple[str, list[str]]:
        shared = "|c " + " ".join(f"{i}:{value:.4f}" for i, value in enumerate(embedding) if abs(value) > 1e-4)
        named = self._catalog.embeddings @ embedding
        words = overlap(text, self._catalog.texts)
        actions = [
            f"|a {c} |n name:{cosine:.4f} words:{share:.4f}"
            for c, cosine, share in zip(self._catalog.ids, named, words, strict=True)
        ]
        return shared, actions

    def slate(self, n: int, text: str, embedding: np.ndarray) -> list[str]:
        shared, actions = self._lines(text, embedding)
        rng = impression_rng(f"impression-{n}", 1)
        if self._slots:
            lines = [f"ccb shared {shared}", *(f"ccb action {a}" for a in actions), *(["ccb slot |s 1"] * K)]
            decided = self._vw.predict(lines)
            chosen: list[int] = []
            chances: list[float] = []
            for slot in decided:
                left = [(action, p) for action, p in slot if action not in chosen]
                p = np.array([p for _, p in left])
                pick = int(rng.choice(len(left), p=p / p.sum()))
                chosen.append(left[pick][0])
                chances.append(float(p[pick] / p.sum()))
        else:
            lines = [f"shared {shared}", *actions]
            p = np.array(self._vw.predict(lines))
            first = int(rng.choice(len(p), p=p / p.sum()))
            others = [int(i) for i in np.argsort(-p, kind="stable") if i != first]
            chosen, chances = [first, *others[: K - 1]], [float(p[first] / p.sum())] + [1.0] * (K - 1)
        self._drawn[n] = (lines, chosen, chances)
        return [self._catalog.ids[i] for i in chosen]

    def told(self, n: int, text: str, embedding: np.ndarray, slate: list[str], slot: int | None) -> None:
        lines, chosen, chances = self._drawn.pop(n)
        if self._slots:
            head, tail = lines[:-K], []
            for place in range(K):
                cost = -1.0 if place == slot else 0.0
                tail.append(f"ccb slot {chosen[place]}:{cost}:{max(chances[place], 1e-3):.5f} |s 1")
            self._vw.learn([*head, *tail])
            return
        for place in dict.fromkeys([0, slot or 0]):  # what was drawn, and what was taken below it: its best, not drawn
            cost = -1.0 if place == slot else 0.0
            labelled = list(lines)
            labelled[1 + chosen[place]] = f"0:{cost}:{max(chances[place], 1e-3):.5f} {labelled[1 + chosen[place]]}"
            self._vw.learn(labelled)


def stream(catalog: Catalog, requests: Requests, reader: Reader, *, seed: int) -> list[dict[str, object]]:
    """Each learner's share of slates from which the right option was taken, up to each checkpoint and in its last."""
    learners: list[Learner] = [Ours(catalog)]
    if importlib.util.find_spec("vowpalwabbit") is not None:
        learners += [Bandit(catalog, kind + products) for kind in KINDS for products in ("", " -q ca")]
    return [_run(learner, requests, reader, seed=seed) for learner in learners]


def _run(learner: Learner, requests: Requests, reader: Reader, *, seed: int) -> dict[str, object]:
    rng = np.random.default_rng([seed, 11])
    accepted = []
    for n, (text, embedding, right) in enumerate(zip(requests.texts, requests.embeddings, requests.right, strict=True)):
        slate = learner.slate(n, text, embedding)
        slot = _taken(slate, right, reader, rng)
        learner.told(n, text, embedding, slate, slot)
        accepted.append(slot is not None and slate[slot] == right)
    ends = [c for c in CHECKPOINTS if c <= len(accepted)]
    return {
        "learner": learner.name,
        "accepted_until": {str(c): round(float(np.mean(accepted[:c])), 4) for c in ends},
        "final": round(float(np.mean(accepted[-400:])), 4),
    }


def _taken(slate: Sequence[str], right: str, reader: Reader, rng: np.random.Generator) -> int | None:
    looks, takes = rng.random(SLOTS), rng.random(SLOTS)
    for slot, item in enumerate(slate):
        if looks[slot] < reader.theta[slot] and takes[slot] < (RIGHT if item == right else reader.wrong[slot]):
            return slot
    return None
