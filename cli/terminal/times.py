"""Times and durations as people read and write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from cli import terminal

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
DURATION = re.compile(r"(\d+(?:\.\d+)?)([smhd])", re.ASCII)


def readable_time(stamp: str | None) -> str:
    """Return an ISO 8601 timestamp as it is, or, on a terminal, how long ago it was."""
    if not stamp:
        return ""
    return ago(stamp, datetime.now(UTC)) if terminal.stdout.is_terminal else stamp


def ago(stamp: str, now: datetime) -> str:
    """Return the distance of a timestamp from now in its largest unit."""
    secs = (now - datetime.fromisoformat(stamp)).total_seconds()
    for unit in ("d", "h", "m", "s"):
        count = int(abs(secs) // UNITS[unit])
        if count or unit == "s":
            return f"{count} {unit} ago" if secs >= 0 else f"in {count} {unit}"
    raise AssertionError


def duration_secs(text: str) -> float | None:
    """Return the seconds of a duration such as 90s, 15m, 6h or 1d, or None for other text."""
    found = DURATION.fullmatch(text.strip().lower())
    return float(found[1]) * UNITS[found[2]] if found else None


def parse_since(text: str) -> datetime:
    """Return the moment that `10m` (ago) or an ISO 8601 timestamp specifies. Without a zone, it is local time.

    Raises ValueError.
    """
    secs = duration_secs(text)
    try:
        if secs is not None:
            return datetime.now(UTC) - timedelta(seconds=secs)
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(
            f"'{text}' is not a time: use a duration such as 90s, 10m, 2h or 1d, or a timestamp such as"
            " 2026-01-31T12:00:00"
        ) from error
