"""The slider: what an owner wishes, what it would come to, and a save that is a step of its own."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan

from htpy import (
    Element,
    Node,
    button,
    details,
    div,
    fieldset,
    form,
    h2,
    h3,
    input,
    label,
    legend,
    option,
    p,
    section,
    select,
    span,
    strong,
    summary,
    textarea,
)

from components.admin.frontier import frontier_figure
from components.admin.live import live_panel
from components.admin.page import csrf_field
from components.admin.views import ChangeRow, FollowedView, GroupRow, PolicyView, PreviewView, SurfaceView, TargetKind
from components.badge import BadgeView, badge
from components.console.duration import duration
from components.number import NOTHING, decimal, moment, percent, plural
from components.number import span as span_of
from components.sentence import sentence
from components.stat import StatView, stats
from components.table import Column, TableView, data_table

_MODES = (
    ("assist", "Assist", "sure enough is shown, the rest goes to people"),
    ("review_all", "Review all", "everything goes to people"),
    ("shadow", "Shadow", "people answer, the model only watches"),
    ("auto", "Auto", "above a certified bound the first option is applied"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """How one way of wishing is put to an owner."""

    kind: TargetKind
    name: str
    question: str
    ends: tuple[str, str]
    unit: str = "%"
    low: int = 0


_OVERRULED = {  # by the mode, whatever the line is
    "review_all": "Everything goes to people, as the mode asks for. In assist: ",
    "shadow": "Nothing is shown, as the mode asks for. In assist: ",
}
_HIGHEST = 100
_BLIND = "nothing was asked yet"
_FALLBACKS = (
    ("queue", "they wait"),
    ("show", "the best there is is shown"),
    ("abstain", "nothing is shown"),
)
_GROUPINGS = (
    ("none", "one line for all"),
    ("tag", "by tag of the best option"),
    ("language", "by language of the request"),
)
_KINDS = (
    _Kind(
        kind="precision",
        name="Right answers",
        question="At least this share of what is shown holds a right answer",
        ends=("faster, nobody is asked", "more careful, everything to people"),
    ),
    _Kind(
        kind="review_share",
        name="People's time",
        question="This share of requests goes to people",
        ends=("nobody is asked", "everything to people"),
    ),
    _Kind(
        kind="cost",
        name="Price of an error",
        question="A wrong suggestion costs as much as this many minutes of a person",
        ends=("errors are cheap", "errors are dear"),
        unit="min",
        low=1,
    ),
    _Kind(
        kind="p_any",
        name="Confidence",
        question="Show from this probability on that a right answer is there",
        ends=("show everything", "everything to people"),
    ),
)


def policy_section(view: SurfaceView) -> Element:
    return section("#policy.section", aria_labelledby="policy-name")[
        div(".section-head")[
            h2("#policy-name")["How sure must a suggestion be"],
            p[
                "Move it and look: nothing changes before you save."
                if view.is_owner
                else "Moving it is an owner's. What you may do at any time is to send everything to people."
            ],
        ],
        div(".policy")[
            _form(view) if view.is_owner else _brake(view),
            div("#preview.policy-preview", aria_live="polite")[preview_panel(view.preview)],
        ],
        live_panel(view),
        details(".fold.after-fold", open=bool(view.history) and len(view.history) <= 3)[
            summary["Who moved it when, and what followed"], _history(view.history)
        ],
    ]


def _form(view: SurfaceView) -> Node:
    policy = view.policy
    preview = f"{view.address}/preview"
    return form(
        "#wish.card.stack",
        method="post",
        action=f"{view.address}/policy",
        hx_post=preview,
        hx_target="#preview",
        hx_swap="innerHTML",
        hx_trigger="input delay:150ms",
        hx_sync="this:replace",
    )[
        csrf_field(view.csrf),
        fieldset(".kinds")[
            legend(".label")["What do you want to promise?"],
            div(".segments")[(_choice(kind, policy.kind) for kind in _KINDS)],
            (_slider(kind, policy.values[kind.kind]) for kind in _KINDS),
        ],
        div(".field")[
            label(for_="mode")["Mode"],
            select("#mode.input", name="mode")[
                (option(value=value, selected=value == policy.mode)[f"{name}: {what}"] for value, name, what in _MODES)
            ],
        ],
        details(".fold")[summary["More"], _more(policy)],
        div(".spread.card-foot")[
            button(".button.without-script", type="submit", formaction=preview)["Preview"],
            span(".hint")["In force from the next request on."],
            button(".button.button-primary", type="submit")["Save"],
        ],
    ]


def _brake(view: SurfaceView) -> Node:
    """The one change that is anybody's: to be as careful as can be."""
    is_on = view.policy.mode == "review_all"
    return form("#wish.card.stack", method="post", action=f"{view.address}/policy")[
        csrf_field(view.csrf),
        input(type="hidden", name="mode", value="review_all"),
        p[
            "Every request already goes to people."
            if is_on
            else "If something is going wrong, send every request to people now. Only an owner can end it."
        ],
        not is_on
        and button(".button.button-danger", type="submit", data_sure="Send every request of this surface to people?")[
            "Send everything to people"
        ],
    ]


def _choice(kind: _Kind, chosen: str) -> Node:
    return label[
        input(
            ".visually-hidden",
            id=f"kind-{kind.kind}",
            type="radio",
            name="kind",
            value=kind.kind,
            checked=kind.kind == chosen,
        ),
        kind.name,
    ]


def _slider(kind: _Kind, value: float) -> Node:
    shown = f"{value:g}" if kind.unit == "min" else f"{round(100 * value, 1):g}"
    name = f"value-{kind.kind}"
    return div(class_=["slider", f"slider-{kind.kind}"])[
        div(".spread")[
            label(for_=name)[kind.question],
            span(".slider-number")[
                input(
                    ".input",
                    id=name,
                    type="number",
                    name=f"value_{kind.kind}",
                    min=str(kind.low),
                    max=str(_HIGHEST),
                    step="any",
                    value=shown,
                    inputmode="decimal",
                ),
                span[kind.unit],
            ],
        ],
        input(
            ".range.with-script",
            type="range",
            min=str(kind.low),
            max=str(_HIGHEST),
            step="1",
            value=shown,
            aria_label=kind.question,
            data_moves=name,
            data_unit=kind.unit,
        ),
        div(".range-ends.with-script")[span[kind.ends[0]], span[kind.ends[1]]],
    ]


def _more(policy: PolicyView) -> Node:
    return div(".stack")[
        div(".grid")[
            div(".field")[
                label(for_="groups_by")["With right answers: lines of groups"],
                select("#groups_by.input", name="groups_by")[
                    (option(value=value, selected=value == policy.groups_by)[words] for value, words in _GROUPINGS)
                ],
            ],
            _number("error_cost", "With right answers: price of an error, min", _price(policy), "0", "1000000"),
            _number("audit_rate", "Checked at random, %", f"{100 * policy.audit_rate:g}", "0", "100"),
            _number("exploration", "Exploration", f"{policy.exploration:g}", "0", "10"),
            _number("retrain_every", "Retrain every … outcomes", str(policy.retrain_every), "0", "10000000"),
            _number(
                "learning_per_day", "Asked of people a day to learn from", str(policy.learning_per_day), "0", "10000"
            ),
        ],
        _check("escalation", "Ask people where the model does not know", is_on=policy.escalation),
        _check("trigger", "Small talk gets no suggestion and bothers nobody", is_on=policy.trigger),
        _check("retrain_nightly", "Retrain every night", is_on=policy.retrain_nightly),
        h3(".label")["When people answer"],
        div(".grid")[
            _text("review_plan", "At least to people", policy.review_plan, "2026-12-01 100%; 2027-03-01 20%"),
            _text("duty_hours", "Hours of duty", policy.duty_hours, "Mo-Fr 09:00-17:00; empty is always"),
            _text("time_zone", "Time zone", policy.time_zone, "Europe/Berlin"),
            _number("overlap", "People for each request", str(policy.overlap), "1", "9"),
            _number("most_overlap", "People where they disagree", str(policy.most_overlap), "1", "9"),
            _number("answer_within_s", "Answer within, s", str(policy.answer_within_s), "1", "86400"),
            _number("routing_wait_s", "Kept for who knows the matter, s", str(policy.routing_wait_s), "0", "86400"),
            _number("longest_queue", "Longest queue", _or_none(policy.longest_queue), "0", "1000000"),
            div(".field")[
                label(for_="fallback")["Beyond hours and queue"],
                select("#fallback.input", name="fallback")[
                    (option(value=value, selected=value == policy.fallback)[words] for value, words in _FALLBACKS)
                ],
            ],
        ],
        _check("sign_off", "An answer needs a second person's sign-off", is_on=policy.sign_off == 2),
        _check("second_opinion", "A check that finds a suggestion wrong is checked again", is_on=policy.second_opinion),
        div(".field")[
            label(for_="out_of_hours")["Said while nobody is on duty"],
            textarea("#out_of_hours.input", name="out_of_hours", rows="2", maxlength="500")[policy.out_of_hours],
        ],
    ]


def _or_none(value: int | None) -> str:
    return "" if value is None else str(value)


def _text(name: str, words: str, value: str, placeholder: str) -> Node:
    return div(".field")[
        label(for_=name)[words],
        input(".input", id=name, name=name, value=value, placeholder=placeholder, maxlength="300"),
    ]


def _price(policy: PolicyView) -> str:
    return "" if policy.error_cost is None else f"{policy.error_cost:g}"


def _number(name: str, words: str, value: str, low: str, high: str) -> Node:
    return div(".field")[
        label(for_=name)[words],
        input(".input", id=name, type="number", name=name, value=value, min=low, max=high, step="any"),
    ]


def _check(name: str, words: str, *, is_on: bool) -> Node:
    return label(".check")[input(type="checkbox", name=name, value="1", checked=is_on), words]


def preview_panel(view: PreviewView) -> Node:
    """What would happen: to quality, to people's time, and on what evidence."""
    expected = view.served
    return div(".stack")[
        div(".verdict")[
            badge(BadgeView(text="certified", tone="good"))
            if view.certified
            else badge(BadgeView(text="not certified", tone="warn")),
            p[
                _OVERRULED.get(view.mode, ""),
                strong[_line(view.threshold)],
                span(".soft")[sentence(view.why)],
                view.n_needed is not None
                and span(".soft")[f"It takes about {plural(view.n_needed, 'more label')} to certify this."],
            ],
        ],
        stats(
            (
                StatView(
                    label="Right among what is shown",
                    value=_right(view),
                    interval=f"90% interval {span_of(expected.low, expected.high)}" if expected.n else "",
                    note=plural(expected.n, "label")
                    if expected.n
                    else "nothing is shown"
                    if _shows_nothing(view)
                    else _BLIND
                    if view.is_blind
                    else "what the model believes",
                ),
                StatView(
                    label="Goes to people",
                    value=None if _is_guess(view) else percent(expected.review_share),
                    note=_BLIND if _is_guess(view) else _wait(view),
                ),
                StatView(
                    label="Cost of 1,000 requests",
                    value=None if _knows_no_cost(view) else decimal(1_000 * expected.cost, 0),
                    unit="" if _knows_no_cost(view) else "min",
                    note=_BLIND if _knows_no_cost(view) else "of a person, errors at their price",
                ),
            ),
            label="Expected",
        ),
        view.mode == "auto" and p(".soft")[_acts(view)],
        frontier_figure(view),
        bool(view.groups) and _groups(view.groups),
    ]


def _acts(view: PreviewView) -> str:
    if view.acts_from is None:
        return f"Acting alone would be refused: {view.acts_why}."
    return f"The first option would be applied from {percent(view.acts_from)} on: {view.acts_why}."


def _is_guess(view: PreviewView) -> bool:
    """Nothing was asked yet, and the line is at neither of the ends that are the same whatever is asked."""
    return view.is_blind and 0 < view.served.review_share < 1


def _knows_no_cost(view: PreviewView) -> bool:
    """Nothing was asked yet, and something would be shown: nobody knows how often that is wrong."""
    return view.is_blind and not _shows_nothing(view)


def _shows_nothing(view: PreviewView) -> bool:
    """And no label says what would be right of it if anything were."""
    return isnan(view.served.precision) or (view.served.review_share >= 1 and view.served.n == 0)


def _right(view: PreviewView) -> str | None:
    if _shows_nothing(view):
        return NOTHING
    return None if view.is_blind else percent(view.served.precision)


def _groups(rows: tuple[GroupRow, ...]) -> Node:
    return data_table(
        TableView(
            caption="Groups with answers enough for a line of their own",
            columns=(
                Column(label="Group"),
                Column(label="Answers", number=True),
                Column(label="Shown from", number=True),
            ),
            rows=tuple(
                (row.group, str(row.n), "as the surface" if row.threshold is None else percent(row.threshold))
                for row in rows
            ),
        )
    )


def _line(threshold: float) -> str:
    if threshold > 1:
        return "Everything goes to people. "
    if threshold <= 0:
        return "Everything is shown, nobody is asked. "
    return f"Shown from {percent(threshold)} on. "


def _wait(view: PreviewView) -> str:
    if view.served.review_share <= 0:
        return "nobody waits"
    needs = "" if view.people_needed is None else f"; it takes {plural(view.people_needed, 'person', 'people')}"
    if view.wait_s is None:
        return f"nobody on duty can keep up{needs}"
    return f"they wait about {duration(max(1.0, view.wait_s))}{needs}"


def _history(rows: tuple[ChangeRow, ...]) -> Node:
    return data_table(
        TableView(
            caption="Changes of the policy, newest first",
            caption_hidden=True,
            columns=(Column(label="When"), Column(label="Who"), Column(label="What"), Column(label="What followed")),
            rows=tuple(
                (
                    moment(row.at),
                    span(dir="auto")[row.by],
                    [
                        div[f"{name}: ", span(".quiet")[before], " → ", strong[after]]
                        for name, before, after in row.changes
                    ]
                    + [row.why and div(".soft")[row.why]],
                    _followed(row.followed),
                )
                for row in rows
            ),
            none="It stands where it began.",
        )
    )


def _followed(what: FollowedView | None) -> Node:
    if what is None:
        return span(".quiet")["no request yet"]
    judged = (
        f"{what.audited_right} of {plural(what.audited, 'audit')} found it right" if what.audited else "not audited"
    )
    share = percent(what.reviewed / what.requests)
    return [div[f"{plural(what.requests, 'request')}, {share} to people"], div(".soft")[judged]]
