"""`suggest doctor --host-page`: each way in which a page keeps the widget out is named, with its remedy."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

import httpx
import pytest

from suggest.cli.finding import Finding, State
from suggest.cli.host_page import examine_page

PAGE, SERVICE = "https://shop.example/help", "https://suggest.example"
SCRIPT = f"{SERVICE}/embed/v1/suggest-box.js"
BODY = b"export {};"
BOX = '<suggest-box site-key="pk_live_1" surface="replies" for="reply" context-from="#last"></suggest-box>'
WHOLE = f'<script type="module" src="{SCRIPT}"></script>{BOX}<p id="last"></p><textarea id="reply"></textarea>'


def found(
    html: str = WHOLE,
    *,
    url: str = PAGE,
    headers: dict[str, str] | None = None,
    script: httpx.Response | None = None,
    key: httpx.Response | None = None,
) -> dict[str, Finding]:
    """What is found of a page, the first fault of each check."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "down.example":
            raise httpx.ConnectError("refused")
        if "/embed/" in request.url.path:
            return script or httpx.Response(200, content=BODY, headers={"access-control-allow-origin": "*"})
        if request.url.path.endswith("/v1/escalations"):
            assert request.headers["origin"] == "https://shop.example"
            return key or httpx.Response(200, json={"escalations": []})
        return httpx.Response(200, text=html, headers=headers or {})

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        worst: dict[str, Finding] = {}
        for each in examine_page(url, client):
            if each.check not in worst or (each.state is State.BAD and worst[each.check].state is not State.BAD):
                worst[each.check] = each
        return worst


def test_a_page_with_the_snippet_has_nothing_to_mend() -> None:
    policy = f"default-src 'none'; script-src {SERVICE}; connect-src {SERVICE}"
    findings = found(headers={"content-security-policy": policy})
    assert {each.state for each in findings.values()} == {State.GOOD}
    assert set(findings) == {"page", "script", "csp", "key"}


@pytest.mark.parametrize(
    ("policy", "blocked"),
    [
        ("default-src 'self'", "script-src"),
        (f"script-src {SERVICE}; connect-src 'self'", "connect-src"),
        (f"default-src 'none'; script-src {SERVICE}", "connect-src"),
        (f"script-src https://*.example.org; connect-src {SERVICE}", "script-src"),
        (f"script-src {SERVICE}:8443; connect-src *", "script-src"),
    ],
)
def test_a_policy_that_blocks_it_is_named_with_what_to_add(policy: str, blocked: str) -> None:
    for how in ({"headers": {"content-security-policy": policy}},
                {"html": f'<meta http-equiv="Content-Security-Policy" content="{policy}">' + WHOLE}):  # fmt: skip
        csp = found(**how)["csp"]  # type: ignore[arg-type]
        assert csp.state is State.BAD
        assert csp.said.startswith(blocked)
        assert csp.remedy == f"Add {SERVICE} to {blocked}."


@pytest.mark.parametrize("policy", ["script-src https:; connect-src *", f"default-src {SERVICE}/", "img-src 'self'"])
def test_a_policy_that_lets_it_through_is_no_fault(policy: str) -> None:
    assert found(headers={"content-security-policy": policy})["csp"].state is State.GOOD


def problem(status: int, detail: str) -> httpx.Response:
    return httpx.Response(status, json={"detail": detail})


CASES: dict[str, tuple[Callable[[], dict[str, Finding]], str, str]] = {
    "mixed": (lambda: found(WHOLE.replace("https://suggest", "http://suggest")), "mixed", "https"),
    "no module": (lambda: found(WHOLE.replace('type="module" ', "")), "script", "module"),
    "redirect": (lambda: found(script=httpx.Response(302, headers={"location": "/x"})), "script", "/x"),
    "gone": (lambda: found(script=httpx.Response(404)), "script", "anew"),
    "cors twice": (
        lambda: found(script=httpx.Response(200, headers=[("access-control-allow-origin", "*")] * 2)), "cors", "proxy",
    ),
    "key of another site": (lambda: found(key=problem(403, "not for pages of …")), "key", "--origin https://shop"),
    "unknown key": (lambda: found(key=problem(401, "not known")), "key", "keys list"),
    "unknown surface": (lambda: found(key=problem(404, "no surface")), "key", "import"),
    "not our server": (lambda: found(key=httpx.Response(502, text="bad gateway")), "key", "docs"),
    "placeholder": (lambda: found(WHOLE.replace("pk_live_1", "pk_…")), "key", "publishable"),
    "secret key": (lambda: found(WHOLE.replace("pk_live_1", "sk_live_1")), "key", "publishable"),
    "no surface": (lambda: found(WHOLE.replace('surface="replies" ', "")), "element", "surface"),
    "not reachable": (lambda: found(url="https://down.example"), "page", "address"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_keeps_it_out_is_named_with_its_remedy(case: str) -> None:
    findings, check, remedy = CASES[case]
    finding = findings()[check]
    assert finding.state is State.BAD, finding
    assert remedy in finding.remedy


def test_a_wrong_integrity_is_found_and_a_right_one_passes() -> None:
    right = "sha256-" + base64.b64encode(hashlib.sha256(BODY).digest()).decode()
    for integrity, state in ((right, State.GOOD), ("sha256-AAAA", State.BAD)):
        findings = found(WHOLE.replace('type="module"', f'type="module" integrity="{integrity}"'))
        assert (findings.get("integrity") or findings["script"]).state is state


def test_a_page_that_scripts_build_is_only_noted() -> None:
    assert found("<script src=app.js></script>")["script"].state is State.NOTE
    assert found(f'<script type="module" src="{SCRIPT}"></script>')["element"].state is State.NOTE
    assert found(WHOLE.replace('id="reply"', ""))["element"].state is State.NOTE
