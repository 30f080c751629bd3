"""The sheet: nothing fetched, every colour readable in both themes, every class that the pages use is there."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise

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


def linear_rgb(colour: str) -> list[float]:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    linear = linear_rgb(colour)
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


# How colours look to those who lack one kind of cone (Machado, Oliveira & Fernandes 2009, severity 1), in linear RGB.
BLINDNESS = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900),
    ),
}  # fmt: skip
STACKED = ("selected", "dismissed", "overridden", "ignored", "unseen")  # what is pending is an outline
BESIDE = (*pairwise(STACKED), ("second", "overridden"), ("selected", "second"))  # in a stack, or lines of one chart
LEAST_DIFFERENCE = 13.0  # in CIELAB; 2.3 is just noticeable


def lab(rgb: Sequence[float]) -> tuple[float, float, float]:
    """CIELAB under D65, of linear RGB."""
    to_xyz = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
    white = (0.95047, 1.0, 1.08883)
    x, y, z = (sum(m * c for m, c in zip(row, rgb, strict=True)) / w for row, w in zip(to_xyz, white, strict=True))
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return (116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz))


def seen(colour: str, blindness: str) -> tuple[float, float, float]:
    channels = linear_rgb(colour)
    rows = BLINDNESS[blindness]
    return lab([min(1.0, max(0.0, sum(m * c for m, c in zip(row, channels, strict=True)))) for row in rows])


@pytest.mark.parametrize("theme", [0, 1])
@pytest.mark.parametrize("blindness", BLINDNESS)
def test_colours_that_stand_together_are_told_apart_by_everybody(blindness: str, theme: int) -> None:
    apart = {pair: math.dist(*(seen(PAIRS[tone].split(", ")[theme], blindness) for tone in pair)) for pair in BESIDE}
    print(f"{blindness}, {('light', 'dark')[theme]}: least {min(apart.values()):.1f}")
    assert {pair: round(gap, 1) for pair, gap in apart.items() if gap < LEAST_DIFFERENCE} == {}


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
    """Only a rule for pages of one direction may name a side, and only that of its text."""
    sheet = re.sub(r'\[dir="rtl"\][^{}]*\{ text-align: right; \}', "", stylesheet())
    physical = r"(?:margin|padding|border)-(?:left|right)|text-align: (?:left|right)|[{; ](?:left|right):"
    assert re.findall(physical, sheet) == []


@pytest.mark.parametrize(
    "condition", ["forced-colors: active", "prefers-reduced-motion: reduce", "print", "prefers-contrast"]
)
def test_the_sheet_adapts(condition: str) -> None:
    assert condition in stylesheet()
