"""The slates behind a part of a figure: what was asked, what was shown, what became of it; and the way to the queue."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from htpy import Element, Node, a, button, div, form, h1, input, label, li, ol, p, span

from analytics import reliability
from analytics.addresses import base, with_query
from analytics.drawn import at_words
from analytics.lens import EVERYTHING, Lens
from analytics.pages.funnel import SPOKEN
from analytics.period import Period
from analytics.snapshot import Analytics
from components.empty import EmptyView, empty
from components.notice import NoticeView, notice
from components.number import NOTHING, moment, percent, plural
from components.page import PageView, page
from components.table import Column, TableView, data_table
from suggest.domain.clock import rfc3339

MOST = 100
FILTERS = ("outcome", "decision", "stage", "item", "position", "said", "said_from", "said_to", "valued")


@dataclass(frozen=True, slots=True, kw_only=True)
class Impression:
    id: str
    at: datetime
    text: str
    decision: str
    outcome: str
    bundle: str
    p_any: float | None
    taken: str | None
    options: tuple[tuple[str, str], ...]  # id and text, from the top
    is_reviewed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpressionsView:
    surface: str
    title: str
    period: Period
    lens: Lens
    of: Mapping[str, str]
    total: int
    impressions: tuple[Impression, ...]
    handed_over: int | None = None  # how many were just sent to people


def impressions(
    analytics: Analytics, surface: str, period: Period, *, title: str, lens: Lens, of: Mapping[str, str]
) -> ImpressionsView:
    """The latest MOST slates of a kind. `of`: outcome, decision, stage of the funnel, the item that was taken, a
    position that was looked at (0 is the top), what was said: a probability with its least and largest value, or, of
    any value of `valued`, whether other bundles can be valued on them."""
    analytics.lens = lens
    try:
        rows = analytics.rows(
            "impressions",
            surface=surface,
            most=MOST,
            judged=reliability.MOST_JUDGED,
            **{"from": period.from_, "to": period.to},
            **{name: of.get(name) for name in FILTERS},
        )
    finally:
        analytics.lens = EVERYTHING
    return ImpressionsView(
        surface=surface,
        title=title,
        period=period,
        lens=lens,
        of=of,
        total=cast(int, rows[0]["total"]) if rows else 0,
        impressions=tuple(map(_impression, rows)),
    )


def _impression(row: Mapping[str, object]) -> Impression:
    shown = json.loads(cast(str, row["shown"]) or "[]")
    return Impression(
        id=cast(str, row["impression"]),
        at=cast(datetime, row["served_at"]),
        text=cast("str | None", row["text"]) or "",
        decision=cast(str, row["decision"]),
        outcome=cast(str, row["outcome"]),
        bundle=cast("str | None", row["bundle"]) or "",
        p_any=cast("float | None", row["p_any"]),
        taken=cast("str | None", row["item"]),
        options=tuple((str(each["id"]), str(each["text"])) for each in sorted(shown, key=lambda o: o["position"])),
        is_reviewed=bool(row["is_reviewed"]),
    )


def with_notice(view: ImpressionsView, handed_over: int) -> ImpressionsView:
    return replace(view, handed_over=handed_over)


def render_impressions(view: ImpressionsView, *, csrf: str, may_hand_over: bool) -> str:
    """The page at /reports/{surface}/impressions."""
    told = ", ".join(f"{name} {text}".strip() for name, text in {**_kind(view.of), **_lens(view.lens)}.items())
    head = div(".page-head")[
        div(".page-head-text")[
            p(".eyebrow")[a(href="/reports")["Reports"], " / ", a(href=base(view.surface))[view.surface], " / slates"],
            h1[view.title],
            p(".lede")[f"{plural(view.total, 'slate')}{f' with {told}' if told else ''}, {at_words(view.period)}."],
            view.total > MOST and p(".fine.quiet")[f"The latest {MOST} are shown; the export holds them all."],
        ]
    ]
    shell = PageView(title=f"{view.title}: slates", here="reports")
    if not view.impressions:
        return str(page(shell, head, empty(EmptyView(title="None", text="No slate of this kind in this time."))))
    return str(page(shell, head, _done(view), _listed(view, csrf=csrf, may_hand_over=may_hand_over)))


def _done(view: ImpressionsView) -> Node:
    if view.handed_over is None:
        return None
    return notice(
        NoticeView(
            title=f"{plural(view.handed_over, 'slate')} sent to people",
            text="They wait behind whoever waits for an answer. What people had before was not sent again.",
            tone="good",
            action="Open the queue",
            href="/console",
        )
    )


def _listed(view: ImpressionsView, *, csrf: str, may_hand_over: bool) -> Element:
    table = TableView(
        caption="Slates",
        caption_hidden=True,
        columns=(
            Column(label="Asked"),
            Column(label="Shown"),
            Column(label="Became"),
            Column(label="p_any", number=True),
            Column(label="When", number=True),
            *((Column(label="Send to people"),) if may_hand_over else ()),
        ),
        rows=tuple(_row(each, may_hand_over=may_hand_over) for each in view.impressions),
    )
    if not may_hand_over:
        return div(".card.card-flush.slates")[data_table(table)]
    return form(".stack", method="post", action=to_kind(view, "second-look"))[
        input(type="hidden", name="csrf", value=csrf),
        div(".card.card-flush.slates")[data_table(table)],
        p(".slates-send")[button(".button.button-primary", type="submit")["Send the ticked ones to people"]],
    ]


def _row(each: Impression, *, may_hand_over: bool) -> tuple[Node, ...]:
    became = each.outcome if each.decision in ("show", "auto") else f"{each.decision}, {each.outcome}"
    return (
        span[_short(each.text) or "(redacted)"],
        ol(".fine")[(li[text, " (taken)" if id == each.taken else ""] for id, text in each.options)]
        if each.options
        else "nothing",
        became,
        percent(each.p_any),
        moment(each.at),
        *((_tick(each),) if may_hand_over else ()),
    )


def _tick(each: Impression) -> Node:
    if each.is_reviewed:
        return "with people"
    return label(".check")[
        input(type="checkbox", name=f"impression-{each.id}", value=each.id, aria_label=f"Send {_short(each.text, 60)}")
    ]


def to_kind(view: ImpressionsView, page: str) -> str:
    """An address that speaks of the same slates."""
    bounds = {"from": rfc3339(view.period.from_), "to": rfc3339(view.period.to)}
    return with_query(f"{base(view.surface)}/{page}", {**bounds, **view.lens.query, **view.of})


def _kind(of: Mapping[str, str]) -> Mapping[str, str]:
    """What is narrowed to, as it is said: positions from 1 on, a probability from its least to its largest value."""
    told = {
        name: text for name, text in of.items() if name not in ("position", "said", "said_from", "said_to", "valued")
    }
    if (stage := of.get("stage", "")) in SPOKEN:
        told["stage"] = SPOKEN[stage]
    if (position := of.get("position", "")).isdecimal():
        told["looked at position"] = str(int(position) + 1)
    if said := of.get("said"):
        told[said] = f"from {_share(of.get('said_from'))} to {_share(of.get('said_to'))}"
    if "valued" in of:
        told["exploration, on which bundles are valued"] = ""
    return told


def _share(text: str | None) -> str:
    try:
        return percent(float(text or ""))
    except ValueError:
        return NOTHING


def _lens(lens: Lens) -> Mapping[str, str]:
    return {
        **({"bundle": lens.bundle} if lens.bundle else {}),
        **({lens.field: lens.value} if lens.field and lens.value else {}),
    }


def _short(text: str, most: int = 220) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
