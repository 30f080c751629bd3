"""Why does the widget not show in that page? Read it as it is served, and ask the service what a browser would ask.

Nothing is suggested and nothing is stored: the key and its origins are tried with a call that only reads. A page that
scripts build later is seen as it is before them; what is missing then is a note, not a fault."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx

from suggest.cli.finding import Finding, State

TIMEOUT_S = 10.0
_HASHES = {"sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}


@dataclass(slots=True)
class Page:
    """What counts of a page: its scripts, its widgets, its ids, the policies it carries."""

    scripts: list[Mapping[str, str]] = field(default_factory=list)
    boxes: list[Mapping[str, str]] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    policies: list[str] = field(default_factory=list)
    base: str = ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if "id" in has:
            self.page.ids.add(has["id"])
        if tag == "script" and "src" in has:
            self.page.scripts.append(has)
        elif tag == "suggest-box":
            self.page.boxes.append(has)
        elif tag == "base" and not self.page.base:
            self.page.base = has.get("href", "")
        elif tag == "meta" and has.get("http-equiv", "").lower() == "content-security-policy":
            self.page.policies.append(has.get("content", ""))


def examine_page(url: str, client: httpx.Client) -> Iterator[Finding]:
    """Every check of one page, in the order in which a browser would fail."""
    try:
        answer = client.get(url, follow_redirects=True)
    except (httpx.HTTPError, httpx.InvalidURL) as broken:
        yield _bad("page", f"{url} cannot be read: {broken}", "Check the address, and that this machine may reach it.")
        return
    if answer.status_code != 200:
        yield _bad("page", f"{url} answers {answer.status_code}", "Name a page that can be read without signing in.")
        return
    reader = _Reader()
    reader.feed(answer.text)
    page, address = reader.page, str(answer.url)
    page.policies += answer.headers.get_list("content-security-policy")
    yield _good("page", f"{address}, {len(answer.content)} bytes")
    base = urljoin(address, page.base)
    scripts = [each for each in page.scripts if "/embed/v1/" in each["src"]]
    if not scripts:
        yield _note(
            "script", "no script from /embed/v1/ in the page as it is served", "Fine where a bundle imports it."
        )
    for each in scripts:
        source = urljoin(base, each["src"])
        yield from _script(each, source, address, client)
        yield from _policy(page.policies, source, address)
        yield from _boxes(page, _service(source), address, client)
    if scripts and not page.boxes:
        yield _note("element", "no <suggest-box> in the page as it is served", "Fine where a framework renders it.")


def _script(tag: Mapping[str, str], source: str, page: str, client: httpx.Client) -> Iterator[Finding]:
    if urlsplit(page).scheme == "https" and urlsplit(source).scheme == "http" and not _is_local(source):
        yield _bad("mixed", f"{source} is http in an https page: browsers block it", "Serve the widget over https.")
    if tag.get("type") != "module":
        yield _bad("script", f"{source} is no module", 'Write <script type="module" src="…">.')
    try:
        answer = client.get(source, headers={"Origin": _origin(page)})
    except httpx.HTTPError as broken:
        yield _bad("script", f"{source} cannot be read: {broken}", "Start the service, or mend the address.")
        return
    if answer.is_redirect:
        yield _bad("script", f"{source} is a redirect", f"Name {answer.headers.get('location', 'its goal')} itself.")
    elif answer.status_code != 200:
        yield _bad("script", f"{source} answers {answer.status_code}", "Copy the snippet anew from the admin page.")
    elif answer.headers.get_list("access-control-allow-origin") != ["*"]:
        remedy = "One header, once: let the proxy pass ours through and add none."
        yield _bad("cors", f"{source} comes with {answer.headers.get_list('access-control-allow-origin')}", remedy)
    elif not _fits(tag.get("integrity", ""), answer.content):
        yield _bad("integrity", f"{source} is not what `integrity` names", "Copy the pinned snippet anew.")
    else:
        pinned = "pinned" if tag.get("integrity") else "follows the releases"
        yield _good("script", f"{source}, {len(answer.content)} bytes, {pinned}")


def _policy(policies: list[str], source: str, page: str) -> Iterator[Finding]:
    """A page may carry several policies; each has to agree."""
    for policy in policies:
        rules = {words[0].lower(): words[1:] for part in policy.split(";") if (words := part.split())}
        for name, what in (("script-src", "the script"), ("connect-src", "its requests")):
            rule = rules.get("script-src-elem") if name == "script-src" and "script-src-elem" in rules else None
            rule = rule if rule is not None else rules.get(name, rules.get("default-src"))
            if rule is None or any(_allows(term, source, page) for term in rule):
                yield _good("csp", f"{name} lets {what} through")
            else:
                said = f"{name} {' '.join(rule)} blocks {what} to {_origin(source)}"
                yield _bad("csp", said, f"Add {_origin(source)} to {name}.")


def _boxes(page: Page, service: str, address: str, client: httpx.Client) -> Iterator[Finding]:
    for box in page.boxes:
        key, surface = box.get("site-key", ""), box.get("surface", "")
        if not key.startswith("pk_") or key == "pk_…":
            yield _bad("key", f"site-key is {key[:3] or 'missing'}…", "Put a publishable key there: keys create pk.")
            continue
        if not surface:
            yield _bad("element", "a <suggest-box> names no surface", 'Add surface="…".')
            continue
        yield _asked(key, surface, box.get("endpoint") or service, address, client)
        for name in ("for", "context-from"):
            wanted = box.get(name, "").removeprefix("#")
            if wanted and wanted.replace("-", "").replace("_", "").isalnum() and wanted not in page.ids:
                said = f'{name}="{box[name]}": no such id in the page as it is served'
                yield _note("element", said, "Fine where a script puts it there.")


def _asked(key: str, surface: str, endpoint: str, page: str, client: httpx.Client) -> Finding:
    """As a browser would ask, but for something that is only read."""
    url = urljoin(urljoin(page, endpoint).rstrip("/") + "/", "v1/escalations")
    query = {"key": key, "surface": surface, "session": "doctor"}
    try:
        answer = client.get(url, params=query, headers={"Origin": _origin(page)})
    except httpx.HTTPError as broken:
        return _bad("key", f"{url} cannot be asked: {broken}", "Start the service, or mend `endpoint`.")
    if answer.status_code == 200:
        return _good("key", f"{key[:7]}… may suggest on {surface} from {_origin(page)}")
    try:
        detail = str(answer.json().get("detail", ""))
    except ValueError:
        detail = f"{url} answers {answer.status_code}, and not as this service does"
    remedy = {401: "suggest keys list", 403: f"suggest keys create pk --origin {_origin(page)}", 404: "suggest import"}
    return _bad("key", detail, remedy.get(answer.status_code, "See /docs."))


def _allows(term: str, source: str, page: str) -> bool:
    """Whether one term of a source list covers an address (CSP level 3, without nonces, which only a browser knows)."""
    term, to = term.lower(), urlsplit(source)
    if term.startswith(("'nonce-", "'strict-dynamic'")):
        return True
    if term == "'self'":
        return _origin(source) == _origin(page)
    if term == "*" or term == f"{to.scheme}:":
        return True
    wanted = urlsplit(term if "://" in term else f"{to.scheme}://{term}")
    host, mine = wanted.hostname or "", to.hostname or ""
    is_host = mine.endswith(host[1:]) if host.startswith("*.") else mine == host
    same_port = wanted.netloc.endswith(":*") or _port(wanted.geturl()) == _port(source)
    return is_host and same_port and wanted.scheme in {to.scheme, "http"} and to.path.startswith(wanted.path)


def _port(url: str) -> int | None:
    try:
        parts = urlsplit(url)
        return parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None


def _fits(integrity: str, content: bytes) -> bool:
    named = [each.split("-", 1) for each in integrity.split() if each.split("-", 1)[0] in _HASHES]
    if not named:
        return True
    return any(base64.b64encode(_HASHES[kind](content).digest()).decode() == digest for kind, digest in named)


def _service(source: str) -> str:
    return source.split("embed/v1/", 1)[0]


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _is_local(url: str) -> bool:
    return (urlsplit(url).hostname or "") in {"localhost", "127.0.0.1", "::1"}


def _good(check: str, said: str) -> Finding:
    return Finding(check=check, state=State.GOOD, said=said)


def _note(check: str, said: str, remedy: str) -> Finding:
    return Finding(check=check, state=State.NOTE, said=said, remedy=remedy)


def _bad(check: str, said: str, remedy: str) -> Finding:
    return Finding(check=check, state=State.BAD, said=said, remedy=remedy)
