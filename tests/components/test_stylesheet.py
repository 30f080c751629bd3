"""The sheet: nothing fetched, every colour readable in both themes, every class that the pages use is there."""

from __future__ import annotations

import re

import pytest
from markup import Markup

from components.gallery import gallery
from components.page import stylesheet

PAIRS = dict(re.findall(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}, #[0-9a-f]{6})\)", stylesheet()))
TEXT_ON = [
    *((ink, paper) for ink in ("ink", "ink-2", "ink-3") for paper in ("paper", "surface", "sunken", "hover")),
    ("accent", "paper"),
    ("accent", "surface"),
    ("accent-ink", "accent"),
    ("accent-ink", "accent-strong"),
    ("accent-strong", "accent-soft"),
    ("good", "good-soft"),
    ("warn", "warn-soft"),
    ("bad", "bad-soft"),
    ("bad", "surface"),
    ("violet", "violet-soft"),
    ("ink-2", "warn-soft"),
    ("ink-2", "bad-soft"),
    ("ink-2", "violet-soft"),
]
MARKS = ("selected", "dismissed", "ignored", "second", "control")


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "paper"), TEXT_ON)
def test_text_can_be_read(ink: str, paper: str, theme: int) -> None:
    assert contrast(PAIRS[ink].split(", ")[theme], PAIRS[paper].split(", ")[theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("mark", MARKS)
def test_marks_and_controls_stand_out_from_their_card(mark: str, theme: int) -> None:
    assert contrast(PAIRS[mark].split(", ")[theme], PAIRS["surface"].split(", ")[theme]) >= 3


def test_nothing_is_fetched_from_anywhere() -> None:
    sheet = stylesheet()
    assert "url(" not in sheet
    assert "@import" not in sheet
    assert "@font-face" not in sheet


def test_every_class_of_the_gallery_is_known_to_the_sheet() -> None:
    used = {name for tag in Markup.of(gallery()).tags for name in tag.attributes.get("class", "").split()}
    known = set(re.findall(r"\.([a-z][a-z0-9-]*)", stylesheet()))
    neutral = {"tone-neutral", "entries"}
    assert used - known - neutral == set()


def test_layout_follows_the_reading_direction() -> None:
    physical = re.findall(
        r"(?:margin|padding|border)-(?:left|right)|text-align: (?:left|right)|[{; ](?:left|right):", stylesheet()
    )
    assert physical == []


@pytest.mark.parametrize(
    "condition", ["forced-colors: active", "prefers-reduced-motion: reduce", "print", "prefers-contrast"]
)
def test_the_sheet_adapts(condition: str) -> None:
    assert condition in stylesheet()
