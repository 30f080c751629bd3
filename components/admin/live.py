"""How the promise goes: what audits say of what was shown, what the watch did, and what the next mode needs."""

from __future__ import annotations

from htpy import Element, Node, a, button, div, form, h3, input, li, p, ul

from components.admin.page import csrf_field
from components.admin.views import AuditedView, SurfaceView
from components.notice import NoticeView, notice
from components.number import percent, plural
from components.sentence import sentence
from components.stat import StatView, stats


def live_panel(view: SurfaceView) -> Element:
    live = view.policy.live
    is_acting = view.policy.mode == "auto"
    shown = AuditedView(low=live.low, mid=live.mid, high=live.high, n=live.n_audits)
    return div("#live.stack.after-head")[
        h3["How the promise goes"],
        live.is_tight and notice(NoticeView(title="The line was tightened", text=sentence(live.why), tone="warn")),
        stats(
            (
                _audited("Right among what was shown, by audits", shown),
                *(() if not is_acting else (_audited("Right among what was applied, by audits", live.acts_right),)),
                StatView(
                    label="Answers watched over",
                    value=str(live.n_judged),
                    note=sentence(live.why) if live.why else "no turn yet",
                ),
            ),
            label="Live",
        ),
        is_acting and _acting(view),
        live.next_mode is not None and _next(live.next_mode.replace("_", " "), live.missing),
    ]


def _audited(label: str, found: AuditedView) -> StatView:
    return StatView(
        label=label,
        value=percent(found.mid) if found.n else None,
        interval=f"between {percent(found.low)} and {percent(found.high)}, whenever one looks" if found.n else "",
        note=f"{plural(found.n, 'audit')} since the last alarm",
    )


def _acting(view: SurfaceView) -> Node:
    """Acting alone, and the one button that ends it."""
    live = view.policy.live
    says = f"applied from {percent(live.acts_from)} on" if live.acts_from is not None else "suspended"
    return form(".spread", method="post", action=f"{view.address}/policy")[
        csrf_field(view.csrf),
        input(type="hidden", name="mode", value="assist"),
        p[
            f"The first option is {says}: {live.acts_why}. ",
            a(href=f"{view.report}/impressions?decision=auto")["All that was applied"],
        ],
        button(".button.button-danger", type="submit")["Stop acting alone"],
    ]


def _next(mode: str, missing: tuple[str, ...]) -> Node:
    if not missing:
        return p(".soft")[f"What the mode {mode} asks for is there: it may be tried."]
    return div(".soft")[p[f"Before {mode}:"], ul[(li[each] for each in missing)]]
