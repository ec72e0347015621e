"""Selects lines of a log by their time and their text."""

from __future__ import annotations

import re
from datetime import datetime

STAMP = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ?")


class LogFilter:
    """Passes on the lines that were written at or after `since` and whose text matches `pattern`.

    `feed` returns those of the lines that are complete, `end` the last line if it is not.
    """

    def __init__(self, since: datetime | None, pattern: re.Pattern[str] | None) -> None:
        self._since = since.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3].encode() + b"Z" if since else b""
        self._pattern = pattern
        self._rest = b""

    def feed(self, chunk: bytes) -> bytes:
        *complete, self._rest = (self._rest + chunk).split(b"\n")
        return b"".join(line + b"\n" for line in complete if self._accepts(line))

    def end(self) -> bytes:
        return self._rest if self._rest and self._accepts(self._rest) else b""

    def _accepts(self, line: bytes) -> bool:
        """A line without a timestamp is not compared with the time."""
        stamp, text = split_line(line)
        if stamp and stamp.encode() < self._since:
            return False
        return self._pattern is None or self._pattern.search(text) is not None


def split_line(line: bytes) -> tuple[str | None, str]:
    """Return the timestamp and the text of a line."""
    found = STAMP.match(line)
    if found is None:
        return None, line.decode(errors="replace")
    return found[1].decode(), line[found.end() :].decode(errors="replace")
