"""Read the starter pack from the installed package, so that a first run needs neither a download nor a path.

Rows are plain dictionaries in the very shape that the import and the API take; each call reads anew, so a caller may
change what it gets. The standard library is all it needs."""

import json
from importlib.resources import files
from typing import Literal, NotRequired, TypedDict, cast


class Turn(TypedDict):
    """One earlier message of a conversation, oldest first."""

    role: Literal["customer", "agent"]
    text: str


class CandidateRow(TypedDict):
    """A reply that an agent would send; `id` is what examples name as `item`."""

    id: str
    text: str
    tags: list[str]
    fields: dict[str, str]


class ExampleRow(TypedDict):
    """A customer's message and the id of its right reply."""

    text: str
    item: str
    turns: NotRequired[list[Turn]]


class MessageRow(TypedDict):
    """A message without a reply: either none of the candidates is right, or none is needed."""

    text: str


class TriggerRow(TypedDict):
    """A message from any domain, and whether its writer waits for an answer."""

    text: str
    needs_answer: bool


class PreparedMessage(TypedDict):
    """A message that the demo page offers as a button."""

    label: str
    text: str
    kind: Literal["answerable", "unanswerable", "no_answer_needed"]
    turns: NotRequired[list[Turn]]


class Shop(TypedDict):
    """Who the demo page claims to be."""

    name: str
    tagline: str
    agent_name: str


class Prepared(TypedDict):
    """What the demo page shows before anyone has typed."""

    shop: Shop
    messages: list[PreparedMessage]


def load_candidates() -> tuple[CandidateRow, ...]:
    """The shop's replies, grouped by subject.

    >>> load_candidates()[0]["id"]
    'where-is-my-order'
    """
    return cast("tuple[CandidateRow, ...]", _rows("candidates.jsonl"))


def load_examples() -> tuple[ExampleRow, ...]:
    """Customers' messages with the right reply, in the order of the candidates."""
    return cast("tuple[ExampleRow, ...]", _rows("examples.jsonl"))


def load_unanswerable() -> tuple[MessageRow, ...]:
    """Messages that no candidate answers: the first half far from the shop, the rest near it."""
    return cast("tuple[MessageRow, ...]", _rows("unanswerable.jsonl"))


def load_no_answer_needed() -> tuple[MessageRow, ...]:
    """Messages that need no answer at all; none is in `load_trigger`, so they can test what was fitted on it."""
    return cast("tuple[MessageRow, ...]", _rows("no_answer_needed.jsonl"))


def load_trigger() -> tuple[TriggerRow, ...]:
    """Messages over many domains, to learn when an answer is needed. Not about the shop, so it carries over.

    A greeting followed by nothing needs one (a person waits), and so does thanks with a question in it.
    """
    return cast("tuple[TriggerRow, ...]", _rows("trigger.jsonl"))


def load_prepared() -> Prepared:
    """The shop's identity and the demo page's buttons.

    >>> load_prepared()["shop"]["agent_name"]
    'Support'
    """
    return cast(Prepared, json.loads(_read("prepared.json")))


def _rows(name: str) -> tuple[object, ...]:
    # Split at "\n" only: str.splitlines would also cut at separators that may stand inside a JSON string.
    return tuple(json.loads(line) for line in _read(name).split("\n") if line)


def _read(name: str) -> str:
    return files("suggest.starter").joinpath(name).read_text(encoding="utf-8")
