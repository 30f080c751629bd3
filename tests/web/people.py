"""A person in front of one of our pages: signed in, reading what is shown, sending the forms that stand there."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from httpx import Response
from starlette.testclient import TestClient

from web.house import House

OURS = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
BY_SCRIPT = {**OURS, "HX-Request": "true"}


@dataclass
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    """The forms of a page with what they would send; a checked box or the first of a list as a browser has it."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select = ""
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(action=given.get("action", ""))
            self.forms.append(self._form)
        if self._form is None:
            return
        name = given.get("name", "")
        if tag == "input" and name:
            is_choice = given.get("type") in {"checkbox", "radio"}
            if not is_choice or "checked" in given:
                self._form.fields[name] = given.get("value", "")
        elif tag == "button" and name:
            self._form.buttons.append((name, given.get("value", "")))
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in self._form.fields):
            self._form.fields[self._select] = given.get("value", "")
        elif tag == "textarea":
            self._area = name
            self._form.fields[name] = ""

    def handle_data(self, data: str) -> None:
        if self._area and self._form is not None:
            self._form.fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""


def forms_of(text: str) -> list[Form]:
    read = _Forms()
    read.feed(text)
    return read.forms


class Person:
    def __init__(self, house: House, role: str = "worker", name: str = "Ann", *, app: Any = None) -> None:
        self.browser = TestClient(app or house.app, raise_server_exceptions=False, follow_redirects=False)
        link = house.client.post("/v1/links", json={"role": role, "name": name}, headers=house.secret).json()
        assert self.browser.get(link["path"]).status_code == 200
        self.page = ""

    def look(self, path: str = "/console") -> str:
        """Open a page; its text is also what the next form is taken from."""
        answer = self.browser.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 200, answer.text
        self.page = answer.text
        return self.page

    def form(self, action: str, **wanted: str) -> Form:
        """The first form of the page that goes there and has these values."""
        for form in forms_of(self.page):
            if form.action == action and all(form.fields.get(name) == value for name, value in wanted.items()):
                return form
        raise AssertionError(f"no form goes to {action}; there are {[form.action for form in forms_of(self.page)]}")

    def send(self, action: str, *, by_script: bool = True, to: str | None = None, **more: str) -> Response:
        """Fill in and send the form that goes to `action`; a piece that comes back is what one sees then."""
        sent = {**self.form(action).fields, **more}
        answer = self.browser.post(to or action, data=sent, headers=BY_SCRIPT if by_script else OURS)
        if answer.status_code == 200 and answer.headers["content-type"].startswith("text/html"):
            self.page = answer.text
        return answer  # type: ignore[return-value]

    def answer(self, **more: str) -> Response:
        """Answer what lies on the desk, as a script would."""
        sent = self.form("/console/answer").fields
        sent = {name: value for name, value in sent.items() if name not in {"text", "add_candidate"}}
        answer = self.browser.post("/console/answer", data={**sent, **more}, headers=BY_SCRIPT)
        if answer.status_code == 200:
            self.page = answer.text
        return answer  # type: ignore[return-value]

    @property
    def review(self) -> str:
        """The review on the desk; empty where none lies there."""
        for form in forms_of(self.page):
            if form.action == "/console/answer":
                return form.fields["review"]
        return ""
