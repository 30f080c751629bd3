"""Ids of machines in places for people: the end of it, which tells two apart, and the whole where one points at it."""

from __future__ import annotations

from htpy import Element, span

LONGEST = 12


def short(id: str) -> str:
    """
    >>> short("b-0311"), short("019af2c4-77aa-7c1e-9d10-3fb2a90cc41e")
    ('b-0311', '…a90cc41e')
    """
    return id if len(id) <= LONGEST else f"…{id[-8:]}"


def identifier(id: str) -> str | Element:
    """The short form with the whole as its title; an id that is short anyway as it is."""
    return id if len(id) <= LONGEST else span(title=id)[short(id)]
