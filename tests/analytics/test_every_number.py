"""Every number on every page is counted again from the exported tables, as Parquet and as CSV, with nothing but the SQL
that the definitions page has.

The log here has something to say to every figure; those that no other test reckons are reckoned from its rows below."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

import numpy as np
import pytest
from logbook import REPLIES, START, Logbook, write_busy_month
from markup import assert_clean

import analytics
import analytics.snapshot
from analytics.csv import Rows
from analytics.definitions_page import render_definitions
from analytics.lens import EVERYTHING, Lens
from analytics.pages.registry import PAGES
from analytics.period import Period
from analytics.report import ReportView, report
from analytics.snapshot import Analytics
from analytics.sources import SOURCES, TESTS
from suggest.domain.event import EventType
from suggest.domain.label import LabelSource
from suggest.domain.review import Pick, ReviewReason
from suggest.domain.slate import Decision, Slate
from suggest.store.ports import CasWrite, Exported, Table
from suggest.store.records import policy_change_record

scipy_stats = pytest.importorskip("scipy.stats")

NOW = START + timedelta(days=27)
SURFACE = "support"
WAIT_S = 7_200  # for silence; not the usual half hour
NOTE = "New templates went live."
LAYOUTS = ("chips", "list")
SECONDS = {"item-1": (20.0, 30.0), "item-2": (40.0,)}  # by whom each took so long
CLAIMS = {"a": True, "b": False, "c": False}  # a lease, and whether its review was answered
OFF_POLICY = {
    "estimate": 0.62, "interval": [0.55, 0.7], "n": 1200, "ess": 310.4,
    "logged": {"estimate": 0.58, "interval": [0.55, 0.61]}, "warnings": [],
}  # fmt: skip
CANARY = {"sessions": 400, "wins": 60, "losses": 31, "e_win": 22.5, "e_loss": 0.01}
GAINED = {"top1": {"low": 0.15, "mid": 0.2, "high": 0.25}, "top3": {"low": 0.1, "mid": 0.13, "high": 0.16}}
LADDER: list[dict[str, object]] = [
    {"rung": "names", "n": 300, "top1": 0.6, "top3": 0.8},
    {"rung": "all", "n": 300, "top1": 0.8, "top3": 0.93, "gained": GAINED},
]
THETA = [0.97, 0.61, 0.42]
THETA_BOUNDS = [[0.97, 0.97], [0.5, 0.7], [0.3, 0.55]]
EXAMINATION = {"theta": THETA, "theta_bounds": THETA_BOUNDS}
DIFFERENCES = {"nll": {"low": -0.05, "mid": -0.03, "high": -0.01}, "ndcg": {"low": 0.01, "mid": 0.02, "high": 0.03}}


@dataclass(frozen=True, repr=False)
class Full:
    book: Logbook
    analytics: Analytics

    def view(self, page: str, **more: object) -> ReportView:
        return report(self.analytics, SURFACE, now=NOW, page=page, **more)  # type: ignore[arg-type]

    def rows(self, page: str, figure: str) -> list[dict[str, object]]:
        found = next(each for each in self.view(page).figures if each.figure.id == figure)
        return [dict(zip(found.rows.columns, row, strict=True)) for row in found.rows.values]

    def of(self, table: Table) -> list[Mapping[str, object]]:
        return [record.values for record in self.book.written if record.table is table]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Full]:
    book = Logbook(tmp_path_factory.mktemp("full"))
    book.surface(SURFACE, title="Support")
    book.candidates(SURFACE)
    book.writes.append(CasWrite(f"policy/{SURFACE}", {"reward_wait_s": WAIT_S}, 0))
    book.writes.append(CasWrite("annotation/n1", _note(), 0))
    change = {"surface": SURFACE, "at": START + timedelta(days=2), "by": "Olga", "policy": {}, "revision": 1}
    book.records.append(policy_change_record("p1", **change))
    _write_with_fields(book)
    _write_reviews(book)
    _write_bundles(book)
    with book.opened(at=NOW) as opened:
        yield Full(book, opened)
    book.store.close()


def _note() -> dict[str, object]:
    return {"surface": SURFACE, "text": NOTE, "at": (START + timedelta(days=3)).isoformat()}


def _write_with_fields(book: Logbook) -> None:
    """The busy month, each request with fields and a vector; some of what is taken is edited."""
    rng = np.random.default_rng(5)
    plain_slate, plain_event = book.slate, book.event

    def slate(surface: str, **more: object) -> Slate:
        subject = int(rng.integers(6))
        vector = np.eye(8)[subject] + 0.05 * rng.normal(size=8)
        fields = {
            "language": ("en", "de")[int(rng.random() < 0.3)],
            "layout": LAYOUTS[subject % 2],
            "variant": "ab"[subject % 2],
        }
        vector_bytes = (vector / np.linalg.norm(vector)).astype(np.float16).tobytes()
        return plain_slate(surface, **{"fields": fields, "embedding": vector_bytes, **more})  # type: ignore[arg-type]

    def event(slate: Slate, type: EventType, **more: object) -> str:
        eid = plain_event(slate, type, **more)  # type: ignore[arg-type]
        if type is EventType.SELECT and rng.random() < 0.3:
            plain_event(slate, EventType.COMMIT, after_s=9, edited=True, edit_ratio=0.25)
        return eid

    book.slate, book.event = slate, event  # type: ignore[method-assign]
    write_busy_month(book, SURFACE, n=700)
    for _ in range(30):  # looked at and never taken
        seen = slate(SURFACE, items=("size-guide", "voucher", "nobody-wants"), at=START + timedelta(days=26))
        event(seen, EventType.VIEW)
        event(seen, EventType.DISMISS)
    slate(SURFACE, at=NOW - timedelta(hours=1))  # pending, by the surface's own wait


def _write_reviews(book: Logbook) -> None:
    at = START + timedelta(days=20)
    for number, pick in enumerate((*Pick, Pick.CONTROL)):
        learned = book.slate(SURFACE, at=at + timedelta(minutes=number), text=f"learned {number}")
        answer = book.verdict(learned, book.review(learned, ReviewReason.LEARNING, pick=pick), REPLIES[number % 3])
        assert answer
    for number in range(8):  # one context, several workers, and a label that knows
        asked = book.slate(SURFACE, at=at + timedelta(hours=1, minutes=number), text="the same again")
        review = book.review(asked)
        book.verdict(asked, review, REPLIES[number % 2])
        book.records[-1].values["worker"] = ("ann", "bob")[number % 2]  # type: ignore[index]
        if number < len(CLAIMS):
            lease, is_answered = list(CLAIMS.items())[number]
            open_ = asked if is_answered else book.slate(SURFACE, at=at + timedelta(hours=2, minutes=number))
            held = review if is_answered else book.review(open_)
            book.writes.append(CasWrite(f"lease/{held}", {"lease": lease, "task": {"text": "private"}}, 0))
    book.label(SURFACE, "the same again", REPLIES[0], source=LabelSource.LABEL)


def _write_bundles(book: Logbook) -> None:
    more = {"verdict": "promote", "canary": CANARY, "ladder": LADDER, "off_policy": OFF_POLICY}
    for number, top3 in enumerate((0.8, 0.86, 0.89, 0.91)):
        at = START + timedelta(days=18 + number)
        challenger = {"nll": 0.6, "top1": top3 - 0.1, "top3": top3, "answerable": 500}
        book.bundle(
            SURFACE, f"n-{number}", state="promoted" if number == 3 else "kept", at=at, parent="b-0319",
            manifest={"data": {"labels": 4_000 + 1_000 * number}, "examination": EXAMINATION},
            gate={"challenger": challenger, "champion": challenger, "differences": DIFFERENCES, "n_pairs": 500, **more},
        )  # fmt: skip


@pytest.fixture(scope="module", params=["parquet", "csv"])
def export(request: pytest.FixtureRequest, full: Full, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that can be taken out, in one folder, and nothing of the log beside it."""
    folder = tmp_path_factory.mktemp(request.param)
    for table in Exported:
        full.book.store.export(table, request.param, folder / f"{table}.{request.param}")
    return folder


@pytest.fixture
def again(export: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Analytics]:
    """The same, read by the SQL of the definitions page and by no other."""
    shown = {
        tag.attributes["aria-label"].removeprefix("The query "): tag.text
        for tag in assert_clean(render_definitions()).all("pre")
    }
    monkeypatch.setattr(analytics.snapshot, "_queries", lambda: shown)
    with analytics.open(export, as_of=NOW) as opened:
        yield opened


DAYS = timedelta(days=1)
FIRST_WEEK = Period(from_=START, to=START + 7 * DAYS)
ASKED: Mapping[str, dict[str, object]] = {
    "everything": {},
    "a week that begins at noon": {"from_": START + 10 * DAYS + timedelta(hours=4), "to": START + 17 * DAYS},
    "one bundle against another": {"lens": Lens(bundle="b-0319"), "versus": "b-0311"},
    "one group": {"lens": Lens(field="language", value="de")},
    "two times": {"from_": START + 14 * DAYS, "against": FIRST_WEEK},
}


@pytest.mark.parametrize("asked", ASKED)
def test_every_number_of_a_page_is_counted_again_by_the_sql_that_is_shown(
    full: Full, export: Path, again: Analytics, asked: str
) -> None:
    counted = 0
    for page in PAGES:
        shown = report(full.analytics, SURFACE, now=NOW, page=page.name, **ASKED[asked])  # type: ignore[arg-type]
        told = report(again, SURFACE, now=NOW, page=page.name, **ASKED[asked])  # type: ignore[arg-type]
        assert rows_of(told) == rows_of(shown)
        assert told.stats == shown.stats
        assert (told.n_requests, told.fields) == (shown.n_requests, shown.fields)
        counted += sum(len(values) for _, rows in rows_of(shown) for values in rows.values)
    print(f"{asked}, from an export as {export.name}: {counted:,} values counted again")
    assert counted > 500


def rows_of(view: ReportView) -> list[tuple[str, Rows]]:
    return [(each.figure.id, each.rows) for each in view.figures]


@pytest.mark.parametrize("of", SOURCES, ids=lambda of: of.page)
def test_no_figure_is_left_out_for_want_of_rows(full: Full, of: object) -> None:
    """Every figure that is defined is on its page here, and has rows: none is counted again as nothing."""
    alone = [each.figure.id for each in full.view(of.page).figures]  # type: ignore[attr-defined]
    assert alone == [source.figure for source in of.sources if not source.where_compared]  # type: ignore[attr-defined]
    drawn = {each.figure.id: each for each in full.view(of.page, against=FIRST_WEEK).figures}  # type: ignore[attr-defined]
    assert list(drawn) == [source.figure for source in of.sources]  # type: ignore[attr-defined]
    assert [id for id, each in drawn.items() if each.figure.missing or not each.rows.values] == []


# Numbers that are no estimate, or whose chance is told otherwise, and why.
WITHOUT_AN_INTERVAL = {
    "what-next": {"value", "limit"},  # counts and tests among them; what the page it leads to says of them
    "typing-saved": {"characters_each", "minutes"},  # sums of what happened, at a speed that is assumed
    "reliability-p-any": {"forecast_from", "forecast_to", "forecast_mean"},  # what was said
    "reliability-p-select": {"forecast_from", "forecast_to", "forecast_mean"},
    "reliability-p-accept": {"forecast_from", "forecast_to", "forecast_mean"},
    "calibration-by-bundle": {"said", "off_by", "noise"},  # the noise stands beside it
    "calibration-by-group": {"said", "off_by", "noise"},
    "reliability-by-group": {"mean", "ece", "noise", "noise_p95"},
    "off-policy-value": {"ess"},
    "explains-the-gap": {"would_gain"},  # the gap before it, times a count
    "costs": {"seconds"},  # a sum
    "never-taken": {"at_most"},  # an end of one
    "drift-tests": {"value", "limit"},  # a test, with what chance reaches
    "arms": {"split_p"},
    "interleaved": {"sessions", "wins", "losses", "e_win", "e_loss"},  # counts, and evidence that needs none
    "planner": {"effect", "days"},  # what is asked, and how long that takes at the rate
    "learning-curve": {"known"},
    "ladder": {"n"},
}


@pytest.mark.parametrize("of", SOURCES, ids=lambda of: of.page)
def test_every_figure_that_is_an_estimate_has_its_interval_beside_it(full: Full, of: object) -> None:
    for drawn in full.view(of.page, against=FIRST_WEEK).figures:  # type: ignore[attr-defined]
        columns = drawn.rows.columns
        ends = {n for n, name in enumerate(columns) if name.endswith(("low", "high"))}
        estimates = {
            name
            for n, name in enumerate(columns)
            if n not in ends and {n + 1, n + 2} - ends and any(isinstance(row[n], float) for row in drawn.rows.values)
        }
        assert estimates <= WITHOUT_AN_INTERVAL.get(drawn.figure.id, set()), drawn.figure.id


def test_every_figure_names_a_test_that_there_is() -> None:
    assert set(TESTS) == {source.figure for of in SOURCES for source in of.sources}
    root = Path(__file__).parents[2]
    for place in set(TESTS.values()):
        file, _, name = place.partition("::")
        tree = ast.parse((root / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, place


# -- reckoned from the rows that were written


def test_what_happened_is_what_was_written(full: Full) -> None:
    rows = full.rows("overview", "what-happened")
    by_kind = Counter(str(row["kind"]) for row in rows)
    assert by_kind == {"bundle": len(full.of(Table.BUNDLES)), "policy": 1, "note": 1}
    assert next(row["what"] for row in rows if row["kind"] == "note") == NOTE
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)  # type: ignore[type-var]


def test_what_was_not_typed_is_the_length_of_what_was_taken(full: Full) -> None:
    texts = {(s.id, item.id): item.text for s in full.book.slates for item in s.items}
    edits = {e["impression"]: float(e["edit_ratio"]) for e in full.of(Table.EVENTS) if e["type"] == "commit"}  # type: ignore[arg-type]
    picks = [(e["impression"], e["item"]) for e in full.of(Table.EVENTS) if e["type"] == "select"]
    saved = sum(len(texts[pick]) * (1 - edits.get(pick[0], 0.0)) for pick in picks)  # type: ignore[index]
    (row,) = full.rows("overview", "typing-saved")
    assert row["taken"] == len(picks)
    assert row["characters"] == pytest.approx(saved, abs=1)


def test_the_loop_is_as_long_as_acts_were_old(full: Full) -> None:
    acts = _acts(full)
    promoted = sorted(
        (b["at"], b["id"])
        for b in full.of(Table.BUNDLES)
        if b["state"] == "promoted"  # type: ignore[type-var]
    )
    before = None
    for row, (at, id) in zip(full.rows("overview", "loop-time"), promoted, strict=True):
        new = [(at - act).total_seconds() for act in acts if act <= at and (before is None or act > before)]  # type: ignore[operator]
        assert (row["bundle"], row["acts"]) == (id, len(new))
        assert row["age_s_median"] == pytest.approx(median(new))
        assert_between_order_statistics(row, "age_s_median", new)
        before = at


def assert_between_order_statistics(row: Mapping[str, object], name: str, values: list[float], q: float = 0.5) -> None:
    """By scipy's binomial: each end is the closest value beyond which the quantile lies with at most 2.5%."""
    chance, n = scipy_stats.binom(len(values), q), len(values)
    low = max((r for r in range(1, n + 1) if chance.cdf(r - 1) <= 0.025), default=None)
    high = min((r for r in range(1, n + 1) if chance.sf(r - 1) <= 0.025), default=None)
    for end, rank in (("low", low), ("high", high)):
        expected = None if rank is None else pytest.approx(sorted(values)[rank - 1])
        assert row[f"{name}_{end}"] == expected


@pytest.mark.parametrize("figure", ["waits", "reviews-by-reason", "workers"])
def test_the_ends_of_an_interval_of_times_are_times_that_were_measured(full: Full, figure: str) -> None:
    reviews = {row["id"]: row for row in full.of(Table.REVIEWS)}
    verdicts = full.of(Table.VERDICTS)
    for row in full.rows("people", figure):
        ours = [
            verdict
            for verdict in verdicts
            if (verdict["worker"] if figure == "workers" else reviews[verdict["review"]]["reason"])
            == row["worker" if figure == "workers" else "reason"]
        ]
        handled = [float(verdict["handling_ms"]) / 1000 for verdict in ours]  # type: ignore[arg-type]
        assert_between_order_statistics(row, "handling_s_median", handled)
        if figure == "waits":
            waited = [(v["at"] - reviews[v["review"]]["at"]).total_seconds() for v in ours]  # type: ignore[operator]
            assert_between_order_statistics(row, "wait_s_median", waited)
            assert_between_order_statistics(row, "wait_s_p90", waited, 0.9)
    ends = [row["handling_s_median_high"] for row in full.rows("people", figure)]
    assert any(end is not None for end in ends)


def _acts(full: Full) -> list[datetime]:
    """The first act that ends each impression."""
    first: dict[object, datetime] = {}
    for event in full.of(Table.EVENTS):
        if event["type"] in ("select", "dismiss", "override"):
            at = event["received_at"]
            assert isinstance(at, datetime)
            first[event["impression"]] = min(at, first.get(event["impression"], at))
    return list(first.values())


@pytest.mark.parametrize("figure", ["funnel-by-bundle", "funnel-by-decision", "funnel-by-group", "funnel-by-layout"])
def test_parts_of_the_funnel_add_up_to_it(full: Full, figure: str) -> None:
    whole = {row["stage"]: row["slates"] for row in full.rows("funnel", "funnel")}
    parts = full.rows("funnel", figure)
    assert {stage: sum(part[str(stage)] for part in parts) for stage in whole} == whole  # type: ignore[misc]
    if figure == "funnel-by-layout":
        asked = Counter(slate.context.fields["layout"] for slate in full.book.slates)
        assert {part["layout"]: part["requested"] for part in parts} == asked


def test_what_a_gate_measured_is_shown_as_it_was(full: Full) -> None:
    retrain = full.rows("learning", "retrains")[-1]
    assert [retrain[name] for name in ("nll_low", "nll", "nll_high")] == [-0.05, -0.03, -0.01]
    rungs = full.rows("learning", "ladder")
    assert [(r["rung"], r["n"], r["top1"], r["top3"]) for r in rungs] == [tuple(r.values())[:4] for r in LADDER]
    assert [rungs[0][name] for name in ("gained", "gained3")] == [None, None]
    assert [rungs[1][name] for name in ("gained_low", "gained", "gained_high")] == [0.15, 0.2, 0.25]
    assert [rungs[1][name] for name in ("gained3_low", "gained3", "gained3_high")] == [0.1, 0.13, 0.16]
    assert all(r["top1_low"] < r["top1"] < r["top1_high"] for r in rungs)  # type: ignore[operator]
    read = full.rows("positions", "examination")
    assert [row["read"] for row in read] == THETA
    assert [[row["read_low"], row["read_high"]] for row in read] == THETA_BOUNDS
    turns = full.rows("experiments", "interleaved")[0]
    assert {name: turns[name] for name in CANARY} == CANARY
    assert turns == full.rows("learning", "interleaved")[0]
    assert turns["win_share"] == CANARY["wins"] / (CANARY["wins"] + CANARY["losses"])
    assert turns["win_low"] < turns["win_share"] < turns["win_high"]  # type: ignore[operator]


def test_bundles_served_what_the_slates_say(full: Full) -> None:
    asked = Counter(slate.bundle for slate in full.book.slates)
    picked = {event["impression"] for event in full.of(Table.EVENTS) if event["type"] == "select"}
    taken = Counter(slate.bundle for slate in full.book.slates if slate.id in picked)
    rows = {row["bundle"]: row for row in full.rows("learning", "served-by-bundle")}
    assert {bundle: row["slates"] for bundle, row in rows.items()} == asked
    assert {bundle: row["selected"] for bundle, row in rows.items()} == {bundle: taken[bundle] for bundle in asked}


def test_each_probability_of_a_group_is_that_of_a_report_of_this_group_alone(full: Full) -> None:
    """So too its error and its noise floor: a lens through the group draws from the very same slates."""
    rows = full.rows("reliability", "reliability-by-group")
    assert Counter(row["forecast"] for row in rows) == {"p_any": 2, "p_select": 2, "p_accept": 2}
    for row in rows:
        lens = Lens(field="language", value=str(row["language"]))
        view = report(full.analytics, SURFACE, now=NOW, page="reliability", lens=lens)
        id = f"reliability-{str(row['forecast']).replace('_', '-')}"
        drawn = next(each for each in view.figures if each.figure.id == id)
        assert sum(int(values[-1]) for values in drawn.rows.values) == row["n"]  # type: ignore[arg-type]
        error = float(row["ece"])  # type: ignore[arg-type]
        told = re.match(r"Calibration error \(ECE\) ([.\d]+), (more than|no more than) noise", drawn.figure.note or "")
        assert told is not None, drawn.figure.note
        assert float(told[1]) == pytest.approx(error, abs=0.0005)
        assert told[2] == str(row["verdict"]).removesuffix(" noise")
        noise = re.search(r"would measure ([.\d]+) on average and up to ([.\d]+) at this n", drawn.figure.note or "")
        assert noise is not None, drawn.figure.note
        assert [float(each) for each in noise.groups()] == pytest.approx([row["noise"], row["noise_p95"]], abs=0.0005)
        right = sum(float(values[3]) * int(values[-1]) for values in drawn.rows.values)  # type: ignore[arg-type]
        expected = scipy_stats.binomtest(round(right), row["n"]).proportion_ci(0.95, method="exact")
        assert (row["low"], row["high"]) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_audits_of_a_bundle_are_those_of_what_it_showed(full: Full) -> None:
    slates = {slate.id: slate for slate in full.book.slates}
    audited = {r["id"] for r in full.of(Table.REVIEWS) if r["reason"] == "audit"}
    right: dict[str, list[bool]] = {}
    for verdict in full.of(Table.VERDICTS):
        if verdict["review"] in audited:
            slate = slates[str(verdict["impression"])]
            right.setdefault(slate.bundle, []).append(verdict["item"] in {item.id for item in slate.items})
    for row in full.rows("live", "offline-and-live"):
        answers = right.get(str(row["bundle"]))
        assert row["audited"] == (pytest.approx(sum(answers) / len(answers)) if answers else None)


def test_an_item_costs_what_all_who_answered_it_took(tmp_path: Path) -> None:
    book = Logbook(tmp_path)
    for text, times in SECONDS.items():
        slate = book.slate("s", decision=Decision.ESCALATE, text=text)
        review = book.review(slate)
        for number, seconds in enumerate(times):
            eid = book.verdict(slate, review, REPLIES[0], seconds=seconds)
            if len(times) > 1:  # a voice of a panel names itself
                book.records[-1].values["undoes"] = eid  # type: ignore[index]
                book.records[-1].values["worker"] = f"w{number}"  # type: ignore[index]
    book.review(book.slate("s", decision=Decision.ESCALATE))  # nobody answered
    with book.opened(at=START + DAYS) as opened:
        view = report(opened, "s", now=START + DAYS, page="people")
    drawn = next(each for each in view.figures if each.figure.id == "costs")
    (row,) = (dict(zip(drawn.rows.columns, values, strict=True)) for values in drawn.rows.values)
    each = [sum(times) for times in SECONDS.values()]
    assert (row["items"], row["answers"], row["seconds"]) == (2, 3, sum(each))
    assert row["seconds_each"] == pytest.approx(np.mean(each))
    half = 1.959964 * np.std(each, ddof=1) / len(each) ** 0.5
    assert [row["low"], row["high"]] == pytest.approx([np.mean(each) - half, np.mean(each) + half])
    assert row["seconds_per_1000"] == pytest.approx(1_000 * sum(each) / 3)


def test_a_thousand_requests_cost_a_thousand_times_the_mean_of_all_with_its_interval(full: Full) -> None:
    reason = {row["id"]: row["reason"] for row in full.of(Table.REVIEWS)}
    n = len(full.book.slates)
    for row in full.rows("people", "costs"):
        took: dict[object, float] = {}
        for verdict in full.of(Table.VERDICTS):
            if reason[verdict["review"]] == row["reason"]:
                took[verdict["review"]] = took.get(verdict["review"], 0) + float(verdict["handling_ms"]) / 1000  # type: ignore[arg-type]
        each = np.zeros(n)
        each[: len(took)] = list(took.values())
        half = 1.959964 * each.std(ddof=1) / n**0.5
        assert row["seconds_per_1000"] == pytest.approx(1_000 * each.mean())
        assert row["per_1000_low"] == pytest.approx(max(0, 1_000 * (each.mean() - half)))
        assert row["per_1000_high"] == pytest.approx(1_000 * (each.mean() + half))


def test_claims_that_came_to_nothing_are_those_without_a_verdict(full: Full) -> None:
    (row,) = full.rows("people", "claims")
    assert (row["claims"], row["came_to_nothing"]) == (len(CLAIMS), sum(not answered for answered in CLAIMS.values()))


def test_how_rare_is_counted_over_contexts(full: Full) -> None:
    times = Counter(slate.context.key for slate in full.book.slates)
    asked = Counter(
        "asked once" if n == 1 else "2 to 5 times" if n <= 5 else "6 to 20 times" if n <= 20 else "more often"
        for n in (times[slate.context.key] for slate in full.book.slates)
    )
    assert {row["band"]: row["slates"] for row in full.rows("tail", "rare-contexts")} == asked


def test_a_report_through_no_lens_is_left_as_it_was(full: Full) -> None:
    assert full.analytics.lens == EVERYTHING
