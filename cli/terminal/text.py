"""Text of an Actor made safe for a terminal: it can have colors, but cannot move the cursor or flood the screen."""

from __future__ import annotations

import re

MAX_LINE_BYTES = 10_000
"""The part of a line that a terminal shows. The log of the run holds the whole line."""
RESET = "\x1b[0m"
COLOR = r"\x1b\[[0-9;:]*m"
SEQUENCE = re.compile(
    rf"(?P<color>{COLOR})"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # moves of the cursor, deletions
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x80-\x9f\n]*(?:\x07|\x1b\\|\x9c)"  # titles, links, strings
    r"|\x1b[ -/]*[0-Z\\^-~]"
    r"|(?P<control>[\x00-\x08\x0b-\x1f\x7f-\x9f])"
)
"""An escape sequence, or a single control character other than a tab and a newline."""


def printable(text: str, *, with_colors: bool = False) -> str:
    """Return text that prints as characters only: without escape sequences, and with visible control characters."""

    def replacement(match: re.Match[str]) -> str:
        if match["control"]:
            return _visible(ord(match["control"]))
        return match[0] if with_colors and match["color"] else ""

    return SEQUENCE.sub(replacement, text)


def counted(count: int, noun: str) -> str:
    """Return a number with a noun in the singular or plural."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


class TerminalLines:
    """Converts the bytes of a log to what a terminal shows, line by line.

    `feed` returns the lines that are complete, `end` what is left. A long line is cut, and no more of it is stored.
    """

    def __init__(self, *, with_colors: bool) -> None:
        self._with_colors = with_colors
        self._line = bytearray()
        self._size = 0

    def feed(self, chunk: bytes) -> bytes:
        *complete, rest = chunk.split(b"\n")
        shown = []
        for part in complete:
            self._add(part)
            shown.append(self._shown_line())
        self._add(rest)
        return "".join(shown).encode(errors="replace")

    def end(self) -> bytes:
        """Return the last line if it is incomplete, and end its colors."""
        line = self._shown_line() if self._size else ""
        return (line + (RESET if self._with_colors else "")).encode(errors="replace")

    def _add(self, part: bytes) -> None:
        self._line += part[: MAX_LINE_BYTES - len(self._line)]
        self._size += len(part)

    def _shown_line(self) -> str:
        text = printable(self._line.decode(errors="replace").removesuffix("\r"), with_colors=self._with_colors)
        if self._size > len(self._line):
            text += f"{RESET if self._with_colors else ''} ... (cut; the line has {self._size:,} bytes, see the log)"
        self._line.clear()
        self._size = 0
        return f"{text}\n"


def _visible(code: int) -> str:
    """Return a control character as `cat -v` shows it: `^[` for escape. The 8-bit ones become `\\x9b`."""
    return f"^{chr(code ^ 0x40)}" if code < 0x80 else f"\\x{code:02x}"
