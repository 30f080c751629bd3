"""Changes to a configuration value: what was sent is merged, what is not known is refused, each fault by pointer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from suggest.domain.errors import FieldError, Invalid
from suggest.domain.text import LONGEST_TEXT_BYTES

Rule = Callable[[object], str | None]  # a sent value -> what is wrong with it, or None


def check_changes(changes: Mapping[str, object], rules: Mapping[str, Rule], *, what: str, under: str = "") -> None:
    """Raise Invalid, naming every unknown key and every value its rule refuses.

    >>> check_changes({"k": 3}, {"k": whole(1, 50)}, what="surface")
    """
    faults = faults_of(changes, rules, what=what, under=under)
    if faults:
        raise Invalid(f"The {what} was not changed: {faults[0].pointer} {faults[0].detail}.", errors=tuple(faults))


def faults_of(changes: Mapping[str, object], rules: Mapping[str, Rule], *, what: str, under: str) -> list[FieldError]:
    faults = []
    for name, value in changes.items():
        rule = rules.get(name)
        pointer = f"{under}/{name.replace('~', '~0').replace('/', '~1')}"
        if rule is None:
            known = ", ".join(sorted(rules))
            faults.append(FieldError(pointer=pointer, detail=f"is not a setting of a {what}; known are {known}"))
        elif wrong := rule(value):
            faults.append(FieldError(pointer=pointer, detail=wrong))
    return faults


def flag() -> Rule:
    return lambda value: None if isinstance(value, bool) else "must be true or false"


def whole(lowest: int, highest: float = math.inf) -> Rule:
    def wrong(value: object) -> str | None:
        if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest:
            return None
        return f"must be a whole number {_range(lowest, highest)}"

    return wrong


def number(lowest: float, highest: float = math.inf) -> Rule:
    def wrong(value: object) -> str | None:
        if isinstance(value, int | float) and not isinstance(value, bool) and lowest <= value <= highest:
            return None if math.isfinite(value) else "must be finite"
        return f"must be a number {_range(lowest, highest)}"

    return wrong


def text(longest: int = LONGEST_TEXT_BYTES) -> Rule:
    def wrong(value: object) -> str | None:
        if not isinstance(value, str):
            return "must be a text"
        if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
            return "must not contain NUL or lone surrogates"
        return None if len(value.encode()) <= longest else f"must be at most {longest} bytes in UTF-8"

    return wrong


def one_of(*allowed: str) -> Rule:
    return lambda value: None if value in allowed else f"must be one of {', '.join(allowed)}"


def or_null(rule: Rule) -> Rule:
    return lambda value: None if value is None else rule(value)


def _range(lowest: float, highest: float) -> str:
    return f"of at least {lowest:g}" if math.isinf(highest) else f"from {lowest:g} to {highest:g}"
