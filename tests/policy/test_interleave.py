"""Team drafts: fair to both sides, and their propensities are those of what really happens."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from suggest.policy.interleave import team_draft

IDS = ("a", "b", "c", "d")
CHAMPION = np.array([3.0, 2.0, 1.0, 0.0])
CHALLENGER = np.array([0.0, 3.0, 1.0, 2.0])


@pytest.mark.parametrize("tau", [0.0, 1.0])
def test_propensities_are_the_frequencies(tau: float) -> None:
    """3,000 drafts: every list comes as often as the product of its propensities says, to 4 standard errors."""
    n, rng = 3_000, np.random.default_rng(7)
    drafts = [team_draft(IDS, CHAMPION, CHALLENGER, 3, rng=rng, tau=tau) for _ in range(n)]
    seen = Counter(draft.order for draft in drafts)
    said = {draft.order: float(np.prod(draft.propensities)) for draft in drafts}
    for order, count in seen.items():
        p = said[order]
        assert abs(count / n - p) < 4 * np.sqrt(p * (1 - p) / n) + 1e-9, order
    assert sum(said.values()) == pytest.approx(1.0, abs=0.05 if tau else 1e-9)


def test_both_sides_pick_equally_often() -> None:
    rng = np.random.default_rng(1)
    teams = np.array([team_draft(IDS, CHAMPION, CHALLENGER, 2, rng=rng).by_challenger for _ in range(600)])
    assert (teams.sum(axis=1) == 1).all(), "one pick each"
    assert abs(teams[:, 0].mean() - 0.5) < 4 * 0.5 / np.sqrt(600)


def test_only_what_is_ranked_differently_is_contested() -> None:
    draft = team_draft(IDS, CHAMPION, CHALLENGER, 4, rng=np.random.default_rng(3))
    contested = {IDS[i]: each for i, each in zip(draft.order, draft.contested, strict=True)}
    assert contested == {"a": True, "b": True, "c": False, "d": True}


def test_equal_rankings_give_the_plain_slate_with_certainty() -> None:
    draft = team_draft(IDS, CHAMPION, CHAMPION * 2, 3, rng=np.random.default_rng(3))
    assert draft.order == (0, 1, 2)
    assert draft.propensities == (1.0, 1.0, 1.0)
    assert not any(draft.contested)


def test_of_a_cluster_only_the_champions_best_takes_part() -> None:
    clusters = {"a": "x", "b": "x"}
    orders = {
        team_draft(IDS, CHAMPION, CHALLENGER, 4, rng=np.random.default_rng(s), clusters=clusters).order
        for s in range(20)
    }
    assert all(1 not in order and len(order) == 3 for order in orders)


def test_both_must_rank_the_same_options() -> None:
    with pytest.raises(ValueError, match="same options"):
        team_draft(IDS, CHAMPION, CHALLENGER[:2], 2, rng=np.random.default_rng(0))
