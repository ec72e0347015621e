"""The level that a line of a log names.

Source: the loggers of the SDKs. JavaScript's writes `INFO  Crawler: ...`, Python's `[apify] INFO  ...`, both with ANSI
codes around the level if the output has colours. The platform's own messages begin with `ACTOR:`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum

from runtime.database.log_files import ANSI

TEXT_START = 33
"""Where the text of a stored line begins."""
NAMED_BYTES = 300
"""A level is at the beginning of a line, after the name of the logger."""
BEGIN = re.compile(
    rb".{29}Z (?:a (?P<system>ACTOR|Greenroom): |[oea] (?:(?P<space>[ \t])|"
    rb"(?:\[[^\]\n]{1,100}\] +)?(?P<level>ERROR|WARN|INFO|DEBUG|CRITICAL|FATAL|WARNING|PERF)\b))"
)
"""The beginning of a stored line without ANSI codes."""


class Level(StrEnum):
    ERROR = "ERROR"
    WARN = "WARN"
    INFO = "INFO"
    DEBUG = "DEBUG"
    SYS = "SYS"  # a message of the platform


LEVELS = {
    **{level.value.encode(): level for level in Level if level is not Level.SYS},
    **{b"CRITICAL": Level.ERROR, b"FATAL": Level.ERROR, b"WARNING": Level.WARN, b"PERF": Level.DEBUG},
}


def level_of(stored: bytes) -> Level | None:
    """The level of a stored line; None if it names none."""
    begin = stored[:NAMED_BYTES]
    return next(iter(levels_of([ANSI.sub(b"", begin) if b"\x1b" in begin else begin], None)))


def levels_of(plain: Iterable[bytes], before: Level | None) -> Iterator[Level | None]:
    """The levels of stored lines without ANSI codes. `before` is the level of the line before them.

    A line that begins with a space, such as one of a stack trace, has the level of the line before it.
    """
    level = before
    for line in plain:
        found = BEGIN.match(line)
        match found.lastgroup if found else None:
            case "level":
                level = LEVELS[found["level"]]  # type: ignore[index]  # there is a match
            case "system":
                level = Level.SYS
            case None:
                level = None
        yield level
