"""The whole page of the demonstration, in the shell all our pages share, served from an origin of its own."""

from __future__ import annotations

from dataclasses import dataclass

from htpy import Element, a, div, h1, nav, p

from components.demo.experiments import own_table, simulation
from components.demo.panes import agent_pane, colleague_pane, customer_pane
from components.demo.story import THE_END, MessageView, story
from components.link import safe_url
from components.page import PageView, page


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoView:
    shop: str
    tagline: str
    agent: str  # who signs the shop's replies
    service: str  # origin of the service
    surface: str
    story: tuple[MessageView, ...]
    more: tuple[MessageView, ...]
    n_simulated: int
    sample: str = ""  # where a sample table can be had; empty: nowhere


def demo_page(view: DemoView) -> Element:
    shell = PageView(
        title=f"{view.shop}, a demonstration",
        nav=(),
        width="wide",
        styles=("/static/demo.css",),
        scripts=("/static/demo.js",),
        foot=f"{view.shop} is invented, its customers too. The service, the learning and the numbers are real.",
    )
    return page(
        shell,
        div("#demo", data_service=view.service, data_surface=view.surface, data_end=THE_END)[
            div(".page-head.demo-head")[
                div(".page-head-text")[
                    h1["Three people, one conversation"],
                    p(".lede")[
                        f"{view.shop} is an invented shop. What suggests, learns and asks a colleague when unsure is "
                        "the real service, running on this machine."
                    ],
                ]
            ],
            div(".stage")[
                story(),
                div(".panes")[
                    customer_pane(view.shop, view.tagline, view.story, view.more),
                    agent_pane(view.shop, view.agent, view.surface),
                    colleague_pane(view.service),
                ],
            ],
            simulation(view.n_simulated),
            own_table(view.sample),
        ],
        corner=nav(".demo-nav", aria_label="On this page")[
            a(href="#story")["Story"],
            a(href="#simulate")[f"{view.n_simulated} customers"],
            a(href="#own")["Your data"],
            a(href=safe_url(f"{view.service}/reports/{view.surface}"), target="_blank", rel="noopener")["Report"],
        ],
    )
