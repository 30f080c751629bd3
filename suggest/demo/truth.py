"""What the two automatic colleagues know: the right reply to every message of the starter shop, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from suggest.starter import load_examples, load_prepared, load_unanswerable

# The prepared messages that a reply of the shop answers.
PREPARED_ITEMS: Mapping[str, str] = {
    "Where is my parcel?": "where-is-my-order",
    "A stuck zip": "repair-service",
    "The same, in other words": "repair-service",
    "Broken on arrival": "parcel-damaged",
    "Wrong size": "exchange-size",
    "Charged twice?": "charged-twice",
    "Typos and all": "wash-down-jacket",
    "Needs the turns before": "express-delivery",
    "Angry customer": "complaint",
}
# Those that none answers: what a colleague would write.
PREPARED_TEXTS: Mapping[str, str] = {
    "Near, but not covered": (
        "Engraving is nothing we offer ourselves, I am afraid. The key shop opposite our store on Quay Street does it "
        "while you wait, and steel bottles take it very well."
    ),
    "A business request": (
        "What a lovely plan! For a whole summer I would rather make you an offer than read out day prices: tell me the "
        "dates and where you will camp, and you have it by tomorrow noon."
    ),
    "Far from the shop": (
        "I would only get your taxes wrong, I am sorry. What I can do is send you the invoices of all your orders with "
        "us, if they are of any use."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a colleague answers: an item, a text of their own, or neither: none of the replies is right."""

    item: str | None = None
    text: str | None = None

    def as_verdict(self) -> dict[str, object]:
        if self.item is not None:
            return {"item": self.item}
        return {"none": True} if self.text is None else {"text": self.text}


class Truth:
    def __init__(self) -> None:
        self._replies = {plain(message["text"]): Reply() for message in load_unanswerable()}
        self._replies |= {plain(example["text"]): Reply(item=example["item"]) for example in load_examples()}
        for message in load_prepared()["messages"]:
            item, text = PREPARED_ITEMS.get(message["label"]), PREPARED_TEXTS.get(message["label"])
            if item or text:
                self._replies[plain(message["text"])] = Reply(item=item, text=text)

    def reply_to(self, text: str) -> Reply:
        """The right reply; none of them for words that nobody has prepared."""
        return self._replies.get(plain(text), Reply())


def plain(text: str) -> str:
    """A message without what does not change its meaning.

    >>> plain("  The ZIP is  stuck! ")
    'the zip is stuck'
    """
    return " ".join(re.findall(r"\w+", text.casefold()))
