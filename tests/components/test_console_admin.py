"""The administration's markup: the slider and what it would do, keys shown once, models with their gate, trying out."""

from __future__ import annotations

from itertools import pairwise

import pytest
from console_views import (
    AT,
    a_desk,
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
from markup import HOSTILE, assert_clean

from components.admin.models import job_panel
from components.admin.overview import overview_page
from components.admin.playground import tried_panel
from components.admin.policy import preview_panel
from components.admin.surface import surface_page
from components.admin.views import AuditedView, ChangeRow, SecretView, SurfaceRow, TriedOption
from components.console.page import console_page
from components.landing import landing_page
from components.notice import NoticeView


def test_every_change_is_a_form_with_the_token_of_the_page() -> None:
    for page in (overview_page(an_overview()), surface_page(a_surface())):
        read = assert_clean(page)
        posts = read.all("form", method="post")
        tokens = read.all("input", name_="csrf", value="c" * 43)
        assert len(posts) == len(tokens) > 2


def test_the_slider_previews_as_it_moves_and_saves_only_when_told() -> None:
    read = assert_clean(surface_page(a_surface()))
    (form,) = read.all("form", id="wish")
    assert form.attributes["action"] == "/admin/surfaces/support/policy"
    assert form.attributes["hx-post"] == "/admin/surfaces/support/preview"
    assert "submit" not in form.attributes["hx-trigger"], "saving is a step of its own"
    preview = [tag for tag in read.all("button") if tag.text == "Preview"]
    assert [tag.attributes["formaction"] for tag in preview] == ["/admin/surfaces/support/preview"]


@pytest.mark.parametrize("kind", ["precision", "review_share", "cost", "p_any"])
def test_each_way_of_wishing_has_a_number_and_a_range_that_agree(kind: str) -> None:
    read = assert_clean(surface_page(a_surface(policy=a_policy(kind=kind))))
    (number,) = read.all("input", name_=f"value_{kind}")
    (slider,) = read.all("input", data_moves=f"value-{kind}")
    assert number.attributes["value"] == slider.attributes["value"]
    assert "name" not in slider.attributes, "the number is sent, the range only moves it"
    chosen = [tag.attributes["value"] for tag in read.all("input", type="radio") if "checked" in tag.attributes]
    assert chosen == [kind]


def test_a_preview_says_what_it_would_do_and_on_what_evidence() -> None:
    text = assert_clean(preview_panel(a_preview(now=a_place(review_share=0.1), is_changed=True))).text
    assert "Shown from 50.0% on." in text
    assert "p_any itself, set to 0.5." in text
    assert "93.0%" in text
    assert "90% interval 90.0% to 95.0%" in text
    assert "20.0%" in text
    assert "they wait about 1 min 30 s" in text
    assert "today" in text


def test_what_cannot_be_certified_names_the_labels_it_takes() -> None:
    text = assert_clean(preview_panel(a_preview(n_needed=65))).text
    assert "not certified" in text
    assert "65 more labels" in text
    assert "certified" in assert_clean(preview_panel(a_preview(certified=True))).text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"threshold": 1.5, "expected": a_place(threshold=1.5, review_share=1.0)}, "Everything goes to people."),
        ({"threshold": 0.0, "expected": a_place(threshold=0.0, review_share=0.0)}, "Everything is shown"),
        ({"wait_s": None}, "nobody on duty can keep up"),
        ({"wait_s": None, "expected": a_place(review_share=0.0)}, "nobody waits"),
        ({"expected": a_place(n=0)}, "what the model believes"),
    ],
)
def test_the_ends_of_the_slider_are_said_in_words(changes: dict[str, object], said: str) -> None:
    assert said in assert_clean(preview_panel(a_preview(**changes))).text


def test_before_the_first_request_nothing_is_expected_but_at_the_ends() -> None:
    """No figure of quality, of people's time or of cost stands on the page that nothing was measured for."""
    guess = a_place(n=0, low=0.0, high=1.0, precision=1.0, review_share=0.5)
    read = assert_clean(preview_panel(a_preview(expected=guess, is_blind=True)))
    assert read.text.count("not yet") == 3
    assert "100.0%" not in read.text
    assert read.all("svg", role="img") == []
    assert "Nothing was asked here yet" in read.text
    never = a_place(n=0, low=0.0, high=1.0, precision=1.0, threshold=0.0, review_share=0.0, cost=0.0)
    free = assert_clean(preview_panel(a_preview(expected=never, threshold=0.0, is_blind=True))).text
    assert "Cost of 1,000 requestsnot yet" in free  # nobody knows how often that would be wrong
    everyone = a_place(n=0, threshold=1.5, review_share=1.0)
    text = assert_clean(preview_panel(a_preview(expected=everyone, threshold=1.5, is_blind=True))).text
    assert "Everything goes to people." in text
    assert "Goes to people100.0%" in text


def test_a_mode_that_overrules_the_line_says_what_becomes_of_all_requests() -> None:
    all_to_people = a_place(n=0, precision=float("nan"), low=0.0, high=1.0, review_share=1.0, cost=1.0)
    read = assert_clean(preview_panel(a_preview(mode="review_all", served=all_to_people)))
    assert "Everything goes to people, as the mode asks for. In assist: Shown from 50.0% on." in read.text
    assert "Right among what is shown–nothing is shown" in read.text
    assert "Goes to people100.0%" in read.text
    assert "Cost of 1,000 requests1000min" in read.text
    assert "By this line 20.0% of requests go to people" in read.text
    assert "as the mode asks for" not in assert_clean(preview_panel(a_preview())).text


def test_what_labels_say_of_a_line_is_told_although_nothing_was_above_it_lately() -> None:
    quiet = a_place(review_share=1.0, precision=0.95, n=290)
    text = assert_clean(preview_panel(a_preview(expected=quiet))).text
    assert "Right among what is shown95.0%" in text
    assert "290 labels" in text


def test_a_preview_of_acting_alone_says_from_where_on_or_why_it_would_be_refused() -> None:
    certified = a_preview(mode="auto", acts_from=0.93, acts_why="2 errors in 400")
    assert "would be applied from 93.0% on: 2 errors in 400." in assert_clean(preview_panel(certified)).text
    refused = a_preview(mode="auto", acts_why="no labels yet")
    assert "Acting alone would be refused: no labels yet." in assert_clean(preview_panel(refused)).text
    assert "cting alone" not in assert_clean(preview_panel(a_preview())).text


def test_the_frontier_is_a_drawing_with_its_table() -> None:
    read = assert_clean(preview_panel(a_preview(now=a_place(review_share=0.1, precision=0.9))))
    (chart,) = read.all("svg", role="img")
    marks = [tag for tag in read.all("circle") if "svg" in tag.inside and tag.text]
    assert [mark.text.split(":")[0] for mark in marks] == ["today", "with this wish"]
    assert marks[0].attributes["cx"] != marks[1].attributes["cx"]
    assert len(read.all("tr")) == 1 + 5
    assert "20.0% of requests go to people" in chart.text


def test_the_frontier_has_three_sides_quality_cost_and_how_long_people_wait() -> None:
    places = (a_place(review_share=0.0, wait_s=None), a_place(review_share=0.5, wait_s=75.0))
    read = assert_clean(preview_panel(a_preview(frontier=places)))
    assert [tag.text for tag in read.all("th") if tag.text in {"Right", "Cost", "They wait"}] == [
        "Right",
        "Cost",
        "They wait",
    ]
    assert "1 min 15 s" in read.text


def test_the_frontier_can_be_drawn_from_nothing() -> None:
    bare = a_place(n=0, low=0.0, high=1.0, precision=1.0, review_share=1.0, threshold=1.5)
    read = assert_clean(preview_panel(a_preview(expected=bare, frontier=(bare,), threshold=1.5)))
    assert "no labels yet" in read.text
    assert not [tag for tag in read.all("path") if tag.attributes.get("class") == "band"]


def test_who_moved_the_slider_and_when_is_on_the_page() -> None:
    text = assert_clean(surface_page(a_surface())).text
    assert "1 Mar 2026, 09:30 UTC" in text
    assert "wish: p any 0.5 → precision 0.95" in text
    assert "It stands where it began." in assert_clean(surface_page(a_surface(history=()))).text


def test_only_a_model_that_passed_the_gate_and_does_not_serve_can_be_promoted() -> None:
    models = (
        a_model(id="serving"),
        a_model(id="passed", is_champion=False, may_promote=True),
        a_model(id="refused", is_champion=False, may_promote=False, state="kept"),
    )
    read = assert_clean(surface_page(a_surface(champion="serving", models=models)))
    assert [tag.attributes["value"] for tag in read.all("input", name_="bundle")] == ["passed"]
    assert read.text.count("Gate report") == 3
    assert "0.910" in read.text


def test_where_the_prior_serves_there_is_nothing_to_go_back_to() -> None:
    read = assert_clean(surface_page(a_surface(champion="prior", models=())))
    (button,) = [tag for tag in read.all("button") if tag.text == "Roll back"]
    assert "disabled" in button.attributes
    assert "The shipped prior serves" in read.text


def test_a_running_job_asks_again_and_an_ended_one_does_not() -> None:
    running = assert_clean(job_panel("/admin/surfaces/s", a_job()))
    (panel,) = running.all("div", id="job")
    assert panel.attributes["hx-get"] == "/admin/surfaces/s/jobs/j-1"
    assert running.all("progress")[0].attributes["value"] == "40"
    ended = assert_clean(job_panel("/admin/surfaces/s", a_job(is_final=True, state="failed", detail="No data")))
    assert "hx-get" not in ended.all("div", id="job")[0].attributes
    assert "No data" in ended.text


def test_a_key_is_shown_once_with_a_way_to_copy_it() -> None:
    shown = SecretView(title="The new key", text="pk_abc", advice="Copy it now")
    read = assert_clean(overview_page(an_overview(secret=shown)))
    assert [tag.text for tag in read.all("code", id="secret")] == ["pk_abc"]
    assert [tag.attributes["data-copies"] for tag in read.all("button") if tag.text == "Copy"] == ["#secret"]
    assert "pk_abc" not in str(overview_page(an_overview()))


def test_a_key_for_any_page_is_marked_as_testing_and_a_revoked_one_cannot_be_revoked() -> None:
    keys = (a_key(), a_key(id="k2", name="old", revoked_at=AT), a_key(id="k3", name="live", origins=("https://a.b",)))
    read = assert_clean(overview_page(an_overview(keys=keys)))
    assert read.text.count("any page: testing") == 1
    revokes = [tag.attributes["action"] for tag in read.all("form") if "revoke" in tag.attributes.get("action", "")]
    assert revokes == ["/admin/keys/k1/revoke", "/admin/keys/k3/revoke"]


def test_a_surface_is_linked_by_its_quoted_name() -> None:
    odd = an_overview(
        surfaces=(
            SurfaceRow(
                name="a/b ü",
                title="",
                mode="review_all",
                target="",
                threshold=1.5,
                certified=False,
                champion="prior",
                waiting=0,
            ),
        )
    )
    read = assert_clean(overview_page(odd))
    assert "/admin/surfaces/a%2Fb%20%C3%BC" in [tag.attributes.get("href") for tag in read.all("a")]
    assert "never" in read.text


def test_a_first_run_says_how_to_make_a_surface() -> None:
    assert "suggest import" in assert_clean(overview_page(an_overview(surfaces=(), keys=()))).text


def test_what_stands_in_the_way_of_serving_is_said() -> None:
    assert (
        "the encoder is warming up"
        in assert_clean(overview_page(an_overview(ready=("the encoder is warming up",)))).text
    )


def test_trying_out_shows_the_decision_the_odds_and_why() -> None:
    text = assert_clean(tried_panel(tried(decision="escalate", reason="below-threshold"))).text
    assert "would go to a person" in text
    assert "80% sure" in text
    assert "because: below threshold" in text
    assert "lexical +0.40" in text
    assert "nearest -0.20" in text
    assert "add candidates first" in assert_clean(tried_panel(tried(options=()))).text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_texts_everywhere(text: str) -> None:
    surface = a_surface(
        name=text,
        title=text,
        snippet=text,
        history=(ChangeRow(at=AT, by=text, changes=((text, text, text),)),),
        models=(a_model(id=text, state=text, parent=text, encoder=text, gate={text: text}, metrics={text: 0.5}),),
        policy=a_policy(out_of_hours=text, why=text),
        preview=a_preview(why=text),
        notice=NoticeView(title=text, text=text),
        tried=tried(
            text=text, reason=text, options=(TriedOption(id=text, text=text, p_select=0.1, why=((text, 0.5),)),)
        ),
        job=a_job(id=text, step=text, detail=text),
    )
    overview = an_overview(
        surfaces=(
            SurfaceRow(
                name=text, title=text, mode=text, target=text, threshold=0.5, certified=False, champion=text, waiting=0
            ),
        ),
        keys=(a_key(name=text, surface=text, origins=(text,)),),
        secret=SecretView(title=text, text=text, advice=text),
    )
    for page in (surface_page(surface), overview_page(overview)):
        read = assert_clean(page)
        assert not read.all("img")
        assert not [tag for tag in read.all("script") if not tag.attributes["src"].startswith("/static/")]


def test_headings_have_no_gap() -> None:
    for page in (surface_page(a_surface()), overview_page(an_overview()), console_page(a_desk())):
        levels = [int(tag.name[1]) for tag in assert_clean(page).tags if tag.name in {"h1", "h2", "h3", "h4"}]
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels)), levels


def test_the_first_page_has_the_doors_and_says_whether_it_is_well() -> None:
    read = assert_clean(landing_page(is_ready=True, is_signed_in=False))
    hrefs = {tag.attributes["href"] for tag in read.all("a")}
    assert {"/console", "/reports", "/admin", "/docs"} <= hrefs
    assert "ready" in read.text
    assert "suggest workers link" in read.text
    warming = assert_clean(landing_page(is_ready=False, is_signed_in=True)).text
    assert "warming up" in warming
    assert "sign-in link" not in warming


def test_the_live_panel_says_how_the_promise_goes_and_what_the_next_mode_needs() -> None:
    text = assert_clean(surface_page(a_surface())).text
    for part in ("97.0%", "120 audits", "Before auto", "a certified line for the top option"):
        assert part in text


def test_a_tightened_line_is_said_aloud() -> None:
    tight = a_live_view(is_tight=True, why="too many errors")
    assert "The line was tightened" in assert_clean(surface_page(a_surface(policy=a_policy(live=tight)))).text


def test_acting_alone_has_one_button_that_stops_it() -> None:
    acting = a_policy(mode="auto", live=a_live_view(acts_from=0.93, next_mode=None, missing=()))
    read = assert_clean(surface_page(a_surface(policy=acting)))
    assert [tag.attributes["value"] for tag in read.all("input", type="hidden", name_="mode")] == ["assist"]
    assert "Stop acting alone" in [tag.text for tag in read.all("button")]
    assert "Stop acting alone" not in assert_clean(surface_page(a_surface())).text


def test_acting_alone_says_how_right_it_was_and_leads_to_all_that_was_applied() -> None:
    right = AuditedView(low=0.94, mid=0.975, high=0.99, n=40)
    acting = a_policy(mode="auto", live=a_live_view(acts_from=0.93, acts_right=right, next_mode=None, missing=()))
    read = assert_clean(surface_page(a_surface(policy=acting)))
    assert "Right among what was applied, by audits97.5%" in read.text
    assert "40 audits since the last alarm" in read.text
    (link,) = [tag for tag in read.all("a") if tag.text == "All that was applied"]
    assert link.attributes["href"].endswith("/impressions?decision=auto")
    assert "what was applied" not in assert_clean(surface_page(a_surface())).text
