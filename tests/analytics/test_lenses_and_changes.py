"""What a report is read through, the addresses that carry it along, and what is said to have changed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from htpy import fragment
from hypothesis import given, settings
from hypothesis import strategies as st
from logbook import START, Logbook

from analytics.addresses import base, to_impressions, to_page, to_rows, with_query
from analytics.bundles import BundleHistory, bundle_history
from analytics.changes import SHARES, Change, changes, changes_figure, happenings_figure, tally
from analytics.lens import EVERYTHING, LONGEST_VALUE, Lens, is_field_name
from analytics.pages.learning import forecast, known_of, number_of, share_of
from analytics.pages.measured import Asking
from analytics.period import Period
from components.number import NOTHING
from suggest.domain.clock import parse_rfc3339
from suggest.domain.event import EventType
from suggest.domain.slate import Decision
from suggest.metrics.interval import wilson

DAY = Period(from_=START, to=START + timedelta(days=1))
HOSTILE = ("a b", "a/b", "a?b=c&d#e", "../..", '"><b>', "é\U0001f600", "100%", "+1", "\n")
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(HOSTILE)
LETTERS = "aZ09_.-"
NAMES = st.tuples(st.sampled_from("bY"), st.text(LETTERS, max_size=59)).map("".join)


@dataclass(frozen=True, kw_only=True)
class Speaking:
    surface: str = "s"
    period: Period = DAY
    lens: Lens = EVERYTHING
    versus: str | None = None
    against: Period | None = None
    is_whole: bool = False
    page: str | None = None


def query_of(address: str) -> dict[str, str]:
    return {name: text for name, (text,) in parse_qs(urlsplit(address).query, keep_blank_values=True).items()}


# -- lenses


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.none() | ANY, st.none() | st.tuples(NAMES, ANY))
def test_a_lens_comes_back_from_its_address(bundle: str | None, group: tuple[str, str] | None) -> None:
    field, value = group or (None, None)
    lens = Lens(bundle=bundle, field=field, value=value)
    assert Lens(**query_of(with_query("/x", lens.query))) == lens
    assert lens.is_whole is (lens == EVERYTHING)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(NAMES | st.text(LETTERS + ' \n"$é', max_size=70))
def test_a_field_is_looked_through_if_and_only_if_it_is_offered(name: str) -> None:
    if is_field_name(name):
        assert Lens(field=name, value="v").words == f"{name} = v"
    else:
        with pytest.raises(ValueError, match="named by letters, digits"):
            Lens(field=name, value="v")


@pytest.mark.parametrize(("field", "value"), [("language", None), (None, "de")])
def test_half_a_group_is_none(field: str | None, value: str | None) -> None:
    with pytest.raises(ValueError, match="name of a context field and its value"):
        Lens(field=field, value=value)


@pytest.mark.parametrize("name", ["bundle", "value"])
def test_a_value_is_at_most_so_long(name: str) -> None:
    def lens(length: int) -> Lens:
        return Lens(**{"field": "f", "value": "v", name: "x" * length})

    assert lens(LONGEST_VALUE)
    with pytest.raises(ValueError, match=f"at most {LONGEST_VALUE} characters"):
        lens(LONGEST_VALUE + 1)


@pytest.mark.parametrize(
    ("lens", "words"),
    [
        (EVERYTHING, ""),
        (Lens(bundle="b-1"), "bundle b-1"),
        (Lens(field="language", value="de"), "language = de"),
        (Lens(bundle="b-1", field="language", value=""), "bundle b-1, language = "),
    ],
)
def test_a_lens_says_what_it_leaves(lens: Lens, words: str) -> None:
    assert lens.words == words


def test_what_is_looked_through_is_not_looked_at_apart() -> None:
    fields = (("language", ("de", "en")), ("tier", ("0", "1")))

    def path(lens: Lens, of: Any = fields) -> tuple[str, str] | None:
        return Asking(
            analytics=None,  # type: ignore[arg-type]
            surface="s",
            period=DAY,
            lens=lens,
            bundles=(),
            fields=of,
        ).group_path

    assert path(EVERYTHING) == ("language", '$."language"')
    assert path(Lens(field="language", value="de")) == ("tier", '$."tier"')
    assert path(Lens(field="language", value="de"), fields[:1]) is None
    assert path(EVERYTHING, ()) is None


# -- addresses


@settings(max_examples=60, derandomize=True, deadline=None)
@given(surface=ANY, bundle=ANY, value=ANY, versus=st.none() | ANY)
def test_a_link_carries_whatever_it_is_read_through_and_no_name_leaves_its_place(
    surface: str, bundle: str, value: str, versus: str | None
) -> None:
    lens = Lens(bundle=bundle, field="language", value=value)
    view = Speaking(surface=surface, lens=lens, versus=versus)
    expected = {"from": "2026-03-02T08:00:00.000Z", "to": "2026-03-03T08:00:00.000Z", **lens.query}
    compared = {} if versus is None else {"versus": versus}
    for address, end, more in (
        (to_page(view, "funnel"), "funnel", compared),
        (to_rows(view, "arms", "parquet"), "arms.parquet", compared),
        (to_impressions(view, stage="seen"), "impressions", {"stage": "seen"}),
    ):
        assert query_of(address) == expected | more
        path = urlsplit(address).path.split("/")
        assert (path[:2], unquote(path[2]), path[3:]) == (["", "reports"], surface, [end])
        assert address.isascii()


def test_a_report_of_everything_stays_one_but_its_rows_are_of_what_was_measured() -> None:
    view = Speaking(is_whole=True, page="funnel")
    assert to_page(view, "tail") == "/reports/s/tail"
    assert query_of(to_rows(view, "arms")) == {
        "from": "2026-03-02T08:00:00.000Z",
        "to": "2026-03-03T08:00:00.000Z",
        "page": "funnel",
    }


def test_a_change_replaces_or_leaves_out_one_part() -> None:
    view = Speaking(lens=Lens(bundle="b-1", field="tier", value="1"), is_whole=True, versus="b-0")
    assert query_of(to_page(view, "live", bundle="b-2")) == {
        "bundle": "b-2",
        "field": "tier",
        "value": "1",
        "versus": "b-0",
    }
    assert to_page(view, "live", bundle=None, field=None, value=None, versus=None) == f"{base('s')}/live"


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.integers(-3_000, 1_439), st.integers(1, 3_000), st.sampled_from([-300, 0, 345, 825]))
def test_the_slates_behind_a_part_are_never_from_outside_the_period(start: int, length: int, offset: int) -> None:
    zone = timezone(timedelta(minutes=offset))
    from_ = (START + timedelta(minutes=start)).astimezone(zone)
    to = from_ + timedelta(minutes=length)
    if to <= DAY.from_:
        return
    told = query_of(to_impressions(Speaking(), from_, to))
    assert parse_rfc3339(told["from"]) == max(from_, DAY.from_)
    assert parse_rfc3339(told["to"]) == min(to, DAY.to)


# -- what changed


@pytest.mark.parametrize(
    ("now", "before", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 10), -0.2775, 0.2775),
    ],
)
def test_a_difference_is_that_of_newcombes_tables(
    now: tuple[int, int], before: tuple[int, int], low: float, high: float
) -> None:
    """Statistics in Medicine 17 (1998), table II, method 10."""
    found = Change(name="x", now=wilson(*now), before=wilson(*before)).difference
    assert found is not None
    assert (found.low, found.high) == (pytest.approx(low, abs=6e-5), pytest.approx(high, abs=6e-5))


COUNTS = st.tuples(st.integers(0, 300), st.integers(1, 300)).map(lambda kn: (min(kn), max(kn)))


@settings(max_examples=60, derandomize=True, deadline=None)
@given(COUNTS, COUNTS)
def test_a_difference_turns_round_and_its_verdict_with_it(a: tuple[int, int], b: tuple[int, int]) -> None:
    one, two = wilson(*a), wilson(*b)
    there, back = Change(name="x", now=one, before=two), Change(name="x", now=two, before=one)
    assert there.difference is not None
    assert back.difference is not None
    assert -1 <= there.difference.low <= there.difference.mid + 1e-12
    assert there.difference.mid - 1e-12 <= there.difference.high <= 1
    assert there.difference.low == pytest.approx(-back.difference.high)
    assert there.difference.n == a[1] + b[1]
    turned = {"up": "down", "down": "up", "no more than chance": "no more than chance"}
    assert there.words == turned[back.words]
    if a == b:
        assert there.words == "no more than chance"


def test_each_share_is_of_its_own_whole_and_of_nothing_where_there_is_none() -> None:
    now = {"selected": 5, "seen": 10, "shown": 30, "requests": 40, "applied": 0, "escalated": 10, "right_n": 0, "n": 0}
    before = dict.fromkeys(now, 0)
    found = {each.name: each for each in changes(now, before)}
    assert list(found) == [name for name, _, _ in SHARES]
    shares = {name: None if each.now is None else each.now.mid for name, each in found.items()}
    assert shares == {
        "taken when seen": 0.5,
        "shown": 0.75,
        "applied alone": 0.0,
        "sent to a person": 0.25,
        "right when judged": None,
    }
    assert all(each.before is None and each.words == "nothing to compare" for each in found.values())
    figure = changes_figure(tuple(found.values()), against="before")
    assert "no request was made there" in figure.figure.note
    assert figure.figure.table is not None
    assert all(cells[2:4] == (NOTHING, NOTHING) for cells in figure.figure.table.rows)
    assert [row[4] for row in figure.rows.values] == [10, 40, 40, 40, 0]


def test_what_is_clear_is_counted_and_said_with_its_interval() -> None:
    made = (
        Change(name="x", now=wilson(56, 70), before=wilson(48, 80)),
        Change(name="y", now=wilson(1, 2), before=wilson(1, 2)),
    )
    figure = changes_figure(made, against="there")
    assert figure.figure.sample == "1 difference above chance"
    assert figure.figure.note == ""
    assert figure.figure.table is not None
    *rest, difference, verdict = figure.figure.table.rows[0]
    assert [str(fragment[each]).partition("<br>")[0] for each in (*rest, verdict)] == ["x", "80.0%", "60.0%", "up"]
    assert fragment[difference].__html__() == '+20.0 pt<br><span class="fine quiet">+5.2 to +33.4</span>'
    assert [column.label for column in figure.figure.table.columns][2] == "There"


def test_a_tally_of_halves_is_the_tally_of_the_whole_and_of_nothing_is_nothing(book: Logbook) -> None:
    book.surface("s")
    for number in range(24):
        slate = book.slate(
            "s", at=START + timedelta(hours=number), decision=list(Decision)[number % 4], text=f"q {number}"
        )
        if number % 3 == 0:
            book.event(slate, EventType.VIEW)
            book.event(slate, EventType.SELECT, item=slate.items[0].id)
    book.bundle("s", "b-1", state="promoted", at=START + timedelta(hours=3))
    book.bundle("s", "b-2", state="kept", at=START + timedelta(hours=30))
    cut = START.astimezone(timezone(timedelta(hours=9))) + timedelta(hours=11)
    with book.opened(at=START + timedelta(days=2)) as opened:
        whole = tally(opened, "s", DAY)
        first = tally(opened, "s", replace(DAY, to=cut))
        second = tally(opened, "s", replace(DAY, from_=cut))
        nothing = tally(opened, "s", Period(from_=DAY.to, to=DAY.to + timedelta(days=1)))
        unknown = tally(opened, "nobody's", DAY)
        happened = happenings_figure(opened, "s", DAY)
        quiet = happenings_figure(opened, "nobody's", DAY)
        bundles = bundle_history(opened, "s")
    assert whole["requests"] == 24
    assert whole["selected"] == 8
    assert {name: first[name] + second[name] for name in whole} == dict(whole)
    assert set(nothing.values()) == set(unknown.values()) == {0}
    assert nothing.keys() == unknown.keys() == whole.keys()
    assert [row[0] for row in happened.rows.values] == [START + timedelta(hours=3)]
    assert "b-1" in str(happened.rows.values[0])
    assert happened.figure.sample == "1 entry"
    assert quiet.figure.missing
    assert [each.id for each in bundles] == ["b-2", "b-1"]


# -- what a gate left behind


def a_bundle(manifest: Mapping[str, object] | None = None, **gate: object) -> BundleHistory:
    return BundleHistory(id="b", state="kept", at=START, parent=None, encoder="", manifest=manifest or {}, gate=gate)


@pytest.mark.parametrize(
    ("data", "n"),
    [
        ({"labels": 3, "selections": 4, "dismissals": 5, "turns": 99}, 12),
        ({"labels": 3, "selections": None}, 3),
        ({"labels": float("nan"), "selections": "4", "dismissals": 1}, 1),
        ("many", 0),
        (None, 0),
    ],
)
def test_what_a_bundle_learned_from_is_counted_from_what_is_a_number(data: object, n: int) -> None:
    assert known_of(a_bundle({"data": data})) == n


@pytest.mark.parametrize(
    "gate",
    [
        {},
        {"challenger": "good"},
        {"challenger": {"top3": 0.9}},
        {"challenger": {"top3": 0.9}, "n_pairs": 0},
        {"challenger": {"top3": 1.2}, "n_pairs": 10},
        {"challenger": {"top3": float("nan")}, "n_pairs": 10},
        {"challenger": {"top3": "0.9"}, "n_pairs": 10},
    ],
)
def test_a_share_that_was_not_measured_is_none(gate: dict[str, object]) -> None:
    assert share_of(a_bundle(**gate), "top3") is None


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.floats(0, 1), st.integers(1, 5_000), st.integers(1, 5_000))
def test_a_measured_share_lies_in_the_interval_of_what_could_be_answered(share: float, n: int, pairs: int) -> None:
    found = share_of(a_bundle(challenger={"top3": share, "answerable": n}, n_pairs=pairs), "top3")
    assert found is not None
    assert (found.mid, found.n) == (share, n)
    assert 0 <= found.low <= found.mid <= found.high <= 1
    assert found.high - found.low <= wilson(n // 2, n).high - wilson(n // 2, n).low + 1.5 / n


@pytest.mark.parametrize(("value", "number"), [(3, 3.0), (0.5, 0.5), ("3", None), (None, None), (math.inf, None)])
def test_a_number_is_finite_and_no_text(value: object, number: float | None) -> None:
    assert number_of(value) == number


def test_a_forecast_widens_ahead_and_stays_a_share() -> None:
    points = [(100, 0.31), (200, 0.22), (400, 0.19), (800, 0.12)]
    told = forecast(points, (100, 1_000, 10_000))
    assert [more for more, *_ in told] == [100, 1_000, 10_000]
    assert all(0 <= low < mid < high <= 1 for _, low, mid, high in told)
    mids = [mid for _, _, mid, _ in told]
    assert mids == sorted(mids)
    ratios = [math.log((1 - low) / (1 - high)) for _, low, _, high in told]
    assert ratios == sorted(ratios), "the further ahead, the less is known"
    hopeless = forecast([(100, 0.5), (200, 0.9), (400, 0.7), (800, 0.99)], (10_000,))[0]
    assert hopeless[1] == 0.0, "no more than everything is wrong"
