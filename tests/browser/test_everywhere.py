"""The host pages of examples/, as they stand there, against the real server and the packages from npm.

What needs a package is bundled once; where npm is missing, or cannot install, those tests are skipped and say so."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conditions import assert_fits, violations
from contract_server import Site
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from real_server import SECRET, RealServer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

pytestmark = pytest.mark.browser

EXAMPLES = Path(__file__).parents[2] / "examples"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "suggest"
REPLIES = {
    "track": "Where is my parcel: follow the link in your mail.",
    "refund": "We refund the money within five days.",
    "size": "The size chart tells you which shoe fits.",
}
CHIP = 'button[part~="chip"]'
OF_WHOLE_PAGES = ("landmark-one-main", "page-has-heading-one", "region")  # rules: a frame is part of one
BEGINS_AT = 62  # the height in px that the page gives its frame before anything is said


@pytest.fixture(scope="session")
def packages() -> Path:
    """A folder with `node_modules` as the lockfile of examples/ names them; installed once a machine."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed: the host pages that need packages are not run")
    digest = hashlib.sha256((EXAMPLES / "package-lock.json").read_bytes()).hexdigest()[:12]
    folder = CACHE / f"npm-{digest}"
    if not (folder / "node_modules" / ".package-lock.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(EXAMPLES / name, folder / name)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
        try:
            ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
        except subprocess.TimeoutExpired:
            pytest.skip("npm has not installed the packages of the host pages in five minutes")
        if ended.returncode != 0:
            pytest.skip(f"npm cannot install the packages of the host pages: {ended.stderr[-300:]}")
    return folder


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    server = RealServer(tmp_path_factory.mktemp("everywhere") / "data")
    server.fill("replies", REPLIES)
    server.api.put("/v1/surfaces/replies/policy", json={"target": {"kind": "p_any", "value": 0.0}, "trigger": False})
    yield server
    server.stop()


@pytest.fixture(scope="module")
def pages(served: RealServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostPages]:
    hosted = HostPages(served, tmp_path_factory.mktemp("pages"))
    yield hosted
    hosted.site.stop()


class HostPages:
    """The examples on an origin of their own, with this server's address and a key for that origin in them."""

    def __init__(self, served: RealServer, folder: Path) -> None:
        self.folder = folder
        self.posts: list[bytes] = []
        self.csp = ""
        self.site = Site(Starlette(routes=[Route("/{path:path}", self._file, methods=["GET", "POST"])]))
        self.origin = self.site.origin
        self._service, self._key = served.address, served.a_key(self.site.origin)
        shutil.copytree(EXAMPLES, folder / "sources", ignore=shutil.ignore_patterns("node_modules", "*.csv"))
        for file in (folder / "sources").rglob("*.*"):
            if file.suffix in {".html", ".js", ".jsx", ".ts", ".vue", ".svelte"}:
                text = file.read_text().replace("http://localhost:8080", self._service).replace("pk_…", self._key)
                file.write_text(text.replace("http://localhost:3000", self.origin))

    def bundle(self, packages: Path) -> None:
        """One script a page, all at once; harmless a second time."""
        if (self.folder / "react.js").exists():
            return
        (self.folder / "sources" / "node_modules").symlink_to(packages / "node_modules")
        command = ["node", "build.mjs", str(self.folder)]
        ended = subprocess.run(command, cwd=self.folder / "sources", capture_output=True, text=True, timeout=120)
        assert ended.returncode == 0, ended.stderr

    def address(self, name: str) -> str:
        return f"{self.origin}/sources/{name}/index.html"

    async def _file(self, request: Request) -> Response:
        if request.method == "POST":
            self.posts.append(await request.body())
            return PlainTextResponse("sent")
        path = request.path_params["path"]
        file = self.folder / (Path(path).name if path.endswith(".js") else path)
        headers = {"Content-Security-Policy": self.csp} if self.csp else {}
        return FileResponse(file, headers=headers) if file.is_file() else PlainTextResponse("", 404)


def chips(page: Page, box: str = "suggest-box") -> Locator:
    return page.locator(box).locator(CHIP)


def take_first(page: Page, box: str = "suggest-box") -> str:
    """Choose the first suggestion; its text."""
    first = chips(page, box).first
    text = first.locator('[part~="text"]').text_content()
    assert text in REPLIES.values()
    first.click()
    return text


def delivered(page: Page) -> None:
    """The selection reached the server, which believed it."""
    page.wait_for_function(
        "window.seen.some((one) => one.name === 'feedback' && one.detail.accepted > 0 && !one.detail.rejected.length"
        " && one.detail.events.some((event) => event.type === 'select'))"
    )


@pytest.fixture
def open_page(context: BrowserContext, pages: HostPages) -> Iterator[Callable[[str], Page]]:
    """Open an example; whatever its page complains of fails the test."""
    complaints: list[str] = []

    def opened(name: str) -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(pages.address(name))
        return page

    yield opened
    assert complaints == []


@pytest.fixture(scope="module")
def gallery(chromium: Browser, pages: HostPages) -> Iterator[Page]:
    """One page for all that is seen of it: sixteen boxes need not ask more than once."""
    context = chromium.new_context(viewport={"width": 1400, "height": 1400})
    page, said = context.new_page(), []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(pages.address("gallery"))
    yield page
    context.close()
    assert said == []


@pytest.mark.parametrize("framework", ["react", "vue", "svelte"])
def test_a_framework_keeps_its_state_and_hears_the_events(
    open_page: Callable[[str], Page], pages: HostPages, packages: Path, framework: str
) -> None:
    pages.bundle(packages)
    page = open_page(framework)
    text = take_first(page)
    ids = [id for id, each in REPLIES.items() if each == text]
    expect(page.locator("#reply")).to_have_value(text)
    expect(page.locator("#state")).to_have_text(f"{ids[0]}: {text}")
    delivered(page)
    page.locator("#reply").press("End")
    page.keyboard.type(" Bye")
    expect(page.locator("#state")).to_have_text(f"{ids[0]}: {text} Bye")
    page.locator("#next").click()
    expect(chips(page).first).to_have_text(REPLIES["refund"])


def test_a_rich_editor_takes_the_text_by_its_own_command(
    open_page: Callable[[str], Page], pages: HostPages, packages: Path
) -> None:
    pages.bundle(packages)
    page = open_page("tiptap")
    text = take_first(page)
    expect(page.locator("#state")).to_have_text(text)
    expect(page.locator("#reply p")).to_have_text(text)
    delivered(page)
    page.locator("#undo").click()
    expect(page.locator("#state")).to_have_text("")


def test_the_client_alone_is_enough_for_a_design_of_ones_own(
    context: BrowserContext, pages: HostPages, packages: Path, served: RealServer
) -> None:
    pages.bundle(packages)
    page = context.new_page()
    page.goto(pages.address("headless"))
    with page.expect_response(lambda answer: "/v1/feedback" in answer.url and "select" in answer.request.post_data):
        page.locator("#options button").first.click()
    expect(page.locator("#reply")).to_have_value(re.compile("parcel|refund|size"))


def test_the_types_are_those_that_the_host_page_needs(pages: HostPages, packages: Path, tmp_path: Path) -> None:
    static = EXAMPLES.parent / "components" / "static"
    for name in ("client.d.ts", "suggest-box.d.ts"):
        shutil.copy(static / name, tmp_path / name)
    source = (EXAMPLES / "headless" / "main.ts").read_text()
    (tmp_path / "main.ts").write_text(source.replace("http://localhost:8080/embed/v1/client.js", "./client.js"))
    (tmp_path / "wrong.ts").write_text("import { createClient } from './client.js';\ncreateClient({ key: 'pk_1' });\n")
    tsc = packages / "node_modules" / ".bin" / "tsc"
    command = [
        str(tsc),
        "--noEmit",
        "--strict",
        "--target",
        "es2022",
        "--module",
        "esnext",
        "--moduleResolution",
        "bundler",
    ]
    ended = subprocess.run([*command, "main.ts"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stdout
    ended = subprocess.run([*command, "wrong.ts"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert "'key' does not exist in type 'ClientOptions'" in ended.stdout


def test_every_kind_of_field_a_form_and_a_dialog_of_a_plain_page(
    open_page: Callable[[str], Page], pages: HostPages
) -> None:
    page = open_page("plain")
    expect(page.locator("#subject")).to_be_visible()
    text = take_first(page, "#of-subject")
    expect(page.locator("#subject")).to_have_value(text)
    text = take_first(page, "#of-note")
    expect(page.locator("#note")).to_have_text(text)
    page.locator("#open").click()
    page.locator("#inside").focus()
    text = take_first(page, "#of-dialog")
    expect(page.locator("#inside")).to_have_value(text)
    page.keyboard.press("Escape")
    text = take_first(page, "form suggest-box")
    page.locator("form button", has_text="Send").click()
    expect(page.locator("body")).to_have_text("sent")
    (post,) = pages.posts
    assert b"suggestion=%7B%22impression%22" in post, "the form carries which suggestion it was"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_four_layouts_in_both_themes_and_both_directions(gallery: Page, theme: str, direction: str) -> None:
    pane = f"{theme}-{direction}"
    boxes = gallery.locator(f"#{pane} suggest-box")
    chip, dismiss = (boxes.nth(0).locator(f"[part~={part}]").first for part in ("chip", "dismiss"))
    expect(chip).to_be_visible()
    assert (left_of(chip) < left_of(dismiss)) == (direction == "ltr")
    assert is_dark(chip) == is_dark(gallery.locator(f"#{pane}")) == (theme == "dark")
    for at, field in enumerate(("chips", "list")):
        option = boxes.nth(at).locator("[part~=chip], [part~=option]").first
        text = option.locator("[part~=text]").text_content() or ""
        option.click()
        expect(gallery.locator(f"#{field}-{pane}")).to_have_value(text)
    gallery.locator(f"#typeahead-{pane}").press_sequentially("ref")
    boxes.nth(2).locator("[role=option]").first.wait_for()
    gallery.keyboard.press("ArrowDown")
    gallery.keyboard.press("Enter")
    expect(gallery.locator(f"#typeahead-{pane}")).to_have_value(REPLIES["refund"])
    expect(gallery.locator(f"#field-{pane}")).not_to_have_value("")


def test_the_gallery_is_clean_and_fits_on_a_phone(gallery: Page) -> None:
    assert violations(gallery) == []
    gallery.set_viewport_size({"width": 320, "height": 800})
    assert_fits(gallery, "gallery")


def left_of(element: Locator) -> float:
    box = element.bounding_box()
    assert box is not None
    return box["x"]


def is_dark(element: Locator) -> bool:
    colour = element.evaluate("(each) => getComputedStyle(each).backgroundColor")
    return max(int(part) for part in re.findall(r"\d+", colour)[:3]) < 80


def test_field_and_widget_in_one_shadow_root(open_page: Callable[[str], Page]) -> None:
    page = open_page("shadow")
    text = take_first(page)
    expect(page.locator("#reply")).to_have_value(text)
    delivered(page)


def test_a_frame_for_hosts_that_let_no_foreign_script_in(
    open_page: Callable[[str], Page], pages: HostPages, served: RealServer
) -> None:
    pages.csp = f"default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; frame-src {served.address}"
    try:
        page = open_page("iframe")
        box = page.frame_locator("#suggestions").locator("suggest-box")
        box.locator(CHIP).first.wait_for()
        page.set_viewport_size({"width": 320, "height": 700})
        needed = page.frame_locator("#suggestions").locator("html").evaluate("(html) => html.offsetHeight")
        assert needed > BEGINS_AT, "chips stand below each other, so the frame must grow"
        expect(page.locator("#suggestions")).to_have_attribute("height", str(needed))
        box.locator(CHIP).first.click()
        expect(page.locator("#reply")).to_have_value(re.compile("parcel|refund|size"))
        assert page.evaluate("window.violations") == []
    finally:
        pages.csp = ""


@pytest.mark.parametrize("layout", ["chips", "list", "field"])
def test_what_is_in_the_frame_is_clean(
    context: BrowserContext, pages: HostPages, served: RealServer, layout: str
) -> None:
    """Asked inside of it: axe in the host's page cannot look there, and its silence says nothing."""
    key = served.a_key(pages.origin)
    source = f"{served.address}/frame?key={key}&surface=replies&origin={pages.origin}&layout={layout}"
    page = context.new_page()
    page.goto(pages.address("iframe"))
    page.evaluate("(source) => { document.querySelector('iframe').src = source }", source)
    page.frame_locator("iframe").locator("suggest-box button").first.wait_for()
    inside = next(frame for frame in page.frames if "layout=" in frame.url)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(250)  # contrast is measured when nothing fades any more
        # a dark frame in a light page stands on a canvas that the browser paints, and axe does not see
        found = violations(inside, colours=scheme == "light")
        assert [one for one in found if not one.startswith(OF_WHOLE_PAGES)] == [], scheme


def test_a_frame_shows_itself_to_no_other_origin(context: BrowserContext, pages: HostPages, served: RealServer) -> None:
    key = served.a_key("https://shop.example")
    answer = served.api.get("/frame", params={"key": key, "surface": "replies", "origin": "https://shop.example"})
    assert answer.headers["content-security-policy"].endswith("frame-ancestors https://shop.example")
    for origin in ("https://evil.example", "*", "https://shop.example; script-src *", ""):
        refused = served.api.get("/frame", params={"key": key, "surface": "replies", "origin": origin})
        assert refused.status_code in {403, 422}, origin
    assert served.api.get("/frame", params={"surface": "replies", "origin": "https://shop.example"}).status_code == 401


def host_of_fragments(served: RealServer, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("SUGGEST_SERVER", served.address)
    monkeypatch.setenv("SUGGEST_KEY", SECRET)
    monkeypatch.setenv("HOST_HTMX", "/htmx.min.js")
    spec = importlib.util.spec_from_file_location("example_host", EXAMPLES / "htmx" / "host.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    htmx = EXAMPLES.parent / "components" / "static" / "vendor" / "htmx-4.0.1.min.js"
    module.app.router.routes.append(Route("/htmx.min.js", lambda _: FileResponse(htmx)))
    return Site(module.app)


def test_a_host_with_htmx_gets_fragments_through_its_own_server(
    context: BrowserContext, served: RealServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = host_of_fragments(served, monkeypatch)
    try:
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(site.origin)
        first = page.locator(".suggest-option").first
        text = first.text_content()
        first.click()
        expect(page.locator("#reply")).to_have_value(text or "")
        expect(page.locator(".suggest-slate")).to_have_count(0)
        assert all(url.startswith(site.origin) for url in asked), "the browser speaks with its host alone"
        assert "select" in served.api.get("/v1/export/events?format=csv").text
    finally:
        site.stop()
