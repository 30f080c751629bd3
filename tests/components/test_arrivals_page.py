"""The page of what arrives, at its edges: texts of strangers, nothing known, nothing there."""

from __future__ import annotations

from typing import Any

import pytest
from console_views import AT
from markup import HOSTILE, assert_clean

from components.admin.arrivals import arrivals_page
from components.admin.views import ArrivalRow, ArrivalsView


def a_row(**changes: Any) -> ArrivalRow:
    sound = {"call": "suggest", "key": "pk_… shop", "surface": "desk", "origin": "https://shop.example"}
    return ArrivalRow(**{"number": 1, "at": AT, "impression": "caf81611", "said": "1 taken", **sound, **changes})


def a_view(*rows: ArrivalRow, only_refused: bool = False) -> ArrivalsView:
    base = "https://suggest.example"
    return ArrivalsView(csrf="c", rows=rows, mark="ab-1", only_refused=only_refused, kept=300, base=base)


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_of_strangers_stay_texts(text: str) -> None:
    row = a_row(said=text, origin=text, key=text, surface=text, impression=text, slug="token-invalid", mend=text)
    read = assert_clean(arrivals_page(a_view(row)))
    assert text in [tag.text for tag in read.tags if tag.attributes.get("class") == "arrival-said"]


def test_what_a_mend_quotes_is_code() -> None:
    read = assert_clean(arrivals_page(a_view(a_row(slug="token-invalid", mend="Send the `token` again."))))
    assert "token" in [tag.text for tag in read.tags if tag.name == "code"]


@pytest.mark.parametrize(("only", "title"), [(False, "Nothing has arrived yet"), (True, "Nothing was refused")])
def test_an_empty_list_says_what_belongs_there(only: bool, title: str) -> None:
    read = assert_clean(arrivals_page(a_view(only_refused=only)))
    assert title in [tag.text for tag in read.tags if tag.name == "h2"]
    (here,) = [tag.text for tag in read.tags if tag.attributes.get("aria-current") == "true"]
    assert here == ("Refused" if only else "All")
