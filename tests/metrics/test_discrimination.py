"""AUROC and FPR95 against counting pairs, with ties, and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suggest.metrics.discrimination import auroc, fpr95, fpr_at_tpr

scores = st.lists(st.sampled_from([0.0, 0.2, 0.5, 0.5, 0.9, 1.0]), min_size=1, max_size=15)


@given(positives=scores, negatives=scores)
def test_auroc_counts_pairs_and_half_of_the_ties(positives: list[float], negatives: list[float]) -> None:
    wins = sum((a > b) + 0.5 * (a == b) for a in positives for b in negatives)
    score, kind = positives + negatives, [1] * len(positives) + [0] * len(negatives)
    assert auroc(score, kind) == pytest.approx(wins / (len(positives) * len(negatives)))


@given(positives=scores, negatives=scores)
def test_turning_the_score_round_turns_the_auroc_round(positives: list[float], negatives: list[float]) -> None:
    score, kind = np.array(positives + negatives), [1] * len(positives) + [0] * len(negatives)
    assert auroc(score, kind) + auroc(-score, kind) == pytest.approx(1.0)


def test_auroc_sees_only_the_order() -> None:
    rng = np.random.default_rng(0)
    score, kind = rng.random(200), rng.random(200) < 0.4
    assert auroc(score, kind) == auroc(np.exp(5 * score), kind)


def test_auroc_agrees_with_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(1)
    score, kind = rng.integers(0, 50, 2_000) / 50, rng.random(2_000) < 0.3
    assert auroc(score, kind) == pytest.approx(metrics.roc_auc_score(kind, score), abs=1e-12)


def test_a_constant_score_tells_nothing_apart() -> None:
    assert auroc([0.5] * 10, [1] * 4 + [0] * 6) == 0.5
    assert fpr95([0.5] * 10, [1] * 4 + [0] * 6) == 1.0


def test_fpr95_keeps_95_of_100_positives() -> None:
    positives = np.arange(1, 101) / 100  # 95 of them are >= .06
    negatives = np.array([0.055, 0.06, 0.5, 0.0])
    assert fpr95(np.concatenate([positives, negatives]), [1] * 100 + [0] * 4) == 0.5


def test_fpr_at_full_tpr_uses_the_weakest_positive() -> None:
    assert fpr_at_tpr([0.9, 0.1, 0.5, 0.05], [1, 1, 0, 0], tpr=1.0) == 0.5


def test_fpr95_agrees_with_the_roc_curve() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(2)
    kind = rng.random(3_000) < 0.5
    score = rng.normal(kind * 1.5, 1.0)
    fpr, tpr, _ = metrics.roc_curve(kind, score, drop_intermediate=False)
    assert fpr95(score, kind) == pytest.approx(fpr[np.argmax(tpr >= 0.95)])


@pytest.mark.parametrize("kind", [[1, 1], [0, 0]])
def test_one_kind_alone_cannot_be_told_apart(kind: list[int]) -> None:
    for metric in (auroc, fpr95):
        with pytest.raises(ValueError, match="one of each"):
            metric([0.1, 0.2], kind)


def test_senseless_input_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        auroc([float("nan"), 0.1], [1, 0])
    with pytest.raises(ValueError, match="tpr"):
        fpr_at_tpr([0.1, 0.2], [1, 0], tpr=0.0)
