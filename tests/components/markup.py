"""Reads a page as a browser would, to ask what is in it rather than what its text looks like."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></style></script></svg><b>",
    "javascript:alert(1)",
    "a\u202eb\u2066c",
    "&lt;b&gt; &amp;",
    "]]><!-- --><![CDATA[",
    "{{7*7}} ${7*7} %s",
    "x" * 3000,
)


@dataclass
class Tag:
    name: str
    attributes: dict[str, str]
    inside: tuple[str, ...]
    text: str = ""


@dataclass
class Markup(HTMLParser):
    """`tags` in document order; `texts` all character data; nesting is checked while reading."""

    tags: list[Tag] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    _open: list[Tag] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    @classmethod
    def of(cls, document: object) -> Markup:
        read = cls()
        read.feed(str(document))
        read.close()
        assert not read._open, f"not closed: {[tag.name for tag in read._open]}"
        return read

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        made = Tag(tag, {name: value or "" for name, value in attrs}, tuple(each.name for each in self._open))
        self.tags.append(made)
        if tag not in VOID:
            self._open.append(made)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1].name == tag, f"</{tag}> closes <{self._open[-1].name}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        for tag in self._open:
            tag.text += data

    def all(self, name: str, **attributes: str) -> list[Tag]:
        wanted = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
        return [
            tag
            for tag in self.tags
            if tag.name == name and all(tag.attributes.get(key) == value for key, value in wanted.items())
        ]

    @property
    def text(self) -> str:
        return "".join(self.texts)

    @property
    def ids(self) -> list[str]:
        return [tag.attributes["id"] for tag in self.tags if "id" in tag.attributes]


def assert_clean(document: object) -> Markup:
    """Nothing that a CSP without inline anything would block, no id twice, no reference to an id that is not there."""
    read = Markup.of(document)
    for tag in read.tags:
        assert "style" not in tag.attributes, f"<{tag.name} style>"
        assert tag.name != "style", "a style element"
        handlers = [name for name in tag.attributes if name.startswith("on")]
        assert not handlers, f"<{tag.name} {handlers}>"
        for name in ("href", "src", "action", "formaction"):
            assert not tag.attributes.get(name, "").lower().lstrip().startswith(("javascript:", "vbscript:")), tag
        if tag.name == "script":
            assert tag.attributes.get("src", "").startswith("/"), "an inline script"
            assert not tag.text
    assert len(read.ids) == len(set(read.ids)), "an id twice"
    for tag in read.tags:
        for name in ("aria-labelledby", "aria-describedby", "for", "aria-controls"):
            for id in tag.attributes.get(name, "").split():
                assert id in read.ids, f"<{tag.name} {name}> names {id!r}, which is not there"
    return read
