"""The starter pack: an invented online shop whose replies and messages fill an empty data folder on the first run.

It is written for demonstration; quality is never measured on it."""

from suggest.starter.pack import (
    CandidateRow,
    ExampleRow,
    MessageRow,
    Prepared,
    PreparedMessage,
    Shop,
    TriggerRow,
    Turn,
    load_candidates,
    load_examples,
    load_no_answer_needed,
    load_prepared,
    load_trigger,
    load_unanswerable,
)

__all__ = [
    "CandidateRow",
    "ExampleRow",
    "MessageRow",
    "Prepared",
    "PreparedMessage",
    "Shop",
    "TriggerRow",
    "Turn",
    "load_candidates",
    "load_examples",
    "load_no_answer_needed",
    "load_prepared",
    "load_trigger",
    "load_unanswerable",
]
