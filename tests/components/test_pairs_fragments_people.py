"""Three pieces of pages: pairs of shares, a slate for a host's own page, the accounts; whatever text comes in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markup import HOSTILE, Markup, Tag, assert_clean

from components.admin.people import people_section
from components.admin.views import OverviewView, WorkerRow
from components.charts.frame import Frame, Words
from components.charts.line import SharePoint
from components.charts.pair import Pair, pairs_chart
from components.fragment import FragmentOption, FragmentView, fragment

LEFT = datetime(2026, 3, 2, 8, tzinfo=UTC)
PAPER = Frame(top=38, bottom=58)
SHARES = st.floats(0, 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20) | st.sampled_from(HOSTILE)


def a_point(low: float, share: float, high: float) -> SharePoint:
    return SharePoint(share=share, low=low, high=high, n=10)


def a_pair(bar: float = 0.5, dot: SharePoint | None = None, **more: str) -> Pair:
    told = {"label": "one", "bar_says": "bar", "dot_says": "dot", **more}
    return Pair(bar=a_point(bar, bar, bar), dot=dot, **told)


def drawn(*pairs: Pair, most: int = 20) -> Markup:
    words = Words(id="pairs", title="Pairs", summary="Two shares each.")
    return assert_clean(pairs_chart(words, pairs, across="which", up="share", most_labels=most))


def number(tag: Tag, name: str) -> float:
    return float(tag.attributes[name])


# -- pairs


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(st.tuples(SHARES, st.none() | st.tuples(SHARES, SHARES, SHARES)), max_size=40))
def test_bars_and_dots_stand_where_their_shares_are(
    made: list[tuple[float, tuple[float, float, float] | None]],
) -> None:
    pairs = [a_pair(bar, None if three is None else a_point(*sorted(three))) for bar, three in made]
    read = drawn(*pairs)
    height = PAPER.y0 - PAPER.y1
    bars = read.all("rect", class_="bar-faint")
    assert [number(bar, "height") / height for bar in bars] == pytest.approx([bar for bar, _ in made], abs=1e-4)
    for bar in bars:
        assert number(bar, "y") + number(bar, "height") == pytest.approx(PAPER.y0, abs=0.011)
        assert PAPER.x0 <= number(bar, "x") <= number(bar, "x") + number(bar, "width") <= PAPER.x1 + 0.02
    known = [pair for pair in pairs if pair.dot is not None]
    whiskers, dots = read.all("line", class_="whisker"), read.all("circle", class_="dot")
    assert len(whiskers) == len(dots) == len(known)
    for pair, whisker, dot in zip(known, whiskers, dots, strict=True):
        assert pair.dot is not None
        for tag, name, share in (
            (whisker, "y1", pair.dot.low),
            (whisker, "y2", pair.dot.high),
            (dot, "cy", pair.dot.share),
        ):
            assert number(tag, name) == pytest.approx(PAPER.y0 - share * height, abs=0.011)
        assert number(dot, "cx") == number(whisker, "x1") == number(whisker, "x2")


def test_a_dot_stands_in_the_middle_of_its_bar_and_bars_never_touch() -> None:
    read = drawn(*(a_pair(0.5, a_point(0.1, 0.2, 0.3)) for _ in range(9)))
    bars, dots = read.all("rect", class_="bar-faint"), read.all("circle", class_="dot")
    middles = [number(bar, "x") + number(bar, "width") / 2 for bar in bars]
    assert middles == pytest.approx([number(dot, "cx") for dot in dots], abs=0.02)
    for left, right in pairwise(bars):
        assert number(left, "x") + number(left, "width") < number(right, "x")


def test_one_pair_is_no_wall_and_none_is_an_empty_drawing() -> None:
    assert number(drawn(a_pair()).all("rect", class_="bar-faint")[0], "width") == 64
    assert not drawn().all("rect", class_="bar-faint")


def test_labels_are_thinned_and_what_stands_there_is_said_all_the_same() -> None:
    read = drawn(*(a_pair(label=f"label {n};", bar_says=f"bar {n};") for n in range(30)), most=6)
    assert sum(f"label {n};" in read.text for n in range(30)) == 6
    assert all(f"bar {n};" in read.text for n in range(30))


@pytest.mark.parametrize("text", HOSTILE[:9])
def test_hostile_labels_are_drawn_as_letters(text: str) -> None:
    dot = a_point(0.1, 0.2, 0.3)
    plain, read = drawn(a_pair(dot=dot)), drawn(a_pair(dot=dot, label=text, bar_says=text, dot_says=text))
    assert [tag.name for tag in read.tags] == [tag.name for tag in plain.tags]
    assert [tag.text for tag in read.all("title")].count(text) == 2


# -- fragments


def a_fragment(*texts: str, **changes: Any) -> FragmentView:
    options = [FragmentOption(id=f"o{n}", text=text) for n, text in enumerate(texts)]
    view = FragmentView(state="show", impression="i-1", token="t-1", options=options, action="/chosen")
    return replace(view, **changes)


def test_a_slate_is_a_form_that_says_everything_without_a_script() -> None:
    read = assert_clean(fragment(a_fragment("First", "Second", label="Antworten", dismiss="Keine davon")))
    form = read.all("form")[0].attributes
    assert (form["method"], form["action"], form["hx-post"], form["aria-label"]) == (
        "post",
        "/chosen",
        "/chosen",
        "Antworten",
    )
    kept = {tag.attributes["name"]: tag.attributes["value"] for tag in read.all("input", type="hidden")}
    assert kept == {"impression": "i-1", "token": "t-1", "text:o0": "First", "text:o1": "Second"}
    pressed = [(tag.attributes["name"], tag.attributes["value"], tag.text) for tag in read.all("button", type="submit")]
    assert pressed == [("item", "o0", "First"), ("item", "o1", "Second"), ("dismiss", "1", "×")]
    assert read.all("button")[-1].attributes["aria-label"] == "Keine davon"


@pytest.mark.parametrize("state", ["abstain", "escalate"])
@pytest.mark.parametrize("message", ["", "Somebody will answer."])
def test_a_slate_that_is_not_shown_keeps_its_place_and_says_what_happens(state: str, message: str) -> None:
    read = assert_clean(fragment(a_fragment(state=state, message=message)))
    assert read.tags[0].attributes == {"class": "suggest-slate", "data-state": state, "data-impression": "i-1"}
    assert [tag.text for tag in read.all("p", role="status")] == [message] * bool(message)
    assert not read.all("form")
    assert "t-1" not in str(fragment(a_fragment(state=state, message=message))), "nothing to press needs no token"


@settings(max_examples=60, derandomize=True, deadline=None)
@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"])) | st.sampled_from(HOSTILE), min_size=1, max_size=5)
)
def test_an_option_comes_back_word_for_word_whatever_it_says(texts: list[str]) -> None:
    read = assert_clean(fragment(a_fragment(*texts)))
    options = read.all("button", class_="suggest-option")
    assert [tag.text for tag in options] == texts
    given_back = [tag for tag in read.all("input", type="hidden") if tag.attributes["name"].startswith("text:")]
    assert [tag.attributes["value"] for tag in given_back] == texts
    assert len(read.tags) == 2 + 2 + 2 * len(texts) + 1
    assert all(tag.attributes["dir"] == "auto" for tag in options)


@pytest.mark.parametrize("text", HOSTILE[:9])
def test_ids_tokens_and_words_stay_in_their_attributes(text: str) -> None:
    view = a_fragment("x", state=text, impression=text, token=text, label=text, dismiss=text, action=f"/{text}")
    view = replace(view, options=[FragmentOption(id=text, text="x")])
    read = assert_clean(fragment(view))
    assert read.all("button", class_="suggest-option")[0].attributes["value"] == text
    assert read.all("form")[0].attributes["aria-label"] == text
    assert {tag.attributes["value"] for tag in read.all("input")} == {text, "x"}


@pytest.mark.parametrize(
    "action", ["javascript:alert(1)", "JAVASCRIPT:x", "java\nscript:x", "data:text/html,x", "http://["]
)
def test_what_is_pressed_never_runs(action: str) -> None:
    form = assert_clean(fragment(a_fragment("x", action=action))).all("form")[0].attributes
    assert form["action"] == form["hx-post"] == "#"


# -- accounts


def a_worker(id: str = "w-1", **changes: Any) -> WorkerRow:
    worker = WorkerRow(
        id=id, name=f"Name of {id}", role="worker", skills=("billing",), languages=("en",), login=None, is_on_duty=False
    )
    return replace(worker, **changes)


def an_overview(*people: WorkerRow) -> OverviewView:
    return OverviewView(
        csrf="token", surfaces=(), keys=(), waiting=0, workers=0, expected_wait_s=None, ready=(), people=people
    )


def accounts(*people: WorkerRow) -> Markup:
    return assert_clean(people_section(an_overview(*people)))


def actions(read: Markup) -> list[str]:
    return [tag.attributes["action"] for tag in read.all("form")]


def test_without_accounts_it_says_so_and_the_form_for_the_first_is_open() -> None:
    read = accounts()
    assert "Nobody has an account yet." in read.text
    assert not read.all("table")
    assert ["open" in tag.attributes for tag in read.all("details")] == [True, False]
    assert actions(read) == ["/admin/workers", "/admin/links"]


def test_who_left_stands_last_and_can_do_and_be_done_nothing() -> None:
    read = accounts(a_worker("gone", left_at=LEFT, is_on_duty=False), a_worker("here", is_on_duty=True))
    rows = read.all("tr")[1:]
    assert ["Name of here" in row.text for row in rows] == [True, False]
    assert "on duty" in rows[0].text
    assert "closed" in rows[1].text
    assert not [action for action in actions(read) if "gone" in action]
    hidden = [(tag.attributes["name"], tag.attributes["value"]) for tag in read.all("input", type="hidden")]
    assert [value for name, value in hidden if name == "worker"] == ["here"]
    assert not any("open" in tag.attributes for tag in read.all("details"))
    assert "open" in accounts(a_worker(left_at=LEFT)).all("details")[0].attributes, "nobody is left"


def test_every_form_carries_the_token_and_every_field_its_label() -> None:
    read = accounts(a_worker("w-1"), a_worker("w-2"), a_worker("w-3", left_at=LEFT))
    tokens = read.all("input", type="hidden", value="token")
    assert len(tokens) == len(read.all("form")) == 2 + 2 * 3
    labelled = {tag.attributes["for"] for tag in read.all("label")}
    typed = [tag for tag in read.tags if tag.name in ("input", "select") and tag.attributes.get("type") != "hidden"]
    assert labelled == {tag.attributes["id"] for tag in typed}
    assert len(typed) == len(labelled)


@pytest.mark.parametrize("role", ["worker", "reviewer", "owner"])
def test_what_somebody_may_is_chosen_in_their_form_and_new_ones_only_answer(role: Any) -> None:
    read = accounts(a_worker(role=role))
    chosen = [tag.attributes["value"] for tag in read.all("option") if "selected" in tag.attributes]
    assert chosen == [role, "worker", "worker"], "theirs, a new account's, a link's"


def test_what_somebody_knows_is_in_their_form_as_it_is_typed() -> None:
    read = accounts(a_worker(skills=("billing", "returns"), languages=(), login="a@b.example"))
    inputs = [tag.attributes for tag in read.all("input") if "id" in tag.attributes]
    typed = {each["id"]: each.get("value", "") for each in inputs}
    assert (typed["w-1-skills"], typed["w-1-languages"], typed["w-1-login"]) == ("billing, returns", "", "a@b.example")
    cells = [str(tag.text) for tag in read.all("td")]
    assert cells[1:4] == ["billing, returns", "any", "a@b.example"]


@pytest.mark.parametrize("text", [*HOSTILE[:9], "a/b", "../x", "a b"])
def test_hostile_names_and_ids_stay_text_and_one_step_of_a_path(text: str) -> None:
    worker = a_worker(name=text, skills=(text,), languages=(text,), login=text)
    plain, read = accounts(a_worker(login="x")), accounts(worker)
    assert [tag.name for tag in read.tags] == [tag.name for tag in plain.tags]
    close = next(tag for tag in read.all("button") if "data-sure" in tag.attributes)
    assert close.attributes["data-sure"].startswith(f"Close the account of {text}?")
    odd = actions(Markup.of(people_section(an_overview(a_worker(text)))))
    assert [action.count("/") for action in odd] == [2, 3, 4, 2, 2]
