"""What a context or a candidate is known by beside its text: its `fields`, read as named tokens and numbers.

Nobody configures anything: a string, a truth value or a member of a list is a token of its name, a number is a number,
an object's members are named by their path. What is no plain value, too long or too many is passed over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from suggest.domain.worker import LANGUAGE_FIELDS, language_of

MOST_VALUES = 48  # of one context or candidate
LONGEST_VALUE = 80  # characters; what is longer is a text, not a category
LARGEST = 1e100  # of a number: the spread of larger ones, which are squared for it, is no number any more
TAGS = "tags"  # the name under which a candidate's tags are read

Token = tuple[str, str]  # name, value


@dataclass(frozen=True, slots=True)
class Traits:
    tokens: tuple[Token, ...] = ()
    numbers: tuple[tuple[str, float], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tokens or self.numbers)


NO_TRAITS = Traits()


def traits_of(fields: Mapping[str, object], tags: Sequence[str] = ()) -> Traits:
    """The plain values of `fields`, in order of name; `tags` as one more list.

    >>> traits_of({"plan": "Pro ", "seats": 3, "vip": True, "for": {"langs": ["de", "en"]}}, ["new"])
    Traits(tokens=(('for.langs', 'de'), ('for.langs', 'en'), ('plan', 'pro'), ('tags', 'new'), ('vip', 'true')), \
numbers=(('seats', 3.0),))
    """
    if not fields and not tags:
        return NO_TRAITS
    tokens: dict[Token, None] = {}
    numbers: dict[str, float] = {}
    for name, value in _leaves("", {**fields, **({TAGS: list(tags)} if tags else {})}):
        if len(tokens) + len(numbers) >= MOST_VALUES:
            break
        if isinstance(value, bool):
            tokens[name, str(value).lower()] = None
        elif isinstance(value, int | float):
            if _is_usable(value):
                numbers.setdefault(name, float(value))
        elif isinstance(value, str) and 0 < len(said := value.strip().lower()) <= LONGEST_VALUE:
            tokens[name, said] = None
    return Traits(tuple(tokens), tuple(numbers.items()))


def language_in(traits: Traits) -> str:
    """The language that a context's fields name, its primary subtag; empty where they name none.

    >>> language_in(traits_of({"locale": "de-AT"})), language_in(NO_TRAITS)
    ('de', '')
    """
    said = dict(traits.tokens)
    return next((language_of(said[name]) for name in LANGUAGE_FIELDS if name in said), "")


def _is_usable(number: float) -> bool:
    return abs(number) <= LARGEST  # not "is finite": JSON has whole numbers that are no float at all


def _leaves(path: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for name in sorted(value, key=str):
            yield from _leaves(f"{path}.{name}" if path else str(name), value[name])
    elif isinstance(value, list | tuple):
        for each in value:
            if isinstance(each, bool | int | float):
                if _is_usable(each):
                    yield path, str(each).lower()
            elif not isinstance(each, Mapping | list | tuple):
                yield path, each
    else:
        yield path, value
