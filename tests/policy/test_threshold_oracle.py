"""The line that is certified, against MAPIE: another's exact test and another's fixed sequence over the same steps.

MAPIE (BSD-3-Clause) comes with the tests and is no part of the server."""

from __future__ import annotations

import numpy as np
import pytest

from suggest.metrics.arrays import Floats
from suggest.policy.threshold import _RUNGS, Certified, _counts, _starts, certify

risk_control = pytest.importorskip("mapie.risk_control")

DELTA = 0.1


class Precision(risk_control.BinaryRisk):  # type: ignore[misc]  # not there for whoever only runs the server
    """The share of wrong ones among those shown, less a hair: MAPIE 1.6 rounds n (1 - (n - errors) / n) up, which
    floating point has often made more than the errors there are."""

    def get_value_and_effective_sample_size(self, y_true: object, y_pred: object) -> tuple[float, int]:
        value, n = super().get_value_and_effective_sample_size(y_true, y_pred)
        return (max(value - 1e-12, 0.0) if n > 0 else value), n


PRECISION = Precision(
    risk_occurrence=lambda y_true, y_pred: y_pred.ravel() == y_true.ravel(),
    risk_condition=lambda y_true, y_pred: y_pred.ravel() == 1,
    higher_is_better=True,
)


def loosest(p: Floats, right: Floats, steps: Floats, *, target: float, delta: float) -> float | None:
    """What MAPIE certifies of these thresholds, tried in this order; None: nothing."""
    controller = risk_control.BinaryClassificationController(
        lambda rows: np.column_stack([1 - rows, rows]),
        PRECISION,
        target_level=target,
        confidence_level=1 - delta,
        list_predict_params=steps,
        fwer_method="fixed_sequence",
        best_predict_param_choice="recall",
    )
    controller.calibrate(p, right.astype(int))
    valid = np.asarray(controller.valid_predict_params)
    return float(valid.min()) if valid.size else None


def by_mapie(p: Floats, right: Floats, *, target: float) -> float | None:
    """The two sequences, each by MAPIE; the stricter one that comes to the looser one's start hands over its half."""
    strict, loose = _starts(p, _counts(p, right, _RUNGS)[0], target=target, delta=DELTA)
    of_strict = loosest(p, right, _RUNGS[strict:], target=target, delta=DELTA / 2)
    comes_through = strict == loose or (of_strict is not None and of_strict <= _RUNGS[loose - 1])
    of_loose = loosest(p, right, _RUNGS[loose:], target=target, delta=DELTA if comes_through else DELTA / 2)
    return of_strict if of_loose is None else of_loose


@pytest.mark.filterwarnings("ignore")  # where it certifies nothing, MAPIE warns
@pytest.mark.parametrize(("n", "target"), [(50, 0.9), (100, 0.9), (200, 0.95), (600, 0.95), (600, 0.98)])
def test_the_line_is_the_one_that_mapie_certifies(n: int, target: float) -> None:
    certified = 0
    for seed in range(12):
        rng = np.random.default_rng([seed, n])
        p = np.where(rng.random(n) < 0.87, 1 - rng.beta(0.35, 6, n), rng.beta(1, 4, n))
        right = (rng.random(n) < p).astype(np.float64)
        found = certify(p, right, target=target, delta=DELTA)
        line = found.threshold if isinstance(found, Certified) else None
        assert line == by_mapie(p, right, target=target)
        certified += line is not None
    assert certified >= 3, "nothing to compare"
