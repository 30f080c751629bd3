"""The slates behind a figure: however they are filtered, the parts make the whole, and hostile text stays text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logbook import REPLIES, START, Logbook
from markup import HOSTILE, assert_clean

from analytics.impressions import MOST, ImpressionsView, impressions, render_impressions, with_notice
from analytics.lens import EVERYTHING, Lens
from analytics.outcomes import outcomes_over_time
from analytics.pages.funnel import ENDS, STAGES
from analytics.people import decisions_over_time
from analytics.period import Period
from analytics.report import report
from analytics.snapshot import Analytics
from suggest.domain.event import EventType, Outcome
from suggest.domain.review import ReviewReason
from suggest.domain.slate import Decision, Slate

DAYS = 3
NOW = START + timedelta(days=DAYS)
WHOLE = Period(from_=START - timedelta(hours=1), to=NOW)
LANGUAGES = ("en", "de", "=1+1", '"><b>', None)
ACTS = ("none", "view", "select", "select-second", "edited", "dismiss", "override")


@dataclass(frozen=True, repr=False)
class Mixed:
    """A surface where every decision met every act, and what a reader of the log would count by hand."""

    analytics: Analytics
    slates: tuple[Slate, ...]
    acts: Mapping[str, str]  # impression -> act

    def asked(self, period: Period = WHOLE, lens: Lens = EVERYTHING, **of: str) -> ImpressionsView:
        return impressions(self.analytics, "s", period, title="S", lens=lens, of=of)

    def rows(self, page: str, figure: str, lens: Lens = EVERYTHING) -> list[dict[str, object]]:
        view = report(self.analytics, "s", now=NOW, page=page, lens=lens)
        found = next(each for each in view.figures if each.figure.id == figure)
        return [dict(zip(found.rows.columns, row, strict=True)) for row in found.rows.values]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mixed]:
    book = Logbook(tmp_path_factory.mktemp("mixed"))
    book.surface("s")
    rng = np.random.default_rng(5)
    acts: dict[str, str] = {}
    for number in range(160):
        language = LANGUAGES[number % len(LANGUAGES)]
        slate = book.slate(
            "s",
            at=START + timedelta(minutes=int(rng.integers(DAYS * 24 * 60 - 60))),
            decision=list(Decision)[int(rng.integers(len(Decision)))],
            bundle=("prior", "b-1", "b'2")[int(rng.integers(3))],
            fields={} if language is None else {"language": language, "tier": number % 2, "a.b": bool(number % 3)},
            text=HOSTILE[number % len(HOSTILE)] + str(number),
        )
        acts[slate.id] = act = ACTS[int(rng.integers(len(ACTS)))]
        react(book, slate, act)
        if number % 9 == 0:
            book.review(slate, ReviewReason.AUDIT)
    with book.opened(at=NOW) as opened:
        yield Mixed(analytics=opened, slates=tuple(book.slates), acts=acts)
    book.store.close()


def react(book: Logbook, slate: Slate, act: str) -> None:
    if act == "none":
        return
    book.event(slate, EventType.VIEW)
    if act in ("dismiss", "override"):
        book.event(slate, EventType(act))
    if act.startswith("select") or act == "edited":
        book.event(slate, EventType.SELECT, item=slate.items[act == "select-second"].id)
    if act == "edited":
        book.event(slate, EventType.COMMIT, edited=True, edit_ratio=0.5)


# -- one filter, all its values


def test_every_outcome_and_every_decision_together_are_all_slates(mixed: Mixed) -> None:
    n = len(mixed.slates)
    assert mixed.asked().total == n
    assert sum(mixed.asked(outcome=each.value).total for each in Outcome) == n
    by_decision = Counter(each.decision for each in mixed.slates)
    assert {each: mixed.asked(decision=each.value).total for each in Decision} == by_decision
    both = sum(mixed.asked(outcome=o.value, decision=d.value).total for o in Outcome for d in Decision)
    assert both == n


def test_what_is_behind_a_stage_is_what_the_funnel_counted(mixed: Mixed) -> None:
    counted = {str(row["stage"]): row["slates"] for row in mixed.rows("funnel", "funnel")}
    behind = [mixed.asked(stage=stage).total for stage in STAGES]
    assert behind == [counted[stage] for stage in STAGES]
    assert behind == sorted(behind, reverse=True)
    assert behind[0] == len(mixed.slates)
    acted = Counter(mixed.acts.values())
    assert behind[STAGES.index("selected")] == acted["select"] + acted["select-second"] + acted["edited"]
    assert behind[STAGES.index("kept")] == acted["select"] + acted["select-second"]
    assert behind[STAGES.index("answered")] == len(mixed.slates) - acted["none"] - acted["view"]


def test_the_options_taken_add_up_to_the_slates_taken_from(mixed: Mixed) -> None:
    acted = Counter(mixed.acts.values())
    taken = {item: mixed.asked(item=item).total for item in REPLIES}
    assert taken[REPLIES[0]] == acted["select"] + acted["edited"]
    assert taken[REPLIES[1]] == acted["select-second"]
    assert sum(taken.values()) == mixed.asked(outcome="selected").total


@pytest.mark.parametrize("of", [{"item": "nobody's"}, {"outcome": "' or 1=1"}, {"decision": ""}])
def test_what_nobody_did_is_behind_nothing(mixed: Mixed, of: dict[str, str]) -> None:
    view = mixed.asked(**of)
    assert (view.total, view.impressions) == (0, ())
    read = assert_clean(render_impressions(view, csrf="c", may_hand_over=True))
    assert "No slate of this kind" in read.text
    assert not read.all("form", method="post", action="/reports/s/second-look")


# -- through a lens


@pytest.mark.parametrize("stage", STAGES)
def test_bundles_add_up_at_every_stage(mixed: Mixed, stage: str) -> None:
    parts = [mixed.asked(lens=Lens(bundle=bundle), stage=stage).total for bundle in ("prior", "b-1", "b'2")]
    assert sum(parts) == mixed.asked(stage=stage).total
    by = {row["bundle"]: row[stage] for row in mixed.rows("funnel", "funnel-by-bundle")}
    assert [by[bundle] for bundle in ("prior", "b-1", "b'2")] == parts


@pytest.mark.parametrize(("field", "values"), [("language", LANGUAGES[:4]), ("tier", "01"), ("a.b", ("true", "false"))])
def test_groups_add_up_to_the_slates_that_have_the_field(mixed: Mixed, field: str, values: tuple[str, ...]) -> None:
    having = sum(field in each.context.fields for each in mixed.slates)
    assert sum(mixed.asked(lens=Lens(field=field, value=value)).total for value in values) == having
    assert mixed.asked(lens=Lens(field=field, value="no such value")).total == 0


def test_a_lens_within_a_lens_counts_both(mixed: Mixed) -> None:
    lens = Lens(bundle="b'2", field="language", value="=1+1")
    expected = [s for s in mixed.slates if s.bundle == "b'2" and s.context.fields.get("language") == "=1+1"]
    assert mixed.asked(lens=lens).total == len(expected) > 0
    assert {each.id for each in mixed.asked(lens=lens).impressions} == {each.id for each in expected}


def test_the_funnel_of_a_group_never_grows_and_its_ends_fill_the_gaps(mixed: Mixed) -> None:
    for lens in (Lens(field="language", value="de"), Lens(bundle="prior"), Lens(field="tier", value="1")):
        for figure in ("funnel-by-bundle", "funnel-by-decision"):
            for row in mixed.rows("funnel", figure, lens):
                stages = [row[stage] for stage in STAGES]
                assert stages == sorted(stages, key=lambda k: -int(str(k)))
                assert sum(int(str(row[end])) for end in ENDS) + int(str(row["selected"])) == row["reached"]


def test_after_slates_were_listed_the_snapshot_speaks_of_everything_again(mixed: Mixed) -> None:
    mixed.asked(lens=Lens(bundle="b-1"))
    assert mixed.analytics.lens is EVERYTHING
    assert mixed.asked().total == len(mixed.slates)


# -- time


@settings(max_examples=6, derandomize=True, deadline=None)
@given(
    st.lists(st.integers(1, DAYS * 24 * 60 - 1), min_size=1, max_size=4, unique=True),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Chatham"]),
)
def test_a_period_cut_anywhere_in_any_zone_has_every_slate_once(mixed: Mixed, cuts: list[int], zone: str) -> None:
    inner = [(START + timedelta(minutes=cut)).astimezone(ZoneInfo(zone)) for cut in sorted(cuts)]
    ends = [WHOLE.from_, *inner, WHOLE.to]
    parts = [Period(from_=a, to=b) for a, b in pairwise(ends)]
    listed = [mixed.asked(part).total for part in parts]
    assert listed == [sum(part.from_ <= each.at < part.to for each in mixed.slates) for part in parts]
    assert sum(listed) == len(mixed.slates)
    decided = [decisions_over_time(mixed.analytics, "s", part).n for part in parts]
    reached = [outcomes_over_time(mixed.analytics, "s", part).n for part in parts]
    assert decided == listed
    assert reached == [mixed.asked(part, stage="reached").total for part in parts]
    assert sum(reached) == mixed.asked(stage="reached").total


ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Chatham", "Africa/Casablanca")


@settings(max_examples=60, derandomize=True, deadline=None)
@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001
    st.integers(1, 60 * 24 * 400),
    st.sampled_from(ZONES),
    st.sampled_from([0, 1]),
)
def test_the_columns_of_a_period_cover_it_without_gap_over_any_change_of_clocks(
    start: datetime, minutes: int, zone: str, fold: int
) -> None:
    from_ = start.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)
    period = Period(from_=from_.astimezone(ZoneInfo(zone)), to=from_ + timedelta(minutes=minutes))
    columns = period.columns
    assert period.from_ == from_
    assert columns[0] <= period.from_ < columns[0] + period.length
    assert columns[-1] < period.to <= columns[-1] + period.length
    assert {b - a for a, b in pairwise(columns)} <= {period.length}
    assert len(period.labels) == len(columns) <= 64


# -- what is listed


def test_the_latest_come_first_and_no_more_than_fit(mixed: Mixed) -> None:
    view = mixed.asked()
    latest = sorted(mixed.slates, key=lambda each: (each.at, each.id), reverse=True)[:MOST]
    assert [each.id for each in view.impressions] == [each.id for each in latest]
    read = assert_clean(render_impressions(view, csrf="c", may_hand_over=False))
    assert f"The latest {MOST} are shown" in read.text
    assert len(read.all("tr")) == MOST + 1


def test_hostile_text_is_listed_as_text(mixed: Mixed) -> None:
    lens = Lens(field="language", value='"><b>')
    read = assert_clean(render_impressions(mixed.asked(lens=lens), csrf='"c', may_hand_over=True))
    assert not [tag for tag in read.tags if tag.name in ("b", "img", "script")]
    assert 'with language "><b>' in read.text
    assert [tag.attributes["name"] for tag in read.all("input", type="hidden", value='"c')] == ["csrf"]
    shown = [tag.attributes["aria-label"] for tag in read.all("input", type="checkbox")]
    assert shown
    assert all(len(label) <= len("Send ") + 60 for label in shown)


def test_only_who_may_hand_over_ticks_and_nothing_is_handed_over_twice(mixed: Mixed) -> None:
    view = mixed.asked(decision="show")
    waiting = {each.id for each in view.impressions if not each.is_reviewed}
    assert 0 < len(waiting) < len(view.impressions)
    read = assert_clean(render_impressions(view, csrf="c", may_hand_over=True))
    assert {tag.attributes["value"] for tag in read.all("input", type="checkbox")} == waiting
    assert read.text.count("with people") >= len(view.impressions) - len(waiting)
    assert not assert_clean(render_impressions(view, csrf="c", may_hand_over=False)).all("input", type="checkbox")


@pytest.mark.parametrize(("n", "said"), [(0, "0 slates sent"), (1, "1 slate sent"), (1_200, "1,200 slates sent")])
def test_how_many_were_handed_over_is_said_once_it_is_done(mixed: Mixed, n: int, said: str) -> None:
    before = mixed.asked(outcome="selected")
    after = with_notice(before, n)
    assert said in assert_clean(render_impressions(after, csrf="c", may_hand_over=True)).text
    assert "sent to people" not in assert_clean(render_impressions(before, csrf="c", may_hand_over=True)).text


def test_the_option_taken_is_marked_and_only_that(mixed: Mixed) -> None:
    view = mixed.asked(decision="show", item=REPLIES[1])
    read = assert_clean(render_impressions(view, csrf="c", may_hand_over=False))
    marked = [tag.text for tag in read.all("li") if tag.text.endswith("(taken)")]
    assert marked == [f"About {REPLIES[1]} (taken)"] * view.total
