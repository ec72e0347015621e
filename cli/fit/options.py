"""Parsers of options of `greenroom fit`. Each raises ValueError with the reason."""

from __future__ import annotations

import re

from runtime.base.memory_sizes import ALL_SIZES, MAX_MEMORY_MBYTES, MIN_MEMORY_MBYTES, parse_memory
from runtime.base.records import Budget

SECS_PER_UNIT = {"s": 1, "m": 60, "h": 3600}
TIME = re.compile(r"(\d+(?:\.\d+)?)([smh])")
DOLLARS = re.compile(r"\$?(\d+(?:\.\d+)?)(?:usd)?", re.IGNORECASE)


def parse_sizes(text: str) -> tuple[int, ...]:
    """Return memory sizes in ascending order: `256,512,1g`, or all from the first to the last of `256-4g`."""
    sizes: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        low = _size(first)
        high = _size(last) if dash else low
        if low > high:
            raise ValueError(f"'{part.strip()}' is not a range: its first size is the larger one")
        sizes.update(size for size in ALL_SIZES if low <= size <= high)
    return tuple(sorted(sizes))


def parse_budget(text: str) -> Budget:
    """Return the budget: a time such as `90s`, `10m` or `1h`, or an amount such as `0.5usd`."""
    given = text.strip()
    if match := TIME.fullmatch(given):
        return Budget(secs=float(match[1]) * SECS_PER_UNIT[match[2]])
    match = DOLLARS.fullmatch(given)
    if match and not given.isdecimal() and (given.startswith("$") or given[-1].isalpha()):
        return Budget(usd=float(match[1]))
    raise ValueError(f"'{text}' is not a budget: use a time such as 90s, 10m or 1h, or dollars as in 0.5usd")


def _size(text: str) -> int:
    size = parse_memory(text)
    if size not in ALL_SIZES:
        raise ValueError(
            f"'{text.strip()}' is not a size of the platform: use a power of two from {MIN_MEMORY_MBYTES} to"
            f" {MAX_MEMORY_MBYTES} MB"
        )
    return size
