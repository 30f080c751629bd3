"""Below the story: 500 simulated customers with their curve, and a visitor's own table turned into a surface."""

from __future__ import annotations

from htpy import (
    Element,
    Node,
    a,
    button,
    caption,
    code,
    details,
    div,
    figcaption,
    figure,
    form,
    h2,
    h3,
    input,
    label,
    output,
    p,
    pre,
    progress,
    section,
    select,
    span,
    strong,
    summary,
    table,
    tbody,
    textarea,
    th,
    thead,
    tr,
)

from components.charts.legend import Key, legend
from components.demo.story import simulated_badge
from components.stat import StatView, stats

CURVES = (
    Key(name="Right one in the top 3", tone="second", mark="line"),
    Key(name="Right one first", tone="selected", mark="line"),
    Key(name="Took one", tone="third", mark="line-dashed"),
)


def simulation(n: int) -> Element:
    return section("#simulate.section.experiment", aria_labelledby="simulate-title")[
        div(".experiment-text")[
            div(".cluster")[h2("#simulate-title")[f"Let {n} customers in"], simulated_badge()],
            p(".soft")[
                "A new surface that knows the names of the replies and nothing else. Simulated customers ask, look "
                "from the top, take the right reply if they see it, and otherwise dismiss the list or just leave. "
                "Nobody labels anything: each choice changes the next request, and every hundred outcomes the model is "
                "retrained while it serves."
            ],
            div(".actions")[
                button("#simulate-start.button.button-primary", type="button", disabled=True)[
                    f"Simulate {n} customers"
                ],
                span("#simulate-note.fine.quiet", role="status")[""],
            ],
            progress("#simulate-bar.progress", max=str(n), value="0", aria_label="Customers so far", hidden=True),
            stats(
                (
                    StatView(label="Right one first", value=None, note="Simulated, of the last 100"),
                    StatView(label="In the top 3", value=None, note="Simulated, of the last 100"),
                    StatView(label="Took one", value=None, note="Simulated, of the last 100"),
                ),
                label="Simulated customers, now",
            ),
            p(".fine.quiet")[
                "One in twelve asks what no reply covers, and one in ten stops looking after each wrong option: "
                "no curve can reach 100%."
            ],
        ],
        figure("#simulate-figure.figure.card")[
            div(".figure-head")[h3["Acceptance, customer by customer"], simulated_badge()],
            legend(CURVES),
            div("#simulate-chart.simulate-chart")[p(".figure-empty")["The curve is drawn while they come in."]],
            figcaption(".figure-caption")[
                "Share of the last 100 customers. “Right” counts those whose question has a right reply."
            ],
            details(".fold")[
                summary["The figures"],
                div(".table-wrap", tabindex="0", role="region", aria_label="Simulated customers, figures")[
                    table(".table")[
                        caption["Simulated customers, every fiftieth"],
                        thead[
                            tr[th(scope="col")["Customers"], (th(".number", scope="col")[each.name] for each in CURVES)]
                        ],
                        tbody("#simulate-rows"),
                    ]
                ],
            ],
        ],
    ]


def own_table(sample: str) -> Element:
    """Choose a file, choose two columns, wait, try it, take the snippet home."""
    return section("#own.section.experiment", aria_labelledby="own-title")[
        div(".experiment-text")[
            h2("#own-title")["Use my own data"],
            p(".soft")[
                "A table of messages and the answers they got, as CSV with a first line of names. It stays on this "
                "machine: the file goes to the service you have just started and nowhere else."
            ],
            _choose_file(sample),
            p("#own-error.field-error", role="alert", hidden=True),
            div("#own-columns.stack", hidden=True)[_choose_columns()],
            div("#own-work.stack.stack-s", hidden=True)[
                strong("#own-work-text", role="status")["Reading your table"],
                progress("#own-bar.progress", max="100", aria_labelledby="own-work-text"),
            ],
            details("#own-problems.fold", hidden=True)[
                summary("#own-problems-title")["Lines left out"], div("#own-problem-list")
            ],
        ],
        div("#own-result.card.stack")[
            div("#own-empty.own-empty")[
                strong["Your suggestions appear here"],
                p(".soft")["Choose a table, and type one of your own questions."],
            ],
            div("#own-try.stack", hidden=True)[_try_it()],
        ],
    ]


def _choose_file(sample: str) -> Node:
    return div("#own-drop.drop")[
        label(".drop-label", for_="own-file")[
            strong["Drop a CSV here, or choose one"], span(".fine.quiet")["Up to 8 MB; comma, semicolon or tab"]
        ],
        input("#own-file", type="file", accept=".csv,.tsv,.txt,text/csv", disabled=True),
        sample
        and p(".fine.quiet")[
            "Nothing at hand? ",
            button("#own-sample.linklike", type="button", disabled=True)["Try a sample"],
            " of a bicycle workshop, or ",
            a(href=sample, download="tickets.csv")["download it"],
            " to see what is asked for.",
        ],
    ]


def _choose_columns() -> Node:
    return form("#own-form.stack", autocomplete="off")[
        div(".cluster")[h3("#own-name")["Your table"], span("#own-count.badge.badge-plain")["0 rows"]],
        div(".grid.own-selects")[
            div(".field")[label(for_="own-message")["What customers wrote"], select("#own-message.input")],
            div(".field")[label(for_="own-answer")["What was answered"], select("#own-answer.input")],
        ],
        div("#own-preview.table-wrap.own-preview", tabindex="0", role="region", aria_label="First rows of your table")[
            table(".table")[caption["The first rows"], thead[tr("#own-head")], tbody("#own-rows")]
        ],
        div(".actions")[button("#own-start.button.button-primary", type="submit")["Make suggestions from it"]],
    ]


def _backtest() -> Node:
    """Run it, wait, open its page; or read why there is none."""
    return div("#own-backtest.stack.stack-s")[
        div(".spread")[
            h3["What would it have said to these?"],
            button("#own-backtest-start.button.button-small", type="button")["Run the backtest"],
        ],
        p(".fine.quiet")[
            "Seven in ten rows teach, the others are asked: how often right, how honest, what it would save. One page "
            "that can be sent on. With times or groups in your table, use ",
            code["suggest backtest"],
            ".",
        ],
        div("#own-backtest-work.stack.stack-s", hidden=True)[
            span("#own-backtest-text.fine", role="status")["Starting"],
            progress("#own-backtest-bar.progress", max="100", value="0", aria_labelledby="own-backtest-text"),
        ],
        p("#own-backtest-said.field-error", role="alert", hidden=True),
        p("#own-backtest-done.cluster", hidden=True)[
            a("#own-backtest-open", href="#own", target="_blank", rel="noopener")["Open the page"],
            a("#own-backtest-save", href="#own", download="backtest.html")["Save it as a file"],
        ],
    ]


def _try_it() -> Node:
    return (
        div(".spread")[h3["Try it"], span("#own-made.fine.quiet")[""]],
        div(".field")[
            label(for_="own-ask")["A message, as a customer would write it"],
            textarea("#own-ask.input.own-ask", rows="2"),
        ],
        div(".field")[label(for_="own-reply")["Your reply"], textarea("#own-reply.input.own-ask", rows="2")],
        div("#own-box.box-place"),
        p("#own-why.fine.quiet", role="status"),
        _backtest(),
        div(".stack.stack-s")[
            div(".spread")[
                h3["Take it home"],
                button("#own-copy.button.button-small", type="button")["Copy"],
            ],
            pre("#own-snippet", tabindex="0", aria_label="The snippet to paste")[code[""]],
            p(".fine.quiet")[
                "This key is for this page's origin only. Before you paste it elsewhere, make one for your site: ",
                code["suggest keys --help"],
                ". ",
                output("#own-copied", for_="own-copy"),
            ],
        ],
    )
