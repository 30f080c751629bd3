"""The report as a page of the console, as one file that needs nothing else, and the list of surfaces."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from htpy import Element, Node, a, article, details, div, h1, h3, nav, p, section, span, summary

from analytics import addresses
from analytics.bundles import BundleHistory
from analytics.drawn import at_words
from analytics.narrowing import lenses
from analytics.noting import NoteForm, note_form
from analytics.pages.registry import PAGES
from analytics.report import ReportView
from analytics.section import Address, carried, drawn_section
from components.badge import BadgeView, Tone, badge
from components.empty import EmptyView, empty
from components.gate import gate_lines
from components.notice import NoticeView, notice
from components.number import moment, plural
from components.page import PageView, nav_for, page, standalone, stylesheet
from components.stat import stats
from components.steps import StepsView
from components.table import data_table
from components.terms import terms
from suggest.domain.clock import rfc3339

_LASTS = (("24 hours", timedelta(days=1)), ("7 days", timedelta(days=7)), ("30 days", timedelta(days=30)))
FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STATES: dict[str, Tone] = {"promoted": "good", "kept": "warn", "failed": "bad", "rolled-back-to": "accent"}


def render(view: ReportView, noting: NoteForm | None = None, *, as_worker: bool = False) -> str:
    """The page at /reports/{surface}: rows come from the server, styles from /static, nothing inline. `noting` is the
    form to write down what happened, for those who may; `as_worker` leaves out what this role may not open."""
    view = _without_ways(view) if as_worker else view
    content = _content(view, _served(view), links=True, noting=noting, as_worker=as_worker)
    return str(page(PageView(title=view.title, here="reports", nav=nav_for(is_worker=as_worker)), *content))


def render_file(view: ReportView) -> str:
    """The same as one HTML file: styles inside, rows as data addresses, no link to a server; it may load nothing."""
    shell = PageView(
        title=view.title, nav=(), assets="", policy=FILE_POLICY, foot=f"Made by Suggest, {moment(view.made_at)}."
    )
    return standalone(str(page(shell, *_content(view, carried, links=False))), stylesheet())


def _served(view: ReportView) -> Address:
    return lambda drawn: addresses.to_rows(view, drawn.figure.id)


def _content(
    view: ReportView, address: Address, *, links: bool, noting: NoteForm | None = None, as_worker: bool = False
) -> list[Node]:
    told = view.empty is None and view.problem is None
    around = [_tabs(view, as_worker=as_worker), lenses(view)] if links and told else []
    return [
        _head(view, links=links),
        view.simulated and _simulated(),
        noting is not None and noting.notice is not None and notice(noting.notice),
        *around,
        *_body(view, address, links=links, noting=noting),
    ]


def _without_ways(view: ReportView) -> ReportView:
    """Next steps lead where only reviewers and owners may go; to others they are told without a link."""
    told = tuple(
        replace(
            each,
            figures=tuple(
                replace(drawn, chart=drawn.chart.unlinked) if isinstance(drawn.chart, StepsView) else drawn
                for drawn in each.figures
            ),
        )
        for each in view.sections
    )
    return replace(view, sections=told)


def _body(view: ReportView, address: Address, *, links: bool, noting: NoteForm | None) -> list[Node]:
    if view.problem is not None:
        return [notice(view.problem)]
    if view.empty is not None:
        return [empty(view.empty), *(_bundle(each, is_open=False) for each in view.bundles)]
    if view.n_requests == 0:
        return [empty(EmptyView(title="No request in this period", text="Choose a longer one.")), _bundles(view)]
    return [
        bool(view.stats) and stats(view.stats, label="In short"),
        *(
            drawn_section(
                each,
                address,
                about=view.surface,
                after=_after(view, each.id, noting, links=links),
                links=links,
            )
            for each in view.sections
        ),
        _happened(view, noting) if links else None,
    ]


def _happened(view: ReportView, noting: NoteForm | None) -> Node:
    """What happened meanwhile, at the foot of every page that does not show it as a figure; owners add to it there."""
    if view.happened is None:
        return None
    told = view.happened.figure
    return section(".section.stack", id="happened", aria_labelledby="happened-name")[
        details(".fold", open=noting is not None and bool(noting.text or noting.at or noting.notice))[
            summary(id="happened-name")[f"{told.title}: {told.sample}"],
            p(".fine.quiet")[told.missing] if told.missing else data_table(told.table),
        ],
        noting is not None and note_form(view, noting),
    ]


def _after(view: ReportView, part: str, noting: NoteForm | None, *, links: bool) -> Node:
    """What stands under the figures of a section."""
    if part == "turns" and links:
        return p(".fine.after")[a(href=addresses.to_page(view, "experiments"))["All experiments, and how to run one"]]
    if part == "bundles":
        return _bundles(view)
    return note_form(view, noting) if part == "changes" and noting is not None else None


def _simulated() -> Element:
    return notice(
        NoticeView(
            title="Simulated traffic",
            text="The people on this surface are a program. Its figures show how the loop works, not how well it would "
            "work for yours.",
            tone="simulated",
        )
    )


def _head(view: ReportView, *, links: bool) -> Element:
    measured = view.empty is None and view.problem is None
    return div(".page-head")[
        div(".page-head-text")[
            p(".eyebrow")[a(href="/reports")["Reports"] if links else "Report", " / ", view.surface],
            h1[view.title, " ", view.simulated and badge(BadgeView(text="simulated", tone="simulated"))],
            measured and p(".lede")[at_words(view.period)],
            measured
            and p(".fine.quiet")[
                f"{plural(view.n_requests, 'request')}. As of {moment(view.made_at)}.",
                links and [" ", a(href="/docs/figures")["What the figures mean"]],
            ],
        ],
        links and measured and _periods(view),
    ]


def _periods(view: ReportView) -> Node:
    length = view.period.to - view.period.from_
    chosen = next((name for name, last in _LASTS if abs(length - last) < timedelta(minutes=1)), "")
    page_ = view.page or PAGES[0].name
    until = None if view.period.to >= view.made_at else rfc3339(view.period.to)  # None: now, tomorrow's too
    return nav(".segments", aria_label="Period")[
        (
            a(
                href=addresses.to_page(view, page_, **{"from": rfc3339(view.period.to - last), "to": until}),
                aria_current="true" if name == chosen and not view.is_whole else None,
            )[name]
            for name, last in _LASTS
        ),
        a(
            href=addresses.to_page(view, page_, **{"from": None, "to": None}),
            aria_current="true" if view.is_whole else None,
        )["Everything"],
    ]


def _tabs(view: ReportView, *, as_worker: bool) -> Node:
    return nav(".tabs", aria_label="Pages of this report")[
        (
            a(href=addresses.to_page(view, each.name), aria_current="page" if each.name == view.page else None)[
                each.title
            ]
            for each in PAGES
            if not (as_worker and each.names_people)
        )
    ]


def _bundles(view: ReportView) -> Node:
    return div(".stack.after")[(_bundle(each, is_open=number == 0) for number, each in enumerate(view.bundles))]


def _bundle(each: BundleHistory, *, is_open: bool) -> Node:
    return article(".card.stack.stack-s")[
        div(".spread")[
            h3[each.id],
            span(".cluster")[
                span(".fine.quiet")[moment(each.at)],
                badge(BadgeView(text=each.state.replace("-", " "), tone=_STATES.get(each.state, "neutral"))),
            ],
        ],
        p(".fine.soft")[
            f"from {each.parent}" if each.parent else "without a parent", f", encoder {each.encoder or '–'}"
        ],
        each.gate and details(".fold", open=is_open)[summary["Gate report"], terms(gate_lines(each.gate))],
        each.manifest and details(".fold")[summary["Manifest"], terms(each.manifest)],
    ]
