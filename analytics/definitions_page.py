"""What every figure means and how it is counted, on one page made of the code that counts it."""

from __future__ import annotations

from htpy import Element, Node, a, article, code, details, div, h1, h2, h3, nav, p, pre, section, summary

from analytics.pages.registry import BY_NAME
from analytics.snapshot import query_text
from analytics.sources import AROUND, SOURCES, STANDS_ON, TESTS, Of, Source
from components.page import PageView, page
from components.terms import terms


def render_definitions() -> str:
    """The page at /docs/figures."""
    head = div(".page-head")[
        div(".page-head-text")[
            p(".eyebrow")[a(href="/reports")["Reports"], " / figures"],
            h1["What the figures mean"],
            p(".lede")["Each with its formula, when it misleads, and the query that counts it."],
            p(".fine.quiet")[
                "The queries run on any snapshot, or on exported tables under the views of the log; a test counts "
                "every number of every page again by the SQL on this page alone. Parameters: "
                "$surface, $from and $to; $bundle, $field and $value narrow; $by is what is counted apart."
            ],
        ]
    ]
    return str(
        page(
            PageView(title="Definitions", here="reports"),
            head,
            nav(".tabs", aria_label="Pages")[
                (a(href=f"#of-{each.page}")[BY_NAME[each.page].title] for each in SOURCES)
            ],
            (_page(each) for each in SOURCES),
            _ground(),
        )
    )


def _page(each: Of) -> Element:
    return section(".section", id=f"of-{each.page}", aria_labelledby=f"of-{each.page}-name")[
        div(".section-head")[h2(id=f"of-{each.page}-name")[BY_NAME[each.page].title]],
        div(".stack")[(_source(source) for source in each.sources)],
    ]


def _source(source: Source) -> Element:
    told = source.definition
    return article(".card.stack.stack-s")[
        h3[source.title],
        p[told.what],
        terms({"formula": told.formula, "misleads when": told.caveat, "tested by": TESTS[source.figure]}),
        (_query(name) for name in source.queries),
    ]


def _ground() -> Element:
    return section(".section", id="ground", aria_labelledby="ground-name")[
        div(".section-head")[
            h2(id="ground-name")["What the queries stand on"],
            p[
                "Derived from the log once a snapshot, in this order; then cut to the time and the lens. "
                "Facts say what counts as known."
            ],
        ],
        div(".card.stack.stack-s")[(_query(name) for name in (*STANDS_ON, *AROUND))],
    ]


def _query(name: str) -> Node:
    return details(".fold")[
        summary[f"SQL: {name.replace('_', ' ')}"],
        pre(tabindex="0", aria_label=f"The query {name}")[code[query_text(name)]],
    ]
