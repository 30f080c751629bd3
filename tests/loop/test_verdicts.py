"""The gate on scores made up for it: what is credibly worse is kept out, noise is not, too little data is said."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.loop.examples import Catalog, Example, ExampleSet
from suggest.loop.folds import N_FOLDS, TIME_FOLD, fold_of
from suggest.loop.gate import FEWEST_PAIRS, judge
from suggest.loop.record import evidence_json, scores_json, scores_of, uid
from suggest.loop.scores import K, Score, measures, ndcg

MODEST = settings(max_examples=40, deadline=None, derandomize=True)


def an_example(n: int, right: tuple[str, ...] = ("a",), **more: object) -> Example:
    said: dict[str, object] = {"weight": 1.0, "order": float(n), "click": False, **more}
    return Example(key=f"k{n}", text=f"text {n}", row=n, right=right, **said)  # type: ignore[arg-type]  # its fields


def a_score(nll: float = 0.5, rank: int = 0, p_any: float = 0.9, correct: bool | None = True) -> Score:
    return Score(nll=nll, rank=rank, p_any=p_any, correct=correct, p_top1=p_any / 2)


EXAMPLES = [an_example(n) for n in range(200)]


def verdict(ours: Sequence[Score | None], theirs: Sequence[Score | None]) -> tuple[bool, str]:
    report = judge(EXAMPLES, ours, theirs, ladder=(), seed=1)
    return report.passed, report.why


def noisy(seed: int, *, nll: float = 0.5, rank: float = 0.8, p_right: float = 0.9) -> list[Score]:
    rng = np.random.default_rng(seed)
    made = []
    for _ in EXAMPLES:
        right = bool(rng.random() < p_right)
        made.append(
            a_score(max(0.01, rng.normal(nll, 0.3)), int(rng.random() > rank) if right else 5, 0.9, correct=right)
        )
    return made


def test_the_same_again_passes_and_so_does_noise() -> None:
    champion = noisy(1)
    assert verdict(champion, champion)[0]
    assert verdict(noisy(2), champion)[0]


def test_what_is_credibly_less_likely_is_kept_out_in_words() -> None:
    passed, why = verdict(noisy(2, nll=0.9), noisy(1))
    assert not passed
    assert "likelihood is credibly worse" in why
    assert "[" in why, "with its interval"


def test_what_orders_credibly_worse_is_kept_out_even_where_it_is_as_likely() -> None:
    passed, why = verdict(noisy(1, rank=0.2), noisy(1, rank=0.95))
    assert not passed
    assert "order is credibly worse" in why


def test_a_little_worse_within_the_margin_passes() -> None:
    champion = noisy(1)
    shifted = [a_score(s.nll + 0.01, s.rank, s.p_any, correct=s.correct) for s in champion]
    assert verdict(shifted, champion)[0]


def test_what_promises_too_much_and_is_no_likelier_is_kept_out() -> None:
    champion = [a_score(0.5, 0 if n % 2 else 5, 0.5, correct=bool(n % 2)) for n in range(200)]
    bold = [a_score(0.51, s.rank, 0.95, correct=s.correct) for s in champion]
    passed, why = verdict(bold, champion)
    assert not passed
    assert "calibrated worse" in why


@pytest.mark.parametrize("n", [0, 1, FEWEST_PAIRS - 1])
def test_too_few_pairs_change_nothing_and_say_how_many_are_needed(n: int) -> None:
    ours: list[Score | None] = [a_score() if m < n else None for m in range(200)]
    passed, why = verdict(ours, noisy(1))
    assert not passed
    assert why.startswith(f"{n} examples")
    assert str(FEWEST_PAIRS) in why


def test_only_what_both_were_judged_on_is_compared() -> None:
    champion = noisy(1)
    ours: list[Score | None] = [None if n % 2 else s for n, s in enumerate(champion)]
    report = judge(EXAMPLES, ours, champion, ladder=(), seed=1)
    assert report.n_pairs == 100
    assert report.challenger == report.champion


def test_the_same_seed_says_the_same() -> None:
    reports = [judge(EXAMPLES, noisy(2), noisy(1), ladder=(), seed=3).to_json() for _ in range(2)]
    assert reports[0] == reports[1]


# -- measures


def test_measures_are_what_they_say_by_hand() -> None:
    examples = [an_example(0), an_example(1), an_example(2), an_example(3, right=())]
    scores = [a_score(0.1, 0), a_score(0.2, 2), a_score(0.3, -1, correct=False), a_score(0.6, -1, correct=False)]
    told = measures(scores, examples)
    assert (told["examples"], told["answerable"]) == (4, 3)
    assert told["nll"] == pytest.approx(0.3)
    assert told["top1"] == pytest.approx(1 / 3)
    assert told["top3"] == pytest.approx(2 / 3)
    assert told["ndcg"] == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert "ece_p_any" not in told, "too few to say"
    assert measures([], []) == {"examples": 0.0, "answerable": 0.0}


def test_a_right_option_counts_down_to_the_last_place_of_a_slate() -> None:
    scores = [a_score(rank=rank) for rank in range(K + 2)]
    told = measures(scores, [an_example(n) for n in range(K + 2)])
    assert told["top3"] == pytest.approx(K / (K + 2))


@MODEST
@given(st.lists(st.integers(-1, 50), min_size=1, max_size=20))
def test_ndcg_falls_with_the_rank_and_is_nothing_where_it_was_not_ranked(ranks: list[int]) -> None:
    values = ndcg([a_score(rank=rank) for rank in ranks])
    for rank, value in zip(ranks, values, strict=True):
        assert value == (0.0 if rank < 0 else pytest.approx(1 / np.log2(2 + rank)))
    assert ((values >= 0) & (values <= 1)).all()


def test_a_bundle_remembers_its_scores_by_who_they_speak_of() -> None:
    examples = [an_example(0), an_example(0, click=True), an_example(0, right=("a", "b")), an_example(1)]
    assert len({uid(each) for each in examples}) == 4
    scores: list[Score | None] = [a_score(0.123456, n, 0.5, None) for n in range(3)]
    back = scores_of(scores_json(examples, [*scores, None]))
    assert set(back) == {uid(each) for each in examples[:3]}
    assert back[uid(examples[1])].rank == 1
    assert back[uid(examples[0])].nll == 0.12346


def test_evidence_is_columns_of_the_same_examples() -> None:
    stored = json.loads(evidence_json([a_score(), a_score(p_any=0.3, correct=False)]))
    assert (stored["p_any"], stored["correct"]) == ([0.9, 0.3], [True, False])
    assert {len(column) for column in stored.values()} == {2}


# -- folds

NO_CATALOG = Catalog(ids=(), texts=(), embeddings=np.zeros((0, 2), np.float32))


def folds_of(examples: Sequence[Example]) -> list[int]:
    made = ExampleSet(examples=tuple(examples), embeddings=np.zeros((len(examples), 2), np.float32), catalog=NO_CATALOG)
    return [int(fold) for fold in made.folds()]


@MODEST
@given(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=40))
def test_labels_of_an_item_go_round_the_folds_and_stay_when_more_come(items: list[str]) -> None:
    examples = [an_example(n, right=(item,)) for n, item in enumerate(items)]
    folds = folds_of(examples)
    for item in set(items):
        of_item = [fold for fold, each in zip(folds, items, strict=True) if each == item]
        for start in range(0, len(of_item) - N_FOLDS + 1, N_FOLDS):
            assert sorted(of_item[start : start + N_FOLDS]) == list(range(N_FOLDS)), "each five go to the five folds"
    more = [*examples, *(an_example(100 + n, right=(item,)) for n, item in enumerate(items[:5]))]
    assert folds_of(more)[: len(examples)] == folds


@MODEST
@given(st.integers(1, 60), st.integers(0, 20))
def test_equal_contexts_share_a_fold_and_the_latest_clicks_are_one(n_clicks: int, n_labels: int) -> None:
    labels = [an_example(n) for n in range(n_labels)]
    clicks = [an_example(n, click=True, order=1000.0 + n) for n in range(n_clicks)]
    folds = folds_of([*labels, *clicks])
    by_key: dict[str, set[int]] = {}
    for example, fold in zip([*labels, *clicks], folds, strict=True):
        by_key.setdefault(example.key, set()).add(fold)
    assert all(len(each) == 1 for each in by_key.values())
    late = [example.order for example, fold in zip(clicks, folds[n_labels:], strict=True) if fold == TIME_FOLD]
    early = [example.order for example, fold in zip(clicks, folds[n_labels:], strict=True) if fold != TIME_FOLD]
    unlabelled = [order for order in early if order >= 1000.0 + n_labels]
    assert not late or not unlabelled or min(late) > max(unlabelled)


@MODEST
@given(st.text(max_size=10), st.integers(1, 20))
def test_a_fold_is_a_number_below_n_that_never_changes(key: str, n: int) -> None:
    key = key.encode("utf-8", "replace").decode()
    assert 0 <= fold_of(key, "salt", n) < n
    assert fold_of(key, "salt", n) == fold_of(key, "salt", n)


def test_folds_are_about_equally_large() -> None:
    counts = np.bincount([fold_of(f"key {n}", "click", N_FOLDS) for n in range(2_000)], minlength=N_FOLDS)
    assert counts.min() > 340, "400 each, and five standard deviations of 18 either way"
