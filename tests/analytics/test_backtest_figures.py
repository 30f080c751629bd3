"""The figures of a backtest, worked by hand from what was said and what was right; no model is trained here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from htpy import div
from hypothesis import given, settings
from hypothesis import strategies as st
from markup import HOSTILE, Markup

from analytics.backtest import LEAST_GROUP, MOST_CLUSTERS, TARGETS, Assumed, BacktestView, measure
from analytics.backtest_figures import groups_figure, promises_figure, savings_figure, unanswered_figure
from analytics.backtest_page import render_page, sections, to_json
from analytics.csv import rows_csv
from components.number import NOTHING
from suggest.config.backtest import Asked, Backtest, Step
from suggest.config.stages import Told
from suggest.domain.context import Context
from suggest.loop.backtest import Split, Ticket
from suggest.metrics.interval import clopper_pearson, wilson

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
ANSWERS = {
    "a": "Answer a",
    "b": "Answer b",
    "c": "Answer c",
    "d": "Answer d",
    "new": "Never given before",
    "rare": "Once",
}
RARE = "rare"  # had been given, and is not among those that are offered
CANDIDATES = {id: text for id, text in ANSWERS.items() if id not in ("new", RARE)}


def asked(answer: str | None, shown: str, *, p_any: float = 0.5, text: str = "", group: str = "", n: int = 0) -> Asked:
    return Asked(
        ticket=Ticket(context=Context(text=text or f"message {n}"), answer=answer, group=group),
        told=Told(ranked=tuple(shown), shown=tuple(shown), p_shown=(0.3,) * len(shown), p_any=p_any),
        right=frozenset({answer} & set(CANDIDATES)) if answer else frozenset(),
    )


def a_run(*judged: Asked, rows: np.ndarray | None = None, n_history: int = 40, **split: Any) -> Backtest:
    """One step with names alone on the first half, and the last with everything."""
    steps = (
        Step(n_history=0, was_built=False, asked=judged[: max(1, len(judged) // 2)]),
        Step(n_history=n_history, was_built=True, asked=judged),
    )
    return Backtest(
        split=Split(
            **{"way": "time", **split},
            history=tuple(range(n_history)),
            judged=tuple(range(n_history, n_history + len(judged))),
        ),
        candidates=CANDIDATES,
        answers=ANSWERS,
        given=frozenset(CANDIDATES) | {RARE},
        steps=steps,
        embeddings=np.eye(max(len(judged), 2), dtype=np.float32)[: len(judged)] if rows is None else rows,
    )


def measured(*judged: Asked, assumed: Assumed | None = None, **run: Any) -> BacktestView:
    return measure(a_run(*judged, **run), name="tickets.csv", assumed=assumed)


def promising(n: int = 400) -> list[Asked]:
    """Half are sure and right, half unsure and wrong."""
    return [asked("a", "abc" if k % 2 else "bcd", p_any=0.97 if k % 2 else 0.1, n=k) for k in range(n)]


def written(drawn: Any) -> list[dict[str, object]]:
    return [dict(zip(drawn.rows.columns, row, strict=True)) for row in drawn.rows.values]


# -- counts


def test_who_is_right_first_in_three_and_not_at_all_is_counted_apart() -> None:
    view = measured(
        asked("a", "abc", n=0),  # first
        asked("b", "abc", n=1),  # in three
        asked("d", "abc", n=2),  # a candidate, not shown
        asked("new", "abc", n=3),  # nobody had given it before
        asked(None, "abc", n=4),  # nothing answers it
        asked("a", "", n=5),  # nothing was shown
        left_out=7,
    )
    assert (view.top1.mid, view.top3.mid) == (pytest.approx(1 / 6), pytest.approx(2 / 6))
    assert (view.n_new, view.n_none, view.n_unanswered) == (1, 1, 4)
    assert (view.n_tickets, view.n_history, view.n_judged, view.n_left_out) == (46, 40, 6, 7)
    assert view.n_candidates == 4
    assert [(each.n_history, each.was_built, each.top1.n) for each in view.curve] == [(0, False, 3), (40, True, 6)]


def test_an_answer_too_rare_to_be_offered_is_told_from_one_that_is_new() -> None:
    judged = [asked(answer, "abc", text="zips", n=n) for n, answer in enumerate([RARE, RARE, "new", None, "a"])]
    view = measured(*judged, rows=np.ones((5, 4), np.float32) / 2)
    assert (view.n_rare, view.n_new, view.n_none, view.n_given, view.n_candidates) == (2, 1, 1, 5, 4)
    read = Markup.of(render_page(view, made_at=AT)).text
    assert "5 different answers were given" in read
    assert "the 4 commonest that came back are offered" in read
    assert "1 had an answer that nobody had given before, 2 had one of the rarer answers and 1 had none" in read
    assert "2 of 4; too rare to be offered" in read
    told = to_json(view)
    assert (told["different_answers"], told["rare_answers"]) == (5, 2)


TICKETS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", "d", "new", None]),
        st.permutations("abcd").map(lambda order: "".join(order[:3])) | st.just(""),
        st.floats(0, 1),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=20, derandomize=True, deadline=None)
@given(TICKETS)
def test_shares_are_nested_and_every_ticket_is_right_or_missed(made: list[tuple[str | None, str, float]]) -> None:
    view = measured(*(asked(answer, shown, p_any=p, n=n) for n, (answer, shown, p) in enumerate(made)))
    first = sum(answer is not None and shown[:1] == answer for answer, shown, _ in made)
    in_three = sum(answer is not None and answer in shown for answer, shown, _ in made)
    assert view.top1 == wilson(first, len(made))
    assert view.top3 == wilson(in_three, len(made))
    assert in_three + view.n_unanswered == len(made)
    assert view.n_new + view.n_none == sum(answer in ("new", None) for answer, _, _ in made) <= view.n_unanswered
    assert all(step.top1.mid <= step.top3.mid for step in view.curve)


@pytest.mark.parametrize("is_right", [True, False])
def test_one_ticket_is_enough_for_a_page_without_promises(is_right: bool) -> None:
    view = measured(asked("a", "abc" if is_right else "bcd"))
    assert view.top3.mid == float(is_right)
    assert [each.threshold for each in view.promises] == [None] * len(TARGETS)
    assert all(each.why for each in view.promises)
    assert {each.target for each in view.savings} == {None}
    assert view.of_any.error is None
    read = Markup.of(render_page(view, made_at=AT))
    assert "Needs 100 judged tickets" in read.text
    assert "nan" not in read.text.lower()
    json.dumps(to_json(view), allow_nan=False)


# -- groups


def grouped(name: str, n: int, n_right: int) -> list[Asked]:
    return [asked("a", "abc" if k < n_right else "bcd", group=name, text=f"{name} {k}", p_any=0.75) for k in range(n)]


def test_groups_are_those_large_enough_the_least_right_first() -> None:
    view = measured(
        *grouped("good", LEAST_GROUP, LEAST_GROUP),
        *grouped("bad", 40, 10),
        *grouped("a tie", 80, 20),
        *grouped("small", LEAST_GROUP - 1, 0),
        *grouped("", 50, 0),
    )
    assert [(each.name, each.top3.n) for each in view.groups] == [("a tie", 80), ("bad", 40), ("good", LEAST_GROUP)]
    assert [each.gap.gap for each in view.groups] == pytest.approx([0.5, 0.5, -0.25]), "mean p_any less the share right"
    rows = written(groups_figure(view))
    assert [row["top3"] for row in rows] == pytest.approx([0.25, 0.25, 1.0])
    cells = groups_figure(view).figure.table
    assert cells is not None
    assert cells.rows[1][:2] == ("bad", "40")
    assert [Markup.of(div[cell]).text for cell in cells.rows[1][2:4]] == ["25.0%14.2% to 40.2%"] * 2
    assert "+50.0 pt" in cells.rows[1]


def test_where_no_column_names_groups_nothing_is_said_of_them() -> None:
    for view, is_said in ((measured(*grouped("", 3, 1)), False), (measured(*grouped("x", 3, 1)), True)):
        assert ("By group" in Markup.of(render_page(view, made_at=AT)).text) == is_said


def test_without_a_large_group_it_says_how_to_get_one() -> None:
    figure = groups_figure(measured(*grouped("x", LEAST_GROUP - 1, 3)))
    assert figure.rows.values == ()
    assert "--group" in figure.figure.missing


# -- promises


def test_a_promise_keeps_its_target_and_leaves_the_rest_to_people() -> None:
    view = measured(*promising())
    for each in view.promises[:2]:
        assert each.threshold is not None
        assert each.precision is not None
        assert each.review_share is not None
        assert 0.1 < each.threshold <= 0.97
        assert each.target <= each.precision.low <= each.precision.mid == 1.0 == each.precision.high
        assert each.review_share.low < 0.5 < each.review_share.high
        assert each.review_share.n == 400, "every judged ticket tests"
        shown = each.precision.n
        assert each.review_share == clopper_pearson(400 - shown, 400)


def test_the_same_tickets_give_the_same_promise() -> None:
    tickets = promising(200)
    assert measured(*tickets).promises == measured(*tickets).promises


def test_where_nothing_can_be_promised_it_says_what_is_missing() -> None:
    few = measured(*promising(40))
    hopeless = measured(*(asked("a", "bcd", n=k, p_any=0.9) for k in range(200)))
    for view, said in ((few, "more"), (hopeless, "not with tickets like these")):
        row = promises_figure(view.promises, view.n_judged).figure.table
        assert row is not None
        assert all(said in cells[1] and cells[2:] == (NOTHING,) * 2 for cells in row.rows)
    for row_ in written(promises_figure(few.promises, 40)):
        assert row_["threshold"] is None
        assert row_["review_share"] is None
        assert row_["labels_needed"]


# -- savings


@pytest.mark.parametrize(
    ("n_right", "handling", "reading_s", "minutes"),
    [(50, 3.0, 6.0, 1_400.0), (100, 1.0, 0.0, 1_000.0), (0, 10.0, 30.0, -500.0), (50, 1.0, 30.0, 0.0)],
)
def test_minutes_of_a_thousand_tickets_where_everything_is_shown(
    n_right: int, handling: float, reading_s: float, minutes: float
) -> None:
    tickets = [asked("a", "abc" if k < n_right else "bcd", n=k) for k in range(100)]
    view = measured(*tickets, assumed=Assumed(handling_min=(handling,), reading_s=reading_s))
    saved = view.savings[0]
    exact = clopper_pearson(n_right, 100)
    assert saved.minutes == pytest.approx(minutes)
    assert saved.low == pytest.approx(1_000 * (exact.low * handling - reading_s / 60))
    assert saved.high == pytest.approx(1_000 * (exact.high * handling - reading_s / 60))


@settings(max_examples=10, derandomize=True, deadline=None)
@given(st.floats(0.01, 60), st.floats(0, 600))
def test_what_is_saved_lies_between_its_bounds_and_grows_with_the_handling(handling: float, reading_s: float) -> None:
    view = measured(*promising(160), assumed=Assumed(handling_min=(handling, 2 * handling), reading_s=reading_s))
    by = {(each.target, each.handling_min): each for each in view.savings}
    promised = [each.target for each in view.promises if each.threshold is not None]
    assert len(by) == len(view.savings) == 2 * (1 + len(promised))
    assert promised
    for (target, minutes), each in by.items():
        assert each.low - 1e-9 <= each.minutes <= each.high + 1e-9
        if minutes == handling:
            assert by[target, 2 * handling].minutes > each.minutes
    worth = by[promised[0], handling].minutes / 1_000
    shown = 1 - next(each.review_share.mid for each in view.promises if each.review_share is not None)
    assert worth == pytest.approx(shown * (handling - reading_s / 60)), "every ticket that is shown is right"


def test_what_is_saved_names_its_units() -> None:
    view = measured(*promising(), assumed=Assumed(handling_min=(0.5, 12.0), reading_s=7.5))
    figure = savings_figure(view.savings, 7.5)
    assert figure.figure.sample == "reading a slate takes 7.5 s"
    assert {row["reading_s"] for row in written(figure)} == {7.5}
    assert figure.figure.table is not None
    assert [each.label for each in figure.figure.table.columns] == [
        "What is shown", "0.5 min a ticket", "12 min a ticket",
    ]  # fmt: skip
    assert [cells[0] for cells in figure.figure.table.rows][:2] == ["everything", "90% right, promised"]
    everything = {row["handling_min"]: row for row in written(figure) if row["precision_target"] is None}
    for minutes, cell in zip((0.5, 12.0), figure.figure.table.rows[0][1:], strict=True):
        row = everything[minutes]
        said = [f"{round(float(str(row[name]))):,}" for name in ("minutes_saved", "low", "high")]
        assert Markup.of(str(div[cell])).text == f"{said[0]}{said[1]} to {said[2]}"


@pytest.mark.parametrize("minutes", [(), (0.0,), (-1.0,), (3.0, float("nan")), (float("inf"),), (1e6,)])
def test_handling_times_are_minutes_above_nothing(minutes: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="minutes above 0"):
        Assumed(handling_min=minutes)


@pytest.mark.parametrize("seconds", [-0.1, float("nan"), float("inf")])
def test_a_reading_time_is_seconds(seconds: float) -> None:
    with pytest.raises(ValueError, match="seconds, 0 or more"):
        Assumed(reading_s=seconds)


# -- what is missing


def about(subjects: Sequence[int]) -> np.ndarray:
    """Rows that say exactly the same where their subject is the same, and nothing alike elsewhere."""
    return np.eye(max(subjects) + 1, dtype=np.float32)[list(subjects)]


def test_what_was_missed_is_told_by_subject_with_what_most_of_it_was_answered() -> None:
    judged = [
        *(asked("new", "abc", n=k, text=f"invoice {k}") for k in range(3)),
        asked("d", "abc", n=3, text="invoice 3"),
        *(asked(None, "abc", n=k, text=f"weather {k}") for k in range(4, 7)),
        *(asked("a", "abc", n=k, text=f"invoice {k}") for k in range(7, 12)),  # answered: not missing
        *(asked("d", "abc", n=k, text=f"two {k}") for k in range(12, 14)),  # too few to be a subject
    ]
    view = measured(*judged, rows=about([0] * 4 + [1] * 3 + [0] * 5 + [2] * 2))
    assert [(each.n, each.answer, each.answer_n, each.is_new) for each in view.unanswered] == [
        (4, "Never given before", 3, True),
        (3, "", 3, False),
    ]
    assert [each.example for each in view.unanswered] == ["invoice 0", "weather 4"]
    assert view.n_unanswered == 9
    table = unanswered_figure(view, quote=True).figure.table
    assert table is not None
    assert [row[0] for row in table.rows] == [
        "Never given before (3 of 4; nobody had given it before)",
        "nothing",
    ]


def test_subjects_never_count_a_ticket_twice_and_are_no_more_than_can_be_read() -> None:
    subjects = [k for k in range(MOST_CLUSTERS + 3) for _ in range(3 + k % 2)]
    view = measured(*(asked("d", "abc", n=k) for k in range(len(subjects))), rows=about(subjects))
    assert len(view.unanswered) == MOST_CLUSTERS
    assert sum(each.n for each in view.unanswered) <= view.n_unanswered
    sizes = [each.n for each in view.unanswered]
    assert sizes == sorted(sizes, reverse=True)


def test_where_nothing_was_missed_nothing_is_told_of_it() -> None:
    view = measured(*(asked("a", "abc", n=k) for k in range(5)))
    assert (view.unanswered, view.n_unanswered) == ((), 0)
    assert unanswered_figure(view, quote=True).figure.missing


# -- the page, and the numbers for a script


def hostile_run(text: str) -> BacktestView:
    judged = [asked("new", "abc", n=k, text=f"{text}{k}", group=text) for k in range(LEAST_GROUP)]
    run = replace(a_run(*judged, rows=about([0] * len(judged))), answers={**ANSWERS, "new": text})
    return measure(run, name=text)


@pytest.mark.parametrize("text", [*HOSTILE[:9], "=1+1"])
def test_hostile_messages_answers_and_names_are_text_on_the_page(text: str) -> None:
    plain = Counter(tag.name for tag in Markup.of(render_page(hostile_run("plain"), made_at=AT)).tags)
    read = Markup.of(render_page(hostile_run(text), made_at=AT))
    assert Counter(tag.name for tag in read.tags) == plain
    assert not [name for tag in read.tags for name in tag.attributes if name.startswith("on")]
    assert read.all("h1")[0].text == text


def test_without_quotes_no_word_of_a_message_is_anywhere() -> None:
    view = measured(*(asked("new", "abc", n=k, text=f"my secret is {k}") for k in range(4)), rows=about([0, 0, 0, 0]))
    assert "my secret" in render_page(view, made_at=AT)
    assert "quotes messages" in render_page(view, made_at=AT)
    for told in (render_page(view, made_at=AT, quote=False), json.dumps(to_json(view, quote=False))):
        assert "secret" not in told
        assert "Never given before" in told
    for section in sections(view, quote=False):
        assert all("secret" not in rows_csv(drawn.rows) for drawn in section.figures)


def test_a_script_reads_the_numbers_of_the_page() -> None:
    view = measured(*promising(), *grouped("x", LEAST_GROUP, 10), left_out=2)
    told: Any = json.loads(json.dumps(to_json(view), allow_nan=False))
    assert told["tickets"] == told["history"] + told["judged"] == 40 + 430
    assert told["top3"]["mid"] == pytest.approx(210 / 430)
    figures = {drawn.figure.id: written(drawn) for section in sections(view) for drawn in section.figures}
    for name, figure, same in (
        ("curve", "learning-curve", {"history": "history", "bundle": "bundle"}),
        ("promises", "review-share", {"precision_target": "precision_target", "threshold": "threshold"}),
        ("savings", "minutes-saved", {"minutes_per_1000": "minutes_saved", "low": "low", "high": "high"}),
        ("groups", "by-group", {"group": "group", "off_by": "off_by"}),
    ):
        assert len(told[name]) == len(figures[figure]) > 0
        for ours, theirs in zip(told[name], figures[figure], strict=True):
            assert {key: ours[key] for key in same} == {key: theirs[same[key]] for key in same}


@pytest.mark.parametrize(
    ("way", "said"), [("time", "the earlier ones taught"), ("answer", "dealt at random, equal messages together")]
)
def test_the_page_says_how_the_tickets_were_parted(way: str, said: str) -> None:
    view = measured(asked("new", "abc"), asked(None, "abc", n=1), way=way, left_out=1)
    read = Markup.of(render_page(view, made_at=AT))
    for words in (said, "1 further ticket was left out", "1 had an answer that nobody had given before and 1 had none"):
        assert words in read.text
