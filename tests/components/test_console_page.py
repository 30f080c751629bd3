"""The console's markup: complete without scripts, every key named, hostile texts only ever text."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from console_views import a_desk, a_task
from markup import HOSTILE, Markup, assert_clean

from components.console.answer import found_list
from components.console.keymap import KEYS
from components.console.page import console_page, queue_words
from components.console.task import task_panel
from components.console.views import DeskView, FoundView, OptionView, QueueView, TurnView
from components.notice import NoticeView


def fields_of(read: Markup, action: str) -> dict[str, str]:
    """What the first form that goes to `action` would send."""
    document = "".join(f"<{tag.name}>" for tag in read.tags)
    assert document
    starts = [index for index, tag in enumerate(read.tags) if tag.name == "form"]
    for index in starts:
        if read.tags[index].attributes.get("action") != action:
            continue
        end = next((each for each in starts if each > index), len(read.tags))
        inside = [tag for tag in read.tags[index:end] if tag.name == "input"]
        return {tag.attributes["name"]: tag.attributes.get("value", "") for tag in inside if "name" in tag.attributes}
    raise AssertionError(f"no form goes to {action}")


def test_a_task_shows_the_request_large_and_what_was_said_before() -> None:
    read = assert_clean(console_page(a_desk()))
    assert [tag.text for tag in read.all("h1")] == ["Can I pay in shells?"]
    turns = [tag for tag in read.tags if "turn" in tag.attributes.get("class", "").split()]
    assert [tag.text for tag in turns] == ["customerHello", "agentHi!"]
    assert "turn-ours" in turns[1].attributes["class"]
    assert "A person waits" in read.text
    assert "31% sure that one of these is right; from 50% on nobody is asked" in read.text
    assert "waiting 1 min 15 s" in read.text
    assert "A-1" in read.text


def test_every_option_is_a_button_of_a_plain_form_with_its_number_as_key() -> None:
    read = assert_clean(task_panel(a_desk()))
    buttons = read.all("button", name_="item")
    assert [tag.attributes["value"] for tag in buttons] == ["o1", "o2", "o3"]
    assert [tag.attributes["data-key"] for tag in buttons] == ["1", "2", "3"]
    assert [tag.attributes["aria-keyshortcuts"] for tag in buttons] == ["1 a", "2", "3"]
    assert all(tag.attributes["type"] == "submit" for tag in buttons)
    assert "30%" in buttons[0].text


def test_beyond_nine_options_there_is_no_key() -> None:
    options = tuple(OptionView(id=f"o{n}", text=f"{n}", p_select=0.01) for n in range(12))
    read = assert_clean(task_panel(a_desk(task=a_task(options=options))))
    keys = [tag.attributes.get("data-key") for tag in read.all("button", name_="item")]
    assert keys == [*"123456789", None, None, None]


@pytest.mark.parametrize("action", ["/console/answer", "/console/skip"])
def test_every_form_carries_what_the_server_must_know(action: str) -> None:
    sent = fields_of(assert_clean(task_panel(a_desk())), action)
    assert (sent["csrf"], sent["review"], sent["lease"], sent["eid"]) == ("c" * 43, "r-1", "l-1", "console:1")


def test_each_form_works_with_and_without_a_script() -> None:
    read = assert_clean(task_panel(a_desk(can_undo=True)))
    posts = read.all("form", method="post")
    assert {tag.attributes["action"] for tag in posts} == {
        "/console/answer",
        "/console/skip",
        "/console/postpone",
        "/console/undo",
        "/console/next",
    }
    for form in posts:
        assert form.attributes["hx-post"] == form.attributes["action"]
        assert form.attributes["hx-target"] == "#task"


def test_the_keys_of_the_page_are_those_its_help_names_and_no_key_does_two_things() -> None:
    read = assert_clean(console_page(a_desk(can_undo=True)))
    pressed = [
        tag.attributes[name] for tag in read.tags for name in ("data-key", "data-also") if name in tag.attributes
    ]
    assert len(pressed) == len(set(pressed))
    named = {"space" if key == " " else key for key in pressed} - set("123456789")
    assert named == {name for names, _ in KEYS for name in names} - {"1", "9", "Ctrl", "↵", "Esc"}


def test_there_is_a_switch_for_single_keys_and_the_page_knows_how_it_stands() -> None:
    for is_on, state in ((True, "on"), (False, "off")):
        read = assert_clean(console_page(a_desk(are_keys_on=is_on)))
        (switch,) = read.all("input", role="switch")
        assert ("checked" in switch.attributes) is is_on
        assert read.all("div", id="desk")[0].attributes["data-keys"] == state


def test_a_random_check_hides_what_the_model_thinks_of_it() -> None:
    read = assert_clean(task_panel(a_desk(task=a_task(reason="audit"))))
    assert "%" not in read.text
    assert not [tag for tag in read.tags if tag.attributes.get("class") == "meter"]
    assert "asked 1 min 15 s ago" in read.text


def test_where_everything_goes_to_people_no_line_is_blamed() -> None:
    read = assert_clean(task_panel(a_desk(task=a_task(asks_all=True, threshold=None))))
    assert "This surface sends every request to people." in read.text
    assert "nobody is asked" not in read.text


def test_without_options_one_can_still_answer() -> None:
    read = assert_clean(task_panel(a_desk(task=a_task(options=(), turns=(), fields=()))))
    assert "nothing to offer" in read.text
    assert read.all("button", name_="none")
    assert read.all("textarea", name_="text")


def test_an_empty_desk_says_so_and_looks_again() -> None:
    read = assert_clean(task_panel(a_desk(task=None, n_answered=12)))
    assert "Nothing waits" in read.text
    assert "New requests appear here by themselves." in read.text
    assert "Colleagues take what comes." in read.text, "shown to whoever looks on"
    assert "You have answered 12 in this sitting" in read.text
    (form,) = read.all("form", id="arrive")
    assert form.attributes["action"] == "/console/next"


def test_what_was_put_back_can_be_taken_again() -> None:
    read = assert_clean(task_panel(a_desk(task=None, is_aside=True)))
    assert "You put it back" in read.text
    assert "Take it again" in read.text
    assert fields_of(read, "/console/next")["again"] == "1"


def test_a_first_run_says_how_requests_come_about() -> None:
    read = assert_clean(console_page(a_desk(task=None, is_first_run=True)))
    assert "suggest import candidates.csv" in read.text


def test_a_lost_lease_is_an_alert_that_gives_back_what_was_written() -> None:
    notice = NoticeView(title="That request has passed to someone else", tone="warn", urgent=True)
    read = assert_clean(task_panel(a_desk(notice=notice, draft="my long answer")))
    assert any(tag.attributes.get("role") == "alert" for tag in read.tags)
    assert [tag.text for tag in read.all("blockquote")] == ["my long answer"]


def test_the_last_answer_is_named_and_can_be_taken_back() -> None:
    read = assert_clean(task_panel(a_desk(done="Answered: Option 1", can_undo=True)))
    assert [tag.text for tag in read.all("span", role="status")] == ["Answered: Option 1"]
    assert [tag.attributes["data-key"] for tag in read.all("button") if "Undo" in tag.text] == ["u"]
    assert "Undo" not in assert_clean(task_panel(a_desk())).text


def test_found_answers_are_buttons_of_the_answering_form() -> None:
    found = FoundView(words="gift", options=(OptionView(id="g", text="Gift cards never expire", p_select=0),))
    read = assert_clean(task_panel(a_desk(found=found)))
    assert "g" in [tag.attributes["value"] for tag in read.all("button", name_="item")]
    assert "No answer holds these words" in str(found_list(a_desk(found=FoundView(words="x", options=()))))
    assert found_list(a_desk()) is None


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_texts_everywhere(text: str) -> None:
    task = a_task(
        id=text,
        lease=text,
        surface=text,
        text=text,
        turns=(TurnView(who=text, text=text, is_ours=False),),
        fields=((text, text),),
        options=(OptionView(id=text, text=text, p_select=0.2),),
    )
    desk: DeskView = a_desk(
        task=task,
        notice=NoticeView(title=text, text=text),
        draft=text,
        done=text,
        can_undo=True,
        name=text,
        found=FoundView(words=text, options=(OptionView(id=text, text=text, p_select=0),)),
    )
    read = assert_clean(console_page(desk))
    assert not read.all("img")
    assert [tag.attributes["src"] for tag in read.all("script")] == [
        "/static/vendor/htmx-4.0.1.min.js",
        "/static/console.js",
    ]
    assert read.all("h1")[0].text == text


def test_texts_of_people_choose_their_own_direction() -> None:
    read = assert_clean(task_panel(a_desk()))
    for tag in read.tags:
        if tag.name == "textarea" or "option-text" in tag.attributes.get("class", ""):
            assert tag.attributes["dir"] == "auto"


@pytest.mark.parametrize(
    ("queue", "said"),
    [
        (QueueView(waiting=0, claimed=0, workers=0), "Nothing waits, 0 on duty"),
        (QueueView(waiting=12, claimed=0, workers=1), "12 waiting, 1 on duty"),
        (QueueView(waiting=1, claimed=2, workers=3), "1 waiting, 2 being answered, 3 on duty"),
    ],
)
def test_the_queue_in_words(queue: QueueView, said: str) -> None:
    assert queue_words(queue) == said


def test_headings_have_no_gap() -> None:
    levels = [int(tag.name[1]) for tag in assert_clean(console_page(a_desk())).tags if re.fullmatch("h[1-6]", tag.name)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
