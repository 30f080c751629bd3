"""The page as markup: three labelled panes, nothing inline, hostile words stay words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from markup import HOSTILE, Markup, assert_clean

from components.demo.page import DemoView, demo_page
from components.demo.story import STEPS, MessageView

VIEW = DemoView(
    shop="Larkmoor",
    tagline="Good things",
    agent="Support",
    service="http://127.0.0.1:8080",
    surface="support",
    story=(
        MessageView(label="First", text="one?"),
        MessageView(label="Second", text="two?", turns=(("customer", "before"), ("agent", "after"))),
        MessageView(label="Third", text="thanks", continues=True),
    ),
    more=(MessageView(label="More", text="four?"),),
    n_simulated=500,
    sample="/examples/tickets.csv",
)


def test_nothing_is_inline_and_every_reference_is_there() -> None:
    assert_clean(demo_page(VIEW))


def test_three_panes_are_regions_with_a_name() -> None:
    read = Markup.of(demo_page(VIEW))
    panes = [tag for tag in read.all("section") if "pane" in tag.attributes.get("class", "").split()]
    titles = {tag.attributes["id"]: tag.text for tag in read.all("h2")}
    assert [titles[pane.attributes["aria-labelledby"]] for pane in panes] == ["Customer", "Agent", "Colleague"]


def test_every_field_has_a_label() -> None:
    read = Markup.of(demo_page(VIEW))
    labelled = {tag.attributes["for"] for tag in read.all("label") if "for" in tag.attributes}
    for name in ("input", "textarea", "select"):
        for field in read.all(name):
            assert field.attributes.get("id") in labelled or "label" in field.inside, field


def test_the_frame_has_a_title_and_no_address_before_the_sign_in() -> None:
    (frame,) = Markup.of(demo_page(VIEW)).all("iframe")
    assert frame.attributes["title"]
    assert "src" not in frame.attributes


def test_a_prepared_message_carries_what_it_sends() -> None:
    buttons = {
        t.attributes["data-label"]: t.attributes
        for t in Markup.of(demo_page(VIEW)).all("button")
        if "data-label" in t.attributes
    }
    assert buttons["First"]["data-send"] == "one?"
    assert "data-turns" not in buttons["First"]
    assert buttons["Second"]["data-turns"] == "customer\tbefore\nagent\tafter"
    assert buttons["Third"]["data-continues"] == "yes"
    assert "data-continues" not in buttons["First"]
    assert all("disabled" in each for each in buttons.values()), "until the service is ready"


def test_the_five_steps_are_told_in_order_with_what_to_do() -> None:
    read = Markup.of(demo_page(VIEW))
    steps = [tag.attributes for tag in read.all("li") if "data-step" in tag.attributes]
    assert [step["data-step"] for step in steps] == [step.key for step in STEPS]
    assert all(step["data-hint"] for step in steps)


def test_whatever_is_simulated_says_so() -> None:
    read = Markup.of(demo_page(VIEW))
    badges = [tag for tag in read.all("span") if "tone-simulated" in tag.attributes.get("class", "")]
    assert len(badges) >= 2
    figures = [tag for tag in read.all("dd") if tag.text.startswith("Simulated")]
    assert len(figures) == 3


def test_without_a_sample_none_is_offered() -> None:
    assert "own-sample" not in Markup.of(demo_page(replace(VIEW, sample=""))).ids


@pytest.mark.parametrize("text", HOSTILE)
def test_words_of_others_stay_words(text: str) -> None:
    plain_tags = [tag.name for tag in Markup.of(demo_page(VIEW)).tags]
    message = MessageView(label=text, text=text, turns=((text, text),))
    view = replace(VIEW, shop=text, tagline=text, agent=text, surface="support", story=(message,) * 3, more=(message,))
    read = assert_clean(demo_page(view))
    assert [tag.name for tag in read.tags if tag.name in {"script", "img", "b", "svg"}] == [
        name for name in plain_tags if name in {"script", "img", "b", "svg"}
    ]
    assert text in read.text
