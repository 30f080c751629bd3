"""Which slates of a surface a report speaks of, besides their time: one bundle's, or those of one group.

A group is a value of a context field: what the caller sent as `context.fields`, e.g. the language, the product, or the
layout that the suggestions were shown in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,59}")
LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    bundle: str | None = None
    field: str | None = None
    value: str | None = None

    def __post_init__(self) -> None:
        if (self.field is None) != (self.value is None):
            raise ValueError("a group needs the name of a context field and its value")
        if self.field is not None and not _NAME.fullmatch(self.field):
            raise ValueError("a context field that groups is named by letters, digits, _, - and .")
        if any(len(text or "") > LONGEST_VALUE for text in (self.bundle, self.value)):
            raise ValueError(f"a bundle or a value has at most {LONGEST_VALUE} characters")

    @property
    def is_whole(self) -> bool:
        return self.bundle is None and self.field is None

    @property
    def query(self) -> Mapping[str, str]:
        """As it stands in an address."""
        given = {"bundle": self.bundle, "field": self.field, "value": self.value}
        return {name: text for name, text in given.items() if text is not None}

    @property
    def words(self) -> str:
        parts = [f"bundle {self.bundle}" if self.bundle else "", f"{self.field} = {self.value}" if self.field else ""]
        return ", ".join(part for part in parts if part)


EVERYTHING = Lens()


def is_field_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None
