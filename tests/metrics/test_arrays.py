"""What a metric refuses, and in which words."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from suggest.metrics.arrays import finite, outcomes, probabilities, same_length


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_only_numbers_are_finite(bad: float) -> None:
    with pytest.raises(ValueError, match="score must be finite"):
        finite([0.5, bad], "score")


@pytest.mark.parametrize("bad", [-1e-9, 1 + 1e-9])
def test_probabilities_lie_in_the_unit_range(bad: float) -> None:
    with pytest.raises(ValueError, match=r"p_any must be probabilities in \[0, 1\]"):
        probabilities([bad], "p_any")


def test_outcomes_are_zero_or_one() -> None:
    assert outcomes(np.array([True, False])).tolist() == [1.0, 0.0]
    with pytest.raises(ValueError, match="0 or 1"):
        outcomes([2])


def test_samples_pair_up() -> None:
    same_length(np.ones(3), np.zeros(3))
    with pytest.raises(ValueError, match="pair up"):
        same_length(np.ones(3), np.ones((3, 1)))


def test_the_metrics_do_not_bring_scipy_into_the_server() -> None:
    code = (
        "import sys, suggest.metrics.calibration, suggest.metrics.off_policy, suggest.metrics.ranking, "
        "suggest.metrics.selective, suggest.metrics.discrimination, suggest.metrics.bootstrap, suggest.policy.solve; "
        "sys.exit('scipy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
