"""Durations as people read them."""

from __future__ import annotations


def readable_duration(millis: float) -> str:
    """Return a duration in the two largest units, such as `4.2 s`, `3 m 10 s` or `2 h 5 m`."""
    secs = millis / 1000
    if secs < 60:
        return f"{secs:.1f} s"
    minutes, rest = divmod(round(secs), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} m" if hours else f"{minutes} m {rest} s"
