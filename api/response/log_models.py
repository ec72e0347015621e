"""What the local controls return about the lines of logs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.response.local_controls import LocalModel

Level = Literal["ERROR", "WARN", "INFO", "DEBUG", "SYS"]


class LogLine(LocalModel):
    """A line of a log."""

    number: int = Field(description="The first line is 0.")
    offset: int = Field(description="Where the line begins in the raw log (`GET /v2/logs/JOB?raw=1`), in bytes.")
    text: str = Field(description="The line as the raw log has it: its time and its text with ANSI codes.")
    length: int = Field(
        description="The bytes of the whole line in the raw log. If `isFolded`, `text` has only the first part."
    )
    is_folded: bool
    level: Level | None = Field(
        description="The level that the line names. SYS is a message of the platform. Null if it names none."
    )


class LogLines(LocalModel):
    """Consecutive lines of a log."""

    lines: tuple[LogLine, ...] = Field(
        description="Fewer lines than requested at the end of the log, or if they are longer than a megabyte together."
    )
    total_lines: int = Field(description="The lines that the log has now.")
    total_bytes: int = Field(description="The bytes that the raw log has now.")
    is_ended: bool = Field(description="Whether the job has ended and its log is complete.")
    truncated: bool = Field(description="Whether the log reached its limit, so that later lines are not stored.")


class LogMatches(LocalModel):
    """The lines of a log that match a search."""

    total: int = Field(description="How many lines match.")
    numbers: tuple[int, ...] = Field(description="The numbers of the first 10,000 of them, from the line `from` on.")
    scanned_bytes: int = Field(description="The bytes of the raw log that were searched.")
