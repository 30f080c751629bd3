"""Why an option is there: the kind of evidence that spoke most for it, and never a choice that nobody made."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.online.reasons import CHOSEN, FIELDS, LATELY, MEANING, WORDS, main_reason
from suggest.rank.features import OPTION_FEATURES
from suggest.rank.habits import HABIT_FEATURES

quick = settings(derandomize=True, deadline=None, max_examples=60)
OF_PAST = ["vote", "best_cosine", "linear"]
OF_HABIT = ["rate", "recency"]
KIND_OF = {"name_cosine": MEANING, "lexical": WORDS, "fields": FIELDS, "learned_now": LATELY}
KIND_OF |= dict.fromkeys([*OF_PAST, *OF_HABIT], CHOSEN)
evidence = st.dictionaries(st.sampled_from([*KIND_OF, "bias", "unheard of"]), st.integers(-8, 8).map(float))


def by_hand(spoke: dict[str, float], *, was_chosen: bool) -> dict[str, float]:
    sums: dict[str, float] = {}
    for name, weight in spoke.items():
        if (kind := KIND_OF.get(name)) and (was_chosen or name not in OF_HABIT):
            kind = MEANING if kind == CHOSEN and not was_chosen else kind
            sums[kind] = sums.get(kind, 0.0) + weight
    return sums


@quick
@given(evidence, st.booleans())
def test_it_is_a_kind_that_no_other_outweighs_or_none_where_none_speaks_for_it(
    spoke: dict[str, float], was_chosen: bool
) -> None:
    sums = by_hand(spoke, was_chosen=was_chosen)
    found = main_reason(spoke, was_chosen=was_chosen)
    best = max(sums.values(), default=0.0)
    if best <= 0:
        assert found is None
    else:
        assert found is not None
        assert sums[found] == best


@quick
@given(evidence)
def test_nobody_is_told_that_it_was_chosen_where_it_was_not(spoke: dict[str, float]) -> None:
    assert main_reason(spoke, was_chosen=False) != CHOSEN


@quick
@given(evidence, st.booleans(), st.integers(1, 9))
def test_only_the_proportions_matter(spoke: dict[str, float], was_chosen: bool, times: int) -> None:
    louder = {name: weight * times for name, weight in spoke.items()}
    assert main_reason(louder, was_chosen=was_chosen) == main_reason(spoke, was_chosen=was_chosen)


@pytest.mark.parametrize("spoke", [{}, {"bias": 9.0}, {"lexical": 0.0}, {"lexical": -1.0, "vote": -0.1}])
def test_what_speaks_for_nothing_or_is_no_evidence_is_no_reason(spoke: dict[str, float]) -> None:
    assert main_reason(spoke, was_chosen=True) is None


def test_evidence_of_a_kind_is_added_up_before_kinds_are_compared() -> None:
    spoke = {"vote": 0.4, "best_cosine": 0.4, "lexical": 0.7}
    assert main_reason(spoke, was_chosen=True) == CHOSEN
    assert main_reason({**spoke, "linear": -0.2}, was_chosen=True) == WORDS
    assert main_reason({"vote": 0.5, "name_cosine": -0.3, "lexical": 0.3}, was_chosen=False) == WORDS


@pytest.mark.parametrize("name", OPTION_FEATURES)
def test_no_evidence_that_the_ranker_has_of_an_option_is_without_a_word(name: str) -> None:
    """A feature that is added later must be given a kind, or what it says would go unsaid."""
    assert main_reason({name: 1.0}, was_chosen=True) is not None


@pytest.mark.parametrize("name", HABIT_FEATURES)
def test_how_often_options_are_taken_says_nothing_of_one_that_never_was(name: str) -> None:
    assert main_reason({name: 1.0}, was_chosen=True) == CHOSEN
    assert main_reason({name: 1.0}, was_chosen=False) is None
