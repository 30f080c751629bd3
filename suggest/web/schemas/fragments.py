"""Asking for suggestions as a piece of HTML, for a host whose own server renders its pages."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from suggest.web.schemas.base import Note
from suggest.web.schemas.suggesting import SuggestIn


def _own_path(value: str) -> str:
    if not value.startswith("/") or value.startswith("//") or "\\" in value:
        raise ValueError("must be a path of the host itself, e.g. /suggestions/chosen")
    return value


class FragmentIn(SuggestIn):
    action: Annotated[str, Field(max_length=2000), AfterValidator(_own_path)]  # the host's address for what was pressed
    label: Annotated[Note, Field(max_length=200)] = "Suggestions"
    dismiss: Annotated[Note, Field(max_length=200)] = "Dismiss suggestions"
