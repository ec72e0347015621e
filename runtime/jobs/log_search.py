"""The search for text in a log."""

from __future__ import annotations

from collections.abc import Collection

from runtime.database.log_files import ANSI
from runtime.jobs.log_levels import TEXT_START, Level, levels_of

MAX_NUMBERS = 10_000


class LogSearch:
    """Counts the lines that contain `text` and have one of the `levels`. Without levels, lines of any level match.

    The times of lines and ANSI codes are not searched. A line that begins with a space has the level of the line before
    it. `numbers` are the numbers of the first matching lines from the line `first` on.
    """

    def __init__(
        self, text: str, *, is_case_sensitive: bool = False, levels: Collection[Level] = (), first: int = 0
    ) -> None:
        self._text = text if is_case_sensitive else text.casefold()
        self._is_case_sensitive = is_case_sensitive
        self._levels = frozenset(levels)
        self._first = first
        self._last_level: Level | None = None
        self.total = 0
        self.numbers: list[int] = []
        self.searched_lines = 0
        self.searched_bytes = 0

    def add(self, stored: bytes) -> None:
        """Search the whole stored lines that follow. They are UTF-8, except for what an Actor wrote otherwise."""
        plain = ANSI.sub(b"", stored) if b"\x1b" in stored else stored
        lines = plain[:-1].split(b"\n")
        matching = range(len(lines)) if not self._text else self._with_text(plain)
        if self._levels:
            levels = list(levels_of(lines, self._last_level))
            self._last_level = levels[-1]
            matching = [place for place in matching if levels[place] in self._levels]
        self.total += len(matching)
        if missing := MAX_NUMBERS - len(self.numbers):
            numbers = (self.searched_lines + place for place in matching)
            self.numbers += [number for number in numbers if number >= self._first][:missing]
        self.searched_lines += len(lines)
        self.searched_bytes += len(stored)

    def _with_text(self, plain: bytes) -> list[int]:
        text = plain[:-1].decode(errors="replace")
        lines = (text if self._is_case_sensitive else text.casefold()).split("\n")
        return [place for place, line in enumerate(lines) if line.find(self._text, TEXT_START) >= 0]
