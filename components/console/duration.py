"""How long something took or lasts, as people say it."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """At most two units, the smaller one left out where it does not matter.

    >>> duration(8.4), duration(75), duration(600), duration(3900), duration(93_600)
    ('8 s', '1 min 15 s', '10 min', '1 h 5 min', '1 d 2 h')
    """
    whole = max(0, int(seconds))
    minutes, rest = divmod(whole, 60)
    if minutes == 0:
        return f"{rest} s"
    if minutes < 5:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours == 0:
        return f"{minutes} min"
    days, hours = divmod(hours, 24)
    if days == 0:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{days} d {hours} h" if hours else f"{days} d"
