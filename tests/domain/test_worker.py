"""Who a worker is: their rank, what they know and speak, and what no account may be."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.domain.review import Needs
from suggest.domain.worker import LONGEST_NAME, MOST_SKILLS, Role, Worker, language_of, words_of

quick = settings(derandomize=True, deadline=None, max_examples=60)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
few = st.frozensets(st.sampled_from(["billing", "returns", "shoes"]))
tongues = st.frozensets(st.sampled_from(["de", "fr"]))


def test_each_role_may_what_the_one_below_it_may() -> None:
    ladder = [Role.WORKER, Role.REVIEWER, Role.OWNER]
    assert sorted(Role, key=lambda each: each.rank) == ladder
    assert all(lower.rank < higher.rank for lower, higher in pairwise(ladder))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": ""}, "name must have 1 to 80"),
        ({"name": " \t"[:1]}, "name must not be empty"),
        ({"name": "x" * (LONGEST_NAME + 1)}, "name must have 1 to 80 characters, got 81"),
        ({"name": "Ann\n"}, "control"),
        ({"login": ""}, "login must have 1 to 200"),
        ({"login": "x" * 201}, "login must have 1 to 200 characters, got 201"),
        ({"login": "a\x00b"}, "login must not contain control"),
        ({"skills": frozenset(map(str, range(MOST_SKILLS + 1)))}, "at most 100"),
        ({"languages": frozenset(map(str, range(MOST_SKILLS + 1)))}, "at most 100"),
    ],
)
def test_an_account_that_cannot_be_is_refused(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Worker(**{"id": "ann", "name": "Ann", **wrong})  # type: ignore[arg-type]  # one field at a time is wrong


def test_the_longest_that_may_be_may_be() -> None:
    many = frozenset(map(str, range(MOST_SKILLS)))
    worker = Worker(id="ann", name="x" * LONGEST_NAME, login="y" * 200, skills=many, languages=many)
    assert worker.is_active
    assert worker.role is Role.WORKER


def test_who_has_left_is_not_active_though_the_account_stays() -> None:
    assert not Worker(id="ann", name="Ann", left_at=NOW).is_active


@quick
@given(st.lists(st.text("aBß İé\t\u00a0", max_size=8), max_size=6))
def test_skills_are_the_same_however_they_are_typed(words: list[str]) -> None:
    once = words_of(words)
    assert words_of(f"  {word.strip()}\n" for word in words) == once
    assert "" not in once
    assert all(word.strip() == word for word in once)
    assert len(once) <= len(words)


@pytest.mark.parametrize(
    ("tag", "language"),
    [("de", "de"), ("de-AT", "de"), ("DE_at", "de"), (" zh-Hant-TW ", "zh"), ("i-klingon", "i"), ("", ""), ("-", "")],
)
def test_a_language_is_its_primary_subtag(tag: str, language: str) -> None:
    assert language_of(tag) == language


@quick
@given(few, tongues, few, st.sampled_from([None, "de", "fr", "it"]))
def test_needs_are_met_by_one_skill_and_the_language(
    skills: frozenset[str], languages: frozenset[str], asked: frozenset[str], language: str | None
) -> None:
    worker = Worker(id="ann", name="Ann", skills=skills, languages=languages)
    needs = Needs(skills=asked, language=language, until=NOW)
    knows = not asked or any(each in skills for each in asked)
    speaks = language is None or languages == frozenset() or language in languages
    assert needs.are_met_by(worker) == (knows and speaks)
    assert not needs.are_met_by(None), "somebody without an account has said nothing of what they know"
