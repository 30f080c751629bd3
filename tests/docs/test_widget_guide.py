"""The guide to the widget names everything that a host may use, and nothing that is not there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/how-to/widget.md").read_text()
TYPES = (ROOT / "components/static/suggest-box.d.ts").read_text()
WIDGET = ROOT / "components/widget"
SCRIPTS = {path.stem: path.read_text() for path in WIDGET.glob("*.js")}
STYLES = {path.stem: path.read_text() for path in WIDGET.glob("*.css")}
CODE = "".join(SCRIPTS.values())


def names_in(heading: str) -> set[str]:
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", GUIDE, re.MULTILINE | re.DOTALL)
    assert section, heading
    return {name for said in re.findall(r"`([^`\n]+)`", section[1]) for name in re.findall(r"[\w-]+", said)}


def typed(interface: str) -> set[str]:
    found = re.search(rf"interface {interface} \{{(.*?)^\}}", TYPES, re.MULTILINE | re.DOTALL)
    assert found, interface
    return set(re.findall(r"^  '?([\w-]+)'?\??:", found[1], re.MULTILINE))


def test_every_attribute_is_documented_and_typed() -> None:
    read = set(re.findall(r"attribute\('([\w-]+)'", CODE)) | {"data-log-text"}
    assert read - names_in("Attributes") == set()
    assert read - typed("Attributes") == set()
    assert typed("Attributes") - names_in("Attributes") == set()


def test_every_event_is_documented_and_typed() -> None:
    sent = {f"suggest-{name}" for name in re.findall(r"emit\((?:isShown \? )?'([\w-]+)'", CODE)} | {"suggest-empty"}
    assert typed("SuggestEvents") == sent
    assert sent - names_in("Events") == set()


def test_every_word_is_documented() -> None:
    assert typed("Strings") - names_in("Words") == set()


def test_every_custom_property_is_documented() -> None:
    used = {f"--sb-{name}" for style in STYLES.values() for name in re.findall(r"--sb-([\w-]+)", style)}
    assert used == {f"--{name}" if not name.startswith("--") else name for name in names_in("Looks") if "sb-" in name}


def test_every_part_is_documented() -> None:
    made = set()
    for said in re.findall(r"part: ['`]([^'`]+)['`]", CODE) + re.findall(r"button\('(\w+)',", SCRIPTS["field"]):
        made |= {name for name in re.findall(r"[\w-]+", said) if name not in {"band", "part"}}
    assert made - names_in("Looks") == set()


@pytest.mark.parametrize(
    "name",
    ["context", "strings", "suggestions", "impression", "state", "refresh", "select", "dismiss", "commit"],
)
def test_every_member_is_documented_and_typed(name: str) -> None:
    assert name in names_in("Properties and methods")
    assert re.search(rf"\b{name}\b", TYPES)


MANIFEST = json.loads((ROOT / "components/static/custom-elements.json").read_text())
(ELEMENT,) = MANIFEST["modules"][0]["declarations"]


def listed(kind: str) -> set[str]:
    return {each["name"] for each in ELEMENT[kind]}


def test_the_manifest_for_editors_says_what_the_types_say() -> None:
    assert listed("attributes") == typed("Attributes")
    assert listed("events") == typed("SuggestEvents")
    for name in listed("members"):
        assert re.search(rf"\b{name}\b", TYPES), name
    assert {"refresh", "select", "dismiss", "commit", "context", "strings", "state"} <= listed("members")


def test_the_manifest_for_editors_says_what_can_be_styled() -> None:
    assert listed("cssProperties") == set(re.findall(r"--sb-[\w-]+", "".join(STYLES.values())))
    assert all(name in names_in("Looks") for name in listed("cssParts"))
    shown = set(re.findall(r"part: '([\w-]+)'", CODE))
    assert shown - listed("cssParts") == set()


@pytest.mark.parametrize("name", sorted(typed("Attributes") | typed("SuggestEvents")))
def test_no_framework_keeps_a_name_for_itself(name: str) -> None:
    """React and Vue swallow some attributes; a colon in an event is a namespace in JSX."""
    assert name not in {"key", "ref", "style", "slot", "is", "children", "class"}
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
