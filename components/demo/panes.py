"""The three people of one conversation: who asks, who answers, and who is asked when the service is unsure."""

from __future__ import annotations

from htpy import (
    Element,
    Node,
    button,
    dd,
    details,
    div,
    dl,
    dt,
    form,
    h2,
    header,
    iframe,
    input,
    label,
    p,
    rect,
    section,
    span,
    strong,
    summary,
    svg,
    textarea,
)

from components.demo.story import MessageView, prepared


def customer_pane(shop: str, tagline: str, story: tuple[MessageView, ...], more: tuple[MessageView, ...]) -> Element:
    return _pane(
        "customer",
        "Customer",
        f"writes to {shop} from the shop's chat",
        div(".shop")[span(".shop-mark", aria_hidden="true")[shop[:1]], div[strong[shop], span(".fine.quiet")[tagline]]],
        div("#chat.chat", role="log", aria_label="The customer's chat", tabindex="0")[
            p(".chat-empty")["No messages yet. Click one below, or write your own."]
        ],
        div(".pane-foot")[
            prepared(story, label="Messages of the story", numbered=True),
            details(".fold.more")[summary[f"{len(more)} more messages"], prepared(more, label="More messages")],
            form("#ask.ask", autocomplete="off")[
                label(".visually-hidden", for_="ask-text")["Your message to the shop"],
                input(
                    "#ask-text.input", type="text", name="text", maxlength="2000", placeholder="Write as the customer"
                ),
                button(".button", type="submit", disabled=True)["Send"],
            ],
        ],
    )


def agent_pane(shop: str, agent: str, surface: str) -> Element:
    return _pane(
        "agent",
        "Agent",
        f"answers at {shop}'s support desk",
        dl("#card.customer-card", aria_label="Who is writing")[
            _fact("Customer", "guest"),
            _fact("Order", "order"),
        ],
        div("#thread.thread", role="log", aria_label="The conversation", tabindex="0", data_agent=agent)[
            p(".chat-empty")["The conversation appears here."]
        ],
        div(".pane-foot")[
            p("#last-message.visually-hidden", hidden=True),
            form("#reply-form.reply", autocomplete="off")[
                div(".reply-head")[
                    label(".label", for_="reply")["Your reply"],
                    span(".fine.quiet")["Pick one below or type. Ctrl+Z undoes."],
                    button("#send.button.button-primary.button-small", type="submit")["Send"],
                ],
                textarea("#reply.input", name="reply", rows="3", placeholder="Write a reply"),
                div("#box-place.box-place", data_surface=surface)[
                    div(".box-wait", role="status")["Suggestions appear here once the service is ready."]
                ],
            ],
        ],
        strip(),
    )


def colleague_pane(service: str) -> Element:
    return _pane(
        "colleague",
        "Colleague",
        "is asked when no reply fits",
        form("#duty.duty", autocomplete="off")[
            label(".check")[input("#mine.switch", type="checkbox", role="switch", disabled=True), "I answer myself"],
            span("#duty-text.fine.quiet", role="status")["Two automatic colleagues answer."],
        ],
        div("#console-place.console-place")[
            div("#console-wait.console-wait")[
                div(".skeleton", aria_hidden="true")[span, span, span],
                p(".quiet.fine")["The console opens here, signed in, once the service is ready."],
            ],
            iframe("#console", title="The colleague's console", hidden=True, data_service=service),
        ],
    )


def strip() -> Element:
    """What happened under the chips: the probability, the decision and why, what was logged, what was learned."""
    return section("#strip.strip", aria_label="Under the chips")[
        dl(".strip-facts")[
            div[
                dt["p_any"],
                dd[
                    span("#p-any.strip-value")["–"],
                    svg(".strip-meter", viewBox="0 0 100 10", preserveAspectRatio="none", aria_hidden="true")[
                        rect(class_="track", width="100", height="10"),
                        rect("#p-any-fill", class_="fill", width="0", height="10"),
                        rect("#p-any-line", class_="mark", width="0.8", height="10", x="-5"),
                    ],
                ],
            ],
            div[dt["Decision"], dd[span("#decision.badge.tone-neutral")["none yet"]]],
            div(".strip-wide")[dt["Why"], dd("#why")["Nothing was asked yet."]],
            div(".strip-wide")[dt["Logged"], dd("#logged")["Nothing yet."]],
        ],
        p("#learned.strip-learned", hidden=True)[
            span(".strip-dot", aria_hidden="true"), span("#learned-text", role="status"), " ", span("#learned-ago")
        ],
        p("#moved.strip-moved", role="status", hidden=True),
    ]


def _pane(key: str, title: str, role: str, *content: Node) -> Element:
    return section(id=key, class_=["pane", f"pane-{key}"], aria_labelledby=f"{key}-title")[
        header(".pane-head")[h2(id=f"{key}-title")[title], p[role]],
        content,
    ]


def _fact(name: str, key: str) -> Node:
    return div[dt[name], dd(id=f"card-{key}")["–"]]
