"""Lines of the slider: certified by an exact test, or honest about what is missing; both ends exact."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.metrics.discrete import binomial_cdf
from suggest.policy.threshold import (
    NEVER_ESCALATE,
    SEND_ALL,
    Certified,
    NotCertifiable,
    certify,
    chow_threshold,
    fewest_labels,
    review_share_threshold,
    thin_to_exchangeable,
)

Sample = tuple[np.ndarray, np.ndarray]


def traffic(n: int, seed: int) -> Sample:
    """A calibrated model: mostly sure, sometimes lost."""
    rng = np.random.default_rng(seed)
    p = np.where(rng.random(n) < 0.87, 1 - rng.beta(0.35, 6, n), rng.beta(1, 4, n))
    return p, (rng.random(n) < p).astype(float)


def certified(found: Certified | NotCertifiable) -> Certified:
    assert isinstance(found, Certified), found
    return found


def refused(found: Certified | NotCertifiable) -> NotCertifiable:
    assert isinstance(found, NotCertifiable), found
    return found


def test_what_is_certified_passes_the_exact_test_on_the_test_fold() -> None:
    p, y = traffic(1_000, 1)
    found = certified(certify(p, y, target=0.95))
    shown = p >= found.threshold
    assert found.n == shown.sum()
    assert found.errors == (1 - y[shown]).sum()
    assert found.share == pytest.approx(shown.mean())
    assert float(binomial_cdf(found.errors, found.n, 0.05)) <= 0.1
    assert found.bound >= 0.95


@pytest.mark.parametrize("scale", [0.25, 4.0], ids=["too humble", "too sure"])
def test_a_model_that_misjudges_itself_loses_coverage_not_the_promise(scale: float) -> None:
    """The same requests in the same order, with probabilities that are far off: at .95 and n = 2,000 at least nine
    tenths of what calibrated ones show is still shown."""
    p, y = traffic(2_000, 3)
    honest = certified(certify(p, y, target=0.95))
    off = certified(certify(1 / (1 + ((1 - p) / np.maximum(p, 1e-12)) ** scale), y, target=0.95))
    assert off.bound >= 0.95
    assert off.share >= 0.9 * honest.share


def test_no_label_is_looked_at_to_choose_where_to_begin() -> None:
    """All right but the most certain: whoever began where labels look best would pass. From the start on, the first
    failure ends the walk."""
    p = np.linspace(0.2, 1.0, 600)
    refused(certify(p, p < 0.8, target=0.7))


def test_a_sequence_that_comes_through_hands_over_what_it_had() -> None:
    """Of 150 one sequence begins at the most certain 59, which pass at .05, and the other at the end, by p. With 3
    errors of 150 the end passes at .1 (the tail is .055), not at half of it: only by what was handed over."""
    p = np.append(np.linspace(0.99, 0.98, 100), np.linspace(0.975, 0.97, 50))
    y = np.append(np.ones(147), np.zeros(3))
    found = certified(certify(p, y, target=0.95))
    assert (found.n, found.errors) == (150, 3)


def test_the_same_labels_give_the_same_line() -> None:
    p, y = traffic(800, 5)
    first, second = (certify(p, y, target=0.9) for _ in range(2))
    assert first == second


def test_a_stricter_wish_never_shows_more() -> None:
    p, y = traffic(3_000, 6)
    shares = [certified(certify(p, y, target=t)).share for t in (0.90, 0.95, 0.98)]
    assert shares == sorted(shares, reverse=True)


def test_more_certainty_costs_coverage() -> None:
    p, y = traffic(2_000, 8)
    lax, strict = (certified(certify(p, y, target=0.95, delta=d)).share for d in (0.2, 0.01))
    assert strict < lax


def test_a_model_that_is_always_right_may_show_everything() -> None:
    p, _ = traffic(400, 10)
    found = certified(certify(p, np.ones(400), target=0.95))
    assert found.threshold == 0.0
    assert found.share == 1.0


def test_without_labels_the_answer_is_how_many() -> None:
    missing = refused(certify([], [], target=0.99))
    assert missing.n_needed == 230
    assert "no labels yet" in missing.why
    assert isinstance(certify(np.full(230, 0.999), np.ones(230), target=0.99), Certified)


def test_too_few_labels_name_the_missing_number() -> None:
    p, y = traffic(60, 11)
    missing = refused(certify(p, y, target=0.99))
    assert missing.n_needed is not None
    assert missing.n_needed > 150
    assert str(missing.n_needed) in missing.why


def test_a_model_that_cannot_reach_the_wish_is_told_so_and_no_number_is_invented() -> None:
    rng = np.random.default_rng(12)
    p = rng.uniform(0.4, 0.6, 5_000)
    hopeless = refused(certify(p, rng.random(5_000) < p, target=0.95))
    assert hopeless.n_needed is None
    assert "better model" in hopeless.why


@pytest.mark.slow
def test_getting_the_labels_asked_for_certifies_more_often_than_not() -> None:
    """30 labels at .95: of 60 seeded surfaces, most hold a certificate once the labels asked for have come."""
    succeeded = []
    for seed in range(60):
        p, y = traffic(30, 1_000 + seed)
        missing = refused(certify(p, y, target=0.95))
        assert missing.n_needed is not None
        more_p, more_y = traffic(missing.n_needed, 2_000 + seed)
        again = certify(np.append(p, more_p), np.append(y, more_y), target=0.95)
        succeeded.append(isinstance(again, Certified))
    assert np.mean(succeeded) > 0.6


@settings(deadline=None, max_examples=40)
@given(
    rows=st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=80),
    target=st.floats(0.5, 0.99),
    seed=st.integers(0, 9),
)
def test_any_sample_gets_an_answer_that_keeps_its_word(
    rows: list[tuple[float, bool]], target: float, seed: int
) -> None:
    p, y = [p for p, _ in rows], [y for _, y in rows]
    found = certify(p, y, target=target)
    if isinstance(found, Certified):
        assert 0.0 <= found.threshold <= 1.0
        assert found.bound >= target - 1e-9
        assert found.n >= fewest_labels(target)
    else:
        assert found.n_needed is None or found.n_needed >= 1


@pytest.mark.parametrize(("target", "delta"), [(0.95, 0.1), (0.99, 0.1), (0.98, 0.05)])
def test_the_fewest_labels_are_just_enough(target: float, delta: float) -> None:
    n = fewest_labels(target, delta)
    assert float(binomial_cdf(0, n, 1 - target)) <= delta < float(binomial_cdf(0, n - 1, 1 - target))


@pytest.mark.parametrize("wrong", [{"target": 1.0}, {"target": 0.0}, {"delta": 0.0}, {"delta": 1.0}])
def test_a_promise_of_nothing_or_all_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="strictly between"):
        certify([0.5], [1], **({"target": 0.9} | wrong))


def test_labels_belong_to_requests() -> None:
    with pytest.raises(ValueError, match="one label a request"):
        certify([0.5, 0.6], [1], target=0.9)


def test_thinning_makes_escalated_and_audited_requests_look_like_traffic() -> None:
    """All below .8 labelled, 1 in 20 above: after thinning the share above is that of traffic, within 4 standard
    errors."""
    rng = np.random.default_rng(13)
    p, _ = traffic(60_000, 14)
    inclusion = np.where(p < 0.8, 1.0, 0.05)
    labelled = rng.random(p.size) < inclusion
    kept = p[labelled][thin_to_exchangeable(inclusion[labelled], rng)]
    above = (p >= 0.8).mean()
    assert (p[labelled] >= 0.8).mean() < above - 0.3
    assert (kept >= 0.8).mean() == pytest.approx(above, abs=4 * math.sqrt(above * (1 - above) / kept.size))


def test_what_had_no_chance_of_a_label_cannot_have_one() -> None:
    with pytest.raises(ValueError, match="inclusion"):
        thin_to_exchangeable([0.0, 1.0], np.random.default_rng(0))
    assert thin_to_exchangeable([], np.random.default_rng(0)).size == 0


@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=200, unique=True), share=st.floats(0, 1))
def test_a_review_share_is_met_to_within_one_request(p: list[float], share: float) -> None:
    threshold = review_share_threshold(p, share)
    sent = np.mean(np.array(p) < threshold)
    assert abs(sent - share) <= 1 / len(p) + 1e-12


def test_both_ends_of_the_review_share_are_exact_even_for_certain_and_impossible_slates() -> None:
    p = np.array([0.0, 0.5, 1.0])
    assert (p >= review_share_threshold(p, 0.0)).all()
    assert (p < review_share_threshold(p, 1.0)).all()
    assert NEVER_ESCALATE == 0.0
    assert SEND_ALL > 1.0


def test_almost_everything_is_not_everything() -> None:
    assert review_share_threshold([0.2, 0.9], 0.999) == 0.9


def test_equal_requests_stay_together() -> None:
    assert review_share_threshold([0.5] * 10, 0.3) == 0.5  # nobody, rather than all ten


def test_without_traffic_a_share_is_taken_of_a_uniform() -> None:
    assert review_share_threshold([], 0.3) == 0.3


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_is_a_share(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        review_share_threshold([0.5], share)


@pytest.mark.parametrize("cost_error", [1.0, 3.0, 10.0, 50.0])
def test_chow_is_the_cheapest_line_where_p_any_is_calibrated(cost_error: float) -> None:
    p = np.linspace(0.0005, 0.9995, 1_000)

    def cost(threshold: float) -> float:
        return float(np.where(p >= threshold, cost_error * (1 - p), 1.0).mean())

    cheapest = min(cost(t) for t in np.linspace(0, 1.001, 500))
    assert cost(chow_threshold(cost_error, 1.0)) <= cheapest + 1e-6


def test_an_error_as_cheap_as_a_person_never_asks() -> None:
    assert chow_threshold(1.0, 1.0) == chow_threshold(0.5, 1.0) == chow_threshold(0.0, 1.0) == 0.0


def test_a_person_who_costs_nothing_is_asked_unless_the_model_is_certain() -> None:
    assert chow_threshold(5.0, 0.0) == 1.0


@pytest.mark.parametrize("costs", [(-1.0, 1.0), (1.0, math.inf), (math.nan, 1.0)])
def test_costs_are_numbers(costs: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="costs"):
        chow_threshold(*costs)


def test_nothing_is_promised_of_what_is_less_certain_than_every_label() -> None:
    """A history of right answers alone: requests about something else have a p_any that no label has."""
    found = certify(np.linspace(0.7, 1.0, 120), np.ones(120), target=0.9)
    assert isinstance(found, Certified)
    assert (found.n, found.errors) == (120, 0)
    assert 0.65 < found.threshold <= 0.7
