"""/docs and /problems: the contract for people to read, rendered from the same list the server routes by.

No script, nothing from elsewhere; every call with a command to paste."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Sequence
from itertools import groupby

from htpy import (
    Element,
    Node,
    a,
    article,
    code,
    details,
    div,
    h1,
    h2,
    h3,
    header,
    li,
    nav,
    p,
    pre,
    section,
    summary,
    ul,
)
from starlette.requests import Request
from starlette.responses import Response

from components.table import Column, TableView, data_table
from suggest.web.auth import Access
from suggest.web.body import KIB, MIB
from suggest.web.call import Call
from suggest.web.openapi import openapi_document, problem_statuses
from suggest.web.problem import KINDS, Refused
from suggest.web.sessions import html, nav_of

_WHO = {
    Access.ANYONE: "anyone",
    Access.BROWSER: "publishable (?key=pk_…) or secret key (Bearer sk_…)",
    Access.WORKER: "worker (Bearer wk_…) or secret key (Bearer sk_…)",
    Access.SECRET: "secret key (Bearer sk_…)",
    Access.ESCALATION: "the address in escalation.url, or a worker or secret key",
}


async def reference_page(request: Request) -> Response:
    told = reference(request.app.state.calls, base=str(request.base_url).rstrip("/"))
    return html(told, title="API", here="docs", nav=nav_of(request))


async def problem_page(request: Request) -> Response:
    kind = KINDS.get(request.path_params["slug"])
    if kind is None:
        raise Refused("no-such-page", "There is no problem of that name.")
    return html(
        h1[kind.title],
        p[code[f"/problems/{kind.slug}"], f", status {kind.status}"],
        p[kind.advice],
        p[a(href="/docs#problems")["All problems"]],
        title=kind.title,
        here="docs",
        nav=nav_of(request),
    )


def reference(calls: Sequence[Call], *, base: str) -> Node:
    """The whole page: a table of contents, the calls by topic, the problems."""
    topics = [(topic, list(group)) for topic, group in groupby(calls, key=lambda call: call.topic)]
    schemas = openapi_document(calls)["components"]["schemas"]
    return [
        header(".page-head")[
            div(".page-head-text")[
                h1["API"],
                p(".lede")[
                    "JSON over HTTP. Errors are ",
                    a(href="#problems")["problems"],
                    " in one shape (RFC 9457). The same contract for machines: ",
                    a(href="/openapi.json")["openapi.json"],
                    ".",
                ],
                p(".quiet.measure")[
                    "A publishable key may name the pages that use it; a key without a list is for testing and works "
                    "on every page. Browsers guard that list, scripts can say what they like: it is no password."
                ],
            ]
        ],
        div(".sidebar")[
            _contents(topics),
            div(".stack.stack-l")[
                (
                    section(".stack", id=_anchor(topic), aria_label=topic)[
                        h2[topic], (_call(call, base, schemas) for call in group)
                    ]
                    for topic, group in topics
                ),
                section(".stack", id="problems", aria_label="Problems")[h2["Problems"], _problems()],
            ],
        ],
    ]


def _contents(topics: Sequence[tuple[str, Sequence[Call]]]) -> Element:
    links = [(f"#{_anchor(topic)}", topic) for topic, _ in topics] + [("#problems", "Problems")]
    return nav(aria_label="Topics")[ul(".stack.stack-s")[(li[a(href=href)[label]] for href, label in links)]]


def _call(call: Call, base: str, schemas: dict[str, object]) -> Element:
    name = f"{call.method} {call.path}"
    limits = [f"at most {_size(call.limit)}"] if call.body is not None else []
    limits += [f"as NDJSON {_size(call.stream_limit)}"] if call.stream_limit else []
    return article(".card.stack.stack-s", id=_anchor(name), aria_label=name)[
        h3[code[name]],
        p[_words(call.what)],
        p(".quiet.fine")[
            f"Needs: {_WHO[call.access]}. ",
            bool(limits) and f"Body: {', '.join(limits)}. ",
            f"Answers {_listed(call.answers)}; problems {_listed(problem_statuses(call))}.",
        ],
        bool(call.query) and ul[(li[code[each.name], " ", _words(each.what)] for each in call.query)],
        pre(tabindex="0", aria_label=f"Command for {name}")[code[curl(call, base)]],
        call.body is not None and _model("Body", call.body.__name__, schemas),
        (
            _model(f"Answer {status}", answer.model.__name__, schemas)
            for status, answer in call.answers.items()
            if answer.model is not None
        ),
    ]


def curl(call: Call, base: str) -> str:
    """A command to paste, after `export SUGGEST_KEY=…`."""
    parts = ["curl -sS"] if call.method == "GET" else [f"curl -sS -X {call.method}"]
    address = base + call.path.replace("{", "").replace("}", "")
    if call.access is Access.ESCALATION:
        address += "?token=…"
    lines = [" ".join([*parts, shlex.quote(address)])]
    if call.access not in {Access.ANYONE, Access.ESCALATION}:
        lines.append('-H "Authorization: Bearer $SUGGEST_KEY"')
    if call.body is not None:
        lines.append("-H 'Content-Type: application/json'")
        lines.append("-d " + shlex.quote(json.dumps(call.example or {}, ensure_ascii=False)))
    return " \\\n  ".join(lines)


def _model(label: str, name: str, schemas: dict[str, object]) -> Element:
    shown = json.dumps(schemas.get(name, {}), indent=2, ensure_ascii=False)
    return details(".fold")[summary[f"{label}: {name}"], pre(tabindex="0", aria_label=name)[code[shown]]]


def _words(text: str) -> Node:
    """A sentence in which `names` stand in backticks."""
    return [code[part] if at % 2 else part for at, part in enumerate(text.split("`"))]


def _listed(statuses: Iterable[int]) -> str:
    return ", ".join(str(status) for status in statuses)


def _problems() -> Element:
    columns = (Column(label="type"), Column(label="status", number=True), Column(label="title"), Column(label="advice"))
    rows = tuple(
        (a(href=f"/problems/{kind.slug}")[f"/problems/{kind.slug}"], str(kind.status), kind.title, kind.advice)
        for kind in KINDS.values()
    )
    return data_table(TableView(caption="Problems", columns=columns, rows=rows, caption_hidden=True))


def _anchor(text: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in text.lower()).split())


def _size(n_bytes: int) -> str:
    return f"{n_bytes // MIB} MB" if n_bytes >= MIB else f"{n_bytes // KIB} kB"
