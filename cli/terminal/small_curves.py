"""Small curves of one line, from block characters, or from ASCII characters where a terminal has no others."""

from __future__ import annotations

from collections.abc import Sequence

Values = Sequence[float | None]

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII = "_.:-=+*#"
EMPTY = " "


def small_curve(values: Values, highest: float, *, is_ascii: bool = False) -> str:
    """Return one character for each value, which is highest for `highest`. A value that is not known is a space."""
    levels = ASCII if is_ascii else BLOCKS
    return "".join(_level(value, highest, levels) for value in values)


def resampled(at: Sequence[int], values: Values, width: int, gaps: Sequence[Sequence[int]] = ()) -> list[float | None]:
    """Divide the time into at most `width` equal parts, and return the highest value of each part.

    A part without a sample has the value before it. In a gap, nothing is known.
    """
    width = min(width, len(at))
    if not width:
        return []
    first, length = at[0], max(1, at[-1] - at[0])
    parts: list[list[float]] = [[] for _ in range(width)]
    for moment, value in zip(at, values, strict=True):
        if value is not None:
            parts[min(width - 1, (moment - first) * width // length)].append(value)
    resampled: list[float | None] = []
    for index, part in enumerate(parts):
        middle = first + (2 * index + 1) * length // (2 * width)
        is_gap = any(begin < middle < end for begin, end in gaps)
        before = resampled[-1] if resampled and not is_gap else None
        resampled.append(max(part, default=before))
    return resampled


def _level(value: float | None, highest: float, levels: str) -> str:
    if value is None:
        return EMPTY
    share = value / highest if highest > 0 else 0.0
    return levels[max(0, min(len(levels) - 1, int(share * len(levels))))]
