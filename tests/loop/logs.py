"""Logged slates of a world whose truth is known: people read down and take the first option that suits them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from suggest.loop.logged import LoggedSlate, Twins
from suggest.policy.arrange import arrange

Floats = NDArray[np.float64]
NO_TWINS = Twins((), (), np.zeros((0, 1), np.float32))


class Readers:
    """`n_options` options; one is right for each request, or none. Attention falls with the slot."""

    def __init__(self, *, n_options: int = 6, seed: int = 0, k: int = 3) -> None:
        self.ids = tuple(f"o{i}" for i in range(n_options))
        self.rng = np.random.default_rng(seed)
        self.k = k
        self.attention = np.array([0.9, 0.7, 0.5])[:k]

    def request(self) -> tuple[Floats, Floats]:
        """The chance of each option of being right, and what a rather good model makes of that as logits."""
        truth = self.rng.dirichlet(np.full(len(self.ids), 0.4)) * 0.9
        return truth, np.log(truth + 0.02) + 0.5 * self.rng.normal(size=len(self.ids))

    def serve(self, n: int, *, tau: float, bundle: str = "served") -> list[LoggedSlate]:
        return [self._slate(i, tau, bundle) for i in range(n)]

    def value(self, logits_of: Callable[[LoggedSlate], Floats], tau: float, slates: list[LoggedSlate]) -> float:
        """The true value of a target on these requests, by drawing from it: 60 slates a request."""
        total = 0.0
        for slate in slates:
            for _ in range(60 if tau else 1):
                drawn = arrange(self.ids, logits_of(slate), self.k, tau=tau, rng=self.rng)
                total += float(self.attention @ self.truths[slate.id][list(drawn.order)]) / (60 if tau else 1)
        return total / len(slates)

    truths: dict[str, Floats]

    def _slate(self, i: int, tau: float, bundle: str) -> LoggedSlate:
        truth, logits = self.request()
        if not hasattr(self, "truths"):
            self.truths = {}
        id = f"{bundle}-{i}"
        self.truths[id] = truth
        drawn = arrange(self.ids, logits, self.k, tau=tau, rng=self.rng)
        order = list(drawn.order)
        right = self.rng.choice(len(self.ids) + 1, p=[*truth, 1 - truth.sum()])
        taken = (np.array(order) == right) & (self.rng.random(self.k) < self.attention)
        p = np.exp(logits) / (np.exp(logits).sum() + 0.1)
        return LoggedSlate(
            id=id,
            sequence=i + 1,
            bundle=bundle,
            tau=tau,
            encoder="e",
            embedding=None,
            context_key=id,
            feature_version=1,
            ids=self.ids,
            logits=logits,
            p=p,
            columns=np.zeros((0, 0), np.float32),
            order=tuple(order),
            propensities=np.array(drawn.propensities),
            reward=taken.astype(float),
            supplied=False,
        )
