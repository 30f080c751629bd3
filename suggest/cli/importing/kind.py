"""What a file holds, and the targets its columns can be mapped to, each with the names people usually give it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Kind(StrEnum):
    CANDIDATES = "candidates"
    LABELS = "labels"
    LOG = "log"


FIELDS = "fields."  # fields.NAME=column keeps a column as a field of the context or the candidate

_WHEN = ("at", "time", "timestamp", "date", "datetime", "created_at", "shown_at", "shown_at_ms", "timestamp_ms")
_TEXT = (
    "text",
    "context.text",
    "message",
    "question",
    "query",
    "utterance",
    "context",
    "input",
    "prompt",
    "request",
    "body",
    "content",
)
_USER = ("user", "context.user", "user_id", "customer", "customer_id", "worker")
_SESSION = ("session", "context.session", "session_id", "conversation", "conversation_id")
_TURNS = ("turns", "context.turns", "history")

# target -> usual names, likeliest first; a column is taken by the first target that wants it
TARGETS: Mapping[Kind, Mapping[str, tuple[str, ...]]] = {
    Kind.CANDIDATES: {
        "id": ("id", "item", "key", "code", "slug", "intent", "category", "name"),
        "text": ("text", "answer", "reply", "response", "title", "label", "option", "content", "body", "description"),
        "tags": ("tags", "tag", "topics"),
    },
    Kind.LABELS: {
        "text": _TEXT,
        "item": (
            "item",
            "label",
            "answer",
            "category",
            "intent",
            "reply",
            "response",
            "target",
            "class",
            "candidate",
            "item_id",
        ),
        "turns": _TURNS,
        "user": _USER,
        "session": _SESSION,
        "at": _WHEN,
    },
    Kind.LOG: {
        "slate": ("slate", "slate_id", "impression", "impression_id", "list_id", "request_id", "query_id", "id"),
        "shown": ("shown", "options", "suggestions", "items", "candidates"),
        "position": ("position", "pos", "rank", "slot"),
        "item": ("item", "item_id", "option_id", "option", "candidate", "candidate_id", "action", "action_id"),
        "option_text": ("option_text", "item_text", "suggestion", "reply"),
        "text": _TEXT,
        "chosen_position": ("chosen_position", "selected_pos", "selected_position", "clicked_position"),
        "chosen": ("chosen", "selected", "clicked", "picked", "accepted", "click", "choice", "selected_id"),
        "outcome": ("outcome", "result", "event"),
        "propensity": ("propensity", "propensity_score"),
        "turns": _TURNS,
        "user": _USER,
        "session": _SESSION,
        "at": _WHEN,
    },
}
