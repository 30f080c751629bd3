"""The administration at its edges: nothing yet, one of a thing, very many, names that run the other way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from console_views import (
    AT,
    a_job,
    a_key,
    a_live_view,
    a_model,
    a_place,
    a_policy,
    a_preview,
    a_surface,
    an_overview,
    tried,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from markup import Markup, assert_clean

from components.admin.models import job_panel
from components.admin.overview import overview_page, short
from components.admin.playground import tried_panel
from components.admin.policy import preview_panel
from components.admin.surface import surface_page
from components.admin.views import ChangeRow, OverviewView, SurfaceRow, TriedOption
from components.console.duration import duration
from components.number import NOTHING

MODEST = settings(max_examples=25, deadline=None, derandomize=True)
ARABIC, LONG = "دعم العملاء", "ß" * 400


def a_row(**changes: object) -> SurfaceRow:
    row = an_overview().surfaces[0]
    return replace(row, **changes)  # type: ignore[arg-type]


def overview(**changes: object) -> Markup:
    return assert_clean(overview_page(an_overview(**changes)))


def whole(**changes: object) -> Markup:
    return assert_clean(surface_page(a_surface(**changes)))


def tiles(read: Markup) -> dict[str, str]:
    """What the stats of a page say, by their label."""
    starts = [at for at, tag in enumerate(read.tags) if tag.name == "div" and tag.attributes.get("class") == "stat"]
    return {read.tags[at + 1].text: read.tags[at + 3].text for at in starts}  # dt, dd, and in it the figure


# -- the overview


def test_an_installation_with_nothing_in_it_has_no_table_of_surfaces_and_offers_its_forms() -> None:
    read = overview(surfaces=(), keys=(), waiting=0, workers=0, expected_wait_s=None)
    assert "There is no surface yet" in read.text
    assert [tag.attributes["aria-label"] for tag in read.all("div", role="group")] == ["Keys"]
    assert "Only the first secret key" in read.text
    actions = {tag.attributes["action"] for tag in read.all("form", method="post")}
    assert {"/admin/surfaces", "/admin/keys", "/admin/links"} <= actions


def test_what_cannot_be_known_yet_is_not_nought() -> None:
    said = tiles(overview(expected_wait_s=None, workers=0))
    assert said["Wait of the next one"] == "not yet"
    assert "Nobody is on duty" in overview(expected_wait_s=None, workers=0).text
    assert tiles(overview(expected_wait_s=0.0))["Wait of the next one"] == "0 s"


def test_large_numbers_have_their_thousands_apart() -> None:
    read = overview(waiting=12_345_678, surfaces=(a_row(waiting=9_876_543),))
    assert tiles(read)["Requests that wait for a person"] == "12,345,678"
    assert "9,876,543" in [tag.text for tag in read.all("td")]


@pytest.mark.parametrize("n", [1, 2, 200])
def test_every_surface_has_a_row_a_link_and_a_place_in_the_form_for_keys(n: int) -> None:
    read = overview(surfaces=tuple(a_row(name=f"s{i}", title=f"Desk {i}") for i in range(n)))
    links = [tag.attributes["href"] for tag in read.all("a") if tag.attributes["href"].startswith("/admin/surfaces/")]
    assert links == [f"/admin/surfaces/s{i}" for i in range(n)]
    offered = [tag.attributes["value"] for tag in read.all("option") if "select" in tag.inside]
    assert [value for value in offered if value.startswith("s") and value != "sk"] == [f"s{i}" for i in range(n)]
    assert tiles(read)["Surfaces"] == str(n)


@pytest.mark.parametrize(
    ("title", "texts"), [("", ["support"]), ("support", ["support"]), ("Desk", ["Desk", "support"])]
)
def test_a_surface_goes_by_its_title_and_its_name_is_said_once(title: str, texts: list[str]) -> None:
    read = overview(surfaces=(a_row(name="support", title=title),), keys=())
    assert [tag.text for tag in read.tags if tag.attributes.get("dir") == "auto" and "th" in tag.inside] == texts


@pytest.mark.parametrize(
    ("mode", "word", "tone"),
    [
        ("assist", "assist", "tone-accent"),
        ("review_all", "review all", "tone-warn"),
        ("shadow", "shadow", "tone-neutral"),
        ("auto", "auto", "tone-good"),
        ("of_tomorrow", "of tomorrow", "tone-neutral"),
    ],
)
def test_a_mode_is_a_word_before_it_is_a_colour(mode: str, word: str, tone: str) -> None:
    [badge] = [tag for tag in overview(surfaces=(a_row(mode=mode),)).all("span") if tag.text == word]
    assert tone in badge.attributes["class"].split()


@pytest.mark.parametrize(("threshold", "said"), [(0.0, "0%"), (0.5, "50%"), (1.0, "100%"), (1.01, "never")])
def test_where_the_line_runs_is_a_share_or_never(threshold: float, said: str) -> None:
    cells = [tag.text for tag in overview(surfaces=(a_row(threshold=threshold),)).all("td")]
    assert cells[2] == said


@pytest.mark.parametrize(("certified", "simulated"), [(True, False), (False, True), (True, True), (False, False)])
def test_a_badge_stands_only_where_it_is_true(certified: bool, simulated: bool) -> None:
    read = overview(surfaces=(a_row(certified=certified, simulated=simulated),))
    words = [tag.text for tag in read.all("span") if "badge" in tag.attributes.get("class", "").split()]
    assert ("certified" in words, "simulated" in words) == (certified, simulated)


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=60))
@MODEST
def test_a_bundle_is_short_and_keeps_the_end_by_which_it_differs(bundle: str) -> None:
    said = short(bundle)
    assert len(said) <= 12
    assert bundle.endswith(said.removeprefix("…") if len(bundle) > 12 else said)


def test_revoked_keys_stand_below_those_that_open_something() -> None:
    keys = (a_key(id="k1", name="old", revoked_at=AT), a_key(id="k2", name="new"))
    read = overview(keys=keys)
    table = [tag.text for tag in read.all("th", scope="row") if tag.text.startswith(("old", "new"))]
    assert table == ["newpk_…", "oldpk_…"]
    assert read.text.count("revoked") == 1


def test_where_no_key_lives_the_form_for_one_is_open() -> None:
    def folds(read: Markup) -> list[bool]:
        return ["open" in tag.attributes for tag in read.all("details")][:2]  # of surfaces, of keys

    assert folds(overview(keys=(a_key(revoked_at=AT),))) == [False, True]
    assert folds(overview(keys=(a_key(),))) == [False, False]


@pytest.mark.parametrize(("kind", "word"), [("sk", "secret"), ("pk", "publishable"), ("wk", "worker")])
def test_only_a_publishable_key_without_pages_is_for_testing(kind: str, word: str) -> None:
    read = overview(keys=(a_key(kind=kind),))
    cells = [tag.text for tag in read.all("td")][-5:]
    assert cells[0] == word
    assert cells[1] == "every surface"
    assert cells[2] == ("any page: testing" if kind == "pk" else NOTHING)


def test_a_key_without_a_name_or_a_date_is_still_a_row() -> None:
    read = overview(keys=(a_key(id="0123456789abcdef", name="", created_at=None, surface="a/b"),))
    [button] = [tag for tag in read.all("button") if tag.text == "Revoke"]
    assert button.attributes["aria-label"] == "Revoke 01234567"
    assert [tag.text for tag in read.all("td")][-3:-1] == ["any page: testing", NOTHING]


def test_the_address_that_revokes_a_key_cannot_be_led_astray_by_its_id() -> None:
    read = overview(keys=(a_key(id="../links?x=1#y"),))
    [form] = [tag for tag in read.all("form") if tag.attributes["action"].endswith("/revoke")]
    assert form.attributes["action"] == "/admin/keys/..%2Flinks%3Fx%3D1%23y/revoke"


def test_every_reason_not_to_be_ready_is_said_for_itself() -> None:
    read = overview(ready=("the log is full", "the encoder is warming up"))
    assert read.text.count("Not ready yet") == 2
    assert "Not ready yet" not in overview().text


@pytest.mark.parametrize("text", [ARABIC, LONG, "\u200fabc", "🧺🧺"])
def test_names_of_any_script_find_their_own_direction(text: str) -> None:
    row, key = a_row(name=text, title=text), a_key(name=text, surface=text, origins=(text,))
    read = overview(surfaces=(row,), keys=(key,))
    said = [
        tag
        for tag in read.tags
        if tag.text == text and tag.name in {"a", "span"} and tag.attributes.get("class") != "cluster"
    ]
    assert len(said) == 4
    assert all(tag.attributes.get("dir") == "auto" for tag in said)


def test_an_overview_is_a_value() -> None:
    assert isinstance(an_overview(), OverviewView)
    assert str(overview_page(an_overview())) == str(overview_page(an_overview()))


# -- models


def test_before_the_first_model_the_prior_is_explained() -> None:
    read = whole(models=(), champion="prior")
    assert "The shipped prior serves" in read.text
    assert not [tag for tag in read.all("summary") if tag.text == "Gate report"]


def test_where_a_model_serves_one_can_go_back() -> None:
    [button] = [tag for tag in whole().all("button") if tag.text == "Roll back"]
    assert "disabled" not in button.attributes
    assert "data-sure" in button.attributes


@pytest.mark.parametrize(
    ("state", "tone"), [("kept", "tone-warn"), ("failed", "tone-bad"), ("rolled-back-to", "tone-neutral")]
)
def test_the_state_of_a_model_is_in_words(state: str, tone: str) -> None:
    read = whole(models=(a_model(is_champion=False, state=state),))
    [badge] = [tag for tag in read.all("span") if tag.text == state.replace("-", " ")]
    assert tone in badge.attributes["class"].split()


def test_the_one_that_serves_says_so_and_not_its_state() -> None:
    read = whole(models=(a_model(state="kept", is_champion=True),))
    words = [tag.text for tag in read.all("span") if "badge" in tag.attributes.get("class", "").split()]
    assert "serves" in words
    assert "kept" not in words


def test_the_newest_report_is_open_where_it_does_not_serve_yet() -> None:
    def opened(*models: object) -> list[bool]:
        folds = [tag for tag in whole(models=models).all("details") if tag.text.startswith("Gate report")]
        return ["open" in tag.attributes for tag in folds]

    new, old = a_model(id="new", is_champion=False, state="kept"), a_model(id="old")
    assert opened(new, old) == [True, False]
    assert opened(old) == [False]


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.5, "0.500"), (1, "1.000"), (220, "220"), (1_234_567, "1,234,567"), (-3.25, "-3.250"), (0, "0.000")],
)
def test_a_measure_is_a_count_or_three_digits(value: float, said: str) -> None:
    read = whole(models=(a_model(metrics={"n_examples": value}),))
    [figure] = [tag for tag in read.all("span") if tag.attributes.get("class") == "figure-small"]
    assert figure.text == f"n examples{said}"


def test_what_is_no_number_is_no_measure_and_no_more_than_nine_are_shown() -> None:
    odd = {"is_tuned": True, "kind": "trees", "nothing": None, "by_item": {"a": 1}}
    read = whole(models=(a_model(metrics=odd | {f"m{n}": n / 7 for n in range(20)}),))
    names = [tag.text for tag in read.all("span") if tag.attributes.get("class") == "figure-small"]
    assert [name[:2] for name in names] == [f"m{n}" for n in range(9)]


def test_the_figures_of_a_model_that_say_most_come_first_and_a_floor_after_what_it_is_the_floor_of() -> None:
    stored = {"answerable": 9, "ece_floor": 0.1, "ece_p_any": 0.2, "mine": 0.3, "top1": 0.4, "top3": 0.5}
    read = whole(models=(a_model(metrics=stored),))
    names = [tag.text for tag in read.all("span") if tag.attributes.get("class") == "figure-small"]
    wanted = ["right first", "right in three", "calibration error", "the same of perfect", "answerable", "mine"]
    assert [any(name.startswith(each) for name in names[n : n + 1]) for n, each in enumerate(wanted)] == [True] * 6


def test_a_model_of_unknown_birth_is_still_listed() -> None:
    read = whole(models=(a_model(at=None, parent=None, encoder="", metrics={}, gate={}),))
    assert "from the shipped prior" in read.text
    assert ", encoder" not in read.text
    assert "Gate report" not in read.text
    assert "from older, encoder hashing" in whole(models=(a_model(parent="older"),)).text


@pytest.mark.parametrize("progress", [0.0, 0.004, 0.996, 1.0])
def test_progress_is_whole_percents(progress: float) -> None:
    [bar] = assert_clean(job_panel("/a", a_job(progress=progress))).all("progress")
    assert bar.attributes["value"] == f"{100 * progress:.0f}"
    assert bar.attributes["max"] == "100"


@pytest.mark.parametrize(
    ("state", "said", "tone"),
    [
        ("promoted", "A new model serves", "tone-good"),
        ("kept", "was better and stays", "tone-warn"),
        ("failed", "The run failed", "tone-bad"),
        ("cancelled", "cancelled", "tone-neutral"),
    ],
)
def test_how_a_run_ended_is_said_once_and_asked_for_no_more(state: str, said: str, tone: str) -> None:
    read = assert_clean(job_panel("/a", a_job(state=state, is_final=True)))
    [panel] = read.all("div", id="job")
    assert said in read.text
    assert tone in panel.attributes["class"].split()
    assert read.all("progress") == []


def test_the_detail_of_a_run_stands_before_its_step_and_nothing_stands_where_neither_is() -> None:
    [words] = assert_clean(job_panel("/a", a_job(step="fitting", detail="fold 2 of 5"))).all("p")
    assert words.text == "fold 2 of 5"
    assert assert_clean(job_panel("/a", a_job(step="", detail=""))).all("p") == []


def test_a_run_is_asked_after_by_its_quoted_name() -> None:
    [panel] = assert_clean(job_panel("/a", a_job(id="a/b?c"))).all("div", id="job")
    assert panel.attributes["hx-get"] == "/a/jobs/a%2Fb%3Fc"


# -- trying out


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        ("show", "would be shown"),
        ("auto", "would be applied"),
        ("escalate", "would go to a person"),
        ("abstain", "nothing would be shown"),
        ("ponder", "ponder"),
    ],
)
def test_a_decision_is_in_words(decision: str, said: str) -> None:
    read = assert_clean(tried_panel(tried(decision=decision)))
    assert [tag.text for tag in read.all("span") if "badge" in tag.attributes.get("class", "").split()] == [said]


@pytest.mark.parametrize(("threshold", "is_said"), [(0.0, False), (0.01, True), (1.0, True), (1.5, False)])
def test_a_line_is_only_said_where_there_is_one(threshold: float, is_said: bool) -> None:
    assert ("shown from" in assert_clean(tried_panel(tried(threshold=threshold))).text) is is_said


def test_of_what_spoke_for_an_option_the_four_strongest_are_shown_with_their_sign() -> None:
    why = tuple((f"why_{n}", (-1) ** n * (6.0 - n)) for n in range(6))
    read = assert_clean(tried_panel(tried(options=(TriedOption(id="a", text="A", p_select=0.4, why=why),))))
    said = [(tag.attributes["class"], tag.text) for tag in read.all("span") if "why" in tag.text and "li" in tag.inside]
    assert said == [
        ("for", "why 0 +6.00"),
        ("against", "why 1 -5.00"),
        ("for", "why 2 +4.00"),
        ("against", "why 3 -3.00"),
    ]


@pytest.mark.parametrize("text", [ARABIC, LONG, "<b>&amp;", "a\nb"])
def test_what_was_typed_comes_back_as_it_was(text: str) -> None:
    read = whole(tried=tried(text=text))
    [area] = read.all("textarea", id="context")
    assert area.text == text
    assert area.attributes["dir"] == "auto"
    assert whole().all("textarea", id="context")[0].text == ""


@pytest.mark.parametrize(("n", "said"), [(0, "0 candidates"), (8, "8 candidates"), (4_000_000, "4,000,000 candidates")])
def test_how_many_candidates_there_are_is_said(n: int, said: str) -> None:
    assert said in whole(n_candidates=n).text


# -- the slider and the live panel


@pytest.mark.parametrize(
    ("expected", "wait_s", "people", "said"),
    [
        (0.0, 90.0, 2, "nobody waits"),
        (0.2, None, None, "nobody on duty can keep up"),
        (0.2, None, 1, "nobody on duty can keep up; it takes 1 person"),
        (0.2, 0.0, 3, "they wait about 1 s; it takes 3 people"),
        (0.2, 7_200.0, None, "they wait about 2 h"),
        (0.2, 90.0, 1_200, "it takes 1,200 people"),
    ],
)
def test_what_people_would_have_to_do_is_said(
    expected: float, wait_s: float | None, people: int | None, said: str
) -> None:
    view = a_preview(expected=a_place(review_share=expected), wait_s=wait_s, people_needed=people)
    assert said in assert_clean(preview_panel(view)).text


@pytest.mark.parametrize(("n", "said"), [(1, "1 more label "), (2, "2 more labels "), (12_000, "12,000 more labels ")])
def test_labels_that_are_missing_are_counted(n: int, said: str) -> None:
    assert said in assert_clean(preview_panel(a_preview(n_needed=n))).text


def test_a_price_that_is_not_set_is_empty_and_not_nought() -> None:
    def price(value: float | None) -> str:
        return whole(policy=a_policy(error_cost=value)).all("input", name_="error_cost")[0].attributes["value"]

    assert (price(None), price(0.0), price(2.5)) == ("", "0", "2.5")


@pytest.mark.parametrize("name", ["escalation", "trigger", "retrain_nightly"])
@pytest.mark.parametrize("is_on", [True, False])
def test_a_switch_stands_as_the_policy_does(name: str, is_on: bool) -> None:
    [switch] = whole(policy=a_policy(**{name: is_on})).all("input", name_=name)
    assert ("checked" in switch.attributes) is is_on


@pytest.mark.parametrize("mode", ["assist", "review_all", "shadow", "auto"])
def test_the_mode_in_force_is_the_one_selected(mode: str) -> None:
    chosen = [
        tag.attributes["value"]
        for tag in whole(policy=a_policy(mode=mode, fallback="show")).all("option")
        if "selected" in tag.attributes
    ]
    assert chosen == [mode, "none", "show"]


@pytest.mark.parametrize(("n", "is_open"), [(0, False), (1, True), (3, True), (4, False), (30, False)])
def test_a_short_history_is_open_and_a_long_one_folded(n: int, is_open: bool) -> None:
    rows = tuple(ChangeRow(at=AT, by=f"Ann {i}", changes=(("mode", "assist", "auto"),)) for i in range(n))
    [fold] = [tag for tag in whole(history=rows).all("details") if tag.text.startswith("Who moved it")]
    assert ("open" in fold.attributes) is is_open


def test_before_the_first_audit_the_promise_has_no_figure() -> None:
    read = whole(policy=a_policy(live=a_live_view(n_audits=0, low=0.0, mid=0.0, high=1.0, why="")))
    assert tiles(read)["Right among what was shown, by audits"] == "not yet"
    assert "0 audits since the last alarm" in read.text
    assert "whenever one looks" not in read.text
    assert "no turn yet" in read.text


def test_a_mode_that_nothing_stands_before_may_be_tried_and_the_last_has_none_after_it() -> None:
    assert (
        "What the mode review all asks for is there: it may be tried."
        in whole(policy=a_policy(live=a_live_view(next_mode="review_all", missing=()))).text
    )
    last = whole(policy=a_policy(live=a_live_view(next_mode=None, missing=("labels",)))).text
    assert "may be tried" not in last
    assert "Before" not in last


def test_acting_alone_that_is_suspended_says_so() -> None:
    acting = a_policy(mode="auto", live=a_live_view(acts_from=None, acts_why="too few audits", next_mode=None))
    assert "The first option is suspended: too few audits." in whole(policy=acting).text


# -- durations


@given(st.floats(-1e6, 1e9))
@MODEST
def test_a_duration_has_at_most_two_units_and_never_says_less_than_nothing(seconds: float) -> None:
    words = duration(seconds).split()
    assert len(words) in {2, 4}
    assert all(int(number) >= 0 for number in words[::2])
    said = sum(
        int(n) * {"s": 1, "min": 60, "h": 3_600, "d": 86_400}[u] for n, u in zip(words[::2], words[1::2], strict=True)
    )
    assert said <= max(0.0, seconds) < said + max(1, said) + 60
