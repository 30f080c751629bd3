"""What the automatic colleagues know."""

from __future__ import annotations

import pytest

from suggest.demo.truth import PREPARED_ITEMS, PREPARED_TEXTS, Reply, Truth, plain
from suggest.starter import load_candidates, load_examples, load_prepared, load_unanswerable

PREPARED = {message["label"]: message for message in load_prepared()["messages"]}


@pytest.mark.parametrize(("label", "item"), PREPARED_ITEMS.items())
def test_every_answerable_prepared_message_has_its_reply(label: str, item: str) -> None:
    assert PREPARED[label]["kind"] == "answerable"
    assert item in {row["id"] for row in load_candidates()}
    assert Truth().reply_to(PREPARED[label]["text"]) == Reply(item=item)


@pytest.mark.parametrize("label", PREPARED_TEXTS)
def test_every_unanswerable_prepared_message_gets_words_of_ones_own(label: str) -> None:
    assert PREPARED[label]["kind"] == "unanswerable"
    reply = Truth().reply_to(PREPARED[label]["text"])
    assert reply.text == PREPARED_TEXTS[label]
    assert reply.as_verdict() == {"text": PREPARED_TEXTS[label]}


def test_no_prepared_message_that_may_escalate_is_forgotten() -> None:
    known = PREPARED_ITEMS.keys() | PREPARED_TEXTS.keys()
    assert known == {label for label, message in PREPARED.items() if message["kind"] != "no_answer_needed"}


def test_the_examples_of_the_pack_have_their_items() -> None:
    truth = Truth()
    wrong = [e["text"] for e in load_examples() if truth.reply_to(e["text"]).item != e["item"]]
    assert wrong == []


def test_what_no_reply_answers_and_what_nobody_prepared_gets_none() -> None:
    truth = Truth()
    for text in (load_unanswerable()[0]["text"], "a question that nobody ever thought of", "", "   "):
        assert truth.reply_to(text).as_verdict() == {"none": True}


@pytest.mark.parametrize(
    "text", ["the ZIP on my tent is stuck", "  The zip on my tent is stuck!! ", "The zip, on my tent, is stuck."]
)
def test_case_spaces_and_full_stops_do_not_matter(text: str) -> None:
    assert Truth().reply_to(text).item == "repair-service"


def test_words_do_matter() -> None:
    assert plain("not this") != plain("this")
