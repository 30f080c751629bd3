"""What may be an id and what may be a text; and when two texts are the same to us."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from suggest.domain.text import LONGEST_TEXT_BYTES, check_id, check_text, context_key, normalise, wording

MODEST = settings(max_examples=60, deadline=None, derandomize=True)
WORDS = st.lists(st.text(st.characters(categories=("L", "N", "P")), min_size=1, max_size=8), min_size=1, max_size=6)
BLANKS = st.text(st.sampled_from(" \t\n\r\u00a0\u2003"), min_size=1, max_size=3)


@pytest.mark.parametrize("id", ["a", "ü/ß?#", "日本", "🙂", " ", "x" * 200, "a\u202eb", "%2F", "\u200b"])
def test_an_id_is_any_characters_without_controls(id: str) -> None:
    check_id(id, name="id", longest=200)


@pytest.mark.parametrize("id", ["", "x" * 201, "a\x00", "\n", "a\tb", "\x7f", "\x85", "\ud800", "a\udfff"])
def test_what_is_no_id_is_refused_by_the_name_of_its_field(id: str) -> None:
    with pytest.raises(ValueError, match=r"^eid must"):
        check_id(id, name="eid", longest=200)


def test_the_length_of_an_id_is_counted_in_characters_and_both_ends_are_in() -> None:
    check_id("🙂" * 128, name="eid", longest=128)
    with pytest.raises(ValueError, match="1 to 128 characters, got 129"):
        check_id("🙂" * 129, name="eid", longest=128)


@MODEST
@given(st.text(min_size=1, max_size=40))
@example("\u2028")
def test_an_id_is_refused_exactly_where_it_holds_a_control_or_half_a_character(id: str) -> None:
    holds_one = any(unicodedata.category(character) in {"Cc", "Cs"} for character in id)
    if holds_one:
        with pytest.raises(ValueError, match="control"):
            check_id(id, name="id", longest=40)
    else:
        check_id(id, name="id", longest=40)


@pytest.mark.parametrize("text", ["a", "  a  ", "line\nline", "\x01 a control is a text", "x" * LONGEST_TEXT_BYTES])
def test_a_text_is_anything_that_says_something(text: str) -> None:
    check_text(text, name="text")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        (" \n\t\u00a0\u3000", "empty"),
        ("a\x00b", "NUL"),
        ("a\ud83d", "surrogates"),
        ("x" * (LONGEST_TEXT_BYTES + 1), "32768 bytes"),
        ("ü" * (LONGEST_TEXT_BYTES // 2 + 1), "32768 bytes"),
    ],
    ids=["empty", "blank", "NUL", "surrogate", "long", "long in bytes"],
)
def test_what_is_no_text_is_refused_in_words(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        check_text(text, name="text")


def test_the_limit_of_a_text_is_in_bytes_and_holds_to_the_byte() -> None:
    check_text("ü" * (LONGEST_TEXT_BYTES // 2), name="text")
    check_text("x" + "ü" * (LONGEST_TEXT_BYTES // 2 - 1) + "x", name="text")


@MODEST
@given(st.text(max_size=80))
def test_to_normalise_twice_is_to_normalise_once_for_what_people_type(text: str) -> None:
    once = normalise(text)
    assert once == once.strip()
    assert "  " not in once
    assert normalise(" " + once + "\n") == normalise(once)


@MODEST
@given(words=WORDS, between=st.lists(BLANKS, min_size=8, max_size=8))
def test_blanks_do_not_make_another_text(words: list[str], between: list[str]) -> None:
    spread = "".join(word + blank for word, blank in zip(words, between, strict=False))
    assert context_key(spread) == context_key(" ".join(words))


@pytest.mark.parametrize(
    ("one", "other"),
    [("Größe", "GRÖSSE".replace("SS", "ß")), ("ﬁne", "fine"), ("１２３", "123"), ("e\u0301", "é"), ("A\u00a0B", "a b")],
)
def test_spellings_of_one_text_share_a_key(one: str, other: str) -> None:
    assert context_key(one) == context_key(other)


@pytest.mark.parametrize(("one", "other"), [("cancel", "cancel!"), ("1 2", "12"), ("größe", "grosse"), ("a b", "b a")])
def test_different_texts_do_not(one: str, other: str) -> None:
    assert context_key(one) != context_key(other)


def test_a_key_is_32_hex_digits_whatever_it_names() -> None:
    for text in ("", "x", "🙂" * 1000, "\ud7ff"):
        assert len(context_key(text)) == 32
        int(context_key(text), 16)


TURNS = st.lists(st.tuples(st.sampled_from(["agent", "user"]), st.text(max_size=6)), max_size=3)


@MODEST
@given(text=st.text(max_size=10), turns=TURNS, others=TURNS)
def test_the_turns_before_a_text_are_part_of_what_it_means(
    text: str, turns: list[tuple[str, str]], others: list[tuple[str, str]]
) -> None:
    same = [(role, normalise(said)) for role, said in turns] == [(role, normalise(said)) for role, said in others]
    assert (context_key(text, turns) == context_key(text, others)) == same


def test_the_order_and_the_speaker_of_turns_matter() -> None:
    first, second = ("agent", "Shall I cancel?"), ("user", "wait")
    assert context_key("yes", [first, second]) != context_key("yes", [second, first])
    assert context_key("yes", [("agent", "hi")]) != context_key("yes", [("user", "hi")])


def test_text_cannot_run_over_into_a_turn() -> None:
    """The separators are blanks to `normalise`, so no text can hold them."""
    assert context_key("yes\x1fagent\x1ehi") != context_key("yes", [("agent", "hi")])


@MODEST
@given(WORDS, st.sampled_from([".", "!", "...", ",", ";", "。"]))
def test_a_mark_at_the_end_of_a_clause_changes_no_wording(words: list[str], mark: str) -> None:
    text = "ok " + " ".join(words)
    assert wording(f"{text} ok{mark}") == wording(f"{text} ok")
    assert wording(wording(text)) == wording(text)


@pytest.mark.parametrize("pair", [("C", "C#"), ("Done?", "Done."), ("1.5", "15"), ("10:30", "1030"), ("👍", "👎")])
def test_what_means_something_else_stays_apart(pair: tuple[str, str]) -> None:
    assert wording(pair[0]) != wording(pair[1])


@pytest.mark.parametrize("text", ["...", "!", "?!", "¡!"])
def test_marks_alone_are_a_wording_too(text: str) -> None:
    assert wording(text)
