"""One surface in the administration: its line, its models, and a place to try it."""

from __future__ import annotations

from htpy import Element, a, div, h1, p

from components.admin.guideline import guideline_section
from components.admin.models import models_section
from components.admin.page import admin_page
from components.admin.playground import playground_section
from components.admin.policy import policy_section
from components.admin.reporting import reporting_section
from components.admin.views import SurfaceView
from components.badge import BadgeView, badge
from components.notice import notice


def surface_page(view: SurfaceView) -> Element:
    return admin_page(
        view.title or view.name,
        view.csrf,
        div(".page-head")[
            div(".page-head-text")[
                p(".eyebrow")[a(href="/admin")["Admin"], " / ", view.name],
                h1(dir="auto")[
                    view.title or view.name,
                    " ",
                    view.simulated and badge(BadgeView(text="simulated", tone="simulated")),
                ],
            ],
            div(".actions")[
                a(".button", href=view.report)["Report"], view.is_owner and a(".button", href="#try")["Try it"]
            ],
        ],
        view.notice is not None and notice(view.notice),
        policy_section(view),
        view.is_owner and guideline_section(view),
        view.is_owner and models_section(view),
        view.is_owner and playground_section(view),
        view.is_owner and reporting_section(view),
    )
