"""The starter pack is what a first visitor meets: big enough, consistent, natural, and the same text never twice."""

import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from importlib.resources import files
from itertools import combinations, pairwise

import pytest

from suggest.starter import (
    load_candidates,
    load_examples,
    load_no_answer_needed,
    load_prepared,
    load_trigger,
    load_unanswerable,
)

MESSAGE_NAMES = (
    "examples.jsonl",
    "unanswerable.jsonl",
    "no_answer_needed.jsonl",
    "trigger.jsonl",
    "prepared.json",
)
MAX_TEXT_BYTES = 2048
MAX_LABEL_CHARACTERS = 32
JSONL_NAMES = (
    "candidates.jsonl",
    "examples.jsonl",
    "unanswerable.jsonl",
    "no_answer_needed.jsonl",
    "trigger.jsonl",
)
PLACEHOLDER = re.compile(r"\{\{?|\}\}?|\[[^\]]*\]|<[^>]*>|\bTODO\b|\bXXX\b|\blorem ipsum\b|%s", re.IGNORECASE)
FORBIDDEN_CATEGORIES = {"Cc", "Cf", "Co", "Cs", "Cn"}
JOINERS = {"\u200d", "\ufe0f"}  # emoji are built with them


def bare(text: str) -> str:
    """The text without case, punctuation and spacing: what makes two phrasings the same to a reader."""
    return " ".join("".join(c for c in text.casefold() if not unicodedata.category(c).startswith("P")).split())


def messages_by_file() -> dict[str, list[str]]:
    return {
        "examples.jsonl": [row["text"] for row in load_examples()],
        "unanswerable.jsonl": [row["text"] for row in load_unanswerable()],
        "no_answer_needed.jsonl": [row["text"] for row in load_no_answer_needed()],
        "trigger.jsonl": [row["text"] for row in load_trigger()],
        "prepared.json": [message["text"] for message in load_prepared()["messages"]],
    }


def every_text() -> Iterator[str]:
    """Everything a person may read: replies, messages, turns, buttons and the shop's own words."""
    yield from (row["text"] for row in load_candidates())
    for texts in messages_by_file().values():
        yield from texts
    yield from (turn["text"] for row in load_examples() for turn in row.get("turns", []))
    prepared = load_prepared()
    yield from (turn["text"] for message in prepared["messages"] for turn in message.get("turns", []))
    yield from (message["label"] for message in prepared["messages"])
    yield from (prepared["shop"]["name"], prepared["shop"]["tagline"], prepared["shop"]["agent_name"])


def repeated(texts: Iterable[str]) -> list[str]:
    return [text for text, count in Counter(texts).items() if count > 1]


class TestSize:
    def test_there_are_enough_replies(self) -> None:
        assert len(load_candidates()) >= 85

    def test_there_are_enough_examples(self) -> None:
        assert len(load_examples()) >= 650

    def test_enough_examples_have_earlier_turns(self) -> None:
        assert sum("turns" in row for row in load_examples()) >= 60

    def test_there_are_enough_unanswerable_messages(self) -> None:
        assert len(load_unanswerable()) >= 130

    def test_there_are_enough_messages_that_need_no_answer(self) -> None:
        assert len(load_no_answer_needed()) >= 120

    def test_the_trigger_rows_are_many_and_balanced(self) -> None:
        rows = load_trigger()
        share = sum(row["needs_answer"] for row in rows) / len(rows)
        assert len(rows) >= 250
        assert 0.4 <= share <= 0.6

    def test_every_reply_has_at_least_six_phrasings(self) -> None:
        counts = Counter(row["item"] for row in load_examples())
        thin = {row["id"]: counts[row["id"]] for row in load_candidates() if counts[row["id"]] < 6}
        assert not thin


class TestShape:
    @pytest.mark.parametrize("name", JSONL_NAMES)
    def test_every_line_is_one_json_object_and_the_file_ends_with_a_newline(self, name: str) -> None:
        text = files("suggest.starter").joinpath(name).read_text(encoding="utf-8")
        assert text.endswith("\n")
        for number, line in enumerate(text.removesuffix("\n").split("\n"), start=1):
            assert isinstance(json.loads(line), dict), f"{name}:{number}"

    def test_candidates_have_exactly_the_fields_of_a_candidate(self) -> None:
        for row in load_candidates():
            assert set(row) == {"id", "text", "tags", "fields"}
            assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", row["id"]), row["id"]
            assert row["tags"], row["id"]
            assert all(re.fullmatch(r"[a-z]+", tag) for tag in row["tags"]), row["id"]
            assert isinstance(row["fields"], dict)

    def test_examples_have_exactly_the_fields_of_an_example(self) -> None:
        for row in load_examples():
            assert set(row) - {"turns"} == {"text", "item"}, row

    def test_plain_messages_have_a_text_and_nothing_else(self) -> None:
        for row in (*load_unanswerable(), *load_no_answer_needed()):
            assert set(row) == {"text"}, row

    def test_trigger_rows_say_yes_or_no(self) -> None:
        for row in load_trigger():
            assert set(row) == {"text", "needs_answer"}, row
            assert isinstance(row["needs_answer"], bool), row

    def test_earlier_turns_alternate_and_end_with_the_agent(self) -> None:
        conversations = [row["turns"] for row in load_examples() if "turns" in row]
        conversations += [message["turns"] for message in load_prepared()["messages"] if "turns" in message]
        for turns in conversations:
            roles = [turn["role"] for turn in turns]
            assert set(roles) <= {"customer", "agent"}, turns
            assert roles[-1] == "agent", turns
            assert all(left != right for left, right in pairwise(roles)), turns

    def test_every_text_is_trimmed_present_and_at_most_two_kilobytes(self) -> None:
        for text in every_text():
            assert text, "an empty text"
            assert text == text.strip()
            assert len(text.encode()) <= MAX_TEXT_BYTES, text

    def test_texts_hold_no_control_or_invisible_characters(self) -> None:
        for text in every_text():
            odd = [c for c in text if unicodedata.category(c) in FORBIDDEN_CATEGORIES and c not in JOINERS]
            assert not odd, (text, odd)

    def test_no_placeholder_was_left_to_fill_in(self) -> None:
        assert [text for text in every_text() if PLACEHOLDER.search(text)] == []


class TestDistinctness:
    def test_candidate_ids_are_unique(self) -> None:
        assert repeated(row["id"] for row in load_candidates()) == []

    def test_candidate_texts_are_unique(self) -> None:
        assert repeated(bare(row["text"]) for row in load_candidates()) == []

    def test_every_example_names_an_existing_reply(self) -> None:
        ids = {row["id"] for row in load_candidates()}
        assert {row["item"] for row in load_examples()} - ids == set()

    @pytest.mark.parametrize("name", MESSAGE_NAMES)
    def test_no_message_stands_twice_in_a_file(self, name: str) -> None:
        assert repeated(bare(text) for text in messages_by_file()[name]) == []

    def test_no_message_stands_in_two_files(self) -> None:
        bared = {name: {bare(text) for text in texts} for name, texts in messages_by_file().items()}
        for left, right in combinations(sorted(bared), 2):
            assert bared[left] & bared[right] == set(), (left, right)

    def test_no_customer_writes_a_reply_word_for_word(self) -> None:
        replies = {bare(row["text"]) for row in load_candidates()}
        for name, texts in messages_by_file().items():
            assert replies.isdisjoint(bare(text) for text in texts), name

    def test_phrasings_of_one_reply_are_not_built_from_one_template(self) -> None:
        """Two phrasings may share words, but no reply's phrasings may all open or all close in the same way."""
        phrasings: dict[str, list[list[str]]] = defaultdict(list)
        for row in load_examples():
            phrasings[row["item"]].append(bare(row["text"]).split())
        for item, messages in phrasings.items():
            openings = {tuple(words[:2]) for words in messages}
            endings = {words[-1] for words in messages}
            assert len(openings) > len(messages) / 2, (item, openings)
            assert len(endings) >= len(messages) / 2, (item, endings)

    def test_phrasings_of_one_reply_are_long_and_short(self) -> None:
        lengths: dict[str, list[int]] = defaultdict(list)
        for row in load_examples():
            lengths[row["item"]].append(len(row["text"].split()))
        narrow = {item: counts for item, counts in lengths.items() if max(counts) < min(counts) + 4}
        assert not narrow


class TestVoice:
    def test_replies_are_one_to_three_full_sentences(self) -> None:
        for row in load_candidates():
            sentences = re.findall(r"[.!?](?=\s|$)", row["text"])
            assert 1 <= len(sentences) <= 3, row
            assert row["text"][0].isupper(), row
            assert row["text"][-1] in ".!?", row

    def test_replies_name_concrete_figures(self) -> None:
        """Days, fees and sums: a reply that could be any shop's helps nobody."""
        with_figures = sum(
            bool(re.search(r"\d|\b(two|three|four|five|ten)\b", row["text"])) for row in load_candidates()
        )
        assert with_figures >= len(load_candidates()) / 2

    def test_customers_write_as_people_do(self) -> None:
        texts = [row["text"] for row in load_examples()]
        assert sum(text == text.casefold() for text in texts) >= len(texts) / 4, "carelessly typed"
        assert sum(text[0].isupper() and text[-1] in ".!?" for text in texts) >= len(texts) / 4, "carefully typed"
        assert sum(len(text.split()) <= 4 for text in texts) >= 100, "a few words"
        assert sum(len(text.split()) >= 12 for text in texts) >= 50, "whole sentences"

    def test_no_answer_messages_ask_nothing(self) -> None:
        assert [row["text"] for row in load_no_answer_needed() if "?" in row["text"]] == []

    def test_small_talk_of_the_trigger_asks_nothing(self) -> None:
        assert [row["text"] for row in load_trigger() if not row["needs_answer"] and "?" in row["text"]] == []

    def test_the_trigger_knows_the_hard_cases(self) -> None:
        needs = {row["text"]: row["needs_answer"] for row in load_trigger()}
        assert needs["hi"], "a person waits"
        assert needs["balance?"]
        assert needs["my card was swallowed by the machine"], "a problem without a question mark"
        assert needs["thanks, but where is my refund?"], "thanks are not the end"
        assert needs["yes please cancel it"]
        assert not needs["thanks"]
        assert not needs["you're welcome"]

    def test_most_requests_of_the_trigger_do_not_end_with_a_question_mark(self) -> None:
        """Otherwise a model would learn the mark instead of the need."""
        requests = [row["text"] for row in load_trigger() if row["needs_answer"]]
        assert sum("?" not in text for text in requests) > len(requests) / 2

    def test_the_trigger_is_not_about_the_shop(self) -> None:
        name = load_prepared()["shop"]["name"].casefold()
        assert [row["text"] for row in load_trigger() if name in row["text"].casefold()] == []


class TestPrepared:
    def test_there_are_ten_to_fourteen_buttons_with_short_different_labels(self) -> None:
        labels = [message["label"] for message in load_prepared()["messages"]]
        assert 10 <= len(labels) <= 14
        assert repeated(labels) == []
        assert all(len(label) <= MAX_LABEL_CHARACTERS for label in labels)

    def test_every_kind_has_a_button(self) -> None:
        kinds = Counter(message["kind"] for message in load_prepared()["messages"])
        assert set(kinds) == {"answerable", "unanswerable", "no_answer_needed"}
        assert min(kinds.values()) >= 2

    def test_one_button_shows_a_conversation(self) -> None:
        assert any("turns" in message for message in load_prepared()["messages"])

    def test_the_shop_says_who_it_is(self) -> None:
        shop = load_prepared()["shop"]
        assert set(shop) == {"name", "tagline", "agent_name"}
        assert shop["agent_name"] == "Support"


def test_every_load_is_the_callers_own() -> None:
    load_candidates()[0]["tags"].append("changed")
    assert "changed" not in load_candidates()[0]["tags"]
