"""The trigger: told apart what asks for an answer from what does not, and never by shouting."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.policy.trigger import Trigger, fit_trigger

DIM = 16


def two_clouds(n: int, seed: int, *, apart: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Unit rows around two directions; True for those that ask."""
    rng = np.random.default_rng(seed)
    asks = np.arange(n) % 2 == 0
    rows = rng.normal(size=(n, DIM)) / np.sqrt(DIM)
    rows[:, 0] += np.where(asks, apart, -apart)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float32), asks


@pytest.fixture(scope="module")
def trigger() -> Trigger:
    return fit_trigger(*two_clouds(200, 0), encoder="e1")


def test_it_tells_new_messages_apart(trigger: Trigger) -> None:
    rows, asks = two_clouds(400, 1)
    said = np.array([trigger.needs_answer(row) for row in rows])
    assert np.mean((said > 0.5) == asks) > 0.97


def test_it_is_as_sure_as_it_is_right() -> None:
    """Clouds that overlap, a ridge of next to nothing, many examples: the mean says the share that asks."""
    rows, asks = two_clouds(4_000, 2, apart=0.25)
    fitted = fit_trigger(rows, asks, encoder="e1", ridge=1e-6)
    said = np.array([fitted.needs_answer(row) for row in rows])
    assert said.mean() == pytest.approx(asks.mean(), abs=1e-3), "the score equation of the intercept"
    for low, high in ((0.0, 0.3), (0.3, 0.7), (0.7, 1.0)):
        here = (said >= low) & (said < high)
        noise = 3 * 0.5 / np.sqrt(here.sum())
        assert said[here].mean() == pytest.approx(asks[here].mean(), abs=noise)


def test_the_fit_is_the_optimum() -> None:
    """The gradient of the penalised likelihood is zero where Newton's method stopped."""
    rows, asks = two_clouds(120, 3, apart=0.4)
    fitted = fit_trigger(rows, asks, encoder="e1", ridge=0.3)
    p = np.array([fitted.needs_answer(row) for row in rows])
    gradient = rows.T.astype(np.float64) @ (p - asks) + 0.3 * fitted.weights
    np.testing.assert_allclose(gradient, 0, atol=1e-4)


def test_a_wider_ridge_makes_it_more_careful() -> None:
    rows, asks = two_clouds(60, 4)
    careful, bold = (fit_trigger(rows, asks, encoder="e1", ridge=r) for r in (30.0, 0.01))
    assert abs(careful.needs_answer(rows[0]) - 0.5) < abs(bold.needs_answer(rows[0]) - 0.5)


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=DIM, max_size=DIM))
def test_it_is_a_probability_whatever_it_reads(values: list[float]) -> None:
    wild = Trigger(encoder="e1", weights=np.full(DIM, 1e3, np.float32), bias=5.0)
    assert 0 <= wild.needs_answer(np.array(values, np.float32)) <= 1


def test_one_kind_alone_is_no_reason_to_fail() -> None:
    rows, _ = two_clouds(20, 5)
    assert fit_trigger(rows, np.ones(20, np.bool_), encoder="e1").needs_answer(rows[0]) > 0.9


def test_it_comes_back_from_json(trigger: Trigger) -> None:
    back = Trigger.from_json(json.loads(json.dumps(trigger.to_json())))
    rows, _ = two_clouds(20, 6)
    assert back.encoder == "e1"
    for row in rows:
        assert back.needs_answer(row) == pytest.approx(trigger.needs_answer(row), abs=1e-3)
    with pytest.raises(KeyError):
        Trigger.from_json({"encoder": "e1"})
