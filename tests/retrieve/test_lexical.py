"""Likeness by words: what counts, what is forgiven, and that scores stay scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.retrieve import lexical as lexical_module
from suggest.retrieve.lexical import LexicalIndex, normalise, overlap, tokens, trigrams

REPLIES = {
    "track": "You can track your parcel with the link in our e-mail.",
    "refund": "We have refunded your card; it takes three days to arrive.",
    "cancel": "Your order has been cancelled.",
    "size": "The size guide is at the foot of every product page.",
}


def an_index() -> LexicalIndex:
    index = LexicalIndex()
    index.upsert(list(REPLIES), list(REPLIES.values()))
    return index


@pytest.mark.parametrize(
    ("message", "right"),
    [
        ("where can I track it", "track"),
        ("please refund me", "refund"),
        ("CANCEL my ORDER", "cancel"),
        ("wich syze do I need? size gide", "size"),  # typos
        ("trackng parsel", "track"),
    ],
)
def test_finds_the_reply_that_shares_the_telling_words(message: str, right: str) -> None:
    assert an_index().nearest(message, 1)[0][0] == right


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    texts = ["my order is late", "my order is blue", "my order is warranty", "my order is small"]
    scores = overlap("warranty", texts)
    common = overlap("order", texts)
    assert scores[2] > 3 * max(scores[0], scores[1], scores[3], 1e-9)
    assert common.max() < scores[2]


def test_the_same_text_scores_one_and_a_foreign_one_zero() -> None:
    scores = overlap("Where IS my order", ["where is my order", "zzz qqq"])
    assert scores.tolist() == pytest.approx([1.0, 0.0], abs=1e-6)


def test_what_has_nothing_in_common_is_not_among_the_nearest() -> None:
    assert an_index().nearest("zzzz qqqq", 4) == []
    assert an_index().nearest("", 4) == []
    assert an_index().nearest("track", 0) == []


def test_scores_come_in_the_order_asked_for_and_agree_with_nearest() -> None:
    index = an_index()
    nearest = dict(index.nearest("track my order", 4))
    ids = ["cancel", "track"]
    assert index.scores("track my order", ids).tolist() == pytest.approx([nearest[id] for id in ids])
    assert index.scores("track my order", []).shape == (0,)


def test_an_id_that_has_just_been_retired_scores_nothing() -> None:
    index = an_index()
    index.retire("refund")
    assert index.scores("track refund", ["refund", "track", "nobody"]).tolist()[0::2] == [0.0, 0.0]
    assert index.scores("track refund", ["refund", "track", "nobody"])[1] > 0
    assert LexicalIndex().scores("track", ["nobody"]).tolist() == [0.0]


def test_a_retired_candidate_is_gone_and_no_longer_makes_its_words_common() -> None:
    index = an_index()
    index.upsert(["track 2"], ["Track it with your parcel link"])
    crowded = index.scores("track parcel", ["track"])[0]
    index.retire("track 2")
    index.retire("nobody")
    assert "track 2" not in index
    assert len(index) == 4
    assert all(id != "track 2" for id, _ in index.nearest("track parcel", 9))
    assert index.scores("track parcel", ["track"])[0] == pytest.approx(an_index().scores("track parcel", ["track"])[0])
    assert index.scores("track parcel", ["track"])[0] != pytest.approx(crowded)


def test_new_text_under_an_old_id_replaces_the_old() -> None:
    index = an_index()
    index.upsert(["cancel"], ["Our shop is open on Sundays."])
    assert len(index) == 4
    assert index.nearest("open on sunday", 1)[0][0] == "cancel"
    assert index.scores("cancelled", ["cancel"])[0] == 0.0


def test_many_changes_do_not_grow_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexical_module, "_COMPACT_FROM", 8)
    index = an_index()
    for i in range(100):
        index.upsert(["cancel"], [f"version {i} of this reply"])
    assert len(index._ids) <= 16
    fresh = LexicalIndex()
    fresh.upsert(list(REPLIES), list((REPLIES | {"cancel": "version 99 of this reply"}).values()))
    ids = list(REPLIES)
    assert index.scores("track version 99", ids) == pytest.approx(fresh.scores("track version 99", ids))


def test_overlap_of_no_candidates_is_empty() -> None:
    assert overlap("anything", []).shape == (0,)


texts = st.text(alphabet=st.characters(codec="utf-8"), max_size=40)


@settings(deadline=None)
@given(texts, st.lists(texts, max_size=6))
def test_scores_are_always_between_nothing_and_all(query: str, candidates: list[str]) -> None:
    scores = overlap(query, candidates)
    assert scores.shape == (len(candidates),)
    assert np.isfinite(scores).all()
    assert ((scores >= 0) & (scores <= 1)).all()


@settings(deadline=None)
@given(texts, st.lists(texts, max_size=6))
def test_overlap_is_what_an_index_of_just_these_says(query: str, candidates: list[str]) -> None:
    index = LexicalIndex()
    ids = [str(i) for i in range(len(candidates))]
    index.upsert(ids, candidates)
    assert overlap(query, candidates) == pytest.approx(index.scores(query, ids), abs=1e-5)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.sampled_from(["red card", "red parcel", "blue card", "lost", "lost card today"]), min_size=2, max_size=8
    ),
    st.data(),
)
def test_an_index_is_what_is_in_it_not_how_it_came_there(candidates: list[str], data: st.DataObject) -> None:
    """Adding in any order, with detours through retired candidates, gives the scores of a fresh index."""
    ids = [str(i) for i in range(len(candidates))]
    detour = LexicalIndex()
    for i in data.draw(st.permutations(range(len(ids)))):
        detour.upsert([ids[i], "detour"], ["some other lost words", "red card today"])
        detour.upsert([ids[i]], [candidates[i]])
        detour.retire("detour")
    fresh = LexicalIndex()
    fresh.upsert(ids, candidates)
    assert detour.scores("my lost red card", ids) == pytest.approx(fresh.scores("my lost red card", ids), abs=1e-5)


@given(texts)
def test_tokens_and_trigrams_are_those_of_the_normalised_text(text: str) -> None:
    assert tokens(text) == tokens(normalise(text)) or normalise(normalise(text)) != normalise(text)
    assert len(set(tokens(text))) == len(tokens(text))
    assert all(len(trigram) == 3 for trigram in trigrams(text))
