"""Opaque, time-ordered ids (UUIDv7, RFC 9562): they sort by birth, so a log without an index still finds them fast."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable

from suggest.domain.clock import Clock

RandomBits = Callable[[int], int]  # n -> an integer of n random bits


def new_id(clock: Clock, random_bits: RandomBits = secrets.randbits) -> str:
    """A fresh UUIDv7: 48 bits of milliseconds, then 74 random bits.

    >>> from datetime import UTC, datetime
    >>> from suggest.domain.clock import ManualClock
    >>> new_id(ManualClock(datetime(2026, 1, 1, tzinfo=UTC)), lambda n: 0)
    '019b76da-a800-7000-8000-000000000000'
    """
    milliseconds = int(clock.now().timestamp() * 1000)
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x7 << 76 | random_bits(12) << 64
    value |= 0b10 << 62 | random_bits(62)
    return str(uuid.UUID(int=value))
